//! The learning rate, by what the first steps make of the weights.

use super::Case;
use crate::insight::remedy::{self, Fix, theory_of};
use crate::insight::verdict::error_unit;
use crate::nn::optimizer::Scalars;
use crate::nn::spec::Clip;

/// Healthy ‖ΔW‖/‖W‖ of a step, and from where on it is too large.
pub const HEALTHY_UPDATE: f64 = 1e-3;
pub const HIGH_UPDATE: f64 = 1e-2;
/// Steps after which momentum and running squares have settled.
const STEPS: u64 = 10;

/// A rate at which the first steps, a run's largest, are between healthy and high, and at most a tenth of what it is now: only
/// that much lower is sure to show. Targets in large units of their own have weights grow first, and steps with them.
pub fn lower(case: &Case) -> Option<Fix> {
    let between = (HEALTHY_UPDATE * HIGH_UPDATE).sqrt();
    let wanted = (between / error_unit(case.spec)).max(HEALTHY_UPDATE);
    let healthy = update(case).map_or(1.0, |update| wanted / update);
    remedy::scale_learning_rate(case.experiment, healthy.min(0.1))
}

/// Whether the rate is too high from the first steps on.
pub fn is_high(case: &Case) -> bool {
    update(case).is_some_and(|update| update > HIGH_UPDATE)
}

/// ‖ΔW‖/‖W‖ of the first steps by theory, the median over the layers that it covers: ten equal gradients by the optimizer's own
/// rule. `None` where there is no theory, or nothing moves.
fn update(case: &Case) -> Option<f64> {
    let theory = theory_of(case.spec, case.setting).ok()?;
    let all: f64 = theory.layers.iter().map(|l| l.grad_norm.powi(2)).sum();
    let cut = match case.experiment.training.clip {
        Clip::Norm { max } => (max / all.sqrt()).min(1.0),
        Clip::None | Clip::Value { .. } => 1.0,
    };
    let below = case.spec.layers.len() - theory.layers.len();
    let layers = case.spec.layers.iter().skip(below).zip(&theory.layers);
    let mut updates: Vec<f64> = layers
        .filter(|(layer, _)| !layer.frozen)
        .map(|(layer, theory)| {
            let weight = layer.init.variance(layer.inputs, layer.units).sqrt();
            step(case, theory.grad_rms * cut) / weight
        })
        .filter(|update| update.is_finite() && *update > 0.0)
        .collect();
    updates.sort_by(f64::total_cmp);
    updates.get(updates.len() / 2).copied()
}

/// How far a weight is moved by the last of the first steps.
fn step(case: &Case, gradient: f64) -> f64 {
    let optimizer = &case.experiment.training.optimizer;
    let rate = case.experiment.training.learning_rate();
    let (mut weight, mut moved) = ([0.0f64], 0.0);
    let [mut first, mut second, mut third] = [[0.0f64]; 3];
    let mut scalars = Scalars::default();
    for _ in 0..STEPS {
        scalars.advance(optimizer);
        let before = weight[0];
        let slots = [&mut first[..], &mut second[..], &mut third[..]];
        optimizer
            .rule(rate, &scalars)
            .apply(&mut weight, &[gradient], slots);
        moved = (weight[0] - before).abs();
    }
    moved
}
