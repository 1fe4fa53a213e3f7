//! The files that a database names, and those of them that are not there.

use crate::error::Result;
use crate::knowledge::files::Files;
use crate::store::Target;
use crate::store::upkeep::{self, UpkeepError};
use atrium::ids::OrganisationId;
use futures::{StreamExt as _, TryStreamExt as _};
use std::collections::BTreeMap;

/// Files asked after at once: a bucket answers slowly.
const AT_ONCE: usize = 16;

/// A file that documents or messages have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// SHA-256 as hexadecimal digits.
    pub hash: String,
    /// As one of those that have it is called.
    pub name: String,
}

/// Every file that the database names, each once. A database that is behind is asked for what it has.
///
/// # Errors
/// When it does not answer.
pub async fn named(target: &Target) -> std::result::Result<Vec<Named>, UpkeepError> {
    let mut all = BTreeMap::new();
    for it in upkeep::files(target).await? {
        all.entry((it.organisation_id, it.hash)).or_insert(it.name);
    }
    let named = |((organisation, hash), name): ((uuid::Uuid, String), String)| Named {
        organisation: OrganisationId(organisation),
        hash,
        name,
    };
    Ok(all.into_iter().map(named).collect())
}

/// Those that are not where files are kept.
///
/// # Errors
/// When the store of files does not answer.
pub async fn missing(files: &Files, named: &[Named]) -> Result<Vec<Named>> {
    let asked = futures::stream::iter(named.iter().cloned()).map(|it| async move {
        let is_there = files.has(it.organisation, &it.hash).await?;
        Ok((!is_there).then_some(it))
    });
    asked.buffered(AT_ONCE).try_filter_map(|it| async move { Ok(it) }).try_collect().await
}
