//! Prompts on both databases: who sees them, who changes them, and what becomes of them.

use super::{change, create, delete, get, page, purge, render, restore};
use crate::audit::Actor;
use crate::error::Error;
use crate::projects;
use crate::testing::{World, worlds};
use atrium::ids::ProjectId;
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};
use atrium::projects::{ProjectForm, ProjectRole};
use atrium::prompts::{Prompt, PromptForm, SharedWith};
use std::collections::BTreeMap;

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

fn form(name: &str) -> PromptForm {
    PromptForm { name: name.to_owned(), text: "On {{topic}}, {{tone|friendly}}.".to_owned(), ..PromptForm::default() }
}

fn code<T>(outcome: Result<T, Error>) -> String {
    outcome.err().expect("refused").to_failure().code
}

async fn make(world: &World, viewer: &Viewer, form: &PromptForm) -> Result<Prompt, Error> {
    create(&world.store, &world.ports, actor(viewer), form).await
}

async fn names(world: &World, viewer: &Viewer, search: &str) -> Vec<String> {
    let found = page(world.store.as_viewer(viewer), PageRequest::default(), Some(search)).await.unwrap();
    assert_eq!(found.count, found.items.len() as i64);
    found.items.into_iter().map(|it| it.name).collect()
}

#[tokio::test]
async fn prompts_are_ones_own_until_they_are_shared() {
    for world in worlds().await {
        let (store, ports) = (&world.store, &world.ports);
        // Registered alike: none of them rules the server.
        let (bob, eve) = (&world.bob, &world.person("eve").await);
        let manager = Viewer { role: Role::Manager, ..world.person("mia").await };
        let guest = Viewer { role: Role::Guest, ..world.person("gus").await };
        assert_eq!(code(make(&world, &guest, &form("x")).await), "forbidden");
        let own = make(
            &world,
            bob,
            &PromptForm { shortcut: "Tide".to_owned(), description: "Übersicht".to_owned(), ..form("Letter") },
        )
        .await
        .unwrap();
        assert_eq!((own.shortcut.as_str(), own.is_own, own.can_change), ("tide", true, true));
        assert_eq!(code(make(&world, bob, &form("LETTER")).await), "invalid", "in any case");
        let same = PromptForm { shortcut: "tide".to_owned(), ..form("Other") };
        assert_eq!(code(make(&world, bob, &same).await), "invalid");
        make(&world, eve, &PromptForm { shortcut: "tide".to_owned(), ..form("letter") }).await.unwrap();
        for search in ["etter", "TIDE", "über", ""] {
            assert_eq!(names(&world, bob, search).await, ["Letter"], "{search}");
        }
        assert!(names(&world, bob, "%").await.is_empty());
        assert_eq!(code(get(store.as_viewer(eve), own.id).await), "not_found");
        assert_eq!(code(change(store, ports, actor(eve), own.id, &form("x"), None).await), "not_found");
        assert_eq!(code(delete(store, ports, actor(&manager), own.id).await), "not_found");

        let all = PromptForm { shared_with: SharedWith::Organisation, ..form("House style") };
        assert_eq!(code(make(&world, bob, &all).await), "forbidden");
        let shared = make(&world, &manager, &all).await.unwrap();
        let seen = get(store.as_viewer(&guest), shared.id).await.unwrap();
        assert!(!seen.is_own && !seen.can_change);
        assert_eq!(names(&world, bob, "").await, ["House style", "Letter"]);
        assert_eq!(code(change(store, ports, actor(bob), shared.id, &all, None).await), "forbidden");
        assert_eq!(code(delete(store, ports, actor(bob), shared.id).await), "forbidden");
        // Another manager changes it, and does not make off with it.
        let other = Viewer { role: Role::Manager, ..world.person("moe").await };
        let renamed = PromptForm { shared_with: SharedWith::Organisation, ..form("House rules") };
        change(store, ports, actor(&other), shared.id, &renamed, Some(shared.updated_at)).await.unwrap();
        assert_eq!(code(change(store, ports, actor(&other), shared.id, &form("Mine"), None).await), "forbidden");
        let stale = change(store, ports, actor(&manager), shared.id, &all, Some(shared.updated_at - 1)).await;
        assert_eq!(code(stale), "stale");
        // Its owner takes it back.
        change(store, ports, actor(&manager), shared.id, &form("Mine"), None).await.unwrap();
        assert_eq!(code(get(store.as_viewer(&other), shared.id).await), "not_found");
    }
}

#[tokio::test]
async fn a_projects_prompts_are_its_peoples() {
    for world in worlds().await {
        let (store, ports, bob) = (&world.store, &world.ports, &world.bob);
        let (eve, gus) = (&world.person("eve").await, &world.person("gus").await);
        let about = ProjectForm { name: "Harbour".to_owned(), ..ProjectForm::default() };
        let project: ProjectId = projects::create(store, ports, actor(bob), &about).await.unwrap().id;
        for (who, role) in [(eve, ProjectRole::Member), (gus, ProjectRole::Guest)] {
            projects::members::set(store, ports, actor(bob), project, who.id, role).await.unwrap();
        }
        let shared = |name: &str| PromptForm { shared_with: SharedWith::Project, project: Some(project), ..form(name) };
        assert_eq!(code(make(&world, gus, &shared("x")).await), "forbidden");
        let stranger = world.person("sam").await;
        assert_eq!(code(make(&world, &stranger, &shared("x")).await), "invalid", "which does not exist for them");
        let prompt = make(&world, eve, &shared("Berths")).await.unwrap();
        assert_eq!(prompt.project_name.as_deref(), Some("Harbour"));
        for (who, can_change) in [(bob, true), (eve, true), (gus, false)] {
            assert_eq!(get(store.as_viewer(who), prompt.id).await.unwrap().can_change, can_change);
        }
        assert_eq!(code(get(store.as_viewer(&stranger), prompt.id).await), "not_found");
        projects::delete(store, ports, actor(bob), project).await.unwrap();
        assert_eq!(code(get(store.as_viewer(gus), prompt.id).await), "not_found");
        assert!(get(store.as_viewer(eve), prompt.id).await.unwrap().can_change, "it stays its owner's");
    }
}

#[tokio::test]
async fn what_is_deleted_comes_back_unless_its_place_is_taken() {
    for world in worlds().await {
        let (store, ports, bob) = (&world.store, &world.ports, &world.bob);
        let scope = store.as_viewer(bob);
        let prompt = make(&world, bob, &form("Letter")).await.unwrap();
        delete(store, ports, actor(bob), prompt.id).await.unwrap();
        assert_eq!(code(get(scope, prompt.id).await), "not_found");
        assert_eq!(code(render(scope, prompt.id, &BTreeMap::new()).await), "not_found");
        let other = make(&world, bob, &form("Letter")).await.unwrap();
        assert_eq!(code(restore(store, ports, actor(bob), prompt.id).await), "name_taken");
        delete(store, ports, actor(bob), other.id).await.unwrap();
        assert_eq!(restore(store, ports, actor(bob), prompt.id).await.unwrap().name, "Letter");
        purge(store, i64::MAX).await.unwrap();
        assert_eq!(code(restore(store, ports, actor(bob), other.id).await), "not_found");
        assert!(get(scope, prompt.id).await.is_ok());
    }
}

#[tokio::test]
async fn it_is_filled_in_as_far_as_a_message_goes() {
    for world in worlds().await {
        let scope = world.store.as_viewer(&world.bob);
        let id = make(&world, &world.bob, &form("Letter")).await.unwrap().id;
        let values = |topic: &str| BTreeMap::from([("topic".to_owned(), topic.to_owned())]);
        assert_eq!(render(scope, id, &values("tides")).await.unwrap(), "On tides, friendly.");
        let refused = render(scope, id, &BTreeMap::new()).await.unwrap_err().to_failure();
        assert_eq!(refused.fields[0].field, "values.topic");
        let long = "x".repeat(atrium::chat::MESSAGE_MAX);
        assert_eq!(render(scope, id, &values(&long)).await.unwrap_err().to_failure().fields[0].field, "values");
    }
}
