//! Connections: accepted, read with a patience that ends, and brought to their end when the server ends.
//!
//! `axum::serve` would do but for the patience: it sets no timer, so that a client may take for ever over a request's head.

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

/// How long the head of a request may take, from the moment that one could come: an idle connection is closed after it,
/// too. Longer than the minute for which proxies keep one, so that they close it and never write into one that just is.
pub const PATIENCE: Duration = Duration::from_secs(75);

/// Serves until `stop`, then until what is under way is answered.
pub async fn serve<S>(mut listener: TcpListener, service: S, patience: Duration, stop: CancellationToken)
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    let open = TaskTracker::new();
    loop {
        // Waits by itself when there are no more handles to be had.
        let (stream, address): (_, SocketAddr) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        // A word of an answer is one small packet: it must not wait for the next.
        drop(stream.set_nodelay(true));
        let service = service.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(address));
            service.clone().oneshot(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
        let stop = stop.clone();
        open.spawn(async move {
            let mut connection = pin!(connection);
            let outcome = tokio::select! {
                outcome = connection.as_mut() => outcome,
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = outcome {
                tracing::trace!("a connection ended early: {error}");
            }
        });
    }
    drop(listener);
    open.close();
    open.wait().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::routing::get;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: x\r\n";

    async fn start(patience: Duration) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = || async { tokio::time::sleep(Duration::from_millis(300)).await };
        let who = |ConnectInfo(it): ConnectInfo<SocketAddr>| async move { it.ip().to_string() };
        let router = Router::new().route("/", get(who)).route("/slow", get(slow));
        let stop = CancellationToken::new();
        (address, stop.clone(), tokio::spawn(serve(listener, router, patience, stop)))
    }

    async fn said(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut text)).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_costs_no_connection() {
        let (address, _stop, _served) = start(Duration::from_millis(200)).await;
        let begun = Instant::now();
        let mut dripping = TcpStream::connect(address).await.unwrap();
        for byte in REQUEST.bytes() {
            if dripping.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!said(&mut dripping).await.contains("200 OK"));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        let mut honest = TcpStream::connect(address).await.unwrap();
        honest.write_all(format!("{REQUEST}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let reply = said(&mut honest).await;
        assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.ends_with("127.0.0.1"), "{reply}");
    }

    #[tokio::test]
    async fn what_is_under_way_is_answered_at_the_end_and_nothing_new_taken() {
        let (address, stop, served) = start(PATIENCE).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
        assert!(said(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(said(&mut idle).await, "", "nobody waits for who asks nothing");
        tokio::time::timeout(Duration::from_secs(10), served).await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
