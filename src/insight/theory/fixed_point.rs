//! Where q settles in an endless stack of equal layers, and what happens to the gradient there.

use super::response::Response;
use crate::insight::cutoff;
use crate::nn::activation::Activation;

/// The end of q ← σ_w²·F(q) + σ_b² from q = 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedPoint {
    /// 0 where the signal dies, infinite where it grows for ever.
    pub q_star: f64,
    /// σ_w²·G(q*): factor of E[δ²] a layer, toward the input.
    pub chi_star: f64,
    /// -1/ln χ* in layers: positive where gradients vanish, negative where they explode; `None` at the critical point.
    pub depth_scale: Option<f64>,
}

const STEPS: usize = 1000;
/// q counts as 0 or as infinite beyond these.
const NOTHING: f64 = 1e-20;
const TOO_MUCH: f64 = 1e100;

/// `sigma_w2` is fan_in times the weights' variance, `sigma_b2` the biases' variance. `None` where q has not settled after
/// a thousand layers.
pub fn fixed_point(activation: &Activation, sigma_w2: f64, sigma_b2: f64) -> Option<FixedPoint> {
    let map = |q: f64| sigma_w2 * Response::of(activation, 0.0, q).square + sigma_b2;
    let mut q = 1.0;
    for _ in 0..STEPS {
        if cutoff::is_reached() {
            return None;
        }
        let next = map(q);
        if !next.is_finite() || next > TOO_MUCH {
            return Some(at(activation, sigma_w2, f64::INFINITY));
        }
        if next < NOTHING {
            return Some(at(activation, sigma_w2, 0.0));
        }
        if (next - q).abs() <= 1e-14 * q {
            return Some(at(activation, sigma_w2, next));
        }
        q = accelerated(q, next, map(next));
    }
    None
}

/// Aitken's extrapolation of three iterates, where they converge and it stays between a third and three times the last.
/// Where they move apart it would lead back to the point that they leave.
fn accelerated(first: f64, second: f64, third: f64) -> f64 {
    let curvature = third - 2.0 * second + first;
    let guess = first - (second - first).powi(2) / curvature;
    let converging = (third - second).abs() < (second - first).abs();
    let sensible = converging && guess.is_finite() && guess > third / 3.0 && guess < third * 3.0;
    if sensible { guess } else { third }
}

/// -1/ln χ, `None` where χ is 1 to rounding.
pub(super) fn depth_scale(chi: f64) -> Option<f64> {
    let log = chi.ln();
    (log.abs() > 1e-9).then(|| -1.0 / log)
}

fn at(activation: &Activation, sigma_w2: f64, q_star: f64) -> FixedPoint {
    // At 0 the limit counts, not the convention at a kink.
    let chi_star = sigma_w2 * Response::of(activation, 0.0, q_star.max(NOTHING)).slope_square;
    FixedPoint {
        q_star,
        chi_star,
        depth_scale: depth_scale(chi_star),
    }
}
