//! The mail server, as the settings have it.

use crate::settings::Settings;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{AsyncSmtpTransport, Error as SmtpError};
use lettre::{Address, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;
use std::time::Duration;

/// Why a message did not get through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It may next time.
    Passing(String),
    /// The mail server does not want it.
    Final(String),
}

/// What stands on the envelope and in it.
#[derive(Debug)]
pub(super) struct Parcel<'a> {
    pub id: uuid::Uuid,
    pub to: &'a str,
    pub subject: &'a str,
    pub text: String,
}

/// A mail server.
#[derive(Debug)]
pub(super) struct Server {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    patience: Duration,
}

impl Server {
    /// The one that `settings` name; with a sentence where they make no sense.
    pub fn of(settings: &Settings, patience: Duration) -> Result<Self, String> {
        let host = settings.text("smtp_host");
        let from = sender(settings)?;
        let mode = settings.text("smtp_tls");
        let (tls, usual) = match mode.as_str() {
            "none" => (Tls::None, 25),
            "tls" => (Tls::Wrapper(parameters(&host)?), 465),
            _ => (Tls::Required(parameters(&host)?), 587),
        };
        let port = match settings.text("smtp_port").as_str() {
            "" => usual,
            port => port.parse().map_err(|_| format!("the mail server's port {port} is none"))?,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(patience))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        let user = settings.text("smtp_user");
        if !user.is_empty() {
            let password = settings.secret("smtp_password");
            let password = password.as_ref().map(|it| it.expose_secret().to_owned()).unwrap_or_default();
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from, patience })
    }

    /// Connects, signs in, and goes again.
    pub async fn greet(&self) -> Result<(), String> {
        match tokio::time::timeout(self.patience, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it answers, but takes nothing".to_owned()),
            Ok(Err(error)) => match refusal(&error) {
                Refusal::Passing(told) | Refusal::Final(told) => Err(told),
            },
            Err(_) => Err(silent(self.patience)),
        }
    }

    /// Hands one message over.
    pub async fn send(&self, parcel: Parcel<'_>) -> Result<(), Refusal> {
        let to: Address = parcel.to.parse().map_err(|_| Refusal::Final("This is no e-mail address.".to_owned()))?;
        let message = Message::builder()
            // The same however often it is tried, so that a message that came twice is seen to be one.
            .message_id(Some(format!("<{}@{}>", parcel.id, self.from.email.domain())))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(parcel.subject)
            // So that nobody's holiday answers.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(parcel.text)
            .map_err(|error| Refusal::Final(error.to_string()))?;
        // The transport's own limit is for connecting alone.
        match tokio::time::timeout(self.patience, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refusal(&error)),
            Err(_) => Err(Refusal::Passing(silent(self.patience))),
        }
    }
}

fn silent(patience: Duration) -> String {
    format!("no answer within {} s", patience.as_secs().max(1))
}

/// A refusal of the message is final; one of Atrium itself (530 to 538 are about signing in) ends when the settings are
/// put right.
fn refusal(error: &SmtpError) -> Refusal {
    let is_about_us = error.status().map(u16::from).is_some_and(|it| (530..=538).contains(&it));
    let mut told = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let next_told = next.to_string();
        if !told.contains(&next_told) {
            told = format!("{told}: {next_told}");
        }
        cause = next.source();
    }
    let told = atrium::text::shorten(&atrium::text::line(&told), 500);
    if (error.is_permanent() && !is_about_us) || error.is_client() {
        Refusal::Final(told)
    } else {
        Refusal::Passing(told)
    }
}

fn sender(settings: &Settings) -> Result<Mailbox, String> {
    let set = settings.text("mail_from");
    if !set.is_empty() {
        return set.parse().map_err(|_| format!("the sender {set} is no e-mail address"));
    }
    let user = settings.text("smtp_user");
    let address: Address = match user.parse() {
        Ok(address) => address,
        Err(_) => format!("atrium@{}", host(&settings.base_url()))
            .parse()
            .map_err(|_| "there is no sender: set ATRIUM_MAIL_FROM".to_owned())?,
    };
    Ok(Mailbox::new(Some("Atrium".to_owned()), address))
}

/// The name in a URL; of a bare address, `localhost`.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |it| it.1);
    let name = rest.split(['/', ':']).next().unwrap_or_default();
    let is_name = name.contains(|it: char| it.is_ascii_alphabetic()) && !rest.starts_with('[');
    if is_name { name } else { "localhost" }
}

/// Mozilla's roots come with the binary, beside the system's: a bare container has none.
fn parameters(host: &str) -> Result<TlsParameters, String> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
    let roots = roots.iter().filter_map(|it| Certificate::from_der(it.to_vec()).ok());
    roots
        .fold(
            TlsParameters::builder(host.to_owned()),
            lettre::transport::smtp::client::TlsParametersBuilder::add_root_certificate,
        )
        .build_rustls()
        .map_err(|error| format!("TLS cannot be set up: {error}"))
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_sender_has_a_name_behind_the_at() {
        assert_eq!(host("https://atrium.example.org:8443/base"), "atrium.example.org");
        assert_eq!(host("http://127.0.0.1:3000"), "localhost");
        assert_eq!(host("http://[::1]:3000"), "localhost");
    }
}
