//! Charts by question, and those that were drawn before.

use crate::api::body::{ApiJson, ApiPath, ApiQuery};
use crate::api::error::{ApiError, ApiResult};
use crate::api::identity::Caller;
use crate::api::paging::{ListQuery, Listing, listing};
use crate::api::time::iso;
use crate::web::App;
use atrium::charts::Chart as Drawn;
use atrium::ids::ResultId;
use atrium_domain::results::{self, AnalyticsResult as Known, Asked, Data};
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::{Json, RequestExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A chart that answered a question.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0190d3b8-5d2a-7c3e-9f10-2a4b6c8d0e1f", "title": "Total Amount by Region", "question": "amount by region",
    "source": { "kind": "file", "name": "sales.csv" }, "read_by": "rules",
    "specification": { "chart": "bar", "measures": [{ "aggregate": "sum", "column": "Amount" }], "by": "Region" },
    "chart": {
        "title": "Total Amount by Region", "subtitle": "4 rows", "kind": "bar", "label": "Region", "categories": ["North", "South"],
        "series": [{ "name": "Total Amount", "values": [1300.0, 300.0] }], "insights": ["North is highest with 1,300, 81% of the whole."]
    },
    "created_at": "2026-01-31T12:00:00Z"
}))]
pub struct AnalyticsResult {
    id: Uuid,
    title: String,
    /// In the words of whoever asked.
    question: String,
    /// Of what: `kind` is `file`, `result` or `usage`.
    #[schema(value_type = Object)]
    source: Value,
    /// Who made a specification of the question: a `model`, or the `rules` of this server. The figures are the server's.
    read_by: String,
    /// What was computed.
    #[schema(value_type = Object)]
    specification: Value,
    chart: Chart,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What is drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct Chart {
    title: String,
    /// Of which rows.
    subtitle: String,
    #[schema(value_type = ChartKindName)]
    kind: &'static str,
    /// What the categories are.
    label: String,
    /// What there are figures for, in order.
    categories: Vec<String>,
    series: Vec<ChartSeries>,
    /// Sentences, each computed from the figures.
    insights: Vec<String>,
}

/// How it is drawn.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "words of the description")]
pub enum ChartKindName {
    Bar,
    Line,
    Pie,
}

/// Figures of one kind, one a category; `null` where there is nothing to compute from.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChartSeries {
    name: String,
    values: Vec<Option<f64>>,
}

/// A question, and what it is about: the text of a CSV file, an earlier result, or else one's own use of models.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({ "question": "amount by region", "csv": "Region,Amount\nNorth,1200\nSouth,300\n" }))]
pub struct AnalyticsQuestion {
    #[schema(min_length = 1, max_length = 500)]
    question: String,
    /// At most 2 MB.
    csv: Option<String>,
    /// What the file is called.
    file_name: Option<String>,
    result_id: Option<Uuid>,
}

/// The same as a form.
#[derive(ToSchema)]
#[schema(example = json!({ "question": "amount by region", "file": "…" }))]
#[allow(dead_code, reason = "words of the description")]
pub struct AnalyticsForm {
    #[schema(min_length = 1, max_length = 500)]
    question: String,
    /// CSV, at most 2 MB.
    #[schema(required = false, value_type = String, format = Binary)]
    file: Vec<u8>,
    #[schema(required = false)]
    result_id: Uuid,
}

impl From<Drawn> for Chart {
    fn from(it: Drawn) -> Self {
        Self {
            title: it.title,
            subtitle: it.subtitle,
            kind: it.kind.as_str(),
            label: it.label,
            categories: it.categories,
            series: it.series.into_iter().map(|it| ChartSeries { name: it.name, values: it.values }).collect(),
            insights: it.insights,
        }
    }
}

impl From<Known> for AnalyticsResult {
    fn from(it: Known) -> Self {
        Self {
            id: it.id.0,
            title: it.title,
            question: it.question,
            source: it.meta["source"].clone(),
            read_by: it.meta["read_by"].as_str().unwrap_or_default().to_owned(),
            specification: it.meta["specification"].clone(),
            chart: it.chart.into(),
            created_at: iso(it.created_at),
        }
    }
}

/// List analytics results
///
/// One's own, the newest first; `search` is a part of title or question.
#[utoipa::path(get, path = "/api/v1/analytics/results", tag = "Analytics", operation_id = "results", params(ListQuery), responses((status = 200, description = "A page", body = Listing<AnalyticsResult>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    ApiQuery(query): ApiQuery<ListQuery>,
    parts: Parts,
) -> ApiResult<Json<Listing<AnalyticsResult>>> {
    let request = query.page()?;
    let page = results::page(app.atrium.store.as_viewer(&caller.viewer), request, query.search.as_deref()).await?;
    Ok(Json(listing(&app, &parts, request, page.map(AnalyticsResult::from))))
}

/// Get an analytics result
#[utoipa::path(get, path = "/api/v1/analytics/results/{id}", tag = "Analytics", operation_id = "result", params(("id" = Uuid, Path)), responses((status = 200, description = "The result", body = AnalyticsResult)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ResultId>,
) -> ApiResult<Json<AnalyticsResult>> {
    Ok(Json(results::get(app.atrium.store.as_viewer(&caller.viewer), id).await?.into()))
}

/// Delete an analytics result
///
/// For 30 days it can be restored.
#[utoipa::path(delete, path = "/api/v1/analytics/results/{id}", tag = "Analytics", operation_id = "delete_result", params(("id" = Uuid, Path)), responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, caller: Caller, ApiPath(id): ApiPath<ResultId>) -> ApiResult<StatusCode> {
    results::delete(app.atrium.store.as_viewer(&caller.viewer), &app.atrium.ports, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restore an analytics result
#[utoipa::path(post, path = "/api/v1/analytics/results/{id}/restore", tag = "Analytics", operation_id = "restore_result", params(("id" = Uuid, Path)), responses((status = 200, description = "It is back", body = AnalyticsResult)))]
pub async fn restore(
    State(app): State<App>,
    caller: Caller,
    ApiPath(id): ApiPath<ResultId>,
) -> ApiResult<Json<AnalyticsResult>> {
    Ok(Json(results::restore(app.atrium.store.as_viewer(&caller.viewer), id).await?.into()))
}

/// Draw a chart by question
///
/// “Average price by region”, “sales over time”, “top 5 products by revenue”, “share of orders by channel”: of the text of a
/// CSV file (as JSON, or as a form with a file), of an earlier result, or of one's own use of models. The model of one's
/// default agent may say what to compute; the figures are computed here, from the data. The chart is kept as a result.
#[utoipa::path(post, path = "/api/v1/analytics/charts", tag = "Analytics", operation_id = "draw",
    request_body(content((AnalyticsQuestion = "application/json"), (AnalyticsForm = "multipart/form-data"))),
    responses((status = 201, description = "Drawn and kept", body = AnalyticsResult), (status = 404, description = "There is no such earlier chart.", body = crate::api::error::Problem)))]
pub async fn draw(
    State(app): State<App>,
    caller: Caller,
    request: Request,
) -> ApiResult<(StatusCode, Json<AnalyticsResult>)> {
    let (question, data) = read(request, &app).await?;
    let atrium = &app.atrium;
    let asked = Asked {
        store: &atrium.store,
        ports: &atrium.ports,
        connections: &atrium.connections,
        viewer: &caller.viewer,
        question: &question,
    };
    Ok((StatusCode::CREATED, Json(results::ask(asked, data).await?.into())))
}

async fn read(request: Request, app: &App) -> ApiResult<(String, Data)> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let (asked, file) = if kind.starts_with("multipart/form-data") {
        form(request).await?
    } else {
        let ApiJson(mut asked) = ApiJson::<AnalyticsQuestion>::from_request(request, app).await?;
        let file = asked.csv.take().map(|it| (asked.file_name.take().unwrap_or_default(), it.into_bytes()));
        (asked, file)
    };
    let data = match (file, asked.result_id) {
        (Some((name, bytes)), _) => Data::File(name, bytes),
        (None, Some(id)) => Data::Result(id.into()),
        (None, None) => Data::Usage,
    };
    Ok((asked.question, data))
}

/// A form, and its file with its name.
async fn form(request: Request) -> ApiResult<(AnalyticsQuestion, Option<(String, Vec<u8>)>)> {
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => crate::api::body::too_large(),
        _ => malformed(&error.body_text()),
    };
    let mut parts = request.extract::<Multipart, _>().await.map_err(|it| malformed(&it.body_text()))?;
    let (mut asked, mut file) = (AnalyticsQuestion::default(), None);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let (field, name) = (part.name().unwrap_or_default().to_owned(), part.file_name().map(str::to_owned));
        let bytes = part.bytes().await.map_err(broken)?;
        let text = || String::from_utf8_lossy(&bytes).into_owned();
        match (field.as_str(), name) {
            // So a browser sends a field in which no file was chosen.
            ("file", Some(name)) if name.is_empty() && bytes.is_empty() => {}
            ("file", name) => file = Some((name.unwrap_or_default(), bytes.to_vec())),
            ("question", _) => asked.question = text(),
            ("result_id", _) if !bytes.is_empty() => {
                let id = text().parse().map_err(|_| atrium_domain::Error::field("result_id", "This is no id."))?;
                asked.result_id = Some(id);
            }
            _ => {}
        }
    }
    Ok((asked, file))
}

fn malformed(told: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_form", format!("The form could not be read: {told}"))
}
