//! How fast the local model is on this machine.
//!
//! `cargo run --release -p atrium-inference --example speed [MODEL.gguf]`
//!
//! Times are the median of three runs after one that is not counted; the memory is what stays resident after them, the
//! highest it ever was, and what is left when the model is dropped.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use atrium_inference::{LocalModel, Prompt, Role, Step, Turn};

const TEXT: &str = "The harbour lay quiet before the storm. Boats knocked against the quay, and the keeper of the \
    light counted them as he did every evening: nine, and the tenth still out. ";

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let ours = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let path = std::env::args_os().nth(1).map_or_else(ours, PathBuf::from);
    let start = Instant::now();
    let mut model = LocalModel::load(path)?;
    let load = start.elapsed().as_secs_f64();

    let short = prompt(&model, 200);
    pace(&mut model, &short)?;
    let short = median([pace(&mut model, &short)?, pace(&mut model, &short)?, pace(&mut model, &short)?]);
    let (resident, _) = memory()?;
    let long = prompt(&model, 2000);
    let long = pace(&mut model, &long)?;
    let (_, peak) = memory()?;
    drop(model);
    std::thread::sleep(Duration::from_millis(200));
    let (after, _) = memory()?;

    println!("loading                     {load:>7.2} s");
    for (name, pace) in [("after 200 tokens", short), ("after 2,000 tokens", long)] {
        println!("{name}");
        println!("  reading                   {:>7.1} tokens/s", pace.prompt_per_second);
        println!("  first token after         {:>7.2} s", pace.first_token);
        println!("  writing                   {:>7.1} tokens/s", pace.decode_per_second);
    }
    println!("memory                      {resident:>7.0} MB, at most {peak:.0} MB, {after:.0} MB once it is dropped");
    Ok(())
}

/// What one generation took.
#[derive(Clone, Copy)]
struct Pace {
    prompt_per_second: f64,
    first_token: f64,
    decode_per_second: f64,
}

/// A prompt of about this many tokens that asks for a long answer.
fn prompt(model: &LocalModel, tokens: usize) -> Prompt {
    let ask = |text: &str| {
        vec![Turn {
            role: Role::User,
            text: format!("{text}\nTell this story at length, from the beginning to the end."),
        }]
    };
    let mut text = String::new();
    while model.count_tokens(&ask(&text)) < tokens {
        text.push_str(TEXT);
    }
    Prompt { turns: ask(&text), resume: false, temperature: 0.7, max_tokens: 128 }
}

fn pace(model: &mut LocalModel, prompt: &Prompt) -> Result<Pace, Failure> {
    // The model remembers its last prompt: one that begins differently makes it read this one from the start.
    let other = vec![Turn { role: Role::System, text: "Forget.".into() }];
    model.generate(&Prompt { turns: other, max_tokens: 1, ..prompt.clone() }, &mut |_| ControlFlow::Continue(()))?;
    let start = Instant::now();
    let mut first = None;
    let (generated, _) = model.generate_watched(prompt, &mut |step| {
        if let Step::Text(_) = step {
            first.get_or_insert_with(|| start.elapsed().as_secs_f64());
        }
        ControlFlow::Continue(())
    })?;
    let all = start.elapsed().as_secs_f64();
    let first = first.ok_or("the model said nothing")?;
    Ok(Pace {
        prompt_per_second: generated.prompt_tokens as f64 / first,
        first_token: first,
        decode_per_second: generated.completion_tokens.saturating_sub(1) as f64 / (all - first),
    })
}

fn median(mut paces: [Pace; 3]) -> Pace {
    let mut of = |figure: fn(&Pace) -> f64| {
        paces.sort_by(|a, b| figure(a).total_cmp(&figure(b)));
        figure(&paces[1])
    };
    Pace {
        prompt_per_second: of(|pace| pace.prompt_per_second),
        first_token: of(|pace| pace.first_token),
        decode_per_second: of(|pace| pace.decode_per_second),
    }
}

/// Resident memory now and at its highest, in megabytes.
fn memory() -> Result<(f64, f64), Failure> {
    let pages: f64 = std::fs::read_to_string("/proc/self/statm")?.split(' ').nth(1).ok_or("statm")?.parse()?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("VmHWM")?;
    let peak: f64 = peak.trim_end_matches("kB").trim().parse()?;
    // Pages are 4 KiB on every platform this is measured on.
    Ok((pages * 4096.0 / 1e6, peak * 1024.0 / 1e6))
}
