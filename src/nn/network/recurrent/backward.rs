//! Backpropagation through time. Every step carries a power of two beside its deltas, as layers do over depth: a gradient that
//! vanishes over a hundred steps is still told from zero.

use super::{Emit, Recurrence, Step, padded, put, take, take_before};
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, LANES, Real, clear_past};
use crate::nn::network::backward::{power_of_two, rescale};
use crate::nn::network::layer::Layer;
use crate::nn::spec::Cell;
use std::ops::Range;

impl<T: Real> Layer<T> {
    /// From ∂loss/∂out in `delta`, times 2^-`exponent`, to ∂loss/∂pre of every step and to all gradients. `input`: the sequence
    /// that went in.
    pub fn recurrent_backward(&mut self, input: &Blocked<T>, exponent: i32) {
        let Self {
            recurrence: Some(r),
            pre,
            activated,
            delta,
            weight,
            bias,
            spec,
            ..
        } = self
        else {
            return;
        };
        // exponent of what has come down from the step above
        let mut carried = exponent;
        r.delta_of_state(r.steps - 1).fill(T::ZERO);
        r.step.d_content.fill(T::ZERO);
        for at in (0..r.steps).rev() {
            carried = r.join_outer(at, delta, exponent, carried);
            // an LSTM's ∂loss/∂(h_t, c_t) is the adjoint of the whole state: what an LSTM's content carries never shows in h_t alone
            // (the constant error carousel of Hochreiter & Schmidhuber 1997).
            let squares = T::square_sum(r.delta_of_state(at));
            r.time_norms[at] = squares.sqrt() * power_of_two(carried);
            if let Some(state) = r.state_norms.get_mut(at) {
                let all = squares + T::square_sum(r.step.d_content.data());
                *state = all.sqrt() * power_of_two(carried);
            }
            r.exponents[at] = carried;
            match r.cell {
                Cell::Plain => r.plain_back(at, pre, activated, &spec.activation),
                Cell::Lstm { .. } => r.lstm_back(at),
                Cell::Gru => r.gru_back(at, activated),
            }
        }
        self.exponent = r.level();
        T::weight_gradient(&r.delta_input, input, &mut weight.grad);
        let of_state = r.delta_state.as_ref().unwrap_or(&r.delta_input);
        // each step's state before it is that of the step before, and 0 before the first
        let earlier = r.blocks();
        T::weight_gradient_of_earlier(of_state, activated, earlier, &mut r.weight.grad);
        if let (Some(bias), Some(own)) = (bias, &mut r.bias) {
            let sum = &mut r.step.d_gates;
            sum_steps(&r.delta_input, sum);
            T::bias_gradient(sum, bias.grads_mut());
            if let Some(of_state) = &r.delta_state {
                sum_steps(of_state, sum);
            }
            T::bias_gradient(sum, own.grads_mut());
        }
    }
    /// Writes ∂loss/∂input·2^-e into `lower`, a sequence, and returns e.
    pub fn recurrent_backward_to_input(&mut self, lower: &mut Blocked<T>) -> i32 {
        if let Some(r) = &self.recurrence {
            T::affine_backward(&self.weight.value, &r.delta_input, lower);
        }
        self.exponent
    }
}

impl<T: Real> Recurrence<T> {
    /// ∂loss/∂h of step `at` while it is made.
    fn delta_of_state(&mut self, at: usize) -> &mut [T] {
        let size = self.step_len(self.step.d_state.features());
        let (sequence, step) = (&mut self.delta_input, &mut self.step.d_state);
        delta_of_state(&self.cell, sequence, step, at * size..(at + 1) * size)
    }
    /// Adds what comes from outside at step `at` to what has come down in time; both scales become one, which is returned.
    fn join_outer(&mut self, at: usize, delta: &Blocked<T>, outer: i32, carried: i32) -> i32 {
        let comes = self.take_outer(at, delta);
        let shape = (self.rows, self.step.d_state.features());
        let size = self.step_len(shape.1);
        let Step {
            d_state,
            d_content,
            other,
            ..
        } = &mut self.step;
        let of_step = at * size..(at + 1) * size;
        let state = delta_of_state(&self.cell, &mut self.delta_input, d_state, of_step);
        let mut common = carried;
        if comes {
            common = outer.max(carried);
            let own = T::from_f64(power_of_two(carried - common));
            let from_outside = T::from_f64(power_of_two(outer - common));
            for (d, &o) in state.iter_mut().zip(other.data()) {
                *d = *d * own + o * from_outside;
            }
            d_content.data_mut().iter_mut().for_each(|d| *d *= own);
        }
        clear_past(state, shape.0, shape.1);
        let content = matches!(self.cell, Cell::Lstm { .. }).then_some(d_content);
        let found = T::extremes(state);
        let content = content.map(|content| content.data_mut());
        common + rescale(state, found, shape, content).0
    }
    /// What comes from outside at step `at`, if anything does, into `step.other`.
    fn take_outer(&mut self, at: usize, delta: &Blocked<T>) -> bool {
        match self.emit {
            Emit::Sequence => take(&mut self.step.other, delta, at),
            Emit::Last if at + 1 < self.steps => return false,
            Emit::Last => self.step.other.copy_from(delta),
            Emit::EveryStep => scatter(delta, &mut self.step.other, at, self.steps),
        }
        true
    }
    fn plain_back(
        &mut self,
        at: usize,
        pre: &Blocked<T>,
        states: &Blocked<T>,
        activation: &Activation,
    ) {
        let (rows, units) = (self.rows, pre.features());
        let size = self.step_len(units);
        let of_step = at * size..(at + 1) * size;
        let (earlier, d) = self.delta_input.data_mut().split_at_mut(of_step.start);
        let d = &mut d[..size];
        let (z, h) = (&pre.data()[of_step.clone()], &states.data()[of_step]);
        T::activate_backward_run(activation, z, h, d);
        clear_past(d, rows, units);
        if let Some(before) = earlier.rchunks_exact_mut(size).next() {
            T::affine_backward_run(&self.weight.value, d, before);
        }
    }
    fn lstm_back(&mut self, at: usize) {
        let (Some(content), Some(tanh)) = (&self.content, &self.content_tanh) else {
            return;
        };
        let s = &mut self.step;
        take(&mut s.logistic, &self.gates, at);
        take(&mut s.other, tanh, at);
        take_before(&mut s.content, content, at);
        let units = s.state.features() * LANES;
        for block in 0..s.logistic.blocks() {
            let gates = s.logistic.block(block);
            let (i, f, g, o) = (
                &gates[..units],
                &gates[units..],
                &gates[2 * units..],
                &gates[3 * units..],
            );
            let (tanh, before) = (s.other.block(block), s.content.block(block));
            let dh = s.d_state.block(block);
            let dc = s.d_content.block_mut(block);
            let d = s.d_gates.block_mut(block);
            for j in 0..units {
                let whole = dc[j] + dh[j] * o[j] * (T::ONE - tanh[j] * tanh[j]);
                d[j] = whole * g[j] * i[j] * (T::ONE - i[j]);
                d[units + j] = whole * before[j] * f[j] * (T::ONE - f[j]);
                d[2 * units + j] = whole * i[j] * (T::ONE - g[j] * g[j]);
                d[3 * units + j] = dh[j] * tanh[j] * o[j] * (T::ONE - o[j]);
                dc[j] = whole * f[j];
            }
        }
        s.d_gates.clear_padding();
        s.d_content.clear_padding();
        put(&mut self.delta_input, at, &s.d_gates);
        T::affine_backward(&self.weight.value, &s.d_gates, &mut s.d_state);
    }
    fn gru_back(&mut self, at: usize, states: &Blocked<T>) {
        let (Some(own), Some(delta_state)) = (&self.content, &mut self.delta_state) else {
            return;
        };
        let s = &mut self.step;
        take(&mut s.logistic, &self.gates, at);
        take(&mut s.content, own, at);
        take_before(&mut s.state, states, at);
        let units = s.state.features() * LANES;
        for block in 0..s.logistic.blocks() {
            let gates = s.logistic.block(block);
            let (r, z, n) = (&gates[..units], &gates[units..], &gates[2 * units..]);
            let (own, before) = (s.content.block(block), s.state.block(block));
            let dh = s.d_state.block(block);
            let d = s.d_gates.block_mut(block);
            let around = s.other.block_mut(block);
            for j in 0..units {
                let dn = dh[j] * (T::ONE - z[j]) * (T::ONE - n[j] * n[j]);
                d[j] = dn * own[j] * r[j] * (T::ONE - r[j]);
                d[units + j] = dh[j] * (before[j] - n[j]) * z[j] * (T::ONE - z[j]);
                d[2 * units + j] = dn;
                around[j] = dh[j] * z[j];
            }
        }
        s.d_gates.clear_padding();
        put(&mut self.delta_input, at, &s.d_gates);
        for block in 0..s.logistic.blocks() {
            let r = &s.logistic.block(block)[..units];
            let d = &mut s.d_gates.block_mut(block)[2 * units..];
            d.iter_mut().zip(r).for_each(|(d, &r)| *d *= r);
        }
        put(delta_state, at, &s.d_gates);
        T::affine_backward(&self.weight.value, &s.d_gates, &mut s.d_state);
        for (d, &around) in s.d_state.data_mut().iter_mut().zip(s.other.data()) {
            *d += around;
        }
    }
    /// Brings the deltas of all steps to the largest step's scale, which is returned: what falls out of sight is negligible
    /// beside it.
    fn level(&mut self) -> i32 {
        let common = self.exponents.iter().copied().max().unwrap_or(0);
        let blocks = self.blocks();
        let sequences = [Some(&mut self.delta_input), self.delta_state.as_mut()];
        for sequence in sequences.into_iter().flatten() {
            for (at, &exponent) in self.exponents.iter().enumerate() {
                if exponent == common {
                    continue;
                }
                let factor = T::from_f64(power_of_two(exponent - common));
                for block in at * blocks..(at + 1) * blocks {
                    for d in sequence.block_mut(block) {
                        *d *= factor;
                    }
                }
            }
        }
        common
    }
}

/// A plain cell makes ∂loss/∂h where ∂loss/∂pre will be, `of_step` of the sequence; others beside it.
fn delta_of_state<'a, T: Real>(
    cell: &Cell,
    sequence: &'a mut Blocked<T>,
    step: &'a mut Blocked<T>,
    of_step: Range<usize>,
) -> &'a mut [T] {
    match cell {
        Cell::Plain => &mut sequence.data_mut()[of_step],
        Cell::Lstm { .. } | Cell::Gru => step.data_mut(),
    }
}

/// Sums a sequence over its steps, in the order in which it lies in memory; four at a time, so that the sums are read and
/// written a quarter as often.
fn sum_steps<T: Real>(sequence: &Blocked<T>, sum: &mut Blocked<T>) {
    sum.fill(T::ZERO);
    let sum = sum.data_mut();
    let mut fours = sequence.data().chunks_exact(4 * sum.len());
    for four in &mut fours {
        let (ab, cd) = four.split_at(2 * sum.len());
        let ((a, b), (c, d)) = (ab.split_at(sum.len()), cd.split_at(sum.len()));
        for ((((s, &a), &b), &c), &d) in sum.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *s = *s + a + b + c + d;
        }
    }
    for step in fours.remainder().chunks_exact(sum.len()) {
        for (s, &d) in sum.iter_mut().zip(step) {
            *s += d;
        }
    }
}

/// One step's rows out of `[rows · steps][units]`.
fn scatter<T: Real>(delta: &Blocked<T>, step: &mut Blocked<T>, at: usize, steps: usize) {
    debug_assert_eq!(padded(step.rows()), step.blocks() * LANES);
    for row in 0..step.rows() {
        for unit in 0..step.features() {
            step.set(row, unit, delta.get(row * steps + at, unit));
        }
    }
    step.clear_padding();
}
