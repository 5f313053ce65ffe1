//! What is measured of a recurrent layer: over all steps together.

use super::Recurrence;
use super::spectrum::spectral_radius;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, LANES, Real};
use crate::nn::network::backward::power_of_two;
use crate::nn::network::measure::SATURATED_BELOW;
use crate::nn::network::moments::Moments;
use crate::nn::network::wide;
use crate::nn::spec::Cell;
use crate::nn::stats::LayerStats;

impl<T: Real> Recurrence<T> {
    /// Of the states, of the pre-activations, and of ∂loss/∂pre, which is scaled by 2^-`exponent`. A gate counts as an output
    /// of its own: saturated by its own activation's derivative.
    pub fn measure(
        &self,
        pre: &Blocked<T>,
        states: &Blocked<T>,
        activation: &Activation,
        exponent: i32,
        stats: &mut LayerStats,
    ) {
        let rows = self.rows as f64;
        let elements = rows * (self.steps * pre.features()) as f64;
        stats.delta_rms = (T::square_sum(self.delta_input.data()) / elements).sqrt()
            * rows
            * power_of_two(exponent);
        (stats.out_mean, stats.out_std) = self.mean_and_std(states);
        stats.pre_std = self.mean_and_std(pre).1;
        (stats.saturated, stats.dead) = match self.cell {
            Cell::Plain => {
                self.saturated_and_dead(pre.features(), self.own_slopes(pre, states, activation))
            }
            Cell::Lstm { .. } | Cell::Gru => {
                self.saturated_and_dead(pre.features(), self.slopes_of_gates())
            }
        };
    }
    /// Mean and population standard deviation of the rows in use over all steps.
    fn mean_and_std(&self, sequence: &Blocked<T>) -> (f64, f64) {
        let (size, used) = (self.step_len(sequence.features()), self.rows % LANES);
        let mut moments = Moments::default();
        // with whole blocks alone, all steps are one run
        let run = if used == 0 {
            sequence.data().len()
        } else {
            size
        };
        for step in sequence.data().chunks_exact(run.max(1)) {
            let whole = match used {
                0 => step.len(),
                _ => self.rows / LANES * sequence.features() * LANES,
            };
            moments.add(&step[..whole]);
            moments.add_used(&step[whole..], used);
        }
        moments.mean_and_std()
    }
    /// Lanes in use of a block, numbered over all steps.
    fn lanes(&self, block: usize) -> usize {
        (self.rows - block % self.blocks() * LANES).min(LANES)
    }
    /// The activation's slopes of a block's feature, and below what they count as saturated.
    fn own_slopes<'a>(
        &self,
        pre: &'a Blocked<T>,
        states: &'a Blocked<T>,
        activation: &'a Activation,
    ) -> impl Fn(usize, usize) -> ([T; LANES], T) + 'a {
        let bound = bound(activation);
        move |block, feature| {
            let (z, h) = (pre.feature(block, feature), states.feature(block, feature));
            let mut slopes = [T::ONE; LANES];
            T::activate_backward_run(activation, z, h, &mut slopes);
            (slopes, bound)
        }
    }
    /// The slopes of gates follow from their outputs: y(1 - y) of the logistic ones, 1 - y² of the candidate, the third.
    fn slopes_of_gates(&self) -> impl Fn(usize, usize) -> ([T; LANES], T) {
        let units = self.gates.features() / self.cell.gates();
        let (logistic, tanh) = (bound(&Activation::Logistic), bound(&Activation::Tanh));
        move |block, feature| {
            let outputs = self.gates.feature(block, feature);
            let mut slopes = [T::ZERO; LANES];
            for (slope, &y) in slopes.iter_mut().zip(outputs) {
                *slope = match feature / units {
                    2 => T::ONE - y * y,
                    _ => y * (T::ONE - y),
                };
            }
            let bound = if feature / units == 2 { tanh } else { logistic };
            (slopes, bound)
        }
    }
    /// Shares of saturated outputs and of dead features, over all steps.
    fn saturated_and_dead(
        &self,
        features: usize,
        slopes: impl Fn(usize, usize) -> ([T; LANES], T),
    ) -> (f64, f64) {
        let (mut saturated, mut dead) = (0, 0);
        for feature in 0..features {
            let mut alive = false;
            for block in 0..self.steps * self.blocks() {
                let (slopes, bound) = slopes(block, feature);
                let used = &slopes[..self.lanes(block)];
                let (flat, zero) = wide::count_below(used, bound);
                saturated += flat;
                alive |= zero < used.len();
            }
            dead += usize::from(!alive);
        }
        let each = (self.rows * self.steps) as f64;
        let features = features as f64;
        (saturated as f64 / (features * each), dead as f64 / features)
    }
    /// The spectral radius of the recurrent matrix, of gated cells the candidate's block of it.
    pub fn radius(&self) -> f64 {
        let units = self.weight.value.inputs();
        // The third gate of both is the candidate.
        let first = match self.cell {
            Cell::Plain => 0,
            Cell::Lstm { .. } | Cell::Gru => 2 * units,
        };
        spectral_radius(&self.weight.value, first)
    }
    /// How far the gate that carries the state on stands open, its mean over units, rows and steps of the last batch.
    pub fn gate(&self) -> Option<f64> {
        // The second gate of both: f of c_t = f·c_{t-1} + i·g, and z of h_t = z·h_{t-1} + (1-z)·n.
        if self.cell == Cell::Plain {
            return None;
        }
        let units = self.gates.features() / self.cell.gates();
        let mut sum = 0.0;
        for block in 0..self.steps * self.blocks() {
            let carrying = &self.gates.block(block)[units * LANES..2 * units * LANES];
            for lanes in carrying.chunks_exact(LANES) {
                let used = &lanes[..self.lanes(block)];
                sum += used.iter().map(|y| y.to_f64()).sum::<f64>();
            }
        }
        Some(sum / (self.rows * self.steps * units) as f64)
    }
    /// ∂loss/∂pre as a sequence.
    pub fn delta(&self) -> &Blocked<T> {
        &self.delta_input
    }
    /// A sequence as `[rows, steps, features]`, times 2^exponent.
    pub fn to_rows(&self, sequence: &Blocked<T>, exponent: i32) -> (Vec<usize>, Vec<T>) {
        let scale = power_of_two(exponent);
        let features = sequence.features();
        let mut data = Vec::with_capacity(self.rows * self.steps * features);
        for row in 0..self.rows {
            for at in 0..self.steps {
                let place = at * super::padded(self.rows) + row;
                data.extend(
                    (0..features).map(|f| T::from_f64(sequence.get(place, f).to_f64() * scale)),
                );
            }
        }
        (vec![self.rows, self.steps, features], data)
    }
}

/// Below this a slope counts as saturated.
fn bound<T: Real>(activation: &Activation) -> T {
    T::from_f64(SATURATED_BELOW * activation.max_slope().unwrap_or(0.0))
}
