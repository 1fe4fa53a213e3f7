//! Usage as a file: the columns of the tables, in whole numbers that programs read.

use crate::pages::admin::csv::{File, write};
use crate::pages::admin::list::Column;
use atrium::catalogue::plain_dollars;
use atrium::usage::{Group, UsageRow};
use atrium_domain::Result;
use atrium_domain::usage::period::Period;

/// The rows of a report.
///
/// # Errors
/// When they cannot be written, which is a fault of ours.
pub fn usage(group: Group, period: Period, rows: &[UsageRow]) -> Result<File> {
    let name = format!("usage-by-{}-{}-{}.csv", group.as_str(), period.from(), period.to());
    let milliseconds = |micros: Option<i64>| micros.map(|it| (it / 1000).to_string()).unwrap_or_default();
    let mut columns = vec![Column::new(group.label(), |it: &UsageRow| it.name.clone())];
    if group != Group::Day {
        columns.push(Column::new("Id", |it: &UsageRow| it.key.clone()));
    }
    columns.extend([
        Column::new("Calls", |it: &UsageRow| it.figures.calls.to_string()),
        Column::new("Errors", |it: &UsageRow| it.figures.errors.to_string()),
        Column::new("Tokens read", |it: &UsageRow| it.figures.prompt_tokens.to_string()),
        Column::new("Tokens written", |it: &UsageRow| it.figures.completion_tokens.to_string()),
        Column::new("Cost (USD)", |it: &UsageRow| plain_dollars(it.figures.cost)),
        Column::new("Median time (ms)", move |it: &UsageRow| milliseconds(it.figures.latency)),
        Column::new("95 of 100 within (ms)", move |it: &UsageRow| milliseconds(it.figures.latency_p95)),
        Column::new("Median time to first word (ms)", move |it: &UsageRow| milliseconds(it.figures.first_token)),
    ]);
    Ok(File { name, content: write(&columns, rows)? })
}
