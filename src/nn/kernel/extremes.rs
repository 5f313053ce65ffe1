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
    /// Of no value at all.
    pub fn none() -> Self {
        Self {
            top: T::ZERO,
            least: T::from_f64(f64::INFINITY),
            nan: false,
        }
    }
    /// Of these values and others.
    pub fn and(self, other: Self) -> Self {
        Self {
            top: if other.top > self.top {
                other.top
            } else {
                self.top
            },
            least: if other.least < self.least {
                other.least
            } else {
                self.least
            },
            nan: self.nan || other.nan,
        }
    }
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
fn magnitudes<S: Simd>(s: S, values: Vector<S>) -> u32x16<S> {
    let bits: u32x16<S> = values.bitcast();
    bits & u32x16::splat(s, MAGNITUDE)
}

/// Extremes while they are looked for, in every lane. Magnitudes are in the order of their bits, and whole numbers are compared
/// at a fraction of the cost. NaNs come after infinity.
pub struct Search<S: Simd> {
    top: u32x16<S>,
    /// Less 1, so that 0 is the largest of all.
    least: u32x16<S>,
}

impl<S: Simd> Search<S> {
    #[inline(always)]
    pub fn new(s: S) -> Self {
        Self {
            top: u32x16::splat(s, 0),
            least: u32x16::splat(s, INFINITY - 1),
        }
    }
    #[inline(always)]
    pub fn see(&mut self, s: S, values: Vector<S>) {
        let bits = magnitudes(s, values);
        self.top = self.top.max(bits);
        self.least = self.least.min(bits - u32x16::splat(s, 1));
    }
    /// Of all `values`, which must be those that it has seen.
    #[inline(always)]
    pub fn end(self, values: &[f32]) -> Extremes<f32> {
        let top = self.top.reduce_max();
        let least = self.least.reduce_min() + 1;
        let nan = top > INFINITY;
        let top = if nan { top_beside_nans(values) } else { top };
        Extremes {
            top: f32::from_bits(top),
            least: f32::from_bits(least),
            nan,
        }
    }
}

/// Of whole vectors.
pub fn extremes<S: Simd>(s: S, values: &[f32]) -> Extremes<f32> {
    s.vectorize(
        #[inline(always)]
        || {
            let mut search = Search::new(s);
            for chunk in values.as_chunks().0 {
                search.see(s, Vector::load_array_ref(s, chunk));
            }
            search.end(values)
        },
    )
}

/// The larger of two magnitudes; NaN stays.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if b > a || b.is_nan() { b } else { a }
}

/// No magnitude is above it: infinite beside a NaN.
pub fn bound<S: Simd>(s: S, values: &[f32]) -> f64 {
    s.vectorize(
        #[inline(always)]
        || {
            let mut bound = Bound::new(s);
            for chunk in values.as_chunks::<LANES>().0 {
                bound.see(s, Vector::load_array_ref(s, chunk));
            }
            bound.end()
        },
    )
}

/// A [`bound`] while it is looked for, in every lane.
pub struct Bound<S: Simd>(u32x16<S>);

impl<S: Simd> Bound<S> {
    #[inline(always)]
    pub fn new(s: S) -> Self {
        Self(u32x16::splat(s, 0))
    }
    #[inline(always)]
    pub fn see(&mut self, s: S, values: Vector<S>) {
        self.0 = self.0.max(magnitudes(s, values));
    }
    #[inline(always)]
    pub fn end(self) -> f64 {
        f64::from(f32::from_bits(self.0.reduce_max().min(INFINITY)))
    }
}

#[cold]
fn top_beside_nans(values: &[f32]) -> u32 {
    let magnitudes = values.iter().map(|v| v.to_bits() & MAGNITUDE);
    magnitudes
        .filter(|bits| *bits <= INFINITY)
        .max()
        .unwrap_or(0)
}
