//! Versions of models, on both databases.

use super::{ArtifactFilter, ArtifactForm, Stage, change, create, delete, get, page, set_stage};
use crate::audit::Actor;
use crate::error::Result;
use crate::store::args;
use crate::testing::{World, worlds};
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};
use serde_json::json;

fn code<T: std::fmt::Debug>(outcome: Result<T>) -> String {
    outcome.unwrap_err().to_failure().code
}

fn form(version: &str, stage: Stage) -> ArtifactForm {
    let metrics = json!({ "auc": 0.91 }).as_object().cloned();
    let storage_key = format!("s3://models/churn/{version}");
    ArtifactForm { name: "churn".to_owned(), version: version.to_owned(), stage, storage_key, metrics }
}

fn engineer(world: &World) -> Viewer {
    Viewer { role: Role::Engineer, ..world.bob.clone() }
}

async fn stages(world: &World) -> Vec<(String, &'static str)> {
    let found =
        page(world.store.as_viewer(&world.bob), PageRequest::default(), ArtifactFilter::default()).await.unwrap();
    let mut all: Vec<_> = found.items.into_iter().map(|it| (it.version, it.stage.as_str())).collect();
    all.sort();
    all
}

fn named(all: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    all.iter().map(|it| (it.0.to_owned(), it.1)).collect()
}

#[tokio::test]
async fn one_version_of_a_model_is_in_production() {
    for world in worlds().await {
        let bob = engineer(&world);
        let actor = Actor { viewer: &bob, address: "" };
        let (store, ports) = (&world.store, &world.ports);
        let first = create(store, ports, actor, &form("1", Stage::Production)).await.unwrap();
        assert_eq!(
            (first.metrics.as_ref().map(|it| it["auc"].clone()), first.created_by),
            (Some(json!(0.91)), Some(bob.id))
        );
        let second = create(store, ports, actor, &form("2", Stage::Production)).await.unwrap();
        let third = create(store, ports, actor, &form("3", Stage::Staging)).await.unwrap();
        assert_eq!(stages(&world).await, named(&[("1", "archived"), ("2", "production"), ("3", "staging")]));
        set_stage(store, ports, actor, third.id, Stage::Production, None).await.unwrap();
        assert_eq!(stages(&world).await, named(&[("1", "archived"), ("2", "archived"), ("3", "production")]));
        // What stands there stays when it is said again.
        set_stage(store, ports, actor, third.id, Stage::Production, None).await.unwrap();
        assert_eq!(stages(&world).await, named(&[("1", "archived"), ("2", "archived"), ("3", "production")]));
        // Another model has its own.
        let other = ArtifactForm { name: "fraud".to_owned(), ..form("1", Stage::Production) };
        create(store, ports, actor, &other).await.unwrap();
        assert_eq!(get(store.as_viewer(&bob), third.id).await.unwrap().stage, Stage::Production);
        let noted: Vec<(String, String)> = store
            .as_system("test")
            .all("SELECT action, subject FROM audit_log WHERE subject_kind = 'model' ORDER BY id", args![])
            .await
            .unwrap();
        let noted: Vec<_> = noted.iter().map(|it| (it.0.as_str(), it.1.as_str())).collect();
        assert!(
            noted.contains(&("model.stage", "churn 1")) && noted.contains(&("model.stage", "churn 2")),
            "{noted:?}"
        );
        assert_eq!(
            code(set_stage(store, ports, actor, second.id, Stage::Staging, Some(second.created_at)).await),
            "stale"
        );
    }
}

#[tokio::test]
async fn versions_are_seen_by_all_and_changed_by_those_who_manage_models() {
    for world in worlds().await {
        let bob = engineer(&world);
        let actor = Actor { viewer: &bob, address: "" };
        let (store, ports) = (&world.store, &world.ports);
        let made = create(store, ports, actor, &form("1", Stage::Staging)).await.unwrap();
        assert_eq!(code(create(store, ports, actor, &form("1", Stage::Staging)).await), "invalid");
        let eve = world.person("eve").await;
        let guest = Viewer { role: Role::Guest, ..eve.clone() };
        assert_eq!(get(store.as_viewer(&guest), made.id).await.unwrap(), made);
        let by_eve = Actor { viewer: &eve, address: "" };
        assert_eq!(code(create(store, ports, by_eve, &form("2", Stage::Staging)).await), "forbidden");
        assert_eq!(code(change(store, ports, by_eve, made.id, &form("1", Stage::Archived), None).await), "forbidden");
        assert_eq!(code(delete(store, ports, by_eve, made.id).await), "forbidden");
        let stranger = Viewer { organisation: ports.id(), ..bob.clone() };
        assert_eq!(code(get(store.as_viewer(&stranger), made.id).await), "not_found");
        let filter = ArtifactFilter { search: Some("HUR"), stage: Some(Stage::Staging), ..ArtifactFilter::default() };
        assert_eq!(
            page(store.as_viewer(&eve), PageRequest::default(), filter).await.unwrap().items,
            std::slice::from_ref(&made)
        );
        delete(store, ports, actor, made.id).await.unwrap();
        assert_eq!(code(get(store.as_viewer(&bob), made.id).await), "not_found");
    }
}
