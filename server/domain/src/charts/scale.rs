//! From values to pixels, and the round values that an axis names.

use atrium::charts::Chart;

/// A range of values over a range of pixels.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// Round values, from low to high.
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// For what `chart` shows. Zero is in it if `from_zero`, or if it is not far away.
    pub(super) fn of(chart: &Chart, steps: u32, from_zero: bool) -> Self {
        let (mut low, mut high) =
            chart.values().fold((f64::MAX, f64::MIN), |(low, high), it| (low.min(it), high.max(it)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if from_zero || high - low > low.abs().min(high.abs()) / 4.0 {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low <= low.abs().max(high.abs()) * 1e-9 {
            // All are alike, or too near for a number to tell them apart.
            let room = low.abs().max(1.0) / 10.0;
            (low, high) = if low == 0.0 { (0.0, 1.0) } else { (low - room, high + room) };
        }
        let mut step = round_step((high - low) / f64::from(steps));
        // Figures so large or small that a number cannot hold their distances: a picture of them says nothing.
        if !step.is_normal() || !low.is_finite() || !high.is_finite() {
            (low, high, step) = (0.0, 1.0, 1.0);
        }
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // Not added up: a tenth ten times is not one.
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= last && ticks.len() < 20 {
            ticks.push(at * step);
            at += 1.0;
        }
        Self { low: first * step, high: last * step, ticks }
    }

    /// The pixel of `value`, between that of the lowest and that of the highest.
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn pixel(&self, value: f64, (low, high): (i32, i32)) -> i32 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        low + (f64::from(high - low) * share).round() as i32
    }

    /// Where bars begin.
    pub(super) fn zero(&self) -> f64 {
        0.0_f64.clamp(self.low, self.high)
    }
}

/// One, two or five times a power of ten; not smaller than `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|it| it * power >= step * 0.999_999).unwrap_or(10.0);
    factor * power
}

/// Moves places apart that are nearer to each other than `room`, within `low` and `high`, keeping their order.
pub(super) fn spread(places: &mut [i32], room: i32, (low, high): (i32, i32)) {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_key(|at| places[*at]);
    let mut free = low;
    for at in &order {
        places[*at] = places[*at].max(free);
        free = places[*at] + room;
    }
    let mut free = high;
    for at in order.iter().rev() {
        places[*at] = places[*at].min(free);
        free = places[*at] - room;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use atrium::charts::Series;

    fn scale(values: &[f64], from_zero: bool) -> Scale {
        let chart = Chart {
            categories: values.iter().map(f64::to_string).collect(),
            series: vec![Series { name: String::new(), values: values.iter().copied().map(Some).collect() }],
            ..Chart::default()
        };
        Scale::of(&chart, 4, from_zero)
    }

    #[test]
    fn figures_beyond_what_distances_can_say_still_have_a_scale() {
        for values in [[1e308, -1e308], [5e-324, 0.0]] {
            let scale = scale(&values, true);
            assert!(scale.low < scale.high, "{values:?}");
            assert!((scale.low..=scale.high).contains(&scale.zero()), "{values:?}");
        }
    }

    #[test]
    fn an_axis_has_round_values_and_bars_their_zero() {
        assert_eq!(scale(&[3.0, 17.0], true).ticks, [0.0, 5.0, 10.0, 15.0, 20.0]);
        assert_eq!(scale(&[-8.0, 17.0], true).ticks, [-10.0, 0.0, 10.0, 20.0]);
        assert_eq!(scale(&[-3.0, -1.0], true).ticks, [-3.0, -2.0, -1.0, 0.0]);
        assert_eq!(scale(&[1001.0, 1003.0], false).low, 1001.0, "a line far from zero shows its course");
        assert_eq!(scale(&[1001.0, 1003.0], true).low, 0.0);
    }

    #[test]
    fn every_range_has_a_scale() {
        for values in [&[0.0][..], &[5.0], &[-5.0], &[1e15, -1e15], &[1e-9, 2e-9], &[1e15, 1e15 - 0.1], &[]] {
            for from_zero in [true, false] {
                let scale = scale(values, from_zero);
                assert!(scale.high > scale.low && (2..20).contains(&scale.ticks.len()), "{values:?}: {scale:?}");
                assert!(values.iter().all(|it| (0..=100).contains(&scale.pixel(*it, (0, 100)))));
            }
        }
    }

    #[test]
    fn labels_stand_apart() {
        let mut places = [50, 10, 52, 51];
        spread(&mut places, 10, (0, 60));
        assert_eq!(places, [40, 10, 60, 50]);
        let mut crowded = [5, 5, 5];
        spread(&mut crowded, 10, (0, 100));
        assert_eq!(crowded, [5, 15, 25]);
    }
}
