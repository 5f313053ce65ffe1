//! One forward and backward pass with everything kept, and no update.

use super::batch::{Batch, BatchError};
use super::layer::{Layer, Mode};
use super::parameter::NamedTensor;
use super::tensors::{full_name, split_name};
use super::{Network, NonFinite, StepError, update};
use crate::nn::kernel::{Blocked, Real};
use crate::nn::spec::Regularize;
use crate::nn::stats::{LayerHistograms, LayerStats, Score, ThroughTime};
use ndarray::ArrayView2;

/// How a probe looks.
#[derive(Clone, Debug, Default)]
pub struct ProbeOptions<'a> {
    /// Penalties that are part of the loss and of the gradients.
    pub regularize: Regularize,
    /// Running statistics and nothing dropped, as in evaluation.
    pub evaluation: bool,
    /// Which outputs are dropped (0) and kept (1), `[rows][units]`, by layer from 0; missing ones are drawn.
    pub masks: Vec<Option<ArrayView2<'a, f32>>>,
}

/// What a probe saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace<T = f32> {
    /// Penalties included.
    pub score: Score,
    /// The penalties' share of the loss.
    pub penalty: f64,
    /// `x`, every parameter, `layers.{i}.pre`, `layers.{i}.out` and `delta.layers.{i}` (∂loss/∂pre), all `[rows, units]`, of
    /// recurrent layers `[rows, steps, units]` (gates side by side), of dense ones too where there is a target at every step,
    /// and `grad.` with every parameter's name and `x`.
    pub tensors: Vec<NamedTensor<T>>,
    pub stats: Vec<LayerStats>,
    pub histograms: Vec<LayerHistograms>,
    /// Recurrent layers over the steps of their sequences.
    pub time: Vec<ThroughTime>,
    pub global_grad_norm: f64,
    pub first_non_finite: Option<NonFinite>,
}

/// Whether a dumped pass has this name for what is no parameter: the rows with their targets, what came forward, and gradients.
pub fn is_of_a_pass(name: &str) -> bool {
    matches!(name, "x" | "y" | "grad.x")
        || name.starts_with("delta.layers.")
        || name.starts_with("grad.layers.")
        || matches!(split_name(name), Some((_, "pre" | "out")))
}

impl<T: Real> Network<T> {
    /// Takes a batch forward and back as a training step does (dropout masks of the step to come), without an update and
    /// without touching running statistics.
    pub fn probe(&mut self, batch: &Batch, regularize: &Regularize) -> Result<Trace<T>, StepError> {
        self.probe_with(
            batch,
            &ProbeOptions {
                regularize: *regularize,
                ..ProbeOptions::default()
            },
        )
    }
    pub fn probe_with(
        &mut self,
        batch: &Batch,
        options: &ProbeOptions,
    ) -> Result<Trace<T>, StepError> {
        let mode = self.probe_mode(batch, options)?;
        let steps = self.steps_above();
        let sum = self.forward_and_loss(batch, mode, true)?;
        let mut tensors = vec![named("x", self.in_steps(&self.input, 0))];
        tensors.extend(self.parameters());
        for layer in &self.layers {
            let (pre, out) = match &layer.recurrence {
                Some(r) => (r.to_rows(&layer.pre, 0), r.to_rows(&layer.activated, 0)),
                None => (
                    split(rows(&layer.pre, 0), steps),
                    split(rows(layer.out(), 0), steps),
                ),
            };
            tensors.push(named(&full_name(layer.index, "pre"), pre));
            tensors.push(named(&full_name(layer.index, "out"), out));
        }
        let mut input_gradient = Blocked::zeros(self.input.features(), self.input.rows());
        let exponent = self.backward_measured(mode, Some(&mut input_gradient), |layer| {
            let delta = match &layer.recurrence {
                Some(r) => r.to_rows(r.delta(), layer.exponent),
                None => split(rows(&layer.delta, layer.exponent), steps),
            };
            tensors.push(named(&format!("delta.layers.{}", layer.index), delta));
        });
        self.layers
            .iter_mut()
            .for_each(|layer| layer.add_penalties(&options.regularize));
        self.measure_gradients();
        self.take_norms();
        let global_grad_norm = update::global_norm(&self.norms);
        tensors.extend(self.gradients());
        let input_gradient = self.in_steps(&input_gradient, exponent);
        tensors.push(named("grad.x", input_gradient));
        let penalty = update::penalty(&self.layers, &options.regularize);
        let mut score = sum.score(&self.spec.loss, self.outputs_count());
        score.loss += penalty;
        Ok(Trace {
            score,
            penalty,
            tensors,
            stats: self.stats.clone(),
            histograms: self.layers.iter().map(Layer::histograms).collect(),
            time: self.through_time(&self.spectral_radii()),
            global_grad_norm,
            first_non_finite: self.first_non_finite(score.loss),
        })
    }
    fn probe_mode(&mut self, batch: &Batch, options: &ProbeOptions) -> Result<Mode, BatchError> {
        if options.evaluation {
            return Ok(Mode::Evaluate);
        }
        if options.masks.iter().all(Option::is_none) {
            return Ok(Mode::Train { step: self.step });
        }
        let rows = batch.x.rows();
        for (layer, mask) in self.layers.iter_mut().zip(&options.masks) {
            match (layer.dropout.as_mut(), mask) {
                (Some(dropout), Some(mask)) => {
                    if mask.dim() != (rows, layer.spec.units) {
                        return Err(BatchError::Mask { layer: layer.index });
                    }
                    dropout.set_mask(*mask);
                }
                (Some(dropout), None) => dropout.draw(self.step, rows),
                (None, _) => {}
            }
        }
        self.layers
            .iter_mut()
            .for_each(|layer| layer.draw_slopes(self.step, rows));
        Ok(Mode::Given)
    }
}

/// A shape and its values, row-major.
pub(super) type Shaped<T> = (Vec<usize>, Vec<T>);

fn named<T: Real>(name: &str, (shape, data): Shaped<T>) -> NamedTensor<T> {
    NamedTensor {
        name: name.to_string(),
        shape,
        data,
    }
}

/// `[rows, features]`, times 2^exponent.
fn rows<T: Real>(values: &Blocked<T>, exponent: i32) -> Shaped<T> {
    let scale = super::backward::power_of_two(exponent);
    let data = values
        .to_array_f64()
        .iter()
        .map(|v| T::from_f64(v * scale))
        .collect();
    (vec![values.rows(), values.features()], data)
}

/// `[rows, steps, features]` from `[rows · steps, features]`.
fn split<T>((shape, data): Shaped<T>, steps: Option<usize>) -> Shaped<T> {
    match (steps, &shape[..]) {
        (Some(steps), [all, features]) => (vec![all / steps, steps, *features], data),
        _ => (shape, data),
    }
}

impl<T: Real> Network<T> {
    /// Steps of a row in the layers above the recurrent ones, where each has its target.
    fn steps_above(&self) -> Option<usize> {
        let time = self.time.filter(|time| time.target_every_step);
        time.map(|time| time.steps)
    }
    /// The input or its gradient, times 2^exponent: `[rows, steps, inputs]` where rows are sequences.
    fn in_steps(&self, values: &Blocked<T>, exponent: i32) -> Shaped<T> {
        let bottom = self.layers.first().and_then(|l| l.recurrence.as_ref());
        match bottom {
            Some(recurrence) => recurrence.to_rows(values, exponent),
            None => rows(values, exponent),
        }
    }
}
