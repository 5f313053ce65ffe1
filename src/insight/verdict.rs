//! The verdict: one line on whether the error signal reaches the bottom of the network.

use super::cause::{self, Case, Symptoms, saturates};
use super::profile::{self, EXPLODING, LARGEST_NORM, VANISHING};
use super::remedy::Fix;
use super::words;
use crate::nn::loss::Loss;
use crate::nn::network::{Direction, NonFinite};
use crate::nn::spec::{Clip, NetworkSpec};
use crate::nn::stats::{LayerStats, ThroughTime};
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

/// Which magnitude a verdict is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    GradRms,
    DeltaRms,
    /// ‖∂L/∂s_t‖ of a recurrent layer's state over its steps instead of over depth.
    ThroughTime,
}

impl Measure {
    /// As JSON names it.
    pub fn name(self) -> &'static str {
        match self {
            Measure::GradRms => "grad_rms",
            Measure::DeltaRms => "delta_rms",
            Measure::ThroughTime => "through_time",
        }
    }
    fn words(self) -> &'static str {
        match self {
            Measure::GradRms => "The weight gradient",
            Measure::DeltaRms => "The error signal",
            Measure::ThroughTime => "The gradient through time",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub kind: Kind,
    /// The worst of them.
    pub measure: Measure,
    /// Decades per layer (per step, through time) by least squares; positive where the bottom gets less than the top.
    pub slope: f64,
    /// The bottom's magnitude over the top's (the first step's over the last's, through time).
    pub ratio: f64,
    /// The magnitude that the sentence is about, and its slope.
    pub told: (Measure, f64),
    /// Where and which way a value first was not finite.
    pub non_finite: Option<NonFinite>,
    /// It vanishes, and most units of a layer lie where their activation is flat.
    pub flat: bool,
    /// Layers that are trained; of fewer than two nothing is judged.
    pub trained: usize,
    /// One plain sentence.
    pub sentence: String,
    /// The figures behind it.
    pub evidence: String,
    pub fix: Option<Fix>,
}

/// Judges one step's measurements, a layer each, the output layer last, and what recurrent layers show over the steps of their
/// sequences. Frozen layers are left out.
pub fn judge(
    stats: &[LayerStats],
    time: &[ThroughTime],
    non_finite: Option<NonFinite>,
    case: &Case,
) -> Verdict {
    let mut verdict = without_fix(stats, time, non_finite, case.spec);
    verdict.fix = cause::fix(verdict.symptoms(), case);
    verdict.mind(&case.experiment.training.clip);
    verdict
}

impl Verdict {
    /// The sentence's slope for a column, as a layer has it over the one above it: "-0.36" where that much is lost;
    /// "-0.04/step" through time.
    pub fn brief_slope(&self) -> String {
        let (measure, slope) = self.told;
        let unit = match measure {
            Measure::ThroughTime => "/step",
            Measure::GradRms | Measure::DeltaRms => "",
        };
        format!("{:+.2}{unit}", -slope + 0.0)
    }

    /// What the change depends on.
    pub fn symptoms(&self) -> Symptoms {
        Symptoms {
            kind: self.kind,
            through_time: self.measure == Measure::ThroughTime,
            flat: self.flat,
        }
    }

    /// Says of gradients that explode what clipping does about them.
    pub fn mind(&mut self, clip: &Clip) {
        if self.kind == Kind::Exploding && *clip != Clip::None {
            self.sentence += " Clipping bounds the steps that it makes.";
        }
    }
}

/// The verdict alone: cheap, for lists and logs.
pub fn without_fix(
    stats: &[LayerStats],
    time: &[ThroughTime],
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
    let depth = [Measure::GradRms, Measure::DeltaRms].map(|m| Measured::of(m, &trained));
    let is_trained = |t: &&ThroughTime| spec.layers.get(t.layer).is_some_and(|l| !l.frozen);
    let through_time = time.iter().filter(is_trained);
    let [gradient, signal] = depth;
    let others: Vec<Measured> = std::iter::once(signal)
        .chain(through_time.map(Measured::of_time))
        .collect();
    let worse = others.iter().fold(&gradient, |worse, other| {
        if other.decades > worse.decades {
            other
        } else {
            worse
        }
    });
    let loudest = trained
        .iter()
        .copied()
        .max_by(|a, b| a.1.grad_norm.total_cmp(&b.1.grad_norm));
    let bound = largest_norm(spec);
    let over = loudest.filter(|(_, s)| s.grad_norm > bound);
    let kind = match (worse.ratio, over) {
        // A norm over the bound explodes, whatever happens below it.
        (_, Some(_)) => Kind::Exploding,
        (ratio, None) if ratio < VANISHING => Kind::Vanishing,
        (ratio, None) if ratio > EXPLODING => Kind::Exploding,
        _ => Kind::Healthy,
    };
    let told = match kind {
        // Always of one thing: which is the worse changes from step to step there.
        Kind::Healthy => others.last().unwrap_or(worse),
        _ => worse,
    };
    Verdict {
        kind,
        measure: worse.measure,
        slope: worse.slope,
        ratio: worse.ratio,
        told: (told.measure, told.slope),
        non_finite: None,
        flat: kind == Kind::Vanishing && lies_flat(&trained, spec),
        trained: trained.len(),
        sentence: sentence(kind, told, over.map(|(l, s)| (l, s.grad_norm)), spec),
        evidence: evidence(kind, &trained, time, spec),
        fix: None,
    }
}

/// Shares of outputs or units from which a layer counts as saturated or dead.
pub const MOST: f64 = 0.5;

/// Half of what a relu layer gives out always is where it is flat; that of the others is.
fn lies_flat(layers: &[(usize, &LayerStats)], spec: &NetworkSpec) -> bool {
    let saturated = |l: usize, s: &LayerStats| {
        s.saturated >= MOST && spec.layers.get(l).is_some_and(|l| saturates(&l.activation))
    };
    layers
        .iter()
        .any(|(l, s)| s.dead >= MOST || saturated(*l, s))
}

/// The largest norm of a gradient that is healthy. An error in the targets' own units is as large as they are, and so is all
/// that is made of it: where these are hundreds, a norm of thousands is nothing of the network's doing.
pub fn largest_norm(spec: &NetworkSpec) -> f64 {
    LARGEST_NORM * error_unit(spec)
}

/// What errors are measured in, 1 at least.
pub fn error_unit(spec: &NetworkSpec) -> f64 {
    let unit = match spec.loss {
        Loss::Mse => spec.target_rms,
        Loss::Huber { delta } => spec.target_rms.min(delta),
        Loss::Mae | Loss::CrossEntropy | Loss::BinaryCrossEntropy => 1.0,
    };
    unit.max(1.0)
}

/// A magnitude from the bottom layer to the top one, or from the first step to the last.
#[derive(Clone, Debug)]
struct Measured {
    measure: Measure,
    /// The recurrent layer whose steps they are.
    layer: Option<usize>,
    /// Layers or steps, from 0, each with its magnitude.
    points: Vec<(usize, f64)>,
    ratio: f64,
    decades: f64,
    slope: f64,
}

impl Measured {
    fn new(measure: Measure, layer: Option<usize>, points: Vec<(usize, f64)>) -> Self {
        let values: Vec<f64> = points.iter().map(|p| p.1).collect();
        Measured {
            measure,
            layer,
            ratio: profile::ratio(&values),
            decades: profile::decades(&values),
            slope: profile::slope(&points),
            points,
        }
    }
    fn of(measure: Measure, trained: &[(usize, &LayerStats)]) -> Self {
        let value = |s: &LayerStats| match measure {
            Measure::DeltaRms => s.delta_rms,
            _ => s.grad_rms,
        };
        let points = trained.iter().map(|(l, s)| (*l, value(s))).collect();
        Self::new(measure, None, points)
    }
    fn of_time(time: &ThroughTime) -> Self {
        let points = time.state_norms().iter().copied().enumerate().collect();
        Self::new(Measure::ThroughTime, Some(time.layer), points)
    }
    /// The bottom's name and the top's, in a network of `count` layers; `None` where there is nothing.
    fn ends(&self, count: usize) -> Option<(String, String)> {
        let (bottom, top) = (self.points.first()?.0, self.points.last()?.0);
        Some(match self.layer {
            Some(layer) => (
                format!("step 1 of {}", words::layers(&[layer], count)),
                format!("step {}", top + 1),
            ),
            None => (
                words::layers(&[bottom], count),
                words::layers(&[top], count),
            ),
        })
    }
    /// What the slope is taken over.
    fn unit(&self) -> &'static str {
        match self.layer {
            Some(_) => "step",
            None => "layer",
        }
    }
    /// Where the signal should come to.
    fn goal(&self) -> &'static str {
        match self.layer {
            Some(_) => "the first step",
            None => "the bottom",
        }
    }
    /// Where the signal goes from the top to the bottom.
    fn way(&self) -> &'static str {
        match self.layer {
            Some(_) => "on the way back",
            None => "on the way down",
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
        told: (Measure::GradRms, 0.0),
        non_finite: Some(place),
        flat: false,
        trained: count,
        sentence: format!("{first} is the first whose numbers are no longer finite, {way}."),
        evidence: format!("{what} is infinite or not a number"),
        fix: None,
    }
}

fn sentence(
    kind: Kind,
    worse: &Measured,
    over: Option<(usize, f64)>,
    spec: &NetworkSpec,
) -> String {
    let count = spec.layers.len();
    let Some((bottom, top)) = worse.ends(count) else {
        return "All layers are frozen: nothing is trained.".to_string();
    };
    let (what, unit, way) = (worse.measure.words(), worse.unit(), worse.way());
    let slope = words::number(worse.slope.abs());
    match (kind, over) {
        (Kind::Vanishing, _) if worse.ratio == 0.0 => {
            if worse.points.iter().all(|(_, g)| *g == 0.0) {
                format!("{what} is exactly 0 in every {unit}: nothing can be learned.")
            } else {
                let goal = worse.goal();
                format!("{what} does not reach {goal}: it is exactly 0 in {bottom}.")
            }
        }
        (Kind::Vanishing, _) => format!(
            "{what} vanishes: {slope} decades lost per {unit} {way}; {bottom} gets {} of what {top} gets.",
            share(worse.ratio)
        ),
        (Kind::Exploding, Some((layer, norm))) if worse.ratio <= EXPLODING => format!(
            "The gradients explode: their norm is {} in {}, far over the healthy {}.",
            words::number(norm),
            words::layers(&[layer], count),
            words::number(largest_norm(spec))
        ),
        (Kind::Exploding, _) => format!(
            "{what} explodes: {slope} decades gained per {unit} {way}; {bottom} gets {} times what {top} gets.",
            words::number(worse.ratio)
        ),
        _ if worse.points.len() < 2 && count > 1 => format!(
            "Only {top} is trained: it can use what the {} frozen layers pass up, and change nothing of it.",
            count - 1
        ),
        _ if worse.points.len() < 2 => {
            "Only one layer is trained: there is no depth to lose the signal in.".to_string()
        }
        _ => format!(
            "{what} reaches {}: {bottom} gets {} times what {top} gets, {slope} decades {} per {unit}.",
            worse.goal(),
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

/// The figures, in powers of ten as the gradient flow has them: "∂W 10^-8.3 in layer 1 and 10^-2.1 in the output layer".
fn evidence(
    kind: Kind,
    trained: &[(usize, &LayerStats)],
    time: &[ThroughTime],
    spec: &NetworkSpec,
) -> String {
    let count = spec.layers.len();
    let (Some(&(bottom, low)), Some(&(top, high))) = (trained.first(), trained.last()) else {
        return String::new();
    };
    let at = |l: usize| words::layers(&[l], count);
    let mut parts = vec![if bottom == top {
        format!(
            "∂W {}, δ {}",
            words::power(low.grad_rms),
            words::power(low.delta_rms)
        )
    } else {
        format!(
            "∂W {} in {} and {} in {}, δ {} and {}",
            words::power(low.grad_rms),
            at(bottom),
            words::power(high.grad_rms),
            at(top),
            words::power(low.delta_rms),
            words::power(high.delta_rms)
        )
    }];
    let most = |f: fn(&LayerStats) -> f64| {
        trained
            .iter()
            .copied()
            .max_by(|a, b| f(a.1).total_cmp(&f(b.1)))
    };
    // Half of what a relu layer gives out is 0 and passes no gradient: where the signal arrives that is no news.
    let is_news = |s: &LayerStats| s.saturated >= MOST && kind != Kind::Healthy;
    if let Some((l, s)) = most(|s| s.saturated).filter(|(_, s)| is_news(s)) {
        parts.push(format!(
            "{} is {} saturated",
            at(l),
            words::percent(s.saturated)
        ));
    }
    if let Some((l, s)) = most(|s| s.dead).filter(|(_, s)| s.dead >= MOST) {
        parts.push(format!("{} of {} is dead", words::percent(s.dead), at(l)));
    }
    let carried = |t: &ThroughTime| {
        let layer = at(t.layer);
        let cell = spec.layers.get(t.layer)?.kind.cell()?;
        Some(match (cell.carrying_gate(), t.gate) {
            (Some(gate), Some(open)) => {
                format!("the {gate} of {layer} is {} open", words::percent(open))
            }
            (Some(_), None) => return None,
            (None, _) => format!("spectral radius {} in {layer}", words::number(t.radius?)),
        })
    };
    parts.extend(time.iter().filter_map(carried));
    parts.join("; ")
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
