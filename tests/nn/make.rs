//! Small networks and batches to try things on.

use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::kernel::Real;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{BuildOptions, Network, TargetsView};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::random::{Purpose, stream};
use gradlab::nn::spec::{Bias, Clip, Hyper, LayerKind, LayerSpec, NetworkSpec, Norm, Regularize};
use gradlab::nn::vocabulary::Vocabulary;
use ndarray::Array2;
use rand::RngExt;

pub fn layer(inputs: usize, units: usize, activation: Activation) -> LayerSpec {
    LayerSpec {
        kind: LayerKind::Dense,
        inputs,
        units,
        activation,
        init: Initializer::GlorotNormal,
        bias: Bias::Drawn(Initializer::Normal {
            mean: 0.0,
            std: 0.3,
        }),
        norm: Norm::None,
        dropout: 0.0,
        skip: false,
        frozen: false,
        given: false,
    }
}

/// Layers of these widths, from the inputs up; the top one linear.
pub fn spec(widths: &[usize], activation: &Activation, loss: Loss) -> NetworkSpec {
    let top = widths.len() - 2;
    let layers = widths.windows(2).enumerate().map(|(i, w)| {
        layer(
            w[0],
            w[1],
            if i == top {
                Activation::Linear
            } else {
                activation.clone()
            },
        )
    });
    NetworkSpec {
        inputs: widths[0],
        layers: layers.collect(),
        loss,
        label_smoothing: 0.0,
        target_rms: 1.0,
    }
}

pub fn network<T: Real>(spec: &NetworkSpec, rows: usize, seed: u64) -> Network<T> {
    let options = BuildOptions {
        seed,
        batch_rows: rows,
        threads: 1,
        time: None,
    };
    let mut network = Network::new(spec, &options).expect("builds");
    let x = inputs(rows, spec.inputs, seed);
    network.initialize(x.view()).expect("initializes");
    network
}

/// N(0, 1)-like inputs: sums of uniforms.
pub fn inputs(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
    let mut rng = stream(seed, Purpose::Data);
    Array2::from_shape_fn((rows, columns), |_| {
        (0..3).map(|_| rng.random::<f32>() * 2.0 - 1.0).sum()
    })
}

pub enum Targets {
    Classes(Vec<u32>),
    Values(Array2<f32>),
}

impl Targets {
    /// Targets that suit `loss`: classes for cross-entropy, shares for binary cross-entropy, any numbers otherwise.
    pub fn of(loss: &Loss, rows: usize, outputs: usize, seed: u64) -> Self {
        let mut rng = stream(seed, Purpose::Split);
        match loss {
            Loss::CrossEntropy => Self::Classes(
                (0..rows)
                    .map(|_| rng.random_range(0..outputs as u32))
                    .collect(),
            ),
            Loss::BinaryCrossEntropy => {
                Self::Values(Array2::from_shape_fn((rows, outputs), |_| rng.random()))
            }
            _ => Self::Values(Array2::from_shape_fn((rows, outputs), |_| {
                rng.random::<f32>() * 4.0 - 2.0
            })),
        }
    }
    pub fn view(&self) -> TargetsView<'_> {
        match self {
            Self::Classes(classes) => TargetsView::Classes(classes),
            Self::Values(values) => TargetsView::Values(values.view()),
        }
    }
}

pub fn hyper(optimizer: Optimizer) -> Hyper {
    Hyper {
        optimizer,
        regularize: Regularize::default(),
        clip: Clip::None,
    }
}

pub fn named<V: Vocabulary>(name: &str) -> V {
    V::named(name).unwrap_or_else(|| panic!("no {name}"))
}

/// Every entry of a vocabulary whose parameters all have defaults.
pub fn all<V: Vocabulary>() -> Vec<V> {
    V::entries()
        .iter()
        .filter_map(|e| V::named(e.name))
        .collect()
}
