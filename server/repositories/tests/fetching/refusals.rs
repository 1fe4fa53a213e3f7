//! What is said when there is nothing to fetch, or nothing for us.

use std::fs;
use std::os::unix::fs::symlink;

use atrium_repositories::{Address, Permitted};

use crate::server::{Mood, Server};
use crate::work::{Work, git};

/// `git:t0ken`, as HTTP carries it.
const BASIC: &str = "Basic Z2l0OnQwa2Vu";

#[test]
fn an_empty_repository_and_an_unknown_branch_are_told_apart() {
    let work = Work::empty();
    assert_eq!(work.fetch().unwrap_err().code(), "repository_empty");
    assert_eq!(work.fetch_from(&work.on_branch("main")).unwrap_err().code(), "repository_empty");
    let local = work.origin_at(&format!("file://{}", work.folder().display()));
    assert_eq!(work.fetch_from(&local).unwrap_err().code(), "repository_empty");
    work.write("a", "a");
    work.commit("First");
    let refusal = work.fetch_from(&work.on_branch("mian")).unwrap_err();
    assert_eq!(refusal.to_string(), "there is no branch “mian”");
    // The default one was deleted.
    work.git(&["branch", "other"]);
    work.git(&["symbolic-ref", "HEAD", "refs/heads/nowhere"]);
    assert_eq!(work.fetch().unwrap_err().code(), "branch_not_found");
    assert_eq!(work.fetch_from(&local).unwrap_err().code(), "branch_not_found");
    assert!(work.fetch_from(&work.on_branch("other")).is_ok());
}

#[test]
fn credentials_open_what_they_open() {
    let work = Work::new();
    work.server.mood(Mood::Guarded(BASIC));
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.to_string(), "there is no such repository, or it needs credentials");
    let refusal = work.fetch_from(&work.with_token("wr0ng")).unwrap_err();
    assert_eq!(refusal.to_string(), "the server does not accept these credentials");
    assert!(!format!("{refusal:?}").contains("wr0ng"));
    assert!(work.fetch_from(&work.with_token("t0ken")).is_ok());
}

#[test]
fn answers_that_are_none_are_named() {
    let work = Work::new();
    let cases = [
        (Mood::Status(401), "unauthorized"),
        (Mood::Status(403), "forbidden"),
        (Mood::Status(404), "repository_not_found"),
        (Mood::Status(429), "server_status"),
        (Mood::Status(502), "server_status"),
    ];
    for (mood, code) in cases {
        work.server.mood(mood.clone());
        let refusal = work.fetch().unwrap_err();
        assert_eq!(refusal.code(), code, "{mood:?}");
        assert_eq!(refusal.may_pass(), code == "server_status");
    }
    work.server.mood(Mood::Page);
    assert_eq!(work.fetch().unwrap_err().to_string(), "a web page is at this address, not a git repository");
    work.server.mood(Mood::Git);
    assert_eq!(
        work.fetch_from(&work.origin_at(&format!("{}/nothing", work.server.url))).unwrap_err().code(),
        "repository_not_found"
    );
    let nobody = work.fetch_from(&work.origin_at("http://127.0.0.1:1/a")).unwrap_err();
    assert_eq!((nobody.code(), nobody.may_pass()), ("unreachable", true));
}

#[test]
fn a_renamed_repository_is_followed_without_its_credentials() {
    let work = Work::new();
    let front = Server::of(work.root.path().to_owned());
    front.mood(Mood::Moved(work.url()));
    let origin = atrium_repositories::Origin {
        address: work.origin_at(&format!("{}/old-name", front.url)).address,
        ..work.with_token("t0ken")
    };
    assert!(work.fetch_from(&origin).is_ok());
    assert_eq!(front.seen()[0].authorization.as_deref(), Some(BASIC));
    let seen = work.server.seen();
    assert!(seen.len() >= 3 && seen.iter().all(|it| it.authorization.is_none()), "another host gets no token");
    // On the same host they go along.
    work.server.mood(Mood::Guarded(BASIC));
    assert!(work.fetch_from(&work.with_token("t0ken")).is_ok());
}

#[test]
fn a_redirect_to_a_sign_in_or_in_circles_is_refused() {
    let work = Work::new();
    for sign_in in ["https://login.example.com/sign-in?next=", "https://login.example.com/sign-in#"] {
        work.server.mood(Mood::Moved(sign_in.to_owned()));
        let refusal = work.fetch().unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the server sends us on to login.example.com, which is no repository; it may want a sign-in"
        );
    }
    work.server.mood(Mood::Moved(work.url()));
    assert_eq!(work.fetch().unwrap_err().code(), "redirected");
    work.server.mood(Mood::Moved("file:///etc".to_owned()));
    assert_eq!(work.fetch().unwrap_err().code(), "redirected");
    work.server.mood(Mood::Moved("http://me:secret@127.0.0.1:1/a".to_owned()));
    let refusal = work.fetch().unwrap_err();
    assert!(refusal.code() == "redirected" && !refusal.to_string().contains("secret"));
}

#[test]
fn folders_are_fetched_from_below_the_permitted_one_only() {
    let work = Work::new();
    let below = work.root.path().join("below");
    fs::create_dir(&below).unwrap();
    git(&below, &["clone", "--quiet", "--bare", work.folder().to_str().unwrap(), "mirror.git"]);
    fs::create_dir(below.join("plain")).unwrap();
    symlink(work.folder(), below.join("link")).unwrap();
    let permitted = Permitted { plain_http: false, folder: Some(below.clone()) };
    let parse = |path: &str| Address::parse(&format!("file://{path}"), &permitted);
    let code = |path: &str| parse(path).map_or_else(|it| it.code(), |_| "fine");
    let below = below.to_str().unwrap();
    assert_eq!(code(&format!("{below}/mirror.git")), "fine");
    assert_eq!(code(&format!("{below}/../work")), "folder_not_permitted");
    assert_eq!(code(&format!("{below}/link")), "folder_not_permitted");
    assert_eq!(code(&format!("{below}/plain")), "not_git");
    assert_eq!(code(&format!("{below}/nothing")), "repository_not_found");
    assert_eq!(code("/etc"), "folder_not_permitted");
    assert_eq!(code("/etc/no-such-thing"), "folder_not_permitted", "nobody learns what exists elsewhere");
    assert_eq!(
        Address::parse(&format!("file://{below}/mirror.git"), &Permitted::default()).unwrap_err().code(),
        "folder_not_permitted"
    );
    // Objects that lie elsewhere are not read, and neither is a repository that changed after it was permitted.
    let origin = work.origin_at(&format!("file://{below}/mirror.git"));
    assert!(work.fetch_from(&origin).is_ok());
    fs::write(
        format!("{below}/mirror.git/objects/info/alternates"),
        work.folder().join(".git/objects").to_str().unwrap(),
    )
    .unwrap();
    assert_eq!(work.fetch_from(&origin).unwrap_err().code(), "repository_unsupported");
}

#[test]
fn a_repository_of_sha256_is_refused_by_name() {
    let work = Work::empty();
    fs::remove_dir_all(work.folder().join(".git")).unwrap();
    work.git(&["init", "--quiet", "--object-format=sha256"]);
    work.write("a", "a");
    work.commit("First");
    assert_eq!(work.fetch().unwrap_err().code(), "repository_unsupported");
}
