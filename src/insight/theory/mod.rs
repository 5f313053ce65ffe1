//! The variance map of signal propagation, forward and backward, for one network as it is: its widths, initializers and
//! activations. Glorot & Bengio 2010, He et al. 2015, Poole et al. 2016, Schoenholz et al. 2017.

mod fixed_point;
mod output;
mod pairs;
mod predict;
mod quadrature;
mod response;
#[cfg(test)]
mod tests;

pub use fixed_point::{FixedPoint, fixed_point};
pub use pairs::{GROUPS, Pairs};
pub use predict::{depth_over_width, predict};
pub use response::Response;

use crate::data::{Dataset, Targets};
use crate::experiment::Experiment;
use ndarray::Array2;

/// So many targets stand for all.
pub const TARGETS: usize = 32;

/// What the theory has to know beside the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Mean square of an input feature.
    pub input_q: f64,
    /// Mean square of a target; of two classes, 0 and 1.
    pub target_q: f64,
    /// Root mean square of the targets' means.
    pub target_mean: f64,
    /// Targets from the lowest to the highest, the middles of equal shares of them.
    pub targets: [f64; TARGETS],
    /// What different rows have in common.
    pub pairs: [Pairs; GROUPS],
    /// Rows of a mini-batch.
    pub batch: usize,
}

impl Setting {
    /// Standardized inputs and targets; no row resembles another.
    pub fn standardized(batch: usize) -> Self {
        Setting {
            input_q: 1.0,
            target_q: 1.0,
            target_mean: 0.0,
            targets: [0.0; TARGETS],
            pairs: pairs::strangers(),
            batch,
        }
    }

    /// The same rows with inputs of another mean square, as alike as they were.
    pub fn with_input_q(&self, input_q: f64) -> Self {
        let factor = match self.input_q > 0.0 {
            true => input_q / self.input_q,
            false => 0.0,
        };
        let scaled = |pairs: Pairs| Pairs {
            input: pairs.input * factor,
            ..pairs
        };
        Setting {
            input_q,
            pairs: self.pairs.map(scaled),
            ..*self
        }
    }

    /// As a step of this experiment on these data takes them.
    pub fn for_experiment(experiment: &Experiment, data: &Dataset) -> Self {
        Self::of(data, experiment.training.batch_size.rows(data.train.len()))
    }

    /// As the training rows are. `batch` is cut to their number.
    pub fn of(data: &Dataset, batch: usize) -> Self {
        let inputs = moments(&data.train.x);
        let targets = match &data.train.y {
            Targets::Values(values) => moments(values),
            Targets::Classes(classes) => {
                let is_second = |(row, _): (usize, usize)| f32::from(u8::from(classes[row] == 1));
                moments(&Array2::from_shape_fn((classes.len(), 1), is_second))
            }
        };
        let batch = batch.min(data.train.len()).max(1);
        Setting {
            input_q: inputs.square,
            target_q: targets.square,
            target_mean: targets.mean_square.sqrt(),
            targets: spread(&data.train.y),
            pairs: pairs::groups(&data.train.x, &data.train.y, inputs.covariance),
            batch,
        }
    }
}

fn spread(y: &Targets) -> [f64; TARGETS] {
    let Targets::Values(values) = y else {
        return [0.0; TARGETS];
    };
    let mut all: Vec<f32> = values.iter().copied().collect();
    all.sort_unstable_by(f32::total_cmp);
    let middle = |i: usize| all.get((2 * i + 1) * all.len() / (2 * TARGETS)).copied();
    std::array::from_fn(|i| middle(i).map_or(0.0, f64::from))
}

/// Means over all columns.
#[derive(Default)]
struct Moments {
    /// Of the elements' squares.
    square: f64,
    /// Of the products of two different rows' elements. 0 after standardization, but for one over their number: what sums to
    /// 0 over all rows does not vanish in products of two.
    covariance: f64,
    /// Of the squared column means.
    mean_square: f64,
}

fn moments(x: &Array2<f32>) -> Moments {
    let (rows, columns) = x.dim();
    if rows == 0 || columns == 0 {
        return Moments::default();
    }
    let mut sums = vec![0.0f64; columns];
    let mut square = 0.0f64;
    for row in x.rows() {
        for (sum, &value) in sums.iter_mut().zip(row) {
            let value = f64::from(value);
            *sum += value;
            square += value * value;
        }
    }
    let n = rows as f64;
    let mean_square = sums.iter().map(|s| (s / n).powi(2)).sum::<f64>() / columns as f64;
    let square = square / (rows * columns) as f64;
    let covariance = match rows {
        1 => 0.0,
        _ => (n * mean_square - square) / (n - 1.0),
    };
    Moments {
        square,
        covariance,
        mean_square,
    }
}

/// What theory says of one layer before the first step. Root mean squares over rows, units and draws of the weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// E[pre²]
    pub q_pre: f64,
    /// rms of the layer's output, after dropout and skip
    pub out_rms: f64,
    /// E[δ²] of this layer over that of the layer above; `None` for the top layer
    pub chi: Option<f64>,
    /// rms of ∂L/∂pre times the batch size
    pub delta_rms: f64,
    /// ‖∂L/∂W‖₂
    pub grad_norm: f64,
    /// `grad_norm` over √(number of weights)
    pub grad_rms: f64,
}

/// Theory of a whole network.
#[derive(Clone, Debug, PartialEq)]
pub struct Theory {
    /// From the bottom up, the output layer last.
    pub layers: Vec<Predicted>,
    /// Factor of E[δ²] a layer, the geometric mean over the steps between hidden layers (from the output layer where there is
    /// but one hidden); `None` without hidden layers or where the signal is exactly 0.
    pub chi: Option<f64>,
    /// 1/|ln χ|: over so many layers the signal changes by a factor e. `None` at the critical point.
    pub depth_scale: Option<f64>,
    /// 5·Σ 1/n over the hidden layers: the relative scatter of the signal's square that finite width brings. Theory is
    /// trustworthy where this is far below 1.
    pub trust: f64,
    /// Why the figures are rougher than usual, where they are.
    pub approximate: Option<&'static str>,
}

impl Theory {
    /// One figure of every layer, from the bottom up.
    pub fn each(&self, figure: fn(&Predicted) -> f64) -> Vec<f64> {
        self.layers.iter().map(figure).collect()
    }

    /// The largest norm of a layer's weight gradient.
    pub fn largest_norm(&self) -> f64 {
        self.each(|l| l.grad_norm).into_iter().fold(0.0, f64::max)
    }
}

/// A network that the theory does not cover.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no theory: layer {} {reason}", .layer + 1)]
pub struct NoTheory {
    /// From 0.
    pub layer: usize,
    pub reason: String,
}
