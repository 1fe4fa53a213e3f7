//! Boards, on both databases.

use super::{Board, BoardChange, all, change, create, delete, get, newest_own};
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::projects;
use crate::store::Scope;
use crate::testing::{World, worlds};
use atrium::people::Viewer;
use atrium::projects::{ProjectForm, ProjectRole};
use futures::TryStreamExt as _;
use serde_json::json;

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    outcome.unwrap_err().to_failure().code
}

fn field<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    match outcome {
        Err(Error::Invalid(fields)) => fields[0].field.clone(),
        other => panic!("not refused for a field: {other:?}"),
    }
}

async fn list(world: &World, scope: Scope<'_>) -> Result<Vec<Board>> {
    all(world.store.clone(), scope.viewer.clone()).try_collect().await
}

fn named(name: &str) -> BoardChange {
    BoardChange { name: Some(name.to_owned()), ..BoardChange::default() }
}

async fn project(world: &World, of: &Viewer) -> atrium::ids::ProjectId {
    let form = ProjectForm { name: "Harbour".to_owned(), description: String::new() };
    projects::create(&world.store, &world.ports, Actor { viewer: of, address: "" }, &form).await.unwrap().id
}

#[tokio::test]
async fn a_board_is_kept_as_it_was_laid_out_and_is_its_owners() {
    for world in worlds().await {
        let (bob, eve) = (world.store.as_viewer(&world.bob), world.person("eve").await);
        let eve = world.store.as_viewer(&eve);
        let layout = json!([{ "x": 1, "w": 2.5, "name": "größe" }]);
        let new = BoardChange { layout: Some(layout.clone()), ..named("Tides") };
        let made = create(bob, &world.ports, &new).await.unwrap();
        assert_eq!((made.name.as_str(), &made.layout, &made.data), ("Tides", &layout, &json!({})));
        assert_eq!(get(bob, made.id).await.unwrap(), made);
        let data = BoardChange { data: Some(json!({ "n": null })), ..BoardChange::default() };
        let changed = change(bob, &world.ports, made.id, &data).await.unwrap();
        assert_eq!((changed.name.as_str(), &changed.layout, &changed.data), ("Tides", &layout, &json!({ "n": null })));
        assert_eq!(list(&world, bob).await.unwrap(), std::slice::from_ref(&changed));
        assert_eq!(newest_own(bob).await.unwrap(), Some(changed));

        assert_eq!(list(&world, eve).await.unwrap(), []);
        assert_eq!(newest_own(eve).await.unwrap(), None);
        assert_eq!(code(get(eve, made.id).await), "not_found");
        assert_eq!(code(change(eve, &world.ports, made.id, &named("Mine")).await), "not_found");
        assert_eq!(code(delete(eve, made.id).await), "not_found");
        // Not even who rules the server reads what people lay out for themselves.
        assert_eq!(code(get(world.store.as_viewer(&world.ada), made.id).await), "not_found");
        delete(bob, made.id).await.unwrap();
        assert_eq!(code(get(bob, made.id).await), "not_found");

        assert_eq!(field(create(bob, &world.ports, &named(" ")).await), "name");
        let large = BoardChange { data: Some(json!("x".repeat(300_000))), ..BoardChange::default() };
        assert_eq!(field(create(bob, &world.ports, &large).await), "data");
        let lost = BoardChange { project: Some(Some(world.ports.id())), ..named("Lost") };
        assert_eq!(field(create(bob, &world.ports, &lost).await), "project_id");
    }
}

#[tokio::test]
async fn a_board_of_a_project_is_seen_in_it_and_changed_by_those_who_work_there() {
    for world in worlds().await {
        let place = project(&world, &world.bob).await;
        let mut people = Vec::new();
        for (name, role) in [("mia", ProjectRole::Member), ("gus", ProjectRole::Guest)] {
            let person = world.person(name).await;
            let actor = Actor { viewer: &world.bob, address: "" };
            projects::members::set(&world.store, &world.ports, actor, place, person.id, role).await.unwrap();
            people.push(person);
        }
        let [bob, mia, gus] = [&world.bob, &people[0], &people[1]].map(|it| world.store.as_viewer(it));
        let shared = BoardChange { project: Some(Some(place)), ..named("Shared") };
        assert_eq!(code(create(gus, &world.ports, &shared).await), "forbidden");
        let made = create(bob, &world.ports, &shared).await.unwrap();
        assert_eq!(made.project, Some(place));
        assert_eq!(get(gus, made.id).await.unwrap(), made);
        assert_eq!(code(change(gus, &world.ports, made.id, &named("Other")).await), "forbidden");
        assert_eq!(change(mia, &world.ports, made.id, &named("Other")).await.unwrap().name, "Other");
        let out = BoardChange { project: Some(None), ..BoardChange::default() };
        assert_eq!(code(change(mia, &world.ports, made.id, &out).await), "forbidden");
        assert_eq!(code(delete(mia, made.id).await), "forbidden");
        assert_eq!(change(bob, &world.ports, made.id, &out).await.unwrap().project, None);
        assert_eq!(code(get(mia, made.id).await), "not_found");
        // A board outlives its project: it is its owner's again.
        let again = create(mia, &world.ports, &shared).await.unwrap();
        let actor = Actor { viewer: &world.bob, address: "" };
        projects::delete(&world.store, &world.ports, actor, place).await.unwrap();
        assert_eq!(get(mia, again.id).await.unwrap().id, again.id);
        assert_eq!(code(get(bob, again.id).await), "not_found");
    }
}
