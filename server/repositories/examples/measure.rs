//! How long a repository in a folder takes: fetched, compared, read.
//!
//! `cargo run --release -p atrium-repositories --example measure -- file:///folder/of/repository [before]`
//!
//! With `before`, a branch, that one is fetched first and the difference is measured too.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use atrium_repositories::{
    Address, Branch, Change, Fetcher, Id, Limits, Origin, Permitted, Progress, Repository, Request, Response, Terms,
    Text, fetch, language,
};

/// Folders only: this crate has no client, and an example needs none.
struct Nowhere;

impl Fetcher for Nowhere {
    fn send(&self, _request: Request) -> io::Result<Response> {
        Err(io::Error::other("this example reads folders; clone the repository first"))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().ok_or("which repository? file:///…")?;
    let before = arguments.next().map(|it| Branch::parse(&it)).transpose()?;
    let address = Address::parse(&address, &Permitted { plain_http: false, folder: Some(PathBuf::from("/")) })?;
    let ours = tempfile::tempdir()?;
    let bytes = Cell::new(0);
    let progress = |it| {
        if let Progress::Receiving(so_far) = it {
            bytes.set(so_far)
        }
    };
    let interrupt = AtomicBool::new(false);
    let limits = Limits::default();
    let terms = Terms { fetcher: Arc::new(Nowhere), limits, progress: &progress, interrupt: &interrupt };
    let bring = |branch: Option<Branch>| {
        let begun = Instant::now();
        let head = fetch(ours.path(), &Origin { address: address.clone(), branch, credentials: None }, &terms)?;
        println!(
            "fetch    {:>9}  {} files, {} bytes: {} {}",
            ms(begun.elapsed()),
            head.files,
            bytes.get(),
            head.commit,
            head.message
        );
        Ok::<_, Box<dyn Error>>(head.commit)
    };
    let first = before.map(|it| bring(Some(it))).transpose()?;
    let newest = bring(None)?;
    if first.is_some() {
        compare(&Repository::open(ours.path())?, first, newest)?;
    }
    let repository = Repository::open(ours.path())?;
    let changes = compare(&repository, None, newest)?;

    let begun = Instant::now();
    let (mut read, mut size, mut lines, mut known) = (0, 0, 0, 0);
    let mut skipped = std::collections::BTreeMap::<_, usize>::new();
    for change in &changes {
        let Change::Added(file) = change else { continue };
        match repository.text(file, &limits)? {
            Text::Read(content) => {
                read += 1;
                size += content.bytes.len();
                lines += content.lines();
                known += usize::from(language(&file.path).is_some());
            }
            Text::Skipped(skip) => *skipped.entry(skip.code()).or_default() += 1,
        }
    }
    let elapsed = begun.elapsed();
    let speed = size as f64 / 1e6 / elapsed.as_secs_f64();
    println!(
        "read all {:>9}  {read} files ({known} of a known language), {lines} lines, {size} bytes, {speed:.0} MB/s; not: {skipped:?}",
        ms(elapsed)
    );

    let begun = Instant::now();
    for change in &changes {
        // A submodule has nothing to read.
        let _ = repository.read(newest, change.path(), u64::MAX);
    }
    println!("by path  {:>9}  {} files", ms(begun.elapsed()), changes.len());
    Ok(())
}

fn compare(repository: &Repository, from: Option<Id>, to: Id) -> Result<Vec<Change>, Box<dyn Error>> {
    let begun = Instant::now();
    let changes = repository.changes(from, to)?;
    println!("changes  {:>9}  {}", ms(begun.elapsed()), changes.len());
    Ok(changes)
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
