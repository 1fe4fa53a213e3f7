//! What stands in repositories that is no text: links, submodules, pointers, bytes, odd names. It is told, never obeyed.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::{fs, io::Write};

use atrium_repositories::{Change, File, Kind, Limits, Repository, Text};

use crate::work::{Work, git, lines};

fn files(repository: &Repository) -> Vec<File> {
    let head = repository.head().unwrap().unwrap();
    let file = |change| match change {
        Change::Added(file) => file,
        other => panic!("{other:?}"),
    };
    repository.changes(None, head).unwrap().into_iter().map(file).collect()
}

/// Path and why it is skipped, `text` for what is not.
fn reasons(repository: &Repository, limits: &Limits) -> Vec<(String, &'static str)> {
    let reason = |file: File| {
        let word = match repository.text(&file, limits).unwrap() {
            Text::Read(_) => "text",
            Text::Skipped(skip) => skip.code(),
        };
        (file.path, word)
    };
    files(repository).into_iter().map(reason).collect()
}

#[test]
fn each_file_that_is_not_indexed_says_why() {
    let work = Work::new();
    let outside = work.root.path().join("secret");
    fs::write(&outside, "do not read me").unwrap();
    symlink(&outside, work.folder().join("link")).unwrap();
    symlink("../../../../etc", work.folder().join("up")).unwrap();
    work.write("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    work.write("model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
    work.write("large.txt", "x".repeat(1_000_001));
    work.write("empty.txt", "");
    work.write("Cargo.lock", "[[package]]\n");
    work.write("web/node_modules/left/index.js", "module.exports = 1;\n");
    work.write("web/app.min.js", "a();\n");
    work.write("one-line.txt", "y".repeat(900_000));
    work.commit("All kinds");
    let head = work.fetch().unwrap();
    let repository = work.repository();
    let found = reasons(&repository, &work.limits);
    let found: Vec<_> = found.iter().map(|(path, word)| (path.as_str(), *word)).collect();
    let wanted = [
        ("Cargo.lock", "lock_file"),
        ("README.md", "text"),
        ("empty.txt", "empty"),
        ("large.txt", "too_large"),
        ("link", "symlink"),
        ("model.bin", "lfs_pointer"),
        ("one-line.txt", "text"),
        ("picture.png", "binary"),
        ("src/deep/lib.rs", "text"),
        ("src/main.rs", "text"),
        ("up", "symlink"),
        ("web/app.min.js", "generated"),
        ("web/node_modules/left/index.js", "vendored"),
    ];
    assert_eq!(found, wanted);
    // A link shows where it leads and leads nowhere.
    let link = repository.read(head.commit, "link", 1000).unwrap();
    assert_eq!((link.bytes, link.kind), (outside.to_str().unwrap().as_bytes().to_vec(), Kind::Symlink));
    assert_eq!(repository.read(head.commit, "up/passwd", 1000).unwrap_err().code(), "path_not_found");
    assert!(repository.read(head.commit, "picture.png", 1000).unwrap().binary);
    assert!(repository.read(head.commit, "model.bin", 1000).unwrap().lfs);
}

#[test]
fn a_submodule_is_named_and_left_alone() {
    let work = Work::new();
    let other = work.root.path().join("other");
    fs::create_dir(&other).unwrap();
    git(&other, &["init", "--quiet"]);
    git(&other, &["commit", "--quiet", "--allow-empty", "-m", "Other"]);
    work.git(&["submodule", "--quiet", "add", other.to_str().unwrap(), "module"]);
    work.commit("With a module");
    let head = work.fetch().unwrap();
    let repository = work.repository();
    assert_eq!(head.files, 5);
    let found = reasons(&repository, &work.limits);
    assert!(found.contains(&("module".to_owned(), "submodule")), "{found:?}");
    let refusal = repository.read(head.commit, "module", 100).unwrap_err();
    assert_eq!(refusal.to_string(), "this is a submodule");
    assert!(work.server.seen().iter().all(|it| it.path.starts_with("/work/")), "nobody asked for the other one");
    work.assert_sound();
}

/// A commit whose tree is written by hand, as git would never let anybody.
fn commit_tree(work: &Work, listing: &[u8]) {
    let mut child = Command::new("git")
        .args(["hash-object", "-t", "tree", "-w", "--stdin", "--literally"])
        .current_dir(work.folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(listing).unwrap();
    let tree = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let commit = work.git(&["commit-tree", tree.trim(), "-m", "By hand"]);
    work.git(&["update-ref", "refs/heads/main", &commit]);
}

fn blob(work: &Work, content: &str) -> Vec<u8> {
    work.write("blob", content);
    let id = work.git(&["hash-object", "-w", "blob"]);
    (0..20).map(|it| u8::from_str_radix(&id[it * 2..it * 2 + 2], 16).unwrap()).collect()
}

#[test]
fn names_that_try_to_escape_are_only_names() {
    let work = Work::new();
    let id = blob(&work, "escaped\n");
    let mut tree = Vec::new();
    for name in [&b"../../../escaped"[..], b".git", b"/tmp/escaped", b"a\nb", b"caf\xe9.txt"] {
        tree.extend_from_slice(b"100644 ");
        tree.extend_from_slice(name);
        tree.push(0);
        tree.extend_from_slice(&id);
    }
    commit_tree(&work, &tree);
    let head = work.fetch().unwrap();
    let repository = work.repository();
    let found = reasons(&repository, &work.limits);
    let slash = "..\u{FFFD}..\u{FFFD}..\u{FFFD}escaped";
    let wanted = [slash, ".git", "a\nb", "caf\u{FFFD}.txt", "\u{FFFD}tmp\u{FFFD}escaped"];
    assert_eq!(found, wanted.map(|it| (it.to_owned(), "name_unreadable")));
    // A page can show what it lists, whatever it is called.
    for name in wanted {
        assert_eq!(repository.read(head.commit, name, 100).unwrap().bytes, b"escaped\n", "{name:?}");
    }
    assert_eq!(repository.tree(head.commit, "").unwrap().len(), 5);
    assert!(!work.root.path().parent().unwrap().join("escaped").exists());
    assert!(!std::path::Path::new("/tmp/escaped").exists());
    let ours: Vec<_> = fs::read_dir(work.ours()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert!(!ours.iter().any(|it| it == "escaped" || it == ".git"), "{ours:?}");
}

#[test]
fn a_file_that_becomes_a_folder_and_a_link_are_changes() {
    let work = Work::new();
    work.write("thing", "a file\n");
    work.write("other", "a file too\n");
    work.commit("Files");
    let before = work.fetch().unwrap();
    fs::remove_file(work.folder().join("thing")).unwrap();
    fs::remove_file(work.folder().join("other")).unwrap();
    work.write("thing/inside", "a folder now\n");
    symlink("README.md", work.folder().join("other")).unwrap();
    work.commit("A folder and a link");
    let after = work.fetch().unwrap();
    let changes = work.repository().changes(Some(before.commit), after.commit).unwrap();
    assert_eq!(lines(&changes), ["~ other", "- thing", "+ thing/inside"]);
    let Change::Modified(other) = &changes[0] else { panic!("{changes:?}") };
    assert_eq!(other.kind, Kind::Symlink);
}

#[test]
fn a_tree_that_holds_itself_many_times_over_is_refused() {
    let work = Work::new();
    let mut id = blob(&work, "leaf\n");
    let mut mode = "100644";
    // Ten in ten in ten …: 10^8 files out of nine objects.
    for _ in 0..8 {
        let mut tree = Vec::new();
        for name in 0..10 {
            tree.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            tree.extend_from_slice(&id);
        }
        commit_tree(&work, &tree);
        let hex = work.git(&["rev-parse", "main^{tree}"]);
        id = (0..20).map(|it| u8::from_str_radix(&hex[it * 2..it * 2 + 2], 16).unwrap()).collect();
        mode = "40000";
    }
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.code(), "too_many_files", "{refusal}");
    assert_eq!(fs::read_dir(work.ours().join("objects/pack")).unwrap().count(), 0, "what is refused is not kept");
    assert_eq!(work.repository().head().unwrap(), None);
}
