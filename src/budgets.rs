//! How much may be spent on models, by whom, in which time.

use crate::catalogue::parse_dollars;
use crate::failure::{Checks, FieldError};
use crate::ids::{BudgetId, OrganisationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// From this many hundredths on it is time to say something.
pub const WARN_AT: i64 = 80;

/// Whose money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetSubject {
    /// All that an organisation spends.
    Organisation,
    /// What is spent in the conversations of a project.
    Project,
    /// What somebody spends.
    User,
}

impl BudgetSubject {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Organisation, Self::Project, Self::User];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Project => "project",
            Self::User => "user",
        }
    }

    /// As shown.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Organisation => "Organisation",
            Self::Project => "Project",
            Self::User => "Person",
        }
    }

    /// The subject of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// In which time; UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BudgetPeriod {
    /// From midnight to midnight.
    Day,
    /// From the first to the last.
    Month,
}

impl BudgetPeriod {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// As stored and sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The period of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == text)
    }
}

/// A budget, and how far it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// Which.
    pub id: BudgetId,
    /// Whose administrators set it.
    pub organisation: OrganisationId,
    /// Whose money it is.
    pub subject: BudgetSubject,
    /// Which of them.
    pub subject_id: Uuid,
    /// What they are called.
    pub name: String,
    /// In which time.
    pub period: BudgetPeriod,
    /// Micro-dollars that may be spent.
    pub limit: i64,
    /// Micro-dollars that were.
    pub spent: i64,
    /// Microseconds since 1970: when it is whole again.
    pub renews_at: i64,
}

impl Budget {
    /// Hundredths that are spent; a budget of nothing always is.
    #[must_use]
    pub fn percent(&self) -> i64 {
        if self.limit <= 0 {
            return 100;
        }
        i64::try_from(i128::from(self.spent) * 100 / i128::from(self.limit)).unwrap_or(i64::MAX)
    }

    /// Whether it is time to say something.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.percent() >= WARN_AT
    }
}

/// A budget, as somebody sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBudget {
    /// See [`Budget::subject`].
    pub subject: BudgetSubject,
    /// See [`Budget::subject_id`].
    pub subject_id: Uuid,
    /// See [`Budget::period`].
    pub period: BudgetPeriod,
    /// See [`Budget::limit`].
    pub limit: i64,
}

/// The same, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BudgetForm {
    /// Whose: kind and id, with a colon between them.
    pub subject: String,
    /// See [`Budget::period`].
    pub period: String,
    /// Dollars.
    pub limit: String,
}

impl BudgetForm {
    /// # Errors
    /// With what to change.
    pub fn check(&self) -> Result<NewBudget, Vec<FieldError>> {
        let subject = self.subject.split_once(':');
        let subject = subject.and_then(|(kind, id)| Some((BudgetSubject::parse(kind)?, id.parse::<Uuid>().ok()?)));
        let (period, limit) = (BudgetPeriod::parse(&self.period), parse_dollars(&self.limit));
        let mut checks = Checks::default();
        checks
            .require(subject.is_some(), "subject", "Choose whose budget it is.")
            .require(period.is_some(), "period", "Choose a day or a month.")
            .require(limit.is_some(), "limit", "Enter dollars, like 25 or 2.50.");
        checks.done()?;
        let (subject, subject_id) = subject.unwrap_or((BudgetSubject::User, Uuid::nil()));
        Ok(NewBudget {
            subject,
            subject_id,
            period: period.unwrap_or(BudgetPeriod::Month),
            limit: limit.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_a_budget_or_says_what_to_change() {
        let form = |subject: &str, limit: &str| BudgetForm {
            subject: subject.into(),
            period: "day".into(),
            limit: limit.into(),
        };
        let id = Uuid::nil();
        let made = form(&format!("project:{id}"), "2.5").check().unwrap();
        assert_eq!((made.subject, made.limit), (BudgetSubject::Project, 2_500_000));
        let fields = |it: BudgetForm| it.check().unwrap_err().into_iter().map(|it| it.field).collect::<Vec<_>>();
        assert_eq!(fields(form("project", "-1")), ["subject", "limit"]);
        assert_eq!(fields(BudgetForm::default()), ["subject", "period", "limit"]);
    }
}
