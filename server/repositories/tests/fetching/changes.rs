//! What is fetched, again and again, and what changed.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use atrium_repositories::{Kind, Limits, Progress};

use crate::work::{Work, git, lines};

#[test]
fn a_first_fetch_brings_one_commit_without_history() {
    let work = Work::new();
    work.write("README.md", "# Hello again\n");
    let newest = work.commit("Say it again\n\nBecause nobody heard.");
    let (head, told) = work.fetch_into(&work.origin(), &work.ours(), &AtomicBool::new(false));
    let head = head.unwrap();
    assert_eq!((head.branch.as_str(), head.message.as_str(), head.files), ("main", "Say it again", 3));
    assert_eq!(head.commit.to_string(), newest);
    assert_eq!(head.time.to_string(), work.git(&["log", "-1", "--format=%ct"]));
    assert_eq!(told.first(), Some(&Progress::Asking));
    assert_eq!(told.last(), Some(&Progress::Checking));
    assert!(told.iter().any(|it| matches!(it, Progress::Receiving(1..))));

    let repository = work.repository();
    assert_eq!(repository.head().unwrap(), Some(head.commit));
    let all = repository.changes(None, head.commit).unwrap();
    assert_eq!(lines(&all), ["+ README.md", "+ src/deep/lib.rs", "+ src/main.rs"]);
    let content = repository.read(head.commit, "README.md", 1000).unwrap();
    assert_eq!((content.bytes.as_slice(), content.lines()), (&b"# Hello again\n"[..], 1));
    assert_eq!(git(&work.ours(), &["rev-list", "--count", "HEAD"]), "1");
    work.assert_sound();
}

#[test]
fn a_later_fetch_brings_what_changed_and_keeps_what_was() {
    let work = Work::new();
    let noise: String = (0..20_000).map(|it: u64| format!("{:x}\n", it.wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    work.write("large.txt", &noise);
    work.write("old.rs", "// moved as it is\n");
    work.write("gone.rs", "// deleted\n");
    work.commit("Before");
    let before = work.fetch().unwrap();
    let first = work.server.sent.swap(0, Ordering::Relaxed);

    work.git(&["mv", "old.rs", "src/new.rs"]);
    work.git(&["rm", "--quiet", "gone.rs"]);
    work.write("large.txt", format!("{noise}one more line\n"));
    work.write("src/main.rs", "fn main() { println!(); }\n");
    work.write("added.rs", "// added\n");
    work.commit("Between");
    work.write("added.rs", "// added twice\n");
    work.commit("After");
    let after = work.fetch().unwrap();
    let second = work.server.sent.load(Ordering::Relaxed);
    assert!(second * 10 < first, "{second} bytes after {first}: only what changed travels");

    let repository = work.repository();
    let changes = repository.changes(Some(before.commit), after.commit).unwrap();
    let wanted = ["+ added.rs", "- gone.rs", "~ large.txt", "~ src/main.rs", "old.rs -> src/new.rs"];
    assert_eq!(lines(&changes), wanted);
    assert!(repository.changes(Some(after.commit), after.commit).unwrap().is_empty());
    // What a citation points to stays readable.
    assert_eq!(repository.read(before.commit, "gone.rs", 1000).unwrap().bytes, b"// deleted\n");
    assert_eq!(repository.read(after.commit, "gone.rs", 1000).unwrap_err().code(), "path_not_found");
    work.assert_sound();
}

#[test]
fn nothing_new_means_nothing_received() {
    let work = Work::new();
    let first = work.fetch().unwrap();
    work.server.seen.lock().unwrap().clear();
    assert_eq!(work.fetch().unwrap(), first);
    assert_eq!(work.server.seen().len(), 2, "hello and the list of branches, no pack");
    assert_eq!(fs::read_dir(work.ours().join("objects/pack")).unwrap().count(), 2);
}

#[test]
fn a_branch_that_was_rewritten_is_followed() {
    let work = Work::new();
    let before = work.fetch().unwrap();
    work.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    work.write("README.md", "# All new\n");
    work.commit("Rewritten");
    work.git(&["branch", "--force", "main", "fresh"]);
    // Nobody but us knows the old commit any more.
    work.git(&["update-ref", "-d", "ORIG_HEAD"]);
    work.git(&["reflog", "expire", "--expire=now", "--all"]);
    work.git(&["gc", "--quiet", "--prune=now"]);
    let after = work.fetch_from(&work.on_branch("main")).unwrap();
    let changes = work.repository().changes(Some(before.commit), after.commit).unwrap();
    assert_eq!(lines(&changes), ["~ README.md"]);
    // And back, to a commit that we have and the branch left.
    work.git(&["checkout", "--quiet", "-b", "third"]);
    let third = work.commit("Third");
    assert_eq!(work.fetch_from(&work.on_branch("third")).unwrap().commit.to_string(), third);
    assert_eq!(work.fetch_from(&work.on_branch("main")).unwrap().commit, after.commit);
    work.assert_sound();
}

#[test]
fn the_branch_asked_for_is_the_branch_fetched() {
    let work = Work::new();
    work.git(&["checkout", "--quiet", "-b", "feature/größe"]);
    work.write("feature.rs", "// feature\n");
    let tip = work.commit("Feature");
    work.git(&["checkout", "--quiet", "main"]);
    let head = work.fetch_from(&work.on_branch("feature/größe")).unwrap();
    assert_eq!((head.branch.as_str(), head.commit.to_string()), ("feature/größe", tip));
    assert_eq!(work.fetch().unwrap().branch, "main");
    // A commit instead of a branch.
    work.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(work.fetch().unwrap().branch, "HEAD");
}

#[test]
fn a_folder_of_this_machine_is_fetched_like_a_server() {
    let work = Work::new();
    work.write("many.txt", "line\n".repeat(1000));
    work.commit("More");
    let origin = work.origin_at(&format!("file://{}", work.folder().display()));
    let before = work.fetch_from(&origin).unwrap();
    assert_eq!((before.branch.as_str(), before.files), ("main", 4));
    work.git(&["mv", "many.txt", "moved.txt"]);
    work.write("src/main.rs", "fn main() { loop {} }\n");
    work.commit("Changed");
    // Packed away by git, with deltas and packed references.
    work.git(&["gc", "--quiet"]);
    let after = work.fetch_from(&origin).unwrap();
    let repository = work.repository();
    let changes = repository.changes(Some(before.commit), after.commit).unwrap();
    assert_eq!(lines(&changes), ["many.txt -> moved.txt", "~ src/main.rs"]);
    assert_eq!(repository.read(after.commit, "src/main.rs", 100).unwrap().bytes, b"fn main() { loop {} }\n");
    work.assert_sound();
    // The same folder over HTTP continues where the other left off.
    work.write("next.rs", "// next\n");
    work.commit("Next");
    let next = work.fetch().unwrap();
    assert_eq!(lines(&repository.changes(Some(after.commit), next.commit).unwrap()), ["+ next.rs"]);
    work.assert_sound();
}

#[test]
fn folders_are_listed_for_a_page() {
    let work = Work::new();
    work.write("zebra", "stripes");
    work.commit("Zebra");
    let head = work.fetch().unwrap();
    let repository = work.repository();
    let top = repository.tree(head.commit, "").unwrap();
    let top: Vec<_> = top.iter().map(|it| (it.name.as_str(), it.kind, it.size)).collect();
    assert_eq!(top, [("src", Kind::Folder, 0), ("README.md", Kind::File, 8), ("zebra", Kind::File, 7)]);
    let below = repository.tree(head.commit, "src/deep").unwrap();
    assert_eq!(below.len(), 1);
    assert_eq!(repository.tree(head.commit, "zebra").unwrap_err().code(), "other_kind");
    assert_eq!(repository.read(head.commit, "src", 100).unwrap_err().code(), "other_kind");
    assert_eq!(repository.read(head.commit, "zebra", 6).unwrap_err().code(), "file_too_large");
    for nowhere in ["../work", "/src", "src/", "src//deep", ".git/config", "zebra/x", "nothing"] {
        assert_eq!(repository.read(head.commit, nowhere, 100).unwrap_err().code(), "path_not_found", "{nowhere}");
    }
    let unknown = "0123456789012345678901234567890123456789".parse().unwrap();
    assert_eq!(repository.tree(unknown, "").unwrap_err().code(), "commit_not_found");
}

/// Prints figures rather than judging them: run it in release, without capture.
#[test]
#[ignore = "needs a checkout of some thousand files: set ATRIUM_TEST_CHECKOUT"]
fn a_large_repository_over_http() {
    let mut work = Work::new();
    work.limits = Limits::default();
    git(
        work.root.path(),
        &["clone", "--quiet", "--bare", &std::env::var("ATRIUM_TEST_CHECKOUT").unwrap(), "large.git"],
    );
    let origin = work.origin_at(&format!("{}/large.git", work.server.url));
    for what in ["first", "again"] {
        let begun = Instant::now();
        let head = work.fetch_from(&origin).unwrap();
        println!(
            "{what}: {:?} for {} files, {} bytes",
            begun.elapsed(),
            head.files,
            work.server.sent.load(Ordering::Relaxed)
        );
    }
}
