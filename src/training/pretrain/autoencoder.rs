//! The autoencoder of one layer: the layer itself below, a linear layer back to its inputs above.

use super::{Plan, PretrainError};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::network::StepOutcome;
use crate::nn::network::{Batch, BuildOptions, NamedTensor, Network, Observe, TargetsView};
use crate::nn::random::{Purpose, stream};
use crate::nn::spec::{Bias, Clip, Hyper, LayerSpec, NetworkSpec, Norm, Regularize};
use crate::training::order::RowOrder;
use ndarray::{Array2, ArrayView2, Axis};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

pub(super) struct Autoencoder {
    network: Network,
    /// The layer's number in the network that it is from.
    layer: usize,
    hyper: Hyper,
    order: RowOrder,
    noise: f32,
    random: ChaCha8Rng,
    step: u64,
    outcome: StepOutcome,
}

impl Autoencoder {
    /// Of `whole`'s layer of that number, which it starts from as it was drawn. The decoder, where it is not the encoder's
    /// transpose, is drawn by Glorot's rule, which suits a linear layer. Dropout is the run's, and so is the skip, with
    /// which there would be nothing to learn.
    pub fn new(
        whole: &Network,
        layer: usize,
        plan: &Plan,
        inputs: ArrayView2<f32>,
    ) -> Result<Self, PretrainError> {
        let seed: u64 = stream(plan.seed, Purpose::Autoencoder(layer)).random();
        let own = &whole.spec().layers[layer];
        let encoder = LayerSpec {
            dropout: 0.0,
            skip: false,
            frozen: false,
            ..own.clone()
        };
        let decoder = LayerSpec {
            inputs: own.units,
            units: own.inputs,
            activation: Activation::Linear {},
            init: Initializer::GlorotNormal {},
            bias: Bias::Drawn(Initializer::Zeros {}),
            norm: Norm::None {},
            ..encoder.clone()
        };
        // `lsuv` has looked at its batch when the network was drawn.
        let mut network = build(vec![encoder, decoder], plan.batch, seed)?;
        let first = inputs.nrows().min(plan.batch);
        network.initialize(inputs.slice(ndarray::s![..first, ..]))?;
        network.load_some(&of_layer(whole, layer, 0))?;
        if plan.tied {
            network.tie(0);
        }
        let order = RowOrder::new(seed, inputs.nrows(), plan.batch, true).of(network.spec());
        Ok(Self {
            network,
            layer,
            hyper: Hyper {
                optimizer: plan.optimizer.clone(),
                regularize: Regularize::default(),
                clip: Clip::None {},
            },
            order,
            noise: plan.noise as f32,
            random: stream(seed, Purpose::Noise),
            step: 0,
            outcome: StepOutcome::default(),
        })
    }

    /// Every row once, in a new order. Returns the mean of the batches' errors, on noisy inputs; `None` where a value was
    /// not finite.
    pub fn epoch(&mut self, inputs: ArrayView2<f32>) -> Result<Option<f64>, PretrainError> {
        let rate = self.hyper.optimizer.learning_rate();
        let steps = self.order.steps_per_epoch();
        let mut sum = 0.0;
        for _ in 0..steps {
            let rows: Vec<usize> = self
                .order
                .rows(self.step)
                .iter()
                .map(|&row| row as usize)
                .collect();
            self.step += 1;
            let clean = inputs.select(Axis(0), &rows);
            let noisy = self.with_noise(&clean);
            let batch = Batch {
                x: noisy.as_ref().unwrap_or(&clean).view().into(),
                y: TargetsView::Values(clean.view()),
            };
            self.network
                .step_into(&batch, &self.hyper, rate, Observe::Loss, &mut self.outcome)?;
            if self.outcome.first_non_finite.is_some() {
                return Ok(None);
            }
            sum += self.outcome.score.loss;
        }
        Ok(Some(sum / steps as f64))
    }

    fn with_noise(&mut self, clean: &Array2<f32>) -> Option<Array2<f32>> {
        let (noise, random) = (self.noise, &mut self.random);
        (noise > 0.0).then(|| {
            clean.mapv(|x| {
                let z: f32 = StandardNormal.sample(random);
                x + noise * z
            })
        })
    }

    /// The mean squared error of the reconstruction of all rows, without noise.
    pub fn error(&mut self, inputs: ArrayView2<f32>) -> Result<f64, PretrainError> {
        let batch = Batch {
            x: inputs.into(),
            y: TargetsView::Values(inputs),
        };
        Ok(self.network.evaluate(&batch)?.loss)
    }

    /// Puts the encoder into the network that it was taken from.
    pub fn hand_over(&self, whole: &mut Network) -> Result<(), PretrainError> {
        let mut tensors = self.network.parameters();
        tensors.retain(|t| t.name.starts_with("layers.0."));
        Ok(whole.load_some(&renamed(tensors, 0, self.layer))?)
    }
}

/// What `whole`'s layer makes of its inputs, as in evaluation.
pub(super) fn codes(
    whole: &Network,
    layer: usize,
    plan: &Plan,
    inputs: ArrayView2<f32>,
) -> Result<Array2<f32>, PretrainError> {
    let own = whole.spec().layers[layer].clone();
    let mut network = build(vec![own], plan.batch, plan.seed)?;
    network.load_some(&of_layer(whole, layer, 0))?;
    Ok(network.outputs(inputs)?)
}

fn build(layers: Vec<LayerSpec>, batch: usize, seed: u64) -> Result<Network, PretrainError> {
    let spec = NetworkSpec {
        inputs: layers.first().map_or(0, |l| l.inputs),
        layers,
        loss: Loss::Mse {},
        label_smoothing: 0.0,
        target_rms: 1.0,
    };
    let options = BuildOptions {
        seed,
        batch_rows: batch,
        threads: 1,
        time: None,
    };
    Ok(Network::new(&spec, &options)?)
}

/// The tensors of one layer, named as those of layer `to`.
fn of_layer(network: &Network, layer: usize, to: usize) -> Vec<NamedTensor> {
    let prefix = format!("layers.{layer}.");
    let mut tensors = network.parameters();
    tensors.retain(|t| t.name.starts_with(&prefix));
    renamed(tensors, layer, to)
}

fn renamed(mut tensors: Vec<NamedTensor>, from: usize, to: usize) -> Vec<NamedTensor> {
    let (old, new) = (format!("layers.{from}."), format!("layers.{to}."));
    for tensor in &mut tensors {
        if let Some(name) = tensor.name.strip_prefix(&old) {
            tensor.name = format!("{new}{name}");
        }
    }
    tensors
}
