//! Counting values into bins.

use crate::nn::kernel::{Blocked, LANES, Real, wide};
use crate::nn::stats::Histogram;

const BINS: usize = 40;

/// The values of the rows in use, in runs.
pub(super) fn runs_in_use<T: Real>(values: &Blocked<T>) -> impl Iterator<Item = &[T]> + Clone {
    (0..values.blocks()).flat_map(move |b| {
        let (block, used) = (values.block(b), values.lanes(b));
        // whole blocks are one run, the last block's features one each
        let (run, used) = match used == LANES {
            true => (block.len(), block.len()),
            false => (LANES, used),
        };
        block.chunks_exact(run.max(1)).map(move |run| &run[..used])
    })
}

/// Equal bins from the least to the largest finite value, times `scale`; where all are equal, all fall into the first.
pub(super) fn histogram<'a, T: Real>(
    runs: impl Iterator<Item = &'a [T]> + Clone,
    scale: f64,
) -> Histogram {
    let mut range = Range::new();
    runs.clone().for_each(|run| range.widen(run));
    let (min, max) = (range.min.to_f64(), range.max.to_f64());
    let not_finite = range.not_finite;
    let mut bins = vec![0; BINS];
    if min > max {
        return Histogram {
            min: 0.0,
            max: 0.0,
            bins,
            not_finite,
        };
    }
    let a_bin = (max - min) / BINS as f64;
    let per_unit = if a_bin > 0.0 { 1.0 / a_bin } else { 0.0 };
    for run in runs {
        count(run, min, per_unit, not_finite == 0, &mut bins);
    }
    Histogram {
        min: min * scale,
        max: max * scale,
        bins,
        not_finite,
    }
}

/// From the least to the largest finite value.
struct Range<T> {
    min: T,
    max: T,
    not_finite: u32,
}

impl<T: Real> Range<T> {
    fn new() -> Self {
        Self {
            min: T::from_f64(f64::INFINITY),
            max: T::from_f64(f64::NEG_INFINITY),
            not_finite: 0,
        }
    }
    fn widen(&mut self, run: &[T]) {
        let far = T::from_f64(f64::INFINITY);
        let (chunks, rest) = run.as_chunks::<LANES>();
        let (mut mins, mut maxs, mut beyond) = ([far; LANES], [-far; LANES], [0u32; LANES]);
        let mut take = |values: &[T]| {
            let so_far = mins.iter_mut().zip(&mut maxs).zip(&mut beyond);
            for (((min, max), beyond), &v) in so_far.zip(values) {
                // a NaN is not less than anything either
                let finite = v.abs() < far;
                let (low, high) = if finite { (v, v) } else { (far, -far) };
                *min = if low < *min { low } else { *min };
                *max = if high > *max { high } else { *max };
                *beyond += u32::from(!finite);
            }
        };
        wide(
            #[inline(always)]
            || chunks.iter().for_each(|chunk| take(chunk)),
        );
        take(rest);
        for (min, max) in mins.into_iter().zip(maxs) {
            self.min = if min < self.min { min } else { self.min };
            self.max = if max > self.max { max } else { self.max };
        }
        self.not_finite += beyond.iter().sum::<u32>();
    }
}

/// `all_finite`: no value is to be left out.
fn count<T: Real>(run: &[T], min: f64, per_unit: f64, all_finite: bool, bins: &mut [u32]) {
    let last = (BINS - 1) as f64;
    let place = |v: T| ((v.to_f64() - min) * per_unit).min(last) as i32;
    let mut add = |place: i32, v: T| {
        if let Some(bin) = bins.get_mut(place as usize)
            && (all_finite || v.is_finite())
        {
            *bin += 1;
        }
    };
    let (chunks, rest) = run.as_chunks::<LANES>();
    wide(
        #[inline(always)]
        || {
            for chunk in chunks {
                let mut places = [0; LANES];
                for (into, &v) in places.iter_mut().zip(chunk) {
                    *into = place(v);
                }
                for (&place, &v) in places.iter().zip(chunk) {
                    add(place, v);
                }
            }
        },
    );
    rest.iter().for_each(|&v| add(place(v), v));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32]) -> Histogram {
        histogram([values].into_iter(), 1.0)
    }

    proptest! {
        #[test]
        fn every_value_is_in_its_bin(values in prop::collection::vec(-5.0f32..5.0, 1..200)) {
            let found = of(&values);
            let width = (found.max - found.min) / BINS as f64;
            let mut bins = vec![0u32; BINS];
            for v in &values {
                let v = f64::from(*v);
                prop_assert!(v >= found.min && v <= found.max);
                bins[(((v - found.min) / width) as usize).min(BINS - 1)] += 1;
            }
            // at an edge, rounding may take the neighbour
            let apart: u32 = bins.iter().zip(&found.bins).map(|(a, b)| a.abs_diff(*b)).sum();
            prop_assert!(values.len() == 1 || apart <= 2, "{bins:?} {found:?}");
            prop_assert_eq!(found.bins.iter().sum::<u32>() as usize, values.len());
        }
    }

    #[test]
    fn what_is_not_finite_is_counted_apart() {
        let found = of(&[1.0, f32::NAN, 3.0, f32::INFINITY, f32::NEG_INFINITY]);
        assert_eq!((found.min, found.max, found.not_finite), (1.0, 3.0, 3));
        assert_eq!(found.bins.iter().sum::<u32>(), 2);
        assert_eq!((found.bins[0], found.bins[BINS - 1]), (1, 1));
        let none = of(&[f32::NAN]);
        assert_eq!((none.min, none.max, none.not_finite), (0.0, 0.0, 1));
    }

    #[test]
    fn equal_values_fall_into_the_first() {
        let found = of(&[2.5; 33]);
        assert_eq!((found.min, found.max, found.bins[0]), (2.5, 2.5, 33));
    }

    #[test]
    fn the_smallest_and_the_largest_numbers_have_bins() {
        let found = of(&[-f32::MAX, f32::MAX, 0.0]);
        assert_eq!(found.bins.iter().sum::<u32>(), 3);
        let found = of(&[0.0, f32::from_bits(1)]);
        assert_eq!((found.bins[0], found.bins[BINS - 1]), (1, 1));
    }

    #[test]
    fn only_rows_in_use_count() {
        let mut values: Blocked<f32> = Blocked::zeros(3, 40);
        values.fill(7.0);
        values.set_rows(18);
        let lens: Vec<usize> = runs_in_use(&values).map(<[f32]>::len).collect();
        assert_eq!(lens, [48, 2, 2, 2]);
    }
}
