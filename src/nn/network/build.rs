//! Building a network: what can be wrong with a specification, and how much memory it takes.

use super::layer::{Layer, Place};
use super::pair::Room;
use super::recurrent::{Emit, padded};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::kernel::{Blocked, Real};
use crate::nn::loss::Loss;
use crate::nn::spec::{LayerKind, LayerSpec, NetworkSpec, Norm};
use std::collections::BTreeSet;
use thiserror::Error;

/// What a network is built for, beside its specification.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BuildOptions {
    pub seed: u64,
    /// Rows of the largest batch of a step.
    pub batch_rows: usize,
    /// The most threads that share a step, the caller's among them, once [`super::Network::set_team`] has named who they are.
    /// No number depends on it.
    pub threads: usize,
    /// Where rows are sequences.
    pub time: Option<Time>,
}

/// Sequences, all of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    pub steps: usize,
    /// There is a target at every step rather than one a sequence.
    pub target_every_step: bool,
}

/// More than this is refused before anything is allocated, where nothing is known of the machine.
pub const MEMORY_LIMIT: usize = 32 << 30;

/// Rows that evaluation takes at a time, at least.
const LEAST_ROWS: usize = 64;

/// Why a network cannot be built.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum BuildError {
    #[error("a network needs at least one layer")]
    NoLayers,
    #[error("a batch needs at least one row")]
    NoRows,
    #[error("layer {} has no units: give it at least 1", .layer + 1)]
    NoUnits { layer: usize },
    #[error("the network has no inputs")]
    NoInputs,
    #[error("layer {} takes {found} inputs, but what lies below has {expected} outputs", .layer + 1)]
    Inputs {
        layer: usize,
        found: usize,
        expected: usize,
    },
    #[error(
        "layer {} cannot have a skip: it would add {inputs} inputs to {units} outputs, and they have to be as many",
        .layer + 1
    )]
    Skip {
        layer: usize,
        inputs: usize,
        units: usize,
    },
    #[error(
        "layer {} is recurrent, but the data has no sequences: take a sequence data set, or a dense layer",
        .layer + 1
    )]
    NoSequences { layer: usize },
    #[error(
        "layer {} is recurrent above a dense layer, which has no time left: move it below the dense layers",
        .layer + 1
    )]
    RecurrentAboveDense { layer: usize },
    #[error("layer {} is recurrent and cannot have {what}: take it off", .layer + 1)]
    RecurrentOption { layer: usize, what: &'static str },
    #[error(
        "layer {} has batch norm, which needs at least 2 rows to tell a variance, but batches have 1: use a larger batch or \
         norm = \"layer\"",
        .layer + 1
    )]
    BatchNormOfOne { layer: usize },
    #[error("layer {} drops a share of {share}: choose one in [0, 1]", .layer + 1)]
    Dropout { layer: usize, share: f64 },
    #[error(
        "cross-entropy needs at least 2 outputs, one a class, but there is 1: use binary-cross-entropy"
    )]
    OneClass,
    #[error("the network takes {} of memory, more than the {} that there are: use fewer units, fewer layers or a smaller batch", human(*.needed), human(*.limit))]
    Memory { needed: usize, limit: usize },
}

fn human(bytes: usize) -> String {
    let gib = bytes as f64 / (1u64 << 30) as f64;
    if bytes == usize::MAX {
        "more than can be counted".into()
    } else {
        format!("{gib:.1} GiB")
    }
}

/// Rows that the buffers hold.
pub(super) fn room(options: &BuildOptions) -> usize {
    options.batch_rows.max(LEAST_ROWS)
}

/// Steps that the bottom layer, if it is recurrent, makes of a row.
pub(super) fn steps(spec: &NetworkSpec, options: &BuildOptions) -> Option<Time> {
    options
        .time
        .filter(|_| spec.layers.first().is_some_and(is_recurrent))
}

fn is_recurrent(layer: &LayerSpec) -> bool {
    matches!(layer.kind, LayerKind::Recurrent { .. })
}

/// Room for a batch: of rows, or of sequences, whose steps are padded one by one.
pub(super) fn input<T: Real>(spec: &NetworkSpec, options: &BuildOptions) -> Blocked<T> {
    Blocked::zeros(spec.inputs, input_rows(spec, options))
}

fn input_rows(spec: &NetworkSpec, options: &BuildOptions) -> usize {
    match steps(spec, options) {
        Some(time) => padded(room(options)).saturating_mul(time.steps),
        None => room(options),
    }
}

/// Where layer `index` stands.
pub(super) fn place(spec: &NetworkSpec, options: &BuildOptions, index: usize) -> Place {
    let rows = room(options);
    let time = steps(spec, options);
    let above = spec.layers.get(index + 1);
    let every = time.filter(|time| time.target_every_step);
    let recurrent = spec.layers.get(index).is_some_and(is_recurrent);
    let emit = match every {
        _ if above.is_some_and(is_recurrent) => Emit::Sequence,
        Some(_) => Emit::EveryStep,
        None => Emit::Last,
    };
    Place {
        index,
        rows: match every {
            Some(time) if !recurrent => rows.saturating_mul(time.steps),
            _ => rows,
        },
        time: time.map(|time| (time.steps, emit)),
    }
}

/// Bytes that a run takes: [`super::Network::new`], the optimizer's state of `slots` numbers a parameter, and the copies of
/// both that it is saved from, as tensors and as a file.
pub fn memory_needed<T: Real>(spec: &NetworkSpec, options: &BuildOptions, slots: usize) -> usize {
    let of_input = Blocked::<T>::bytes(spec.inputs, input_rows(spec, options));
    let of_layers = spec.layers.iter().enumerate().map(|(index, layer)| {
        let place = place(spec, options, index);
        let state = Layer::<T>::weights(layer).saturating_mul(slots + 2 * (1 + slots));
        let steps = place.time.map(|(steps, _)| steps);
        Layer::<T>::bytes(layer, place.rows, steps).saturating_add(state)
    });
    of_layers
        .fold(of_input, usize::saturating_add)
        .saturating_add(shared::<T>(spec, options))
}

/// Of every layer's outputs.
pub(super) fn widths(spec: &NetworkSpec) -> BTreeSet<usize> {
    spec.layers.iter().map(|l| l.units).collect()
}

/// The most units or inputs of a layer that two threads may own half of each, on so many rows; nothing where there is none.
pub(super) fn widest_halved<T: Real>(spec: &NetworkSpec, rows: usize) -> Option<usize> {
    let dense = spec.layers.iter().enumerate();
    let halved =
        dense.filter(|(_, l)| !is_recurrent(l) && T::halves(l.units, l.inputs, rows).is_some());
    // nobody asks for the delta of the network's input
    let widths = halved.map(|(at, l)| {
        if at > 0 {
            l.units.max(l.inputs)
        } else {
            l.units
        }
    });
    widths.max()
}

/// Bytes of what layers share: outputs of every width, those of which two threads make parts once more, and the largest layer's
/// weights before a step.
fn shared<T: Real>(spec: &NetworkSpec, options: &BuildOptions) -> usize {
    let Some(top) = spec.layers.len().checked_sub(1) else {
        return 0;
    };
    let rows = place(spec, options, top).rows;
    let outputs = widths(spec)
        .into_iter()
        .map(|units| Blocked::<T>::bytes(units, rows));
    let widest = widest_halved::<T>(spec, rows).filter(|_| options.threads > 1);
    let room = widest.map_or(0, |units| Room::<T>::bytes(units, rows));
    let weights = spec.layers.iter().map(Layer::<T>::weights).max();
    outputs.fold(
        weights.unwrap_or(0).saturating_add(room),
        usize::saturating_add,
    )
}

/// Everything that can be said before memory is taken, of which there are `limit` bytes.
///
/// # Errors
/// Those of [`super::Network::within`].
pub fn check<T: Real>(
    spec: &NetworkSpec,
    options: &BuildOptions,
    limit: usize,
) -> Result<(), BuildError> {
    if spec.layers.is_empty() {
        return Err(BuildError::NoLayers);
    }
    if spec.inputs == 0 {
        return Err(BuildError::NoInputs);
    }
    if options.batch_rows == 0 {
        return Err(BuildError::NoRows);
    }
    let mut expected = spec.inputs;
    for (layer, l) in spec.layers.iter().enumerate() {
        if l.units == 0 {
            return Err(BuildError::NoUnits { layer });
        }
        if is_recurrent(l) {
            check_recurrent(spec, options, layer, l)?;
        }
        if l.inputs != expected {
            return Err(BuildError::Inputs {
                layer,
                found: l.inputs,
                expected,
            });
        }
        if l.skip && l.inputs != l.units {
            return Err(BuildError::Skip {
                layer,
                inputs: l.inputs,
                units: l.units,
            });
        }
        if matches!(l.norm, Norm::Batch { .. }) && options.batch_rows == 1 {
            return Err(BuildError::BatchNormOfOne { layer });
        }
        if !(0.0..=1.0).contains(&l.dropout) {
            return Err(BuildError::Dropout {
                layer,
                share: l.dropout,
            });
        }
        expected = l.units;
    }
    if spec.loss == Loss::CrossEntropy && expected == 1 {
        return Err(BuildError::OneClass);
    }
    let needed = memory_needed::<T>(spec, options, 2);
    if needed > limit {
        return Err(BuildError::Memory { needed, limit });
    }
    Ok(())
}

fn check_recurrent(
    spec: &NetworkSpec,
    options: &BuildOptions,
    layer: usize,
    l: &LayerSpec,
) -> Result<(), BuildError> {
    if options.time.is_none_or(|time| time.steps == 0) {
        return Err(BuildError::NoSequences { layer });
    }
    if !spec.layers[..layer].iter().all(is_recurrent) {
        return Err(BuildError::RecurrentAboveDense { layer });
    }
    let learned = matches!(
        l.activation,
        Activation::Prelu { .. } | Activation::Rrelu { .. }
    );
    let what = match l {
        _ if layer + 1 == spec.layers.len() => "the last word: the output layer is dense",
        l if l.norm != Norm::None => "a norm",
        l if l.dropout > 0.0 => "dropout",
        l if l.skip => "a skip",
        l if l.init == Initializer::Lsuv => "weights from `lsuv`",
        _ if learned => "an activation with slopes of its own",
        _ => return Ok(()),
    };
    Err(BuildError::RecurrentOption { layer, what })
}
