//! Asking the configured model.

use super::Target;
use crate::agents::completion::{self, Dialogue, Heard};
use crate::agents::connections::Connections;
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::providers::{Role, Turn};
use crate::store::Store;
use atrium::agents::Agent;
use atrium::people::Viewer;
use uuid::Uuid;

/// Texts, and their bytes, that are asked for at once.
const BATCH: usize = 20;
const BATCH_BYTES: usize = 6 * 1024;

const MANY: &str = "You translate the texts of a user interface. You are given a JSON array of strings. Reply with a JSON array of the same length that holds their translations in the same order, and with nothing else. Keep placeholders such as {name}, %s and HTML tags as they are.";
const ONE: &str = "You translate the texts of a user interface. Reply with the translation of the text that you are given, and with nothing else. Keep placeholders such as {name}, %s and HTML tags as they are.";

/// The texts in pieces of which one question each is asked.
pub(super) fn batches<'a>(texts: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        let fits = bytes + text.len() <= BATCH_BYTES;
        match batches.last_mut() {
            Some(last) if fits && last.len() < BATCH => last.push(text),
            _ => {
                batches.push(vec![text]);
                bytes = 0;
            }
        }
        bytes += text.len();
    }
    batches
}

/// The translations of `texts`, in their order. A model that does not manage them together is asked for one at a time.
///
/// # Errors
/// With the provider's own error; when a reply is empty.
pub(super) async fn translate(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    texts: &[&str],
    into: &Target,
) -> Result<Vec<String>> {
    let ask = async |instructions: &str, text: String| {
        let target = format!("The language to translate into has the code “{}”.", into.language);
        let dialogue = Dialogue {
            instructions: vec![instructions.to_owned(), target],
            turns: vec![Turn::said(Role::User, text)],
            ..Dialogue::default()
        };
        answer(store, ports, connections, viewer, dialogue).await
    };
    if texts.len() > 1 {
        let asked = serde_json::to_string(texts).map_err(|error| Error::Internal(error.to_string()))?;
        if let Some(made) = read(&ask(MANY, asked).await?).filter(|it| it.len() == texts.len()) {
            return Ok(made);
        }
        tracing::debug!(texts = texts.len(), "a model did not translate texts together; asking for each");
    }
    let mut made = Vec::with_capacity(texts.len());
    for text in texts {
        let translation = ask(ONE, (*text).to_owned()).await?.trim().to_owned();
        if translation.is_empty() {
            return Err(Error::Conflict {
                code: "no_translation",
                message: "The model gave no translation. Try again, or choose another model in the settings."
                    .to_owned(),
            });
        }
        made.push(translation);
    }
    Ok(made)
}

/// The strings of an array, whatever the model says around it. None of them is empty.
fn read(answer: &str) -> Option<Vec<String>> {
    let array = answer.get(answer.find('[')?..=answer.rfind(']')?)?;
    let strings: Vec<String> = serde_json::from_str(array).ok()?;
    strings.iter().all(|it| !it.trim().is_empty()).then_some(strings)
}

async fn answer(
    store: &Store,
    ports: &Ports,
    connections: &Connections,
    viewer: &Viewer,
    dialogue: Dialogue,
) -> Result<String> {
    let (provider, model) = connections.default_model().await;
    let translator = Agent {
        id: Uuid::nil().into(),
        name: "Translation".to_owned(),
        description: String::new(),
        avatar: String::new(),
        provider,
        model,
        temperature: 0.0,
        max_tokens: 4_096,
        system_prompt: String::new(),
        is_default: false,
        is_active: true,
        updated_at: 0,
    };
    let mut heard = completion::complete(store, ports, connections, None, viewer, &translator, dialogue)?;
    let mut text = String::new();
    loop {
        match heard.recv().await {
            Some(Heard::Text(piece)) => text.push_str(&piece),
            Some(Heard::End { .. }) => return Ok(text),
            Some(Heard::Failed(error)) => return Err(error),
            None => return Err(Error::Internal("an answer ended without an end".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_neither_long_nor_large() {
        let short = vec!["a"; 45];
        assert_eq!(batches(&short).iter().map(Vec::len).collect::<Vec<_>>(), [20, 20, 5]);
        let long = "x".repeat(4_000);
        assert_eq!(batches(&[&long, &long, "a", "b"]).iter().map(Vec::len).collect::<Vec<_>>(), [1, 3]);
        assert!(batches(&[]).is_empty());
    }

    #[test]
    fn an_array_is_found_in_what_a_model_says() {
        assert_eq!(read("Sure:\n```json\n[\"Ja\", \"Nein\"]\n```"), Some(vec!["Ja".to_owned(), "Nein".to_owned()]));
        for nonsense in ["Ja", "[1, 2]", "][", "[\"Ja\", \"\"]", ""] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
