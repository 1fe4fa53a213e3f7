//! Logs: readable on a terminal, JSON otherwise, to a file a day when asked.

use atrium_domain::settings::Boot;
use std::io::IsTerminal as _;
use std::path::Path;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

/// Days that log files are kept.
const KEPT: usize = 14;

/// Sets logging up for the process. The guard writes what is left when it is dropped.
///
/// # Errors
/// With a sentence, when level or file make no sense.
pub fn init(boot: &Boot) -> Result<Option<WorkerGuard>, String> {
    let filter = EnvFilter::try_new(boot.text("log_level")).map_err(|error| format!("ATRIUM_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    let done = |outcome: Result<(), Box<dyn std::error::Error + Send + Sync>>| {
        outcome.map_err(|error| format!("logging cannot be set up: {error}"))
    };
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
        done(builder.json().with_writer(writer).try_init())?;
        return Ok(Some(guard));
    }
    if std::io::stderr().is_terminal() {
        done(builder.with_target(false).compact().with_writer(std::io::stderr).try_init())?;
    } else {
        done(builder.json().with_writer(std::io::stderr).try_init())?;
    }
    Ok(None)
}
