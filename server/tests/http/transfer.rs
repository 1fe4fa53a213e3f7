//! Data that moves: dump and load between two databases, the sample, and the database's own program.

use crate::provider::Provider;
use crate::server::{House, PASSWORD};
use crate::shared::database;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::time::Duration;

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_server_moves_to_postgres_and_back() {
    let Some(url) = database() else { return };
    let provider = Provider::start(|_| (vec!["Twice a day.".to_owned()], Duration::from_millis(1)));
    let server = House::new().with(&provider).serve();
    let mut ada = server.administrator();
    let id = crate::chat::begin(&mut ada, "How do tides work?");
    crate::chat::answer(&mut ada, &id);
    let file = server.path().join("all.jsonl");
    let name = file.to_str().unwrap();
    let told = said(&server.house().run(&["dump", "--data", "data", name], ""));
    assert!(told.contains("rows") && told.contains("secret"), "{told}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = server.house().run(&["dump", "--data", "data", name], "");
    assert!(errors(&again).contains("is there already"), "{}", errors(&again));
    let house = server.kill();
    let taken = said(&house.run(&["load", "--data", "other", "--database-url", &url, name], ""));
    assert!(taken.contains("PostgreSQL"), "{taken}");
    let full = house.run(&["load", "--data", "other", "--database-url", &url, name], "");
    assert!(errors(&full).contains("not empty"), "{}", errors(&full));
    let back = house.path().join("back.jsonl");
    said(&house.run(&["dump", "--data", "other", "--database-url", &url, back.to_str().unwrap()], ""));
    said(&house.run(&["load", "--data", "third", back.to_str().unwrap()], ""));
    let content = |name: &str| {
        let mut lines: Vec<_> =
            std::fs::read_to_string(house.path().join(name)).unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(content("all.jsonl"), content("back.jsonl"));
    // And it serves: the same person, the same conversation.
    let server = house.env("DATABASE_URL", &url).serve();
    let mut there = server.browser();
    assert_eq!(there.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]).status, 303);
    assert!(there.get(&format!("/chat/{id}")).text().contains("Twice a day."));
}

#[test]
fn a_dump_that_is_not_whole_leaves_the_database_empty() {
    let house = House::new();
    said(&house.run(&["setup-demo", "--data", "data"], ""));
    said(&house.run(&["dump", "--data", "data", "all.jsonl"], ""));
    let text = std::fs::read_to_string(house.path().join("all.jsonl")).unwrap();
    std::fs::write(house.path().join("half.jsonl"), &text[..text.len() * 2 / 3]).unwrap();
    std::fs::write(house.path().join("old.jsonl"), text.replacen("\"migration\":", "\"migration\":1", 1)).unwrap();
    for (name, part) in
        [("half.jsonl", "breaks off"), ("old.jsonl", "same version"), ("missing.jsonl", "missing.jsonl")]
    {
        let refused = house.run(&["load", "--data", "other", name], "");
        assert_eq!(refused.status.code(), Some(1));
        assert!(errors(&refused).contains(part), "{}", errors(&refused));
    }
    said(&house.run(&["load", "--data", "other", "all.jsonl"], ""));
    let nothing = house.run(&["dump", "--data", "nowhere", "nothing.jsonl"], "");
    assert!(errors(&nothing).contains("no database"), "{}", errors(&nothing));
}

#[test]
fn the_sample_can_be_signed_in_to() {
    let house = House::new();
    let told = said(&house.run(&["setup-demo", "--data", "data"], ""));
    let people: Vec<Vec<&str>> =
        told.lines().filter(|it| it.contains('@')).map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(
        people.iter().map(|it| it[0]).collect::<Vec<_>>(),
        ["admin", "manager", "engineer", "analyst", "user", "guest"]
    );
    assert!(said(&house.run(&["setup-demo", "--data", "data"], "")).contains("already"));
    let (email, password) = (people[4][1].to_owned(), people[4][2].to_owned());
    let server = house.serve();
    let mut uma = server.browser();
    assert_eq!(uma.submit("/sign-in", &[("email", &email), ("password", &password)]).status, 303);
    assert!(uma.get("/").text().contains("How do tides work?"));
    let real = House::new().serve();
    real.person("real");
    let refused = real.house().run(&["setup-demo", "--data", "data"], "");
    assert!(errors(&refused).contains("--force"), "{}", errors(&refused));
    assert!(said(&real.house().run(&["setup-demo", "--data", "data", "--force"], "")).contains("admin"));
}

/// A program of that name that says with what it was started.
fn stand_in(house: &House, name: &str) -> String {
    let folder = house.path().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, "#!/bin/sh\necho \"$0 $* PGPASSWORD=$PGPASSWORD\"\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn the_database_is_opened_with_its_own_program() {
    let house = House::new();
    let none = house.run(&["dbshell", "--data", "data"], "");
    assert!(errors(&none).contains("atrium migrate"), "{}", errors(&none));
    said(&house.run(&["migrate", "--data", "data"], ""));
    let bin = stand_in(&house, "sqlite3");
    stand_in(&house, "psql");
    let house = house.env("PATH", &bin);
    let shell = said(&house.run(&["dbshell", "--data", "data"], ""));
    assert!(shell.contains("sqlite3 data/atrium.db"), "{shell}");
    let url = "postgres://ada:geheim@db:5433/atrium";
    let shell = said(&house.run(&["dbshell", "--data", "data", "--database-url", url], ""));
    assert!(shell.contains("psql postgres://ada@db:5433/atrium PGPASSWORD=geheim"), "{shell}");
    let bare = house.env("PATH", "/nonexistent");
    let missing = bare.run(&["dbshell", "--data", "data"], "");
    assert!(errors(&missing).contains("sqlite3 is not installed"), "{}", errors(&missing));
}
