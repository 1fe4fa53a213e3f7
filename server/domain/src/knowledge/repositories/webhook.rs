//! Callers that know a repository's secret may ask for a fetch, and for nothing else.

use super::super::Knowledge;
use crate::error::{Error, Result};
use crate::jobs::Asker;
use crate::seal::unhex;
use crate::store::args;
use atrium::ids::RepositoryId;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

/// How a caller shows that it knows the secret.
#[derive(Debug, Clone, Copy)]
pub enum Signature<'a> {
    /// By what it makes of the body: `sha256=…`, as GitHub and Gitea send it.
    OfBody(&'a str),
    /// By saying it: GitLab, and whoever sends a bearer token.
    Plain(&'a str),
}

fn keyed(secret: &str, text: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text);
    Some(mac)
}

impl Signature<'_> {
    /// Compared in a time that tells nothing.
    fn is_made_with(self, secret: &str, body: &[u8]) -> bool {
        let (text, tag) = match self {
            Self::OfBody(signature) => (body, signature.trim().strip_prefix("sha256=").and_then(unhex)),
            Self::Plain(given) => {
                let tag = keyed(secret, given.trim().as_bytes()).map(|it| it.finalize().into_bytes().to_vec());
                (secret.as_bytes(), tag)
            }
        };
        tag.zip(keyed(secret, text)).is_some_and(|(tag, mac)| mac.verify_slice(&tag).is_ok())
    }
}

impl Knowledge {
    /// Asks for a fetch on behalf of somebody who knows the secret of the repository's webhook.
    ///
    /// # Errors
    /// [`Error::NotFound`] when they do not, or there is no such repository.
    pub async fn called(&self, id: RepositoryId, signature: Option<Signature<'_>>, body: &[u8]) -> Result<()> {
        let system = self.store.as_system("whoever knows the secret may ask for a fetch");
        let row: Option<(Uuid, Uuid, String)> = system
            .optional("SELECT organisation_id, created_by, webhook_secret FROM repositories WHERE id = $1", args![id])
            .await?;
        let known = row.and_then(|(organisation, person, sealed)| {
            Some((Asker { organisation, person }, self.workshop.seal.open(&sealed)?))
        });
        let is_right = |secret: &str| signature.is_some_and(|it| it.is_made_with(secret, body));
        match known.filter(|it| is_right(&it.1)) {
            Some((asker, _)) => self.ask_for(asker, id.0).await,
            None => Err(Error::NotFound("repository")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::hex;

    #[test]
    fn only_who_knows_the_secret_makes_its_signature() {
        // GitHub's own example: docs.github.com, “Validating webhook deliveries”.
        let (secret, body) = ("It's a Secret to Everybody", b"Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(Signature::OfBody(right).is_made_with(secret, body));
        assert!(!Signature::OfBody(right).is_made_with(secret, b"Hello, World?"));
        assert!(!Signature::OfBody(right).is_made_with("another", body));
        for wrong in ["", "sha256=", "sha256=zz", "sha1=00", &right[7..], &right[..40]] {
            assert!(!Signature::OfBody(wrong).is_made_with(secret, body), "{wrong}");
        }
        assert!(Signature::Plain(secret).is_made_with(secret, b""));
        for wrong in ["", "It's a Secret", &hex(secret.as_bytes())] {
            assert!(!Signature::Plain(wrong).is_made_with(secret, b""), "{wrong}");
        }
    }
}
