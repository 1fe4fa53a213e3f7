//! Every setting that there is: its names, what it is for, what it is unless somebody says otherwise.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// In `atrium.toml` and in the database.
    pub name: &'static str,
    /// In the environment and in `.env`; the first one that is set counts.
    pub env: &'static [&'static str],
    /// Built-in value; empty is unset.
    pub default: &'static str,
    /// Of its field.
    pub label: &'static str,
    /// What it does.
    pub help: &'static str,
    /// How it is read and shown.
    pub kind: Kind,
    /// Administrators can change it while the server runs; the others are fixed at start.
    pub is_live: bool,
}

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

const fn key(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    kind: Kind,
    label: &'static str,
    help: &'static str,
) -> Key {
    Key { name, env, default, label, help, kind, is_live: false }
}

const fn live(
    name: &'static str,
    env: &'static [&'static str],
    default: &'static str,
    kind: Kind,
    label: &'static str,
    help: &'static str,
) -> Key {
    Key { name, env, default, label, help, kind, is_live: true }
}

/// All settings, in the order in which they are shown and documented.
pub const KEYS: &[Key] = &[
    key("listen", &["ATRIUM_LISTEN"], "127.0.0.1:3000", Kind::Text, "Listen on", "Address and port of the server."),
    key("data", &["ATRIUM_DATA"], "data", Kind::Text, "Data folder", "Database, secret, models and logs."),
    key(
        "database_url",
        &["DATABASE_URL"],
        "",
        Kind::Secret,
        "Database",
        "postgres://… or sqlite://…; unset means atrium.db in the data folder.",
    ),
    key(
        "public_url",
        &["ATRIUM_PUBLIC_URL"],
        "",
        Kind::Url,
        "Public URL",
        "Where people reach this server. Links are built from it, and with https cookies become Secure.",
    ),
    key(
        "trusted_proxies",
        &["ATRIUM_TRUSTED_PROXIES"],
        "",
        Kind::Text,
        "Trusted proxies",
        "Addresses, separated by commas, whose X-Forwarded-For is believed.",
    ),
    key(
        "secret_key",
        &["SECRET_KEY"],
        "",
        Kind::Secret,
        "Secret key",
        "Encrypts stored secrets; made on first start if unset.",
    ),
    key(
        "debug",
        &["DEBUG"],
        "false",
        Kind::Flag,
        "Development",
        "Allows what is for development only, such as CORS for every origin.",
    ),
    key(
        "allowed_hosts",
        &["ALLOWED_HOSTS"],
        "*",
        Kind::Text,
        "Allowed hosts",
        "Host names, separated by commas, that requests may be addressed to; * is any.",
    ),
    key(
        "cors_allowed_origins",
        &["CORS_ALLOWED_ORIGINS"],
        "",
        Kind::Text,
        "CORS origins",
        "Origins, separated by commas, whose pages may call the API.",
    ),
    key(
        "cors_allow_credentials",
        &["CORS_ALLOW_CREDENTIALS"],
        "false",
        Kind::Flag,
        "CORS with credentials",
        "Whether those pages may send cookies.",
    ),
    key(
        "cors_allow_all_origins",
        &["CORS_ALLOW_ALL_ORIGINS"],
        "false",
        Kind::Flag,
        "CORS for everyone",
        "Only together with DEBUG.",
    ),
    key(
        "secure_ssl_redirect",
        &["SECURE_SSL_REDIRECT"],
        "false",
        Kind::Flag,
        "Redirect to https",
        "Sends plain http requests to the public URL.",
    ),
    key(
        "secure_hsts_seconds",
        &["SECURE_HSTS_SECONDS"],
        "0",
        Kind::Number,
        "HSTS",
        "Seconds for which browsers shall insist on https; 0 sends no header.",
    ),
    key(
        "secure_hsts_include_subdomains",
        &["SECURE_HSTS_INCLUDE_SUBDOMAINS"],
        "false",
        Kind::Flag,
        "HSTS for subdomains",
        "Adds includeSubDomains.",
    ),
    key("secure_hsts_preload", &["SECURE_HSTS_PRELOAD"], "false", Kind::Flag, "HSTS preload", "Adds preload."),
    key(
        "jwt_secret_key",
        &["JWT_SECRET_KEY"],
        "",
        Kind::Secret,
        "JWT secret",
        "Signs the REST API's tokens; derived from the secret key if unset.",
    ),
    key(
        "jwt_access_token_expire_minutes",
        &["JWT_ACCESS_TOKEN_EXPIRE_MINUTES"],
        "60",
        Kind::Number,
        "Access token",
        "Minutes.",
    ),
    key(
        "jwt_refresh_token_expire_days",
        &["JWT_REFRESH_TOKEN_EXPIRE_DAYS"],
        "7",
        Kind::Number,
        "Refresh token",
        "Days.",
    ),
    key(
        "api_requests_per_minute",
        &["ATRIUM_API_REQUESTS_PER_MINUTE"],
        "600",
        Kind::Number,
        "API requests",
        "Of one person, or one address, in a minute; 0 is no limit.",
    ),
    key(
        "log_level",
        &["ATRIUM_LOG", "RUST_LOG"],
        "info",
        Kind::Text,
        "Log level",
        "error, warn, info, debug, or per module.",
    ),
    key(
        "s3_bucket",
        &["ATRIUM_S3_BUCKET", "AWS_STORAGE_BUCKET_NAME"],
        "",
        Kind::Text,
        "Bucket for files",
        "Of a store that speaks S3; unset, documents' files are kept in the data folder.",
    ),
    key(
        "s3_endpoint",
        &["ATRIUM_S3_ENDPOINT", "AWS_S3_ENDPOINT_URL"],
        "",
        Kind::Url,
        "Bucket's server",
        "Unset it is Amazon's own.",
    ),
    key(
        "s3_region",
        &["ATRIUM_S3_REGION", "AWS_S3_REGION_NAME"],
        "us-east-1",
        Kind::Text,
        "Bucket's region",
        "As its server calls it.",
    ),
    key(
        "s3_access_key_id",
        &["ATRIUM_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"],
        "",
        Kind::Text,
        "Bucket's user",
        "The access key id.",
    ),
    key(
        "s3_secret_access_key",
        &["ATRIUM_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"],
        "",
        Kind::Secret,
        "Bucket's key",
        "The secret access key of that user.",
    ),
    key("log_file", &["ATRIUM_LOG_FILE"], "", Kind::Text, "Log file", "A path; one file a day, the last 14 are kept."),
    key(
        "n8n_base_url",
        &["N8N_BASE_URL"],
        "",
        Kind::Url,
        "n8n URL",
        "Where workflows listen; for agents that answer through a webhook.",
    ),
    key("n8n_api_key", &["N8N_API_KEY"], "", Kind::Secret, "n8n key", "Sent to workflows."),
    live(
        "registration_open",
        &["ATRIUM_REGISTRATION_OPEN"],
        "true",
        Kind::Flag,
        "Open registration",
        "Whether people can create an account by themselves.",
    ),
    live(
        "smtp_host",
        &["ATRIUM_SMTP_HOST", "EMAIL_HOST"],
        "",
        Kind::Text,
        "Mail server",
        "Name of the SMTP server; without one mail stays in the outbox, for an administrator to pass on.",
    ),
    live(
        "smtp_port",
        &["ATRIUM_SMTP_PORT", "EMAIL_PORT"],
        "",
        Kind::Number,
        "Mail server's port",
        "Unset it is 587, with tls 465, with none 25.",
    ),
    live(
        "smtp_tls",
        &["ATRIUM_SMTP_TLS"],
        "starttls",
        Kind::MailTls,
        "Mail server's encryption",
        "starttls, tls, or none for a server on this machine.",
    ),
    live(
        "smtp_user",
        &["ATRIUM_SMTP_USER", "EMAIL_HOST_USER"],
        "",
        Kind::Text,
        "Mail server's user",
        "Unset, Atrium does not sign in to it.",
    ),
    live(
        "smtp_password",
        &["ATRIUM_SMTP_PASSWORD", "EMAIL_HOST_PASSWORD"],
        "",
        Kind::Secret,
        "Mail server's password",
        "Of that user.",
    ),
    live(
        "mail_from",
        &["ATRIUM_MAIL_FROM", "DEFAULT_FROM_EMAIL"],
        "",
        Kind::Mailbox,
        "Sender",
        "As Atrium <atrium@example.org>; unset it is the mail server's user, else atrium at the public URL's host.",
    ),
    live(
        "default_provider",
        &["DEFAULT_LLM_PROVIDER"],
        "local",
        Kind::Provider,
        "Default provider",
        "Of the agent that everyone starts with: local, openai, ollama, gemini or anthropic.",
    ),
    live(
        "default_model",
        &["DEFAULT_MODEL"],
        "",
        Kind::Text,
        "Default model",
        "Of that agent; unset means the local model, or the first that the provider offers.",
    ),
    live(
        "openai_api_key",
        &["OPENAI_API_KEY"],
        "",
        Kind::Secret,
        "OpenAI key",
        "Sent to the OpenAI-compatible server.",
    ),
    live(
        "openai_base_url",
        &["OPENAI_BASE_URL"],
        "https://api.openai.com/v1",
        Kind::Url,
        "OpenAI-compatible URL",
        "Up to and including /v1.",
    ),
    live(
        "ollama_base_url",
        &["OLLAMA_BASE_URL"],
        "http://127.0.0.1:11434",
        Kind::Url,
        "Ollama URL",
        "Where Ollama listens.",
    ),
    live("gemini_api_key", &["GEMINI_API_KEY"], "", Kind::Secret, "Gemini key", "From Google AI Studio."),
    live(
        "gemini_base_url",
        &["GEMINI_BASE_URL"],
        "https://generativelanguage.googleapis.com",
        Kind::Url,
        "Gemini URL",
        "For proxies and tests.",
    ),
    live("anthropic_api_key", &["ANTHROPIC_API_KEY"], "", Kind::Secret, "Anthropic key", "From the Anthropic console."),
    live(
        "anthropic_base_url",
        &["ANTHROPIC_BASE_URL"],
        "https://api.anthropic.com",
        Kind::Url,
        "Anthropic URL",
        "For proxies and tests.",
    ),
];

/// Names of settings that other systems used for MySQL, which Atrium does not speak.
pub const MYSQL: &[&str] = &[
    "MYSQL_HOST",
    "BACKEND_DB",
    "BACKEND_DB_HOST",
    "BACKEND_DB_NAME",
    "BACKEND_DB_USER",
    "BACKEND_DB_PASSWORD",
    "BACKEND_DB_PORT",
];

/// The setting of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|it| it.name == name)
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
                None => Err("Use local, openai, ollama, gemini or anthropic."),
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
