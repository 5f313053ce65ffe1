//! Passes over slices, compiled for the widest vectors of the processor that the program runs on.

use crate::nn::kernel::wide;
use crate::nn::number::Number;

/// v ← v·factor, rounded once; what falls below `floor`, which is no subnormal number of `T`, becomes 0, NaN stays. The factor
/// may be beyond the range of `T`.
pub(crate) fn scale<T: Number>(values: &mut [T], factor: f64, floor: f64) {
    if let Some((least, factors)) = by_powers_of_two(factor, floor) {
        return wide(
            #[inline(always)]
            || {
                for v in values {
                    *v = v.cut_below(least) * factors[0] * factors[1];
                }
            },
        );
    }
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

/// Of a factor that is a power of two: the least magnitude that stays above `floor`, and two factors within the range of `T`
/// that come to it. What is less is cut off before it is multiplied: products that are subnormal numbers take some processors
/// a hundred times as long.
#[inline(always)]
fn by_powers_of_two<T: Number>(factor: f64, floor: f64) -> Option<(T, [T; 2])> {
    const MANTISSA: u64 = (1 << (f64::MANTISSA_DIGITS - 1)) - 1;
    let near = T::from_f64(factor);
    if factor.to_bits() & MANTISSA != 0 || !near.is_finite() {
        return None;
    }
    let least = T::from_f64(floor / factor);
    if near >= T::MIN_NORMAL {
        return Some((least, [near, T::ONE]));
    }
    // what stays is at least 1, since `floor` is no less than this
    let first = T::MIN_NORMAL;
    let second = T::from_f64(factor / first.to_f64());
    Some((least, [first, second.larger(first)]))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernel::values_of_one_size;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scaling_rounds_once(values in values_of_one_size(), factor in -1e3f64..1e3, power in -300i32..130) {
            for factor in [factor, f64::from(power).exp2()] {
                let mut scaled = values.clone();
                scale(&mut scaled, factor, f64::from(f32::MIN_POSITIVE));
                for (v, s) in values.iter().zip(scaled) {
                    let exact = (f64::from(*v) * factor) as f32;
                    let exact = if exact.abs() < f32::MIN_POSITIVE { 0.0 } else { exact };
                    prop_assert_eq!(s, exact);
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        for factor in [
            0.0,
            1e-300,
            2f64.powi(-300),
            2f64.powi(-140),
            0.5,
            1.0,
            2f64.powi(140),
            f64::INFINITY,
        ] {
            let mut values = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0];
            scale(&mut values, factor, f64::from(f32::MIN_POSITIVE));
            assert!(values[0].is_nan(), "{factor}");
            assert_eq!(
                values[1..],
                [f32::INFINITY, f32::NEG_INFINITY, 0.0],
                "{factor}"
            );
        }
    }
}
