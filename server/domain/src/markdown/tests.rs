//! Tests of the Markdown module: every construct here, the rest by subject.

mod cost;
mod hostile;
mod properties;
mod streams;

use super::{Stream, plain_excerpt, render};

/// The tail after all of `text` was pushed.
fn tail(text: &str) -> String {
    let mut stream = Stream::new();
    stream.push(text);
    stream.update().tail.trim().to_owned()
}

/// Every tag and attribute of `html` is one that we write, by a reading that is not ammonia's.
fn check_tags(html: &str, source: &str) {
    const TAGS: &str = " a blockquote br button code del div em figcaption figure h3 h4 h5 h6 hr \
                        input li ol p pre span strong table tbody td th thead tr ul ";
    const NAMES: &str = " aria-label checked class data-copy disabled href rel scope start tabindex target type ";
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag ends");
        let name = tag.trim_start_matches('/').split(' ').next().expect("a name");
        assert!(TAGS.contains(&format!(" {name} ")), "<{tag}> from {source:?}");
        for (index, part) in tag.split('"').enumerate() {
            let Some(attribute) = part.trim().strip_suffix('=').filter(|_| index % 2 == 0) else {
                continue;
            };
            let attribute = attribute.rsplit(' ').next().expect("a name");
            assert!(NAMES.contains(&format!(" {attribute} ")), "{attribute} from {source:?}");
        }
        if let Some((_, address)) = tag.split_once("href=\"") {
            let known = ["http://", "https://", "mailto:"];
            let address = address.to_ascii_lowercase();
            assert!(known.iter().any(|s| address.starts_with(s)), "{address} from {source:?}");
        }
    }
}

#[test]
fn paragraphs_keep_their_line_breaks_soft() {
    assert_eq!(render("One\ntwo\n\nThree  \nfour"), "<p>One\ntwo</p>\n<p>Three<br>\nfour</p>\n");
}

#[test]
fn headings_begin_at_the_third_level() {
    assert_eq!(render("# A"), "<h3>A</h3>\n");
    assert_eq!(render("B\n---\n"), "<h4>B</h4>\n");
    assert_eq!(render("### C"), "<h5>C</h5>\n");
    assert_eq!(render("#### D\n##### E\n###### F"), "<h6>D</h6>\n<h6>E</h6>\n<h6>F</h6>\n");
}

#[test]
fn inline_markup() {
    assert_eq!(
        render("*a* **b** ~~c~~ `d < e` $x_1$ \"q\" -- ..."),
        "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d &lt; e</code> $x_1$ \"q\" -- ...</p>\n"
    );
}

#[test]
fn lists() {
    assert_eq!(
        render("3. a\n4. b\n   - c\n"),
        "<ol start=\"3\">\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ol>\n"
    );
    assert_eq!(render("- a\n\n- b\n"), "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n");
    assert_eq!(
        render("- [x] a\n- [ ] b\n"),
        "<ul>\n<li><input type=\"checkbox\" disabled=\"\" checked=\"\" aria-label=\"Done\"> a</li>\n\
         <li><input type=\"checkbox\" disabled=\"\" aria-label=\"To do\"> b</li>\n</ul>\n"
    );
}

#[test]
fn quotes_and_rules() {
    assert_eq!(render("> a\nb\n\n---\nc"), "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<hr>\n<p>c</p>\n");
}

#[test]
fn tables_scroll_by_themselves() {
    assert_eq!(
        render("| a | b |\n|---|--:|\n| 1 | `2` |\n"),
        "<div class=\"table-scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">a</th>\
         <th scope=\"col\" class=\"align-right\">b</th></tr></thead><tbody>\n<tr><td>1</td>\
         <td class=\"align-right\"><code>2</code></td></tr>\n</tbody></table></div>\n"
    );
}

#[test]
fn code_of_a_known_language_has_colours() {
    let html = render("```rust,ignore\nfn main() {} // <b>\n```\n");
    assert!(html.starts_with(
        "<figure class=\"code\"><figcaption><span class=\"code-language\">rust</span>\
         <button type=\"button\" class=\"code-copy\" data-copy=\"\">Copy</button></figcaption>\
         <pre tabindex=\"0\"><code class=\"hl\">"
    ));
    assert!(html.contains("<span class=\"hl-entity hl-name hl-function\">main</span>"), "{html}");
    assert!(html.contains("hl-comment"), "{html}");
    assert!(!html.contains("<b>"));
    assert!(html.ends_with("</code></pre></figure>\n"));
    for language in ["ts", "python", "sh", "bash", "c#", "json", "html", "sql", "go", "c++", "yaml"] {
        let html = render(&format!("```{language}\n\"a\" 1 # select <b>\n```"));
        assert!(html.contains("hl-"), "{language}: {html}");
    }
}

#[test]
fn other_code_is_plain() {
    let html = render("```klingon\na < b && 'c'\n```\n\n    indented\n");
    assert!(html.contains("<code class=\"hl\">a &lt; b &amp;&amp; 'c'\n</code>"), "{html}");
    assert!(html.contains("<code class=\"hl\">indented\n</code>"), "{html}");
    let big = format!("```rust\n{}```\n", "let a = 1;\n".repeat(7000));
    assert!(!render(&big).contains("hl-"));
    let wide = format!("```rust\nlet a = [{}];\n```\n", "1, ".repeat(1000));
    assert!(!render(&wide).contains("hl-"));
}

#[test]
fn links_open_elsewhere_and_tell_nothing() {
    let attributes = "target=\"_blank\" rel=\"noopener noreferrer nofollow\"";
    assert_eq!(
        render("[a](HTTPS://x.org/?a=1&b='2' \"t\")"),
        format!("<p><a href=\"HTTPS://x.org/?a=1&amp;b=%272%27\" {attributes}>a</a></p>\n")
    );
    assert_eq!(
        render("<me@x.org> <https://x.org>"),
        format!(
            "<p><a href=\"mailto:me@x.org\" {attributes}>me@x.org</a> \
             <a href=\"https://x.org\" {attributes}>https://x.org</a></p>\n"
        )
    );
    assert_eq!(render("[a](/admin) [b](#c) [d](ftp://e) [f](//g)"), "<p>a b d f</p>\n");
}

#[test]
fn addresses_in_the_text_are_links() {
    let link = |url: &str| format!(r#"<a href="{url}" target="_blank" rel="noopener noreferrer nofollow">{url}</a>"#);
    let html = render("See https://example.org/a_b?c=d, or (http://x.example/y).");
    assert!(html.contains(&link("https://example.org/a_b?c=d")), "{html}");
    assert!(html.contains(&link("http://x.example/y")), "{html}");
    assert!(!render("`https://example.org`").contains("<a"));
    assert_eq!(render("[https://a.example](https://b.example)").matches("<a").count(), 1);
    for other in ["javascript://alert(1)", "ftp://example.org/x", "data:text/html://x"] {
        assert!(!render(other).contains("<a"), "{other}");
    }
}

#[test]
fn images_are_links() {
    let html = render("![a *b*](https://x.org/p.png) [![c](https://x.org/q)](https://y.org)");
    assert!(!html.contains("<img"));
    assert!(html.contains("href=\"https://x.org/p.png\""));
    assert!(html.contains(">a <em>b</em></a>"));
    assert!(!html.contains("x.org/q"));
    assert!(html.contains("href=\"https://y.org\"") && html.contains(">c</a>"));
}

#[test]
fn references_resolve_backwards_and_in_the_block() {
    let html = render("[L x]: https://a.org\n\nSee [l  X] and [t][L X].\n\n[m]\n\n[m]: https://b.org\n");
    assert_eq!(html.matches("https://a.org").count(), 2, "{html}");
    assert!(html.contains("<p>[m]</p>"), "{html}");
    assert!(render("> [n]\n>\n> [n]: https://c.org\n").contains("href"));
}

#[test]
fn excerpts_are_one_plain_line() {
    assert_eq!(plain_excerpt("# How *do* I\n\nsort `a`?", 60), "How do I sort a?");
    assert_eq!(plain_excerpt("- one\n- [two](https://x.org)\n\n```\ncode\n```\n", 60), "one two");
    assert_eq!(plain_excerpt("The quick brown fox jumps", 16), "The quick brown…");
    assert_eq!(plain_excerpt("The quick brown, fox", 17), "The quick brown…");
    assert_eq!(plain_excerpt("Donaudampfschifffahrt", 6), "Donau…");
    assert_eq!(plain_excerpt("a\u{202e}b\u{7}c", 9), "abc");
    assert_eq!(plain_excerpt("abc", 0), "");
    assert_eq!(plain_excerpt("", 9), "");
}
