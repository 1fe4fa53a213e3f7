//! The last line of defence. What we write is safe by construction; should that ever be wrong, only
//! the tags, attributes and values listed here get through.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// Longer addresses are no links.
const ADDRESS_BYTES: usize = 2048;

static RULES: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let tags = [
        "a",
        "blockquote",
        "br",
        "button",
        "code",
        "del",
        "div",
        "em",
        "figcaption",
        "figure",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "input",
        "li",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ];
    let attributes: [(&str, &[&str]); 12] = [
        ("a", &["href", "target"]),
        ("button", &["type", "class", "data-copy"]),
        ("code", &["class"]),
        ("div", &["class", "tabindex"]),
        ("figure", &["class"]),
        ("input", &["type", "disabled", "checked", "aria-label"]),
        ("li", &[]),
        ("ol", &["start"]),
        ("pre", &["tabindex"]),
        ("span", &["class"]),
        ("td", &["class"]),
        ("th", &["class", "scope"]),
    ];
    let attributes: HashMap<_, HashSet<_>> =
        attributes.into_iter().map(|(tag, names)| (tag, names.iter().copied().collect())).collect();
    let mut rules = Builder::empty();
    rules
        .tags(HashSet::from(tags))
        .tag_attributes(attributes)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true)
        .attribute_filter(|tag, name, value| allowed(tag, name, value).then_some(Cow::Borrowed(value)));
    rules
});

/// One or more whole blocks of HTML, reduced to what we emit.
pub(super) fn clean(html: &str) -> String {
    RULES.clean(html).to_string()
}

fn allowed(tag: &str, name: &str, value: &str) -> bool {
    match (tag, name) {
        ("a", "href" | "rel") => true,
        ("a", "target") => value == "_blank",
        ("button", "type") => value == "button",
        ("button", "class") => value == "code-copy",
        ("button", "data-copy") | ("input", "disabled" | "checked") => value.is_empty(),
        ("code", "class") => value == "hl",
        ("div", "class") => value == "table-scroll",
        ("div" | "pre", "tabindex") => value == "0",
        ("figure", "class") => value == "code",
        ("input", "type") => value == "checkbox",
        ("input", "aria-label") => matches!(value, "Done" | "To do"),
        ("ol", "start") => value.bytes().all(|b| b.is_ascii_digit()),
        ("span", "class") => value == "code-language" || value.split(' ').all(is_colour),
        ("td" | "th", "class") => {
            matches!(value, "align-left" | "align-center" | "align-right")
        }
        ("th", "scope") => value == "col",
        _ => false,
    }
}

fn is_colour(class: &str) -> bool {
    class
        .strip_prefix("hl-")
        .is_some_and(|atom| atom.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'#')))
}

/// An address that may be a link, percent-encoded so that nothing in it can end an attribute or
/// turn its direction. What does not begin with a scheme we know, to the letter, is refused: so
/// are relative addresses, and schemes disguised by white space or control characters.
pub(super) fn address(raw: &str) -> Option<String> {
    let known = ["http://", "https://", "mailto:"].iter().any(|scheme| {
        raw.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme) && raw.len() > scheme.len())
    });
    if !known || raw.len() > ADDRESS_BYTES {
        return None;
    }
    let mut out = String::with_capacity(raw.len());
    for b in raw.bytes() {
        match b {
            b'&' => out.push_str("&amp;"),
            0..=b' ' | 0x7f.. | b'"' | b'\'' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                out.push(char::from(HEX[usize::from(b >> 4)]));
                out.push(char::from(HEX[usize::from(b & 15)]));
            }
            _ => out.push(char::from(b)),
        }
    }
    Some(out)
}
