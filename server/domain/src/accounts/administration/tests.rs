//! People as administrators find and change them, and signing in as one of them, on both databases.

use super::PersonChange;
use crate::accounts::sessions::{Sessions, StoredSession};
use crate::accounts::{Accounts, Hasher, PEOPLE_COLUMNS, PeopleFilter};
use crate::audit::{self, Actor, AuditFilter};
use crate::error::Error;
use crate::organisations;
use crate::store::args;
use crate::testing::{World, worlds};
use atrium::organisations::OrganisationForm;
use atrium::paging::{PageRequest, Sort};
use atrium::people::{Impersonator, ProfileChange, Role, Viewer};
use atrium::tokens::{NewApiToken, TokenScope};

fn accounts(world: &World) -> Accounts {
    Accounts::new(world.store.clone(), world.ports.clone(), Hasher::weak().unwrap())
}

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

fn code<T>(outcome: Result<T, Error>) -> String {
    outcome.err().expect("refused").to_failure().code
}

fn role(role: Role) -> PersonChange {
    PersonChange { role: Some(role), ..PersonChange::default() }
}

/// Somebody with that role, in another organisation if one is named.
async fn person(world: &World, name: &str, role: Role, organisation: Option<&str>) -> Viewer {
    let mut viewer = world.person(name).await;
    if let Some(organisation) = organisation {
        let form = OrganisationForm { name: organisation.to_owned(), ..OrganisationForm::default() };
        viewer.organisation =
            organisations::create(&world.store, &world.ports, actor(&world.ada), &form).await.unwrap().id;
    }
    viewer.role = role;
    world
        .store
        .as_system("test")
        .execute(
            "UPDATE users SET organisation_id = $2, role = $3 WHERE id = $1",
            args![viewer.id, viewer.organisation, role.as_str()],
        )
        .await
        .unwrap();
    viewer
}

async fn names(world: &World, viewer: &Viewer, filter: PeopleFilter<'_>) -> Vec<String> {
    let found = accounts(world).people(viewer, PageRequest::default(), filter).await.unwrap();
    assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
    found.items.into_iter().map(|it| it.name).collect()
}

/// Who did what, oldest first, as `viewer` reads it.
async fn log(world: &World, viewer: &Viewer) -> Vec<(String, String)> {
    let sort = Some(Sort { column: "when", is_descending: false });
    let filter = AuditFilter { sort, ..AuditFilter::default() };
    let found = audit::page(&world.store, viewer, PageRequest::default(), filter).await.unwrap();
    found.items.into_iter().map(|it| (it.actor, it.action)).collect()
}

#[tokio::test]
async fn people_are_searched_filtered_and_sorted() {
    for world in worlds().await {
        let _carol = person(&world, "carol", Role::Analyst, None).await;
        let mallory = person(&world, "mallory", Role::Admin, Some("Elsewhere")).await;
        let all = PeopleFilter::default();
        assert_eq!(names(&world, &world.ada, all).await, ["ada", "bob", "carol", "mallory"]);
        assert_eq!(names(&world, &mallory, all).await, ["mallory"], "of their own organisation");
        assert_eq!(names(&world, &world.bob, all).await, ["bob"], "users see themselves");
        let of = PeopleFilter { organisation: Some(mallory.organisation), ..all };
        assert_eq!(names(&world, &world.ada, of).await, ["mallory"]);
        assert!(names(&world, &world.bob, of).await.is_empty(), "a filter opens nothing");
        assert_eq!(names(&world, &world.ada, PeopleFilter { role: Some(Role::Analyst), ..all }).await, ["carol"]);
        assert_eq!(names(&world, &world.ada, PeopleFilter { search: Some("BOB@"), ..all }).await, ["bob"]);
        assert!(names(&world, &world.ada, PeopleFilter { is_active: Some(false), ..all }).await.is_empty());
        for column in PEOPLE_COLUMNS {
            let mut orders = Vec::new();
            for is_descending in [false, true] {
                let sort = Some(Sort { column, is_descending });
                orders.push(names(&world, &world.ada, PeopleFilter { sort, ..all }).await);
            }
            // Nobody here has said these of themselves.
            if !["last_sign_in", "job_title", "department"].contains(column) {
                assert_ne!(orders[0], orders[1], "{column}");
            }
        }
        let sort = Some(Sort { column: "name", is_descending: true });
        assert_eq!(names(&world, &world.ada, PeopleFilter { sort, ..all }).await, ["mallory", "carol", "bob", "ada"]);
    }
}

#[tokio::test]
async fn a_change_of_several_says_for_whom_it_did_not_work() {
    for world in worlds().await {
        let accounts = accounts(&world);
        let admin = person(&world, "carol", Role::Admin, None).await;
        let dave = person(&world, "dave", Role::User, None).await;
        let mallory = person(&world, "mallory", Role::User, Some("Elsewhere")).await;
        let analyst = person(&world, "anna", Role::Analyst, None).await;
        let everybody = [dave.id, world.bob.id, world.ada.id, admin.id, mallory.id, analyst.id];
        let outcome = accounts.change_people(actor(&admin), &everybody, role(Role::Analyst)).await.unwrap();
        let changed: Vec<_> = outcome.changed.iter().map(|it| (it.name.as_str(), it.role)).collect();
        assert_eq!(changed, [("dave", Role::User), ("bob", Role::User)], "as they were");
        assert_eq!(outcome.unchanged, 1);
        let refused: Vec<_> = outcome.refused.iter().map(|(who, why)| (who.clone(), why.to_failure().code)).collect();
        assert_eq!(
            refused,
            [
                ("ada@example.org".to_owned(), "forbidden".to_owned()),
                ("carol@example.org".to_owned(), "own_account".to_owned()),
                (mallory.id.to_string(), "not_found".to_owned()),
            ],
            "superusers, oneself, and whoever is not there"
        );
        assert_eq!(
            names(&world, &world.ada, PeopleFilter { role: Some(Role::Analyst), ..PeopleFilter::default() }).await,
            ["anna", "bob", "dave"]
        );
        let noted = log(&world, &admin).await.into_iter().filter(|it| it.1 == "user.change").count();
        assert_eq!(noted, 2, "what was so already is no change");
        for viewer in [&world.bob, &Viewer { role: Role::Manager, ..dave.clone() }] {
            let outcome = accounts.change_people(actor(viewer), &[admin.id], role(Role::Guest)).await.unwrap();
            assert!(outcome.changed.is_empty() && outcome.refused.len() == 1);
        }
    }
}

#[tokio::test]
async fn only_superusers_sign_in_as_somebody_and_never_as_a_superuser() {
    for world in worlds().await {
        let accounts = accounts(&world);
        let admin = person(&world, "carol", Role::Admin, None).await;
        let mallory = person(&world, "mallory", Role::Admin, Some("Elsewhere")).await;
        for viewer in [&admin, &world.bob, &mallory] {
            let refusal = code(accounts.impersonate(actor(viewer), world.bob.id).await);
            let expected = if viewer.id == mallory.id { "not_found" } else { "forbidden" };
            assert_eq!(refusal, expected, "{}", viewer.name);
        }
        assert_eq!(code(accounts.impersonate(actor(&world.ada), world.ada.id).await), "forbidden");
        accounts
            .change_person(
                actor(&world.ada),
                admin.id,
                PersonChange { is_superuser: Some(true), ..PersonChange::default() },
                None,
            )
            .await
            .unwrap();
        assert_eq!(code(accounts.impersonate(actor(&world.ada), admin.id).await), "forbidden", "another superuser");
        let off = PersonChange { is_active: Some(false), ..PersonChange::default() };
        accounts.change_person(actor(&world.ada), world.bob.id, off, None).await.unwrap();
        assert_eq!(code(accounts.impersonate(actor(&world.ada), world.bob.id).await), "account_inactive");
        let as_mallory = accounts.impersonate(actor(&world.ada), mallory.id).await.unwrap();
        assert_eq!(
            as_mallory,
            Viewer {
                impersonator: Some(Impersonator { id: world.ada.id, email: "ada@example.org".to_owned() }),
                ..mallory.clone()
            }
        );
        assert_eq!(code(accounts.impersonate(actor(&as_mallory), mallory.id).await), "forbidden", "not twice");
    }
}

#[tokio::test]
async fn what_is_done_as_somebody_else_is_logged_as_ones_own() {
    for world in worlds().await {
        let accounts = accounts(&world);
        let mallory = person(&world, "mallory", Role::Admin, Some("Elsewhere")).await;
        let as_mallory = accounts.impersonate(actor(&world.ada), mallory.id).await.unwrap();
        let form = OrganisationForm { name: "Renamed".to_owned(), ..OrganisationForm::default() };
        organisations::change(&world.store, &world.ports, actor(&as_mallory), mallory.organisation, &form, None)
            .await
            .unwrap();
        assert_eq!(accounts.stop_impersonating(actor(&as_mallory)).await.unwrap().unwrap(), world.ada);
        assert_eq!(accounts.stop_impersonating(actor(&mallory)).await.unwrap(), None, "nobody is behind them");
        let both = "ada@example.org as mallory@example.org".to_owned();
        let ada = "ada@example.org".to_owned();
        assert_eq!(
            log(&world, &mallory).await,
            [
                (ada.clone(), "organisation.create".to_owned()),
                (ada, "user.sign_in_as".to_owned()),
                (both.clone(), "organisation.change".to_owned()),
                (both, "user.sign_back".to_owned()),
            ],
            "where the person belongs"
        );
        let found = audit::page(&world.store, &mallory, PageRequest::default(), AuditFilter::default()).await.unwrap();
        assert!(found.items.iter().all(|it| it.actor_id == world.ada.id.0));
    }
}

#[tokio::test]
async fn how_somebody_comes_in_is_theirs_alone() {
    for world in worlds().await {
        let accounts = accounts(&world);
        let token = NewApiToken { name: "t".to_owned(), scopes: vec![TokenScope::Read], days: None };
        let (own, _) = accounts.create_api_token(&world.bob, &token).await.unwrap();
        let as_bob = accounts.impersonate(actor(&world.ada), world.bob.id).await.unwrap();
        let username = ProfileChange { username: Some("eve".to_owned()), ..ProfileChange::default() };
        let password = "correct horse battery";
        assert_eq!(code(accounts.change_password(&as_bob, password, "another horse battery").await), "forbidden");
        assert_eq!(code(accounts.create_api_token(&as_bob, &token).await), "forbidden");
        assert_eq!(code(accounts.delete_api_token(&as_bob, own.id).await), "forbidden");
        assert_eq!(code(accounts.change_profile(&as_bob, &username, None).await), "forbidden");
        let title = ProfileChange { job_title: Some("Clerk".to_owned()), ..ProfileChange::default() };
        assert_eq!(accounts.change_profile(&as_bob, &title, None).await.unwrap().job_title, "Clerk");
        assert_eq!(accounts.api_tokens(&world.bob).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_session_as_somebody_ends_with_either_of_them() {
    for world in worlds().await {
        let accounts = accounts(&world);
        let sessions = Sessions::new(world.store.clone());
        let root = person(&world, "root", Role::Admin, None).await;
        let superuser = |is| PersonChange { is_superuser: Some(is), ..PersonChange::default() };
        accounts.change_person(actor(&world.ada), root.id, superuser(true), None).await.unwrap();
        let session = StoredSession {
            user: Some(world.bob.id),
            origin: None,
            impersonator: Some(root.id),
            data: "{}".to_owned(),
            expires_at: i64::MAX,
        };
        sessions.create("cookie", &session, 0).await.unwrap();
        let (stored, viewer) = sessions.load("cookie", 0).await.unwrap().unwrap();
        assert_eq!(stored, session);
        let behind = Impersonator { id: root.id, email: "root@example.org".to_owned() };
        assert_eq!(viewer, Some(Viewer { impersonator: Some(behind), ..world.bob.clone() }));
        accounts.change_person(actor(&world.ada), root.id, superuser(false), None).await.unwrap();
        assert_eq!(sessions.load("cookie", 0).await.unwrap().unwrap().1, None, "no superuser any more");
        accounts.change_person(actor(&world.ada), root.id, superuser(true), None).await.unwrap();
        assert_eq!(sessions.delete_all_of(root.id).await.unwrap(), 1, "signing out everywhere is everywhere");
        sessions.create("cookie", &session, 0).await.unwrap();
        assert_eq!(sessions.delete_all_of(world.bob.id).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_look_into_another_organisation_is_noted_there_once_an_hour() {
    for world in worlds().await {
        let mallory = person(&world, "mallory", Role::Admin, Some("Elsewhere")).await;
        let seen = [world.ada.organisation, mallory.organisation, mallory.organisation];
        for _ in 0..3 {
            audit::note_look(&world.store, &world.ports, actor(&world.ada), "people", seen).await.unwrap();
        }
        audit::note_look(&world.store, &world.ports, actor(&world.ada), "agents", seen).await.unwrap();
        let looks = |log: Vec<(String, String)>| log.into_iter().filter(|it| it.1 == "organisation.look").count();
        assert_eq!(looks(log(&world, &mallory).await), 2, "one for each list");
        let admin = Viewer { is_superuser: false, ..world.ada.clone() };
        assert_eq!(looks(log(&world, &admin).await), 0, "one's own organisation is no look elsewhere");
    }
}

#[tokio::test]
async fn the_log_is_searched_filtered_and_sorted() {
    for world in worlds().await {
        let mallory = person(&world, "mallory", Role::Admin, Some("Elsewhere")).await;
        let accounts = accounts(&world);
        accounts.change_person(actor(&world.ada), world.bob.id, role(Role::Guest), None).await.unwrap();
        let found = async |viewer: &Viewer, filter| {
            let page = audit::page(&world.store, viewer, PageRequest::default(), filter).await.unwrap();
            page.items.into_iter().map(|it| it.action).collect::<Vec<_>>()
        };
        let all = AuditFilter::default();
        assert_eq!(found(&world.ada, all).await, ["user.change", "organisation.create"], "newest first");
        assert_eq!(found(&world.ada, AuditFilter { kind: Some("user"), ..all }).await, ["user.change"]);
        assert_eq!(found(&world.ada, AuditFilter { search: Some("ELSE"), ..all }).await, ["organisation.create"]);
        let of = AuditFilter { organisation: Some(world.ada.organisation), ..all };
        assert_eq!(found(&world.ada, of).await, ["user.change"]);
        assert!(found(&mallory, of).await.is_empty(), "a filter opens nothing");
        let soon = world.ports.now() + crate::ports::DAY;
        assert!(found(&world.ada, AuditFilter { since: Some(soon), ..all }).await.is_empty());
        assert_eq!(found(&world.ada, AuditFilter { until: Some(soon), ..all }).await.len(), 2);
        for column in audit::COLUMNS {
            let sort = Some(Sort { column, is_descending: false });
            assert_eq!(found(&world.ada, AuditFilter { sort, ..all }).await.len(), 2, "{column}");
        }
    }
}
