//! The experiment as a value, with the file's names. Defaults are the file's.

use crate::data::{DataKind, Request};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Bias, Cell, Clip, Norm, Regularize};
use crate::nn::vocabulary::{Limits, Value, Vocabulary};
use std::path::PathBuf;

/// One experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    pub name: String,
    pub description: String,
    pub seed: u64,
    pub data: Data,
    pub network: Network,
    pub training: Training,
    /// Unsupervised pretraining before the run proper.
    pub pretrain: Option<Pretrain>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    pub kind: DataKind,
    /// Share of the rows held out as the test set.
    pub test_fraction: f64,
    pub standardize: bool,
    pub shuffle: bool,
    /// Keep only so many training rows.
    pub train_rows: Option<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// Hidden layers' default.
    pub activation: Activation,
    /// Every layer's default, the output layer's too.
    pub init: Initializer,
    /// `None`: zeros, and for layers whose weights are drawn by `torch-default`, that draw too.
    pub bias: Option<Bias>,
    pub layers: Vec<Layer>,
    pub output: Output,
    pub transfer: Option<Transfer>,
}

/// One `[[network.layers]]` entry: `repeat` equal hidden layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub kind: LayerKind,
    pub units: usize,
    pub repeat: usize,
    /// `None`: the network's, in a gated cell tanh.
    pub activation: Option<Activation>,
    pub init: Option<Initializer>,
    pub bias: Option<Bias>,
    pub norm: Norm,
    pub dropout: f64,
    pub skip: bool,
    pub frozen: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LayerKind {
    Dense,
    Recurrent {
        cell: Cell,
        recurrent_init: Initializer,
    },
}

/// Recurrent weights' own default, whatever the network's is.
pub const RECURRENT_INIT: Initializer = Initializer::Orthogonal { gain: 1.0 };

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    pub init: Option<Initializer>,
    pub bias: Option<Bias>,
    pub frozen: bool,
}

/// Lower layers taken from a saved run.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// A safetensors file, relative to the experiment file.
    pub from: PathBuf,
    /// How many layers, from the bottom.
    pub layers: usize,
    pub frozen: bool,
    /// Factor of the learning rate for the transferred layers.
    pub learning_rate_factor: f64,
}

/// Greedy layer-by-layer autoencoders before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Pretrain {
    pub epochs: usize,
    /// Standard deviation of the noise on the autoencoder's input.
    pub noise: f64,
    pub tied: bool,
    /// How many hidden layers, from the bottom; `None` = all.
    pub layers: Option<usize>,
    /// `None`: [`Pretrain::usual_rate`].
    pub learning_rate: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BatchSize {
    Rows(usize),
    Full,
}

impl BatchSize {
    /// Rows of a step, of so many training rows.
    pub fn rows(self, of: usize) -> usize {
        match self {
            Self::Rows(rows) => rows.min(of).max(1),
            Self::Full => of.max(1),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// `None`: cross-entropy for classes, mse otherwise.
    pub loss: Option<Loss>,
    pub batch_size: BatchSize,
    pub label_smoothing: f64,
    pub optimizer: Optimizer,
    pub schedule: Schedule,
    pub regularize: Regularize,
    pub clip: Clip,
    pub stop: Stop,
}

/// A run ends at the first of these; all `None`: it goes on until it is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stop {
    pub epochs: Option<u64>,
    pub steps: Option<u64>,
    /// Epochs without a better test loss.
    pub patience: Option<u64>,
}

/// The name of an experiment that does not say one.
pub const UNTITLED: &str = "untitled";

impl Experiment {
    /// What of it decides the rows.
    pub fn request(&self) -> Request {
        Request {
            kind: self.data.kind.clone(),
            test_fraction: self.data.test_fraction,
            standardize: self.data.standardize,
            train_rows: self.data.train_rows,
            seed: self.seed,
        }
    }

    /// The files that it reads, as it names them: relative paths start at its folder.
    pub fn files(&self) -> Vec<PathBuf> {
        let parameters = (self.data.kind.entry().parameters)();
        let named = parameters.iter().zip(self.data.kind.values());
        let data = named.filter_map(|(parameter, value)| match (parameter.limits, value) {
            (Limits::Path, Value::Text(path)) => Some(PathBuf::from(path)),
            _ => None,
        });
        let transfer = self.network.transfer.iter().map(|t| t.from.clone());
        data.chain(transfer).collect()
    }

    /// All defaults, on this data.
    pub fn on(kind: DataKind) -> Self {
        Self {
            name: UNTITLED.to_string(),
            description: String::new(),
            seed: 42,
            data: Data::of(kind),
            network: Network::default(),
            training: Training::default(),
            pretrain: None,
        }
    }
}

impl Data {
    pub fn of(kind: DataKind) -> Self {
        Self {
            kind,
            test_fraction: 0.2,
            standardize: true,
            shuffle: true,
            train_rows: None,
        }
    }
}

impl Default for Network {
    fn default() -> Self {
        Self {
            activation: Activation::Relu,
            init: Initializer::HeNormal,
            bias: None,
            layers: Vec::new(),
            output: Output::default(),
            transfer: None,
        }
    }
}

impl Network {
    /// Entries of the list, from the bottom, that have a layer from a saved run.
    pub fn entries_taken(&self) -> usize {
        let taken = self.transfer.as_ref().map_or(0, |t| t.layers);
        let mut first = 0;
        let is_taken = |entry: &&Layer| {
            let is = first < taken;
            first += entry.repeat;
            is
        };
        self.layers.iter().take_while(is_taken).count()
    }
}

impl Layer {
    /// A dense layer with the network's defaults.
    pub fn dense(units: usize) -> Self {
        Self {
            kind: LayerKind::Dense,
            units,
            repeat: 1,
            activation: None,
            init: None,
            bias: None,
            norm: Norm::None,
            dropout: 0.0,
            skip: false,
            frozen: false,
        }
    }

    /// What it activates by: its own, else the network's; a gated cell's is always tanh.
    pub fn activation<'a>(&'a self, network: &'a Network) -> &'a Activation {
        match &self.activation {
            _ if self.is_gated() => &Activation::Tanh,
            Some(own) => own,
            None => &network.activation,
        }
    }

    pub fn is_gated(&self) -> bool {
        matches!(&self.kind, LayerKind::Recurrent { cell, .. } if cell.is_gated())
    }
}

impl Transfer {
    pub fn from(path: impl Into<PathBuf>, layers: usize) -> Self {
        Self {
            from: path.into(),
            layers,
            frozen: false,
            learning_rate_factor: 1.0,
        }
    }
}

impl Pretrain {
    /// How many layers of so many hidden ones: all of them where no number is given.
    pub fn layers_of(&self, hidden: usize) -> usize {
        self.layers.unwrap_or(hidden).min(hidden)
    }

    /// The rate of the autoencoders, which learn by the run's own optimizer.
    pub fn rate(&self, optimizer: &Optimizer) -> f64 {
        self.learning_rate
            .unwrap_or_else(|| Self::usual_rate(optimizer))
    }

    /// The default of the optimizer's kind, but for descent, whose steps are as large as the gradients are: the error is averaged
    /// over a row's values, and so are these.
    pub fn usual_rate(optimizer: &Optimizer) -> f64 {
        match optimizer {
            Optimizer::Sgd { momentum: 0.0, .. } => 0.1,
            Optimizer::Sgd { .. } => 0.01,
            other => other.default_learning_rate(),
        }
    }
}

impl Default for Pretrain {
    fn default() -> Self {
        Self {
            epochs: 10,
            noise: 0.0,
            tied: false,
            layers: None,
            learning_rate: None,
        }
    }
}

impl Training {
    /// The rate that a run is at: the optimizer's, or the highest of a cycle, which takes its place.
    pub fn learning_rate(&self) -> f64 {
        match self.schedule {
            Schedule::OneCycle { max, .. } => max,
            _ => self.optimizer.learning_rate(),
        }
    }

    pub fn set_learning_rate(&mut self, rate: f64) {
        match &mut self.schedule {
            Schedule::OneCycle { max, .. } => *max = rate,
            _ => self.optimizer = self.optimizer.with_learning_rate(rate),
        }
    }
}

impl Default for Training {
    fn default() -> Self {
        Self {
            loss: None,
            batch_size: BatchSize::Rows(32),
            label_smoothing: 0.0,
            optimizer: Optimizer::Sgd {
                learning_rate: 0.001,
                momentum: 0.0,
                dampening: 0.0,
                nesterov: false,
                weight_decay: 0.0,
            },
            schedule: Schedule::Constant {},
            regularize: Regularize::default(),
            clip: Clip::None {},
            stop: Stop::default(),
        }
    }
}
