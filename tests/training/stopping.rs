//! Stop rules, divergence, patience.

use super::{bits, experiment, session, session_from, session_of, step};
use gradlab::experiment::Experiment;
use gradlab::training::pretrain::Ear;
use gradlab::training::{Change, Checkpoint, Detail, Ended, Session, Start};
use std::path::Path;

fn ended(session: &Session) -> String {
    match session.ended() {
        Some(Ended::Finished(why)) => why.clone(),
        other => panic!("not finished: {other:?}"),
    }
}

#[test]
fn steps_and_epochs_end_a_run_exactly() {
    let mut by_steps = session("[training.stop]\nsteps = 13\n");
    let advance = by_steps.advance(1000, Detail::Stats);
    assert_eq!((advance.steps, by_steps.steps()), (13, 13));
    assert_eq!(advance.point.map(|p| p.layers.len()), Some(3));
    assert_eq!(ended(&by_steps), "13 steps");
    assert_eq!(by_steps.advance(5, Detail::Stats).steps, 0);

    let mut by_epochs = session("[training.stop]\nepochs = 2\n");
    by_epochs.advance(u64::MAX, Detail::Loss);
    assert_eq!(by_epochs.steps(), 2 * by_epochs.steps_per_epoch());
    assert_eq!(ended(&by_epochs), "2 epochs");
}

/// The screen stays at it: what is drawn of the network is of that step, too.
#[test]
fn the_last_step_of_a_watched_run_is_measured_whole() {
    for stop in [
        "steps = 13",
        "epochs = 2",
        "patience = 1",
        "patience = 2\nepochs = 300",
    ] {
        let text = "[data]\nkind = \"digits\"\ntrain_rows = 40\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.05\n";
        for is_watched in [true, false] {
            let again = session(&format!("{text}[training.stop]\n{stop}\n"));
            let mut session = if is_watched { again.watched() } else { again };
            let last = loop {
                let advance = session.advance(7, Detail::Loss);
                if advance.ended.is_some() {
                    break advance;
                }
            };
            let why = ended(&session);
            assert_eq!(last.histograms.is_some(), is_watched, "{stop}: {why}");
            assert_eq!(last.point.map(|p| p.layers.len()), Some(3), "{stop}");
        }
    }
}

#[test]
fn patience_returns_to_the_best_weights() {
    // Few rows, a large rate: the test loss soon rises.
    let text = "[data]\nkind = \"digits\"\ntrain_rows = 40\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.05\n\
                [training.stop]\npatience = 3\nepochs = 200\n";
    let mut session = session(text);
    let mut seen = Vec::new();
    while session.ended().is_none() {
        let epoch = session.steps_per_epoch();
        step(&mut session, epoch);
        if session.ended().is_none() {
            let loss = session.test().expect("evaluated every epoch").loss;
            seen.push((loss, bits(&session)));
        }
    }
    assert!(ended(&session).starts_with("no better test loss for 3 epochs"));
    let best = seen
        .iter()
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .expect("epochs");
    let weights = |bits: &[(String, Vec<u32>)]| {
        let own: Vec<_> = bits
            .iter()
            .filter(|b| b.0.starts_with("layers."))
            .cloned()
            .collect();
        own
    };
    assert_eq!(weights(&bits(&session)), weights(&best.1));
    let test = session.evaluate().expect("rows").expect("a test set");
    assert_eq!(test.loss, best.0);
    // What is said of the last step is of its own weights.
    let last = session.compare().expect("rows");
    assert!(last.test.expect("evaluated").loss > best.0);
    let fit = session.evaluate_fit().expect("rows");
    assert!(last.fitted.is_some() && last.fitted != fit);
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c");
    session.save(&path).expect("saved");
    let logged = Checkpoint::read(&path).expect("readable").points.pop();
    let logged = logged.map(|p| (p.test, p.fitted));
    assert_eq!(logged, Some((last.test, last.fitted)));
    let start = Start {
        resume: Some(path),
        ..Start::default()
    };
    let mut again = session_from(session.experiment(), &start);
    assert_eq!(again.compare().expect("rows"), last);
    assert_eq!(again.evaluate().expect("rows"), Some(test));
}

/// The loss rises, falls, and rises again; a slope of one unit is as many as the units.
const SHORT_OF_ROWS: &str = "[data]\nkind = \"digits\"\ntrain_rows = 40\n[network]\n[[network.layers]]\nunits = 12\nnorm = \"batch\"\n\
                             [[network.layers]]\nunits = 1\nactivation = \"prelu\"\n\
                             [training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.05\n";

fn patient(epochs: u64) -> Experiment {
    experiment(&format!(
        "{SHORT_OF_ROWS}[training.stop]\npatience = {epochs}\nepochs = 300\n"
    ))
}

/// To where patience ends it.
fn run_out(experiment: &Experiment) -> Session {
    let mut session = session_of(experiment);
    while session.ended().is_none() {
        session.advance(u64::MAX, Detail::Loss);
    }
    assert!(ended(&session).contains("back to"), "{}", ended(&session));
    session
}

/// The best weights are what is saved and looked at; what goes on is the last step.
#[test]
fn a_run_that_went_back_goes_on_from_its_last_step_where_there_is_more_patience() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c");
    let resumed = |experiment: &Experiment| {
        let start = Start {
            resume: Some(path.clone()),
            ..Start::default()
        };
        session_from(experiment, &start)
    };
    let mut short = run_out(&patient(2));
    short.save(&path).expect("saved");
    let again = resumed(&patient(2));
    assert_eq!(again.ended(), short.ended());
    assert_eq!(bits(&again), bits(&short));
    again.save(&path).expect("saved");
    // weights that others take from the file
    let start = Start {
        weights: Some(path.clone()),
        ..Start::default()
    };
    assert_eq!(session_from(&patient(2), &start).weights(), short.weights());

    let mut whole = session_of(&patient(9));
    step(&mut whole, short.steps());
    let mut parts = resumed(&patient(9));
    let away = Change::InPlace;
    assert_eq!(short.change(&patient(9)), away);
    for _ in 0..3 {
        for parts in [&mut parts, &mut short] {
            assert_eq!(parts.ended(), None);
            assert_eq!(bits(parts), bits(&whole));
            assert_eq!(
                parts.evaluate().expect("rows"),
                whole.evaluate().expect("rows")
            );
            step(parts, 1);
        }
        step(&mut whole, 1);
    }
    // less again, and more again
    assert_eq!(short.change(&patient(2)), away);
    assert_ne!(bits(&short), bits(&whole));
    assert_eq!(short.change(&patient(2)), away);
    assert_eq!(short.change(&patient(9)), away);
    assert_eq!(bits(&short), bits(&whole));
    let whole = run_out(&patient(9));
    for mut parts in [parts, short] {
        while parts.ended().is_none() {
            parts.advance(u64::MAX, Detail::Loss);
        }
        assert_eq!(parts.ended(), whole.ended());
        assert_eq!(bits(&parts), bits(&whole));
    }
}

/// Older files hold the best weights alone: what goes on from them is said.
#[test]
fn an_older_file_of_a_run_that_went_back_goes_on_from_the_best_weights_and_says_so() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("c");
    let short = run_out(&patient(2));
    let mut file = short.to_checkpoint();
    let before = file.tensors.len();
    file.tensors.retain(|(name, _)| !name.starts_with("last."));
    assert!(file.tensors.len() < before);
    file.write(&path).expect("written");
    let start = Start {
        resume: Some(path),
        ..Start::default()
    };
    for (patience, said) in [(2, 0), (9, 1)] {
        let warned = std::cell::RefCell::new(Vec::new());
        let ear = Ear {
            say: &|_| {},
            stopped: &|| false,
            heard: &|_| {},
            warn: &|what| warned.borrow_mut().push(what.to_string()),
        };
        let built = Session::build_heard(&patient(patience), Path::new("."), &start, None, &ear);
        let session = built.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(session.ended().is_none(), patience == 9);
        assert_eq!(bits(&session), bits(&short));
        let warned = warned.into_inner();
        assert_eq!(warned.len(), said, "{warned:?}");
        assert!(
            warned.iter().all(|w| w.contains("best weights")),
            "{warned:?}"
        );
    }
}

#[test]
fn patience_without_test_rows_is_refused() {
    let patience = "[training.stop]\npatience = 3\n";
    let none = format!("format = 1\n[data]\nkind = \"wine\"\ntest_fraction = 0.0\n{patience}");
    let faults = gradlab::experiment::parse(&none, "test").expect_err("refused");
    assert!(faults.to_string().contains("patience"), "{faults}");
    // One row of each class leaves none to test on, whatever the fraction.
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("rows.csv");
    std::fs::write(&path, "a,class\n1,x\n2,y\n").expect("written");
    let few = experiment(&format!(
        "[data]\nkind = \"csv\"\npath = {path:?}\ntarget = [\"class\"]\ntask = \"classification\"\n{patience}"
    ));
    let built = Session::build(&few, Path::new("."), &Start::default(), None, &|_| {});
    let error = built.err().expect("refused").to_string();
    assert!(error.contains("no rows left for testing"), "{error}");
}

/// The test rows go through the same gates at an epoch's end.
#[test]
fn a_gate_is_that_of_the_steps_rows_where_the_epoch_ends_with_an_evaluation() {
    let gate = |stop: &str| {
        let text = "[data]\nkind = \"adding\"\nlength = 5\nrows = 100\n[network]\n[[network.layers]]\nkind = \"recurrent\"\n\
                    cell = \"lstm\"\nunits = 4\n";
        let mut session = session(&format!("{text}{stop}"));
        let before = session.steps_per_epoch() - 1;
        session.advance(before, Detail::Loss);
        let point = session.advance(1, Detail::Histograms).point;
        point.expect("a point").time[0].gate.expect("reckoned")
    };
    assert_eq!(gate("[training.stop]\npatience = 9\n"), gate(""));
}

#[test]
fn a_divergence_names_layer_and_direction_and_leaves_the_weights_finite() {
    let text = "[data]\nkind = \"diabetes\"\n[network]\nactivation = \"linear\"\n[[network.layers]]\nunits = 30\nrepeat = 5\n\
                [training.optimizer]\nkind = \"sgd\"\nlearning_rate = 1000.0\n";
    let mut session = session(text);
    let mut last = None;
    for _ in 0..10_000 {
        last = session.advance(7, Detail::Loss).point;
        if session.ended().is_some() {
            break;
        }
    }
    match session.ended() {
        Some(Ended::Diverged(why)) => assert!(why.contains("layers."), "{why}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(last.expect("a point").layers.len(), 6);
    let finite = |b: &(String, Vec<u32>)| b.1.iter().all(|v| f32::from_bits(*v).is_finite());
    assert!(bits(&session).iter().all(finite));
}

#[test]
fn plateau_cuts_the_rate_when_the_test_loss_stops_falling() {
    let text = "[training.optimizer]\nkind = \"sgd\"\nlearning_rate = 0.5\n[training.schedule]\nkind = \"plateau\"\nfactor = 0.5\npatience = 0\n";
    let mut session = session(text);
    let first = session.advance(1, Detail::Stats).point.expect("a point");
    let epochs = 60 * session.steps_per_epoch();
    let last = session
        .advance(epochs, Detail::Stats)
        .point
        .expect("a point");
    assert_eq!(first.learning_rate, 0.5);
    assert!(last.learning_rate < 0.5);
}

#[test]
fn the_last_short_batch_is_used() {
    let mut session = session("[training]\nbatch_size = 100\n[training.stop]\nepochs = 1\n");
    let advance = session.advance(100, Detail::Loss);
    assert_eq!(advance.rows as usize, session.data().train.len());
    assert_eq!(advance.steps, 2);
}

#[test]
fn a_full_batch_is_all_rows() {
    let mut session = session("[training]\nbatch_size = \"full\"\n");
    let advance = session.advance(3, Detail::Loss);
    assert_eq!(advance.rows as usize, 3 * session.data().train.len());
    assert_eq!(session.steps_per_epoch(), 1);
}

#[test]
fn fewer_training_rows_where_asked() {
    let experiment = experiment("[data]\nkind = \"digits\"\ntrain_rows = 100\n");
    assert_eq!(session_of(&experiment).info().train_rows, 100);
}

/// 141 rows by 14 leave one over.
#[test]
fn a_single_row_left_over_does_not_end_a_run_under_batch_norm() {
    let layers = "[[network.layers]]\nunits = 12\nnorm = \"batch\"\n";
    let rows = |norm: &str| {
        let layers = layers.replace("batch", norm);
        let text = format!(
            "[network]\n{layers}[data]\nkind = \"wine\"\ntest_fraction = 0.0\ntrain_rows = 141\n[training]\nbatch_size = 14\n[training.stop]\nepochs = 3\n"
        );
        let mut session = session(&text);
        assert_eq!(session.data().train.len(), 141);
        let rows = session.advance(u64::MAX, Detail::Loss).rows;
        (ended(&session), session.steps(), rows)
    };
    assert_eq!(rows("batch"), ("3 epochs".into(), 30, 420));
    assert_eq!(rows("layer"), ("3 epochs".into(), 33, 423));
}
