//! XML as a stream of three kinds of node. Entities that a document declares for itself are never expanded, nothing
//! recurses, and a document that ends too early is an error.

use crate::archive::unpacking;
use crate::limits::Watch;
use crate::{Kind, Refusal};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use std::io::BufRead;

/// What stands in the document, names without their prefix.
pub(crate) enum Node<'a> {
    Open(Element<'a>),
    Close(&'a str),
    Text(&'a str),
}

/// The beginning of an element.
pub(crate) struct Element<'a>(&'a BytesStart<'a>);

impl Element<'_> {
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of an attribute, by its name without prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.find(|attribute| attribute.key.local_name().into_inner() == name)
    }

    /// The id of a relation, which is `r:id` beside an `id` of another meaning.
    pub(crate) fn relation(&self) -> Option<String> {
        self.find(|attribute| attribute.key.prefix().is_some() && attribute.key.local_name().into_inner() == "id")
    }

    fn find(&self, is_meant: impl Fn(&Attribute<'_>) -> bool) -> Option<String> {
        let mut attributes = self.0.attributes();
        let found = attributes.with_checks(false).flatten().find(is_meant)?;
        Some(
            found
                .normalized_value(XmlVersion::Implicit1_0)
                .map_or_else(|_| found.value.clone().into_owned(), std::borrow::Cow::into_owned),
        )
    }
}

/// Shows every node to `visit`, in order.
pub(crate) fn walk(
    source: impl BufRead,
    kind: Kind,
    watch: Watch,
    mut visit: impl FnMut(Node<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut reader = Reader::from_reader(source);
    let (mut buffer, mut depth, mut seen) = (Vec::new(), 0_usize, 0_usize);
    loop {
        buffer.clear();
        seen += 1;
        if seen.is_multiple_of(4096) {
            watch.check()?;
        }
        let event = reader.read_event_into(&mut buffer).map_err(|error| match error {
            quick_xml::Error::Io(error) => unpacking(&error, kind),
            _ => Refusal::Broken { kind },
        })?;
        match event {
            Event::Start(start) => {
                depth += 1;
                visit(Node::Open(Element(&start)))?;
            }
            Event::Empty(start) => {
                visit(Node::Open(Element(&start)))?;
                visit(Node::Close(start.local_name().into_inner()))?;
            }
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                visit(Node::Close(end.local_name().into_inner()))?;
            }
            Event::Text(text) => visit(Node::Text(&text.xml10_content()))?,
            Event::CData(text) => visit(Node::Text(&text.xml10_content()))?,
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content();
                let named = match &*name {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => reference.resolve_char_ref().ok().flatten(),
                };
                if let Some(character) = named {
                    visit(Node::Text(character.encode_utf8(&mut [0; 4])))?;
                }
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(Refusal::Broken { kind }),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}
