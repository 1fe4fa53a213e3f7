//! Every endpoint, asked by everybody: nobody, a stranger, the owner, each by JWT, by API token and by cookie.
//!
//! The endpoints come from the description, so one that nobody thought about here fails. What is expected comes from the
//! rules: without signing in nothing but what is open; what is somebody else's does not exist; tokens do what they are for.
//!
//! Here are the rules and what they are tried on; [`questions`] asks.

mod questions;

use super::Program;
use crate::account::picture;
use crate::provider::Provider;
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So that names are unique.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Everybody, signed in or not.
    Open,
    /// Whoever is signed in, for themselves.
    Own,
    /// Whoever signed in with the password: no API token.
    Person,
    /// The owner of what the path names.
    Owner,
    /// Who administers the organisation.
    Admin,
    /// Who rules the server.
    Superuser,
}

/// What an API token must be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Read,
    Chat,
    Write,
}

/// One endpoint: who may, and a body that would be taken.
fn rules() -> BTreeMap<&'static str, (Rule, Needs, Value)> {
    use Needs::{Chat, Read, Write};
    use Rule::{Admin, Open, Own, Owner, Person, Superuser};
    let agent = json!({ "name": "Matrix", "provider": "local", "model": "m" });
    let login = json!({ "email": "ada@example.org", "password": PASSWORD });
    let price = json!({ "provider": "openai", "model": "m", "prompt_price": "1.50", "completion_price": "2" });
    BTreeMap::from([
        ("post /api/v1/auth/login", (Open, Read, login)),
        ("post /api/v1/auth/register", (Open, Read, json!({}))),
        ("post /api/v1/auth/refresh", (Open, Read, json!({ "refresh": "x" }))),
        ("post /api/v1/auth/password/forgot", (Open, Read, json!({ "email": "nobody@example.org" }))),
        ("post /api/v1/auth/password/reset", (Open, Read, json!({ "token": "x", "new_password": PASSWORD }))),
        ("get /api/v1/invitations", (Admin, Read, Value::Null)),
        ("post /api/v1/invitations", (Admin, Write, json!({ "email": "", "role": "user" }))),
        ("delete /api/v1/invitations/{id}", (Admin, Write, Value::Null)),
        ("post /api/v1/invitations/{id}/send", (Admin, Write, json!({}))),
        ("post /api/v1/invitations/accept", (Open, Read, json!({ "token": "x", "name": "x", "password": PASSWORD }))),
        ("post /api/v1/auth/logout", (Person, Write, json!({}))),
        ("post /api/v1/auth/logout-everywhere", (Person, Write, json!({}))),
        ("get /api/v1/users/me", (Own, Read, Value::Null)),
        ("patch /api/v1/users/me", (Own, Write, json!({ "department": "Sea" }))),
        ("post /api/v1/users/me/password", (Person, Write, json!({ "current_password": "x", "new_password": "x" }))),
        ("put /api/v1/users/me/avatar", (Own, Write, json!({}))),
        ("delete /api/v1/users/me/avatar", (Own, Write, Value::Null)),
        ("get /api/v1/users/{id}/avatar", (Own, Read, Value::Null)),
        ("get /api/v1/sessions", (Person, Read, Value::Null)),
        ("delete /api/v1/sessions", (Person, Write, Value::Null)),
        ("delete /api/v1/sessions/{id}", (Person, Write, Value::Null)),
        ("get /api/v1/users", (Own, Read, Value::Null)),
        ("get /api/v1/users/{id}", (Owner, Read, Value::Null)),
        ("post /api/v1/users/{id}/sign-in-as", (Superuser, Write, json!({}))),
        ("patch /api/v1/users/{id}", (Admin, Write, json!({ "role": "analyst" }))),
        ("get /api/v1/organisations", (Own, Read, Value::Null)),
        ("post /api/v1/organisations", (Superuser, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/organisations/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/organisations/{id}", (Admin, Write, json!({ "address": "Sea" }))),
        ("get /api/v1/audit-log", (Admin, Read, Value::Null)),
        ("get /api/v1/projects", (Own, Read, Value::Null)),
        ("post /api/v1/projects", (Own, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/projects/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/projects/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/projects/{id}", (Owner, Write, Value::Null)),
        ("get /api/v1/projects/{id}/members", (Owner, Read, Value::Null)),
        (
            "post /api/v1/projects/{id}/members",
            (Owner, Write, json!({ "email": "ada@example.org", "role": "manager" })),
        ),
        ("patch /api/v1/projects/{id}/members/{user_id}", (Owner, Write, json!({ "role": "manager" }))),
        ("delete /api/v1/projects/{id}/members/{user_id}", (Owner, Write, Value::Null)),
        ("get /api/v1/projects/{id}/agents", (Owner, Read, Value::Null)),
        ("post /api/v1/projects/{id}/agents", (Owner, Write, json!({ "agent_id": "" }))),
        ("delete /api/v1/projects/{id}/agents/{agent_id}", (Owner, Write, Value::Null)),
        ("get /api/v1/tokens", (Person, Read, Value::Null)),
        ("post /api/v1/tokens", (Person, Write, json!({ "name": "t", "scopes": ["read"] }))),
        ("delete /api/v1/tokens/{id}", (Person, Write, Value::Null)),
        ("get /api/v1/agents", (Own, Read, Value::Null)),
        ("post /api/v1/agents", (Own, Write, agent)),
        ("get /api/v1/agents/default", (Own, Read, Value::Null)),
        ("get /api/v1/agents/models", (Own, Read, Value::Null)),
        ("get /api/v1/agents/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/agents/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/agents/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/agents/{id}/restore", (Owner, Write, json!({}))),
        ("get /api/v1/agents/{id}/expertise-area", (Owner, Read, Value::Null)),
        ("put /api/v1/agents/{id}/expertise-area", (Owner, Write, json!({ "expertise_area_id": null }))),
        ("get /api/v1/expertise-areas", (Own, Read, Value::Null)),
        ("post /api/v1/expertise-areas", (Admin, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/expertise-areas/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/expertise-areas/{id}", (Admin, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/expertise-areas/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/expertise-areas/{id}/agents", (Own, Read, Value::Null)),
        ("get /api/v1/favourites", (Own, Read, Value::Null)),
        ("post /api/v1/favourites", (Own, Write, json!({ "kind": "agent", "id": "" }))),
        ("delete /api/v1/favourites/{kind}/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/analytics/charts", (Own, Write, json!({ "question": "n by a", "csv": "a,n\nx,1\n" }))),
        ("get /api/v1/analytics/results", (Own, Read, Value::Null)),
        ("get /api/v1/analytics/results/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/analytics/results/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/analytics/results/{id}/restore", (Owner, Write, json!({}))),
        ("get /api/v1/analytics/models", (Own, Read, Value::Null)),
        (
            "post /api/v1/analytics/models",
            (Admin, Write, json!({ "name": "", "version": "1", "storage_key": "s3://m" })),
        ),
        ("get /api/v1/analytics/models/{id}", (Own, Read, Value::Null)),
        ("patch /api/v1/analytics/models/{id}", (Admin, Write, json!({ "stage": "archived" }))),
        ("delete /api/v1/analytics/models/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/knowledge/{id}/repositories", (Owner, Read, Value::Null)),
        ("post /api/v1/knowledge/{id}/repositories", (Owner, Write, json!({ "url": "" }))),
        ("get /api/v1/repositories/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/repositories/{id}", (Owner, Write, json!({ "every_minutes": 60 }))),
        ("delete /api/v1/repositories/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/repositories/{id}/fetch", (Owner, Write, json!({}))),
        // Nothing was fetched: whoever may see it is told so, with a 409.
        ("get /api/v1/repositories/{id}/tree", (Own, Read, Value::Null)),
        ("get /api/v1/repositories/{id}/file", (Own, Read, Value::Null)),
        ("post /api/v1/repositories/{id}/webhook", (Open, Read, json!({}))),
        ("get /api/v1/search", (Own, Read, Value::Null)),
        ("get /api/v1/budgets", (Own, Read, Value::Null)),
        (
            "put /api/v1/budgets",
            (Admin, Write, json!({ "subject": "organisation", "period": "month", "limit_usd": "250" })),
        ),
        ("delete /api/v1/budgets/{id}", (Admin, Write, Value::Null)),
        ("get /api/v1/usage", (Own, Read, Value::Null)),
        ("get /api/v1/knowledge", (Own, Read, Value::Null)),
        ("post /api/v1/knowledge", (Own, Write, json!({ "name": "Matrix" }))),
        ("get /api/v1/knowledge/search", (Own, Read, Value::Null)),
        ("post /api/v1/knowledge/search", (Own, Read, json!({ "q": "tide" }))),
        ("get /api/v1/knowledge/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/knowledge/{id}", (Owner, Write, json!({ "description": "changed" }))),
        ("delete /api/v1/knowledge/{id}", (Owner, Write, Value::Null)),
        ("put /api/v1/knowledge/{id}/embedding", (Owner, Write, json!({ "state": "paused" }))),
        ("get /api/v1/knowledge/{id}/documents", (Owner, Read, Value::Null)),
        ("post /api/v1/knowledge/{id}/documents", (Owner, Write, json!({}))),
        ("post /api/v1/knowledge/{id}/documents/from-url", (Owner, Write, json!({ "url": "http://127.0.0.1/" }))),
        ("get /api/v1/documents/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/documents/{id}", (Owner, Write, Value::Null)),
        ("get /api/v1/documents/{id}/versions", (Owner, Read, Value::Null)),
        ("get /api/v1/documents/{id}/text", (Owner, Read, Value::Null)),
        ("get /api/v1/documents/{id}/file", (Owner, Read, Value::Null)),
        ("post /api/v1/documents/{id}/read", (Owner, Write, json!({}))),
        ("get /api/v1/agents/{id}/knowledge", (Owner, Read, Value::Null)),
        ("put /api/v1/agents/{id}/knowledge", (Owner, Write, json!({ "knowledge_ids": [] }))),
        ("get /api/v1/messages/{id}/sources", (Owner, Read, Value::Null)),
        ("get /api/v1/conversations/export", (Own, Read, Value::Null)),
        ("get /api/v1/conversations/{id}/export", (Owner, Read, Value::Null)),
        ("get /api/v1/conversations", (Own, Read, Value::Null)),
        ("post /api/v1/conversations", (Own, Chat, json!({}))),
        ("get /api/v1/conversations/{id}", (Owner, Read, Value::Null)),
        ("patch /api/v1/conversations/{id}", (Owner, Chat, json!({ "title": "Changed" }))),
        ("delete /api/v1/conversations/{id}", (Owner, Chat, Value::Null)),
        ("post /api/v1/conversations/{id}/restore", (Owner, Chat, json!({}))),
        ("get /api/v1/conversations/{id}/messages", (Owner, Read, Value::Null)),
        ("post /api/v1/conversations/{id}/messages", (Owner, Chat, json!({ "content": "Hi" }))),
        ("get /api/v1/messages/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/messages/{id}", (Owner, Chat, Value::Null)),
        ("put /api/v1/messages/{id}/feedback", (Owner, Chat, json!({ "verdict": "up" }))),
        ("delete /api/v1/messages/{id}/feedback", (Owner, Chat, Value::Null)),
        ("post /api/v1/messages/{id}/edit", (Owner, Chat, json!({ "content": "Hi" }))),
        ("post /api/v1/messages/{id}/regenerate", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/continue", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/select", (Owner, Chat, json!({}))),
        ("post /api/v1/messages/{id}/restore", (Owner, Chat, json!({}))),
        ("get /api/v1/shares", (Own, Read, Value::Null)),
        ("post /api/v1/conversations/{id}/shares", (Owner, Write, json!({}))),
        ("delete /api/v1/shares/{id}", (Owner, Write, Value::Null)),
        ("post /api/v1/attachments", (Own, Chat, json!({}))),
        ("get /api/v1/attachments/{id}", (Owner, Read, Value::Null)),
        ("delete /api/v1/attachments/{id}", (Owner, Chat, Value::Null)),
        ("get /api/v1/attachments/{id}/file", (Owner, Read, Value::Null)),
        ("get /api/v1/runs/{id}", (Owner, Read, Value::Null)),
        ("get /api/v1/runs/{id}/events", (Owner, Read, Value::Null)),
        ("post /api/v1/runs/{id}/stop", (Owner, Chat, json!({}))),
        ("get /api/v1/admin/agents", (Admin, Read, Value::Null)),
        ("post /api/v1/admin/agents/{id}/switch", (Admin, Write, json!({ "is_active": true }))),
        ("get /api/v1/admin/conversations", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/conversations/{id}", (Admin, Read, Value::Null)),
        ("post /api/v1/admin/conversations/{id}/looks", (Admin, Write, json!({ "reason": "to find the invoice" }))),
        ("get /api/v1/admin/conversations/{id}/messages", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/outbox", (Admin, Read, Value::Null)),
        ("get /api/v1/admin/outbox/{id}", (Admin, Read, Value::Null)),
        ("delete /api/v1/admin/outbox/{id}", (Admin, Write, Value::Null)),
        ("post /api/v1/admin/outbox/{id}/send", (Admin, Write, json!({}))),
        ("post /api/v1/admin/outbox/{id}/restore", (Admin, Write, json!({}))),
        ("get /api/v1/admin/prices", (Superuser, Read, Value::Null)),
        ("put /api/v1/admin/prices", (Superuser, Write, price)),
        ("delete /api/v1/admin/prices", (Superuser, Write, Value::Null)),
    ])
}

/// A repository that nobody has yet, where nobody answers.
fn repository_url() -> String {
    format!("https://git.invalid/{}.git", MADE.fetch_add(1, Ordering::Relaxed))
}

/// Something of everything, that belongs to Ada.
struct World {
    server: Server,
    ada: Program,
    mallory: Program,
    /// Rules the server, and is in nothing of Ada's.
    root: Program,
    _provider: Provider,
}

impl World {
    fn new() -> Self {
        let provider = Provider::start(|_| (vec!["Hello.".to_owned()], Duration::from_millis(1)));
        let server = House::new().with(&provider).env("ATRIUM_API_REQUESTS_PER_MINUTE", "0").serve();
        let made = server.house().run(
            &["createsuperuser", "--data", "data", "--email", "root@example.org", "--name", "Root", "--password-stdin"],
            &format!("{PASSWORD}\n"),
        );
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let ada = Program::register(&server, "ada");
        let mallory = Program::register(&server, "mallory");
        let login = json!({ "email": "root@example.org", "password": PASSWORD });
        let mut nobody = Program::nobody(&server);
        let tokens = nobody.post("/api/v1/auth/login", &login, 200);
        let root = nobody.with(&tokens["access"]);
        Self { server, ada, mallory, root, _provider: provider }
    }

    /// The path with an id of Ada's, of something made for this.
    fn path(&self, template: &str) -> String {
        if template.ends_with("/models") {
            return format!("{template}?provider=local");
        }
        if template.ends_with("/prices") {
            let price = json!({ "provider": "openai", "model": "m", "prompt_price": "1", "completion_price": "2" });
            self.root.clone().expect("PUT", template, Some(&price), 200);
            return format!("{template}?provider=openai&model=m");
        }
        if template.ends_with("/knowledge/search") {
            return format!("{template}?q=tide");
        }
        if !template.contains("{id}") {
            return template.to_owned();
        }
        let mut ada = self.ada.clone();
        let id = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
        let made = match template.split('/').nth(3).unwrap() {
            "sessions" => {
                let login = json!({ "email": "ada@example.org", "password": PASSWORD });
                ada.post("/api/v1/auth/login", &login, 200);
                // The one that asks comes first, then the newest.
                id(&ada.get("/api/v1/sessions")[1], "id")
            }
            "users" if template.ends_with("/avatar") => {
                assert_eq!(ada.put_file("/api/v1/users/me/avatar", &picture(8, 8)).status, 204);
                id(&ada.get("/api/v1/users/me"), "id")
            }
            "users" => id(&ada.get("/api/v1/users/me"), "id"),
            "organisations" => id(&ada.get("/api/v1/users/me"), "organisation_id"),
            "projects" => {
                let name = format!("Project {}", MADE.fetch_add(1, Ordering::Relaxed));
                let project = id(&ada.post("/api/v1/projects", &json!({ "name": name }), 201), "id");
                let agent = id(&ada.get("/api/v1/agents/default"), "id");
                let agents = format!("/api/v1/projects/{project}/agents");
                ada.post(&agents, &json!({ "agent_id": agent }), 200);
                // Two managers, so that one may leave.
                let root = id(&self.root.clone().get("/api/v1/users/me"), "id");
                let members = format!("/api/v1/projects/{project}/members");
                ada.post(&members, &json!({ "user_id": root, "role": "manager" }), 200);
                let me = id(&ada.get("/api/v1/users/me"), "id");
                return template.replace("{id}", &project).replace("{user_id}", &me).replace("{agent_id}", &agent);
            }
            "knowledge" => {
                let name = format!("Base {}", MADE.fetch_add(1, Ordering::Relaxed));
                id(&ada.post("/api/v1/knowledge", &json!({ "name": name }), 201), "id")
            }
            "documents" => {
                let name = format!("Base {}", MADE.fetch_add(1, Ordering::Relaxed));
                let base = id(&ada.post("/api/v1/knowledge", &json!({ "name": name }), 201), "id");
                let brought = ada.bring(&base, &[("tides.txt", b"The moon pulls the sea.")], 201);
                let document = id(&brought[0]["document"], "id");
                ada.read_up(&document);
                document
            }
            "analytics" if template.contains("/models/") => {
                let name = format!("model-{}", MADE.fetch_add(1, Ordering::Relaxed));
                let model = json!({ "name": name, "version": "1", "storage_key": "s3://models/1" });
                id(&self.root.clone().post("/api/v1/analytics/models", &model, 201), "id")
            }
            "analytics" => {
                let question = json!({ "question": "n by a", "csv": "a,n\nx,1\n" });
                id(&ada.post("/api/v1/analytics/charts", &question, 201), "id")
            }
            "attachments" => id(&ada.attach("tides.txt", b"The moon pulls the sea.", 201), "id"),
            "expertise-areas" => {
                let name = format!("Area {}", MADE.fetch_add(1, Ordering::Relaxed));
                id(&self.root.clone().post("/api/v1/expertise-areas", &json!({ "name": name }), 201), "id")
            }
            "repositories" => {
                let repository =
                    ada.post("/api/knowledge/repositories/", &json!({ "repo_url": repository_url() }), 201);
                id(&repository, "id")
            }
            "favourites" => {
                let conversation = id(&ada.post("/api/v1/conversations", &json!({}), 201), "id");
                ada.post("/api/v1/favourites", &json!({ "kind": "conversation", "id": conversation }), 201);
                return template.replace("{kind}", "conversation").replace("{id}", &conversation);
            }
            "tokens" => id(&ada.post("/api/v1/tokens", &json!({ "name": "t", "scopes": ["read"] }), 201), "id"),
            "agents" => {
                let name = format!("Agent {}", MADE.fetch_add(1, Ordering::Relaxed));
                id(&ada.post("/api/v1/agents", &json!({ "name": name, "provider": "local", "model": "m" }), 201), "id")
            }
            "budgets" => {
                let body = json!({ "subject": "organisation", "period": "month", "limit_usd": "250" });
                id(&self.root.clone().expect("PUT", "/api/v1/budgets", Some(&body), 200), "id")
            }
            "invitations" => {
                let email = format!("invited-{}@example.org", MADE.fetch_add(1, Ordering::Relaxed));
                let body = json!({ "email": email, "role": "user" });
                id(&self.root.clone().post("/api/v1/invitations", &body, 201), "id")
            }
            "admin" if template.contains("/outbox/") => {
                self.path("/api/v1/invitations/{id}");
                id(&self.root.clone().get("/api/v1/admin/outbox")["results"][0], "id")
            }
            "admin" if template.contains("/agents/") => id(&ada.get("/api/v1/agents/default"), "id"),
            "admin" => {
                let conversation = id(&ada.post("/api/v1/conversations", &json!({}), 201), "id");
                let looks = format!("/api/v1/admin/conversations/{conversation}/looks");
                let look = self.root.clone().post(&looks, &json!({ "reason": "to find the invoice" }), 201);
                return format!("{}?look_id={}", template.replace("{id}", &conversation), id(&look, "look_id"));
            }
            kind => {
                let conversation = id(&ada.post("/api/v1/conversations", &json!({}), 201), "id");
                let path = format!("/api/v1/conversations/{conversation}/messages?wait=true");
                let sent = ada.post(&path, &json!({ "content": "Hi" }), 200);
                match kind {
                    "conversations" => conversation,
                    "shares" => {
                        let shares = format!("/api/v1/conversations/{conversation}/shares");
                        id(&ada.post(&shares, &json!({}), 201), "id")
                    }
                    "messages" if template.ends_with("/edit") => id(&sent["user_message"], "id"),
                    "messages" => id(&sent["assistant_message"], "id"),
                    "runs" => id(&sent, "run_id"),
                    other => panic!("nothing of Ada's for {other}"),
                }
            }
        };
        template.replace("{id}", &made)
    }

    /// A body that would be taken, with what is only known now.
    fn body(&self, endpoint: &str, body: &Value, mark: &str) -> Value {
        let mut body = body.clone();
        match endpoint {
            "post /api/v1/agents"
            | "post /api/v1/projects"
            | "post /api/v1/knowledge"
            | "post /api/v1/organisations"
            | "post /api/v1/expertise-areas"
            | "post /api/v1/analytics/models" => {
                body["name"] = json!(format!("Matrix {mark}"));
            }
            // Each one's own.
            "post /api/v1/favourites" => body["id"] = self.ada.clone().get("/api/v1/agents/default")["id"].clone(),
            "post /api/v1/invitations" => body["email"] = json!(format!("matrix-{mark}@example.org")),
            "post /api/v1/projects/{id}/agents" => {
                body["agent_id"] = self.ada.clone().get("/api/v1/agents/default")["id"].clone()
            }
            _ => {}
        }
        body
    }

    fn mallorys_id(&self) -> String {
        self.mallory.clone().get("/api/v1/users/me")["id"].as_str().unwrap().to_owned()
    }

    fn token(&self, of: &Program, scopes: &[&str]) -> Program {
        let made = of.clone().post("/api/v1/tokens", &json!({ "name": "t", "scopes": scopes }), 201);
        of.with(&made["token"])
    }
}
