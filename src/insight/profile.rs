//! A magnitude over the depth of a network: how far the bottom is from the top, and how fast it gets there.

/// The bounds of the verdict (bottom over top).
pub const VANISHING: f64 = 1e-3;
pub const EXPLODING: f64 = 1e3;
/// A gradient's norm beyond this explodes whatever the ratio.
pub const LARGEST_NORM: f64 = 1e3;

/// The bottom's magnitude over the top's. Where the top is exactly 0, the highest layer that is not stands for it. 0 where
/// the bottom is 0, 1 where there is nothing to compare.
pub fn ratio(magnitudes: &[f64]) -> f64 {
    let (Some(&bottom), true) = (magnitudes.first(), magnitudes.len() > 1) else {
        return 1.0;
    };
    match magnitudes.iter().rev().find(|g| **g != 0.0) {
        Some(top) if bottom != 0.0 => bottom / top,
        _ => 0.0,
    }
}

/// log₁₀ of [`ratio`], away from 1 in either direction: infinite where the bottom is 0.
pub fn decades(magnitudes: &[f64]) -> f64 {
    ratio(magnitudes).log10().abs()
}

/// Slope of log₁₀ g over depth by least squares, in decades per layer; positive where the bottom gets less than the top.
/// `magnitudes` are pairs of a layer's depth and its g. Exact zeros have no logarithm and are left out; 0 where fewer than
/// two layers are left.
pub fn slope(magnitudes: &[(usize, f64)]) -> f64 {
    let points: Vec<(f64, f64)> = magnitudes
        .iter()
        .filter(|(_, g)| *g > 0.0 && g.is_finite())
        .map(|(depth, g)| (*depth as f64, g.log10()))
        .collect();
    if points.len() < 2 {
        return 0.0;
    }
    let n = points.len() as f64;
    let (mean_x, mean_y) = (
        points.iter().map(|p| p.0).sum::<f64>() / n,
        points.iter().map(|p| p.1).sum::<f64>() / n,
    );
    let covariance: f64 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let variance: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    covariance / variance
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zeros() {
        assert_eq!(ratio(&[0.0, 1.0]), 0.0);
        assert_eq!(ratio(&[0.0, 0.0]), 0.0);
        assert_eq!(ratio(&[2.0, 4.0, 0.0]), 0.5);
        assert_eq!(ratio(&[3.0]), 1.0);
        assert_eq!(decades(&[0.0, 1.0]), f64::INFINITY);
        assert_eq!(slope(&[(0, 0.0), (1, 1.0)]), 0.0);
    }

    proptest! {
        #[test]
        fn a_geometric_profile_has_its_slope(per_layer in -3.0f64..3.0, start in -20.0f64..20.0, n in 2usize..60) {
            let profile: Vec<(usize, f64)> =
                (0..n).map(|i| (i, 10f64.powf(start + per_layer * i as f64))).collect();
            prop_assert!((slope(&profile) - per_layer).abs() < 1e-9);
            let values: Vec<f64> = profile.iter().map(|p| p.1).collect();
            prop_assert!((decades(&values) - per_layer.abs() * (n - 1) as f64).abs() < 1e-9);
        }
    }
}
