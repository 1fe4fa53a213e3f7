//! Tables of what is there already: the viewer's own use of models, and charts that were drawn before.

use crate::error::Result;
use crate::store::{Scope, args};
use atrium::charts::Chart;
use atrium_analysis::{Refusal, Table};
use std::borrow::Cow;
use time::OffsetDateTime;
use time::macros::format_description;

/// What the columns of [`usage`] are called besides.
const NAMES: [(&str, &[&str]); 7] = [
    ("Calls", &["usage", "request", "message", "question", "answer"]),
    ("Called at", &["date", "day of call"]),
    ("Tokens", &["token usage", "total tokens"]),
    ("Cost (USD)", &["cost", "spend", "spending", "money", "dollars", "costs"]),
    ("Latency (s)", &["response time", "duration"]),
    ("Outcome", &["status", "result"]),
    ("Purpose", &["kind"]),
];

#[derive(sqlx::FromRow)]
struct Call {
    called_at: i64,
    provider: String,
    model: String,
    agent: Option<String>,
    project: Option<String>,
    purpose: String,
    outcome: String,
    prompt_tokens: i64,
    completion_tokens: i64,
    cost_micros: i64,
    latency_micros: i64,
    first_token_micros: Option<i64>,
}

/// The viewer's calls to models, a row each: the newest [`atrium_analysis::table::ROWS_MAX`].
pub(super) async fn usage(scope: Scope<'_>) -> Result<std::result::Result<Table, Refusal>> {
    let limit = i64::try_from(atrium_analysis::table::ROWS_MAX).unwrap_or(i64::MAX);
    let calls: Vec<Call> = scope
        .all(
            "SELECT c.called_at, c.provider, c.model, a.name AS agent, p.name AS project, c.purpose, c.outcome, c.prompt_tokens,
                c.completion_tokens, c.cost_micros, c.latency_micros, c.first_token_micros
             FROM llm_calls c LEFT JOIN agents a ON a.id = c.agent_id LEFT JOIN projects p ON p.id = c.project_id
             WHERE c.user_id = $1 ORDER BY c.called_at DESC LIMIT $2",
            args![scope.viewer.id, limit],
        )
        .await?;
    if calls.is_empty() {
        return Ok(Err(Refusal::Table(
            "You have not asked a model anything yet, so there is no usage to draw.".to_owned(),
        )));
    }
    let header = [
        "Calls",
        "Called at",
        "Provider",
        "Model",
        "Agent",
        "Project",
        "Purpose",
        "Outcome",
        "Prompt tokens",
        "Completion tokens",
        "Tokens",
        "Cost (USD)",
        "Latency (s)",
        "First token (s)",
    ];
    let rows = calls.into_iter().enumerate().map(|(at, it)| {
        let cells = [
            format!("call {}", at + 1),
            moment(it.called_at),
            it.provider,
            it.model,
            it.agent.unwrap_or_default(),
            it.project.unwrap_or_default(),
            it.purpose,
            it.outcome,
            it.prompt_tokens.to_string(),
            it.completion_tokens.to_string(),
            it.prompt_tokens.saturating_add(it.completion_tokens).to_string(),
            millionths(it.cost_micros),
            millionths(it.latency_micros),
            it.first_token_micros.map(millionths).unwrap_or_default(),
        ];
        cells.map(Cow::Owned)
    });
    let table = Table::from_rows(&header, rows);
    Ok(table.map(|table| NAMES.iter().fold(table, |table, (name, others)| table.with_names(name, others))))
}

/// The table behind a chart.
pub(super) fn chart(chart: &Chart) -> std::result::Result<Table, Refusal> {
    let mut header = vec![chart.label.as_str()];
    header.extend(chart.series.iter().map(|it| it.name.as_str()));
    let rows = chart.categories.iter().enumerate().map(|(at, category)| {
        let values = chart.series.iter().map(move |it| it.values.get(at).copied().flatten());
        let cells = values.map(|it| Cow::Owned(it.map(|it| it.to_string()).unwrap_or_default()));
        std::iter::once(Cow::Borrowed(category.as_str())).chain(cells).collect::<Vec<_>>()
    });
    Table::from_rows(&header, rows)
}

fn moment(micros: i64) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    moment.and_then(|it| it.format(format).ok()).unwrap_or_default()
}

/// Exactly: `1500000` is `1.500000`.
fn millionths(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000)
}
