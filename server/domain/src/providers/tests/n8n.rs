use serde_json::json;

use super::*;
use crate::providers::n8n::{Introduction, N8n, check_webhook};
use crate::providers::{EndReason, RESUME_PROMPT};
use fake::{Script, Step};

fn workflows(base_url: &str, limits: Limits) -> N8n {
    N8n::new(Client::new(limits).unwrap(), Endpoint { base_url: base_url.to_owned(), key: Some(KEY.into()) })
}

fn at(base_url: &str) -> Adapter {
    Adapter::N8n(workflows(base_url, quick()))
}

fn to(webhook: &str) -> Request {
    Request { model: webhook.to_owned(), ..question() }
}

fn json_reply(body: &str) -> Script {
    Script::ok(body).header("content-type", "application/json; charset=utf-8")
}

#[tokio::test]
async fn the_turn_is_posted_with_what_came_before_and_who_asks() {
    let provider = Provider::start([json_reply(r#"[{"output":"Hi, Ada."}]"#)]).await;
    let introduction = Introduction {
        session: Some("s-1".to_owned()),
        user: json!({ "name": "Ada" }),
        agent: json!({ "name": "Tides" }),
        may_stay_inside: false,
    };
    let adapter = Adapter::N8n(workflows(&provider.url, quick()).introduced(introduction));
    let mut request = to("webhook/tides");
    let turn = |role, text: &str| Turn::said(role, text);
    request.turns = vec![turn(Role::User, "Hello?"), turn(Role::Assistant, "Yes?"), turn(Role::User, "When?")];
    let (events, error) = all(&adapter, request).await;
    assert_eq!(error, None);
    assert_eq!(events, [Event::Text("Hi, Ada.".into()), Event::End(EndReason::Stop)]);
    let seen = provider.only();
    assert_eq!((seen.method.as_str(), seen.uri.to_string().as_str()), ("POST", "/webhook/tides"));
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(
        seen.body,
        json!({
            "action": "sendMessage", "session_id": "s-1", "sessionId": "s-1", "message": "When?", "chatInput": "When?",
            "history": [{ "role": "user", "content": "Hello?" }, { "role": "assistant", "content": "Yes?" }],
            "system": "Be brief.", "user": { "name": "Ada" }, "agent": { "name": "Tides" },
        })
    );
}

#[tokio::test]
async fn a_path_is_one_below_the_configured_server() {
    for (base, webhook, path) in [
        ("", "webhook/a", "/webhook/a"),
        ("/", "/webhook-test/a", "/webhook-test/a"),
        ("/n8n", "a", "/n8n/webhook/a"),
        ("/n8n/", "/webhook/a", "/n8n/webhook/a"),
    ] {
        let provider = Provider::start([Script::ok("Yes.")]).await;
        let adapter = at(&format!("{}{base}", provider.url));
        assert_eq!(text(&adapter, to(webhook)).await, "Yes.");
        assert_eq!(provider.only().uri.to_string(), path, "{base} {webhook}");
    }
    // The rest of that server is its administration, which the key would open.
    for inside in ["/rest/workflows", "webhook/../api/v1/credentials", "webhook/..%2fapi", "http://127.0.0.1:9/api/v1"]
    {
        let refused = error(&at("http://127.0.0.1:9"), to(inside)).await;
        assert_eq!(refused.code(), "provider_address_invalid", "{inside}");
    }
    let error = error(&at(""), to("webhook/a")).await;
    assert_eq!(error.code(), "provider_address_invalid");
    assert!(error.to_string().contains("N8N_BASE_URL"), "{error}");
}

#[tokio::test]
async fn text_comes_as_it_is_said_whatever_it_is_called() {
    let script = Script::ok("Hel").header("content-type", "text/html; charset=utf-8").then_send("lo, <b>you</b>");
    let provider = Provider::start([script]).await;
    let (events, error) = all(&at(&provider.url), to("a")).await;
    assert_eq!(error, None);
    assert_eq!(events.first(), Some(&Event::Text("Hel".into())), "{events:?}");
    let said: String =
        events.iter().filter_map(|it| if let Event::Text(it) = it { Some(it.as_str()) } else { None }).collect();
    assert_eq!(said, "Hello, <b>you</b>");
}

#[tokio::test]
async fn lines_are_relayed_while_they_stream() {
    let script =
        json_reply("{\"type\":\"begin\",\"metadata\":{\"nodeId\":\"1\"}}\n{\"type\":\"item\",\"content\":\"Hel\"}\n")
            .then_send("{\"type\":\"item\",\"content\":\"lo\"}\n{\"type\":\"end\"}\n");
    let provider = Provider::start([script]).await;
    let (events, error) = all(&at(&provider.url), to("a")).await;
    assert_eq!(error, None);
    assert_eq!(events, [Event::Text("Hel".into()), Event::Text("lo".into()), Event::End(EndReason::Stop)]);

    let broken =
        json_reply("{\"type\":\"item\",\"content\":\"Hel\"}\n{\"type\":\"error\",\"content\":\"Out of credit\"}\n");
    let provider = Provider::start([broken]).await;
    let (events, error) = all(&at(&provider.url), to("a")).await;
    assert_eq!(events, [Event::Text("Hel".into())]);
    assert!(error.unwrap().to_string().contains("Out of credit"));
}

#[tokio::test]
async fn it_is_asked_again_before_the_first_word_and_not_after_it() {
    let failing = || Script::status(500, r#"{"message":"Error in workflow"}"#);
    let provider = Provider::start([failing(), json_reply(r#"{"text":"Yes."}"#)]).await;
    assert_eq!(text(&at(&provider.url), to("a")).await, "Yes.");
    assert_eq!(provider.seen().len(), 2);

    let provider = Provider::start([failing(), failing(), failing()]).await;
    let refused = error(&at(&provider.url), to("a")).await;
    assert_eq!(refused.code(), "provider_unavailable");
    assert!(refused.to_string().contains("Error in workflow"), "{refused}");

    let provider =
        Provider::start([Script::ok("Half").then(Step::Pause(Duration::from_millis(50))).then(Step::Abort)]).await;
    let (events, cut) = all(&at(&provider.url), to("a")).await;
    assert_eq!((events, cut), (vec![Event::Text("Half".into())], Some(ProviderError::Cut)));
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn what_goes_wrong_is_said() {
    let unknown = r#"{"code":404,"message":"The requested webhook \"POST a\" is not registered.","hint":"…"}"#;
    for (script, code, told) in [
        (Script::status(404, unknown), "provider_protocol", "is not registered"),
        (Script::status(403, "Authorization data is wrong!"), "provider_unauthorised", "is wrong"),
        (Script::ok(""), "provider_protocol", "empty"),
        (json_reply("{}"), "provider_protocol", "no answer"),
        (json_reply(r#"{"message":"Workflow was started"}"#), "provider_protocol", "only says"),
        (Script::ok("<!doctype html><p>Sign in").html(), "provider_protocol", "web page"),
        (json_reply(r#"{"error":{"message":"No such tide"}}"#), "provider_refused", "No such tide"),
        (Script::status(302, "").header("location", "http://elsewhere.example/"), "provider_protocol", "elsewhere"),
    ] {
        let provider = Provider::start([script]).await;
        let error = error(&at(&provider.url), to("a")).await;
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    }
    let provider = Provider::start([Script::ok("").then(Step::Hang)]).await;
    let adapter = Adapter::N8n(workflows(&provider.url, impatient()));
    assert_eq!(error(&adapter, to("a")).await.code(), "provider_timeout");
}

#[tokio::test]
async fn other_servers_are_public_unless_whoever_rules_this_one_chose_them_and_never_get_the_key() {
    let inside = Provider::start([Script::ok("Yes.")]).await;
    let webhook = format!("{}/webhook/a", inside.url);
    let configured = "http://n8n.example";
    let refused = error(&at(configured), to(&webhook)).await;
    assert_eq!(refused.code(), "provider_address_invalid", "{refused}");
    let named = webhook.replace("127.0.0.1", "localhost");
    assert_eq!(error(&at(configured), to(&named)).await.code(), "provider_unreachable");
    assert!(inside.seen().is_empty());

    let introduction = Introduction { may_stay_inside: true, ..Introduction::default() };
    let chosen = Adapter::N8n(workflows(configured, quick()).introduced(introduction));
    assert_eq!(text(&chosen, to(&webhook)).await, "Yes.");
    assert!(inside.only().headers.get("authorization").is_none(), "the key is the configured server's");
    // No way out of the configured server's folder either.
    let provider = Provider::start([Script::ok("Yes.")]).await;
    let outside = at(&format!("{}/n8n", provider.url));
    assert_eq!(error(&outside, to("/../admin")).await.code(), "provider_address_invalid");
}

#[tokio::test]
async fn an_unfinished_answer_is_asked_for_in_words_and_no_models_are_listed() {
    let provider = Provider::start([Script::ok("are you?")]).await;
    let request = Request { model: "a".to_owned(), ..resumed() };
    assert_eq!(text(&at(&provider.url), request).await, "are you?");
    assert_eq!(provider.only().body["message"], RESUME_PROMPT);
    assert_eq!(at(&provider.url).models().await.unwrap(), []);
}

#[test]
fn webhooks_are_looked_at_before_they_are_kept() {
    for good in ["https://n8n.example/webhook/a", "http://10.0.0.1:5678/webhook/a", "webhook/a", "/webhook/a", "a-b"] {
        assert_eq!(check_webhook(good), Ok(()), "{good}");
    }
    for bad in ["", " ", "ftp://n8n.example/a", "https://", "a b", "https://n8n.example/a?key=b", "https://u:p@h/a"] {
        assert!(check_webhook(bad).is_err(), "{bad}");
    }
}
