//! The command line: what it makes, and what it says when it can't.

use crate::client::Browser;
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
        ("ATRIUM_LOG", "verbose", "ATRIUM_LOG"),
        ("DATABASE_URL", "mongodb://x", "DATABASE_URL"),
        ("DATABASE_URL", "postgres://nobody:geheim@127.0.0.1:9/none", "refused"),
        ("ATRIUM_S3_BUCKET", "files", "ATRIUM_S3_SECRET_ACCESS_KEY"),
    ] {
        let house = House::new().env("ATRIUM_LISTEN", "127.0.0.1:0").env(name, value);
        let message = refused(&house, &["serve", "--data", "data"]);
        assert!(message.contains(part) && !message.contains("geheim"), "{name}: {message}");
        assert!(part != "refused" || message.contains("PostgreSQL at 127.0.0.1:9/none"), "{message}");
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
    let server = House::new().env("ATRIUM_LOG_FILE", "data/logs/atrium.log").env("ATRIUM_LOG", "debug").serve();
    server.browser().get("/sign-in");
    let (house, status) = server.terminate();
    assert!(status.success());
    let logs: String = std::fs::read_dir(house.path().join("data/logs"))
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

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", errors(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_copy_of_a_running_server_is_taken_back() {
    let server = Server::start();
    server.administrator();
    let copied = server.house().run(&["backup", "--data", "data", "copy.db"], "");
    assert!(said(&copied).contains("copy.db has"));
    let mode = std::fs::metadata(server.path().join("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "everybody's data is in it");
    let again = server.house().run(&["backup", "--data", "data", "copy.db"], "");
    assert!(errors(&again).contains("is there already"), "{}", errors(&again));
    // Whoever comes after the copy is gone when it is taken back, and not lost.
    server.person("later");
    let busy = server.house().run(&["restore", "--data", "data", "copy.db"], "");
    assert!(errors(&busy).contains("another Atrium is at work"), "{}", errors(&busy));
    let house = server.kill();
    let restored = said(&house.run(&["restore", "--data", "data", "copy.db"], ""));
    let kept = std::fs::read_dir(house.path().join("data"))
        .unwrap()
        .any(|it| it.unwrap().file_name().to_string_lossy().starts_with("atrium.db.before-restore-"));
    assert!(kept && restored.contains("What was there before is kept"), "{restored}");
    let server = house.serve();
    let mut browser = server.browser();
    let mut sign_in = |email: &str| browser.submit("/sign-in", &[("email", email), ("password", PASSWORD)]).status;
    assert_eq!((sign_in("later@example.org"), sign_in("ada@example.org")), (422, 303));
}

/// Brings a text to a new base, as a form does; the path of the document once it was read.
fn bring(browser: &mut Browser, name: &str, text: &str) -> String {
    let base = browser.submit("/knowledge", &[("name", name), ("project", "")]).location().to_owned();
    let part = format!("content-disposition: form-data; name=\"file\"; filename=\"{name}.md\"\r\n\r\n{text}");
    let form = [("content-type", "multipart/form-data; boundary=edge"), ("accept", "text/html")];
    let sent = format!("--edge\r\n{part}\r\n--edge--\r\n");
    assert_eq!(browser.request("POST", &format!("{base}/upload"), &form, sent.as_bytes()).status, 303);
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let page = browser.get(&base).text();
        if page.contains("found by word") {
            let at = page.find("href=\"/knowledge/documents/").unwrap() + 6;
            return page[at..].split('"').next().unwrap().to_owned();
        }
        assert!(Instant::now() < deadline, "it is not read: {page}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How many files of documents a data folder has.
fn kept(house: &House, data: &str) -> usize {
    let mut folders = vec![house.path().join(data).join("files")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => count += 1,
            }
        }
    }
    count
}

#[test]
fn a_copy_holds_the_files_of_documents_and_brings_them_back() {
    let server = Server::start();
    let mut ada = server.administrator();
    let tides = bring(&mut ada, "tides", "# Tides\n\nThe ebb takes six hours.");
    let told = said(&server.house().run(&["backup", "--data", "data", "copy.tar"], ""));
    assert!(told.contains("1 file of documents"), "{told}");
    bring(&mut ada, "later", "# Later\n\nBrought after the copy.");
    let bare = said(&server.house().run(&["backup", "--data", "data", "--without-files", "bare.db"], ""));
    assert!(bare.contains("database alone") && bare.contains("data/files"), "{bare}");
    let house = server.kill();
    // To another machine: the database, its file and nothing else.
    std::fs::create_dir(house.path().join("other")).unwrap();
    let told = said(&house.run(&["restore", "--data", "other", "copy.tar"], ""));
    assert!(told.contains("Of 1 files in it, 1 were not"), "{told}");
    assert_eq!((kept(&house, "data"), kept(&house, "other")), (2, 1));
    let well = said(&house.run(&["doctor", "--data", "other"], ""));
    assert!(well.contains("ok    files, other/files: all there"), "{well}");
    // In the place of what is there: what came later is kept, the file with it.
    let told = said(&house.run(&["restore", "--data", "data", "copy.tar"], ""));
    assert!(told.contains("Of 1 files in it, 0 were not") && told.contains("What was there before is kept"), "{told}");
    assert_eq!(kept(&house, "data"), 2);
    let server = house.serve();
    let mut ada = server.browser();
    assert_eq!(ada.submit("/sign-in", &[("email", "ada@example.org"), ("password", PASSWORD)]).status, 303);
    assert!(ada.get(&tides).text().contains("six hours"));
    let file = ada.get(&format!("{tides}/file"));
    assert_eq!((file.status, file.text().as_str()), (200, "# Tides\n\nThe ebb takes six hours."));
    // A bare database still comes back; whoever loses files is told their names.
    let house = server.kill();
    std::fs::create_dir(house.path().join("third")).unwrap();
    let told = said(&house.run(&["restore", "--data", "third", "bare.db"], ""));
    assert!(told.contains("2 of 2 files") && told.contains("tides.md") && told.contains("later.md"), "{told}");
    let doubt = said(&house.run(&["doctor", "--data", "third"], ""));
    assert!(doubt.contains("look  files, third/files: 2 of 2 files") && doubt.contains("tides.md"), "{doubt}");
    // As rows, with their files, for either database.
    said(&house.run(&["dump", "--data", "data", "--files", "rows.tar"], ""));
    let told = said(&house.run(&["load", "--data", "fourth", "rows.tar"], ""));
    assert!(told.contains("rows of rows.tar") && !told.contains("missing"), "{told}");
    assert_eq!(kept(&house, "fourth"), 1);
    for (command, name, other) in [("restore", "rows.tar", "atrium load"), ("load", "copy.tar", "atrium restore")] {
        let refused = house.run(&[command, "--data", "fifth", name], "");
        assert!(errors(&refused).contains(other), "{}", errors(&refused));
    }
}

#[test]
fn an_archive_that_broke_off_changes_nothing() {
    let server = Server::start();
    let mut ada = server.administrator();
    bring(&mut ada, "tides", &"The ebb takes six hours. ".repeat(4_000));
    said(&server.house().run(&["backup", "--data", "data", "copy.tar"], ""));
    let house = server.kill();
    let whole = std::fs::read(house.path().join("copy.tar")).unwrap();
    let before = std::fs::read(house.path().join("data/atrium.db")).unwrap();
    let entries = || {
        let mut names: Vec<_> =
            std::fs::read_dir(house.path().join("data")).unwrap().map(|it| it.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let there = entries();
    for length in [1_000, whole.len() / 2, whole.len() - 50_000, whole.len() - 2_048] {
        std::fs::write(house.path().join("half.tar"), &whole[..length]).unwrap();
        let refused = house.run(&["restore", "--data", "data", "half.tar"], "");
        assert!(!refused.status.success(), "{length}");
        assert!(errors(&refused).contains("half.tar"), "{}", errors(&refused));
        assert_eq!(
            (std::fs::read(house.path().join("data/atrium.db")).unwrap() == before, entries()),
            (true, there.clone())
        );
    }
    // A backup that is killed leaves no file of that name.
    let mut killed = house.command(&["backup", "--data", "data", "killed.tar"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(5));
    killed.kill().unwrap();
    let ended = killed.wait().unwrap();
    assert!(ended.success() || !house.path().join("killed.tar").exists());
}

#[test]
fn only_a_whole_copy_is_taken_back() {
    let house = Server::start().kill();
    let data = house.path().join("data/atrium.db");
    let before = std::fs::read(&data).unwrap();
    std::fs::write(house.path().join("text.db"), "not a database, whatever it is called").unwrap();
    std::fs::write(house.path().join("empty.db"), "").unwrap();
    for name in ["text.db", "empty.db", "missing.db"] {
        let refused = house.run(&["restore", "--data", "data", name], "");
        assert!(!refused.status.success(), "{name}");
        assert!(errors(&refused).contains(name), "{}", errors(&refused));
    }
    assert_eq!(std::fs::read(&data).unwrap(), before, "nothing was touched");
}

#[test]
fn migrations_are_listed_before_they_run() {
    let house = House::new();
    let pending = said(&house.run(&["migrate", "--data", "data", "--dry-run"], ""));
    assert!(pending.contains("0001  pending  foundation"), "{pending}");
    assert!(!house.path().join("data/atrium.db").exists(), "looking makes nothing");
    said(&house.run(&["migrate", "--data", "data"], ""));
    let all = said(&house.run(&["migrate", "--data", "data", "--status"], ""));
    assert!(all.contains("0001  applied") && !all.contains("pending"), "{all}");
    assert!(said(&house.run(&["migrate", "--data", "data", "--dry-run"], "")).contains("nothing to do"));
}

#[test]
fn the_doctor_says_what_to_do() {
    let server = Server::start();
    let well = said(&server.house().run(&["doctor", "--data", "data"], ""));
    assert!(well.contains("up to date") && well.contains("a server is at work"), "{well}");
    assert!(well.contains("make models"), "the model is not there: {well}");
    let house = server
        .kill()
        .env("SECRET_KEY", "short")
        .env("ATRIUM_LISTEN", "0.0.0.0:3000")
        .env("SECURE_SSL_REDIRECT", "true");
    let doubtful = said(&house.run(&["doctor", "--data", "data"], ""));
    for part in ["SECRET_KEY is shorter", "ATRIUM_PUBLIC_URL", "ALLOWED_HOSTS", "SECURE_SSL_REDIRECT"] {
        assert!(doubtful.contains(part), "{part}: {doubtful}");
    }
    assert!(well.contains("mail waits in the outbox"), "{well}");
    let house = house.env("EMAIL_HOST", "127.0.0.1").env("EMAIL_PORT", "1").env("EMAIL_USE_TLS", "False");
    let mute = house.run(&["doctor", "--data", "data"], "");
    let told = String::from_utf8_lossy(&mute.stdout).into_owned();
    assert!(!mute.status.success() && told.contains("FAIL  mail: 127.0.0.1 does not take it"), "{told}");
    let house = house.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let ill = house.run(&["doctor", "--data", "data"], "");
    assert!(!ill.status.success() && String::from_utf8_lossy(&ill.stdout).contains("FAIL  database"), "{ill:?}");
}

#[test]
fn whether_a_server_is_well_can_be_asked_from_beside_it() {
    let server = House::new()
        .env("ATRIUM_PUBLIC_URL", "https://atrium.example")
        .env("ALLOWED_HOSTS", "atrium.example")
        .env("SECURE_SSL_REDIRECT", "true")
        .serve();
    let listen = server.address.trim_start_matches("http://").to_owned();
    let ask = |listen: &str| server.house().run(&["health", "--listen", listen, "--data", "data"], "");
    let well = ask(&listen);
    assert!(well.status.success(), "{}", errors(&well));
    let everywhere = format!("0.0.0.0:{}", listen.rsplit_once(':').unwrap().1);
    assert!(ask(&everywhere).status.success());
    let gone = ask("127.0.0.1:1");
    assert!(!gone.status.success() && errors(&gone).contains("127.0.0.1:1: "), "{}", errors(&gone));
    // Somebody else's server is none that is well.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    });
    let ill = ask(&address);
    assert!(!ill.status.success() && errors(&ill).contains("its database does not"), "{}", errors(&ill));
}

#[test]
fn whoever_stops_listening_hears_no_complaint() {
    let house = House::new();
    for command in [&["doctor", "--data", "data"][..], &["openapi"], &["migrate", "--data", "data"]] {
        let mut child = house.command(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success() && errors(&output).is_empty(), "{command:?}: {}", errors(&output));
    }
}
