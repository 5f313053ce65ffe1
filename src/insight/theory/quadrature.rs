//! Expectations under a normal distribution, by Gauss-Legendre rules on panels that follow both scales: the distribution's
//! and the activation's. Kinks lie on panel ends, so that relative errors stay near 1e-13 for any variance.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

/// Points of the rule on a panel.
const POINTS: usize = 12;
/// Beyond so many standard deviations the density (2e-22) counts as 0.
const REACH: f64 = 10.0;
/// Where activations have kinks or change their shape, in units of the pre-activation.
const LANDMARKS: [f64; 12] = [
    0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 40.0,
];

/// Nodes and weights on [-1, 1]: the roots of the Legendre polynomial by Newton's method.
static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let mut x = (PI * (i as f64 + 0.75) / (POINTS as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..20 {
            let (value, derivative) = legendre(x);
            slope = derivative;
            x -= value / derivative;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
});

/// The Legendre polynomial of degree [`POINTS`] and its derivative.
fn legendre(x: f64) -> (f64, f64) {
    let (mut before, mut now) = (1.0, x);
    for n in 2..=POINTS {
        let n = n as f64;
        (before, now) = (now, ((2.0 * n - 1.0) * x * now - (n - 1.0) * before) / n);
    }
    (now, POINTS as f64 * (x * now - before) / (x * x - 1.0))
}

/// Calls `f(u, weight)` at the nodes of ∫ f(u) φ(u) du, for a function of z = mean + std·u whose features have size `scale`
/// (1 for most activations).
pub fn for_each_node(mean: f64, std: f64, scale: f64, mut f: impl FnMut(f64, f64)) {
    let mut edges: Vec<f64> = (-10i32..=10).map(f64::from).collect();
    if std > 0.0 {
        let landmarks = LANDMARKS
            .iter()
            .flat_map(|&z| [z, -z, z * scale, -z * scale])
            .chain([0.0]);
        edges.extend(
            landmarks
                .map(|z| (z - mean) / std)
                .filter(|u| u.abs() < REACH),
        );
    }
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    for panel in edges.windows(2) {
        let (middle, half) = ((panel[0] + panel[1]) / 2.0, (panel[1] - panel[0]) / 2.0);
        for (x, weight) in RULE.iter() {
            let u = middle + half * x;
            f(u, half * weight * (-0.5 * u * u).exp() / TAU.sqrt());
        }
    }
}
