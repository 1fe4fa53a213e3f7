//! Alternatives, of questions and of answers, and messages that are deleted.

use super::*;
use crate::testing::worlds;

#[tokio::test]
async fn an_edited_message_stands_beside_the_old_one() {
    for world in worlds().await {
        echo(&world);
        let id = exchange(&world, Target::New, "one").await.0.conversation;
        exchange(&world, Target::End(id), "two").await;
        let before = thread(&world, id).await;
        let old = before.messages[2].id;
        exchange(&world, Target::InsteadOf(id, old), "zwei").await;
        let after = thread(&world, id).await;
        assert_eq!(texts(&after), ["one", "You said: one", "zwei", "You said: zwei"]);
        let edited = &after.messages[2];
        assert_eq!((edited.position, edited.previous_sibling, edited.next_sibling), ((2, 2), Some(old), None));
        assert_eq!(after.messages[3].position, (1, 1));
        assert!(
            !world.provider.asked().iter().any(|it| it.1.contains("two")),
            "the other branch is not part of the prompt"
        );
        world.chat.select_branch(&world.ada, id, old).await.unwrap();
        let back = thread(&world, id).await;
        assert_eq!(texts(&back), ["one", "You said: one", "two", "You said: two"]);
        assert_eq!((back.messages[2].position, back.messages[2].next_sibling), ((1, 2), Some(edited.id)));
        // The very first message can be edited as well.
        let first = back.messages[0].id;
        exchange(&world, Target::InsteadOf(id, first), "eins").await;
        let other = thread(&world, id).await;
        assert_eq!((texts(&other), other.messages[0].position), (vec!["eins", "You said: eins"], (2, 2)));
        exchange(&world, Target::End(id), "drei").await;
        assert_eq!(texts(&thread(&world, id).await), ["eins", "You said: eins", "drei", "You said: drei"]);
        // An answer is nothing that a person edits.
        let an_answer = other.messages[1].id;
        assert_eq!(code(world.chat.send(&world.ada, Target::InsteadOf(id, an_answer), None, "x").await), "not_found");
    }
}

#[tokio::test]
async fn another_answer_is_two_of_two() {
    for world in worlds().await {
        world.provider.plays(answer("first"));
        let (sent, first) = exchange(&world, Target::New, "question").await;
        world.provider.plays(answer("second"));
        let again = world.chat.regenerate(&world.ada, sent.conversation, sent.answer, None).await.unwrap();
        assert_ne!(again.answer, sent.answer);
        let second = ended(&world.chat, &world.ada, again).await;
        assert_eq!(
            (second.text.as_str(), second.position, second.previous_sibling),
            ("second", (2, 2), Some(first.id))
        );
        assert_eq!(texts(&thread(&world, sent.conversation).await), ["question", "second"]);
        assert_eq!(world.provider.asked().len(), 2, "the first answer is not part of the prompt");
        world.chat.select_branch(&world.ada, sent.conversation, first.id).await.unwrap();
        let back = thread(&world, sent.conversation).await;
        assert_eq!(
            (back.messages[1].text.as_str(), back.messages[1].position, back.messages[1].next_sibling),
            ("first", (1, 2), Some(second.id))
        );
        let question = back.messages[0].id;
        assert_eq!(code(world.chat.regenerate(&world.ada, sent.conversation, question, None).await), "not_found");
    }
}

#[tokio::test]
async fn what_is_deleted_comes_back() {
    for world in worlds().await {
        echo(&world);
        let id = exchange(&world, Target::New, "one").await.0.conversation;
        let (two, _) = exchange(&world, Target::End(id), "two").await;
        let all = thread(&world, id).await;
        let question = all.messages[2].id;
        world.chat.delete_message(&world.ada, id, question).await.unwrap();
        assert_eq!(texts(&thread(&world, id).await), ["one", "You said: one"], "with what follows it");
        assert_eq!(code(world.chat.delete_message(&world.ada, id, question).await), "not_found");
        assert_eq!(code(world.chat.regenerate(&world.ada, id, question, None).await), "not_found");
        world.chat.restore_message(&world.ada, id, question).await.unwrap();
        assert_eq!(thread(&world, id).await, all);
        // Of two alternatives the other one is shown.
        let again = world.chat.regenerate(&world.ada, id, two.answer, None).await.unwrap();
        ended(&world.chat, &world.ada, again).await;
        world.chat.delete_message(&world.ada, id, again.answer).await.unwrap();
        let left = thread(&world, id).await;
        assert_eq!((left.messages[3].id, left.messages[3].position), (two.answer, (1, 1)));
        // All of it gone, the conversation can be begun anew.
        world.chat.delete_message(&world.ada, id, all.messages[0].id).await.unwrap();
        assert_eq!(texts(&thread(&world, id).await), [""; 0]);
        exchange(&world, Target::End(id), "fresh").await;
        assert_eq!(texts(&thread(&world, id).await), ["fresh", "You said: fresh"]);
    }
}
