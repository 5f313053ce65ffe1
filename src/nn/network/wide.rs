//! Passes over slices, compiled for the widest vectors of the processor that the program runs on.

use crate::nn::kernel::{LANES, wide};
use crate::nn::number::Number;
use std::ops::RangeInclusive;

/// Values whose squares are added up in `T`, in parts side by side, before they go into the sum in f64: so few that no more than
/// the seventh digit is lost.
pub(super) const RUN: usize = 32 * LANES;
/// Where a run's sum in f32 lies within these, no square that matters to it has left f32's range.
pub(super) const SOUND: RangeInclusive<f64> = 1e-20..=1e30;

/// Σ v², as if in f64, where squares of any f32 have their place.
pub(crate) fn square_sum<T: Number>(values: &[T]) -> f64 {
    wide(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for run in values.chunks(RUN) {
                sum += square_sum_of_run(run);
            }
            sum
        },
    )
}

/// The same of at most [`RUN`] values.
#[inline(always)]
pub(crate) fn square_sum_of_run<T: Number>(values: &[T]) -> f64 {
    let (run, rest) = values.as_chunks::<LANES>();
    let of_run = sum_of_parts(square_parts(run)).to_f64();
    let of_run = match SOUND.contains(&of_run) {
        true => of_run,
        false => exact_square_sum(run),
    };
    of_run + rest.iter().map(|v| v.to_f64() * v.to_f64()).sum::<f64>()
}

/// Chunks whose parts are sums of their own, so that none waits for the one before.
const APART: usize = 4;

#[inline(always)]
fn square_parts<T: Number>(run: &[[T; LANES]]) -> [T; LANES] {
    let (fours, rest) = run.as_chunks::<APART>();
    let mut sums = [[T::ZERO; LANES]; APART];
    for four in fours {
        for (parts, chunk) in sums.iter_mut().zip(four) {
            add_squares(parts, chunk);
        }
    }
    let [mut a, b, c, d] = sums;
    for i in 0..LANES {
        a[i] = (a[i] + b[i]) + (c[i] + d[i]);
    }
    for chunk in rest {
        add_squares(&mut a, chunk);
    }
    a
}

#[inline(always)]
fn add_squares<T: Number>(parts: &mut [T; LANES], values: &[T; LANES]) {
    for (part, &v) in parts.iter_mut().zip(values) {
        *part += v * v;
    }
}

/// Half and half, as vectors do it.
#[inline(always)]
fn sum_of_parts<T: Number>(mut parts: [T; LANES]) -> T {
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] += parts[i + half];
        }
        half /= 2;
    }
    parts[0]
}

#[inline(always)]
fn exact_square_sum<T: Number>(chunks: &[[T; LANES]]) -> f64 {
    let mut parts = [0.0; LANES];
    for chunk in chunks {
        for (part, v) in parts.iter_mut().zip(chunk) {
            *part += v.to_f64() * v.to_f64();
        }
    }
    parts.iter().sum()
}

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

/// ‖a - b‖₂, as if in f64.
pub(crate) fn distance<T: Number>(a: &[T], b: &[T]) -> f64 {
    wide(
        #[inline(always)]
        || {
            let (a, b) = (a.as_chunks::<LANES>().0, b.as_chunks::<LANES>().0);
            let mut sum = 0.0;
            for (a, b) in a.chunks(RUN / LANES).zip(b.chunks(RUN / LANES)) {
                let mut parts = [T::ZERO; LANES];
                for (a, b) in a.iter().zip(b) {
                    for (part, (&a, &b)) in parts.iter_mut().zip(a.iter().zip(b)) {
                        *part += (a - b) * (a - b);
                    }
                }
                let of_run: f64 = parts.iter().map(|part| part.to_f64()).sum();
                sum += match SOUND.contains(&of_run) {
                    true => of_run,
                    false => exact_square_distance(a, b),
                };
            }
            sum.sqrt()
        },
    )
}

#[inline(always)]
fn exact_square_distance<T: Number>(a: &[[T; LANES]], b: &[[T; LANES]]) -> f64 {
    let mut parts = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            let apart = a.to_f64() - b.to_f64();
            *part += apart * apart;
        }
    }
    parts.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of one size, from far below f32's normal numbers' roots to near its largest.
    fn values() -> impl Strategy<Value = Vec<f32>> {
        let each = prop::collection::vec(-1.0f32..1.0, 0..1300);
        (each, -120i32..126).prop_map(|(mut values, exponent)| {
            let factor = 2f32.powi(exponent);
            values.iter_mut().for_each(|v| *v *= factor);
            values
        })
    }

    proptest! {
        #[test]
        fn squares_are_those_of_f64(values in values()) {
            let exact: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
            let found = square_sum(&values);
            prop_assert!((found - exact).abs() <= 1e-6 * exact, "{found} {exact}");
        }

        #[test]
        fn distances_are_those_of_f64(mut values in values()) {
            values.truncate(values.len() / LANES * LANES);
            let other: Vec<f32> = values.iter().map(|v| 0.5 * v).collect();
            let exact: f64 = values.iter().map(|v| (0.5 * f64::from(*v)).powi(2)).sum::<f64>();
            let found = distance(&values, &other);
            prop_assert!((found - exact.sqrt()).abs() <= 1e-6 * exact.sqrt(), "{found}");
        }

        #[test]
        fn scaling_rounds_once(values in values(), factor in -1e3f64..1e3, power in -130i32..130) {
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
    fn a_sum_of_what_is_not_finite_is_not() {
        assert!(square_sum(&[1.0, f32::NAN]).is_nan());
        let mut values = [1.0f32; 4 * LANES];
        values[20] = f32::INFINITY;
        assert_eq!(square_sum(&values), f64::INFINITY);
        values[21] = f32::NAN;
        assert!(square_sum(&values).is_nan());
    }
}
