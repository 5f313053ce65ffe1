//! Softmax cross-entropy of a few classes, sixteen rows side by side: row by row it would be a good part of a small network's
//! step.

use crate::nn::kernel::{LANES, Real, wide};

/// The most classes, whose exponentials are kept on the stack.
pub const MOST: usize = 16;

/// Up to sixteen rows' losses added up, and how many rows had their class named.
///
/// `z`: the logits, `[class][lane]`; `classes`: each row's own, below the number of logits. `gradient`, `[class][lane]`: `scale`
/// times ∂loss/∂z, and 0 in the lanes of no row.
pub fn cross_entropy<T: Real>(
    z: &[[T; LANES]],
    classes: &[u32],
    scale: f64,
    gradient: Option<&mut [[T; LANES]]>,
) -> (f64, usize) {
    match z.len() {
        2 => of_at_most::<T, 2>(z, classes, scale, gradient),
        _ => of_at_most::<T, MOST>(z, classes, scale, gradient),
    }
}

/// With room for `N` classes.
fn of_at_most<T: Real, const N: usize>(
    z: &[[T; LANES]],
    classes: &[u32],
    scale: f64,
    gradient: Option<&mut [[T; LANES]]>,
) -> (f64, usize) {
    wide(
        #[inline(always)]
        || {
            let (tops, firsts) = tops(z);
            let exponentials = exponentials::<T, N>(z, &tops);
            let sums = sums(&exponentials[..z.len()]);
            let (mut loss, mut named, mut product) = (0.0, 0, 1.0);
            for (lane, &class) in classes.iter().enumerate() {
                let top = tops[lane];
                loss += top - z[class as usize][lane].to_f64();
                // no branches: which class a row is of cannot be foreseen
                named +=
                    usize::from(firsts[lane] == f64::from(class)) & usize::from(top.is_finite());
                // each lies between 1 and the number of classes: the product of all has a place in f64
                product *= sums[lane];
            }
            if let Some(gradient) = gradient {
                put_gradient(&exponentials, &sums, classes, scale, gradient);
            }
            (loss + product.ln(), named)
        },
    )
}

/// Each row's largest logit, and the first class that has it; NaN beside a NaN.
#[inline(always)]
fn tops<T: Real>(z: &[[T; LANES]]) -> ([f64; LANES], [f64; LANES]) {
    let mut tops = [f64::NEG_INFINITY; LANES];
    for z in z {
        for (top, z) in tops.iter_mut().zip(z) {
            let z = z.to_f64();
            *top = if z > *top || z.is_nan() { z } else { *top };
        }
    }
    let mut firsts = [f64::NAN; LANES];
    for (k, z) in z.iter().enumerate().rev() {
        for ((first, z), top) in firsts.iter_mut().zip(z).zip(tops) {
            *first = if z.to_f64() == top { k as f64 } else { *first };
        }
    }
    (tops, firsts)
}

/// Of the logits less the largest.
#[inline(always)]
fn exponentials<T: Real, const N: usize>(
    z: &[[T; LANES]],
    tops: &[f64; LANES],
) -> [[f64; LANES]; N] {
    let mut out = [[0.0; LANES]; N];
    if let [first, second] = z {
        // one of two is 1
        let mut other = [0.0; LANES];
        for (e, (a, b)) in other.iter_mut().zip(first.iter().zip(second)) {
            *e = exp_below(-(a.to_f64() - b.to_f64()).abs());
        }
        for (e, z) in out.iter_mut().zip(z) {
            for (((e, z), top), other) in e.iter_mut().zip(z).zip(tops).zip(other) {
                *e = if z.to_f64() == *top { 1.0 } else { other };
            }
        }
        return out;
    }
    for (e, z) in out.iter_mut().zip(z) {
        for ((e, z), top) in e.iter_mut().zip(z).zip(tops) {
            *e = exp_below(z.to_f64() - top);
        }
    }
    out
}

/// 1.5·2⁵², beside which an f64 is rounded to a whole number, and the bias of an exponent.
const BIASED_ZERO: f64 = 6_755_399_441_055_744.0 + 1023.0;
/// ln 2 in two parts, the first of so few bits that its product with an exponent is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// 1/k!, from the last that |r| ≤ ln 2 / 2 leaves a trace of.
const FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// eˣ for x ≤ 0, to two units in the last place, and 0 below 2⁻¹⁰²²: in a loop, which calls would keep from becoming one of
/// vectors.
#[inline(always)]
fn exp_below(x: f64) -> f64 {
    let biased = x * std::f64::consts::LOG2_E + BIASED_ZERO;
    let n = biased - BIASED_ZERO;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut p = 0.0;
    for factor in FACTORIALS {
        p = p * r + factor;
    }
    let power = f64::from_bits(biased.to_bits() << 52);
    let y = (p * r * r + r) * power + power;
    if x < -708.0 { 0.0 } else { y }
}

#[inline(always)]
fn sums(exponentials: &[[f64; LANES]]) -> [f64; LANES] {
    let mut sums = [0.0; LANES];
    for e in exponentials {
        for (sum, e) in sums.iter_mut().zip(e) {
            *sum += e;
        }
    }
    sums
}

/// softmax z less 1 for each row's own class
#[inline(always)]
fn put_gradient<T: Real>(
    exponentials: &[[f64; LANES]],
    sums: &[f64; LANES],
    classes: &[u32],
    scale: f64,
    gradient: &mut [[T; LANES]],
) {
    // no class in the lanes of no row
    let mut own = [f64::NAN; LANES];
    for (own, &class) in own.iter_mut().zip(classes) {
        *own = f64::from(class);
    }
    let used: [bool; LANES] = std::array::from_fn(|lane| lane < classes.len());
    for ((k, e), gradient) in exponentials.iter().enumerate().zip(gradient) {
        let k = k as f64;
        for (lane, g) in gradient.iter_mut().enumerate() {
            let q = if own[lane] == k { 1.0 } else { 0.0 };
            let slope = (e[lane] / sums[lane] - q) * scale;
            *g = if used[lane] {
                T::from_f64(slope)
            } else {
                T::ZERO
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_have_all_digits() {
        for i in 0..200_000 {
            let x = -f64::from(i) * f64::from(i) * 1.77e-8;
            let (found, exact) = (exp_below(x), x.exp());
            assert!(
                (found - exact).abs() <= 2.0 * f64::EPSILON * exact,
                "{x}: {found}, exact {exact}"
            );
        }
    }

    #[test]
    fn exponentials_keep_their_limits() {
        assert_eq!(
            [0.0, -0.0, -708.5, -1e300].map(exp_below),
            [1.0, 1.0, 0.0, 0.0]
        );
        assert_eq!(exp_below(f64::NEG_INFINITY), 0.0);
        assert!(exp_below(f64::NAN).is_nan());
    }
}
