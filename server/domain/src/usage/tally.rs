//! Calls added up, with how long they took.

use atrium::usage::Figures;
use std::collections::HashMap;

/// Calls of a day that belong together in every way.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Called {
    pub user_id: uuid::Uuid,
    pub agent_id: Option<uuid::Uuid>,
    pub project_id: Option<uuid::Uuid>,
    pub provider: String,
    pub model: String,
    calls: i64,
    errors: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    cost_micros: i64,
    /// In microseconds, with commas between them: of those that were answered.
    latencies: String,
    /// Likewise, of those that said something.
    first_tokens: String,
}

impl Called {
    pub(super) fn tally(&self) -> Tally {
        let figures = Figures {
            calls: self.calls,
            errors: self.errors,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cost: self.cost_micros,
            ..Figures::default()
        };
        Tally { figures, latency: Times::read(&self.latencies), first_token: Times::read(&self.first_tokens) }
    }
}

/// What was added up so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    figures: Figures,
    latency: Times,
    first_token: Times,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        let it = &mut self.figures;
        it.calls += other.figures.calls;
        it.errors += other.figures.errors;
        it.prompt_tokens += other.figures.prompt_tokens;
        it.completion_tokens += other.figures.completion_tokens;
        it.cost += other.figures.cost;
        self.latency.join(&other.latency);
        self.first_token.join(&other.first_token);
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            latency: self.latency.within(50),
            latency_p95: self.latency.within(95),
            first_token: self.first_token.within(50),
            ..self.figures
        }
    }
}

/// Times in three digits, and how often each was: as exact as anybody reads them, and small whatever their number.
#[derive(Debug, Clone, Default)]
struct Times(HashMap<i64, i64>);

impl Times {
    /// Of numbers with commas between them.
    fn read(text: &str) -> Self {
        let mut times = Self::default();
        text.split(',').filter_map(|it| it.parse().ok()).for_each(|it| times.add(it));
        times
    }

    fn join(&mut self, other: &Self) {
        for (time, count) in &other.0 {
            *self.0.entry(*time).or_default() += count;
        }
    }

    fn add(&mut self, micros: i64) {
        let mut unit = 1;
        while micros / unit >= 1000 {
            unit *= 10;
        }
        *self.0.entry(micros / unit * unit).or_default() += 1;
    }

    /// The time within which so many of a hundred were done.
    fn within(&self, percent: i64) -> Option<i64> {
        let mut times: Vec<_> = self.0.iter().collect();
        times.sort_unstable();
        let all: i64 = self.0.values().sum();
        let mut done = 0;
        let found = times.into_iter().find(|(_, count)| {
            done += *count;
            done * 100 >= all * percent
        });
        found.map(|it| *it.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Times;

    #[test]
    fn half_took_no_longer_than_the_median() {
        let mut times = Times::read("");
        assert_eq!(times.within(50), None);
        times.join(&Times::read("5000,1234567"));
        times.join(&Times::read("10000,7000,0"));
        assert_eq!([1, 20, 50, 80, 95].map(|it| times.within(it)), [0, 0, 7_000, 10_000, 1_230_000].map(Some));
    }
}
