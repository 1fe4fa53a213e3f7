//! Colours for code: flat spans with `hl-` classes.

use std::collections::HashMap;
use std::sync::LazyLock;

use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

use super::html::escape;

/// Bytes of one block above which it stays plain. Highlighting runs dozens of regular expressions
/// over every token, so that its work has to be bounded; nobody reads a block of this size anyway.
const BLOCK_BYTES: usize = 64 * 1024;
/// Bytes of one line above which the block stays plain: the expressions look ahead to the end of
/// the line, so that the cost of a minified file grows with the square of it.
const LINE_BYTES: usize = 1000;
/// Classes of one span; more say nothing that a stylesheet would use.
const ATOMS: usize = 3;
/// Kinds of scope that get a span. The others (`meta`, `punctuation`) nest without a colour.
const COLOURED: [&str; 10] =
    ["comment", "constant", "entity", "invalid", "keyword", "markup", "storage", "string", "support", "variable"];
/// Names that people write and the syntaxes do not know, and what comes close.
const ALIASES: [(&str, &str); 18] = [
    ("c#", "cs"),
    ("console", "sh"),
    ("cxx", "cpp"),
    ("golang", "go"),
    ("hpp", "cpp"),
    ("javascript", "js"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsx", "js"),
    ("mjs", "js"),
    ("postgres", "sql"),
    ("postgresql", "sql"),
    ("python3", "py"),
    ("shell", "sh"),
    ("sqlite", "sql"),
    ("ts", "js"),
    ("tsx", "js"),
    ("typescript", "js"),
];

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Code as escaped HTML with spans, or `None` where it has to stay plain: an unknown language or
/// too much of it. `allowance`: the bytes that this document may still have highlighted.
pub(super) fn spans(code: &str, language: &str, allowance: &mut usize) -> Option<String> {
    if language.is_empty() || code.len() > BLOCK_BYTES || code.len() > *allowance {
        return None;
    }
    if code.lines().any(|line| line.len() > LINE_BYTES) {
        return None;
    }
    let syntax = syntax(language)?;
    *allowance -= code.len();
    write(code, syntax)
}

/// A whole file as escaped HTML, with spans where its name says what it is written in.
#[must_use]
pub fn source(code: &str, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let language = name.rsplit_once('.').map_or(name, |(_, ending)| ending);
    spans(code, language, &mut code.len().clone()).unwrap_or_else(|| {
        let mut plain = String::with_capacity(code.len());
        escape(code, &mut plain);
        plain
    })
}

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let language = language.to_ascii_lowercase();
    let token = ALIASES.iter().find(|(name, _)| *name == language).map_or(language.as_str(), |(_, token)| token);
    let syntax = SYNTAXES.find_syntax_by_token(token)?;
    (syntax.name != "Plain Text").then_some(syntax)
}

fn write(code: &str, syntax: &SyntaxReference) -> Option<String> {
    let mut out = Spans::default();
    let mut parser = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    for line in LinesWithEndings::from(code) {
        let operations = parser.parse_line(line, &SYNTAXES).ok()?;
        let mut from = 0;
        for (at, operation) in operations {
            out.piece(line.get(from..at)?, &stack);
            from = at;
            stack.apply(&operation).ok()?;
        }
        out.piece(line.get(from..)?, &stack);
    }
    Some(out.close())
}

/// Neighbours of one kind share a span, and spans do not nest: code such as ten thousand opening
/// brackets would otherwise be a tree that deep.
#[derive(Default)]
struct Spans {
    html: String,
    open: String,
    classes: HashMap<Scope, Kind>,
}

#[derive(Clone)]
enum Kind {
    Coloured(String),
    /// Embedded code: what lies around it does not colour it.
    Border,
    Plain,
}

impl Spans {
    fn piece(&mut self, text: &str, stack: &ScopeStack) {
        if text.is_empty() {
            return;
        }
        let mut class = "";
        for scope in stack.as_slice().iter().rev() {
            let kind = self.classes.entry(*scope).or_insert_with(|| kind(&scope.build_string()));
            match kind {
                Kind::Plain => {}
                Kind::Border => break,
                // The borrow has to end here, hence the look-up below.
                Kind::Coloured(_) => {
                    if let Some(Kind::Coloured(name)) = self.classes.get(scope) {
                        class = name;
                    }
                    break;
                }
            }
        }
        if class != self.open {
            if !self.open.is_empty() {
                self.html.push_str("</span>");
            }
            if !class.is_empty() {
                self.html.push_str("<span class=\"");
                self.html.push_str(class);
                self.html.push_str("\">");
            }
            self.open = class.to_owned();
        }
        escape(text, &mut self.html);
    }

    fn close(mut self) -> String {
        if !self.open.is_empty() {
            self.html.push_str("</span>");
        }
        self.html
    }
}

fn kind(scope: &str) -> Kind {
    let first = scope.split('.').next().unwrap_or_default();
    if matches!(first, "source" | "text") {
        return Kind::Border;
    }
    if !COLOURED.contains(&first) {
        return Kind::Plain;
    }
    let mut atoms: Vec<_> = scope.split('.').collect();
    if atoms.len() > 1 {
        // The last one is the language.
        atoms.pop();
    }
    let mut class = String::new();
    for atom in atoms.iter().take(ATOMS) {
        if !class.is_empty() {
            class.push(' ');
        }
        class.push_str("hl-");
        class.push_str(atom);
    }
    Kind::Coloured(class)
}
