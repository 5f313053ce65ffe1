//! Stages that are done, kept in a file until the run has its own checkpoint: pretraining that was ended, by whatever, goes
//! on with the stage that was under way. Each stage depends on its seed and on those before it alone, so that the outcome is
//! the same bit for bit.

use super::Stage;
use crate::experiment::{self, Experiment};
use crate::nn::network::{NamedTensor, Network};
use crate::training::tensors::{TensorFile, TensorFileError};
use std::path::Path;

const FORMAT: &str = "gradlab-pretraining";

/// Writes the stages done, and the layers as they are now, whole or not at all.
pub fn write(
    path: &Path,
    experiment: &Experiment,
    network: &Network,
    done: &[Stage],
) -> Result<(), TensorFileError> {
    let mut tensors = network.parameters();
    tensors.retain(|t| done.iter().any(|stage| is_of(t, stage.layer)));
    let mut file = TensorFile::of(tensors);
    file.texts = [
        ("format", FORMAT.to_string()),
        ("experiment", experiment::to_toml(experiment)),
        ("stages", serde_json::to_string(done).unwrap_or_default()),
    ]
    .map(|(key, text)| (key.to_string(), text))
    .into();
    file.write(path)
}

/// Puts the stages that the file has into the network; none where there is no such file, or it is another experiment's.
pub fn read(path: &Path, experiment: &Experiment, network: &mut Network) -> Vec<Stage> {
    let Ok(file) = TensorFile::read(path) else {
        return Vec::new();
    };
    let text = |key: &str| file.texts.get(key).map_or("", String::as_str);
    let theirs = experiment::parse(text("experiment"), "kept stages");
    if text("format") != FORMAT || !theirs.is_ok_and(|theirs| is_same(&theirs, experiment)) {
        return Vec::new();
    }
    let Ok(stages) = serde_json::from_str::<Vec<Stage>>(text("stages")) else {
        return Vec::new();
    };
    let whole = stages
        .iter()
        .enumerate()
        .all(|(i, stage)| stage.layer == i && has_weight(&file, i));
    if whole && network.load_some(&file.parameters("")).is_ok() {
        stages
    } else {
        Vec::new()
    }
}

/// Whether the stages of one are those of the other.
fn is_same(theirs: &Experiment, ours: &Experiment) -> bool {
    let rate = |e: &Experiment| e.training.optimizer.with_learning_rate(1.0);
    theirs.seed == ours.seed
        && theirs.data == ours.data
        && theirs.network == ours.network
        && theirs.pretrain == ours.pretrain
        && theirs.training.batch_size == ours.training.batch_size
        && rate(theirs) == rate(ours)
}

fn is_of(tensor: &NamedTensor, layer: usize) -> bool {
    tensor.name.starts_with(&format!("layers.{layer}."))
}

fn has_weight(file: &TensorFile, layer: usize) -> bool {
    file.get(&format!("layers.{layer}.weight")).is_some()
}
