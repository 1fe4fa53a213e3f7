//! Prompts that people keep to use again: text with variables, which whoever uses it fills in.
//!
//! `{{topic}}` is a variable, `{{tone|friendly}}` one with a default, `{{tone|friendly|formal|terse}}` one to be chosen from,
//! the first of which is the default. Whatever else stands between braces is text.

use crate::failure::{Checks, FieldError};
use crate::ids::{ProjectId, PromptId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest text, in bytes.
pub const TEXT_MAX: usize = 64 * 1024;
/// Variables of one prompt.
pub const VARIABLES_MAX: usize = 40;
/// The longest name of a variable, in characters.
const NAME_MAX: usize = 60;

/// Who sees a prompt besides whoever made it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SharedWith {
    /// Nobody.
    #[default]
    Nobody,
    /// Everybody in a project.
    Project,
    /// Everybody in the organisation.
    Organisation,
}

impl SharedWith {
    /// All of them, the fewest people first.
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Project, Self::Organisation];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Project => "project",
            Self::Organisation => "organisation",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A prompt, as somebody sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Which.
    pub id: PromptId,
    /// Unique among those of its owner.
    pub name: String,
    /// A word to find it by, unique among those of its owner; empty for none.
    pub shortcut: String,
    /// What it is good for.
    pub description: String,
    /// With its variables.
    pub text: String,
    /// Who else sees it.
    pub shared_with: SharedWith,
    /// The project that it is shared with.
    pub project: Option<ProjectId>,
    /// What that is called.
    pub project_name: Option<String>,
    /// Whoever made it.
    pub owner: UserId,
    /// What they are called.
    pub owner_name: String,
    /// Whether the viewer made it.
    pub is_own: bool,
    /// Whether the viewer may change and delete it.
    pub can_change: bool,
    /// Microseconds since 1970.
    pub created_at: i64,
    /// Microseconds since 1970; the version of what is edited.
    pub updated_at: i64,
}

/// What a prompt is made of, as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PromptForm {
    /// See [`Prompt::name`].
    pub name: String,
    /// See [`Prompt::shortcut`].
    pub shortcut: String,
    /// See [`Prompt::description`].
    pub description: String,
    /// See [`Prompt::text`].
    pub text: String,
    /// See [`Prompt::shared_with`].
    pub shared_with: SharedWith,
    /// See [`Prompt::project`].
    pub project: Option<ProjectId>,
}

impl From<&Prompt> for PromptForm {
    fn from(it: &Prompt) -> Self {
        Self {
            name: it.name.clone(),
            shortcut: it.shortcut.clone(),
            description: it.description.clone(),
            text: it.text.clone(),
            shared_with: it.shared_with,
            project: it.project,
        }
    }
}

impl PromptForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<Self, Vec<FieldError>> {
        let name = crate::text::line(&self.name);
        let shortcut = self.shortcut.trim().trim_start_matches('/').to_lowercase();
        let text = self.text.replace("\r\n", "\n").replace('\0', "");
        let is_word = |it: &str| it.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '_'));
        let mut checks = Checks::default();
        checks
            .require(!name.is_empty(), "name", "Give the prompt a name.")
            .require(self.name.chars().count() <= 120, "name", "Use at most 120 characters.")
            .require(is_word(&shortcut), "shortcut", "Use one word of letters, digits, - and _.")
            .require(shortcut.chars().count() <= 40, "shortcut", "Use at most 40 characters.")
            .require(self.description.chars().count() <= 500, "description", "Use at most 500 characters.")
            .require(!text.trim().is_empty(), "text", "Write the text of the prompt.")
            .require(text.len() <= TEXT_MAX, "text", format!("Use at most {} kB.", TEXT_MAX / 1024))
            .require(
                text.len() > TEXT_MAX || variables(&text).len() <= VARIABLES_MAX,
                "text",
                format!("Use at most {VARIABLES_MAX} variables."),
            )
            .require(
                self.shared_with != SharedWith::Project || self.project.is_some(),
                "project_id",
                "Choose the project to share it with.",
            );
        checks.done()?;
        let project = self.project.filter(|_| self.shared_with == SharedWith::Project);
        let description = crate::text::line(&self.description);
        Ok(Self { name, shortcut, description, text, shared_with: self.shared_with, project })
    }
}

/// Something that whoever uses a prompt fills in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Letters, digits, `-` and `_`; a space counts as `_`.
    pub name: String,
    /// What stands there if nothing else is wanted.
    pub default: Option<String>,
    /// What there is to choose from; anything at all where it is empty.
    pub choices: Vec<String>,
}

impl Variable {
    /// As people read it: `customer_name` is “Customer name”.
    #[must_use]
    pub fn label(&self) -> String {
        let spaced = self.name.replace('_', " ");
        let mut chars = spaced.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }

    /// What stands between two braces, if it is a variable.
    fn parse(inner: &str) -> Option<Self> {
        let mut parts = inner.split('|').map(str::trim);
        let name = parts.next()?.split_whitespace().collect::<Vec<_>>().join("_");
        let is_name = name.chars().next().is_some_and(char::is_alphabetic)
            && name.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '_'))
            && name.chars().count() <= NAME_MAX;
        if !is_name {
            return None;
        }
        let mut values: Vec<String> = Vec::new();
        for value in parts {
            if !values.iter().any(|it| it == value) {
                values.push(value.to_owned());
            }
        }
        let default = values.first().cloned();
        let choices = if values.len() > 1 { values } else { Vec::new() };
        Some(Self { name, default, choices })
    }
}

enum Piece<'a> {
    Text(&'a str),
    Variable(Variable),
}

/// The text and its variables in order. A variable does not reach over the end of a line.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain, mut at) = (0, 0);
    while let Some(open) = text[at..].find("{{").map(|it| at + it) {
        // Of three braces the last two count.
        let open = open + text[open + 2..].chars().take_while(|it| *it == '{').count();
        let inner = &text[open + 2..];
        let end = inner.find("}}").filter(|end| !inner[..*end].contains(['\n', '{', '}']));
        match end.and_then(|end| Some((end, Variable::parse(&inner[..end])?))) {
            Some((end, variable)) => {
                pieces.push(Piece::Text(&text[plain..open]));
                pieces.push(Piece::Variable(variable));
                at = open + 2 + end + 2;
                plain = at;
            }
            None => at = open + 2,
        }
    }
    pieces.push(Piece::Text(&text[plain..]));
    pieces
}

/// The variables of a text, each once, in the order in which they come. Of one that stands there several times the first
/// default and the first choices count.
#[must_use]
pub fn variables(text: &str) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    for piece in pieces(text) {
        let Piece::Variable(variable) = piece else { continue };
        match found.iter_mut().find(|it| it.name == variable.name) {
            None => found.push(variable),
            Some(known) => {
                if known.default.is_none() {
                    *known = variable;
                }
            }
        }
    }
    found
}

/// The text with its variables filled in. What is filled in is taken as it is, braces and all. Fields of errors are called
/// `values.` and the variable.
///
/// # Errors
/// With what is missing, unknown, or not among the choices.
pub fn render(text: &str, values: &BTreeMap<String, String>) -> Result<String, Vec<FieldError>> {
    let known = variables(text);
    let mut checks = Checks::default();
    let mut chosen = BTreeMap::new();
    for variable in &known {
        let field = format!("values.{}", variable.name);
        let value = values.get(&variable.name).or(variable.default.as_ref());
        let label = variable.label();
        match value {
            Some(value) if !variable.choices.is_empty() && !variable.choices.contains(value) => {
                checks.require(false, &field, format!("{label}: choose one of {}.", variable.choices.join(", ")));
            }
            // Whoever clears a default wants nothing there.
            Some(value) if !value.trim().is_empty() || variable.default.is_some() => {
                chosen.insert(variable.name.as_str(), value.as_str());
            }
            _ => {
                checks.require(false, &field, format!("{label}: fill this in."));
            }
        }
    }
    for name in values.keys().filter(|name| !known.iter().any(|it| it.name == **name)) {
        checks.require(false, &format!("values.{name}"), "The prompt has no such variable.");
    }
    checks.done()?;
    let piece = |it: &Piece<'_>| match it {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Variable(it) => chosen.get(it.name.as_str()).copied().unwrap_or_default().to_owned(),
    };
    Ok(pieces(text).iter().map(piece).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, Option<String>, Vec<String>)> {
        variables(text).into_iter().map(|it| (it.name, it.default, it.choices)).collect()
    }

    fn values(of: &[(&str, &str)]) -> BTreeMap<String, String> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_are_what_looks_like_them() {
        let text = "{{topic}} {{ tone | friendly }} {{length|short|long| short}} {{customer name}} {{topic|later}} {{Größe_2}}";
        let owned = |it: &str| it.to_owned();
        assert_eq!(
            told(text),
            [
                (owned("topic"), Some(owned("later")), vec![]),
                (owned("tone"), Some(owned("friendly")), vec![]),
                (owned("length"), Some(owned("short")), vec![owned("short"), owned("long")]),
                (owned("customer_name"), None, vec![]),
                (owned("Größe_2"), None, vec![]),
            ]
        );
        for text in [
            "",
            "{{}}",
            "{{ }}",
            "{{1}}",
            "{{#if x}}",
            "{{a.b}}",
            "{x}",
            "{{x",
            "{{x\n}}",
            "{{x}",
            "}}{{",
            "{{a{b}}",
            "🦀{{",
        ] {
            assert!(told(text).is_empty(), "{text}");
            assert_eq!(render(text, &BTreeMap::new()).unwrap(), text);
        }
        assert_eq!(told("{{{x}}}")[0].0, "x");
        assert_eq!(variables("{{customer_name}}")[0].label(), "Customer name");
    }

    #[test]
    fn what_is_filled_in_stays_as_it_is() {
        let text = "Write {{length|a line|a page}} on {{topic}}, {{tone|friendly}}. {{topic}}!";
        let filled = render(text, &values(&[("topic", "{{tone}} \\ $1 🦀")])).unwrap();
        assert_eq!(filled, "Write a line on {{tone}} \\ $1 🦀, friendly. {{tone}} \\ $1 🦀!");
        let filled = render(text, &values(&[("topic", "x"), ("tone", ""), ("length", "a page")])).unwrap();
        assert_eq!(filled, "Write a page on x, . x!");
        assert_eq!(render("{{{x}}}", &values(&[("x", "1")])).unwrap(), "{1}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let text = "{{topic}} {{length|short|long}}";
        let fields = |of: &[(&str, &str)]| {
            render(text, &values(of)).unwrap_err().into_iter().map(|it| it.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&[]), ["values.topic"]);
        assert_eq!(fields(&[("topic", "  ")]), ["values.topic"]);
        assert_eq!(fields(&[("topic", "x"), ("length", "huge"), ("more", "x")]), ["values.length", "values.more"]);
    }

    #[test]
    fn a_form_says_what_to_change() {
        let form = PromptForm {
            name: " Mail ".to_owned(),
            text: "{{x}}\r\n".to_owned(),
            shortcut: "/Mail".to_owned(),
            ..Default::default()
        };
        let checked = form.check().unwrap();
        assert_eq!(
            (checked.name.as_str(), checked.shortcut.as_str(), checked.text.as_str()),
            ("Mail", "mail", "{{x}}\n")
        );
        let many: String = (0..=VARIABLES_MAX).map(|it| format!("{{{{v{it}}}}}")).collect();
        for (wrong, field) in [
            (PromptForm { name: " ".to_owned(), ..form.clone() }, "name"),
            (PromptForm { text: "\n".to_owned(), ..form.clone() }, "text"),
            (PromptForm { text: "x".repeat(TEXT_MAX + 1), ..form.clone() }, "text"),
            (PromptForm { text: many, ..form.clone() }, "text"),
            (PromptForm { shortcut: "two words".to_owned(), ..form.clone() }, "shortcut"),
            (PromptForm { shared_with: SharedWith::Project, ..form.clone() }, "project_id"),
        ] {
            let fields: Vec<_> = wrong.check().unwrap_err().into_iter().map(|it| it.field).collect();
            assert_eq!(fields, [field]);
        }
    }
}
