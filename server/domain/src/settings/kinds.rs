//! How the values of settings are read.

use ipnet::IpNet;
use std::net::IpAddr;
use tracing::level_filters::LevelFilter;

/// How a value is read and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it is.
    Text,
    /// true or false.
    Flag,
    /// A whole number.
    Number,
    /// `http://` or `https://`.
    Url,
    /// A provider's name.
    Provider,
    /// How the way to the mail server is encrypted.
    MailTls,
    /// An e-mail address, with or without a name.
    Mailbox,
    /// Addresses and networks, with commas between them.
    Networks,
    /// What is logged, of everything or by module.
    LogLevels,
    /// How freely a model chooses its words.
    Temperature,
    /// Encrypted at rest, never shown.
    Secret,
}

impl Kind {
    /// # Errors
    /// With what to change.
    pub fn check(self, value: &str) -> Result<(), &'static str> {
        match self {
            _ if value.is_empty() => Ok(()),
            Self::Flag => parse_flag(value).map(drop).ok_or("Use true or false."),
            Self::Number => value.parse::<u32>().map(drop).map_err(|_| "Use a whole number."),
            Self::Url => match value.split_once("://") {
                Some(("http" | "https", rest)) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(()),
                _ => Err("Use a URL that begins with http:// or https://."),
            },
            Self::Provider => match atrium::catalogue::Provider::parse(value) {
                Some(_) => Ok(()),
                None => Err("Use local, openai, ollama, gemini, anthropic or n8n."),
            },
            Self::MailTls => match value {
                "starttls" | "tls" | "none" => Ok(()),
                _ => Err("Use starttls, tls or none."),
            },
            Self::Mailbox => match value.parse::<lettre::message::Mailbox>() {
                Ok(_) => Ok(()),
                Err(_) => Err("Use an address, like Atrium <atrium@example.org>."),
            },
            Self::Networks => {
                let mut parts = value.split(',').map(str::trim).filter(|it| !it.is_empty());
                match parts.all(|it| parse_network(it).is_some()) {
                    true => Ok(()),
                    false => {
                        Err("Use addresses and networks, like 127.0.0.1 and 10.0.0.0/8, with commas between them.")
                    }
                }
            }
            Self::LogLevels => match has_levels(value) {
                true => Ok(()),
                false => Err("Use off, error, warn, info, debug or trace, or one by module: info,atrium_domain=debug."),
            },
            Self::Temperature => match parse_temperature(value) {
                Some(_) => Ok(()),
                None => Err("Use a number from 0 to 2."),
            },
            Self::Text | Self::Secret => Ok(()),
        }
    }
}

/// The words that people write for yes and no.
#[must_use]
pub fn parse_flag(value: &str) -> Option<bool> {
    match value.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" | "" => Some(false),
        _ => None,
    }
}

/// A network, or an address, which is a network of one.
#[must_use]
pub fn parse_network(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// From 0 to 2; a comma will do for the point.
#[must_use]
pub fn parse_temperature(text: &str) -> Option<f64> {
    text.replace(',', ".").parse().ok().filter(|it| (0.0..=2.0).contains(it))
}

/// Whether every part names a level: a word alone that is none would be taken for a module, and nothing else logged.
/// Filters by span may have commas of their own, and are left to whoever logs.
fn has_levels(value: &str) -> bool {
    let is_level = |it: &str| it.trim().parse::<LevelFilter>().is_ok();
    value.contains('[') || value.split(',').all(|it| is_level(it.rsplit_once('=').map_or(it, |it| it.1)))
}
