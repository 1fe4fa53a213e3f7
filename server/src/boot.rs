//! From the environment to an application that is wired.

use crate::reader::OtherProcess;
use atrium_domain::accounts::{Accounts, Hasher};
use atrium_domain::agents::connections::Connections;
use atrium_domain::knowledge::Tools;
use atrium_domain::knowledge::encoders::{self, Encoder, Local};
use atrium_domain::knowledge::files::{Bucket, Files};
use atrium_domain::knowledge::repositories::Workshop;
use atrium_domain::ports::Ports;
use atrium_domain::providers::{Client, Limits};
use atrium_domain::seal::{Seal, kept_secret};
use atrium_domain::settings::{Boot, Layers, Settings};
use atrium_domain::store::{Store, Target, upkeep};
use atrium_domain::{Atrium, Error};
use atrium_inference::{Embedder, Runner};
use secrecy::ExposeSecret as _;
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long the local model stays in memory unused.
const MODEL_IDLE: Duration = Duration::from_secs(600);
/// The local model's file in the data folder, as `make models` puts it there.
pub const MODEL_FILE: &str = "models/SmolLM2-135M-Instruct.Q4_1.gguf";
/// The folder of the embedding model, likewise.
pub const EMBEDDING_MODEL: &str = "models/all-MiniLM-L6-v2";

/// Reads every layer of settings: command line, environment, `.env`, `atrium.toml`.
///
/// # Errors
/// With a sentence that names the setting and where it stands.
pub fn load(options: BTreeMap<&'static str, String>) -> Result<Boot, String> {
    let folder = Path::new(".");
    let file = match std::fs::read_to_string(folder.join("atrium.toml")) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("atrium.toml cannot be read: {error}")),
    };
    let env = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Boot::resolve(&Layers { file: file.as_deref(), dot_env: Layers::read_dot_env(folder)?, env, options })
}

/// Made, if it is not there, for nobody else on this machine to read.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The data folder, made if it is not there.
///
/// # Errors
/// With a sentence.
pub fn data_folder(boot: &Boot) -> Result<PathBuf, String> {
    let folder = PathBuf::from(boot.text("data"));
    private_folder(&folder).map_err(|error| {
        format!(
            "the data folder {} cannot be made: {error}. Choose another one with --data or ATRIUM_DATA.",
            folder.display()
        )
    })?;
    Ok(folder)
}

/// The database that the settings name.
///
/// # Errors
/// With a sentence.
pub fn target(boot: &Boot) -> Result<Target, String> {
    match boot.filled("database_url") {
        Some(url) => Target::parse(url),
        None => Ok(Target::Sqlite(data_folder(boot)?.join("atrium.db"))),
    }
}

/// Opens the database that the settings name.
///
/// # Errors
/// With a sentence.
pub async fn open_store(boot: &Boot) -> Result<Store, String> {
    let target = target(boot)?;
    let store = Store::open(&target).await.map_err(|error| format!("{}: {error}", target.describe()))?;
    tracing::info!("data is kept in {}", target.describe());
    Ok(store)
}

/// For what reads a database and must not change it.
///
/// # Errors
/// With a sentence, when there is none yet, or migrations would run first.
pub async fn must_be_up_to_date(boot: &Boot) -> Result<(), String> {
    let target = target(boot)?;
    let all = upkeep::migrations(&target).await.map_err(|error| format!("{}: {error}", target.describe()))?;
    if all.iter().all(|it| !it.is_applied) {
        return Err(format!("{}: there is no database of Atrium's.", target.describe()));
    }
    match all.iter().filter(|it| !it.is_applied).count() {
        0 => Ok(()),
        pending => Err(format!("{}: {pending} migrations are pending. Run `atrium migrate` first.", target.describe())),
    }
}

fn seal(boot: &Boot, ports: &Ports) -> Result<Seal, String> {
    if let Some(secret) = boot.filled("secret_key") {
        return Ok(Seal::new(secret));
    }
    let file = data_folder(boot)?.join("secret.key");
    let secret = kept_secret(&file, ports.secret())
        .map_err(|error| format!("the secret in {} cannot be kept: {error}", file.display()))?;
    Ok(Seal::new(&secret))
}

/// Accounts alone, for the command line.
///
/// # Errors
/// With a sentence.
pub async fn accounts(boot: &Boot) -> Result<Accounts, String> {
    Ok(Accounts::new(open_store(boot).await?, Ports::system(), Hasher::new().map_err(sentence)?))
}

/// Keeps other servers away from a data folder for as long as it lives.
#[derive(Debug)]
pub struct Claim(#[allow(dead_code, reason = "held, not read")] Option<File>);

/// A SQLite file has one server: a second one would take the answers that the first is writing for abandoned.
///
/// # Errors
/// With a sentence, when there is one already.
pub fn claim(boot: &Boot) -> Result<Claim, String> {
    if boot.text("database_url").starts_with("postgres") {
        return Ok(Claim(None));
    }
    let path = data_folder(boot)?.join("atrium.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| format!("{} cannot be opened: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Claim(Some(file))),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another Atrium is at work in the data folder {}. End it first, choose another folder with --data, or use PostgreSQL to run several.",
            boot.text("data")
        )),
        Err(TryLockError::Error(error)) => Err(format!("{} cannot be locked: {error}", path.display())),
    }
}

/// The whole application, and its claim on the data folder.
///
/// # Errors
/// With a sentence.
pub async fn application(boot: Boot) -> Result<(Atrium, Claim), String> {
    let ports = Ports::system();
    let claim = claim(&boot)?;
    let store = open_store(&boot).await?;
    let model = data_folder(&boot)?.join(MODEL_FILE);
    let settings = Settings::new(boot.clone(), seal(&boot, &ports)?);
    let client = Client::new(Limits::of(&boot)).map_err(|error| error.to_string())?;
    let tools = tools(&boot, &settings, &client)?;
    let connections = Connections::new(client, Runner::new(model, MODEL_IDLE), settings.clone());
    let hasher = Hasher::new().map_err(sentence)?;
    let atrium = Atrium::start(store, ports, settings, hasher, connections, tools).await.map_err(sentence)?;
    Ok((atrium, claim))
}

/// What knowledge is kept, read and encoded with.
fn tools(boot: &Boot, settings: &Settings, client: &Client) -> Result<Tools, String> {
    let (data, files) = (data_folder(boot)?, files(boot, settings, client)?);
    let local: Arc<dyn Encoder> = Arc::new(Local(Embedder::new(data.join(EMBEDDING_MODEL), MODEL_IDLE)));
    let encoders = HashMap::from([(encoders::LOCAL.to_owned(), local)]);
    let workshop = Workshop::new(&data, settings, client);
    let inside = boot.text("inside_hosts").split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned);
    Ok(Tools {
        files,
        reader: Arc::new(OtherProcess::new()?),
        encoders,
        client: client.clone(),
        inside: inside.collect(),
        workshop,
    })
}

/// Where files are kept, for the command line.
///
/// # Errors
/// With a sentence.
pub fn kept_files(boot: &Boot) -> Result<Files, String> {
    // Nothing that is sealed is read: where files are is set outside of the database, in the clear.
    let settings = Settings::new(boot.clone(), Seal::new(""));
    let client = Client::new(Limits::of(boot)).map_err(|error| error.to_string())?;
    files(boot, &settings, &client)
}

/// In the data folder, or in a bucket.
fn files(boot: &Boot, settings: &Settings, client: &Client) -> Result<Files, String> {
    let data = data_folder(boot)?;
    match boot.filled("s3_bucket") {
        None => Files::in_folder(&data),
        Some(name) => {
            let secret = settings
                .secret("s3_secret_access_key")
                .ok_or("ATRIUM_S3_BUCKET is set, but no ATRIUM_S3_SECRET_ACCESS_KEY.")?;
            let bucket = Bucket {
                name: name.to_owned(),
                endpoint: boot.text("s3_endpoint").to_owned(),
                region: boot.text("s3_region").to_owned(),
                access_key_id: boot.text("s3_access_key_id").to_owned(),
                secret_access_key: secret.expose_secret().to_owned(),
            };
            Files::in_bucket(&data, &bucket, client)
        }
    }
}

/// An error, with what the log would have.
pub fn sentence(error: Error) -> String {
    match error.cause() {
        Some(cause) => format!("{error} ({cause})"),
        None => error.to_string(),
    }
}
