//! What is to blame for a verdict: the causes that are known, each with its test, in the order in which they are looked for.
//! What a person has set beside the field's custom (inputs, dropout, penalty, pretraining) comes first, then the draw, then
//! the training.

mod penalty;
mod pretraining;
mod rate;

use super::foresight::Foresight;
use super::remedy::{self, Fix, theory_of};
use super::theory::{Setting, predict};
use super::verdict::Kind;
use super::{Topic, words};
use crate::experiment::Experiment;
use crate::nn::activation::Activation;
use crate::nn::spec::{Cell, LayerKind, LayerSpec, NetworkSpec};

pub use rate::{HEALTHY_UPDATE, HIGH_UPDATE, lower as lower_rate};

/// What causes are looked for in.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub experiment: &'a Experiment,
    pub spec: &'a NetworkSpec,
    /// The rows as they are, where they are known.
    pub setting: &'a Setting,
}

/// What of a verdict the change depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symptoms {
    pub kind: Kind,
    /// It is over the steps of the sequences that the signal is lost or grows.
    pub through_time: bool,
    /// It vanishes, and most units of a layer lie where their activation is flat.
    pub flat: bool,
}

impl Symptoms {
    /// A signal that is not all right over depth, and no more known of it.
    pub fn of(kind: Kind) -> Self {
        Symptoms {
            kind,
            through_time: false,
            flat: false,
        }
    }
}

/// A cause that the experiment itself shows, and the change that takes it away.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    pub topic: Topic,
    /// A plain sentence with the figures.
    pub sentence: String,
    pub fix: Fix,
}

/// What to change. For a thousand layers that takes seconds.
pub fn fix(symptoms: Symptoms, case: &Case) -> Option<Fix> {
    if symptoms.kind == Kind::Healthy {
        return None;
    }
    settings(case)
        .map(|cause| cause.fix)
        .or_else(|| beyond_settings(symptoms, case))
}

/// The first of the settings that is to blame.
pub fn settings(case: &Case) -> Option<Cause> {
    inputs(case)
        .or_else(|| dropout(case))
        .or_else(|| penalty::cause(case))
        .or_else(|| pretraining::cause(case))
}

/// Signals are mended where the theory says that the network itself loses them; what only training did is met by a smaller
/// learning rate or by clipping.
fn beyond_settings(symptoms: Symptoms, case: &Case) -> Option<Fix> {
    let signal = || remedy::for_signal(case.experiment, case.spec, case.setting);
    let clip = || remedy::clip(case.experiment);
    match symptoms.kind {
        Kind::Healthy => None,
        Kind::Vanishing if symptoms.through_time => remedy::for_recurrence(case.experiment),
        Kind::Vanishing if symptoms.flat && passes_from_the_draw(case) => rate::lower(case),
        Kind::Vanishing => signal(),
        // Where the network itself makes nothing grow, another draw of it changes nothing.
        Kind::Exploding if symptoms.through_time || !remedy::is_foreseen_to_grow(case) => clip(),
        Kind::Exploding => signal().or_else(clip),
        Kind::Diverged => grows_from_the_draw(case)
            .then(signal)
            .flatten()
            .or_else(|| is_bursting(case).then(clip).flatten())
            .or_else(|| rate::lower(case)),
    }
}

/// The verdict that theory foresees of the draw; `None` where there is no theory of it.
fn foreseen(case: &Case) -> Option<Kind> {
    kind_of(case.spec, case.setting)
}

fn kind_of(spec: &NetworkSpec, setting: &Setting) -> Option<Kind> {
    let theory = theory_of(spec, setting).ok()?;
    Some(Foresight::of(&theory, spec).kind)
}

/// Whether units that lie where they are flat cannot be so from the draw, but were driven there by steps that were too large:
/// theory sees the signal pass, and either can be trusted (few narrow layers may be drawn dead: Lu et al. 2020) or the steps
/// are known to be too large.
fn passes_from_the_draw(case: &Case) -> bool {
    let trusted = theory_of(case.spec, case.setting).is_ok_and(|theory| theory.trust < 1.0);
    foreseen(case) == Some(Kind::Healthy) && (trusted || rate::is_high(case))
}

/// Whether the draw may be why numbers overflow: by the verdict's own bound, since a decade or two between layers of other
/// widths (an output of one unit) is the same in a network that trains.
fn grows_from_the_draw(case: &Case) -> bool {
    !matches!(foreseen(case), Some(Kind::Healthy | Kind::Vanishing))
}

/// Whether numbers may overflow through time now and then and far, at rates that suit all other steps: where the recurrent
/// matrix can make the gradient grow (its radius is over 1, the necessary condition of Pascanu, Mikolov & Bengio 2013), or
/// has become one that can, while the steps were none too large.
fn is_bursting(case: &Case) -> bool {
    let radius = |layer: &LayerSpec| match &layer.kind {
        LayerKind::Recurrent {
            cell: Cell::Plain,
            recurrent_init,
        } => {
            let n = layer.units;
            let square = recurrent_init.variance(n, n) + recurrent_init.mean(n, n).powi(2);
            (square * n as f64).sqrt()
        }
        _ => 0.0,
    };
    let is_recurrent = |layer: &LayerSpec| layer.kind.cell().is_some();
    let layers = &case.spec.layers;
    // Not by the rounding of a matrix whose radius is 1.
    layers.iter().any(|l| radius(l) > 1.0 + 1e-6)
        || layers.iter().any(is_recurrent) && !rate::is_high(case)
}

/// Draws are derived for features of variance 1 about 0 (LeCun et al. 1998, section 4.3). Where they are hundreds, the bottom
/// layer saturates or all that is above it is as large as they are. What their size alone takes away or adds is at least a
/// decade then, and what is measured can be far more: theory's mean over draws is ruled by the few units that are near 0.
fn inputs(case: &Case) -> Option<Cause> {
    if case.experiment.data.standardize {
        return None;
    }
    let standardized = case.setting.with_input_q(1.0);
    let decades = |setting| {
        let theory = theory_of(case.spec, setting).ok()?;
        Some(remedy::predicted_decades(&theory, case.spec))
    };
    if decades(case.setting)? < decades(&standardized)? + 1.0 {
        return None;
    }
    let mut changed = case.experiment.clone();
    changed.data.standardize = true;
    Some(Cause {
        topic: Topic::Inputs,
        sentence: format!(
            "The inputs are not standardized: their root mean square is {}, and draws are made for 1.",
            words::number(case.setting.input_q.sqrt())
        ),
        fix: Fix::new("standardize the inputs", changed),
    })
}

/// Factor of the outputs' size beyond which they are no longer what the draw was made for, and within which they still are.
const LOUD: f64 = 10.0;
const QUIET: f64 = 3.0;

/// What layers may drop instead: the more layers, the less.
const SHARES: [f64; 7] = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.0];

/// What is left of a layer's outputs is divided by the share that is left, so that their mean stays; their mean square grows by
/// as much, layer by layer, and no draw makes up for it.
fn dropout(case: &Case) -> Option<Cause> {
    let size = |most: f64| {
        let mut spec = case.spec.clone();
        for layer in &mut spec.layers {
            layer.dropout = layer.dropout.min(most);
        }
        let theory = predict(&spec, case.setting).ok()?;
        Some(theory.layers.last()?.q_pre.sqrt())
    };
    if case.spec.layers.iter().all(|l| l.dropout == 0.0) {
        return None;
    }
    let (now, without) = (size(1.0)?, size(0.0)?);
    let grown = now / without;
    if grown.is_nan() || grown <= LOUD {
        return None;
    }
    let most = SHARES
        .into_iter()
        .find(|most| size(*most).is_some_and(|size| size <= QUIET * without))?;
    let mut changed = case.experiment.clone();
    for layer in &mut changed.network.layers {
        layer.dropout = layer.dropout.min(most);
    }
    Some(Cause {
        topic: Topic::Dropout,
        sentence: format!(
            "Dropout makes what reaches the output layer {} times as large: the outputs that are left are scaled up for those that are not, in every layer anew.",
            words::number(grown)
        ),
        fix: Fix::new(
            match most {
                0.0 => "drop none of the layers' outputs".to_string(),
                most => format!("drop at most {most} of each layer's outputs"),
            },
            changed,
        ),
    })
}

/// Whether outputs of this activation come to lie where it is flat on either side; of the others half may always.
pub fn saturates(activation: &Activation) -> bool {
    matches!(
        activation,
        Activation::Logistic
            | Activation::Tanh
            | Activation::Softsign
            | Activation::HardTanh
            | Activation::HardSigmoid
            | Activation::Erf
            | Activation::Relu6
    )
}
