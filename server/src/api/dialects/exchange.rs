//! Sending a message and waiting for its answer, as clients do that know no runs.

use crate::web::App;
use atrium::chat::{MessageStatus, MessageView};
use atrium::ids::AgentId;
use atrium::people::Viewer;
use atrium_domain::chat::{Sent, Target};
use atrium_domain::{Error, Result};
use std::time::Duration;

/// How long an answer is waited for. It is written all the same, whether somebody waits or not.
const PATIENCE: Duration = Duration::from_secs(600);

/// What was said, and what was answered.
pub struct Exchange {
    pub question: MessageView,
    pub answer: MessageView,
}

impl Exchange {
    /// Why there is no answer, if there is none.
    pub fn failure(&self) -> Option<String> {
        match self.answer.status {
            MessageStatus::Complete | MessageStatus::Stopped => None,
            MessageStatus::Streaming => Some("The answer is still being written. Read it again later.".to_owned()),
            MessageStatus::Interrupted => Some("The answer was interrupted. Ask again.".to_owned()),
            MessageStatus::Failed => {
                Some(self.answer.error.clone().unwrap_or_else(|| "The model gave no answer.".to_owned()))
            }
        }
    }
}

/// Sends `text` and comes back when it is answered.
pub async fn ask(app: &App, viewer: &Viewer, to: Target, agent: Option<AgentId>, text: &str) -> Result<Exchange> {
    let sent = app.atrium.chat.send(viewer, to, agent, text).await?;
    answered(app, viewer, sent).await
}

/// What sending led to, once it is answered.
pub async fn answered(app: &App, viewer: &Viewer, sent: Sent) -> Result<Exchange> {
    let chat = &app.atrium.chat;
    chat.finished(viewer, sent.run, PATIENCE).await?;
    let (_, answer) = chat.find_message(viewer, sent.answer).await?;
    let question = answer.parent_id.ok_or(Error::NotFound("message"))?;
    let (_, question) = chat.find_message(viewer, question).await?;
    Ok(Exchange { question, answer })
}

/// The first `max` characters, and dots where there are more: how these clients' conversations are titled.
pub fn title(text: &str, max: usize) -> String {
    let line = atrium::text::line(text);
    match line.char_indices().nth(max) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn titles_are_cut_by_characters() {
        assert_eq!(title("Grüße\nan alle", 50), "Grüße an alle");
        assert_eq!(title("äöüß", 3), "äöü...");
    }
}
