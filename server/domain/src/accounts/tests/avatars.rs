//! Pictures: who sees whose.

use super::sessions::session;
use super::{accounts, code, field, number_of, person};
use crate::accounts::sessions::Sessions;
use crate::store::args;
use crate::store::testing::{TestStore, stores};
use atrium::ids::OrganisationId;
use atrium::people::Viewer;
use std::io::Cursor;

/// A file of one colour.
fn file(colour: [u8; 3]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(3, 2, image::Rgb(colour)).write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

/// The picture that comes with somebody's session, for every page of theirs.
async fn shown(it: &TestStore, whose: &Viewer) -> Option<String> {
    let sessions = Sessions::new(it.store.clone());
    sessions.create("cookie", &session(Some(whose), "{}", 1000), 0).await.unwrap();
    let (_, viewer) = sessions.load("cookie", 0).await.unwrap().unwrap();
    viewer.unwrap().avatar
}

#[tokio::test]
async fn a_picture_is_seen_in_its_organisation_alone() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        let bob = accounts.register(&person("bob"), "a").await.unwrap();
        let root = accounts.create_superuser(&person("root")).await.unwrap();
        // Mallory is what Bob would be elsewhere.
        let elsewhere = Viewer { organisation: it.ports.id::<OrganisationId>(), ..bob.clone() };
        assert_eq!(code(accounts.avatar(&bob, ada.id).await), "not_found");
        assert_eq!(shown(&it, &ada).await, None);

        let hash = accounts.set_avatar(&ada, file([9, 0, 0])).await.unwrap();
        for viewer in [&ada, &bob, &root] {
            assert_eq!(accounts.avatar(viewer, ada.id).await.unwrap().hash, hash, "{}", viewer.name);
        }
        assert_eq!(code(accounts.avatar(&elsewhere, ada.id).await), "not_found");
        let superuser_elsewhere = Viewer { is_superuser: true, ..elsewhere };
        assert_eq!(accounts.avatar(&superuser_elsewhere, ada.id).await.unwrap().hash, hash);
        assert_eq!(accounts.profile(&ada, ada.id).await.unwrap().avatar, Some(hash.clone()));

        let another = accounts.set_avatar(&ada, file([0, 9, 0])).await.unwrap();
        assert_ne!(another, hash, "another picture has another address");
        assert_eq!(shown(&it, &ada).await, Some(another.clone()));
        assert_eq!(field(accounts.set_avatar(&ada, b"no picture".to_vec()).await), "picture");
        assert_eq!(shown(&it, &ada).await, Some(another), "what was refused changes nothing");

        accounts.remove_avatar(&ada).await.unwrap();
        accounts.remove_avatar(&ada).await.unwrap();
        assert_eq!(code(accounts.avatar(&ada, ada.id).await), "not_found");
    }
}

#[tokio::test]
async fn a_picture_goes_with_its_person() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        accounts.set_avatar(&ada, file([9, 0, 0])).await.unwrap();
        it.store.as_system("test").execute("DELETE FROM users WHERE id = $1", args![ada.id]).await.unwrap();
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM avatars").await, 0);
    }
}
