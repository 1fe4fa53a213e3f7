//! What calls to models used.

use crate::api::body::ApiQuery;
use crate::api::error::ApiResult;
use crate::api::identity::Caller;
use crate::web::App;
use atrium::catalogue::plain_dollars;
use atrium::usage::{Figures, Group, Reach, UsageRow};
use atrium_app::usage_file;
use atrium_domain::usage::period::Period;
use atrium_domain::usage::report;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// By what calls are summed up; days are UTC.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GroupName {
    #[default]
    Day,
    User,
    Agent,
    Model,
    Project,
}

impl GroupName {
    fn known(self) -> Group {
        match self {
            Self::Day => Group::Day,
            Self::User => Group::User,
            Self::Agent => Group::Agent,
            Self::Model => Group::Model,
            Self::Project => Group::Project,
        }
    }
}

/// Whose calls: one's own; those of one's organisation, for who may see them; everybody's, for superusers.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReachName {
    #[default]
    Own,
    Organisation,
    All,
}

impl ReachName {
    fn known(self) -> Reach {
        match self {
            Self::Own => Reach::Own,
            Self::Organisation => Reach::Organisation,
            Self::All => Reach::All,
        }
    }
}

/// In which form.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UsageFormat {
    Json,
    Csv,
}

/// Which calls, and how they are summed up.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct UsageQuery {
    #[param(required = false)]
    group_by: GroupName,
    #[param(required = false)]
    scope: ReachName,
    /// So many days until today, 30 unless `from` or `to` is named.
    #[param(minimum = 1, maximum = 366, required = false)]
    days: Option<i64>,
    /// The first day, UTC.
    #[param(value_type = Option<String>, format = Date, required = false, example = "2026-01-01")]
    from: Option<String>,
    /// The last day, UTC; today unless it is named.
    #[param(value_type = Option<String>, format = Date, required = false, example = "2026-01-31")]
    to: Option<String>,
    /// JSON, unless something else is named here or accepted.
    #[param(inline, required = false)]
    format: Option<UsageFormat>,
}

/// What several calls used.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageFigures {
    /// Calls, however they ended.
    calls: i64,
    /// Those of them that failed.
    errors: i64,
    /// Tokens read.
    prompt_tokens: i64,
    /// Tokens written.
    completion_tokens: i64,
    /// Dollars, as a decimal number.
    cost_usd: String,
    /// The median time from asking to the end, of calls that were answered.
    latency_ms: Option<f64>,
    /// 95 of a hundred of them took no longer.
    latency_p95_ms: Option<f64>,
    /// The median time from asking to the first piece of text.
    first_token_ms: Option<f64>,
}

impl From<Figures> for UsageFigures {
    fn from(it: Figures) -> Self {
        #[allow(clippy::cast_precision_loss)]
        let milliseconds = |micros: Option<i64>| micros.map(|it| it as f64 / 1000.0);
        Self {
            calls: it.calls,
            errors: it.errors,
            prompt_tokens: it.prompt_tokens,
            completion_tokens: it.completion_tokens,
            cost_usd: plain_dollars(it.cost),
            latency_ms: milliseconds(it.latency),
            latency_p95_ms: milliseconds(it.latency_p95),
            first_token_ms: milliseconds(it.first_token),
        }
    }
}

/// What belongs together by `group_by`.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageGroup {
    /// The day as `2026-01-31`, an id, or provider and model; empty for calls that belong to none.
    key: String,
    name: String,
    #[serde(flatten)]
    figures: UsageFigures,
}

impl From<UsageRow> for UsageGroup {
    fn from(it: UsageRow) -> Self {
        Self { key: it.key, name: it.name, figures: it.figures.into() }
    }
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "from": "2026-01-31", "to": "2026-01-31", "group_by": "day", "scope": "own",
    "total": { "calls": 12, "errors": 1, "prompt_tokens": 4200, "completion_tokens": 900, "cost_usd": "0.0142", "latency_ms": 812.4, "latency_p95_ms": 2210.0, "first_token_ms": 240.1 },
    "results": [{ "key": "2026-01-31", "name": "2026-01-31", "calls": 12, "errors": 1, "prompt_tokens": 4200, "completion_tokens": 900, "cost_usd": "0.0142",
        "latency_ms": 812.4, "latency_p95_ms": 2210.0, "first_token_ms": 240.1 }]
}))]
pub struct Usage {
    /// The first day, UTC.
    #[schema(format = Date)]
    from: String,
    /// The last day, UTC.
    #[schema(format = Date)]
    to: String,
    group_by: GroupName,
    scope: ReachName,
    /// Of all results together.
    total: UsageFigures,
    /// Every day of the time in order; of everything else what cost and used most first.
    results: Vec<UsageGroup>,
}

/// Sum up what was used
///
/// Tokens, money, times and errors of calls to models. CSV by `format=csv` or `Accept: text/csv`.
#[utoipa::path(get, path = "/api/v1/usage", tag = "Usage", operation_id = "sum_up", params(UsageQuery), responses((status = 200, description = "The figures", content((Usage = "application/json"), (String = "text/csv")))))]
pub async fn sum_up(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<UsageQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let atrium = &app.atrium;
    let period = Period::asked(query.days, query.from.as_deref(), query.to.as_deref(), atrium.ports.now())?;
    let (reach, group) = (query.scope.known(), query.group_by.known());
    let found = report::report(&atrium.store, &atrium.ports, caller.actor(), reach, group, period).await?;
    let accepts_csv = headers.get(ACCEPT).and_then(|it| it.to_str().ok()).is_some_and(|it| it.starts_with("text/csv"));
    if matches!(query.format, Some(UsageFormat::Csv)) || (query.format.is_none() && accepts_csv) {
        let file = usage_file::usage(group, period, &found.rows)?;
        let headers = [
            (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        ];
        return Ok((headers, file.content).into_response());
    }
    Ok(Json(Usage {
        from: period.from(),
        to: period.to(),
        group_by: query.group_by,
        scope: query.scope,
        total: found.total.into(),
        results: found.rows.into_iter().map(UsageGroup::from).collect(),
    })
    .into_response())
}
