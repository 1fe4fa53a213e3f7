//! `atrium serve`: open, announce, serve, and end in good order.

use crate::{boot, connections, logging, web};
use atrium_domain::Atrium;
use atrium_domain::settings::Boot;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::Layer as _;
use tower_http::normalize_path::NormalizePathLayer;

/// How long requests under way may take once the server is told to end.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until told to end.
///
/// # Errors
/// With a sentence that says what to do.
pub async fn run(mut boot: Boot) -> Result<(), String> {
    let logging = logging::init(&boot)?;
    for name in boot.short_secrets() {
        let price = match name {
            "secret_key" => "stored keys of providers must then be entered again",
            _ => "programs must then sign in again",
        };
        tracing::warn!(
            "{} is shorter than 32 characters: whoever guesses it signs tokens as anybody. Set a longer one, for example from `openssl rand -hex 32`; {price}.",
            name.to_uppercase()
        );
    }
    if boot.redirects_nowhere() {
        tracing::warn!(
            "SECURE_SSL_REDIRECT is on, but there is nowhere to redirect to, so nothing is: set ATRIUM_PUBLIC_URL to the address that begins with https://."
        );
    }
    let listen = boot.text("listen").to_owned();
    // The port first: a second server on the same data must not get as far as the database.
    let listener = TcpListener::bind(&listen).await.map_err(|error| {
        format!("{listen} cannot be listened on: {error}. Choose another address with --listen or ATRIUM_LISTEN.")
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    boot.listens_on(address);
    let (atrium, _claim) = boot::application(boot).await?;
    announce(&atrium, address).await?;

    let stop = CancellationToken::new();
    let house = tokio::spawn(atrium.clone().keep_house(stop.clone()));
    let post = tokio::spawn(atrium.mail.clone().work(stop.clone()));
    let library = tokio::spawn(atrium.knowledge.clone().work(stop.clone()));
    let sockets = web::Sockets::default();
    let router = web::router(atrium.clone(), sockets.clone());
    // A path with a slash at its end is the one without: a redirect would lose what was posted.
    let router = NormalizePathLayer::trim_trailing_slash().layer(router);
    let served = tokio::spawn(connections::serve(listener, router, connections::PATIENCE, stop.clone()));

    wait_for_signal().await;
    tracing::info!("ending: answers under way are kept");
    // Runs first: their listeners are the requests that would otherwise never end.
    atrium.chat.close().await;
    stop.cancel();
    sockets.stop.cancel();
    sockets.open.close();
    let ended = async { tokio::join!(served, sockets.open.wait()) };
    if tokio::time::timeout(GRACE, ended).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    // A mail that was handed over but not noted would be sent twice.
    if tokio::time::timeout(GRACE, post).await.is_err() {
        tracing::warn!("a mail under way is tried again after the next start");
    }
    // What was being read or encoded is gone on with after the next start.
    if tokio::time::timeout(GRACE, library).await.is_err() {
        tracing::warn!("a document under way is taken up again after the next start");
    }
    house.abort();
    atrium.store.close().await;
    if let Some(traces) = logging.traces {
        traces.end().await;
    }
    Ok(())
}

/// Where to go with a browser. While nobody rules the server, with the link that makes the first administrator.
async fn announce(atrium: &Atrium, address: SocketAddr) -> Result<(), String> {
    let base = atrium
        .settings
        .boot()
        .filled("public_url")
        .map_or_else(|| format!("http://{address}"), |it| it.trim_end_matches('/').to_owned());
    let token = atrium.accounts.setup_token().await.map_err(|error| error.to_string())?;
    match token {
        Some(token) => say!(
            "\nAtrium is ready at {base}\nCreate the first administrator (the link works once):\n\n    {base}/setup?token={token}\n"
        ),
        None => say!("\nAtrium is ready at {base}\n"),
    }
    Ok(())
}

async fn wait_for_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
