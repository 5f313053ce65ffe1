//! How many classes there are, where the data's class numbers may not show them all.

use crate::data::{DataKind, Dataset, Task};
use crate::experiment::{Experiment, size};
use crate::training::tensors::TensorFile;
use std::sync::Arc;

/// Whether the classes are plain numbers of a file.
fn are_numbered(experiment: &Experiment) -> bool {
    matches!(
        experiment.data.kind,
        DataKind::Safetensors { .. } | DataKind::Npz { .. } | DataKind::Idx { .. }
    )
}

/// In files of plain class numbers the highest one says how many classes there are, unless the weights that a run starts from or
/// goes on with have more outputs: then rows of some classes are missing, and the weights are right.
pub fn as_weights_have_them(
    mut data: Arc<Dataset>,
    experiment: &Experiment,
    weights: &TensorFile,
) -> Arc<Dataset> {
    let Task::Classification { classes } = data.task else {
        return data;
    };
    let output = size::hidden_layers(&experiment.network);
    let weight = weights.get(&format!("layers.{output}.weight"));
    // A matrix of no column could claim any number of rows.
    let outputs = weight.and_then(|weight| match weight.shape[..] {
        [outputs, inputs] if inputs > 0 => Some(outputs),
        _ => None,
    });
    match outputs {
        Some(outputs) if are_numbered(experiment) && outputs > classes => {
            let data_mut = Arc::make_mut(&mut data);
            data_mut.task = Task::Classification { classes: outputs };
            let missing = classes..outputs;
            data_mut
                .class_names
                .extend(missing.map(|class| class.to_string()));
            data
        }
        _ => data,
    }
}
