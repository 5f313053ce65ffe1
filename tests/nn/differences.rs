//! Every gradient against central differences of the loss, in f64: the same engine code as in training.

use crate::make::{self, Targets};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{Batch, Network, ProbeOptions, Trace};
use gradlab::nn::spec::{Bias, NetworkSpec, Norm, Regularize};
use gradlab::nn::vocabulary::Vocabulary;

const ROWS: usize = 19;
/// Of a five-point stencil: truncation is STEP⁴/30 times the fifth derivative (some 10⁵ for an exponential of an exponential),
/// rounding some 1e-16 / STEP.
const STEP: f64 = 3e-4;
const TOLERANCE: f64 = 2e-8;

fn trace(network: &mut Network<f64>, batch: &Batch, options: &ProbeOptions) -> Trace<f64> {
    network.probe_with(batch, options).expect("the batch fits")
}

/// Compares some elements of every parameter's gradient; `what` names the case.
fn check(what: &str, spec: &NetworkSpec, options: &ProbeOptions) {
    let mut network = make::network::<f64>(spec, ROWS, 7);
    let x = make::inputs(ROWS, spec.inputs, 11);
    let outputs = spec.layers.last().map_or(0, |l| l.units);
    let y = Targets::of(&spec.loss, ROWS, outputs, 13);
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    let analytic = trace(&mut network, &batch, options);
    let start = network.parameters();
    for (at, parameter) in start.iter().enumerate() {
        if parameter.name.contains("running") {
            continue;
        }
        let name = format!("grad.{}", parameter.name);
        let gradient = &analytic
            .tensors
            .iter()
            .find(|t| t.name == name)
            .expect("a gradient")
            .data;
        let stride = (parameter.data.len() / 7).max(1);
        for element in (0..parameter.data.len()).step_by(stride) {
            let mut loss_at = |shift: f64| {
                let mut moved = start.clone();
                moved[at].data[element] += shift;
                network.load_parameters(&moved).expect("fits");
                trace(&mut network, &batch, options).score.loss
            };
            let near = loss_at(STEP) - loss_at(-STEP);
            let far = loss_at(2.0 * STEP) - loss_at(-2.0 * STEP);
            let numeric = (8.0 * near - far) / (12.0 * STEP);
            let off = (numeric - gradient[element]).abs();
            assert!(
                off <= TOLERANCE * gradient[element].abs().max(1.0),
                "{what}, {name}[{element}]: {} by the chain rule, {numeric} by differences",
                gradient[element]
            );
        }
    }
}

#[test]
fn of_every_activation() {
    for activation in make::all::<Activation>() {
        let mut spec = make::spec(&[5, 7, 6, 3], &activation, Loss::Mse);
        // small weights, so that an exponential of an exponential stays near 1
        spec.layers.iter_mut().for_each(|l| {
            l.init = Initializer::Normal {
                mean: 0.0,
                std: 0.3,
            }
        });
        check(activation.name(), &spec, &ProbeOptions::default());
        check(
            activation.name(),
            &spec,
            &ProbeOptions {
                evaluation: true,
                ..Default::default()
            },
        );
    }
}

#[test]
fn of_every_loss() {
    for loss in make::all::<Loss>() {
        for smoothing in [0.0, 0.1] {
            let mut spec = make::spec(&[5, 6, 4], &Activation::Tanh, loss.clone());
            spec.label_smoothing = smoothing;
            check(loss.name(), &spec, &ProbeOptions::default());
        }
    }
    // one logit, and an output layer with an activation of its own
    let mut spec = make::spec(&[5, 6, 1], &Activation::Tanh, Loss::BinaryCrossEntropy);
    check("one logit", &spec, &ProbeOptions::default());
    spec.loss = Loss::Mse;
    spec.layers[1].activation = Activation::Logistic;
    check("logistic output", &spec, &ProbeOptions::default());
}

#[test]
fn of_every_kind_of_layer() {
    for norm in make::all::<Norm>() {
        for (dropout, skip, activation) in [
            (0.0, false, Activation::Tanh),
            (0.3, false, Activation::Gelu),
            (0.0, true, Activation::Softplus),
            (0.3, true, Activation::Selu),
            (0.3, true, Activation::Prelu { slope: 0.25 }),
        ] {
            let mut spec = make::spec(&[6, 6, 6, 3], &activation, Loss::CrossEntropy);
            for layer in &mut spec.layers[..2] {
                layer.norm = norm.clone();
                layer.dropout = dropout;
                layer.skip = skip;
            }
            spec.layers[1].bias = Bias::Off;
            let what = format!("{} {dropout} {skip} {}", norm.name(), activation.name());
            check(&what, &spec, &ProbeOptions::default());
            check(
                &what,
                &spec,
                &ProbeOptions {
                    evaluation: true,
                    ..Default::default()
                },
            );
        }
    }
}

#[test]
fn of_penalties() {
    let regularize = Regularize {
        l1: 0.01,
        l2: 0.02,
        max_norm: 0.0,
    };
    let spec = make::spec(&[5, 6, 3], &Activation::Tanh, Loss::Huber { delta: 1.0 });
    check(
        "penalties",
        &spec,
        &ProbeOptions {
            regularize,
            ..Default::default()
        },
    );
}
