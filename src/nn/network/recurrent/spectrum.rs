//! The spectral radius of a recurrent matrix, which says whether a linear net's gradient through time dies or explodes
//! (Pascanu, Mikolov & Bengio 2013).

use crate::nn::kernel::{Real, Weights};
use ndarray::Array2;

/// Doublings of the power: ‖W^(2^k)‖^(2^-k) is then within n^(2^-k) of the radius.
const DOUBLINGS: i32 = 12;

/// The largest magnitude of an eigenvalue of the square block that begins with the row `first`, by Gelfand's formula on
/// repeated squares; 0 of an empty matrix. Not finite weights, and a block that `weights` does not hold, give NaN.
pub fn spectral_radius<T: Real>(weights: &Weights<T>, first: usize) -> f64 {
    let n = weights.inputs();
    let block = weights.rows().skip(first).take(n);
    let flat: Vec<f64> = block.flatten().map(|w| w.to_f64()).collect();
    let Ok(mut power) = Array2::from_shape_vec((n, n), flat) else {
        return f64::NAN;
    };
    let mut log = 0.0;
    for k in 0..=DOUBLINGS {
        let norm = power.iter().map(|v| v * v).sum::<f64>().sqrt();
        if norm == 0.0 || !norm.is_finite() {
            return if norm == 0.0 { 0.0 } else { f64::NAN };
        }
        log += norm.ln() / f64::from(k).exp2();
        power /= norm;
        if k < DOUBLINGS {
            power = power.dot(&power);
        }
    }
    log.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_matrices_with_known_eigenvalues() {
        let radius = |n, w: &[f64]| {
            spectral_radius(&Weights::from_dense(w.len() / n, n, w), w.len() / n - n)
        };
        // a rotation times 1.5, eigenvalues 1.5·e^{±iφ}
        let (s, c) = (0.7f64.sin() * 1.5, 0.7f64.cos() * 1.5);
        assert!((radius(2, &[c, -s, s, c]) - 1.5).abs() < 2e-3);
        assert!((radius(2, &[0.5, 10.0, 0.0, -0.9]) - 0.9).abs() < 5e-3);
        assert_eq!(radius(2, &[0.0, 1.0, 0.0, 0.0]), 0.0);
        assert!(radius(1, &[f64::NAN]).is_nan());
        // the last block of several
        assert!((radius(2, &[9.0, 9.0, 9.0, 9.0, 0.5, 10.0, 0.0, -0.9]) - 0.9).abs() < 5e-3);
        let square = Weights::from_dense(2, 2, &[1.0, 0.0, 0.0, 1.0]);
        assert!(spectral_radius(&square, 1).is_nan());
    }
}
