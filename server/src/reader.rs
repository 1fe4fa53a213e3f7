//! Reading files in a process of its own: this program once more, as `atrium read-file`, with little memory, little time
//! and nothing of this process's secrets. A file that kills its reader ends that process and no other.

use async_trait::async_trait;
use atrium_domain::knowledge::reader::{Reader, Reading, Unread};
use atrium_ingest::{Limits, Refusal, read};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// Address space of a reader, in bytes: a hundred megabytes of file, what they unpack to, and room to work.
const MEMORY: u64 = 2 << 30;
/// What a reader may say, in bytes: its text and its pieces.
const REPLY_MAX: u64 = 256 << 20;
/// Beyond the time that reading may take.
const GRACE: Duration = Duration::from_secs(30);

/// Has files read by another process.
#[derive(Debug)]
pub struct OtherProcess {
    program: PathBuf,
}

impl OtherProcess {
    /// By this very program.
    ///
    /// # Errors
    /// When the system does not say where it is.
    pub fn new() -> Result<Self, String> {
        let program = std::env::current_exe().map_err(|error| format!("this program cannot be found: {error}"))?;
        Ok(Self { program })
    }
}

#[async_trait]
impl Reader for OtherProcess {
    async fn read(&self, file: &Path, name: &str, media_type: Option<&str>) -> Result<Reading, Unread> {
        let failed = |error: std::io::Error| Unread::Failed(format!("The file could not be read: {error}"));
        let mut command = tokio::process::Command::new(&self.program);
        // With an equals sign: a name may begin with a hyphen.
        command.arg("read-file").arg(format!("--name={name}")).args(media_type.map(|it| format!("--media-type={it}")));
        command.arg("--").arg(file);
        command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // Ctrl-C at a terminal goes to a whole group of processes; who is to end this one is the server.
        #[cfg(unix)]
        command.process_group(0);
        let mut child = command.spawn().map_err(failed)?;
        let Some(stdout) = child.stdout.take() else {
            return Err(Unread::Failed("The reader says nothing.".to_owned()));
        };
        let mut reply = Vec::new();
        let work = async {
            stdout.take(REPLY_MAX).read_to_end(&mut reply).await?;
            child.wait().await
        };
        let status = match tokio::time::timeout(Limits::default().time + GRACE, work).await {
            Err(_) => {
                return Err(Unread::Refused(
                    Refusal::OutOfTime { seconds: Limits::default().time.as_secs() }.to_string(),
                ));
            }
            Ok(ended) => ended.map_err(failed)?,
        };
        if was_told_to_end(status) {
            return Err(Unread::Interrupted);
        }
        // A reader that was ended by its limits has not finished its sentence.
        serde_json::from_slice(&reply).unwrap_or_else(|_| {
            Err(Unread::Refused(
                "Reading it takes more memory than a file may take. It may be damaged, or made to do harm.".to_owned(),
            ))
        })
    }
}

/// By a person or a supervisor; limits end a reader in other ways.
#[cfg(unix)]
fn was_told_to_end(status: ExitStatus) -> bool {
    use tokio::signal::unix::SignalKind;
    let by = std::os::unix::process::ExitStatusExt::signal(&status);
    by.is_some_and(|it| [SignalKind::interrupt(), SignalKind::terminate()].contains(&SignalKind::from_raw(it)))
}

#[cfg(not(unix))]
fn was_told_to_end(_: ExitStatus) -> bool {
    false
}

/// What `atrium read-file` does: reads one file and prints what came of it.
///
/// # Errors
/// When nobody listens.
pub fn read_file(file: &Path, name: &str, media_type: Option<&str>) -> Result<(), String> {
    // Not on every system; where it fails the limits of the reader itself remain.
    drop(rlimit::setrlimit(rlimit::Resource::AS, MEMORY, MEMORY));
    let reply = reading(file, name, media_type);
    serde_json::to_writer(std::io::stdout().lock(), &reply).map_err(|error| error.to_string())
}

fn reading(file: &Path, name: &str, media_type: Option<&str>) -> Result<Reading, Unread> {
    let content =
        std::fs::File::open(file).map_err(|error| Unread::Failed(format!("The file cannot be opened: {error}")))?;
    let read = read(name, media_type, content, &Limits::default()).map_err(|it| Unread::Refused(it.to_string()))?;
    Ok(Reading::of(read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    async fn read_by(script: &str) -> Result<Reading, Unread> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("reader");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        OtherProcess { program }.read(Path::new("a.txt"), "a.txt", None).await
    }

    #[tokio::test]
    async fn a_reader_that_is_told_to_end_says_nothing_about_its_file() {
        for signal in ["INT", "TERM"] {
            // To its whole group: this test is not in it, nor would a server be.
            assert_eq!(read_by(&format!("kill -{signal} 0")).await, Err(Unread::Interrupted), "{signal}");
        }
        for script in ["kill -KILL $$", "exit 1", "echo '{'"] {
            assert!(matches!(read_by(script).await, Err(Unread::Refused(_))), "{script}");
        }
    }
}
