//! What was heard, made into a specification.

use super::Heard;
use super::vocabulary::is_intensive;
use crate::names;
use crate::refusal::{Refusal, list};
use crate::specification::{Aggregate, Measure, Specification};
use crate::table::{Kind, Table};
use atrium::charts::ChartKind;

/// Whether a column of numbers holds years.
pub(super) fn is_years(table: &Table, column: usize) -> bool {
    let it = &table.columns()[column];
    let is_named = names::words(&it.name).iter().any(|it| it == "year");
    is_named
        && it.kind() == Kind::Number
        && (0..table.len())
            .filter_map(|row| table.number(row, column))
            .all(|it| it.fract() == 0.0 && (1_000.0..3_000.0).contains(&it))
}

impl Heard {
    pub(super) fn conclude(mut self, table: &Table) -> Result<Specification, Refusal> {
        let kind = |column: usize| table.columns()[column].kind();
        let is_figure = |column: usize| kind(column) == Kind::Number && !is_years(table, column);
        // “top 5 products by revenue”, “cities by average temperature”, “which city has the highest sales”
        if self.after.is_empty() && !self.figures.is_empty() {
            self.after = std::mem::take(&mut self.before).into_iter().map(|it| it.1).collect();
        } else if let ([(None, group)], [figure]) = (self.before.as_slice(), self.after.as_slice())
            && is_figure(*figure)
            && (!is_figure(*group) || self.top.is_some())
        {
            (self.after, self.before) = (vec![*group], vec![(None, *figure)]);
        } else if let ([(None, group), rest @ ..], []) = (self.before.as_slice(), self.after.as_slice())
            && self.is_which
            && !is_figure(*group)
        {
            (self.after, self.before) = (vec![*group], rest.to_vec());
        }
        let mut measures = self.figures.iter().map(|it| (Some(it.0), it.1)).collect::<Vec<_>>();
        measures.extend(self.before.iter().copied());
        let wants_time = self.is_time || self.every.is_some();
        // “distribution of status”, “most common colour”: what is named makes the groups itself.
        let is_self_grouped = self.after.is_empty() && !wants_time;
        if let ([(None | Some(Aggregate::Count), column)], true) = (measures.as_slice(), is_self_grouped)
            && !is_figure(*column)
        {
            self.after = vec![*column];
            measures.clear();
        }
        // A name beside figures says what they are of: “average score of students by class”.
        if measures.iter().any(|it| is_figure(it.1) || it.0.is_some()) {
            measures.retain(|it| it.0.is_some() || is_figure(it.1));
        }
        let measures = self.measures(table, &measures)?;
        let groups = self.groups(table)?;
        let is_dates = kind(groups[0]) == Kind::Date;
        let chart = self.chart.unwrap_or(match () {
            () if self.is_share && groups.len() == 1 => ChartKind::Pie,
            () if (is_dates || (self.is_time && is_years(table, groups[0]))) && self.top.is_none() => ChartKind::Line,
            () => ChartKind::Bar,
        });
        let name = |column: usize| table.columns()[column].name.clone();
        Ok(Specification {
            chart,
            measures,
            by: name(groups[0]),
            every: self.every.filter(|_| is_dates),
            split: groups.get(1).map(|it| name(*it)),
            filters: self.filters,
            top: self.top,
            smallest: self.is_smallest,
        })
    }

    fn measures(&mut self, table: &Table, heard: &[(Option<Aggregate>, usize)]) -> Result<Vec<Measure>, Refusal> {
        let numbers: Vec<usize> = (0..table.columns().len())
            .filter(|it| table.columns()[*it].kind() == Kind::Number && !is_years(table, *it))
            .collect();
        let rows = Measure { aggregate: Aggregate::Count, column: None };
        if heard.is_empty() {
            // “average by city”: of what, if there is one thing only.
            return match (self.pending.first(), numbers.as_slice()) {
                (None | Some(Aggregate::Count), _) => Ok(vec![rows]),
                (Some(aggregate), [only]) => {
                    Ok(vec![Measure { aggregate: *aggregate, column: Some(table.columns()[*only].name.clone()) }])
                }
                (Some(_), []) => {
                    Err(Refusal::impossible("This table has no columns of numbers; its rows can be counted."))
                }
                (Some(_), several) => {
                    let names: Vec<String> = several.iter().map(|it| table.columns()[*it].name.clone()).collect();
                    Err(Refusal::impossible(format!("Say of which column: {}.", list(&names))))
                }
            };
        }
        let said = self.pending.first().copied();
        let mut measures: Vec<Measure> = Vec::new();
        for (aggregate, column) in heard {
            let it = &table.columns()[*column];
            let by_nature = match it.kind() {
                Kind::Number if names::words(&it.name).iter().any(|it| it == "id") => Aggregate::Count,
                Kind::Number if is_intensive(&names::words(&it.name)) => Aggregate::Mean,
                Kind::Number => Aggregate::Sum,
                _ => Aggregate::Count,
            };
            let measure = Measure { aggregate: aggregate.or(said).unwrap_or(by_nature), column: Some(it.name.clone()) };
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        Ok(measures)
    }

    /// The columns that make groups: one, or two of which the second makes series.
    fn groups(&self, table: &Table) -> Result<Vec<usize>, Refusal> {
        let kind = |column: usize| table.columns()[column].kind();
        let mut groups = self.after.clone();
        groups.dedup();
        let has_time = groups.iter().any(|it| kind(*it) == Kind::Date || is_years(table, *it));
        if (self.is_time || self.every.is_some()) && !has_time {
            groups.insert(0, self.time(table)?);
        }
        // What is drawn along time is drawn along time, whichever was named first.
        if let Some(at) = groups.iter().position(|it| kind(*it) == Kind::Date) {
            let time = groups.remove(at);
            groups.insert(0, time);
        }
        match groups.len() {
            0 => {
                let names: Vec<String> = (0..table.columns().len())
                    .filter(|it| kind(*it) != Kind::Number || is_years(table, *it))
                    .map(|it| table.columns()[it].name.clone())
                    .collect();
                Err(Refusal::impossible(match names.as_slice() {
                    [] => "Say by which column, like “by year”.".to_owned(),
                    some => format!("Say by what: add “by” and a column, like {}.", crate::refusal::quoted(some, "or")),
                }))
            }
            1 | 2 => Ok(groups),
            _ => Err(Refusal::impossible("Figures are grouped by one column, or by two: not by more.")),
        }
    }

    fn time(&self, table: &Table) -> Result<usize, Refusal> {
        use crate::specification::Every;
        let columns = 0..table.columns().len();
        let dates = columns.clone().find(|it| table.columns()[*it].kind() == Kind::Date);
        let mut years = columns.filter(|it| is_years(table, *it));
        let years = if matches!(self.every, None | Some(Every::Year)) { years.next() } else { None };
        dates.or(years).ok_or_else(|| Refusal::impossible("No column of this table holds dates."))
    }
}
