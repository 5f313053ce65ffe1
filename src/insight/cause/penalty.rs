//! Penalties that leave the loss no say.

use super::{Case, Cause, kind_of};
use crate::insight::Topic;
use crate::insight::remedy::{Fix, one_digit, theory_of};
use crate::insight::verdict::Kind;
use crate::insight::words;
use crate::nn::init::Initializer;
use crate::nn::spec::{LayerSpec, NetworkSpec};
use crate::text::number;

/// The share of the loss's gradient that a penalty is left with.
const MODEST: f64 = 0.1;

pub fn cause(case: &Case) -> Option<Cause> {
    pull(case).or_else(|| bound(case))
}

/// A penalty whose gradient at the start is larger than the loss's shrinks the weights to where nothing passes.
fn pull(case: &Case) -> Option<Cause> {
    let regularize = case.experiment.training.regularize;
    if regularize.l1 == 0.0 && regularize.l2 == 0.0 {
        return None;
    }
    let theory = theory_of(case.spec, case.setting).ok()?;
    let layers = case.spec.layers.iter().rev();
    let trained = layers
        .zip(theory.layers.iter().rev())
        .filter(|(layer, _)| !layer.frozen);
    let (mut count, mut weights, mut gradient) = (0.0, 0.0, 0.0);
    for (layer, theory) in trained {
        let elements = (layer.inputs * layer.units) as f64;
        count += elements;
        weights += elements * layer.init.variance(layer.inputs, layer.units);
        gradient += theory.grad_norm.powi(2);
    }
    // ∂/∂W of l1·Σ|W| and of l2·ΣW², as norms.
    let pulls = [
        ("l1", regularize.l1 * f64::sqrt(count)),
        ("l2", 2.0 * regularize.l2 * f64::sqrt(weights)),
    ];
    let (name, pull) = pulls.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let ratio = pull / f64::sqrt(gradient);
    if !(ratio > 1.0 && ratio.is_finite()) {
        return None;
    }
    let mut changed = case.experiment.clone();
    let own = &mut changed.training.regularize;
    let value = match name {
        "l1" => &mut own.l1,
        _ => &mut own.l2,
    };
    *value = one_digit(*value * MODEST / ratio);
    let label = format!("weaken the penalty, {name} = {}", number(*value));
    Some(Cause {
        topic: Topic::Penalty,
        sentence: format!(
            "The {name} penalty pulls {} times as hard at the weights as the loss does at the start: they shrink until nothing passes.",
            words::number(ratio)
        ),
        fix: Fix::new(label, changed),
    })
}

/// Norm of a unit's incoming weights as they are drawn.
fn incoming(layer: &LayerSpec) -> f64 {
    (layer.inputs as f64 * layer.init.variance(layer.inputs, layer.units)).sqrt()
}

/// The network after its first step, when every unit's weights are within the bound.
fn bounded(spec: &NetworkSpec, most: f64) -> NetworkSpec {
    let mut spec = spec.clone();
    for layer in spec.layers.iter_mut().filter(|l| incoming(l) > most) {
        layer.init = Initializer::Normal {
            mean: 0.0,
            std: most / (layer.inputs.max(1) as f64).sqrt(),
        };
    }
    spec
}

/// A bound within which the signal that the draw passes on is lost.
fn bound(case: &Case) -> Option<Cause> {
    let most = case.experiment.training.regularize.max_norm;
    if most == 0.0
        || kind_of(case.spec, case.setting) != Some(Kind::Healthy)
        || kind_of(&bounded(case.spec, most), case.setting) != Some(Kind::Vanishing)
    {
        return None;
    }
    let drawn = case.spec.layers.iter().map(incoming).fold(0.0, f64::max);
    let mut changed = case.experiment.clone();
    changed.training.regularize.max_norm = drawn.ceil();
    Some(Cause {
        topic: Topic::Penalty,
        sentence: format!(
            "max_norm cuts each unit's incoming weights, whose norm is up to {} as they are drawn, to {}: too little of the signal passes.",
            words::number(drawn),
            number(most)
        ),
        fix: Fix::new(
            format!("loosen the bound, max_norm = {}", number(drawn.ceil())),
            changed,
        ),
    })
}
