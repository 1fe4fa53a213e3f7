//! What conversations are called after their first exchange.

use super::*;
use crate::testing::{Step, until, worlds, worlds_with};

/// Names conversations when asked to, else echoes.
fn names(world: &World, title: &'static str) {
    world.provider.says(move |body| {
        let is_asked_for_title =
            body["messages"][0]["content"].as_str().is_some_and(|it| it.contains("name conversations"));
        answer(&if is_asked_for_title { title.to_owned() } else { format!("You said: {}", last_words(body)) })
    });
}

#[tokio::test]
async fn the_model_names_a_conversation_after_its_first_exchange_alone() {
    for world in worlds_with(&[("ATRIUM_MODEL_TITLES", "true")]).await {
        names(&world, "\"Tides and the Moon.\"");
        let (sent, _) = exchange(&world, Target::New, "Why are there tides?").await;
        let id = sent.conversation;
        until("the title is the model's", || async { thread(&world, id).await.title == "Tides and the Moon" }).await;
        let (role, text) = world.provider.asked().remove(1);
        assert!(role == "user" && text.contains("Why are there tides?") && text.contains("You said: "), "{text}");
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls").await, 2, "it is accounted for");
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls WHERE purpose = 'answer'").await, 1);

        names(&world, "Something else");
        exchange(&world, Target::End(id), "And on the Moon?").await;
        world.chat.rename(&world.ada, id, "Mine").await.unwrap();
        exchange(&world, Target::End(id), "And on Mars?").await;
        // Time enough for a question that must not come.
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(number_of(&world, "SELECT COUNT(*) FROM llm_calls WHERE purpose <> 'answer'").await, 1);
        assert_eq!(thread(&world, id).await.title, "Mine");
    }
}

#[tokio::test]
async fn a_name_that_somebody_gave_meanwhile_stays_and_so_does_the_first_when_the_model_fails() {
    for world in worlds_with(&[("ATRIUM_MODEL_TITLES", "true")]).await {
        world.provider.says(|body| {
            let is_asked_for_title =
                body["messages"][0]["content"].as_str().is_some_and(|it| it.contains("name conversations"));
            match (is_asked_for_title, last_words(body).contains("unlucky")) {
                (true, true) => vec![Step::Refuse(400, "{}")],
                (true, false) => vec![Step::Gate, Step::Say("The model's".to_owned()), Step::End("stop")],
                (false, _) => answer("Hello."),
            }
        });
        let (sent, _) = exchange(&world, Target::New, "What is this?").await;
        until("the model is asked", || async { world.provider.seen().len() == 2 }).await;
        world.chat.rename(&world.ada, sent.conversation, "Mine").await.unwrap();
        world.provider.open();
        until("it has answered", || async { number_of(&world, "SELECT COUNT(*) FROM llm_calls").await == 2 }).await;
        let (unlucky, _) = exchange(&world, Target::New, "An unlucky question").await;
        until("it has failed", || async { number_of(&world, "SELECT COUNT(*) FROM llm_calls").await == 4 }).await;
        assert_eq!(thread(&world, sent.conversation).await.title, "Mine");
        assert_eq!(thread(&world, unlucky.conversation).await.title, "An unlucky question");
    }
}

#[tokio::test]
async fn nobody_pays_for_titles_who_did_not_ask_for_them() {
    for world in worlds().await {
        names(&world, "Not asked for");
        let (sent, _) = exchange(&world, Target::New, "Why are there tides?").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(
            (thread(&world, sent.conversation).await.title.as_str(), world.provider.seen().len()),
            ("Why are there tides?", 1)
        );
    }
}
