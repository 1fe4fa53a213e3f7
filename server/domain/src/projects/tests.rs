//! Projects on both databases: who sees them, who changes them, and nobody from another tenant.

use super::{agents, change, create, delete, get, members, page, placed};
use crate::audit::{self, Actor, AuditFilter};
use crate::chat::{ConversationFilter, NewConversation, Target};
use crate::error::Error;
use crate::organisations;
use crate::store::args;
use crate::testing::{World, worlds};
use atrium::ids::ProjectId;
use atrium::organisations::OrganisationForm;
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};
use atrium::projects::{ProjectForm, ProjectRole};

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

fn form(name: &str) -> ProjectForm {
    ProjectForm { name: name.to_owned(), description: "What it is about".to_owned() }
}

fn code<T>(outcome: Result<T, Error>) -> String {
    outcome.err().expect("refused").to_failure().code
}

/// Bob as an ordinary user, Carol of another organisation.
async fn people(world: &World) -> (Viewer, Viewer) {
    let system = world.store.as_system("test");
    let other = OrganisationForm { name: "Elsewhere".to_owned(), ..OrganisationForm::default() };
    let other = organisations::create(&world.store, &world.ports, actor(&world.ada), &other).await.unwrap();
    let mut carol = world.person("carol").await;
    system
        .execute("UPDATE users SET organisation_id = $2, role = 'admin' WHERE id = $1", args![carol.id, other.id])
        .await
        .unwrap();
    (carol.organisation, carol.role) = (other.id, Role::Admin);
    (world.bob.clone(), carol)
}

async fn names(world: &World, viewer: &Viewer) -> Vec<String> {
    let found = page(world.store.as_viewer(viewer), PageRequest::default(), None).await.unwrap();
    assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
    found.items.into_iter().map(|it| it.name).collect()
}

async fn join(
    world: &World,
    manager: &Viewer,
    project: ProjectId,
    who: &Viewer,
    role: ProjectRole,
) -> Result<(), Error> {
    members::set(&world.store, &world.ports, actor(manager), project, who.id, role).await
}

#[tokio::test]
async fn a_project_is_seen_by_those_who_are_in_it_and_who_administer_it() {
    for world in worlds().await {
        let (store, ports) = (&world.store, &world.ports);
        let (bob, carol) = people(&world).await;
        let dave = world.person("dave").await;
        let tides = create(store, ports, actor(&bob), &form(" Tides  and moons ")).await.unwrap();
        assert_eq!(
            (tides.name.as_str(), tides.role, tides.can_manage),
            ("Tides and moons", Some(ProjectRole::Manager), true)
        );
        assert_eq!(names(&world, &bob).await, ["Tides and moons"]);
        assert_eq!(names(&world, &world.ada).await, ["Tides and moons"], "superusers see everything");
        for stranger in [&dave, &carol] {
            assert!(names(&world, stranger).await.is_empty());
            assert_eq!(code(get(store.as_viewer(stranger), tides.id).await), "not_found");
            assert_eq!(code(members::list(store.as_viewer(stranger), tides.id).await), "not_found");
            assert_eq!(code(change(store, ports, actor(stranger), tides.id, &form("Mine"), None).await), "not_found");
            assert_eq!(code(delete(store, ports, actor(stranger), tides.id).await), "not_found");
            assert_eq!(code(join(&world, stranger, tides.id, stranger, ProjectRole::Manager).await), "not_found");
        }
        join(&world, &bob, tides.id, &dave, ProjectRole::Member).await.unwrap();
        let seen = get(store.as_viewer(&dave), tides.id).await.unwrap();
        assert_eq!((seen.role, seen.can_manage, seen.member_count), (Some(ProjectRole::Member), false, 2));
        assert_eq!(code(change(store, ports, actor(&dave), tides.id, &form("Mine"), None).await), "forbidden");
        assert_eq!(code(join(&world, &dave, tides.id, &dave, ProjectRole::Manager).await), "forbidden");
        let manager = Viewer { role: Role::Manager, ..dave.clone() };
        assert!(get(store.as_viewer(&manager), tides.id).await.unwrap().can_manage);
        // Nobody of another tenant is taken in, whoever asks.
        assert_eq!(code(join(&world, &world.ada, tides.id, &carol, ProjectRole::Member).await), "invalid");
        assert_eq!(code(create(store, ports, actor(&dave), &form("tides AND moons")).await), "invalid");
        create(store, ports, actor(&carol), &form("Tides and moons")).await.unwrap();
        let guest = Viewer { role: Role::Guest, ..dave.clone() };
        assert_eq!(code(create(store, ports, actor(&guest), &form("Guests'")).await), "forbidden");
    }
}

#[tokio::test]
async fn a_project_keeps_a_manager() {
    for world in worlds().await {
        let (store, ports, bob, ada) = (&world.store, &world.ports, &world.bob, &world.ada);
        let project = create(store, ports, actor(bob), &form("P")).await.unwrap().id;
        assert_eq!(code(members::remove(store, ports, actor(bob), project, bob.id).await), "last_manager");
        assert_eq!(code(join(&world, bob, project, bob, ProjectRole::Guest).await), "last_manager");
        join(&world, bob, project, ada, ProjectRole::Manager).await.unwrap();
        members::remove(store, ports, actor(bob), project, bob.id).await.unwrap();
        assert_eq!(code(get(store.as_viewer(bob), project).await), "not_found");
        assert_eq!(code(members::remove(store, ports, actor(ada), project, bob.id).await), "not_found");
    }
}

#[tokio::test]
async fn its_members_talk_to_its_agents_and_keep_conversations_in_it() {
    for world in worlds().await {
        let (store, ports) = (&world.store, &world.ports);
        let (bob, carol) = people(&world).await;
        let dave = world.person("dave").await;
        let project = create(store, ports, actor(&bob), &form("P")).await.unwrap().id;
        let agent = crate::agents::default(store.as_viewer(&bob), ports, &world.connections).await.unwrap();
        assert_eq!(code(crate::agents::usable(store.as_viewer(&dave), agent.id).await), "not_found");
        agents::attach(store, ports, actor(&bob), project, agent.id).await.unwrap();
        agents::attach(store, ports, actor(&bob), project, agent.id).await.unwrap();
        assert_eq!(agents::list(store.as_viewer(&bob), project).await.unwrap().len(), 1);
        join(&world, &bob, project, &dave, ProjectRole::Member).await.unwrap();
        assert_eq!(crate::agents::usable(store.as_viewer(&dave), agent.id).await.unwrap().name, agent.name);
        assert_eq!(
            code(crate::agents::get(store.as_viewer(&dave), agent.id).await),
            "not_found",
            "to use, not to change"
        );
        let list = crate::agents::usable_list(store.as_viewer(&dave)).await.unwrap();
        assert!(list.iter().any(|it| it.id == agent.id && !it.is_default));
        // Somebody else's agent is nobody's to bring in.
        let daves = crate::agents::default(store.as_viewer(&dave), ports, &world.connections).await.unwrap();
        assert_eq!(code(agents::attach(store, ports, actor(&bob), project, daves.id).await), "invalid");

        let sent = world.chat.send(&dave, Target::NewIn(project), Some(agent.id), "Hello").await.unwrap();
        let filter = ConversationFilter { project: Some(project), ..ConversationFilter::default() };
        let here = world.chat.summaries(&dave, PageRequest::default(), filter).await.unwrap();
        assert_eq!((here.count, here.items[0].id, here.items[0].agent), (1, sent.conversation, Some(agent.id)));
        assert_eq!(
            world.chat.summaries(&bob, PageRequest::default(), filter).await.unwrap().count,
            0,
            "they are Dave's own"
        );
        let into = NewConversation { project: Some(project), ..NewConversation::default() };
        assert_eq!(code(world.chat.create(&carol, into).await), "invalid");
        join(&world, &bob, project, &dave, ProjectRole::Guest).await.unwrap();
        assert_eq!(code(world.chat.create(&dave, into).await), "forbidden");
        assert_eq!(
            code(crate::agents::usable(store.as_viewer(&dave), agent.id).await),
            "not_found",
            "guests only look"
        );

        agents::detach(store, ports, actor(&bob), project, agent.id).await.unwrap();
        assert_eq!(code(agents::detach(store, ports, actor(&bob), project, agent.id).await), "not_found");
        delete(store, ports, actor(&bob), project).await.unwrap();
        let kept = world.chat.summary(&dave, sent.conversation).await.unwrap();
        assert_eq!(kept.project, None, "conversations stay with whom they belong to");
        assert!(names(&world, &bob).await.is_empty());
    }
}

#[tokio::test]
async fn every_change_leaves_a_line() {
    for world in worlds().await {
        let (store, ports) = (&world.store, &world.ports);
        let (bob, carol) = people(&world).await;
        let made = create(store, ports, actor(&bob), &form("P")).await.unwrap();
        let renamed = change(store, ports, actor(&bob), made.id, &form("Q"), Some(made.updated_at)).await.unwrap();
        assert_eq!(code(change(store, ports, actor(&bob), made.id, &form("R"), Some(made.updated_at)).await), "stale");
        assert_eq!(renamed.name, "Q");
        assert_eq!(code(audit::page(store, &bob, PageRequest::default(), AuditFilter::default()).await), "forbidden");
        let admin = Viewer { role: Role::Admin, ..bob.clone() };
        let log = audit::page(store, &admin, PageRequest::default(), AuditFilter::default()).await.unwrap();
        let told: Vec<_> = log.items.iter().map(|it| (it.action.as_str(), it.subject.as_str())).collect();
        assert_eq!(told, [("project.change", "Q"), ("project.create", "P")]);
        let line = &log.items[0];
        assert_eq!((line.actor.as_str(), line.address.as_str()), ("bob@example.org", "10.0.0.1"));
        assert!(line.before.as_deref().unwrap().contains("\"P\"") && line.after.as_deref().unwrap().contains("\"Q\""));
        let theirs = audit::page(store, &carol, PageRequest::default(), AuditFilter::default()).await.unwrap();
        assert!(
            theirs.items.iter().all(|it| it.organisation == carol.organisation),
            "each organisation has its own log"
        );
        let all = audit::page(store, &world.ada, PageRequest::default(), AuditFilter::default()).await.unwrap();
        assert_eq!(all.count, log.count + theirs.count);
    }
}

#[tokio::test]
async fn projects_are_listed_with_the_organisations_that_they_belong_to() {
    for world in worlds().await {
        let (bob, carol) = people(&world).await;
        let (store, ports) = (&world.store, &world.ports);
        let bobs = create(store, ports, actor(&bob), &form("Harbour")).await.unwrap();
        let carols = create(store, ports, actor(&carol), &form("Tides")).await.unwrap();
        let found = async |viewer: &Viewer, filter| {
            let found = placed::page(store.as_viewer(viewer), PageRequest::default(), filter).await.unwrap();
            assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
            found.items.into_iter().map(|it| it.project.name).collect::<Vec<_>>()
        };
        let all = placed::PlacedFilter::default();
        assert_eq!(found(&world.ada, all).await, ["Harbour", "Tides"]);
        let elsewhere = placed::PlacedFilter { organisation: Some("ELSEWHERE"), ..all };
        assert_eq!(found(&world.ada, elsewhere).await, ["Tides"]);
        assert_eq!(found(&bob, elsewhere).await, [""; 0]);
        assert_eq!(found(&world.ada, placed::PlacedFilter { search: Some("harb"), ..all }).await, ["Harbour"]);
        assert_eq!(found(&world.ada, placed::PlacedFilter { member: Some(carol.id), ..all }).await, ["Tides"]);
        for column in placed::COLUMNS {
            let sort = Some(atrium::paging::Sort { column, is_descending: true });
            assert_eq!(found(&world.ada, placed::PlacedFilter { sort, ..all }).await.len(), 2, "{column}");
        }
        let it = placed::get(store.as_viewer(&carol), carols.id).await.unwrap();
        assert_eq!((it.organisation, it.organisation_name.as_str()), (carol.organisation, "Elsewhere"));
        assert_eq!(code(placed::get(store.as_viewer(&carol), bobs.id).await), "not_found");

        // A superuser makes projects anywhere, and joins those of their own organisation alone.
        let made = placed::create(store, ports, actor(&world.ada), carol.organisation, &form("Moons")).await.unwrap();
        assert_eq!((made.organisation, made.project.role, made.project.can_manage), (carol.organisation, None, true));
        assert_eq!(found(&carol, all).await, ["Moons", "Tides"]);
        let refused = placed::create(store, ports, actor(&bob), carol.organisation, &form("Suns")).await;
        assert_eq!(code(refused), "not_found");
    }
}

#[tokio::test]
async fn an_organisation_goes_when_nobody_and_nothing_is_left_in_it() {
    for world in worlds().await {
        let (_, carol) = people(&world).await;
        let (store, ports) = (&world.store, &world.ports);
        let ada = actor(&world.ada);
        let other = OrganisationForm { name: "Empty".to_owned(), ..OrganisationForm::default() };
        let empty = organisations::create(store, ports, ada, &other).await.unwrap();
        let remove = async |actor: Actor<'_>, id| organisations::delete(store, ports, actor, id).await;
        assert_eq!(code(remove(ada, carol.organisation).await), "not_empty");
        assert_eq!(code(remove(actor(&carol), carol.organisation).await), "forbidden");
        assert_eq!(code(remove(actor(&carol), empty.id).await), "not_found");
        let project = placed::create(store, ports, ada, empty.id, &form("Tides")).await.unwrap().project.id;
        assert_eq!(code(remove(ada, empty.id).await), "not_empty");
        delete(store, ports, ada, project).await.unwrap();
        remove(ada, empty.id).await.unwrap();
        assert_eq!(code(organisations::get(store.as_viewer(&world.ada), empty.id).await), "not_found");
        assert_eq!(code(remove(ada, empty.id).await), "not_found");
        organisations::create(store, ports, ada, &other).await.unwrap();
        let filter = AuditFilter { organisation: Some(empty.id), ..AuditFilter::default() };
        let log = audit::page(store, &world.ada, PageRequest::default(), filter).await.unwrap();
        assert_eq!(log.items[0].action, "organisation.delete", "its log stays");
    }
}
