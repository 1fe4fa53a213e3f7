//! What the chat model loses while documents are encoded, and the documents while it writes.
//!
//! `cargo run --release -p atrium-inference --example together -- CHAT_MODEL.gguf ENCODER_FOLDER`
//!
//! Medians of three rounds: an answer of 128 tokens alone, documents alone, both, and questions beside documents.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use atrium_inference::{Embedder, End, Prompt, Role, Runner, Turn, Update};

type Failure = Box<dyn std::error::Error>;

const IDLE: Duration = Duration::from_secs(600);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(chat), Some(encoder)) = (paths.next(), paths.next()) else {
        return Err("which CHAT_MODEL and ENCODER_FOLDER?".into());
    };
    let (chat, encoder) = (Runner::new(chat, IDLE), Embedder::new(encoder, IDLE));
    write(&chat).await?;
    encoder.question("warm".into()).await?;

    let mut rounds = Vec::new();
    for _ in 0..3 {
        let alone = write(&chat).await?;
        let (documents_alone, _) = during(&encoder, tokio::time::sleep(Duration::from_secs(4))).await?;
        let (documents, written) = during(&encoder, write(&chat)).await?;
        let (_, asked) = during(&encoder, ask(&encoder)).await?;
        rounds.push([alone, written?, documents_alone, documents, asked?]);
    }
    let names = [
        "an answer alone, tokens/s",
        "… while documents are encoded",
        "documents alone, texts/s",
        "… while an answer is written",
        "the slowest of 21 questions meanwhile, ms",
    ];
    for (n, name) in names.into_iter().enumerate() {
        let mut figures: Vec<f64> = rounds.iter().map(|round| round[n]).collect();
        figures.sort_by(f64::total_cmp);
        println!("{name:<45}{:>8.1}", figures[1]);
    }
    Ok(())
}

/// How many tokens a second an answer is written at, after the first.
async fn write(chat: &Runner) -> Result<f64, Failure> {
    let turns = vec![Turn { role: Role::User, text: "Tell me a very long story about a lighthouse.".into() }];
    let mut updates = chat.ask(Prompt { turns, resume: false, temperature: 0.7, max_tokens: 128 });
    let mut first = None;
    while let Some(update) = updates.recv().await {
        match update {
            Update::Text(_) => drop(first.get_or_insert_with(Instant::now)),
            Update::Done(generated, _) if generated.end != End::Cancelled => {
                let first = first.ok_or("the model said nothing")?;
                return Ok(generated.completion_tokens as f64 / first.elapsed().as_secs_f64());
            }
            Update::Failed(error) => return Err(error.into()),
            _ => {}
        }
    }
    Err("the answer has no end".into())
}

/// How many milliseconds a question takes at most.
async fn ask(encoder: &Embedder) -> Result<f64, Failure> {
    let mut times = Vec::new();
    for n in 0..21 {
        let start = Instant::now();
        encoder.question(format!("Who counted the {n} boats at the quay that evening?")).await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[20])
}

/// Encodes documents until something else is done, and tells how many a second.
async fn during<T>(encoder: &Embedder, other: impl Future<Output = T>) -> Result<(f64, T), Failure> {
    let text = "The harbour lay quiet before the storm, and boats knocked against the quay. ".repeat(12);
    let (count, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let start = Instant::now();
    let documents = async {
        while !over.load(Ordering::Relaxed) {
            encoder.documents(vec![text.clone(); 4]).await?;
            if !over.load(Ordering::Relaxed) {
                count.fetch_add(4, Ordering::Relaxed);
            }
        }
        Ok::<_, Failure>(())
    };
    let other = async {
        let done = other.await;
        over.store(true, Ordering::Relaxed);
        (done, start.elapsed().as_secs_f64())
    };
    let (documents, (done, seconds)) = tokio::join!(documents, other);
    documents?;
    Ok((count.load(Ordering::Relaxed) as f64 / seconds, done))
}
