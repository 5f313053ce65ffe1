//! Mean and standard deviation of many values, piece by piece.

use crate::nn::kernel::{LANES, RUN, SOUND, wide};
use crate::nn::number::Number;

/// Of what has been added so far. Squares are of distances from the mean, never of the values, whose spread may be lost beside
/// their mean (a saturated layer's).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    /// Σ (v - mean)²
    squares: f64,
}

impl Moments {
    /// Adds whole vectors.
    pub fn add<T: Number>(&mut self, values: &[T]) {
        wide(
            #[inline(always)]
            || {
                for run in values.as_chunks::<LANES>().0.chunks(RUN / LANES) {
                    self.join(of_run(run));
                }
            },
        );
    }
    /// Adds the first `used` values of every vector.
    pub fn add_used<T: Number>(&mut self, values: &[T], used: usize) {
        let used = values.as_chunks::<LANES>().0.iter().map(|v| &v[..used]);
        let values = || used.clone().flatten().map(|v| v.to_f64());
        self.join(exact(values));
    }
    /// As if both had been added to one (Chan, Golub & LeVeque 1983, equation 2.1).
    #[inline(always)]
    fn join(&mut self, other: Moments) {
        let count = self.count + other.count;
        if other.count == 0.0 {
            return;
        }
        let apart = other.mean - self.mean;
        self.squares += other.squares + apart * apart * (self.count * other.count / count);
        self.mean += apart * (other.count / count);
        self.count = count;
    }
    /// Mean and population standard deviation.
    pub fn mean_and_std(&self) -> (f64, f64) {
        (self.mean, (self.squares / self.count).sqrt())
    }
}

/// Of so few vectors that sums in f32 keep all but the last digit; worked out in f64 where squares leave f32's range.
#[inline(always)]
fn of_run<T: Number>(run: &[[T; LANES]]) -> Moments {
    let count = (run.len() * LANES) as f64;
    let mut parts = [T::ZERO; LANES];
    for chunk in run {
        for (part, &v) in parts.iter_mut().zip(chunk) {
            *part += v;
        }
    }
    let centre = T::from_f64(total(parts) / count);
    let (mut parts, mut squares) = ([T::ZERO; LANES], [T::ZERO; LANES]);
    for chunk in run {
        for ((part, square), &v) in parts.iter_mut().zip(&mut squares).zip(chunk) {
            let apart = v - centre;
            *part += apart;
            *square += apart * apart;
        }
    }
    let (rest, squares) = (total(parts), total(squares));
    if !SOUND.contains(&squares) {
        return exact(|| run.iter().flatten().map(|v| v.to_f64()));
    }
    Moments {
        count,
        mean: centre.to_f64() + rest / count,
        // `centre` is not quite the mean
        squares: squares - rest * rest / count,
    }
}

#[inline(always)]
fn total<T: Number>(parts: [T; LANES]) -> f64 {
    parts.iter().map(|part| part.to_f64()).sum()
}

/// In f64, in two passes.
#[inline(always)]
fn exact<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> Moments {
    let (count, sum) = values().fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
    let mean = sum / count;
    Moments {
        count,
        mean,
        squares: values().map(|v| (v - mean) * (v - mean)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f32], cut: usize) -> (f64, f64) {
        let mut moments = Moments::default();
        let cut = cut.min(values.len() / LANES) * LANES;
        moments.add(&values[..cut]);
        moments.add(&values[cut..values.len() / LANES * LANES]);
        let rest = &values[values.len() / LANES * LANES..];
        let mut last = [0.0; LANES];
        last[..rest.len()].copy_from_slice(rest);
        moments.add_used(&last, rest.len());
        moments.mean_and_std()
    }

    fn plain(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let square = |v: &f32| (f64::from(*v) - mean).powi(2);
        (mean, (values.iter().map(square).sum::<f64>() / n).sqrt())
    }

    proptest! {
        #[test]
        fn they_are_those_of_all_values_together(
            mut values in prop::collection::vec(-1.0f32..1.0, 1..1700),
            cut in 0usize..100,
            scale in -140i32..120,
            offset in -3.0f32..3.0,
        ) {
            let factor = 2f32.powi(scale);
            values.iter_mut().for_each(|v| *v = (*v + offset) * factor);
            let ((mean, std), (true_mean, true_std)) = (of(&values, cut), plain(&values));
            let size = values.iter().fold(0.0, |a: f64, v| a.max(f64::from(v.abs())));
            prop_assert!((mean - true_mean).abs() <= 1e-6 * size, "{mean} {true_mean}");
            prop_assert!((std - true_std).abs() <= 2e-6 * true_std, "{std} {true_std}");
        }
    }

    #[test]
    fn a_spread_far_below_the_mean_is_seen() {
        let values: Vec<f32> = (0..1024).map(|i| 1.0 + (i % 3) as f32 * 1e-6).collect();
        let (found, (_, true_std)) = (of(&values, 0).1, plain(&values));
        assert!(
            (found - true_std).abs() < 1e-6 * true_std,
            "{found} {true_std}"
        );
    }

    #[test]
    fn what_is_not_finite_shows() {
        let mut values = vec![1.0f32; 64];
        values[5] = f32::NAN;
        assert!(of(&values, 0).0.is_nan() && of(&values, 0).1.is_nan());
    }
}
