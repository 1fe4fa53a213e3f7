use super::*;

const PASSAGES: [&str; 2] = [
    "Rust doesn’t have a garbage collector. Memory is managed through a system of ownership with rules that the compiler \
     checks. A value has one owner at a time, and when the owner goes out of scope, the value is dropped.",
    "The Eiffel Tower was finished in 1889. It is 330 metres tall and was built by the company of Gustave Eiffel for the \
     world's fair in Paris.",
];

fn judged(answer: &str) -> Attribution {
    attribute(&Analyzer::new("en"), answer, &PASSAGES, None)
}

/// The passage that each claim rests on; -1 where on none, -2 where it claims nothing.
fn standings(answer: &str) -> Vec<i32> {
    let standing = |claim: Claim| {
        assert!(answer.get(claim.range.clone()).is_some_and(|it| !it.is_empty()));
        match claim.standing {
            Standing::Supported { passage, range } => {
                assert!(PASSAGES[passage].get(range).is_some_and(|it| !it.is_empty()));
                passage as i32
            }
            Standing::Unsupported => -1,
            Standing::Neutral => -2,
        }
    };
    judged(answer).claims.into_iter().map(standing).collect()
}

#[test]
fn sentences_rest_on_passages_or_on_none() {
    let answer = "# Towers\n\nSure! The Eiffel Tower is 330 metres tall. It was designed by Leonardo da Vinci. \
        A value is dropped when its owner goes out of scope.\n\n- Bananas grow in warm climates.\n- Who knows?\n";
    assert_eq!(standings(answer), [-2, -2, 1, -1, 0, -1, -2]);
}

#[test]
fn numbers_names_and_denials_must_agree() {
    for (answer, standing) in [
        ("The Eiffel Tower is 300 metres tall.", -1),
        ("The Eiffel Tower was finished in 1890.", -1),
        ("The Eiffel Tower was built for the world's fair in London.", -1),
        ("Rust has a garbage collector.", -1),
        ("Rust has no garbage collector.", 0),
        ("The `Tower` was finished in 1889.", 1),
        ("The `Turret` was finished in 1889.", -1),
    ] {
        assert_eq!(standings(answer), [standing], "{answer}");
    }
}

#[test]
fn quotations_are_looked_up() {
    let false_quotes = |answer: &str| -> Vec<String> {
        let claims = judged(answer).claims;
        claims.into_iter().flat_map(|it| it.false_quotes).map(|it| answer[it].to_owned()).collect()
    };
    assert!(false_quotes("The book says “the owner goes out of scope”.").is_empty());
    assert_eq!(
        false_quotes("It says \"the owner never leaves the scope\" there."),
        ["the owner never leaves the scope"]
    );
    assert!(false_quotes("This is called \"ownership\".").is_empty(), "a term");
    assert!(false_quotes("> A value has one *owner*\n> at a time\n").is_empty());
    assert_eq!(false_quotes("> A value has two owners\n"), ["A value has two owners"]);
    assert_eq!(false_quotes("```\nlet x = 5;\n```\n"), ["let x = 5;\n"]);
}

#[test]
fn citations_are_checked() {
    let answer = "The Eiffel Tower was finished in 1889 [2]. It is 330 metres tall. [1] Memory is managed through \
        ownership [1, 7]. See [the book](https://example.org/[1]).";
    let attribution = judged(answer);
    let found: Vec<_> =
        attribution.citations.iter().map(|it| (&answer[it.range.clone()], it.number, it.right)).collect();
    assert_eq!(found, [("[2]", 2, true), ("[1]", 1, false), ("[1, 7]", 1, true), ("[1, 7]", 7, false)]);
    assert_eq!(attribution.unused, Vec::<usize>::new());
    assert_eq!(judged("Nothing of the kind.").unused, [0, 1]);
}

#[test]
fn a_second_opinion_is_heard_but_does_not_change_numbers() {
    let judged = |answer: &str, cosine: f32| {
        let similarity = move |_: &str, passage: usize| if passage == 1 { cosine } else { 0.0 };
        let attribution = attribute(&Analyzer::new("en"), answer, &PASSAGES, Some(&similarity));
        matches!(attribution.claims[0].standing, Standing::Supported { passage: 1, .. })
    };
    let loose = "The tower was completed for an exposition, a fair, in the capital.";
    assert!(judged(loose, 0.9) && !judged(loose, 0.1));
    assert!(!judged("The Eiffel Tower is 300 metres tall.", 1.0));
}

#[test]
fn anything_can_be_judged() {
    for answer in [
        "",
        " ",
        "[",
        "[1]",
        "]][[1",
        "“",
        "\"a b c",
        "...",
        "`",
        "\u{1f980}.",
        "東京は日本です。",
        "| a |\n|--|\n| b. C |",
        "a\n\n\nb",
    ] {
        let _ = judged(answer);
        let _ = attribute(&Analyzer::new("en"), answer, &[], None);
        let _ = attribute(&Analyzer::new("ja"), answer, &["", "東京は大きい。日本の首都。"], None);
    }
}
