//! Properties that hold exactly, up to rounding, whatever the weights.

use crate::make::{self, Targets};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{Batch, NamedTensor, Network, Trace};
use gradlab::nn::spec::{Bias, NetworkSpec, Norm, Regularize};
use proptest::prelude::*;

fn bias_free(mut spec: NetworkSpec) -> NetworkSpec {
    spec.layers.iter_mut().for_each(|l| l.bias = Bias::Off);
    spec
}

fn probe(network: &mut Network<f64>, rows: usize, seed: u64) -> Trace<f64> {
    let spec = network.spec().clone();
    let x = make::inputs(rows, spec.inputs, seed);
    let y = Targets::of(
        &spec.loss,
        rows,
        spec.layers.last().map_or(0, |l| l.units),
        seed,
    );
    network
        .probe(
            &Batch {
                x: x.view().into(),
                y: y.view(),
            },
            &Regularize::default(),
        )
        .expect("the batch fits")
}

fn find<'a>(trace: &'a Trace<f64>, name: &str) -> &'a NamedTensor<f64> {
    trace
        .tensors
        .iter()
        .find(|t| t.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

/// ⟨W, ∂L/∂W⟩ of a layer, and the product of the norms.
fn inner(trace: &Trace<f64>, layer: usize) -> (f64, f64) {
    let w = &find(trace, &format!("layers.{layer}.weight")).data;
    let g = &find(trace, &format!("grad.layers.{layer}.weight")).data;
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    (w.iter().zip(g).map(|(w, g)| w * g).sum(), norm(w) * norm(g))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Without biases a linear or relu net is homogeneous in each layer's weights (Euler's theorem).
    #[test]
    fn weights_along_their_gradient_agree_in_all_layers(seed in 0u64..1000, width in 2usize..40, depth in 2usize..6, relu: bool) {
        let widths: Vec<usize> = std::iter::once(4).chain((0..depth).map(|_| width)).chain([3]).collect();
        let activation = if relu { Activation::Relu } else { Activation::Linear };
        let spec = bias_free(make::spec(&widths, &activation, Loss::CrossEntropy));
        let trace = probe(&mut make::network(&spec, 17, seed), 17, seed);
        let (first, scale) = inner(&trace, 0);
        for layer in 1..spec.layers.len() {
            let (other, size) = inner(&trace, layer);
            prop_assert!((first - other).abs() <= 1e-12 * scale.max(size).max(1e-300), "{first} {other}");
        }
    }

    /// Batch norm does not see the scale of the weights before it.
    #[test]
    fn weights_before_batch_norm_are_across_their_gradient(seed in 0u64..1000, width in 2usize..20) {
        let mut spec = make::spec(&[5, width, width, 3], &Activation::Tanh, Loss::Mse);
        spec.layers[1].norm = Norm::Batch { eps: 1e-12, momentum: 0.1 };
        let trace = probe(&mut make::network(&spec, 23, seed), 23, seed);
        let (product, size) = inner(&trace, 1);
        prop_assert!(product.abs() <= 1e-9 * size, "{product} beside {size}");
        let bias = find(&trace, "grad.layers.1.bias");
        prop_assert!(bias.data.iter().all(|g| g.abs() < 1e-12 * size.max(1.0)));
    }

    /// relu(c·z) = c·relu(z) for c > 0.
    #[test]
    fn scale_moves_between_relu_layers(seed in 0u64..1000, c in 0.1f64..10.0) {
        let mut spec = make::spec(&[5, 8, 6, 3], &Activation::Relu, Loss::Mse);
        spec.layers[0].bias = Bias::Off;
        let mut network = make::network::<f64>(&spec, 9, seed);
        let before = find(&probe(&mut network, 9, seed), "layers.2.out").data.clone();
        let mut parameters = network.parameters();
        for tensor in &mut parameters {
            let factor = match tensor.name.as_str() { "layers.0.weight" => c, "layers.1.weight" => 1.0 / c, _ => 1.0 };
            tensor.data.iter_mut().for_each(|w| *w *= factor);
        }
        network.load_parameters(&parameters).unwrap();
        let after = probe(&mut network, 9, seed);
        for (a, b) in before.iter().zip(&find(&after, "layers.2.out").data) {
            prop_assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0));
        }
    }
}

#[test]
fn orthogonal_linear_nets_keep_every_norm() {
    let mut spec = bias_free(make::spec(&[12; 31], &Activation::Linear, Loss::Mse));
    spec.layers
        .iter_mut()
        .for_each(|l| l.init = Initializer::Orthogonal { gain: 1.0 });
    let trace = probe(&mut make::network(&spec, 10, 3), 10, 3);
    let norm = |name: &str| {
        find(&trace, name)
            .data
            .iter()
            .map(|v| v * v)
            .sum::<f64>()
            .sqrt()
    };
    let (x, top) = (norm("x"), norm("delta.layers.29"));
    for layer in 0..30 {
        // the weights are drawn in f32
        assert!(
            (norm(&format!("layers.{layer}.out")) / x - 1.0).abs() < 1e-5,
            "layer {layer}"
        );
        assert!(
            (norm(&format!("delta.layers.{layer}")) / top - 1.0).abs() < 1e-5,
            "layer {layer}"
        );
    }
}

#[test]
fn lsuv_gives_every_layer_unit_variance() {
    let mut spec = make::spec(&[20; 11], &Activation::Relu, Loss::Mse);
    spec.layers.iter_mut().for_each(|l| {
        l.init = Initializer::Lsuv;
        l.bias = Bias::Drawn(Initializer::Zeros);
    });
    // as in the first step: a batch norm takes the batch's own statistics
    let mut normed = spec.clone();
    normed.layers[3].norm = make::named("batch");
    for spec in [spec, normed] {
        let mut network = make::network::<f64>(&spec, 64, 5);
        let trace = probe(&mut network, 64, 5);
        for (layer, stats) in trace.stats.iter().enumerate() {
            assert!(
                (stats.pre_std - 1.0).abs() < 0.01,
                "layer {layer}: {}",
                stats.pre_std
            );
        }
    }
}

/// Of every way through the kernels: blocks of rows that are full, begun and left over, and layers narrow and wide.
#[test]
fn f32_has_the_gradients_of_f64_for_batches_of_any_size() {
    for widths in [&[2, 8, 8, 2][..], &[7, 18, 9, 3], &[20, 16, 33, 4]] {
        let spec = make::spec(widths, &Activation::Tanh, Loss::CrossEntropy);
        let mut single = make::network::<f32>(&spec, 70, 3);
        let mut double = make::network::<f64>(&spec, 70, 3);
        let wider = single.parameters().into_iter().map(|t| NamedTensor {
            name: t.name,
            shape: t.shape,
            data: t.data.into_iter().map(f64::from).collect(),
        });
        double
            .load_parameters(&wider.collect::<Vec<_>>())
            .expect("the same network");
        for rows in 1..=70 {
            let x = make::inputs(rows, spec.inputs, rows as u64);
            let y = Targets::of(&spec.loss, rows, widths[3], rows as u64);
            let batch = Batch {
                x: x.view().into(),
                y: y.view(),
            };
            let none = Regularize::default();
            let found = single.probe(&batch, &none).expect("the batch fits");
            let exact = double.probe(&batch, &none).expect("the batch fits");
            for (found, exact) in found.tensors.iter().zip(&exact.tensors) {
                assert_eq!(found.name, exact.name);
                let largest = exact.data.iter().fold(0.0f64, |a, b| a.max(b.abs()));
                for (f, e) in found.data.iter().zip(&exact.data) {
                    let off = (f64::from(*f) - e).abs();
                    let name = &found.name;
                    assert!(
                        off <= 1e-5 * largest.max(1e-3),
                        "{widths:?}, {rows} rows, {name}: {f}, in f64 {e}"
                    );
                }
            }
        }
    }
}
