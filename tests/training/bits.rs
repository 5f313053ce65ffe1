//! The same experiment gives the same bits, whatever is measured on the way and however the steps are parcelled out.

use super::{bits, experiment, session, session_from, session_of, step};
use gradlab::training::{Detail, Start};

const RICH: &str = r#"
[data]
kind = "digits"
[network]
activation = "relu"
[[network.layers]]
units = 20
norm = "batch"
dropout = 0.2
[[network.layers]]
units = 20
norm = "layer"
activation = "rrelu"
skip = true
[training]
batch_size = 50
[training.optimizer]
kind = "nadam"
[training.schedule]
kind = "one-cycle"
steps = 100
max = 0.01
[training.regularize]
l2 = 1e-4
[training.clip]
kind = "norm"
max = 1.0
"#;

#[test]
fn measuring_changes_no_bit() {
    let mut plain = session(RICH);
    let mut measured = session(RICH);
    step(&mut plain, 60);
    for i in 0..60 {
        measured.advance(1, [Detail::Stats, Detail::Histograms][i % 2]);
        measured.evaluate().expect("test rows");
    }
    assert_eq!(bits(&plain), bits(&measured));
}

#[test]
fn parcelling_changes_no_bit() {
    let mut one = session(RICH);
    let mut many = session(RICH);
    one.advance(75, Detail::Loss);
    for steps in [1, 2, 30, 42] {
        many.advance(steps, Detail::Stats);
    }
    assert_eq!((one.steps(), many.steps()), (75, 75));
    assert_eq!(bits(&one), bits(&many));
}

#[test]
fn threads_change_no_bit() {
    let experiment = experiment(RICH);
    let with = |threads| {
        let start = Start {
            threads: Some(threads),
            ..Start::default()
        };
        let mut session = session_from(&experiment, &start);
        step(&mut session, 40);
        bits(&session)
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn another_seed_gives_other_bits() {
    let mut experiment = experiment(RICH);
    let first = bits(&session_of(&experiment));
    experiment.seed += 1;
    assert_ne!(first, bits(&session_of(&experiment)));
}

/// Two runs that differ in an activation see the same rows and start from the same draws.
#[test]
fn streams_are_apart() {
    let one = session("");
    let other =
        session("[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 12\nrepeat = 2\n");
    assert_eq!(bits(&one), bits(&other));
}

#[test]
fn training_learns() {
    let mut session = session("[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.01\n");
    let before = session.evaluate().expect("rows").expect("a test set");
    step(&mut session, 200);
    let after = session.evaluate().expect("rows").expect("a test set");
    assert!(after.loss < 0.5 * before.loss);
    assert!(after.accuracy.expect("classes") > 0.9);
}

#[test]
fn a_point_has_the_steps_own_figures() {
    let mut session = session("");
    let point = session.advance(5, Detail::Stats).point.expect("a point");
    assert_eq!((point.step, point.layers.len()), (5, 3));
    assert!((point.epoch * session.steps_per_epoch() as f64 - 5.0).abs() < 1e-12);
    assert!(
        point
            .layers
            .iter()
            .all(|l| l.grad_norm > 0.0 && l.update_ratio > 0.0)
    );
    let joined: f64 = point.layers.iter().map(|l| l.grad_norm.powi(2)).sum();
    // the norm of all gradients has the biases' too
    assert!(point.global_grad_norm >= joined.sqrt());
}
