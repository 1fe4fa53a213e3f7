//! Where files are kept: in a folder, or in a store that speaks S3. A file's key is its organisation and its hash, so that
//! the same file twice is kept once, and no organisation can learn what another one has.

use crate::error::{Error, Result};
use crate::providers::Client;
use atrium::ids::OrganisationId;
use atrium::knowledge::FILE_MAX;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::client::{ClientOptions, HttpClient, HttpConnector};
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt as _, WriteMultipart};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Bytes that go to the store at a time.
const CHUNK: usize = 1 << 20;
/// After which a file that arrives has not been touched by anybody who is alive.
const LEFT_BEHIND: Duration = Duration::from_secs(86_400);

/// Where an S3 store is.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// `https://…`; empty means Amazon's own.
    pub endpoint: String,
    /// As the store calls it.
    pub region: String,
    /// Who we are to it.
    pub access_key_id: String,
    /// The secret that goes with it.
    pub secret_access_key: String,
}

/// The one client through which everything leaves.
#[derive(Debug)]
struct Guarded(reqwest::Client);

impl HttpConnector for Guarded {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Files of documents. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// Where files lie until they are whole, and while they are read.
    scratch: Arc<PathBuf>,
}

/// A file that is arriving.
#[derive(Debug)]
pub struct Incoming {
    file: tokio::fs::File,
    path: tempfile::TempPath,
    hash: Sha256,
    size: u64,
    /// Bytes that are taken.
    max: u64,
}

/// A file that has arrived, and is gone unless somebody keeps it.
#[derive(Debug)]
pub struct Arrived {
    path: tempfile::TempPath,
    /// SHA-256 as hexadecimal digits.
    pub hash: String,
    /// Bytes.
    pub size: i64,
}

impl Arrived {
    /// Where it lies for the moment.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn failed(what: &str, error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("{what}: {error}"))
}

/// Under what a file is kept.
#[must_use]
pub fn key(organisation: OrganisationId, hash: &str) -> Key {
    let shelf = hash.get(..2).unwrap_or_default();
    Key::from(format!("{}/{shelf}/{hash}", organisation.0.simple()))
}

impl Files {
    /// In a folder, made if it is not there.
    ///
    /// # Errors
    /// With a sentence, when it cannot be used.
    pub fn in_folder(data: &Path) -> std::result::Result<Self, String> {
        let (folder, scratch) = (data.join("files"), scratch(data)?);
        std::fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(|error| format!("{} cannot be used: {error}", folder.display()))?
            .with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), scratch: Arc::new(scratch) })
    }

    /// In a bucket, through the guarded client.
    ///
    /// # Errors
    /// With a sentence, when the bucket is not described well enough.
    pub fn in_bucket(data: &Path, bucket: &Bucket, client: &Client) -> std::result::Result<Self, String> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&bucket.region)
            .with_access_key_id(&bucket.access_key_id)
            .with_secret_access_key(&bucket.secret_access_key)
            .with_http_connector(Guarded(client.http.clone()));
        if !bucket.endpoint.is_empty() {
            builder = builder.with_endpoint(&bucket.endpoint).with_allow_http(bucket.endpoint.starts_with("http://"));
        }
        let store = builder.build().map_err(|error| format!("the bucket {} cannot be used: {error}", bucket.name))?;
        Ok(Self { store: Arc::new(store), scratch: Arc::new(scratch(data)?) })
    }

    /// A file that is to arrive.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub async fn receive(&self) -> Result<Incoming> {
        let scratch = self.scratch.clone();
        let made = tokio::task::spawn_blocking(move || tempfile::NamedTempFile::new_in(scratch.as_path())).await;
        let made = made.map_err(|error| failed("a file", error))?.map_err(|error| failed("a file", error))?;
        let (file, path) = made.into_parts();
        Ok(Incoming { file: file.into(), path, hash: Sha256::new(), size: 0, max: FILE_MAX })
    }

    /// Keeps what has arrived. There already, it stays.
    pub(crate) async fn keep(&self, organisation: OrganisationId, arrived: &Arrived) -> Result<()> {
        self.put_back(organisation, &arrived.hash, &arrived.path).await.map(drop)
    }

    /// Keeps a file of that hash; answers whether it was not there before.
    pub(crate) async fn put_back(&self, organisation: OrganisationId, hash: &str, path: &Path) -> Result<bool> {
        let key = key(organisation, hash);
        if self.store.head(&key).await.is_ok() {
            return Ok(false);
        }
        let mut file = tokio::fs::File::open(path).await.map_err(|error| failed("a file", error))?;
        let upload = self.store.put_multipart(&key).await.map_err(|error| failed("keeping a file", error))?;
        let mut upload = WriteMultipart::new(upload);
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk).await.map_err(|error| failed("a file", error))?;
            if read == 0 {
                break;
            }
            upload.wait_for_capacity(4).await.map_err(|error| failed("keeping a file", error))?;
            upload.write(&chunk[..read]);
        }
        upload.finish().await.map_err(|error| failed("keeping a file", error))?;
        Ok(true)
    }

    /// Whether a file is there.
    pub(crate) async fn has(&self, organisation: OrganisationId, hash: &str) -> Result<bool> {
        match self.store.head(&key(organisation, hash)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(failed("looking for a file", error)),
        }
    }

    /// A kept file, as bytes that come one after another.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there.
    pub async fn open(
        &self,
        organisation: OrganisationId,
        hash: &str,
    ) -> Result<impl futures::Stream<Item = std::io::Result<bytes::Bytes>> + Send + use<>> {
        Ok(self.open_sized(organisation, hash).await?.1)
    }

    /// The same, and how many bytes they are.
    pub(crate) async fn open_sized(
        &self,
        organisation: OrganisationId,
        hash: &str,
    ) -> Result<(u64, BoxStream<'static, std::io::Result<bytes::Bytes>>)> {
        match self.store.get(&key(organisation, hash)).await {
            Ok(found) => Ok((found.meta.size, found.into_stream().map_err(std::io::Error::other).boxed())),
            Err(object_store::Error::NotFound { .. }) => Err(Error::NotFound("file")),
            Err(error) => Err(failed("reading a file", error)),
        }
    }

    /// A copy of a kept file on this disk, for as long as it is held.
    pub(crate) async fn borrow(&self, organisation: OrganisationId, hash: &str) -> Result<Arrived> {
        let mut copy = self.receive().await?;
        let mut bytes = std::pin::pin!(self.open(organisation, hash).await?);
        while let Some(chunk) = bytes.try_next().await.map_err(|error| failed("reading a file", error))? {
            copy.write(&chunk).await?;
        }
        copy.done().await
    }

    /// Removes a file. It may be gone already.
    pub(crate) async fn remove(&self, organisation: OrganisationId, hash: &str) -> Result<()> {
        match self.store.delete(&key(organisation, hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("removing a file", error)),
        }
    }
}

impl Incoming {
    /// Of another size than documents have.
    #[must_use]
    pub fn up_to(self, max: u64) -> Self {
        Self { max, ..self }
    }

    /// The next bytes of it.
    ///
    /// # Errors
    /// When there are too many, or the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        if self.size > self.max {
            return Err(Error::field(
                "file",
                format!("The file has more than {} MB. Split it, or bring the part that matters.", self.max >> 20),
            ));
        }
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(|error| failed("a file that arrives", error))
    }

    /// That was all of it.
    ///
    /// # Errors
    /// When it is empty, or the disk is full.
    pub async fn done(mut self) -> Result<Arrived> {
        if self.size == 0 {
            return Err(Error::field("file", "The file is empty."));
        }
        self.file.flush().await.map_err(|error| failed("a file that arrives", error))?;
        let hash = self.hash.finalize().iter().map(|it| format!("{it:02x}")).collect();
        Ok(Arrived { path: self.path, hash, size: i64::try_from(self.size).unwrap_or(i64::MAX) })
    }
}

/// A folder for what is not whole yet. What lies there for a day was left by a server that was ended.
fn scratch(data: &Path) -> std::result::Result<PathBuf, String> {
    let scratch = data.join("incoming");
    let cannot = |error: std::io::Error| format!("{} cannot be used: {error}", scratch.display());
    std::fs::create_dir_all(&scratch).map_err(cannot)?;
    for entry in std::fs::read_dir(&scratch).map_err(cannot)?.flatten() {
        let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
        if age.is_some_and(|it| it > LEFT_BEHIND) {
            drop(std::fs::remove_file(entry.path()));
        }
    }
    Ok(scratch)
}
