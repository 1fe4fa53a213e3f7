//! Counting tokens where the provider did not: with tiktoken, marked as an estimate.

use crate::providers::Request;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError, Weak};
use tiktoken_rs::CoreBPE;

/// The vocabulary takes tens of megabytes: it is shared while anybody counts, and gone when nobody does.
static SHARED: Mutex<Weak<CoreBPE>> = Mutex::new(Weak::new());

/// Longer texts are counted by a sample: an estimate must not cost seconds.
const SAMPLE: usize = 64 * 1024;
/// What chat formats add to every turn.
const PER_TURN: usize = 4;
/// About what a large picture is counted as, by those who say.
const PER_PICTURE: usize = 1_600;

/// Tokens of the prompt and of the answer.
pub async fn count(request: &Request, answer: &str) -> (i64, i64) {
    let texts: Vec<String> =
        request.system.iter().cloned().chain(request.turns.iter().map(|it| it.text.clone())).collect();
    let answer = answer.to_owned();
    let pictures: usize = request.turns.iter().map(|it| it.pictures.len()).sum();
    let counted = tokio::task::spawn_blocking(move || {
        let bpe = vocabulary()?;
        let prompt: usize = texts.iter().map(|it| tokens(&bpe, it) + PER_TURN).sum();
        Some((prompt + pictures * PER_PICTURE, tokens(&bpe, &answer)))
    });
    let (prompt, completion) = counted.await.ok().flatten().unwrap_or_default();
    (i64::try_from(prompt).unwrap_or(i64::MAX), i64::try_from(completion).unwrap_or(i64::MAX))
}

/// Tokens of texts that stand by themselves.
pub async fn of_texts(texts: Vec<String>) -> i64 {
    let counted = tokio::task::spawn_blocking(move || {
        let bpe = vocabulary()?;
        Some(texts.iter().map(|it| tokens(&bpe, it)).sum::<usize>())
    });
    i64::try_from(counted.await.ok().flatten().unwrap_or_default()).unwrap_or(i64::MAX)
}

fn vocabulary() -> Option<Arc<CoreBPE>> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bpe) = shared.upgrade() {
        return Some(bpe);
    }
    let bpe = Arc::new(
        tiktoken_rs::cl100k_base().inspect_err(|error| tracing::warn!("tokens cannot be counted: {error}")).ok()?,
    );
    *shared = Arc::downgrade(&bpe);
    Some(bpe)
}

fn tokens(bpe: &CoreBPE, text: &str) -> usize {
    if text.len() <= SAMPLE {
        return bpe.encode_ordinary(text).len();
    }
    let end = text.floor_char_boundary(SAMPLE);
    bpe.encode_ordinary(&text[..end]).len() * text.len() / end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::{Role, Turn};

    #[tokio::test]
    async fn counts_turns_and_extrapolates_long_ones() {
        let request = |text: String| Request {
            model: "m".into(),
            system: None,
            turns: vec![Turn::said(Role::User, text)],
            resume: false,
            temperature: None,
            max_tokens: None,
        };
        let (prompt, completion) = count(&request("hello world".into()), "hello").await;
        assert_eq!((prompt, completion), (2 + 4, 1));
        let (long, _) = count(&request("hello world ".repeat(20_000)), "").await;
        assert!((35_000..=45_000).contains(&long), "{long}");
    }
}
