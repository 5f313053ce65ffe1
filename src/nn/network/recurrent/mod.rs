//! A recurrent layer: one cell over all steps of a sequence, trained by backpropagation through time (Werbos 1990).
//!
//! A sequence is one [`Blocked`], step after step, each step padded to whole blocks, so that a step is a run of blocks and
//! the products over all steps are single calls. Gates lie one after the other as PyTorch stacks them: `lstm` i, f, g, o;
//! `gru` r, z, n.

mod backward;
mod forward;
mod measure;
mod spectrum;

use super::parameter::Parameter;
use crate::nn::init::Initializer;
use crate::nn::kernel::{Blocked, LANES, Real};
use crate::nn::random::{Purpose, stream};
use crate::nn::spec::{Bias, Cell, LayerKind, LayerSpec};

/// What the layer above sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Emit {
    /// All steps, as the next recurrent layer wants them.
    Sequence,
    /// The last step's state, `[rows][units]`.
    Last,
    /// Every step's state as a row, `[rows · steps][units]`, the steps of a row one after the other.
    EveryStep,
}

/// What a recurrent layer has beside a dense one.
#[derive(Clone, Debug)]
pub(crate) struct Recurrence<T: Real> {
    pub cell: Cell,
    pub steps: usize,
    pub emit: Emit,
    /// `weight_hh`, `[gates · units][units]`
    pub weight: Parameter<T>,
    /// `bias_hh`
    pub bias: Option<Parameter<T>>,
    /// Rows of the batch in use.
    rows: usize,
    /// A sequence: the activated gates.
    gates: Blocked<T>,
    /// `lstm`: the cell's content after each step and its tanh. `gru`: what the state adds to the candidate.
    content: Option<Blocked<T>>,
    content_tanh: Option<Blocked<T>>,
    /// Sequences: ∂loss/∂(input's and state's share of the pre-activation), all times 2^-exponent.
    delta_input: Blocked<T>,
    /// Where it differs from `delta_input`: `gru`.
    delta_state: Option<Blocked<T>>,
    exponents: Vec<i32>,
    /// `plain`: the sum of both biases.
    biases: Vec<T>,
    /// One step's buffers.
    step: Step<T>,
    /// ‖∂loss/∂h_t‖₂ over the batch, step by step: the total, through later steps too.
    pub time_norms: Vec<f64>,
    /// `lstm`: the same of h_t and c_t together; empty otherwise.
    pub state_norms: Vec<f64>,
}

/// Buffers of one step: `[rows][units]`, and `[rows][gates · units]` where it says gates.
#[derive(Clone, Debug)]
struct Step<T: Real> {
    state: Blocked<T>,
    content: Blocked<T>,
    other: Blocked<T>,
    d_state: Blocked<T>,
    d_content: Blocked<T>,
    gates: Blocked<T>,
    logistic: Blocked<T>,
    tanh: Blocked<T>,
    d_gates: Blocked<T>,
}

impl<T: Real> Recurrence<T> {
    /// `None` for a dense layer.
    pub fn new(spec: &LayerSpec, steps: usize, emit: Emit, max_rows: usize) -> Option<Self> {
        let LayerKind::Recurrent { cell, .. } = &spec.kind else {
            return None;
        };
        let (units, gates) = (spec.units, spec.units * cell.gates());
        let sequence = |features| Blocked::zeros(features, padded(max_rows) * steps);
        let step = |features| Blocked::zeros(features, max_rows);
        Some(Self {
            cell: cell.clone(),
            steps,
            emit,
            weight: Parameter::matrix("weight_hh", gates, units),
            bias: (spec.bias != Bias::Off).then(|| Parameter::vector("bias_hh", gates, T::ZERO)),
            rows: 0,
            gates: sequence(gates),
            content: (!matches!(cell, Cell::Plain)).then(|| sequence(units)),
            content_tanh: matches!(cell, Cell::Lstm { .. }).then(|| sequence(units)),
            delta_input: sequence(gates),
            delta_state: matches!(cell, Cell::Gru).then(|| sequence(gates)),
            exponents: vec![0; steps],
            biases: vec![T::ZERO; units],
            step: Step {
                state: step(units),
                content: step(units),
                other: step(units),
                d_state: step(units),
                d_content: step(units),
                gates: step(gates),
                logistic: step(gates),
                tanh: step(gates),
                d_gates: step(gates),
            },
            time_norms: vec![0.0; steps],
            state_norms: match cell {
                Cell::Lstm { .. } => vec![0.0; steps],
                Cell::Plain | Cell::Gru => Vec::new(),
            },
        })
    }
    /// Blocks of one step of the batch in use.
    fn blocks(&self) -> usize {
        self.rows.div_ceil(LANES)
    }
    /// Numbers of one step of the batch in use.
    fn step_len(&self, features: usize) -> usize {
        self.blocks() * features * LANES
    }
    /// Takes a batch of so many rows into use.
    fn set_rows(&mut self, rows: usize) {
        self.rows = rows;
        let all = padded(rows) * self.steps;
        for sequence in [&mut self.gates, &mut self.delta_input] {
            sequence.set_rows(all);
        }
        let optional = [
            &mut self.content,
            &mut self.content_tanh,
            &mut self.delta_state,
        ];
        optional
            .into_iter()
            .flatten()
            .for_each(|sequence| sequence.set_rows(all));
        self.step.set_rows(rows);
    }
    /// Bytes of the buffers that a dense layer does not have.
    pub fn bytes(spec: &LayerSpec, cell: &Cell, steps: usize, max_rows: usize) -> usize {
        let gates = spec.units.saturating_mul(cell.gates());
        let features = gates
            .saturating_mul(3)
            .saturating_add(spec.units.saturating_mul(2));
        Blocked::<T>::bytes(features, padded(max_rows).saturating_mul(steps))
    }
    /// Draws both matrices gate by gate and both biases; PyTorch's default draws all of them by the number of units.
    pub fn draw(
        &mut self,
        spec: &LayerSpec,
        seed: u64,
        index: usize,
        input: &mut Parameter<T>,
        input_bias: Option<&mut Parameter<T>>,
    ) {
        let LayerKind::Recurrent { recurrent_init, .. } = &spec.kind else {
            return;
        };
        draw_gates(&spec.init, seed, Purpose::Weights(index), spec.units, input);
        draw_gates(
            recurrent_init,
            seed,
            Purpose::RecurrentWeights(index),
            spec.units,
            &mut self.weight,
        );
        let Bias::Drawn(initializer) = &spec.bias else {
            return;
        };
        let mut rng = stream(seed, Purpose::Biases(index));
        let forget = spec.forget_bias().unwrap_or(0.0);
        let (fan_in, fan_out) = spec.bias_fans();
        for (at, bias) in input_bias.into_iter().chain(&mut self.bias).enumerate() {
            let mut drawn = vec![0.0f32; bias.len()];
            for gate in drawn.chunks_exact_mut(spec.units) {
                initializer.fill_bias(fan_in, fan_out, &mut rng, gate);
            }
            for (unit, (b, drawn)) in bias.value.row_mut(0).iter_mut().zip(drawn).enumerate() {
                // the forget gate is the second; its extra bias stands in one of the two vectors
                let extra = if at == 0 && unit / spec.units == 1 {
                    forget
                } else {
                    0.0
                };
                *b = T::from_f32(drawn) + T::from_f64(extra);
            }
        }
    }
}

fn draw_gates<T: Real>(
    initializer: &Initializer,
    seed: u64,
    purpose: Purpose,
    units: usize,
    parameter: &mut Parameter<T>,
) {
    let inputs = parameter.value.inputs();
    let mut rng = stream(seed, purpose);
    let mut drawn = vec![0.0f32; parameter.len()];
    for gate in drawn.chunks_exact_mut(units * inputs) {
        match initializer {
            // nn.RNN draws everything from U(±1/√units), input weights too: as a matrix of that fan_in
            Initializer::TorchDefault => {
                Initializer::TorchDefault.fill_bias(units, units, &mut rng, gate);
            }
            other => other.fill(inputs, units, &mut rng, gate),
        }
    }
    let exact: Vec<T> = drawn.into_iter().map(T::from_f32).collect();
    parameter.value.copy_from_dense(&exact);
}

impl<T: Real> Step<T> {
    fn set_rows(&mut self, rows: usize) {
        let Self {
            state,
            content,
            other,
            d_state,
            d_content,
            gates,
            logistic,
            tanh,
            d_gates,
        } = self;
        for buffer in [
            state, content, other, d_state, d_content, gates, logistic, tanh, d_gates,
        ] {
            buffer.set_rows(rows);
        }
    }
}

/// Rows of one step in a sequence.
pub(super) fn padded(rows: usize) -> usize {
    rows.div_ceil(LANES) * LANES
}

/// Copies one step out of a sequence.
fn take<T: Real>(step: &mut Blocked<T>, sequence: &Blocked<T>, at: usize) {
    let blocks = step.blocks();
    step.copy_blocks(0, sequence, at * blocks, blocks);
}

/// Copies the step before: 0 before the first.
fn take_before<T: Real>(step: &mut Blocked<T>, sequence: &Blocked<T>, at: usize) {
    match at.checked_sub(1) {
        Some(before) => take(step, sequence, before),
        None => step.fill(T::ZERO),
    }
}

/// Copies one step into a sequence.
fn put<T: Real>(sequence: &mut Blocked<T>, at: usize, step: &Blocked<T>) {
    let blocks = step.blocks();
    sequence.copy_blocks(at * blocks, step, 0, blocks);
}
