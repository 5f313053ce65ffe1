//! What can be changed under way, and what cannot.

use super::{bits, experiment, session, session_of, step};
use gradlab::experiment::Experiment;
use gradlab::training::{Change, Detail};

fn change(edit: impl Fn(&mut Experiment)) -> (Change, bool) {
    let before = experiment("");
    let mut session = session_of(&before);
    step(&mut session, 10);
    let weights = bits(&session);
    let mut after = before.clone();
    edit(&mut after);
    let change = session.change(&after);
    (change, bits(&session) == weights)
}

#[test]
fn live_settings_keep_the_run() {
    use gradlab::nn::optimizer::Optimizer;
    use gradlab::nn::schedule::Schedule;
    use gradlab::nn::spec::Clip;
    use gradlab::nn::vocabulary::Vocabulary;
    let edits: [fn(&mut Experiment); 9] = [
        |e| e.name = "other".into(),
        |e| e.training.optimizer = e.training.optimizer.with_learning_rate(0.5),
        |e| e.training.optimizer = Optimizer::named("adam").expect("known"),
        |e| e.training.schedule = Schedule::Exponential { factor: 0.9 },
        |e| e.training.clip = Clip::Norm { max: 1.0 },
        |e| e.training.regularize.l2 = 0.1,
        |e| e.training.stop.steps = Some(1000),
        |e| e.network.layers[0].dropout = 0.5,
        |e| e.network.output.frozen = true,
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        assert_eq!(change(edit), (Change::InPlace, true), "edit {i}");
    }
}

#[test]
fn everything_else_starts_again() {
    use gradlab::nn::activation::Activation;
    use gradlab::nn::init::Initializer;
    use gradlab::nn::vocabulary::Vocabulary;
    let edits: [fn(&mut Experiment); 7] = [
        |e| e.seed += 1,
        |e| e.data.test_fraction = 0.5,
        |e| e.data.shuffle = false,
        |e| e.network.activation = Activation::named("relu").expect("known"),
        |e| e.network.init = Initializer::named("orthogonal").expect("known"),
        |e| e.network.layers[0].units = 13,
        |e| e.network.layers[0].repeat = 3,
    ];
    for (i, edit) in edits.into_iter().enumerate() {
        assert_eq!(change(edit), (Change::Restart, true), "edit {i}");
    }
}

/// Splitting a repeated layer in order to freeze a part of it changes nothing else.
#[test]
fn a_part_of_a_repeated_layer_can_be_frozen() {
    let (change, same) = change(|e| {
        let mut upper = e.network.layers[0].clone();
        e.network.layers[0].repeat = 1;
        (upper.repeat, upper.frozen) = (1, true);
        e.network.layers.push(upper);
    });
    assert_eq!((change, same), (Change::InPlace, true));
}

#[test]
fn a_changed_rate_takes_effect_at_the_next_step_and_a_frozen_layer_stays() {
    let mut experiment = experiment("");
    let mut session = session_of(&experiment);
    step(&mut session, 3);
    experiment.training.optimizer = experiment.training.optimizer.with_learning_rate(0.123);
    experiment.network.layers[0].frozen = true;
    assert_eq!(session.change(&experiment), Change::InPlace);
    let frozen = |session: &gradlab::training::Session| {
        let all = bits(session);
        let own: Vec<_> = all
            .into_iter()
            .filter(|b| !b.0.starts_with("layers.2"))
            .collect();
        own
    };
    let before = frozen(&session);
    let point = session.advance(1, Detail::Stats).point.expect("a point");
    assert_eq!(point.learning_rate, 0.123);
    assert_eq!(frozen(&session), before);
    assert_ne!(bits(&session), bits(&super::session("")));
}

#[test]
fn a_longer_stop_rule_lets_a_finished_run_go_on() {
    let mut session = session("[training.stop]\nsteps = 5\n");
    session.advance(10, Detail::Loss);
    assert!(session.ended().is_some());
    let mut longer = session.experiment().clone();
    longer.training.stop.steps = Some(8);
    assert_eq!(session.change(&longer), Change::InPlace);
    assert!(session.ended().is_none());
    session.advance(10, Detail::Loss);
    assert_eq!(session.steps(), 8);
}
