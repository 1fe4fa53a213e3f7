//! diag
use atrium_inference::*;
use std::ops::ControlFlow;
fn main() {
    for q in [Quantisation::AsIs, Quantisation::Q8_0] {
        let mut m = LocalModel::load("/work/main/data/models/SmolLM2-135M-Instruct.Q4_1.gguf", q).unwrap();
        for sys in [None, Some("You are a helpful assistant."), Some("")] {
            for ask in ["What is the capital of France?", "What is the capital of Italy?", "How many legs does a spider have?", "My dog is called Waldemar. The weather was mild. What is my dog called?", "Write one sentence about the sea."] {
                let mut turns = vec![];
                if let Some(s) = sys { turns.push(Turn { role: Role::System, text: s.into() }); }
                turns.push(Turn { role: Role::User, text: ask.into() });
                let mut t = String::new();
                let g = m.generate(&Prompt { turns, resume: false, temperature: 0.0, max_tokens: 40 }, &mut |p| { t.push_str(p); ControlFlow::Continue(()) }).unwrap();
                println!("{q:?} {sys:?} {ask} [{}] -> {t:?}", g.prompt_tokens);
            }
        }
    }
}
