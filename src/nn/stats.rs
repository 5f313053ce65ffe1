//! One weight layer's measurements at one step, on the step's mini-batch, for the loss averaged over the batch; the
//! gradient as the optimizer receives it, before clipping. Sums are taken in f64 with a power of two carried apart, so that
//! norms far below f32's range are still told from zero.

use serde::Serialize;

/// The scalar measures, as the JSON output names them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LayerStats {
    /// ‖∂L/∂W‖₂
    pub grad_norm: f64,
    /// `grad_norm` over √(number of weights)
    pub grad_rms: f64,
    /// largest |∂L/∂W|
    pub grad_max: f64,
    /// rms of ∂L/∂pre times the batch size
    pub delta_rms: f64,
    pub out_mean: f64,
    pub out_std: f64,
    pub pre_std: f64,
    /// share of outputs whose derivative is under 5 % of the activation's largest
    pub saturated: f64,
    /// share of units whose derivative is zero on every row
    pub dead: f64,
    pub weight_norm: f64,
    /// ‖ΔW‖ / ‖W‖
    pub update_ratio: f64,
    /// Counted of updates under an L1 penalty.
    #[serde(flatten)]
    pub zeros: Option<ZeroWeights>,
}

/// Weights that are exactly 0, and all there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ZeroWeights {
    pub zero_weights: usize,
    pub weights: usize,
}

impl std::iter::Sum for ZeroWeights {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |a, b| Self {
            zero_weights: a.zero_weights + b.zero_weights,
            weights: a.weights + b.weights,
        })
    }
}

/// Counts over equal bins from `min` to `max`; values that are not finite are counted apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub min: f64,
    pub max: f64,
    pub bins: Vec<u32>,
    pub not_finite: u32,
}

/// Taken only of steps whose frame is shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerHistograms {
    pub weights: Histogram,
    pub gradients: Histogram,
    pub pre: Histogram,
    pub out: Histogram,
}

/// A recurrent layer over the steps of its sequences.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ThroughTime {
    /// The layer, from 0.
    pub layer: usize,
    /// ‖∂L/∂h_t‖₂ over the batch, of the output after each step, the sequence's first step first: all that comes to it, through
    /// later steps too.
    pub norms: Vec<f64>,
    /// The same of all that a step hands on where that is more than h_t: of an LSTM's h_t and c_t together. Its cell's content
    /// is what carries the error back (Hochreiter & Schmidhuber 1997): outputs alone would seem to lose what the content keeps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<f64>,
    /// The largest magnitude of an eigenvalue of the recurrent matrix, in gated cells of the candidate's block of it; `None`
    /// where it was not reckoned, which takes longer than the norms. What becomes of the gradient it says of plain cells alone:
    /// in gated ones the gates decide how much goes through the candidate at all.
    pub radius: Option<f64>,
    /// How far the gate stands open that carries the state on from step to step, its mean over units, rows and steps: an LSTM's
    /// forget gate, a GRU's update gate. The way through it alone keeps so much of the gradient a step. `None` of plain cells,
    /// and where it was not reckoned.
    pub gate: Option<f64>,
}

impl ThroughTime {
    /// The norms of the gradient of the whole state that each step hands on: what is judged and shown.
    pub fn state_norms(&self) -> &[f64] {
        if self.state.is_empty() {
            &self.norms
        } else {
            &self.state
        }
    }
}

/// Loss and, for classes, accuracy over some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Score {
    pub loss: f64,
    pub accuracy: Option<f64>,
}
