//! Limits of bytes and time hold whatever the server does, and what was fetched before stays whole.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::server::Mood;
use crate::work::Work;

fn packs(ours: &Path) -> Vec<String> {
    let names = fs::read_dir(ours.join("objects/pack")).unwrap();
    let mut names: Vec<_> = names.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Bytes that cannot be compressed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    })
    .take(length)
    .collect()
}

#[test]
fn a_pack_that_is_too_large_is_refused_and_the_rest_unharmed() {
    let mut work = Work::new();
    let before = work.fetch().unwrap();
    let kept = packs(&work.ours());
    work.write("large.bin", noise(3_000_000));
    work.commit("Large");
    work.limits.pack_bytes = 1_000_000;
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.to_string(), "the repository is larger than 1 MB, the most that is fetched");
    let local = work.origin_at(&format!("file://{}", work.folder().display()));
    assert_eq!(work.fetch_from(&local).unwrap_err().code(), "pack_too_large");
    assert_eq!(packs(&work.ours()), kept, "nothing is left of what was refused");
    assert_eq!(work.repository().head().unwrap(), Some(before.commit));
    assert_eq!(work.repository().read(before.commit, "README.md", 100).unwrap().bytes, b"# Hello\n");
    work.limits.pack_bytes = 10_000_000;
    assert_eq!(work.fetch().unwrap().files, 4);
    work.assert_sound();
}

#[test]
fn a_small_pack_that_swells_is_refused() {
    let mut work = Work::new();
    work.write("zeros", vec![0; 20_000_000]);
    work.commit("A bomb");
    work.limits.object_bytes = 5_000_000;
    assert_eq!(work.fetch().unwrap_err().code(), "object_too_large");
    let local = work.origin_at(&format!("file://{}", work.folder().display()));
    assert_eq!(work.fetch_from(&local).unwrap_err().code(), "object_too_large");
    assert!(packs(&work.ours()).is_empty());
}

#[test]
fn too_many_files_are_refused() {
    let mut work = Work::new();
    work.limits.files = 2;
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.to_string(), "the repository holds more than 2 files or folders, the most that is indexed");
    work.limits.files = 3;
    assert!(work.fetch().is_ok());
}

#[test]
fn a_server_that_says_nothing_or_never_ends_is_left() {
    let mut work = Work::new();
    work.limits.time = Duration::from_millis(400);
    work.server.mood(Mood::Silent);
    let begun = Instant::now();
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.code(), "timeout");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());

    // A little now and then is no answer either.
    work.server.mood(Mood::Endless(1, Duration::from_millis(20)));
    assert_eq!(work.fetch().unwrap_err().code(), "timeout");

    work.limits.time = Duration::from_secs(30);
    work.server.mood(Mood::Endless(1000, Duration::ZERO));
    let refusal = work.fetch().unwrap_err();
    assert_eq!(refusal.to_string(), "the server's answer is not understood: its list of branches does not end");
    work.limits.pack_bytes = 2_000_000;
    assert_eq!(work.fetch().unwrap_err().code(), "pack_too_large");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn the_caller_can_stop_it() {
    let work = Work::new();
    work.server.mood(Mood::Silent);
    let interrupt = AtomicBool::new(false);
    let begun = Instant::now();
    let refusal = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            interrupt.store(true, Ordering::Relaxed);
        });
        work.fetch_into(&work.origin(), &work.ours(), &interrupt).0.unwrap_err()
    });
    assert_eq!(refusal.code(), "interrupted");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    work.server.mood(Mood::Git);
    assert!(work.fetch().is_ok());
}

#[test]
fn an_answer_that_breaks_off_leaves_nothing_broken() {
    let work = Work::new();
    work.write("large.bin", noise(500_000));
    work.commit("Large");
    for after in [0, 1, 30, 100, 5_000, 400_000] {
        work.server.mood(Mood::Cut(after));
        let refusal = work.fetch().unwrap_err();
        assert!(matches!(refusal.code(), "protocol" | "unreachable"), "{after}: {refusal:?}");
        assert!(packs(&work.ours()).is_empty(), "{after}: {:?}", packs(&work.ours()));
        assert_eq!(work.repository().head().unwrap(), None);
    }
    work.server.mood(Mood::Git);
    let whole = work.fetch().unwrap();
    work.write("more.bin", noise(300_000));
    work.commit("More");
    work.server.mood(Mood::Cut(100_000));
    assert!(work.fetch().is_err());
    assert_eq!(work.repository().head().unwrap(), Some(whole.commit));
    work.server.mood(Mood::Git);
    assert_eq!(work.fetch().unwrap().files, 5);
    work.assert_sound();
}

#[test]
fn what_a_killed_fetch_left_is_tidied_and_what_is_missing_is_fetched_again() {
    let work = Work::new();
    work.fetch().unwrap();
    let ours = work.ours();
    for left in ["shallow.lock", "shallow.new", "objects/pack/.tmpAbCdEf", "objects/pack/pack-0123.keep"] {
        fs::write(ours.join(left), "left behind").unwrap();
    }
    work.write("next.rs", "// next\n");
    work.commit("Next");
    assert_eq!(work.fetch().unwrap().files, 4);
    assert!(packs(&ours).iter().all(|it| it.ends_with(".pack") || it.ends_with(".idx")), "{:?}", packs(&ours));
    // Somebody removed the packs: HEAD says one thing and there is another.
    for pack in packs(&ours) {
        fs::remove_file(ours.join("objects/pack").join(pack)).unwrap();
    }
    let again = work.fetch().unwrap();
    assert_eq!(work.repository().changes(None, again.commit).unwrap().len(), 4);
    // The same with something new on the other side, which would build on what is gone.
    for pack in packs(&ours) {
        fs::remove_file(ours.join("objects/pack").join(pack)).unwrap();
    }
    work.write("README.md", "# Hello once more\n");
    work.commit("Again");
    let again = work.fetch().unwrap();
    assert_eq!(work.repository().changes(None, again.commit).unwrap().len(), 4);
    work.assert_sound();
}

#[test]
fn two_fetches_of_one_folder_do_not_meet() {
    let work = Work::new();
    work.fetch().unwrap();
    let lock = fs::File::create(work.ours().join("fetch.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(work.fetch().unwrap_err().code(), "busy");
    drop(lock);
    assert!(work.fetch().is_ok());
}

#[test]
fn packs_do_not_pile_up_for_ever() {
    let mut work = Work::new();
    work.write("large.bin", noise(300_000));
    work.commit("Large");
    let first = work.fetch().unwrap();
    // Twice of this is soon exceeded.
    work.limits.pack_bytes = 500_000;
    for round in 1..5 {
        work.write("large.bin", noise(400_000).iter().map(|it| it ^ round).collect::<Vec<_>>());
        work.commit("Another");
        work.fetch().unwrap();
    }
    assert!(packs(&work.ours()).len() < 8, "{:?}", packs(&work.ours()));
    assert_eq!(work.repository().changes(None, first.commit).unwrap_err().code(), "commit_not_found");
    work.assert_sound();
}
