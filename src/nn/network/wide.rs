//! Passes over slices, compiled for the widest vectors of the processor that the program runs on.

use crate::nn::kernel::{LANES, Real, level};
use crate::nn::number::Number;
use fearless_simd::{dispatch, prelude::*};

/// Runs `pass`, a loop that the compiler can vectorize and that is marked `#[inline(always)]`, with the processor's widest
/// vectors. Results do not depend on the width: the loops keep sums in [`LANES`] parts of their own.
#[inline(always)]
pub(crate) fn wide<R>(pass: impl FnOnce() -> R) -> R {
    dispatch!(level(), s => s.vectorize(pass))
}

/// Σ v² in f64, where squares of any f32 have their place; the order of the additions depends on the elements alone,
/// however they are cut into slices of whole vectors.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SquareSum {
    parts: [f64; LANES],
}

impl SquareSum {
    #[inline(always)]
    fn add_inline<T: Number>(&mut self, values: &[T]) {
        let mut parts = self.parts;
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for (part, v) in parts.iter_mut().zip(chunk) {
                let v = v.to_f64();
                *part += v * v;
            }
        }
        for (part, v) in parts.iter_mut().zip(rest) {
            *part += v.to_f64() * v.to_f64();
        }
        self.parts = parts;
    }
    pub fn add<T: Number>(&mut self, values: &[T]) {
        wide(
            #[inline(always)]
            || self.add_inline(values),
        );
    }
    pub fn total(&self) -> f64 {
        self.parts.iter().sum()
    }
}

pub(crate) fn square_sum<T: Number>(values: &[T]) -> f64 {
    let mut sum = SquareSum::default();
    sum.add(values);
    sum.total()
}

/// Σ v and Σ v² in f64.
pub(crate) fn moments<T: Number>(values: &[T]) -> (f64, f64) {
    wide(
        #[inline(always)]
        || {
            let (mut sums, mut squares) = ([0.0; LANES], [0.0; LANES]);
            let (chunks, rest) = values.as_chunks::<LANES>();
            for chunk in chunks {
                for ((sum, square), v) in sums.iter_mut().zip(&mut squares).zip(chunk) {
                    let v = v.to_f64();
                    *sum += v;
                    *square += v * v;
                }
            }
            let of_rest = rest.iter().map(|v| v.to_f64());
            let sum = sums.iter().sum::<f64>() + of_rest.clone().sum::<f64>();
            (
                sum,
                squares.iter().sum::<f64>() + of_rest.map(|v| v * v).sum::<f64>(),
            )
        },
    )
}

/// The largest magnitude, and the least but 0 (infinite where all are 0); NaNs are passed over.
pub(crate) fn extremes<T: Real>(values: &[T]) -> (f64, f64) {
    wide(
        #[inline(always)]
        || {
            let far = T::from_f64(f64::INFINITY);
            let (mut tops, mut leasts) = ([T::ZERO; LANES], [far; LANES]);
            for chunk in values.as_chunks::<LANES>().0 {
                for ((top, least), v) in tops.iter_mut().zip(&mut leasts).zip(chunk) {
                    let v = v.abs();
                    *top = if v > *top { v } else { *top };
                    let nonzero = if v > T::ZERO { v } else { far };
                    *least = if nonzero < *least { nonzero } else { *least };
                }
            }
            let top = tops.iter().fold(0.0f64, |a, b| a.max(b.to_f64()));
            (
                top,
                leasts.iter().fold(f64::INFINITY, |a, b| a.min(b.to_f64())),
            )
        },
    )
}

/// v ← v·factor, worked out in f64, because the factor may be beyond the range of `T` where the product is not; what falls
/// below `floor` becomes 0, NaN stays.
pub(crate) fn scale<T: Number>(values: &mut [T], factor: f64, floor: f64) {
    // 0·∞ would be NaN
    let factor = factor.min(f64::MAX);
    wide(
        #[inline(always)]
        || {
            for v in values {
                *v = T::from_f64((v.to_f64() * factor).cut_below(floor));
            }
        },
    );
}

/// How many magnitudes are below `bound`, and how many values are 0.
#[inline]
pub(crate) fn count_below<T: Number>(values: &[T], bound: T) -> (usize, usize) {
    let (mut below, mut zero) = (0u32, 0u32);
    for v in values {
        below += u32::from(v.abs() < bound);
        zero += u32::from(*v == T::ZERO);
    }
    (below as usize, zero as usize)
}

/// ‖a - b‖₂, in f64.
pub(crate) fn distance<T: Number>(a: &[T], b: &[T]) -> f64 {
    wide(
        #[inline(always)]
        || {
            let mut parts = [0.0; LANES];
            for (a, b) in a
                .as_chunks::<LANES>()
                .0
                .iter()
                .zip(b.as_chunks::<LANES>().0)
            {
                for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
                    let d = a.to_f64() - b.to_f64();
                    *part += d * d;
                }
            }
            parts.iter().sum::<f64>().sqrt()
        },
    )
}
