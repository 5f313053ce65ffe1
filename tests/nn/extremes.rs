//! What happens at the ends of the range of numbers, and with batches that cannot be.

use crate::make::{self, Targets};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{
    Batch, BatchError, BuildError, BuildOptions, Direction, Network, NonFinite, Observe, StepError,
    TargetsView, Trace,
};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::spec::{Bias, Cell, LayerKind, NetworkSpec, Norm, Regularize};

fn build(spec: &NetworkSpec, rows: usize) -> Result<Network, BuildError> {
    Network::new(
        spec,
        &BuildOptions {
            seed: 0,
            batch_rows: rows,
            threads: 1,
            time: None,
        },
    )
}

fn sgd() -> gradlab::nn::spec::Hyper {
    make::hyper(make::named::<Optimizer>("sgd"))
}

#[test]
fn gradients_far_below_f32_are_told_from_zero() {
    let mut spec = make::spec(&[10; 102], &Activation::Logistic, Loss::Mse);
    spec.layers.iter_mut().for_each(|l| {
        l.init = Initializer::Normal {
            mean: 0.0,
            std: 0.002,
        }
    });
    let mut narrow = make::network::<f32>(&spec, 8, 1);
    let mut wide = make::network::<f64>(&spec, 8, 1);
    let x = make::inputs(8, 10, 1);
    let y = Targets::of(&spec.loss, 8, 10, 1);
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    let narrow = narrow
        .step(&batch, &sgd(), 0.1, Observe::Stats)
        .expect("steps");
    let wide = wide
        .step(&batch, &sgd(), 0.1, Observe::Stats)
        .expect("steps");
    assert_eq!(narrow.first_non_finite, None);
    let bottom = narrow.stats[0].grad_norm;
    assert!(bottom > 1e-307 && bottom < 1e-250, "{bottom:e}");
    for (layer, (a, b)) in narrow.stats.iter().zip(&wide.stats).enumerate() {
        for (a, b) in [
            (a.grad_norm, b.grad_norm),
            (a.delta_rms, b.delta_rms),
            (a.grad_max, b.grad_max),
        ] {
            assert!(
                (a / b - 1.0).abs() < 1e-3,
                "layer {layer}: {a:e} in f32, {b:e} in f64"
            );
        }
    }
}

/// Layers without biases that multiply by about 10·√(their inputs).
fn exploding(widths: &[usize], activation: &Activation) -> NetworkSpec {
    let mut spec = make::spec(widths, activation, Loss::Mse);
    for layer in &mut spec.layers {
        layer.init = Initializer::Normal {
            mean: 0.0,
            std: 10.0,
        };
        layer.bias = Bias::Off;
    }
    spec
}

#[test]
fn overflow_names_the_first_layer_and_the_direction() {
    let spec = exploding(&[20; 41], &Activation::Relu);
    let x = make::inputs(8, 20, 1);
    let y = Targets::of(&spec.loss, 8, 20, 1);
    let mut network = make::network::<f32>(&spec, 8, 1);
    let before = network.parameters();
    let outcome = network
        .step(
            &Batch {
                x: x.view().into(),
                y: y.view(),
            },
            &sgd(),
            0.1,
            Observe::Full,
        )
        .expect("steps");
    let NonFinite { layer, direction } = outcome.first_non_finite.expect("it overflows");
    assert_eq!(direction, Direction::Forward);
    // each layer multiplies by about 10·√10: 3.4e38 is reached at about 26 layers
    assert!((20..32).contains(&layer), "{layer}");
    assert_eq!(
        network.parameters(),
        before,
        "nothing is learned from such a step"
    );
}

/// A step that nobody looks at keeps only those pre-activations that it needs itself.
#[test]
fn an_overflow_that_the_activation_hides_is_found_whatever_is_observed() {
    for activation in [Activation::Tanh, Activation::Logistic, Activation::Selu] {
        let mut spec = exploding(&[20, 30, 20], &activation);
        for layer in &mut spec.layers {
            layer.init = Initializer::Normal {
                mean: 0.0,
                std: 1e30,
            };
        }
        let mut x = make::inputs(8, 20, 1);
        x.mapv_inplace(|v| 1e30 * v.abs());
        let y = Targets::of(&spec.loss, 8, 20, 1);
        let batch = Batch {
            x: x.view().into(),
            y: y.view(),
        };
        for observe in [Observe::Loss, Observe::Full] {
            let mut network = make::network::<f32>(&spec, 8, 1);
            let outcome = network.step(&batch, &sgd(), 0.1, observe).expect("steps");
            let NonFinite { layer, direction } = outcome.first_non_finite.expect("it overflows");
            assert_eq!(
                (layer, direction),
                (0, Direction::Forward),
                "{activation:?} {observe:?}"
            );
        }
    }
}

#[test]
fn a_gradient_that_overflows_alone_is_backward() {
    let spec = exploding(&[20; 61], &Activation::Sine);
    let x = make::inputs(8, 20, 1);
    let y = Targets::of(&spec.loss, 8, 20, 1);
    let outcome = make::network::<f32>(&spec, 8, 1)
        .step(
            &Batch {
                x: x.view().into(),
                y: y.view(),
            },
            &sgd(),
            0.1,
            Observe::Stats,
        )
        .expect("steps");
    let NonFinite { layer, direction } = outcome.first_non_finite.expect("it overflows");
    assert_eq!(direction, Direction::Backward);
    assert!(layer < 45, "{layer}");
    assert!(outcome.stats[0].grad_norm > 1e39 && outcome.stats[0].grad_norm.is_finite());
}

/// Layers that are large enough to be learned while their gradient is being made: they have to wait where it may not be finite.
#[test]
fn large_layers_learn_nothing_of_what_is_not_finite() {
    let spec = exploding(&[200; 31], &Activation::Sine);
    let x = make::inputs(8, 200, 1);
    let y = Targets::of(&spec.loss, 8, 200, 1);
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    let of = |observe| {
        let mut network = make::network::<f32>(&spec, 8, 1);
        let before = network.parameters();
        let outcome = network.step(&batch, &sgd(), 0.1, observe).expect("steps");
        (network.parameters(), before, outcome)
    };
    let (after, before, outcome) = of(Observe::Loss);
    let NonFinite { layer, direction } = outcome.first_non_finite.expect("it overflows");
    assert_eq!(direction, Direction::Backward);
    assert!((1..30).contains(&layer), "{layer}");
    for (index, (after, before)) in after.iter().zip(&before).enumerate() {
        let learned = after != before;
        assert!(!(learned && index <= layer), "layer {index}");
        // the norm of a layer above may be too large where none of its elements is
        assert!(learned || index < layer + 3, "layer {index}");
    }
    assert_eq!(after, of(Observe::Stats).0);
}

/// What is left of a gradient that was not finite is not taken for that of a later step, of which nothing is kept.
#[test]
fn an_earlier_overflow_is_not_a_later_ones() {
    let spec = make::spec(&[200, 400, 400, 5], &Activation::Relu, Loss::Mse);
    let mut network = make::network::<f32>(&spec, 8, 1);
    let y = Targets::of(&spec.loss, 8, 5, 1);
    let mut step = |factor: f32| {
        let x = make::inputs(8, 200, 1).mapv(|v| v * factor);
        let batch = Batch {
            x: x.view().into(),
            y: y.view(),
        };
        network
            .step(&batch, &sgd(), 0.0, Observe::Loss)
            .expect("steps")
    };
    assert_eq!(step(1.0).first_non_finite, None);
    let overflowed = step(1e20).first_non_finite.expect("it overflows");
    assert_eq!(step(1.0).first_non_finite, None);
    assert_eq!(step(1e20).first_non_finite, Some(overflowed));
}

#[test]
fn logits_of_ten_thousand_give_a_finite_loss() {
    for (loss, expected) in [(Loss::CrossEntropy, 2e4), (Loss::BinaryCrossEntropy, 1e4)] {
        let mut spec = make::spec(&[1, 2], &Activation::Linear, loss.clone());
        spec.layers[0].bias = Bias::Off;
        let mut network = make::network::<f32>(&spec, 2, 1);
        let mut parameters = network.parameters();
        parameters[0].data = vec![1e4, -1e4];
        network.load_parameters(&parameters).expect("fits");
        let x = ndarray::array![[1.0f32], [1.0]];
        let values = ndarray::array![[0.0f32, 1.0], [0.0, 1.0]];
        let classes = [1, 1];
        let y = if loss == Loss::CrossEntropy {
            TargetsView::Classes(&classes)
        } else {
            TargetsView::Values(values.view())
        };
        let trace = network
            .probe(
                &Batch {
                    x: x.view().into(),
                    y,
                },
                &Regularize::default(),
            )
            .expect("fits");
        assert_eq!(trace.score.loss, expected);
        assert!(
            trace
                .tensors
                .iter()
                .all(|t| t.data.iter().all(|v| v.is_finite()))
        );
    }
}

#[test]
fn a_batch_of_one_under_batch_norm_is_refused_with_a_way_out() {
    let mut spec = make::spec(&[3, 4, 2], &Activation::Relu, Loss::CrossEntropy);
    spec.layers[0].norm = make::named("batch");
    assert_eq!(
        build(&spec, 1).err(),
        Some(BuildError::BatchNormOfOne { layer: 0 })
    );
    let mut network = make::network::<f32>(&spec, 8, 1);
    let x = make::inputs(1, 3, 1);
    let batch = Batch {
        x: x.view().into(),
        y: TargetsView::Classes(&[0]),
    };
    let error = network
        .step(&batch, &sgd(), 0.1, Observe::Loss)
        .expect_err("cannot");
    assert_eq!(
        error,
        StepError::Batch(BatchError::BatchNormOfOne { layer: 0 })
    );
    assert!(error.to_string().contains("norm = \"layer\""), "{error}");
    network
        .evaluate(&batch)
        .expect("evaluation uses running statistics");
}

#[test]
fn impossible_batches_are_errors() {
    let spec = make::spec(&[3, 4, 2], &Activation::Relu, Loss::CrossEntropy);
    let mut network = make::network::<f32>(&spec, 8, 1);
    let (good, wide, many) = (
        make::inputs(2, 3, 1),
        make::inputs(2, 4, 1),
        make::inputs(100, 3, 1),
    );
    let mut error = |x: &ndarray::Array2<f32>, classes: &[u32]| {
        let batch = Batch {
            x: x.view().into(),
            y: TargetsView::Classes(classes),
        };
        match network.step(&batch, &sgd(), 0.1, Observe::Loss) {
            Err(StepError::Batch(error)) => error,
            Ok(_) => panic!("accepted"),
        }
    };
    assert_eq!(
        error(&wide, &[0, 1]),
        BatchError::Features {
            found: 4,
            expected: 3
        }
    );
    assert_eq!(
        error(&good, &[0]),
        BatchError::Targets {
            rows: 2,
            targets: 1
        }
    );
    assert_eq!(
        error(&good, &[0, 2]),
        BatchError::Class {
            row: 1,
            class: 2,
            outputs: 2
        }
    );
    assert!(matches!(
        error(&many, &[0; 100]),
        BatchError::TooManyRows { rows: 100, .. }
    ));
}

#[test]
fn impossible_networks_are_errors_before_memory_is_taken() {
    let good = make::spec(&[3, 4, 4, 2], &Activation::Relu, Loss::CrossEntropy);
    let with = |change: fn(&mut NetworkSpec)| {
        let mut spec = good.clone();
        change(&mut spec);
        build(&spec, 8).err()
    };
    assert_eq!(
        with(|s| s.layers[0].skip = true),
        Some(BuildError::Skip {
            layer: 0,
            inputs: 3,
            units: 4
        })
    );
    assert_eq!(with(|s| s.layers[1].skip = true), None);
    let recurrent = LayerKind::Recurrent {
        cell: Cell::Plain,
        recurrent_init: Initializer::Orthogonal { gain: 1.0 },
    };
    let mut spec = good.clone();
    spec.layers[0].kind = recurrent;
    assert_eq!(
        build(&spec, 8).err(),
        Some(BuildError::NoSequences { layer: 0 })
    );
    let huge = with(|s| {
        s.layers[1].units = 1 << 40;
        s.layers[2].inputs = 1 << 40;
    });
    let message = huge.expect("refused").to_string();
    assert!(message.contains("GiB"), "{message}");
}

/// A pass of twenty rows of two features, all of the first class.
fn passed(network: &mut Network<f32>) -> Trace {
    let x = make::inputs(20, 2, 1);
    let batch = Batch {
        x: x.view().into(),
        y: TargetsView::Classes(&[0; 20]),
    };
    let trace = network.probe(&batch, &Regularize::default());
    trace.expect("fits")
}

/// Saturated: a derivative below .05 of the activation's largest, which is 1/4 of logistic units.
#[test]
fn units_are_saturated_below_a_twentieth_of_the_steepest() {
    let spec = make::spec(&[2, 2, 2], &Activation::Logistic, Loss::CrossEntropy);
    let mut network = make::network::<f32>(&spec, 20, 1);
    let mut parameters = network.parameters();
    parameters[0].data.fill(0.0);
    // logistic'(z) = y(1 - y), a share s of 1/4 where y = (1 + sqrt(1 - s)) / 2
    let at = |share: f64| {
        let y = (1.0 + (1.0 - share).sqrt()) / 2.0;
        (y / (1.0 - y)).ln() as f32
    };
    parameters[1].data = vec![at(0.047), at(0.053)];
    network.load_parameters(&parameters).expect("fits");
    let trace = passed(&mut network);
    assert_eq!(trace.stats[0].saturated, 0.5);
}

#[test]
fn dead_and_saturated_units_are_counted() {
    let mut spec = make::spec(&[2, 4, 2], &Activation::Relu, Loss::CrossEntropy);
    spec.layers[0].norm = Norm::None;
    let mut network = make::network::<f32>(&spec, 20, 1);
    let mut parameters = network.parameters();
    parameters[0].data.fill(0.0);
    // units 0 and 1 always off, 2 and 3 always on
    parameters[1].data = vec![-1.0, -1.0, 1.0, 1.0];
    network.load_parameters(&parameters).expect("fits");
    let trace = passed(&mut network);
    assert_eq!((trace.stats[0].saturated, trace.stats[0].dead), (0.5, 0.5));
    assert_eq!(
        (trace.stats[0].out_mean, trace.stats[0].out_std),
        (0.5, 0.5)
    );
    assert_eq!((trace.stats[1].saturated, trace.stats[1].dead), (0.0, 0.0));
}
