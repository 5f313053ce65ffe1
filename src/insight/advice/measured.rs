//! What the measurements of a step say.

use super::{Advice, Case, Severity, Topic};
use crate::insight::cause::{self, HEALTHY_UPDATE, HIGH_UPDATE, Symptoms, saturates};
use crate::insight::remedy::{self, Fix};
use crate::insight::verdict::{self, Kind, MOST};
use crate::insight::words;
use crate::nn::stats::LayerStats;
use crate::nn::vocabulary::Vocabulary;

/// From where on the ‖ΔW‖/‖W‖ of a step is too small.
const LOW_UPDATE: f64 = 1e-5;

pub fn advise(case: &Case, stats: &[LayerStats]) -> Vec<Advice> {
    let mut advice = Vec::new();
    advice.extend(saturated(case, stats));
    advice.extend(dead(case, stats));
    advice.extend(learning_rate(case, stats));
    advice
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

/// By the median over the trained layers, as one layer off the rest is that layer's trouble, not the rate's.
fn learning_rate(case: &Case, stats: &[LayerStats]) -> Option<Advice> {
    let trained = |l: usize| case.spec.layers.get(l).is_some_and(|layer| !layer.frozen);
    let mut ratios: Vec<f64> = stats
        .iter()
        .enumerate()
        .filter(|(l, s)| trained(*l) && s.update_ratio.is_finite() && s.weight_norm > 0.0)
        .map(|(_, s)| s.update_ratio)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let median = *ratios.get(ratios.len() / 2)?;
    let (topic, word) = if median > HIGH_UPDATE && cause::settings(case).is_none() {
        (Topic::LearningRateHigh, "high")
    } else if median > 0.0 && median < LOW_UPDATE && !vanishes(case, stats) {
        (Topic::LearningRateLow, "low")
    } else {
        return None;
    };
    // One step's ratio is a hint, not a measure: no fix goes further than three decades.
    let factor = (HEALTHY_UPDATE / median).clamp(1e-3, 1e3);
    Some(Advice {
        topic,
        severity: if topic == Topic::LearningRateHigh {
            Severity::Warning
        } else {
            Severity::Note
        },
        layers: Vec::new(),
        sentence: format!(
            "The learning rate looks too {word}: a step changes the weights by {} of their size, where about 0.001 is healthy.",
            words::number(median)
        ),
        fix: remedy::scale_learning_rate(case.experiment, factor),
    })
}
