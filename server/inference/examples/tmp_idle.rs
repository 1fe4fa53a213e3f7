//! tmp
use atrium_inference::*;
use std::time::Duration;
fn rss() -> f64 { std::fs::read_to_string("/proc/self/statm").unwrap().split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4096.0 / 1e6 }
fn main() {
    let r = Runner::new("/work/main/data/models/SmolLM2-135M-Instruct.Q4_1.gguf".into(), Duration::from_millis(500));
    println!("start {:.0}", rss());
    for _ in 0..4 {
        let mut u = r.ask(Prompt { turns: vec![Turn { role: Role::User, text: "Tell me about the sea. ".repeat(60) }], resume: false, temperature: 0.7, max_tokens: 20 });
        while let Some(x) = u.blocking_recv() { if !matches!(x, Update::Text(_)) { print!("{x:?} "); } }
        print!("loaded {:.0} ", rss());
        while r.is_loaded() { std::thread::sleep(Duration::from_millis(20)); }
        std::thread::sleep(Duration::from_millis(500));
        println!("idle {:.0}", rss());
    }
}
