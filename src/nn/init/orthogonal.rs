//! Random orthogonal matrices.

use crate::nn::number::Number;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// How much of a vector's length may be lost to the earlier ones before it is made orthogonal a second time.
const LOSS: f64 = 1e-4;

/// Fills `out`, row-major [rows][columns], with `gain` times a matrix whose rows (columns, where there are more rows) are
/// orthonormal, uniform over all such matrices (Haar measure).
///
/// Gram-Schmidt on normal vectors is the QR decomposition with a positive diagonal in R, the one for which Q is Haar
/// (Mezzadri 2007); Householder's QR would need its signs corrected.
pub(super) fn orthogonal<T: Number>(
    rows: usize,
    columns: usize,
    gain: f64,
    rng: &mut impl Rng,
    out: &mut [T],
) {
    let (count, length) = (rows.min(columns), rows.max(columns));
    if count == 0 {
        return;
    }
    let mut basis = vec![0.0f64; count * length];
    for k in 0..count {
        let (done, rest) = basis.split_at_mut(k * length);
        fill_direction(done, &mut rest[..length], rng);
    }
    for (row, weights) in out.chunks_exact_mut(columns).enumerate() {
        for (column, w) in weights.iter_mut().enumerate() {
            let index = if rows <= columns {
                row * length + column
            } else {
                column * length + row
            };
            *w = T::from_f64(gain * basis[index]);
        }
    }
}

/// A random unit vector orthogonal to all of `done`, which are orthonormal.
fn fill_direction(done: &[f64], vector: &mut [f64], rng: &mut impl Rng) {
    loop {
        for x in vector.iter_mut() {
            *x = rng.sample(StandardNormal);
        }
        let before = norm(vector);
        remove(done, vector);
        if norm(vector) < LOSS * before {
            // "Twice is enough" (Kahan and Parlett): the rounding of the first pass is as large as what is left.
            remove(done, vector);
        }
        let after = norm(vector);
        if after > f64::EPSILON * before {
            for x in vector.iter_mut() {
                *x /= after;
            }
            return;
        }
    }
}

/// Takes off `vector` its parts along each of `done`.
fn remove(done: &[f64], vector: &mut [f64]) {
    for direction in done.chunks_exact(vector.len()) {
        let part = dot(direction, vector);
        for (x, d) in vector.iter_mut().zip(direction) {
            *x -= part * d;
        }
    }
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// In eight partial sums, which the compiler turns into vectors.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a8
        .remainder()
        .iter()
        .zip(b8.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in a8.zip(b8) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}
