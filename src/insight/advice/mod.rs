//! Advice: what in an experiment, or in what is measured of it, calls for a change, and the change.

mod measured;
mod pairs;
mod setup;
#[cfg(test)]
mod tests;

pub use pairs::{Family, departure, recommended, recommended_for};

use super::cause::Case;
use super::remedy::Fix;
use crate::experiment::Experiment;
use crate::nn::spec::{LayerSpec, NetworkSpec};
use crate::nn::stats::LayerStats;
use serde::Serialize;

/// What a piece of advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    Inputs,
    Dropout,
    Penalty,
    Pretraining,
    Symmetric,
    Pair,
    NoPair,
    Depth,
    Signal,
    BatchNormBias,
    Saturated,
    Dead,
    LearningRateHigh,
    LearningRateLow,
    Overfitting,
}

impl Topic {
    /// As JSON names it.
    pub fn name(self) -> &'static str {
        match self {
            Topic::Inputs => "inputs",
            Topic::Dropout => "dropout",
            Topic::Penalty => "penalty",
            Topic::Pretraining => "pretraining",
            Topic::Symmetric => "symmetric",
            Topic::Pair => "pair",
            Topic::NoPair => "no-pair",
            Topic::Depth => "depth",
            Topic::Signal => "signal",
            Topic::BatchNormBias => "batch-norm-bias",
            Topic::Saturated => "saturated",
            Topic::Dead => "dead",
            Topic::LearningRateHigh => "learning-rate-high",
            Topic::LearningRateLow => "learning-rate-low",
            Topic::Overfitting => "overfitting",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Likely to spoil the run.
    Warning,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    pub topic: Topic,
    pub severity: Severity,
    /// The layers it is about, from 0, ascending; empty for the whole network.
    pub layers: Vec<usize>,
    /// Plain words, with the figures.
    pub sentence: String,
    pub fix: Option<Fix>,
}

/// What was measured of a step.
#[derive(Clone, Debug)]
pub struct Seen {
    pub layers: Vec<LayerStats>,
    /// As the step was taken at, after schedule and cuts.
    pub learning_rate: f64,
    /// Of the earliest step that is kept, and its rate, if one is.
    pub first: Option<(Vec<LayerStats>, f64)>,
}

/// Which layers are `so`, the lowest first.
fn layers_where(spec: &NetworkSpec, so: impl Fn(&LayerSpec) -> bool) -> Vec<usize> {
    let layers = spec.layers.iter().enumerate();
    layers.filter(|(_, l)| so(l)).map(|(l, _)| l).collect()
}

/// Advice on an experiment as it stands, and on what is measured of it, the gravest first; `None` before the first step.
pub fn advise(case: &Case, seen: Option<&Seen>) -> Vec<Advice> {
    let mut advice = setup::advise(case);
    if let Some(seen) = seen {
        advice.extend(measured::advise(case, seen));
    }
    advice.sort_by_key(|a| std::cmp::Reverse(a.severity));
    advice
}

/// Applies `edit` to the experiment's entry of every hidden layer in `layers` (from 0, over the expanded list).
fn edit_layers(
    experiment: &Experiment,
    layers: &[usize],
    mut edit: impl FnMut(&mut crate::experiment::Layer),
) -> Experiment {
    let mut changed = experiment.clone();
    let mut first = 0;
    for entry in &mut changed.network.layers {
        let range = first..first + entry.repeat;
        first = range.end;
        if layers.iter().any(|l| range.contains(l)) {
            edit(entry);
        }
    }
    changed
}
