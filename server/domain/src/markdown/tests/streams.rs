//! Documents that grow.

use super::tail;
use crate::markdown::Stream;

#[test]
fn blocks_finish_when_the_next_begins() {
    let finished = |text: &str| {
        let mut stream = Stream::new();
        stream.push(text);
        stream.update();
        stream.finished()
    };
    assert_eq!(finished("a\n"), 0);
    assert_eq!(finished("a\n\n"), 0);
    assert_eq!(finished("a\n\nb"), 0, "the line may yet become anything");
    assert_eq!(finished("a\n\nb\n"), 1);
    assert_eq!(finished("# a\n"), 1);
    assert_eq!(finished("```\na\n\nb\n"), 0);
    assert_eq!(finished("```\na\n```"), 0);
    assert_eq!(finished("```\na\n```\n"), 1);
    assert_eq!(finished("- a\n\n- b\n\n  c\n"), 0);
    assert_eq!(finished("- a\n\nb\n"), 1);
    assert_eq!(finished("- a\n+ b\n"), 1);
    assert_eq!(finished("a\n- b\n"), 1);
    assert_eq!(finished("a\n---\n"), 1, "a heading");
    assert_eq!(finished("> a\nb\n"), 0);
    assert_eq!(finished("> a\n\nb\n"), 1);
    assert_eq!(finished("|a|\n|-|\n|b|\n\nc\n"), 1);
    assert_eq!(finished("- ```\n  a\n\nb\n"), 1);
}

#[test]
fn updates_hand_out_each_block_once() {
    let mut stream = Stream::new();
    stream.push("# A\nb");
    let update = stream.update();
    assert_eq!((update.first, update.blocks.len()), (0, 1));
    assert_eq!(update.tail.trim(), "<p>b</p>");
    stream.push("\n\nc\n");
    let update = stream.update();
    assert_eq!((update.first, update.blocks), (1, vec!["<p>b</p>\n".to_owned()]));
    let update = stream.finish();
    assert_eq!((update.first, update.blocks), (2, vec!["<p>c</p>\n".to_owned()]));
    assert_eq!(update.tail, "");
    assert_eq!(stream.finished(), 3);
    assert_eq!(stream.text(), "# A\nb\n\nc\n");
    assert_eq!(stream.finish().blocks.len(), 0);
}

#[test]
fn line_ends_may_be_torn() {
    let mut stream = Stream::new();
    for piece in ["a\r", "\n", "\r\n", "b\r", "c\r", "", "\n", "\n\0"] {
        stream.push(piece);
    }
    assert_eq!(stream.text(), "a\n\nb\nc\n\n\u{fffd}");
}

#[test]
fn half_open_markup_is_closed_or_hidden() {
    let cases = [
        ("a **b", "<p>a <strong>b</strong></p>"),
        ("a **b ", "<p>a <strong>b</strong></p>"),
        ("a **b*", "<p>a <strong>b</strong></p>"),
        ("a **", "<p>a</p>"),
        ("a ***b", "<p>a <em><strong>b</strong></em></p>"),
        ("a **b *c", "<p>a <strong>b <em>c</em></strong></p>"),
        ("a **b\nc", "<p>a <strong>b\nc</strong></p>"),
        ("a ~~b", "<p>a <del>b</del></p>"),
        ("a ~5", "<p>a ~5</p>"),
        ("5*3", "<p>5*3</p>"),
        ("a \\*b", "<p>a *b</p>"),
        ("snake_case", "<p>snake_case</p>"),
        ("a `b", "<p>a <code>b</code></p>"),
        ("a `b *c", "<p>a <code>b *c</code></p>"),
        ("a ``b`", "<p>a <code>b</code></p>"),
        ("**a `b", "<p><strong>a <code>b</code></strong></p>"),
        ("a `", "<p>a</p>"),
        ("a [b", "<p>a b</p>"),
        ("a [b]", "<p>a b</p>"),
        ("a [b](", "<p>a b</p>"),
        ("a [b](https://x.org/c_d", "<p>a b</p>"),
        ("a **[b](https://x.org/c_d", "<p>a <strong>b</strong></p>"),
        ("a [**b", "<p>a <strong>b</strong></p>"),
        ("a [**b**](http", "<p>a <strong>b</strong></p>"),
        ("a ![b](https://x.org", "<p>a b</p>"),
        ("a ![", "<p>a</p>"),
        ("a [b] c", "<p>a [b] c</p>"),
        ("a [b](c d e", "<p>a [b](c d e</p>"),
        ("- a\n- **b", "<ul>\n<li>a</li>\n<li><strong>b</strong></li>\n</ul>"),
        ("a\n-", "<p>a</p>"),
        ("a\n- ", "<p>a</p>"),
        ("a\n- **", "<p>a</p>"),
        ("a\n1", "<p>a</p>"),
        ("a\n1.", "<p>a</p>"),
        ("4", "<p>4</p>"),
        ("2024", "<p>2024</p>"),
        ("##", ""),
        ("## a", "<h4>a</h4>"),
        ("| a | b |", ""),
        ("a\n\n| a | b |\n", ""),
        ("| a | b |\n|--", ""),
        ("a **b**\n\n", "<p>a <strong>b</strong></p>"),
        ("**a\n\n", "<p>**a</p>"),
    ];
    for (text, html) in cases {
        assert_eq!(tail(text), html, "{text:?}");
    }
    let row = tail("| a | b |\n|---|---|\n| **c");
    assert!(row.contains("<td><strong>c</strong></td>"), "{row}");
}

#[test]
fn an_open_fence_is_code_at_once() {
    let code = |language: &str, code: &str| {
        format!(
            "<figure class=\"code\"><figcaption><span class=\"code-language\">{language}</span>\
             <button type=\"button\" class=\"code-copy\" data-copy=\"\">Copy</button></figcaption>\
             <pre tabindex=\"0\"><code class=\"hl\">{code}</code></pre></figure>"
        )
    };
    assert_eq!(tail("```ru"), code("", ""));
    assert_eq!(tail("```rust\n"), code("rust", ""));
    assert_eq!(tail("```rust\nfn **a"), code("rust", "fn **a"));
    assert_eq!(tail("```rust\nfn a\n-"), code("rust", "fn a\n-"));
    assert_eq!(tail("```rust\nfn a\n``"), code("rust", "fn a\n"));
    assert_eq!(tail("```rust\nfn a\n```"), code("rust", "fn a\n"));
    assert!(tail("- ```rust\n  fn **a").contains("fn **a"));
}
