//! What belongs to somebody else is not there.

use super::*;
use crate::testing::{Step, until, worlds};
use atrium::ids::MessageId;
use uuid::Uuid;

#[tokio::test]
async fn somebody_elses_conversation_is_not_there() {
    for world in worlds().await {
        echo(&world);
        let (sent, _) = exchange(&world, Target::New, "secret").await;
        let question = thread(&world, sent.conversation).await.messages[0].id;
        world.provider.plays(vec![Step::Say("secret".into()), Step::Hang]);
        let live = world.chat.send(&world.ada, Target::End(sent.conversation), None, "secret too").await.unwrap();
        let other = world.chat.send(&world.ada, Target::New, None, "another of ada's").await.unwrap();
        until("both are asked", || async { world.provider.seen().len() == 3 }).await;
        world.provider.plays(answer("Bob's"));
        let bobs = world.chat.send(&world.bob, Target::New, None, "bob's own").await.unwrap();
        ended(&world.chat, &world.bob, bobs).await;
        let before = thread(&world, sent.conversation).await;

        let (chat, bob) = (&world.chat, &world.bob);
        // Ada's conversation; then Bob's own one with a message of Ada's; then ids that nobody has.
        let missing = (ConversationId(Uuid::from_u128(1)), MessageId(Uuid::from_u128(2)));
        for (id, message) in [
            (sent.conversation, sent.answer),
            (sent.conversation, question),
            (bobs.conversation, sent.answer),
            (bobs.conversation, question),
            missing,
        ] {
            let mut outcomes: Vec<(&str, Result<(), Error>)> = vec![
                ("thread before", chat.thread(bob, id, Some(message)).await.map(drop)),
                ("send instead of", chat.send(bob, Target::InsteadOf(id, message), None, "x").await.map(drop)),
                ("regenerate", chat.regenerate(bob, id, message, None).await.map(drop)),
                ("resume", chat.resume(bob, id, message).await.map(drop)),
                ("select_branch", chat.select_branch(bob, id, message).await),
                ("delete_message", chat.delete_message(bob, id, message).await),
                ("restore_message", chat.restore_message(bob, id, message).await),
            ];
            if id != bobs.conversation {
                outcomes.extend([
                    ("thread", chat.thread(bob, id, None).await.map(drop)),
                    ("send", chat.send(bob, Target::End(id), None, "x").await.map(drop)),
                    (
                        "newest_exchange",
                        chat.newest_exchange(bob, Sent { conversation: id, answer: message, run: sent.run })
                            .await
                            .map(drop),
                    ),
                    ("rename", chat.rename(bob, id, "mine").await.map(drop)),
                    ("restore", chat.restore(bob, id).await),
                    ("delete", chat.delete(bob, id).await),
                ]);
            }
            for (what, outcome) in outcomes {
                assert!(matches!(outcome, Err(Error::NotFound(_))), "{what}: {outcome:?}");
            }
        }
        let foreign = chat
            .newest_exchange(bob, Sent { conversation: bobs.conversation, answer: sent.answer, run: sent.run })
            .await
            .unwrap();
        assert_eq!(foreign.1, [], "another conversation's message is not read through one's own");
        for run in [live.run, sent.run, RunId(Uuid::from_u128(3))] {
            assert!(matches!(chat.follow(bob, run, 0, Form::Html).await.map(drop), Err(Error::NotFound(_))), "follow");
            assert!(matches!(chat.stop(bob, run).await, Err(Error::NotFound(_))), "stop");
        }
        // Ada's own, in the wrong conversation of hers.
        for outcome in [
            chat.select_branch(&world.ada, other.conversation, sent.answer).await,
            chat.delete_message(&world.ada, other.conversation, sent.answer).await,
            chat.restore_message(&world.ada, other.conversation, sent.answer).await,
            chat.thread(&world.ada, other.conversation, Some(sent.answer)).await.map(drop),
            chat.resume(&world.ada, other.conversation, sent.answer).await.map(drop),
        ] {
            assert!(matches!(outcome, Err(Error::NotFound(_))), "{outcome:?}");
        }
        assert_eq!(thread(&world, sent.conversation).await.title, before.title);
        assert_eq!(
            thread(&world, sent.conversation).await.messages.len(),
            before.messages.len(),
            "nothing was changed"
        );
        assert_eq!(chat.writing(), 2, "Ada's runs go on");
        assert_eq!(chat.conversations(bob, None, None).await.unwrap().items.len(), 1);
        assert_eq!(chat.conversations(bob, None, Some("secret")).await.unwrap().items, []);
        // Somebody else's agent is not answered by, either.
        let adas_agent = before.agent_id.unwrap();
        let sent = chat.send(bob, Target::New, Some(adas_agent), "with her agent?").await.unwrap();
        assert_ne!(chat.thread(bob, sent.conversation, None).await.unwrap().agent_id, Some(adas_agent));
    }
}
