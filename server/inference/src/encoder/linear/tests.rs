use super::*;

/// Numbers without any order, between -1 and 1.
pub(in super::super) fn numbers(count: usize) -> Vec<f32> {
    (0..count as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

/// This processor's kinds of instructions, all of which lead to the same result.
pub(in super::super) fn archs() -> Vec<Arch> {
    #[allow(unused_mut)]
    let mut archs = vec![Arch::new()];
    #[cfg(target_arch = "x86_64")]
    {
        archs.push(Arch::Scalar);
        archs.extend(pulp::x86::V3::try_new().map(Arch::V3));
    }
    archs
}

fn linear(inputs: usize, outputs: usize) -> Linear {
    let weights: Vec<i8> = numbers(inputs * outputs).iter().map(|number| (number * 127.0) as i8).collect();
    let (scales, bias) = (numbers(outputs), numbers(outputs + 5)[5..].to_vec());
    Linear { inputs, outputs, weights, scales, bias }
}

#[test]
fn products_are_right_by_all_kinds_of_instructions() {
    for (inputs, outputs, rows) in [(32, 48, 8), (96, 144, 24), (7, 96, 16)] {
        let linear = linear(inputs, outputs);
        let x = numbers(rows * inputs);
        for arch in archs() {
            let mut out = vec![f32::NAN; rows * outputs];
            linear.forward(arch, &x, &mut out, &mut Panel::default());
            for (at, out) in out.iter().enumerate() {
                let (row, output) = (at / outputs, at % outputs);
                let (panel, lane) = (output / PANEL, output % PANEL);
                let weight = |input: usize| linear.weights[(panel * inputs + input) * PANEL + lane];
                let sum: f64 = (0..inputs).map(|n| f64::from(x[row * inputs + n]) * f64::from(weight(n))).sum();
                let right = sum * f64::from(linear.scales[output]) + f64::from(linear.bias[output]);
                assert!((f64::from(*out) - right).abs() < 1e-3, "{arch:?} {row} {output}: {out}, not {right}");
            }
        }
    }
}

#[test]
fn a_row_is_rounded_by_its_largest_weight() {
    let (scale, numbers) = round(&[0.5, -2.0, 0.0, 1.0]);
    assert_eq!(numbers.collect::<Vec<_>>(), [32, -127, 0, 64]);
    assert!((scale - 2.0 / 127.0).abs() < 1e-9);
    assert!(round(&[0.0; 3]).1.all(|number| number == 0));
}

#[test]
fn room_begins_with_a_line_of_the_cache() {
    let mut panel = Panel::default();
    for length in [1, 100, 5000, 17] {
        let room = panel.room(length);
        assert_eq!((room.len(), room.as_ptr().align_offset(64)), (length, 0));
    }
}
