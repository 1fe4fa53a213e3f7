//! Documents in the search over everything, on both databases: found by name and word, by nobody who may not see them.

use super::super::{Filter, Question};
use crate::audit::Actor;
use crate::jobs::Kind;
use crate::knowledge::{Label, bases};
use crate::organisations;
use crate::projects;
use crate::store::args;
use crate::testing::{World, worlds};
use atrium::ids::{BaseId, DocumentId, ProjectId};
use atrium::knowledge::BaseForm;
use atrium::organisations::OrganisationForm;
use atrium::paging::PageRequest;
use atrium::people::{Role, Viewer};
use atrium::projects::{ProjectForm, ProjectRole};
use atrium::search::{Hit, HitKind};
use tokio_util::sync::CancellationToken;

const TIDES: &str = "# Harbour\n\nBoats moor at the eastern quay.\n\nThe owners of a boat pay for the café by the mole.\n\n東京都の潮位表";

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "10.0.0.1" }
}

async fn base(world: &World, viewer: &Viewer, project: Option<ProjectId>, name: &str) -> BaseId {
    let form = BaseForm { name: name.to_owned(), description: String::new() };
    bases::create(&world.store, &world.ports, actor(viewer), project, &form).await.unwrap().id
}

/// Brings a text and reads it; its words are searched, its meaning is not yet.
async fn bring(world: &World, viewer: &Viewer, base: BaseId, name: &str, text: &str) -> DocumentId {
    let mut file = world.knowledge.receive(viewer, base).await.unwrap();
    file.write(text.as_bytes()).await.unwrap();
    let file = file.done().await.unwrap();
    let label = Label { name, ..Label::default() };
    let brought = world.knowledge.bring(actor(viewer), base, &file, label).await.unwrap();
    while world.knowledge.next(Kind::Read, &CancellationToken::new()).await.unwrap() {}
    brought.document().id
}

async fn find(world: &World, viewer: &Viewer, typed: &str, filter: Filter) -> Vec<Hit> {
    let scope = world.store.as_viewer(viewer);
    let page = PageRequest { page: 1, size: 100 };
    let found = super::super::find(scope, &Question::new(typed), filter, page).await.unwrap();
    assert_eq!(usize::try_from(found.count).unwrap(), found.items.len());
    found.items
}

/// Titles and snippets, hits in brackets.
async fn said(world: &World, viewer: &Viewer, typed: &str) -> Vec<(String, String)> {
    let show = |pieces: Vec<atrium::search::Piece>| -> String {
        pieces.into_iter().map(|it| if it.is_hit { format!("[{}]", it.text) } else { it.text }).collect()
    };
    let found = find(world, viewer, typed, Filter { kind: Some(HitKind::Document), ..Filter::default() }).await;
    found.into_iter().map(|it| (show(it.title), show(it.snippet))).collect()
}

#[tokio::test]
async fn a_document_is_found_by_its_name_and_by_the_words_of_a_passage() {
    for world in worlds().await {
        let ada = &world.ada;
        let shelf = base(&world, ada, None, "Sea").await;
        let id = bring(&world, ada, shelf, "mooring.txt", TIDES).await;
        bring(&world, ada, shelf, "cats.txt", "Kittens sleep.\n\nNo boat is in sight.").await;
        for (typed, snippet) in [
            ("eastern quay", "Boats moor at the [eastern] [quay]."),
            ("East", "Boats moor at the [east]ern quay."),
            ("the boats owner", "[The] [owners] of a [boat] pay for [the] café by [the] mole."),
            ("CAFE", "The owners of a boat pay for the [café] by the mole."),
            ("京都", "東[京都]の潮位表"),
            ("harbour quay", "Boats moor at the eastern [quay]."),
        ] {
            assert_eq!(said(&world, ada, typed).await, [("mooring.txt".to_owned(), snippet.to_owned())], "{typed}");
        }
        let named = said(&world, ada, "mooring").await;
        assert_eq!(named[0].0, "[mooring].txt", "by what it is called");
        for typed in ["quay kittens", "kitchen", "the", "\"", "quay OR kittens", "base:sea", "_"] {
            assert!(said(&world, ada, typed).await.is_empty(), "{typed}");
        }
        let found = find(&world, ada, "quay", Filter::default()).await;
        let (version, place) = found[0].shelf.as_ref().unwrap().passage.clone().unwrap();
        assert_eq!((found[0].id, version, place.headings.as_slice()), (id.0, 1, ["Harbour".to_owned()].as_slice()));
        assert_eq!(&TIDES[place.start as usize..place.end as usize], "Boats moor at the eastern quay.");
        assert_eq!(find(&world, ada, "boat", Filter::default()).await.len(), 2, "each document once");
        // A new version takes the place of the one before; what is deleted is gone.
        bring(&world, ada, shelf, "mooring.txt", "Nothing of all that.").await;
        assert!(said(&world, ada, "quay").await.is_empty());
        world.knowledge.delete_document(actor(ada), id).await.unwrap();
        assert!(said(&world, ada, "mooring").await.is_empty());
    }
}

#[tokio::test]
async fn documents_and_messages_take_turns_after_what_is_called_so() {
    for world in worlds().await {
        let ada = &world.ada;
        let shelf = base(&world, ada, None, "Sea").await;
        bring(&world, ada, shelf, "a.txt", "A lantern on the mole.").await;
        bring(&world, ada, shelf, "b.txt", "Another lantern.").await;
        let form = ProjectForm { name: "Lantern".to_owned(), description: String::new() };
        let project = projects::create(&world.store, &world.ports, actor(ada), &form).await.unwrap();
        world.provider.says(|_| crate::testing::answer("The lantern is lit."));
        let sent = world.chat.send(ada, crate::chat::Target::New, None, "Where is it?").await.unwrap();
        crate::testing::until("the answer is found", async || {
            !find(&world, ada, "lit", Filter::default()).await.is_empty()
        })
        .await;
        let kinds: Vec<HitKind> =
            find(&world, ada, "lantern", Filter::default()).await.into_iter().map(|it| it.kind).collect();
        assert_eq!(kinds, [HitKind::Project, HitKind::Document, HitKind::Message, HitKind::Document]);
        // Pages go on where the one before ended.
        let scope = world.store.as_viewer(ada);
        let second = PageRequest { page: 2, size: 2 };
        let page = super::super::find(scope, &Question::new("lantern"), Filter::default(), second).await.unwrap();
        assert_eq!((page.count, page.items[0].id), (4, sent.answer.0));
        let only = Filter { project: Some(project.id), ..Filter::default() };
        assert!(find(&world, ada, "lantern", only).await.is_empty(), "the base is nobody's but Ada's");
        let later = Filter { from: Some(world.ports.now() + 1), ..Filter::default() };
        assert!(find(&world, ada, "lantern", later).await.is_empty());
    }
}

#[tokio::test]
async fn nobody_finds_documents_that_they_could_not_open() {
    for world in worlds().await {
        let (store, ports, bob) = (&world.store, &world.ports, &world.bob);
        let own = base(&world, &world.ada, None, "Own").await;
        bring(&world, &world.ada, own, "private.txt", "A private lighthouse.").await;
        let form = ProjectForm { name: "Coast".to_owned(), description: String::new() };
        let project = projects::create(store, ports, actor(bob), &form).await.unwrap().id;
        let shared = base(&world, bob, Some(project), "Shared").await;
        bring(&world, bob, shared, "lighthouse.txt", "The lighthouse of the project.").await;
        let member = world.person("mia").await;
        projects::members::set(store, ports, actor(bob), project, member.id, ProjectRole::Guest).await.unwrap();
        let stranger = world.person("sam").await;
        // Another organisation's administrator, whatever they may at home.
        let elsewhere = OrganisationForm { name: "Elsewhere".to_owned(), ..OrganisationForm::default() };
        let elsewhere = organisations::create(store, ports, actor(&world.ada), &elsewhere).await.unwrap();
        let mut foreign = world.person("carol").await;
        store
            .as_system("test")
            .execute(
                "UPDATE users SET organisation_id = $2, role = 'admin' WHERE id = $1",
                args![foreign.id, elsewhere.id],
            )
            .await
            .unwrap();
        (foreign.organisation, foreign.role) = (elsewhere.id, Role::Admin);
        for typed in ["lighthouse", "lighthouse.txt", "project"] {
            assert!(find(&world, &stranger, typed, Filter::default()).await.is_empty(), "no member: {typed}");
            assert!(find(&world, &foreign, typed, Filter::default()).await.is_empty(), "a foreign tenant: {typed}");
        }
        let seen = find(&world, &member, "lighthouse", Filter::default()).await;
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].project, seen[0].shelf.as_ref().unwrap().base), (Some(project), shared));
        let within = Filter { project: Some(project), ..Filter::default() };
        assert_eq!(find(&world, bob, "lighthouse", within).await.len(), 1);
        assert_eq!(find(&world, &world.ada, "private", Filter::default()).await.len(), 1, "her own");
        assert!(find(&world, bob, "private", Filter::default()).await.is_empty());
        // Nor is it found when it is the number of somebody else's piece that is asked for.
        let scope = store.as_viewer(&stranger);
        let hit = super::detail(scope, &Question::new("lighthouse"), seen[0].id, None).await.unwrap();
        assert_eq!(hit, None);
    }
}
