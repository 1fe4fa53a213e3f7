//! What becomes of files, fetch after fetch.

use super::{actor, again, assert_counted, fetched, files, found, get, pieces, run};
use crate::jobs::Kind;
use crate::knowledge::documents;
use crate::store::args;
use crate::testing::{until, worlds};
use atrium::knowledge::{DocumentState, WorkState};
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn files_are_found_and_what_is_no_text_is_counted() {
    for world in worlds().await {
        let (work, base, id) = fetched(&world).await;
        let shown = get(&world, id).await;
        assert_eq!((shown.work.state, shown.work.reason.as_str()), (WorkState::Done, ""));
        assert_eq!(shown.commit.as_deref(), Some(work.git(&["rev-parse", "HEAD"]).as_str()));
        assert_eq!((shown.commit_message.as_str(), shown.document_count), ("Begin", 3));
        assert!(shown.committed_at.is_some() && shown.fetched_at.is_some());
        let skipped: Vec<_> = shown.skipped.iter().map(|it| (it.reason.as_str(), it.count)).collect();
        assert_eq!(skipped, [("binary", 1), ("vendored", 1)]);
        assert_eq!(
            files(&world, base).await.into_keys().collect::<Vec<_>>(),
            ["README.md", "src/lib.rs", "src/main.rs"]
        );
        assert_eq!(found(&world, "neap").await, ["src/lib.rs"]);
        assert!(found(&world, "vendored").await.is_empty());
        assert_eq!(world.reader.read.load(Ordering::SeqCst), 0, "text is read in this process");
        assert_counted(&world).await;
    }
}

#[tokio::test]
async fn the_next_fetch_reads_only_what_changed() {
    for world in worlds().await {
        let (work, base, id) = fetched(&world).await;
        let (before, first) = (files(&world, base).await, pieces(&world).await);
        let unchanged = again(&world, id).await;
        assert_eq!((files(&world, base).await, pieces(&world).await), (before.clone(), first.clone()));
        assert_eq!(unchanged.work.state, WorkState::Done);

        work.write("src/lib.rs", "/// Spring.\npub fn compute_surge() {}\n");
        work.write("src/new.rs", "pub fn lagoon() {}\n");
        std::fs::remove_file(work.0.join("README.md")).unwrap();
        work.git(&["mv", "src/main.rs", "src/start.rs"]);
        let commit = work.commit("Change");
        let shown = again(&world, id).await;
        assert_eq!((shown.commit, shown.commit_message.as_str()), (Some(commit.clone()), "Change"));
        let after = files(&world, base).await;
        assert_eq!(after.keys().map(String::as_str).collect::<Vec<_>>(), ["src/lib.rs", "src/new.rs", "src/start.rs"]);
        assert_eq!(after["src/lib.rs"], (before["src/lib.rs"].0, 2));
        assert_eq!(after["src/start.rs"], (before["src/main.rs"].0, 2), "it is the same document elsewhere");
        assert!(found(&world, "moon").await.is_empty(), "its file is gone");
        assert!(found(&world, "neap").await.is_empty());
        assert_eq!(found(&world, "lagoon").await, ["src/new.rs"]);
        assert_eq!(found(&world, "start").await, ["src/start.rs"], "found by its new path");
        let versions = documents::versions(world.store.as_viewer(&world.ada), after["src/lib.rs"].0).await.unwrap();
        assert_eq!(versions.iter().map(|it| (it.number, it.commit.clone())).collect::<Vec<_>>(), [(2, Some(commit))]);
        assert_counted(&world).await;

        // One file of many: the others' pieces stay.
        let kept = pieces(&world).await;
        work.write("src/new.rs", "pub fn lagoon_two() {}\n");
        work.commit("One");
        again(&world, id).await;
        let now = pieces(&world).await;
        assert_eq!(kept.iter().filter(|it| now.contains(it)).count(), kept.len() - 1);
    }
}

#[tokio::test]
async fn a_history_that_was_rewritten_is_followed() {
    for world in worlds().await {
        let (work, base, id) = fetched(&world).await;
        let before = files(&world, base).await;
        work.git(&["checkout", "--quiet", "--orphan", "other"]);
        work.write("README.md", "# Rewritten\n\nEstuary.\n");
        work.commit("Anew");
        work.git(&["branch", "-M", "other", "main"]);
        let shown = again(&world, id).await;
        assert_eq!((shown.work.state, shown.commit_message.as_str()), (WorkState::Done, "Anew"));
        let after = files(&world, base).await;
        assert_eq!((after["README.md"].1, after["src/lib.rs"]), (2, before["src/lib.rs"]));
        assert_eq!(
            (found(&world, "estuary").await, found(&world, "moon").await),
            (vec!["README.md".to_owned()], vec![])
        );
    }
}

#[tokio::test]
async fn what_was_indexed_before_a_restart_is_not_read_again() {
    for world in worlds().await {
        let (work, base, id) = fetched(&world).await;
        for n in 0..20 {
            work.write(&format!("more/{n:02}.rs"), format!("pub fn number_{n}() {{}}\n"));
        }
        work.commit("More");
        world.knowledge.fetch_now(actor(&world.ada), id).await.unwrap();
        let (stop, stopped) = (CancellationToken::new(), world.knowledge.clone());
        let doing = tokio::spawn({
            let stop = stop.clone();
            async move { stopped.next(Kind::Fetch, &stop).await }
        });
        until("some are indexed", || async { files(&world, base).await.len() > 6 }).await;
        stop.cancel();
        doing.await.unwrap().unwrap();
        let (half, first) = (files(&world, base).await, pieces(&world).await);
        run(&world).await;
        let whole = files(&world, base).await;
        assert_eq!((whole.len(), get(&world, id).await.commit_message.as_str()), (23, "More"));
        assert!(half.iter().all(|(path, it)| whole[path] == *it), "nothing has another version");
        let now = pieces(&world).await;
        let kept = first.iter().filter(|it| now.contains(it)).count();
        assert!(kept + 1 >= first.len(), "at most the one that was being written: {first:?} {now:?}");
        assert_counted(&world).await;
    }
}

#[tokio::test]
async fn a_file_that_begins_anew_after_it_was_begun_is_whole() {
    for world in worlds().await {
        let (_work, base, id) = fetched(&world).await;
        let system = world.store.as_system("test");
        system.execute("UPDATE documents SET state = 'reading' WHERE name = 'src/lib.rs'", args![]).await.unwrap();
        system.execute("UPDATE repositories SET commit_id = NULL", args![]).await.unwrap();
        let before = files(&world, base).await;
        again(&world, id).await;
        assert_eq!(files(&world, base).await, before, "the same version");
        assert_eq!(found(&world, "neap").await, ["src/lib.rs"]);
        assert_counted(&world).await;
    }
}

#[tokio::test]
async fn what_has_its_text_packed_away_is_read_by_the_reader() {
    for world in worlds().await {
        let (work, base, id) = fetched(&world).await;
        work.write("paper.pdf", "%PDF-1.7\n\nBathymetry.");
        work.write("disguised.txt", "%PDF-1.7\n\nSalinity.");
        work.write("refused.pdf", "refuse");
        work.commit("Papers");
        let shown = again(&world, id).await;
        assert_eq!((shown.work.state, shown.document_count), (WorkState::Done, 6));
        assert_eq!(world.reader.read.load(Ordering::SeqCst), 3);
        assert_eq!(found(&world, "bathymetry").await, ["paper.pdf"]);
        assert_eq!(found(&world, "salinity").await, ["disguised.txt"]);
        let refused = files(&world, base).await["refused.pdf"].0;
        let refused = documents::get(world.store.as_viewer(&world.ada), refused).await.unwrap();
        assert_eq!((refused.state, refused.reason.as_str()), (DocumentState::Failed, "It asks to be refused."));
        work.commit("Nothing");
        again(&world, id).await;
        assert_eq!(world.reader.read.load(Ordering::SeqCst), 3, "not even what was refused is read again");
    }
}
