//! Prompts that people keep: their own, and those that somebody shares with a project or the organisation.
//!
//! Whoever made a prompt changes it. One that is shared with a project is also changed by the project's managers, one of the
//! organisation by those who may share with all of it; what they do there is in the audit log.

#[cfg(test)]
mod tests;

use crate::audit::{self, Actor, Deed};
use crate::error::{Error, Result, breaks_unique};
use crate::ports::{Micros, Ports};
use crate::projects;
use crate::store::{Scope, Store, args, contains};
use atrium::chat::MESSAGE_MAX;
use atrium::ids::{OrganisationId, ProjectId, PromptId};
use atrium::paging::{Page, PageRequest};
use atrium::people::Viewer;
use atrium::permissions::Permission;
use atrium::projects::ProjectRole;
use atrium::prompts::{Prompt, PromptForm, SharedWith, render as fill_in};
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    organisation_id: Uuid,
    owner_id: Uuid,
    owner_name: String,
    shared_with: String,
    project_id: Option<Uuid>,
    project_name: Option<String>,
    /// The viewer's, in that project.
    role: Option<String>,
    name: String,
    shortcut: Option<String>,
    description: String,
    text: String,
    created_at: i64,
    updated_at: i64,
}

impl Row {
    fn into_prompt(self, viewer: &Viewer) -> Prompt {
        let shared_with = SharedWith::parse(&self.shared_with).unwrap_or_default();
        let is_own = self.owner_id == viewer.id.0;
        let role = self.role.as_deref().and_then(ProjectRole::parse);
        let can_change = is_own
            || match shared_with {
                SharedWith::Nobody => false,
                SharedWith::Project => role == Some(ProjectRole::Manager) || viewer.may(Permission::ManageProjects),
                SharedWith::Organisation => viewer.may(Permission::SharePrompts),
            };
        Prompt {
            id: self.id.into(),
            name: self.name,
            shortcut: self.shortcut.unwrap_or_default(),
            description: self.description,
            text: self.text,
            shared_with,
            project: self.project_id.map(Into::into),
            project_name: self.project_name,
            owner: self.owner_id.into(),
            owner_name: self.owner_name,
            is_own,
            can_change,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// Those that the viewer sees, by name: their own, those of their projects and of the organisation. `search` is a part of
/// name, shortcut or description in any case.
///
/// # Errors
/// When the database does not answer.
pub async fn page(scope: Scope<'_>, page: PageRequest, search: Option<&str>) -> Result<Page<Prompt>> {
    let viewer = scope.viewer;
    let ((organisation, must_be_member), pattern) = (projects::reach(viewer), contains(search.unwrap_or_default()));
    let count: Option<(i64,)> = scope
        .optional(
            "SELECT COUNT(*) FROM prompts t LEFT JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = t.project_id AND m.user_id = $1
             WHERE t.deleted_at IS NULL AND t.organisation_id = COALESCE($2, t.organisation_id) AND t.found_by LIKE $4 ESCAPE '!'
                AND (t.owner_id = $1 OR t.shared_with = 'organisation' OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![viewer.id, organisation, must_be_member, &pattern],
        )
        .await?;
    let rows: Vec<Row> = scope
        .all(
            "SELECT t.id, t.organisation_id, t.owner_id, u.name AS owner_name, t.shared_with, t.project_id, p.name AS project_name, m.role, t.name,
                t.shortcut, t.description, t.text, t.created_at, t.updated_at
             FROM prompts t JOIN users u ON u.id = t.owner_id LEFT JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = t.project_id AND m.user_id = $1
             WHERE t.deleted_at IS NULL AND t.organisation_id = COALESCE($2, t.organisation_id) AND t.found_by LIKE $4 ESCAPE '!'
                AND (t.owner_id = $1 OR t.shared_with = 'organisation' OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))
             ORDER BY t.name_folded, t.id LIMIT $5 OFFSET $6",
            args![viewer.id, organisation, must_be_member, &pattern, page.limit(), page.offset()],
        )
        .await?;
    Ok(Page { count: count.map_or(0, |it| it.0), items: rows.into_iter().map(|it| it.into_prompt(viewer)).collect() })
}

/// One of them.
///
/// # Errors
/// [`Error::NotFound`] when the viewer does not see it.
pub async fn get(scope: Scope<'_>, id: PromptId) -> Result<Prompt> {
    Ok(row(scope, id, false).await?.into_prompt(scope.viewer))
}

/// One of them, deleted or not.
async fn row(scope: Scope<'_>, id: PromptId, is_deleted: bool) -> Result<Row> {
    let viewer = scope.viewer;
    let (organisation, must_be_member) = projects::reach(viewer);
    let row = scope
        .optional(
            "SELECT t.id, t.organisation_id, t.owner_id, u.name AS owner_name, t.shared_with, t.project_id, p.name AS project_name, m.role, t.name,
                t.shortcut, t.description, t.text, t.created_at, t.updated_at
             FROM prompts t JOIN users u ON u.id = t.owner_id LEFT JOIN projects p ON p.id = t.project_id AND p.deleted_at IS NULL
                LEFT JOIN project_members m ON m.project_id = t.project_id AND m.user_id = $1
             WHERE t.id = $4 AND ($5 OR t.deleted_at IS NULL) AND t.organisation_id = COALESCE($2, t.organisation_id)
                AND (t.owner_id = $1 OR t.shared_with = 'organisation' OR p.id IS NOT NULL AND (m.user_id IS NOT NULL OR NOT $3))",
            args![viewer.id, organisation, must_be_member, id, is_deleted],
        )
        .await?;
    row.ok_or(Error::NotFound("prompt"))
}

/// The same for who wants to change it, with the organisation that it belongs to.
async fn changeable(scope: Scope<'_>, id: PromptId, is_deleted: bool) -> Result<(Prompt, OrganisationId)> {
    let row = row(scope, id, is_deleted).await?;
    let organisation = row.organisation_id.into();
    let prompt = row.into_prompt(scope.viewer);
    if prompt.can_change {
        Ok((prompt, organisation))
    } else {
        Err(Error::Forbidden("This prompt is somebody else's. Make one of your own of its text to change it."))
    }
}

/// Whether the viewer may share a prompt of that organisation like this.
async fn must_share(
    scope: Scope<'_>,
    organisation: OrganisationId,
    with: SharedWith,
    project: Option<ProjectId>,
) -> Result<()> {
    match (with, project) {
        (SharedWith::Organisation, _) if !scope.viewer.may(Permission::SharePrompts) => {
            Err(Error::Forbidden("Only administrators and managers share prompts with the whole organisation."))
        }
        (SharedWith::Project, Some(id)) => {
            let known = match projects::get(scope, id).await {
                Err(Error::NotFound(_)) => return Err(Error::field("project_id", "There is no such project.")),
                found => found?,
            };
            if !known.can_manage && known.role != Some(ProjectRole::Member) {
                return Err(Error::Forbidden(
                    "Guests of the project use its prompts; its members share theirs with it.",
                ));
            }
            if projects::organisation_of(scope, id).await? != organisation {
                return Err(Error::field("project_id", "The project belongs to another organisation."));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// A new prompt of the viewer's.
///
/// # Errors
/// With what to change, or when the viewer may not make or share it like this.
pub async fn create(store: &Store, ports: &Ports, actor: Actor<'_>, form: &PromptForm) -> Result<Prompt> {
    let (viewer, scope) = (actor.viewer, store.as_viewer(actor.viewer));
    if !viewer.may(Permission::MakePrompts) {
        return Err(Error::Forbidden("Your role does not make prompts. Ask an administrator."));
    }
    let form = form.check().map_err(Error::Invalid)?;
    must_share(scope, viewer.organisation, form.shared_with, form.project).await?;
    let id: PromptId = ports.id();
    let mut tx = scope.begin().await?;
    tx.execute(
        "INSERT INTO prompts (id, organisation_id, owner_id, shared_with, project_id, name, name_folded, shortcut, description, found_by, text, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
        args![
            id,
            viewer.organisation,
            viewer.id,
            form.shared_with.as_str(),
            form.project,
            &form.name,
            form.name.to_lowercase(),
            atrium::text::filled(&form.shortcut),
            &form.description,
            found_by(&form),
            &form.text,
            ports.now()
        ],
    )
    .await
    .map_err(taken)?;
    if form.shared_with != SharedWith::Nobody {
        let deed = deed(viewer.organisation, "prompt.create", id, &form.name);
        audit::note(&mut tx, ports, actor, deed, None::<()>, Some(&form)).await?;
    }
    tx.commit().await?;
    get(scope, id).await
}

/// Changes a prompt. `version` is the `updated_at` of what was edited.
///
/// # Errors
/// With what to change; when it was changed meanwhile; when the viewer may not.
pub async fn change(
    store: &Store,
    ports: &Ports,
    actor: Actor<'_>,
    id: PromptId,
    form: &PromptForm,
    version: Option<i64>,
) -> Result<Prompt> {
    let scope = store.as_viewer(actor.viewer);
    let (before, organisation) = changeable(scope, id, false).await?;
    let form = form.check().map_err(Error::Invalid)?;
    if (form.shared_with, form.project) != (before.shared_with, before.project) {
        if !before.is_own && form.shared_with == SharedWith::Nobody {
            return Err(Error::Forbidden("Only whoever made a prompt takes it back for themselves."));
        }
        must_share(scope, organisation, form.shared_with, form.project).await?;
    }
    let mut tx = scope.begin().await?;
    let changed = tx
        .execute(
            "UPDATE prompts SET shared_with = $2, project_id = $3, name = $4, name_folded = $5, shortcut = $6, description = $7, found_by = $8,
                text = $9, updated_at = $10
             WHERE id = $1 AND deleted_at IS NULL AND updated_at = COALESCE($11, updated_at)",
            args![
                id,
                form.shared_with.as_str(),
                form.project,
                &form.name,
                form.name.to_lowercase(),
                atrium::text::filled(&form.shortcut),
                &form.description,
                found_by(&form),
                &form.text,
                ports.now(),
                version
            ],
        )
        .await
        .map_err(taken)?;
    if changed == 0 {
        return Err(Error::stale("prompt"));
    }
    if before.shared_with != SharedWith::Nobody || form.shared_with != SharedWith::Nobody {
        let deed = deed(organisation, "prompt.change", id, &form.name);
        audit::note(&mut tx, ports, actor, deed, Some(PromptForm::from(&before)), Some(&form)).await?;
    }
    tx.commit().await?;
    get(scope, id).await
}

/// Deletes a prompt; for a while [`restore`] brings it back.
///
/// # Errors
/// When the viewer does not see it or may not.
pub async fn delete(store: &Store, ports: &Ports, actor: Actor<'_>, id: PromptId) -> Result<()> {
    let scope = store.as_viewer(actor.viewer);
    let (before, organisation) = changeable(scope, id, false).await?;
    let mut tx = scope.begin().await?;
    tx.execute("UPDATE prompts SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL", args![id, ports.now()])
        .await?;
    if before.shared_with != SharedWith::Nobody {
        let deed = deed(organisation, "prompt.delete", id, &before.name);
        audit::note(&mut tx, ports, actor, deed, Some(PromptForm::from(&before)), None::<()>).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Undoes [`delete`].
///
/// # Errors
/// When the viewer may not, or another prompt has its name or shortcut by now.
pub async fn restore(store: &Store, ports: &Ports, actor: Actor<'_>, id: PromptId) -> Result<Prompt> {
    let scope = store.as_viewer(actor.viewer);
    let (prompt, organisation) = changeable(scope, id, true).await?;
    let mut tx = scope.begin().await?;
    let restored = tx
        .execute(
            "UPDATE prompts SET deleted_at = NULL, updated_at = $2 WHERE id = $1 AND deleted_at IS NOT NULL",
            args![id, ports.now()],
        )
        .await
        .map_err(|error| match taken(error) {
            Error::Invalid(_) => Error::Conflict {
                code: "name_taken",
                message: "Another prompt has its name or shortcut by now. Rename that one first.".to_owned(),
            },
            error => error,
        })?;
    if restored == 1 && prompt.shared_with != SharedWith::Nobody {
        let deed = deed(organisation, "prompt.restore", id, &prompt.name);
        audit::note(&mut tx, ports, actor, deed, None::<()>, None::<()>).await?;
    }
    tx.commit().await?;
    get(scope, id).await
}

/// A prompt with its variables filled in: a message that can be sent.
///
/// # Errors
/// When the viewer does not see it; with what is missing; when it becomes longer than a message may be.
pub async fn render(scope: Scope<'_>, id: PromptId, values: &BTreeMap<String, String>) -> Result<String> {
    let prompt = get(scope, id).await?;
    let text = fill_in(&prompt.text, values).map_err(Error::Invalid)?;
    if text.len() > MESSAGE_MAX {
        return Err(Error::field(
            "values",
            format!(
                "Filled in, the prompt has {} kB; a message has at most {} kB.",
                text.len() / 1024,
                MESSAGE_MAX / 1024
            ),
        ));
    }
    Ok(text)
}

/// Forgets what was deleted before that moment.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(store: &Store, before: Micros) -> Result<()> {
    let queries = store.as_system("what was deleted goes after a while");
    queries.execute("DELETE FROM prompts WHERE deleted_at < $1", args![before]).await?;
    Ok(())
}

/// What a search looks through.
fn found_by(form: &PromptForm) -> String {
    format!("{}\n{}\n{}", form.name, form.shortcut, form.description).to_lowercase()
}

fn deed<'a>(organisation: OrganisationId, action: &'static str, id: PromptId, name: &'a str) -> Deed<'a> {
    Deed { organisation, action, kind: "prompt", id: id.0, name }
}

fn taken(error: sqlx::Error) -> Error {
    if breaks_unique(&error, "prompts_name_key", "prompts.owner_id, prompts.name_folded") {
        Error::field("name", "There is another prompt of this name.")
    } else if breaks_unique(&error, "prompts_shortcut_key", "prompts.owner_id, prompts.shortcut") {
        Error::field("shortcut", "Another prompt has this shortcut.")
    } else {
        error.into()
    }
}
