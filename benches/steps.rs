//! Steps a second of the engine on networks from tiny to wide: `cargo bench --bench steps [NAME]`. SGD with momentum 0.9; the
//! second figure is with every layer's statistics at every step, the third with histograms too.

use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{Batch, BuildOptions, Network, Observe, StepOutcome, TargetsView};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::random::{Purpose, stream};
use gradlab::nn::spec::{Bias, Clip, Hyper, LayerKind, LayerSpec, NetworkSpec, Norm, Regularize};
use ndarray::Array2;
use rand::RngExt;
use std::time::{Duration, Instant};

/// Each figure is the best of so many stretches of so long.
const STRETCHES: usize = 5;
const STRETCH: Duration = Duration::from_millis(300);

struct Workload {
    name: &'static str,
    widths: Vec<usize>,
    activation: Activation,
    init: Initializer,
    batch: usize,
}

fn workloads() -> Vec<Workload> {
    let deep = |inputs, width, layers, outputs| {
        std::iter::once(inputs)
            .chain(std::iter::repeat_n(width, layers))
            .chain([outputs])
            .collect::<Vec<usize>>()
    };
    let (glorot, he, lecun) = (
        Initializer::GlorotNormal,
        Initializer::HeNormal,
        Initializer::LecunNormal,
    );
    vec![
        Workload {
            name: "W1",
            widths: vec![2, 8, 8, 2],
            activation: Activation::Tanh,
            init: glorot.clone(),
            batch: 10,
        },
        Workload {
            name: "W2",
            widths: deep(64, 64, 50, 10),
            activation: Activation::Logistic,
            init: glorot.clone(),
            batch: 32,
        },
        Workload {
            name: "W2x",
            widths: deep(64, 64, 120, 10),
            activation: Activation::Logistic,
            init: glorot,
            batch: 32,
        },
        Workload {
            name: "W3",
            widths: deep(64, 100, 30, 10),
            activation: Activation::Relu,
            init: he.clone(),
            batch: 64,
        },
        Workload {
            name: "W4",
            widths: vec![784, 300, 100, 10],
            activation: Activation::Relu,
            init: he.clone(),
            batch: 32,
        },
        Workload {
            name: "W5",
            widths: vec![784, 1024, 1024, 10],
            activation: Activation::Relu,
            init: he,
            batch: 256,
        },
        Workload {
            name: "W6",
            widths: deep(784, 100, 100, 10),
            activation: Activation::Selu,
            init: lecun,
            batch: 128,
        },
    ]
}

fn spec(w: &Workload) -> NetworkSpec {
    let top = w.widths.len() - 2;
    let layer = |(i, pair): (usize, &[usize])| LayerSpec {
        kind: LayerKind::Dense,
        inputs: pair[0],
        units: pair[1],
        activation: if i == top {
            Activation::Linear
        } else {
            w.activation.clone()
        },
        init: w.init.clone(),
        bias: Bias::Drawn(Initializer::Zeros),
        norm: Norm::None,
        dropout: 0.0,
        skip: false,
        frozen: false,
    };
    NetworkSpec {
        inputs: w.widths[0],
        layers: w.widths.windows(2).enumerate().map(layer).collect(),
        loss: Loss::CrossEntropy,
        label_smoothing: 0.0,
    }
}

fn steps_a_second(w: &Workload, observe: Observe) -> f64 {
    let spec = spec(w);
    let options = BuildOptions {
        seed: 1,
        batch_rows: w.batch,
        threads: 1,
        time: None,
    };
    let mut network = Network::<f32>::new(&spec, &options).expect("builds");
    let mut rng = stream(1, Purpose::Data);
    let x = Array2::from_shape_fn((w.batch, spec.inputs), |_| rng.random::<f32>() * 2.0 - 1.0);
    let classes = *w.widths.last().unwrap_or(&2) as u32;
    let y: Vec<u32> = (0..w.batch).map(|_| rng.random_range(0..classes)).collect();
    network.initialize(x.view()).expect("draws");
    let optimizer = Optimizer::Sgd {
        learning_rate: 1e-3,
        momentum: 0.9,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.0,
    };
    let hyper = Hyper {
        optimizer,
        regularize: Regularize::default(),
        clip: Clip::None,
    };
    let batch = Batch {
        x: x.view(),
        y: TargetsView::Classes(&y),
    };
    let mut outcome = StepOutcome::default();
    let mut best = 0.0f64;
    for _ in 0..STRETCHES {
        let (start, mut steps) = (Instant::now(), 0u32);
        while start.elapsed() < STRETCH {
            for _ in 0..8 {
                network
                    .step_into(&batch, &hyper, 1e-3, observe, &mut outcome)
                    .expect("steps");
            }
            steps += 8;
        }
        best = best.max(f64::from(steps) / start.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    for w in workloads()
        .iter()
        .filter(|w| wanted.is_empty() || wanted.iter().any(|name| name == w.name))
    {
        let rates: Vec<String> = [Observe::Loss, Observe::Stats, Observe::Full]
            .map(|o| format!("{:>12.1}", steps_a_second(w, o)))
            .into();
        println!("{:<4} {} steps/s", w.name, rates.join(" "));
    }
}
