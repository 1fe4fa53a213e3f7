//! The administration from outside: who may not, lists and their files, changes of several, signing in as a user, reasons.

use crate::client::{Browser, Reply};
use crate::provider::Provider;
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::time::Duration;

const LISTS: [&str; 5] =
    ["/admin/people", "/admin/organisations", "/admin/agents", "/admin/conversations", "/admin/audit-log"];

/// A server that Ada rules.
fn house() -> (Server, Browser, Provider) {
    let provider = Provider::start(|_| (vec!["Hello.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let ada = server.administrator();
    (server, ada, provider)
}

fn ask(browser: &mut Browser, method: &str, path: &str, body: &Value) -> Reply {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    browser.request(method, path, &[("content-type", "application/json")], text.as_bytes())
}

fn api(browser: &mut Browser, method: &str, path: &str, body: &Value) -> Value {
    let reply = ask(browser, method, path, body);
    assert!(reply.status < 300, "{method} {path}: {} {}", reply.status, reply.text());
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

fn id_of(browser: &mut Browser) -> String {
    api(browser, "GET", "/api/v1/users/me", &Value::Null)["id"].as_str().unwrap().to_owned()
}

/// Somebody with that role.
fn person(server: &Server, ada: &mut Browser, name: &str, role: &str) -> (Browser, String) {
    let mut browser = server.person(name);
    let id = id_of(&mut browser);
    api(ada, "PATCH", &format!("/api/v1/users/{id}"), &json!({ "role": role }));
    (browser, id)
}

/// The log's lines about one action, newest first: who and about whom.
fn log(browser: &mut Browser, action: &str) -> Vec<(String, String)> {
    let found = api(browser, "GET", &format!("/api/v1/audit-log?page_size=100&search={action}"), &Value::Null);
    let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
    found["results"].as_array().unwrap().iter().map(|it| (text(it, "actor"), text(it, "subject"))).collect()
}

#[test]
fn every_section_opens_for_whom_the_matrix_says() {
    let (server, mut ada, _provider) = house();
    let everybody = [
        ("admin", vec!["people", "organisations", "roles", "agents", "conversations", "audit-log"]),
        ("manager", vec!["people", "roles"]),
        ("engineer", vec![]),
        ("user", vec![]),
        ("guest", vec![]),
    ];
    let sections =
        ["people", "organisations", "roles", "agents", "conversations", "providers", "settings", "audit-log"];
    for section in sections {
        let path = format!("/admin/{section}");
        let page = ada.get(&path);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        assert!(page.text().contains(&format!("<a href=\"{path}\" aria-current=\"page\"")), "{path} says where one is");
        let out = server.browser().get(&path);
        assert_eq!((out.status, out.location()), (303, format!("/sign-in?next={path}").as_str()));
    }
    for (role, open) in everybody {
        let (mut browser, _) = person(&server, &mut ada, role, role);
        for section in sections {
            let path = format!("/admin/{section}");
            let expected = if open.contains(&section) { 200 } else { 403 };
            assert_eq!(browser.get(&path).status, expected, "{path} as {role}");
            if LISTS.contains(&path.as_str()) {
                assert_eq!(browser.get(&format!("{path}?format=csv")).status, expected, "{path} as a file, as {role}");
            }
        }
        let first = browser.get("/admin");
        assert_eq!(first.status, if open.is_empty() { 403 } else { 303 }, "{role}");
        assert_eq!(browser.get("/").text().contains("href=\"/admin\""), !open.is_empty(), "{role}");
    }
}

#[test]
fn forms_are_refused_for_whom_the_matrix_says() {
    let (server, mut ada, _provider) = house();
    let (_, victim) = person(&server, &mut ada, "victim", "user");
    for role in ["manager", "user", "guest"] {
        let (mut browser, _) = person(&server, &mut ada, role, role);
        for action in ["role", "switch-off", "sign-in-as"] {
            let reply = browser.submit("/admin/people", &[("action", action), ("role", "guest"), ("chosen", &victim)]);
            assert!(matches!(reply.status, 403 | 404 | 409), "{action} as {role}: {}", reply.status);
        }
        let price = [
            ("action", "set"),
            ("provider", "openai"),
            ("model", "m"),
            ("prompt_price", "1"),
            ("completion_price", "1"),
        ];
        assert_eq!(browser.submit("/admin/providers", &price).status, 403, "{role}");
        assert_eq!(browser.submit("/admin/organisations", &[("name", "Mine")]).status, 403, "{role}");
        assert_eq!(browser.submit("/sign-back", &[]).status, 404, "{role}");
    }
    let still = api(&mut ada, "GET", &format!("/api/v1/users/{victim}"), &Value::Null);
    assert_eq!((&still["role"], &still["is_active"]), (&json!("user"), &json!(true)));
    assert!(log(&mut ada, "user.sign_in_as").is_empty() && log(&mut ada, "price.change").is_empty());
}

/// Ada makes so many organisations.
fn make_organisations(ada: &mut Browser, count: usize) {
    for n in 0..count {
        let made = ada.submit("/admin/organisations", &[("name", &format!("House {n:02}")), ("contact_name", "Grace")]);
        assert_eq!(made.status, 303, "{}", made.text());
    }
}

#[test]
fn lists_are_searched_filtered_sorted_and_turned() {
    let (server, mut ada, _provider) = house();
    make_organisations(&mut ada, 21);
    let first = ada.get("/admin/organisations").text();
    assert!(first.contains("1–20 of 22 organisations") && first.contains("Page 1 of 2"), "{first}");
    assert!(first.contains("House 18") && !first.contains("House 19"));
    let second = ada.get("/admin/organisations?page=2").text();
    assert!(second.contains("House 20") && second.contains("21–22 of 22 organisations"));
    let sorted = ada.get("/admin/organisations?sort=-name").text();
    assert!(sorted.contains("aria-sort=\"descending\"") && !sorted.contains("House 00"), "{sorted}");
    assert!(sorted.contains("href=\"/admin/organisations?sort=name\""), "the other way round");
    assert!(sorted.contains("sort=-name&amp;page=2"), "the next page is in the same order");
    server.person("bob");
    let found = ada.get("/admin/people?search=BOB&role=user&active=true").text();
    assert!(found.contains("1–1 of 1 people") && found.contains("value=\"BOB\""), "{found}");
    for nothing in ["search=nobody", "role=guest", "active=false", "page=9"] {
        let page = ada.get(&format!("/admin/people?{nothing}"));
        assert!(page.status == 200 && page.text().contains("class=\"empty\""), "{nothing}");
    }
    for odd in [
        "page=x",
        "page=-1",
        "page=0",
        "sort=password_hash",
        "role=root",
        "active=maybe",
        "organisation=1",
        "search=%00%25_!",
    ] {
        assert_eq!(ada.get(&format!("/admin/people?{odd}")).status, 200, "{odd}");
    }
    for odd in ["from=yesterday", "to=2026-02-30", "from=2026-01-01&to=2026-01-02", "kind=nothing"] {
        assert_eq!(ada.get(&format!("/admin/audit-log?{odd}")).status, 200, "{odd}");
    }
}

#[test]
fn a_file_has_the_whole_of_what_is_filtered_and_no_formula() {
    let (server, mut ada, _provider) = house();
    make_organisations(&mut ada, 25);
    let reply = ada.get("/admin/organisations?search=house&sort=-name&format=csv");
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let disposition = reply.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; filename=\"organisations-20"), "{disposition}");
    let text = reply.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "Name,Contact,E-mail address,Phone,Address,People,Projects,Made");
    assert_eq!(lines.len(), 26, "more than a page");
    assert!(lines[1].starts_with("House 24,Grace,,,,0,0,20") && lines[25].starts_with("House 00,"), "{text}");
    let mut eve = server.person("eve");
    api(&mut eve, "PATCH", "/api/v1/users/me", &json!({ "name": "=HYPERLINK(\"https://evil.example\"), \"x\"" }));
    let people = ada.get("/admin/people?search=eve&format=csv").text();
    let lines: Vec<_> = people.lines().collect();
    assert_eq!(lines[0], "Name,Address,Organisation,Joined,Last sign-in,Role,Active,Superuser");
    let row = "\"'=HYPERLINK(\"\"https://evil.example\"\"), \"\"x\"\"\",eve@example.org,Default organisation,20";
    assert!(lines[1].starts_with(row) && lines[1].ends_with(",user,yes,no"), "{people}");
    for path in LISTS {
        let reply = ada.get(&format!("{path}?format=csv"));
        assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/csv; charset=utf-8")), "{path}");
        assert!(!reply.text().contains("password"), "{path}");
    }
    let out = server.browser().get("/admin/people?format=csv");
    assert_eq!(out.status, 303, "whoever is signed out is asked to sign in");
}

#[test]
fn a_change_of_several_says_for_whom_it_did_not_work() {
    let (server, mut ada, _provider) = house();
    let (_, bob) = person(&server, &mut ada, "bob", "user");
    let (mut carol, me) = person(&server, &mut ada, "carol", "admin");
    let adas = id_of(&mut ada);
    let nobody = carol.submit("/admin/people", &[("action", "switch-off")]);
    assert!(nobody.status == 422 && nobody.text().contains("Tick whom you mean first."));
    let several = [
        ("action", "role"),
        ("role", "analyst"),
        ("chosen", bob.as_str()),
        ("chosen", adas.as_str()),
        ("chosen", me.as_str()),
    ];
    let reply = carol.submit("/admin/people?sort=-name", &several);
    assert_eq!(reply.status, 409);
    let text = reply.text();
    for part in ["Changed 1 person.", "Not ada@example.org: Only superusers", "Not carol@example.org: Nobody changes"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.contains("aria-sort=\"descending\""), "the list is as it was");
    assert_eq!(api(&mut ada, "GET", &format!("/api/v1/users/{bob}"), &Value::Null)["role"], "analyst");

    let (_, dave) = person(&server, &mut ada, "dave", "user");
    let off = carol.submit(
        "/admin/people",
        &[("action", "switch-off"), ("chosen", &bob), ("chosen", &dave), ("next", "/admin/people?role=user")],
    );
    assert_eq!((off.status, off.location()), (303, "/admin/people?role=user"));
    let page = carol.get("/admin/people").text();
    assert!(page.contains("Changed 2 people.") && page.contains("value=\"switch-on\""), "it can be undone");
    let away = carol.submit(
        "/admin/people",
        &[("action", "switch-on"), ("chosen", &bob), ("chosen", &dave), ("next", "https://evil.example")],
    );
    assert_eq!((away.status, away.location()), (303, "/"), "nobody is sent elsewhere");
    assert_eq!(log(&mut ada, "user.change").len(), 6, "carol's and bob's new roles, two switched off and on again");
}

#[test]
fn a_superuser_signs_in_as_a_user_and_back() {
    let (server, mut ada, _provider) = house();
    let (mut bob, id) = person(&server, &mut ada, "bob", "user");
    let before = ada.cookies["atrium_session"].clone();
    let reply = ada.submit("/admin/people", &[("action", "sign-in-as"), ("chosen", &id)]);
    assert_eq!((reply.status, reply.location()), (303, "/"));
    assert_ne!(ada.cookies["atrium_session"], before, "in a session with a new id");
    for path in ["/", "/agents", "/projects", "/account"] {
        let page = ada.get(path).text();
        assert!(page.contains("You are signed in as") && page.contains("Back to your own account"), "{path}");
    }
    assert!(!bob.get("/").text().contains("You are signed in as"), "only the superuser sees it");
    assert_eq!(api(&mut ada, "GET", "/api/v1/users/me", &Value::Null)["email"], "bob@example.org");
    assert_eq!(ada.get("/admin/people").status, 403, "with bob's rights");
    let project = ada.submit("/projects", &[("name", "Tides"), ("description", "")]);
    assert_eq!(project.status, 303);

    let password = json!({ "current_password": PASSWORD, "new_password": "a few unusual words" });
    for (method, path, body) in [
        ("POST", "/api/v1/users/me/password", password),
        ("POST", "/api/v1/tokens", json!({ "name": "t", "scopes": ["read"] })),
        ("PATCH", "/api/v1/users/me", json!({ "username": "other" })),
    ] {
        let reply = ask(&mut ada, method, path, &body);
        assert_eq!((reply.status, &reply.json()["code"]), (403, &json!("forbidden")), "{path}");
    }
    assert_eq!(ask(&mut ada, "POST", "/api/v1/auth/logout-everywhere", &json!({})).status, 403);
    assert_eq!(ada.submit("/account/sessions", &[("action", "sign-out-everywhere")]).status, 403);
    assert_eq!(bob.get("/agents").status, 200, "bob is still in");

    let back = ada.submit("/sign-back", &[]);
    assert_eq!((back.status, back.location()), (303, "/admin/people"));
    assert!(!ada.get("/admin/people").text().contains("You are signed in as"));
    let line = |actor: &str, subject: &str| vec![(actor.to_owned(), subject.to_owned())];
    assert_eq!(log(&mut ada, "user.sign_in_as"), line("ada@example.org", "bob@example.org"));
    assert_eq!(log(&mut ada, "user.sign_back"), line("ada@example.org as bob@example.org", "bob@example.org"));
    assert_eq!(log(&mut ada, "project.create"), line("ada@example.org as bob@example.org", "Tides"));

    // Whoever signs in over it is nobody but themselves; whoever signs out is out.
    ada.submit("/admin/people", &[("action", "sign-in-as"), ("chosen", &id)]);
    ada.submit("/sign-in", &[("email", "bob@example.org"), ("password", PASSWORD)]);
    assert!(!ada.get("/").text().contains("You are signed in as"));
    let mut ada = server.browser();
    ada.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    ada.submit("/admin/people", &[("action", "sign-in-as"), ("chosen", &id)]);
    assert_eq!(ada.submit("/sign-out", &[]).location(), "/sign-in");
    assert_eq!(ada.get("/").status, 303);
    ada.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]);
    assert_eq!(log(&mut ada, "user.sign_back").len(), 3, "however it ended");
}

#[test]
fn a_conversation_is_read_for_a_reason_that_is_logged() {
    let (server, mut ada, _provider) = house();
    let (mut bob, _) = person(&server, &mut ada, "bob", "user");
    let (mut carol, _) = person(&server, &mut ada, "carol", "admin");
    let (mut manager, _) = person(&server, &mut ada, "mona", "manager");
    let made = api(&mut bob, "POST", "/api/v1/conversations", &json!({}));
    let id = made["id"].as_str().unwrap();
    let sent = format!("/api/v1/conversations/{id}/messages?wait=true");
    api(&mut bob, "POST", &sent, &json!({ "content": "my secret plan" }));

    let list = carol.get("/admin/conversations").text();
    assert!(list.contains("bob (bob@example.org)") && !list.contains("secret"), "{list}");
    let path = format!("/admin/conversations/{id}");
    let page = carol.get(&path).text();
    assert!(page.contains("Why you must read it") && !page.contains("secret"));
    assert_eq!((manager.get(&path).status, bob.get(&path).status), (403, 403));
    let refused = carol.submit(&path, &[("reason", "because")]);
    assert!(refused.status == 422 && refused.text().contains("because") && !refused.text().contains("secret"));
    assert!(log(&mut ada, "conversation.read").is_empty());
    let opened = carol.submit(&path, &[("reason", "Bob asked us to look")]);
    assert_eq!(opened.status, 303);
    assert!(carol.get(opened.location()).text().contains("my secret plan"));
    assert_eq!(ada.get(opened.location()).status, 404, "the reason opens it for whoever gave it");
    assert_eq!(log(&mut ada, "conversation.read"), [("carol@example.org".to_owned(), "bob@example.org".to_owned())]);
}

#[test]
fn organisations_keep_to_themselves_and_superusers_leave_a_trace() {
    let (server, mut ada, _provider) = house();
    assert_eq!(ada.submit("/admin/organisations", &[("name", "")]).status, 422);
    assert_eq!(
        ada.submit("/admin/organisations", &[("name", "Elsewhere"), ("contact_email", "e@example.org")]).status,
        303
    );
    let found = api(&mut ada, "GET", "/api/v1/organisations?sort=people", &Value::Null);
    let elsewhere = found["results"][0].clone();
    assert_eq!(
        (&elsewhere["name"], &elsewhere["people"], &elsewhere["projects"]),
        (&json!("Elsewhere"), &json!(0), &json!(0))
    );
    assert_eq!(found["results"][1]["people"], 1);
    let page = format!("/admin/organisations/{}", elsewhere["id"].as_str().unwrap());
    assert!(ada.get(&page).text().contains("value=\"e@example.org\""));
    let looked: Vec<_> = log(&mut ada, "organisation.look").into_iter().map(|it| it.1).collect();
    assert!(looked.contains(&"Elsewhere".to_owned()), "{looked:?}");

    let (mut carol, _) = person(&server, &mut ada, "carol", "admin");
    assert_eq!((carol.get(&page).status, carol.submit(&page, &[("name", "Mine")]).status), (404, 404));
    assert!(!carol.get("/admin/organisations").text().contains("Elsewhere"));
    let own = api(&mut carol, "GET", "/api/v1/users/me", &Value::Null)["organisation_id"].as_str().unwrap().to_owned();
    let own = format!("/admin/organisations/{own}");
    assert_eq!(carol.submit(&own, &[("name", "Home"), ("contact_phone", "+44 20")]).status, 303);
    assert!(carol.get(&own).text().contains("value=\"+44 20\""));
}

#[test]
fn a_price_counts_from_the_next_call_on() {
    let (_server, mut ada, _provider) = house();
    let page = ada.get("/admin/providers").text();
    assert!(page.contains("no server; agents name whole addresses"), "n8n has no URL of its own yet");
    assert!(page.contains("claude-opus-4") && page.contains("$15.00") && page.contains("Ask now"));
    // One belongs to the palette, which every page has.
    let told = |page: &str| page.matches("<p role=\"status\"").count();
    assert_eq!(told(&page), told(&ada.get("/agents").text()), "nobody is asked by opening the page");
    let asked = ada.get("/admin/providers?ask=openai").text();
    assert_eq!(told(&asked), told(&page) + 1, "it says what came of asking");
    let cost = |ada: &mut Browser| {
        let made = api(ada, "POST", "/api/v1/conversations", &json!({}));
        let path = format!("/api/v1/conversations/{}/messages?wait=true", made["id"].as_str().unwrap());
        let sent = api(ada, "POST", &path, &json!({ "content": "Hi" }));
        sent["assistant_message"]["cost_usd"].clone()
    };
    let before = cost(&mut ada);
    let price = |prompt| {
        [
            ("action", "set"),
            ("provider", "openai"),
            ("model", "fake"),
            ("prompt_price", prompt),
            ("completion_price", "4"),
        ]
    };
    let refused = ada.submit("/admin/providers", &price("much"));
    assert!(refused.status == 422 && refused.text().contains("value=\"much\""));
    assert_eq!(ada.submit("/admin/providers", &price("2.5")).status, 303);
    assert!(ada.get("/admin/providers").text().contains("$2.50"));
    let after = cost(&mut ada);
    assert_ne!(before, after, "{before} {after}");
    assert_eq!(
        ada.submit("/admin/providers", &[("action", "forget"), ("provider", "openai"), ("model", "fake")]).status,
        303
    );
    assert!(ada.get("/admin/providers").text().contains("value=\"2.50\""), "it can be undone");
    assert_eq!(cost(&mut ada), before);
}
