//! Unsupervised pretraining: before the run proper, greedily from the bottom up, each hidden layer learns to tell its own
//! inputs apart. It is trained as the encoder of an autoencoder on what the layers below, already pretrained, make of the
//! rows, with noise on its inputs if asked for; then it goes into the network (Bengio et al. 2007; Vincent et al. 2010).

mod autoencoder;
mod kept;

use self::autoencoder::Autoencoder;
use self::kept::Keeper;
use crate::data::Dataset;
use crate::experiment::{Experiment, Pretrain};
use crate::nn::network::{BatchError, BuildError, Network, StepError, TensorError};
use crate::nn::optimizer::Optimizer;
use crate::nn::spec::{LayerKind, NetworkSpec};
use crate::text::number;
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};
use serde::{Deserialize, Serialize};
use std::path::Path;
use thiserror::Error;

/// A unit says the same of every row where its outputs deviate by no more than this share of the layer's root mean square.
const AGREE: f32 = 0.01;

/// One layer's pretraining, done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// From 0 at the bottom.
    pub layer: usize,
    /// The squared error of the reconstruction, averaged over rows and inputs, before and after; without noise.
    pub before: f64,
    pub after: f64,
    /// The same of what knows every input's mean alone.
    #[serde(default)]
    pub guess: f64,
    /// As [`Pretraining::errors`].
    pub errors: Vec<f64>,
    #[serde(default)]
    pub units: usize,
    /// Units that say the same of every row.
    #[serde(default)]
    pub constant: usize,
}

impl Stage {
    /// What became of the layer, where it is not what the error alone looks like: of constants an error can be small.
    pub fn collapse(&self, experiment: &Experiment) -> Option<String> {
        let pretrain = experiment.pretrain.as_ref()?;
        (2 * self.constant > self.units).then(|| {
            format!(
                "pretraining has left {} of the {} units of layers.{} the same for every row, and what is above learns nothing \
                 from them: lower pretrain.learning_rate, which is {}",
                self.constant,
                self.units,
                self.layer,
                number(pretrain.rate(&experiment.training.optimizer))
            )
        })
    }
}

/// Pretraining as far as it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pretraining {
    /// How many layers in all, and epochs of each.
    pub layers: usize,
    pub epochs: usize,
    /// Of each layer that was begun: the reconstruction error before, without noise, and of every epoch, with it.
    pub errors: Vec<Vec<f64>>,
}

/// Why a network is not pretrained.
#[derive(Debug, Error)]
pub enum PretrainError {
    #[error(
        "[pretrain] cannot take layers.{layer}, which is recurrent: autoencoders are for dense layers; take [pretrain] out"
    )]
    Recurrent { layer: usize },
    #[error("[pretrain] and [network.transfer] both set the lower layers: take one of them out")]
    Transferred,
    #[error(
        "pretraining layers.{layer} diverged in epoch {epoch}: lower pretrain.learning_rate, which is {}", number(*rate)
    )]
    Diverged {
        layer: usize,
        epoch: usize,
        rate: f64,
    },
    #[error("pretraining was stopped before the first step of the run")]
    Stopped,
    #[error("pretraining: {0}")]
    Network(#[from] BuildError),
    #[error("pretraining: {0}")]
    Step(#[from] StepError),
    #[error("pretraining: {0}")]
    Batch(#[from] BatchError),
    #[error("pretraining: {0}")]
    Tensors(#[from] TensorError),
}

/// How the autoencoders are trained.
#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    batch: usize,
    epochs: usize,
    noise: f64,
    tied: bool,
    /// The run's own, at pretraining's rate.
    optimizer: Optimizer,
}

/// Where pretraining is to be heard and stopped.
pub struct Ear<'a> {
    pub say: &'a dyn Fn(&str),
    /// Asked between epochs.
    pub stopped: &'a dyn Fn() -> bool,
    /// Told before `say`, of every epoch.
    pub heard: &'a dyn Fn(&Pretraining),
    /// Told what goes wrong beside pretraining, which goes on.
    pub warn: &'a dyn Fn(&str),
}

/// Refuses what cannot be pretrained, before anything is trained.
///
/// # Errors
/// A recurrent layer, or lower layers that a transfer sets already.
pub fn check(experiment: &Experiment, spec: &NetworkSpec) -> Result<(), PretrainError> {
    let Some(pretrain) = &experiment.pretrain else {
        return Ok(());
    };
    if experiment.network.transfer.is_some() {
        return Err(PretrainError::Transferred);
    }
    let recurrent = |i: &usize| matches!(spec.layers[*i].kind, LayerKind::Recurrent { .. });
    match (0..stages(pretrain, spec)).find(recurrent) {
        Some(layer) => Err(PretrainError::Recurrent { layer }),
        None => Ok(()),
    }
}

/// How many layers are pretrained.
fn stages(pretrain: &Pretrain, spec: &NetworkSpec) -> usize {
    pretrain.layers_of(spec.layers.len().saturating_sub(1))
}

/// Goes on where `kept` says that an earlier pretraining of this experiment came to, and keeps every stage there; the file
/// is gone when all are done. Pretrains `network`, drawn already, on all rows for training, whether or not `train_rows` keeps their targets. Frozen
/// layers are pretrained too: they stay afterwards as they are then.
///
/// # Errors
/// What [`check`] refuses, an autoencoder that diverges, and [`PretrainError::Stopped`].
pub fn pretrain(
    network: &mut Network,
    experiment: &Experiment,
    data: &Dataset,
    batch: usize,
    kept: Option<&Path>,
    ear: &Ear,
) -> Result<Vec<Stage>, PretrainError> {
    let spec = network.spec().clone();
    let Some(pretrain) = &experiment.pretrain else {
        return Ok(Vec::new());
    };
    check(experiment, &spec)?;
    let rate = pretrain.rate(&experiment.training.optimizer);
    let plan = Plan {
        seed: experiment.seed,
        batch,
        epochs: pretrain.epochs,
        noise: pretrain.noise,
        tied: pretrain.tied,
        optimizer: experiment.training.optimizer.with_learning_rate(rate),
    };
    let mut inputs = rows(data);
    let count = stages(pretrain, &spec);
    let mut done = match kept {
        Some(path) => kept::read(path, experiment, network),
        None => Vec::new(),
    };
    done.truncate(count);
    let mut under_way = Pretraining {
        layers: count,
        epochs: plan.epochs,
        errors: done.iter().map(|stage| stage.errors.clone()).collect(),
    };
    let mut keeper = Keeper::new(kept, ear.warn);
    for layer in 0..done.len().min(count.saturating_sub(1)) {
        inputs = autoencoder::codes(network, layer, &plan, inputs.view())?;
    }
    for layer in done.len()..count {
        under_way.errors.push(Vec::new());
        let mut autoencoder = Autoencoder::new(network, layer, &plan, inputs.view())?;
        let before = autoencoder.error(inputs.view())?;
        let mut say = |epoch: usize, error: f64| {
            if let Some(errors) = under_way.errors.last_mut() {
                errors.push(error);
            }
            (ear.heard)(&under_way);
            (ear.say)(&format!(
                "pretraining layer {} of {count}: epoch {epoch} of {}, reconstruction error {error:.4}",
                layer + 1,
                plan.epochs
            ));
        };
        say(0, before);
        for epoch in 1..=plan.epochs {
            if (ear.stopped)() {
                return Err(PretrainError::Stopped);
            }
            let error = autoencoder.epoch(inputs.view())?;
            let error = error.filter(|e| e.is_finite());
            let diverged = PretrainError::Diverged { layer, epoch, rate };
            say(epoch, error.ok_or(diverged)?);
        }
        let after = autoencoder.error(inputs.view())?;
        autoencoder.hand_over(network)?;
        let guess = guess(inputs.view());
        inputs = autoencoder::codes(network, layer, &plan, inputs.view())?;
        done.push(Stage {
            layer,
            before,
            after,
            guess,
            errors: under_way.errors.last().cloned().unwrap_or_default(),
            units: inputs.ncols(),
            constant: constant(inputs.view()),
        });
        if layer + 1 < count {
            keeper.keep(|| kept::file(experiment, network, &done));
        }
    }
    keeper.end();
    Ok(done)
}

/// Units that say the same of every row.
fn constant(codes: ArrayView2<f32>) -> usize {
    let size = codes.pow2().mean().map_or(0.0, f32::sqrt);
    let agree = |unit: &ArrayView1<f32>| unit.std(0.0) <= AGREE * size;
    codes.columns().into_iter().filter(agree).count()
}

/// The error of naming every input's mean, whatever the row.
fn guess(inputs: ArrayView2<f32>) -> f64 {
    let variances = inputs.var_axis(Axis(0), 0.0);
    f64::from(variances.mean().unwrap_or(0.0))
}

/// The rows for training, and after them those whose targets are left out.
fn rows(data: &Dataset) -> Array2<f32> {
    let views: [ArrayView2<f32>; 2] = [data.train.x.view(), data.unlabelled.view()];
    match concatenate(Axis(0), &views) {
        Ok(all) => all,
        // Cannot be: both come from one matrix.
        Err(_) => data.train.x.clone(),
    }
}
