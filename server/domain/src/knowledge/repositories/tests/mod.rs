//! Repositories that git made, fetched from a folder and indexed, on both databases.

mod asking;
mod indexing;

use crate::audit::Actor;
use crate::jobs::Kind;
use crate::knowledge::documents::{self, DocumentFilter};
use crate::knowledge::{Wanted, bases};
use crate::store::args;
use crate::testing::World;
use atrium::ids::{BaseId, DocumentId, RepositoryId};
use atrium::knowledge::{BaseForm, Repository, RepositoryForm};
use atrium::paging::PageRequest;
use atrium::people::Viewer;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use tokio_util::sync::CancellationToken;

fn actor(viewer: &Viewer) -> Actor<'_> {
    Actor { viewer, address: "test" }
}

/// A work tree below the folder from which superusers may fetch.
struct Work(PathBuf);

impl Work {
    fn new(world: &World) -> Self {
        let work = Self(world.folder.path().join("work").join("tides"));
        std::fs::create_dir_all(&work.0).unwrap();
        work.git(&["init", "--quiet", "--initial-branch=main"]);
        work.write("README.md", "# Tides\n\nThe moon pulls the sea.\n");
        work.write("src/main.rs", "fn main() {\n    compute_ebb();\n}\n");
        work.write("src/lib.rs", "/// Flood and neap.\npub fn compute_ebb() {}\n");
        work.write("logo.png", b"\x89PNG\r\n\0\0\0");
        work.write("vendor/a.js", "let vendored = 1;\n");
        work.commit("Begin");
        work
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "safe.directory=*"])
            .args(["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"])
            .args(arguments)
            .current_dir(&self.0)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn form(&self) -> RepositoryForm {
        RepositoryForm { url: format!("file://{}", self.0.display()), ..RepositoryForm::default() }
    }
}

async fn base(world: &World, viewer: &Viewer) -> BaseId {
    let form = BaseForm { name: "Code".to_owned(), description: String::new() };
    bases::create(&world.store, &world.ports, actor(viewer), None, &form).await.unwrap().id
}

/// A base with a repository that is fetched and indexed.
async fn fetched(world: &World) -> (Work, BaseId, RepositoryId) {
    let (work, base) = (Work::new(world), base(world, &world.ada).await);
    let (made, _) = world.knowledge.add_repository(actor(&world.ada), base, &work.form()).await.unwrap();
    run(world).await;
    (work, base, made.id)
}

async fn run(world: &World) {
    let stop = CancellationToken::new();
    while world.knowledge.next(Kind::Fetch, &stop).await.unwrap()
        || world.knowledge.next(Kind::Embed, &stop).await.unwrap()
    {}
}

async fn get(world: &World, id: RepositoryId) -> Repository {
    world.knowledge.repository(world.store.as_viewer(&world.ada), id).await.unwrap()
}

async fn again(world: &World, id: RepositoryId) -> Repository {
    world.knowledge.fetch_now(actor(&world.ada), id).await.unwrap();
    run(world).await;
    get(world, id).await
}

/// Path, document and version of every file that is indexed.
async fn files(world: &World, base: BaseId) -> BTreeMap<String, (DocumentId, i64)> {
    let scope = world.store.as_viewer(&world.ada);
    let page = documents::page(scope, base, DocumentFilter::default(), PageRequest::WHOLE).await.unwrap();
    page.items.into_iter().map(|it| (it.name, (it.id, it.version))).collect()
}

async fn found(world: &World, question: &str) -> Vec<String> {
    let wanted = Wanted { question, count: 10, ..Wanted::default() };
    let found = world.knowledge.find(world.store.as_viewer(&world.ada), wanted).await.unwrap();
    let by_words = found.passages.into_iter().filter(|it| it.by_words.is_some());
    let mut names: Vec<String> = by_words.map(|it| it.name).collect();
    names.dedup();
    names
}

/// The numbers of all pieces: those of a file that is read again are new.
async fn pieces(world: &World) -> Vec<i64> {
    let rows: Vec<(i64,)> =
        world.store.as_system("test").all("SELECT number FROM pieces ORDER BY number", args![]).await.unwrap();
    rows.into_iter().map(|it| it.0).collect()
}

/// What the index believes of its words is what its pieces have.
async fn assert_counted(world: &World) {
    let system = world.store.as_system("test");
    let rows: Vec<(String, String)> = system.all("SELECT title_words, body_words FROM pieces", args![]).await.unwrap();
    let mut expected: BTreeMap<String, i64> = BTreeMap::new();
    for (title, body) in rows {
        let words: std::collections::HashSet<&str> = title.split(' ').chain(body.split(' ')).collect();
        for word in words.into_iter().filter(|it| !it.is_empty()) {
            *expected.entry(word.to_owned()).or_default() += 1;
        }
    }
    let rows: Vec<(String, i64)> = system.all("SELECT word, pieces FROM knowledge_words", args![]).await.unwrap();
    assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), expected);
}
