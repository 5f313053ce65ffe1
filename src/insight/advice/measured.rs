//! What the measurements of a step say.

use super::{Advice, Case, Seen, Severity, Topic};
use crate::experiment::Experiment;
use crate::insight::cause::{self, HEALTHY_UPDATE, HIGH_UPDATE, Symptoms, saturates};
use crate::insight::remedy::{self, Fix};
use crate::insight::verdict::{self, Kind, MOST};
use crate::insight::words;
use crate::nn::stats::LayerStats;
use crate::nn::vocabulary::Vocabulary;

/// From where on the ‖ΔW‖/‖W‖ of a step is too small.
const LOW_UPDATE: f64 = 1e-5;
/// Of a step at less than this share of the rate, too much is lost in the weights' last digits to tell what it would be at the
/// whole one.
const LEAST_SHARE: f64 = 0.01;

pub fn advise(case: &Case, seen: &Seen) -> Vec<Advice> {
    let mut advice = Vec::new();
    let flat = [saturated(case, &seen.layers), dead(case, &seen.layers)];
    advice.extend(
        flat.into_iter()
            .flatten()
            .map(|advice| unless_slow(case, seen, advice)),
    );
    advice.extend(learning_rate(case, seen));
    advice
}

/// Without a fix that lowers the rate of steps that are no longer than healthy: units that earlier ones have driven where they are
/// come back by no smaller ones.
fn unless_slow(case: &Case, seen: &Seen, advice: Advice) -> Advice {
    let moved = median(steps(case, &seen.layers).map(|(_, ratio)| ratio));
    let small = moved.is_some_and(|moved| moved <= HEALTHY_UPDATE);
    let rate = |e: &Experiment| e.training.learning_rate();
    let lowers = |fix: &Fix| rate(&fix.experiment) < rate(case.experiment);
    Advice {
        fix: advice.fix.filter(|fix| !(small && lowers(fix))),
        ..advice
    }
}

/// The layers where `share` is at least [`MOST`], and the largest share.
fn layers_with(
    stats: &[LayerStats],
    share: impl Fn(usize, &LayerStats) -> f64,
) -> (Vec<usize>, f64) {
    let shares: Vec<(usize, f64)> = stats
        .iter()
        .enumerate()
        .map(|(l, s)| (l, share(l, s)))
        .filter(|(_, share)| *share >= MOST)
        .collect();
    let largest = shares.iter().map(|s| s.1).fold(0.0, f64::max);
    (shares.into_iter().map(|s| s.0).collect(), largest)
}

fn saturated(case: &Case, stats: &[LayerStats]) -> Option<Advice> {
    let flat = |l: usize| {
        case.spec
            .layers
            .get(l)
            .is_some_and(|layer| saturates(&layer.activation))
    };
    let (layers, largest) = layers_with(stats, |l, s| if flat(l) { s.saturated } else { 0.0 });
    let activation = &case.spec.layers.get(*layers.first()?)?.activation;
    Some(Advice {
        topic: Topic::Saturated,
        severity: Severity::Warning,
        sentence: format!(
            "{} of the outputs of {} lie where {} is flat: hardly any gradient passes.",
            up_to(&layers, largest),
            words::layers(&layers, case.spec.layers.len()),
            activation.name()
        ),
        fix: of_flat_units(case),
        layers,
    })
}

fn of_flat_units(case: &Case) -> Option<Fix> {
    let flat = Symptoms {
        flat: true,
        ..Symptoms::of(Kind::Vanishing)
    };
    cause::fix(flat, case)
}

fn up_to(layers: &[usize], largest: f64) -> String {
    if layers.len() == 1 {
        words::percent(largest)
    } else {
        format!("Up to {}", words::percent(largest))
    }
}

fn dead(case: &Case, stats: &[LayerStats]) -> Option<Advice> {
    let (layers, largest) = layers_with(stats, |_, s| s.dead);
    let activation = &case.spec.layers.get(*layers.first()?)?.activation;
    // Where nothing else is to blame, the steps that killed the units were too large.
    let fix = of_flat_units(case).or_else(|| cause::lower_rate(case));
    Some(Advice {
        topic: Topic::Dead,
        severity: Severity::Warning,
        sentence: format!(
            "{} of the units of {} are dead: the slope of {} is 0 on every row, so they get no gradient.",
            up_to(&layers, largest),
            words::layers(&layers, case.spec.layers.len()),
            activation.name()
        ),
        fix,
        layers,
    })
}

/// Whether the steps are small because hardly any gradient arrives: a rate for the layers that get none is far too high for
/// those that do.
fn vanishes(case: &Case, stats: &[LayerStats]) -> bool {
    verdict::without_fix(stats, &[], None, case.spec).kind == Kind::Vanishing
}

/// Whether the first step would have been small too at the experiment's rate of now. Where it was not, later ones are small
/// because little is left to learn: a rate that makes them larger leaves what was found.
fn began_small(case: &Case, seen: &Seen) -> bool {
    let Some((layers, rate)) = &seen.first else {
        return true;
    };
    let whole = steps(case, layers).map(|(l, ratio)| (ratio, share(case, l, *rate)));
    let whole = whole.filter(|(_, share)| *share > 0.0);
    let first = median(whole.map(|(ratio, share)| ratio / share));
    first.is_none_or(|first| first < LOW_UPDATE)
}

/// The layers that learn, each with ‖ΔW‖/‖W‖ of its step where that has a size.
fn steps(case: &Case, stats: &[LayerStats]) -> impl Iterator<Item = (usize, f64)> {
    let layers = stats.iter().zip(&case.spec.layers).enumerate();
    layers
        .filter(|(_, (s, layer))| {
            !layer.frozen && s.update_ratio.is_finite() && s.weight_norm > 0.0
        })
        .map(|(l, (s, _))| (l, s.update_ratio))
}

/// What the schedule, its cuts and a transferred layer's own factor leave of the experiment's rate in a layer's step; above 1 where
/// the rate was higher then.
fn share(case: &Case, layer: usize, rate: f64) -> f64 {
    let transfer = case.experiment.network.transfer.as_ref();
    let factor = match transfer.filter(|t| layer < t.layers) {
        Some(transfer) if transfer.frozen => 0.0,
        Some(transfer) => transfer.learning_rate_factor,
        None => 1.0,
    };
    factor * rate / case.experiment.training.learning_rate()
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Which way the rate is off, of which step ‖ΔW‖/‖W‖ says so, and that: too high by the step as it was, too low by what it would
/// have been at the experiment's own rate, since schedules begin and end with small ones by design. By the median over the
/// trained layers, as one layer off the rest is that layer's trouble, not the rate's.
fn off(case: &Case, seen: &Seen) -> Option<(Topic, &'static str, f64)> {
    let steps: Vec<(f64, f64)> = steps(case, &seen.layers)
        .map(|(l, ratio)| (ratio, share(case, l, seen.learning_rate).min(1.0)))
        .filter(|(_, share)| *share > 0.0)
        .collect();
    let moved = median(steps.iter().map(|(ratio, _)| *ratio))?;
    if moved > HIGH_UPDATE && cause::settings(case).is_none() {
        return Some((Topic::LearningRateHigh, "a step", moved));
    }
    let whole = median(steps.iter().map(|(ratio, share)| ratio / share))?;
    let share = median(steps.iter().map(|(_, share)| *share))?;
    let is_low = share >= LEAST_SHARE && whole > 0.0 && whole < LOW_UPDATE;
    let which = match share < 1.0 {
        true => "at its full height a step",
        false => "a step",
    };
    let is_low = is_low && began_small(case, seen) && !vanishes(case, &seen.layers);
    is_low.then_some((Topic::LearningRateLow, which, whole))
}

fn learning_rate(case: &Case, seen: &Seen) -> Option<Advice> {
    let (topic, which, ratio) = off(case, seen)?;
    let (word, severity) = match topic {
        Topic::LearningRateHigh => ("high", Severity::Warning),
        _ => ("low", Severity::Note),
    };
    // One step's ratio is a hint, not a measure: no fix goes further than three decades.
    let factor = (HEALTHY_UPDATE / ratio).clamp(1e-3, 1e3);
    Some(Advice {
        topic,
        severity,
        layers: Vec::new(),
        sentence: format!(
            "The learning rate looks too {word}: {which} changes the weights by {} of their size, where about 0.001 is healthy.",
            words::number(ratio)
        ),
        fix: remedy::scale_learning_rate(case.experiment, factor),
    })
}
