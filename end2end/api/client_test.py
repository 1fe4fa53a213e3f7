"""The main job through a client that was generated from the description alone, and a run's events against what it says of them."""
import json
import os

import httpx
from atrium_client import AuthenticatedClient, Client
from atrium_client.api.conversations import conversations_create, conversations_delete, conversations_get
from atrium_client.api.messages import messages_list, messages_send
from atrium_client.api.people import people_me
from atrium_client.api.signing_in import signing_in_login
from atrium_client.models import Exchange, Login, NewConversation, NewMessage, Problem, RunEventType3

URL = os.environ["ATRIUM_URL"]


def signed_in():
    login = Login(email="joan@example.org", password="four unusual little words")
    tokens = signing_in_login.sync(client=Client(base_url=URL), body=login)
    return AuthenticatedClient(base_url=URL, token=tokens.access, raise_on_unexpected_status=True)


def test_a_conversation():
    client = signed_in()
    assert people_me.sync(client=client).email == "joan@example.org"
    conversation = conversations_create.sync(client=client, body=NewConversation(title="Ebb and flow"))
    reply = messages_send.sync_detailed(conversation.id, client=client, wait=True, body=NewMessage(content="Why twice?"))
    assert reply.status_code == 200 and isinstance(reply.parsed, Exchange)
    answer = reply.parsed.assistant_message
    assert (answer.content, answer.status, answer.model) == ("You said: Why twice?", "complete", "scripted-1")
    assert (answer.prompt_tokens, answer.completion_tokens, answer.tokens_estimated) == (2, 4, False)
    listed = messages_list.sync(conversation.id, client=client)
    assert listed.count == 2 and listed.next_ is None
    assert [(it.role, it.content) for it in listed.results] == [("user", "Why twice?"), ("assistant", answer.content)]
    assert conversations_get.sync(conversation.id, client=client).last_message.content == answer.content
    assert conversations_delete.sync_detailed(conversation.id, client=client).status_code == 204
    gone = conversations_get.sync(conversation.id, client=client)
    assert isinstance(gone, Problem) and (gone.status, gone.code) == (404, "not_found")


def test_the_events_of_a_run():
    client = signed_in()
    conversation = conversations_create.sync(client=client, body=NewConversation())
    run = messages_send.sync(conversation.id, client=client, body=NewMessage(content="Go on")).run_id
    headers = {"authorization": f"Bearer {client.token}"}
    with httpx.stream("GET", f"{URL}/api/v1/runs/{run}/events", headers=headers, timeout=30) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        events = [json.loads(line.removeprefix("data:")) for line in stream.iter_lines() if line.startswith("data:")]
    assert all(it["type"] in {"status", "text", "reasoning", "end"} for it in events)
    end = RunEventType3.from_dict(events[-1])
    assert (end.type_, end.message.content, end.message.status) == ("end", "You said: Go on", "complete")
    # Whoever comes late gets the end only.
    said = "".join(it["text"] for it in events if it["type"] == "text")
    assert said in ("", "You said: Go on")
