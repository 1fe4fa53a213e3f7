//! Bases as clients of other systems know them: linked to projects, and one for documents that nobody put anywhere.

use super::bases::{self, BaseFilter};
use crate::audit::{self, Actor};
use crate::error::{Error, Result};
use crate::ports::Ports;
use crate::projects;
use crate::store::{Scope, Store, args};
use atrium::ids::{BaseId, ProjectId};
use atrium::knowledge::{Base, BaseForm};
use atrium::paging::PageRequest;
use atrium::projects::ProjectRole;

/// What became of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linked {
    /// The base was a person's own, and is the project's now.
    Now(Base),
    /// It was the project's already.
    Before(Base),
}

impl Linked {
    /// Gives a base of the viewer's own to a project in which they work.
    ///
    /// # Errors
    /// When they see one of the two not, or may not; when the base is another project's, or the project has one of that name.
    pub async fn to_project(
        store: &Store,
        ports: &Ports,
        actor: Actor<'_>,
        id: BaseId,
        project: ProjectId,
    ) -> Result<Self> {
        let scope = store.as_viewer(actor.viewer);
        let base = bases::get(scope, id).await?;
        let known = projects::get(scope, project).await?;
        if base.project == Some(project) {
            return Ok(Self::Before(base));
        }
        if base.project.is_some() {
            return Err(Error::Conflict {
                code: "knowledge_of_another_project",
                message: "The knowledge base belongs to another project.".to_owned(),
            });
        }
        if !known.can_manage && known.role != Some(ProjectRole::Member) {
            return Err(Error::Forbidden("Guests of the project look at its knowledge; its members change it."));
        }
        let organisation = projects::organisation_of(scope, project).await?;
        let mut tx = scope.begin().await?;
        let given = tx
            .execute(
                "UPDATE knowledge_bases SET owner_id = NULL, project_id = $2, updated_at = $4
                 WHERE id = $1 AND owner_id = $3 AND organisation_id = $5",
                args![id, project, actor.viewer.id, ports.now(), organisation],
            )
            .await
            .map_err(bases::taken)?;
        if given == 0 {
            return Err(Error::Forbidden(
                "Only whose own it is can give a knowledge base to a project of their organisation.",
            ));
        }
        let form = BaseForm { name: base.name, description: base.description };
        let deed = bases::deed(organisation, "knowledge.create", id, &form.name);
        audit::note(&mut tx, ports, actor, deed, None::<()>, Some(&form)).await?;
        tx.commit().await?;
        Ok(Self::Now(bases::get(scope, id).await?))
    }
}

/// Whether there is such a base at all. Clients of another system are told that a base is not linked to a project of
/// theirs, and that there is none, in different words; an id tells nothing else.
///
/// # Errors
/// When the database does not answer.
pub async fn exists(store: &Store, id: BaseId) -> Result<bool> {
    let system = store.as_system("a dialect tells what does not exist from what is not linked");
    let row: Option<(i64,)> =
        system.optional("SELECT created_at FROM knowledge_bases WHERE id = $1", args![id]).await?;
    Ok(row.is_some())
}

/// The viewer's own base of that name, made when it is first wanted.
///
/// # Errors
/// When their role does not make any.
pub async fn own(store: &Store, ports: &Ports, actor: Actor<'_>, name: &str) -> Result<Base> {
    if let Some(found) = find_own(store.as_viewer(actor.viewer), name).await? {
        return Ok(found);
    }
    let form = BaseForm { name: name.to_owned(), description: String::new() };
    match bases::create(store, ports, actor, None, &form).await {
        // Somebody else's request was quicker.
        Err(error @ Error::Invalid(_)) => find_own(store.as_viewer(actor.viewer), name).await?.ok_or(error),
        made => made,
    }
}

async fn find_own(scope: Scope<'_>, name: &str) -> Result<Option<Base>> {
    let filter = BaseFilter { search: Some(name), project: None };
    let found = bases::page(scope, filter, PageRequest::WHOLE).await?;
    let is_it = |it: &Base| it.owner == Some(scope.viewer.id) && it.name.to_lowercase() == name.to_lowercase();
    Ok(found.items.into_iter().find(is_it))
}
