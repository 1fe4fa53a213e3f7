use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use super::*;
use crate::{End, Role, Turn};

/// A model that says what the test tells it to: one piece for each message, the end when the line is cut.
struct Scripted {
    lines: Arc<Mutex<mpsc::Receiver<&'static str>>>,
}

impl Model for Scripted {
    fn answer(
        &mut self,
        prompt: &Prompt,
        watch: &mut dyn FnMut(Step<'_>) -> ControlFlow<()>,
    ) -> Result<(Generated, usize), InferenceError> {
        let mut said = 0;
        let account = |said, end| Ok((Generated { prompt_tokens: prompt.max_tokens, completion_tokens: said, end }, 7));
        loop {
            if watch(Step::Working).is_break() {
                return account(said, End::Cancelled);
            }
            let line = self.lines.lock().unwrap().recv_timeout(Duration::from_millis(2));
            match line {
                Ok("panic") => panic!("a scripted panic"),
                Ok("fail") => return Err(InferenceError::Compute("a scripted failure".into())),
                Ok("end") => return account(said, End::Stop),
                Ok(text) => {
                    said += 1;
                    if watch(Step::Text(text)).is_break() {
                        return account(said, End::Cancelled);
                    }
                }
                Err(_) => {}
            }
        }
    }
}

/// A runner of scripted models, the line to them, and how many were loaded.
fn scripted(idle: Duration) -> (Runner, mpsc::Sender<&'static str>, Arc<AtomicUsize>) {
    let (say, lines) = mpsc::channel();
    let lines = Arc::new(Mutex::new(lines));
    let loads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&loads);
    let load: Load = Box::new(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(Box::new(Scripted { lines: Arc::clone(&lines) }))
    });
    (Runner::with_model(PathBuf::from("no/Such-Model.Q4_1.gguf"), idle, load), say, loads)
}

const LONG: Duration = Duration::from_secs(60);

fn prompt() -> Prompt {
    let turns = vec![Turn { role: Role::User, text: "hello".into() }];
    Prompt { turns, resume: false, temperature: 0.0, max_tokens: 3 }
}

fn done(completion_tokens: usize) -> Update {
    Update::Done(Generated { prompt_tokens: 3, completion_tokens, end: End::Stop }, 7)
}

/// The next update, or a failed test after five seconds.
fn next(updates: &mut Receiver<Update>) -> Option<Update> {
    let until = Instant::now() + Duration::from_secs(5);
    loop {
        match updates.try_recv() {
            Ok(update) => return Some(update),
            Err(tokio::sync::mpsc::error::TryRecvError::Disconnected) => return None,
            Err(_) if Instant::now() > until => panic!("no update came"),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn all(updates: &mut Receiver<Update>) -> Vec<Update> {
    std::iter::from_fn(|| next(updates)).collect()
}

fn wait_until(what: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(5);
    while !what() {
        assert!(Instant::now() < until, "it never came to be");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_answer_comes_in_order_and_the_model_stays() {
    let (runner, say, loads) = scripted(LONG);
    assert!(!runner.is_loaded() && !runner.available());
    assert_eq!(runner.model_name(), "Such-Model");
    for line in ["a", "b", "end", "c", "end"] {
        say.send(line).unwrap();
    }
    assert_eq!(
        all(&mut runner.ask(prompt())),
        [Update::Queued { ahead: 0 }, Update::Loading, Update::Text("a".into()), Update::Text("b".into()), done(2),]
    );
    assert!(runner.is_loaded());
    assert_eq!(all(&mut runner.ask(prompt())), [Update::Queued { ahead: 0 }, Update::Text("c".into()), done(1)]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[test]
fn places_in_the_queue_are_told_and_move_up() {
    let (runner, say, _) = scripted(LONG);
    let mut first = runner.ask(prompt());
    wait_until(|| runner.is_loaded());
    let mut second = runner.ask(prompt());
    let third = runner.ask(prompt());
    let mut fourth = runner.ask(prompt());
    assert_eq!(next(&mut second), Some(Update::Queued { ahead: 1 }));
    assert_eq!(next(&mut fourth), Some(Update::Queued { ahead: 3 }));
    // Someone in the middle leaves while the first is still being answered.
    drop(third);
    assert_eq!(next(&mut fourth), Some(Update::Queued { ahead: 2 }));
    for line in ["end", "b", "end", "d", "end"] {
        say.send(line).unwrap();
    }
    assert_eq!(all(&mut first), [Update::Queued { ahead: 0 }, Update::Loading, done(0)]);
    assert_eq!(all(&mut second), [Update::Queued { ahead: 0 }, Update::Text("b".into()), done(1)]);
    assert_eq!(
        all(&mut fourth),
        [Update::Queued { ahead: 1 }, Update::Queued { ahead: 0 }, Update::Text("d".into()), done(1)]
    );
}

#[test]
fn dropping_the_receiver_cancels_even_before_the_first_text() {
    let (runner, say, _) = scripted(LONG);
    let first = runner.ask(prompt());
    wait_until(|| runner.is_loaded());
    let mut second = runner.ask(prompt());
    drop(first);
    // The script has said nothing so far: only cancelling lets the second one's turn come.
    assert_eq!(next(&mut second), Some(Update::Queued { ahead: 1 }));
    assert_eq!(next(&mut second), Some(Update::Queued { ahead: 0 }));
    say.send("end").unwrap();
    assert_eq!(next(&mut second), Some(done(0)));
}

#[test]
fn a_reader_who_does_not_read_holds_up_nobody_and_misses_nothing() {
    let (runner, say, _) = scripted(LONG);
    let mut idle = runner.ask(prompt());
    let mut other = runner.ask(prompt());
    for _ in 0..1000 {
        say.send("x").unwrap();
    }
    say.send("end").unwrap();
    say.send("end").unwrap();
    let last = all(&mut other).pop();
    assert_eq!(last, Some(done(0)));
    let updates = all(&mut idle);
    assert_eq!(updates.last(), Some(&done(1000)));
    let text: String = updates
        .iter()
        .filter_map(|update| if let Update::Text(text) = update { Some(text.as_str()) } else { None })
        .collect();
    assert_eq!(text, "x".repeat(1000));
}

#[test]
fn a_panic_fails_one_request_and_the_model_is_loaded_afresh() {
    let (runner, say, loads) = scripted(LONG);
    for line in ["a", "panic", "fail", "end"] {
        say.send(line).unwrap();
    }
    let failed = all(&mut runner.ask(prompt())).pop();
    assert_eq!(failed, Some(Update::Failed(InferenceError::Panicked("a scripted panic".into()))));
    let failed = all(&mut runner.ask(prompt()));
    assert!(failed.contains(&Update::Loading));
    assert_eq!(failed.last(), Some(&Update::Failed(InferenceError::Compute("a scripted failure".into()))));
    // A failure that is no panic keeps the model.
    assert_eq!(all(&mut runner.ask(prompt())), [Update::Queued { ahead: 0 }, done(0)]);
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[test]
fn an_idle_model_leaves_memory_and_comes_back() {
    let (runner, say, loads) = scripted(Duration::from_millis(30));
    for _ in 0..2 {
        say.send("end").unwrap();
        assert_eq!(all(&mut runner.ask(prompt())).pop(), Some(done(0)));
        wait_until(|| !runner.is_loaded());
    }
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[test]
fn requests_outlive_the_handle_and_the_thread_does_not() {
    let (runner, say, _) = scripted(LONG);
    let mut updates = runner.ask(prompt());
    let queue = Arc::downgrade(&runner.shared.queue);
    drop(runner);
    say.send("end").unwrap();
    assert_eq!(all(&mut updates).pop(), Some(done(0)));
    wait_until(|| queue.strong_count() == 0);
}

#[test]
fn a_missing_file_is_said_and_said_again() {
    let runner = Runner::new(PathBuf::from("no/such.gguf"), LONG);
    assert!(!runner.available());
    for _ in 0..2 {
        let failed = all(&mut runner.ask(prompt())).pop();
        assert_eq!(failed, Some(Update::Failed(InferenceError::Missing("no/such.gguf".into()))));
    }
}

#[test]
fn names_lose_their_ending_and_format_only() {
    assert_eq!(name(Path::new("a/SmolLM2-1.7B.Q4_K_M.gguf")), "SmolLM2-1.7B");
    assert_eq!(name(Path::new("a/SmolLM2-1.7B.gguf")), "SmolLM2-1.7B");
    assert_eq!(name(Path::new("x.BF16.gguf")), "x");
    assert_eq!(name(Path::new("plain")), "plain");
}
