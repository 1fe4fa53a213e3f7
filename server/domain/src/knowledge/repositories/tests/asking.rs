//! Who may ask for what, and what is refused.

use super::{Work, actor, assert_counted, base, fetched, files, found, get, pieces, run};
use crate::error::Error;
use crate::knowledge::repositories::Signature;
use crate::store::args;
use crate::testing::worlds;
use atrium::knowledge::{RepositoryChange, RepositoryForm, WorkState};
use atrium::paging::PageRequest;
use atrium::people::Viewer;

#[tokio::test]
async fn what_cannot_be_fetched_is_said() {
    for world in worlds().await {
        let (work, base) = (Work::new(&world), base(&world, &world.ada).await);
        let add = async |viewer: &Viewer, form: RepositoryForm| {
            world.knowledge.add_repository(actor(viewer), base, &form).await.map(|it| it.0)
        };
        for url in
            ["https://127.0.0.1/a.git", "https://[::1]/a", "https://10.0.0.1/a", "git@github.com:a/b.git", "a", ""]
        {
            let form = RepositoryForm { url: url.to_owned(), ..RepositoryForm::default() };
            assert!(matches!(add(&world.ada, form).await, Err(Error::Invalid(it)) if it[0].field == "url"), "{url}");
        }
        // Its name is looked up when it is fetched, and no earlier.
        let inside = RepositoryForm { url: "https://localhost/a.git".to_owned(), ..RepositoryForm::default() };
        let inside = add(&world.ada, inside).await.unwrap();
        let wrong = RepositoryForm { branch: "absent".to_owned(), ..work.form() };
        let wrong = add(&world.ada, wrong).await.unwrap();
        run(&world).await;
        let inside = get(&world, inside.id).await.work;
        assert_eq!((inside.state, inside.reason.contains("public Internet")), (WorkState::Failed, true), "{inside:?}");
        let refused = get(&world, wrong.id).await.work;
        assert_eq!((refused.state, refused.reason.as_str()), (WorkState::Failed, "There is no branch “absent”."));

        let change = RepositoryChange { branch: Some("main".to_owned()), ..RepositoryChange::default() };
        world.knowledge.change_repository(actor(&world.ada), wrong.id, &change, None).await.unwrap();
        run(&world).await;
        assert_eq!(get(&world, wrong.id).await.document_count, 3, "another branch is fetched at once");
        let twice = RepositoryForm { branch: "main".to_owned(), ..work.form() };
        assert!(matches!(add(&world.ada, twice).await, Err(Error::Invalid(it)) if it[0].field == "url"));
        let nameless = RepositoryForm { username: "ada".to_owned(), ..work.form() };
        assert!(matches!(add(&world.ada, nameless).await, Err(Error::Invalid(it)) if it[0].field == "token"));
        let hasty = RepositoryForm { every_minutes: Some(1), ..work.form() };
        assert!(matches!(add(&world.ada, hasty).await, Err(Error::Invalid(it)) if it[0].field == "every_minutes"));
    }
}

#[tokio::test]
async fn folders_of_this_machine_are_for_superusers() {
    for world in worlds().await {
        let work = Work::new(&world);
        let theirs = base(&world, &world.bob).await;
        let refused = world.knowledge.add_repository(actor(&world.bob), theirs, &work.form()).await;
        assert!(matches!(refused, Err(Error::Invalid(it)) if it[0].field == "url"));
        let outside = RepositoryForm { url: "file:///etc".to_owned(), ..RepositoryForm::default() };
        let own = base(&world, &world.ada).await;
        let refused = world.knowledge.add_repository(actor(&world.ada), own, &outside).await;
        assert!(matches!(refused, Err(Error::Invalid(it)) if it[0].field == "url"));
        // Who no longer rules the server no longer fetches from it.
        let (made, _) = world.knowledge.add_repository(actor(&world.ada), own, &work.form()).await.unwrap();
        let system = world.store.as_system("test");
        system.execute("UPDATE users SET is_superuser = $1", args![false]).await.unwrap();
        run(&world).await;
        assert_eq!(get(&world, made.id).await.work.state, WorkState::Failed);
    }
}

#[tokio::test]
async fn nobody_sees_what_belongs_to_somebody_else() {
    for world in worlds().await {
        let (_work, base, id) = fetched(&world).await;
        let (scope, bob) = (world.store.as_viewer(&world.bob), actor(&world.bob));
        let it = &world.knowledge;
        assert!(matches!(it.repository(scope, id).await, Err(Error::NotFound(_))));
        assert!(matches!(it.repositories(scope, base, PageRequest::WHOLE).await, Err(Error::NotFound(_))));
        assert!(matches!(it.tree(scope, id, "").await, Err(Error::NotFound(_))));
        assert!(matches!(it.source_file(scope, id, "README.md").await, Err(Error::NotFound(_))));
        assert!(matches!(it.code_files(scope, id, PageRequest::WHOLE).await, Err(Error::NotFound(_))));
        assert!(matches!(it.fetch_now(bob, id).await, Err(Error::NotFound(_))));
        assert!(matches!(it.remove_repository(bob, id).await, Err(Error::NotFound(_))));
        let change = RepositoryChange::default();
        assert!(matches!(it.change_repository(bob, id, &change, None).await, Err(Error::NotFound(_))));
        assert!(matches!(it.add_repository(bob, base, &RepositoryForm::default()).await, Err(Error::NotFound(_))));
    }
}

#[tokio::test]
async fn taken_out_nothing_of_it_is_left() {
    for world in worlds().await {
        let (_work, base, id) = fetched(&world).await;
        let folder = world.folder.path().join("repositories").join(id.0.simple().to_string());
        assert!(folder.exists());
        let document = files(&world, base).await["README.md"].0;
        let refused = world.knowledge.delete_document(actor(&world.ada), document).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "document_of_repository", .. })));
        let refused = world.knowledge.read_again(&world.ada, document).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "document_of_repository", .. })));
        world.knowledge.remove_repository(actor(&world.ada), id).await.unwrap();
        assert!(!folder.exists());
        assert!(files(&world, base).await.is_empty() && pieces(&world).await.is_empty());
        assert_counted(&world).await;
        assert!(found(&world, "moon").await.is_empty());
    }
}

#[tokio::test]
async fn files_are_shown_with_their_source() {
    for world in worlds().await {
        let (work, _, id) = fetched(&world).await;
        let scope = world.store.as_viewer(&world.ada);
        let tree = world.knowledge.tree(scope, id, "").await.unwrap();
        let names: Vec<_> = tree.entries.iter().map(|it| (it.name.as_str(), it.kind.as_str())).collect();
        assert_eq!(names, [("src", "folder"), ("vendor", "folder"), ("README.md", "file"), ("logo.png", "file")]);
        let tree = world.knowledge.tree(scope, id, "src/").await.unwrap();
        assert_eq!(tree.entries[1].path, "src/main.rs");
        assert_eq!(tree.commit, work.git(&["rev-parse", "HEAD"]));
        let file = world.knowledge.source_file(scope, id, "src/main.rs").await.unwrap();
        assert!(file.html.unwrap().contains("<span class=\"hl-"));
        assert_eq!((file.language.as_deref(), file.document.is_some(), file.skipped), (Some("Rust"), true, None));
        let picture = world.knowledge.source_file(scope, id, "logo.png").await.unwrap();
        assert_eq!((picture.text, picture.skipped.as_deref()), (None, Some("binary")));
        let vendored = world.knowledge.source_file(scope, id, "vendor/a.js").await.unwrap();
        assert_eq!((vendored.text.is_some(), vendored.skipped.as_deref()), (true, Some("vendored")));
        for absent in ["absent", "src", "../etc/passwd", "src/main.rs/x", ""] {
            let refused = world.knowledge.source_file(scope, id, absent).await;
            assert!(matches!(refused, Err(Error::NotFound(_))), "{absent}: {refused:?}");
        }
        let list = world.knowledge.code_files(scope, id, PageRequest::WHOLE).await.unwrap();
        assert_eq!((list.count, list.items[2].path.as_str(), list.items[2].lines), (3, "src/main.rs", Some(3)));
    }
}

#[tokio::test]
async fn a_schedule_and_a_webhook_ask_for_a_fetch() {
    for world in worlds().await {
        let (work, base) = (Work::new(&world), base(&world, &world.ada).await);
        let form = RepositoryForm { every_minutes: Some(5), ..work.form() };
        let (made, secret) = world.knowledge.add_repository(actor(&world.ada), base, &form).await.unwrap();
        run(&world).await;
        world.knowledge.ask_for_due().await.unwrap();
        assert_eq!(get(&world, made.id).await.work.state, WorkState::Done, "it is not its time yet");
        let system = world.store.as_system("test");
        system.execute("UPDATE jobs SET updated_at = updated_at - 301000000", args![]).await.unwrap();
        world.knowledge.ask_for_due().await.unwrap();
        assert_eq!(get(&world, made.id).await.work.state, WorkState::Queued);
        run(&world).await;

        for wrong in [None, Some(Signature::Plain("guess")), Some(Signature::OfBody("sha256=00"))] {
            let refused = world.knowledge.called(made.id, wrong, b"{}").await;
            assert!(matches!(refused, Err(Error::NotFound(_))), "{wrong:?}");
        }
        assert_eq!(get(&world, made.id).await.work.state, WorkState::Done);
        world.knowledge.called(made.id, Some(Signature::Plain(&secret)), b"{}").await.unwrap();
        assert_eq!(get(&world, made.id).await.work.state, WorkState::Queued);
    }
}
