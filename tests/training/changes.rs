//! What can be changed under way, and what cannot.

use super::{bits, experiment, session, session_from, session_of, step};
use gradlab::experiment::Experiment;
use gradlab::training::{Change, Detail, Session, Start};

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
    let frozen = |session: &Session| {
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

/// A run that is edited after 100 steps, under way and by going on from a checkpoint with the edit, and goes on to its end or
/// step 200; and the rate of its first step after the edit.
fn edited(before: &str, after: &str) -> [(Session, Option<f64>); 2] {
    const NOISY: &str = "[data]\nkind = \"digits\"\ntrain_rows = 40\n[training]\nbatch_size = 20\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.05\n";
    let [before, after] = [before, after].map(|rest| experiment(&format!("{NOISY}{rest}")));
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session_of(&before);
    step(&mut first, 100);
    first.save(&path).expect("saved");
    let start = Start {
        resume: Some(path),
        ..Start::default()
    };
    let resumed = session_from(&after, &start);
    assert_eq!(first.change(&after), Change::InPlace);
    [first, resumed].map(|mut session| {
        let mut rate = None;
        while session.ended().is_none() && session.steps() < 200 {
            let point = session.advance(1, Detail::Stats).point;
            rate = rate.or(point.map(|p| p.learning_rate));
        }
        (session, rate)
    })
}

/// What is remembered of a plateau and of patience stays while there is one, whatever its numbers.
#[test]
fn a_plateau_and_patience_are_remembered_under_other_numbers_alone() {
    let plateau = "[training.schedule]\nkind = \"plateau\"\npatience = ";
    let [two, three] = [2, 3].map(|patience| format!("{plateau}{patience}\n"));
    for (before, after, is_cut) in [
        (two.as_str(), three.as_str(), true),
        (&two, "", false),
        ("", &two, false),
    ] {
        let [live, resumed] = edited(before, after);
        assert_eq!(bits(&live.0), bits(&resumed.0), "{before} {after}");
        assert_eq!(live.1, resumed.1);
        assert_eq!(live.1.expect("steps") < 0.05, is_cut, "{before} {after}");
    }
}

/// A patience that is over by now ends the run at once, with its best weights.
#[test]
fn less_patience_goes_back_to_the_best_weights_since_the_start() {
    let stop = |patience: u64| format!("[training.stop]\npatience = {patience}\n");
    let sessions = edited(&stop(1000), &stop(5));
    for (mut session, rate) in sessions {
        assert_eq!((session.steps(), rate), (100, None), "no step more");
        let why = format!("{:?}", session.ended());
        assert!(why.contains("back to the weights of step "), "{why}");
        let of_best = session.evaluate().expect("rows").expect("test rows").loss;
        assert!(why.contains(&format!("test loss {of_best:.6}")), "{why}");
        let last = session.compare().expect("rows").test;
        assert!(last.expect("evaluated").loss > of_best);
    }
}
