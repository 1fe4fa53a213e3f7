//! What was computed, as it is kept. It is of whoever asked, and nobody else sees it.

use crate::error::{Error, Result};
use crate::ports::{Micros, Ports};
use crate::store::{List, Scope, Store, args, contains, list};
use atrium::charts::Chart;
use atrium::ids::{ResultId, UserId};
use atrium::paging::{Page, PageRequest};
use serde_json::Value;
use uuid::Uuid;

/// What a result is, in the words of the agent platform's clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultKind {
    /// A chart.
    Chart,
    /// Who is about to leave.
    Churn,
    /// What is to come.
    Forecast,
}

impl ResultKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chart, Self::Churn, Self::Forecast];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chart => "viz_image",
            Self::Churn => "churn_pred",
            Self::Forecast => "timeseries_forecast",
        }
    }
}

/// A chart that answered a question.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalyticsResult {
    /// Which.
    pub id: ResultId,
    /// Who asked.
    pub user: UserId,
    /// What it is.
    pub kind: ResultKind,
    /// The chart's.
    pub title: String,
    /// In the words of whoever asked.
    pub question: String,
    /// Of what data, and what was computed.
    pub meta: Value,
    /// The chart.
    pub chart: Chart,
    /// Microseconds since 1970.
    pub created_at: Micros,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    kind: String,
    title: String,
    question: String,
    meta: String,
    chart: String,
    created_at: i64,
}

impl Row {
    fn into_result(self) -> Result<AnalyticsResult> {
        let fault = |error: serde_json::Error| Error::Internal(format!("analytics result {}: {error}", self.id));
        Ok(AnalyticsResult {
            id: self.id.into(),
            user: self.user_id.into(),
            kind: ResultKind::ALL.into_iter().find(|it| it.as_str() == self.kind).unwrap_or(ResultKind::Chart),
            meta: serde_json::from_str(&self.meta).map_err(fault)?,
            chart: serde_json::from_str(&self.chart).map_err(fault)?,
            title: self.title,
            question: self.question,
            created_at: self.created_at,
        })
    }
}

const RESULTS: List = list! {
    select: "id, user_id, kind, title, question, meta, chart, created_at",
    from: "analytics_results WHERE user_id = $1 AND deleted_at IS NULL AND LOWER(title || ' ' || question) LIKE $2 ESCAPE '!'",
    order: "created_at DESC, id DESC",
    limit: "LIMIT $3 OFFSET $4",
    by: { "title" => "LOWER(title)" },
};

/// The viewer's, the newest first; `search` is a part of title or question.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, request: PageRequest, search: Option<&str>) -> Result<Page<AnalyticsResult>> {
    let args = args![scope.viewer.id, contains(search.unwrap_or_default())];
    let found: Page<Row> = scope.page(&RESULTS, args, None, request).await?;
    let items = found.items.into_iter().map(Row::into_result).collect::<Result<_>>()?;
    Ok(Page { count: found.count, items })
}

/// Titles of the viewer's newest.
///
/// # Errors
/// When the database does not answer.
pub async fn titles(scope: Scope<'_>, count: u32) -> Result<Vec<(ResultId, String)>> {
    let rows: Vec<(Uuid, String)> = scope
        .all(
            "SELECT id, title FROM analytics_results WHERE user_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2",
            args![scope.viewer.id, i64::from(count)],
        )
        .await?;
    Ok(rows.into_iter().map(|(id, title)| (id.into(), title)).collect())
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's.
pub async fn get(scope: Scope<'_>, id: ResultId) -> Result<AnalyticsResult> {
    let row: Option<Row> = scope
        .optional(
            "SELECT id, user_id, kind, title, question, meta, chart, created_at FROM analytics_results
             WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL",
            args![id, scope.viewer.id],
        )
        .await?;
    row.ok_or(Error::NotFound("result"))?.into_result()
}

/// Keeps a chart.
pub(super) async fn keep(
    scope: Scope<'_>,
    ports: &Ports,
    question: &str,
    meta: &Value,
    chart: &Chart,
) -> Result<AnalyticsResult> {
    let id: ResultId = ports.id();
    let drawn = serde_json::to_string(chart).map_err(|error| Error::Internal(format!("chart: {error}")))?;
    scope
        .execute(
            "INSERT INTO analytics_results (id, organisation_id, user_id, kind, title, question, meta, chart, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            args![
                id,
                scope.viewer.organisation,
                scope.viewer.id,
                ResultKind::Chart.as_str(),
                &chart.title,
                question,
                meta.to_string(),
                drawn,
                ports.now()
            ],
        )
        .await?;
    get(scope, id).await
}

/// Deletes a result; for a while [`restore`] brings it back.
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's.
pub async fn delete(scope: Scope<'_>, ports: &Ports, id: ResultId) -> Result<()> {
    let deleted = scope
        .execute(
            "UPDATE analytics_results SET deleted_at = $3 WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL",
            args![id, scope.viewer.id, ports.now()],
        )
        .await?;
    if deleted == 1 { Ok(()) } else { Err(Error::NotFound("result")) }
}

/// Undoes [`delete`].
///
/// # Errors
/// [`Error::NotFound`] when it is not the viewer's, or gone for good.
pub async fn restore(scope: Scope<'_>, id: ResultId) -> Result<AnalyticsResult> {
    scope
        .execute(
            "UPDATE analytics_results SET deleted_at = NULL WHERE id = $1 AND user_id = $2",
            args![id, scope.viewer.id],
        )
        .await?;
    get(scope, id).await
}

/// Forgets what was deleted before that moment.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(store: &Store, before: Micros) -> Result<()> {
    let queries = store.as_system("what was deleted goes after a while");
    queries.execute("DELETE FROM analytics_results WHERE deleted_at < $1", args![before]).await?;
    Ok(())
}
