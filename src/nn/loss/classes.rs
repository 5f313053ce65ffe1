//! Softmax cross-entropy of a few classes, sixteen rows side by side: row by row it would be a good part of a small network's
//! step. Written in vectors: what the compiler makes of such loops are branches on which class a row is of.

use crate::nn::kernel::{LANES, Real, array, level};
use fearless_simd::{Select, dispatch, f64x8, prelude::*, u64x8};

/// The most classes, whose exponentials are kept on the stack.
pub const MOST: usize = 16;

/// Rows of a vector.
const HALF: usize = LANES / 2;

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
    dispatch!(level(), s => match z.len() {
        2 => of_at_most::<_, T, 2>(s, z, classes, scale, gradient),
        _ => of_at_most::<_, T, MOST>(s, z, classes, scale, gradient),
    })
}

/// With room for `N` classes.
fn of_at_most<S: Simd, T: Real, const N: usize>(
    s: S,
    z: &[[T; LANES]],
    classes: &[u32],
    scale: f64,
    gradient: Option<&mut [[T; LANES]]>,
) -> (f64, usize) {
    s.vectorize(
        #[inline(always)]
        || {
            let z = match z.first_chunk::<2>() {
                // of a length that the compiler knows
                Some(two) if N == 2 => &two[..],
                _ => z,
            };
            let own = own_classes(classes);
            let halves: [Rows<S, N>; 2] = [rows(s, z, &own, 0), rows(s, z, &own, 1)];
            if let Some(gradient) = gradient {
                for (k, gradient) in gradient.iter_mut().enumerate().take(z.len().min(N)) {
                    put_gradient(s, k, &halves, scale, gradient);
                }
            }
            let (mut loss, mut product, mut left) = (0.0, 1.0, classes.len());
            for half in &halves {
                let (below, sums) = (half.below.to_array(), half.sum.to_array());
                for (below, sum) in below.iter().zip(&sums).take(left) {
                    loss += below;
                    // each lies between 1 and the number of classes: the product of all has a place in f64
                    product *= sum;
                }
                left = left.saturating_sub(HALF);
            }
            (loss + product.ln(), halves[0].named + halves[1].named)
        },
    )
}

/// Each row's own class; NaN in the lanes of no row.
#[inline(always)]
fn own_classes(classes: &[u32]) -> [f64; LANES] {
    let mut own = [f64::NAN; LANES];
    for (own, &class) in own.iter_mut().zip(classes) {
        *own = f64::from(class);
    }
    own
}

/// Eight rows' softmax.
struct Rows<S: Simd, const N: usize> {
    own: f64x8<S>,
    /// By how much the logit of a row's own class lies below the largest.
    below: f64x8<S>,
    /// Of the logits less the largest.
    exponentials: [f64x8<S>; N],
    sum: f64x8<S>,
    /// Rows whose class is the first that has the largest logit.
    named: usize,
}

/// Of the first half of the lanes or the second.
#[inline(always)]
fn rows<S: Simd, T: Real, const N: usize>(
    s: S,
    z: &[[T; LANES]],
    own: &[f64; LANES],
    half: usize,
) -> Rows<S, N> {
    let zero = splat(s, 0.0);
    let count = z.len().min(N);
    let mut logits = [zero; N];
    for (logit, z) in logits.iter_mut().zip(z) {
        *logit = T::widen(s, &z.as_chunks().0[half]);
    }
    let own = f64x8::load_array_ref(s, &own.as_chunks().0[half]);
    let logits = &logits[..count];
    let top = largest(s, logits);
    let (mut first, mut logit) = (splat(s, f64::NAN), top);
    for (k, &z) in logits.iter().enumerate().rev() {
        let k = splat(s, k as f64);
        first = z.simd_eq(top).select(k, first);
        logit = own.simd_eq(k).select(z, logit);
    }
    let finite = top.abs().simd_lt(splat(s, f64::INFINITY));
    let named = (first.simd_eq(own) & finite).to_bitmask().count_ones();
    let exponentials = exponentials::<S, N>(s, logits, top);
    let mut sum = zero;
    for &e in &exponentials[..count] {
        sum += e;
    }
    Rows {
        own,
        below: top - logit,
        exponentials,
        sum,
        named: named as usize,
    }
}

#[inline(always)]
fn splat<S: Simd>(s: S, value: f64) -> f64x8<S> {
    f64x8::splat(s, value)
}

/// NaN beside a NaN.
#[inline(always)]
fn largest<S: Simd>(s: S, logits: &[f64x8<S>]) -> f64x8<S> {
    let mut top = splat(s, f64::NEG_INFINITY);
    for &z in logits {
        let number = z.simd_eq(z).select(top, z);
        top = top.simd_lt(z).select(z, number);
    }
    top
}

/// Of the logits less the largest.
#[inline(always)]
fn exponentials<S: Simd, const N: usize>(
    s: S,
    logits: &[f64x8<S>],
    top: f64x8<S>,
) -> [f64x8<S>; N] {
    let mut out = [splat(s, 0.0); N];
    if let [a, b] = *logits {
        // one of two is 1
        let other = exp_below(s, -(a - b).abs());
        for (e, z) in out.iter_mut().zip([a, b]) {
            *e = z.simd_eq(top).select(splat(s, 1.0), other);
        }
        return out;
    }
    for (e, &z) in out.iter_mut().zip(logits) {
        *e = exp_below(s, z - top);
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

/// eˣ for x ≤ 0, to two units in the last place, and 0 below 2⁻¹⁰²².
#[inline(always)]
fn exp_below<S: Simd>(s: S, x: f64x8<S>) -> f64x8<S> {
    let biased = x * std::f64::consts::LOG2_E + BIASED_ZERO;
    let n = biased - BIASED_ZERO;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let [last, rest @ ..] = FACTORIALS;
    let mut p = splat(s, last);
    for factor in rest {
        p = p * r + factor;
    }
    let power: f64x8<S> = (biased.bitcast::<u64x8<S>>() << 52).bitcast();
    let y = (p * r * r + r) * power + power;
    x.simd_lt(splat(s, -708.0)).select(splat(s, 0.0), y)
}

/// softmax z less 1 for each row's own class, of class `k`
#[inline(always)]
fn put_gradient<S: Simd, T: Real, const N: usize>(
    s: S,
    k: usize,
    halves: &[Rows<S, N>; 2],
    scale: f64,
    gradient: &mut [T; LANES],
) {
    let (zero, one, class) = (splat(s, 0.0), splat(s, 1.0), splat(s, k as f64));
    let [low, high] = array([0.0; HALF], |half| {
        let rows = &halves[half];
        let q = rows.own.simd_eq(class).select(one, zero);
        let slope = (rows.exponentials[k] / rows.sum - q) * scale;
        let used = rows.own.simd_eq(rows.own);
        used.select(slope, zero).to_array()
    });
    // as a whole, since a vector that is read back cannot be put together from parts under way
    *gradient = array(T::ZERO, |lane| {
        T::from_f64(match lane < HALF {
            true => low[lane],
            false => high[lane - HALF],
        })
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exp(x: f64) -> f64 {
        dispatch!(level(), s => exp_below(s, splat(s, x)).to_array()[0])
    }

    #[test]
    fn exponentials_have_all_digits() {
        for i in 0..200_000 {
            let x = -f64::from(i) * f64::from(i) * 1.77e-8;
            let (found, exact) = (exp(x), x.exp());
            assert!(
                (found - exact).abs() <= 2.0 * f64::EPSILON * exact,
                "{x}: {found}, exact {exact}"
            );
        }
    }

    #[test]
    fn exponentials_keep_their_limits() {
        assert_eq!([0.0, -0.0, -708.5, -1e300].map(exp), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert!(exp(f64::NAN).is_nan());
    }
}
