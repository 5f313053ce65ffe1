//! Checkpoints: bit for bit the run that was not interrupted, whole or not at all, safe against what strangers write.

use super::{bits, experiment, session, session_from, session_of, step};
use gradlab::training::{Change, Checkpoint, Detail, Session, Start, TensorFile};
use std::path::Path;
use tempfile::tempdir;

fn resumed(experiment: &gradlab::experiment::Experiment, path: &Path) -> Session {
    session_from(
        experiment,
        &Start {
            resume: Some(path.to_path_buf()),
            ..Start::default()
        },
    )
}

const OPTIMIZERS: [&str; 9] = [
    "kind = \"sgd\"",
    "kind = \"sgd\"\nmomentum = 0.9\nnesterov = true",
    "kind = \"adagrad\"",
    "kind = \"rmsprop\"\ncentered = true\nmomentum = 0.5",
    "kind = \"adadelta\"",
    "kind = \"adam\"\namsgrad = true",
    "kind = \"adamw\"",
    "kind = \"adamax\"",
    "kind = \"nadam\"",
];

#[test]
fn a_hundred_steps_equal_fifty_saved_loaded_and_fifty_more() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("run.checkpoint");
    for optimizer in OPTIMIZERS {
        for schedule in [
            "kind = \"constant\"",
            "kind = \"one-cycle\"\nsteps = 100\nmax = 0.01",
            "kind = \"plateau\"\npatience = 0",
        ] {
            let experiment = experiment(&format!(
                "[data]\nkind = \"wine\"\n[network]\nactivation = \"rrelu\"\n[[network.layers]]\nunits = 8\nrepeat = 2\nnorm = \
                 \"batch\"\ndropout = 0.3\n[training.optimizer]\n{optimizer}\n[training.schedule]\n{schedule}\n"
            ));
            let mut whole = session_of(&experiment);
            step(&mut whole, 100);
            let mut half = session_of(&experiment);
            half.advance(50, Detail::Stats);
            half.save(&path).expect("saved");
            let mut rest = resumed(&experiment, &path);
            assert_eq!(rest.steps(), 50);
            step(&mut rest, 50);
            assert_eq!(bits(&rest), bits(&whole), "{optimizer} {schedule}");
        }
    }
}

/// A change waits for the next step: what is saved before that is still the state of the optimizer before.
#[test]
fn a_run_saved_right_after_a_change_goes_on_as_the_one_that_went_on() {
    const ONE_CYCLE: &str = "[training.schedule]\nkind = \"one-cycle\"\nsteps = 30\nmax = 0.05\n";
    let changes = [
        ("kind = \"sgd\"", "kind = \"adam\""),
        ("kind = \"adam\"", "kind = \"adamw\""),
        ("kind = \"adam\"", "kind = \"adam\"\namsgrad = true"),
        ("kind = \"nadam\"", "kind = \"sgd\""),
        ("kind = \"sgd\"", "kind = \"sgd\"\nmomentum = 0.9"),
        ("kind = \"sgd\"\nmomentum = 0.9", "kind = \"sgd\""),
        ("kind = \"sgd\"", &format!("kind = \"sgd\"\n{ONE_CYCLE}")),
        (&format!("kind = \"sgd\"\n{ONE_CYCLE}"), "kind = \"sgd\""),
        (
            &format!("kind = \"rmsprop\"\n{ONE_CYCLE}"),
            "kind = \"rmsprop\"\ncentered = true",
        ),
    ];
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let of = |optimizer: &str| experiment(&format!("[training.optimizer]\n{optimizer}\n"));
    for (before, after) in changes {
        let (before, after) = (of(before), of(after));
        let mut whole = session_of(&before);
        step(&mut whole, 10);
        assert_eq!(whole.change(&after), Change::InPlace);
        whole.save(&path).expect("saved");
        // Saved again before a step, too.
        resumed(&after, &path).save(&path).expect("saved");
        let mut parts = resumed(&after, &path);
        let mut back = resumed(&before, &path);
        step(&mut whole, 10);
        step(&mut parts, 10);
        let names = (&before.training, &after.training);
        assert_eq!(bits(&parts), bits(&whole), "{names:?}");
        let mut unchanged = session_of(&before);
        step(&mut unchanged, 20);
        step(&mut back, 10);
        assert_eq!(bits(&back), bits(&unchanged), "changed back: {names:?}");
    }
}

/// Files that do not say whose state they hold hold that of their experiment's optimizer.
#[test]
fn an_older_file_without_its_optimizer_is_resumed() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let cycle = experiment("[training.schedule]\nkind = \"one-cycle\"\nsteps = 30\nmax = 0.05\n");
    let mut whole = session_of(&cycle);
    step(&mut whole, 10);
    let mut older = whole.to_checkpoint();
    assert!(older.texts.remove("optimizer").is_some());
    older.write(&path).expect("written");
    let mut parts = resumed(&cycle, &path);
    step(&mut whole, 10);
    step(&mut parts, 10);
    assert_eq!(bits(&parts), bits(&whole));
}

/// An older file counts the steps of all layers together.
#[test]
fn a_layer_thawed_after_a_resume_goes_on_as_without_and_an_older_file_is_resumed() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    for optimizer in ["adam", "adamax", "nadam"] {
        let of = |frozen: bool| {
            experiment(&format!(
                "[network]\n[[network.layers]]\nunits = 12\nfrozen = {frozen}\n[[network.layers]]\nunits = 12\n\
                 [training.optimizer]\nkind = \"{optimizer}\"\n"
            ))
        };
        let mut whole = session_of(&of(true));
        step(&mut whole, 20);
        whole.save(&path).expect("saved");
        let mut parts = resumed(&of(false), &path);
        assert_eq!(whole.change(&of(false)), Change::InPlace);
        step(&mut whole, 5);
        step(&mut parts, 5);
        assert_eq!(bits(&parts), bits(&whole), "{optimizer}");
        whole.save(&path).expect("saved");
        step(&mut whole, 5);
        step(&mut parts, 5);
        let mut again = resumed(&of(false), &path);
        step(&mut again, 5);
        assert_eq!(bits(&again), bits(&whole), "{optimizer}");
        assert_eq!(bits(&parts), bits(&whole), "{optimizer}");

        let mut whole = session_of(&of(false));
        step(&mut whole, 20);
        let mut older = whole.to_checkpoint();
        without_steps_of_layers(&mut older);
        older.write(&path).expect("written");
        let mut parts = resumed(&of(false), &path);
        step(&mut whole, 5);
        step(&mut parts, 5);
        assert_eq!(bits(&parts), bits(&whole), "older, {optimizer}");
    }
}

/// As a file was written before layers had steps of their own.
fn without_steps_of_layers(file: &mut TensorFile) {
    let counts = file.texts.get_mut("counts").expect("there");
    let mut read: serde_json::Value = serde_json::from_str(counts).expect("JSON");
    let taken = read.as_object_mut().expect("names").remove("layer_steps");
    assert!(taken.is_some());
    *counts = read.to_string();
    file.tensors.retain(|(name, _)| name != "mu_products");
}

#[test]
fn steps_of_layers_that_cannot_be_are_refused() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session("[training.optimizer]\nkind = \"nadam\"\n");
    step(&mut first, 3);
    let file = first.to_checkpoint();
    let counts = file.texts["counts"].clone();
    let now = "\"layer_steps\":[3,3,3]";
    assert!(counts.contains(now), "{counts}");
    for other in [
        "[3,3]",
        "[3,3,3,3]",
        "[3,4,3]",
        "[18446744073709551615,3,3]",
    ] {
        let mut file = file.clone();
        let lie = counts.replace(now, &format!("\"layer_steps\":{other}"));
        file.texts.insert("counts".into(), lie);
        file.write(&path).expect("written");
        let start = Start {
            resume: Some(path.clone()),
            ..Start::default()
        };
        let built = Session::build(first.experiment(), Path::new("."), &start, None, &|_| {});
        let error = built.err().expect("refused").to_string();
        assert!(error.contains("steps of its layers"), "{error}");
    }
}

#[test]
fn patience_and_its_best_weights_are_resumed() {
    let text = "[data]\nkind = \"digits\"\ntrain_rows = 40\n[training.optimizer]\nkind = \"adam\"\nlearning_rate = 0.05\n\
                [training.stop]\npatience = 3\nepochs = 200\n";
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut whole = session(text);
    whole.advance(u64::MAX, Detail::Loss);
    while whole.ended().is_none() {
        whole.advance(u64::MAX, Detail::Loss);
    }
    // Interrupted after every epoch.
    let mut parts = session(text);
    while parts.ended().is_none() {
        let epoch = parts.steps_per_epoch();
        parts.advance(epoch, Detail::Loss);
        if parts.ended().is_none() {
            parts.save(&path).expect("saved");
            parts = resumed(&experiment(text), &path);
        }
    }
    assert_eq!(parts.ended(), whole.ended());
    assert_eq!(bits(&parts), bits(&whole));
}

#[test]
fn the_charts_history_is_resumed() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session("");
    for _ in 0..20 {
        first.advance(3, Detail::Stats);
        first.evaluate().expect("rows");
    }
    first.save(&path).expect("saved");
    let read = Checkpoint::read(&path).expect("readable");
    assert_eq!(read.step, 60);
    assert_eq!(read.points.len(), 20);
    assert!(
        read.points
            .iter()
            .all(|p| p.test.is_some() && p.layers.len() == 3)
    );
    resumed(&experiment(""), &path).save(&path).expect("saved");
    assert_eq!(
        Checkpoint::read(&path).expect("readable").points,
        read.points
    );
}

#[test]
fn another_experiment_is_refused_and_a_live_change_is_not() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session("");
    step(&mut first, 3);
    first.save(&path).expect("saved");
    let start = Start {
        resume: Some(path.clone()),
        ..Start::default()
    };
    let other = experiment(
        "[network]\nactivation = \"relu\"\n[[network.layers]]\nunits = 12\nrepeat = 2\n",
    );
    let refused = Session::build(&other, Path::new("."), &start, None, &|_| {});
    assert!(
        refused
            .err()
            .expect("refused")
            .to_string()
            .contains("the network")
    );
    for (other, what) in [
        (
            "[training]\nlabel_smoothing = 0.1\n",
            "(training.label_smoothing differs)",
        ),
        ("[pretrain]\n", "(pretraining differs)"),
    ] {
        let refused = Session::build(&experiment(other), Path::new("."), &start, None, &|_| {});
        let said = refused.err().expect("refused").to_string();
        assert!(said.contains(what), "{said}");
    }
    let longer = experiment("[training.stop]\nsteps = 9\n");
    let mut session = resumed(&longer, &path);
    session.advance(100, Detail::Loss);
    assert_eq!(session.steps(), 9);
}

/// The file's rows are not those that the run was trained on any more.
#[test]
fn other_rows_are_refused_and_an_older_file_that_does_not_say_is_not() {
    let folder = tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name);
    let write = |slope: i32| {
        let rows: String = (0..40).map(|i| format!("{i},{}\n", slope * i)).collect();
        std::fs::write(at("rows.csv"), format!("a,y\n{rows}")).expect("written");
    };
    let experiment = experiment(&format!(
        "[data]\nkind = \"csv\"\npath = {:?}\ntarget = [\"y\"]\ntask = \"regression\"\nstandardize = false\n",
        at("rows.csv")
    ));
    write(2);
    let mut first = session_of(&experiment);
    step(&mut first, 3);
    first.save(&at("c")).expect("saved");
    assert_eq!(resumed(&experiment, &at("c")).steps(), 3);
    write(3);
    let start = Start {
        resume: Some(at("c")),
        ..Start::default()
    };
    let built = Session::build(&experiment, Path::new("."), &start, None, &|_| {});
    let error = built.err().expect("refused").to_string();
    assert!(
        error.contains("other data") && error.contains("--weights"),
        "{error}"
    );
    let mut older = first.to_checkpoint();
    assert!(older.texts.remove("rows").is_some());
    older.write(&at("c")).expect("written");
    assert_eq!(resumed(&experiment, &at("c")).steps(), 3);
}

#[test]
fn other_versions_and_other_files_are_refused_with_what_to_do() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    session("").save(&path).expect("saved");
    let mut file = TensorFile::read(&path).expect("tensors");
    file.texts.insert("version".into(), "99\u{1b}[2J".into());
    let bytes = file.to_bytes().expect("bytes");
    let error = Checkpoint::from_bytes(&bytes, "c")
        .expect_err("refused")
        .to_string();
    assert!(
        error.contains("version 99") && error.contains("--weights"),
        "{error}"
    );
    assert!(!error.contains('\u{1b}'));

    session("").weights().write(&path).expect("saved");
    let error = Checkpoint::read(&path).expect_err("refused").to_string();
    assert!(error.contains("--weights"), "{error}");
    std::fs::write(&path, b"not one").expect("written");
    assert!(Checkpoint::read(&path).is_err());
    assert!(Checkpoint::read(folder.path()).is_err());
}

/// Cut, flipped and lying files are errors, never panics and never huge allocations.
#[test]
fn damaged_files_are_refused_or_read_but_never_crash() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session("");
    first.advance(5, Detail::Stats);
    first.save(&path).expect("saved");
    let whole = std::fs::read(&path).expect("read");
    for cut in (0..whole.len()).step_by(97) {
        assert!(Checkpoint::from_bytes(&whole[..cut], "c").is_err());
    }
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().expect("eight")) as usize;
    for at in 0..header {
        for bit in [0, 3, 7] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            let _ = Checkpoint::from_bytes(&bytes, "c");
        }
    }
}

#[test]
fn a_checkpoint_that_claims_other_shapes_leaves_an_error() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("c");
    let mut first = session("[training.optimizer]\nkind = \"adam\"\n");
    step(&mut first, 3);
    first.save(&path).expect("saved");
    let file = TensorFile::read(&path).expect("tensors");
    for (at, (name, _)) in file.tensors.iter().enumerate() {
        let mut other = file.clone();
        other.tensors.remove(at);
        other.write(&path).expect("written");
        let start = Start {
            resume: Some(path.clone()),
            ..Start::default()
        };
        let built = Session::build(first.experiment(), Path::new("."), &start, None, &|_| {});
        assert!(built.is_err(), "without {name}");
    }
}

#[test]
fn weights_are_named_and_laid_out_as_pytorchs() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("w.safetensors");
    let text = "[data]\nkind = \"wine\"\n[network]\nactivation = \"prelu\"\n[[network.layers]]\nunits = 12\nnorm = \"batch\"\n";
    let mut first = session(text);
    step(&mut first, 5);
    first.weights().write(&path).expect("written");
    let file = TensorFile::read(&path).expect("read");
    let shape = |name: &str| file.get(name).map(|t| t.shape.clone());
    assert_eq!(shape("layers.0.weight"), Some(vec![12, 13]));
    assert_eq!(shape("layers.0.bias"), Some(vec![12]));
    assert_eq!(shape("layers.1.weight"), Some(vec![3, 12]));
    for name in ["weight", "bias", "running_mean", "running_var"] {
        assert_eq!(shape(&format!("layers.0.norm.{name}")), Some(vec![12]));
    }
    assert!(shape("layers.0.slope").is_some());
    let start = Start {
        weights: Some(path),
        ..Start::default()
    };
    let again = session_from(&experiment(text), &start);
    assert_eq!(again.weights(), first.weights());
}

#[test]
fn weights_of_another_shape_are_refused_by_name() {
    let folder = tempdir().expect("folder");
    let path = folder.path().join("w");
    session("").weights().write(&path).expect("written");
    let other =
        experiment("[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 5\nrepeat = 2\n");
    let start = Start {
        weights: Some(path),
        ..Start::default()
    };
    let error = Session::build(&other, Path::new("."), &start, None, &|_| {});
    assert!(
        error
            .err()
            .expect("refused")
            .to_string()
            .contains("layers.0.")
    );
}
