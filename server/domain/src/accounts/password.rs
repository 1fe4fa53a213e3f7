//! Passwords: argon2id, off the async threads, a few at a time.

use crate::error::{Error, Result};
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString, rand_core::OsRng};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Sha256;
use std::sync::{Arc, OnceLock};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

/// How hashes begin that were imported from Django; they are accepted once, and made anew.
const DJANGO: &str = "pbkdf2_sha256$";
/// Django has arrived at a million; more than this is somebody's idea of keeping a core busy.
const ITERATIONS_MAX: u32 = 5_000_000;

/// Hashes with the parameters that OWASP recommends (19 MiB, two passes, one lane).
#[derive(Debug, Clone)]
pub struct Hasher {
    params: Params,
    /// Each hash takes 19 MiB and a core: a burst of sign-ins waits its turn instead of taking the machine.
    turns: Arc<Semaphore>,
    /// Compared with when there is no such account, so that both answers take as long.
    decoy: Arc<OnceLock<String>>,
}

impl Hasher {
    /// For production.
    ///
    /// # Errors
    /// When argon2 refuses its parameters, which it has no reason to.
    pub fn new() -> Result<Self> {
        Ok(Self::with(Params::new(19 * 1024, 2, 1, None).map_err(internal)?))
    }

    /// As weak as argon2 allows, for tests that are about something else.
    ///
    /// # Errors
    /// As [`Hasher::new`].
    pub fn weak() -> Result<Self> {
        Ok(Self::with(Params::new(Params::MIN_M_COST, 1, 1, None).map_err(internal)?))
    }

    fn with(params: Params) -> Self {
        Self { params, turns: Arc::new(Semaphore::new(2)), decoy: Arc::default() }
    }

    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let params = self.params.clone();
        self.off_thread(move || hash(&params, &password)).await?
    }

    pub(super) async fn verify(&self, stored: Option<String>, password: String) -> Result<bool> {
        let (stored, exists) = match stored {
            Some(stored) => (stored, true),
            None => (self.decoy().await?, false),
        };
        let matches = self
            .off_thread(move || match stored.strip_prefix(DJANGO) {
                Some(stored) => matches_django(stored, &password),
                None => PasswordHash::new(&stored)
                    .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
            })
            .await?;
        Ok(matches && exists)
    }

    /// Made by the first sign-in that needs it: a start must not wait for it.
    async fn decoy(&self) -> Result<String> {
        if let Some(decoy) = self.decoy.get() {
            return Ok(decoy.clone());
        }
        let made = self.hash("decoy".to_owned()).await?;
        Ok(self.decoy.get_or_init(|| made).clone())
    }

    async fn off_thread<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _turn = self.turns.acquire().await.map_err(internal)?;
        tokio::task::spawn_blocking(work).await.map_err(internal)
    }
}

/// Whether a hash that matched should be made anew, as strong as ours.
pub(super) fn is_foreign(stored: &str) -> bool {
    stored.starts_with(DJANGO)
}

/// `iterations$salt$hash`, as Django writes it.
fn matches_django(stored: &str, password: &str) -> bool {
    let mut parts = stored.split('$');
    let (Some(iterations), Some(salt), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Ok(iterations), Ok(hash)) = (iterations.parse::<u32>(), STANDARD.decode(hash)) else { return false };
    if iterations == 0 || iterations > ITERATIONS_MAX {
        return false;
    }
    let mut made = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt.as_bytes(), iterations, &mut made);
    bool::from(made.as_slice().ct_eq(&hash))
}

fn hash(params: &Params, password: &str) -> Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(internal)?.to_string())
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("password hashing: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_django_are_known() {
        // django.contrib.auth.hashers.PBKDF2PasswordHasher().encode("lètmein", "seasalt", 10000), from its own tests.
        let stored = "10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=";
        assert!(matches_django(stored, "lètmein"));
        assert!(!matches_django(stored, "letmein"));
        for broken in ["", "x$y$z", "0$seasalt$AA==", "10000$seasalt", "99999999$s$AA==", "10000$seasalt$AA==$more"] {
            assert!(!matches_django(broken, "lètmein"), "{broken}");
        }
    }
}
