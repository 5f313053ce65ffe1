//! What is measured of a layer at a step ([`LayerStats`]), and the histograms.

use super::backward::{differentiate, power_of_two};
use super::histogram::{histogram, runs_in_use};
use super::layer::{Layer, Mode};
use super::moments::Moments;
use super::parameter::Parameter;
use super::wide;
use crate::nn::kernel::{Blocked, Crew, Holds, LANES, Real};
use crate::nn::stats::{LayerHistograms, LayerStats};

/// A derivative below this share of the activation's largest counts as saturated.
pub(super) const SATURATED_BELOW: f64 = 0.05;

impl<T: Real> Layer<T> {
    /// What a step's signal shows, in place of what was in `stats`. `scratch`: one batch of every width.
    pub fn look_at_signal(&self, mode: Mode, scratch: &mut [Blocked<T>], stats: &mut LayerStats) {
        *stats = LayerStats::default();
        let fits = |s: &&mut Blocked<T>| s.features() == self.spec.units;
        if let Some(scratch) = scratch.iter_mut().find(fits) {
            self.measure_signal(mode, scratch, stats);
        }
    }
    /// Of the forward pass and of `delta` = ∂loss/∂pre, as it stands. `scratch`: `[rows][units]`.
    fn measure_signal(&self, mode: Mode, scratch: &mut Blocked<T>, stats: &mut LayerStats) {
        if let Some(r) = &self.recurrence {
            r.measure(
                &self.pre,
                &self.activated,
                &self.spec.activation,
                self.exponent,
                stats,
            );
            return;
        }
        let rows = self.pre.rows() as f64;
        let sum = T::square_sum(self.delta.data());
        let elements = rows * self.pre.features() as f64;
        stats.delta_rms = (sum / elements).sqrt() * rows * power_of_two(self.exponent);
        let (out_mean, out_std) = mean_and_std(self.out());
        (stats.out_mean, stats.out_std) = (out_mean, out_std);
        stats.pre_std = mean_and_std(&self.pre).1;
        self.derivatives(mode, scratch);
        (stats.saturated, stats.dead) = self.saturated_and_dead(scratch);
    }
    /// φ'(pre) into `scratch`.
    fn derivatives(&self, mode: Mode, scratch: &mut Blocked<T>) {
        scratch.set_rows(self.pre.rows());
        scratch.fill(T::ONE);
        let slope = self.slope.as_ref().map(|s| s.values());
        differentiate(
            &self.spec.activation,
            slope,
            self.slopes.as_ref(),
            (mode, Crew::ALONE),
            (&self.pre, Holds::All),
            &self.activated,
            scratch,
        );
    }
    /// Shares of saturated outputs and of dead units, from the derivatives.
    fn saturated_and_dead(&self, derivatives: &Blocked<T>) -> (f64, f64) {
        // without a largest derivative (`exponential`) no output counts as saturated
        let bound = T::from_f64(SATURATED_BELOW * self.spec.activation.max_slope().unwrap_or(0.0));
        let (mut saturated, mut dead) = (0, 0);
        for unit in 0..derivatives.features() {
            let mut alive = false;
            for block in 0..derivatives.blocks() {
                let used = &derivatives.feature(block, unit)[..derivatives.lanes(block)];
                let (flat, zero) = wide::count_below(used, bound);
                saturated += flat;
                alive |= zero < used.len();
            }
            dead += usize::from(!alive);
        }
        let units = derivatives.features() as f64;
        (
            saturated as f64 / (units * derivatives.rows() as f64),
            dead as f64 / units,
        )
    }
    /// Of the weights and their gradient, whatever scale it has.
    pub fn measure_weights(&self, stats: &mut LayerStats) {
        let scale = power_of_two(self.exponent);
        let norm_of = |part: fn(&Parameter<T>) -> &[T]| {
            let squares = self.matrices().map(|m| T::square_sum(part(m)));
            squares.sum::<f64>().sqrt()
        };
        let len: usize = self.matrices().map(Parameter::len).sum();
        let norm = norm_of(|m| m.grad.data());
        stats.grad_norm = norm * scale;
        stats.grad_rms = norm / (len as f64).sqrt() * scale;
        let tops = self
            .matrices()
            .map(|m| T::extremes(m.grad.data()).top.to_f64());
        let top = tops.fold(0.0, f64::max);
        // the norm tells of a NaN, which has no magnitude
        stats.grad_max = if norm.is_nan() { norm } else { top * scale };
        stats.weight_norm = norm_of(|m| m.value.data());
    }
    /// The gradient's histogram takes its scale out; take it after [`Layer::scale_gradients`] otherwise.
    pub fn histograms(&self) -> LayerHistograms {
        LayerHistograms {
            weights: histogram(self.weight.value.rows(), 1.0),
            gradients: histogram(self.weight.grad.rows(), power_of_two(self.exponent)),
            pre: histogram(runs_in_use(&self.pre), 1.0),
            out: histogram(runs_in_use(self.out()), 1.0),
        }
    }
    /// Variance of `pre` over all its elements.
    pub fn pre_variance(&self) -> f64 {
        mean_and_std(&self.pre).1.powi(2)
    }
    /// Whether the forward pass left a value that is not finite.
    pub fn overflowed_forward(&self) -> bool {
        valid(&self.pre)
            .chain(valid(self.out()))
            .any(|v| !v.is_finite())
    }
    /// Whether the backward pass did, or a gradient is beyond the numbers that `T` holds.
    pub fn overflowed_backward(&self) -> bool {
        let scale = power_of_two(self.exponent);
        let beyond = |g: &T| !T::from_f64(g.to_f64() * scale).is_finite();
        // a frozen layer's gradients may be of an earlier step; one that was learned in strips was finite
        let delta_is_finite = if self.delta_is_passing() {
            self.delta_bound.is_finite()
        } else {
            valid(&self.delta).all(f64::is_finite)
        };
        !delta_is_finite
            || !self.spec.frozen
                && self
                    .with_gradients()
                    .flat_map(|p| p.grad.data())
                    .any(beyond)
    }
}

/// The values of the rows in use.
fn valid<T: Real>(values: &Blocked<T>) -> impl Iterator<Item = f64> {
    runs_in_use(values).flatten().map(|v| v.to_f64())
}

/// Mean and population standard deviation of the rows in use.
fn mean_and_std<T: Real>(values: &Blocked<T>) -> (f64, f64) {
    let whole = values.rows() / LANES * values.features() * LANES;
    let (whole, last) = values.data().split_at(whole);
    let mut moments = Moments::default();
    moments.add(whole);
    moments.add_used(last, values.rows() % LANES);
    moments.mean_and_std()
}
