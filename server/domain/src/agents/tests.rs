//! Agents, on both databases.

use super::administration::{self, AgentFilter};
use super::{create, default, delete, get, list, restore, update};
use crate::audit::{self, Actor, AuditFilter};
use crate::error::Error;
use crate::testing::{World, worlds, worlds_with};
use atrium::agents::{AgentDraft, PRESETS};
use atrium::catalogue::{LOCAL_MODEL, Provider};
use atrium::paging::{PageRequest, Sort};
use atrium::people::{Role, Viewer};
use std::time::Duration;

fn draft(name: &str) -> AgentDraft {
    AgentDraft {
        name: name.to_owned(),
        description: "For tests — „ja“".to_owned(),
        avatar: "flask".to_owned(),
        provider: Provider::OpenAi,
        model: "fake-1".to_owned(),
        temperature: 0.35,
        max_tokens: 1234,
        system_prompt: "Be <b>brief</b>.\nAlways.".to_owned(),
        is_default: false,
        is_active: true,
    }
}

fn field<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Invalid(fields)) => fields[0].field.clone(),
        other => panic!("not refused for a field: {other:?}"),
    }
}

fn is_missing<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    assert!(matches!(outcome, Err(Error::NotFound("agent"))), "{outcome:?}");
}

async fn defaults(world: &World) -> Vec<String> {
    list(world.store.as_viewer(&world.ada))
        .await
        .unwrap()
        .into_iter()
        .filter(|it| it.is_default)
        .map(|it| it.name)
        .collect()
}

#[tokio::test]
async fn an_agent_is_kept_as_it_was_given() {
    for world in worlds().await {
        let scope = world.store.as_viewer(&world.ada);
        let made = create(scope, &world.ports, &draft("Lab")).await.unwrap();
        let expected = draft("Lab");
        assert_eq!(
            (
                made.name.as_str(),
                &made.description,
                made.avatar.as_str(),
                made.provider,
                made.model.as_str(),
                made.temperature,
                made.max_tokens,
                &made.system_prompt
            ),
            ("Lab", &expected.description, "flask", Provider::OpenAi, "fake-1", 0.35, 1234, &expected.system_prompt)
        );
        assert!(made.is_active && !made.is_default);
        assert_eq!(get(scope, made.id).await.unwrap(), made);
        assert_eq!(list(scope).await.unwrap(), [made]);
    }
}

#[tokio::test]
async fn everybody_has_a_default_agent_from_the_first_visit() {
    for world in worlds().await {
        let scope = world.store.as_viewer(&world.ada);
        let first = default(scope, &world.ports, &world.connections).await.unwrap();
        assert_eq!(
            (first.provider, first.model.as_str(), first.name.as_str()),
            (Provider::OpenAi, "fake-1", PRESETS[0].name)
        );
        assert_eq!(default(scope, &world.ports, &world.connections).await.unwrap(), first, "and keeps it");
        let bobs = default(world.store.as_viewer(&world.bob), &world.ports, &world.connections).await.unwrap();
        assert_ne!(bobs.id, first.id);
        assert_eq!(bobs.name, first.name, "each has one of their own");
    }
}

#[tokio::test]
async fn with_nothing_set_the_local_model_answers() {
    for world in worlds_with(&[("DEFAULT_LLM_PROVIDER", ""), ("DEFAULT_MODEL", "")]).await {
        let agent = default(world.store.as_viewer(&world.ada), &world.ports, &world.connections).await.unwrap();
        assert_eq!((agent.provider, agent.model.as_str()), (Provider::Local, LOCAL_MODEL));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tabs_at_once_get_the_same_default_agent() {
    for world in worlds().await {
        let tabs: Vec<_> = (0..16)
            .map(|_| {
                let (store, ports, connections, ada) =
                    (world.store.clone(), world.ports.clone(), world.connections.clone(), world.ada.clone());
                tokio::spawn(async move { default(store.as_viewer(&ada), &ports, &connections).await.map(|it| it.id) })
            })
            .collect();
        let mut ids = Vec::new();
        for tab in tabs {
            ids.push(tab.await.unwrap().unwrap());
        }
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(list(world.store.as_viewer(&world.ada)).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_name_in_use_does_not_keep_the_default_agent_away() {
    for world in worlds().await {
        let scope = world.store.as_viewer(&world.ada);
        let own = create(scope, &world.ports, &draft(PRESETS[0].name)).await.unwrap();
        let made = default(scope, &world.ports, &world.connections).await.unwrap();
        assert_ne!(made.id, own.id);
        assert_eq!(made.name, format!("{} 2", PRESETS[0].name));
    }
}

#[tokio::test]
async fn a_name_is_unique_among_ones_own() {
    for world in worlds().await {
        let (ada, bob) = (world.store.as_viewer(&world.ada), world.store.as_viewer(&world.bob));
        create(ada, &world.ports, &draft("Lab")).await.unwrap();
        assert_eq!(field(create(ada, &world.ports, &draft("Lab")).await), "name");
        create(bob, &world.ports, &draft("Lab")).await.unwrap();
        let other = create(ada, &world.ports, &draft("Other")).await.unwrap();
        assert_eq!(field(update(ada, &world.ports, other.id, &draft("Lab"), None).await), "name");
        assert_eq!(get(ada, other.id).await.unwrap().name, "Other");
        // Saved under its own name it is no twin of itself.
        update(ada, &world.ports, other.id, &draft("Other"), None).await.unwrap();
    }
}

#[tokio::test]
async fn one_agent_is_the_default() {
    for world in worlds().await {
        let ada = world.store.as_viewer(&world.ada);
        let marked = |name: &str| AgentDraft { is_default: true, ..draft(name) };
        create(ada, &world.ports, &marked("One")).await.unwrap();
        create(world.store.as_viewer(&world.bob), &world.ports, &marked("Bob's")).await.unwrap();
        let two = create(ada, &world.ports, &marked("Two")).await.unwrap();
        assert_eq!(defaults(&world).await, ["Two"]);
        let three = create(ada, &world.ports, &draft("Three")).await.unwrap();
        update(ada, &world.ports, three.id, &marked("Three"), None).await.unwrap();
        assert_eq!(defaults(&world).await, ["Three"]);
        assert_eq!(list(ada).await.unwrap()[0].name, "Three", "the default one comes first");
        // A change that is refused does not take the mark away either.
        assert_eq!(field(update(ada, &world.ports, two.id, &marked("One"), None).await), "name");
        assert_eq!(field(create(ada, &world.ports, &marked("One")).await), "name");
        assert!(update(ada, &world.ports, two.id, &marked("Two"), Some(1)).await.is_err());
        assert_eq!(defaults(&world).await, ["Three"]);
        assert_eq!(
            default(world.store.as_viewer(&world.bob), &world.ports, &world.connections).await.unwrap().name,
            "Bob's"
        );
    }
}

#[tokio::test]
async fn a_stale_form_saves_over_nobody() {
    for world in worlds().await {
        let ada = world.store.as_viewer(&world.ada);
        let made = create(ada, &world.ports, &draft("Lab")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
        let changed = update(
            ada,
            &world.ports,
            made.id,
            &AgentDraft { description: "first".to_owned(), ..draft("Lab") },
            Some(made.updated_at),
        )
        .await
        .unwrap();
        let stale = update(
            ada,
            &world.ports,
            made.id,
            &AgentDraft { description: "second".to_owned(), ..draft("Lab") },
            Some(made.updated_at),
        )
        .await;
        let failure = stale.unwrap_err().to_failure();
        assert_eq!((failure.status, failure.code.as_str()), (409, "stale_form"));
        assert_eq!(get(ada, made.id).await.unwrap().description, "first");
        update(ada, &world.ports, made.id, &draft("Lab"), Some(changed.updated_at)).await.unwrap();
        update(ada, &world.ports, made.id, &draft("Renamed"), None).await.unwrap();
        assert_eq!(get(ada, made.id).await.unwrap().name, "Renamed");
    }
}

#[tokio::test]
async fn what_was_deleted_comes_back() {
    for world in worlds().await {
        let ada = world.store.as_viewer(&world.ada);
        let made = create(ada, &world.ports, &AgentDraft { is_default: true, ..draft("Lab") }).await.unwrap();
        delete(ada, &world.ports, made.id).await.unwrap();
        is_missing(get(ada, made.id).await);
        is_missing(delete(ada, &world.ports, made.id).await);
        is_missing(update(ada, &world.ports, made.id, &draft("Lab"), None).await);
        assert_eq!(list(ada).await.unwrap(), []);
        restore(ada, made.id).await.unwrap();
        let back = get(ada, made.id).await.unwrap();
        assert_eq!(back.name, "Lab");
        // While it was away another may have taken its name.
        delete(ada, &world.ports, made.id).await.unwrap();
        create(ada, &world.ports, &draft("Lab")).await.unwrap();
        assert_eq!(restore(ada, made.id).await.unwrap_err().to_failure().code, "name_taken");
        is_missing(get(ada, made.id).await);
    }
}

#[tokio::test]
async fn the_default_agent_deleted_makes_room_for_another() {
    for world in worlds().await {
        let ada = world.store.as_viewer(&world.ada);
        let first = default(ada, &world.ports, &world.connections).await.unwrap();
        delete(ada, &world.ports, first.id).await.unwrap();
        let second = default(ada, &world.ports, &world.connections).await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(defaults(&world).await, [second.name]);
    }
}

#[tokio::test]
async fn somebody_elses_agent_is_not_there() {
    for world in worlds().await {
        let (ada, bob) = (world.store.as_viewer(&world.ada), world.store.as_viewer(&world.bob));
        let adas = create(ada, &world.ports, &draft("Lab")).await.unwrap();
        is_missing(get(bob, adas.id).await);
        is_missing(update(bob, &world.ports, adas.id, &draft("Mine now"), None).await);
        is_missing(update(bob, &world.ports, adas.id, &draft("Mine now"), Some(adas.updated_at)).await);
        is_missing(delete(bob, &world.ports, adas.id).await);
        delete(ada, &world.ports, adas.id).await.unwrap();
        is_missing(restore(bob, adas.id).await);
        restore(ada, adas.id).await.unwrap();
        assert_eq!(list(bob).await.unwrap(), []);
        // Not even a superuser's eyes are others' eyes.
        let bobs = create(bob, &world.ports, &draft("Bob's")).await.unwrap();
        is_missing(get(ada, bobs.id).await);
        is_missing(get(ada, world.ports.id()).await);
    }
}

#[tokio::test]
async fn strange_characters_are_no_fault() {
    for world in worlds().await {
        let ada = world.store.as_viewer(&world.ada);
        let odd = AgentDraft { system_prompt: "a\0b".to_owned(), ..draft("N\0UL <script>'") };
        let made = create(ada, &world.ports, &odd).await.unwrap();
        assert_eq!(get(ada, made.id).await.unwrap(), made);
    }
}

#[tokio::test]
async fn administrators_see_and_switch_everybodys_agents_of_their_organisation() {
    for world in worlds().await {
        let scope = world.store.as_viewer(&world.bob);
        let agent = default(scope, &world.ports, &world.connections).await.unwrap();
        let page = PageRequest::default();
        let carol = Viewer { role: Role::Admin, ..world.person("carol").await };
        let found = async |viewer: &Viewer, filter| {
            administration::page(world.store.as_viewer(viewer), page, filter).await.map(|it| it.items)
        };
        let all = AgentFilter::default();
        let seen = found(&carol, all).await.unwrap();
        assert_eq!((seen.len(), seen[0].owner.as_str(), seen[0].model.as_str()), (1, "bob", "fake-1"));
        assert_eq!(found(&carol, AgentFilter { provider: Some(Provider::Ollama), ..all }).await.unwrap().len(), 0);
        assert_eq!(
            found(&carol, AgentFilter { search: Some("BOB@"), is_active: Some(true), ..all }).await.unwrap().len(),
            1
        );
        for column in administration::COLUMNS {
            let sort = Some(Sort { column, is_descending: true });
            assert_eq!(found(&carol, AgentFilter { sort, ..all }).await.unwrap().len(), 1, "{column}");
        }
        let switch = async |viewer: &Viewer, is_active| {
            let actor = Actor { viewer, address: "10.0.0.1" };
            administration::switch(&world.store, &world.ports, actor, agent.id, is_active).await
        };
        assert_eq!(switch(&carol, false).await.unwrap(), agent.name);
        assert!(!get(scope, agent.id).await.unwrap().is_active);
        assert_eq!(switch(&carol, false).await.unwrap(), agent.name, "twice is as good as once");
        assert_eq!(switch(&carol, true).await.unwrap(), agent.name);
        let filter = AuditFilter { kind: Some("agent"), ..AuditFilter::default() };
        let log = audit::page(&world.store, &carol, page, filter).await.unwrap();
        assert_eq!(log.count, 2, "what changes nothing leaves no line");
        assert_eq!(log.items[0].after.as_deref(), Some("{\"is_active\":true}"));

        let elsewhere = Viewer { organisation: world.ports.id(), ..carol.clone() };
        assert!(found(&elsewhere, all).await.unwrap().is_empty());
        assert_eq!(switch(&elsewhere, false).await.unwrap_err().to_failure().code, "not_found");
        for role in [Role::Manager, Role::User, Role::Guest] {
            let viewer = Viewer { role, ..carol.clone() };
            assert_eq!(found(&viewer, all).await.unwrap_err().to_failure().code, "forbidden");
            assert_eq!(switch(&viewer, false).await.unwrap_err().to_failure().code, "forbidden");
        }
    }
}
