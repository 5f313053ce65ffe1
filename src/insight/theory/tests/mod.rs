//! The maps against references and closed forms, and whole networks against what is measured on them.

mod engine;
mod maps;
mod nets;

use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::spec::{Bias, LayerKind, LayerSpec, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;

fn close(got: f64, want: f64, relative: f64, what: &str) {
    assert!(
        (got - want).abs() <= relative * want.abs() + 1e-300,
        "{what}: {got} is not {want}"
    );
}

fn named(name: &str) -> Activation {
    Activation::named(name).expect("activations have defaults")
}

fn layer(inputs: usize, units: usize, activation: Activation, init: Initializer) -> LayerSpec {
    LayerSpec {
        kind: LayerKind::Dense,
        inputs,
        units,
        activation,
        init,
        bias: Bias::Drawn(Initializer::Zeros),
        norm: Norm::None,
        dropout: 0.0,
        skip: false,
        frozen: false,
        given: false,
    }
}

/// `depth` hidden layers of `width`, then ten classes; `edit` changes the hidden layers.
fn network(
    depth: usize,
    width: usize,
    activation: &str,
    init: &Initializer,
    edit: impl Fn(&mut LayerSpec),
) -> NetworkSpec {
    let mut layers: Vec<LayerSpec> = (0..depth)
        .map(|_| {
            let mut layer = layer(width, width, named(activation), init.clone());
            edit(&mut layer);
            layer
        })
        .collect();
    layers.push(layer(
        width,
        10,
        Activation::Linear,
        Initializer::GlorotNormal,
    ));
    NetworkSpec {
        inputs: width,
        layers,
        loss: Loss::CrossEntropy,
        label_smoothing: 0.0,
        target_rms: 1.0,
    }
}
