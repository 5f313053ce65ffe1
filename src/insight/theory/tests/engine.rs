//! Theory against the engine's own measurements at the first step.

use super::network;
use crate::data::{self, Targets};
use crate::experiment::{self, resolve};
use crate::insight::theory::{Predicted, Setting, predict};
use crate::nn::init::Initializer;
use crate::nn::network::{Batch, BuildOptions, Network, Observe, TargetsView};
use crate::nn::optimizer::Optimizer;
use crate::nn::spec::{Clip, Hyper, NetworkSpec, Norm, Regularize};
use crate::nn::stats::LayerStats;
use crate::nn::vocabulary::Vocabulary;
use ndarray::Array2;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// The first step's statistics on normal inputs and random classes.
fn first_step(spec: &NetworkSpec, rows: usize, seed: u64) -> Vec<LayerStats> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let x = Array2::from_shape_simple_fn((rows, spec.inputs), || {
        rng.sample::<f64, _>(StandardNormal) as f32
    });
    let classes: Vec<u32> = (0..rows).map(|_| rng.random_range(0..10)).collect();
    step_on(spec, &x, TargetsView::Classes(&classes), seed)
}

/// The statistics of a step on all these rows; nothing is learned, as the rate is 0.
fn step_on<'a>(
    spec: &NetworkSpec,
    x: &'a Array2<f32>,
    y: TargetsView<'a>,
    seed: u64,
) -> Vec<LayerStats> {
    let rows = x.nrows();
    let options = BuildOptions {
        seed,
        batch_rows: rows,
        threads: 1,
        time: None,
    };
    let mut network: Network<f32> = Network::new(spec, &options).expect("it fits");
    network.initialize(x.view()).expect("a batch");
    let hyper = Hyper {
        optimizer: Optimizer::named("sgd").expect("sgd has defaults"),
        regularize: Regularize::default(),
        clip: Clip::None,
    };
    let batch = Batch {
        x: x.view().into(),
        y,
    };
    network
        .step(&batch, &hyper, 0.0, Observe::Stats)
        .expect("a step")
        .stats
}

/// `tolerance` in decades: three draws of a hundred units a layer scatter by a few hundredths a layer.
fn check(what: &str, spec: &NetworkSpec, tolerance: f64) {
    let (rows, draws) = (64, 3);
    let theory = predict(spec, &Setting::standardized(rows)).expect("a theory");
    let runs: Vec<Vec<LayerStats>> = (0..draws)
        .map(|seed| first_step(spec, rows, seed))
        .collect();
    for (l, predicted) in theory.layers.iter().enumerate() {
        let near = |name: &str, of: fn(&LayerStats) -> f64, want: fn(&Predicted) -> f64| {
            let square: f64 = runs.iter().map(|r| of(&r[l]).powi(2)).sum::<f64>() / draws as f64;
            let (got, want) = (square.sqrt(), want(predicted));
            assert!(
                (got / want).log10().abs() < tolerance,
                "{what}, layer {l}, {name}: measured {got:e}, theory {want:e}"
            );
        };
        near("delta_rms", |s| s.delta_rms, |p| p.delta_rms);
        near("grad_rms", |s| s.grad_rms, |p| p.grad_rms);
        near("grad_norm", |s| s.grad_norm, |p| p.grad_norm);
    }
}

#[test]
fn the_engine_measures_what_theory_predicts() {
    let norm = |name: &str| Norm::named(name).expect("norms have defaults");
    let (glorot, he) = (Initializer::GlorotNormal, Initializer::HeNormal);
    check(
        "logistic",
        &network(8, 120, "logistic", &glorot, |_| {}),
        0.2,
    );
    check("relu", &network(8, 120, "relu", &he, |_| {}), 0.2);
    check(
        "lsuv",
        &network(4, 120, "tanh", &Initializer::Lsuv, |_| {}),
        0.2,
    );
    check(
        "batch norm",
        &network(4, 120, "relu", &he, |l| l.norm = norm("batch")),
        0.2,
    );
    check(
        "layer norm",
        &network(4, 120, "tanh", &glorot, |l| l.norm = norm("layer")),
        0.2,
    );
    check(
        "alpha dropout",
        &network(4, 120, "selu", &Initializer::LecunNormal, |l| {
            l.dropout = 0.1
        }),
        0.2,
    );
}

/// The first step on all training rows, `edit` changing a regression's targets, against theory: error signals and weight
/// gradients.
fn check_on_all_rows(what: &str, text: &str, edit: impl Fn(&mut Array2<f32>)) {
    let text = format!("format = 1\nname = \"x\"\n{text}\n");
    let experiment = experiment::parse(&text, "x.toml").expect("an experiment");
    let here = std::path::Path::new(".");
    let mut data = data::load(&experiment.request(), here, &|_| {}).expect("made data");
    for rows in [&mut data.train, &mut data.test] {
        if let Targets::Values(values) = &mut rows.y {
            edit(values);
        }
    }
    let spec = resolve::for_data(&experiment, &data).expect("it fits");
    let y = match &data.train.y {
        Targets::Values(values) => TargetsView::Values(values.view()),
        Targets::Classes(classes) => TargetsView::Classes(classes),
    };
    let theory = predict(&spec, &Setting::of(&data, usize::MAX)).expect("a theory");
    let draws: Vec<Vec<LayerStats>> = (0..4)
        .map(|seed| step_on(&spec, &data.train.x, y, seed))
        .collect();
    for (l, predicted) in theory.layers.iter().enumerate() {
        let near = |name: &str, of: fn(&LayerStats) -> f64, want: f64| {
            let square: f64 = draws.iter().map(|d| of(&d[l]).powi(2)).sum::<f64>() / 4.0;
            let got = square.sqrt();
            assert!(
                (got / want).log10().abs() < 0.25,
                "{what}, layer {l}, {name}: measured {got:e}, theory {want:e}"
            );
        };
        near("delta_rms", |s| s.delta_rms, predicted.delta_rms);
        near("grad_rms", |s| s.grad_rms, predicted.grad_rms);
    }
}

/// Errors of one sign cancel over rows that sum to 0.
#[test]
fn centred_rows_cancel_what_their_errors_have_in_common() {
    let network = "[network]\nactivation = \"tanh\"\ninit = \"glorot-normal\"\n[[network.layers]]\nunits = 150\nrepeat = 3";
    for loss in ["\"mae\"", "\"huber\""] {
        let text = format!("[data]\nkind = \"friedman\"\n{network}\n[training]\nloss = {loss}");
        check_on_all_rows(loss, &text, |_| {});
    }
}

/// Rows of one class have like inputs and like errors: over a full batch that makes a gradient several times as long as rows
/// would that have nothing in common.
#[test]
fn rows_that_resemble_each_other_add_up() {
    for data in ["moons", "wine", "digits", "friedman", "diabetes"] {
        for network in [
            "activation = \"tanh\"\ninit = \"glorot-normal\"",
            "activation = \"relu\"\ninit = \"he-normal\"",
        ] {
            let text = format!(
                "[data]\nkind = \"{data}\"\n[network]\n{network}\n[[network.layers]]\nunits = 150\nrepeat = 3"
            );
            check_on_all_rows(&format!("{data}, {network}"), &text, |_| {});
        }
    }
}

#[test]
fn probabilities_are_no_classes() {
    let text = "[data]\nkind = \"plane\"\n[network]\nactivation = \"tanh\"\ninit = \"glorot-normal\"\n[[network.layers]]\nunits = 150\nrepeat = 3\n[training]\nloss = \"binary-cross-entropy\"";
    let wave = |y: &mut Array2<f32>| {
        let count = y.nrows();
        for (row, y) in (0..count).zip(y.iter_mut()) {
            *y = 0.8 + 0.05 * (row as f32).sin();
        }
    };
    check_on_all_rows("about 0.8", text, wave);
}
