//! A recurrent layer's forward pass.

use super::{Emit, Recurrence, put, take};
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, LANES, Real, Weights, clear_past};
use crate::nn::network::layer::Layer;
use crate::nn::spec::Cell;

impl<T: Real> Layer<T> {
    /// Takes a sequence through all steps, of a batch of so many rows.
    pub fn recurrent_forward(&mut self, input: &Blocked<T>, rows: usize) {
        let Self {
            recurrence: Some(r),
            pre,
            activated,
            changed,
            weight,
            bias,
            spec,
            ..
        } = self
        else {
            return;
        };
        r.set_rows(rows);
        let bias = bias.as_ref().map(|b| b.values());
        if r.cell == Cell::Plain {
            let weights = (&weight.value, bias);
            r.plain(weights, input, (pre, activated), &spec.activation);
        } else {
            T::affine(&weight.value, bias, input, pre);
            activated.set_rows(pre.rows());
            r.step.state.fill(T::ZERO);
            r.step.content.fill(T::ZERO);
            for at in 0..r.steps {
                r.advance(at, pre);
                put(activated, at, &r.step.state);
            }
        }
        let Some(out) = changed else { return };
        match r.emit {
            Emit::Sequence => {}
            Emit::Last => out.copy_from(&r.step.state),
            Emit::EveryStep => gather(activated, out, rows, r.steps),
        }
    }
}

impl<T: Real> Recurrence<T> {
    /// All steps of a plain cell, h_t = φ(W_ih·x_t + b_ih + b_hh + W_hh·h_{t-1}). A step is worked on where it lies in its
    /// sequence, all of it while it is in the first-level cache.
    fn plain(
        &mut self,
        (input_weight, input_bias): (&Weights<T>, Option<&[T]>),
        input: &Blocked<T>,
        (pre, states): (&mut Blocked<T>, &mut Blocked<T>),
        activation: &Activation,
    ) {
        pre.set_rows(input.rows());
        states.set_rows(input.rows());
        self.join_biases(input_bias);
        let (rows, units) = (self.rows, pre.features());
        let (inputs, size) = (self.step_len(input.features()), self.step_len(units));
        for at in 0..self.steps {
            let z = &mut pre.data_mut()[at * size..][..size];
            let x = &input.data()[at * inputs..][..inputs];
            T::affine_run(input_weight, &self.biases, x, z);
            if at > 0 {
                let before = &states.data()[(at - 1) * size..][..size];
                T::affine_add(&self.weight.value, before, z);
            }
            let h = &mut states.data_mut()[at * size..][..size];
            T::activate_run(activation, z, h);
            // lanes past the last row hold what biases alone make, which may overflow where no row does
            clear_past(h, rows, units);
        }
        take(&mut self.step.state, states, self.steps - 1);
    }
    /// The sum of both biases.
    fn join_biases(&mut self, input_bias: Option<&[T]>) {
        self.biases.fill(T::ZERO);
        let own = self.bias.as_ref().map(|b| b.values());
        for bias in [input_bias, own].into_iter().flatten() {
            for (sum, &b) in self.biases.iter_mut().zip(bias) {
                *sum += b;
            }
        }
    }
    /// From h_{t-1} in `step.state` to h_t. `pre` holds the input's share and becomes the whole pre-activation.
    fn advance(&mut self, at: usize, pre: &mut Blocked<T>) {
        let bias = self.bias.as_ref().map(|b| b.values());
        T::affine(
            &self.weight.value,
            bias,
            &self.step.state,
            &mut self.step.gates,
        );
        match self.cell {
            Cell::Plain => {}
            Cell::Lstm { .. } => self.lstm(at, pre),
            Cell::Gru => self.gru(at, pre),
        }
        // lanes past the last row hold what biases alone make, which may overflow where no row does
        self.step.state.clear_padding();
        self.step.content.clear_padding();
    }
    /// Adds the input's share to the state's in `step.gates`, and leaves the sum in `pre` too.
    fn sum(&mut self, at: usize, pre: &mut Blocked<T>) {
        let size = self.step.gates.data().len();
        let whole = &mut pre.data_mut()[at * size..][..size];
        for (state, whole) in self.step.gates.data_mut().iter_mut().zip(whole) {
            *whole += *state;
            *state = *whole;
        }
    }
    fn lstm(&mut self, at: usize, pre: &mut Blocked<T>) {
        self.sum(at, pre);
        let s = &mut self.step;
        T::activate(&Activation::Logistic, &s.gates, &mut s.logistic);
        T::activate(&Activation::Tanh, &s.gates, &mut s.tanh);
        let units = s.state.features() * LANES;
        for block in 0..s.gates.blocks() {
            // the third gate is the candidate, of tanh
            let candidate = 2 * units..3 * units;
            s.logistic.block_mut(block)[candidate.clone()]
                .copy_from_slice(&s.tanh.block(block)[candidate]);
            let gates = s.logistic.block(block);
            let (i, f, g) = (&gates[..units], &gates[units..], &gates[2 * units..]);
            for (j, c) in s.content.block_mut(block).iter_mut().enumerate() {
                *c = f[j] * *c + i[j] * g[j];
            }
        }
        T::activate(&Activation::Tanh, &s.content, &mut s.other);
        for block in 0..s.gates.blocks() {
            let o = &s.logistic.block(block)[3 * units..];
            let tanh = s.other.block(block);
            for (j, h) in s.state.block_mut(block).iter_mut().enumerate() {
                *h = o[j] * tanh[j];
            }
        }
        put(&mut self.gates, at, &s.logistic);
        if let (Some(content), Some(tanh)) = (&mut self.content, &mut self.content_tanh) {
            put(content, at, &s.content);
            put(tanh, at, &s.other);
        }
    }
    /// n = tanh(x's share + r · state's share): PyTorch's form, which Cho et al. 2014 do not use.
    fn gru(&mut self, at: usize, pre: &mut Blocked<T>) {
        let s = &mut self.step;
        let units = s.state.features() * LANES;
        for block in 0..s.gates.blocks() {
            s.content
                .block_mut(block)
                .copy_from_slice(&s.gates.block(block)[2 * units..]);
        }
        if let Some(content) = &mut self.content {
            put(content, at, &s.content);
        }
        take(&mut s.d_gates, pre, at);
        for (gate, &x) in s.gates.data_mut().iter_mut().zip(s.d_gates.data()) {
            *gate += x;
        }
        T::activate(&Activation::Logistic, &s.gates, &mut s.logistic);
        for block in 0..s.gates.blocks() {
            let (r, own) = (s.logistic.block(block), s.content.block(block));
            let x = &s.d_gates.block(block)[2 * units..];
            let n = &mut s.gates.block_mut(block)[2 * units..];
            for j in 0..units {
                n[j] = x[j] + r[j] * own[j];
            }
        }
        put(pre, at, &s.gates);
        T::activate(&Activation::Tanh, &s.gates, &mut s.tanh);
        for block in 0..s.gates.blocks() {
            let n = &s.tanh.block(block)[2 * units..];
            let gates = s.logistic.block_mut(block);
            gates[2 * units..].copy_from_slice(n);
            let z = &gates[units..2 * units];
            for (j, h) in s.state.block_mut(block).iter_mut().enumerate() {
                *h = n[j] + z[j] * (*h - n[j]);
            }
        }
        put(&mut self.gates, at, &s.logistic);
    }
}

/// A sequence's states, row by row and in each row step by step.
fn gather<T: Real>(sequence: &Blocked<T>, out: &mut Blocked<T>, rows: usize, steps: usize) {
    out.set_rows(rows * steps);
    let each = super::padded(rows);
    for row in 0..rows {
        for at in 0..steps {
            for unit in 0..out.features() {
                out.set(row * steps + at, unit, sequence.get(at * each + row, unit));
            }
        }
    }
    out.clear_padding();
}
