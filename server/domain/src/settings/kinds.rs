//! How the values of settings are read.

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
