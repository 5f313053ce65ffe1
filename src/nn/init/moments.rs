//! Mean, variance, ends and density of a draw: what the theory computes with and what pickers show.

use super::Initializer;
use super::fill::{Draw, Plan};
use std::f64::consts::{PI, SQRT_2, TAU};

/// Truncated normals are cut at so many standard deviations.
pub const TRUNCATION: f64 = 2.0;

/// Standard deviation of a standard normal cut at ±2: √(1 - 4φ(2)/(2Φ(2) - 1)).
pub const TRUNCATED_STD: f64 = 0.879_625_661_034_239_8;

impl Initializer {
    /// Mean of one weight.
    pub fn mean(&self, fan_in: usize, fan_out: usize) -> f64 {
        match self.plan(fan_in, fan_out) {
            Plan::Independent(Draw::Constant(value)) => value,
            Plan::Independent(Draw::Normal { mean, .. } | Draw::Truncated { mean, .. }) => mean,
            Plan::Independent(Draw::Uniform { min, max }) => (min + max) / 2.0,
            Plan::Orthogonal { .. } => 0.0,
            Plan::Identity { gain } => gain / fan_in.max(fan_out).max(1) as f64,
        }
    }

    /// Variance of one weight (for `identity`, over the matrix's elements; for `lsuv`, before its scaling).
    pub fn variance(&self, fan_in: usize, fan_out: usize) -> f64 {
        let widest = fan_in.max(fan_out).max(1) as f64;
        match self.plan(fan_in, fan_out) {
            Plan::Independent(Draw::Constant(_)) => 0.0,
            Plan::Independent(Draw::Normal { std, .. }) => std * std,
            Plan::Independent(Draw::Truncated { std, .. }) => (std * TRUNCATED_STD).powi(2),
            Plan::Independent(Draw::Uniform { min, max }) => (max - min).powi(2) / 12.0,
            // Rows or columns, whichever are fewer, are unit vectors of length `widest`.
            Plan::Orthogonal { gain } => gain * gain / widest,
            Plan::Identity { gain } => gain * gain * (1.0 / widest - 1.0 / (widest * widest)),
        }
    }

    /// Smallest and largest weight that can come; infinite where there is no bound.
    pub fn support(&self, fan_in: usize, fan_out: usize) -> (f64, f64) {
        match self.plan(fan_in, fan_out) {
            Plan::Independent(Draw::Constant(value)) => (value, value),
            Plan::Independent(Draw::Normal { mean, std: 0.0 }) => (mean, mean),
            Plan::Independent(Draw::Normal { .. }) => (f64::NEG_INFINITY, f64::INFINITY),
            Plan::Independent(Draw::Truncated { mean, std }) => {
                (mean - TRUNCATION * std, mean + TRUNCATION * std)
            }
            Plan::Independent(Draw::Uniform { min, max }) => (min, max),
            Plan::Orthogonal { gain } => (-gain.abs(), gain.abs()),
            Plan::Identity { gain } => (gain.min(0.0), gain.max(0.0)),
        }
    }

    /// Probability density of one weight at `x`; `None` where there is none, as all weights take one or two values.
    pub fn density(&self, fan_in: usize, fan_out: usize, x: f64) -> Option<f64> {
        match self.plan(fan_in, fan_out) {
            Plan::Independent(Draw::Normal { mean, std }) if std > 0.0 => {
                Some(normal_density(x - mean, std))
            }
            Plan::Independent(Draw::Truncated { mean, std }) if std > 0.0 => {
                let inside = (x - mean).abs() <= TRUNCATION * std;
                let kept = libm::erf(TRUNCATION / SQRT_2);
                Some(if inside {
                    normal_density(x - mean, std) / kept
                } else {
                    0.0
                })
            }
            Plan::Independent(Draw::Uniform { min, max }) if max > min => {
                Some(if (min..=max).contains(&x) {
                    1.0 / (max - min)
                } else {
                    0.0
                })
            }
            Plan::Orthogonal { gain } if gain != 0.0 => {
                orthogonal_density(x / gain, fan_in.max(fan_out)).map(|p| p / gain.abs())
            }
            _ => None,
        }
    }

    /// Whether all weights of a layer come out equal, so that its units can never differ (unless the biases do).
    pub fn is_symmetric(&self) -> bool {
        let (min, max) = self.support(2, 2);
        min == max
    }
}

fn normal_density(x: f64, std: f64) -> f64 {
    (-0.5 * (x / std).powi(2)).exp() / (std * TAU.sqrt())
}

/// One coordinate of a uniform unit vector in n dimensions: Γ(n/2)/(√π Γ((n-1)/2)) · (1 - x²)^((n-3)/2).
fn orthogonal_density(x: f64, n: usize) -> Option<f64> {
    if n < 2 {
        return None;
    }
    if x.abs() >= 1.0 {
        return Some(0.0);
    }
    let n = n as f64;
    let constant = libm::lgamma(n / 2.0) - libm::lgamma((n - 1.0) / 2.0) - 0.5 * PI.ln();
    Some((constant + (n - 3.0) / 2.0 * (-x * x).ln_1p()).exp())
}
