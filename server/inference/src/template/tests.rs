use super::*;

const OPEN: u32 = 0x11_0000;
const CLOSE: u32 = 0x11_0001;

/// A tokenizer whose tokens are characters.
struct Letters;

impl Encode for Letters {
    fn encode(&self, text: &str) -> Result<Vec<u32>, InferenceError> {
        Ok(text.chars().map(u32::from).collect())
    }
    fn starts_character(&self, token: u32) -> bool {
        // The combining acute accent plays the second half of a character.
        token != 0x301
    }
}

fn template() -> Template {
    Template { start: OPEN, end: CLOSE, default_system: None }
}

fn turn(role: Role, text: &str) -> Turn {
    Turn { role, text: text.into() }
}

fn read(tokens: &[u32]) -> String {
    tokens
        .iter()
        .map(|&token| match token {
            OPEN => "[".to_owned(),
            CLOSE => "]".to_owned(),
            letter => char::from_u32(letter).unwrap().to_string(),
        })
        .collect()
}

fn conversation() -> Vec<Turn> {
    vec![
        turn(Role::System, "be kind"),
        turn(Role::User, "one"),
        turn(Role::Assistant, "two"),
        turn(Role::User, "three"),
    ]
}

#[test]
fn chatml_is_recognised_with_its_default_system_turn() {
    let marker = |name: &str| match name {
        START => Some(1),
        END => Some(2),
        _ => None,
    };
    for line_break in ["\n", "\\n"] {
        let program = format!(
            "{{% if loop.first %}}{{{{ '<|im_start|>system{line_break}You are kind.<|im_end|>{line_break}' }}}}{{% endif %}}"
        );
        let template = Template::recognise(&program, marker).unwrap();
        assert_eq!(template, Template { start: 1, end: 2, default_system: Some("You are kind.".into()) });
    }
    let bare = "{{'<|im_start|>' + message['role'] + message['content'] + '<|im_end|>'}}";
    assert_eq!(Template::recognise(bare, marker).unwrap().default_system, None);
    assert_eq!(Template::recognise("[INST] {{ message }} [/INST]", marker), None);
    assert_eq!(Template::recognise(bare, |_| None), None);
}

#[test]
fn turns_are_written_out_and_the_answer_opened() {
    let all = template().assemble(&Letters, &conversation(), false, 1000).unwrap();
    assert_eq!(read(&all.tokens), "[system\nbe kind]\n[user\none]\n[assistant\ntwo]\n[user\nthree]\n[assistant\n");
    assert_eq!((all.resumed, all.dropped_turns), (0, 0));
}

#[test]
fn the_default_system_turn_stands_in() {
    let template = Template { default_system: Some("hi".into()), ..template() };
    let all = template.assemble(&Letters, &[turn(Role::User, "a")], false, 1000).unwrap();
    assert_eq!(read(&all.tokens), "[system\nhi]\n[user\na]\n[assistant\n");
}

#[test]
fn an_answer_to_be_continued_is_left_open() {
    let turns = [turn(Role::User, "a"), turn(Role::Assistant, "half a sen")];
    let all = template().assemble(&Letters, &turns, true, 1000).unwrap();
    assert_eq!(read(&all.tokens), "[user\na]\n[assistant\nhalf a sen");
    assert_eq!(all.resumed, 10);
    assert!(template().assemble(&Letters, &turns[..1], true, 1000).is_err());
    assert!(template().assemble(&Letters, &[], false, 1000).is_err());
}

#[test]
fn the_oldest_turns_go_first_and_the_system_turn_stays() {
    let whole = template().assemble(&Letters, &conversation(), false, 1000).unwrap().tokens.len();
    let less = template().assemble(&Letters, &conversation(), false, whole - 1).unwrap();
    assert_eq!(read(&less.tokens), "[system\nbe kind]\n[assistant\ntwo]\n[user\nthree]\n[assistant\n");
    assert_eq!(less.dropped_turns, 1);
    let least = template().assemble(&Letters, &conversation(), false, less.tokens.len() - 1).unwrap();
    assert_eq!(read(&least.tokens), "[system\nbe kind]\n[user\nthree]\n[assistant\n");
    assert_eq!(least.dropped_turns, 2);
}

#[test]
fn too_long_a_question_keeps_its_end() {
    let long = format!("{}the end", "x".repeat(500));
    let turns = [turn(Role::System, "s"), turn(Role::User, "old"), turn(Role::User, &long)];
    let all = template().assemble(&Letters, &turns, false, 60).unwrap();
    let text = read(&all.tokens);
    assert!(text.starts_with("[system\ns]\n[user\nx"), "{text}");
    assert!(text.ends_with("xthe end]\n[assistant\n"), "{text}");
    assert_eq!((all.tokens.len(), all.dropped_turns), (60, 1));
}

#[test]
fn everything_too_long_is_cut_each_at_its_place() {
    let long = |mark: &str| mark.repeat(500);
    let turns = [turn(Role::System, &long("s")), turn(Role::User, &long("u")), turn(Role::Assistant, &long("a"))];
    let all = template().assemble(&Letters, &turns, true, 90).unwrap();
    let text = read(&all.tokens);
    assert!(text.starts_with("[system\nss"), "{text}");
    assert!(text.contains("[user\nuu") && text.contains("uu]\n[assistant\naa"), "{text}");
    assert_eq!(all.tokens.len(), 90);
    assert_eq!(all.resumed, 30 - 11);
}

#[test]
fn a_cut_does_not_begin_inside_a_character() {
    let tokens: Vec<u32> = "xe\u{301}yz".chars().map(u32::from).collect();
    assert_eq!(read(&cut_front(&Letters, tokens, 3)), "yz");
}
