//! The sample is made once, whole, and beside real people only when asked.

use super::*;
use crate::store::testing::stores;
use atrium::people::Credentials;

async fn count(store: &Store) -> (i64, i64, i64) {
    let sql =
        "SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM conversations), (SELECT COUNT(*) FROM messages)";
    store.as_system("test").optional(sql, args![]).await.unwrap().unwrap()
}

#[tokio::test]
async fn made_once_with_somebody_of_every_role() {
    for it in stores().await {
        let hasher = Hasher::weak().unwrap();
        let people = set_up(&it.store, &it.ports, hasher.clone(), false).await.unwrap().unwrap();
        assert_eq!(people.len(), 6);
        let accounts = Accounts::new(it.store.clone(), it.ports.clone(), hasher.clone());
        for person in &people {
            let credentials = Credentials { email: person.email.clone(), password: person.password.clone() };
            let (viewer, _) = accounts.sign_in(&credentials, "test").await.unwrap();
            assert_eq!(
                (viewer.role, viewer.organisation.0, viewer.is_superuser),
                (person.role, ORGANISATION_ID, false)
            );
        }
        let before = count(&it.store).await;
        assert_eq!((before.0, before.1), (6, 4));
        assert!(set_up(&it.store, &it.ports, hasher.clone(), false).await.unwrap().is_none());
        assert_eq!(count(&it.store).await, before);
        // Whoever comes by themselves is not taken into it.
        let new = NewPerson {
            name: "Ada".into(),
            email: "ada@example.org".into(),
            username: None,
            password: "correct horse battery".into(),
        };
        assert_ne!(accounts.register(&new, "test").await.unwrap().organisation.0, ORGANISATION_ID);
    }
}

#[tokio::test]
async fn beside_real_people_only_when_asked() {
    for it in stores().await {
        let hasher = Hasher::weak().unwrap();
        let accounts = Accounts::new(it.store.clone(), it.ports.clone(), hasher.clone());
        let new = NewPerson {
            name: "Ada".into(),
            email: "ada@example.org".into(),
            username: None,
            password: "correct horse battery".into(),
        };
        accounts.register(&new, "test").await.unwrap();
        let refused = set_up(&it.store, &it.ports, hasher.clone(), false).await.unwrap_err();
        assert!(refused.to_string().contains("--force"), "{refused}");
        assert_eq!(count(&it.store).await, (1, 0, 0));
        assert!(set_up(&it.store, &it.ports, hasher, true).await.unwrap().is_some());
        assert_eq!(count(&it.store).await.0, 7);
    }
}
