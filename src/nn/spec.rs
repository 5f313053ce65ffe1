//! What a network is, with every default resolved: the value from which [`super::network`] builds.

use super::activation::Activation;
use super::init::Initializer;
use super::loss::Loss;
use super::optimizer::Optimizer;
use crate::vocabulary;

vocabulary! {
    /// Normalization between the affine map and the activation.
    pub enum Norm("norm") {
        None = "none" ["no normalization", "-"],
        Batch = "batch" ["each unit to mean 0 and variance 1 over the batch, then scaled and shifted; a single row left over is left out", "Ioffe & Szegedy 2015"] {
            eps: f64 = Some(1e-5), POSITIVE, "added to the variance";
            momentum: f64 = Some(0.1), SHARE, "share of the batch in the running statistics"
        },
        Layer = "layer" ["each row to mean 0 and variance 1 over the units, then scaled and shifted", "Ba, Kiros & Hinton 2016"] {
            eps: f64 = Some(1e-5), POSITIVE, "added to the variance"
        },
    }
}

vocabulary! {
    /// A recurrent layer's cell.
    pub enum Cell("cell") {
        Plain = "plain" ["h = φ(W x + U h)", "Elman 1990"],
        Lstm = "lstm" ["gates around a cell that carries the gradient", "Hochreiter & Schmidhuber 1997"] {
            forget_bias: f64 = Some(0.0), ANY, "added to the forget gate's bias at the start (Gers et al. 2000: 1)"
        },
        Gru = "gru" ["two gates, no separate cell", "Cho et al. 2014"],
    }
}

impl Cell {
    /// Matrices side by side: how many times its units a cell's pre-activations are.
    pub fn gates(&self) -> usize {
        match self {
            Self::Plain => 1,
            Self::Lstm { .. } => 4,
            Self::Gru => 3,
        }
    }

    /// Whether gates let the state through. Such a cell is defined with tanh (Hochreiter & Schmidhuber 1997, Cho et al. 2014).
    pub fn is_gated(&self) -> bool {
        self.gates() > 1
    }

    /// The gate that carries the state on from step to step, by its usual name; `None` where none does.
    pub fn carrying_gate(&self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Lstm { .. } => Some("forget gate"),
            Self::Gru => Some("update gate"),
        }
    }
}

vocabulary! {
    /// Gradient clipping.
    pub enum Clip("clip") {
        None = "none" ["gradients as they are", "-"],
        Norm = "norm" ["all gradients scaled together so that their norm is at most max", "Pascanu, Mikolov & Bengio 2013"] {
            max: f64 = Some(1.0), POSITIVE, "largest norm"
        },
        Value = "value" ["each element cut to ±max", "-"] {
            max: f64 = Some(1.0), POSITIVE, "largest magnitude"
        },
    }
}

/// A layer's biases.
#[derive(Clone, Debug, PartialEq)]
pub enum Bias {
    /// `bias = false`.
    Off,
    Drawn(Initializer),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LayerKind {
    Dense,
    Recurrent {
        cell: Cell,
        recurrent_init: Initializer,
    },
}

impl LayerKind {
    pub fn cell(&self) -> Option<&Cell> {
        match self {
            Self::Dense => None,
            Self::Recurrent { cell, .. } => Some(cell),
        }
    }
}

/// One layer: affine map, norm, activation, dropout, skip, in this order.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    pub kind: LayerKind,
    /// fan_in
    pub inputs: usize,
    /// fan_out
    pub units: usize,
    pub activation: Activation,
    pub init: Initializer,
    pub bias: Bias,
    pub norm: Norm,
    /// Share of outputs set to zero in training; 0 = none.
    pub dropout: f64,
    /// Adds the layer's input to its output.
    pub skip: bool,
    /// Its parameters are not updated.
    pub frozen: bool,
    /// It starts from weights of a file or of pretraining, not from its draw.
    pub given: bool,
}

impl LayerSpec {
    /// fan_in and fan_out of what `init` draws for its input matrix, a gate's of a recurrent layer.
    pub fn fans(&self, init: &Initializer) -> (usize, usize) {
        match init {
            // nn.RNN draws everything from U(±1/√units)
            Initializer::TorchDefault if self.kind.cell().is_some() => self.bias_fans(),
            _ => (self.inputs, self.units),
        }
    }

    /// The same for its biases, which in a recurrent layer are drawn by its units alone.
    pub fn bias_fans(&self) -> (usize, usize) {
        match self.kind.cell() {
            Some(_) => (self.units, self.units),
            None => (self.inputs, self.units),
        }
    }

    /// What is added to the forget gate's bias at the start, where there is one and it is not 0.
    pub fn forget_bias(&self) -> Option<f64> {
        match self.kind.cell() {
            Some(Cell::Lstm { forget_bias }) if self.bias != Bias::Off => {
                Some(*forget_bias).filter(|bias| *bias != 0.0)
            }
            _ => None,
        }
    }

    /// Whether dropout keeps mean 0 and variance 1, as selu wants it (Klambauer et al. 2017).
    pub fn drops_alpha(&self) -> bool {
        self.activation == Activation::Selu
    }
}

/// Penalties on weights, never on biases: Σ l1·|W| + l2·W², and the largest norm of a unit's incoming weights (0 = off),
/// in recurrent layers of those from below and of the recurrent ones apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Regularize {
    pub l1: f64,
    pub l2: f64,
    pub max_norm: f64,
}

/// Hidden layers from the input up, the output layer last (activation `linear`: losses work on logits).
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSpec {
    pub inputs: usize,
    pub layers: Vec<LayerSpec>,
    pub loss: Loss,
    pub label_smoothing: f64,
    /// Root mean square of the numbers that a regression is to meet, 1 for classes: what its error signal is measured in.
    pub target_rms: f64,
}

impl NetworkSpec {
    /// Whether the rows of a batch are measured together, which a batch of one row cannot be.
    pub fn has_batch_norm(&self) -> bool {
        let is_batch = |l: &LayerSpec| matches!(l.norm, Norm::Batch { .. });
        self.layers.iter().any(is_batch)
    }
}

/// What can be changed while a run goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyper {
    pub optimizer: Optimizer,
    pub regularize: Regularize,
    pub clip: Clip,
}
