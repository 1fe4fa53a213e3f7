//! The command line: what it makes, and what it says when it can't.

use crate::server::{House, PASSWORD, Server};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

/// Runs `serve`, which must give up by itself.
fn refused(house: &House, arguments: &[&str]) -> String {
    let mut child = house.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            panic!("the server starts: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
    errors(&output)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0", "--data", "data"];

#[test]
fn the_first_start_makes_a_folder_that_is_its_owners() {
    let server = Server::start();
    let data = server.path().join("data");
    let mode = |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("secret.key"), 0o600);
    let secret = std::fs::read_to_string(data.join("secret.key")).unwrap();
    assert!(secret.len() >= 64 && secret.bytes().all(|it| it.is_ascii_hexdigit()));
    assert!(data.join("atrium.db").exists());
    let again = server.kill().serve();
    assert_eq!(std::fs::read_to_string(again.path().join("data/secret.key")).unwrap(), secret, "made once");
}

#[test]
fn mysql_is_refused_with_a_sentence() {
    for (name, value) in [("MYSQL_HOST", "db"), ("BACKEND_DB_HOST", "db"), ("DATABASE_URL", "mysql://root@localhost/x")]
    {
        let message = refused(&House::new().env(name, value), SERVE);
        assert!(message.contains("MySQL") && message.contains("postgres://"), "{message}");
        assert!(!message.contains("panicked"), "{message}");
    }
}

#[test]
fn settings_that_make_no_sense_are_named() {
    for (name, value, part) in [
        ("DEBUG", "perhaps", "DEBUG"),
        ("CORS_ALLOW_ALL_ORIGINS", "true", "CORS_ALLOWED_ORIGINS"),
        ("ATRIUM_LISTEN", "nonsense", "nonsense"),
        ("ATRIUM_LOG", "==,", "ATRIUM_LOG"),
        ("DATABASE_URL", "mongodb://x", "DATABASE_URL"),
        ("DATABASE_URL", "postgres://nobody:geheim@127.0.0.1:9/none", "127.0.0.1:9/none"),
    ] {
        let message = refused(&House::new().env(name, value), &["serve", "--data", "data"]);
        assert!(message.contains(part) && !message.contains("geheim"), "{name}: {message}");
    }
    let house = House::new();
    std::fs::write(house.path().join("atrium.toml"), "lisen = 'x'").unwrap();
    assert!(refused(&house, SERVE).contains("lisen"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let house = House::new();
    let message = refused(&house, &["serve", "--listen", &address, "--data", "data"]);
    assert!(message.contains(&address) && message.contains("--listen") && message.contains("in use"), "{message}");
    assert!(!house.path().join("data").exists(), "and nothing was touched");
}

#[test]
fn a_data_folder_has_one_server() {
    let server = Server::start();
    let message = refused(server.house(), SERVE);
    assert!(message.contains("another Atrium") && message.contains("--data"), "{message}");
    assert_eq!(server.browser().get("/sign-in").status, 200, "the first one is not disturbed");
    // A folder that cannot be made.
    std::fs::write(server.path().join("file"), "").unwrap();
    let message = refused(server.house(), &["serve", "--listen", "127.0.0.1:0", "--data", "file/data"]);
    assert!(message.contains("file/data"), "{message}");
}

#[test]
fn a_superuser_is_made_on_the_command_line() {
    let house = House::new();
    let make = |email: &str, password: &str| {
        house.run(
            &["createsuperuser", "--data", "data", "--email", email, "--name", "Ada", "--password-stdin"],
            &format!("{password}\n"),
        )
    };
    let made = make("Ada@example.org", PASSWORD);
    assert!(made.status.success(), "{}", errors(&made));
    assert!(String::from_utf8_lossy(&made.stdout).contains("ada@example.org"));
    for (email, password, part) in [
        ("ada@example.org", PASSWORD, "email: There is an account"),
        ("eve@example.org", "short", "password: Use at least 10"),
        ("nonsense", PASSWORD, "email: Enter"),
    ] {
        let refused = make(email, password);
        assert_eq!(refused.status.code(), Some(1));
        assert!(errors(&refused).contains(part), "{}", errors(&refused));
        assert!(!errors(&refused).contains(PASSWORD));
    }
    let server = house.serve();
    assert_eq!(server.setup, None, "somebody is there already");
    let mut ada = server.browser();
    assert_eq!(ada.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]).status, 303);
    assert_eq!(ada.get("/admin/settings").status, 200);
    // While it serves, another one can be made.
    let second = server.house().run(
        &["createsuperuser", "--data", "data", "--email", "bob@example.org", "--name", "Bob", "--password-stdin"],
        &format!("{PASSWORD}\n"),
    );
    assert!(second.status.success(), "{}", errors(&second));
    let mut bob = server.browser();
    assert_eq!(bob.submit("/sign-in", &[("email", "bob@example.org"), ("password", PASSWORD)]).status, 303);
}

#[test]
fn logs_go_to_a_file_when_asked() {
    let server = House::new().env("ATRIUM_LOG_FILE", "data/atrium.log").env("ATRIUM_LOG", "debug").serve();
    server.browser().get("/sign-in");
    let (house, status) = server.terminate();
    assert!(status.success());
    let logs: String = std::fs::read_dir(house.path().join("data"))
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.file_name().unwrap().to_string_lossy().starts_with("atrium.log"))
        .map(|it| std::fs::read_to_string(it).unwrap())
        .collect();
    assert!(logs.contains("SQLite at data/atrium.db"), "{logs}");
    for line in logs.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
