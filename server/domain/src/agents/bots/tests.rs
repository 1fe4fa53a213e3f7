//! Bots, on both databases.

use super::{BotForm, area, assign_area, change, create, delete, get, page, webhook};
use crate::agents;
use crate::audit::{self, Actor, AuditFilter};
use crate::chat::{NewConversation, Target};
use crate::error::{Error, Result};
use crate::expertise;
use crate::projects;
use crate::testing::{World, worlds, worlds_with};
use atrium::expertise::ExpertiseAreaForm;
use atrium::paging::{PageRequest, Sort};
use atrium::people::{Role, Viewer};
use atrium::projects::{ProjectForm, ProjectRole};
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn form(name: &str) -> BotForm {
    BotForm {
        name: name.to_owned(),
        description: "Knows the sea".to_owned(),
        webhook: "https://n8n.example/webhook/a".to_owned(),
    }
}

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    outcome.unwrap_err().to_failure().code
}

fn field<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(fields)) => fields[0].field.clone(),
        other => panic!("not refused for a field: {other:?}"),
    }
}

async fn administrator(world: &World, name: &str) -> Viewer {
    let person = world.person(name).await;
    let sql = "UPDATE users SET role = 'admin' WHERE id = $1";
    world.store.as_system("test").execute(sql, crate::store::args![person.id]).await.unwrap();
    Viewer { role: Role::Admin, ..person }
}

async fn names(world: &World, viewer: &Viewer) -> Vec<String> {
    let found = page(world.store.as_viewer(viewer), PageRequest::default(), None, None).await.unwrap();
    assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
    found.items.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn administrators_make_change_and_delete_the_bots_of_their_organisation() {
    for world in worlds().await {
        let (carol, dora) = (administrator(&world, "carol").await, administrator(&world, "dora").await);
        let (store, ports) = (&world.store, &world.ports);
        assert_eq!(code(create(store, ports, actor(&world.bob), &form("Tides")).await), "forbidden");
        let made = create(store, ports, actor(&carol), &form(" Tides ")).await.unwrap();
        assert_eq!((made.name.as_str(), webhook(&made)), ("Tides", Some("https://n8n.example/webhook/a")));
        // One name means one bot, whoever made it.
        assert_eq!(field(create(store, ports, actor(&dora), &form("TIDES")).await), "name");
        for (wrong, at) in [
            (BotForm { name: String::new(), ..form("x") }, "name"),
            (BotForm { webhook: String::new(), ..form("x") }, "webhook"),
            (BotForm { webhook: "ftp://x".to_owned(), ..form("x") }, "webhook"),
        ] {
            assert_eq!(field(create(store, ports, actor(&carol), &wrong).await), at);
        }
        let renamed = BotForm { webhook: "webhook/b".to_owned(), ..form("Moons") };
        let changed = change(store, ports, actor(&dora), made.id, &renamed).await.unwrap();
        assert_eq!((changed.name.as_str(), webhook(&changed)), ("Moons", Some("webhook/b")));
        assert_eq!(code(change(store, ports, actor(&world.bob), made.id, &renamed).await), "not_found");
        assert_eq!(names(&world, &dora).await, ["Moons"]);
        assert_eq!(names(&world, &world.bob).await, [""; 0]);
        delete(store, ports, actor(&dora), made.id).await.unwrap();
        assert_eq!(code(get(store.as_viewer(&carol), made.id).await), "not_found");
        let filter = AuditFilter { kind: Some("agent"), ..AuditFilter::default() };
        let log = audit::page(store, &carol, PageRequest::default(), filter).await.unwrap();
        let actions: Vec<_> = log.items.iter().map(|it| it.action.as_str()).collect();
        assert_eq!(actions, ["agent.delete", "agent.change", "agent.create"]);
        create(store, ports, actor(&dora), &form("Moons")).await.unwrap();
    }
}

#[tokio::test]
async fn nobody_below_points_a_superusers_bot_elsewhere() {
    for world in worlds().await {
        let carol = administrator(&world, "carol").await;
        let (store, ports) = (&world.store, &world.ports);
        let inside = BotForm { webhook: "http://127.0.0.1:5678/webhook/a".to_owned(), ..form("Inside") };
        let made = create(store, ports, actor(&world.ada), &inside).await.unwrap();
        let renamed = BotForm { name: "Harbour".to_owned(), ..inside.clone() };
        assert_eq!(change(store, ports, actor(&carol), made.id, &renamed).await.unwrap().name, "Harbour");
        let elsewhere = BotForm { webhook: "http://127.0.0.1:5432/".to_owned(), ..inside };
        assert_eq!(code(change(store, ports, actor(&carol), made.id, &elsewhere).await), "forbidden");
        change(store, ports, actor(&world.ada), made.id, &elsewhere).await.unwrap();
    }
}

#[tokio::test]
async fn bots_come_to_people_through_projects() {
    for world in worlds().await {
        let carol = administrator(&world, "carol").await;
        let (store, ports) = (&world.store, &world.ports);
        let dora = administrator(&world, "dora").await;
        let made = create(store, ports, actor(&carol), &form("Tides")).await.unwrap();
        let place = ProjectForm { name: "Harbour".to_owned(), description: String::new() };
        let place = projects::create(store, ports, actor(&dora), &place).await.unwrap().id;
        // Whoever made it, another administrator shares it; somebody's own agent they do not.
        projects::agents::attach(store, ports, actor(&dora), place, made.id).await.unwrap();
        let bobs = agents::default(store.as_viewer(&world.bob), ports, &world.connections).await.unwrap();
        assert_eq!(field(projects::agents::attach(store, ports, actor(&dora), place, bobs.id).await), "agent_id");
        assert_eq!(names(&world, &world.bob).await, [bobs.name.as_str()]);
        let join = async |role| {
            projects::members::set(store, ports, actor(&dora), place, world.bob.id, role).await.unwrap();
        };
        join(ProjectRole::Guest).await;
        assert_eq!(names(&world, &world.bob).await.len(), 2, "guests see it");
        let scope = store.as_viewer(&world.bob);
        assert_eq!(code(agents::usable(scope, made.id).await), "not_found", "and do not talk to it");
        join(ProjectRole::Member).await;
        assert_eq!(agents::usable(scope, made.id).await.unwrap().name, "Tides");
        assert_eq!(code(change(store, ports, actor(&world.bob), made.id, &form("Mine")).await), "forbidden");
        assert_eq!(code(delete(store, ports, actor(&world.bob), made.id).await), "forbidden");
        assert_eq!(agents::usable(store.as_viewer(&dora), made.id).await.unwrap().name, "Tides");
        // What somebody shares with a project is seen by those who administer it, and stays theirs to change.
        let shared = projects::agents::attach(store, ports, actor(&world.bob), place, bobs.id).await;
        assert_eq!(code(shared), "forbidden", "he does not manage the project");
        let own = agents::default(store.as_viewer(&dora), ports, &world.connections).await.unwrap();
        projects::agents::attach(store, ports, actor(&dora), place, own.id).await.unwrap();
        assert!(names(&world, &carol).await.contains(&own.name));
        assert_eq!(code(change(store, ports, actor(&carol), own.id, &form("Mine")).await), "forbidden");
        let renamed = BotForm { webhook: String::new(), ..form("Dora's") };
        let renamed = change(store, ports, actor(&dora), own.id, &renamed).await.unwrap();
        assert_eq!((renamed.provider, renamed.model), (own.provider, own.model), "its model stays");
        projects::agents::detach(store, ports, actor(&dora), place, own.id).await.unwrap();

        let sort = Some(Sort { column: "created", is_descending: true });
        let found = page(scope, PageRequest { page: 1, size: 1 }, Some("TI"), sort).await.unwrap();
        assert_eq!((found.count, found.items[0].id), (1, made.id));
        let filter = projects::placed::PlacedFilter { agent: Some(made.id), ..Default::default() };
        let places = projects::placed::page(scope, PageRequest::default(), filter).await.unwrap();
        assert_eq!((places.count, places.items[0].organisation), (1, carol.organisation));

        let sea = ExpertiseAreaForm { name: "Sea".to_owned(), description: String::new() };
        let sea = expertise::create(store, ports, actor(&carol), &sea).await.unwrap();
        assign_area(store, ports, actor(&dora), made.id, Some(sea.id)).await.unwrap();
        assert_eq!(area(scope, made.id).await.unwrap().map(|it| it.name).as_deref(), Some("Sea"));
        assert_eq!(code(assign_area(store, ports, actor(&world.bob), made.id, None).await), "forbidden");
        let unknown = assign_area(store, ports, actor(&dora), made.id, Some(ports.id())).await;
        assert_eq!(field(unknown), "expertise_area_id");
        assign_area(store, ports, actor(&dora), made.id, None).await.unwrap();
        assert!(area(scope, made.id).await.unwrap().is_none());
    }
}

/// A workflow that says what it was told, and keeps it.
async fn workflow() -> (String, Arc<Mutex<Vec<Value>>>) {
    let seen: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = seen.clone();
    let answer = move |body: axum::Json<Value>| {
        let reply = json!([{ "output": format!("You said {}", body["message"].as_str().unwrap_or_default()) }]);
        log.lock().unwrap().push(body.0);
        async move { axum::Json(reply) }
    };
    let app = axum::Router::new().route("/webhook/echo", post(answer));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, seen)
}

#[tokio::test]
async fn a_bot_answers_through_its_webhook_and_the_answer_is_stored() {
    let (url, seen) = workflow().await;
    for world in worlds_with(&[("N8N_BASE_URL", &url)]).await {
        seen.lock().unwrap().clear();
        let carol = administrator(&world, "carol").await;
        let (store, ports, chat) = (&world.store, &world.ports, &world.chat);
        let echo = BotForm { webhook: "webhook/echo".to_owned(), ..form("Echo") };
        let bot = create(store, ports, actor(&carol), &echo).await.unwrap();
        let session = chat.open_session(&carol, Some("my own key"), bot.id).await.unwrap();
        for text in ["One", "Two"] {
            let sent = chat.send(&carol, Target::End(session.conversation), None, text).await.unwrap();
            assert!(chat.finished(&carol, sent.run, Duration::from_secs(20)).await.unwrap());
        }
        let said = chat.messages(&carol, session.conversation, PageRequest::default()).await.unwrap();
        let said: Vec<_> = said.items.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(said, ["One", "You said One", "Two", "You said Two"]);
        let asked = seen.lock().unwrap().last().cloned().unwrap();
        assert_eq!((&asked["session_id"], &asked["sessionId"]), (&json!("my own key"), &json!("my own key")));
        assert_eq!(asked["user"], json!({ "id": carol.id, "email": "carol@example.org", "name": "carol" }));
        assert_eq!(asked["agent"], json!({ "id": bot.id, "name": "Echo" }));
        assert_eq!(asked["history"].as_array().unwrap().len(), 2);
        // In a conversation that is nobody's session it is the conversation that the workflow remembers.
        let plain = NewConversation { agent: Some(bot.id), ..NewConversation::default() };
        let plain = chat.create(&carol, plain).await.unwrap();
        let sent = chat.send(&carol, Target::End(plain.id), None, "Three").await.unwrap();
        assert!(chat.finished(&carol, sent.run, Duration::from_secs(20)).await.unwrap());
        assert_eq!(seen.lock().unwrap().last().unwrap()["session_id"], json!(plain.id));
    }
}

#[tokio::test]
async fn only_a_superusers_bot_calls_what_only_this_server_reaches() {
    let (url, seen) = workflow().await;
    for world in worlds().await {
        seen.lock().unwrap().clear();
        let carol = administrator(&world, "carol").await;
        let (store, ports, chat) = (&world.store, &world.ports, &world.chat);
        let echo = |name: &str| BotForm { webhook: format!("{url}/webhook/echo"), ..form(name) };
        for (viewer, name, status) in [(&carol, "Carol's", "failed"), (&world.ada, "Ada's", "complete")] {
            let bot = create(store, ports, actor(viewer), &echo(name)).await.unwrap();
            let sent = chat.send(viewer, Target::New, Some(bot.id), "Hello").await.unwrap();
            assert!(chat.finished(viewer, sent.run, Duration::from_secs(20)).await.unwrap());
            let (_, answer) = chat.find_message(viewer, sent.answer).await.unwrap();
            assert_eq!(answer.status.as_str(), status, "{:?}", answer.error);
        }
        assert_eq!(seen.lock().unwrap().len(), 1);
    }
}
