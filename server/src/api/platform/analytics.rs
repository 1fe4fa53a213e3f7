//! Charts by question, what was computed, and versions of models.

use crate::api::dialects::fields::{BLANK, Fields};
use crate::api::dialects::long;
use crate::api::dialects::refusal::{Id, Refusal, Reply, Signed};
use crate::api::time::iso;
use crate::web::App;
use atrium::charts::Chart;
use atrium::ids::ResultId;
use atrium_domain::artifacts::{self, Artifact, ArtifactFilter};
use atrium_domain::results::{self, AnalyticsResult, Asked};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures::TryStreamExt as _;
use serde_json::{Map, Value, json};

/// Of the series, in their order: what charts of these clients are drawn with.
const COLOURS: [&str; 8] = ["#2563eb", "#16a34a", "#ea580c", "#9333ea", "#0891b2", "#dc2626", "#ca8a04", "#64748b"];

fn result(it: &AnalyticsResult) -> Value {
    json!({
        "id": it.id, "user": it.user, "result_type": it.kind.as_str(), "s3_key": format!("analytics/results/{}.csv", it.id),
        "meta": it.meta, "created_at": iso(it.created_at),
    })
}

fn model(it: Artifact) -> Value {
    json!({
        "id": it.id, "name": it.name, "version": it.version, "s3_key": it.storage_key, "stage": it.stage.as_str(),
        "metrics": it.metrics, "created_by": it.created_by, "created_at": iso(it.created_at),
    })
}

/// A chart as these clients draw it: a row a category, with a key of its own for each series. One series is `value`.
fn chart(it: &Chart) -> Value {
    let key = |at: usize| if it.series.len() == 1 { "value".to_owned() } else { format!("series{}", at + 1) };
    let rows: Vec<Value> = it
        .categories
        .iter()
        .enumerate()
        .map(|(place, category)| {
            let mut row = Map::from_iter([("name".to_owned(), Value::from(category.as_str()))]);
            row.extend((0..it.series.len()).map(|at| (key(at), json!(it.value(at, place)))));
            Value::Object(row)
        })
        .collect();
    let series: Vec<Value> = it
        .series
        .iter()
        .enumerate()
        .map(|(at, series)| json!({ "name": series.name, "dataKey": key(at), "color": COLOURS[at % COLOURS.len()] }))
        .collect();
    json!({
        "title": it.title, "subtitle": it.subtitle, "chartType": it.kind.as_str(), "chartData": rows, "series": series,
        "insights": it.insights,
    })
}

/// `GET mlops/results/`, read while it is sent.
pub async fn list(State(app): State<App>, Signed(caller): Signed) -> Response {
    let found = long::pages(move |page| {
        let (store, viewer) = (app.atrium.store.clone(), caller.viewer.clone());
        async move { results::page(store.as_viewer(&viewer), page, None).await }
    });
    long::reply(StatusCode::OK, long::array(found.map_ok(|it| long::short(&result(&it)))))
}

/// `GET mlops/results/{id}/`
pub async fn get(State(app): State<App>, Signed(caller): Signed, Id(id): Id<ResultId>) -> Reply<Json<Value>> {
    Ok(Json(result(&results::get(app.atrium.store.as_viewer(&caller.viewer), id).await?)))
}

/// `POST mlops/generate-chart/ {query}`: of whatever one has that the question names.
pub async fn generate(State(app): State<App>, Signed(caller): Signed, fields: Fields) -> Reply<Json<Value>> {
    let query = fields.text("query")?.ok_or_else(|| Refusal::field("query", fields.missing("query")))?;
    if query.trim().is_empty() {
        return Err(Refusal::field("query", BLANK));
    }
    let atrium = &app.atrium;
    let asked = Asked {
        store: &atrium.store,
        ports: &atrium.ports,
        connections: &atrium.connections,
        viewer: &caller.viewer,
        question: &query,
    };
    let made = results::ask_of_all(asked, &atrium.knowledge).await;
    let made = made.map_err(|error| Refusal::from(error).renamed("question", "query").renamed("file", "query"))?;
    Ok(Json(chart(&made.chart)))
}

/// `GET mlops/models/`, read while it is sent.
pub async fn models(State(app): State<App>, Signed(caller): Signed) -> Response {
    let found = long::pages(move |page| {
        let (store, viewer) = (app.atrium.store.clone(), caller.viewer.clone());
        async move { artifacts::page(store.as_viewer(&viewer), page, ArtifactFilter::default()).await }
    });
    long::reply(StatusCode::OK, long::array(found.map_ok(|it| long::short(&model(it)))))
}
