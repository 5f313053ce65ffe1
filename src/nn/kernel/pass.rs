//! The activations' passes over a batch in `f32`.

use super::{LANES, vector::Vector};
use crate::nn::activation::{Function, Visitor};
use fearless_simd::{Select, mask32x16, prelude::*};

/// out = φ(pre), and 0 in the lanes from `used` on.
pub struct Apply<'a, S> {
    pub s: S,
    pub pre: &'a [f32],
    pub out: &'a mut [f32],
    pub used: usize,
}

impl<S: Simd> Visitor for Apply<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self { s, pre, out, used } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let (kept, zero) = (below(s, used), Vector::splat(s, 0.0));
                let pairs = out.as_chunks_mut().0.iter_mut().zip(pre.as_chunks().0);
                for (y, z) in pairs {
                    let value = function.value(Vector::load_array_ref(s, z));
                    kept.select(value, zero).store_array(y);
                }
            },
        );
    }
}

/// delta ← delta·φ'(pre)
pub struct ApplyBackward<'a, S> {
    pub s: S,
    pub pre: &'a [f32],
    pub out: &'a [f32],
    pub delta: &'a mut [f32],
}

impl<S: Simd> Visitor for ApplyBackward<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self { s, pre, out, delta } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let values = pre.as_chunks().0.iter().zip(out.as_chunks().0);
                for (d, (z, y)) in delta.as_chunks_mut().0.iter_mut().zip(values) {
                    let (z, y) = (Vector::load_array_ref(s, z), Vector::load_array_ref(s, y));
                    let slope = function.derivative_from(z, y);
                    (Vector::load_array_ref(s, d) * slope).store_array(d);
                }
            },
        );
    }
}

/// Zeroes the lanes from `used` on. Whole vectors are written, since a vector that is read back cannot be put together from
/// parts under way; a plain loop becomes such parts.
pub fn keep_lanes<S: Simd>(s: S, features: &mut [[f32; LANES]], used: usize) {
    s.vectorize(
        #[inline(always)]
        || {
            let (kept, zero) = (below(s, used), Vector::splat(s, 0.0));
            for lanes in features {
                let value = Vector::load_array_ref(s, lanes);
                kept.select(value, zero).store_array(lanes);
            }
        },
    );
}

/// The number of each lane.
const NUMBERS: [f32; LANES] = {
    let mut numbers = [0.0; LANES];
    let mut lane = 0;
    while lane < LANES {
        numbers[lane] = lane as f32;
        lane += 1;
    }
    numbers
};

/// The lanes below `used`.
#[inline(always)]
fn below<S: Simd>(s: S, used: usize) -> mask32x16<S> {
    Vector::load_array(s, NUMBERS).simd_lt(Vector::splat(s, used as f32))
}
