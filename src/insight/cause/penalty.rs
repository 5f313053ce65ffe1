//! Penalties that leave the loss no say.

use super::{Case, Cause, kind_of};
use crate::experiment::{Experiment, Training};
use crate::insight::Topic;
use crate::insight::remedy::{Fix, one_digit, theory_of};
use crate::insight::verdict::Kind;
use crate::insight::words;
use crate::nn::init::Initializer;
use crate::nn::optimizer::Optimizer;
use crate::nn::spec::{LayerSpec, NetworkSpec, Regularize};
use crate::text::number;

/// From which share of the loss's gradient on a penalty is to blame, and which it is left with: networks of 2 to 16 layers train
/// under a quarter as they do without, and most under the whole of it not at all.
const NEARLY: f64 = 0.7;
const MODEST: f64 = 0.1;

pub fn cause(case: &Case) -> Option<Cause> {
    pull(case).or_else(|| bound(case))
}

/// What shrinks weights whatever the loss says, as the file names it.
#[derive(Clone, Copy)]
enum Pull {
    L1,
    L2,
    Decay,
}

impl Pull {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Pull::L1 => ("l1 penalty", "penalty, l1"),
            Pull::L2 => ("l2 penalty", "penalty, l2"),
            Pull::Decay => ("weight decay", "weight decay, weight_decay"),
        }
    }

    /// `experiment` with so much of it, and how much that is.
    fn scaled(self, experiment: &Experiment, factor: f64) -> (Experiment, f64) {
        let mut changed = experiment.clone();
        let training = &mut changed.training;
        let strength = match self {
            Pull::L1 => training.regularize.l1,
            Pull::L2 => training.regularize.l2,
            Pull::Decay => training.optimizer.weight_decay(),
        };
        let scaled = one_digit(strength * factor);
        match self {
            Pull::L1 => training.regularize.l1 = scaled,
            Pull::L2 => training.regularize.l2 = scaled,
            Pull::Decay => training.optimizer = training.optimizer.with_weight_decay(scaled),
        }
        (changed, scaled)
    }
}

/// What is trained, as it starts: squares summed, and how many weights there are.
#[derive(Default)]
struct Start {
    count: f64,
    weights: f64,
    gradient: f64,
}

impl Start {
    fn of(case: &Case) -> Option<Self> {
        let theory = theory_of(case.spec, case.setting).ok()?;
        let layers = case.spec.layers.iter().rev();
        let trained = layers
            .zip(theory.layers.iter().rev())
            .filter(|(layer, _)| !layer.frozen);
        let mut start = Self::default();
        for (layer, theory) in trained {
            let elements = (layer.inputs * layer.units) as f64;
            start.count += elements;
            start.weights += elements * layer.init.variance(layer.inputs, layer.units);
            start.gradient += theory.grad_norm.powi(2);
        }
        Some(start)
    }

    /// Each pull over the loss's, as gradients: of l1·Σ|W|, of l2·ΣW² and of coupled decay.
    fn pulls(&self, training: &Training) -> [(Pull, f64); 3] {
        let Regularize { l1, l2, .. } = training.regularize;
        let decay = training.optimizer.weight_decay();
        let (weights, gradient) = (self.weights.sqrt(), self.gradient.sqrt());
        let of_decay = match is_decoupled(training) {
            true => self.deviation() / (2.0 * bound_of(decay)),
            false => decay * weights / gradient,
        };
        [
            (Pull::L1, l1 * self.count.sqrt() / gradient),
            (Pull::L2, 2.0 * l2 * weights / gradient),
            (Pull::Decay, of_decay),
        ]
    }

    fn deviation(&self) -> f64 {
        (self.weights / self.count).sqrt()
    }
}

fn is_decoupled(training: &Training) -> bool {
    matches!(training.optimizer, Optimizer::Adamw { .. })
}

/// What decoupled decay holds weights within, as it faces steps of the rate's size at most (Xie & Li 2024). Below half of what
/// they are drawn with it is too little.
fn bound_of(decay: f64) -> f64 {
    1.0 / decay
}

/// A pull that is nearly as strong as the loss's at the start, or stronger, shrinks the weights to where nothing passes: the
/// loss's turns from batch to batch and falls as it is followed, the pull stays.
fn pull(case: &Case) -> Option<Cause> {
    let training = &case.experiment.training;
    let Regularize { l1, l2, .. } = training.regularize;
    let decay = training.optimizer.weight_decay();
    if l1 == 0.0 && l2 == 0.0 && decay == 0.0 {
        return None;
    }
    let start = Start::of(case)?;
    let pulls = start.pulls(training).into_iter();
    let (pull, ratio) = pulls
        .filter(|(_, ratio)| *ratio > NEARLY && ratio.is_finite())
        .max_by(|a, b| a.1.total_cmp(&b.1))?;
    let (what, key) = pull.words();
    let does = match (pull, is_decoupled(training)) {
        (Pull::Decay, true) => format!(
            "holds the weights within {}, and they are drawn with a deviation of {}",
            words::number(bound_of(decay)),
            words::number(start.deviation())
        ),
        _ => format!(
            "pulls {} times as hard at the weights as the loss does at the start",
            words::number(ratio)
        ),
    };
    let (changed, value) = pull.scaled(case.experiment, MODEST / ratio);
    Some(Cause {
        topic: Topic::Penalty,
        sentence: format!("The {what} {does}: they shrink until nothing passes."),
        fix: Fix::new(format!("weaken the {key} = {}", number(value)), changed),
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
