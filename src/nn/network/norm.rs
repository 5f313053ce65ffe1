//! Batch norm (Ioffe & Szegedy 2015) and layer norm (Ba, Kiros & Hinton 2016) between the affine map and the activation,
//! with PyTorch's semantics: the biased variance normalizes, the unbiased one goes into the running statistics.

use super::parameter::Parameter;
use crate::nn::kernel::{Blocked, LANES, Real};
use crate::nn::spec::Norm;

#[derive(Clone, Debug)]
pub(crate) struct Normalizer<T: Real> {
    pub spec: Norm,
    /// γ
    pub weight: Parameter<T>,
    /// β
    pub bias: Parameter<T>,
    /// Empty under layer norm.
    pub running_mean: Vec<T>,
    pub running_var: Vec<T>,
    /// The normalized values before γ and β.
    normalized: Blocked<T>,
    /// 1/√(var + eps), a unit or a row each.
    inverse_std: Vec<f64>,
    /// This batch's mean and variance, a unit each.
    statistics: Vec<(f64, f64)>,
    /// Whether the forward pass took the batch's own statistics.
    of_batch: bool,
}

/// Sums over one feature's or one row's values.
#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    /// biased
    var: f64,
}

impl<T: Real> Normalizer<T> {
    pub fn new(spec: &Norm, units: usize, max_rows: usize) -> Option<Self> {
        if *spec == Norm::None {
            return None;
        }
        let batch = matches!(spec, Norm::Batch { .. });
        let normalized = Blocked::zeros(units, max_rows);
        Some(Self {
            spec: spec.clone(),
            weight: Parameter::vector("norm.weight", units, T::ONE),
            bias: Parameter::vector("norm.bias", units, T::ZERO),
            running_mean: vec![T::ZERO; if batch { units } else { 0 }],
            running_var: vec![T::ONE; if batch { units } else { 0 }],
            inverse_std: vec![0.0; if batch { units } else { normalized.max_rows() }],
            statistics: vec![(0.0, 1.0); if batch { units } else { 0 }],
            normalized,
            of_batch: true,
        })
    }
    /// Normalizes in place. Batch norm takes the batch's statistics where `train`, else the running ones.
    pub fn forward(&mut self, pre: &mut Blocked<T>, train: bool) {
        self.normalized.set_rows(pre.rows());
        match self.spec {
            Norm::None => {}
            Norm::Batch { eps, .. } => self.forward_batch(pre, eps, train),
            Norm::Layer { eps } => self.forward_layer(pre, eps),
        }
    }
    fn forward_batch(&mut self, pre: &mut Blocked<T>, eps: f64, train: bool) {
        self.of_batch = train;
        for unit in 0..pre.features() {
            let moments = if train {
                let moments = feature_moments(pre, unit);
                self.statistics[unit] = (moments.mean, moments.var);
                moments
            } else {
                Moments {
                    mean: self.running_mean[unit].to_f64(),
                    var: self.running_var[unit].to_f64(),
                }
            };
            let inverse_std = (moments.var + eps).sqrt().recip();
            self.inverse_std[unit] = inverse_std;
            let (gain, shift) = (self.weight.values()[unit], self.bias.values()[unit]);
            for block in 0..pre.blocks() {
                let values = pre.feature_mut(block, unit).iter_mut();
                for (z, n) in values.zip(self.normalized.feature_mut(block, unit)) {
                    *n = T::from_f64((z.to_f64() - moments.mean) * inverse_std);
                    *z = gain * *n + shift;
                }
            }
        }
        pre.clear_padding();
    }
    fn forward_layer(&mut self, pre: &mut Blocked<T>, eps: f64) {
        let units = pre.features() as f64;
        for block in 0..pre.blocks() {
            let (mut mean, mut var) = ([0.0; LANES], [0.0; LANES]);
            for lanes in pre.block(block).chunks_exact(LANES) {
                for (m, z) in mean.iter_mut().zip(lanes) {
                    *m += z.to_f64();
                }
            }
            mean.iter_mut().for_each(|m| *m /= units);
            for lanes in pre.block(block).chunks_exact(LANES) {
                for ((v, m), z) in var.iter_mut().zip(&mean).zip(lanes) {
                    *v += (z.to_f64() - m).powi(2);
                }
            }
            let inverse = &mut self.inverse_std[block * LANES..][..LANES];
            for (i, v) in inverse.iter_mut().zip(&var) {
                *i = (v / units + eps).sqrt().recip();
            }
            let lanes = pre.block_mut(block).chunks_exact_mut(LANES);
            let normalized = self.normalized.block_mut(block).chunks_exact_mut(LANES);
            for (unit, (z, n)) in lanes.zip(normalized).enumerate() {
                let (gain, shift) = (self.weight.values()[unit], self.bias.values()[unit]);
                for lane in 0..LANES {
                    n[lane] = T::from_f64((z[lane].to_f64() - mean[lane]) * inverse[lane]);
                    z[lane] = gain * n[lane] + shift;
                }
            }
        }
        pre.clear_padding();
    }
    /// ∂loss/∂(affine map) from ∂loss/∂pre in place, and the gradients of γ and β. Linear in `delta`, so that a power of
    /// two carried beside it comes through.
    pub fn backward(&mut self, delta: &mut Blocked<T>) {
        match self.spec {
            Norm::None => {}
            Norm::Batch { .. } => self.backward_batch(delta),
            Norm::Layer { .. } => self.backward_layer(delta),
        }
    }
    fn backward_batch(&mut self, delta: &mut Blocked<T>) {
        let rows = delta.rows() as f64;
        for unit in 0..delta.features() {
            let (mut sum, mut product) = (0.0, 0.0);
            for block in 0..delta.blocks() {
                let pairs = delta
                    .feature(block, unit)
                    .iter()
                    .zip(self.normalized.feature(block, unit));
                for (d, n) in pairs.take(delta.lanes(block)) {
                    sum += d.to_f64();
                    product += d.to_f64() * n.to_f64();
                }
            }
            self.weight.grads_mut()[unit] = T::from_f64(product);
            self.bias.grads_mut()[unit] = T::from_f64(sum);
            let factor = self.weight.values()[unit].to_f64() * self.inverse_std[unit];
            // running statistics are constants: no gradient flows through them
            let (mean, slope) = if self.of_batch {
                (sum / rows, product / rows)
            } else {
                (0.0, 0.0)
            };
            for block in 0..delta.blocks() {
                let values = delta.feature_mut(block, unit).iter_mut();
                for (d, n) in values.zip(self.normalized.feature(block, unit)) {
                    *d = T::from_f64(factor * (d.to_f64() - mean - n.to_f64() * slope));
                }
            }
        }
        delta.clear_padding();
    }
    fn backward_layer(&mut self, delta: &mut Blocked<T>) {
        let units = delta.features() as f64;
        self.weight.grads_mut().fill(T::ZERO);
        self.bias.grads_mut().fill(T::ZERO);
        for block in 0..delta.blocks() {
            let used = delta.lanes(block);
            let (mut mean, mut slope) = ([0.0; LANES], [0.0; LANES]);
            let pairs = delta
                .block(block)
                .chunks_exact(LANES)
                .zip(self.normalized.block(block).chunks_exact(LANES));
            for (unit, (d, n)) in pairs.enumerate() {
                let gain = self.weight.value.row(0)[unit].to_f64();
                let (mut sum, mut product) = (T::ZERO, T::ZERO);
                for lane in 0..used {
                    sum += d[lane];
                    product += d[lane] * n[lane];
                    mean[lane] += gain * d[lane].to_f64();
                    slope[lane] += gain * d[lane].to_f64() * n[lane].to_f64();
                }
                self.weight.grads_mut()[unit] += product;
                self.bias.grads_mut()[unit] += sum;
            }
            let inverse = &self.inverse_std[block * LANES..][..LANES];
            let lanes = delta.block_mut(block).chunks_exact_mut(LANES);
            for (unit, (d, n)) in lanes
                .zip(self.normalized.block(block).chunks_exact(LANES))
                .enumerate()
            {
                let gain = self.weight.value.row(0)[unit].to_f64();
                for lane in 0..used {
                    let centered = gain * d[lane].to_f64()
                        - mean[lane] / units
                        - n[lane].to_f64() * slope[lane] / units;
                    d[lane] = T::from_f64(inverse[lane] * centered);
                }
            }
        }
    }
    /// Takes the last batch into the running statistics: momentum is the batch's share, the variance the unbiased one.
    pub fn learn_statistics(&mut self) {
        let Norm::Batch { momentum, .. } = self.spec else {
            return;
        };
        let rows = self.normalized.rows() as f64;
        let running = self.running_mean.iter_mut().zip(&mut self.running_var);
        for ((mean, var), (batch_mean, batch_var)) in running.zip(&self.statistics) {
            let unbiased = batch_var * rows / (rows - 1.0);
            *mean = T::from_f64((1.0 - momentum) * mean.to_f64() + momentum * batch_mean);
            *var = T::from_f64((1.0 - momentum) * var.to_f64() + momentum * unbiased);
        }
    }
}

/// Mean and biased variance of one unit over the rows, in two passes.
fn feature_moments<T: Real>(values: &Blocked<T>, unit: usize) -> Moments {
    let rows = values.rows() as f64;
    let each = || {
        (0..values.blocks())
            .flat_map(move |block| &values.feature(block, unit)[..values.lanes(block)])
            .map(|v| v.to_f64())
    };
    let mean = each().sum::<f64>() / rows;
    let var = each().map(|v| (v - mean).powi(2)).sum::<f64>() / rows;
    Moments { mean, var }
}
