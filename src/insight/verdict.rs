//! The verdict: one line on whether the error signal reaches the bottom of the network.

use super::profile::{self, EXPLODING, LARGEST_NORM, VANISHING};
use super::remedy::{self, Fix};
use super::words;
use crate::experiment::Experiment;
use crate::nn::network::{Direction, NonFinite};
use crate::nn::spec::{LayerKind, NetworkSpec};
use crate::nn::stats::LayerStats;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A value is not finite.
    Diverged,
    Vanishing,
    Exploding,
    Healthy,
}

impl Kind {
    /// As JSON and the screen name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Diverged => "diverged",
            Kind::Vanishing => "vanishing",
            Kind::Exploding => "exploding",
            Kind::Healthy => "healthy",
        }
    }
}

/// Which of the two magnitudes a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    GradRms,
    DeltaRms,
}

impl Measure {
    /// As JSON names it.
    pub fn name(self) -> &'static str {
        match self {
            Measure::GradRms => "grad_rms",
            Measure::DeltaRms => "delta_rms",
        }
    }
    fn of(self, stats: &LayerStats) -> f64 {
        match self {
            Measure::GradRms => stats.grad_rms,
            Measure::DeltaRms => stats.delta_rms,
        }
    }
    fn words(self) -> &'static str {
        match self {
            Measure::GradRms => "The weight gradient",
            Measure::DeltaRms => "The error signal",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub kind: Kind,
    /// The worse of the two.
    pub measure: Measure,
    /// Decades per layer by least squares; positive where the bottom gets less than the top.
    pub slope: f64,
    /// The bottom's magnitude over the top's.
    pub ratio: f64,
    /// Where and which way a value first was not finite.
    pub non_finite: Option<NonFinite>,
    /// One plain sentence.
    pub sentence: String,
    /// The figures behind it.
    pub evidence: String,
    pub fix: Option<Fix>,
}

/// A judge that remembers its last fix, which takes some milliseconds to find: for a verdict at every frame.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    last: Option<(Kind, Experiment, NetworkSpec, Option<Fix>)>,
}

impl Judge {
    /// As [`judge`].
    pub fn judge(
        &mut self,
        stats: &[LayerStats],
        non_finite: Option<NonFinite>,
        experiment: &Experiment,
        spec: &NetworkSpec,
    ) -> Verdict {
        let mut verdict = without_fix(stats, non_finite, spec);
        let known = self
            .last
            .as_ref()
            .filter(|(kind, e, s, _)| *kind == verdict.kind && e == experiment && s == spec);
        verdict.fix = match known {
            Some((.., fix)) => fix.clone(),
            None => {
                let fix = fix(verdict.kind, experiment, spec);
                self.last = Some((verdict.kind, experiment.clone(), spec.clone(), fix.clone()));
                fix
            }
        };
        verdict
    }
}

/// Judges one step's measurements, a layer each, the output layer last. Frozen layers are left out.
pub fn judge(
    stats: &[LayerStats],
    non_finite: Option<NonFinite>,
    experiment: &Experiment,
    spec: &NetworkSpec,
) -> Verdict {
    Judge::default().judge(stats, non_finite, experiment, spec)
}

/// The verdict alone: cheap, for lists and logs.
pub fn without_fix(
    stats: &[LayerStats],
    non_finite: Option<NonFinite>,
    spec: &NetworkSpec,
) -> Verdict {
    if let Some(place) = non_finite.or_else(|| first_non_finite(stats)) {
        return diverged(place, spec.layers.len());
    }
    let trained: Vec<(usize, &LayerStats)> = stats
        .iter()
        .enumerate()
        .filter(|(l, _)| spec.layers.get(*l).is_none_or(|l| !l.frozen))
        .collect();
    let (grad, delta) = (
        Measured::of(Measure::GradRms, &trained),
        Measured::of(Measure::DeltaRms, &trained),
    );
    let worse = if delta.decades > grad.decades {
        delta
    } else {
        grad
    };
    let loudest = trained
        .iter()
        .copied()
        .max_by(|a, b| a.1.grad_norm.total_cmp(&b.1.grad_norm));
    let over = loudest.filter(|(_, s)| s.grad_norm > LARGEST_NORM);
    let kind = match (worse.ratio, over) {
        // A norm over the bound explodes, whatever happens below it.
        (_, Some(_)) => Kind::Exploding,
        (ratio, None) if ratio < VANISHING => Kind::Vanishing,
        (ratio, None) if ratio > EXPLODING => Kind::Exploding,
        _ => Kind::Healthy,
    };
    Verdict {
        kind,
        measure: worse.measure,
        slope: worse.slope,
        ratio: worse.ratio,
        non_finite: None,
        sentence: sentence(
            kind,
            &worse,
            over.map(|(l, s)| (l, s.grad_norm)),
            &trained,
            spec.layers.len(),
        ),
        evidence: evidence(&trained, spec.layers.len()),
        fix: None,
    }
}

struct Measured {
    measure: Measure,
    ratio: f64,
    decades: f64,
    slope: f64,
}

impl Measured {
    fn of(measure: Measure, trained: &[(usize, &LayerStats)]) -> Self {
        let points: Vec<(usize, f64)> = trained.iter().map(|(l, s)| (*l, measure.of(s))).collect();
        let values: Vec<f64> = points.iter().map(|p| p.1).collect();
        Measured {
            measure,
            ratio: profile::ratio(&values),
            decades: profile::decades(&values),
            slope: profile::slope(&points),
        }
    }
}

/// What the statistics alone show, where the step does not say.
fn first_non_finite(stats: &[LayerStats]) -> Option<NonFinite> {
    let forward = |s: &LayerStats| {
        [s.out_mean, s.out_std, s.pre_std, s.weight_norm]
            .iter()
            .all(|x| x.is_finite())
    };
    let backward = |s: &LayerStats| {
        [s.grad_norm, s.grad_rms, s.delta_rms]
            .iter()
            .all(|x| x.is_finite())
    };
    let up = stats
        .iter()
        .position(|s| !forward(s))
        .map(|layer| NonFinite {
            layer,
            direction: Direction::Forward,
        });
    let down = stats.iter().rposition(|s| !backward(s));
    up.or(down.map(|layer| NonFinite {
        layer,
        direction: Direction::Backward,
    }))
}

fn diverged(place: NonFinite, count: usize) -> Verdict {
    let layer = words::layers(&[place.layer], count);
    let (way, what) = match place.direction {
        Direction::Forward => ("on the way up", "its output"),
        Direction::Backward => ("on the way down", "its gradient"),
    };
    let first = match layer.strip_prefix("the ") {
        Some(rest) => format!("The {rest}"),
        None => layer.replacen('l', "L", 1),
    };
    Verdict {
        kind: Kind::Diverged,
        measure: Measure::GradRms,
        slope: 0.0,
        ratio: f64::NAN,
        non_finite: Some(place),
        sentence: format!("{first} is the first whose numbers are no longer finite, {way}."),
        evidence: format!("{what} is infinite or not a number"),
        fix: None,
    }
}

fn sentence(
    kind: Kind,
    worse: &Measured,
    over: Option<(usize, f64)>,
    trained: &[(usize, &LayerStats)],
    count: usize,
) -> String {
    let (Some((bottom, _)), Some((top, _))) = (trained.first(), trained.last()) else {
        return "All layers are frozen: nothing is trained.".to_string();
    };
    let (bottom, top) = (
        words::layers(&[*bottom], count),
        words::layers(&[*top], count),
    );
    let what = worse.measure.words();
    let slope = words::number(worse.slope.abs());
    match (kind, over) {
        (Kind::Vanishing, _) if worse.ratio == 0.0 => {
            let silent = trained
                .iter()
                .filter(|(_, s)| worse.measure.of(s) == 0.0)
                .count();
            if silent == trained.len() {
                format!("{what} is exactly 0 in every layer: nothing can be learned.")
            } else {
                format!("{what} does not reach the bottom: it is exactly 0 in {bottom}.")
            }
        }
        (Kind::Vanishing, _) => format!(
            "{what} vanishes: {slope} decades lost per layer on the way down; {bottom} gets {} of what {top} gets.",
            share(worse.ratio)
        ),
        (Kind::Exploding, Some((layer, norm))) if worse.ratio <= EXPLODING => format!(
            "The gradients explode: their norm is {} in {}, far over the healthy {}.",
            words::number(norm),
            words::layers(&[layer], count),
            words::number(LARGEST_NORM)
        ),
        (Kind::Exploding, _) => format!(
            "{what} explodes: {slope} decades gained per layer on the way down; {bottom} gets {} times what {top} gets.",
            words::number(worse.ratio)
        ),
        _ if trained.len() < 2 => {
            "Only one layer is trained: there is no depth to lose the signal in.".to_string()
        }
        _ => format!(
            "{what} reaches the bottom: {bottom} gets {} times what {top} gets, {slope} decades {} per layer.",
            words::number(worse.ratio),
            if worse.slope < 0.0 { "gained" } else { "lost" }
        ),
    }
}

/// "1/2,000" is easier to see than 5e-4, and 5.2e-9 easier than 1/190000000.
fn share(ratio: f64) -> String {
    let parts = 1.0 / ratio;
    if parts < 1e5 {
        format!("1/{parts:.0}")
    } else {
        format!("only {}", words::number(ratio))
    }
}

fn evidence(trained: &[(usize, &LayerStats)], count: usize) -> String {
    let (Some(&(bottom, low)), Some(&(top, high))) = (trained.first(), trained.last()) else {
        return String::new();
    };
    let at = |l: usize| words::layers(&[l], count);
    let mut parts = vec![if bottom == top {
        format!(
            "grad_rms {}, delta_rms {}",
            words::number(low.grad_rms),
            words::number(low.delta_rms)
        )
    } else {
        format!(
            "grad_rms {} in {} and {} in {}, delta_rms {} and {}",
            words::number(low.grad_rms),
            at(bottom),
            words::number(high.grad_rms),
            at(top),
            words::number(low.delta_rms),
            words::number(high.delta_rms)
        )
    }];
    let most = |f: fn(&LayerStats) -> f64| {
        trained
            .iter()
            .copied()
            .max_by(|a, b| f(a.1).total_cmp(&f(b.1)))
    };
    if let Some((l, s)) = most(|s| s.saturated).filter(|(_, s)| s.saturated >= 0.5) {
        parts.push(format!(
            "{} is {} saturated",
            at(l),
            words::percent(s.saturated)
        ));
    }
    if let Some((l, s)) = most(|s| s.dead).filter(|(_, s)| s.dead >= 0.5) {
        parts.push(format!("{} of {} is dead", words::percent(s.dead), at(l)));
    }
    parts.join("; ")
}

/// What to change. Signals are mended where the theory says that the network itself loses them; what only training did is
/// met by a smaller learning rate or by clipping.
fn fix(kind: Kind, experiment: &Experiment, spec: &NetworkSpec) -> Option<Fix> {
    let recurrent = spec
        .layers
        .iter()
        .any(|l| matches!(l.kind, LayerKind::Recurrent { .. }));
    let signal = || {
        if recurrent {
            None
        } else {
            remedy::for_signal(experiment, spec, &remedy::default_setting(experiment))
        }
    };
    match kind {
        Kind::Healthy => None,
        Kind::Vanishing if recurrent => remedy::for_recurrence(experiment),
        Kind::Vanishing => signal(),
        Kind::Exploding => signal().or_else(|| remedy::clip(experiment)),
        Kind::Diverged => signal().or_else(|| remedy::scale_learning_rate(experiment, 0.1)),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
