//! What a verdict proposes names what is to blame, and helps: each case is a network that trains but for one thing, which the
//! fix takes away.

use super::session_of;
use gradlab::experiment::{Experiment, parse};
use gradlab::insight::advice::Topic;
use gradlab::insight::theory::Setting;
use gradlab::insight::verdict::{self, Kind, Measure, Verdict};
use gradlab::insight::{Advice, Case, Seen, advise};
use gradlab::training::{Detail, Session};

fn experiment(data: &str, network: &str, training: &str) -> Experiment {
    let text = format!(
        "format = 1\nseed = 1\n[data]\nkind = {data}\n[network]\n{network}[training]\n{training}"
    );
    parse(&text, "test").unwrap_or_else(|faults| panic!("{faults}"))
}

fn layers(activation: &str, init: &str, depth: usize) -> String {
    format!(
        "activation = \"{activation}\"\ninit = \"{init}\"\n[[network.layers]]\nunits = 50\nrepeat = {depth}\n"
    )
}

fn relu(more: &str) -> String {
    layers("relu", "he-normal", 6) + more
}

fn rate(optimizer: &str, rate: f64) -> String {
    format!("optimizer = {{ kind = \"{optimizer}\", learning_rate = {rate:?} }}\n")
}

fn with_case<R>(session: &Session, look: impl FnOnce(&Case) -> R) -> R {
    look(&Case {
        experiment: session.experiment(),
        spec: session.network().spec(),
        setting: &Setting::for_experiment(session.experiment(), session.data()),
    })
}

/// The verdict on the last of so many steps, and the test loss.
fn trained(experiment: &Experiment, steps: u64) -> (Verdict, f64) {
    let mut session = session_of(experiment);
    let mut last = None;
    while session.steps() < steps && session.ended().is_none() {
        let left = steps - session.steps();
        last = session.advance(left, Detail::Stats).point;
    }
    let last = last.expect("a step");
    let place = session.non_finite();
    let verdict = with_case(&session, |case| {
        verdict::judge(&last.layers, &last.time, place, case)
    });
    let loss = session.evaluate().ok().flatten();
    (verdict, loss.map_or(f64::NAN, |score| score.loss))
}

/// Before the first step.
fn advice(experiment: &Experiment) -> Vec<Advice> {
    with_case(&session_of(experiment), |case| advise(case, None))
}

/// After so many steps, of what was measured at the last.
fn advice_after(experiment: &Experiment, steps: u64) -> Vec<Advice> {
    let mut session = session_of(experiment);
    let mut last = None;
    while session.steps() < steps {
        last = session
            .advance(steps - session.steps(), Detail::Stats)
            .point;
    }
    let last = last.expect("a step");
    let seen = Seen {
        layers: last.layers,
        learning_rate: last.learning_rate,
        first: None,
    };
    with_case(&session, |case| advise(case, Some(&seen)))
}

/// What is proposed after so many steps, and the experiment with it.
fn proposed(experiment: &Experiment, kind: Kind, steps: u64) -> (String, Experiment) {
    let (verdict, _) = trained(experiment, steps);
    assert_eq!(verdict.kind, kind, "{}", verdict.sentence);
    let fix = verdict
        .fix
        .unwrap_or_else(|| panic!("no fix: {}", verdict.sentence));
    (fix.label, *fix.experiment)
}

/// That it is healthy after so many steps, with a test loss below `most`.
fn trains(label: &str, experiment: &Experiment, steps: u64, most: f64) {
    let (verdict, loss) = trained(experiment, steps);
    assert_eq!(verdict.kind, Kind::Healthy, "{label}: {}", verdict.sentence);
    assert!(loss < most, "{label}: {loss}");
}

/// Regressions have an output of one unit: its gradient is a decade over the others', in a network that trains too.
#[test]
fn what_diverged_by_its_rate_alone_is_told_a_rate() {
    // Guessing the mean costs 5,900, 1 and 25.
    for (data, most) in [("diabetes", 4500.0), ("plane", 0.2), ("friedman", 12.0)] {
        let data = format!("\"{data}\"");
        let (label, fixed) = proposed(
            &experiment(&data, &relu(""), &rate("sgd", 0.5)),
            Kind::Diverged,
            300,
        );
        assert!(label.starts_with("set the learning rate to"), "{label}");
        trains(&label, &fixed, 1000, most);
    }
}

/// That six layers which a rate breaks are told another, with which they train.
fn is_told_a_rate(optimizer: &str, wild: f64, kind: Kind) {
    let broken = experiment("\"digits\"", &relu(""), &rate(optimizer, wild));
    let (label, fixed) = proposed(&broken, kind, 300);
    assert!(label.starts_with("set the learning rate to"), "{label}");
    trains(&label, &fixed, 300, 1.0);
}

#[test]
fn a_rate_beyond_all_reason_comes_down_at_once() {
    // at 1 it hangs on last digits whether values overflow or all units die first
    for wild in [3.0, 1000.0] {
        is_told_a_rate("sgd", wild, Kind::Diverged);
    }
}

#[test]
fn units_that_a_rate_has_killed_are_met_by_a_lower_one() {
    for (optimizer, wild) in [
        ("adam", 10.0),
        ("adam", 0.3),
        ("rmsprop", 10.0),
        ("adamw", 10.0),
    ] {
        is_told_a_rate(optimizer, wild, Kind::Vanishing);
    }
}

/// Errors are as large as the targets, and so are gradients: 152 on average here.
#[test]
fn gradients_of_targets_in_their_own_units_are_no_explosion() {
    let diabetes = experiment("\"diabetes\"", &relu(""), &rate("sgd", 1e-5));
    assert_eq!(advice(&diabetes), []);
}

#[test]
fn inputs_that_are_not_standardized_are_named_and_mended() {
    let data = "\"wine\"\nstandardize = false";
    for network in [
        layers("logistic", "glorot-normal", 2),
        layers("tanh", "glorot-normal", 3),
        relu(""),
    ] {
        let raw = experiment(data, &network, &rate("sgd", 0.05));
        let (verdict, _) = trained(&raw, 300);
        assert_ne!(verdict.kind, Kind::Healthy);
        let fix = verdict.fix.expect("a fix");
        assert_eq!(fix.label, "standardize the inputs");
        let first = advice(&raw).swap_remove(0);
        assert_eq!(
            (first.topic, first.fix.as_ref()),
            (Topic::Inputs, Some(&fix))
        );
        trains(&fix.label, &fix.experiment, 300, 0.7);
    }
}

#[test]
fn a_penalty_that_outweighs_the_loss_is_named_and_weakened() {
    for (penalty, kind) in [
        ("l2 = 1.0", Kind::Vanishing),
        ("l2 = 100.0", Kind::Diverged),
        ("l1 = 0.1", Kind::Vanishing),
        ("max_norm = 0.01", Kind::Vanishing),
    ] {
        let training = rate("sgd", 0.05) + "regularize = { " + penalty + " }\n";
        let strong = experiment("\"digits\"", &relu(""), &training);
        let (label, fixed) = proposed(&strong, kind, 300);
        let name = penalty.split(' ').next().expect("a name");
        assert!(label.contains(name), "{label}");
        let first = advice(&strong).swap_remove(0);
        assert_eq!(first.topic, Topic::Penalty, "{}", first.sentence);
        assert_eq!(first.fix.expect("a fix").label, label);
        trains(&label, &fixed, 300, 0.7);
    }
    for fair in ["l2 = 0.01", "l1 = 0.003", "max_norm = 0.7"] {
        let training = rate("sgd", 0.05) + "regularize = { " + fair + " }\n";
        assert_eq!(
            advice(&experiment("\"digits\"", &relu(""), &training)),
            [],
            "{fair}"
        );
    }
}

/// Coupled decay is twice an l2; decoupled decay is a bound.
#[test]
fn a_weight_decay_that_outweighs_the_loss_is_named_and_weakened() {
    let optimizer = |kind: &str, rate: f64, decay: f64| {
        format!(
            "optimizer = {{ kind = \"{kind}\", learning_rate = {rate:?}, weight_decay = {decay:?} }}\n"
        )
    };
    let network = layers("relu", "he-normal", 8);
    for (kind, rate, decay) in [
        ("sgd", 0.05, 1.0),
        ("sgd", 0.05, 0.2),
        ("adam", 0.001, 1.0),
        ("adamw", 0.001, 30.0),
        ("adamw", 0.001, 10.0),
    ] {
        let training = optimizer(kind, rate, decay);
        let strong = experiment("\"digits\"", &network, &training);
        let (label, fixed) = proposed(&strong, Kind::Vanishing, 300);
        assert!(
            label.starts_with("weaken the weight decay, weight_decay = "),
            "{training}: {label}"
        );
        let first = advice(&strong).swap_remove(0);
        assert_eq!(first.topic, Topic::Penalty, "{}", first.sentence);
        assert_eq!(first.fix.expect("a fix").label, label);
        trains(&label, &fixed, 300, 0.7);
    }
    for (kind, rate, decay) in [
        ("sgd", 0.05, 0.02),
        ("adam", 0.001, 0.02),
        ("adamw", 0.001, 0.01),
        ("adamw", 0.001, 2.0),
    ] {
        let training = optimizer(kind, rate, decay);
        let fair = experiment("\"digits\"", &network, &training);
        assert_eq!(advice(&fair), [], "{training}");
    }
}

#[test]
fn too_much_dropout_is_named_and_lowered() {
    for share in ["0.8", "0.9"] {
        let network = relu(&format!("dropout = {share}\n"));
        let loud = experiment("\"digits\"", &network, &rate("sgd", 0.05));
        let (label, fixed) = proposed(&loud, Kind::Diverged, 300);
        assert_eq!(label, "drop at most 0.2 of each layer's outputs");
        assert_eq!(advice(&loud).swap_remove(0).topic, Topic::Dropout);
        trains(&label, &fixed, 300, 1.5);
    }
}

/// In so many layers the usual shares are too much as well.
#[test]
fn dropout_is_named_however_deep_the_network() {
    for share in ["0.9", "0.999"] {
        let network = layers("relu", "he-normal", 30) + &format!("dropout = {share}\n");
        let loud = experiment("\"digits\"", &network, &rate("sgd", 0.01));
        let first = advice(&loud).swap_remove(0);
        assert_eq!(first.topic, Topic::Dropout, "{}", first.sentence);
        let label = first.fix.expect("a fix").label;
        assert_eq!(label, "drop at most 0.05 of each layer's outputs");
    }
}

#[test]
fn a_rate_of_0_is_named() {
    let still = experiment("\"digits\"", &relu(""), &rate("sgd", 0.0));
    let first = advice(&still).swap_remove(0);
    assert_eq!(first.topic, Topic::LearningRateLow, "{}", first.sentence);
    let fix = first.fix.expect("a fix");
    assert_eq!(fix.label, "set the learning rate to 0.001");
    assert_eq!(advice(&fix.experiment), []);
}

#[test]
fn a_pretraining_that_kills_the_network_is_named_and_slowed_down() {
    let network = layers("relu", "he-normal", 3);
    let wild = rate("adam", 0.001) + "[pretrain]\nepochs = 5\nlearning_rate = 0.1\n";
    let broken = experiment("\"digits\"", &network, &wild);
    let (label, fixed) = proposed(&broken, Kind::Vanishing, 300);
    assert_eq!(label, "pretrain at 0.001, the usual rate with adam");
    let first = advice(&broken).swap_remove(0);
    assert_eq!(first.topic, Topic::Pretraining, "{}", first.sentence);
    assert_eq!(first.fix.expect("a fix").label, label);
    trains(&label, &fixed, 300, 0.7);
    for fair in [
        rate("adam", 0.001) + "[pretrain]\n",
        rate("adam", 0.001) + "[pretrain]\nlearning_rate = 0.005\n",
        rate("sgd", 0.05) + "[pretrain]\nlearning_rate = 0.2\n",
    ] {
        let fair = experiment("\"digits\"", &network, &(fair + "epochs = 1\n"));
        let said = advice(&fair);
        assert!(
            said.iter().all(|a| a.topic != Topic::Pretraining),
            "{said:?}"
        );
    }
}

const ADDING: &str = "\"adding\"\nlength = 50";

fn recurrent(cell: &str, above: &str) -> String {
    format!(
        "activation = \"logistic\"\ninit = \"glorot-normal\"\n[[network.layers]]\nkind = \"recurrent\"\nactivation = \"tanh\"\ncell = {cell}\nunits = 32\n{above}"
    )
}

#[test]
fn dense_layers_that_lose_the_signal_above_a_recurrent_one_are_mended_themselves() {
    let above = "[[network.layers]]\nunits = 32\nrepeat = 10\n";
    for cell in ["\"plain\"", "\"gru\""] {
        let deep = experiment(ADDING, &recurrent(cell, above), &rate("sgd", 0.05));
        let (verdict, _) = trained(&deep, 1);
        assert_eq!(verdict.kind, Kind::Vanishing);
        assert_ne!(verdict.measure, Measure::ThroughTime);
        let fix = verdict.fix.expect("a fix");
        assert!(fix.label.ends_with("in the dense layers"), "{}", fix.label);
        let (before, after) = (&deep.network.layers[0], &fix.experiment.network.layers[0]);
        assert_eq!(before.kind, after.kind);
        // over depth nothing is lost any more; through time, what these cells lose
        let (mended, _) = trained(&fix.experiment, 1);
        let over_depth = mended.kind == Kind::Healthy || mended.measure == Measure::ThroughTime;
        assert!(over_depth, "{}", mended.sentence);
    }
}

#[test]
fn gates_that_close_too_soon_are_opened() {
    for (cell, fix) in [
        ("\"lstm\"", "open the forget gates"),
        ("\"gru\"", "use lstm cells"),
    ] {
        let closed = experiment(ADDING, &recurrent(cell, ""), &rate("sgd", 0.05));
        let (label, fixed) = proposed(&closed, Kind::Vanishing, 1);
        assert!(label.starts_with(fix), "{label}");
        let (verdict, _) = trained(&fixed, 1);
        assert_eq!(verdict.kind, Kind::Healthy, "{}", verdict.sentence);
    }
}

#[test]
fn a_recurrent_network_that_diverged_by_its_rate_is_told_a_rate() {
    let open = "{ kind = \"lstm\", forget_bias = 1.0 }";
    let wild = experiment(ADDING, &recurrent(open, ""), &rate("sgd", 20.0));
    let (label, fixed) = proposed(&wild, Kind::Diverged, 150);
    assert!(label.starts_with("set the learning rate to"), "{label}");
    trains(&label, &fixed, 150, 0.25);
}

/// Theory's means of exponentials are carried by rare units: another draw of the same activation promises nothing.
#[test]
fn exponentials_are_not_promised_a_better_draw() {
    let network = layers("exponential", "lecun-normal", 12);
    let wild = experiment("\"digits\"", &network, &rate("sgd", 0.05));
    let (label, _) = proposed(&wild, Kind::Diverged, 10);
    assert!(label.starts_with("use selu"), "{label}");
}

/// What a schedule ends and begins with is small by design: ten and a hundred times the rate would break the same run.
#[test]
fn a_rate_that_its_schedule_has_lowered_is_not_called_too_low() {
    let network = layers("relu", "he-normal", 3);
    let optimizer =
        "optimizer = { kind = \"sgd\", learning_rate = 0.1, momentum = 0.9 }\nschedule = ";
    for (schedule, steps) in [
        ("{ kind = \"one-cycle\", steps = 400, max = 0.1 }", 400),
        ("{ kind = \"one-cycle\", steps = 400, max = 0.1 }", 390),
        ("{ kind = \"cosine\", steps = 400 }", 400),
        ("{ kind = \"cosine\", steps = 400 }", 380),
        ("{ kind = \"cosine\", steps = 400, warmup = 399 }", 3),
        ("{ kind = \"exponential\", factor = 0.97 }", 400),
        ("{ kind = \"step\", every = 50 }", 400),
        ("{ kind = \"plateau\", factor = 0.001, patience = 0 }", 1200),
    ] {
        let training = format!("{optimizer}{schedule}\n");
        let annealed = experiment("\"digits\"", &network, &training);
        let said = advice_after(&annealed, steps);
        assert!(
            said.iter().all(|a| a.topic != Topic::LearningRateLow),
            "{schedule} at {steps}: {said:?}"
        );
    }
    // a rate that is too low under a schedule is seen while there is enough of it
    let training = "optimizer = { kind = \"sgd\", learning_rate = 1e-6 }\nschedule = { kind = \"cosine\", steps = 400 }\n";
    let low = experiment("\"digits\"", &network, training);
    let said = advice_after(&low, 200);
    let low = said.iter().find(|a| a.topic == Topic::LearningRateLow);
    let sentence = &low.unwrap_or_else(|| panic!("{said:?}")).sentence;
    assert!(sentence.contains("at its full height a step"), "{sentence}");
}
