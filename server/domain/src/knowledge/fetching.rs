//! Fetching a document by its address: from the public Internet and the hosts that a setting names, wherever that sends us
//! on to.

use super::files::{Arrived, Incoming};
use super::{Brought, Knowledge, Label, bases, documents};
use crate::audit::Actor;
use crate::error::{Error, Result};
use crate::store::{Scope, args};
use atrium::ids::{BaseId, DocumentId};
use percent_encoding::percent_decode_str;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Response, Url};
use std::time::Duration;

/// How often an address may send us on to another one.
const HOPS: usize = 5;
/// How long it may take until everything is here.
const WAIT: Duration = Duration::from_secs(60);
/// Longest address, in bytes.
const ADDRESS_MAX: usize = 2_000;
/// Characters of a name that is made from an address.
const NAME_MAX: usize = 200;

impl Knowledge {
    /// Fetches what is at an address, as it is now, and puts it into a base: as the next version of the document that came
    /// from that address, if there is one, else as a document of its own.
    ///
    /// # Errors
    /// With what to change, or when the viewer may not.
    pub async fn fetch(&self, actor: Actor<'_>, base: BaseId, address: &str, title: Option<&str>) -> Result<Brought> {
        let scope = self.store.as_viewer(actor.viewer);
        bases::changeable(scope, base).await?;
        let url = parse(address)?;
        let fetched = self.fetched(&url).await?;
        let before = from_address(scope, base, &url).await?;
        let name = match before {
            None if documents::by_name(scope, base, &fetched.name).await?.is_some() => full_name(&url, &fetched.name),
            _ => fetched.name.clone(),
        };
        self.bring(actor, base, &fetched.arrived, Label { name: &name, title, next_of: before, ..fetched.label(&url) })
            .await
    }

    /// Fetches a document once more from where it came from.
    ///
    /// # Errors
    /// When it came from nowhere; when what is there is not to be had; when the viewer may not change its base.
    pub async fn fetch_again(&self, actor: Actor<'_>, id: DocumentId) -> Result<Brought> {
        let scope = self.store.as_viewer(actor.viewer);
        let document = documents::get(scope, id).await?;
        bases::changeable(scope, document.base).await?;
        if document.source != "url" {
            let message = "It was not fetched from an address. Bring the file again instead.".to_owned();
            return Err(Error::Conflict { code: "document_without_address", message });
        }
        let url = parse(&document.source_url)?;
        let fetched = self.fetched(&url).await?;
        let label = Label { name: &document.name, next_of: Some(id), ..fetched.label(&url) };
        self.bring(actor, document.base, &fetched.arrived, label).await
    }

    async fn fetched(&self, url: &Url) -> Result<Fetched> {
        let fetching = async {
            let (url, response) = follow(url.clone(), |url| self.get(url)).await?;
            let media_type = media_type(&response);
            let arrived = save(response, self.files.receive().await?).await?;
            Ok::<_, Error>(Fetched { name: file_name(&url, &media_type), media_type, arrived })
        };
        let fetched = tokio::time::timeout(WAIT, fetching).await;
        fetched.map_err(|_| refused(format!("It did not arrive within {} seconds.", WAIT.as_secs())))?
    }

    /// By the guarded client: of what is not public, only the hosts that whoever runs this server has named.
    async fn get(&self, url: Url) -> std::result::Result<Response, String> {
        if is_named(&url, &self.inside) {
            self.client.get_inside(url).await
        } else {
            self.client.get_outside(url).await
        }
    }
}

/// What came from an address.
struct Fetched {
    name: String,
    media_type: String,
    arrived: Arrived,
}

impl Fetched {
    fn label<'a>(&'a self, url: &'a Url) -> Label<'a> {
        Label {
            media_type: (!self.media_type.is_empty()).then_some(&self.media_type),
            source_url: url.as_str(),
            ..Label::default()
        }
    }
}

/// The document of a base that came from that address.
async fn from_address(scope: Scope<'_>, base: BaseId, url: &Url) -> Result<Option<DocumentId>> {
    let row: Option<(uuid::Uuid,)> = scope
        .optional(
            "SELECT id FROM documents WHERE base_id = $1 AND source = 'url' AND source_url = $2 ORDER BY created_at LIMIT 1",
            args![base, url.as_str()],
        )
        .await?;
    Ok(row.map(|it| it.0.into()))
}

/// Whether it is one of those hosts: `wiki.internal`, at the scheme's own port, or `10.0.0.5:8080`.
fn is_named(url: &Url, hosts: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    let named = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    hosts.iter().any(|it| it.eq_ignore_ascii_case(&named))
}

/// Another address of a base has that name: `example.org guide index.html`.
fn full_name(url: &Url, name: &str) -> String {
    let folders = url.path_segments().map(|it| it.filter(|it| !it.is_empty()).collect::<Vec<_>>()).unwrap_or_default();
    let folders = &folders[..folders.len().saturating_sub(1)];
    let parts = url.host_str().into_iter().chain(folders.iter().copied()).chain([name]).collect::<Vec<_>>();
    // The end says most; a file's ending must stay.
    let all: Vec<char> = parts.join(" ").chars().collect();
    all[all.len().saturating_sub(NAME_MAX)..].iter().collect()
}

fn refused(message: impl Into<String>) -> Error {
    Error::field("url", message)
}

fn parse(address: &str) -> Result<Url> {
    let address = address.trim();
    if address.len() > ADDRESS_MAX {
        return Err(refused(format!("Use at most {ADDRESS_MAX} characters.")));
    }
    let url = Url::parse(address).map_err(|_| refused("Use an address like https://example.org/tides.pdf."))?;
    checked(url)
}

/// What may be asked for at all; every address on the way is looked at.
fn checked(mut url: Url) -> Result<Url> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("Only addresses that begin with http:// or https:// are fetched."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("Leave user name and password out of the address: it is kept with the document."));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Asks, and where one is sent on asks there, each time through `get`.
async fn follow<F>(mut url: Url, get: impl Fn(Url) -> F) -> Result<(Url, Response)>
where
    F: Future<Output = std::result::Result<Response, String>>,
{
    for _ in 0..=HOPS {
        let response = get(url.clone()).await.map_err(refused)?;
        let status = response.status();
        if status.is_success() {
            return Ok((url, response));
        }
        let next = response.headers().get(LOCATION).filter(|_| status.is_redirection());
        let Some(next) = next else {
            let host = url.host_str().unwrap_or_default();
            return Err(refused(format!("{host} answered with status {}.", status.as_u16())));
        };
        let next = next.to_str().ok().and_then(|it| url.join(it).ok());
        url = checked(next.ok_or_else(|| refused("It sends us on to an address that is none."))?)?;
    }
    Err(refused(format!("It sends us on more than {HOPS} times.")))
}

/// Takes what comes, to the disk.
async fn save(mut response: Response, mut file: Incoming) -> Result<Arrived> {
    let at_the_address = |error: Error| match error {
        Error::Invalid(fields) => Error::Invalid(
            fields.into_iter().map(|it| atrium::failure::FieldError { field: "url".to_owned(), ..it }).collect(),
        ),
        error => error,
    };
    while let Some(bytes) = response.chunk().await.map_err(|_| refused("The connection broke off."))? {
        file.write(&bytes).await.map_err(at_the_address)?;
    }
    file.done().await.map_err(at_the_address)
}

/// As the other side has it; what it says may be wrong, and is looked at when the file is read.
fn media_type(response: &Response) -> String {
    let told = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    told.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// The last part of the path, else the host.
fn file_name(url: &Url, media_type: &str) -> String {
    let last = url.path_segments().and_then(|mut it| it.next_back()).unwrap_or_default();
    let last = percent_decode_str(last).decode_utf8_lossy();
    // What a decoded separator has in front of it is no part of the name.
    let last = last.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_name = !last.trim_matches([' ', '.']).is_empty();
    let name: String = if is_name { last } else { url.host_str().unwrap_or_default() }.chars().take(NAME_MAX).collect();
    // A host's last part is no file's ending.
    if media_type == "text/html" && !(is_name && name.contains('.')) { format!("{name}.html") } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::files::Files;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Answers by path, one connection a request.
    async fn serve() -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut head = [0; 2048];
                    let read = stream.read(&mut head).await.unwrap();
                    let head = String::from_utf8_lossy(&head[..read]).into_owned();
                    let on = |to: &str| format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
                    let reply = match head.split(' ').nth(1).unwrap() {
                        "/moved" => on("/a/tides.txt"),
                        "/to-inside" => on("http://127.0.0.1:1/inside"),
                        "/to-a-file" => on("file:///etc/passwd"),
                        "/round" => on("/round"),
                        "/empty" => "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned(),
                        "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_owned(),
                        "/a/tides.txt" => {
                            "HTTP/1.1 200 OK\r\ncontent-type: Text/Plain; charset=utf-8\r\ncontent-length: 5\r\n\r\ntides".to_owned()
                        }
                        _ => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
                    };
                    stream.write_all(reply.as_bytes()).await.unwrap();
                });
            }
        });
        base
    }

    /// As the guarded way out, but with the test's own server outside.
    async fn get(base: &str, url: Url) -> std::result::Result<Response, String> {
        if !url.as_str().starts_with(base) {
            return Err("This address is not on the public Internet.".to_owned());
        }
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        client.get(url).send().await.map_err(|error| error.to_string())
    }

    fn told(error: Error) -> String {
        error.to_failure().field("url").unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn where_one_is_sent_on_to_is_looked_at_each_time() {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let base = serve().await;
        let at = |path: &str| parse(&format!("{base}{path}")).unwrap();
        let (url, response) = follow(at("/moved"), |url| get(&base, url)).await.unwrap();
        assert_eq!((url.path(), media_type(&response).as_str()), ("/a/tides.txt", "text/plain"));
        assert_eq!(file_name(&url, "text/plain"), "tides.txt");
        for (path, expected) in [
            ("/to-inside", "not on the public Internet"),
            ("/to-a-file", "http://"),
            ("/round", "more than 5 times"),
            ("/nowhere", "status 404"),
        ] {
            let refused = told(follow(at(path), |url| get(&base, url)).await.unwrap_err());
            assert!(refused.contains(expected), "{path}: {refused}");
        }
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).unwrap();
        for (path, expected) in [("/empty", "empty"), ("/cut", "broke off")] {
            let (_, response) = follow(at(path), |url| get(&base, url)).await.unwrap();
            let refused = told(save(response, files.receive().await.unwrap()).await.unwrap_err());
            assert!(refused.contains(expected), "{path}: {refused}");
        }
    }

    #[test]
    fn addresses_are_looked_at_before_anybody_is_asked() {
        for (address, expected) in [
            ("tides", "Use an address like"),
            ("ftp://example.org/a", "http://"),
            ("https://ada:secret@example.org/a", "user name"),
        ] {
            assert!(told(parse(address).unwrap_err()).contains(expected), "{address}");
        }
        assert_eq!(parse(" https://example.org/a#b ").unwrap().as_str(), "https://example.org/a");
    }

    #[test]
    fn a_host_inside_is_named_with_its_port() {
        let hosts = ["wiki.internal".to_owned(), "10.0.0.5:8080".to_owned()];
        let is_named = |url: &str| is_named(&Url::parse(url).unwrap(), &hosts);
        assert!(is_named("https://Wiki.internal/a") && is_named("http://10.0.0.5:8080/"));
        assert!(
            !is_named("http://wiki.internal:8080/")
                && !is_named("http://10.0.0.5/")
                && !is_named("http://a.wiki.internal/")
        );
    }

    #[test]
    fn two_addresses_of_one_name_stay_apart() {
        let url = |it: &str| Url::parse(it).unwrap();
        assert_eq!(full_name(&url("https://example.org/a/b/index.html"), "index.html"), "example.org a b index.html");
        let long = full_name(&url(&format!("https://example.org/{}/x.pdf", "a".repeat(300))), "x.pdf");
        assert!(long.ends_with("a x.pdf") && long.chars().count() == NAME_MAX);
    }

    #[test]
    fn an_address_becomes_a_name() {
        for (address, media_type, expected) in [
            ("https://example.org/a/tide%20tables.pdf?x=1", "application/pdf", "tide tables.pdf"),
            ("https://example.org/", "text/html", "example.org.html"),
            ("https://example.org/tides", "text/html", "tides.html"),
            ("https://example.org/%2e%2e%2fpasswd", "", "passwd"),
        ] {
            assert_eq!(file_name(&Url::parse(address).unwrap(), media_type), expected);
        }
    }
}
