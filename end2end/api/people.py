"""Makes the people of people.yaml on a fresh server, and something for them to look at.

    people.py SETUP-LINK

Prints what schemathesis.toml and the tests want to know, as NAME=VALUE.
"""
import json
import sys
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

PASSWORD = "four unusual little words"
link = urlsplit(sys.argv[1])
base = f"{link.scheme}://{link.netloc}"


def post(path, body, token=None):
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    with urlopen(Request(base + path, json.dumps(body).encode(), headers)) as reply:
        return json.load(reply)


form = {"token": link.query.removeprefix("token="), "name": "Root", "email": "root@example.org", "password": PASSWORD}
urlopen(f"{base}/setup", urlencode(form).encode()).close()
print(f"ATRIUM_URL={base}")
for name in ["root", "mary", "joan", "olga"]:
    person = {"email": f"{name}@example.org", "name": name.title(), "password": PASSWORD}
    tokens = post(f"/api/v1/auth/{'login' if name == 'root' else 'register'}", person)
    access = tokens["access"]
    if name == "olga":
        print(f"OTHER={tokens['user']['id']}")
        break
    conversation = post("/api/v1/conversations", {"title": "Tides"}, access)["id"]
    sent = post(f"/api/v1/conversations/{conversation}/messages?wait=true", {"content": "How do tides work?"}, access)
    print(f"RUN_OF_{name}={sent['run_id']}\nANSWER_OF_{name}={sent['assistant_message']['id']}")
    if name == "mary":
        token = {"name": "check", "scopes": ["read", "chat"], "expires_in_days": 1}
        print(f"ATRIUM_API_KEY={post('/api/v1/tokens', token, access)['token']}")
