//! Web pages: what a reader came for, as Markdown. Works on tokens, not on a tree, so that neither depth nor disorder of
//! the markup costs anything: one pass, linear, nothing to overflow.

use crate::draft::Draft;
use crate::encoding::decode;
use crate::html::flow::Flow;
use crate::{Refusal, draft};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use std::cell::RefCell;

mod flow;
mod parts;

/// How much the tokenizer is given between two looks at the clock.
const STEP: usize = 256 * 1024;

/// How a document is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As browsers take it.
    Html,
    /// As XML, where every element may close itself.
    Xhtml,
}

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) -> Result<(), Refusal> {
    let text = decode(bytes, charset(bytes).as_deref(), draft);
    page(&text, Dialect::Html, draft)
}

/// Appends what a page says. Where leaving out menus, headers and footers leaves nothing, they stay.
pub(crate) fn page(text: &str, dialect: Dialect, draft: &mut Draft) -> Result<(), Refusal> {
    let before = draft.text.len();
    pass(text, dialect, true, draft)?;
    if draft.text.len() == before {
        pass(text, dialect, false, draft)?;
    }
    Ok(())
}

fn pass(text: &str, dialect: Dialect, tidy: bool, draft: &mut Draft) -> Result<(), Refusal> {
    let watch = draft.watch;
    let tokenizer = Tokenizer::new(Sink { flow: RefCell::new(Flow::new(draft, tidy)), dialect }, Default::default());
    let queue = BufferQueue::default();
    let mut rest = text;
    while !rest.is_empty() {
        watch.check()?;
        let step = draft::crop(rest, STEP.max(4));
        rest = &rest[step.len()..];
        queue.push_back(StrTendril::from(step));
        let _ = tokenizer.feed(&queue);
    }
    tokenizer.end();
    tokenizer.sink.flow.into_inner().finish();
    Ok(())
}

struct Sink<'d> {
    flow: RefCell<Flow<'d>>,
    dialect: Dialect,
}

impl TokenSink for Sink<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut flow = self.flow.borrow_mut();
        match token {
            Token::CharacterTokens(text) => flow.text(&text),
            Token::TagToken(tag) => {
                let closes_itself = tag.self_closing && self.dialect == Dialect::Xhtml;
                match tag.kind {
                    TagKind::StartTag => flow.open(&tag),
                    TagKind::EndTag => flow.close(&tag.name),
                }
                if closes_itself {
                    flow.close(&tag.name);
                } else if tag.kind == TagKind::StartTag {
                    return raw(&tag.name);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// Elements whose content is no markup.
fn raw(name: &str) -> TokenSinkResult<()> {
    match name {
        "script" => TokenSinkResult::RawData(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(RawKind::Rawtext),
        "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}

/// The encoding that a page names in its head.
fn charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).to_ascii_lowercase();
    let value = head.split_once("charset=")?.1.trim_start_matches(['"', '\'', ' ']);
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(value.len());
    Some(value[..end].to_owned())
}
