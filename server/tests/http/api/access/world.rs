//! What the rules are tried on: something of everything.

use crate::account::picture;
use crate::api::Program;
use crate::provider::Provider;
use crate::server::{House, PASSWORD, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So that names are unique.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// A repository that nobody has yet, where nobody answers.
pub fn repository_url() -> String {
    format!("https://git.invalid/{}.git", MADE.fetch_add(1, Ordering::Relaxed))
}

/// Something of everything, that belongs to Ada.
pub struct World {
    pub server: Server,
    pub ada: Program,
    pub mallory: Program,
    /// Rules the server, and is in nothing of Ada's.
    pub root: Program,
    _provider: Provider,
}

impl World {
    pub fn new() -> Self {
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
    pub fn path(&self, template: &str) -> String {
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
            "prompts" => {
                let name = format!("Prompt {}", MADE.fetch_add(1, Ordering::Relaxed));
                id(&ada.post("/api/v1/prompts", &json!({ "name": name, "text": "On {{topic}}" }), 201), "id")
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
    pub fn body(&self, endpoint: &str, body: &Value, mark: &str) -> Value {
        let mut body = body.clone();
        match endpoint {
            "post /api/v1/agents"
            | "post /api/v1/projects"
            | "post /api/v1/knowledge"
            | "post /api/v1/prompts"
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

    pub fn mallorys_id(&self) -> String {
        self.mallory.clone().get("/api/v1/users/me")["id"].as_str().unwrap().to_owned()
    }

    pub fn token(&self, of: &Program, scopes: &[&str]) -> Program {
        let made = of.clone().post("/api/v1/tokens", &json!({ "name": "t", "scopes": scopes }), 201);
        of.with(&made["token"])
    }
}
