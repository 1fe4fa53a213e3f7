//! Models of providers on both databases: beside the one before, on somebody's account, and away.

use super::super::{Label, Wanted, bases};
use super::remote;
use crate::audit::Actor;
use crate::error::Error;
use crate::jobs::Kind;
use crate::store::args;
use crate::testing::{Step, World, worlds};
use atrium::catalogue::Provider;
use atrium::ids::BaseId;
use atrium::knowledge::{Base, BaseForm, WorkState};
use atrium::people::Viewer;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const MODEL: &str = "openai/text-embedding-3-small";
const LOCAL: &str = super::super::encoders::LOCAL;

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "test" }
}

/// A base with three passages that the local model has read.
async fn base(world: &World) -> BaseId {
    let form = BaseForm { name: "Sea".to_owned(), description: String::new() };
    let base = bases::create(&world.store, &world.ports, actor(&world.ada), None, &form).await.unwrap().id;
    bring(world, base, "a.txt", "The moon pulls.\n\nA tide comes.\n\nKittens sleep.").await;
    work(world).await;
    base
}

async fn bring(world: &World, base: BaseId, name: &str, text: &str) {
    let mut file = world.knowledge.receive(&world.ada, base).await.unwrap();
    file.write(text.as_bytes()).await.unwrap();
    let file = file.done().await.unwrap();
    world.knowledge.bring(actor(&world.ada), base, &file, Label { name, ..Label::default() }).await.unwrap();
}

async fn work(world: &World) {
    let stop = CancellationToken::new();
    while world.knowledge.next(Kind::Read, &stop).await.unwrap()
        || world.knowledge.next(Kind::Embed, &stop).await.unwrap()
    {}
}

async fn get(world: &World, base: BaseId) -> Base {
    bases::get(world.store.as_viewer(&world.ada), base).await.unwrap()
}

/// Vectors by whether a text tells of cats, three numbers each.
fn vectors(asked: &Value) -> Vec<Step> {
    let entry = |(index, text): (usize, &Value)| {
        let is_cat = ["kitten", "feline"].iter().any(|it| text.as_str().unwrap().to_lowercase().contains(it));
        json!({ "index": index, "embedding": if is_cat { [0.0, 3.0, 0.0] } else { [2.0, 0.0, 0.1] } })
    };
    let data: Vec<Value> = asked["input"].as_array().unwrap().iter().enumerate().map(entry).collect();
    vec![Step::Reply(json!({ "data": data, "usage": { "prompt_tokens": 40 } }))]
}

/// Texts found, best first, and what is said about how.
async fn find(world: &World, question: &str) -> (Vec<String>, Vec<String>) {
    let wanted = Wanted { question, count: 10, ..Wanted::default() };
    let found = world.knowledge.find(world.store.as_viewer(&world.ada), wanted).await.unwrap();
    (found.passages.into_iter().map(|it| it.text).collect(), found.notes)
}

async fn count(world: &World, sql: &'static str) -> i64 {
    world.store.as_system("test").optional::<(i64,)>(sql, args![]).await.unwrap().unwrap().0
}

#[test]
fn a_model_is_named_with_its_provider() {
    assert_eq!(remote(MODEL), Some((Provider::OpenAi, "text-embedding-3-small")));
    assert_eq!(remote("openai/BAAI/bge-m3"), Some((Provider::OpenAi, "BAAI/bge-m3")));
    for name in [LOCAL, "anthropic/claude", "n8n/x", "openai/", "openai", ""] {
        assert_eq!(remote(name), None, "{name}");
    }
}

#[tokio::test]
async fn another_model_reads_everything_before_it_is_searched() {
    for world in worlds().await {
        let base = base(&world).await;
        world.provider.says(vectors);
        world.knowledge.change_encoder(actor(&world.ada), base, MODEL).await.unwrap();
        let before = get(&world, base).await;
        assert_eq!((before.encoder.as_str(), before.next_encoder.as_deref()), (LOCAL, Some(MODEL)));
        assert_eq!((before.embedded_count, before.next_count, before.embedding.state), (3, 0, WorkState::Queued));
        assert_eq!(find(&world, "feline").await, (vec!["Kittens sleep.".to_owned()], vec![]), "by the one before");
        assert_eq!(world.provider.seen().len(), 1, "only the try");
        work(&world).await;
        let after = get(&world, base).await;
        assert_eq!((after.encoder.as_str(), after.next_encoder), (MODEL, None));
        assert_eq!((after.embedded_count, count(&world, "SELECT COUNT(*) FROM embeddings").await), (3, 3));
        assert_eq!(find(&world, "feline").await.0[0], "Kittens sleep.", "by the new one");
        // A try, one batch, one question: each is kept with what it cost.
        let calls = "SELECT COUNT(*) FROM llm_calls WHERE model = 'text-embedding-3-small' AND provider = 'openai' AND prompt_tokens = 40
            AND cost_micros = 1 AND outcome = 'complete' AND purpose = 'completion'";
        assert_eq!(count(&world, calls).await, 3);
        // And back: what the other one made is gone.
        world.knowledge.change_encoder(actor(&world.ada), base, LOCAL).await.unwrap();
        work(&world).await;
        assert_eq!(
            (get(&world, base).await.encoder.as_str(), count(&world, "SELECT COUNT(*) FROM embeddings").await),
            (LOCAL, 3)
        );
    }
}

#[tokio::test]
async fn whoever_changes_their_mind_keeps_what_there_was() {
    for world in worlds().await {
        let base = base(&world).await;
        world.provider.says(vectors);
        world.knowledge.change_encoder(actor(&world.ada), base, MODEL).await.unwrap();
        world.knowledge.change_encoder(actor(&world.ada), base, LOCAL).await.unwrap();
        work(&world).await;
        let after = get(&world, base).await;
        assert_eq!((after.encoder.as_str(), after.next_encoder, after.embedded_count), (LOCAL, None, 3));
        assert_eq!(world.provider.seen().len(), 1, "nothing but the try was asked");
    }
}

#[tokio::test]
async fn what_cannot_work_is_refused_before_anything_changes() {
    for world in worlds().await {
        let base = base(&world).await;
        world
            .provider
            .plays(vec![Step::Refuse(404, r#"{"error":{"message":"no such model","code":"model_not_found"}}"#)]);
        for name in [MODEL, "gemini/gemini-embedding-001", "anthropic/claude", "local/other", "", &"x".repeat(300)] {
            let refused = world.knowledge.change_encoder(actor(&world.ada), base, name).await.unwrap_err();
            assert!(refused.to_failure().field("encoder").is_some(), "{name}: {refused:?}");
        }
        let theirs = world.knowledge.change_encoder(actor(&world.bob), base, MODEL).await;
        assert!(matches!(theirs, Err(Error::NotFound(_))));
        let same = get(&world, base).await;
        assert_eq!((same.encoder.as_str(), same.next_encoder, same.embedded_count), (LOCAL, None, 3));
    }
}

#[tokio::test]
async fn while_the_provider_is_away_words_find_and_say_so() {
    for world in worlds().await {
        let base = base(&world).await;
        world.provider.says(vectors);
        world.knowledge.change_encoder(actor(&world.ada), base, MODEL).await.unwrap();
        work(&world).await;
        world.provider.plays(vec![Step::Refuse(401, r#"{"error":{"message":"bad key"}}"#)]);
        let (texts, notes) = find(&world, "tide").await;
        assert_eq!(texts, ["A tide comes."]);
        assert!(notes[0].starts_with("Searched by words only: "), "{notes:?}");
        bring(&world, base, "b.txt", "The harbour dries.").await;
        work(&world).await;
        let waits = get(&world, base).await;
        assert_eq!((waits.piece_count, waits.embedded_count, waits.embedding.state), (4, 3, WorkState::Queued));
        assert!(!waits.embedding.reason.is_empty());
        assert_eq!(find(&world, "harbour").await.0, ["The harbour dries."]);
    }
}

#[tokio::test]
async fn vectors_obey_budgets() {
    for world in worlds().await {
        let base = base(&world).await;
        world.provider.says(vectors);
        world.knowledge.change_encoder(actor(&world.ada), base, MODEL).await.unwrap();
        let (id, now): (Uuid, i64) = (world.ports.id(), world.ports.now());
        world
            .store
            .as_system("test")
            .execute(
                "INSERT INTO budgets (id, organisation_id, subject, subject_id, period, limit_micros, created_at, updated_at)
                 VALUES ($1, $2, 'user', $3, 'month', 0, $4, $4)",
                args![id, world.ada.organisation, world.ada.id, now],
            )
            .await
            .unwrap();
        let asked = world.provider.seen().len();
        work(&world).await;
        let waits = get(&world, base).await;
        assert_eq!((waits.encoder.as_str(), waits.next_count, waits.embedding.state), (LOCAL, 0, WorkState::Queued));
        assert!(waits.embedding.reason.contains("budget"), "{}", waits.embedding.reason);
        assert_eq!(world.provider.seen().len(), asked, "nothing was sent");
        assert_eq!(find(&world, "feline").await.0, ["Kittens sleep."], "what costs nothing goes on");
    }
}
