//! What people think of answers, on both databases.

use super::*;
use crate::agents::administration::{AgentFilter, page};
use crate::chat::Target;
use crate::testing::{World, worlds};
use atrium::paging::PageRequest;
use std::time::Duration;

fn thinks(verdict: Verdict, reason: &str) -> Feedback {
    Feedback { verdict, reason: reason.to_owned() }
}

async fn shown(world: &World, conversation: ConversationId) -> Vec<Option<Feedback>> {
    let thread = world.chat.thread(&world.ada, conversation, None).await.unwrap();
    thread.messages.into_iter().map(|it| it.feedback).collect()
}

#[tokio::test]
async fn an_answer_has_one_verdict_a_person_which_may_change() {
    for world in worlds().await {
        let sent = world.chat.send(&world.ada, Target::New, None, "Hi").await.unwrap();
        assert!(world.chat.finished(&world.ada, sent.run, Duration::from_secs(20)).await.unwrap());
        let scope = world.store.as_viewer(&world.ada);
        assert_eq!(shown(&world, sent.conversation).await, [None, None]);
        let up = thinks(Verdict::Up, "");
        give(scope, &world.ports, sent.answer, &up).await.unwrap();
        assert_eq!(shown(&world, sent.conversation).await, [None, Some(up)]);
        let down = give(scope, &world.ports, sent.answer, &thinks(Verdict::Down, "  It is wrong.\n")).await.unwrap();
        assert_eq!(down, thinks(Verdict::Down, "It is wrong."));
        assert_eq!(shown(&world, sent.conversation).await, [None, Some(down)]);
        let agents = page(scope, PageRequest::default(), AgentFilter::default()).await.unwrap();
        assert_eq!((agents.items[0].thumbs_up, agents.items[0].thumbs_down), (0, 1));
        take_back(scope, sent.answer).await.unwrap();
        take_back(scope, sent.answer).await.unwrap();
        assert_eq!(shown(&world, sent.conversation).await, [None, None]);
        let agents = page(scope, PageRequest::default(), AgentFilter::default()).await.unwrap();
        assert_eq!((agents.items[0].thumbs_up, agents.items[0].thumbs_down), (0, 0));
    }
}

#[tokio::test]
async fn an_agents_owner_is_told_how_many_and_reads_their_own_reasons_alone() {
    for world in worlds().await {
        let sent = world.chat.send(&world.ada, Target::New, None, "Hi").await.unwrap();
        assert!(world.chat.finished(&world.ada, sent.run, Duration::from_secs(20)).await.unwrap());
        let (ada, bob) = (world.store.as_viewer(&world.ada), world.store.as_viewer(&world.bob));
        let said = thinks(Verdict::Down, "It is wrong.");
        give(ada, &world.ports, sent.answer, &said).await.unwrap();
        let thread = world.chat.thread(&world.ada, sent.conversation, None).await.unwrap();
        let agent = thread.agent_id.unwrap();
        // Somebody else talked to her agent, and thinks well of it.
        let others = world.chat.send(&world.bob, Target::New, None, "Hello").await.unwrap();
        assert!(world.chat.finished(&world.bob, others.run, Duration::from_secs(20)).await.unwrap());
        give(bob, &world.ports, others.answer, &thinks(Verdict::Up, "As I told you about my illness.")).await.unwrap();
        let system = world.store.as_system("test");
        system.execute("UPDATE feedback SET agent_id = $1", args![agent]).await.unwrap();

        let opinions = of_agent(ada, agent).await.unwrap();
        assert_eq!((opinions.up, opinions.down), (1, 1));
        let only =
            opinions.said.iter().map(|it| (it.conversation, it.message, it.feedback.clone())).collect::<Vec<_>>();
        assert_eq!(only, [(sent.conversation, sent.answer, said)]);
        assert!(matches!(of_agent(bob, agent).await, Err(Error::NotFound(_))));
        world.chat.delete(&world.ada, sent.conversation).await.unwrap();
        assert_eq!(of_agent(ada, agent).await.unwrap().said, []);
    }
}

#[tokio::test]
async fn only_ones_own_complete_answers_are_judged() {
    for world in worlds().await {
        let sent = world.chat.send(&world.ada, Target::New, None, "Hi").await.unwrap();
        assert!(world.chat.finished(&world.ada, sent.run, Duration::from_secs(20)).await.unwrap());
        let (ada, bob) = (world.store.as_viewer(&world.ada), world.store.as_viewer(&world.bob));
        let up = thinks(Verdict::Up, "");
        assert!(matches!(give(bob, &world.ports, sent.answer, &up).await, Err(Error::NotFound(_))));
        assert!(matches!(take_back(bob, sent.answer).await, Err(Error::NotFound(_))));
        let thread = world.chat.thread(&world.ada, sent.conversation, None).await.unwrap();
        let question = give(ada, &world.ports, thread.messages[0].id, &up).await.unwrap_err();
        assert_eq!(question.to_failure().code, "no_answer");
        let long = thinks(Verdict::Down, &"x".repeat(REASON_MAX + 1));
        let long = give(ada, &world.ports, sent.answer, &long).await.unwrap_err();
        assert_eq!(long.to_failure().fields[0].field, "reason");
        world.chat.delete(&world.ada, sent.conversation).await.unwrap();
        assert!(matches!(give(ada, &world.ports, sent.answer, &up).await, Err(Error::NotFound(_))));
    }
}
