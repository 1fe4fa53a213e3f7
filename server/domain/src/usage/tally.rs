//! Calls added up, with how long they took.

use atrium::usage::Figures;
use std::collections::HashMap;

/// A call, as it is added up.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Called {
    pub user_id: uuid::Uuid,
    pub agent_id: Option<uuid::Uuid>,
    pub project_id: Option<uuid::Uuid>,
    pub provider: String,
    pub model: String,
    prompt_tokens: i64,
    completion_tokens: i64,
    cost_micros: i64,
    latency_micros: i64,
    first_token_micros: Option<i64>,
    outcome: String,
}

/// What was added up so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    figures: Figures,
    latency: Times,
    first_token: Times,
}

impl Tally {
    pub(super) fn add(&mut self, call: &Called) {
        let it = &mut self.figures;
        it.calls += 1;
        it.errors += i64::from(call.outcome == "failed");
        it.prompt_tokens += call.prompt_tokens;
        it.completion_tokens += call.completion_tokens;
        it.cost += call.cost_micros;
        if call.outcome == "complete" {
            self.latency.add(call.latency_micros);
        }
        if let Some(first) = call.first_token_micros {
            self.first_token.add(first);
        }
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
        let mut times = Times::default();
        assert_eq!(times.within(50), None);
        for micros in [5_000, 1_234_567, 10_000, 7_000, 0] {
            times.add(micros);
        }
        assert_eq!([1, 20, 50, 80, 95].map(|it| times.within(it)), [0, 0, 7_000, 10_000, 1_230_000].map(Some));
    }
}
