//! Translations, on both databases.

use super::{Origin, Target, look_up, translate};
use crate::error::{Error, Result};
use crate::store::args;
use crate::testing::{Step, World, answer, last_words, worlds};
use atrium::people::Viewer;
use serde_json::{Value, json};

fn german() -> Target {
    Target::new("de", "").unwrap()
}

async fn ask(world: &World, viewer: &Viewer, texts: &[&str], into: &Target) -> Result<Vec<(String, Origin)>> {
    let texts: Vec<String> = texts.iter().map(|it| (*it).to_owned()).collect();
    let made = translate(&world.store, &world.ports, &world.connections, viewer, &texts, into).await?;
    assert_eq!(made.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), texts, "in the order of the question");
    Ok(made.into_iter().map(|it| (it.translation, it.origin)).collect())
}

/// Says of each text that it is German.
fn translates(body: &Value) -> Vec<Step> {
    let said = match serde_json::from_str::<Vec<String>>(&last_words(body)) {
        Ok(texts) => json!(texts.iter().map(|it| format!("{it} (de)")).collect::<Vec<_>>()).to_string(),
        Err(_) => format!("{} (de)", last_words(body)),
    };
    answer(&said)
}

fn made(text: &str) -> (String, Origin) {
    (format!("{text} (de)"), Origin::Machine)
}

fn known(text: &str) -> (String, Origin) {
    (format!("{text} (de)"), Origin::Memory)
}

#[tokio::test]
async fn what_is_not_known_is_made_together_and_kept() {
    for world in worlds().await {
        world.provider.says(translates);
        let (bob, into) = (&world.bob, german());
        let first = ask(&world, bob, &["Tide", "Moon", "Tide", ""], &into).await.unwrap();
        assert_eq!(first, [made("Tide"), made("Moon"), made("Tide"), (String::new(), Origin::Memory)]);
        assert_eq!(world.provider.seen().len(), 1, "one question for all of them");
        assert!(world.provider.asked()[0].1.contains("“de”"));
        let second = ask(&world, bob, &["Moon", "Harbour"], &into).await.unwrap();
        assert_eq!(second, [known("Moon"), made("Harbour")]);
        assert_eq!(world.provider.seen().len(), 2, "what is known is not asked for");
        assert_eq!(last_words(&world.provider.seen()[1]), "Harbour");
        let scope = world.store.as_viewer(bob);
        assert_eq!(look_up(scope, "Moon", &into).await.unwrap().as_deref(), Some("Moon (de)"));
        assert_eq!(look_up(scope, "Sun", &into).await.unwrap(), None);
        let marked: Option<(i64,)> =
            scope.optional("SELECT COUNT(*) FROM translations WHERE is_machine", args![]).await.unwrap();
        assert_eq!(marked, Some((3,)), "marked as a machine's");
        let calls: Option<(i64,)> = scope.optional("SELECT COUNT(*) FROM llm_calls", args![]).await.unwrap();
        assert_eq!(calls, Some((2,)), "each call is accounted for");
    }
}

#[tokio::test]
async fn languages_namespaces_and_organisations_are_apart() {
    for world in worlds().await {
        world.provider.says(translates);
        ask(&world, &world.bob, &["Tide"], &german()).await.unwrap();
        let scope = world.store.as_viewer(&world.bob);
        for other in [Target::new("fr", ""), Target::new("de-AT", ""), Target::new("de", "menu")] {
            assert_eq!(look_up(scope, "Tide", &other.unwrap()).await.unwrap(), None);
        }
        assert!(look_up(scope, "Tide", &Target::new(" DE ", " ").unwrap()).await.unwrap().is_some());
        let elsewhere = Viewer { organisation: world.ports.id(), ..world.bob.clone() };
        assert_eq!(look_up(world.store.as_viewer(&elsewhere), "Tide", &german()).await.unwrap(), None);
        for wrong in ["", "d", "12", "de-", "german language", "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o-p-q-r-s"] {
            assert!(Target::new(wrong, "").is_err(), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_model_that_does_not_manage_many_is_asked_for_one_at_a_time() {
    for world in worlds().await {
        world.provider.says(
            |body| {
                if last_words(body).starts_with('[') { answer("Certainly!") } else { translates(body) }
            },
        );
        let said = ask(&world, &world.bob, &["Tide", "Moon"], &german()).await.unwrap();
        assert_eq!(said, [made("Tide"), made("Moon")]);
        assert_eq!(world.provider.seen().len(), 3);
    }
}

#[tokio::test]
async fn failures_keep_nothing() {
    for world in worlds().await {
        world.provider.plays(vec![Step::Refuse(401, "{}")]);
        let refused = ask(&world, &world.bob, &["Tide"], &german()).await.unwrap_err();
        assert_eq!(refused.to_failure().code, "provider_unauthorised");
        world.provider.plays(answer(" "));
        let empty = ask(&world, &world.bob, &["Tide"], &german()).await.unwrap_err();
        assert_eq!(empty.to_failure().code, "no_translation");
        assert_eq!(look_up(world.store.as_viewer(&world.bob), "Tide", &german()).await.unwrap(), None);
        let long = "x".repeat(5_001);
        for wrong in [vec![], vec!["a"; 201], vec![long.as_str()]] {
            let refused = ask(&world, &world.bob, &wrong, &german()).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        }
    }
}
