//! What clients of the agent platform say that a document is.

use super::{bases, documents};
use crate::error::{Error, Result};
use crate::store::{Scope, args};
use atrium::ids::DocumentId;
use atrium::knowledge::Document;
use atrium::paging::PageRequest;

/// What a document is to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentType {
    /// What holds in a house.
    Policy,
    /// What is sold.
    Product,
    /// How something works.
    TechManual,
}

impl DocumentType {
    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Product => "product",
            Self::TechManual => "tech_manual",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Policy, Self::Product, Self::TechManual].into_iter().find(|it| it.as_str() == text)
    }
}

/// What a document is; of one that was brought otherwise nobody has said it.
///
/// # Errors
/// When the viewer does not see it.
pub async fn of(scope: Scope<'_>, document: &Document) -> Result<Option<DocumentType>> {
    let row: Option<(String,)> =
        scope.optional("SELECT doc_type FROM platform_documents WHERE document_id = $1", args![document.id]).await?;
    Ok(row.and_then(|it| DocumentType::parse(&it.0)))
}

/// Says what a document is.
///
/// # Errors
/// When the viewer may not change its base.
pub async fn set(scope: Scope<'_>, id: DocumentId, kind: DocumentType) -> Result<()> {
    let document = documents::get(scope, id).await?;
    bases::changeable(scope, document.base).await?;
    scope
        .execute(
            "INSERT INTO platform_documents (document_id, doc_type) VALUES ($1, $2) ON CONFLICT (document_id) DO UPDATE SET doc_type = excluded.doc_type",
            args![id, kind.as_str()],
        )
        .await?;
    Ok(())
}

/// The documents of all bases that the viewer sees, newest first; files of repositories are none.
///
/// # Errors
/// When the database does not answer.
pub async fn all(scope: Scope<'_>) -> Result<Vec<Document>> {
    let bases = bases::page(scope, bases::BaseFilter::default(), PageRequest::WHOLE).await?;
    let mut all = Vec::new();
    for base in bases.items {
        let found = documents::page(scope, base.id, documents::DocumentFilter::default(), PageRequest::WHOLE).await;
        match found {
            Ok(found) => all.extend(found.items.into_iter().filter(|it| it.repository.is_none())),
            // It was deleted meanwhile.
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    all.sort_by(|a, b| b.created_at.cmp(&a.created_at).then(a.id.0.cmp(&b.id.0)));
    Ok(all)
}
