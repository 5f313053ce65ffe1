//! The largest and the least magnitude of many values.

use super::LANES;
use fearless_simd::{prelude::*, u32x16};

const INFINITY: u32 = f32::INFINITY.to_bits();

/// The largest magnitude, and the least but 0 (infinite where all are 0); NaNs are passed over.
///
/// Magnitudes are in the order of their bits, and whole numbers are compared at a fraction of the cost.
pub fn extremes<S: Simd>(s: S, values: &[[f32; LANES]]) -> (f32, f32) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut top = u32x16::splat(s, 0);
            // less 1, so that 0 is the largest of all
            let mut least = u32x16::splat(s, INFINITY - 1);
            let one = u32x16::splat(s, 1);
            for chunk in values {
                let bits: u32x16<S> = super::vector::Vector::load_array_ref(s, chunk).bitcast();
                let bits = bits & u32x16::splat(s, u32::MAX >> 1);
                let nan = bits.simd_gt(u32x16::splat(s, INFINITY));
                let bits = nan.select(u32x16::splat(s, 0), bits);
                top = top.max(bits);
                least = least.min(bits - one);
            }
            let top = top.to_array().into_iter().max().unwrap_or(0);
            let least = least.to_array().into_iter().min().unwrap_or(0);
            (f32::from_bits(top), f32::from_bits(least + 1))
        },
    )
}
