//! The presets' claims that need a whole run: gradients through time, transfer, pretraining, decay. As in
//! `claims`, bounds leave room beside what was measured over several seeds.

use super::training::{preset, seeded};
use gradlab::experiment::{Experiment, apply_set};
use gradlab::insight::{Kind, verdict};
use gradlab::nn::stats::LayerStats;
use gradlab::training::{Detail, Ended, Session, Start};
use std::path::Path;

fn set(experiment: &Experiment, changes: &[&str]) -> Experiment {
    let apply = |e: Experiment, change: &&str| apply_set(&e, change).expect("a change that fits");
    changes.iter().fold(experiment.clone(), apply)
}

fn start(experiment: &Experiment, folder: &Path) -> Session {
    Session::build(experiment, folder, &Start::default(), None, &|_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", experiment.name))
}

/// Takes up to `steps` steps; returns the last one's statistics.
fn advance(session: &mut Session, steps: u64) -> Vec<LayerStats> {
    let advance = session.advance(steps, Detail::Stats);
    advance.point.map(|p| p.layers).unwrap_or_default()
}

fn trained(experiment: &Experiment, steps: u64) -> Session {
    let mut session = start(experiment, Path::new("."));
    while session.steps() < steps && session.ended().is_none() {
        advance(&mut session, steps);
    }
    session
}

fn test_loss(session: &mut Session) -> f64 {
    session.evaluate().unwrap().expect("test rows").loss
}

fn accuracy(session: &mut Session) -> f64 {
    let score = session.evaluate().unwrap().expect("test rows");
    score.accuracy.expect("classes")
}

/// ‖∂loss/∂h‖ at the first step of the sequence over that at the last, at the first step of training.
fn first_over_last(experiment: &Experiment) -> f64 {
    let mut session = start(experiment, Path::new("."));
    advance(&mut session, 1);
    let norms = session.network().time_norms().remove(0);
    norms[0] / norms[norms.len() - 1]
}

#[test]
fn plain_tanh_vanishes_through_time_and_the_identity_does_not() {
    let tanh = first_over_last(&preset("rnn-tanh-vanishing"));
    assert!(tanh < 2e-3, "{tanh:e}");
    let identity = first_over_last(&preset("rnn-identity-relu"));
    assert!(identity > 0.05, "{identity:e}");
}

/// The presets' 100 and 50 steps take longer than a test should; what they show shows at 40 and 30.
#[test]
fn lstm_and_the_identity_solve_the_adding_problem_and_plain_tanh_does_not() {
    let lstm = set(&preset("lstm-adding"), &["data.length=40"]);
    assert!(test_loss(&mut trained(&lstm, 1000)) < 0.02);
    let identity = set(&preset("rnn-identity-relu"), &["data.length=30"]);
    assert!(test_loss(&mut trained(&identity, 600)) < 0.08);
    let tanh = set(&preset("rnn-tanh-vanishing"), &["data.length=40"]);
    assert!(test_loss(&mut trained(&tanh, 1000)) > 0.12);
}

#[test]
fn spectral_radius_one_and_a_half_explodes_and_clipping_rescues_it() {
    for seed in 1..=3 {
        let exploding = seeded("rnn-exploding", seed);
        let session = start(&exploding, Path::new("."));
        let (_, radius) = session.network().spectral_radii()[0];
        assert!((radius - 1.5).abs() < 0.01, "{radius}");
        let fix = verdict::fix(Kind::Diverged, &exploding, session.network().spec());
        let fixed = fix.expect("a fix").experiment;
        assert_eq!(fixed.training, preset("rnn-clipped").training, "f clips");
        let session = trained(&exploding, 100);
        assert!(matches!(session.ended(), Some(Ended::Diverged(_))));
        let mut clipped = trained(&seeded("rnn-clipped", seed), 100);
        assert!(accuracy(&mut clipped) > 0.98);
    }
}

/// The radius beside a step is that of the matrix which the step went through, not of what its update left.
#[test]
fn the_first_steps_radius_is_the_draws() {
    let mut session = start(&preset("rnn-exploding"), Path::new("."));
    let first = session.advance(1, Detail::Stats).point.expect("a point");
    let radius = first.time[0].radius.expect("of the draw");
    assert!((radius - 1.5).abs() < 0.01, "{radius}");
    let (_, after) = session.network().spectral_radii()[0];
    assert!(after > 2.0, "{after}");
}

#[test]
fn the_last_logistic_layer_is_driven_to_0() {
    for seed in 1..=5 {
        let preset = seeded("logistic-top-saturates", seed);
        let mut session = start(&preset, Path::new("."));
        let first = advance(&mut session, 1);
        assert!((first[3].out_mean - 0.5).abs() < 0.1);
        let later = advance(&mut session, 299);
        assert!(later[3].out_mean < 0.1, "{}", later[3].out_mean);
        assert!(later[..3].iter().all(|s| s.out_mean > 0.3));
    }
}

#[test]
fn standard_initialization_loses_what_normalized_initialization_keeps() {
    let ratios = |name: &str, seed: u64| {
        let stats = advance(&mut start(&seeded(name, seed), Path::new(".")), 1);
        [
            stats[4].out_std / stats[0].out_std,
            stats[0].delta_rms / stats[4].delta_rms,
        ]
    };
    for seed in 1..=5 {
        for ratio in ratios("tanh-standard", seed) {
            assert!(ratio < 0.2, "{ratio}");
        }
        for ratio in ratios("tanh-glorot", seed) {
            assert!(ratio > 0.4, "{ratio}");
        }
    }
}

/// With no gradient of the loss adamw shrinks a weight by (1 - rate·decay) a step, while adam, which divides the penalty's
/// gradient by its own size, takes a whole rate off it.
#[test]
fn decay_apart_from_adam_is_a_share_and_inside_it_a_step() {
    let weights = |session: &Session| session.network().parameters().swap_remove(0);
    let decayed = preset("adamw-decay");
    let mut session = start(&decayed, Path::new("."));
    // the first pixel of every picture is blank
    assert!(session.data().train.x.column(0).iter().all(|x| *x == 0.0));
    let before = weights(&session);
    let inputs = before.shape[1];
    advance(&mut session, 200);
    let after = weights(&session);
    let blank = |tensor: &gradlab::nn::network::NamedTensor| -> f64 {
        let column = tensor.data.iter().step_by(inputs);
        column.map(|w| f64::from(*w).powi(2)).sum::<f64>().sqrt()
    };
    let share = blank(&after) / blank(&before);
    assert!((share - (1.0 - 1e-4f64).powi(200)).abs() < 1e-3, "{share}");
    let inside = set(&decayed, &["training.optimizer.kind=adam"]);
    let inside = weights(&trained(&inside, 200));
    let share = blank(&inside) / blank(&before);
    assert!(share < 0.5, "{share}");
}

#[test]
fn transferred_layers_learn_where_drawn_ones_stay_on_the_plateau() {
    let folder = tempfile::tempdir().unwrap();
    let source = trained(&preset("transfer-source"), u64::MAX);
    let path = folder.path().join("zero-to-four.safetensors");
    source.weights().write(&path).unwrap();
    let target = set(&preset("transfer-target"), &["seed=7"]);
    let mut transferred = start(&target, folder.path());
    advance(&mut transferred, u64::MAX);
    assert!(accuracy(&mut transferred) > 0.65);
    let mut drawn = target.clone();
    drawn.network.transfer = None;
    let mut drawn = start(&drawn, folder.path());
    advance(&mut drawn, u64::MAX);
    assert!(accuracy(&mut drawn) < 0.4);
}

#[test]
fn pretraining_on_unlabelled_rows_helps_fifty_labels() {
    let pretrained = preset("pretrain-digits");
    let mut drawn = pretrained.clone();
    drawn.pretrain = None;
    let pretrained = test_loss(&mut trained(&pretrained, 300));
    let drawn = test_loss(&mut trained(&drawn, 300));
    assert!(pretrained < 0.95 * drawn, "{pretrained} {drawn}");
}

#[test]
fn momentum_and_adam_are_faster_from_the_same_draw_on_the_same_rows() {
    let slow = preset("slow-descent");
    let reached = |changes: &[&str]| test_loss(&mut trained(&set(&slow, changes), 300));
    let descent = reached(&[]);
    let momentum = reached(&["training.optimizer.momentum=0.9"]);
    let adam = reached(&["training.optimizer={kind=\"adam\",learning_rate=0.001}"]);
    assert!(momentum < 0.5 * descent, "{momentum} {descent}");
    assert!(adam < 0.5 * descent, "{adam} {descent}");
}
