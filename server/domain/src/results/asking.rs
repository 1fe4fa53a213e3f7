//! From a question to a chart that is kept.

use super::stored::{self, AnalyticsResult};
use super::{FILE_MAX, QUESTION_MAX, proposal, tables};
use crate::agents::connections::Connections;
use crate::error::{Error, Result};
use crate::knowledge::{Knowledge, types};
use crate::ports::Ports;
use crate::store::Store;
use atrium::charts::Chart;
use atrium::ids::ResultId;
use atrium::knowledge::Document;
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use atrium_analysis::{Refusal, Specification, Table, question};
use futures::TryStreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;

/// Documents and results that a question without data is tried on.
const TRIED: usize = 20;

/// What is asked about.
#[derive(Debug, Clone)]
pub enum Data {
    /// A CSV file, and what its sender calls it.
    File(String, Vec<u8>),
    /// An earlier chart.
    Result(ResultId),
    /// The viewer's own use of models.
    Usage,
}

/// Whoever asks, and what it takes to answer.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The database.
    pub store: &'a Store,
    /// Time and ids.
    pub ports: &'a Ports,
    /// Ways to the models.
    pub connections: &'a Connections,
    /// Who asks.
    pub viewer: &'a Viewer,
    /// In their words.
    pub question: &'a str,
}

/// A table and where it is from.
struct Source {
    table: Arc<Table>,
    told: Value,
}

/// Computes, draws and keeps what is asked of `data`.
///
/// # Errors
/// With what is wrong with the question, at `question`, or with the data, at `file`; [`Error::NotFound`] when the earlier
/// chart is not the viewer's.
pub async fn ask(asked: Asked<'_>, data: Data) -> Result<AnalyticsResult> {
    let text = checked(asked.question)?;
    let source = read(asked, data).await?;
    let proposed =
        proposal::propose(asked.store, asked.ports, asked.connections, asked.viewer, &text, &source.table).await;
    if let Some(proposed) = proposed
        && let Ok(chart) = compute(&source.table, &proposed).await?
    {
        return keep(asked, &text, &source, &proposed, "model", &chart).await;
    }
    let specification = understand(&text, &source.table).await?.map_err(refused)?;
    let chart = compute(&source.table, &specification).await?.map_err(refused)?;
    keep(asked, &text, &source, &specification, "rules", &chart).await
}

/// The same where nobody says of what: the viewer's newest files, charts and use of models are tried in turn, and the
/// first that has what the question names is asked.
///
/// # Errors
/// With what none of them could answer, at `question`.
pub async fn ask_of_all(asked: Asked<'_>, knowledge: &Knowledge) -> Result<AnalyticsResult> {
    let text = checked(asked.question)?;
    let (kept, tried) = by_rules(asked, knowledge, &text).await?;
    if let Some(kept) = kept {
        return Ok(kept);
    }
    // Of use there always is something to say, be it that there is none.
    match ask(asked, Data::Usage).await {
        Err(Error::Invalid(mut wrong)) if tried > 0 => {
            for it in &mut wrong {
                it.message =
                    format!("None of your {tried} newest files and charts has what the question names. {}", it.message);
            }
            Err(Error::Invalid(wrong))
        }
        outcome => outcome,
    }
}

/// The same for what may be no question for figures at all: `None` unless it says so, and something that is there has
/// what it names. No model is asked.
///
/// # Errors
/// When the database does not answer.
pub async fn ask_if_figures(asked: Asked<'_>, knowledge: &Knowledge) -> Result<Option<AnalyticsResult>> {
    let Ok(text) = checked(asked.question) else { return Ok(None) };
    if !is_about_figures(&text) {
        return Ok(None);
    }
    if let (Some(kept), _) = by_rules(asked, knowledge, &text).await? {
        return Ok(Some(kept));
    }
    match read(asked, Data::Usage).await {
        Ok(source) => attempt(asked, &text, &source).await,
        Err(Error::Invalid(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Words of people who want to see figures.
fn is_about_figures(text: &str) -> bool {
    const WORDS: &[&str] = &[
        "average",
        "chart",
        "compare",
        "count",
        "diagram",
        "graph",
        "histogram",
        "mean",
        "median",
        "pie",
        "plot",
        "sum",
        "top",
        "total",
        "trend",
    ];
    let text = text.to_lowercase();
    text.split(|it: char| !it.is_alphanumeric()).any(|it| WORDS.contains(&it.strip_suffix('s').unwrap_or(it)))
}

/// The chart of the first of the viewer's newest files and charts that has what the question names, and how many were tried.
async fn by_rules(asked: Asked<'_>, knowledge: &Knowledge, text: &str) -> Result<(Option<AnalyticsResult>, usize)> {
    let scope = asked.store.as_viewer(asked.viewer);
    let mut tried = 0;
    for document in types::all(scope).await?.into_iter().filter(is_table).take(TRIED) {
        let Some(bytes) = bytes_of(asked, knowledge, &document).await? else { continue };
        tried += 1;
        if let Ok(source) = read(asked, Data::File(document.name, bytes)).await
            && let Some(kept) = attempt(asked, text, &source).await?
        {
            return Ok((Some(kept), tried));
        }
    }
    let newest = PageRequest { page: 1, size: u32::try_from(TRIED).unwrap_or(u32::MAX) };
    for result in stored::page(scope, newest, None).await?.items {
        tried += 1;
        if let Ok(source) = read(asked, Data::Result(result.id)).await
            && let Some(kept) = attempt(asked, text, &source).await?
        {
            return Ok((Some(kept), tried));
        }
    }
    Ok((None, tried))
}

async fn attempt(asked: Asked<'_>, text: &str, source: &Source) -> Result<Option<AnalyticsResult>> {
    let Ok(specification) = understand(text, &source.table).await? else { return Ok(None) };
    let Ok(chart) = compute(&source.table, &specification).await? else { return Ok(None) };
    keep(asked, text, source, &specification, "rules", &chart).await.map(Some)
}

fn checked(text: &str) -> Result<String> {
    let text = atrium::text::line(text);
    if text.is_empty() {
        return Err(Error::field("question", "Ask something, like “average price by region”."));
    }
    if text.chars().count() > QUESTION_MAX {
        return Err(Error::field("question", format!("Use at most {QUESTION_MAX} characters.")));
    }
    Ok(text)
}

async fn read(asked: Asked<'_>, data: Data) -> Result<Source> {
    let scope = asked.store.as_viewer(asked.viewer);
    let (table, told) = match data {
        Data::File(name, bytes) => {
            if bytes.is_empty() {
                return Err(Error::field("file", "Choose a CSV file."));
            }
            if bytes.len() > FILE_MAX {
                return Err(Error::field("file", format!("The file is larger than {} MB.", FILE_MAX / (1024 * 1024))));
            }
            let table = apart(move || Table::from_csv(&bytes)).await?;
            (table, json!({ "kind": "file", "name": atrium::text::shorten(&atrium::text::line(&name), 200) }))
        }
        Data::Result(id) => {
            let result = stored::get(scope, id).await?;
            (tables::chart(&result.chart), json!({ "kind": "result", "id": id, "name": result.title }))
        }
        Data::Usage => (tables::usage(scope).await?, json!({ "kind": "usage" })),
    };
    Ok(Source { table: Arc::new(table.map_err(refused)?), told })
}

/// What is large keeps nobody else waiting.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("a table could not be read: {error}")))
}

async fn understand(text: &str, table: &Arc<Table>) -> Result<std::result::Result<Specification, Refusal>> {
    let (text, table) = (text.to_owned(), table.clone());
    apart(move || question::read(&text, &table)).await
}

async fn compute(table: &Arc<Table>, specification: &Specification) -> Result<std::result::Result<Chart, Refusal>> {
    let (table, specification) = (table.clone(), specification.clone());
    apart(move || specification.compute(&table)).await
}

fn refused(why: Refusal) -> Error {
    Error::field(if why.is_of_the_table() { "file" } else { "question" }, why.to_string())
}

async fn keep(
    asked: Asked<'_>,
    text: &str,
    source: &Source,
    specification: &Specification,
    read_by: &str,
    chart: &Chart,
) -> Result<AnalyticsResult> {
    let meta = json!({
        "source": source.told, "rows": source.table.len(), "columns": source.table.columns().iter().map(|it| &it.name).collect::<Vec<_>>(),
        "specification": specification, "read_by": read_by,
    });
    stored::keep(asked.store.as_viewer(asked.viewer), asked.ports, text, &meta, chart).await
}

fn is_table(document: &Document) -> bool {
    let name = document.name.to_lowercase();
    [".csv", ".tsv"].iter().any(|it| name.ends_with(it))
}

/// The newest version of a document, unless it is too large for a table.
async fn bytes_of(asked: Asked<'_>, knowledge: &Knowledge, document: &Document) -> Result<Option<Vec<u8>>> {
    let scope = asked.store.as_viewer(asked.viewer);
    let (_, _, stream) = match knowledge.file(scope, document.id, document.version).await {
        Ok(file) => file,
        // It was deleted meanwhile.
        Err(Error::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let mut stream = std::pin::pin!(stream);
    while let Some(piece) = stream.try_next().await.map_err(|error| Error::Internal(format!("file: {error}")))? {
        bytes.extend(piece);
        if bytes.len() > FILE_MAX {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
