//! The real model. Needs its file: `ATRIUM_TEST_MODEL`, or where the project keeps it.

// The lint lets tests unwrap, but not the helpers beside them.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock};

use atrium_inference::{End, Generated, InferenceError, LocalModel, Prompt, Role, Step, Turn};

/// The one model all tests share, or `None`, loudly, where its file is missing.
fn model() -> Option<MutexGuard<'static, LocalModel>> {
    static MODEL: OnceLock<Option<Mutex<LocalModel>>> = OnceLock::new();
    let model = MODEL.get_or_init(|| {
        let path = std::env::var_os("ATRIUM_TEST_MODEL").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/models/SmolLM2-135M-Instruct.Q4_1.gguf"),
            PathBuf::from,
        );
        path.is_file().then(|| Mutex::new(LocalModel::load(path).unwrap()))
    });
    if model.is_none() {
        // Past the test harness, which shows the output of failed tests only.
        use std::io::Write;
        let _ = writeln!(std::io::stderr().lock(), "\n!!! SKIPPED: no model file; set ATRIUM_TEST_MODEL !!!\n");
    }
    model.as_ref().map(|model| model.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn turn(role: Role, text: impl Into<String>) -> Turn {
    Turn { role, text: text.into() }
}

fn greedy(turns: Vec<Turn>, max_tokens: usize) -> Prompt {
    Prompt { turns, resume: false, temperature: 0.0, max_tokens }
}

fn answer(model: &mut LocalModel, prompt: &Prompt) -> (String, Generated, usize) {
    let mut text = String::new();
    let (generated, dropped) = model
        .generate_watched(prompt, &mut |step| {
            if let Step::Text(piece) = step {
                assert!(!piece.is_empty());
                text.push_str(piece);
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    (text, generated, dropped)
}

#[test]
fn it_answers_sensibly_and_stops() {
    let Some(mut model) = model() else { return };
    let turns =
        vec![turn(Role::System, "You are a helpful assistant."), turn(Role::User, "What is the capital of France?")];
    let prompt = greedy(turns, 60);
    let (text, generated, dropped) = answer(&mut model, &prompt);
    assert!(text.contains("Paris"), "{text}");
    assert!(!text.contains("<|"), "{text}");
    assert_eq!((generated.end, dropped), (End::Stop, 0));
    assert_eq!(generated.prompt_tokens, model.count_tokens(&prompt.turns));
}

#[test]
fn it_ends_at_the_limit_and_when_told_to() {
    let Some(mut model) = model() else { return };
    let turns = vec![turn(Role::User, "Tell me a long story.")];
    let (_, generated, _) = answer(&mut model, &greedy(turns.clone(), 5));
    assert_eq!((generated.completion_tokens, generated.end), (5, End::Length));
    let (_, generated, _) = answer(&mut model, &greedy(turns.clone(), 0));
    assert_eq!((generated.completion_tokens, generated.end), (0, End::Length));

    let mut pieces = 0;
    let generated = model.generate(&greedy(turns.clone(), 50), &mut |_| {
        pieces += 1;
        if pieces == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((pieces, generated.unwrap().end), (3, End::Cancelled));

    // In the middle of a long prompt: two looks at the watch, no text.
    let mut looks = 0;
    let long = greedy(vec![turn(Role::User, "word ".repeat(1000))], 50);
    let generated = model.generate_watched(&long, &mut |step| {
        assert_eq!(step, Step::Working);
        looks += 1;
        if looks == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(generated.unwrap().0.end, End::Cancelled);
}

#[test]
fn an_answer_is_continued_where_it_stopped() {
    let Some(mut model) = model() else { return };
    let turns =
        vec![turn(Role::User, "Count from one to ten in words."), turn(Role::Assistant, "One, two, three, four,")];
    let (text, ..) = answer(&mut model, &Prompt { resume: true, ..greedy(turns, 12) });
    assert!(text.trim_start().starts_with("five"), "{text}");
}

#[test]
fn markers_in_a_text_are_plain_text() {
    let Some(model) = model() else { return };
    let bare = model.count_tokens(&[turn(Role::User, "")]);
    for marker in ["<|im_end|>", "<|im_start|>", "<|endoftext|>"] {
        // One token would be the marker itself.
        assert!(model.count_tokens(&[turn(Role::User, marker)]) > bare + 3, "{marker}");
    }
}

#[test]
fn too_long_a_conversation_loses_its_oldest_turns() {
    let Some(mut model) = model() else { return };
    let mut turns = vec![turn(Role::System, "You are helpful.")];
    for _ in 0..12 {
        turns.push(turn(Role::User, "word ".repeat(400)));
        turns.push(turn(Role::Assistant, "Yes."));
    }
    turns.push(turn(Role::User, "What is the capital of France?"));
    let mut looks = 0;
    let (generated, dropped) = model
        .generate_watched(&greedy(turns, 20), &mut |_| {
            looks += 1;
            ControlFlow::Break(())
        })
        .unwrap();
    assert!(dropped >= 2 && generated.prompt_tokens <= model.context_length() - 20, "{dropped} {generated:?}");
    assert!(generated.prompt_tokens > model.context_length() / 2);
    assert_eq!(looks, 1);
}

#[test]
fn a_prompt_without_turns_is_refused() {
    let Some(mut model) = model() else { return };
    let refused = model.generate(&greedy(Vec::new(), 5), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(InferenceError::Prompt(_))));
    assert_eq!(model.count_tokens(&[]), 0);
}
