//! The commands that fill a database or open it: dump, load, setup-demo, dbshell.

use crate::{boot, upkeep};
use atrium_domain::accounts::{Accounts, Hasher};
use atrium_domain::archive::{self, Content};
use atrium_domain::demo;
use atrium_domain::import::chats::Fate;
use atrium_domain::import::{chats, django};
use atrium_domain::ports::Ports;
use atrium_domain::settings::Boot;
use atrium_domain::store::upkeep::UpkeepError;
use atrium_domain::store::{Target, transfer};
use percent_encoding::percent_decode_str;
use std::path::Path;
use std::process::Command;
use url::Url;

/// What `psql` understands of what stands behind the `?`; the rest is for the server's own library.
const KEPT: [&str; 7] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "options", "application_name", "connect_timeout"];

/// `atrium dump FILE`
///
/// # Errors
/// When the file cannot be written.
pub async fn dump(boot: &Boot, into: &Path, with_files: bool) -> Result<(), String> {
    boot::must_be_up_to_date(boot).await?;
    let store = boot::open_store(boot).await?;
    let target = boot::target(boot)?;
    let dumped = if with_files {
        archive::dump(&store, &target, &boot::kept_files(boot)?, into).await.map(|(rows, files)| (rows, Some(files)))
    } else {
        transfer::dump(&store, into).await.map(|rows| (rows, None))
    };
    let (rows, files) = dumped.map_err(|error| error.to_string())?;
    store.close().await;
    say!("{} holds {rows} rows.", into.display());
    match files {
        Some(files) => upkeep::tell(&files),
        None => match archive::named(&target).await.map_err(|error| error.to_string())?.len() {
            0 => {}
            count => say!(
                "The {count} files of documents and messages are not in it: make it with --files, or bring the folder files along."
            ),
        },
    }
    say!(
        "Keys that were stored are in it as they were, sealed: whoever loads it needs this server's secret (SECRET_KEY, or secret.key in the data folder). Passwords are in it as hashes; keep the file to yourself."
    );
    Ok(())
}

/// `atrium load FILE`
///
/// # Errors
/// When the database is not empty, or the file not whole.
pub async fn load(boot: &Boot, from: &Path) -> Result<(), String> {
    let _claim = boot::claim(boot)?;
    let store = boot::open_store(boot).await?;
    let (target, files) = (boot::target(boot)?, boot::kept_files(boot)?);
    let loaded = async {
        if !from.exists() || !archive::is_archive(from)? {
            return transfer::load(&store, from).await;
        }
        let unpacked = archive::unpack(from, &boot::data_folder(boot).map_err(UpkeepError::Refused)?)?;
        if unpacked.content == Content::Database {
            let told = format!("{} was made by `atrium backup`: use `atrium restore`.", from.display());
            return Err(UpkeepError::Refused(told));
        }
        // Rows that name files come after them; files that no row names do no harm.
        unpacked.keep_files(&files).await?;
        transfer::load(&store, &unpacked.database()).await
    };
    let rows = loaded.await.map_err(|error| error.to_string())?;
    store.close().await;
    say!("{} holds the {rows} rows of {}.", target.describe(), from.display());
    if let Some(told) = upkeep::lost(&target, &files).await? {
        say!("{told}");
    }
    say!(
        "Stored keys open only with the secret of the server that was dumped: set SECRET_KEY to it, or bring its secret.key."
    );
    Ok(())
}

/// `atrium import django FILE`
///
/// # Errors
/// When the file is no dump, or a server is at work on the same SQLite file.
pub async fn import_django(boot: &Boot, from: &Path) -> Result<(), String> {
    let _claim = boot::claim(boot)?;
    let file = std::fs::File::open(from).map_err(|error| format!("{} cannot be opened: {error}", from.display()))?;
    let store = boot::open_store(boot).await?;
    let hasher = Hasher::new().map_err(|error| error.to_string())?;
    let report = django::import(&store, &Ports::system(), hasher, file).await.map_err(|error| error.to_string())?;
    store.close().await;
    say!("{:<36} {:>9} {:>9} {:>9}", "model", "taken", "here", "left out");
    for (model, count) in &report.models {
        let left_out: u64 = count.left_out.values().sum();
        say!("{model:<36} {:>9} {:>9} {left_out:>9}", count.taken, count.known);
        for (reason, count) in &count.left_out {
            say!("{:<36} {count} because {reason}", "");
        }
    }
    say!("\nPeople sign in with the passwords that they had.");
    Ok(())
}

/// `atrium import chats FILE --user E-MAIL`
///
/// # Errors
/// When there are no conversations in the file, no such person, or a server is at work on the same SQLite file.
pub async fn import_chats(boot: &Boot, from: &Path, email: &str) -> Result<(), String> {
    let _claim = boot::claim(boot)?;
    let store = boot::open_store(boot).await?;
    let hasher = Hasher::new().map_err(|error| error.to_string())?;
    let accounts = Accounts::new(store.clone(), Ports::system(), hasher);
    let viewer = accounts.by_email(email).await.map_err(|error| error.to_string())?;
    let viewer = viewer.ok_or_else(|| format!("nobody here has the address {email}"))?;
    let report = chats::import(&store, &Ports::system(), &viewer, from).await.map_err(|error| error.to_string())?;
    store.close().await;
    for it in &report.conversations {
        let title = if it.title.is_empty() { "?" } else { &it.title };
        match &it.fate {
            Fate::Taken(_) if it.left_out.is_empty() => say!("taken     {title} ({} messages)", it.messages),
            Fate::Taken(_) => {
                let without = it.left_out.iter().map(|(reason, count)| format!("{count} {reason}"));
                let without = without.collect::<Vec<_>>().join(", ");
                say!("taken     {title} ({} messages, without {without})", it.messages);
            }
            Fate::Known(_) => say!("here      {title}"),
            Fate::LeftOut(reason) => say!("left out  {title}: {reason}"),
        }
    }
    say!(
        "\n{} conversations taken with {} messages, {} here already, {} left out.",
        report.taken(),
        report.messages(),
        report.known(),
        report.left_out()
    );
    report.stopped.map_or(Ok(()), Err)
}

/// `atrium setup-demo`
///
/// # Errors
/// When there are real people in the database, and it was not forced.
pub async fn setup_demo(boot: &Boot, force: bool) -> Result<(), String> {
    let store = boot::open_store(boot).await?;
    let hasher = Hasher::new().map_err(|error| error.to_string())?;
    let made = demo::set_up(&store, &Ports::system(), hasher, force).await.map_err(|error| error.to_string())?;
    store.close().await;
    let Some(people) = made else {
        say!("The sample is there already. Nothing was changed.");
        return Ok(());
    };
    say!("The sample is there. These people can sign in; their passwords are shown this once:\n");
    for person in people {
        say!("  {:<9} {:<22} {}", person.role.as_str(), person.email, person.password);
    }
    Ok(())
}

/// `atrium dbshell`: this process becomes the database's own program.
///
/// # Errors
/// When that program is not installed.
pub fn dbshell(boot: &Boot) -> Result<(), String> {
    let target = boot::target(boot)?;
    let mut command = shell(&target)?;
    let name = command.get_program().to_string_lossy().into_owned();
    let error = become_it(&mut command);
    Err(match error {
        Some(error) if error.kind() == std::io::ErrorKind::NotFound => format!(
            "{name} is not installed. It comes with the package {}; {} can also be opened with any other program for it.",
            if name == "psql" { "postgresql-client" } else { "sqlite3" },
            target.describe()
        ),
        Some(error) => format!("{name} could not be started: {error}"),
        None => return Ok(()),
    })
}

/// A password is passed on in the environment: arguments can be read by everybody on the machine.
fn shell(target: &Target) -> Result<Command, String> {
    match target {
        Target::Sqlite(path) if !path.exists() => {
            Err(format!("There is no database at {} yet: start the server, or run `atrium migrate`.", path.display()))
        }
        Target::Sqlite(path) => {
            let mut command = Command::new("sqlite3");
            command.arg(path);
            Ok(command)
        }
        Target::Postgres(url) => {
            let (url, password) = without_password(url)?;
            let mut command = Command::new("psql");
            command.arg(url);
            if let Some(password) = password {
                command.env("PGPASSWORD", password);
            }
            Ok(command)
        }
    }
}

fn without_password(url: &str) -> Result<(String, Option<String>), String> {
    let mut url = Url::parse(url).map_err(|error| format!("DATABASE_URL cannot be read: {error}"))?;
    let mut password = url.password().map(|it| percent_decode_str(it).decode_utf8_lossy().into_owned());
    // Of an address that has no host there is none to set.
    let _ = url.set_password(None);
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    url.set_query(None);
    for (name, value) in pairs {
        match name.as_str() {
            "password" => password = Some(value),
            name if KEPT.contains(&name) => drop(url.query_pairs_mut().append_pair(name, &value)),
            _ => {}
        }
    }
    Ok((url.into(), password))
}

#[cfg(unix)]
fn become_it(command: &mut Command) -> Option<std::io::Error> {
    Some(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
fn become_it(command: &mut Command) -> Option<std::io::Error> {
    command.status().err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_no_argument() {
        let target = Target::Postgres(
            "postgres://ada:p%40ss%2Bword@db:5433/atrium?sslmode=require&statement-cache-capacity=5".to_owned(),
        );
        let command = shell(&target).unwrap();
        let arguments: Vec<_> = command.get_args().map(|it| it.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["postgres://ada@db:5433/atrium?sslmode=require"]);
        let password = command.get_envs().find(|it| it.0 == "PGPASSWORD").unwrap().1.unwrap();
        assert_eq!(password, "p@ss+word");
        let target = Target::Postgres("postgres://ada@db/atrium?password=secret".to_owned());
        let command = shell(&target).unwrap();
        assert!(!format!("{:?}", command.get_args().collect::<Vec<_>>()).contains("secret"));
    }
}
