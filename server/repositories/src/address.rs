//! Where a repository is: addresses, branches and credentials, checked before anything is done with them.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::Refusal;

/// Longest address and branch, in bytes.
const LENGTH: usize = 2000;

/// A repository, and what of it is wanted.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Where it is.
    pub address: Address,
    /// Which branch; the server's default when `None`.
    pub branch: Option<Branch>,
    /// Sent to the address's own host, and nowhere else.
    pub credentials: Option<Credentials>,
}

/// What the operator allows beyond https.
#[derive(Debug, Clone, Default)]
pub struct Permitted {
    /// http without TLS. Credentials go out readable then.
    pub plain_http: bool,
    /// `file://` below this folder. The caller gives it for those who may use it, and for nobody else.
    pub folder: Option<PathBuf>,
}

/// The address of a repository, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(pub(crate) Place);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Without a slash at its end.
    Web(Url),
    /// A folder that existed below the permitted one, without links on the way.
    Folder(PathBuf),
}

impl Address {
    /// Read an address as a person enters it.
    ///
    /// # Errors
    /// [`Refusal::Address`], [`Refusal::Scheme`], [`Refusal::Folder`], and [`Refusal::Missing`] for a folder that is none.
    pub fn parse(text: &str, permitted: &Permitted) -> Result<Self, Refusal> {
        let text = text.trim();
        if text.is_empty() || text.len() > LENGTH {
            return Err(Refusal::Address("it is empty or too long"));
        }
        if text.starts_with('-') || text.chars().any(|it| it.is_control() || it.is_whitespace()) {
            return Err(Refusal::Address("it begins with a dash, or holds a space or a control character"));
        }
        let url = match Url::parse(text) {
            Ok(url) => url,
            // `git@host:path`, as every forge shows it.
            Err(_) if text.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/')) => {
                return Err(Refusal::Scheme("ssh".to_owned()));
            }
            Err(_) => return Err(Refusal::Address("it should begin with https://")),
        };
        // The user of an ssh address is no secret, and ssh is refused below, by its name.
        if (!url.username().is_empty() && url.scheme() != "ssh") || url.password().is_some() {
            return Err(Refusal::Address("it may not hold a user name or a password; enter them as credentials"));
        }
        match url.scheme() {
            "https" => Self::web(url),
            "http" if permitted.plain_http => Self::web(url),
            "file" => Self::folder(&url, permitted),
            scheme => Err(Refusal::Scheme(scheme.to_owned())),
        }
    }

    fn web(mut url: Url) -> Result<Self, Refusal> {
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Refusal::Address("it may not hold a ? or a #"));
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
        }
        if url.host_str().is_none_or(str::is_empty) || url.path().trim_matches('/').is_empty() {
            return Err(Refusal::Address("it names no repository"));
        }
        Ok(Self(Place::Web(url)))
    }

    fn folder(url: &Url, permitted: &Permitted) -> Result<Self, Refusal> {
        let (Some(below), Ok(path)) = (&permitted.folder, url.to_file_path()) else { return Err(Refusal::Folder) };
        let below = below.canonicalize().map_err(|_| Refusal::Folder)?;
        let path = inside(&below, &path)?;
        // A checkout has its repository in `.git`, which is looked at like any other folder.
        let path = if path.join(".git").exists() { inside(&below, &path.join(".git"))? } else { path };
        for part in ["objects", "refs", "HEAD"] {
            inside(&path, &path.join(part)).map_err(|_| Refusal::NotGit { page: false })?;
        }
        Ok(Self(Place::Folder(path)))
    }
}

/// `path` with links followed, when that leads nowhere else than below `folder`. What is outside is refused alike
/// whether it exists or not.
fn inside(folder: &Path, path: &Path) -> Result<PathBuf, Refusal> {
    match path.canonicalize() {
        Ok(found) if found.starts_with(folder) => Ok(found),
        Err(_) if path.starts_with(folder) && !path.components().any(|it| it == std::path::Component::ParentDir) => {
            Err(Refusal::Missing)
        }
        _ => Err(Refusal::Folder),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Web(url) => url.fmt(f),
            Place::Folder(path) => write!(f, "file://{}", path.display()),
        }
    }
}

/// The name of a branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch(String);

impl Branch {
    /// Read a branch as a person enters it.
    ///
    /// # Errors
    /// [`Refusal::Branch`] for what git would not take either, and for names that begin with a dash.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let text = text.strip_prefix("refs/heads/").unwrap_or(text);
        if text.is_empty() || text.len() > LENGTH {
            return Err(Refusal::Branch("it is empty or too long"));
        }
        if text.starts_with('-') {
            return Err(Refusal::Branch("it begins with a dash"));
        }
        let name = format!("refs/heads/{text}");
        match gix_ref::FullName::try_from(name.as_str()) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err(Refusal::Branch("git does not allow this name")),
        }
    }

    /// As entered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As servers call it.
    pub(crate) fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

/// A user name and a password or token. Neither is ever shown.
#[derive(Debug, Clone)]
pub struct Credentials {
    user: SecretString,
    secret: SecretString,
}

impl Credentials {
    /// For a token most forges take any user name, so that an empty one becomes `git`.
    ///
    /// # Errors
    /// [`Refusal::Credentials`] when HTTP could not carry them.
    pub fn new(user: &str, secret: &SecretString) -> Result<Self, Refusal> {
        let (user, secret) = (user.trim(), secret.expose_secret().trim());
        if secret.is_empty() {
            return Err(Refusal::Credentials("the token is empty"));
        }
        if user.contains(':') || user.chars().chain(secret.chars()).any(char::is_control) {
            return Err(Refusal::Credentials("they hold a control character, or the user name a colon"));
        }
        let user = if user.is_empty() { "git" } else { user };
        Ok(Self { user: user.into(), secret: secret.into() })
    }

    /// The value of the `Authorization` header.
    pub(crate) fn header(&self) -> String {
        use base64::Engine;
        let pair = format!("{}:{}", self.user.expose_secret(), self.secret.expose_secret());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        Address::parse(text, &Permitted::default()).map_or_else(|it| it.code(), |_| "fine")
    }

    #[test]
    fn addresses_are_https_without_secrets() {
        assert_eq!(code("https://example.com/a/b.git"), "fine");
        assert_eq!(code(" https://example.com:8443/a/b/ "), "fine");
        for wrong in ["", "-oProxyCommand=x", "https://", "https://example.com", "https://example.com/", "a/b", "/etc"]
        {
            assert_eq!(code(wrong), "address_invalid", "{wrong}");
        }
        for wrong in ["https://me:secret@example.com/a", "https://token@example.com/a", "https://example.com/a?x=1"] {
            assert_eq!(code(wrong), "address_invalid", "{wrong}");
        }
        for wrong in ["https://example.com/a\nb", "https://example.com/a b", "https://example.com/a\u{7}b"] {
            assert_eq!(code(wrong), "address_invalid", "{wrong:?}");
        }
        for other in ["git@github.com:a/b.git", "ssh://git@github.com/a", "git://a.example/b", "http://a.example/b"] {
            assert_eq!(code(other), "scheme_unsupported", "{other}");
        }
        assert_eq!(code("ext::sh -c whoami"), "address_invalid");
        assert_eq!(code("file:///etc"), "folder_not_permitted");
    }

    #[test]
    fn a_refused_address_does_not_show_its_secret() {
        let refusal = Address::parse("https://me:hunter2@example.com/a", &Permitted::default()).unwrap_err();
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
        let credentials = Credentials::new("me", &"hunter2".into()).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
        assert_eq!(credentials.header(), "Basic bWU6aHVudGVyMg==");
    }

    #[test]
    fn branches_are_those_git_allows() {
        for right in ["main", "feature/a-b", "refs/heads/main", "größe", "v1.2"] {
            assert!(Branch::parse(right).is_ok(), "{right}");
        }
        let wrong = [
            "",
            "-x",
            "--upload-pack=x",
            "a..b",
            "a b",
            "a\nb",
            "a.lock",
            "/a",
            "a/",
            "a^",
            "a:b",
            "@{u}",
            "a\\b",
            "*",
        ];
        for wrong in wrong {
            assert_eq!(Branch::parse(wrong).unwrap_err().code(), "branch_invalid", "{wrong:?}");
        }
    }
}
