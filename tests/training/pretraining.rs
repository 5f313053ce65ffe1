//! `[pretrain]`: greedy autoencoders before the first step of the run.

use super::{bits, experiment, session_from, session_of, step};
use gradlab::experiment::{Experiment, apply_set};
use gradlab::training::pretrain::Ear;
use gradlab::training::{PretrainError, Pretraining, Session, SessionError, Start};
use std::cell::RefCell;
use std::path::Path;

const SMALL: &str = "[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.01\n\
                     [pretrain]\nepochs = 4\nnoise = 0.1\nlearning_rate = 0.01\n";

fn stopped_at_once<'a>(say: &'a dyn Fn(&str)) -> Ear<'a> {
    Ear {
        say,
        stopped: &|| true,
        heard: &|_| {},
        warn: &|_| {},
    }
}

fn weights(session: &Session, layer: usize) -> Vec<(String, Vec<u32>)> {
    let prefix = format!("layers.{layer}.");
    let all = bits(session).into_iter();
    all.filter(|(name, _)| name.starts_with(&prefix)).collect()
}

#[test]
fn every_hidden_layer_learns_to_reconstruct_and_the_output_layer_stays_as_drawn() {
    let with = experiment(SMALL);
    let without = apply_none(&with);
    for tied in ["false", "true"] {
        let with = apply_set(&with, &format!("pretrain.tied={tied}")).unwrap();
        let pretrained = session_of(&with);
        let drawn = session_of(&without);
        let stages = pretrained.pretrained();
        assert_eq!(stages.iter().map(|s| s.layer).collect::<Vec<_>>(), [0, 1]);
        for stage in stages {
            assert!(stage.after < 0.8 * stage.before, "{stage:?}, tied {tied}");
        }
        for layer in 0..2 {
            assert_ne!(weights(&pretrained, layer), weights(&drawn, layer));
        }
        assert_eq!(weights(&pretrained, 2), weights(&drawn, 2));
        assert_eq!(pretrained.steps(), 0);
    }
}

fn apply_none(with: &gradlab::experiment::Experiment) -> gradlab::experiment::Experiment {
    gradlab::experiment::Experiment {
        pretrain: None,
        ..with.clone()
    }
}

#[test]
fn it_repeats_bit_for_bit_and_its_settings_matter() {
    let base = experiment(SMALL);
    let reference = bits(&session_of(&base));
    assert_eq!(bits(&session_of(&base)), reference);
    for change in [
        "pretrain.noise=0.5",
        "pretrain.epochs=5",
        "pretrain.tied=true",
        "pretrain.layers=1",
        "pretrain.learning_rate=0.02",
        "seed=8",
    ] {
        let changed = apply_set(&base, change).unwrap();
        assert_ne!(bits(&session_of(&changed)), reference, "{change}");
    }
}

#[test]
fn layers_above_those_asked_for_stay_as_drawn() {
    let base = apply_set(&experiment(SMALL), "pretrain.layers=1").unwrap();
    let pretrained = session_of(&base);
    assert_eq!(pretrained.pretrained().len(), 1);
    let drawn = session_of(&apply_none(&base));
    assert_eq!(weights(&pretrained, 1), weights(&drawn, 1));
}

#[test]
fn rows_that_train_rows_leaves_out_are_pretrained_on() {
    let data = "[data]\nkind = \"wine\"\ntrain_rows = 20\ntest_fraction = 0.2\n";
    let few = experiment(&format!("{data}{SMALL}"));
    let session = session_of(&few);
    assert_eq!(session.data().train.len(), 20);
    assert_eq!(session.data().unlabelled.nrows(), 178 - 36 - 20);
    let one = apply_set(&few, "pretrain.epochs=1").unwrap();
    // 142 rows make five batches of 32; twenty would make one of 20, and change the weights far less
    let moved = session_of(&one).pretrained()[0].clone();
    assert!(moved.after < moved.before);
}

#[test]
fn a_checkpoint_holds_what_pretraining_made_and_does_not_pretrain_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ckpt");
    let base = experiment(SMALL);
    let mut first = session_of(&base);
    step(&mut first, 3);
    first.save(&path).unwrap();
    step(&mut first, 3);
    let start = Start {
        resume: Some(path),
        ..Start::default()
    };
    let mut second = session_from(&base, &start);
    assert!(second.pretrained().is_empty());
    step(&mut second, 3);
    assert_eq!(bits(&second), bits(&first));
}

#[test]
fn each_epoch_is_said_and_a_stop_is_heard_between_two() {
    let said = RefCell::new(Vec::new());
    let say = |text: &str| said.borrow_mut().push(text.to_string());
    let base = experiment(SMALL);
    Session::build(&base, Path::new("."), &Start::default(), None, &say).unwrap();
    let epochs = said.borrow();
    let found = epochs.iter().any(|text| {
        text.starts_with("pretraining layer 2 of 2: epoch 4 of 4, reconstruction error 0.")
    });
    assert!(found, "{epochs:?}");
    let ear = stopped_at_once(&|_| {});
    let stopped = Session::build_heard(&base, Path::new("."), &Start::default(), None, &ear);
    assert!(matches!(
        stopped.err(),
        Some(SessionError::Pretrain(PretrainError::Stopped))
    ));
}

fn refused(rest: &str) -> String {
    let experiment = experiment(rest);
    let built = Session::build(
        &experiment,
        Path::new("."),
        &Start::default(),
        None,
        &|_| {},
    );
    match built {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{rest} was taken"),
    }
}

#[test]
fn what_cannot_be_pretrained_is_refused_with_a_way_out() {
    let recurrent = refused(
        "[data]\nkind = \"echo\"\nlength = 5\nrows = 50\n[network]\nactivation = \"tanh\"\n\
         [[network.layers]]\nkind = \"recurrent\"\nunits = 4\n[pretrain]\n",
    );
    assert!(
        recurrent.contains("layers.0, which is recurrent"),
        "{recurrent}"
    );
    let both = refused(
        "[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 4\n\
         [network.transfer]\nfrom = \"x.safetensors\"\nlayers = 1\n[pretrain]\n",
    );
    assert!(both.contains("[network.transfer]"), "{both}");
    let wild = refused(
        "[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 40\n[pretrain]\nlearning_rate = 1e9\n",
    );
    assert!(wild.contains("lower pretrain.learning_rate"), "{wild}");
}

fn stopped_in_the_second_stage(base: &Experiment, start: &Start) -> Option<SessionError> {
    let begun = RefCell::new(0);
    let heard = |p: &Pretraining| *begun.borrow_mut() = p.errors.len();
    let ear = Ear {
        say: &|_| {},
        stopped: &|| *begun.borrow() == 2,
        heard: &heard,
        warn: &|_| {},
    };
    Session::build_heard(base, Path::new("."), start, None, &ear).err()
}

/// Ended in its second stage by whatever, pretraining goes on with that one, to the same bits.
#[test]
fn stages_that_are_done_are_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.pretraining");
    let base = experiment(SMALL);
    let reference = bits(&session_of(&base));
    let start = Start {
        stages: Some(path.clone()),
        ..Start::default()
    };
    assert!(matches!(
        stopped_in_the_second_stage(&base, &start),
        Some(SessionError::Pretrain(PretrainError::Stopped))
    ));
    assert!(path.is_file());
    let said = RefCell::new(Vec::new());
    let say = |text: &str| said.borrow_mut().push(text.to_string());
    let resumed = Session::build(&base, Path::new("."), &start, None, &say).unwrap();
    assert_eq!(bits(&resumed), reference);
    assert!(!said.borrow().iter().any(|text| text.contains("layers.0")));
    assert_eq!(resumed.pretrained().len(), 2);
    // Whoever is still writing it takes it away.
    while path.exists() {
        std::thread::yield_now();
    }
}

/// A full drive, or one that hangs (here a pipe that nobody reads), costs what would have been kept and nothing else.
#[test]
fn stages_that_cannot_be_kept_end_no_pretraining() {
    let folder = tempfile::tempdir().unwrap();
    let base = experiment(
        "[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 6\nrepeat = 4\n[pretrain]\nepochs = 2\n",
    );
    let reference = bits(&session_of(&base));
    let build = |path: &Path, heard: &dyn Fn(&Pretraining)| {
        let ear = Ear {
            say: &|_| {},
            stopped: &|| false,
            heard,
            warn: &|_| {},
        };
        let start = Start {
            stages: Some(path.to_path_buf()),
            ..Start::default()
        };
        let built = Session::build_heard(&base, Path::new("."), &start, None, &ear).unwrap();
        assert_eq!(bits(&built), reference);
    };
    build(&folder.path().join("nowhere/run.pretraining"), &|_| {});
    #[cfg(unix)]
    {
        let pipe = folder.path().join("run.pretraining");
        let hang = |_: &Pretraining| {
            if !pipe.exists() {
                let made = std::process::Command::new("mkfifo").arg(&pipe).status();
                assert!(made.unwrap().success());
            }
        };
        build(&pipe, &hang);
    }
}

/// What is kept of another experiment, or damaged, is not taken for this one's.
#[test]
fn stages_of_another_experiment_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.pretraining");
    let base = experiment(SMALL);
    let start = Start {
        stages: Some(path.clone()),
        ..Start::default()
    };
    stopped_in_the_second_stage(&base, &start);
    let other = apply_set(&base, "pretrain.noise=0.5").unwrap();
    assert_eq!(
        bits(&session_from(&other, &start)),
        bits(&session_of(&other))
    );
    std::fs::write(&path, b"no stages").unwrap();
    assert_eq!(bits(&session_from(&base, &start)), bits(&session_of(&base)));
}

/// A tenth, whatever the optimizer, drove all units to where they say the same of every row; and the errors looked like success.
#[test]
fn the_usual_rate_suits_the_optimizer_and_constants_are_no_success() {
    let pretrained = |optimizer: &str, rate: &str| {
        let text = format!(
            "[data]\nkind = \"digits\"\n[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 50\nrepeat = 3\n\
             [training]\noptimizer = {optimizer}\n[pretrain]\nepochs = 5\n{rate}"
        );
        let session = session_of(&experiment(&text));
        let stages = session.pretrained().iter();
        let said: Vec<_> = stages
            .filter_map(|stage| stage.collapse(session.experiment()))
            .collect();
        (said, session.pretrained().to_vec())
    };
    for optimizer in [
        "\"adam\"",
        "\"adamw\"",
        "\"rmsprop\"",
        "\"nadam\"",
        "\"adadelta\"",
        "\"sgd\"",
        "{ kind = \"sgd\", momentum = 0.9 }",
    ] {
        let (said, stages) = pretrained(optimizer, "");
        assert_eq!(said, Vec::<String>::new(), "{optimizer}");
        for stage in stages {
            assert!(stage.after < 0.6 * stage.before, "{optimizer}: {stage:?}");
        }
    }
    let (said, _) = pretrained("\"adam\"", "learning_rate = 0.1\n");
    let said = said.join("\n");
    assert!(
        said.contains("of the 50 units of layers.")
            && said.contains("lower pretrain.learning_rate, which is 0.1"),
        "{said}"
    );
}
