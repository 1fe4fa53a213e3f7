//! The commands that look after the data: migrate, backup, restore, doctor.

use crate::boot;
use atrium_domain::archive::{self, Content, Named, Written};
use atrium_domain::knowledge::files::Files;
use atrium_domain::ports::Ports;
use atrium_domain::seal::Seal;
use atrium_domain::settings::{Boot, Settings};
use atrium_domain::store::Target;
use atrium_domain::store::upkeep::{self, Migration, UpkeepError};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// Files that a sentence names.
const NAMED_MAX: usize = 10;

/// `atrium migrate --status` and `--dry-run`: nothing is changed.
///
/// # Errors
/// When the database does not answer.
pub async fn list_migrations(boot: &Boot, only_pending: bool) -> Result<(), String> {
    let target = boot::target(boot)?;
    let all = upkeep::migrations(&target).await.map_err(|error| format!("{}: {error}", target.describe()))?;
    say!("{}", target.describe());
    for Migration { version, description, is_applied } in all.iter().filter(|it| !(only_pending && it.is_applied)) {
        let state = if *is_applied { "applied" } else { "pending" };
        say!("  {version:04}  {state}  {description}");
    }
    if only_pending && all.iter().all(|it| it.is_applied) {
        say!("  nothing to do");
    }
    Ok(())
}

/// `atrium migrate`
///
/// # Errors
/// When a migration fails.
pub async fn migrate(boot: &Boot) -> Result<(), String> {
    let _claim = boot::claim(boot)?;
    boot::open_store(boot).await?.close().await;
    say!("The database is up to date.");
    Ok(())
}

/// `atrium backup FILE`
///
/// # Errors
/// When it cannot be made.
pub async fn backup(boot: &Boot, into: &Path, without_files: bool) -> Result<(), String> {
    let target = boot::target(boot)?;
    let written = if without_files {
        upkeep::backup(&target, into).await.map(|()| None)
    } else {
        archive::back_up(&target, &boot::kept_files(boot)?, into).await.map(Some)
    };
    let written = written.map_err(|error| error.to_string())?;
    let size = std::fs::metadata(into).map(|it| it.len()).unwrap_or_default();
    say!("{} has {} kB.", into.display(), size.div_ceil(1024));
    match written {
        Some(written) => tell(&written),
        None => say!("It holds the database alone: keep the files of documents ({}) with it.", place_of_files(boot)),
    }
    say!(
        "Keep the secret with it (SECRET_KEY, or secret.key in the data folder): stored keys cannot be opened without."
    );
    Ok(())
}

/// What an archive holds beside the database.
pub fn tell(written: &Written) {
    let files = if written.files == 1 { "1 file".to_owned() } else { format!("{} files", written.files) };
    say!("It holds {files} of documents and messages ({} kB).", written.bytes.div_ceil(1024));
    if !written.missing.is_empty() {
        say!("Not there, and so not in it: {}", listed(&written.missing));
    }
}

/// Where files are kept, for people.
fn place_of_files(boot: &Boot) -> String {
    match boot.filled("s3_bucket") {
        Some(bucket) => format!("the bucket {bucket}"),
        None => Path::new(boot.text("data")).join("files").display().to_string(),
    }
}

/// Names of files, not too many.
fn listed(files: &[Named]) -> String {
    let names: Vec<String> = files.iter().take(NAMED_MAX).map(|it| atrium::text::line(&it.name)).collect();
    let more = files.len().saturating_sub(NAMED_MAX);
    if more > 0 { format!("{} and {more} more.", names.join(", ")) } else { format!("{}.", names.join(", ")) }
}

/// `atrium restore FILE`
///
/// # Errors
/// When a server is at work on the data, or the file is none of ours.
pub async fn restore(boot: &Boot, from: &Path) -> Result<(), String> {
    let _claim = boot::claim(boot)?;
    let target = boot::target(boot)?;
    let files = boot::kept_files(boot)?;
    let now = Ports::system().now();
    let restored = async {
        if !from.exists() || !archive::is_archive(from)? {
            return Ok((upkeep::restore(&target, from, now).await?, None));
        }
        let unpacked = archive::unpack(from, &boot::data_folder(boot).map_err(UpkeepError::Refused)?)?;
        if unpacked.content == Content::Dump {
            let told = format!("{} was made by `atrium dump`: use `atrium load`.", from.display());
            return Err(UpkeepError::Refused(told));
        }
        // Files that no database names do no harm; a database without its files would.
        upkeep::check(&unpacked.database()).await?;
        let new = unpacked.keep_files(&files).await?;
        let kept = upkeep::restore(&target, &unpacked.database(), now).await?;
        Ok((kept, Some((unpacked.count(), new))))
    };
    let (kept, brought) = restored.await.map_err(|error: UpkeepError| error.to_string())?;
    say!("{} holds what was in {}.", target.describe(), from.display());
    if let Some((all, new)) = brought {
        say!("Of {all} files in it, {new} were not in {} before.", place_of_files(boot));
    }
    if let Some(kept) = kept {
        say!("What was there before is kept in {}.", kept.display());
    }
    if let Some(told) = lost(&target, &files).await? {
        say!("{told}");
    }
    Ok(())
}

/// Says which of the files that a database names are not there, if any.
///
/// # Errors
/// When the database or the store of files does not answer.
pub async fn lost(target: &Target, files: &Files) -> Result<Option<String>, String> {
    let named = archive::named(target).await.map_err(|error| error.to_string())?;
    let missing = archive::missing(files, &named).await.map_err(boot::sentence)?;
    let count = missing.len();
    let told = || {
        format!(
            "{count} of {} files of documents and messages are missing: {} What they said is still found and read; they cannot be downloaded or read again until they are brought again.",
            named.len(),
            listed(&missing)
        )
    };
    Ok((count > 0).then(told))
}

/// What `doctor` found of one thing.
enum Finding {
    Well(String),
    /// It works, but somebody should look at it.
    Doubt(String),
    /// It does not work.
    Ill(String),
}

use Finding::{Doubt, Ill, Well};

/// `atrium doctor`
///
/// # Errors
/// When something does not work.
pub async fn doctor(boot: &Boot) -> Result<(), String> {
    let mut findings = vec![data_folder(boot), database(boot).await, secret(boot), model(boot), mail(boot).await];
    findings.push(files(boot).await);
    findings.extend(reach(boot));
    findings.extend(providers(boot));
    let mut ill = 0;
    for finding in &findings {
        match finding {
            Well(text) => say!("  ok    {text}"),
            Doubt(text) => say!("  look  {text}"),
            Ill(text) => {
                ill += 1;
                say!("  FAIL  {text}");
            }
        }
    }
    if ill == 0 { Ok(()) } else { Err(format!("{ill} of {} checks failed", findings.len())) }
}

fn data_folder(boot: &Boot) -> Finding {
    let folder = boot.text("data");
    let probe = Path::new(folder).join(".doctor");
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&probe, b"x"));
    let _ = std::fs::remove_file(&probe);
    match (written, boot::claim(boot)) {
        (Err(error), _) => {
            Ill(format!("data folder {folder}: {error}. Make it writable, or choose another one with --data."))
        }
        (Ok(()), Ok(_)) => Well(format!("data folder {folder}: writable, no server is at work on it")),
        (Ok(()), Err(_)) => Well(format!("data folder {folder}: writable, a server is at work on it")),
    }
}

async fn database(boot: &Boot) -> Finding {
    let target = match boot::target(boot) {
        Ok(target) => target,
        Err(error) => return Ill(error),
    };
    match upkeep::migrations(&target).await {
        Err(error) => Ill(format!("database, {}: {error}", target.describe())),
        Ok(all) => {
            let pending = all.iter().filter(|it| !it.is_applied).count();
            let place = target.describe();
            match pending {
                0 => Well(format!("database, {place}: up to date")),
                _ if pending == all.len() => Well(format!("database, {place}: will be made by the first start")),
                _ => Doubt(format!(
                    "database, {place}: {pending} migrations will run at the next start (a copy is made first)"
                )),
            }
        }
    }
}

/// Whether the files that the database names are there.
async fn files(boot: &Boot) -> Finding {
    let looked = async {
        let (target, files) = (boot::target(boot)?, boot::kept_files(boot)?);
        lost(&target, &files).await
    };
    match looked.await {
        Ok(None) => Well(format!("files, {}: all there", place_of_files(boot))),
        Ok(Some(told)) => Doubt(format!("files, {}: {told}", place_of_files(boot))),
        Err(error) => Ill(format!("files, {}: {error}", place_of_files(boot))),
    }
}

fn secret(boot: &Boot) -> Finding {
    if let Some(name) = boot.short_secrets().next() {
        return Doubt(format!(
            "{} is shorter than 32 characters, and can be guessed. Make it longer.",
            name.to_uppercase()
        ));
    }
    if boot.filled("secret_key").is_some() {
        return Well("secret: SECRET_KEY is set".to_owned());
    }
    let file = Path::new(boot.text("data")).join("secret.key");
    match std::fs::metadata(&file) {
        Err(_) => Well("secret: made by the first start".to_owned()),
        Ok(found) if is_open_to_others(&found) => {
            Doubt(format!("{} can be read by others: chmod 600 {}", file.display(), file.display()))
        }
        Ok(_) => Well(format!("secret: {}, its owner's alone", file.display())),
    }
}

#[cfg(unix)]
fn is_open_to_others(file: &std::fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

fn model(boot: &Boot) -> Finding {
    let file = Path::new(boot.text("data")).join(boot::MODEL_FILE);
    match std::fs::metadata(&file) {
        Ok(found) => Well(format!("local model: {} ({} MB)", file.display(), found.len() / 1_000_000)),
        Err(_) if boot.text("default_provider") == "local" => Doubt(format!(
            "local model: {} is missing, and everyone's first agent wants it. Run `make models`.",
            file.display()
        )),
        Err(_) => Well("local model: not installed, and not asked for by default".to_owned()),
    }
}

/// What an administrator set on the settings page is not known here: it is in the database.
async fn mail(boot: &Boot) -> Finding {
    let Some(host) = boot.filled("smtp_host") else {
        return Well(
            "mail: no server is set here, so mail waits in the outbox for an administrator; one may be set on the settings page"
                .to_owned(),
        );
    };
    // Nothing that is sealed is read: what is set here is in the clear.
    let settings = Settings::new(boot.clone(), Seal::new(""));
    match atrium_domain::mail::greet(&settings).await {
        Ok(()) if goes_in_the_clear(boot, host) => {
            Doubt(format!("mail: {host} takes it, but the password goes there in the clear. Set ATRIUM_SMTP_TLS."))
        }
        Ok(()) => Well(format!("mail: {host} takes it")),
        Err(told) => Ill(format!(
            "mail: {host} does not take it: {told}. Look at ATRIUM_SMTP_HOST, its port, user and password."
        )),
    }
}

/// Whether the mail server's password crosses a network that others may listen to.
fn goes_in_the_clear(boot: &Boot, host: &str) -> bool {
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
    !is_here && boot.text("smtp_tls") == "none" && boot.filled("smtp_password").is_some()
}

/// Who reaches the server, and what they are told.
fn reach(boot: &Boot) -> Vec<Finding> {
    let listen = boot.text("listen");
    let is_local = listen.parse::<SocketAddr>().is_ok_and(|it| it.ip().is_loopback())
        || listen
            .rsplit_once(':')
            .is_some_and(|it| it.0 == "localhost" || it.0.parse::<IpAddr>().is_ok_and(|it| it.is_loopback()));
    let public = boot.text("public_url");
    let mut findings = Vec::new();
    if public.is_empty() && !is_local {
        findings.push(Doubt(format!(
            "{listen} is reached from outside, but ATRIUM_PUBLIC_URL is not set: links cannot name this server."
        )));
    } else if public.starts_with("http://") && !is_local {
        findings.push(Doubt(
            "ATRIUM_PUBLIC_URL is plain http: passwords cross the network in the clear. Put a proxy with TLS in front."
                .to_owned(),
        ));
    } else {
        findings.push(Well(format!(
            "listens on {listen}{}",
            if public.is_empty() { String::new() } else { format!(", reached at {public}") }
        )));
    }
    if !is_local && boot.text("allowed_hosts") == "*" {
        findings.push(Doubt("ALLOWED_HOSTS is *: name the hosts that people use.".to_owned()));
    }
    if boot.redirects_nowhere() {
        findings.push(Doubt(
            "SECURE_SSL_REDIRECT is on, but does nothing: set ATRIUM_PUBLIC_URL to the address that begins with https://."
                .to_owned(),
        ));
    }
    if boot.flag("debug") {
        findings.push(Doubt("DEBUG is on: it is for development.".to_owned()));
    }
    findings
}

fn providers(boot: &Boot) -> Vec<Finding> {
    let chosen = boot.text("default_provider");
    let key = match chosen {
        "openai" if boot.text("openai_base_url").contains("api.openai.com") => "openai_api_key",
        "gemini" => "gemini_api_key",
        "anthropic" => "anthropic_api_key",
        _ => return Vec::new(),
    };
    match boot.filled(key) {
        Some(_) => vec![Well(format!("default provider: {chosen}, with a key"))],
        None => vec![Doubt(format!(
            "default provider: {chosen}, but {} is not set here; it may be set on the settings page.",
            key.to_uppercase()
        ))],
    }
}
