//! What a cookie stands for, on both databases.

use super::{accounts, number_of, person};
use crate::accounts::sessions::{Sessions, StoredSession};
use crate::store::args;
use crate::store::testing::stores;
use atrium::people::Viewer;

pub(super) async fn load(sessions: &Sessions, cookie: &str, now: i64) -> Option<StoredSession> {
    let (session, viewer) = sessions.load(cookie, now).await.unwrap()?;
    assert_eq!(viewer.map(|it| it.id), session.user, "whoever is signed in comes with it");
    Some(session)
}

pub(super) fn session(viewer: Option<&Viewer>, data: &str, expires_at: i64) -> StoredSession {
    StoredSession { user: viewer.map(|it| it.id), origin: None, impersonator: None, data: data.to_owned(), expires_at }
}

#[tokio::test]
async fn sessions_live_until_they_are_ended() {
    for it in stores().await {
        let ada = accounts(&it, it.ports.clone()).register(&person("ada"), "a").await.unwrap();
        let sessions = Sessions::new(it.store.clone());
        let anonymous = session(None, "{}", 1000);
        assert!(sessions.create("cookie", &anonymous, 0).await.unwrap());
        assert!(
            !sessions.create("cookie", &session(Some(&ada), "{}", 9), 0).await.unwrap(),
            "an id that exists is not overwritten"
        );
        assert_eq!(load(&sessions, "cookie", 0).await, Some(anonymous));
        assert_eq!(load(&sessions, "Cookie", 0).await, None);
        let signed_in = session(Some(&ada), "{\"user\":1}", 2000);
        sessions.update("cookie", &signed_in).await.unwrap();
        assert_eq!(load(&sessions, "cookie", 1999).await, Some(signed_in.clone()));
        assert_eq!(load(&sessions, "cookie", 2000).await, None, "expired");
        sessions.delete("cookie").await.unwrap();
        sessions.update("cookie", &signed_in).await.unwrap();
        assert_eq!(
            load(&sessions, "cookie", 0).await,
            None,
            "what was ended is not brought back by a request under way"
        );
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM sessions").await, 0);
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_ones_own_sessions_alone() {
    for it in stores().await {
        let accounts = accounts(&it, it.ports.clone());
        let ada = accounts.register(&person("ada"), "a").await.unwrap();
        let bob = accounts.register(&person("bob"), "a").await.unwrap();
        let sessions = Sessions::new(it.store.clone());
        for (cookie, whose) in [("one", Some(&ada)), ("two", Some(&ada)), ("three", Some(&bob)), ("four", None)] {
            sessions.create(cookie, &session(whose, "{}", 1000), 0).await.unwrap();
        }
        assert_eq!(sessions.delete_all_of(ada.id).await.unwrap(), 2);
        sessions.update("one", &session(Some(&ada), "{}", 5000)).await.unwrap();
        assert_eq!(load(&sessions, "one", 0).await, None);
        assert_eq!(load(&sessions, "three", 0).await.unwrap().user, Some(bob.id));
        assert!(load(&sessions, "four", 0).await.is_some());
    }
}

#[tokio::test]
async fn only_expired_sessions_are_swept_out() {
    for it in stores().await {
        let sessions = Sessions::new(it.store.clone());
        for (cookie, end) in [("old", 10), ("edge", 20), ("young", 21)] {
            sessions.create(cookie, &session(None, "{}", end), 0).await.unwrap();
        }
        assert_eq!(sessions.sweep(20).await.unwrap(), 2);
        assert!(load(&sessions, "young", 20).await.is_some());
        assert_eq!(number_of(&it.store, "SELECT COUNT(*) FROM sessions").await, 1);
    }
}

#[tokio::test]
async fn the_cookie_cannot_be_read_from_the_table() {
    for it in stores().await {
        Sessions::new(it.store.clone()).create("the-cookie", &session(None, "{}", 10), 0).await.unwrap();
        let (id,): (Vec<u8>,) =
            it.store.as_system("test").optional("SELECT id FROM sessions", args![]).await.unwrap().unwrap();
        assert_eq!(id.len(), 32);
        assert!(!String::from_utf8_lossy(&id).contains("cookie"));
    }
}
