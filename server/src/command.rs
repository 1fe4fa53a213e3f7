//! The command line.

use crate::{boot, health, reader, serve, transfer, upkeep};
use atrium::people::NewPerson;
use clap::{Args, Parser, Subcommand};
use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

/// A self-hosted AI workspace.
/// Of a worker's stack. Only what is used of it is memory; requests are deep futures, above all in a debug build.
const STACK: usize = 8 * 1024 * 1024;

#[derive(Debug, Parser)]
#[command(name = "atrium", version, about)]
pub struct Command {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Serve the workspace.
    Serve(Where),
    /// Bring the database up to date, as a start of the server does.
    Migrate {
        #[command(flatten)]
        place: Where,
        /// Only list the migrations, and which of them the database has.
        #[arg(long, conflicts_with = "dry_run")]
        status: bool,
        /// Only list those that would run.
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy the database of a server, running or not, and the files of documents and messages into a new file.
    Backup {
        #[command(flatten)]
        place: Where,
        /// The file to make: a tar.
        file: PathBuf,
        /// Only the database, as a SQLite file.
        #[arg(long)]
        without_files: bool,
    },
    /// Put a copy made by `backup` in the place of the database, and its files beside those that are there. What was there
    /// is kept.
    Restore {
        #[command(flatten)]
        place: Where,
        /// The copy.
        file: PathBuf,
    },
    /// Write all data into a new file that loads into SQLite and PostgreSQL alike. Servers may be at work meanwhile.
    Dump {
        #[command(flatten)]
        place: Where,
        /// The file to make: lines of JSON. Stored keys stay sealed in it.
        file: PathBuf,
        /// Make a tar that holds the files of documents and messages as well.
        #[arg(long)]
        files: bool,
    },
    /// Take a file made by `dump` into an empty database: all of it, or nothing.
    Load {
        #[command(flatten)]
        place: Where,
        /// The dump, of the same version of Atrium.
        file: PathBuf,
    },
    /// Take the data of another system along. It can be run again: what is here already is left as it is.
    Import {
        #[command(flatten)]
        place: Where,
        /// Which system wrote the file.
        #[arg(value_enum)]
        from: From,
        /// For django, what `python manage.py dumpdata --output FILE` wrote; for chats, an export as it was downloaded.
        file: PathBuf,
        /// For chats: the e-mail address of whoever the conversations belong to.
        #[arg(long, required_if_eq("from", "chats"))]
        user: Option<String>,
    },
    /// Make sample data to look around in, and print its people's passwords. A second time changes nothing.
    SetupDemo {
        #[command(flatten)]
        place: Where,
        /// Also where people have accounts already; the sample stands beside their data, in an organisation of its own.
        #[arg(long)]
        force: bool,
    },
    /// Open the database with its own program: sqlite3 or psql.
    Dbshell(Where),
    /// Look at settings, data and models, and say what is wrong and what to do.
    Doctor(Where),
    /// Ask a running server whether it and its database are well: ends with 0 only if both are.
    Health(Where),
    /// Read one file and print its text and pieces as JSON: what the server has done for every document, in a process of
    /// its own.
    #[command(hide = true)]
    ReadFile {
        /// What it is called.
        #[arg(long)]
        name: String,
        /// What it is said to be.
        #[arg(long)]
        media_type: Option<String>,
        /// The file.
        file: PathBuf,
    },
    /// Print the description of the REST API (OpenAPI 3.1).
    Openapi,
    /// Make an account that rules this server.
    Createsuperuser {
        #[command(flatten)]
        place: Where,
        /// Address to sign in with; asked for if not given.
        #[arg(long)]
        email: Option<String>,
        /// Name as shown; asked for if not given.
        #[arg(long)]
        name: Option<String>,
        /// Read the password from the first line of standard input, without asking.
        #[arg(long)]
        password_stdin: bool,
    },
}

/// A system whose data can be taken along.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum From {
    /// Any of the five that Atrium replaces.
    Django,
    /// ChatGPT, Open WebUI, LibreChat or another Atrium: the conversations of one person.
    Chats,
}

/// Where the server listens and keeps its data; also in the environment, `.env` and `atrium.toml`.
#[derive(Debug, Args)]
pub struct Where {
    /// Address and port, such as 127.0.0.1:3000 [ATRIUM_LISTEN].
    #[arg(long)]
    listen: Option<String>,
    /// Folder of the database, the secret, the models and the logs [ATRIUM_DATA].
    #[arg(long)]
    data: Option<String>,
    /// postgres://… or sqlite://… [DATABASE_URL].
    #[arg(long)]
    database_url: Option<String>,
}

impl Where {
    fn options(&self) -> BTreeMap<&'static str, String> {
        [("listen", &self.listen), ("data", &self.data), ("database_url", &self.database_url)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

impl Command {
    /// # Errors
    /// With a sentence that says what went wrong and what to do.
    pub fn run(self) -> Result<(), String> {
        if let Action::ReadFile { name, media_type, file } = &self.action {
            return reader::read_file(file, name, media_type.as_deref());
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_stack_size(STACK)
            .build()
            .map_err(|error| format!("the runtime could not be started: {error}"))?;
        runtime.block_on(async {
            match self.action {
                Action::Serve(place) => serve::run(boot::load(place.options())?).await,
                Action::Migrate { place, status, dry_run } => {
                    let boot = boot::load(place.options())?;
                    if status || dry_run {
                        upkeep::list_migrations(&boot, dry_run).await
                    } else {
                        upkeep::migrate(&boot).await
                    }
                }
                Action::Backup { place, file, without_files } => {
                    upkeep::backup(&boot::load(place.options())?, &file, without_files).await
                }
                Action::Restore { place, file } => upkeep::restore(&boot::load(place.options())?, &file).await,
                Action::Dump { place, file, files } => {
                    transfer::dump(&boot::load(place.options())?, &file, files).await
                }
                Action::Load { place, file } => transfer::load(&boot::load(place.options())?, &file).await,
                Action::Import { place, from, file, user } => {
                    let boot = boot::load(place.options())?;
                    match from {
                        From::Django => transfer::import_django(&boot, &file).await,
                        From::Chats => transfer::import_chats(&boot, &file, &user.unwrap_or_default()).await,
                    }
                }
                Action::SetupDemo { place, force } => transfer::setup_demo(&boot::load(place.options())?, force).await,
                Action::Dbshell(place) => transfer::dbshell(&boot::load(place.options())?),
                Action::Doctor(place) => upkeep::doctor(&boot::load(place.options())?).await,
                Action::Health(place) => health::ask(&boot::load(place.options())?).await,
                Action::ReadFile { name, media_type, file } => reader::read_file(&file, &name, media_type.as_deref()),
                Action::Openapi => {
                    say!("{}", crate::api::document());
                    Ok(())
                }
                Action::Createsuperuser { place, email, name, password_stdin } => {
                    let boot = boot::load(place.options())?;
                    let person = ask_for_person(email, name, password_stdin)?;
                    let accounts = boot::accounts(&boot).await?;
                    let viewer = accounts.create_superuser(&person).await.map_err(|error| describe(&error))?;
                    say!("{} <{}> can sign in and rules this server.", viewer.name, viewer.email);
                    Ok(())
                }
            }
        })
    }
}

fn ask_for_person(email: Option<String>, name: Option<String>, password_stdin: bool) -> Result<NewPerson, String> {
    let email = email.map_or_else(|| ask("E-mail address: "), Ok)?;
    let name = name.map_or_else(|| ask("Name: "), Ok)?;
    let password = if password_stdin || !std::io::stdin().is_terminal() { line()? } else { ask_hidden("Password: ")? };
    Ok(NewPerson { name, email, username: None, password })
}

fn ask(question: &str) -> Result<String, String> {
    let mut terminal = std::io::stdout();
    write!(terminal, "{question}").and_then(|()| terminal.flush()).map_err(|error| error.to_string())?;
    line()
}

fn ask_hidden(question: &str) -> Result<String, String> {
    rpassword::prompt_password(question).map_err(|error| format!("the password could not be read: {error}"))
}

fn line() -> Result<String, String> {
    let mut line = String::new();
    let read = std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| format!("standard input could not be read: {error}"))?;
    if read == 0 {
        Err("standard input ended before everything was answered".to_owned())
    } else {
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}

fn describe(error: &atrium_domain::Error) -> String {
    let failure = error.to_failure();
    let fields = failure.fields.iter().map(|it| format!("{}: {}", it.field, it.message));
    let text = fields.collect::<Vec<_>>().join("; ");
    if text.is_empty() { failure.message } else { text }
}
