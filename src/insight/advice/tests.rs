mod transferred;

use super::*;
use crate::data::Task;
use crate::experiment::Experiment;
use crate::experiment::{parse, resolve};
use crate::insight::cause::{self, Symptoms};
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

/// [`super::advise`] on standardized rows.
fn advise(
    experiment: &Experiment,
    spec: &NetworkSpec,
    stats: Option<&[LayerStats]>,
) -> Vec<Advice> {
    let seen = stats.map(|layers| Seen {
        layers: layers.to_vec(),
        learning_rate: experiment.training.learning_rate(),
        first: None,
    });
    advise_on(experiment, spec, seen.as_ref())
}

fn advise_on(experiment: &Experiment, spec: &NetworkSpec, seen: Option<&Seen>) -> Vec<Advice> {
    let setting = &Setting::standardized(32);
    let case = Case {
        experiment,
        spec,
        setting,
    };
    super::advise(&case, seen)
}

fn of(experiment: &Experiment, topic: Topic) -> Option<Advice> {
    advise(experiment, &network(experiment), None)
        .into_iter()
        .find(|a| a.topic == topic)
}

fn measured(experiment: &Experiment, stats: &LayerStats) -> Vec<Advice> {
    let spec = network(experiment);
    advise(experiment, &spec, Some(&vec![*stats; spec.layers.len()]))
}

fn fixed(advice: &Advice) -> Experiment {
    *advice.fix.as_ref().expect("a fix").experiment.clone()
}

fn relu_by_he() -> Experiment {
    experiment(&format!(
        "activation = \"relu\"\ninit = \"he-normal\"\n{HIDDEN}"
    ))
}

const HIDDEN: &str = "[[network.layers]]\nunits = 80\nrepeat = 4\n";

#[test]
fn the_tables_pairs_need_no_advice() {
    for (activation, init) in [
        ("tanh", "glorot-uniform"),
        ("logistic", "glorot-normal"),
        ("linear", "glorot-normal"),
        ("relu", "he-normal"),
        ("leaky-relu", "he-uniform"),
        ("prelu", "he-normal"),
        ("elu", "he-normal"),
        ("selu", "lecun-normal"),
        ("relu", "lsuv"),
        ("tanh", "orthogonal"),
    ] {
        let experiment = experiment(&format!(
            "activation = \"{activation}\"\ninit = \"{init}\"\n{HIDDEN}[network.output]\ninit = \"glorot-normal\"\n"
        ));
        assert_eq!(of(&experiment, Topic::Pair), None, "{activation} {init}");
    }
}

#[test]
fn a_departure_names_layers_ratio_and_fix() {
    let experiment = experiment(&format!(
        "activation = \"relu\"\ninit = \"glorot-uniform\"\n{HIDDEN}"
    ));
    let advice = of(&experiment, Topic::Pair).expect("advice");
    // 64 inputs and 80 units make the lowest layer's ratio.
    assert_eq!(
        advice.sentence,
        "Layers 1 to 4 are drawn by glorot-uniform, which has 0.44 times the recommended variance; he-uniform suits relu."
    );
    let after = fixed(&advice);
    assert_eq!(of(&after, Topic::Pair), None);
    assert_eq!(after.network.init.name(), "he-uniform");
    assert_eq!(
        after.network.output.init,
        Some(crate::nn::init::Initializer::GlorotUniform)
    );
}

use crate::nn::vocabulary::Vocabulary;

#[test]
fn one_layer_off_is_mended_alone() {
    let experiment = experiment(
        "activation = \"tanh\"\ninit = \"glorot-normal\"\n[[network.layers]]\nunits = 50\nrepeat = 2\n[[network.layers]]\nunits = 30\nactivation = \"selu\"\n",
    );
    let advice =
        of(&experiment, Topic::Pair).expect("equal fans give LeCun's variance, others not");
    assert_eq!(advice.layers, [2]);
    let after = fixed(&advice);
    assert_eq!(after.network.layers[0], experiment.network.layers[0]);
    assert_eq!(
        after.network.layers[1].init,
        Some(crate::nn::init::Initializer::LecunNormal)
    );
}

#[test]
fn symmetric_weights() {
    for init in [
        "zeros",
        "ones",
        "{ kind = \"constant\", value = 0.1 }",
        "{ kind = \"normal\", std = 0.0 }",
    ] {
        let init = if init.starts_with('{') {
            init.to_string()
        } else {
            format!("\"{init}\"")
        };
        let experiment = experiment(&format!("activation = \"tanh\"\ninit = {init}\n{HIDDEN}"));
        let advice = of(&experiment, Topic::Symmetric).unwrap_or_else(|| panic!("{init}"));
        assert_eq!(advice.layers, [0, 1, 2, 3]);
        assert_eq!(of(&fixed(&advice), Topic::Symmetric), None);
    }
    let broken = experiment(&format!(
        "activation = \"tanh\"\ninit = \"zeros\"\n{HIDDEN}bias = {{ kind = \"normal\", std = 0.1 }}\n"
    ));
    assert_eq!(of(&broken, Topic::Symmetric), None);
}

#[test]
fn the_tables_own_pair_vanishes_when_deep() {
    let deep = experiment(
        "activation = \"logistic\"\ninit = \"glorot-normal\"\n[[network.layers]]\nunits = 100\nrepeat = 10\n",
    );
    let advice = of(&deep, Topic::Depth).expect("logistic and Glorot vanish at ten layers");
    assert!(
        advice.sentence.starts_with(
            "Each layer is drawn as the table recommends, and still theory expects the"
        ),
        "{}",
        advice.sentence
    );
    assert!(
        advice.sentence.contains("vanish over 11 layers"),
        "{}",
        advice.sentence
    );
    let after = fixed(&advice);
    let (spec, setting) = (network(&after), Setting::standardized(32));
    let decades = predicted_decades(&predict(&spec, &setting).expect("a theory"), &spec);
    assert!(
        decades <= 1.0,
        "{}: {decades}",
        advice.fix.expect("a fix").label
    );
    let shallow = experiment(
        "activation = \"logistic\"\ninit = \"glorot-normal\"\n[[network.layers]]\nunits = 100\nrepeat = 2\n",
    );
    assert_eq!(of(&shallow, Topic::Depth), None);
}

#[test]
fn an_exploding_draw_is_foreseen() {
    let loud = experiment(
        "activation = \"relu\"\ninit = { kind = \"normal\", std = 1.0 }\n[[network.layers]]\nunits = 100\nrepeat = 5\n",
    );
    let advice = of(&loud, Topic::Signal).expect("relu from N(0, 1) explodes");
    assert!(advice.sentence.contains("explode"), "{}", advice.sentence);
    assert_eq!(
        advice.fix.expect("a fix").label,
        "draw all weights by he-normal"
    );
}

#[test]
fn he_does_not_suit_the_smooth_relatives_of_relu() {
    for activation in ["gelu", "silu", "mish"] {
        let experiment = experiment(&format!(
            "activation = \"{activation}\"\ninit = \"he-normal\"\n{HIDDEN}"
        ));
        let advice = of(&experiment, Topic::NoPair).unwrap_or_else(|| panic!("{activation}"));
        let chi = if activation == "mish" { "0.72" } else { "0.5" };
        assert!(
            advice.sentence.contains(&format!("factor of {chi}")),
            "{}",
            advice.sentence
        );
    }
}

#[test]
fn a_bias_before_batch_norm() {
    let experiment = experiment(&format!(
        "activation = \"relu\"\ninit = \"he-normal\"\n{HIDDEN}norm = \"batch\"\n"
    ));
    let advice = of(&experiment, Topic::BatchNormBias).expect("advice");
    assert_eq!((advice.severity, advice.layers.len()), (Severity::Note, 4));
    assert_eq!(of(&fixed(&advice), Topic::BatchNormBias), None);
}

#[test]
fn saturated_and_dead_layers() {
    let logistic = experiment(&format!(
        "activation = \"logistic\"\ninit = {{ kind = \"normal\", std = 1.0 }}\n{HIDDEN}"
    ));
    let found = measured(
        &logistic,
        &LayerStats {
            saturated: 0.8,
            ..LayerStats::default()
        },
    );
    let advice = found
        .iter()
        .find(|a| a.topic == Topic::Saturated)
        .expect("advice");
    assert_eq!(advice.layers, [0, 1, 2, 3]);
    assert_eq!(
        advice.sentence,
        "Up to 80 % of the outputs of layers 1 to 4 lie where logistic is flat: hardly any gradient passes."
    );
    let relu = relu_by_he();
    let found = measured(
        &relu,
        &LayerStats {
            dead: 0.6,
            saturated: 0.9,
            ..LayerStats::default()
        },
    );
    let advice = found
        .iter()
        .find(|a| a.topic == Topic::Dead)
        .expect("advice");
    assert_eq!(
        advice.fix.as_ref().expect("a fix").label,
        "set the learning rate to 0.0001"
    );
    assert!(
        found.iter().all(|a| a.topic != Topic::Saturated),
        "half of relu is always flat"
    );
}

/// Units that are flat or dead are not woken by a rate below the one that is harmless already.
#[test]
fn small_steps_are_not_made_smaller() {
    let experiment = relu_by_he();
    let with = |update_ratio| {
        let stats = LayerStats {
            dead: 0.6,
            update_ratio,
            weight_norm: 1.0,
            ..LayerStats::default()
        };
        let found = measured(&experiment, &stats);
        let dead = found.into_iter().find(|a| a.topic == Topic::Dead);
        dead.expect("advice").fix.map(|fix| fix.label)
    };
    assert_eq!(with(1e-4), None);
    assert_eq!(
        with(5e-3).as_deref(),
        Some("set the learning rate to 0.0001")
    );
}

/// Steps that have become small with the loss need no higher rate.
#[test]
fn a_rate_that_was_high_enough_at_first_is_not_too_low() {
    let experiment = relu_by_he();
    let spec = network(&experiment);
    let rate = experiment.training.learning_rate();
    let layers = |update_ratio| {
        let stats = LayerStats {
            update_ratio,
            weight_norm: 1.0,
            grad_rms: 0.1,
            delta_rms: 0.1,
            ..LayerStats::default()
        };
        vec![stats; spec.layers.len()]
    };
    let is_low = |at_first: f64, first_rate: f64| {
        let seen = Seen {
            layers: layers(1e-7),
            learning_rate: rate,
            first: Some((layers(at_first), first_rate)),
        };
        let found = advise_on(&experiment, &spec, Some(&seen));
        found.iter().any(|a| a.topic == Topic::LearningRateLow)
    };
    assert!(is_low(1e-6, rate));
    assert!(!is_low(1e-3, rate), "little is left to learn");
    assert!(is_low(1e-3, 1e4 * rate), "the rate has been lowered since");
}

#[test]
fn learning_rates_by_their_update() {
    let experiment = relu_by_he();
    let with = |update_ratio| {
        measured(
            &experiment,
            &LayerStats {
                update_ratio,
                weight_norm: 1.0,
                grad_rms: 0.1,
                delta_rms: 0.1,
                ..LayerStats::default()
            },
        )
    };
    let high = with(0.2);
    let advice = high
        .iter()
        .find(|a| a.topic == Topic::LearningRateHigh)
        .expect("advice");
    assert_eq!(fixed(advice).training.optimizer.learning_rate(), 5e-6);
    let low = with(1e-7);
    let advice = low
        .iter()
        .find(|a| a.topic == Topic::LearningRateLow)
        .expect("advice");
    assert!(fixed(advice).training.optimizer.learning_rate() > 0.01);
    for healthy in [with(1e-3), with(1e-2), with(1e-4), with(0.0)] {
        assert!(
            healthy
                .iter()
                .all(|a| !matches!(a.topic, Topic::LearningRateHigh | Topic::LearningRateLow))
        );
    }
}

#[test]
fn the_gravest_comes_first() {
    let experiment = experiment(&format!(
        "activation = \"relu\"\ninit = {{ kind = \"normal\", std = 1.0 }}\n{HIDDEN}norm = \"batch\"\n"
    ));
    let advice = advise(&experiment, &network(&experiment), None);
    assert!(advice.len() >= 2);
    assert!(advice.windows(2).all(|w| w[0].severity >= w[1].severity));
}

/// Where the signal vanishes the median step is small for want of gradient, not by the rate.
#[test]
fn no_higher_rate_is_advised_while_the_gradient_vanishes() {
    let experiment = experiment(&format!(
        "activation = \"logistic\"\ninit = \"glorot-normal\"\n{HIDDEN}"
    ));
    let spec = network(&experiment);
    let count = spec.layers.len();
    let small = |decades: f64| -> Vec<Topic> {
        let layer = |l: usize| {
            let size = 10f64.powf(-decades * (count - 1 - l) as f64);
            LayerStats {
                grad_rms: size,
                grad_norm: size,
                delta_rms: size,
                weight_norm: 1.0,
                update_ratio: 5e-6 * size,
                ..LayerStats::default()
            }
        };
        let stats: Vec<LayerStats> = (0..count).map(layer).collect();
        let advice = advise(&experiment, &spec, Some(&stats));
        advice.iter().map(|a| a.topic).collect()
    };
    assert!(small(0.0).contains(&Topic::LearningRateLow));
    assert!(!small(1.5).contains(&Topic::LearningRateLow));
}

/// The units of a layer that starts equal are told apart by an input of their own (skip), a mask (dropout) or a slope (rrelu).
#[test]
fn what_is_told_apart_stays_no_copy() {
    for edit in ["skip = true", "dropout = 0.3", "activation = \"rrelu\""] {
        let experiment = experiment(&format!(
            "activation = \"tanh\"\ninit = {{ kind = \"constant\", value = 0.3 }}\n[[network.layers]]\nunits = 64\n{edit}\n"
        ));
        assert_eq!(of(&experiment, Topic::Symmetric), None, "{edit}");
    }
}
