//! Messages: who wrote to whom, what, and what was attached.

use crate::draft::Draft;
use crate::html::{Dialect, page};
use crate::reading::Note;
use crate::{Kind, Refusal};
use mail_parser::{Address, MessageParser, MimeHeaders, PartType};

pub(crate) fn read(bytes: &[u8], draft: &mut Draft) -> Result<(), Refusal> {
    let message = MessageParser::default().parse(bytes).ok_or(Refusal::Broken { kind: Kind::Email })?;
    let subject = message.subject().map(str::to_owned);
    if let Some(subject) = &subject {
        draft.heading(1, subject);
    }
    let lists = [("From", message.from()), ("To", message.to()), ("Cc", message.cc())];
    for (label, addresses) in lists {
        if let Some(addresses) = addresses {
            draft.line(&format!("{label}: {}", people(addresses)));
        }
    }
    if let Some(date) = message.date() {
        draft.line(&format!("Date: {}", date.to_rfc3339()));
    }
    let attached: Vec<_> =
        message.attachments().map(|part| part.attachment_name().unwrap_or("(without a name)").to_owned()).collect();
    if !attached.is_empty() {
        draft.line(&format!("Attachments: {}", attached.join(", ")));
    }
    draft.break_lines(2);

    for part in message.text_bodies() {
        draft.watch.check()?;
        match &part.body {
            PartType::Text(text) => draft.paragraph(&text.replace("\r\n", "\n")),
            PartType::Html(html) => {
                draft.break_lines(2);
                page(html, Dialect::Html, draft)?;
            }
            _ => {}
        }
    }
    // A page's own title is not what the message is called.
    draft.title = None;
    if let Some(subject) = subject {
        draft.set_title(&subject);
    }
    if !attached.is_empty() {
        draft.note(Note::Attachments { names: attached });
    }
    Ok(())
}

fn people(addresses: &Address<'_>) -> String {
    let one = |address: &mail_parser::Addr<'_>| match (address.name(), address.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    addresses.iter().map(one).collect::<Vec<_>>().join(", ")
}
