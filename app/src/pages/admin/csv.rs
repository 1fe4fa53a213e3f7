//! Lists as files: the whole of what is filtered, in the columns of the page.

use super::asked::Asked;
use super::list::{Column, List, Onlooker};
use super::{agents, audit, conversations, organisations, people};
use crate::visit::Visit;
use atrium::paging::PageRequest;
use atrium_domain::{Error, Result};
use axum::http::Uri;

/// A file to be kept.
#[derive(Debug)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// What is in it, as UTF-8.
    pub content: Vec<u8>,
}

/// The list of that address as a file, if it asks for one: `?format=csv`.
///
/// # Errors
/// As the page of that address.
pub async fn export(visit: &Visit, uri: &Uri) -> Option<Result<File>> {
    let asked = Asked::of(uri);
    if asked.text("format") != Some("csv") {
        return None;
    }
    Some(match uri.path() {
        "/admin/people" => file::<people::Listed>(visit, &asked).await,
        "/admin/organisations" => file::<organisations::Listed>(visit, &asked).await,
        "/admin/agents" => file::<agents::Listed>(visit, &asked).await,
        "/admin/conversations" => file::<conversations::Listed>(visit, &asked).await,
        "/admin/audit-log" => file::<audit::Listed>(visit, &asked).await,
        "/analytics" => crate::pages::analytics::export(visit, &asked).await,
        path => match path.strip_prefix("/analytics/results/") {
            Some(id) => crate::pages::analytics::results::file(visit, id).await,
            None => return None,
        },
    })
}

async fn file<L: List>(visit: &Visit, asked: &Asked) -> Result<File> {
    super::section(visit.viewer()?, &asked.path)?;
    let onlooker = Onlooker::of(visit, asked).await?;
    let columns = L::columns(&onlooker);
    let found = L::found(visit, &onlooker, asked, asked.sort(&columns), PageRequest::WHOLE).await?;
    let day = super::moment(visit.atrium.ports.now()).chars().take(10).collect::<String>();
    Ok(File { name: format!("{}-{day}.csv", L::NAME.replace(' ', "-")), content: write(&columns, &found.items)? })
}

pub(crate) fn write<T>(columns: &[Column<T>], rows: &[T]) -> Result<Vec<u8>> {
    let fault = |error: ::csv::Error| Error::Internal(format!("csv: {error}"));
    let columns: Vec<_> = columns.iter().filter(|it| it.text.is_some()).collect();
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns.iter().map(|it| it.label)).map_err(fault)?;
    for row in rows {
        let cells = columns.iter().filter_map(|it| it.text.as_ref()).map(|it| harmless(it(row)));
        writer.write_record(cells).map_err(fault)?;
    }
    writer.into_inner().map_err(|error| Error::Internal(format!("csv: {error}")))
}

/// Spreadsheets take what begins so for a formula, and run it on the machine of whoever opens the file. An apostrophe
/// before it makes it text.
pub(crate) fn harmless(text: String) -> String {
    let first = text.trim_start().chars().next();
    let is_formula = first.is_some_and(|it| "=+-@＝＋－＠".contains(it)) || text.starts_with(['\t', '\r', '\n']);
    if is_formula { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leptos::prelude::IntoAny as _;

    #[test]
    fn nothing_in_a_file_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "＝1"] {
            assert_eq!(harmless(formula.to_owned()), format!("'{formula}"));
        }
        for text in ["Ada", "", "1-2", "a=b", "ada@example.org", "2026-01-31 12:00"] {
            assert_eq!(harmless(text.to_owned()), text);
        }
    }

    #[test]
    fn commas_quotes_and_line_ends_stay_in_their_cell() {
        let columns = [
            Column::new("Name", |it: &(&str, &str)| it.0.to_owned()),
            Column::new("Said", |it: &(&str, &str)| it.1.to_owned()),
            Column::of_page("Actions", |_| ().into_any()),
        ];
        let file =
            write(&columns, &[("Ada, Countess", "she said \"no\"\nand left"), ("=cmd|'/c calc'!A1", "")]).unwrap();
        assert_eq!(
            String::from_utf8(file).unwrap(),
            "Name,Said\r\n\"Ada, Countess\",\"she said \"\"no\"\"\nand left\"\r\n'=cmd|'/c calc'!A1,\r\n"
        );
    }
}
