//! People and how they come in: accounts, passwords, sessions, the first administrator.

pub mod administration;
pub mod api_tokens;
mod avatars;
mod creation;
pub mod impersonation;
pub mod invitations;
mod jwt;
mod password;
mod portrait;
mod profile;
mod recovery;
pub mod sessions;
pub mod setup;
pub mod sign_ins;
#[cfg(test)]
mod tests;
pub mod tokens;

pub use avatars::Avatar;
pub use creation::NewAccount;
pub use password::Hasher;
pub use portrait::FILE_MAX as PICTURE_FILE_MAX;
pub use profile::{PEOPLE_COLUMNS, PeopleFilter};

use crate::error::{Error, Result, breaks_unique};
use crate::limits::{self, Limit};
use crate::ports::{Ports, SECOND};
use crate::store::{Store, Tx, args};
use atrium::ids::{OrganisationId, UserId};
use atrium::people::{Credentials, NewPerson, PASSWORD_MIN, Role, Viewer, normalise_email};
use uuid::Uuid;

/// Wrong passwords for one account, and sign-ins from one address.
const PER_ACCOUNT: Limit = Limit { hits: 10, window: 15 * 60 * SECOND };
const PER_ADDRESS: Limit = Limit { hits: 50, window: 15 * 60 * SECOND };
const REGISTRATIONS: Limit = Limit { hits: 10, window: 3600 * SECOND };

/// The organisation of whoever comes without an invitation.
const DEFAULT_ORGANISATION: &str = "Default organisation";
const DEFAULT_ORGANISATION_ID: Uuid = Uuid::from_u128(1);

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    username: String,
    name: String,
    role: String,
    is_superuser: bool,
    is_active: bool,
    password_hash: String,
}

impl UserRow {
    fn into_viewer(self) -> Result<Viewer> {
        let role = Role::parse(&self.role)
            .ok_or_else(|| Error::Internal(format!("user {} has the unknown role {}", self.id, self.role)))?;
        Ok(Viewer {
            id: self.id.into(),
            organisation: self.organisation_id.into(),
            role,
            is_superuser: self.is_superuser,
            name: self.name,
            email: self.email,
            username: self.username,
            impersonator: None,
            avatar: None,
        })
    }
}

/// A user name that looks like an address is its owner's own, so that only one row is meant.
const SELECT_BY_EMAIL: &str = "SELECT id, organisation_id, email, username, name, role, is_superuser, is_active, password_hash FROM users WHERE email = $1 OR username = $1";
const SELECT_BY_ID: &str = "SELECT id, organisation_id, email, username, name, role, is_superuser, is_active, password_hash FROM users WHERE id = $1";

const SELECT_SUPERUSER: &str = "SELECT created_at FROM users WHERE is_superuser LIMIT 1";

/// Bytes; see [`NewPerson::check`].
const EMAIL_MAX: usize = 254;

fn wrong() -> Error {
    Error::field("password", "E-mail address or password is wrong.")
}

fn address_taken() -> Error {
    Error::field("email", "There is an account with this address. Sign in instead.")
}

fn account_bucket(email: &str) -> String {
    format!("sign-in:account:{email}")
}

fn taken(error: sqlx::Error) -> Error {
    if breaks_unique(&error, "users_email_key", "users.email") {
        address_taken()
    } else if breaks_unique(&error, "users_username_key", "users.username") {
        Error::field("username", "Somebody else has this user name. Choose another.")
    } else {
        error.into()
    }
}

/// With what somebody showed who they are; for [`Accounts::confirm`].
#[derive(Clone)]
pub struct Proof {
    user: UserId,
    password_hash: String,
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proof")
    }
}

/// What accounts need to work.
#[derive(Debug, Clone)]
pub struct Accounts {
    store: Store,
    ports: Ports,
    hasher: Hasher,
    portraits: portrait::Studio,
}

impl Accounts {
    /// Over `store`.
    #[must_use]
    pub fn new(store: Store, ports: Ports, hasher: Hasher) -> Self {
        Self { store, ports, hasher, portraits: portrait::Studio::default() }
    }

    /// Whoever a session belongs to, unless they were deactivated since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn viewer(&self, id: UserId) -> Result<Option<Viewer>> {
        let row: Option<UserRow> =
            self.store.as_system("who signs in is not known yet").optional(SELECT_BY_ID, args![id]).await?;
        row.filter(|it| it.is_active).map(UserRow::into_viewer).transpose()
    }

    /// Whoever has that address, for whoever holds the machine.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_email(&self, email: &str) -> Result<Option<Viewer>> {
        let system = self.store.as_system("whoever holds the machine acts for anybody");
        let row: Option<UserRow> = system.optional(SELECT_BY_EMAIL, args![normalise_email(email)]).await?;
        row.filter(|it| it.is_active).map(UserRow::into_viewer).transpose()
    }

    /// Whether anybody rules this server yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_superuser(&self) -> Result<bool> {
        let first: Option<(i64,)> =
            self.store.as_system("counts, reads nobody").optional(SELECT_SUPERUSER, args![]).await?;
        Ok(first.is_some())
    }

    /// Checks a password. Takes as long for an address that nobody has.
    ///
    /// # Errors
    /// When it is wrong, the account is off, or it was tried too often.
    pub async fn sign_in(&self, credentials: &Credentials, address: &str) -> Result<(Viewer, Proof)> {
        let email = normalise_email(&credentials.email);
        if email.is_empty() || credentials.password.is_empty() {
            return Err(Error::field(
                if email.is_empty() { "email" } else { "password" },
                "Enter your e-mail address and your password.",
            ));
        }
        // Nobody has such a long address, and it must not become the key of a row.
        if email.len() > EMAIL_MAX {
            return Err(wrong());
        }
        let from = format!("sign-in:address:{}", limits::network(address));
        limits::hit(&self.store, &self.ports, &from, PER_ADDRESS).await?;
        let row: Option<UserRow> =
            self.store.as_system("who signs in is not known yet").optional(SELECT_BY_EMAIL, args![&email]).await?;
        // One count an account, by whichever of its names it is tried.
        let email = row.as_ref().map_or(email, |it| it.email.clone());
        self.may_try(&email).await?;
        let hash = row.as_ref().map(|it| it.password_hash.clone());
        let matches = self.hasher.verify(hash.clone(), credentials.password.clone()).await?;
        let Some(row) = row.filter(|_| matches) else {
            return Err(wrong());
        };
        if !row.is_active {
            return Err(Error::field("email", "This account is switched off. Ask an administrator."));
        }
        limits::clear(&self.store, &account_bucket(&email)).await?;
        // A whole office may come from one address.
        limits::take_back(&self.store, &from).await?;
        self.store
            .as_system("notes the person's own sign-in")
            .execute("UPDATE users SET last_login_at = $2 WHERE id = $1", args![row.id, self.ports.now()])
            .await?;
        let mut proof = Proof { user: row.id.into(), password_hash: row.password_hash.clone() };
        if password::is_foreign(&proof.password_hash) {
            let hash = self.hasher.hash(credentials.password.clone()).await?;
            let changed = self
                .store
                .as_system("the password that was just given, hashed as strongly as others")
                .execute(
                    "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
                    args![row.id, &proof.password_hash, &hash],
                )
                .await?;
            if changed == 1 {
                proof.password_hash = hash;
            }
        }
        Ok((row.into_viewer()?, proof))
    }

    /// To be asked once a session or token was written: whether the password that it was given for still holds. One that
    /// was changed in between has ended every session there was, but not the one that was about to be.
    ///
    /// # Errors
    /// When it was changed meanwhile, or the account switched off.
    pub async fn confirm(&self, proof: &Proof) -> Result<()> {
        let row: Option<UserRow> =
            self.store.as_system("the person who signs in").optional(SELECT_BY_ID, args![proof.user]).await?;
        let holds = row.is_some_and(|it| it.is_active && it.password_hash == proof.password_hash);
        if holds { Ok(()) } else { Err(wrong()) }
    }

    /// Counts an attempt at an account's password.
    async fn may_try(&self, email: &str) -> Result<()> {
        limits::hit(&self.store, &self.ports, &account_bucket(email), PER_ACCOUNT).await
    }

    /// A new account in the default organisation.
    ///
    /// # Errors
    /// With what to change; when the address is taken; when it was tried too often.
    pub async fn register(&self, person: &NewPerson, address: &str) -> Result<Viewer> {
        self.register_with(person, PASSWORD_MIN, address).await
    }

    /// As [`Accounts::register`], for clients that promise their people a shorter password.
    ///
    /// # Errors
    /// As [`Accounts::register`].
    pub async fn register_with(&self, person: &NewPerson, password_min: usize, address: &str) -> Result<Viewer> {
        person.check_with(password_min).map_err(Error::Invalid)?;
        limits::hit(&self.store, &self.ports, &format!("register:{}", limits::network(address)), REGISTRATIONS).await?;
        let hash = self.hasher.hash(person.password.clone()).await?;
        let mut tx = self.store.as_system("a person who does not exist yet").begin().await?;
        let viewer = self.insert(&mut tx, person, hash, Role::User, false).await?;
        tx.commit().await?;
        Ok(viewer)
    }

    /// A superuser, for the command line.
    ///
    /// # Errors
    /// As [`Accounts::register`].
    pub async fn create_superuser(&self, person: &NewPerson) -> Result<Viewer> {
        person.check().map_err(Error::Invalid)?;
        let hash = self.hasher.hash(person.password.clone()).await?;
        let mut tx = self.store.as_system("whoever holds the machine rules it").begin().await?;
        let viewer = self.insert(&mut tx, person, hash, Role::Admin, true).await?;
        tx.commit().await?;
        Ok(viewer)
    }

    pub(crate) async fn insert(
        &self,
        tx: &mut Tx,
        person: &NewPerson,
        hash: String,
        role: Role,
        is_superuser: bool,
    ) -> Result<Viewer> {
        let organisation = self.default_organisation(tx).await?;
        self.insert_into(tx, organisation, person, hash, role, is_superuser).await
    }

    async fn insert_into(
        &self,
        tx: &mut Tx,
        organisation: OrganisationId,
        person: &NewPerson,
        hash: String,
        role: Role,
        is_superuser: bool,
    ) -> Result<Viewer> {
        let now = self.ports.now();
        let viewer = Viewer {
            id: self.ports.id(),
            organisation,
            role,
            is_superuser,
            name: atrium::text::line(&person.name),
            email: normalise_email(&person.email),
            username: person.username(),
            impersonator: None,
            avatar: None,
        };
        tx.execute(
            "INSERT INTO users (id, organisation_id, email, username, name, job_title, department, role, is_superuser, is_active, password_hash, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, '', '', $6, $7, TRUE, $8, $9, $9)",
            args![
                viewer.id,
                organisation,
                &viewer.email,
                &viewer.username,
                &viewer.name,
                role.as_str(),
                is_superuser,
                hash,
                now
            ],
        )
        .await
        // Somebody with this address has it for a user name as well, unless they chose another.
        .map_err(|error| match taken(error) {
            Error::Invalid(_) if viewer.username == viewer.email => address_taken(),
            error => error,
        })?;
        Ok(viewer)
    }

    /// Where whoever comes without an invitation belongs, made if there is none yet.
    pub(crate) async fn default_organisation(&self, tx: &mut Tx) -> Result<OrganisationId> {
        let found: Option<(Uuid,)> = tx
            .optional("SELECT id FROM organisations WHERE deleted_at IS NULL ORDER BY created_at, id LIMIT 1", args![])
            .await?;
        if let Some((id,)) = found {
            return Ok(id.into());
        }
        // Two who come first at once must not make two: the id is the same, and the second finds the first one's.
        tx.execute(
            "INSERT INTO organisations (id, name, contact_name, contact_email, contact_phone, address, created_at, updated_at) VALUES ($1, $2, '', '', '', '', $3, $3) ON CONFLICT DO NOTHING",
            args![DEFAULT_ORGANISATION_ID, DEFAULT_ORGANISATION, self.ports.now()],
        )
        .await?;
        Ok(DEFAULT_ORGANISATION_ID.into())
    }
}
