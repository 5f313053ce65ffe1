//! Features to mean 0 and variance 1 by the training rows' statistics.

use super::dataset::Rows;
use super::error::{DataError, Problem};
use super::raw::check_memory;
use ndarray::Array2;

/// Numbers of four bytes that a feature takes while the statistics are worked out: five of f64.
const PER_FEATURE: u128 = 10;

/// Standardizes the training rows and `others` in place and returns (mean, standard deviation) per feature, over all rows and steps of the
/// training rows. The variance is the population's (divided by n), as in scikit-learn; a constant feature has its mean taken
/// off and is divided by 1, so that it stays finite.
pub(super) fn standardize(
    train: &mut Rows,
    others: [&mut Array2<f32>; 2],
    features: usize,
    names: &[String],
) -> Result<Vec<(f32, f32)>, DataError> {
    check_memory(PER_FEATURE * features as u128)?;
    let statistics = statistics(&train.x, features);
    for rows in [&mut train.x].into_iter().chain(others) {
        apply(rows, &statistics, names)?;
    }
    Ok(statistics
        .iter()
        .map(|&(mean, std)| (mean as f32, std as f32))
        .collect())
}

/// Two passes in f64, about the first row: a constant feature's deviations are then exactly 0.
fn statistics(x: &Array2<f32>, features: usize) -> Vec<(f64, f64)> {
    let Some(values) = x.as_slice().filter(|v| !v.is_empty()) else {
        return vec![(0.0, 1.0); features];
    };
    let origin: Vec<f64> = values[..features].iter().map(|&v| v as f64).collect();
    let count = (values.len() / features) as f64;
    let mut mean = vec![0.0; features];
    for step in values.chunks_exact(features) {
        for ((m, &v), o) in mean.iter_mut().zip(step).zip(&origin) {
            *m += v as f64 - o;
        }
    }
    mean.iter_mut().for_each(|m| *m /= count);
    let mut variance = vec![0.0; features];
    for step in values.chunks_exact(features) {
        for (((s, &v), o), m) in variance.iter_mut().zip(step).zip(&origin).zip(&mean) {
            let d = v as f64 - o - m;
            *s += d * d;
        }
    }
    let pairs = mean.iter().zip(&origin).zip(&variance);
    pairs
        .map(|((m, o), v)| {
            let std = (v / count).sqrt();
            // A deviation that f32 cannot hold is no deviation to a network in f32.
            (m + o, if std as f32 == 0.0 { 1.0 } else { std })
        })
        .collect()
}

fn apply(
    x: &mut Array2<f32>,
    statistics: &[(f64, f64)],
    names: &[String],
) -> Result<(), DataError> {
    let width = x.ncols();
    let Some(values) = x.as_slice_mut().filter(|v| !v.is_empty()) else {
        return Ok(());
    };
    // a row, or a step of one, at a time: a remainder for every number would take longer than all else here
    for (at, step) in values.chunks_exact_mut(statistics.len()).enumerate() {
        for (feature, (v, &(mean, std))) in step.iter_mut().zip(statistics).enumerate() {
            let value = ((*v as f64 - mean) / std) as f32;
            if !value.is_finite() {
                let name = names.get(feature).map_or("", String::as_str);
                let problem =
                    Problem::NotFinite(format!("({v} - {mean:e}) / {std:e}, standardized,"));
                return Err(DataError::from(problem)
                    .at_row(at * statistics.len() / width)
                    .at_column(feature, name));
            }
            *v = value;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Targets;

    /// A packed file of a megabyte can promise a row of a billion features.
    #[test]
    fn more_features_than_there_is_memory_for_are_refused() {
        let empty = || Array2::<f32>::zeros((0, 0));
        let mut rows = Rows {
            x: empty(),
            y: Targets::Classes(Vec::new()),
        };
        let error = standardize(
            &mut rows,
            [&mut empty(), &mut empty()],
            usize::MAX / 64,
            &[],
        );
        assert!(error.is_err());
    }
}
