//! Sample data to look around in: an organisation with people in every role, agents, a project, finished conversations.
//!
//! It stands beside what is real: an organisation of its own, whose id says that it is there already.

mod sample;
#[cfg(test)]
mod tests;

use crate::accounts::{Accounts, Hasher};
use crate::error::{Error, Result};
use crate::ports::{Micros, Ports, SECOND};
use crate::seal::hex;
use crate::store::{Store, Tx, args};
use atrium::catalogue::{LOCAL_MODEL, Provider};
use atrium::people::{NewPerson, Role};
use sample::{AGENTS, CONVERSATIONS, ORGANISATION, PEOPLE, PROJECT};
use uuid::Uuid;

/// The organisation's; how a second run knows the first.
const ORGANISATION_ID: Uuid = Uuid::from_u128(0xde30_0000_0000_7000_8000_0000_0000_0001);

/// Somebody who was made, with the password that nobody is told again.
#[derive(Debug, Clone)]
pub struct SamplePerson {
    /// Their name.
    pub name: &'static str,
    /// What they sign in with.
    pub email: String,
    /// In the sample organisation.
    pub role: Role,
    /// In the clear, this once.
    pub password: String,
}

/// Makes the sample, all of it or nothing. `None` when it is there already.
///
/// # Errors
/// When there are real people in the database and `beside_real_data` is not said.
pub async fn set_up(
    store: &Store,
    ports: &Ports,
    hasher: Hasher,
    beside_real_data: bool,
) -> Result<Option<Vec<SamplePerson>>> {
    let system = store.as_system("whoever holds the machine fills it");
    let there: Option<(i64,)> =
        system.optional("SELECT created_at FROM organisations WHERE id = $1", args![ORGANISATION_ID]).await?;
    if there.is_some() {
        return Ok(None);
    }
    let people: Option<(i64,)> = system.optional("SELECT COUNT(*) FROM users", args![]).await?;
    if people.is_some_and(|it| it.0 > 0) && !beside_real_data {
        return Err(Error::Conflict {
            code: "real_data",
            message: "People have accounts here already. The sample would stand beside their data, in an organisation of its own: add --force if that is wanted.".to_owned(),
        });
    }
    let accounts = Accounts::new(store.clone(), ports.clone(), hasher.clone());
    let mut made = Vec::new();
    for (name, role) in PEOPLE {
        let email = format!("{}@demo.example", name.split(' ').next().unwrap_or(name).to_lowercase());
        made.push(SamplePerson { name, email, role, password: hex(&ports.secret()[..8]) });
    }
    let mut hashes = Vec::new();
    for person in &made {
        hashes.push(hasher.hash(person.password.clone()).await?);
    }
    let mut tx = system.begin().await?;
    let now = ports.now();
    // Whoever registers later belongs to the first organisation, which must not be the sample's.
    accounts.default_organisation(&mut tx).await?;
    tx.execute(
        "INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at) VALUES ($1, $2, $3, $4, '', $5, $6, $6)",
        args![ORGANISATION_ID, ORGANISATION.name, PEOPLE[0].0, &made[0].email, ORGANISATION.address, ports.now() + 1],
    )
    .await?;
    let mut ids = Vec::new();
    for (person, hash) in made.iter().zip(hashes) {
        let new = NewPerson {
            name: person.name.to_owned(),
            email: person.email.clone(),
            username: None,
            password: person.password.clone(),
        };
        let id = accounts.insert(&mut tx, &new, hash, person.role, false).await?.id;
        tx.execute("UPDATE users SET organisation_id = $2 WHERE id = $1", args![id, ORGANISATION_ID]).await?;
        ids.push(id.0);
    }
    let agents = insert_agents(&mut tx, ports, &ids).await?;
    let project = insert_project(&mut tx, ports, &ids, &agents).await?;
    for (at, conversation) in CONVERSATIONS.iter().enumerate() {
        // The first one is the newest; each was held on a day of its own.
        let began = now - i64::try_from(at).unwrap_or_default() * 26 * 3600 * SECOND;
        let place = Place { owner: ids[conversation.owner], agent: agents[conversation.agent], project };
        insert_conversation(&mut tx, ports, place, conversation, began).await?;
    }
    tx.commit().await?;
    Ok(Some(made))
}

/// Each belongs to the sample's engineer, who shares it with the project.
async fn insert_agents(tx: &mut Tx, ports: &Ports, people: &[Uuid]) -> Result<Vec<Uuid>> {
    let owner = people[sample::ENGINEER];
    let mut ids = Vec::new();
    for (at, preset) in AGENTS.iter().enumerate() {
        let id: Uuid = ports.id();
        tx.execute(
            "INSERT INTO agents (id, organisation_id, owner_id, name, description, avatar, provider, model, temperature, max_tokens, system_prompt, is_default, is_active, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1024, $10, $11, TRUE, $12, $12)",
            args![
                id,
                ORGANISATION_ID,
                owner,
                preset.name,
                preset.description,
                preset.avatar,
                Provider::Local.as_str(),
                LOCAL_MODEL,
                preset.temperature,
                preset.system_prompt,
                at == 0,
                ports.now()
            ],
        )
        .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// With everybody in it, and the agents.
async fn insert_project(tx: &mut Tx, ports: &Ports, people: &[Uuid], agents: &[Uuid]) -> Result<Uuid> {
    let (id, now): (Uuid, Micros) = (ports.id(), ports.now());
    tx.execute(
        "INSERT INTO projects (id, organisation_id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        args![id, ORGANISATION_ID, PROJECT.name, PROJECT.description, now],
    )
    .await?;
    for (person, (_, role)) in people.iter().zip(PEOPLE) {
        let role = match role {
            Role::Admin | Role::Manager => "manager",
            Role::Guest => "guest",
            _ => "member",
        };
        tx.execute(
            "INSERT INTO project_members (organisation_id, project_id, user_id, role, created_at) VALUES ($1, $2, $3, $4, $5)",
            args![ORGANISATION_ID, id, *person, role, now],
        )
        .await?;
    }
    for agent in agents {
        tx.execute(
            "INSERT INTO project_agents (organisation_id, project_id, agent_id, created_at) VALUES ($1, $2, $3, $4)",
            args![ORGANISATION_ID, id, *agent, now],
        )
        .await?;
    }
    Ok(id)
}

struct Place {
    owner: Uuid,
    agent: Uuid,
    project: Uuid,
}

async fn insert_conversation(
    tx: &mut Tx,
    ports: &Ports,
    place: Place,
    conversation: &sample::Conversation,
    began: Micros,
) -> Result<()> {
    let id: Uuid = ports.id();
    let project = conversation.is_of_project.then_some(place.project);
    tx.execute(
        "INSERT INTO conversations (id, organisation_id, owner_id, agent_id, project_id, title, title_folded, title_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'exchange', $8, $9)",
        args![
            id,
            ORGANISATION_ID,
            place.owner,
            place.agent,
            project,
            conversation.title,
            conversation.title.to_lowercase(),
            began,
            began + 60 * SECOND
        ],
    )
    .await?;
    let mut parent: Option<Uuid> = None;
    for (depth, turn) in conversation.turns.iter().enumerate() {
        let message: Uuid = ports.id();
        let is_answer = depth % 2 == 1;
        let depth = i64::try_from(depth).unwrap_or_default();
        let at = began + depth * 20 * SECOND;
        tx.execute(
            "INSERT INTO messages (id, organisation_id, conversation_id, parent_id, depth, author, content, reasoning, status, agent_id, provider, model, tokens_estimated, dropped_turns, end_reason, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, '', 'complete', $8, $9, $10, FALSE, 0, $11, $12, $12)",
            args![
                message,
                ORGANISATION_ID,
                id,
                parent,
                depth,
                if is_answer { "assistant" } else { "user" },
                *turn,
                is_answer.then_some(place.agent),
                is_answer.then_some(Provider::Local.as_str()),
                is_answer.then_some(LOCAL_MODEL),
                is_answer.then_some("stop"),
                at
            ],
        )
        .await?;
        parent = Some(message);
    }
    tx.execute("UPDATE conversations SET head_id = $2 WHERE id = $1", args![id, parent]).await?;
    Ok(())
}
