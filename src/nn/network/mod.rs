//! A network: dense layers, from the input up, with everything that a step needs allocated once.
//!
//! Layers are numbered from 0 at the bottom, the output layer last. `pre` is what a layer's activation sees (after the
//! norm), `delta` = ∂loss/∂pre.

mod backward;
pub mod batch;
mod build;
mod dropout;
mod forward;
mod histogram;
mod initialize;
mod layer;
mod measure;
mod moments;
mod norm;
mod pair;
mod parameter;
mod probe;
mod recurrent;
mod state;
mod step;
mod strips;
mod tensors;
mod tied;
mod update;
mod wide;

pub use batch::{Batch, BatchError, TargetsView};
pub use build::{BuildError, BuildOptions, MEMORY_LIMIT, Time, check, memory_needed};
pub use parameter::NamedTensor;
pub use probe::{ProbeOptions, Trace, is_of_a_pass};
pub use state::State;
pub use step::{Direction, NonFinite, Observe, StepError, StepOutcome};
pub use tensors::{TensorError, is_running};

use super::kernel::{Blocked, Crew, GROUP, Real, Samples, Team};
use super::loss::LossSum;
use super::optimizer::Optimizer;
use super::spec::{NetworkSpec, Norm};
use super::stats::{LayerStats, Score, ThroughTime};
use layer::{Layer, Mode};
use ndarray::{Array2, ArrayView2};
use pair::Room;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A network and its training state. `f32` trains; `f64` runs the same code for checks against finite differences.
#[derive(Clone, Debug)]
pub struct Network<T: Real = f32> {
    spec: NetworkSpec,
    seed: u64,
    /// Where the bottom layer is recurrent.
    time: Option<Time>,
    layers: Vec<Layer<T>>,
    /// The batch's rows, or its sequences.
    input: Blocked<T>,
    /// Rows of the batch, each a sequence where the bottom layer is recurrent.
    rows: usize,
    /// As wide as the widest layer needs, one for every width: derivatives while measuring.
    scratch: Vec<Blocked<T>>,
    /// Of two threads that may take layers down between them.
    room: Option<Room<T>>,
    /// The weights before an update, to measure by how much it changed them.
    before: Vec<T>,
    stats: Vec<LayerStats>,
    /// Room for the sums of the squares of a layer's gradient, one for each [`GROUP`] of rows.
    squares: Vec<f64>,
    /// Each layer's norm over all of its parameters' gradients, 0 where it is frozen.
    norms: Vec<f64>,
    /// The optimizer for which state is kept.
    optimizer: Option<Optimizer>,
    step: u64,
    /// The layer whose weights, transposed, are those of the layer above it.
    tied: Option<usize>,
    /// Whoever shares a step's work; a copy of the network has the same.
    team: Option<Arc<dyn Team>>,
    threads: usize,
    /// No step is changing what is trained.
    whole: bool,
}

impl<T: Real> Network<T> {
    /// All weights 0 until [`Network::initialize`] or [`Network::load_parameters`]. The memory is reckoned before any is
    /// taken.
    pub fn new(spec: &NetworkSpec, options: &BuildOptions) -> Result<Self, BuildError> {
        Self::within(MEMORY_LIMIT, spec, options)
    }
    /// As [`Network::new`], where there are so many bytes of memory.
    pub fn within(
        memory: usize,
        spec: &NetworkSpec,
        options: &BuildOptions,
    ) -> Result<Self, BuildError> {
        check::<T>(spec, options, memory)?;
        let layers: Vec<Layer<T>> = spec
            .layers
            .iter()
            .enumerate()
            .map(|(i, l)| Layer::new(&build::place(spec, options, i), l, options.seed))
            .collect();
        let room = layers.last().map_or(0, |l| l.pre.max_rows());
        let widest = layers
            .iter()
            .map(|l| l.matrices().map(|m| m.value.data().len()).sum())
            .max()
            .unwrap_or(0);
        let rows = |l: &Layer<T>| l.matrices().map(|m| m.value.units()).max();
        let most_rows = layers.iter().filter_map(rows).max().unwrap_or(0);
        Ok(Self {
            spec: spec.clone(),
            seed: options.seed,
            time: build::steps(spec, options),
            input: build::input(spec, options),
            rows: 0,
            scratch: one_each(build::widths(spec), room),
            room: None,
            before: vec![T::ZERO; widest],
            stats: vec![LayerStats::default(); layers.len()],
            squares: vec![0.0; most_rows.div_ceil(GROUP)],
            norms: vec![0.0; layers.len()],
            layers,
            optimizer: None,
            step: 0,
            tied: None,
            team: None,
            threads: options.threads,
            whole: true,
        })
    }
    /// Shares the work of dense layers with `team` from now on; `None`: the caller's thread does it alone. No number depends
    /// on it.
    pub fn set_team(&mut self, team: Option<Arc<dyn Team>>) {
        let two = Crew::of(team.as_ref(), self.threads).members() == 2;
        if two && self.room.is_none() {
            let rows = self.scratch.first().map_or(0, Blocked::max_rows);
            let widest = build::widest_halved::<T>(&self.spec, rows);
            self.room = widest.map(|units| Room::new(units, rows));
        }
        self.team = team;
    }
    pub fn spec(&self) -> &NetworkSpec {
        &self.spec
    }
    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.step
    }
    /// Whether the state is that between two steps. A step that a panic broke off leaves it so only if nothing that is trained
    /// had been changed yet.
    pub fn is_whole(&self) -> bool {
        self.whole
    }
    fn outputs_count(&self) -> usize {
        self.layers.last().map_or(0, |l| l.spec.units)
    }
    /// Rows that pass through at a time.
    pub fn max_rows(&self) -> usize {
        self.input.max_rows() / self.time.map_or(1, |time| time.steps)
    }
    /// Changes the share of outputs that `layer` drops, from the next step on.
    pub fn set_dropout(&mut self, layer: usize, share: f64) {
        if let Some(l) = self
            .layers
            .get_mut(layer)
            .filter(|l| l.spec.dropout != share)
        {
            l.set_dropout(share, self.seed);
            self.spec.layers[layer].dropout = share;
        }
    }
    /// Whether the parameters of `layer` stay as they are, from the next step on.
    pub fn set_frozen(&mut self, layer: usize, frozen: bool) {
        if let Some(l) = self.layers.get_mut(layer) {
            l.spec.frozen = frozen;
            self.spec.layers[layer].frozen = frozen;
        }
    }
    /// Factor of the learning rate for `layer` (a transferred one).
    pub fn set_rate_factor(&mut self, layer: usize, factor: f64) {
        if let Some(l) = self.layers.get_mut(layer) {
            l.rate_factor = factor;
        }
    }

    /// ‖∂loss/∂h_t‖₂ of the last step's batch, step by step of the sequence, for every recurrent layer from the bottom.
    pub fn time_norms(&self) -> Vec<Vec<f64>> {
        let recurrent = self.layers.iter().filter_map(|l| l.recurrence.as_ref());
        recurrent.map(|r| r.time_norms.clone()).collect()
    }
    /// The spectral radius of every recurrent layer's matrix, of gated cells the candidate's block of it, by layer.
    pub fn spectral_radii(&self) -> Vec<(usize, f64)> {
        let radius = |l: &Layer<T>| Some((l.index, l.recurrence.as_ref()?.radius()));
        self.layers.iter().filter_map(radius).collect()
    }

    /// Every recurrent layer over the steps of the last step's batch, from the bottom, with its radius of `radii`, which are the
    /// [spectral radii](Self::spectral_radii) before that step's update; gates too only where there is one.
    pub fn through_time(&self, radii: &[(usize, f64)]) -> Vec<ThroughTime> {
        let seen = |l: &Layer<T>| {
            let r = l.recurrence.as_ref()?;
            let radius = radii.iter().find(|(layer, _)| *layer == l.index);
            Some(ThroughTime {
                layer: l.index,
                norms: r.time_norms.clone(),
                state: r.state_norms.clone(),
                radius: radius.map(|(_, radius)| *radius),
                gate: radius.and_then(|_| r.gate()),
            })
        };
        self.layers.iter().filter_map(seen).collect()
    }

    fn take_input(&mut self, x: Samples<'_>) -> Result<(), BatchError> {
        let steps = self.time.map_or(1, |time| time.steps);
        let (rows, expected) = (x.rows(), self.spec.inputs * steps);
        if rows == 0 {
            return Err(BatchError::Empty);
        }
        if x.features() != expected {
            return Err(BatchError::Features {
                found: x.features(),
                expected,
            });
        }
        if rows > self.max_rows() {
            return Err(BatchError::TooManyRows {
                rows,
                most: self.max_rows(),
            });
        }
        self.rows = rows;
        match self.time {
            Some(time) => self.input.load_sequences(x, time.steps),
            None if self.team.is_some() => {
                let crew = Crew::of(self.team.as_ref(), self.threads);
                self.input.load_by(crew, x);
            }
            None => self.input.load(x),
        }
        Ok(())
    }
    /// Targets of one row: one, or one a step.
    fn targets_a_row(&self) -> usize {
        self.time
            .filter(|time| time.target_every_step)
            .map_or(1, |time| time.steps)
    }
    fn check_targets(&self, rows: usize, targets: &TargetsView) -> Result<(), BatchError> {
        let rows = rows * self.targets_a_row();
        if targets.rows() != rows {
            return Err(BatchError::Targets {
                rows,
                targets: targets.rows(),
            });
        }
        match targets.width() {
            Some(found) if found != self.outputs_count() => Err(BatchError::TargetWidth {
                found,
                expected: self.outputs_count(),
            }),
            _ => Ok(()),
        }
    }
    fn batch_norm(&self) -> Option<&Layer<T>> {
        let batch_norm = |l: &&Layer<T>| matches!(l.spec.norm, Norm::Batch { .. });
        self.layers.iter().find(batch_norm)
    }
    fn check_batch_norm(&self, rows: usize) -> Result<(), BatchError> {
        match self.batch_norm() {
            Some(layer) if rows == 1 => Err(BatchError::BatchNormOfOne { layer: layer.index }),
            _ => Ok(()),
        }
    }
    /// Takes a batch through all layers and leaves ∂loss/∂out in the top layer's `delta`. `keeps_pre`: see
    /// [`forward::forward`].
    fn forward_and_loss(
        &mut self,
        batch: &Batch,
        mode: Mode,
        keeps_pre: bool,
    ) -> Result<LossSum, BatchError> {
        self.take_input(batch.x)?;
        self.check_targets(batch.x.rows(), &batch.y)?;
        if mode.trains() {
            self.check_batch_norm(batch.x.rows())?;
        }
        let crew = Crew::of(self.team.as_ref(), self.threads);
        forward::forward(
            &mut self.layers,
            (&self.input, self.rows),
            mode,
            crew,
            keeps_pre,
        );
        let Some(top) = self.layers.last_mut() else {
            return Ok(LossSum::default());
        };
        let out = top.changed.as_ref().unwrap_or(&top.activated);
        self.spec.loss.evaluate(
            self.spec.label_smoothing,
            out,
            &batch.y,
            Some(&mut top.delta),
        )
    }

    /// Mean loss, without penalties, and accuracy over any number of rows, as in evaluation: running statistics, nothing
    /// dropped.
    pub fn evaluate(&mut self, batch: &Batch) -> Result<Score, BatchError> {
        let rows = batch.x.rows();
        self.check_targets(rows, &batch.y)?;
        if rows == 0 {
            return Err(BatchError::Empty);
        }
        let mut sum = LossSum::default();
        let each = self.targets_a_row();
        let room = self.max_rows();
        for from in (0..rows).step_by(room) {
            let to = (from + room).min(rows);
            self.take_input(batch.x.range(from, to))?;
            let crew = Crew::of(self.team.as_ref(), self.threads);
            forward::forward(
                &mut self.layers,
                (&self.input, self.rows),
                Mode::Evaluate,
                crew,
                false,
            );
            let Some(top) = self.layers.last() else {
                continue;
            };
            let part = self.spec.loss.evaluate(
                self.spec.label_smoothing,
                top.out(),
                &batch.y.slice(from * each, to * each),
                None,
            );
            sum.add(part.map_err(|e| e.shifted(from * each))?);
        }
        Ok(sum.score(&self.spec.loss, self.outputs_count()))
    }
    /// The output layer's outputs (logits under the cross-entropies), `[rows, outputs]`, as in evaluation; with targets at
    /// every step `[rows · steps, outputs]`.
    pub fn outputs(&mut self, x: ArrayView2<f32>) -> Result<Array2<f32>, BatchError> {
        self.outputs_in(x, |_| Mode::Evaluate)
    }
    /// As [`Network::outputs`] with units dropped at random: pass number `pass` of Monte-Carlo dropout (Gal & Ghahramani
    /// 2016). The same for the same pass; no draw of a training step is used.
    pub fn sampled_outputs(
        &mut self,
        x: ArrayView2<f32>,
        pass: u64,
    ) -> Result<Array2<f32>, BatchError> {
        /// Beyond any step of a run.
        const FIRST: u64 = 1 << 40;
        let parts = x.nrows().div_ceil(self.max_rows().max(1)) as u64;
        self.outputs_in(x, |part| Mode::Sample {
            draw: FIRST + pass * parts + part,
        })
    }
    /// `mode` of each part of the rows that passes through at a time.
    fn outputs_in(
        &mut self,
        x: ArrayView2<f32>,
        mode: impl Fn(u64) -> Mode,
    ) -> Result<Array2<f32>, BatchError> {
        let each = self.targets_a_row();
        let mut out = Array2::zeros((x.nrows() * each, self.outputs_count()));
        let room = self.max_rows();
        for (part, from) in (0..x.nrows()).step_by(room).enumerate() {
            let to = (from + room).min(x.nrows());
            self.take_input(x.slice(ndarray::s![from..to, ..]).into())?;
            let crew = Crew::of(self.team.as_ref(), self.threads);
            forward::forward(
                &mut self.layers,
                (&self.input, self.rows),
                mode(part as u64),
                crew,
                false,
            );
            if let Some(top) = self.layers.last() {
                out.slice_mut(ndarray::s![from * each..to * each, ..])
                    .assign(&top.out().to_array());
            }
        }
        Ok(out)
    }
}

/// A buffer for so many rows for each of these widths.
fn one_each<T: Real>(widths: BTreeSet<usize>, rows: usize) -> Vec<Blocked<T>> {
    let buffer = |width| Blocked::zeros(width, rows);
    widths.into_iter().map(buffer).collect()
}
