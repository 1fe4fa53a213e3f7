//! Finding things again, as without JavaScript and over REST: search, stars, areas of expertise, exports.

use crate::client::{Browser, Reply};
use crate::provider::Provider;
use crate::server::{House, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn with_provider() -> (Server, Provider) {
    let provider = Provider::start(|_| (vec!["By the **pull** of the Moon.".to_owned()], Duration::from_millis(1)));
    (House::new().with(&provider).serve(), provider)
}

fn call(browser: &mut Browser, method: &str, path: &str, body: &Value) -> Reply {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    browser.request(method, path, &headers, text.as_bytes())
}

/// Says something and waits for the answer; the conversation's id.
fn say(browser: &mut Browser, text: &str) -> String {
    let made = call(browser, "POST", "/api/v1/conversations", &json!({})).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/conversations/{id}/messages?wait=true");
    let sent = call(browser, "POST", &path, &json!({ "content": text }));
    assert_eq!(sent.status, 200, "{}", sent.text());
    id
}

#[test]
fn search_shows_what_was_said_and_never_as_markup() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    let id = say(&mut ada, "Why tides? <script>alert('tides')</script> 東京の潮");
    let page = ada.get("/search?search=tides");
    let text = page.text();
    assert_eq!(page.status, 200);
    assert!(text.contains("&lt;script&gt;alert('<mark>tides</mark>')&lt;/script&gt;"), "{text}");
    assert!(!text.contains("<script>alert"));
    assert!(text.contains(&format!("/chat/{id}#m-")) && text.contains("Conversations") && text.contains("Messages"));
    assert!(ada.get("/search?search=%E6%BD%AE").text().contains("<mark>潮</mark>"), "one character is enough");
    assert!(ada.get("/search?search=moon&kind=message").text().contains("<mark>Moon</mark>"));
    assert!(ada.get("/search?search=nowhere").text().contains("Nothing was found"));
    assert!(ada.get("/search").text().contains("Type a word or two"));
    let odd = ada.get("/search?search=%22%3E%3Cscript%3Ealert(1)&kind=x&project=y&from=z&to=2026-99-99&page=-1");
    assert!(odd.status == 200 && !odd.text().contains("<script>alert(1)"));
    assert!(!bob.get("/search?search=tides").text().contains("<mark>"), "it is not Bob's");

    let found = call(&mut ada, "GET", "/api/v1/search/?search=tides&kind=message", &Value::Null).json();
    assert_eq!(found["count"], 1);
    let hit = &found["results"][0];
    assert_eq!((&hit["kind"], &hit["conversation_id"], &hit["role"]), (&json!("message"), &json!(id), &json!("user")));
    assert_eq!(hit["snippet"][1], json!({ "text": "tides", "is_hit": true }));
    for (query, field) in [("from=yesterday", "from"), ("kind=x", "kind"), ("page=0", "page")] {
        let refused = call(&mut ada, "GET", &format!("/api/v1/search?search=a&{query}"), &Value::Null);
        assert_eq!((refused.status, &refused.json()["fields"][0]["field"]), (422, &json!(field)));
    }
    assert_eq!(call(&mut bob, "GET", "/api/v1/search?search=tides", &Value::Null).json()["count"], 0);
}

#[test]
fn documents_are_found_and_lead_to_their_passage() {
    let server = Server::start();
    let mut ada = server.administrator();
    let mut bob = server.person("bob");
    let made = ada.submit("/knowledge", &[("name", "Harbour"), ("project", "")]);
    let base = made.location().to_owned();
    let text = "# Rules\n\nEvery boat pays its dues at the <b>eastern</b> quay.\n\n# Lights\n\nThe lighthouse is lit at dusk.\n";
    let body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"mooring.md\"\r\n\r\n{text}\r\n--edge--\r\n"
    );
    let form = [("content-type", "multipart/form-data; boundary=edge"), ("accept", "text/html")];
    assert_eq!(ada.request("POST", &format!("{base}/upload"), &form, body.as_bytes()).status, 303);
    let deadline = Instant::now() + Duration::from_secs(30);
    let hit = loop {
        let found = call(&mut ada, "GET", "/api/v1/search?search=eastern%20quays&kind=document", &Value::Null).json();
        if found["count"] == 1 {
            break found["results"][0].clone();
        }
        assert!(Instant::now() < deadline, "it is not read: {found}");
        std::thread::sleep(Duration::from_millis(50));
    };
    let shelf = &hit["document"];
    assert_eq!(
        (&hit["kind"], &shelf["base_name"], &shelf["name"]),
        (&json!("document"), &json!("Harbour"), &json!("mooring.md"))
    );
    assert_eq!(shelf["passage"]["headings"], json!(["Rules"]));
    assert!(hit["snippet"].as_array().unwrap().contains(&json!({ "text": "quay", "is_hit": true })), "{hit}");
    let page = ada.get("/search?search=eastern+quays").text();
    assert!(
        page.contains("<mark>eastern</mark>") && page.contains("<mark>quay</mark>") && !page.contains("<b>"),
        "{page}"
    );
    let (from, to) = (&shelf["passage"]["start"], &shelf["passage"]["end"]);
    let path =
        format!("/knowledge/documents/{}?version=1&amp;from={from}&amp;to={to}#passage", hit["id"].as_str().unwrap());
    assert!(page.contains(&path), "{path}: {page}");
    let shown = ada.get(path.replace("&amp;", "&").split('#').next().unwrap()).text();
    assert!(shown.contains("<mark id=\"passage\">") && shown.contains("eastern"), "{shown}");
    let document = format!("/knowledge/documents/{}", hit["id"].as_str().unwrap());
    assert!(ada.get("/search?search=mooring").text().contains(&document), "by its name");
    // Bob sees none of it, neither here nor there.
    assert_eq!(call(&mut bob, "GET", "/api/v1/search?search=quay", &Value::Null).json()["count"], 0);
    assert!(bob.get("/search?search=quay").text().contains("Nothing was found"));
    assert!(bob.get("/search?search=mooring&kind=document").text().contains("Nothing was found"));
}

#[test]
fn a_star_is_a_form() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let id = say(&mut ada, "Tides");
    assert!(ada.get(&format!("/chat/{id}")).text().contains("Add to favourites"));
    let here = format!("/chat/{id}");
    let form = |action: &'static str| {
        vec![("kind", "conversation"), ("id", id.as_str()), ("action", action), ("next", here.as_str())]
    };
    let marked = ada.submit("/favourites", &form("mark"));
    assert_eq!((marked.status, marked.location()), (303, here.as_str()));
    assert!(ada.get(&here).text().contains("Remove from favourites"));
    for path in ["/favourites", "/chats?favourites=on", "/chats"] {
        let page = ada.get(path);
        assert!(page.status == 200 && page.text().contains("Remove Tides from favourites"), "{path}");
    }
    assert_eq!(call(&mut ada, "GET", "/api/v1/conversations?favourites=true", &Value::Null).json()["count"], 1);
    assert_eq!(ada.submit("/favourites", &form("unmark")).status, 303);
    assert_eq!(ada.submit("/favourites", &form("unmark")).status, 303, "done in another tab already");
    assert_eq!(call(&mut ada, "GET", "/api/v1/conversations?favourites=true", &Value::Null).json()["count"], 0);
    let mut eve = server.person("eve");
    assert_eq!(eve.submit("/favourites", &form("mark")).status, 404);
    let foreign = call(&mut eve, "POST", "/api/v1/favourites", &json!({ "kind": "conversation", "id": id }));
    assert_eq!((foreign.status, &foreign.json()["fields"][0]["field"]), (422, &json!("id")));
    let away = [("kind", "conversation"), ("id", id.as_str()), ("action", "mark"), ("next", "//evil.example")];
    assert_eq!(ada.submit("/favourites", &away).location(), "/");
    let mark = json!({ "kind": "conversation", "id": id });
    assert_eq!(call(&mut ada, "POST", "/api/v1/favourites/", &mark).status, 200, "marked already");
    assert_eq!(call(&mut ada, "DELETE", &format!("/api/v1/favourites/conversation/{id}"), &Value::Null).status, 204);
    assert_eq!(call(&mut ada, "POST", "/api/v1/favourites/", &mark).status, 201);
    assert_eq!(call(&mut ada, "DELETE", &format!("/api/v1/favourites/nonsense/{id}"), &Value::Null).status, 404);
}

#[test]
fn a_message_is_marked_where_it_stands() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let here = format!("/chat/{}", say(&mut ada, "Tides"));
    let page = ada.get(&here).text();
    assert_eq!(page.matches("formaction=\"/favourites\"").count(), 2, "at the question and at the answer");
    let id = page.split_once("id=\"m-").unwrap().1.split_once('"').unwrap().0.to_owned();
    let next = format!("{here}#m-{id}");
    // All that the form at the message sends.
    let form = |action: &'static str| {
        vec![("message", id.as_str()), ("kind", "message"), ("id", &id), ("next", &next), ("action", action)]
    };
    let marked = ada.submit("/favourites", &form("mark"));
    assert_eq!((marked.status, marked.location()), (303, next.as_str()));
    let page = ada.get(&here).text();
    assert_eq!(page.matches("aria-label=\"Remove message from favourites\"").count(), 1, "this one, and not the other");
    assert!(ada.get("/favourites").text().contains(&format!("href=\"{next}\"")));
    assert_eq!(ada.submit("/favourites", &form("unmark")).status, 303);
    assert!(!ada.get(&here).text().contains("Remove message from favourites"));
    assert_eq!(server.person("eve").submit("/favourites", &form("mark")).status, 404);
}

#[test]
fn areas_of_expertise_by_form() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let path = "/admin/expertise";
    assert!(ada.get(path).text().contains("Make the first one below"));
    let refused = ada.submit(path, &[("action", "create"), ("name", " "), ("description", "typed")]);
    assert!(
        refused.status == 422 && refused.text().contains("Give the area a name.") && refused.text().contains("typed")
    );
    assert_eq!(ada.submit(path, &[("action", "create"), ("name", "Tides <b>")]).status, 303);
    assert!(ada.get(path).text().contains("Tides &lt;b&gt;"));
    let areas = call(&mut ada, "GET", "/api/v1/expertise-areas", &Value::Null).json();
    let area = areas["results"][0]["id"].as_str().unwrap();
    let agent = call(&mut ada, "GET", "/api/v1/agents/default", &Value::Null).json();
    let agent_path = format!("/agents/{}", agent["id"].as_str().unwrap());
    assert!(ada.get(&agent_path).text().contains("Area of expertise"));
    let fields = [
        ("name", "Assistant"),
        ("provider", "openai"),
        ("model", "fake-1"),
        ("temperature", "0.7"),
        ("max_tokens", "100"),
        ("expertise_area", area),
    ];
    assert_eq!(ada.submit(&agent_path, &fields).status, 303);
    let agents = call(&mut ada, "GET", &format!("/api/v1/expertise-areas/{area}/agents"), &Value::Null).json();
    assert_eq!(agents[0]["id"], agent["id"]);
    let clear = format!("/api/v1/agents/{}/expertise-area", agent["id"].as_str().unwrap());
    assert_eq!(call(&mut ada, "PUT", &clear, &json!({})).status, 422, "null must be said");
    let cleared = call(&mut ada, "PUT", &clear, &json!({ "expertise_area_id": null }));
    assert_eq!((cleared.status, cleared.json()), (200, json!({ "expertise_area": null })));
    assert_eq!(ada.submit(path, &[("action", "delete"), ("id", area)]).status, 303);
    assert_eq!(ada.submit(path, &[("action", "restore"), ("id", area)]).status, 303);
    let mut bob = server.person("bob");
    assert_eq!(bob.get(path).status, 403);
    assert_eq!(bob.submit(path, &[("action", "delete"), ("id", area)]).status, 403);
}

#[test]
fn conversations_leave_as_files() {
    let (server, _provider) = with_provider();
    let mut ada = server.administrator();
    let id = say(&mut ada, "Tides");
    let renamed =
        call(&mut ada, "PATCH", &format!("/api/v1/conversations/{id}"), &json!({ "title": "潮 \"a/b\" <i>" }));
    assert_eq!(renamed.status, 200);
    for (path, disposition) in [
        (format!("/chat/{id}/export?format=json"), "attachment"),
        (format!("/chat/{id}/export?format=markdown"), "attachment"),
        (format!("/chat/{id}/export?format=html"), "inline"),
        (format!("/api/v1/conversations/{id}/export"), "attachment"),
        (format!("/api/v1/conversations/{id}/export/?format=markdown"), "attachment"),
    ] {
        let reply = ada.get(&path);
        assert_eq!(reply.status, 200, "{path}");
        let named = reply.header("content-disposition").unwrap();
        assert!(named.starts_with(disposition) && named.contains("filename*=UTF-8''%E6%BD%AE%20-a-b-%20-i"), "{named}");
        assert!(named.is_ascii() && named.contains("filename=\"_ -a-b- -i."), "{named}");
        let policy: Vec<_> = reply.headers.iter().filter(|it| it.0 == "content-security-policy").collect();
        assert!(
            policy.len() == 1 && policy[0].1.contains("default-src 'none'") && policy[0].1.contains("sandbox"),
            "{path}"
        );
        assert!(reply.text().contains("pull"), "{path}");
    }
    let page = ada.get(&format!("/chat/{id}/export?format=html")).text();
    assert!(page.contains("<strong>pull</strong>") && page.contains("&lt;i&gt;") && !page.contains("<i>"), "{page}");
    let all = ada.get("/account/export").json();
    assert_eq!(all["conversations"][0]["messages"].as_array().unwrap().len(), 2);
    assert_eq!(
        call(&mut ada, "GET", "/api/v1/conversations/export", &Value::Null).json()["conversations"],
        all["conversations"]
    );
    assert_eq!(ada.get(&format!("/chat/{id}/export?format=exe")).status, 404);
    let mut eve = server.person("eve");
    for path in [format!("/chat/{id}/export?format=json"), format!("/api/v1/conversations/{id}/export")] {
        assert_eq!(eve.get(&path).status, 404, "{path}");
    }
    assert_eq!(eve.get("/account/export").json()["conversations"], json!([]));
    let out = server.browser().get(&format!("/chat/{id}/export?format=json"));
    assert_eq!((out.status, out.location()), (303, format!("/sign-in?next=/chat/{id}").as_str()));
}
