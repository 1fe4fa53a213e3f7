//! Records into rows.

use super::Report;
use super::fields::Record;
use crate::error::Result;
use crate::ports::Ports;
use crate::store::{Tx, args};
use atrium::catalogue::{LOCAL_MODEL, Provider};
use atrium::ids::OrganisationId;
use atrium::people::Role;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const ORGANISATION: &[&str] = &["org", "organization", "organisation", "client", "company"];
const OWNER: &[&str] = &["user", "owner", "created_by"];
const CREATED: &[&str] = &["created_at", "date_joined", "started_at", "timestamp", "joined_at"];

/// A transaction that is being filled.
pub(super) struct Writer<'a> {
    pub(super) tx: Tx,
    pub(super) ports: &'a Ports,
    /// For whoever belongs to none.
    pub(super) home: OrganisationId,
    pub(super) report: Report,
    /// Who they are here, and in which organisation; whoever was here under their address keeps their own id.
    pub(super) people: BTreeMap<Uuid, (Uuid, Uuid)>,
    /// The agents and whose they are.
    pub(super) agents: BTreeMap<Uuid, Uuid>,
}

impl Writer<'_> {
    fn count(&mut self, record: &Record, rows: u64) {
        let count = self.report.of(record);
        if rows == 0 {
            count.known += 1;
        } else {
            count.taken += 1;
        }
    }

    async fn organisation(&mut self, record: &Record) -> Result<Uuid> {
        let Some(id) = record.reference("organisation", ORGANISATION) else { return Ok(self.home.0) };
        let there: Option<(Uuid,)> = self.tx.optional("SELECT id FROM organisations WHERE id = $1", args![id]).await?;
        Ok(there.map_or(self.home.0, |it| it.0))
    }

    pub(super) async fn organisations(&mut self, records: &[&Record]) -> Result<()> {
        for record in records {
            let (Some(id), Some(name)) = (record.id("organisation"), record.text(&["name"])) else {
                self.report.leave_out(record, "it has no name");
                continue;
            };
            let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
            let mut name = atrium::text::line(name);
            let taken: Option<(Uuid,)> = self
                .tx
                .optional("SELECT id FROM organisations WHERE LOWER(name) = LOWER($1) AND id <> $2", args![&name, id])
                .await?;
            if taken.is_some() {
                name = format!("{name} ({})", &id.simple().to_string()[..6]);
            }
            let rows = self
                .tx
                .execute(
                    "INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at) VALUES ($1, $2, '', '', '', '', $3, $3)
                     ON CONFLICT (id) DO NOTHING",
                    args![id, &name, created],
                )
                .await?;
            self.count(record, rows);
        }
        Ok(())
    }

    pub(super) async fn people(&mut self, records: &[&Record]) -> Result<()> {
        for record in records {
            let (Some(id), Some(email)) = (record.id("person"), record.text(&["email"]).filter(|it| it.contains('@')))
            else {
                self.report.leave_out(record, "it has no e-mail address");
                continue;
            };
            let email = email.trim().to_lowercase();
            let known: Option<(Uuid, Uuid)> = self
                .tx
                .optional("SELECT id, organisation_id FROM users WHERE id = $1 OR email = $2", args![id, &email])
                .await?;
            if let Some(known) = known {
                self.people.insert(id, known);
                self.count(record, 0);
                continue;
            }
            let organisation = self.organisation(record).await?;
            let given = [record.text(&["first_name"]), record.text(&["last_name"])];
            let given = given.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let name = record.text(&["name", "full_name"]).unwrap_or(&given);
            let name = atrium::text::line(if name.trim().is_empty() { &email } else { name });
            let wanted = record.text(&["username"]).map(|it| it.trim().to_lowercase()).filter(|it| !it.is_empty());
            let taken: Option<(Uuid,)> =
                self.tx.optional("SELECT id FROM users WHERE username = $1", args![wanted.clone()]).await?;
            let username = wanted.filter(|_| taken.is_none()).unwrap_or_else(|| email.clone());
            let is_superuser = record.flag(&["is_superuser"]).unwrap_or_default();
            let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
            let rows = self
                .tx
                .execute(
                    "INSERT INTO users (id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, password_hash, created_at, updated_at, last_login_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
                    args![
                        id,
                        organisation,
                        &email,
                        username,
                        name,
                        record.text(&["job_title"]).unwrap_or_default(),
                        record.text(&["department"]).unwrap_or_default(),
                        role(record).as_str(),
                        is_superuser,
                        record.flag(&["is_active"]).unwrap_or(true),
                        record.text(&["password"]).unwrap_or_default(),
                        created,
                        record.time(&["last_login"])
                    ],
                )
                .await?;
            self.people.insert(id, (id, organisation));
            self.count(record, rows);
        }
        Ok(())
    }

    pub(super) async fn agents(&mut self, records: &[&Record]) -> Result<()> {
        let first: Option<(Uuid, Uuid)> = self
            .tx
            .optional(
                "SELECT id, organisation_id FROM users WHERE is_active ORDER BY is_superuser DESC, created_at, id LIMIT 1",
                args![],
            )
            .await?;
        for record in records {
            let (Some(id), Some(name)) = (record.id("agent"), record.text(&["name"])) else {
                self.report.leave_out(record, "it has no name");
                continue;
            };
            // Bots and configurations belonged to nobody: whoever rules the server takes them over.
            let owner = record.reference("person", OWNER).and_then(|it| self.people.get(&it).copied()).or(first);
            let Some((owner, organisation)) = owner else {
                self.report.leave_out(record, "there is nobody to have it");
                continue;
            };
            let webhook = record.text(&["url_n8n"]).filter(|it| !it.is_empty());
            let said = record.text(&["llm_provider", "provider"]).map(str::to_lowercase);
            let model = record.text(&["model", "model_name"]).unwrap_or_default();
            let provider = match (webhook, said.as_deref().and_then(Provider::parse)) {
                (Some(_), _) => Provider::N8n,
                (None, Some(provider)) => provider,
                (None, None) if model.starts_with("gemini") => Provider::Gemini,
                (None, None) if model.is_empty() => Provider::Local,
                (None, None) => Provider::OpenAi,
            };
            let model = match provider {
                Provider::N8n => webhook.unwrap_or_default(),
                Provider::Local => LOCAL_MODEL,
                _ => model,
            };
            let mut name = atrium::text::line(name);
            let taken: Option<(Uuid,)> = self
                .tx
                .optional(
                    "SELECT id FROM agents WHERE deleted_at IS NULL AND id <> $3 AND (owner_id = $1 AND name = $2 OR $4 AND provider = 'n8n' AND organisation_id = $5 AND LOWER(name) = LOWER($2))",
                    args![owner, &name, id, provider == Provider::N8n, organisation],
                )
                .await?;
            if taken.is_some() {
                name = format!("{name} ({})", &id.simple().to_string()[..6]);
            }
            let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
            let rows = self
                .tx
                .execute(
                    "INSERT INTO agents (id, organisation_id, owner_id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, FALSE, $11, $12, $12) ON CONFLICT (id) DO NOTHING",
                    args![
                        id,
                        organisation,
                        owner,
                        name,
                        record.text(&["description"]).unwrap_or_default(),
                        provider.as_str(),
                        model,
                        record.number(&["temperature"]).unwrap_or(0.7).clamp(0.0, 2.0),
                        record.number(&["max_tokens"]).map_or(1024, |it| it.clamp(1.0, 1e6) as i64),
                        record.text(&["system_prompt"]).unwrap_or_default(),
                        record.flag(&["is_active"]).unwrap_or(true),
                        created
                    ],
                )
                .await?;
            self.agents.insert(id, organisation);
            self.count(record, rows);
        }
        Ok(())
    }

    pub(super) async fn projects(&mut self, records: &[&Record]) -> Result<()> {
        for record in records {
            let (Some(id), Some(name)) = (record.id("project"), record.text(&["name"])) else {
                self.report.leave_out(record, "it has no name");
                continue;
            };
            let organisation = self.organisation(record).await?;
            let mut name = atrium::text::line(name);
            let taken: Option<(Uuid,)> = self
                .tx
                .optional(
                    "SELECT id FROM projects WHERE organisation_id = $1 AND LOWER(name) = LOWER($2) AND id <> $3 AND deleted_at IS NULL",
                    args![organisation, &name, id],
                )
                .await?;
            if taken.is_some() {
                name = format!("{name} ({})", &id.simple().to_string()[..6]);
            }
            let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
            let rows = self
                .tx
                .execute(
                    "INSERT INTO projects (id, organisation_id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (id) DO NOTHING",
                    args![id, organisation, name, record.text(&["description"]).unwrap_or_default(), created],
                )
                .await?;
            let owner = record.reference("person", OWNER);
            let members: BTreeSet<Uuid> =
                record.references("person", &["users", "members"]).into_iter().chain(owner).collect();
            for (at, member) in members.iter().filter_map(|it| self.people.get(it)).enumerate() {
                // People of other organisations cannot be in it; whoever owned it manages it, else the first.
                if member.1 == organisation {
                    let role = if owner.map_or(at == 0, |it| it == member.0) { "manager" } else { "member" };
                    self.tx
                        .execute(
                            "INSERT INTO project_members (organisation_id, project_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project_id, user_id) DO NOTHING",
                            args![organisation, id, member.0, role, created],
                        )
                        .await?;
                }
            }
            for agent in record.references("agent", &["bots", "agents"]) {
                if self.agents.get(&agent) == Some(&organisation) {
                    self.tx
                        .execute(
                            "INSERT INTO project_agents (organisation_id, project_id, agent_id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (project_id, agent_id) DO NOTHING",
                            args![organisation, id, agent, created],
                        )
                        .await?;
                }
            }
            self.count(record, rows);
        }
        Ok(())
    }

    pub(super) async fn conversations(&mut self, records: &[&Record]) -> Result<()> {
        for record in records {
            let owner = record.reference("person", OWNER).and_then(|it| self.people.get(&it).copied());
            let (Some(id), Some((owner, organisation))) = (record.id("conversation"), owner) else {
                self.report.leave_out(record, "it belongs to nobody who was taken along");
                continue;
            };
            let agent = record.reference("agent", &["agent", "bot"]);
            let agent = agent.filter(|it| self.agents.get(it) == Some(&organisation));
            let title = record.text(&["title"]).map(atrium::text::line).filter(|it| !it.is_empty());
            let (title, by) = match title {
                Some(title) => (atrium::text::shorten(&title, 200), "person"),
                None => (atrium::chat::UNTITLED.to_owned(), "nobody"),
            };
            let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
            let updated = record.time(&["updated_at", "last_activity"]).unwrap_or(created);
            let rows = self
                .tx
                .execute(
                    "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, title, title_folded, title_by, created_at, updated_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
                    args![id, organisation, owner, agent, &title, title.to_lowercase(), by, created, updated],
                )
                .await?;
            self.count(record, rows);
        }
        Ok(())
    }

    /// A conversation's messages, in their order: all of those it has, or, where it has some already, none.
    pub(super) async fn messages(&mut self, records: &[&Record]) -> Result<()> {
        let mut threads: BTreeMap<Uuid, Vec<&Record>> = BTreeMap::new();
        for record in records {
            match record.reference("conversation", &["conversation", "session", "chat_session"]) {
                Some(conversation) => threads.entry(conversation).or_default().push(record),
                None => self.report.leave_out(record, "it belongs to no conversation"),
            }
        }
        for (conversation, mut thread) in threads {
            let place: Option<(Uuid, Option<Uuid>, Option<Uuid>)> = self
                .tx
                .optional(
                    "SELECT organisation_id, agent_id, head_id FROM conversations WHERE id = $1",
                    args![conversation],
                )
                .await?;
            let Some((organisation, agent, head)) = place else {
                thread.iter().for_each(|it| self.report.leave_out(it, "its conversation was not taken along"));
                continue;
            };
            if head.is_some() {
                thread.iter().for_each(|it| self.count(it, 0));
                continue;
            }
            thread.sort_by_key(|it| (it.time(CREATED), it.pk.as_u64()));
            let (mut parent, mut depth) = (None::<Uuid>, 0_i64);
            for record in thread {
                let (Some(id), Some(author)) = (record.id("message"), author(record)) else {
                    self.report.leave_out(record, "it is neither a question nor an answer");
                    continue;
                };
                let created = record.time(CREATED).unwrap_or_else(|| self.ports.now());
                let is_answer = author == "assistant";
                let rows = self
                    .tx
                    .execute(
                        "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, agent_id, model, completion_tokens, tokens_estimated, dropped_turns, end_reason, created_at, updated_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $7, '', 'complete', $8, $9, $10, FALSE, 0, $11, $12, $12) ON CONFLICT (id) DO NOTHING",
                        args![
                            id,
                            organisation,
                            conversation,
                            parent,
                            depth,
                            author,
                            record.text(&["content", "text", "message"]).unwrap_or_default(),
                            agent.filter(|_| is_answer),
                            record.text(&["model", "model_name"]).filter(|_| is_answer),
                            record.number(&["tokens_used"]).filter(|_| is_answer).map(|it| it as i64),
                            is_answer.then_some("stop"),
                            created
                        ],
                    )
                    .await?;
                self.count(record, rows);
                if rows == 1 {
                    (parent, depth) = (Some(id), depth + 1);
                }
            }
            self.tx.execute("UPDATE conversations SET head_id = $2 WHERE id = $1", args![conversation, parent]).await?;
        }
        Ok(())
    }
}

fn role(record: &Record) -> Role {
    match record.text(&["role"]).unwrap_or_default().to_lowercase().as_str() {
        "admin" | "administrator" => Role::Admin,
        "manager" => Role::Manager,
        "engineer" => Role::Engineer,
        "analyst" => Role::Analyst,
        "guest" => Role::Guest,
        _ if record.flag(&["is_staff"]) == Some(true) => Role::Admin,
        _ => Role::User,
    }
}

fn author(record: &Record) -> Option<&'static str> {
    if let Some(is_user) = record.flag(&["is_user"]) {
        return Some(if is_user { "user" } else { "assistant" });
    }
    match record.text(&["role", "message_type", "sender", "author"])?.to_lowercase().as_str() {
        "user" | "human" => Some("user"),
        "assistant" | "ai" | "bot" | "model" => Some("assistant"),
        _ => None,
    }
}
