//! Sums of squares in `f32`, as if in f64, where squares of any f32 have their place. Written in vectors, not in loops for the
//! compiler to vectorize: where gathering loads exist it takes them for a loop over several sums, at many times the cost.

use super::tile::{Lanes, ZEROS, array};
use super::vector::Vector;
use super::{LANES, Real};
use fearless_simd::{f64x8, prelude::*};
use std::ops::RangeInclusive;

/// Values whose squares are added up in f32, in parts side by side, before they go into the sum in f64: so few that no more than
/// the seventh digit is lost.
pub const RUN: usize = 32 * LANES;
/// Where a run's sum in f32 lies within these, no square that matters to it has left f32's range: those that have, below
/// 2^-126 each, come to 6e-36.
pub const SOUND: RangeInclusive<f64> = 1e-28..=1e30;

/// Vectors whose sums are apart, so that none waits for the one before.
const APART: usize = 4;

/// The sum of every part's [`square_sum`]; of few values by one run.
#[inline(always)]
pub fn square_sums<S: Simd>(s: S, parts: &[&[f32]]) -> f64 {
    let count: usize = parts.iter().map(|part| part.len()).sum();
    if count <= RUN && parts.iter().all(|part| part.len() % LANES == 0) {
        let mut sum = Vector::splat(s, 0.0);
        for part in parts {
            sum += of_vectors(s, [part.as_chunks().0], |[v]| v);
        }
        let sum = f64::from(sum.reduce_sum());
        if SOUND.contains(&sum) {
            return sum;
        }
    }
    let mut sum = 0.0;
    for part in parts {
        sum += square_sum(s, part);
    }
    sum
}

/// Σ v²
#[inline(always)]
pub fn square_sum<S: Simd>(s: S, values: &[f32]) -> f64 {
    let mut sum = 0.0;
    for run in values.chunks(RUN) {
        let (run, rest) = run.as_chunks();
        let of_run = f64::from(of_vectors(s, [run], |[v]| v).reduce_sum());
        sum += match SOUND.contains(&of_run) {
            true => of_run,
            false => of_widened(s, [run], |[v]| v),
        };
        for v in rest {
            sum += f64::from(*v).powi(2);
        }
    }
    sum
}

/// Σ (a - b)² over whole vectors
pub fn square_distance<S: Simd>(s: S, a: &[f32], b: &[f32]) -> f64 {
    s.vectorize(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for (a, b) in a.chunks(RUN).zip(b.chunks(RUN)) {
                let run = [a.as_chunks().0, b.as_chunks().0];
                let of_run = f64::from(of_vectors(s, run, |[a, b]| a - b).reduce_sum());
                sum += match SOUND.contains(&of_run) {
                    true => of_run,
                    false => of_widened(s, run, |[a, b]| a - b),
                };
            }
            sum
        },
    )
}

/// Σ of the squares of what `of` makes of each place's vectors, lane by lane.
#[inline(always)]
fn of_vectors<S: Simd, const N: usize>(
    s: S,
    values: [&[Lanes]; N],
    of: impl Fn([Vector<S>; N]) -> Vector<S>,
) -> Vector<S> {
    let zero = Vector::splat(s, 0.0);
    let count = values[0].len();
    let values: [&[Lanes]; N] = array(&[][..], |n| &values[n][..count]);
    let add = |sum: Vector<S>, place: [&Lanes; N]| {
        let v = of(array(zero, |n| Vector::load_array_ref(s, place[n])));
        v.mul_add(v, sum)
    };
    let mut sums = [zero; APART];
    let whole = count / APART;
    for i in 0..whole {
        // of a length that the compiler knows, so that no place is checked
        let places: [&[Lanes; APART]; N] = array(&[ZEROS; APART], |n| &values[n].as_chunks().0[i]);
        for (j, sum) in sums.iter_mut().enumerate() {
            *sum = add(*sum, array(&ZEROS, |n| &places[n][j]));
        }
    }
    let [a, b, c, d] = sums;
    let mut sum = (a + b) + (c + d);
    let place = |i: usize| array(&ZEROS, |n| &values[n][i]);
    for i in whole * APART..count {
        sum = add(sum, place(i));
    }
    sum
}

/// The same in f64, where squares of any f32 have their place.
#[inline(always)]
fn of_widened<S: Simd, const N: usize>(
    s: S,
    values: [&[Lanes]; N],
    of: impl Fn([f64x8<S>; N]) -> f64x8<S>,
) -> f64 {
    let zero = f64x8::splat(s, 0.0);
    let mut sums = [zero; 2 * APART];
    let count = values[0].len();
    let values: [&[Lanes]; N] = array(&[][..], |n| &values[n][..count]);
    for first in (0..count).step_by(APART) {
        for (place, sums) in (first..count).zip(sums.as_chunks_mut::<2>().0) {
            for (half, sum) in sums.iter_mut().enumerate() {
                let v = of(array(zero, |n| {
                    f32::widen(s, &values[n][place].as_chunks().0[half])
                }));
                *sum = v.mul_add(v, *sum);
            }
        }
    }
    sums.iter().flat_map(|sum| sum.to_array()).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::nn::kernel::Real;
    use proptest::prelude::*;

    /// Values of one size, from far below f32's normal numbers' roots to near its largest.
    pub(crate) fn values_of_one_size() -> impl Strategy<Value = Vec<f32>> {
        let each = prop::collection::vec(-1.0f32..1.0, 0..1300);
        (each, -120i32..126).prop_map(|(mut values, exponent)| {
            let factor = 2f32.powi(exponent);
            values.iter_mut().for_each(|v| *v *= factor);
            values
        })
    }

    proptest! {
        #[test]
        fn squares_are_those_of_f64(values in values_of_one_size()) {
            let exact: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
            let found = f32::square_sum(&values);
            prop_assert!((found - exact).abs() <= 1e-6 * exact, "{found} {exact}");
        }

        #[test]
        fn squares_of_parts_are_those_of_all(values in values_of_one_size(), at in 0usize..1300) {
            let exact: f64 = values.iter().map(|v| f64::from(*v).powi(2)).sum();
            let (a, b) = values.split_at(at.min(values.len()) / LANES * LANES);
            let found = f32::square_sums(&[a, &[], b]);
            prop_assert!((found - exact).abs() <= 1e-6 * exact, "{found} {exact}");
        }

        #[test]
        fn distances_are_those_of_f64(mut values in values_of_one_size()) {
            values.truncate(values.len() / LANES * LANES);
            let other: Vec<f32> = values.iter().map(|v| 0.5 * v).collect();
            let exact: f64 = values.iter().map(|v| (0.5 * f64::from(*v)).powi(2)).sum();
            let found = f32::square_distance(&values, &other);
            let (found, exact) = (found.sqrt(), exact.sqrt());
            prop_assert!((found - exact).abs() <= 1e-6 * exact, "{found} {exact}");
        }
    }

    #[test]
    fn a_sum_of_what_is_not_finite_is_not() {
        assert!(f32::square_sum(&[1.0, f32::NAN]).is_nan());
        let mut values = [1.0f32; 4 * LANES];
        values[20] = f32::INFINITY;
        assert_eq!(f32::square_sum(&values), f64::INFINITY);
        values[21] = f32::NAN;
        assert!(f32::square_sum(&values).is_nan());
    }
}
