//! What the verdict says of every preset is what the preset teaches, and its fix mends it.

use super::{session_of, step};
use gradlab::experiment::{Experiment, presets};
use gradlab::insight::Case;
use gradlab::insight::theory::Setting;
use gradlab::insight::verdict::{self, Kind, Verdict};
use gradlab::training::Session;

fn preset(name: &str) -> Experiment {
    let preset = presets::find(name).unwrap_or_else(|| panic!("no preset {name}"));
    preset
        .experiment()
        .unwrap_or_else(|faults| panic!("{faults}"))
}

fn verdict_on(session: &mut Session) -> Verdict {
    let rows = 32.min(session.data().train.len());
    let seen = session.probe(rows).unwrap_or_else(|e| panic!("{e}"));
    let case = Case {
        experiment: session.experiment(),
        spec: session.network().spec(),
        setting: &Setting::of(session.data(), rows),
    };
    verdict::judge(&seen.stats, &seen.time, seen.first_non_finite, &case)
}

/// Before the first step. Whatever is not named is healthy.
const TAUGHT: [(&str, Kind); 11] = [
    ("chaotic-tanh", Kind::Exploding),
    ("exploding-relu", Kind::Exploding),
    ("logistic-top-saturates", Kind::Vanishing),
    ("relu-glorot-30", Kind::Vanishing),
    ("rnn-clipped", Kind::Exploding),
    ("rnn-exploding", Kind::Exploding),
    ("rnn-identity-relu", Kind::Exploding),
    ("torch-default-relu", Kind::Vanishing),
    ("transfer-source", Kind::Vanishing),
    ("vanishing-logistic", Kind::Vanishing),
    ("vanishing-logistic-normal", Kind::Vanishing),
];

/// Of these what shows is through training: weights that lie elsewhere, pretraining, and a gradient through time that only
/// training lets die.
const ELSEWHERE: [&str; 4] = [
    "transfer-target",
    "pretrain-digits",
    "rnn-tanh-vanishing",
    "lstm-adding",
];

#[test]
fn every_preset_is_judged_as_what_it_teaches() {
    for preset in presets::all() {
        if ELSEWHERE.contains(&preset.name) {
            continue;
        }
        let taught = TAUGHT.iter().find(|(name, _)| *name == preset.name);
        let kind = taught.map_or(Kind::Healthy, |(_, kind)| *kind);
        let experiment = preset.experiment().unwrap_or_else(|f| panic!("{f}"));
        let verdict = verdict_on(&mut session_of(&experiment));
        assert_eq!(verdict.kind, kind, "{}: {}", preset.name, verdict.sentence);
    }
}

/// The explosion that its description speaks of is there however late one looks.
#[test]
fn chaotic_tanh_goes_on_exploding_and_is_mended_by_its_fix() {
    let mut session = session_of(&preset("chaotic-tanh"));
    step(&mut session, 1000);
    let verdict = verdict_on(&mut session);
    assert_eq!(verdict.kind, Kind::Exploding, "{}", verdict.sentence);
    let fix = verdict.fix.expect("a fix");
    let mut mended = session_of(&fix.experiment);
    step(&mut mended, 300);
    let verdict = verdict_on(&mut mended);
    assert_eq!(verdict.kind, Kind::Healthy, "{}", verdict.sentence);
    let reached = mended.evaluate().expect("rows").expect("test rows");
    assert!(reached.accuracy.expect("classes") > 0.7, "{reached:?}");
}

/// Targets of 25 to 346: gradients of thousands are their units', not an explosion.
#[test]
fn a_regression_on_large_targets_that_trains_well_is_healthy() {
    let mut session = session_of(&preset("diabetes"));
    for _ in 0..5 {
        let verdict = verdict_on(&mut session);
        assert_eq!(verdict.kind, Kind::Healthy, "{}", verdict.sentence);
        step(&mut session, 60);
    }
}

/// The one key's change does what the verdict asks for.
#[test]
fn the_fix_of_a_deep_networks_verdict_mends_it_before_the_first_step() {
    for (name, kind) in TAUGHT {
        let verdict = verdict_on(&mut session_of(&preset(name)));
        let recurrent = name.starts_with("rnn");
        let Some(fix) = verdict.fix.filter(|_| !recurrent) else {
            assert!(recurrent, "{name} has no fix");
            continue;
        };
        let mended = verdict_on(&mut session_of(&fix.experiment));
        assert_ne!(
            mended.kind, kind,
            "{name}, {}: {}",
            fix.label, mended.sentence
        );
    }
}

/// Ten relu units a layer die in fifteen layers, at this rate or a tenth of it.
#[test]
fn the_fix_of_a_network_deeper_than_wide_has_it_learn() {
    let verdict = verdict_on(&mut session_of(&preset("vanishing-logistic-normal")));
    let fix = verdict.fix.expect("a fix");
    assert_eq!(fix.label, "use tanh drawn by glorot-normal");
    let mut mended = session_of(&fix.experiment);
    step(&mut mended, 5000);
    let reached = mended.evaluate().expect("rows").expect("test rows");
    assert!(reached.accuracy.expect("classes") > 0.6, "{reached:?}");
}

#[test]
fn what_is_frozen_but_for_the_output_layer_is_said() {
    let mut experiment = preset("vanishing-logistic-normal");
    experiment
        .network
        .layers
        .iter_mut()
        .for_each(|l| l.frozen = true);
    let verdict = verdict_on(&mut session_of(&experiment));
    assert_eq!(verdict.trained, 1);
    assert!(
        verdict
            .sentence
            .starts_with("Only the output layer is trained: it can use what the"),
        "{}",
        verdict.sentence
    );
}
