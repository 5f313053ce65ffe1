//! From gradients to new parameters: scale taken back, penalties, clipping, the optimizer, max-norm.

use super::backward::power_of_two;
use super::layer::{Layer, PLACES};
use super::parameter::Parameter;
use super::wide;
use crate::nn::kernel::team::row_shares;
use crate::nn::kernel::{Buffer, Crew, Real, has_strips, larger, wide};
use crate::nn::optimizer::{Optimizer, Rule};
use crate::nn::spec::{Clip, Regularize};
use crate::nn::stats::{LayerStats, ZeroWeights};

/// Gradients below f32's normal numbers count as 0.
pub(super) const SUBNORMAL: f64 = f32::MIN_POSITIVE as f64;

/// Multiply-adds that take about as long as the update of one parameter.
const ELEMENT: usize = 8;

/// Σ l1·|W| + l2·W² over all weights, in f64.
pub(crate) fn penalty<T: Real>(layers: &[Layer<T>], regularize: &Regularize) -> f64 {
    let Regularize { l1, l2, .. } = *regularize;
    if l1 == 0.0 && l2 == 0.0 {
        return 0.0;
    }
    let of = |layer: &Layer<T>| {
        layer
            .matrices()
            .flat_map(|m| m.value.data())
            .map(|w| w.to_f64())
            .map(|w| l1 * w.abs() + l2 * w * w)
            .sum::<f64>()
    };
    layers.iter().map(of).sum()
}

impl<T: Real> Layer<T> {
    /// Takes the scale out of every gradient and adds the penalties' (l1·sign W + 2·l2·W). At W = 0, where |W| has no
    /// derivative, the loss's gradient is shortened by l1, to 0 where it is no larger: the smallest subgradient (Andrew &
    /// Gao 2007, section 3.1), under which a weight of 0 stays there unless the loss outweighs the penalty. Without penalties
    /// gradients keep their scale until [`Layer::scale_gradients`], when they have been measured.
    pub fn add_penalties(&mut self, regularize: &Regularize) {
        let Regularize { l1, l2, .. } = *regularize;
        if l1 == 0.0 && l2 == 0.0 {
            return;
        }
        self.scale_gradients(1.0);
        let (l1, twice_l2) = (T::from_f64(l1), T::from_f64(2.0 * l2));
        let pairs = self
            .matrices_mut()
            .flat_map(|m| m.grad.data_mut().iter_mut().zip(m.value.data()));
        for (g, &w) in pairs {
            let sign = if w != T::ZERO {
                if w > T::ZERO { l1 } else { -l1 }
            } else if *g > l1 {
                -l1
            } else if *g < -l1 {
                l1
            } else {
                // NaN stays
                -*g
            };
            *g += sign + twice_l2 * w;
        }
    }
    /// Multiplies every gradient by `factor`, the power of two included; the exponent is 0 then.
    pub fn scale_gradients(&mut self, factor: f64) {
        let exponent = std::mem::take(&mut self.exponent);
        if exponent == 0 && factor == 1.0 {
            return;
        }
        let factor = factor * power_of_two(exponent);
        self.parameters_mut()
            .for_each(|p| wide::scale(p.grad.data_mut(), factor, SUBNORMAL));
    }
    /// Norm over the gradients of all parameters, with their scale taken out; 0 of a frozen layer.
    pub fn trained_norm(&self) -> f64 {
        if self.spec.frozen {
            return 0.0;
        }
        // of small parameters all at once: beginning each sum takes longer than the sum
        let (mut grads, mut count, mut large) = ([&[][..]; PLACES], 0, false);
        for p in self.places() {
            if let (Some(p), Some(place)) = (p, grads.get_mut(count)) {
                *place = p.grad.data();
                large |= has_strips(place.len());
                count += 1;
            }
        }
        let sum: f64 = match large {
            true => self.parameters().map(Parameter::square_sum).sum(),
            false => T::square_sums(&grads[..count]),
        };
        sum.sqrt() * power_of_two(self.exponent)
    }
    /// Cuts every element of the gradients to ±max.
    fn clip_values(&mut self, max: f64) {
        let max = T::from_f64(max);
        for p in self.parameters_mut() {
            for g in p.grad.data_mut() {
                // NaN stays
                *g = if *g > max {
                    max
                } else if *g < -max {
                    -max
                } else {
                    *g
                };
            }
        }
    }
    /// Copies the weights, one matrix after the other, to the front of `into`.
    pub fn copy_weights(&self, into: &mut [T]) {
        let mut rest = into;
        for m in self.matrices() {
            let (own, other) = rest.split_at_mut(m.value.data().len());
            own.copy_from_slice(m.value.data());
            rest = other;
        }
    }
    /// ‖W - before‖₂, in f64, from what [`Layer::copy_weights`] kept.
    pub fn distance(&self, before: &[T]) -> f64 {
        let mut rest = before;
        let each = self.matrices().map(|m| {
            let (own, other) = rest.split_at(m.value.data().len());
            rest = other;
            T::square_distance(m.value.data(), own)
        });
        each.sum::<f64>().sqrt()
    }
    /// The rule by which this layer learns now. One that is frozen does not: its count of steps stands still.
    pub fn next_rule(&mut self, optimizer: &Optimizer, lr: f64) -> Rule {
        if !self.spec.frozen {
            self.scalars.advance(optimizer);
        }
        optimizer.rule(lr * self.rate_factor, &self.scalars)
    }
    /// Takes the batch into the running statistics and, where the layer is not frozen, the gradients into the parameters.
    /// `before`: room for a copy of the weights.
    pub fn learn(
        &mut self,
        rule: &Rule,
        regularize: &Regularize,
        before: &mut [T],
        crew: Crew<'_>,
    ) {
        self.learn_statistics();
        if self.spec.frozen {
            return;
        }
        let sparse = regularize.l1 > 0.0;
        if sparse {
            self.copy_weights(before);
        }
        self.parameters_mut().for_each(|p| p.apply(rule, crew));
        if sparse {
            self.stop_at_zero(before, T::from_f64(regularize.l1));
        }
        self.limit_norms(regularize.max_norm);
    }
    /// As [`Layer::learn`], and says in `stats` what that changed.
    pub fn learn_measured(
        &mut self,
        rule: &Rule,
        regularize: &Regularize,
        before: &mut [T],
        crew: Crew<'_>,
        stats: Option<&mut LayerStats>,
    ) {
        if stats.is_some() {
            self.copy_weights(before);
        }
        self.learn(rule, regularize, before, crew);
        let Some(stats) = stats else { return };
        if regularize.l1 > 0.0 {
            stats.zeros = Some(self.zero_weights());
        }
        if stats.weight_norm > 0.0 {
            stats.update_ratio = self.distance(before) / stats.weight_norm;
        }
    }
    /// A step that would take a weight across 0, and would not without the penalty's part of the gradient, ends there, since
    /// beyond 0 that part is another one (the orthant of Andrew & Gao 2007, section 3.2): so L1 makes weights exactly 0, and
    /// the less of it there is, the less it changes.
    fn stop_at_zero(&mut self, before: &[T], l1: T) {
        let mut rest = before;
        for m in self.matrices_mut() {
            let grads = m.grad.data();
            let values = m.value.data_mut();
            let (own, other) = rest.split_at(values.len());
            rest = other;
            for ((w, &g), &b) in values.iter_mut().zip(grads).zip(own) {
                let crosses = (b > T::ZERO && *w < T::ZERO) || (b < T::ZERO && *w > T::ZERO);
                let is_pushed = (b > T::ZERO) == (g > T::ZERO);
                if crosses && is_pushed && w.abs() * g.abs() <= (b - *w).abs() * l1 {
                    *w = T::ZERO;
                }
            }
        }
    }
    pub fn zero_weights(&self) -> ZeroWeights {
        let mut counts = ZeroWeights::default();
        for row in self.matrices().flat_map(|m| m.value.rows()) {
            counts.zero_weights += row.iter().filter(|w| **w == T::ZERO).count();
            counts.weights += row.len();
        }
        counts
    }
    /// Takes the batch into the running statistics, which a frozen layer does too.
    pub fn learn_statistics(&mut self) {
        if let Some(norm) = &mut self.norm {
            norm.learn_statistics();
        }
    }
    /// Shortens each unit's incoming weights to at most `max` (Srebro et al. 2005, Srivastava et al. 2014), if that is not 0.
    /// Those from the input and those from the state before are apart, and so are gates, as in Keras, where each matrix has a
    /// constraint of its own.
    pub(super) fn limit_norms(&mut self, max: f64) {
        if max <= 0.0 {
            return;
        }
        for row in self.matrices_mut().flat_map(|m| m.value.rows_mut()) {
            let norm = T::square_sum(row).sqrt();
            if norm > max {
                let factor = T::from_f64(max / norm);
                row.iter_mut().for_each(|w| *w *= factor);
            }
        }
    }
}

impl<T: Real> Parameter<T> {
    pub(super) fn apply(&mut self, rule: &Rule, crew: Crew<'_>) {
        let crew = crew.for_work(self.value.data().len() * ELEMENT);
        if crew.is_alone() {
            let [a, b, c] = &mut self.slots;
            let (value, grad) = (self.value.data_mut(), self.grad.data());
            wide(
                #[inline(always)]
                || rule.apply(value, grad, [a, b, c]),
            );
        } else {
            self.apply_by(crew, rule);
        }
        self.clear_padding();
    }
    /// With eps = 0 some rules make 0/0 of the padding, everywhere or nowhere.
    #[inline(always)]
    pub(super) fn clear_padding(&mut self) {
        let (inputs, ld) = (self.value.inputs(), self.value.ld());
        if inputs < ld && self.value.data().get(inputs).is_some_and(|w| *w != T::ZERO) {
            self.clear_columns_from(inputs);
        }
    }
    #[cold]
    fn clear_columns_from(&mut self, first: usize) {
        let ld = self.value.ld();
        let clear = |data: &mut [T]| {
            data.chunks_exact_mut(ld)
                .for_each(|row| row[first..].fill(T::ZERO))
        };
        clear(self.value.data_mut());
        self.slots.iter_mut().for_each(|slot| clear(slot));
    }
    /// Every member updates rows of its own.
    fn apply_by(&mut self, crew: Crew<'_>, rule: &Rule) {
        let (rows, ld) = (self.value.units(), self.value.ld());
        let [a, b, c] = &mut self.slots;
        let (value, grad) = (self.value.data_mut(), self.grad.data());
        // slots that the optimizer does not keep are empty
        let of = |slot: &Buffer<T>| if slot.is_empty() { 0 } else { ld };
        let (of_a, of_b, of_c) = (of(a), of(b), of(c));
        let pieces = row_shares(crew, rows, ld, value)
            .zip(row_shares(crew, rows, of_a, a))
            .zip(row_shares(crew, rows, of_b, b))
            .zip(row_shares(crew, rows, of_c, c));
        crew.each(pieces, |((((rows, value), (_, a)), (_, b)), (_, c))| {
            let grad = &grad[rows.start * ld..rows.end * ld];
            wide(
                #[inline(always)]
                || rule.apply(value, grad, [a, b, c]),
            );
        });
    }
}

/// Clips the gradients of the trained layers together, whose norm is `norm`, takes every layer's scale out, and returns the
/// factor by which clipping changed the norm.
pub(crate) fn clip<T: Real>(layers: &mut [Layer<T>], clip: &Clip, norm: f64) -> f64 {
    match *clip {
        Clip::None => {
            layers.iter_mut().for_each(|l| l.scale_gradients(1.0));
            1.0
        }
        Clip::Norm { max } => {
            // PyTorch's clip_grad_norm_
            let factor = (max / (norm + 1e-6)).min(1.0);
            layers.iter_mut().for_each(|l| l.scale_gradients(factor));
            factor
        }
        Clip::Value { max } => {
            let mut share = 0.0;
            for layer in layers.iter_mut() {
                layer.scale_gradients(1.0);
                layer.clip_values(max);
                share += (layer.trained_norm() / norm).powi(2);
            }
            if norm > 0.0 { share.sqrt() } else { 1.0 }
        }
    }
}

/// The penalties as they are in gradients whose norm [`clip`] has changed by `factor`. Cut by value, a gradient within the
/// limits has its penalty whole. Of one beyond them it is not known any more whether the penalty's part was cut off or the
/// loss's: it counts whole, and stops a weight at 0 unless the loss alone is sure to take it across. Where the loss would have,
/// the next step goes on from 0.
pub(crate) fn clipped(regularize: &Regularize, clip: &Clip, factor: f64) -> Regularize {
    let factor = match clip {
        Clip::Norm { .. } => factor,
        Clip::None | Clip::Value { .. } => 1.0,
    };
    Regularize {
        l1: regularize.l1 * factor,
        ..*regularize
    }
}

/// The norm of all layers' gradients together. Norms, not squares, carry the powers of two: squares of what is below 1e-154
/// would be 0 even in f64.
pub(crate) fn global_norm(norms: &[f64]) -> f64 {
    let top = norms.iter().fold(0.0, |top, &norm| larger(top, norm));
    if top == 0.0 || !top.is_finite() {
        return top;
    }
    top * norms
        .iter()
        .map(|norm| (norm / top).powi(2))
        .sum::<f64>()
        .sqrt()
}
