//! Git repositories: whose they are, when they are fetched, what a caller from outside may ask for.
//!
//! A job fetches one ([`fetching`]) and makes documents of its files ([`indexing`]); [`outgoing`] is how its requests
//! leave, [`browsing`] shows what was fetched. A repository belongs to a base, and is seen and changed like its documents.

mod browsing;
mod fetching;
mod indexing;
mod outgoing;
mod rows;
mod sources;
#[cfg(test)]
mod tests;
mod webhook;

pub use webhook::Signature;

use super::{Knowledge, bases};
use crate::audit::{self, Actor};
use crate::error::{Error, Result, breaks_unique};
use crate::jobs::{self, Asker, Kind};
use crate::ports::SECOND;
use crate::providers::{Client, must_be_public};
use crate::seal::{Seal, hex};
use crate::settings::Settings;
use crate::store::{Scope, Tx, args};
use atrium::ids::{BaseId, RepositoryId};
use atrium::knowledge::{Repository, RepositoryChange, RepositoryForm, check_schedule};
use atrium::paging::{Page, PageRequest};
use atrium_repositories::{Address, Branch, Credentials, Permitted, Refusal};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// Repositories asked for at a time when their time has come.
const DUE: i64 = 50;

/// How repositories are fetched, and where they are kept.
#[derive(Debug, Clone)]
pub struct Workshop {
    /// What was fetched, a folder each. It may be lost: what is missing is fetched anew.
    pub folder: PathBuf,
    /// Below which superusers may fetch by `file://`; nobody where there is none.
    pub below: Option<PathBuf>,
    /// The way out.
    pub client: Client,
    /// What credentials are sealed with.
    pub seal: Seal,
    /// What one may cost.
    pub limits: atrium_repositories::Limits,
}

impl Workshop {
    /// In the data folder, as the settings say.
    #[must_use]
    pub fn new(data: &Path, settings: &Settings, client: &Client) -> Self {
        Self {
            folder: data.join("repositories"),
            below: settings.boot().filled("repositories_folder").map(PathBuf::from),
            client: client.clone(),
            seal: settings.seal().clone(),
            limits: atrium_repositories::Limits::default(),
        }
    }

    /// Where one of them lies.
    fn folder_of(&self, repository: Uuid) -> PathBuf {
        self.folder.join(repository.simple().to_string())
    }

    /// The address that somebody entered; `rules`: whether they are a superuser.
    fn address(&self, url: &str, rules: bool) -> std::result::Result<Address, Refusal> {
        let folder = self.below.clone().filter(|_| rules);
        Address::parse(url, &Permitted { plain_http: false, folder })
    }

    fn seal(&self, plain: &str) -> Result<String> {
        if plain.is_empty() { Ok(String::new()) } else { self.seal.seal(plain) }
    }

    fn open(&self, sealed: &str) -> Option<String> {
        if sealed.is_empty() { Some(String::new()) } else { self.seal.open(sealed) }
    }
}

/// A refusal as a sentence.
fn sentence(refusal: &Refusal) -> String {
    let told = refusal.to_string();
    let mut letters = told.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

fn wrong(field: &'static str) -> impl Fn(Refusal) -> Error {
    move |refusal| Error::field(field, sentence(&refusal))
}

/// What was entered, as it is stored.
struct Checked {
    url: String,
    branch: String,
}

fn branch_of(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    Branch::parse(text).map(|it| it.as_str().to_owned()).map_err(wrong("branch"))
}

/// Whether credentials can be sent as they are.
fn check_credentials(username: &str, token: &str) -> Result<()> {
    if token.trim().is_empty() {
        return match username.trim() {
            "" => Ok(()),
            _ => Err(Error::field("token", "Enter the token that belongs to this user name.")),
        };
    }
    Credentials::new(username, &SecretString::from(token)).map(drop).map_err(wrong("token"))
}

impl Knowledge {
    fn check(&self, form: &RepositoryForm, rules: bool) -> Result<Checked> {
        let address = self.workshop.address(&form.url, rules).map_err(wrong("url"))?;
        let url = address.to_string();
        let is_inside = reqwest::Url::parse(&url).is_ok_and(|it| it.scheme() != "file" && must_be_public(&it).is_err());
        if is_inside {
            return Err(Error::field("url", fetching::NOT_PUBLIC));
        }
        check_credentials(&form.username, &form.token)?;
        check_schedule(form.every_minutes).map_err(Error::Invalid)?;
        Ok(Checked { url, branch: branch_of(&form.branch)? })
    }

    /// Takes a repository into a base and asks for its files. Answers the secret of its webhook as well, which is never
    /// shown again.
    ///
    /// # Errors
    /// With what to change, or when the viewer may not change the base.
    pub async fn add_repository(
        &self,
        actor: Actor<'_>,
        base: BaseId,
        form: &RepositoryForm,
    ) -> Result<(Repository, String)> {
        let scope = self.store.as_viewer(actor.viewer);
        let known = bases::changeable(scope, base).await?;
        let checked = self.check(form, actor.viewer.is_superuser)?;
        let (id, now): (RepositoryId, i64) = (self.ports.id(), self.ports.now());
        let secret = hex(&self.ports.secret());
        let mut tx = scope.begin().await?;
        tx.execute(
            "INSERT INTO repositories (id, organisation_id, base_id, url, branch, username, token, webhook_secret, every_minutes, commit_message, skipped, created_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', '{}', $10, $11, $11)",
            args![
                id,
                known.organisation,
                base,
                &checked.url,
                &checked.branch,
                self.workshop.seal(form.username.trim())?,
                self.workshop.seal(form.token.trim())?,
                self.workshop.seal(&secret)?,
                form.every_minutes,
                actor.viewer.id,
                now
            ],
        )
        .await
        .map_err(taken)?;
        let asker = Asker { organisation: known.organisation.0, person: actor.viewer.id.0 };
        jobs::ask(&mut tx, &self.ports, asker, Kind::Fetch, id.0).await?;
        self.audit(&mut tx, actor, &known, None, Some(&checked.url)).await?;
        tx.commit().await?;
        self.jobs.wake();
        Ok((self.repository(scope, id).await?, secret))
    }

    /// The repositories of a base, by address.
    ///
    /// # Errors
    /// When the viewer does not see the base.
    pub async fn repositories(&self, scope: Scope<'_>, base: BaseId, page: PageRequest) -> Result<Page<Repository>> {
        rows::page(scope, &self.workshop.seal, base, page).await
    }

    /// One of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the viewer does not see its base.
    pub async fn repository(&self, scope: Scope<'_>, id: RepositoryId) -> Result<Repository> {
        rows::get(scope, &self.workshop.seal, id).await
    }

    /// What people did with a project's knowledge is noted; what they do with their own is nobody's business.
    async fn audit(
        &self,
        tx: &mut Tx,
        actor: Actor<'_>,
        known: &bases::Known,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<()> {
        if known.project.is_none() {
            return Ok(());
        }
        let told = |it: Option<&str>| it.map(|url| serde_json::json!({ "repository": url }));
        let deed = bases::deed(known.organisation, "knowledge.repository", known.id, &known.name);
        audit::note(tx, &self.ports, actor, deed, told(before), told(after)).await?;
        Ok(())
    }

    /// Changes how a repository is fetched, and fetches it if that makes a difference. `version` is the `updated_at` of
    /// what was edited.
    ///
    /// # Errors
    /// With what to change; when it was changed meanwhile; when the viewer may not change its base.
    pub async fn change_repository(
        &self,
        actor: Actor<'_>,
        id: RepositoryId,
        change: &RepositoryChange,
        version: Option<i64>,
    ) -> Result<Repository> {
        let scope = self.store.as_viewer(actor.viewer);
        let before = self.repository(scope, id).await?;
        let known = bases::changeable(scope, before.base).await?;
        let branch = change.branch.as_deref().map_or_else(|| Ok(before.branch.clone()), branch_of)?;
        let every = change.every_minutes.unwrap_or(before.every_minutes);
        check_schedule(every).map_err(Error::Invalid)?;
        let username = change.username.as_ref().unwrap_or(&before.username).trim().to_owned();
        let token = match &change.token {
            Some(token) => token.trim().to_owned(),
            None => self.token_of(id).await?,
        };
        // Who takes the token away takes the name away as well.
        let username = if token.is_empty() && change.username.is_none() { String::new() } else { username };
        check_credentials(&username, &token)?;
        let mut tx = scope.begin().await?;
        let changed = tx
            .execute(
                "UPDATE repositories SET branch = $2, username = $3, token = $4, every_minutes = $5, updated_at = $6 WHERE id = $1 AND updated_at = COALESCE($7, updated_at)",
                args![
                    id,
                    &branch,
                    self.workshop.seal(&username)?,
                    self.workshop.seal(&token)?,
                    every,
                    self.ports.now(),
                    version
                ],
            )
            .await
            .map_err(taken)?;
        if changed == 0 {
            return Err(Error::stale("repository"));
        }
        if branch != before.branch || change.username.is_some() || change.token.is_some() {
            let asker = Asker { organisation: known.organisation.0, person: actor.viewer.id.0 };
            jobs::ask(&mut tx, &self.ports, asker, Kind::Fetch, id.0).await?;
        }
        self.audit(&mut tx, actor, &known, Some(&before.url), Some(&before.url)).await?;
        tx.commit().await?;
        self.jobs.wake();
        self.repository(scope, id).await
    }

    async fn token_of(&self, id: RepositoryId) -> Result<String> {
        let system = self.store.as_system("a token is kept by whoever may change it, and shown to nobody");
        let row: Option<(String,)> = system.optional("SELECT token FROM repositories WHERE id = $1", args![id]).await?;
        Ok(row.and_then(|it| self.workshop.open(&it.0)).unwrap_or_default())
    }

    /// Asks for a repository to be fetched now.
    ///
    /// # Errors
    /// When the viewer may not change its base.
    pub async fn fetch_now(&self, actor: Actor<'_>, id: RepositoryId) -> Result<Repository> {
        let scope = self.store.as_viewer(actor.viewer);
        let repository = self.repository(scope, id).await?;
        let known = bases::changeable(scope, repository.base).await?;
        self.ask_for(Asker { organisation: known.organisation.0, person: actor.viewer.id.0 }, id.0).await?;
        self.repository(scope, id).await
    }

    async fn ask_for(&self, asker: Asker, id: Uuid) -> Result<()> {
        let mut tx = self.store.as_system("repositories are fetched for whoever searches them").begin().await?;
        jobs::ask(&mut tx, &self.ports, asker, Kind::Fetch, id).await?;
        tx.commit().await?;
        self.jobs.wake();
        Ok(())
    }

    /// Asks for those whose time has come. One that failed is tried again when its time comes again, not sooner.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_for_due(&self) -> Result<()> {
        let system = self.store.as_system("repositories are fetched for whoever searches them");
        let due: Vec<(Uuid, Uuid, Uuid)> = system
            .all(
                "SELECT r.id, r.organisation_id, r.created_by FROM repositories r LEFT JOIN jobs j ON j.kind = 'fetch' AND j.subject_id = r.id
                 WHERE r.every_minutes IS NOT NULL AND COALESCE(j.state, 'done') IN ('done', 'failed')
                    AND COALESCE(j.updated_at, r.fetched_at, r.created_at) + r.every_minutes * $2 <= $1
                 ORDER BY r.id LIMIT $3",
                args![self.ports.now(), 60 * SECOND, DUE],
            )
            .await?;
        for (id, organisation, person) in due {
            self.ask_for(Asker { organisation, person }, id).await?;
        }
        Ok(())
    }

    /// Takes a repository out of its base: its documents with all that was made of them, and what was fetched.
    ///
    /// # Errors
    /// When the viewer may not change its base.
    pub async fn remove_repository(&self, actor: Actor<'_>, id: RepositoryId) -> Result<()> {
        let scope = self.store.as_viewer(actor.viewer);
        let repository = self.repository(scope, id).await?;
        let known = bases::changeable(scope, repository.base).await?;
        loop {
            // Whoever fetches it meanwhile notices, and ends; until then there may be one document more.
            let mut tx = scope.begin().await?;
            jobs::forget(&mut tx, Kind::Fetch, id.0).await?;
            tx.commit().await?;
            let documents: Vec<(Uuid,)> =
                scope.all("SELECT id FROM documents WHERE repository_id = $1", args![id]).await?;
            for (document,) in documents {
                self.remove_source(document, repository.base.0).await?;
            }
            let mut tx = scope.begin().await?;
            let removed = tx
                .execute(
                    "DELETE FROM repositories WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.repository_id = $1)",
                    args![id],
                )
                .await?;
            if removed == 1 {
                jobs::forget(&mut tx, Kind::Fetch, id.0).await?;
                self.audit(&mut tx, actor, &known, Some(&repository.url), None).await?;
                tx.commit().await?;
                break;
            }
            drop(tx);
            self.repository(scope, id).await?;
        }
        self.sweep_folders().await
    }

    /// Removes what was fetched of repositories that are gone.
    pub(super) async fn sweep_folders(&self) -> Result<()> {
        let system = self.store.as_system("folders are nobody's when their repository is gone");
        let mut left = Vec::new();
        for entry in std::fs::read_dir(&self.workshop.folder).into_iter().flatten().flatten() {
            let Ok(id) = entry.file_name().to_string_lossy().parse::<Uuid>() else { continue };
            let row: Option<(Uuid,)> = system.optional("SELECT id FROM repositories WHERE id = $1", args![id]).await?;
            if row.is_none() {
                left.push(entry.path());
            }
        }
        let removed = tokio::task::spawn_blocking(move || left.iter().try_for_each(std::fs::remove_dir_all)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(%error, "a repository's folder stays");
        }
        Ok(())
    }
}

fn taken(error: sqlx::Error) -> Error {
    let columns = "repositories.base_id, repositories.url, repositories.branch";
    if breaks_unique(&error, "repositories_url_key", columns) {
        return Error::field("url", "This branch of this repository is in the knowledge base already.");
    }
    error.into()
}
