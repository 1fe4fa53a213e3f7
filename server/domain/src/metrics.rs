//! What operators count. Nobody's name, address or words are in it, and each label has few values, known beforehand: models
//! are none, since people name them.
//!
//! [`Metrics`] is told what happens where it happens; what stands somewhere already (runs, jobs, connections) is looked at
//! when somebody asks. Both are written in Prometheus' format by the server.

use crate::jobs;
use crate::usage::{Call, Outcome};
use atrium::catalogue::Provider;
use atrium::chat::MessageStatus;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

/// A histogram for each set of labels.
pub type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

/// What happened since this process began. Cheap to clone; clones count together.
#[derive(Debug, Clone)]
pub struct Metrics {
    runs: Family<RunLabels, Counter>,
    calls: Family<CallLabels, Counter>,
    tokens: Family<TokenLabels, Counter>,
    cost: Family<ProviderLabels, Counter<f64, AtomicU64>>,
    durations: Histograms<ProviderLabels>,
    first_tokens: Histograms<ProviderLabels>,
    jobs: Family<JobLabels, Counter>,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RunLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProviderLabels {
    provider: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    provider: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TokenLabels {
    provider: &'static str,
    direction: &'static str,
}

#[derive(Debug, Clone, Hash, PartialEq, Eq, EncodeLabelSet)]
struct JobLabels {
    kind: &'static str,
    outcome: &'static str,
}

/// How a run may end.
const ENDS: [MessageStatus; 4] =
    [MessageStatus::Complete, MessageStatus::Stopped, MessageStatus::Failed, MessageStatus::Interrupted];
/// What a call's outcome is called when a budget forbade it.
const REFUSED: &str = "refused";

/// From a quotation that is there already to a model that writes for minutes.
fn seconds_of_models() -> Histogram {
    Histogram::new([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0])
}

impl Default for Metrics {
    /// Everything that can be counted stands at 0: a rate is known from the first one on.
    fn default() -> Self {
        let metrics = Self {
            runs: Family::default(),
            calls: Family::default(),
            tokens: Family::default(),
            cost: Family::default(),
            durations: Family::new_with_constructor(seconds_of_models),
            first_tokens: Family::new_with_constructor(seconds_of_models),
            jobs: Family::default(),
        };
        for status in ENDS {
            drop(metrics.runs.get_or_create(&RunLabels { outcome: status.as_str() }));
        }
        let outcomes = [Outcome::Complete, Outcome::Stopped, Outcome::Failed].map(Outcome::as_str);
        for provider in Provider::ALL.map(Provider::as_str) {
            for outcome in outcomes.into_iter().chain([REFUSED]) {
                drop(metrics.calls.get_or_create(&CallLabels { provider, outcome }));
            }
        }
        for kind in jobs::Kind::ALL.map(jobs::Kind::as_str) {
            for outcome in jobs::Outcome::NAMES {
                drop(metrics.jobs.get_or_create(&JobLabels { kind, outcome }));
            }
        }
        metrics
    }
}

impl Metrics {
    /// An answer is written, or will not be.
    pub(crate) fn run_ended(&self, status: MessageStatus) {
        self.runs.get_or_create(&RunLabels { outcome: status.as_str() }).inc();
    }

    /// A model was asked, and what it cost is stored.
    pub(crate) fn called(&self, call: &Call) {
        let provider = call.provider.as_str();
        self.calls.get_or_create(&CallLabels { provider, outcome: call.outcome.as_str() }).inc();
        let (prompt, completion) = call.tokens.unwrap_or_default();
        for (direction, tokens) in [("prompt", prompt), ("completion", completion)] {
            let tokens = u64::try_from(tokens).unwrap_or_default();
            self.tokens.get_or_create(&TokenLabels { provider, direction }).inc_by(tokens);
        }
        let labels = ProviderLabels { provider };
        #[allow(clippy::cast_precision_loss, reason = "a call that costs 2^53 micro-dollars is not one of ours")]
        self.cost.get_or_create(&labels).inc_by(call.cost().max(0) as f64 / 1_000_000.0);
        self.durations.get_or_create(&labels).observe(call.latency.as_secs_f64());
        if let Some(first) = call.first_token {
            self.first_tokens.get_or_create(&labels).observe(first.as_secs_f64());
        }
    }

    /// A model was not asked: it might have cost more than is left.
    pub(crate) fn refused(&self, provider: Provider) {
        self.calls.get_or_create(&CallLabels { provider: provider.as_str(), outcome: REFUSED }).inc();
    }

    /// A job was done, or not.
    pub(crate) fn job_ended(&self, kind: jobs::Kind, outcome: &'static str) {
        self.jobs.get_or_create(&JobLabels { kind: kind.as_str(), outcome }).inc();
    }

    /// Puts them where they are written from.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("runs", "Answers whose writing ended, by outcome", self.runs.clone());
        registry.register("model_calls", "Calls to models that ended, by provider and outcome", self.calls.clone());
        registry.register("model_tokens", "Tokens that models read and wrote", self.tokens.clone());
        registry.register("model_cost_dollars", "What calls to models cost, by the price list", self.cost.clone());
        registry.register_with_unit(
            "model_call_duration",
            "From asking a model to its end",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register_with_unit(
            "model_time_to_first_token",
            "From asking a model to its first piece of text",
            Unit::Seconds,
            self.first_tokens.clone(),
        );
        registry.register("jobs_ended", "Tries of background jobs that ended, by kind and outcome", self.jobs.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::{Purpose, prices::Prices};
    use atrium::people::{Role, Viewer};
    use std::time::Duration;
    use uuid::Uuid;

    #[test]
    fn a_call_moves_what_it_is_about_and_nothing_else() {
        let viewer = Viewer {
            id: Uuid::nil().into(),
            organisation: Uuid::nil().into(),
            role: Role::User,
            is_superuser: false,
            name: String::new(),
            email: String::new(),
            username: String::new(),
            impersonator: None,
            avatar: None,
        };
        let metrics = Metrics::default();
        let mut call = Call::begin(&viewer, &Prices::default(), Provider::OpenAi, "gpt-4o-mini", Purpose::Answer, 0);
        call.tokens = Some((1_000, 500));
        call.outcome = Outcome::Complete;
        call.latency = Duration::from_secs(2);
        call.first_token = Some(Duration::from_millis(300));
        metrics.clone().called(&call);
        metrics.refused(Provider::OpenAi);
        let mut registry = Registry::with_prefix("atrium");
        metrics.register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for line in [
            r#"atrium_model_calls_total{provider="openai",outcome="complete"} 1"#,
            r#"atrium_model_calls_total{provider="openai",outcome="refused"} 1"#,
            r#"atrium_model_calls_total{provider="local",outcome="complete"} 0"#,
            r#"atrium_model_tokens_total{provider="openai",direction="prompt"} 1000"#,
            r#"atrium_model_tokens_total{provider="openai",direction="completion"} 500"#,
            r#"atrium_model_call_duration_seconds_sum{provider="openai"} 2.0"#,
            r#"atrium_model_time_to_first_token_seconds_bucket{le="0.5",provider="openai"} 1"#,
            r#"atrium_model_time_to_first_token_seconds_bucket{le="0.25",provider="openai"} 0"#,
            r#"atrium_runs_total{outcome="interrupted"} 0"#,
            r#"atrium_jobs_ended_total{kind="fetch",outcome="failed"} 0"#,
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        let cost = text.lines().find_map(|it| it.strip_prefix("atrium_model_cost_dollars_total{provider=\"openai\"} "));
        assert!(cost.unwrap().parse::<f64>().unwrap() > 0.0, "{text}");
    }
}
