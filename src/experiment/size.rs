//! How large a network would be, reckoned before anything is allocated.

use super::rules::Problem;
use super::schema::*;
use crate::data::DataKind;
use crate::nn::optimizer::Optimizer;
use crate::nn::spec::Cell;
use crate::text::{bytes, thousands};

/// The most hidden layers that are expanded.
pub const MOST_LAYERS: u128 = 10_000;
/// The most parameters that are built.
pub const MOST_PARAMETERS: u128 = 1_000_000_000;

/// Hidden layers after `repeat`.
pub fn hidden_layers(network: &Network) -> u128 {
    network.layers.iter().map(|l| l.repeat as u128).sum()
}

/// Features of a row (of a step, for sequences), where the data's name tells.
pub fn features(kind: &DataKind) -> Option<usize> {
    match kind {
        DataKind::Moons { .. }
        | DataKind::Circles { .. }
        | DataKind::Spirals { .. }
        | DataKind::Blobs { .. } => Some(2),
        DataKind::Xor { .. } | DataKind::Plane { .. } | DataKind::Waves { .. } => Some(2),
        DataKind::Friedman { .. } | DataKind::Diabetes => Some(10),
        DataKind::Digits { .. } => Some(64),
        DataKind::Wine => Some(13),
        DataKind::Adding { .. } => Some(2),
        DataKind::TemporalOrder { .. } => Some(6),
        DataKind::Echo { .. } => Some(1),
        DataKind::Csv { .. }
        | DataKind::Idx { .. }
        | DataKind::Npz { .. }
        | DataKind::Safetensors { .. } => None,
    }
}

/// Whether its rows are sequences; `None` where only a file tells.
pub fn has_sequences(kind: &DataKind) -> Option<bool> {
    match kind {
        DataKind::Adding { .. } | DataKind::TemporalOrder { .. } | DataKind::Echo { .. } => {
            Some(true)
        }
        DataKind::Npz { .. } | DataKind::Safetensors { .. } | DataKind::Csv { .. } => None,
        _ => Some(false),
    }
}

/// Weights and biases of the hidden layers and one output unit; without a known width of the data, of one feature.
fn least_parameters(experiment: &Experiment) -> u128 {
    parameters(
        &experiment.network,
        features(&experiment.data.kind).unwrap_or(1) as u128,
        1,
    )
}

/// Weights and biases of the network between so many inputs and outputs (biases counted even where they are off).
pub fn parameters(network: &Network, inputs: u128, outputs: u128) -> u128 {
    let mut total: u128 = 0;
    let mut below = inputs;
    for layer in &network.layers {
        let units = layer.units as u128;
        let first = layer_parameters(layer, below);
        let others = layer_parameters(layer, units).saturating_mul(layer.repeat as u128 - 1);
        total = total.saturating_add(first).saturating_add(others);
        below = units;
    }
    total.saturating_add(outputs.saturating_mul(below.saturating_add(1)))
}

fn layer_parameters(layer: &Layer, inputs: u128) -> u128 {
    let units = layer.units as u128;
    match &layer.kind {
        LayerKind::Dense => units.saturating_mul(inputs + 1),
        LayerKind::Recurrent { cell, .. } => {
            let gates = match cell {
                Cell::Plain => 1,
                Cell::Gru => 3,
                Cell::Lstm { .. } => 4,
            };
            units
                .saturating_mul(inputs.saturating_add(units).saturating_add(2))
                .saturating_mul(gates)
        }
    }
}

/// Bytes of the parameters, their gradients and the optimizer's state, in f32.
pub fn memory(parameters: u128, optimizer: &Optimizer) -> u128 {
    let slots = optimizer.state_slots() as u128;
    parameters.saturating_mul(4 * (2 + slots))
}

/// Too many parameters, with the memory that they would need.
pub(super) fn too_large(parameters: u128, optimizer: &Optimizer) -> Option<String> {
    (parameters > MOST_PARAMETERS).then(|| {
        format!(
            "the network has {} parameters and would need {} of memory: at most {} are built",
            thousands(parameters),
            bytes(memory(parameters, optimizer)),
            thousands(MOST_PARAMETERS)
        )
    })
}

/// The layer that makes the network too large, if one does.
pub(super) fn problem(experiment: &Experiment) -> Option<Problem> {
    let network = &experiment.network;
    let widest = network
        .layers
        .iter()
        .enumerate()
        .max_by_key(|(_, l)| l.units);
    let deepest = network
        .layers
        .iter()
        .enumerate()
        .max_by_key(|(_, l)| l.repeat);
    let path = |which: Option<(usize, &Layer)>, key: &str| {
        which.map_or("network.layers".to_string(), |(i, _)| {
            format!("network.layers.{i}.{key}")
        })
    };
    let depth = hidden_layers(network);
    let parameters = least_parameters(experiment);
    let size = too_large(parameters, &experiment.training.optimizer);
    if depth > MOST_LAYERS {
        let mut message = format!(
            "{} hidden layers are more than can be built: at most {}",
            thousands(depth),
            thousands(MOST_LAYERS)
        );
        if let Some(size) = size {
            message += &format!("; {size}");
        }
        return Some(Problem::new(
            &[&path(deepest, "repeat"), &path(widest, "units")],
            message,
        ));
    }
    size.map(|message| Problem::new(&[&path(widest, "units"), &path(deepest, "repeat")], message))
}
