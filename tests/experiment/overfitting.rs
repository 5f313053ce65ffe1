//! Overfitting and its cures: the preset that overfits, and what the workbench offers against it, over seeds.

use super::training::{preset, spread};
use gradlab::experiment::Experiment;
use gradlab::insight::overfit::cures;
use gradlab::training::{Detail, Session, Start};
use std::path::Path;

const STEPS: u64 = 600;

/// Training and test loss at the end, as in evaluation.
fn ends(experiment: &Experiment, seed: u64) -> (f64, f64) {
    let mut e = experiment.clone();
    e.seed = seed;
    let mut session = Session::build(&e, Path::new("."), &Start::default(), None, &|_| {}).unwrap();
    while session.steps() < STEPS && session.ended().is_none() {
        session.advance(STEPS - session.steps(), Detail::Loss);
    }
    let train = session.evaluate_fit().unwrap().expect("rows").loss;
    let test = session.evaluate().unwrap().expect("rows").loss;
    (train, test)
}

fn medians(experiment: &Experiment, label: &str) -> (f64, f64) {
    let runs: Vec<(f64, f64)> = (1..=5).map(|seed| ends(experiment, seed)).collect();
    let of = |what, f: fn(&(f64, f64)) -> f64| {
        spread(&format!("{label}, {what}"), runs.iter().map(f).collect())[1]
    };
    (of("test loss", |r| r.1), of("gap", |r| r.1 - r.0))
}

/// Figures of every seed: `cargo test --test experiment each_cure -- --nocapture`.
#[test]
fn each_cure_narrows_the_gap_and_lowers_the_test_loss() {
    let base = preset("overfit-moons");
    let (test, gap) = medians(&base, "overfit-moons");
    assert!(gap > 1.0, "{gap}");
    let cures = cures(&base, true);
    assert_eq!(cures.len(), 6);
    for cure in cures {
        let (cured_test, cured_gap) = medians(&cure.fix.experiment, &cure.fix.label);
        let label = &cure.fix.label;
        assert!(cured_gap < 0.95 * gap, "{label}: {cured_gap} of {gap}");
        assert!(cured_test < 0.95 * test, "{label}: {cured_test} of {test}");
    }
}
