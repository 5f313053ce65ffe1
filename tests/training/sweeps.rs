//! Sweeps over learning rates.

use gradlab::experiment::{Experiment, Transfer, presets};
use gradlab::insight::rates::read;
use gradlab::training::pretrain::Ear;
use gradlab::training::sweep::{HIGHEST, LOWEST, STEPS, sweep};
use gradlab::training::{Session, Start, Sweep, SweepState, Sweeper};
use std::path::Path;
use std::sync::mpsc;

fn preset(name: &str) -> Experiment {
    presets::find(name)
        .expect("a preset")
        .experiment()
        .expect("reads")
}

fn swept(experiment: &Experiment) -> Sweep {
    let ear = Ear {
        say: &|_| {},
        stopped: &|| false,
        heard: &|_| {},
        warn: &|_| {},
    };
    let all = &mut |_: &Sweep| true;
    sweep(experiment, Path::new("."), &Start::default(), &ear, all).expect("a sweep")
}

fn test_loss(experiment: &Experiment, steps: u64) -> f64 {
    let mut session =
        Session::build(experiment, Path::new("."), &Start::default(), None, &|_| {}).unwrap();
    while session.steps() < steps && session.ended().is_none() {
        session.advance(steps, gradlab::training::Detail::Loss);
    }
    session.evaluate().unwrap().expect("test rows").loss
}

#[test]
fn rates_rise_by_one_factor_until_the_loss_leaves() {
    let sweep = swept(&preset("wine"));
    assert_eq!(sweep.state, SweepState::Done);
    assert_eq!(sweep.rates.len(), sweep.losses.len());
    assert!((sweep.rates[0] / LOWEST - 1.0).abs() < 1e-9);
    let factor = (HIGHEST / LOWEST).powf(1.0 / (STEPS - 1) as f64);
    for pair in sweep.rates.windows(2) {
        assert!((pair[1] / pair[0] / factor - 1.0).abs() < 1e-9);
    }
}

/// The suggestion serves better than rates a decade and a half to either side.
#[test]
fn the_suggested_rate_is_one_to_train_at() {
    let base = preset("wine");
    let sweep = swept(&base);
    let found = read(&sweep.rates, &sweep.losses)
        .suggestion
        .expect("a fall");
    let rate = sweep.rates[found.steepest];
    let at = |rate: f64| {
        let mut e = base.clone();
        e.training.optimizer = e.training.optimizer.with_learning_rate(rate);
        test_loss(&e, 60)
    };
    let (low, suggested) = (at(rate / 30.0), at(rate));
    assert!(suggested < 0.7 * low, "{suggested} at {rate}, {low} below");
}

#[test]
fn a_network_without_gradient_learns_at_no_rate() {
    let sweep = swept(&preset("vanishing-logistic"));
    assert_eq!(read(&sweep.rates, &sweep.losses).suggestion, None);
}

#[test]
fn the_thread_shows_the_sweep_and_says_what_fails() {
    let (rung, bell) = mpsc::channel();
    let start = |experiment: Experiment| {
        let rung = rung.clone();
        let notify = move || rung.send(()).unwrap_or_default();
        Sweeper::start(experiment, ".".into(), notify).expect("a thread")
    };
    let last = |sweeper: &Sweeper| loop {
        bell.recv().expect("a state");
        match sweeper.take() {
            Some(sweep) if matches!(sweep.state, SweepState::Done | SweepState::Failed(_)) => {
                return sweep;
            }
            _ => {}
        }
    };
    let sweeper = start(preset("moons"));
    assert!(last(&sweeper).rates.len() > 50);
    drop(sweeper);
    let mut broken = preset("moons");
    broken.network.transfer = Some(Transfer::from("nowhere.safetensors", 1));
    let sweeper = start(broken);
    assert!(matches!(last(&sweeper).state, SweepState::Failed(_)));
}
