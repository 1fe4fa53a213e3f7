//! Which token comes next.

use std::collections::VecDeque;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Only tokens that together make up this much of the probability are chosen from.
const TOP_P: f32 = 0.9;
/// How much less likely a token becomes by having been generated lately.
const REPEAT_PENALTY: f32 = 1.1;
/// How many generated tokens count as lately.
const REPEAT_WINDOW: usize = 64;
/// Temperatures below this are greedy: dividing by them would overflow.
const GREEDY_BELOW: f64 = 1e-3;

/// Chooses tokens by temperature and top-p, with a penalty on what was generated lately.
///
/// The prompt's tokens are not penalised: an answer must be free to quote what it was given.
pub(crate) struct Sampler {
    temperature: f64,
    recent: VecDeque<u32>,
    random: StdRng,
}

impl Sampler {
    /// A sampler that starts from the operating system's randomness.
    pub(crate) fn new(temperature: f64) -> Self {
        Self { temperature, recent: VecDeque::with_capacity(REPEAT_WINDOW), random: StdRng::from_os_rng() }
    }

    /// Remembers a token as generated.
    pub(crate) fn remember(&mut self, token: u32) {
        if self.recent.len() == REPEAT_WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(token);
    }

    /// The next token, given the model's logits.
    pub(crate) fn next(&mut self, logits: &mut [f32]) -> u32 {
        self.penalise(logits);
        let token = if self.temperature < GREEDY_BELOW { likeliest(logits) } else { self.choose(logits) };
        self.remember(token);
        token
    }

    fn penalise(&self, logits: &mut [f32]) {
        for (n, &token) in self.recent.iter().enumerate() {
            // Once for each token, however often it occurred.
            if self.recent.iter().take(n).any(|&earlier| earlier == token) {
                continue;
            }
            if let Some(logit) = logits.get_mut(token as usize) {
                *logit = if *logit > 0.0 { *logit / REPEAT_PENALTY } else { *logit * REPEAT_PENALTY };
            }
        }
    }

    fn choose(&mut self, logits: &mut [f32]) -> u32 {
        let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut sum = 0.0;
        for logit in logits.iter_mut() {
            *logit = (((*logit - highest) as f64) / self.temperature).exp() as f32;
            sum += *logit;
        }
        // A token rarer than this cannot be among those that make up TOP_P (the others cannot sum to more than what
        // remains): leaving it out before sorting saves sorting the whole vocabulary for every token.
        let cut = sum * (1.0 - TOP_P) / logits.len().max(2) as f32;
        let mut likely: Vec<(u32, f32)> =
            (0..).zip(logits.iter().copied()).filter(|&(_, weight)| weight >= cut).collect();
        likely.sort_unstable_by(|a, b| b.1.total_cmp(&a.1));
        let mut mass = 0.0;
        let mut kept = 0;
        for (_, weight) in &likely {
            mass += weight;
            kept += 1;
            if mass >= sum * TOP_P {
                break;
            }
        }
        likely.truncate(kept);
        let mut left = self.random.random::<f32>() * mass;
        for &(token, weight) in &likely {
            left -= weight;
            if left <= 0.0 {
                return token;
            }
        }
        // Rounding can leave a sliver; not-a-number logits leave no candidate at all.
        likely.first().map_or(0, |&(token, _)| token)
    }
}

fn likeliest(logits: &[f32]) -> u32 {
    let mut best = (0, f32::NEG_INFINITY);
    for (token, &logit) in (0..).zip(logits) {
        if logit > best.1 {
            best = (token, logit);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greedy_takes_the_likeliest_until_it_repeats() {
        let mut sampler = Sampler::new(0.0);
        assert_eq!(sampler.next(&mut [0.0, 5.0, 4.9]), 1);
        assert_eq!(sampler.next(&mut [0.0, 5.0, 4.9]), 2);
        assert_eq!(sampler.next(&mut [0.0, 5.0, 4.9]), 1);
    }

    #[test]
    fn a_token_outside_top_p_is_never_chosen() {
        let mut sampler = Sampler::new(1.0);
        let mut seen = [0; 3];
        for _ in 0..500 {
            sampler.recent.clear();
            // 48 %, 48 %, 4 %
            seen[sampler.next(&mut [0.0, 0.0, -2.5]) as usize] += 1;
        }
        assert!(seen[0] > 100 && seen[1] > 100, "{seen:?}");
        assert_eq!(seen[2], 0);
    }

    #[test]
    fn broken_logits_still_give_a_token() {
        assert_eq!(Sampler::new(0.7).next(&mut [f32::NAN; 4]), 0);
        assert_eq!(Sampler::new(0.0).next(&mut [f32::NAN; 4]), 0);
    }
}
