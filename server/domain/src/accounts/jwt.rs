//! JWTs: signed and read with HS256 and nothing else.

use crate::error::{Error, Result};
use atrium::ids::{FamilyId, UserId};
use hmac::{Hmac, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::sync::Once;
use uuid::Uuid;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// To call with.
    Access,
    /// To get another access token with.
    Refresh,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who; `sub` for programs that read the standard's name.
    pub sub: UserId,
    /// Who, under the name that older clients read.
    pub user_id: UserId,
    /// Their address; in access tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What for.
    #[serde(rename = "type")]
    pub purpose: Use,
    /// The sign-in that it belongs to.
    pub sid: FamilyId,
    /// This token.
    pub jti: Uuid,
    /// Seconds since 1970.
    pub iat: i64,
    /// Seconds since 1970.
    pub exp: i64,
    /// What else is said of them to clients that read it here; nothing is decided by it.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Signs and reads tokens.
#[derive(Clone)]
pub struct Jwt {
    signing: EncodingKey,
    reading: DecodingKey,
}

impl std::fmt::Debug for Jwt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jwt")
    }
}

impl Jwt {
    /// With a key that nobody else has.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        static PROVIDER: CryptoProvider = CryptoProvider {
            signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
            verifier_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?)),
            key_utils: KeyUtils::new_unimplemented(),
        };
        static INSTALL: Once = Once::new();
        // Whoever installed another one first has an HS256 as well.
        INSTALL.call_once(|| {
            let _ = PROVIDER.install_default();
        });
        Self { signing: EncodingKey::from_secret(key), reading: DecodingKey::from_secret(key) }
    }

    /// As text.
    ///
    /// # Errors
    /// When it cannot be signed, which has no reason to happen.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.signing)
            .map_err(|error| Error::Internal(format!("signing a token: {error}")))
    }

    /// What a token says, if it is ours and not over at `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`Error::BadToken`]
    pub fn read(&self, token: &str, now: i64) -> Result<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        // By our own clock, which tests move; the crate looks at the machine's.
        validation.validate_exp = false;
        validation.set_required_spec_claims(&["exp", "sub"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &self.reading, &validation).map_err(|_| Error::BadToken)?;
        if claims.claims.exp <= now { Err(Error::BadToken) } else { Ok(claims.claims) }
    }
}

/// HS256 over the crates that are here already, instead of a provider that brings every curve and RSA.
struct Hs256 {
    mac: Hmac<Sha256>,
}

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        match algorithm {
            Algorithm::HS256 => Ok(Self { mac: Hmac::new_from_slice(key).map_err(|_| ErrorKind::InvalidKeyFormat)? }),
            _ => Err(ErrorKind::InvalidAlgorithm.into()),
        }
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(self.mac.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        // Compares in constant time.
        self.mac.clone().chain_update(message).verify_slice(signature).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        let id = UserId(Uuid::from_u128(7));
        Claims {
            sub: id,
            user_id: id,
            email: Some("ada@example.org".to_owned()),
            purpose: Use::Access,
            sid: FamilyId(Uuid::from_u128(8)),
            jti: Uuid::from_u128(9),
            iat: 1_000,
            exp: 2_000,
            more: Map::from_iter([("role".to_owned(), "USER".into())]),
        }
    }

    #[test]
    fn what_was_signed_is_read_until_it_is_over() {
        let jwt = Jwt::new(b"key");
        let token = jwt.sign(&claims()).unwrap();
        assert_eq!(jwt.read(&token, 1_999).unwrap(), claims());
        assert!(matches!(jwt.read(&token, 2_000), Err(Error::BadToken)));
        assert!(matches!(Jwt::new(b"another").read(&token, 1_000), Err(Error::BadToken)));
    }

    #[test]
    fn the_known_answer() {
        // RFC 7515, appendix A.1: the key and the signing input with their published signature.
        let key = [
            3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40,
            169, 15, 132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61,
            34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
        ];
        let input = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signed = Hs256::new(Algorithm::HS256, &key).unwrap().try_sign(input.as_bytes()).unwrap();
        assert_eq!(crate::seal::hex(&signed), "7418dfb49799e0254ffa607dd8adbbba16d4254d69d6bff05b58055853848d79");
    }

    #[test]
    fn no_other_algorithm_and_no_changed_letter() {
        let jwt = Jwt::new(b"key");
        let token = jwt.sign(&claims()).unwrap();
        let parts: Vec<_> = token.split('.').collect();
        // {"alg":"none","typ":"JWT"}
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
        // {"alg":"HS384","typ":"JWT"}
        let other = format!("eyJhbGciOiJIUzM4NCIsInR5cCI6IkpXVCJ9.{}.{}", parts[1], parts[2]);
        let cut = &token[..token.len() - 4];
        for bad in [none.as_str(), other.as_str(), cut, "", "a.b.c", parts[1]] {
            assert!(matches!(jwt.read(bad, 1_000), Err(Error::BadToken)), "{bad}");
        }
    }
}
