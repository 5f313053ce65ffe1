//! How many classes there are, where the data's class numbers may not show them all.

use crate::data::{DataKind, Dataset, Task};
use crate::experiment::{Experiment, size};
use crate::training::tensors::TensorFile;
use std::sync::Arc;

/// In files of plain class numbers the highest one says how many classes there are, unless the weights that a run starts from
/// have more outputs: then rows of some classes are missing, and the weights are right.
pub fn as_weights_have_them(
    mut data: Arc<Dataset>,
    experiment: &Experiment,
    weights: &TensorFile,
) -> Arc<Dataset> {
    let numbered = matches!(
        experiment.data.kind,
        DataKind::Safetensors { .. } | DataKind::Npz { .. } | DataKind::Idx { .. }
    );
    let Task::Classification { classes } = data.task else {
        return data;
    };
    let output = size::hidden_layers(&experiment.network);
    let outputs = weights
        .get(&format!("layers.{output}.weight"))
        .and_then(|weight| weight.shape.first().copied());
    match outputs {
        Some(outputs) if numbered && outputs > classes => {
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
