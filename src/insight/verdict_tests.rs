use super::*;
use crate::data::Task;
use crate::experiment::{Experiment, parse, resolve};
use crate::insight::remedy::predicted_decades;
use crate::insight::theory::{Setting, predict};

fn experiment(network: &str) -> Experiment {
    let text = format!("format = 1\nname = \"t\"\n[data]\nkind = \"digits\"\n[network]\n{network}");
    parse(&text, "t.toml").unwrap_or_else(|faults| panic!("{faults}"))
}

fn network(experiment: &Experiment) -> NetworkSpec {
    resolve::network_spec(experiment, 64, Task::Classification { classes: 10 })
        .expect("it fits the data")
}

/// [`super::judge`] on standardized rows.
fn judge(
    stats: &[LayerStats],
    time: &[ThroughTime],
    place: Option<NonFinite>,
    experiment: &Experiment,
    spec: &NetworkSpec,
) -> Verdict {
    let setting = &Setting::standardized(32);
    let case = Case {
        experiment,
        spec,
        setting,
    };
    super::judge(stats, time, place, &case)
}

fn logistic() -> Experiment {
    experiment(
        "activation = \"logistic\"\ninit = { kind = \"normal\", std = 1.0 }\n[[network.layers]]\nunits = 30\nrepeat = 10\n",
    )
}

/// Eleven layers whose measures grow toward the top by so many decades a layer.
fn stats(grad: f64, delta: f64) -> Vec<LayerStats> {
    (0..11)
        .map(|l| {
            let below = f64::from(l) - 10.0;
            LayerStats {
                grad_rms: 0.01 * 10f64.powf(grad * below),
                grad_norm: 0.5 * 10f64.powf(grad * below),
                delta_rms: 0.3 * 10f64.powf(delta * below),
                weight_norm: 1.0,
                ..LayerStats::default()
            }
        })
        .collect()
}

#[test]
fn vanishing_with_slope_evidence_and_a_fix_that_theory_backs() {
    let (experiment, mut stats) = (logistic(), stats(0.73, 0.2));
    stats[0].saturated = 0.94;
    let spec = network(&experiment);
    let verdict = judge(&stats, &[], None, &experiment, &spec);
    assert_eq!(
        (verdict.kind, verdict.measure),
        (Kind::Vanishing, Measure::GradRms)
    );
    assert!((verdict.slope - 0.73).abs() < 1e-9);
    assert_eq!(
        verdict.sentence,
        "The weight gradient vanishes: 0.73 decades lost per layer on the way down; layer 1 gets only 5.0e-8 of what the output layer gets."
    );
    assert!(
        verdict.evidence.ends_with("layer 1 is 94 % saturated"),
        "{}",
        verdict.evidence
    );
    let fix = verdict.fix.expect("a fix");
    let fixed = network(&fix.experiment);
    let setting = Setting::standardized(32);
    let decades = |spec| predicted_decades(&predict(spec, &setting).expect("a theory"), spec);
    assert!(
        decades(&spec) > 1.0 && decades(&fixed) <= 1.0,
        "{}",
        fix.label
    );
}

#[test]
fn a_healthy_verdict_tells_of_one_measure_whichever_is_the_worse() {
    let experiment = logistic();
    let spec = network(&experiment);
    for (grad, delta) in [(0.05, 0.1), (0.1, 0.05)] {
        let verdict = without_fix(&stats(grad, delta), &[], None, &spec);
        assert_eq!(verdict.kind, Kind::Healthy);
        let measure = if grad > delta {
            Measure::GradRms
        } else {
            Measure::DeltaRms
        };
        assert_eq!(verdict.measure, measure);
        assert!(
            verdict.sentence.starts_with("The error signal"),
            "{}",
            verdict.sentence
        );
    }
}

#[test]
fn the_error_signal_may_vanish_while_weight_gradients_stay_level() {
    let experiment = logistic();
    let verdict = judge(
        &stats(0.0, 0.39),
        &[],
        None,
        &experiment,
        &network(&experiment),
    );
    assert_eq!(
        (verdict.kind, verdict.measure),
        (Kind::Vanishing, Measure::DeltaRms)
    );
    assert!(
        verdict
            .sentence
            .starts_with("The error signal vanishes: 0.39 decades lost per layer")
    );
}

#[test]
fn the_bounds() {
    let experiment = logistic();
    let spec = network(&experiment);
    let kind = |per_layer: f64| judge(&stats(per_layer, 0.0), &[], None, &experiment, &spec).kind;
    assert_eq!(kind(0.299), Kind::Healthy);
    assert_eq!(kind(0.301), Kind::Vanishing);
    assert_eq!(kind(-0.299), Kind::Healthy);
    assert_eq!(kind(-0.301), Kind::Exploding);
    let mut loud = stats(0.0, 0.0);
    loud[4].grad_norm = 1001.0;
    let verdict = judge(&loud, &[], None, &experiment, &spec);
    assert_eq!(verdict.kind, Kind::Exploding);
    assert!(
        verdict.sentence.contains("norm is 1001 in layer 5"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn exact_zeros() {
    let experiment = logistic();
    let spec = network(&experiment);
    let mut silent = stats(0.1, 0.1);
    silent[0] = LayerStats::default();
    let verdict = judge(&silent, &[], None, &experiment, &spec);
    assert_eq!((verdict.kind, verdict.ratio), (Kind::Vanishing, 0.0));
    assert!(
        verdict.sentence.ends_with("exactly 0 in layer 1."),
        "{}",
        verdict.sentence
    );
    let verdict = judge(
        &vec![LayerStats::default(); 11],
        &[],
        None,
        &experiment,
        &spec,
    );
    assert_eq!(verdict.kind, Kind::Vanishing);
    assert!(verdict.sentence.contains("nothing can be learned"));
}

#[test]
fn divergence_names_layer_and_direction() {
    let experiment = logistic();
    let spec = network(&experiment);
    let place = NonFinite {
        layer: 6,
        direction: Direction::Backward,
    };
    let verdict = judge(&stats(0.0, 0.0), &[], Some(place), &experiment, &spec);
    assert_eq!(
        (verdict.kind, verdict.non_finite),
        (Kind::Diverged, Some(place))
    );
    assert_eq!(
        verdict.sentence,
        "Layer 7 is the first whose numbers are no longer finite, on the way down."
    );
    let mut broken = stats(0.0, 0.0);
    broken[10].out_std = f64::NAN;
    let verdict = judge(&broken, &[], None, &experiment, &spec);
    assert_eq!(
        verdict.non_finite,
        Some(NonFinite {
            layer: 10,
            direction: Direction::Forward
        })
    );
    assert!(
        verdict
            .sentence
            .starts_with("The output layer is the first"),
        "{}",
        verdict.sentence
    );
}

#[test]
fn frozen_layers_are_left_out() {
    let experiment = logistic();
    let mut spec = network(&experiment);
    let mut stats = stats(0.0, 0.0);
    for (layer, stats) in spec.layers.iter_mut().zip(&mut stats).take(3) {
        layer.frozen = true;
        *stats = LayerStats::default();
    }
    assert_eq!(
        judge(&stats, &[], None, &experiment, &spec).kind,
        Kind::Healthy
    );
    spec.layers.iter_mut().for_each(|l| l.frozen = true);
    assert!(
        judge(&stats, &[], None, &experiment, &spec)
            .sentence
            .contains("frozen")
    );
}

#[test]
fn one_layer_has_no_depth() {
    let experiment = experiment("");
    let spec = network(&experiment);
    let verdict = judge(&stats(0.0, 0.0)[..1], &[], None, &experiment, &spec);
    assert_eq!(
        (verdict.kind, verdict.slope, verdict.ratio),
        (Kind::Healthy, 0.0, 1.0)
    );
}

#[test]
fn what_only_training_did_is_met_by_a_smaller_rate_or_by_clipping() {
    let experiment = experiment(
        "activation = \"relu\"\ninit = \"he-normal\"\n[[network.layers]]\nunits = 64\nrepeat = 3\n",
    );
    let spec = network(&experiment);
    let place = NonFinite {
        layer: 0,
        direction: Direction::Forward,
    };
    let fix = judge(&[], &[], Some(place), &experiment, &spec)
        .fix
        .expect("a fix");
    assert_eq!(fix.label, "set the learning rate to 0.0001");
    assert_eq!(fix.experiment.training.optimizer.learning_rate(), 0.0001);
    let fix = judge(&stats(-0.9, 0.0)[7..], &[], None, &experiment, &spec).fix;
    assert_eq!(fix, None, "2.7 decades are healthy");
    let fix = judge(&stats(-1.1, 0.0)[7..], &[], None, &experiment, &spec)
        .fix
        .expect("a fix");
    assert_eq!(fix.label, "clip the gradients' norm at 1");
}

#[test]
fn a_gradient_that_vanishes_through_time_is_seen_though_depth_loses_nothing() {
    let text = "format = 1\nname = \"t\"\n[data]\nkind = \"adding\"\nlength = 100\n[network]\nactivation = \"tanh\"\n[[network.layers]]\nkind = \"recurrent\"\nactivation = \"hard-tanh\"\nunits = 8\n";
    let plain = parse(text, "t.toml").unwrap_or_else(|faults| panic!("{faults}"));
    let spec = |e: &Experiment| {
        resolve::network_spec(e, 2, Task::Regression { targets: 1 }).expect("it fits the data")
    };
    let time = |per_step: f64| {
        vec![ThroughTime {
            layer: 0,
            norms: (0..100)
                .map(|t| 10f64.powf(per_step * f64::from(t - 99)))
                .collect(),
            radius: Some(0.875),
            ..ThroughTime::default()
        }]
    };
    let stats = &stats(0.0, 0.0)[..2];
    let verdict = judge(stats, &time(0.1), None, &plain, &spec(&plain));
    assert_eq!(
        (verdict.kind, verdict.measure),
        (Kind::Vanishing, Measure::ThroughTime)
    );
    assert!((verdict.slope - 0.1).abs() < 1e-9);
    assert_eq!(
        verdict.sentence,
        "The gradient through time vanishes: 0.10 decades lost per step on the way back; step 1 of layer 1 gets only 1.3e-10 of what step 100 gets."
    );
    assert!(
        verdict.evidence.contains("spectral radius 0.88 in layer 1"),
        "{}",
        verdict.evidence
    );
    let fix = verdict.fix.expect("a fix");
    assert!(fix.label.contains("lstm"), "{}", fix.label);
    let level = judge(stats, &time(0.01), None, &plain, &spec(&plain));
    assert_eq!(level.kind, Kind::Healthy);
    let grows = judge(stats, &time(-0.1), None, &plain, &spec(&plain));
    assert_eq!(grows.kind, Kind::Exploding);
    // What an LSTM's state loses, content and all, is lost: its gates are not open far enough for so many steps.
    // It may still learn to open them: no change is known to help.
    let lstm = &fix.experiment;
    assert_eq!(crate::experiment::rules::problems(lstm), []);
    let mut gates = time(0.1);
    (gates[0].radius, gates[0].gate) = (Some(0.9), Some(0.73));
    let lost = judge(stats, &gates, None, lstm, &spec(lstm));
    assert_eq!((lost.kind, &lost.fix), (Kind::Vanishing, &None));
    assert!(
        lost.evidence
            .contains("the forget gate of layer 1 is 73 % open"),
        "{}",
        lost.evidence
    );
    gates[0].norms = vec![0.0; 100];
    gates[0].state = vec![1.0; 100];
    let kept = judge(stats, &gates, None, lstm, &spec(lstm));
    assert_eq!(kept.kind, Kind::Healthy);
}

/// The figure in a column is the sentence's, and its sign the pickers': less below is lost.
#[test]
fn the_slope_of_a_column_is_that_of_the_sentence() {
    let spec = network(&logistic());
    let verdict = without_fix(&stats(0.2, 0.1), &[], None, &spec);
    assert_eq!(verdict.kind, Kind::Healthy);
    assert_eq!(verdict.measure, Measure::GradRms);
    assert_eq!(verdict.brief_slope(), "-0.10");
    assert!(
        verdict.sentence.contains("0.10 decades lost per layer"),
        "{}",
        verdict.sentence
    );
    let through_time = Verdict {
        told: (Measure::ThroughTime, -0.04),
        ..verdict
    };
    assert_eq!(through_time.brief_slope(), "+0.04/step");
}
