//! Runs of many steps: reproducible to the bit, resumable to the bit, and each setting doing what it says.

use crate::make::{self, Targets};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::kernel::Team;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{
    Batch, BuildOptions, NamedTensor, Network, Observe, StepOutcome, TargetsView, TensorError,
};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::spec::{Bias, Clip, Hyper, NetworkSpec, Norm, Regularize};
use gradlab::nn::vocabulary::Vocabulary;
use gradlab::training::pool::Pool;
use ndarray::{Array2, array};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const ROWS: usize = 21;

/// A network with everything in it: norms, dropout, alpha dropout, a skip, learned and random slopes.
fn rich() -> NetworkSpec {
    let mut spec = make::spec(
        &[6, 24, 24, 24, 24, 4],
        &Activation::Selu,
        Loss::CrossEntropy,
    );
    spec.label_smoothing = 0.1;
    spec.layers[0].norm = make::named("batch");
    spec.layers[0].dropout = 0.2;
    spec.layers[1].activation = make::named("prelu");
    spec.layers[1].norm = make::named("layer");
    spec.layers[1].skip = true;
    spec.layers[2].activation = make::named("rrelu");
    spec.layers[2].dropout = 0.1;
    spec.layers[3].activation = make::named("gelu");
    spec
}

fn step(network: &mut Network, hyper: &Hyper, number: u64, observe: Observe) -> StepOutcome {
    step_on(ROWS, network, hyper, number, observe)
}

fn step_on(
    rows: usize,
    network: &mut Network,
    hyper: &Hyper,
    number: u64,
    observe: Observe,
) -> StepOutcome {
    let spec = network.spec().clone();
    let x = make::inputs(rows, spec.inputs, number);
    let y = Targets::of(
        &spec.loss,
        rows,
        spec.layers.last().map_or(0, |l| l.units),
        number,
    );
    network
        .step(
            &Batch {
                x: x.view().into(),
                y: y.view(),
            },
            hyper,
            0.01,
            observe,
        )
        .expect("steps")
}

fn run(network: &mut Network, hyper: &Hyper, steps: std::ops::Range<u64>) {
    for number in steps {
        step(network, hyper, number, Observe::Loss);
    }
}

#[test]
fn a_hundred_steps_are_fifty_saved_loaded_and_fifty_more() {
    for optimizer in make::all::<Optimizer>() {
        let mut hyper = make::hyper(optimizer.clone());
        if let Optimizer::Sgd { momentum, .. } = &mut hyper.optimizer {
            *momentum = 0.9;
        }
        let mut whole = make::network::<f32>(&rich(), ROWS, 5);
        run(&mut whole, &hyper, 0..100);
        let mut half = make::network::<f32>(&rich(), ROWS, 5);
        run(&mut half, &hyper, 0..50);
        let state = half.state();
        let mut resumed = make::network::<f32>(&rich(), ROWS, 5);
        resumed.restore(&state, &hyper.optimizer).expect("fits");
        run(&mut resumed, &hyper, 50..100);
        assert_eq!(whole.state(), resumed.state(), "{}", optimizer.name());
    }
}

/// A layer's steps are its own: what it has not learned in does not count for it.
#[test]
fn a_thawed_layer_goes_on_from_what_it_had_learned() {
    let hyper = make::hyper(make::named("nadam"));
    let mut whole = make::network::<f32>(&rich(), ROWS, 5);
    let first = rich().layers.len() - 1;
    whole.set_frozen(first, true);
    run(&mut whole, &hyper, 0..7);
    let steps = |network: &Network| -> Vec<u64> {
        let state = network.state();
        state.scalars.iter().map(|s| s.steps).collect()
    };
    assert_eq!(steps(&whole), [7, 7, 7, 7, 0]);
    whole.set_frozen(first, false);
    whole.set_frozen(1, true);
    run(&mut whole, &hyper, 7..10);
    assert_eq!(steps(&whole), [10, 7, 10, 10, 3]);
    let mut resumed = make::network::<f32>(&rich(), ROWS, 5);
    resumed
        .restore(&whole.state(), &hyper.optimizer)
        .expect("fits");
    for network in [&mut whole, &mut resumed] {
        network.set_frozen(1, false);
        run(network, &hyper, 10..15);
    }
    assert_eq!(whole.state(), resumed.state());
    run(&mut whole, &make::hyper(make::named("adam")), 15..17);
    assert_eq!(steps(&whole), [2; 5], "another optimizer begins anew");
}

#[test]
fn optimizer_state_of_another_size_is_refused() {
    let hyper = make::hyper(make::named("adam"));
    let mut trained = make::network::<f32>(&rich(), ROWS, 5);
    run(&mut trained, &hyper, 0..3);
    let mut state = trained.state();
    let cut = state
        .tensors
        .iter_mut()
        .find(|t| t.name.starts_with("optimizer.layers.1.weight"))
        .expect("there");
    cut.shape = vec![24, 23];
    cut.data.truncate(24 * 23);
    let name = cut.name.clone();
    let mut fresh = make::network::<f32>(&rich(), ROWS, 5);
    let before = fresh.parameters();
    assert_eq!(
        fresh.restore(&state, &hyper.optimizer),
        Err(TensorError::Shape {
            name,
            found: vec![24, 23],
            expected: vec![24, 24],
        })
    );
    assert_eq!(fresh.parameters(), before);
}

#[test]
fn what_is_observed_changes_no_bit() {
    for (spec, optimizer) in [
        (rich(), make::named("adam")),
        (hardly_few(), make::named("sgd")),
        (wide(), make::named("rmsprop")),
        (wide(), make::named("sgd")),
    ] {
        let mut hyper = make::hyper(optimizer);
        hyper.regularize.max_norm = 2.0;
        let mut plain = make::network::<f32>(&spec, ROWS, 5);
        let mut watched = make::network::<f32>(&spec, ROWS, 5);
        for number in 0..20 {
            let unseen = step(&mut plain, &hyper, number, Observe::Loss);
            let observe = match number % 2 {
                0 => Observe::Stats,
                _ => Observe::Full,
            };
            let outcome = step(&mut watched, &hyper, number, observe);
            assert_eq!(outcome.stats.len(), spec.layers.len());
            assert_eq!(unseen.global_grad_norm, outcome.global_grad_norm);
            let x = make::inputs(ROWS, spec.inputs, number);
            let outputs = spec.layers.last().map_or(0, |l| l.units);
            let y = Targets::of(&Loss::CrossEntropy, ROWS, outputs, number);
            let batch = Batch {
                x: x.view().into(),
                y: y.view(),
            };
            watched.probe(&batch, &Regularize::default()).expect("fits");
            watched.evaluate(&batch).expect("fits");
        }
        assert_eq!(plain.state(), watched.state());
    }
}

/// Layers that have few values without the padding of a block, and not with it.
fn hardly_few() -> NetworkSpec {
    make::spec(&[6, 48, 48, 4], &Activation::Tanh, Loss::CrossEntropy)
}

/// Runs its members one after the other, the last first, and counts how often it was asked.
#[derive(Debug, Default)]
struct Backwards(AtomicUsize);

impl Team for Backwards {
    fn members(&self) -> usize {
        7
    }
    fn run(&self, shares: usize, work: &(dyn Fn(usize) + Sync)) {
        self.0.fetch_add(1, Ordering::Relaxed);
        (0..shares).rev().for_each(work);
    }
}

/// Wide enough that every pass is shared out and that gradients are made in strips, with widths that no number of threads
/// divides, and shares of the last but one so small that a layer of their size would take other passes.
fn wide() -> NetworkSpec {
    let mut spec = make::spec(
        &[37, 613, 101, 213, 5],
        &Activation::Selu,
        Loss::CrossEntropy,
    );
    spec.layers[1].activation = make::named("gelu");
    spec.layers[1].norm = make::named("layer");
    spec.layers[2].norm = make::named("batch");
    spec.layers[2].dropout = 0.2;
    spec
}

/// A network whose steps a team takes part in.
fn shared_out(spec: &NetworkSpec, threads: usize, team: Option<Arc<dyn Team>>) -> Network<f32> {
    let options = BuildOptions {
        seed: 5,
        batch_rows: ROWS,
        threads,
        time: None,
    };
    let mut network = Network::new(spec, &options).expect("builds");
    network.set_team(team);
    let x = make::inputs(ROWS, spec.inputs, 5);
    network.initialize(x.view()).expect("draws");
    network
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let momentum = Optimizer::Sgd {
        learning_rate: 0.02,
        momentum: 0.9,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 1e-3,
    };
    let cases = [
        (make::named("adam"), Clip::None),
        (momentum.clone(), Clip::None),
        (momentum, Clip::Norm { max: 0.3 }),
        (make::named("sgd"), Clip::Value { max: 0.01 }),
    ];
    for (optimizer, clip) in cases {
        let hyper = Hyper {
            clip,
            ..make::hyper(optimizer)
        };
        let of = |threads, team: Option<Arc<dyn Team>>| {
            let mut network = shared_out(&wide(), threads, team);
            run(&mut network, &hyper, 0..5);
            let watched = step(&mut network, &hyper, 5, Observe::Full);
            (network.state(), watched)
        };
        let one = of(1, None);
        for threads in [2, 3, 5] {
            let pool = Arc::new(Pool::new(threads));
            assert_eq!(pool.members(), threads);
            assert_eq!(one, of(threads, Some(pool)), "{threads} threads, {hyper:?}");
            let backwards = Arc::new(Backwards::default());
            let shared = of(threads, Some(backwards.clone()));
            assert_eq!(one, shared, "{threads} shares, {hyper:?}");
            // 6 steps of 4 layers, of which the top one alone is too narrow to be shared
            assert!(backwards.0.load(Ordering::Relaxed) >= 6 * 3 * 2);
        }
    }
}

/// Layers whose weights are drawn with this standard deviation.
fn drawn(widths: &[usize], activation: &str, std: f64) -> NetworkSpec {
    let mut spec = make::spec(widths, &make::named(activation), Loss::CrossEntropy);
    for layer in &mut spec.layers {
        layer.init = Initializer::Normal { mean: 0.0, std };
    }
    spec
}

/// Layers of which two threads own a half each, between layers that take every other way down.
#[test]
fn what_two_threads_own_changes_no_bit() {
    let widths = [70, 130, 130, 130, 130, 130, 10];
    let plain = make::spec(&widths, &Activation::Relu, Loss::CrossEntropy);
    let mut mixed = plain.clone();
    mixed.layers[0].activation = make::named("selu");
    mixed.layers[1].activation = make::named("prelu");
    mixed.layers[2].dropout = 0.3;
    mixed.layers[3].skip = true;
    mixed.layers[4].norm = make::named("batch");
    let mut others = plain.clone();
    others.layers[1].activation = Activation::Linear;
    others.layers[2].activation = make::named("rrelu");
    others.layers[3].frozen = true;
    others.layers[4].bias = Bias::Off;
    // more layers than are taken in one go, up and down
    let deep = make::spec(
        &[&[70; 1][..], &[130; 18], &[10]].concat(),
        &make::named("selu"),
        Loss::CrossEntropy,
    );
    // of few rows the upper layers alone are halved
    let widening = make::spec(
        &[70, 100, 130, 150, 150, 10],
        &Activation::Relu,
        Loss::CrossEntropy,
    );
    // where a product is shared out and its activation is not, and the reverse, far out where slopes follow from z alone
    let uneven = drawn(&[9, 150, 100, 100, 10], "logistic", 2.0);
    // where deltas leave the range in which they are not scaled, all at once or one by one
    let mut vanishing = drawn(&[70, 130, 130, 130, 130, 130, 10], "relu", 1e-7);
    vanishing.layers[0].frozen = true;
    let saturated = drawn(&[70, 130, 130, 130, 130, 10], "logistic", 6.0);
    let max_norm = Regularize {
        max_norm: 0.8,
        ..Regularize::default()
    };
    let hyper = Hyper {
        regularize: max_norm,
        ..make::hyper(make::named("adam"))
    };
    let specs = [
        ("plain", plain),
        ("mixed", mixed),
        ("others", others),
        ("deep", deep),
        ("widening", widening),
        ("uneven", uneven),
        ("vanishing", vanishing),
        ("saturated", saturated),
    ];
    for (name, spec) in specs {
        let of = |threads, team: Option<Arc<dyn Team>>| {
            let mut network = shared_out(&spec, threads, team);
            run(&mut network, &hyper, 0..5);
            let watched = step(&mut network, &hyper, 5, Observe::Full);
            run(&mut network, &hyper, 6..8);
            // the last batch of an epoch: too small to be halved in some of these networks, and after it one that is not
            step_on(19, &mut network, &hyper, 8, Observe::Loss);
            step_on(9, &mut network, &hyper, 9, Observe::Loss);
            run(&mut network, &hyper, 10..12);
            (network.state(), watched)
        };
        let one = of(1, None);
        for threads in [2, 3, 4] {
            let pool = Arc::new(Pool::new(threads));
            assert_eq!(one, of(threads, Some(pool)), "{name} by {threads}");
            let backwards = Arc::new(Backwards::default());
            assert_eq!(one, of(threads, Some(backwards)), "{name} by {threads}");
        }
    }
}

#[test]
fn layers_of_fewer_units_than_threads_are_shared_out() {
    let spec = make::spec(&[700, 3, 700, 2, 700, 1], &Activation::Tanh, Loss::Mse);
    let hyper = make::hyper(make::named("adam"));
    let of = |threads, team: Option<Arc<dyn Team>>| {
        let mut network = shared_out(&spec, threads, team);
        run(&mut network, &hyper, 0..3);
        let watched = step(&mut network, &hyper, 3, Observe::Full);
        (network.state(), watched)
    };
    let one = of(1, None);
    for threads in [2, 3, 4, 7] {
        let backwards = Arc::new(Backwards::default());
        let shared = of(threads, Some(backwards.clone()));
        assert_eq!(one, shared, "{threads} threads");
        assert!(backwards.0.load(Ordering::Relaxed) > 0);
    }
}

#[test]
fn a_change_of_one_layer_leaves_the_draws_of_the_others() {
    let spec = make::spec(&[6, 8, 8, 3], &Activation::Tanh, Loss::CrossEntropy);
    let base = make::network::<f32>(&spec, ROWS, 5).parameters();
    let mut other = spec.clone();
    other.layers[1].activation = Activation::Relu;
    other.layers[1].dropout = 0.5;
    assert_eq!(base, make::network::<f32>(&other, ROWS, 5).parameters());
    other.layers[0].bias = Bias::Off;
    let without = make::network::<f32>(&other, ROWS, 5).parameters();
    assert!(without.iter().all(|t| base.contains(t)));
}

#[test]
fn frozen_layers_stay() {
    let mut spec = rich();
    spec.layers[1].frozen = true;
    let hyper = make::hyper(make::named("adamw"));
    let mut network = make::network::<f32>(&spec, ROWS, 5);
    let before = network.parameters();
    run(&mut network, &hyper, 0..5);
    network.set_frozen(1, false);
    network.set_frozen(3, true);
    let middle = network.parameters();
    run(&mut network, &hyper, 5..10);
    let after = network.parameters();
    let layer = |tensors: &[NamedTensor], i: usize| -> Vec<NamedTensor> {
        tensors
            .iter()
            .filter(|t| t.name.starts_with(&format!("layers.{i}.")))
            .cloned()
            .collect()
    };
    assert_eq!(layer(&before, 1), layer(&middle, 1));
    assert_ne!(layer(&middle, 1), layer(&after, 1));
    assert_ne!(layer(&before, 3), layer(&middle, 3));
    assert_eq!(layer(&middle, 3), layer(&after, 3));
}

/// Gradients that nobody wants are not made; what is learned above them, and the running statistics below, stay the same.
#[test]
fn what_is_observed_of_frozen_layers_changes_no_bit() {
    let mut spec = rich();
    for frozen in [0, 1, 3] {
        spec.layers[frozen].frozen = true;
    }
    for clip in [Clip::None, Clip::Norm { max: 0.05 }] {
        let hyper = Hyper {
            clip,
            regularize: Regularize {
                l2: 1e-3,
                ..Regularize::default()
            },
            ..make::hyper(make::named("adam"))
        };
        let mut plain = make::network::<f32>(&spec, ROWS, 5);
        let mut watched = plain.clone();
        for number in 0..8 {
            let one = step(&mut plain, &hyper, number, Observe::Loss);
            let two = step(&mut watched, &hyper, number, Observe::Stats);
            assert_eq!(one.global_grad_norm, two.global_grad_norm);
            // the signal passes through frozen layers, and their gradients show
            assert!(two.stats.iter().all(|s| s.delta_rms > 0.0));
            assert!(two.stats.iter().all(|s| s.grad_norm > 0.0));
        }
        assert_eq!(plain.state(), watched.state());
        assert_ne!(
            plain.state(),
            make::network::<f32>(&spec, ROWS, 5).state(),
            "running statistics and the other layers move"
        );
    }
}

/// Of one weight above 0 that a loss pulls down with 9 and a penalty with 1, at rate 1.
fn weight_after_a_step(weight: f64, clip: Clip) -> f64 {
    let mut spec = make::spec(&[1, 1], &Activation::Linear, Loss::Mse);
    spec.layers[0].bias = Bias::Off;
    let mut network = make::network::<f64>(&spec, 1, 5);
    let mut tensors = network.parameters();
    tensors[0].data[0] = weight;
    network.load_parameters(&tensors).expect("fits");
    let hyper = Hyper {
        clip,
        regularize: Regularize {
            l1: 1.0,
            ..Regularize::default()
        },
        ..make::hyper(make::named("sgd"))
    };
    let (x, y) = (array![[1.0]], array![[(weight - 4.5) as f32]]);
    let batch = Batch {
        x: x.view().into(),
        y: TargetsView::Values(y.view()),
    };
    let outcome = network.step(&batch, &hyper, 1.0, Observe::Loss);
    let norm = outcome.expect("steps").global_grad_norm;
    assert!((norm - 10.0).abs() < 1e-9, "{norm}");
    network.parameters()[0].data[0]
}

/// What is clipped are the gradients with the penalty's part in them, which is clipped as they are.
#[test]
fn a_clipped_penalty_stops_at_0_no_weight_that_the_clipped_loss_takes_across() {
    let by_norm = Clip::Norm { max: 1.0 };
    // the loss alone takes 0.9 of the step
    for weight in [0.5, 0.875] {
        let after = weight_after_a_step(weight, by_norm.clone());
        assert!((after - (weight - 1.0)).abs() < 1e-6, "{weight} {after}");
    }
    assert_eq!(weight_after_a_step(0.9375, by_norm), 0.0);
    // nothing is clipped
    assert_eq!(weight_after_a_step(9.5, Clip::Norm { max: 100.0 }), 0.0);
    let after = weight_after_a_step(8.5, Clip::Norm { max: 100.0 });
    assert!((after + 1.5).abs() < 1e-6, "{after}");
    // of a gradient cut to 5 the loss alone has 4 at least
    let by_value = Clip::Value { max: 5.0 };
    assert_eq!(weight_after_a_step(4.5, by_value.clone()), 0.0);
    let after = weight_after_a_step(3.5, by_value);
    assert!((after + 1.5).abs() < 1e-6, "{after}");
}

#[test]
fn max_norm_holds_every_units_incoming_weights() {
    let mut hyper = make::hyper(make::named("sgd"));
    hyper.regularize = Regularize {
        max_norm: 0.5,
        ..Regularize::default()
    };
    let mut network = make::network::<f32>(&rich(), ROWS, 5);
    run(&mut network, &hyper, 0..3);
    for layer in 0..5 {
        for row in network.weights(layer).expect("a layer").rows() {
            let norm = row
                .iter()
                .map(|w| f64::from(*w).powi(2))
                .sum::<f64>()
                .sqrt();
            assert!(norm <= 0.5 * (1.0 + 1e-6), "{norm}");
        }
    }
}

#[test]
fn clipping_cuts_the_norm_or_the_values() {
    let mut hyper = make::hyper(make::named("sgd"));
    hyper.clip = Clip::Norm { max: 0.01 };
    let mut network = make::network::<f32>(&rich(), ROWS, 5);
    let outcome = step(&mut network, &hyper, 0, Observe::Loss);
    assert!((outcome.clip_factor * outcome.global_grad_norm - 0.01).abs() < 1e-6);
    let norm = |network: &Network| {
        network
            .gradients()
            .iter()
            .flat_map(|t| &t.data)
            .map(|g| f64::from(*g).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    assert!((norm(&network) - 0.01).abs() < 1e-6);
    hyper.clip = Clip::Value { max: 1e-3 };
    let outcome = step(&mut network, &hyper, 1, Observe::Loss);
    // The factor is that of the whole norm, though elements are cut one by one.
    let left = outcome.clip_factor * outcome.global_grad_norm;
    assert!((norm(&network) - left).abs() < 1e-6 * left, "{left}");
    assert!(
        network
            .gradients()
            .iter()
            .flat_map(|t| &t.data)
            .all(|g| g.abs() <= 1e-3)
    );
}

#[test]
fn dropout_drops_its_share_anew_each_step_and_nothing_in_evaluation() {
    let mut spec = make::spec(&[50, 200, 200, 2], &Activation::Linear, Loss::CrossEntropy);
    spec.layers[1].dropout = 0.3;
    spec.layers
        .iter_mut()
        .for_each(|l| l.bias = Bias::Drawn(Initializer::Ones));
    let mut network = make::network::<f32>(&spec, 60, 5);
    let x = make::inputs(60, 50, 1);
    let y = Targets::of(&spec.loss, 60, 2, 1);
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    let out = |network: &mut Network| {
        let trace = network.probe(&batch, &Regularize::default()).expect("fits");
        let of = |name: &str| {
            trace
                .tensors
                .iter()
                .find(|t| t.name == name)
                .expect("there")
                .data
                .clone()
        };
        (of("layers.1.pre"), of("layers.1.out"))
    };
    let (pre, first) = out(&mut network);
    let dropped = first.iter().filter(|o| **o == 0.0).count() as f64 / first.len() as f64;
    // six standard deviations of a share of 12,000 draws
    assert!(
        (dropped - 0.3).abs() < 6.0 * (0.3f64 * 0.7 / 12_000.0).sqrt(),
        "{dropped}"
    );
    for (z, o) in pre.iter().zip(&first).filter(|(_, o)| **o != 0.0) {
        assert!((o - z / 0.7).abs() <= 1e-6 * o.abs());
    }
    network
        .step(&batch, &make::hyper(make::named("sgd")), 0.0, Observe::Loss)
        .expect("steps");
    assert_ne!(first, out(&mut network).1, "another mask at the next step");
    let evaluated = network.outputs(x.view()).expect("fits");
    network.set_dropout(1, 0.0);
    let without = network.outputs(x.view()).expect("fits");
    assert_eq!(evaluated, without);
}

#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    let mut spec = make::spec(&[100, 400, 2], &Activation::Selu, Loss::CrossEntropy);
    spec.layers[0].init = Initializer::LecunNormal;
    spec.layers[0].bias = Bias::Off;
    let stats = |dropout: f64| {
        let mut spec = spec.clone();
        spec.layers[0].dropout = dropout;
        let mut network = make::network::<f32>(&spec, 200, 5);
        let x = make::inputs(200, 100, 1);
        let y = Targets::of(&spec.loss, 200, 2, 1);
        let trace = network
            .probe(
                &Batch {
                    x: x.view().into(),
                    y: y.view(),
                },
                &Regularize::default(),
            )
            .expect("fits");
        (trace.stats[0].out_mean, trace.stats[0].out_std)
    };
    let (mean, std) = stats(0.2);
    assert!(
        mean.abs() < 0.05 && (std - 1.0).abs() < 0.05,
        "{mean} {std}, without dropout {:?}",
        stats(0.0)
    );
}

#[test]
fn running_statistics_follow_the_batches_as_pytorchs_do() {
    let mut spec = make::spec(&[3, 2, 2], &Activation::Linear, Loss::CrossEntropy);
    spec.layers[0].norm = Norm::Batch {
        eps: 1e-5,
        momentum: 0.25,
    };
    let mut network = make::network::<f32>(&spec, 5, 5);
    let x = make::inputs(5, 3, 1);
    let y = Targets::of(&spec.loss, 5, 2, 1);
    let (w, b) = (
        network.parameters()[0].data.clone(),
        network.parameters()[1].data.clone(),
    );
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    network
        .step(
            &batch,
            &make::hyper(make::named("sgd")),
            0.01,
            Observe::Loss,
        )
        .expect("steps");
    let affine: Array2<f64> = Array2::from_shape_fn((5, 2), |(row, unit)| {
        f64::from(b[unit])
            + (0..3)
                .map(|k| f64::from(x[[row, k]]) * f64::from(w[unit * 3 + k]))
                .sum::<f64>()
    });
    let after = network.parameters();
    let running = |name: &str| {
        after
            .iter()
            .find(|t| t.name == name)
            .expect("there")
            .data
            .clone()
    };
    for unit in 0..2 {
        let column = affine.column(unit);
        let mean = column.sum() / 5.0;
        let unbiased = column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4.0;
        assert!(
            (f64::from(running("layers.0.norm.running_mean")[unit]) - 0.25 * mean).abs() < 1e-6
        );
        assert!(
            (f64::from(running("layers.0.norm.running_var")[unit]) - (0.75 + 0.25 * unbiased))
                .abs()
                < 1e-6
        );
    }
}

#[test]
fn it_learns() {
    let spec = make::spec(&[2, 16, 2], &Activation::Tanh, Loss::CrossEntropy);
    let mut network = make::network::<f32>(&spec, 100, 5);
    let x = make::inputs(100, 2, 1);
    let classes: Vec<u32> = x
        .outer_iter()
        .map(|r| u32::from(r[0] * r[1] > 0.0))
        .collect();
    let batch = Batch {
        x: x.view().into(),
        y: gradlab::nn::network::TargetsView::Classes(&classes),
    };
    let hyper = make::hyper(make::named("adam"));
    for _ in 0..500 {
        network
            .step(&batch, &hyper, 0.02, Observe::Loss)
            .expect("steps");
    }
    let score = network.evaluate(&batch).expect("fits");
    assert!(score.accuracy > Some(0.97), "{score:?}");
}

/// Panics when it is asked for the time of that number.
#[derive(Debug)]
struct Breaking(AtomicUsize);

impl Team for Breaking {
    fn members(&self) -> usize {
        2
    }
    fn run(&self, shares: usize, work: &(dyn Fn(usize) + Sync)) {
        let left = self.0.fetch_sub(1, Ordering::Relaxed);
        assert_ne!(left, 0, "broken off");
        (0..shares).for_each(work);
    }
}

/// Wherever a step is broken off: the network says that it is whole only where it goes on as if nothing had been, and up to
/// the first update it says so, with batch norm too.
#[test]
fn a_step_that_broke_off_before_anything_was_learned_can_be_taken_again() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let hyper = make::hyper(make::named("adam"));
    for observe in [Observe::Loss, Observe::Full] {
        let at_two = || {
            let mut network = shared_out(&wide(), 2, None);
            run(&mut network, &hyper, 0..2);
            network
        };
        let mut unbroken = at_two();
        step(&mut unbroken, &hyper, 2, observe);
        let mut whole = Vec::new();
        for place in 0.. {
            let mut network = at_two();
            network.set_team(Some(Arc::new(Breaking(place.into()))));
            let broken = catch_unwind(AssertUnwindSafe(|| step(&mut network, &hyper, 2, observe)));
            network.set_team(None);
            whole.push(network.is_whole());
            if broken.is_ok() {
                break;
            }
            if network.is_whole() {
                step(&mut network, &hyper, 2, observe);
                assert_eq!(
                    network.state(),
                    unbroken.state(),
                    "{observe:?}, call {place}"
                );
            }
        }
        let forward = 4;
        assert!(whole.len() > 2 * forward, "{whole:?}");
        assert!(
            whole[..forward].iter().all(|w| *w),
            "{observe:?}: {whole:?}"
        );
    }
}
