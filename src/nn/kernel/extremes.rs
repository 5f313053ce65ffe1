//! The largest and the least magnitude of many values.

use super::{LANES, vector::Vector};
use crate::nn::number::Number;
use fearless_simd::{prelude::*, u32x16};

const INFINITY: u32 = f32::INFINITY.to_bits();
const MAGNITUDE: u32 = u32::MAX >> 1;

/// Magnitudes among many values; NaNs, which have none, are passed over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes<T> {
    /// The largest; 0 of nothing.
    pub top: T,
    /// The least but 0; infinite where all are 0.
    pub least: T,
    /// Whether there was a NaN.
    pub nan: bool,
}

impl<T: Number> Extremes<T> {
    /// No magnitude is above it: infinite beside a NaN.
    pub fn bound(&self) -> f64 {
        if self.nan {
            f64::INFINITY
        } else {
            self.top.to_f64()
        }
    }
}

/// The bits of the values without their signs.
#[inline(always)]
fn magnitudes<S: Simd>(s: S, values: &[f32; LANES]) -> u32x16<S> {
    let bits: u32x16<S> = Vector::load_array_ref(s, values).bitcast();
    bits & u32x16::splat(s, MAGNITUDE)
}

/// Magnitudes are in the order of their bits, and whole numbers are compared at a fraction of the cost. NaNs come after
/// infinity.
pub fn extremes<S: Simd>(s: S, values: &[[f32; LANES]]) -> Extremes<f32> {
    let (top, least) = s.vectorize(
        #[inline(always)]
        || {
            let mut top = u32x16::splat(s, 0);
            // less 1, so that 0 is the largest of all
            let mut least = u32x16::splat(s, INFINITY - 1);
            let one = u32x16::splat(s, 1);
            for chunk in values {
                let bits = magnitudes(s, chunk);
                top = top.max(bits);
                least = least.min(bits - one);
            }
            let top = top.to_array().into_iter().max().unwrap_or(0);
            let least = least.to_array().into_iter().min().unwrap_or(0);
            (top, least + 1)
        },
    );
    let nan = top > INFINITY;
    let top = if nan { top_beside_nans(values) } else { top };
    Extremes {
        top: f32::from_bits(top),
        least: f32::from_bits(least),
        nan,
    }
}

/// No magnitude is above it: infinite beside a NaN.
pub fn bound<S: Simd>(s: S, values: &[[f32; LANES]]) -> f64 {
    let top = s.vectorize(
        #[inline(always)]
        || {
            let mut top = u32x16::splat(s, 0);
            for chunk in values {
                top = top.max(magnitudes(s, chunk));
            }
            top.to_array().into_iter().max().unwrap_or(0)
        },
    );
    f64::from(f32::from_bits(top.min(INFINITY)))
}

#[cold]
fn top_beside_nans(values: &[[f32; LANES]]) -> u32 {
    let magnitudes = values
        .as_flattened()
        .iter()
        .map(|v| v.to_bits() & MAGNITUDE);
    magnitudes
        .filter(|bits| *bits <= INFINITY)
        .max()
        .unwrap_or(0)
}
