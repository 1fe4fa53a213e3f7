//! A dump as `manage.py dumpdata` writes it, on both databases, once and twice.

use super::*;
use crate::store::args;
use crate::store::testing::stores;
use atrium::people::Credentials;

const DUMP: &str = r#"[
 {"model": "contenttypes.contenttype", "pk": 1, "fields": {"app_label": "admin", "model": "logentry"}},
 {"model": "core.organization", "pk": "6f1c0a52-9f0e-4b43-8c6a-000000000001", "fields": {"name": "Tidal Works", "created_at": "2024-03-01T10:00:00Z"}},
 {"model": "accounts.user", "pk": 7, "fields": {"email": "Uma@Example.org", "username": "uma", "first_name": "Uma", "last_name": "Lund", "is_active": true, "is_staff": true,
   "password": "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=", "org": "6f1c0a52-9f0e-4b43-8c6a-000000000001", "date_joined": "2024-03-02T10:00:00.123Z"}},
 {"model": "accounts.user", "pk": 8, "fields": {"email": "", "username": "nobody"}},
 {"model": "agents.agent", "pk": "6f1c0a52-9f0e-4b43-8c6a-00000000000a", "fields": {"name": "Tides", "user": 7, "llm_provider": "openai", "model": "gpt-4o-mini", "temperature": "0.3", "max_tokens": 500, "system_prompt": "Be brief."}},
 {"model": "bots.bot", "pk": 3, "fields": {"name": "Harbour", "url_n8n": "https://n8n.example.org/webhook/harbour"}},
 {"model": "projects.project", "pk": 5, "fields": {"name": "Charts", "organization": "6f1c0a52-9f0e-4b43-8c6a-000000000001", "users": [7], "bots": [3]}},
 {"model": "conversations.message", "pk": 12, "fields": {"conversation": 1, "role": "assistant", "content": "Twice a day.", "created_at": "2024-03-03T10:00:05Z", "tokens_used": 4}},
 {"model": "conversations.message", "pk": 11, "fields": {"conversation": 1, "role": "user", "content": "How often?", "created_at": "2024-03-03T10:00:00Z"}},
 {"model": "conversations.message", "pk": 13, "fields": {"conversation": 1, "role": "system", "content": "Welcome", "created_at": "2024-03-03T09:00:00Z"}},
 {"model": "conversations.conversation", "pk": 1, "fields": {"user": 7, "agent": "6f1c0a52-9f0e-4b43-8c6a-00000000000a", "title": "Tides", "created_at": "2024-03-03T10:00:00Z"}},
 {"model": "conversations.conversation", "pk": 2, "fields": {"user": 99, "title": "Nobody's"}}
]"#;

fn count(taken: u64, known: u64, left_out: &[(&str, u64)]) -> Count {
    Count { taken, known, left_out: left_out.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect() }
}

#[tokio::test]
async fn a_dump_is_taken_along_once_and_its_people_sign_in_as_before() {
    for it in stores().await {
        let hasher = Hasher::weak().unwrap();
        let report = import(&it.store, &it.ports, hasher.clone(), DUMP.as_bytes()).await.unwrap();
        let of = |model: &str| report.models[model].clone();
        assert_eq!(of("accounts.user"), count(1, 0, &[("it has no e-mail address", 1)]));
        assert_eq!(of("agents.agent"), count(1, 0, &[]));
        assert_eq!(of("bots.bot"), count(1, 0, &[]));
        assert_eq!(of("projects.project"), count(1, 0, &[]));
        assert_eq!(of("conversations.conversation"), count(1, 0, &[("it belongs to nobody who was taken along", 1)]));
        assert_eq!(of("conversations.message"), count(2, 0, &[("it is neither a question nor an answer", 1)]));
        assert_eq!(of("contenttypes.contenttype"), count(0, 0, &[("Atrium has nothing like it", 1)]));

        let accounts = Accounts::new(it.store.clone(), it.ports.clone(), hasher.clone());
        let wrong = Credentials { email: "uma@example.org".to_owned(), password: "letmein".to_owned() };
        assert!(accounts.sign_in(&wrong, "test").await.is_err());
        let right = Credentials { password: "lètmein".to_owned(), ..wrong };
        for _ in 0..2 {
            let (viewer, proof) = accounts.sign_in(&right, "test").await.unwrap();
            accounts.confirm(&proof).await.unwrap();
            assert_eq!((viewer.name.as_str(), viewer.email.as_str()), ("Uma Lund", "uma@example.org"));
        }
        let system = it.store.as_system("test");
        let stored: Option<(String,)> =
            system.optional("SELECT password_hash FROM users WHERE email = 'uma@example.org'", args![]).await.unwrap();
        assert!(stored.unwrap().0.starts_with("$argon2id$"), "made anew by the first sign-in");
        let thread: Vec<(String, String, i64)> =
            system.all("SELECT author, content, depth FROM messages ORDER BY depth", args![]).await.unwrap();
        assert_eq!(
            thread,
            [("user".to_owned(), "How often?".to_owned(), 0), ("assistant".to_owned(), "Twice a day.".to_owned(), 1)]
        );

        let again = import(&it.store, &it.ports, hasher, DUMP.as_bytes()).await.unwrap();
        assert!(again.models.values().all(|it| it.taken == 0), "{again:?}");
        assert_eq!(again.models["conversations.message"].known, 3);
        let people: Option<(i64,)> = system.optional("SELECT COUNT(*) FROM users", args![]).await.unwrap();
        assert_eq!(people.unwrap().0, 1);
    }
}

#[tokio::test]
async fn what_is_no_dump_changes_nothing() {
    for it in stores().await {
        for broken in ["", "{", "[{\"model\": 3}]", "[{\"model\": \"accounts.user\", \"fields\": 3}]", "hello"] {
            let refused = import(&it.store, &it.ports, Hasher::weak().unwrap(), broken.as_bytes()).await;
            assert_eq!(refused.is_err(), !broken.is_empty(), "{broken}");
        }
        let lines = DUMP.trim_matches(['[', ']']).replace(",\n {\"model", "\n {\"model").replace("\n   ", " ");
        let report = import(&it.store, &it.ports, Hasher::weak().unwrap(), lines.as_bytes()).await.unwrap();
        assert_eq!(report.models["conversations.message"].taken, 2, "a record a line");
    }
}
