//! Knowledge on both databases: bringing, reading, finding, answering, taking out.

use super::bases::{self, BaseFilter};
use super::documents::{self, DocumentFilter};
use super::linking::{self, Linked};
use super::{Brought, Label, Wanted};
use crate::agents::completion::{self, Dialogue};
use crate::audit::Actor;
use crate::chat::Target;
use crate::error::Error;
use crate::jobs::Kind;
use crate::projects;
use crate::providers::{Role, Turn};
use crate::store::args;
use crate::testing::{World, answer, until, worlds};
use atrium::ids::{BaseId, DocumentId};
use atrium::knowledge::{BaseForm, Document, DocumentState, WorkState};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium::projects::ProjectForm;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

const TIDES: &str = "# Notes\n\nThe moon pulls the sea.\n\nA tide comes every twelve hours.\n\nKittens sleep a lot.";

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "test" }
}

fn form(name: &str) -> BaseForm {
    BaseForm { name: name.to_owned(), description: String::new() }
}

async fn base(world: &World, viewer: &Viewer, name: &str) -> BaseId {
    bases::create(&world.store, &world.ports, actor(viewer), None, &form(name)).await.unwrap().id
}

async fn bring(world: &World, viewer: &Viewer, base: BaseId, name: &str, text: &str) -> Result<Brought, Error> {
    let mut file = world.knowledge.receive(viewer, base).await?;
    file.write(text.as_bytes()).await?;
    let file = file.done().await?;
    world.knowledge.bring(actor(viewer), base, &file, Label { name, ..Label::default() }).await
}

/// Does what is to be done until there is nothing left.
async fn work(world: &World) {
    let stop = CancellationToken::new();
    while world.knowledge.next(Kind::Read, &stop).await.unwrap()
        || world.knowledge.next(Kind::Embed, &stop).await.unwrap()
    {}
}

async fn get(world: &World, viewer: &Viewer, id: DocumentId) -> Document {
    documents::get(world.store.as_viewer(viewer), id).await.unwrap()
}

async fn texts(world: &World, viewer: &Viewer, question: &str) -> Vec<String> {
    let wanted = Wanted { question, count: 10, ..Wanted::default() };
    let found = world.knowledge.find(world.store.as_viewer(viewer), wanted).await.unwrap();
    found.passages.into_iter().map(|it| it.text).collect()
}

#[tokio::test]
async fn a_file_is_found_by_its_words_at_once_and_by_its_meaning_a_little_later() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        let brought = bring(&world, ada, base, "C:\\notes\\a.txt", TIDES).await.unwrap();
        let Brought::New(document) = brought else { panic!("{brought:?}") };
        assert_eq!((document.name.as_str(), document.state), ("a.txt", DocumentState::Waiting));
        assert!(texts(&world, ada, "tide").await.is_empty());

        let stop = CancellationToken::new();
        assert!(world.knowledge.next(Kind::Read, &stop).await.unwrap());
        let read = get(&world, ada, document.id).await;
        assert_eq!((read.state, read.piece_count, read.embedded_count), (DocumentState::Searchable, 3, 0));
        assert_eq!(texts(&world, ada, "tide").await, ["A tide comes every twelve hours."]);
        assert!(texts(&world, ada, "feline").await.is_empty(), "no word of it is there");

        work(&world).await;
        let ready = get(&world, ada, document.id).await;
        assert_eq!((ready.state, ready.embedded_count), (DocumentState::Ready, 3));
        assert_eq!(texts(&world, ada, "feline").await[0], "Kittens sleep a lot.");
        let wanted = Wanted { question: "moon", count: 1, ..Wanted::default() };
        let found = world.knowledge.find(world.store.as_viewer(ada), wanted).await.unwrap();
        let passage = &found.passages[0];
        assert_eq!((passage.place.headings.clone(), passage.place.first_line), (vec!["Notes".to_owned()], 3));
        assert_eq!(&TIDES[passage.place.start as usize..passage.place.end as usize], passage.text);
        assert_eq!((passage.by_words.unwrap().rank, passage.by_meaning.unwrap().rank), (1, 1));
        assert_eq!((found.searched, found.embedded, found.unread), (3, 3, 0));
    }
}

#[tokio::test]
async fn nobody_finds_what_they_may_not_see() {
    for world in worlds().await {
        let base = base(&world, &world.ada, "Secret").await;
        let brought = bring(&world, &world.ada, base, "a.txt", TIDES).await.unwrap();
        work(&world).await;
        let (scope, id) = (world.store.as_viewer(&world.bob), brought.document().id);
        assert!(texts(&world, &world.bob, "tide").await.is_empty());
        assert_eq!(
            bases::page(scope, BaseFilter::default(), PageRequest { page: 1, size: 10 }).await.unwrap().count,
            0
        );
        assert!(matches!(bases::get(scope, base).await, Err(Error::NotFound(_))));
        assert!(matches!(documents::get(scope, id).await, Err(Error::NotFound(_))));
        assert!(matches!(documents::text(scope, id, 1).await, Err(Error::NotFound(_))));
        assert!(matches!(documents::versions(scope, id).await, Err(Error::NotFound(_))));
        assert!(matches!(world.knowledge.file(scope, id, 1).await.map(drop), Err(Error::NotFound(_))));
        assert!(matches!(world.knowledge.delete_document(actor(&world.bob), id).await, Err(Error::NotFound(_))));
        assert!(matches!(world.knowledge.delete_base(actor(&world.bob), base).await, Err(Error::NotFound(_))));
        assert!(matches!(bring(&world, &world.bob, base, "x.txt", "x").await, Err(Error::NotFound(_))));
        let wanted = Wanted { question: "tide", bases: &[base], count: 1, ..Wanted::default() };
        assert!(matches!(world.knowledge.find(scope, wanted).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn the_same_file_is_known_and_another_of_its_name_is_its_next_version() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        let first = bring(&world, ada, base, "a.txt", "The old sea.").await.unwrap();
        let id = first.document().id;
        work(&world).await;
        assert!(
            matches!(bring(&world, ada, base, "other name.txt", "The old sea.").await.unwrap(), Brought::Known(it) if it.id == id)
        );
        assert!(
            matches!(bring(&world, ada, base, "a.txt", "The new sea.").await.unwrap(), Brought::Version(it) if it.id == id && it.version == 2)
        );
        assert_eq!(texts(&world, ada, "sea").await, ["The old sea."], "until the new one is there as a whole");
        work(&world).await;
        assert_eq!(texts(&world, ada, "sea").await, ["The new sea."]);
        assert!(texts(&world, ada, "old").await.iter().all(|it| it == "The new sea."));
        let scope = world.store.as_viewer(ada);
        let versions = documents::versions(scope, id).await.unwrap();
        assert_eq!(versions.iter().map(|it| it.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(documents::text(scope, id, 1).await.unwrap(), "The old sea.");
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_harms_nothing_else() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        let bad = bring(&world, ada, base, "bad.txt", "refuse me").await.unwrap();
        bring(&world, ada, base, "good.txt", TIDES).await.unwrap();
        work(&world).await;
        let bad = get(&world, ada, bad.document().id).await;
        assert_eq!((bad.state, bad.reason.as_str()), (DocumentState::Failed, "It asks to be refused."));
        assert_eq!(texts(&world, ada, "tide").await.len(), 2, "one by meaning, one by both");
        let scope = world.store.as_viewer(ada);
        let failed = DocumentFilter { state: Some("failed"), ..DocumentFilter::default() };
        assert_eq!(documents::page(scope, base, failed, PageRequest { page: 1, size: 10 }).await.unwrap().count, 1);
        let empty = world.knowledge.receive(ada, base).await.unwrap().done().await;
        assert!(matches!(empty, Err(Error::Invalid(_))));
        assert!(matches!(bring(&world, ada, base, "a/..", "x").await, Err(Error::Invalid(_))));
    }
}

#[tokio::test]
async fn deleting_removes_every_trace() {
    for world in worlds().await {
        let ada = &world.ada;
        let (one, two) = (base(&world, ada, "One").await, base(&world, ada, "Two").await);
        let document = bring(&world, ada, one, "a.txt", TIDES).await.unwrap().document().id;
        bring(&world, ada, two, "b.txt", TIDES).await.unwrap();
        work(&world).await;
        let files = || walk(world.folder.path());
        assert_eq!(files(), 1, "the same file in two bases is kept once");
        world.knowledge.delete_document(actor(ada), document).await.unwrap();
        assert_eq!(files(), 1, "the other base still has it");
        assert_eq!(texts(&world, ada, "moon").await.len(), 1);
        let system = world.store.as_system("test");
        let count = async |sql| system.optional::<(i64,)>(sql, vec![]).await.unwrap().unwrap().0;
        assert_eq!(count("SELECT COUNT(*) FROM embeddings").await, 3);
        assert_eq!(count("SELECT COUNT(*) FROM piece_words").await, 3);
        world.knowledge.delete_base(actor(ada), two).await.unwrap();
        assert_eq!(files(), 0);
        for sql in [
            "SELECT COUNT(*) FROM documents",
            "SELECT COUNT(*) FROM document_versions",
            "SELECT COUNT(*) FROM pieces",
            "SELECT COUNT(*) FROM piece_words",
            "SELECT COUNT(*) FROM embeddings",
        ] {
            assert_eq!(count(sql).await, 0, "{sql}");
        }
        assert!(texts(&world, ada, "moon").await.is_empty());
    }
}

/// How many files lie below a folder.
fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap());
    entries.map(|it| if it.file_type().unwrap().is_dir() { walk(&it.path()) } else { 1 }).sum()
}

#[tokio::test]
async fn vectors_that_cannot_be_made_are_made_later_and_words_find_meanwhile() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        world.encoder.is_away.store(true, Ordering::SeqCst);
        bring(&world, ada, base, "a.txt", TIDES).await.unwrap();
        work(&world).await;
        let scope = world.store.as_viewer(ada);
        let state = bases::get(scope, base).await.unwrap().embedding;
        assert_eq!(
            (state.state, state.reason.as_str()),
            (WorkState::Queued, "The encoder is away."),
            "it is tried again"
        );
        assert_eq!(texts(&world, ada, "tide").await, ["A tide comes every twelve hours."]);
        world.knowledge.pause_embedding(scope, base, true).await.unwrap();
        assert_eq!(bases::get(scope, base).await.unwrap().embedding.state, WorkState::Paused);
        world.encoder.is_away.store(false, Ordering::SeqCst);
        bring(&world, ada, base, "more.txt", "A kitten.").await.unwrap();
        work(&world).await;
        assert_eq!(world.encoder.encoded.load(Ordering::SeqCst), 0, "it rests until somebody says otherwise");
        world.knowledge.pause_embedding(scope, base, false).await.unwrap();
        work(&world).await;
        let base = bases::get(scope, base).await.unwrap();
        assert_eq!((base.embedding.state, base.piece_count, base.embedded_count), (WorkState::Done, 4, 4));
    }
}

#[tokio::test]
async fn a_server_that_is_ended_in_the_middle_does_nothing_twice() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        let text = (0..100).map(|it| format!("Tide number {it}.")).collect::<Vec<_>>().join("\n\n");
        bring(&world, ada, base, "a.txt", &text).await.unwrap();
        let stop = CancellationToken::new();
        world.knowledge.next(Kind::Read, &stop).await.unwrap();
        // The encoder ends the server when it is asked for the second time.
        let working = world.knowledge.clone();
        let ending = stop.clone();
        let encoder = world.encoder.clone();
        let watch = tokio::spawn(async move {
            while encoder.encoded.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            ending.cancel();
        });
        working.next(Kind::Embed, &stop).await.unwrap();
        watch.await.unwrap();
        let before = bases::get(world.store.as_viewer(ada), base).await.unwrap();
        assert_eq!(before.embedding.state, WorkState::Queued, "it was given back");
        work(&world).await;
        let after = bases::get(world.store.as_viewer(ada), base).await.unwrap();
        assert_eq!(after.embedded_count, 100);
        assert!(world.encoder.encoded.load(Ordering::SeqCst) <= 100 + 32, "at most the batch under way is done again");
        assert_eq!(world.reader.read.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn an_answer_names_what_it_stands_on() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        let document = bring(&world, ada, base, "a.txt", TIDES).await.unwrap().document().id;
        work(&world).await;
        let scope = world.store.as_viewer(ada);
        let agent = crate::agents::default(scope, &world.ports, &world.connections).await.unwrap();
        bases::set_of_agent(scope, agent.id, &[base]).await.unwrap();
        world.provider.plays(answer("A tide comes every twelve hours [1]. Dragons cause storms."));
        let sent = world.chat.send(ada, Target::New, None, "How often does a tide come?").await.unwrap();
        until("the answer is there", || async { world.chat.writing() == 0 }).await;
        // The sources stand before the question, each between lines with a key that no source can know.
        let asked = world.provider.asked();
        let (role, prompt) = asked.last().unwrap();
        assert_eq!(role, "user");
        let key = prompt.split_once("the key ").unwrap().1.split_once(':').unwrap().0;
        assert!(prompt.contains(&format!("\n<{key} source=\"1\" from=\"")), "{prompt}");
        assert!(
            prompt.contains("A tide comes every twelve hours.") && prompt.contains(&format!("\n</{key}>\n")),
            "{prompt}"
        );
        assert!(prompt.ends_with("\n\nHow often does a tide come?"), "{prompt}");
        assert!(asked.iter().all(|(role, text)| role != "system" || !text.contains("tide")), "{asked:?}");
        let sources = world.knowledge.sources(scope, sent.answer).await.unwrap().unwrap();
        let first = &sources.citations[0];
        assert_eq!((first.number, first.document, first.is_used), (1, document, true));
        assert_eq!(sources.report.searched, 3);
        assert!(sources.report.found.iter().any(|it| it.number == Some(1)));
        assert!(matches!(
            world.knowledge.sources(world.store.as_viewer(&world.bob), sent.answer).await,
            Err(Error::NotFound(_))
        ));
        // Nothing was found: the model is told so.
        world.provider.plays(answer("I do not know."));
        let sent = world.chat.send(ada, Target::End(sent.conversation), None, "Explain quaternion algebra rules").await;
        let sent = sent.unwrap();
        until("the answer is there", || async { world.chat.writing() == 0 }).await;
        let asked = world.provider.asked();
        assert!(asked.last().unwrap().1.contains("found nothing"), "{asked:?}");
        // What was asked before stays as it was asked.
        assert!(asked.iter().any(|it| it.1 == "How often does a tide come?"), "{asked:?}");
        assert!(world.knowledge.sources(scope, sent.answer).await.unwrap().unwrap().citations.is_empty());
        // What is deleted is no longer quoted.
        world.knowledge.delete_document(actor(ada), document).await.unwrap();
        assert!(world.knowledge.sources(scope, sent.answer).await.unwrap().unwrap().citations.is_empty());
    }
}

#[tokio::test]
async fn a_programs_dialogue_is_answered_from_what_its_asker_may_see() {
    for world in worlds().await {
        let ada = &world.ada;
        let base = base(&world, ada, "Sea").await;
        bring(&world, ada, base, "a.txt", TIDES).await.unwrap();
        work(&world).await;
        let ask = async |viewer: &Viewer| {
            let scope = world.store.as_viewer(viewer);
            let agent = crate::agents::default(scope, &world.ports, &world.connections).await.unwrap();
            // Bob's names it too, as if he had seen it once.
            let link = "INSERT INTO agent_knowledge (organisation_id, agent_id, base_id) VALUES ($1, $2, $3)";
            world.store.as_system("test").execute(link, args![viewer.organisation, agent.id, base]).await.unwrap();
            let turns = vec![Turn::said(Role::User, "How often does a tide come?")];
            let dialogue = Dialogue { turns, ..Dialogue::default() };
            let (store, ports, connections) = (&world.store, &world.ports, &world.connections);
            let heard =
                completion::complete(store, ports, connections, Some(&world.knowledge), viewer, &agent, dialogue);
            let mut heard = heard.unwrap();
            while heard.recv().await.is_some() {}
            world.provider.asked().pop().unwrap().1
        };
        let prompt = ask(ada).await;
        assert!(prompt.contains("A tide comes every twelve hours."), "{prompt}");
        assert!(prompt.ends_with("\n\nHow often does a tide come?"), "{prompt}");
        assert_eq!(ask(&world.bob).await, "How often does a tide come?", "what bob may not see is not told");
    }
}

#[tokio::test]
async fn an_address_inside_is_not_fetched_and_a_guest_fetches_nothing() {
    for world in worlds().await {
        let own = base(&world, &world.ada, "Sea").await;
        for address in ["http://127.0.0.1:1/", "http://localhost:1/", "https://[::1]/", "http://10.0.0.1/a.pdf"] {
            let refused = world.knowledge.fetch(actor(&world.ada), own, address, None).await.unwrap_err().to_failure();
            assert!(refused.field("url").unwrap().contains("public Internet"), "{address}: {refused:?}");
        }
        let theirs = world.knowledge.fetch(actor(&world.bob), own, "https://example.org/", None).await;
        assert!(matches!(theirs, Err(Error::NotFound(_))), "before anybody is asked");
    }
}

#[tokio::test]
async fn a_base_of_ones_own_is_given_to_a_project() {
    for world in worlds().await {
        let (store, ports, ada) = (&world.store, &world.ports, &world.ada);
        let form = ProjectForm { name: "Harbour".to_owned(), description: String::new() };
        let project = projects::create(store, ports, actor(ada), &form).await.unwrap().id;
        let own = linking::own(store, ports, actor(ada), "Documents").await.unwrap();
        assert_eq!(linking::own(store, ports, actor(ada), "documents").await.unwrap().id, own.id, "made once");
        let refused = Linked::to_project(store, ports, actor(&world.bob), own.id, project).await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
        let linked = Linked::to_project(store, ports, actor(ada), own.id, project).await.unwrap();
        let Linked::Now(base) = linked else { panic!("{linked:?}") };
        assert_eq!((base.project, base.owner), (Some(project), None));
        let again = Linked::to_project(store, ports, actor(ada), own.id, project).await.unwrap();
        assert!(matches!(again, Linked::Before(_)));
        let other = ProjectForm { name: "Other".to_owned(), description: String::new() };
        let other = projects::create(store, ports, actor(ada), &other).await.unwrap().id;
        let refused = Linked::to_project(store, ports, actor(ada), own.id, other).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "knowledge_of_another_project", .. })));
    }
}

#[tokio::test]
async fn ones_own_texts_are_encoded_within_limits() {
    for world in worlds().await {
        let vectors = world.knowledge.vectors_of(vec!["The tide".to_owned(), "A cat".to_owned()]).await.unwrap();
        assert_eq!((vectors.len(), vectors[0] == vectors[1]), (2, false));
        for texts in [vec![], vec![" ".to_owned()], vec!["a".to_owned(); 257], vec!["a".repeat(8 * 1024 + 1)]] {
            assert!(matches!(world.knowledge.vectors_of(texts).await, Err(Error::Invalid(_))));
        }
    }
}
