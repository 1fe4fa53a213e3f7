//! Boards.

use super::wire::{Input, Member, Named, Refusal, Reply};
use crate::api::dialects::long;
use crate::api::time::iso;
use crate::web::App;
use atrium::ids::BoardId;
use atrium_domain::boards::{self, Board, BoardChange};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use futures::TryStreamExt as _;
use serde_json::{Value, json};

fn described(it: Board) -> Json<Value> {
    Json(value(it))
}

fn value(it: Board) -> Value {
    json!({
        "id": it.id, "name": it.name, "layout": it.layout, "data": it.data, "project_id": it.project,
        "created_at": iso(it.created_at), "updated_at": iso(it.updated_at),
    })
}

fn read(input: &Input) -> Reply<BoardChange> {
    Ok(BoardChange {
        name: input.text("name")?,
        layout: input.json("layout"),
        data: input.json("data"),
        project: if input.has("project_id") { Some(input.id("project_id")?.map(Into::into)) } else { None },
    })
}

/// `GET boards/`, read while it is sent.
pub async fn list(State(app): State<App>, Member(caller): Member) -> Response {
    let found = boards::all(app.atrium.store.clone(), caller.viewer);
    long::reply(StatusCode::OK, long::array(found.map_ok(|it| long::short(&value(it)))))
}

/// `POST boards/`
pub async fn create(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<(StatusCode, Json<Value>)> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    let made = boards::create(scope, &app.atrium.ports, &read(&input)?).await?;
    Ok((StatusCode::CREATED, described(made)))
}

/// `PUT boards/ {data}`: into one's board, for clients that know of one alone.
pub async fn keep(State(app): State<App>, Member(caller): Member, input: Input) -> Reply<Json<Value>> {
    if !input.has("data") {
        return Err(Refusal::field("data", "This field is required."));
    }
    let (scope, ports) = (app.atrium.store.as_viewer(&caller.viewer), &app.atrium.ports);
    let change = read(&input)?;
    let kept = match boards::newest_own(scope).await? {
        Some(board) => boards::change(scope, ports, board.id, &change).await?,
        None => boards::create(scope, ports, &change).await?,
    };
    Ok(described(kept))
}

/// `GET boards/{id}/`
pub async fn get(State(app): State<App>, Member(caller): Member, Named(id): Named<BoardId>) -> Reply<Json<Value>> {
    Ok(described(boards::get(app.atrium.store.as_viewer(&caller.viewer), id).await?))
}

/// `PUT|PATCH boards/{id}/`: what is left out stays.
pub async fn change(
    State(app): State<App>,
    Member(caller): Member,
    Named(id): Named<BoardId>,
    input: Input,
) -> Reply<Json<Value>> {
    let scope = app.atrium.store.as_viewer(&caller.viewer);
    Ok(described(boards::change(scope, &app.atrium.ports, id, &read(&input)?).await?))
}

/// `DELETE boards/{id}/`
pub async fn delete(State(app): State<App>, Member(caller): Member, Named(id): Named<BoardId>) -> Reply<StatusCode> {
    boards::delete(app.atrium.store.as_viewer(&caller.viewer), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
