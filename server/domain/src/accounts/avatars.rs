//! People's pictures: whose, and who sees them.

use super::Accounts;
use crate::error::{Error, Result};
use crate::seal::hex;
use crate::store::args;
use atrium::ids::UserId;
use atrium::people::Viewer;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Avatar {
    /// Of the image: with another picture it is another.
    pub hash: String,
    /// PNG, 256 pixels a side.
    pub image: Vec<u8>,
}

impl Accounts {
    /// Somebody's picture, for everybody of their organisation.
    ///
    /// # Errors
    /// [`Error::NotFound`] when they have none, or the viewer is of another organisation.
    pub async fn avatar(&self, viewer: &Viewer, of: UserId) -> Result<Avatar> {
        let organisation: Option<Uuid> = (!viewer.is_superuser).then_some(viewer.organisation.0);
        let found: Option<Avatar> = self
            .store
            .as_viewer(viewer)
            .optional(
                "SELECT a.hash, a.image FROM avatars a JOIN users u ON u.id = a.user_id
                 WHERE a.user_id = $1 AND u.organisation_id = COALESCE($2, u.organisation_id)",
                args![of, organisation],
            )
            .await?;
        found.ok_or(Error::NotFound("picture"))
    }

    /// The picture of that person and hash, for whoever knows both: see `GET /avatars/…`.
    ///
    /// # Errors
    /// [`Error::NotFound`] when they have another one, or none.
    pub async fn avatar_at(&self, of: UserId, hash: &str) -> Result<Vec<u8>> {
        let found: Option<(Vec<u8>,)> = self
            .store
            .as_system("whoever knows a picture's address was told it")
            .optional("SELECT image FROM avatars WHERE user_id = $1 AND hash = $2", args![of, hash])
            .await?;
        Ok(found.ok_or(Error::NotFound("picture"))?.0)
    }

    /// Makes the viewer's picture from a file; answers its hash.
    ///
    /// # Errors
    /// With what to change about the file.
    pub async fn set_avatar(&self, viewer: &Viewer, file: Vec<u8>) -> Result<String> {
        let image = self.portraits.portrait(file).await?;
        let hash = hex(&Sha256::digest(&image));
        self.store
            .as_viewer(viewer)
            .execute(
                "INSERT INTO avatars (user_id, hash, image, updated_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, image = excluded.image, updated_at = excluded.updated_at",
                args![viewer.id, &hash, image, self.ports.now()],
            )
            .await?;
        Ok(hash)
    }

    /// Takes the viewer's picture away; where there is none, nothing happens.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_avatar(&self, viewer: &Viewer) -> Result<()> {
        let scope = self.store.as_viewer(viewer);
        scope.execute("DELETE FROM avatars WHERE user_id = $1", args![viewer.id]).await?;
        Ok(())
    }
}
