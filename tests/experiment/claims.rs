//! Every preset shows what its name and its description say; results of the literature over several seeds. The bounds leave room beside what was measured; what is
//! vanishing and what is exploding is the verdict's: the lowest layer's gradient or error signal a thousand times smaller
//! or larger than the top's.

use super::training::{Trained, bottom_over_top, preset, seeded, train};
use gradlab::data::Task;
use gradlab::experiment::{apply_set, resolve};
use gradlab::insight::theory::Setting;
use gradlab::insight::{Case, Kind, Symptoms, cause};

fn first_step(name: &str) -> Trained {
    train(&preset(name), 1)
}

fn gradients(trained: &Trained) -> f64 {
    bottom_over_top(&trained.first, |s| s.grad_rms)
}

fn signals(trained: &Trained) -> f64 {
    bottom_over_top(&trained.first, |s| s.delta_rms)
}

fn assert_between(what: &str, value: f64, low: f64, high: f64) {
    assert!(
        (low..=high).contains(&value),
        "{what} is {value:e}, not in {low:e}..{high:e}"
    );
}

#[test]
fn vanishing_logistic_vanishes_and_does_not_learn() {
    let trained = train(&preset("vanishing-logistic"), 200);
    assert_between("gradient", gradients(&trained), 1e-8, 1e-5);
    assert_between("error signal", signals(&trained), 1e-8, 1e-5);
    // ln 10 = 2.303 is the loss of a guess
    assert_between("loss", trained.train.loss, 2.28, 2.35);
    let mended = apply_set(&preset("vanishing-logistic"), "network.activation=relu").unwrap();
    let mended = apply_set(&mended, "network.init=he-normal").unwrap();
    assert!(train(&mended, 200).train.loss < 1.0);
    // What the text says of f.
    let experiment = preset("vanishing-logistic");
    let task = Task::Classification { classes: 10 };
    let spec = resolve::network_spec(&experiment, 64, task).expect("fits");
    let case = Case {
        experiment: &experiment,
        spec: &spec,
        setting: &Setting::standardized(32),
    };
    let fix = cause::fix(Symptoms::of(Kind::Vanishing), &case).expect("a fix");
    assert!(train(&fix.experiment, 200).train.loss < 1.0);
}

#[test]
fn logistic_from_standard_normal_draws_depends_on_the_width() {
    assert_between(
        "error signal",
        signals(&first_step("vanishing-logistic-normal")),
        1e-8,
        3e-4,
    );
    let at = |units: &str| {
        let wider = apply_set(
            &preset("vanishing-logistic-normal"),
            &format!("network.layers.0.units={units}"),
        )
        .unwrap();
        signals(&train(&wider, 1))
    };
    assert_between("at 100 units", at("100"), 0.1, 10.0);
    assert_between("at 1000 units", at("1000"), 100.0, 1e6);
}

#[test]
fn torch_default_relu_hides_its_vanishing_signal_from_the_weights_gradients() {
    let trained = first_step("torch-default-relu");
    assert_between("error signal", signals(&trained), 1e-9, 1e-5);
    assert_between("gradient", gradients(&trained), 0.05, 20.0);
}

#[test]
fn exploding_relu_explodes_and_leaves_the_scale() {
    let trained = train(&preset("exploding-relu"), 5);
    assert_between("error signal", signals(&trained), 1e6, 1e10);
    assert!(trained.first.iter().all(|s| s.grad_norm > 1e8));
    assert!(trained.first_non_finite.is_some());
}

#[test]
fn chaotic_tanh_explodes_though_it_is_saturated() {
    let trained = first_step("chaotic-tanh");
    assert_between("gradient", gradients(&trained), 1e3, 1e6);
    let hidden = &trained.first[..trained.first.len() - 1];
    assert!(hidden.iter().all(|s| s.saturated > 0.7));
}

#[test]
fn tanh_glorot_is_healthy_and_learns() {
    let trained = train(&preset("tanh-glorot"), 200);
    assert_between("gradient", gradients(&trained), 0.1, 10.0);
    assert_between("error signal", signals(&trained), 0.05, 10.0);
    assert!(trained.train.loss < 0.2, "{:?}", trained.train);
}

#[test]
fn thirty_relu_layers_stall_by_glorot_and_learn_by_he() {
    for seed in 1..=3 {
        let glorot = train(&seeded("relu-glorot-30", seed), 200);
        assert_between("error signal", signals(&glorot), 1e-7, 1e-3);
        assert_between("loss", glorot.train.loss, 2.29, 2.31);
        let he = train(&seeded("relu-he-30", seed), 200);
        assert_between("error signal", signals(&he), 0.02, 20.0);
        assert!(he.train.loss < 2.0, "{:?}", he.train);
    }
}

#[test]
fn elu_he_deep_grows_down_the_layers() {
    // the variance's growth is the square
    assert_between(
        "error signal",
        signals(&first_step("elu-he-deep")),
        8.0,
        60.0,
    );
}

#[test]
fn selu_keeps_mean_0_and_variance_1_through_a_hundred_layers() {
    for seed in 1..=5 {
        let selu = seeded("selu-lecun-100", seed);
        for (layer, stats) in train(&selu, 1).first[..100].iter().enumerate() {
            let at = format!("of layer {layer}, seed {seed}");
            assert_between(&format!("mean {at}"), stats.out_mean, -0.3, 0.3);
            assert_between(&format!("deviation {at}"), stats.out_std, 0.75, 1.25);
        }
        let tanh = apply_set(&selu, "network.activation=tanh").unwrap();
        let tanh = apply_set(&tanh, "network.init=glorot-normal").unwrap();
        assert!(train(&tanh, 1).first[99].out_std < 0.2);
    }
}

#[test]
fn lsuv_starts_every_layer_at_unit_variance() {
    for seed in 1..=5 {
        let lsuv = seeded("lsuv-tanh", seed);
        let glorot = apply_set(&lsuv, "network.init=glorot-normal").unwrap();
        assert!(train(&glorot, 1).first[19].pre_std < 0.5);
        let trained = train(&lsuv, 150);
        for layer in 0..20 {
            let what = format!("pre_std of layer {layer}, seed {seed}");
            assert_between(&what, trained.first[layer].pre_std, 0.8, 1.2);
        }
        assert!(trained.train.loss < 0.6, "{:?}", trained.train);
    }
}

#[test]
fn batch_norm_lets_the_logistic_net_learn() {
    for seed in 1..=5 {
        let normalized = seeded("batch-norm-logistic", seed);
        let with = train(&normalized, 300);
        let bare = apply_set(&normalized, "network.layers.0.norm=none").unwrap();
        let without = train(&bare, 300);
        assert!(with.train.loss < 1.0, "{:?}", with.train);
        assert!(without.train.loss > 2.28, "{:?}", without.train);
        assert!(signals(&with) > 100.0 * signals(&without));
    }
}

#[test]
fn the_classifiers_classify() {
    for (name, steps, accuracy) in [
        ("textbook-digits", 300, 0.95),
        ("moons", 400, 0.93),
        ("wine", 200, 0.94),
        ("spiral", 3000, 0.94),
    ] {
        let trained = train(&preset(name), steps);
        let reached = trained.test.accuracy.expect("classes");
        assert!(reached >= accuracy, "{name}: {reached}");
    }
}

#[test]
fn diabetes_turns() {
    let early = train(&preset("diabetes"), 600);
    let late = train(&preset("diabetes"), 3000);
    assert!(
        late.train.loss < 0.5 * early.train.loss,
        "{:?} {:?}",
        early.train,
        late.train
    );
    assert!(
        late.test.loss > 1.2 * early.test.loss,
        "{:?} {:?}",
        early.test,
        late.test
    );
}

#[test]
fn forty_points_are_overfitted_and_dropout_helps() {
    for seed in 1..=3 {
        let early = train(&seeded("overfit-moons", seed), 40).test.loss;
        let late = train(&seeded("overfit-moons", seed), 1500).test.loss;
        assert!(late > 2.0 * early, "seed {seed}: {early} {late}");
        let dropped = train(&seeded("dropout-moons", seed), 1500).test.loss;
        assert!(dropped < 0.8 * late, "seed {seed}: {dropped} {late}");
    }
    let late = train(&preset("overfit-moons"), 1500);
    assert!(late.train.loss < 0.01, "{:?}", late.train);
}
