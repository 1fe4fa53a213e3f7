//! What is fixed when the server starts: built-in < `atrium.toml` < `.env` < environment < command line.

use super::keys::{KEYS, Key, MYSQL};
use super::kinds::parse_network;
use atrium::settings::Source;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// All but what RFC 3986 lets stand anywhere in a URL.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The values in force before the database has its say.
#[derive(Clone, Default)]
pub struct Boot {
    values: BTreeMap<&'static str, (String, Source)>,
}

impl std::fmt::Debug for Boot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// Where values are looked for.
pub struct Layers<'a> {
    /// The text of `atrium.toml`, if there is one.
    pub file: Option<&'a str>,
    /// The pairs of `.env`.
    pub dot_env: BTreeMap<String, String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Options of the command line, by the setting's name.
    pub options: BTreeMap<&'static str, String>,
}

impl Layers<'_> {
    /// Reads `.env` in `folder`, if there is one.
    ///
    /// # Errors
    /// With the number of the line that cannot be read, and whose it is; never with its value.
    pub fn read_dot_env(folder: &Path) -> Result<BTreeMap<String, String>, String> {
        let text = match std::fs::read_to_string(folder.join(".env")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(format!(".env cannot be read: {error}")),
        };
        dotenvy::from_read_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(|error| unreadable(&text, &error))
    }

    /// A name that is no setting's own, in the environment or `.env`.
    fn look(&self, name: &str) -> Option<(String, Source)> {
        [(&self.env, Source::Environment), (&self.dot_env, Source::DotEnv)]
            .into_iter()
            .find_map(|(layer, source)| Some((layer.get(name).filter(|it| !it.is_empty())?.clone(), source)))
    }
}

impl Boot {
    /// Resolves every setting.
    ///
    /// # Errors
    /// With a sentence that names the setting and where it stands.
    pub fn resolve(layers: &Layers<'_>) -> Result<Self, String> {
        for name in MYSQL {
            if layers.env.contains_key(*name) || layers.dot_env.contains_key(*name) {
                return Err(format!(
                    "{name} is set, but Atrium does not use MySQL. Remove it; for PostgreSQL set DATABASE_URL=postgres://…, or nothing for the embedded SQLite."
                ));
            }
        }
        let file = layers.file.map(read_file).transpose()?.unwrap_or_default();
        let mut boot = Self::default();
        for key in KEYS {
            let (value, source) = look_up(key, layers, &file);
            key.kind.check(&value).map_err(|what| format!("{} ({}): {what}", key.env[0], source.label()))?;
            boot.values.insert(key.name, (value, source));
        }
        boot.compose_database_url(layers);
        boot.compose_smtp_tls(layers)?;
        for origin in boot.list("cors_allowed_origins") {
            let rest = origin.trim_end_matches('/').split_once("://").filter(|it| matches!(it.0, "http" | "https"));
            if rest.is_none_or(|it| it.1.is_empty() || it.1.contains(['/', '*', ' ', '?', '#'])) {
                return Err(format!(
                    "CORS_ALLOWED_ORIGINS: {origin} is no origin. Write each as https://app.example.org, with commas between them."
                ));
            }
        }
        for (name, most) in [("jwt_access_token_expire_minutes", 525_600), ("jwt_refresh_token_expire_days", 3_650)] {
            if !(1..=most).contains(&boot.number(name)) {
                return Err(format!("{}: use a whole number from 1 to {most}.", name.to_uppercase()));
            }
        }
        if boot.flag("cors_allow_all_origins") && !boot.flag("debug") {
            return Err("CORS_ALLOW_ALL_ORIGINS works only together with DEBUG=true. List the origins in CORS_ALLOWED_ORIGINS instead.".to_owned());
        }
        Ok(boot)
    }

    /// The pieces that Django settings use for PostgreSQL.
    fn compose_database_url(&mut self, layers: &Layers<'_>) {
        if !self.text("database_url").is_empty() {
            return;
        }
        let look = |name: &str| layers.look(name);
        let (Some((name, source)), Some((host, _))) = (look("DB_NAME"), look("DB_HOST")) else { return };
        let text = |name: &str, default: &str| look(name).map_or_else(|| default.to_owned(), |it| it.0);
        let (user, password) = (text("DB_USER", "postgres"), text("DB_PASSWORD", ""));
        let url = format!(
            "postgres://{}:{}@{host}:{}/{}",
            escape(&user),
            escape(&password),
            text("DB_PORT", "5432"),
            escape(&name)
        );
        self.values.insert("database_url", (url, source));
    }

    /// The two switches that Django settings use for the mail server's encryption. Both off is a wish, and is kept to.
    fn compose_smtp_tls(&mut self, layers: &Layers<'_>) -> Result<(), String> {
        if self.source("smtp_tls") != Source::BuiltIn {
            return Ok(());
        }
        let mut chosen = None;
        for (name, mode) in [("EMAIL_USE_TLS", "starttls"), ("EMAIL_USE_SSL", "tls")] {
            let Some((value, source)) = layers.look(name) else { continue };
            match super::parse_flag(&value) {
                Some(true) => chosen = Some((mode, source)),
                Some(false) if chosen.is_none() => chosen = Some(("none", source)),
                Some(false) => {}
                None => return Err(format!("{name} ({}): Use true or false.", source.label())),
            }
        }
        if let Some((mode, source)) = chosen {
            self.values.insert("smtp_tls", (mode.to_owned(), source));
        }
        Ok(())
    }

    /// Notes where the server really listens: port 0 lets the system choose one, and links name it.
    pub fn listens_on(&mut self, address: SocketAddr) {
        if self.text("listen").ends_with(":0") {
            let source = self.source("listen");
            self.values.insert("listen", (address.to_string(), source));
        }
    }

    /// The value, empty if unset.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", |it| it.0.as_str())
    }

    /// The value, if set.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|it| !it.is_empty())
    }

    /// The value as yes or no.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        super::parse_flag(self.text(name)).unwrap_or_default()
    }

    /// The value as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or_default()
    }

    /// Secrets that were set, and are too short to withstand guessing: below the 256 bits that HS256 asks for.
    pub fn short_secrets(&self) -> impl Iterator<Item = &'static str> {
        ["secret_key", "jwt_secret_key"].into_iter().filter(|it| self.filled(it).is_some_and(|it| it.len() < 32))
    }

    /// Whether an address is one of the proxies', or in one of their networks.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        // What listens on IPv6 sees IPv4 as a part of it.
        let address = address.to_canonical();
        self.list("trusted_proxies").filter_map(parse_network).any(|it| it.contains(&address))
    }

    /// Plain http is to be redirected, and there is nowhere to send it to.
    #[must_use]
    pub fn redirects_nowhere(&self) -> bool {
        self.flag("secure_ssl_redirect") && !self.text("public_url").starts_with("https://")
    }

    /// The parts of a list with commas.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).split(',').map(str::trim).filter(|it| !it.is_empty())
    }

    /// Where the value comes from.
    #[must_use]
    pub fn source(&self, name: &str) -> Source {
        self.values.get(name).map_or(Source::BuiltIn, |it| it.1)
    }
}

fn look_up(key: &Key, layers: &Layers<'_>, file: &BTreeMap<String, String>) -> (String, Source) {
    if let Some(value) = layers.options.get(key.name) {
        return (value.clone(), Source::Environment);
    }
    for (layer, source) in [(&layers.env, Source::Environment), (&layers.dot_env, Source::DotEnv)] {
        if let Some(value) = key.env.iter().find_map(|name| layer.get(*name).filter(|it| !it.is_empty())) {
            return (value.trim().to_owned(), source);
        }
    }
    match file.get(key.name) {
        Some(value) => (value.clone(), Source::File),
        None => (key.default.to_owned(), Source::BuiltIn),
    }
}

/// Which line of `.env` it is, and whose. What stands in it may be a password.
fn unreadable(text: &str, error: &dotenvy::Error) -> String {
    let dotenvy::Error::LineParse(part, _) = error else { return ".env cannot be read.".to_owned() };
    // It is the whole line, or all of it that stands behind the =.
    let begins = |at: &usize| {
        let before = text[..*at].rsplit('\n').next().unwrap_or_default().trim();
        before.is_empty() || before.ends_with('=')
    };
    let Some(at) = text.match_indices(part.as_str()).map(|it| it.0).find(begins) else {
        return ".env cannot be read.".to_owned();
    };
    let number = line_of(text, at);
    let name = text.lines().nth(number - 1).and_then(|it| it.split_once('='));
    let name = name.map(|it| it.0.trim().trim_start_matches("export ").trim_start());
    match name.filter(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')) {
        Some(name) => format!(
            ".env, line {number} ({name}): the value cannot be read. One with spaces, # or quotes in it stands in quotes."
        ),
        None => format!(".env, line {number}: this is no NAME=value."),
    }
}

/// From 1.
fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|it| **it == b'\n').count() + 1
}

fn read_file(text: &str) -> Result<BTreeMap<String, String>, String> {
    // The error itself would quote the line.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|it| format!(" (line {})", line_of(text, it.start)));
        format!("atrium.toml cannot be read{}: {}", line.unwrap_or_default(), error.message())
    })?;
    table
        .into_iter()
        .map(|(name, value)| {
            if super::keys::find(&name).is_none() {
                return Err(format!("atrium.toml: there is no setting called {name}"));
            }
            let value = match value {
                toml::Value::String(text) => text,
                toml::Value::Array(items) => items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(","),
                other => other.to_string(),
            };
            Ok((name, value))
        })
        .collect()
}

fn escape(part: &str) -> PercentEncode<'_> {
    utf8_percent_encode(part, &RESERVED)
}
