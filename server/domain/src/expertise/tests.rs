//! Areas of expertise on both databases.

use super::{agents_of, assign, change, create, delete, get, of_agent, page, restore};
use crate::agents;
use crate::audit::{self, Actor};
use crate::error::Error;
use crate::organisations;
use crate::store::args;
use crate::testing::worlds;
use atrium::expertise::ExpertiseAreaForm;
use atrium::organisations::OrganisationForm;
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

fn form(name: &str) -> ExpertiseAreaForm {
    ExpertiseAreaForm { name: name.to_owned(), description: "What belongs to it".to_owned() }
}

fn code<T>(outcome: Result<T, Error>) -> String {
    outcome.err().expect("refused").to_failure().code
}

#[tokio::test]
async fn managers_change_areas_and_owners_choose_among_them() {
    for world in worlds().await {
        let (store, ports, bob) = (&world.store, &world.ports, &world.bob);
        let manager = Viewer { role: Role::Manager, ..world.person("mia").await };
        assert_eq!(code(create(store, ports, actor(bob), &form("Tides")).await), "forbidden");
        let area = create(store, ports, actor(&manager), &form(" Über \n Tides ")).await.unwrap();
        assert_eq!((area.name.as_str(), area.agent_count), ("Über Tides", 0));
        assert_eq!(code(create(store, ports, actor(&manager), &form("ÜBER tides")).await), "invalid", "in any case");
        assert_eq!(code(create(store, ports, actor(&manager), &form(" ")).await), "invalid");
        let scope = store.as_viewer(bob);
        let found = page(scope, PageRequest::default(), Some("über")).await.unwrap();
        assert_eq!((found.count, found.items[0].id), (1, area.id), "everybody sees them");
        assert_eq!(code(change(store, ports, actor(bob), area.id, &form("x"), None).await), "forbidden");
        assert_eq!(code(delete(store, ports, actor(bob), area.id).await), "forbidden");

        let agent = agents::default(scope, ports, &world.connections).await.unwrap();
        assert_eq!(of_agent(scope, agent.id).await.unwrap(), None);
        let given = assign(scope, agent.id, Some(area.id)).await.unwrap().unwrap();
        assert_eq!((given.id, given.agent_count), (area.id, 1));
        let second = create(store, ports, actor(&manager), &form("Moons")).await.unwrap();
        assert_eq!(assign(scope, agent.id, Some(second.id)).await.unwrap().unwrap().id, second.id, "one at a time");
        assert_eq!(get(scope, area.id).await.unwrap().agent_count, 0);
        assert_eq!(agents_of(scope, second.id).await.unwrap().len(), 1);
        let others = store.as_viewer(&manager);
        assert!(agents_of(others, second.id).await.unwrap().is_empty(), "whose agents one may not talk to");
        assert_eq!(code(assign(others, agent.id, None).await), "not_found");
        assert_eq!(code(of_agent(others, agent.id).await), "not_found");

        delete(store, ports, actor(&manager), second.id).await.unwrap();
        assert_eq!(code(get(scope, second.id).await), "not_found");
        assert_eq!(of_agent(scope, agent.id).await.unwrap(), None);
        assert_eq!(code(assign(scope, agent.id, Some(second.id)).await), "invalid");
        restore(store, ports, actor(&manager), second.id).await.unwrap();
        assert_eq!(of_agent(scope, agent.id).await.unwrap().map(|it| it.id), Some(second.id), "as it was");
        delete(store, ports, actor(&manager), second.id).await.unwrap();
        create(store, ports, actor(&manager), &form("moons")).await.unwrap();
        assert_eq!(code(restore(store, ports, actor(&manager), second.id).await), "name_taken");

        let renamed =
            change(store, ports, actor(&manager), area.id, &form("Seas"), Some(area.updated_at)).await.unwrap();
        assert_eq!(renamed.name, "Seas");
        assert_eq!(
            code(change(store, ports, actor(&manager), area.id, &form("x"), Some(area.updated_at)).await),
            "stale"
        );
        let log = audit::page(store, &world.ada, PageRequest::default(), audit::AuditFilter::default()).await.unwrap();
        let told: Vec<_> = log.items.iter().map(|it| (it.action.as_str(), it.subject.as_str())).collect();
        assert_eq!(told[0], ("expertise_area.change", "Seas"));
        assert!(
            told.contains(&("expertise_area.restore", "Moons")) && told.contains(&("expertise_area.delete", "Moons"))
        );
    }
}

#[tokio::test]
async fn another_organisation_has_its_own() {
    for world in worlds().await {
        let (store, ports) = (&world.store, &world.ports);
        let other = OrganisationForm { name: "Elsewhere".to_owned(), ..OrganisationForm::default() };
        let other = organisations::create(store, ports, actor(&world.ada), &other).await.unwrap();
        let mut carol = world.person("carol").await;
        let system = store.as_system("test");
        system
            .execute("UPDATE users SET organisation_id = $2, role = 'admin' WHERE id = $1", args![carol.id, other.id])
            .await
            .unwrap();
        (carol.organisation, carol.role) = (other.id, Role::Admin);
        let ours = create(store, ports, actor(&world.ada), &form("Tides")).await.unwrap();
        let theirs = create(store, ports, actor(&carol), &form("Tides")).await.unwrap();
        let scope = store.as_viewer(&carol);
        assert_eq!(code(get(scope, ours.id).await), "not_found");
        for outcome in [
            change(store, ports, actor(&carol), ours.id, &form("x"), None).await.map(drop),
            delete(store, ports, actor(&carol), ours.id).await,
            restore(store, ports, actor(&carol), ours.id).await.map(drop),
        ] {
            assert_eq!(code(outcome), "not_found");
        }
        let agent = agents::default(scope, ports, &world.connections).await.unwrap();
        assert_eq!(code(assign(scope, agent.id, Some(ours.id)).await), "invalid");
        let found = page(scope, PageRequest::default(), None).await.unwrap();
        assert_eq!(found.items.iter().map(|it| it.id).collect::<Vec<_>>(), [theirs.id]);
    }
}
