//! Repositories made by git for a test, and fetching them.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use atrium_repositories::{
    Address, Branch, Change, Credentials, Head, Limits, Origin, Permitted, Progress, Refusal, Repository, Terms, fetch,
};
use tempfile::TempDir;

use crate::server::{Plain, Server};

/// A repository that people work in, a server before it, and a folder to fetch it into.
pub struct Work {
    pub root: TempDir,
    pub server: Server,
    pub limits: Limits,
}

impl Work {
    /// One commit with a few files on `main`.
    pub fn new() -> Self {
        let work = Self::empty();
        work.write("README.md", "# Hello\n");
        work.write("src/main.rs", "fn main() {}\n");
        work.write("src/deep/lib.rs", "pub fn lib() {}\n");
        work.commit("Begin");
        work
    }

    pub fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("work")).unwrap();
        let server = Server::of(root.path().to_owned());
        let limits = Limits { time: Duration::from_secs(30), ..Limits::default() };
        let work = Self { root, server, limits };
        work.git(&["init", "--quiet", "--initial-branch=main"]);
        work
    }

    pub fn folder(&self) -> PathBuf {
        self.root.path().join("work")
    }

    pub fn ours(&self) -> PathBuf {
        self.root.path().join("ours")
    }

    pub fn url(&self) -> String {
        format!("{}/work/.git", self.server.url)
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.folder(), arguments)
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.folder().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn origin(&self) -> Origin {
        self.origin_at(&self.url())
    }

    pub fn origin_at(&self, url: &str) -> Origin {
        let permitted = Permitted { plain_http: true, folder: Some(self.root.path().to_owned()) };
        Origin { address: Address::parse(url, &permitted).unwrap(), branch: None, credentials: None }
    }

    pub fn on_branch(&self, branch: &str) -> Origin {
        Origin { branch: Some(Branch::parse(branch).unwrap()), ..self.origin() }
    }

    pub fn with_token(&self, token: &str) -> Origin {
        Origin { credentials: Some(Credentials::new("", &token.into()).unwrap()), ..self.origin() }
    }

    pub fn fetch(&self) -> Result<Head, Refusal> {
        self.fetch_from(&self.origin())
    }

    pub fn fetch_from(&self, origin: &Origin) -> Result<Head, Refusal> {
        self.fetch_into(origin, &self.ours(), &AtomicBool::new(false)).0
    }

    /// What came of it, and what was told on the way.
    pub fn fetch_into(
        &self,
        origin: &Origin,
        ours: &Path,
        interrupt: &AtomicBool,
    ) -> (Result<Head, Refusal>, Vec<Progress>) {
        let told = RefCell::new(Vec::new());
        let progress = |it| told.borrow_mut().push(it);
        let terms = Terms { fetcher: Arc::new(Plain), limits: self.limits, progress: &progress, interrupt };
        let head = fetch(ours, origin, &terms);
        (head, told.into_inner())
    }

    pub fn repository(&self) -> Repository {
        Repository::open(&self.ours()).unwrap()
    }

    /// git itself finds nothing wrong with what we wrote.
    pub fn assert_sound(&self) {
        git(&self.ours(), &["fsck", "--full", "--strict", "--no-dangling"]);
    }
}

pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "protocol.file.allow=always"])
        .args(["-c", "safe.directory=*", "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Changes as short lines, to compare with.
pub fn lines(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| match change {
        Change::Added(file) => format!("+ {}", file.path),
        Change::Modified(file) => format!("~ {}", file.path),
        Change::Renamed { from, file } => format!("{from} -> {}", file.path),
        Change::Deleted { path } => format!("- {path}"),
    };
    changes.iter().map(line).collect()
}
