//! `[network.transfer]`: lower layers from a saved run.

use super::{bits, experiment, session_of, step};
use gradlab::experiment::{Experiment, apply_set};
use gradlab::training::{Change, Detail, Session, Start};
use std::path::Path;

const THREE: &str =
    "[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 12\nrepeat = 3\n";

struct Saved {
    folder: tempfile::TempDir,
    weights: Vec<(String, Vec<u32>)>,
}

fn saved() -> Saved {
    let folder = tempfile::tempdir().unwrap();
    let mut run = session_of(&experiment(THREE));
    step(&mut run, 10);
    run.weights()
        .write(&folder.path().join("lower.safetensors"))
        .unwrap();
    Saved {
        weights: bits(&run),
        folder,
    }
}

fn transferring(rest: &str) -> Experiment {
    let transfer =
        format!("{THREE}[network.transfer]\nfrom = \"lower.safetensors\"\nlayers = 2\n{rest}");
    apply_set(&experiment(&transfer), "seed=99").unwrap()
}

fn build(experiment: &Experiment, saved: &Saved) -> Session {
    Session::build(
        experiment,
        saved.folder.path(),
        &Start::default(),
        None,
        &|_| {},
    )
    .unwrap_or_else(|error| panic!("{error}"))
}

/// The named layers' weights and biases.
fn of(all: &[(String, Vec<u32>)], layers: &[usize]) -> Vec<(String, Vec<u32>)> {
    let is = |name: &str| {
        layers
            .iter()
            .any(|i| name.starts_with(&format!("layers.{i}.")))
    };
    all.iter().filter(|(name, _)| is(name)).cloned().collect()
}

#[test]
fn lower_layers_are_the_saved_runs_and_the_others_are_drawn() {
    let saved = saved();
    let session = build(&transferring(""), &saved);
    let own = bits(&session);
    assert_eq!(of(&own, &[0, 1]), of(&saved.weights, &[0, 1]));
    let drawn = apply_set(&experiment(THREE), "seed=99").unwrap();
    let drawn = bits(&session_of(&drawn));
    assert_eq!(of(&own, &[2, 3]), of(&drawn, &[2, 3]));
}

#[test]
fn lsuv_scales_by_what_the_transferred_layers_make_of_the_batch() {
    let saved = saved();
    let lsuv = apply_set(&transferring(""), "network.init=lsuv").unwrap();
    let lsuv = apply_set(&lsuv, "network.output.init=lsuv").unwrap();
    let mut session = build(&lsuv, &saved);
    assert_eq!(of(&bits(&session), &[0, 1]), of(&saved.weights, &[0, 1]));
    let point = session.advance(1, Detail::Stats).point.expect("a step");
    for layer in &point.layers[2..] {
        assert!((layer.pre_std - 1.0).abs() < 0.01, "{}", layer.pre_std);
    }
}

#[test]
fn frozen_layers_stay_and_learn_once_they_are_thawed_under_way() {
    let saved = saved();
    let frozen = transferring("frozen = true\n");
    let mut session = build(&frozen, &saved);
    step(&mut session, 5);
    let before = bits(&session);
    assert_eq!(of(&before, &[0, 1]), of(&saved.weights, &[0, 1]));
    assert_ne!(of(&before, &[2]), of(&bits(&build(&frozen, &saved)), &[2]));
    // another live setting leaves them frozen
    let slower = apply_set(&frozen, "training.optimizer.learning_rate=0.005").unwrap();
    assert_eq!(session.change(&slower), Change::InPlace);
    step(&mut session, 5);
    assert_eq!(of(&bits(&session), &[0, 1]), of(&saved.weights, &[0, 1]));
    let thawed = apply_set(&slower, "network.transfer.frozen=false").unwrap();
    assert_eq!(session.change(&thawed), Change::InPlace);
    assert_eq!(session.steps(), 10);
    step(&mut session, 1);
    assert_ne!(of(&bits(&session), &[0]), of(&saved.weights, &[0]));
}

#[test]
fn transferred_layers_learn_by_their_own_rate() {
    let saved = saved();
    let moved = |rest: &str| {
        let experiment = transferring(rest);
        let mut session = build(&experiment, &saved);
        let before = session.network().parameters();
        step(&mut session, 1);
        let after = session.network().parameters();
        let distance = |prefix: &str| {
            let pairs = before.iter().zip(&after);
            let of = pairs.filter(|(t, _)| t.name.starts_with(prefix));
            of.flat_map(|(a, b)| a.data.iter().zip(&b.data))
                .map(|(a, b)| f64::from(a - b).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        [distance("layers.0."), distance("layers.3.")]
    };
    let [lower, top] = moved("");
    let [tenth, same] = moved("learning_rate_factor = 0.1\n");
    assert!((tenth / lower - 0.1).abs() < 1e-3, "{tenth} {lower}");
    assert_eq!(top, same);
    let [still, _] = moved("learning_rate_factor = 0.0\n");
    assert_eq!(still, 0.0);
}

/// A checkpoint has every weight.
#[test]
fn a_run_goes_on_without_the_file_that_its_layers_are_from() {
    let saved = saved();
    let path = saved.folder.path().join("c");
    let experiment = transferring("learning_rate_factor = 0.1\n");
    let mut whole = build(&experiment, &saved);
    step(&mut whole, 5);
    whole.save(&path).unwrap();
    std::fs::remove_file(saved.folder.path().join("lower.safetensors")).unwrap();
    let start = Start {
        resume: Some(path),
        ..Start::default()
    };
    let mut resumed = super::session_from(&experiment, &start);
    step(&mut whole, 5);
    step(&mut resumed, 5);
    assert_eq!(bits(&resumed), bits(&whole));
}

#[test]
fn a_file_that_is_missing_or_of_another_shape_is_named() {
    let saved = saved();
    let message = |experiment: &Experiment, folder: &Path| {
        let built = Session::build(experiment, folder, &Start::default(), None, &|_| {});
        built.err().map(|e| e.to_string()).unwrap_or_default()
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let missing = message(&transferring(""), elsewhere.path());
    assert!(missing.contains("lower.safetensors"), "{missing}");
    let wider = apply_set(&transferring(""), "network.layers.0.units=13").unwrap();
    let shape = message(&wider, saved.folder.path());
    assert!(shape.contains("`layers.0."), "{shape}");
}

fn weights_of(text: &str, folder: &Path) -> Vec<(String, Vec<u32>)> {
    let mut run = session_of(&experiment(text));
    step(&mut run, 5);
    run.weights()
        .write(&folder.join("lower.safetensors"))
        .unwrap();
    bits(&run)
}

#[test]
fn recurrent_layers_are_taken_with_all_that_they_have() {
    let folder = tempfile::tempdir().unwrap();
    for cell in ["plain", "lstm", "gru"] {
        let network = format!(
            "[data]\nkind = \"echo\"\nlength = 5\nrows = 50\n[network]\nactivation = \"tanh\"\n\
             [[network.layers]]\nkind = \"recurrent\"\ncell = \"{cell}\"\nunits = 4\nrepeat = 2\n\
             [[network.layers]]\nunits = 6\ninit = \"lsuv\"\n"
        );
        let saved = weights_of(&network, folder.path());
        let transfer =
            "[network.transfer]\nfrom = \"lower.safetensors\"\nlayers = 2\nfrozen = true\n";
        let target = apply_set(&experiment(&format!("{network}{transfer}")), "seed=99").unwrap();
        let start = Start::default();
        let mut session = Session::build(&target, folder.path(), &start, None, &|_| {})
            .unwrap_or_else(|error| panic!("{cell}: {error}"));
        assert_eq!(of(&bits(&session), &[0, 1]), of(&saved, &[0, 1]), "{cell}");
        assert_ne!(of(&bits(&session), &[2]), of(&saved, &[2]), "{cell}");
        step(&mut session, 3);
        assert_eq!(of(&bits(&session), &[0, 1]), of(&saved, &[0, 1]), "{cell}");
    }
}

/// What the file does not have of a layer would be as it is drawn, in a frozen layer for good; what it has more has no place.
#[test]
fn a_layer_that_is_not_as_it_was_trained_is_refused_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let network = |layer: &str| {
        format!(
            "[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 6\n[[network.layers]]\nunits = 6\n{layer}\n"
        )
    };
    let transfer = "[network.transfer]\nfrom = \"lower.safetensors\"\nlayers = 2\n";
    let taken = |layer: &str| {
        let target = experiment(&format!("{}{transfer}", network(layer)));
        let built = Session::build(&target, folder.path(), &Start::default(), None, &|_| {});
        built.err().map_or(String::new(), |e| e.to_string())
    };
    let kinds = [
        ("", ""),
        ("norm = \"batch\"", "norm."),
        ("norm = \"layer\"", "norm."),
        ("activation = \"prelu\"", "slope"),
        ("bias = false", "bias"),
    ];
    for (trained, theirs) in kinds {
        weights_of(&network(trained), folder.path());
        for (now, ours) in kinds {
            let said = taken(now);
            if trained == now {
                assert_eq!(said, "", "{trained}");
            }
            if theirs == ours {
                continue;
            }
            let way = "describe layer 2 as it was trained";
            assert!(said.contains("`layers.1."), "{trained} as {now}: {said}");
            assert!(said.contains(way), "{trained} as {now}: {said}");
            if trained.is_empty() {
                assert!(said.contains(ours) || now == "bias = false", "{said}");
            }
        }
    }
}
