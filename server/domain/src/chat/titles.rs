//! What a conversation is called: at first the beginning of its first message; then, where the settings want it, what the
//! model makes of the first exchange. A name that a person gave stays.

use super::Chat;
use super::runs::Job;
use crate::error::Result;
use crate::markdown;
use crate::providers::{Event, ProviderError, Request, Role, Turn};
use crate::store::args;
use crate::usage::{self, Call, Outcome, Purpose};
use atrium::ids::{ConversationId, MessageId};
use futures::StreamExt as _;
use std::time::{Duration, Instant};

/// How long a title is, in characters.
pub(super) const LENGTH: usize = 60;
/// Nobody waits for it, and nobody should pay for one that never ends. Models that think first need room to.
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_TOKENS: u32 = 256;
/// Characters of question and answer that a title is made from.
const SAMPLE: usize = 1_500;

const TASK: &str = "You name conversations. Answer with a title for the one below: at most six words, in its own language, \
     without quotation marks, without a full stop, and nothing else.";

#[derive(sqlx::FromRow)]
struct First {
    title: String,
    question: String,
    answer: String,
}

/// The beginning of what was asked.
pub(crate) fn from_question(text: &str) -> String {
    let title = markdown::plain_excerpt(text, LENGTH);
    if title.is_empty() { atrium::text::shorten(text, LENGTH) } else { title }
}

impl Chat {
    /// Gives a conversation a title by the model that has just answered in it, if that was its first exchange and the
    /// settings want it.
    pub(super) async fn name_by_model(&self, conversation: ConversationId, message: MessageId, job: &Job) {
        if !self.connections.names_conversations(job.agent.provider) {
            return;
        }
        if let Err(error) = self.try_to_name(conversation, message, job).await {
            tracing::info!(cause = error.cause(), "a conversation keeps its first title: {error}");
        }
    }

    async fn try_to_name(&self, conversation: ConversationId, message: MessageId, job: &Job) -> Result<()> {
        let first: Option<First> = self
            .store
            .as_viewer(&job.viewer)
            .optional(
                "SELECT c.title, q.content AS question, a.content AS answer FROM conversations c
                    JOIN messages a ON a.id = $2 AND a.conversation_id = c.id JOIN messages q ON q.id = a.parent_id
                 WHERE c.id = $1 AND c.title_by = 'exchange' AND (SELECT COUNT(*) FROM messages m WHERE m.conversation_id = c.id) = 2",
                args![conversation, message],
            )
            .await?;
        let Some(First { title: before, question, answer }) = first else { return Ok(()) };
        let shorten = |text: &str| atrium::text::shorten(text, SAMPLE);
        let request = Request {
            model: job.agent.model.clone(),
            system: Some(TASK.to_owned()),
            turns: vec![Turn::said(
                Role::User,
                format!("Question:\n{}\n\nAnswer:\n{}", shorten(&question), shorten(&answer)),
            )],
            resume: false,
            temperature: Some(job.agent.temperature),
            max_tokens: Some(MAX_TOKENS),
        };
        let said = self.ask_for_title(conversation, message, job, &request).await?;
        let Some(title) = cleaned(&said) else { return Ok(()) };
        self.store
            .as_viewer(&job.viewer)
            .execute(
                // Whoever has named it meanwhile has the last word.
                "UPDATE conversations SET title = $2, title_folded = $3 WHERE id = $1 AND title_by = 'exchange' AND title = $4",
                args![conversation, &title, title.to_lowercase(), before],
            )
            .await?;
        Ok(())
    }

    /// What the model says, accounted for however it ends.
    async fn ask_for_title(
        &self,
        conversation: ConversationId,
        message: MessageId,
        job: &Job,
        request: &Request,
    ) -> Result<String> {
        let adapter = self.connections.adapter(job.agent.provider)?;
        let prices = self.connections.prices();
        let mut call =
            Call::begin(&job.viewer, prices, job.agent.provider, &job.agent.model, Purpose::Title, self.ports.now());
        call.place = Some((conversation, message));
        call.agent = Some(job.agent.id);
        let start = Instant::now();
        let mut said = String::new();
        let mut events = call.ask(&self.store, &self.ports, &adapter, request).await?;
        let listen = async {
            while let Some(event) = events.next().await {
                match event? {
                    Event::Text(piece) => {
                        call.first_token.get_or_insert_with(|| start.elapsed());
                        said.push_str(&piece);
                    }
                    Event::Usage { prompt_tokens, completion_tokens } => call.count(prompt_tokens, completion_tokens),
                    Event::End(_) | Event::Reasoning(_) | Event::Status(_) | Event::LeftOut { .. } => {}
                }
            }
            Ok::<_, ProviderError>(())
        };
        let heard = tokio::time::timeout(PATIENCE, listen).await;
        call.latency = start.elapsed();
        call.outcome = match &heard {
            Ok(Ok(())) => Outcome::Complete,
            Ok(Err(_)) => Outcome::Failed,
            Err(_) => Outcome::Stopped,
        };
        call.estimate_missing(request, &said).await;
        usage::record(&self.store, &self.ports, &call).await?;
        match heard {
            Ok(Ok(())) => Ok(said),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Ok(String::new()),
        }
    }
}

/// A title out of what models say when asked for one: its first line with something in it, bare.
fn cleaned(said: &str) -> Option<String> {
    let line = said.lines().map(|it| markdown::plain_excerpt(it, 4 * LENGTH)).find(|it| !it.trim().is_empty())?;
    let line = line.trim();
    let line = line.strip_prefix("Title:").unwrap_or(line);
    let bare = line.trim_matches(|it: char| it.is_whitespace() || "\"'`“”„«»‘’".contains(it));
    let bare = bare.trim_end_matches(['.', '。']).trim();
    (!bare.is_empty()).then(|| atrium::text::shorten(bare, LENGTH))
}

#[cfg(test)]
mod tests {
    use super::{LENGTH, cleaned};

    #[test]
    fn what_models_say_becomes_a_title() {
        for (said, title) in [
            ("Tides and the Moon", Some("Tides and the Moon")),
            ("\n\n\"Tides and the Moon.\"\nI hope this helps!", Some("Tides and the Moon")),
            ("**Title:** Tides", Some("Tides")),
            ("# Tides", Some("Tides")),
            ("„Gezeiten“", Some("Gezeiten")),
            ("潮汐と月。", Some("潮汐と月")),
            ("", None),
            (" \n\"\"\n", None),
        ] {
            assert_eq!(cleaned(said).as_deref(), title, "{said:?}");
        }
        let long = cleaned(&"long ".repeat(100)).unwrap();
        assert!(long.chars().count() <= LENGTH && long.starts_with("long long"), "{long}");
    }
}
