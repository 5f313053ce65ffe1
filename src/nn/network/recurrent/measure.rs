//! What is measured of a recurrent layer: over all steps together.

use super::Recurrence;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, LANES, Real};
use crate::nn::network::backward::power_of_two;
use crate::nn::network::measure::SATURATED_BELOW;
use crate::nn::network::wide::square_sum;
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
        stats.delta_rms =
            (square_sum(self.delta_input.data()) / elements).sqrt() * rows * power_of_two(exponent);
        (stats.out_mean, stats.out_std) = mean_and_std_of(|| self.valid(states).map(|v| v.1));
        stats.pre_std = mean_and_std_of(|| self.valid(pre).map(|v| v.1)).1;
        (stats.saturated, stats.dead) = self.saturated_and_dead(pre, activation);
    }
    /// (feature, value) of the rows in use, step by step.
    pub fn valid<'a>(
        &'a self,
        sequence: &'a Blocked<T>,
    ) -> impl Iterator<Item = (usize, f64)> + 'a {
        let blocks = self.blocks();
        (0..self.steps * blocks).flat_map(move |block| {
            let lanes = (self.rows - block % blocks * LANES).min(LANES);
            sequence
                .block(block)
                .chunks_exact(LANES)
                .enumerate()
                .flat_map(move |(feature, values)| {
                    values[..lanes].iter().map(move |v| (feature, v.to_f64()))
                })
        })
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
    fn saturated_and_dead(&self, pre: &Blocked<T>, activation: &Activation) -> (f64, f64) {
        let units = pre.features() / self.cell.gates();
        let of_gate = |feature: usize| match (&self.cell, feature / units) {
            (Cell::Plain, _) => activation,
            (Cell::Lstm { .. }, 2) | (Cell::Gru, 2) => &Activation::Tanh,
            _ => &Activation::Logistic,
        };
        let bounds: Vec<f64> = (0..pre.features())
            .map(|f| SATURATED_BELOW * of_gate(f).max_slope().unwrap_or(0.0))
            .collect();
        let mut alive = vec![false; pre.features()];
        let (mut saturated, mut all) = (0usize, 0usize);
        for (feature, z) in self.valid(pre) {
            let derivative = of_gate(feature).derivative_at(z);
            saturated += usize::from(derivative.abs() < bounds[feature]);
            alive[feature] |= derivative != 0.0;
            all += 1;
        }
        let dead = alive.iter().filter(|alive| !**alive).count();
        (
            saturated as f64 / all as f64,
            dead as f64 / pre.features() as f64,
        )
    }
}

/// Mean and population standard deviation, in two passes.
fn mean_and_std_of<I: Iterator<Item = f64>>(values: impl Fn() -> I) -> (f64, f64) {
    let (n, sum) = values().fold((0.0, 0.0), |(n, sum), v| (n + 1.0, sum + v));
    let mean = sum / n;
    let var = values().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
    (mean, var.sqrt())
}
