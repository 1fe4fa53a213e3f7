//! Secrets at rest: one key for the server, from `SECRET_KEY` or made on first start.

use crate::error::Error;
use chacha20poly1305::aead::{Aead, AeadCore, KeyInit, OsRng};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use std::path::Path;
use subtle::ConstantTimeEq as _;

/// The length of XChaCha20's nonce, which is kept in front of what it sealed.
const NONCE: usize = 24;

/// Seals and opens what must not be read from a copy of the database.
#[derive(Clone)]
pub struct Seal {
    cipher: XChaCha20Poly1305,
    secret: SecretString,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// From any secret text.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let key = Sha256::new().chain_update(b"atrium/seal/1").chain_update(secret.as_bytes()).finalize();
        Self { cipher: XChaCha20Poly1305::new(Key::from_slice(&key)), secret: SecretString::from(secret) }
    }

    /// A key for another purpose, from which this one cannot be told.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let hash = Sha256::new().chain_update(b"atrium/derived/1/").chain_update(purpose).chain_update(b"/");
        hash.chain_update(self.secret.expose_secret()).finalize().into()
    }

    /// As text that can stand in a column.
    ///
    /// # Errors
    /// When the cipher refuses, which it has no reason to.
    pub fn seal(&self, plain: &str) -> Result<String, Error> {
        let nonce = XChaCha20Poly1305::generate_nonce(&mut OsRng);
        let sealed =
            self.cipher.encrypt(&nonce, plain.as_bytes()).map_err(|_| Error::Internal("sealing failed".to_owned()))?;
        Ok(hex(&[nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed; `None` when it was sealed with another key or changed since.
    #[must_use]
    pub fn open(&self, sealed: &str) -> Option<String> {
        let bytes = unhex(sealed)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
        let plain = self.cipher.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
        String::from_utf8(plain).ok()
    }
}

/// The secret in `file`, made and kept there if it is not, readable by its owner only.
///
/// # Errors
/// When the file can be neither read nor made.
pub fn kept_secret(file: &Path, fresh: [u8; 32]) -> std::io::Result<String> {
    match std::fs::read_to_string(file) {
        Ok(secret) if !secret.trim().is_empty() => return Ok(secret.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = hex(&fresh);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(secret.as_bytes())?;
    file.sync_all()?;
    Ok(secret)
}

/// SHA-256, for what is looked up by something that must not be stored.
#[must_use]
pub fn digest(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

/// Whether two secrets are the same, in a time that tells nothing of how much of them is.
#[must_use]
pub fn same_secret(one: &str, other: &str) -> bool {
    digest(one).ct_eq(&digest(other)).into()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes that hexadecimal digits stand for.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_and_nothing_shows() {
        let seal = Seal::new("one");
        let sealed = seal.seal("sk-geheim").unwrap();
        assert!(!sealed.contains("geheim"));
        assert_ne!(sealed, seal.seal("sk-geheim").unwrap(), "the same text never looks the same");
        assert_eq!(seal.open(&sealed).as_deref(), Some("sk-geheim"));
        assert_eq!(Seal::new("two").open(&sealed), None);
        assert_eq!(seal.open("zz"), None);
        let (rest, last) = sealed.split_at(sealed.len() - 1);
        let changed = if last == "0" { "1" } else { "0" };
        assert_eq!(seal.open(&format!("{rest}{changed}")), None);
    }

    #[test]
    #[cfg(unix)]
    fn a_secret_is_made_once_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret.key");
        let first = kept_secret(&file, [7; 32]).unwrap();
        assert_eq!(kept_secret(&file, [8; 32]).unwrap(), first);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
