//! Archives: everything that goes in comes out, and what is not whole leaves nothing.

use super::writing::write;
use super::{Content, Named, is_archive, missing, unpack};
use crate::knowledge::files::Files;
use atrium::ids::OrganisationId;
use std::path::Path;
use tempfile::TempDir;
use uuid::Uuid;

struct World {
    folder: TempDir,
    files: Files,
    organisation: OrganisationId,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(&folder.path().join("data")).unwrap();
        Self { files, folder, organisation: OrganisationId(Uuid::from_u128(7)) }
    }

    /// Keeps a file as if somebody had brought it.
    async fn keep(&self, name: &str, content: &[u8]) -> Named {
        let mut file = self.files.receive().await.unwrap();
        file.write(content).await.unwrap();
        let file = file.done().await.unwrap();
        self.files.keep(self.organisation, &file).await.unwrap();
        Named { organisation: self.organisation, hash: file.hash.clone(), name: name.to_owned() }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }
}

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_goes_in_comes_out_and_what_is_missing_is_said() {
    let world = World::new();
    std::fs::write(world.at("copy"), b"a database").unwrap();
    // Lengths around a block of a tar, and one over several chunks.
    let mut named = Vec::new();
    for size in [1, 511, 512, 513, 3 << 20] {
        named.push(world.keep("file", &vec![u8::try_from(size % 251).unwrap(); size]).await);
    }
    let gone = Named { hash: "0".repeat(64), ..named[0].clone() };
    named.push(gone.clone());
    assert_eq!(missing(&world.files, &named).await.unwrap(), std::slice::from_ref(&gone));
    let into = world.at("all.tar");
    let written = write(&world.files, Content::Database, &world.at("copy"), named.clone(), &into).await.unwrap();
    assert_eq!((written.files, written.bytes, written.missing), (5, (3 << 20) + 1537, vec![gone]));
    assert!(is_archive(&into).unwrap() && !is_archive(&world.at("copy")).unwrap());
    let again = write(&world.files, Content::Database, &world.at("copy"), Vec::new(), &into).await.unwrap_err();
    assert!(again.to_string().contains("is there already"), "{again}");

    let other = World::new();
    let kept = other.keep("file", &[1; 1]).await;
    let unpacked = unpack(&into, other.folder.path()).unwrap();
    assert_eq!((unpacked.content, unpacked.count()), (Content::Database, 5));
    assert_eq!(std::fs::read(unpacked.database()).unwrap(), b"a database");
    assert_eq!(unpacked.keep_files(&other.files).await.unwrap(), 4, "one of them was there: {kept:?}");
    assert_eq!(unpacked.keep_files(&other.files).await.unwrap(), 0);
    assert_eq!(missing(&other.files, &named[..5]).await.unwrap(), []);
    drop(unpacked);
    assert_eq!(names(other.folder.path()), ["data"]);
}

#[tokio::test]
async fn what_is_not_whole_leaves_nothing() {
    let world = World::new();
    std::fs::write(world.at("copy"), vec![7; 5_000]).unwrap();
    let named = vec![world.keep("a", b"The tide.").await, world.keep("b", &[3; 2_000]).await];
    let into = world.at("all.tar");
    write(&world.files, Content::Dump, &world.at("copy"), named, &into).await.unwrap();
    let whole = std::fs::read(&into).unwrap();
    let stage = world.at("stage");
    std::fs::create_dir(&stage).unwrap();
    // What an earlier try left when it was killed goes with the next.
    std::fs::create_dir(stage.join(".restoring-earlier")).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(world.at("bad.tar"), bytes).unwrap();
        let told = unpack(&world.at("bad.tar"), &stage).unwrap_err().to_string();
        assert_eq!(names(&stage), Vec::<String>::new(), "{told}");
        told
    };
    for length in [600, 5_700, 6_200, 7_300, whole.len() - 2_500] {
        let told = refused(&whole[..length]);
        assert!(told.contains("breaks off") || told.contains("damaged"), "{length}: {told}");
    }
    let at = whole.windows(9).position(|it| it == b"The tide.").unwrap();
    let mut changed = whole.clone();
    changed[at] = b'X';
    assert!(refused(&changed).contains("is not what it was"));
    // Names that lead elsewhere are no files of ours.
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    header.set_cksum();
    tar.append_data(&mut header, "files/evil", &b"x"[..]).unwrap();
    assert!(refused(&tar.into_inner().unwrap()).contains("no archive of Atrium's"));
    assert!(unpack(&into, &stage).is_ok());
}
