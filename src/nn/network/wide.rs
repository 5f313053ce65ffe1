//! Passes over slices, compiled for the widest vectors of the processor that the program runs on.

use crate::nn::kernel::wide;
use crate::nn::number::Number;

/// v ← v·factor, as if worked out in f64, because the factor may be beyond the range of `T` where the product is not; what
/// falls below `floor` becomes 0, NaN stays.
pub(crate) fn scale<T: Number>(values: &mut [T], factor: f64, floor: f64) {
    // 0·∞ would be NaN
    let factor = factor.min(f64::MAX);
    let near = T::from_f64(factor);
    // a factor that `T` holds exactly is rounded but once either way
    if near.to_f64() == factor && near.abs() >= T::MIN_NORMAL {
        let floor = T::from_f64(floor);
        return wide(
            #[inline(always)]
            || {
                for v in values {
                    *v = (*v * near).cut_below(floor);
                }
            },
        );
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::kernel::values_of_one_size;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn scaling_rounds_once(values in values_of_one_size(), factor in -1e3f64..1e3, power in -130i32..130) {
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
}
