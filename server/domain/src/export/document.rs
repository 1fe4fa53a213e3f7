//! For people: the visible branch as Markdown, and as a page that needs nothing but itself.

use super::{Pieces, iso};
use crate::chat::{Chat, ConversationSummary};
use crate::error::Result;
use crate::markdown;
use async_stream::try_stream;
use atrium::chat::{Author, MessageView};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium::text::escape_html;
use futures::StreamExt as _;

/// Messages that are read at a time.
const BATCH: u32 = 50;

/// The style of the page, in it: it must look the same wherever it is kept.
const STYLE: &str = include_str!("document.css");

/// Nothing runs in the page and nothing is loaded into it, wherever it is opened.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

pub(super) fn markdown(chat: Chat, viewer: Viewer, summary: ConversationSummary) -> Pieces {
    try_stream! {
        yield format!("# {}\n\n_{}_\n", escape_markdown(&summary.title), day(summary.created_at));
        for await batch in branch(chat, viewer, summary) {
            for it in batch? {
                yield format!("\n## {}\n\n{}\n", who(&it), it.text.trim_end());
            }
        }
    }
    .boxed()
}

pub(super) fn html(chat: Chat, viewer: Viewer, summary: ConversationSummary) -> Pieces {
    try_stream! {
        let title = escape_html(&summary.title);
        yield format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p class=\"when\">{}</p>\n",
            day(summary.created_at)
        );
        for await batch in branch(chat, viewer, summary) {
            for it in batch? {
                let (class, body) = match it.author {
                    Author::User => ("said", format!("<p>{}</p>", escape_html(&it.text))),
                    Author::Assistant => ("answer", markdown::render(&it.text)),
                };
                yield format!("<article class=\"{class}\">\n<h2>{}</h2>\n{body}\n</article>\n", escape_html(&who(&it)));
            }
        }
        yield "</main>\n</body>\n</html>\n".to_owned();
    }
    .boxed()
}

/// The visible branch, oldest first.
fn branch(
    chat: Chat,
    viewer: Viewer,
    summary: ConversationSummary,
) -> futures::stream::BoxStream<'static, Result<Vec<MessageView>>> {
    try_stream! {
        let mut request = PageRequest { page: 1, size: BATCH };
        loop {
            let page = chat.messages(&viewer, summary.id, request).await?;
            let is_last = request.offset() + request.limit() >= page.count;
            yield page.items;
            if is_last {
                break;
            }
            request.page += 1;
        }
    }
    .boxed()
}

fn who(message: &MessageView) -> String {
    match (message.author, &message.model) {
        (Author::User, _) => "You".to_owned(),
        (Author::Assistant, Some(model)) => format!("Answer ({model})"),
        (Author::Assistant, None) => "Answer".to_owned(),
    }
}

fn day(micros: i64) -> String {
    iso(micros).chars().take(10).collect()
}

/// A title is text: what Markdown would take for markup keeps its place by a backslash.
fn escape_markdown(title: &str) -> String {
    let mut escaped = String::with_capacity(title.len());
    for it in title.chars() {
        if matches!(it, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '!' | '&' | '~' | '|') {
            escaped.push('\\');
        }
        escaped.push(it);
    }
    escaped
}
