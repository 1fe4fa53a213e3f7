use candle_core::Module;
use candle_core::quantized::QMatMul;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

fn random(count: usize, seed: u64) -> Vec<f32> {
    let mut source = StdRng::seed_from_u64(seed);
    (0..count).map(|_| source.random_range(-1.0..1.0)).collect()
}

fn packed(rows: usize, columns: usize, format: GgmlDType) -> QTensor {
    let plain = Tensor::from_vec(random(rows * columns, 1), (rows, columns), &Device::Cpu).unwrap();
    QTensor::quantize(&plain, format).unwrap()
}

fn readings(count: usize, columns: usize) -> Tensor {
    Tensor::from_vec(random(count * columns, 2), (count, columns), &Device::Cpu).unwrap()
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

fn apart(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn rows_are_what_candle_unpacks() {
    for format in [GgmlDType::Q4_0, GgmlDType::Q4_1, GgmlDType::Q8_0] {
        let tensor = packed(5, 96, format);
        let matrix = Matrix::new(std::slice::from_ref(&tensor)).unwrap();
        let theirs = numbers(&tensor.dequantize(&Device::Cpu).unwrap());
        let ours = numbers(&matrix.select(&[0, 1, 2, 3, 4]).unwrap());
        assert!(apart(&ours, &theirs) < 1e-6, "{format:?}");
        assert_eq!(numbers(&matrix.select(&[3]).unwrap()), ours[3 * 96..4 * 96]);
        assert!(matrix.select(&[5]).is_err());
    }
}

/// Rounding to 8 bits moves a product of 576 numbers below 1 by a tenth at most (three deviations); a mistake moves it by
/// whole numbers.
#[test]
fn products_are_those_of_the_plain_numbers() {
    for format in [GgmlDType::Q4_0, GgmlDType::Q4_1, GgmlDType::Q8_0, GgmlDType::F32] {
        let tensor = packed(37, 576, format);
        let matrix = Matrix::new(std::slice::from_ref(&tensor)).unwrap();
        let plain = QMatMul::Tensor(tensor.dequantize(&Device::Cpu).unwrap());
        for count in [1, 3, 4, 9] {
            let x = readings(count, 576);
            let ours = matrix.forward(&x).unwrap();
            assert_eq!(ours.dims(), [count, 37]);
            let apart = apart(&numbers(&ours), &numbers(&plain.forward(&x).unwrap()));
            assert!(apart < 0.25, "{format:?}, {count}: {apart} apart");
        }
    }
}

#[test]
fn with_and_without_the_processors_own_instructions_alike() {
    let x = readings(5, 96);
    let read = kernel::read(&numbers(&x));
    for format in [GgmlDType::Q4_1, GgmlDType::Q8_0] {
        let matrix = Matrix::new(&[packed(7, 96, format)]).unwrap();
        let mut plain = vec![0.0; 35];
        match &matrix.blocks {
            Blocks::Nibbles(blocks) => kernel::multiply_anywhere(blocks, &read, 3, &mut plain),
            Blocks::Bytes(blocks) => kernel::multiply_anywhere(blocks, &read, 3, &mut plain),
        }
        let plain = Tensor::from_vec(plain, (7, 5), &Device::Cpu).unwrap().t().unwrap();
        assert!(apart(&numbers(&plain), &numbers(&matrix.forward(&x).unwrap())) < 1e-4, "{format:?}");
    }
}

#[test]
fn joined_matrices_have_all_rows_in_order() {
    let (a, b) = (packed(3, 64, GgmlDType::Q4_1), packed(2, 64, GgmlDType::Q8_0));
    let joined = Matrix::new(&[packed(3, 64, GgmlDType::Q4_1), packed(2, 64, GgmlDType::Q8_0)]).unwrap();
    assert_eq!(joined.rows(), 5);
    let rows = numbers(&joined.select(&[0, 1, 2, 3, 4]).unwrap());
    let apart_from = |rows: &[f32], tensor: &QTensor| apart(rows, &numbers(&tensor.dequantize(&Device::Cpu).unwrap()));
    // Of two formats the coarser is packed again, in 8 bits.
    assert!(apart_from(&rows[..3 * 64], &a) < 0.01);
    assert!(apart_from(&rows[3 * 64..], &b) < 1e-6);
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Matrix::new(&[]).is_err());
    assert!(Matrix::new(&[packed(2, 40, GgmlDType::F32)]).is_err());
    assert!(Matrix::new(&[packed(2, 64, GgmlDType::Q8_0), packed(2, 96, GgmlDType::Q8_0)]).is_err());
    assert!(Matrix::new(&[packed(2, 64, GgmlDType::Q8_0)]).unwrap().forward(&readings(1, 96)).is_err());
}
