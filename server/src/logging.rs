//! Logs: readable on a terminal, JSON otherwise, to a file a day when asked. And traces, where somebody collects them.

use crate::traces::Traces;
use atrium_domain::settings::Boot;
use std::io::IsTerminal as _;
use std::path::Path;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

/// Whose spans there are, and whose words below `info` are heard: ours, and those of crates that say nothing of what passes
/// through them. Others do: the one that parses HTML logs each token, the one for WebSockets each message.
const DISCREET: [&str; 3] = ["atrium", "sqlx", "tower_http"];

/// Days that log files are kept.
const KEPT: usize = 14;

/// What writes events, in any of the forms.
type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// What has to be ended in good order.
pub struct Logging {
    /// Writes what is left when it is dropped.
    _file: Option<WorkerGuard>,
    /// Where spans are sent to.
    pub traces: Option<Traces>,
}

/// Sets logging up for the process.
///
/// # Errors
/// With a sentence, when level, file or collector make no sense.
pub fn init(boot: &Boot) -> Result<Logging, String> {
    let filter = EnvFilter::try_new(boot.text("log_level")).map_err(|error| format!("ATRIUM_LOG: {error}"))?;
    let (lines, file) = lines(boot)?;
    // With the hint what is below the level costs nothing: without one everything would be asked about.
    let discreet = filter_fn(is_discreet).with_max_level_hint(LevelFilter::TRACE);
    let lines = lines.with_filter(filter.and(discreet));
    let traces = Traces::of(boot)?;
    let outcome = match &traces {
        None => tracing_subscriber::registry().with(lines).try_init(),
        Some(traces) => tracing_subscriber::registry().with(lines).with(traces.layer()).try_init(),
    };
    outcome.map_err(|error| format!("logging cannot be set up: {error}"))?;
    Ok(Logging { _file: file, traces })
}

fn is_discreet(about: &Metadata<'_>) -> bool {
    about.is_event() && *about.level() <= Level::INFO || DISCREET.iter().any(|it| about.target().starts_with(it))
}

/// What writes, and where.
fn lines(boot: &Boot) -> Result<(Lines, Option<WorkerGuard>), String> {
    if let Some(file) = boot.filled("log_file") {
        let path = Path::new(file);
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = path.file_name().and_then(|it| it.to_str()).ok_or("ATRIUM_LOG_FILE must name a file")?;
        crate::boot::private_folder(folder)
            .map_err(|error| format!("the folder of the log file {file} cannot be made: {error}"))?;
        let appender = RollingFileAppender::builder()
            .rotation(Rotation::DAILY)
            .filename_prefix(name)
            .max_log_files(KEPT)
            .build(folder)
            .map_err(|error| format!("the log file {file} cannot be opened: {error}"))?;
        let (writer, guard) = tracing_appender::non_blocking(appender);
        return Ok((fmt::layer().json().with_writer(writer).boxed(), Some(guard)));
    }
    let lines = fmt::layer().with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        Ok((lines.with_target(false).compact().boxed(), None))
    } else {
        Ok((lines.json().boxed(), None))
    }
}
