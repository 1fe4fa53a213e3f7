//! Questions in English, read by rules: “average price by region”, “sales over time”, “top 5 products by revenue”, “share
//! of orders by channel”. What is not understood is named; nothing is guessed.

mod conclude;
mod values;
mod vocabulary;
mod words;

use crate::calendar::Every;
use crate::names::{self, stem};
use crate::refusal::Refusal;
use crate::specification::{Aggregate, Filter, Specification, Test};
use crate::table::{Kind, Table};
use atrium::charts::ChartKind;
use values::Values;
use vocabulary::{Meaning, PHRASES, meaning, number};
use words::Token;

/// Characters of a question.
pub const QUESTION_MAX: usize = 500;
/// A “top” without a number.
const TOP: usize = 10;

/// What a question asks of `table`.
///
/// # Errors
/// With the words that are not understood, or what the table cannot tell.
pub fn read(question: &str, table: &Table) -> Result<Specification, Refusal> {
    let question: String = question.chars().take(QUESTION_MAX).collect();
    let tokens = words::split(&question);
    if tokens.is_empty() {
        return Err(Refusal::impossible("Ask something, like “average price by region”."));
    }
    let mut reading = Reading { table, values: Values::of(table), tokens, at: 0, heard: Heard::default() };
    reading.all()?;
    if !reading.heard.unknown.is_empty() {
        return Err(Refusal::Unknown { words: reading.heard.unknown, columns: table.names() });
    }
    reading.heard.conclude(table)?.check(table)
}

/// What was heard so far.
#[derive(Debug, Default)]
struct Heard {
    /// Columns before a “by”, with what shall become of them.
    before: Vec<(Option<Aggregate>, usize)>,
    /// Columns after it,
    after: Vec<usize>,
    /// and those of them that are figures: “by average price”.
    figures: Vec<(Aggregate, usize)>,
    /// Said, and not yet of any column.
    pending: Vec<Aggregate>,
    filters: Vec<Filter>,
    every: Option<Every>,
    is_time: bool,
    chart: Option<ChartKind>,
    is_share: bool,
    top: Option<usize>,
    is_smallest: bool,
    counts_rows: bool,
    is_which: bool,
    unknown: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Figures,
    Groups,
    Filters,
}

struct Reading<'a> {
    table: &'a Table,
    values: Values,
    tokens: Vec<Token>,
    at: usize,
    heard: Heard,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<(), Refusal> {
        let mut mode = Mode::Figures;
        // Whether a word like “except” stands before a value.
        let mut is_not = false;
        while self.at < self.tokens.len() {
            let (means, length) = self.meaning();
            if let Some((column, length)) = self.column(means)? {
                self.at += length;
                self.hear_column(column, &mut mode, is_not)?;
                is_not = false;
                continue;
            }
            let may_be_value = means == Meaning::Unknown || self.values.is_spelled(&self.tokens[self.at]);
            if may_be_value
                && number(&self.tokens[self.at].word).is_none()
                && let Some((column, value, length)) = self.values.at(&self.tokens[self.at..], self.table)?
            {
                self.filter(column, if is_not { Test::IsNot } else { Test::Is }, value);
                self.at += length;
                continue;
            }
            self.at += length;
            match means {
                Meaning::Filler => {}
                Meaning::By => mode = Mode::Groups,
                Meaning::Where => mode = Mode::Filters,
                Meaning::And => {}
                Meaning::Not => is_not = true,
                Meaning::When(test) => self.hear_time(test)?,
                Meaning::Between => self.hear_between()?,
                Meaning::Compare(Test::Is) => {}
                Meaning::Aggregate(Aggregate::Count) if self.rows_follow() => self.heard.counts_rows = true,
                Meaning::Aggregate(it) => self.heard.pending.push(it),
                Meaning::Share => self.heard.is_share = true,
                Meaning::Top(is_smallest) => self.hear_top(is_smallest),
                Meaning::Extreme(is_smallest) => self.hear_extreme(is_smallest),
                Meaning::Chart(chart) => self.heard.chart = Some(chart),
                Meaning::Every(every) => self.heard.every = Some(every),
                Meaning::Time => self.heard.is_time = true,
                Meaning::Rows => self.heard.counts_rows = true,
                Meaning::Which => self.heard.is_which = true,
                Meaning::Compare(_) | Meaning::Unknown => self.hear_other(length)?,
            }
        }
        Ok(())
    }

    /// What the next words mean, and how many they are.
    fn meaning(&self) -> (Meaning, usize) {
        let rest = &self.tokens[self.at..];
        if rest[0].is_quoted {
            return (Meaning::Unknown, 1);
        }
        let is_next =
            |phrase: &[&str]| phrase.len() <= rest.len() && phrase.iter().zip(rest).all(|(word, it)| it.word == *word);
        match PHRASES.iter().find(|it| is_next(it.0)) {
            Some((phrase, means)) => (*means, phrase.len()),
            None => (meaning(&rest[0].word), 1),
        }
    }

    /// The column that the next words name, and how many they are. A whole name goes before everything, but for words
    /// like “total” in front of another column; a part of one only where the word means nothing else.
    fn column(&self, means: Meaning) -> Result<Option<(usize, usize)>, Refusal> {
        if let Some((column, length)) = self.whole_name(self.at) {
            let is_prefix = length == 1
                && matches!(means, Meaning::Aggregate(_) | Meaning::Top(_) | Meaning::Extreme(_) | Meaning::Share)
                && self.whole_name(self.at + 1).is_some();
            return Ok((!is_prefix).then_some((column, length)));
        }
        if means != Meaning::Unknown
            || number(&self.tokens[self.at].word).is_some()
            || self.values.is_at(&self.tokens[self.at..])
        {
            return Ok(None);
        }
        self.part_of_name()
    }

    fn whole_name(&self, at: usize) -> Option<(usize, usize)> {
        let rest = self.tokens.get(at..)?;
        // The longest name wins.
        let mut best: Option<(usize, usize, usize)> = None;
        for (column, it) in self.table.columns().iter().enumerate() {
            for words in &it.words {
                let is_spelled =
                    words.len() <= rest.len() && words.iter().zip(rest).all(|(word, token)| *word == stem(&token.word));
                // “unit_price” is one word of the question.
                let is_one = rest.first().is_some_and(|token| names::words(&token.raw) == *words);
                let length = if is_one { 1 } else { words.len() };
                if !words.is_empty() && (is_spelled || is_one) && best.is_none_or(|it| words.len() > it.2) {
                    best = Some((column, length, words.len()));
                }
            }
        }
        best.map(|it| (it.0, it.1))
    }

    fn part_of_name(&self) -> Result<Option<(usize, usize)>, Refusal> {
        let rest = &self.tokens[self.at..];
        let mut fits: Vec<(usize, usize, usize)> = Vec::new();
        for (column, it) in self.table.columns().iter().enumerate() {
            for words in &it.words {
                let covered = (0..words.len())
                    .map(|from| {
                        words[from..].iter().zip(rest).take_while(|(word, token)| **word == stem(&token.word)).count()
                    })
                    .max()
                    .unwrap_or(0);
                if covered > 0 {
                    fits.push((column, covered, words.len()));
                }
            }
        }
        let most = fits.iter().map(|it| it.1).max().unwrap_or(0);
        fits.retain(|it| it.1 == most);
        let shortest = fits.iter().map(|it| it.2).min().unwrap_or(0);
        fits.retain(|it| it.2 == shortest);
        fits.dedup_by_key(|it| it.0);
        // “orders” are what an “Order ID” names, whatever else is said of them.
        let names_them = |it: &&(usize, usize, usize)| {
            names::words(&self.table.columns()[it.0].name).last().is_some_and(|it| it == "id")
        };
        if let (true, Some(one)) = (fits.len() > 1, fits.iter().find(names_them).copied()) {
            fits = vec![one];
        }
        match fits.as_slice() {
            [] => Ok(None),
            [(column, covered, _)] => Ok(Some((*column, *covered))),
            several => Err(Refusal::Ambiguous {
                word: rest[..most].iter().map(|it| it.raw.as_str()).collect::<Vec<_>>().join(" "),
                columns: several.iter().map(|it| self.table.columns()[it.0].name.clone()).collect(),
            }),
        }
    }

    fn hear_column(&mut self, column: usize, mode: &mut Mode, is_not: bool) -> Result<(), Refusal> {
        let (test, length) = match self.tokens.get(self.at).map(|_| self.meaning()) {
            Some((Meaning::Compare(test), length)) => (Some(test), length),
            _ => (None, 0),
        };
        if test.is_some() || *mode == Mode::Filters {
            let before = self.at;
            self.at += length;
            let test = if is_not { Test::IsNot } else { test.unwrap_or(Test::Is) };
            if self.hear_values(column, test)? {
                let is_figure =
                    length > 0 && *mode == Mode::Figures && self.table.columns()[column].kind() == Kind::Number;
                if is_figure {
                    self.hear_figure(column);
                }
                return Ok(());
            }
            // “with the highest price”: it was no condition after all.
            self.at = before;
        }
        match mode {
            Mode::Groups if self.heard.pending.is_empty() => self.heard.after.push(column),
            // “count by city”: what was said is of the rows.
            Mode::Groups if self.heard.before.is_empty() => self.heard.after.push(column),
            Mode::Groups => {
                let pending = std::mem::take(&mut self.heard.pending);
                self.heard.figures.extend(pending.into_iter().map(|it| (it, column)));
            }
            Mode::Figures | Mode::Filters => self.hear_figure(column),
        }
        Ok(())
    }

    fn hear_figure(&mut self, column: usize) {
        let pending = std::mem::take(&mut self.heard.pending);
        if pending.is_empty() {
            self.heard.before.push((None, column));
        }
        self.heard.before.extend(pending.into_iter().map(|it| (Some(it), column)));
    }

    /// The values that a column is held against, if any stand there.
    fn hear_values(&mut self, column: usize, test: Test) -> Result<bool, Refusal> {
        let mut test = test;
        if self.tokens.get(self.at).is_some_and(|it| it.word == "not") {
            (test, self.at) = (Test::IsNot, self.at + 1);
        }
        let Some((value, length)) =
            self.values.of_column(column, &self.tokens[self.at.min(self.tokens.len())..], self.table)
        else {
            let is_meant = matches!(test, Test::Is | Test::IsNot) && self.table.columns()[column].kind() == Kind::Text;
            return match self.tokens.get(self.at) {
                // Something was named that is no value of the column.
                Some(token) if is_meant && !token.is_quoted && meaning(&token.word) != Meaning::Unknown => Ok(false),
                Some(token) if is_meant && self.whole_name(self.at).is_none() => {
                    let some = self.table.samples(column, 8).iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
                    Err(Refusal::impossible(format!(
                        "“{}” has no “{}”. It has, for example, {}.",
                        self.table.columns()[column].name,
                        token.raw,
                        crate::refusal::list(&some)
                    )))
                }
                _ => Ok(false),
            };
        };
        self.at += length;
        self.filter(column, test, value);
        // “north or south”
        while test == Test::Is && self.tokens.get(self.at).is_some_and(|it| matches!(it.word.as_str(), "or" | "and")) {
            match self.values.of_column(column, &self.tokens[self.at + 1..], self.table) {
                Some((value, length)) if self.table.columns()[column].kind() == Kind::Text => {
                    self.at += 1 + length;
                    self.filter(column, test, value);
                }
                _ => break,
            }
        }
        Ok(true)
    }

    fn filter(&mut self, column: usize, test: Test, value: String) {
        self.heard.filters.push(Filter { column: self.table.columns()[column].name.clone(), test, value });
    }

    /// After “in”, “since”, …: a time, or nothing.
    fn hear_time(&mut self, test: Test) -> Result<(), Refusal> {
        let Some((value, length)) = values::time(&self.tokens[self.at..]) else { return Ok(()) };
        self.at += length;
        let column = self.time_column(&value)?;
        self.filter(column, test, value);
        Ok(())
    }

    fn hear_between(&mut self) -> Result<(), Refusal> {
        for test in [Test::AtLeast, Test::AtMost] {
            if self.tokens.get(self.at).is_some_and(|it| it.word == "and") {
                self.at += 1;
            }
            self.hear_time(test)?;
        }
        Ok(())
    }

    /// The column that says when: of dates, or for a year one of years.
    fn time_column(&self, value: &str) -> Result<usize, Refusal> {
        let year = |it: &usize| value.len() == 4 && conclude::is_years(self.table, *it);
        let dates = (0..self.table.columns().len()).find(|it| self.table.columns()[*it].kind() == Kind::Date);
        dates
            .or_else(|| (0..self.table.columns().len()).find(year))
            .ok_or_else(|| Refusal::impossible(format!("No column holds dates, so nothing is known of {value}.")))
    }

    /// Whether what is counted is rows: “number of rows”.
    fn rows_follow(&self) -> bool {
        let mut rest = self.tokens[self.at..].iter().skip_while(|it| matches!(it.word.as_str(), "of" | "the" | "all"));
        rest.next().is_some_and(|it| meaning(&it.word) == Meaning::Rows)
    }

    fn hear_top(&mut self, is_smallest: bool) {
        let before = self
            .at
            .checked_sub(2)
            .and_then(|at| number(&self.tokens[at].word))
            .filter(|_| self.heard.unknown.last().is_some_and(|it| number(it).is_some()));
        let next = self.tokens.get(self.at).and_then(|it| number(&it.word));
        if next.is_some() {
            self.at += 1;
        } else if before.is_some() {
            self.heard.unknown.pop();
        }
        self.heard.top = Some(next.or(before).unwrap_or(TOP));
        self.heard.is_smallest = is_smallest;
    }

    fn hear_extreme(&mut self, is_smallest: bool) {
        let is_number = |at: Option<usize>| {
            at.and_then(|it| self.tokens.get(it)).is_some_and(|it| number(&it.word).is_some_and(|it| it < 1_000))
        };
        if is_number(Some(self.at)) || (is_number(self.at.checked_sub(2)) && !self.heard.unknown.is_empty()) {
            self.hear_top(is_smallest);
        } else if self.heard.is_which
            || self.tokens.get(self.at).is_some_and(|it| matches!(it.word.as_str(), "common" | "frequent"))
        {
            self.heard.is_smallest = is_smallest;
        } else {
            self.heard.pending.push(if is_smallest { Aggregate::Min } else { Aggregate::Max });
        }
    }

    /// A time by itself: “sales 2024 by region”; else nothing that is understood.
    fn hear_other(&mut self, length: usize) -> Result<(), Refusal> {
        let from = self.at - length;
        if let Some((value, taken)) = values::time(&self.tokens[from..]) {
            let column = self.time_column(&value)?;
            self.at = from + taken;
            self.filter(column, Test::Is, value);
        } else {
            self.heard.unknown.extend(self.tokens[from..self.at].iter().map(|it| it.raw.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
