//! A running `atrium serve` with a folder of its own.

use crate::client::Browser;
use crate::provider::Provider;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PASSWORD: &str = "correct horse battery";

/// The binary, with nothing of this environment, in `folder`.
pub fn atrium(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atrium"));
    command.args(arguments).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// A folder, and how to start a server on it.
pub struct House {
    folder: TempDir,
    env: Vec<(String, String)>,
}

impl House {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// Something in the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Everybody's first agent is the provider's.
    pub fn with(self, provider: &Provider) -> Self {
        self.env("OPENAI_BASE_URL", &provider.url).env("DEFAULT_LLM_PROVIDER", "openai").env("DEFAULT_MODEL", "fake-1")
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The command, with this house's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = atrium(self.folder.path(), arguments);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// Serves on a free port; returns when it says that it is ready.
    pub fn serve(self) -> Server {
        let log = self.folder.path().join("server.log");
        let errors = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut child = self
            .command(&["serve", "--listen", "127.0.0.1:0", "--data", "data"])
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let mut server = Server { house: Some(self), child, address: String::new(), setup: None };
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut wants_link = false;
        loop {
            let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
                panic!("the server did not start: {}", std::fs::read_to_string(&log).unwrap_or_default());
            };
            if let Some(base) = line.strip_prefix("Atrium is ready at ") {
                base.clone_into(&mut server.address);
            }
            wants_link |= line.contains("the link works once");
            if let Some((_, token)) = line.split_once("/setup?token=") {
                server.setup = Some(token.trim().to_owned());
            }
            if !server.address.is_empty() && (server.setup.is_some() || line.is_empty() && !wants_link) {
                break;
            }
        }
        // Keeps the pipe open: a server whose terminal is gone is not what is tested here.
        std::thread::spawn(move || lines.into_iter().for_each(drop));
        if !server.address.starts_with("http://127.0.0.1:") {
            server.address = server.listening();
        }
        server
    }
}

pub struct Server {
    house: Option<House>,
    child: Child,
    /// `http://127.0.0.1:…`
    pub address: String,
    /// The token of the link that makes the first administrator.
    pub setup: Option<String>,
}

impl Server {
    /// In an empty folder.
    pub fn start() -> Self {
        House::new().serve()
    }

    pub fn path(&self) -> PathBuf {
        self.house.as_ref().unwrap().path()
    }

    pub fn house(&self) -> &House {
        self.house.as_ref().unwrap()
    }

    /// Without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.address)
    }

    /// Ada, who made the first account.
    pub fn administrator(&self) -> Browser {
        let mut browser = self.browser();
        let token = self.setup.as_deref().expect("nobody has an account yet");
        let reply = browser.submit(
            "/setup",
            &[("token", token), ("name", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)],
        );
        assert_eq!(reply.status, 303, "{}", reply.text());
        browser
    }

    /// Somebody else.
    pub fn person(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        let email = format!("{name}@example.org");
        let reply = browser.submit("/register", &[("name", name), ("email", &email), ("password", PASSWORD)]);
        assert_eq!(reply.status, 303, "{}", reply.text());
        browser
    }

    /// As a power cut for the process would.
    pub fn kill(mut self) -> House {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.house.take().unwrap()
    }

    /// As systemd would.
    pub fn terminate(mut self) -> (House, ExitStatus) {
        let signalled = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(signalled.success());
        let deadline = Instant::now() + Duration::from_secs(30);
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        (self.house.take().unwrap(), status)
    }

    /// The port that a server with a public URL does not print.
    fn listening(&self) -> String {
        let pid = self.child.id();
        let inodes: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .filter_map(|it| std::fs::read_link(it.unwrap().path()).ok())
            .filter_map(|it| Some(it.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            if fields[3] == "0A" && inodes.iter().any(|it| it == fields[9]) {
                let port = u16::from_str_radix(fields[1].split(':').nth(1).unwrap(), 16).unwrap();
                return format!("http://127.0.0.1:{port}");
            }
        }
        panic!("the server listens nowhere");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking()
            && let Some(house) = &self.house
        {
            eprintln!("{}", std::fs::read_to_string(house.path().join("server.log")).unwrap_or_default());
        }
    }
}
