//! What goes from one database to the other is the same there.

use super::{dump, load, newest};
use crate::accounts::Hasher;
use crate::demo;
use crate::store::testing::stores;
use crate::store::{Store, args};
use std::path::Path;

/// A dump's lines in an order of their own: databases give rows in whichever they like.
fn content(path: &Path) -> Vec<String> {
    let mut lines: Vec<_> = std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

async fn people(store: &Store) -> i64 {
    let count: Option<(i64,)> = store.as_system("test").optional("SELECT COUNT(*) FROM users", args![]).await.unwrap();
    count.unwrap().0
}

/// Everything that columns can hold, besides the sample.
async fn fill(store: &Store, ports: &crate::ports::Ports) {
    demo::set_up(store, ports, Hasher::weak().unwrap(), false).await.unwrap();
    let system = store.as_system("test");
    let text = "Grüße, 世界 🦀\n\"quoted\" \\ \u{1} \u{2028} [1]";
    system
        .execute("INSERT INTO settings (name, value, updated_at) VALUES ('sealed', $1, $2)", args![text, i64::MAX])
        .await
        .unwrap();
    system
        .execute("UPDATE agents SET temperature = 0.1 + 0.2, deleted_at = $1 WHERE is_default", args![i64::MIN])
        .await
        .unwrap();
    system
        .execute(
            "INSERT INTO sessions (id, user_id, data, created_at, expires_at) VALUES ($1, NULL, '', 0, 1)",
            args![vec![0_u8, 255, 128, 10]],
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn every_database_takes_what_any_other_gave() {
    let folder = tempfile::tempdir().unwrap();
    for (from, source) in stores().await.into_iter().enumerate() {
        fill(&source.store, &source.ports).await;
        let first = folder.path().join(format!("{from}.jsonl"));
        let rows = dump(&source.store, &first).await.unwrap();
        assert!(rows > 20, "{rows}");
        let again = dump(&source.store, &first).await.unwrap_err();
        assert!(again.to_string().contains("is there already"), "{again}");
        for (to, target) in stores().await.into_iter().enumerate() {
            assert_eq!(load(&target.store, &first).await.unwrap(), rows, "{from} to {to}");
            let second = folder.path().join(format!("{from}-{to}.jsonl"));
            dump(&target.store, &second).await.unwrap();
            assert_eq!(content(&first), content(&second), "{from} to {to}");
            // References are watched over as before.
            let orphan = "UPDATE conversations SET agent_id = $1";
            let bad = target.store.as_system("test").execute(orphan, args![uuid::Uuid::from_u128(9)]).await;
            assert!(bad.is_err(), "{from} to {to}");
            let full = load(&target.store, &first).await.unwrap_err();
            assert!(full.to_string().contains("not empty"), "{full}");
        }
    }
}

#[tokio::test]
async fn what_is_not_whole_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let source = stores().await.remove(0);
    fill(&source.store, &source.ports).await;
    let whole = folder.path().join("whole.jsonl");
    dump(&source.store, &whole).await.unwrap();
    let text = std::fs::read_to_string(&whole).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let foot = lines.last().unwrap();
    let without =
        |gone: usize| lines.iter().enumerate().filter(|it| it.0 != gone).map(|it| *it.1).collect::<Vec<_>>().join("\n");
    let row = lines.iter().rposition(|it| it.starts_with('[')).unwrap();
    let migration = format!("\"migration\":{}", newest());
    let table = lines.iter().position(|it| it.contains("\"table\":\"users\"")).unwrap();
    let orphans = without(lines.iter().rposition(|it| it.contains("@demo.example")).unwrap())
        .replace("\"users\":6", "\"users\":5");
    for (name, damaged, part) in [
        ("nothing", String::new(), "no dump of Atrium's"),
        ("prose", "Once upon a time".to_owned(), "no dump of Atrium's"),
        ("half", text[..text.len() / 2].to_owned(), "breaks off"),
        ("no foot", text.replace(foot, ""), "breaks off"),
        ("a row less", without(row), "as many rows"),
        ("no head for its rows", without(table), "line"),
        ("more", format!("{text}[]\n"), "follows the end"),
        ("older", text.replace(&migration, "\"migration\":1"), "at migration 1"),
        ("newer", text.replace(&migration, "\"migration\":9999"), "same version"),
        ("other format", text.replace("{\"atrium_dump\":1", "{\"atrium_dump\":2"), "format 2"),
        ("a table of somebody else's", text.replace("\"table\":\"users\"", "\"table\":\"robots\""), "no table robots"),
        ("orphans", orphans, ""),
    ] {
        let path = folder.path().join("damaged.jsonl");
        std::fs::write(&path, damaged).unwrap();
        for target in stores().await {
            let refused = load(&target.store, &path).await.expect_err(name);
            assert!(refused.to_string().contains(part), "{name}: {refused}");
            assert_eq!(people(&target.store).await, 0, "{name}");
        }
    }
}
