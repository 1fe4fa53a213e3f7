//! People: who looks, and the forms by which they come in.

use crate::failure::{Checks, FieldError};
use crate::ids::{OrganisationId, UserId};
use serde::{Deserialize, Serialize};

/// What a person may do in their organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Rules the organisation.
    Admin,
    /// Runs projects and their members.
    Manager,
    /// Builds agents and knowledge.
    Engineer,
    /// Works with data and charts.
    Analyst,
    /// Talks to agents.
    User,
    /// Reads what is shared.
    Guest,
}

impl Role {
    /// As stored and as sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Engineer => "engineer",
            Self::Analyst => "analyst",
            Self::User => "user",
            Self::Guest => "guest",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Manager, Self::Engineer, Self::Analyst, Self::User, Self::Guest]
            .into_iter()
            .find(|it| it.as_str() == text)
    }
}

/// The person on whose behalf something is read or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewer {
    /// Who.
    pub id: UserId,
    /// In which tenant.
    pub organisation: OrganisationId,
    /// As what.
    pub role: Role,
    /// Rules every organisation.
    pub is_superuser: bool,
    /// Name as shown.
    pub name: String,
    /// Address they sign in with.
    pub email: String,
    /// What they may sign in with instead.
    pub username: String,
    /// Whoever is really there, when a superuser is signed in as this person.
    #[serde(default)]
    pub impersonator: Option<Impersonator>,
    /// The hash of their picture, if they have one; known of browsers alone, where every page shows it.
    #[serde(default)]
    pub avatar: Option<String>,
}

/// A superuser who is signed in as somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Impersonator {
    /// Who.
    pub id: UserId,
    /// Their address.
    pub email: String,
}

/// A person as they and their administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Who.
    pub id: UserId,
    /// In which tenant.
    pub organisation: OrganisationId,
    /// Address they sign in with.
    pub email: String,
    /// What they may sign in with instead; the address until they choose another.
    pub username: String,
    /// Name as shown.
    pub name: String,
    /// What they do.
    pub job_title: String,
    /// Where.
    pub department: String,
    /// As what.
    pub role: Role,
    /// Rules every organisation.
    pub is_superuser: bool,
    /// May sign in.
    pub is_active: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
    /// Microseconds since 1970.
    pub last_login_at: Option<i64>,
    /// The hash of their picture, if they have one.
    pub avatar: Option<String>,
}

/// What somebody changes of themselves; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    /// See [`Profile::name`].
    pub name: Option<String>,
    /// See [`Profile::username`].
    pub username: Option<String>,
    /// See [`Profile::job_title`].
    pub job_title: Option<String>,
    /// See [`Profile::department`].
    pub department: Option<String>,
}

impl ProfileChange {
    /// `email` is the person's own address, which may be their user name.
    ///
    /// # Errors
    /// With what to change.
    pub fn check(&self, email: &str) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        if let Some(name) = &self.name {
            check_name(&mut checks, name);
        }
        if let Some(username) = &self.username {
            check_username(&mut checks, username, email);
        }
        for (field, value) in [("job_title", &self.job_title), ("department", &self.department)] {
            let length = value.as_deref().unwrap_or_default().chars().count();
            checks.require(length <= 120, field, "Use at most 120 characters.");
        }
        checks.done()
    }
}

fn check_name(checks: &mut Checks, name: &str) {
    checks.require(!crate::text::line(name).is_empty(), "name", "Enter your name.").require(
        name.chars().count() <= 120,
        "name",
        "Use at most 120 characters.",
    );
}

/// Never somebody else's address: then a sign-in would not know whom it means.
fn check_username(checks: &mut Checks, username: &str, email: &str) {
    let username = normalise_email(username);
    let is_word = (2..=60).contains(&username.chars().count())
        && username.chars().all(|it| it.is_alphanumeric() || "._-+".contains(it));
    checks.require(
        is_word || username == normalise_email(email),
        "username",
        "Use 2 to 60 letters, digits, dots, dashes or underscores, or your e-mail address.",
    );
}

impl Viewer {
    /// May change providers, keys and settings of this server.
    #[must_use]
    pub fn can_administer_server(&self) -> bool {
        self.is_superuser
    }

    /// One or two letters that stand for the person.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// The first letters of the first and last word.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// The shortest password that is taken, in characters.
pub const PASSWORD_MIN: usize = 10;
/// The longest: hashing must stay bounded.
pub const PASSWORD_MAX: usize = 512;

/// A new account, as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NewPerson {
    /// Name as shown.
    #[serde(default)]
    pub name: String,
    /// Address to sign in with.
    #[serde(default)]
    pub email: String,
    /// What to sign in with instead; the address if they chose none.
    #[serde(default)]
    pub username: Option<String>,
    /// In the clear; never stored so.
    #[serde(default)]
    pub password: String,
}

impl NewPerson {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<(), Vec<FieldError>> {
        self.check_with(PASSWORD_MIN)
    }

    /// As [`NewPerson::check`], for a password of at least `password_min` characters.
    ///
    /// # Errors
    /// With what to change.
    pub fn check_with(&self, password_min: usize) -> Result<(), Vec<FieldError>> {
        let mut checks = Checks::default();
        check_name(&mut checks, &self.name);
        checks.require(plausible_email(&self.email), "email", "Enter an e-mail address, like ada@example.org.");
        if let Some(username) = &self.username {
            check_username(&mut checks, username, &self.email);
        }
        check_password_of(&mut checks, "password", &self.password, &self.email, password_min);
        checks.done()
    }

    /// The user name as stored.
    #[must_use]
    pub fn username(&self) -> String {
        normalise_email(self.username.as_deref().and_then(crate::text::filled).unwrap_or(&self.email))
    }
}

/// Notes at `field` what is wrong with a new password.
pub fn check_password(checks: &mut Checks, field: &str, password: &str, email: &str) {
    check_password_of(checks, field, password, email, PASSWORD_MIN);
}

fn check_password_of(checks: &mut Checks, field: &str, password: &str, email: &str, min: usize) {
    let length = password.chars().count();
    checks
        .require(length >= min, field, format!("Use at least {min} characters."))
        .require(length <= PASSWORD_MAX, field, format!("Use at most {PASSWORD_MAX} characters."))
        .require(
            password.is_empty() || !password.eq_ignore_ascii_case(email.trim()),
            field,
            "Choose something other than your e-mail address.",
        );
}

/// Someone signing in, as typed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Credentials {
    /// Address they registered with.
    #[serde(default)]
    pub email: String,
    /// In the clear.
    #[serde(default)]
    pub password: String,
}

/// How addresses are compared and stored.
#[must_use]
pub fn normalise_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether it can be an e-mail address.
#[must_use]
pub fn plausible_email(email: &str) -> bool {
    let email = email.trim();
    let Some((local, host)) = email.rsplit_once('@') else { return false };
    !local.is_empty()
        && email.len() <= 254
        && host.len() >= 3
        && !host.starts_with('.')
        && !host.ends_with('.')
        && (host.contains('.') || host == "localhost")
        && !email.chars().any(|c| c.is_whitespace() || c.is_control() || "<>()[]\\,;:\"".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_needs_two_sides_and_no_spaces() {
        for good in ["ada@example.org", " Ada@Example.Org ", "a.b+c@x.co", "root@localhost"] {
            assert!(plausible_email(good), "{good}");
        }
        for bad in ["", "ada", "@x.org", "a@", "a b@x.org", "a@x", "a@.org", "<a@x.org>", "a@x.org\n@y"] {
            assert!(!plausible_email(bad), "{bad}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let errors = NewPerson::default().check().unwrap_err();
        let mut fields: Vec<_> = errors.iter().map(|it| it.field.as_str()).collect();
        fields.dedup();
        assert_eq!(fields, ["name", "email", "password"]);
    }

    #[test]
    fn initials_take_the_first_and_last_word() {
        assert_eq!(initials("Ada Augusta Lovelace"), "AL");
        assert_eq!(initials("ada"), "A");
        assert_eq!(initials("<script>"), "S");
        assert_eq!(initials(""), "");
    }

    #[test]
    fn roles_survive_the_round_trip() {
        for role in [Role::Admin, Role::Manager, Role::Engineer, Role::Analyst, Role::User, Role::Guest] {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("root"), None);
    }
}
