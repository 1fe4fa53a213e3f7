//! What a conversation has otherwise than its agent: it counts there alone, and what is noted of answers says so.

use super::*;
use crate::agents;
use crate::chat::{ConversationChange, NewConversation};
use crate::testing::{Step, pieces, worlds};
use atrium::agents::AgentForm;
use atrium::catalogue::Provider;
use atrium::chat::{ConversationSettings, SettingsForm};
use atrium::ids::AgentId;
use atrium::people::Role;

/// An agent of Ada's with this provider and model.
async fn agent(world: &World, provider: &str, model: &str) -> AgentId {
    let form = AgentForm {
        name: format!("{provider} {model}"),
        provider: provider.to_owned(),
        model: model.to_owned(),
        temperature: "0.7".to_owned(),
        max_tokens: "100".to_owned(),
        is_active: Some("on".to_owned()),
        ..AgentForm::default()
    };
    let scope = world.store.as_viewer(&world.ada);
    agents::create(scope, &world.ports, &form.check().unwrap()).await.unwrap().id
}

fn form(model: &str, temperature: &str) -> SettingsForm {
    SettingsForm { agent: None, model: Some(model.to_owned()), temperature: Some(temperature.to_owned()) }
}

/// Model and temperature of the newest question.
fn asked(world: &World) -> (String, f64) {
    let seen = world.provider.seen();
    let newest = seen.last().unwrap();
    (newest["model"].as_str().unwrap().to_owned(), newest["temperature"].as_f64().unwrap())
}

/// What the ledger says of the calls, oldest first.
async fn called(world: &World) -> Vec<String> {
    let calls: Vec<(String,)> =
        world.store.as_system("test").all("SELECT model FROM llm_calls ORDER BY called_at, id", args![]).await.unwrap();
    calls.into_iter().map(|it| it.0).collect()
}

#[tokio::test]
async fn model_and_temperature_count_from_the_next_answer_on_and_there_alone() {
    for world in worlds().await {
        let (sent, first) = exchange(&world, Target::New, "one").await;
        let own = asked(&world);
        assert_eq!((own.0.as_str(), first.model.as_deref()), ("fake-1", Some("fake-1")));
        let settled = world.chat.settle(&world.ada, Some(sent.conversation), &form(" fake-2 ", "0,25")).await.unwrap();
        assert_eq!((settled.model.as_deref(), settled.temperature), (Some("fake-2"), Some(0.25)));
        let (_, second) = exchange(&world, Target::End(sent.conversation), "two").await;
        assert_eq!((asked(&world), second.model.as_deref()), (("fake-2".to_owned(), 0.25), Some("fake-2")));
        let again = world.chat.regenerate(&world.ada, sent.conversation, second.id, None).await.unwrap();
        assert_eq!(ended(&world.chat, &world.ada, again).await.model.as_deref(), Some("fake-2"));
        exchange(&world, Target::New, "elsewhere").await;
        assert_eq!(asked(&world), own, "other conversations are as they were");
        let known = thread(&world, sent.conversation).await.settings;
        let chosen = Some((Provider::OpenAi, "fake-2".to_owned()));
        assert_eq!(known, ConversationSettings { model: chosen, temperature: Some(0.25) });
        let reset = world.chat.settle(&world.ada, Some(sent.conversation), &form("", " ")).await.unwrap();
        assert_eq!((reset.model, reset.temperature), (None, None));
        exchange(&world, Target::End(sent.conversation), "three").await;
        assert_eq!(asked(&world), own);
        assert_eq!(called(&world).await, ["fake-1", "fake-2", "fake-2", "fake-1", "fake-1"]);
    }
}

#[tokio::test]
async fn an_answer_that_another_model_goes_on_with_is_that_models() {
    for world in worlds().await {
        world.provider.plays([pieces("Half of "), vec![Step::End("length")]].concat());
        let (sent, half) = exchange(&world, Target::New, "one").await;
        assert_eq!(half.model.as_deref(), Some("fake-1"));
        world.chat.settle(&world.ada, Some(sent.conversation), &form("fake-3", "")).await.unwrap();
        world.provider.plays(answer("it."));
        let resumed = world.chat.resume(&world.ada, sent.conversation, sent.answer).await.unwrap();
        let whole = ended(&world.chat, &world.ada, resumed).await;
        assert_eq!(whole.model.as_deref(), Some("fake-3"), "{whole:?}");
        assert_eq!(called(&world).await, ["fake-1", "fake-3"]);
    }
}

#[tokio::test]
async fn a_model_counts_with_agents_of_its_provider() {
    for world in worlds().await {
        let other = agent(&world, "openai", "fake-3").await;
        let local = agent(&world, "local", "small").await;
        let (sent, _) = exchange(&world, Target::New, "one").await;
        let id = sent.conversation;
        world.chat.settle(&world.ada, Some(id), &form("fake-2", "1")).await.unwrap();
        let change = |agent| ConversationChange { agent: Some(agent), ..ConversationChange::default() };
        let changed = world.chat.change(&world.ada, id, &change(other), None).await.unwrap();
        assert_eq!((changed.agent, changed.model.as_deref()), (Some(other), Some("fake-2")));
        let changed = world.chat.change(&world.ada, id, &change(local), None).await.unwrap();
        assert_eq!((changed.model, changed.temperature), (None, Some(1.0)), "the local model has no such");
        let (_, answer) = exchange(&world, Target::End(id), "two").await;
        assert_eq!(answer.model.as_deref(), Some("small"));
        world.chat.change(&world.ada, id, &change(other), None).await.unwrap();
        assert_eq!(world.chat.summary(&world.ada, id).await.unwrap().model.as_deref(), Some("fake-2"));
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused_at_its_field() {
    for world in worlds().await {
        let (sent, _) = exchange(&world, Target::New, "one").await;
        let id = sent.conversation;
        let refused = async |form: &SettingsForm, field: &str| {
            let failure = world.chat.settle(&world.ada, Some(id), form).await.unwrap_err().to_failure();
            failure.field(field).unwrap_or_else(|| panic!("{failure:?}")).to_owned()
        };
        let told = refused(&form("gpt-none", ""), "model").await;
        assert!(told.contains("“gpt-none”") && told.contains("fake-1, fake-2, fake-3"), "{told}");
        refused(&form(&"x".repeat(300), ""), "model").await;
        for wrong in ["2.1", "-1", "NaN", "warm"] {
            refused(&form("", wrong), "temperature").await;
        }
        let workflow = agent(&world, "n8n", "answer").await;
        let elsewhere = SettingsForm { agent: Some(workflow), ..form("http://127.0.0.1/", "") };
        refused(&elsewhere, "model").await;
        let away = agent(&world, "ollama", "m").await;
        let told = refused(&SettingsForm { agent: Some(away), ..form("x", "") }, "model").await;
        assert!(told.starts_with("Ollama could not be asked"), "{told}");
        let kept = world.chat.summary(&world.ada, id).await.unwrap();
        assert_eq!((kept.model, kept.temperature), (None, None));

        let guest = Viewer { role: Role::Guest, is_superuser: false, ..world.ada.clone() };
        assert_eq!(code(world.chat.settle(&guest, Some(id), &form("fake-2", "")).await), "forbidden");
        world.chat.settle(&guest, Some(id), &form("", "0.1")).await.unwrap();
        assert_eq!(code(world.chat.settle(&world.bob, Some(id), &form("fake-2", "")).await), "not_found");
        assert_eq!(code(world.chat.settle(&world.bob, Some(id), &form("", "1")).await), "not_found");
    }
}

#[tokio::test]
async fn an_empty_room_is_settled_before_anything_is_said() {
    for world in worlds().await {
        let agent = agent(&world, "openai", "fake-3").await;
        let form = SettingsForm { agent: Some(agent), ..form("fake-2", "") };
        let begun = world.chat.settle(&world.ada, None, &form).await.unwrap();
        assert_eq!((begun.agent, begun.model.as_deref(), begun.message_count), (Some(agent), Some("fake-2"), 0));
        exchange(&world, Target::End(begun.id), "one").await;
        assert_eq!(asked(&world), ("fake-2".to_owned(), 0.7));
        let wrong = NewConversation { temperature: Some(9.0), ..NewConversation::default() };
        assert_eq!(code(world.chat.create(&world.ada, wrong).await), "invalid");
    }
}
