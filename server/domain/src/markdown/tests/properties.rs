//! What holds for every text, however it arrives.

use proptest::prelude::*;

use super::{check_tags, tail};
use crate::markdown::html::{self, Shared};
use crate::markdown::{Stream, plain_excerpt, render};

/// The whole text read in one go, without cutting it into blocks.
fn uncut(text: &str) -> String {
    html::block(text, &mut Shared::default())
}

/// Pieces that meet each other in every way when put together at random.
fn document() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a",
        "word ",
        "\n",
        "\n",
        "\n\n",
        "\n\n",
        "\n    ",
        "\n  ",
        "\n   ",
        " ",
        "\t",
        "*",
        "**",
        "_",
        "~~",
        "`",
        "```",
        "\n```\n",
        "```rust\n",
        "\n~~~\n",
        "- ",
        "\n- ",
        "\n* ",
        "\n  - ",
        "\n1. ",
        "\n2. ",
        "\n10. ",
        "\n1) ",
        "> ",
        "\n> ",
        "\n>",
        "\n# ",
        "#",
        "\n---\n",
        "\n===\n",
        "\n***\n",
        "-",
        "[",
        "]",
        "(",
        ")",
        "![",
        "[a]",
        "[a](https://x.org)",
        "[a]:",
        "\n[a]: https://x.org\n",
        "\n\n[a]: <b>\n'c",
        "|",
        "\n| a | b |\n|---|---|\n",
        "\na | b\n- | -\n",
        "|---|",
        "\n|a",
        "<",
        "<b>",
        "\n<div>\n",
        "\n<b>\n",
        "\n<!-- ",
        "-->",
        "\n<script>",
        "</script>",
        "\n<?",
        "?>",
        "\\",
        "\\\n",
        "  \n",
        "&amp;",
        "\r\n",
        "\r",
        "\0",
        "é",
        "🦀",
        "\u{202e}",
        "- [ ] ",
        "- [x]\n",
        "\n-\n",
        "$x$",
        "1",
    ];
    prop::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn blocks_do_not_depend_on_how_the_text_arrives(
        text in document(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..12),
    ) {
        let mut places: Vec<_> = cuts
            .iter()
            .map(|(index, update)| (text.floor_char_boundary(index.index(text.len() + 1)), *update))
            .collect();
        places.sort_unstable();
        let mut stream = Stream::new();
        let mut blocks = Vec::new();
        let mut from = 0;
        for (place, update) in places {
            stream.push(&text[from..place]);
            from = place;
            if update {
                let update = stream.update();
                prop_assert_eq!(update.first, blocks.len());
                blocks.extend(update.blocks);
                prop_assert_eq!(stream.finished(), blocks.len());
                // The same as for the prefix alone, and so a prefix of what any longer text has.
                let mut alone = Stream::new();
                alone.push(&text[..place]);
                let alone = alone.update();
                prop_assert_eq!(&alone.blocks, &blocks);
                prop_assert_eq!(&alone.tail, &update.tail);
                check_tags(&update.tail, &text);
            }
        }
        stream.push(&text[from..]);
        let last = stream.finish();
        prop_assert_eq!(last.first, blocks.len());
        blocks.extend(last.blocks);
        prop_assert_eq!(last.tail, "");
        let whole = render(&text);
        prop_assert_eq!(blocks.concat(), whole.clone());
        check_tags(&whole, &text);
    }

    #[test]
    fn cutting_changes_nothing(text in document()) {
        // Definitions aside, which an uncut text also finds further down.
        let text = text
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .replace('\0', "\u{fffd}")
            .replace("]:", "];");
        prop_assert_eq!(render(&text), uncut(&text));
    }

    #[test]
    fn a_tail_with_nothing_half_open_is_what_the_block_becomes(
        words in prop::collection::vec("[a-z]{1,8}", 1..20),
    ) {
        let text = format!("# A\n\nFirst.\n\n{} **b** `c`.", words.join(" "));
        let mut stream = Stream::new();
        stream.push(&text);
        let update = stream.update();
        prop_assert_eq!(update.blocks.concat() + &update.tail, render(&text));
    }

    #[test]
    fn anything_goes(text in any::<String>(), max in 0..50_usize) {
        render(&text);
        tail(&text);
        prop_assert!(plain_excerpt(&text, max).chars().count() <= max);
    }
}
