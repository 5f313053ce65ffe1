//! What is measured of a recurrent layer: over all steps together.

use super::Recurrence;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, LANES, Real};
use crate::nn::network::backward::power_of_two;
use crate::nn::network::measure::SATURATED_BELOW;
use crate::nn::network::moments::Moments;
use crate::nn::network::wide::{self, square_sum};
use crate::nn::spec::Cell;
use crate::nn::stats::LayerStats;

impl<T: Real> Recurrence<T> {
    /// Of the states, of the pre-activations, and of ∂loss/∂pre, which is scaled by 2^-`exponent`. A gate counts as an output
    /// of its own: saturated by its own activation's derivative. `scratch`: at least `[rows][units]`.
    pub fn measure(
        &self,
        pre: &Blocked<T>,
        states: &Blocked<T>,
        activation: &Activation,
        exponent: i32,
        scratch: &mut Blocked<T>,
        stats: &mut LayerStats,
    ) {
        let rows = self.rows as f64;
        let elements = rows * (self.steps * pre.features()) as f64;
        stats.delta_rms =
            (square_sum(self.delta_input.data()) / elements).sqrt() * rows * power_of_two(exponent);
        (stats.out_mean, stats.out_std) = self.mean_and_std(states);
        stats.pre_std = self.mean_and_std(pre).1;
        let mut count = Count::new(pre.features());
        match self.cell {
            Cell::Plain => self.count_plain(pre, states, activation, scratch, &mut count),
            Cell::Lstm { .. } | Cell::Gru => self.count_gates(&mut count),
        }
        (stats.saturated, stats.dead) = count.shares(self.rows * self.steps);
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
    fn count_plain(
        &self,
        pre: &Blocked<T>,
        states: &Blocked<T>,
        activation: &Activation,
        scratch: &mut Blocked<T>,
        count: &mut Count,
    ) {
        let size = self.step_len(pre.features());
        scratch.set_rows(self.rows);
        let bound = bound::<T>(activation);
        let steps = pre.data().chunks_exact(size);
        for (z, h) in steps.zip(states.data().chunks_exact(size)) {
            scratch.fill(T::ONE);
            T::activate_backward_run(activation, z, h, scratch.data_mut());
            for block in 0..scratch.blocks() {
                let slopes = scratch.block(block).chunks_exact(LANES);
                for (feature, slopes) in slopes.enumerate() {
                    count.add(feature, &slopes[..self.lanes(block)], bound);
                }
            }
        }
    }
    /// The slopes of gates follow from their outputs: y(1 - y) of the logistic ones, 1 - y² of the candidate, the third.
    fn count_gates(&self, count: &mut Count) {
        let units = self.gates.features() / self.cell.gates();
        let (logistic, tanh) = (
            bound::<T>(&Activation::Logistic),
            bound::<T>(&Activation::Tanh),
        );
        for block in 0..self.steps * self.blocks() {
            let outputs = self.gates.block(block).as_chunks::<LANES>().0;
            for (feature, outputs) in outputs.iter().enumerate() {
                let (slopes, bound) = match feature / units {
                    2 => (outputs.map(|y| T::ONE - y * y), tanh),
                    _ => (outputs.map(|y| y * (T::ONE - y)), logistic),
                };
                count.add(feature, &slopes[..self.lanes(block)], bound);
            }
        }
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

/// Slopes, counted.
struct Count {
    /// Features with a slope that is not 0.
    alive: Vec<bool>,
    saturated: usize,
}

impl Count {
    fn new(features: usize) -> Self {
        Self {
            alive: vec![false; features],
            saturated: 0,
        }
    }
    fn add<T: Real>(&mut self, feature: usize, slopes: &[T], bound: T) {
        let (flat, zero) = wide::count_below(slopes, bound);
        self.saturated += flat;
        self.alive[feature] |= zero < slopes.len();
    }
    /// Shares of saturated outputs and of dead features, of so many outputs a feature.
    fn shares(&self, each: usize) -> (f64, f64) {
        let features = self.alive.len() as f64;
        let dead = self.alive.iter().filter(|alive| !**alive).count();
        (
            self.saturated as f64 / (features * each as f64),
            dead as f64 / features,
        )
    }
}
