//! `atrium health`: asks the server that these settings start whether it and its database are well, as a container's health
//! check or a monitor does. It opens neither the database nor the data folder.

use atrium_domain::settings::Boot;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;
use url::Url;

/// Somewhat more than the server gives its database.
const PATIENCE: Duration = Duration::from_secs(5);
const PATH: &str = "/api/health/db";

/// `atrium health`
///
/// # Errors
/// When the server does not answer, or says that it is not well.
pub async fn ask(boot: &Boot) -> Result<(), String> {
    let address = address(boot.text("listen"));
    match tokio::time::timeout(PATIENCE, status(&address, &host(boot))).await {
        Ok(Ok(StatusCode::OK)) => Ok(()),
        Ok(Ok(StatusCode::SERVICE_UNAVAILABLE)) => Err(format!("{address} answers, but its database does not")),
        Ok(Ok(status)) => Err(format!("{address} answers with {status}")),
        Ok(Err(error)) => Err(format!("{address}: {error}")),
        Err(_) => Err(format!("{address} does not answer within {} seconds", PATIENCE.as_secs())),
    }
}

/// Where a server is reached from this machine that listens there.
fn address(listen: &str) -> String {
    match listen.parse::<SocketAddr>() {
        Ok(mut address) if address.ip().is_unspecified() => {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
            address.to_string()
        }
        _ => listen.to_owned(),
    }
}

/// What the server is called: a proxy's health check says so, and so does this one.
fn host(boot: &Boot) -> String {
    let public = boot.filled("public_url").and_then(|it| Url::parse(it).ok());
    let public = public.as_ref().map(|it| it[url::Position::BeforeHost..url::Position::AfterPort].to_owned());
    let named = || boot.list("allowed_hosts").find(|it| *it != "*" && !it.starts_with('.')).map(str::to_owned);
    public.filter(|it| !it.is_empty()).or_else(named).unwrap_or_else(|| boot.text("listen").to_owned())
}

async fn status(address: &str, host: &str) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(PATH).header(HOST, host).body(Body::empty())?;
    let driver = tokio::spawn(connection);
    let reply = sender.send_request(request).await;
    driver.abort();
    Ok(reply?.status())
}

#[cfg(test)]
mod tests {
    use super::*;
    use atrium_domain::settings::Layers;
    use std::collections::BTreeMap;

    #[test]
    fn a_server_that_listens_everywhere_is_asked_here() {
        assert_eq!(address("0.0.0.0:80"), "127.0.0.1:80");
        assert_eq!(address("[::]:80"), "[::1]:80");
        assert_eq!(address("10.0.0.1:80"), "10.0.0.1:80");
        assert_eq!(address("localhost:80"), "localhost:80");
    }

    #[test]
    fn it_is_asked_by_a_name_that_it_answers_to() {
        let host = |env: &[(&str, &str)]| {
            let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let layers = Layers { file: None, dot_env: BTreeMap::new(), env, options: BTreeMap::new() };
            super::host(&Boot::resolve(&layers).unwrap())
        };
        let hosts = ("ALLOWED_HOSTS", "*, .b.example, a.example");
        assert_eq!(host(&[("ATRIUM_PUBLIC_URL", "https://c.example:8443/x"), hosts]), "c.example:8443");
        assert_eq!(host(&[hosts]), "a.example");
        assert_eq!(host(&[("ATRIUM_LISTEN", "127.0.0.1:80")]), "127.0.0.1:80");
    }
}
