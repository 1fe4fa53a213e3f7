//! What mails say: plain text, the link on a line of its own.

use crate::ports::Micros;
use atrium::budgets::{Budget, BudgetPeriod, BudgetSubject};
use atrium::text::dollars;
use time::macros::format_description;

/// An invitation.
pub struct Invitation<'a> {
    /// Whoever invites.
    pub inviter: &'a str,
    /// Where to.
    pub organisation: &'a str,
    /// To accept it by.
    pub link: &'a str,
    /// When that ends.
    pub expires_at: Micros,
}

impl Invitation<'_> {
    /// Subject and text.
    pub fn write(&self) -> (String, String) {
        let Self { inviter, organisation, link, .. } = self;
        let until = day(self.expires_at);
        let subject = format!("{inviter} invites you to {organisation} on Atrium");
        let text = format!(
            "Hello,\n\n{inviter} invites you to join {organisation} on Atrium.\n\nChoose your name and password here:\n\n    {link}\n\n\
             The link works once, until {until} (UTC).\n\nIf you did not expect this, do nothing: without the link no account is made.\n"
        );
        (subject, text)
    }
}

/// A forgotten password.
pub struct Forgotten<'a> {
    /// Whose.
    pub name: &'a str,
    /// To choose a new one by.
    pub link: &'a str,
}

impl Forgotten<'_> {
    /// Subject and text.
    pub fn write(&self) -> (String, String) {
        let Self { name, link } = self;
        let text = format!(
            "Hello {name},\n\nsomebody, probably you, asked for a new password for your account on Atrium. Choose it here:\n\n    {link}\n\n\
             The link works once, within an hour. An earlier one no longer does.\n\nIf it was not you, do nothing: your password stays as it is.\n"
        );
        ("Choose a new password for Atrium".to_owned(), text)
    }
}

/// A budget that runs short.
pub struct Short<'a> {
    /// Whoever should know.
    pub name: &'a str,
    /// Which, and how far it is used.
    pub budget: &'a Budget,
    /// Where they see it.
    pub link: &'a str,
}

impl Short<'_> {
    /// Subject and text.
    pub fn write(&self) -> (String, String) {
        let Self { name, budget, link } = self;
        let whose = match budget.subject {
            BudgetSubject::User => "your budget on Atrium".to_owned(),
            BudgetSubject::Project => format!("the budget of the project {} on Atrium", budget.name),
            BudgetSubject::Organisation => format!("the budget of {} on Atrium", budget.name),
        };
        let period = match budget.period {
            BudgetPeriod::Day => "day",
            BudgetPeriod::Month => "month",
        };
        let (percent, until) = (budget.percent(), day(budget.renews_at));
        let subject = format!("{percent} % of {whose} are spent");
        let text = format!(
            "Hello {name},\n\nof {whose}, {} a {period}, {} are spent: {percent} %. Calls that might cost more than is left are not made. \
             On {until} (UTC) it is whole again.\n\nWhat was used is shown here:\n\n    {link}\n",
            dollars(budget.limit),
            dollars(budget.spent)
        );
        (subject, text)
    }
}

fn day(micros: Micros) -> String {
    let format = format_description!("[day padding:none] [month repr:long] [year]");
    let moment = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok();
    moment.and_then(|it| it.format(format).ok()).unwrap_or_default()
}
