//! As little program as can answer Atrium's list of conversations: what `end2end/bench.mjs` compares it with.
//!
//! `reference DATABASE LISTEN EMAIL` has neither session nor viewer nor middleware; it runs the same query
//! (`chat::conversations`) and answers the same bytes.

use atrium::chat::{ConversationItem, ConversationPage};
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::error::Error;
use tokio::net::TcpListener;
use uuid::Uuid;

const PAGE: usize = 40;

#[derive(Clone)]
struct App {
    pool: SqlitePool,
    owner: Uuid,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [database, listen, email] = args.as_slice() else {
        return Err("usage: reference DATABASE LISTEN EMAIL".into());
    };
    let options = SqliteConnectOptions::new().filename(database).pragma("cache_size", "-2000");
    let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await?;
    let (owner,) = sqlx::query_as::<_, (Uuid,)>("SELECT id FROM users WHERE email = $1")
        .bind(email.as_str())
        .fetch_one(&pool)
        .await?;
    let router = Router::new().route("/", post(list)).with_state(App { pool, owner });
    axum::serve(TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

async fn list(State(app): State<App>) -> Result<Json<ConversationPage>, StatusCode> {
    let limit = i64::try_from(PAGE + 1).unwrap_or_default();
    let mut rows = sqlx::query_as::<_, (Uuid, String, i64)>(
        "SELECT id, title, updated_at FROM conversations
         WHERE owner_id = $1 AND deleted_at IS NULL AND (updated_at < $2 OR (updated_at = $2 AND id < $3))
         ORDER BY updated_at DESC, id DESC LIMIT $4",
    )
    .bind(app.owner)
    .bind(i64::MAX)
    .bind(Uuid::max())
    .bind(limit)
    .fetch_all(&app.pool)
    .await
    .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let has_more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| has_more).map(|(id, _, at)| format!("{at}.{}", id.simple()));
    let items = rows.into_iter().map(|(id, title, updated_at)| ConversationItem { id: id.into(), title, updated_at });
    Ok(Json(ConversationPage { items: items.collect(), next }))
}
