//! `run` and `probe` from outside: files, formats, exit statuses, signals, and death at any moment.

use gradlab::training::{Checkpoint, Numbers, Session, Start, Tensor, TensorFile};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::tempdir;

pub const EXPERIMENT: &str = "format = 1\nname = \"small\"\nseed = 3\n[data]\nkind = \"wine\"\n[network]\nactivation = \"tanh\"\n\
                          [[network.layers]]\nunits = 8\nrepeat = 2\n[training.optimizer]\nkind = \"adam\"\n[training.stop]\nsteps = 40\n";

pub fn gradlab(folder: &Path, args: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradlab"));
    command.current_dir(folder).env("XDG_STATE_HOME", folder);
    command
        .args(args.split(' '))
        .output()
        .expect("gradlab runs")
}

fn done(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub fn folder() -> tempfile::TempDir {
    let folder = tempdir().expect("folder");
    fs::write(folder.path().join("e.toml"), EXPERIMENT).expect("written");
    folder
}

#[test]
fn json_lines_every_k_steps_and_a_last_line_with_the_verdict() {
    let folder = folder();
    let text = done(&gradlab(
        folder.path(),
        "run e.toml --every 10 --format jsonl",
    ));
    let lines: Vec<Value> = text
        .lines()
        .map(|l| serde_json::from_str(l).expect("json"))
        .collect();
    let steps: Vec<_> = lines.iter().filter_map(|l| l["step"].as_u64()).collect();
    assert_eq!(steps, [10, 20, 30, 40]);
    let last = &lines[4]["done"];
    assert_eq!(
        (&last["reason"], &last["step"]),
        (&"40 steps".into(), &40.into())
    );
    assert!(last["verdict"]["kind"].is_string());
    assert_eq!(lines[0]["layers"].as_array().map(Vec::len), Some(3));
    assert!(lines[3]["test_loss"].is_f64());
}

#[test]
fn a_run_of_no_step_has_its_header() {
    let folder = folder();
    let none = done(&gradlab(folder.path(), "run e.toml --steps 0 --format csv"));
    let one = done(&gradlab(folder.path(), "run e.toml --steps 1 --format csv"));
    assert!(none.starts_with("step,epoch,loss,"), "{none}");
    assert_eq!(
        none.lines().collect::<Vec<_>>(),
        [one.lines().next().expect("a header")]
    );
}

#[test]
fn quiet_prints_nothing_and_out_takes_the_report() {
    let folder = folder();
    let output = gradlab(
        folder.path(),
        "run e.toml --quiet --threads 1 --out r.csv --format csv",
    );
    assert_eq!((done(&output).as_str(), output.stderr.len()), ("", 0));
    let csv = fs::read_to_string(folder.path().join("r.csv")).expect("a report");
    assert!(csv.starts_with("step,epoch,loss") && csv.lines().count() > 2);
}

/// The program's 40 steps are 20, a checkpoint, and 20 more; and the weights of both are the same file.
#[test]
fn saved_resumed_and_started_from_weights() {
    let folder = folder();
    let at = |name: &str| fs::read(folder.path().join(name)).expect("a file");
    done(&gradlab(
        folder.path(),
        "run e.toml --quiet --save-weights whole",
    ));
    done(&gradlab(
        folder.path(),
        "run e.toml --quiet --steps 20 --checkpoint c",
    ));
    done(&gradlab(
        folder.path(),
        "run e.toml --quiet --resume c --save-weights parts",
    ));
    assert_eq!(at("whole"), at("parts"));
    done(&gradlab(
        folder.path(),
        "run e.toml --quiet --weights whole --steps 0 --save-weights same",
    ));
    assert_eq!(at("whole"), at("same"));
    let other = gradlab(folder.path(), "run e.toml --quiet --seed 4 --resume c");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("the seed"));
}

/// As after a power loss: what was last written is gone on with, and what this program cannot read is not written over.
#[test]
fn the_same_command_goes_on_with_what_had_not_ended() {
    let folder = folder();
    let path = folder.path().join("c");
    let experiment = gradlab::experiment::parse(EXPERIMENT, "e.toml").expect("right");
    let mut killed = crate::session_of(&experiment);
    crate::step(&mut killed, 15);
    killed.save(&path).expect("saved");
    let other = gradlab(folder.path(), "run e.toml --checkpoint c --seed 7");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("another experiment"));
    let run = || gradlab(folder.path(), "run e.toml --checkpoint c");
    let goes_on =
        |output: &Output| String::from_utf8_lossy(&output.stderr).contains("from step 15");
    let first = run();
    done(&first);
    assert!(goes_on(&first));
    assert_eq!(Checkpoint::read(&path).expect("whole").step, 40);
    let again = run();
    done(&again);
    assert!(!goes_on(&again), "it had ended");
    let mut newer = TensorFile::read(&path).expect("whole");
    newer.texts.insert("version".into(), "99".into());
    for contents in [newer.to_bytes().expect("bytes"), EXPERIMENT.into()] {
        fs::write(&path, &contents).expect("written");
        let refused = run();
        assert_eq!(refused.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("name another file"));
        assert!(fs::read(&path).expect("there") == contents);
    }
    fs::write(&path, "").expect("written");
    done(&run());
}

#[test]
fn divergence_is_status_3_and_what_was_reached_is_written() {
    let folder = folder();
    let args = "run e.toml --quiet --steps 2000 --save-weights w --set training.optimizer={kind=\"sgd\",learning_rate=1e30} \
                --set network.activation=\"linear\"";
    let output = gradlab(folder.path(), args);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("layers."));
    assert!(TensorFile::read(&folder.path().join("w")).is_ok());
}

#[test]
fn pretraining_that_diverges_is_status_3_too() {
    let folder = folder();
    for command in ["run e.toml --quiet", "probe e.toml"] {
        let args =
            format!("{command} --set network.activation=relu --set pretrain.learning_rate=1e30");
        let output = gradlab(folder.path(), &args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command}: {errors}");
        assert!(errors.contains("lower pretrain.learning_rate"), "{errors}");
    }
}

#[test]
fn what_is_wrong_with_the_command_line_is_status_2() {
    let folder = folder();
    for args in [
        "run nothing.toml",
        "run e.toml --set training.batch_size=0",
        "run e.toml --weights nowhere",
        "run e.toml --resume nowhere",
        "run e.toml --every 0",
        "probe e.toml --batch-size none",
    ] {
        let output = gradlab(folder.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args}");
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{args}"
        );
    }
    let nowhere = gradlab(folder.path(), "run e.toml --quiet --save-weights no/w");
    assert_eq!(nowhere.status.code(), Some(1));
}

/// Rows of class 3 may be missing from the data; the weights know that there is one.
#[test]
fn weights_with_more_outputs_than_the_data_shows_classes_are_taken() {
    let folder = folder();
    let write = |name: &str, tensors: &[(&str, &[usize], Numbers)]| {
        let named = |(name, shape, numbers): &(&str, &[usize], Numbers)| {
            let tensor = Tensor {
                shape: shape.to_vec(),
                numbers: numbers.clone(),
            };
            (name.to_string(), tensor)
        };
        let file = TensorFile {
            tensors: tensors.iter().map(named).collect(),
            texts: Default::default(),
        };
        file.write(&folder.path().join(name)).expect("written");
    };
    let zeros = |n: usize| Numbers::F32(vec![0.0; n]);
    let classes = Numbers::I64(vec![0, 1, 2]);
    write("d", &[("x", &[3, 2], zeros(6)), ("y", &[3], classes)]);
    write(
        "w",
        &[
            ("layers.0.bias", &[4], zeros(4)),
            ("layers.0.weight", &[4, 2], zeros(8)),
        ],
    );
    let experiment =
        "format = 1\n[data]\nkind = \"safetensors\"\npath = \"d\"\ntest_fraction = 0.0\n";
    fs::write(folder.path().join("c.toml"), experiment).expect("written");
    let text = done(&gradlab(
        folder.path(),
        "probe c.toml --weights w --batch-size full --json",
    ));
    let json: Value = serde_json::from_str(&text).expect("json");
    let loss = json["loss"].as_f64().expect("a loss");
    assert!((loss - 4f64.ln()).abs() < 1e-6, "{loss}");
    // and so does the checkpoint of a run that began with them
    for args in [
        "--weights w --steps 5 --save-weights whole",
        "--weights w --steps 3 --checkpoint c",
        "--resume c --steps 5 --save-weights parts",
    ] {
        done(&gradlab(
            folder.path(),
            &format!("run c.toml --quiet {args}"),
        ));
    }
    let at = |name: &str| fs::read(folder.path().join(name)).expect("a file");
    assert_eq!(at("whole"), at("parts"));
    // a run that begins anew where such a one stood has the data's own
    let experiment = gradlab::experiment::parse(experiment, "c").expect("parses");
    let resumed = Start {
        resume: Some(folder.path().join("c")),
        ..Start::default()
    };
    let build = |start: &Start, old| {
        Session::build(&experiment, folder.path(), start, old, &|_| {}).expect("builds")
    };
    let old = build(&resumed, None);
    let outputs = |session: &Session| session.network().spec().layers.last().map(|l| l.units);
    assert_eq!(outputs(&old), Some(4));
    assert_eq!(outputs(&build(&Start::default(), Some(old))), Some(3));
}

#[test]
fn probe_shows_measures_beside_predictions_and_dumps_the_pass() {
    let folder = folder();
    let text = done(&gradlab(
        folder.path(),
        "probe e.toml --json --batch-size 30 --dump d",
    ));
    let json: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(json["layers"].as_array().map(Vec::len), Some(3));
    assert!(json["layers"][0]["predicted"]["grad_norm"].is_f64());
    assert!(json["verdict"]["kind"].is_string());
    let dump = TensorFile::read(&folder.path().join("d")).expect("a dump");
    let shape = |name: &str| dump.get(name).map(|t| t.shape.clone());
    assert_eq!(shape("x"), Some(vec![30, 13]));
    assert_eq!(shape("y"), Some(vec![30]));
    assert!(matches!(
        dump.get("y").map(|t| &t.numbers),
        Some(Numbers::I64(_))
    ));
    for layer in 0..3 {
        let units = if layer == 2 { 3 } else { 8 };
        for name in [
            format!("layers.{layer}.pre"),
            format!("layers.{layer}.out"),
            format!("delta.layers.{layer}"),
        ] {
            assert_eq!(shape(&name), Some(vec![30, units]), "{name}");
        }
        assert_eq!(
            shape(&format!("grad.layers.{layer}.weight")),
            shape(&format!("layers.{layer}.weight"))
        );
        assert_eq!(
            shape(&format!("grad.layers.{layer}.bias")),
            Some(vec![units])
        );
    }
    let table = done(&gradlab(folder.path(), "probe e.toml"));
    assert!(table.contains("theory") && table.contains("saturated"));
    // A dump holds all parameters: it serves as weights, too.
    let again = done(&gradlab(
        folder.path(),
        "probe e.toml --seed 9 --weights d --json --batch-size 30",
    ));
    let again: Value = serde_json::from_str(&again).expect("json");
    assert_eq!(
        again["layers"][1]["weight_norm"],
        json["layers"][1]["weight_norm"]
    );
    let transfer = "[network.transfer]\nfrom = \"d\"\nlayers = 1\n";
    let transferring = format!("{EXPERIMENT}{transfer}");
    fs::write(folder.path().join("t.toml"), transferring).expect("written");
    done(&gradlab(folder.path(), "check t.toml"));
    let mut other = dump;
    let strange = other.get("x").expect("x").clone();
    other.tensors.push(("delta.strange".into(), strange));
    other.write(&folder.path().join("d")).expect("written");
    let refused = gradlab(folder.path(), "probe e.toml --weights d");
    assert_eq!(refused.status.code(), Some(2));
    let full = done(&gradlab(
        folder.path(),
        "probe e.toml --json --batch-size full",
    ));
    let full: Value = serde_json::from_str(&full).expect("json");
    assert!(full["rows"].as_u64() > Some(100));
}

/// What the data cannot give is not passed over in silence.
#[test]
fn what_is_used_instead_of_what_was_asked_for_is_said() {
    let folder = folder();
    let said = |args: &str| {
        let output = gradlab(folder.path(), args);
        done(&output);
        String::from_utf8(output.stderr).expect("text")
    };
    let rows = "gradlab: train_rows asks for 5,000 rows, and there are 142 for training: all of them are used\n";
    let batch = "gradlab: batch_size asks for 4,096 rows, and there are 142 for training: a batch is all of them\n";
    let both = "e.toml --set data.train_rows=5000 --set training.batch_size=4096";
    assert_eq!(said(&format!("run {both}")), format!("{rows}{batch}"));
    assert_eq!(said(&format!("probe {both}")), format!("{rows}{batch}"));
    assert_eq!(said("probe e.toml --batch-size 4096"), batch);
    assert_eq!(
        said(&format!("export pytorch {both}")),
        format!("{rows}{batch}")
    );
    let shot = format!("shot {both} --steps 1 --out s.svg");
    assert_eq!(said(&shot), format!("{rows}{batch}"));
    let checked = done(&gradlab(folder.path(), &format!("check {both}")));
    for line in [rows, batch] {
        let note = line.replace("gradlab:", "  note:");
        assert!(checked.contains(&note), "{checked}");
    }
    assert_eq!(said(&format!("run {both} --quiet")), "");
    for args in [
        "run e.toml --set data.train_rows=142 --set training.batch_size=142",
        "run e.toml --set training.batch_size=full",
        "probe e.toml --batch-size full --set training.batch_size=4096",
    ] {
        assert_eq!(said(args), "", "{args}");
    }
}

#[test]
fn a_share_to_hold_out_beside_a_file_of_test_rows_is_said_to_hold_none_out() {
    let folder = tempdir().expect("folder");
    let images = [&[0, 0, 8, 2, 0, 0, 0, 4, 0, 0, 0, 1][..], &[0, 9, 1, 8]].concat();
    let labels = [&[0, 0, 8, 1, 0, 0, 0, 4][..], &[0, 1, 0, 1]].concat();
    fs::write(folder.path().join("x"), images).expect("written");
    fs::write(folder.path().join("y"), labels).expect("written");
    let text = "format = 1\n[data]\nkind = \"idx\"\nimages = \"x\"\nlabels = \"y\"\ntest_images = \"x\"\ntest_labels = \"y\"\n\
                [training]\nbatch_size = \"full\"\n[training.stop]\nsteps = 1\n";
    fs::write(folder.path().join("e.toml"), text).expect("written");
    let said = |args: &str| {
        let output = gradlab(folder.path(), args);
        done(&output);
        String::from_utf8(output.stderr).expect("text")
    };
    assert_eq!(
        said("run e.toml --set data.test_fraction=0.3"),
        "gradlab: test_fraction = 0.3 holds no rows out: the test rows are those of test_images\n"
    );
    assert_eq!(said("run e.toml"), "");
    assert_eq!(said("run e.toml --set data.test_fraction=0"), "");
}

/// Tensors of PyTorch's can be whole numbers.
#[test]
fn weights_that_are_whole_numbers_are_not_said_to_be_missing() {
    let folder = folder();
    let path = folder.path().join("w");
    done(&gradlab(
        folder.path(),
        "run e.toml --quiet --steps 1 --save-weights w",
    ));
    let mut file = TensorFile::read(&path).expect("weights");
    let weight = file
        .tensors
        .iter_mut()
        .find(|(n, _)| n == "layers.0.weight");
    let (_, tensor) = weight.expect("a weight");
    tensor.numbers = Numbers::I64(vec![1; 8 * 13]);
    file.write(&path).expect("written");
    let refused = gradlab(folder.path(), "run e.toml --quiet --weights w");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        String::from_utf8_lossy(&refused.stderr),
        "error: w: the tensor `layers.0.weight` holds whole numbers; write it as F32\n"
    );
}

/// Puts these numbers into one tensor of a file.
fn put(path: &Path, name: &str, numbers: &[f32]) {
    let mut file = TensorFile::read(path).expect("weights");
    let tensor = file.tensors.iter_mut().find(|(n, _)| n == name);
    let Some(Numbers::F32(values)) = tensor.map(|(_, t)| &mut t.numbers) else {
        panic!("no weights {name}");
    };
    values[..numbers.len()].copy_from_slice(numbers);
    file.write(path).expect("written");
}

/// `w` of a run of one step, with these numbers put into one tensor.
fn weights_with(folder: &Path, name: &str, numbers: &[f32]) {
    done(&gradlab(
        folder,
        "run e.toml --quiet --steps 1 --save-weights w",
    ));
    put(&folder.join("w"), name, numbers);
}

#[test]
fn weights_that_are_not_finite_are_refused_where_they_are_read() {
    let folder = folder();
    let bad = [f32::NAN, f32::INFINITY, 1.0, f32::NEG_INFINITY];
    weights_with(folder.path(), "layers.0.weight", &bad);
    let transfer = format!("{EXPERIMENT}[network.transfer]\nfrom = \"w\"\nlayers = 1\n");
    fs::write(folder.path().join("t.toml"), transfer).expect("written");
    let refused = |args: &str| {
        let output = gradlab(folder.path(), args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args}: {said}");
        for piece in ["w: the tensor `layers.0.weight`", "(3 of 104)"] {
            assert!(said.contains(piece), "{args}: {said}");
        }
        said
    };
    for args in [
        "run e.toml --quiet --weights w",
        "probe e.toml --weights w",
        "probe e.toml --json --weights w",
    ] {
        let said = refused(args);
        assert!(said.contains("saved before it diverged"), "{said}");
    }
    for args in ["run t.toml --quiet", "probe t.toml", "check t.toml"] {
        let said = refused(args);
        assert!(said.contains("take [network.transfer] out"), "{said}");
    }
    // What is not taken over may be anything.
    weights_with(folder.path(), "layers.1.weight", &bad);
    done(&gradlab(folder.path(), "check t.toml"));
}

/// A run's own checkpoint is what it is: seen and gone on with, but no other run begins there.
#[test]
fn a_checkpoint_that_is_not_finite_is_resumed_but_no_start() {
    let folder = folder();
    let run = |rest: &str| gradlab(folder.path(), &format!("run e.toml --quiet {rest}"));
    done(&run("--steps 1 --checkpoint c"));
    put(&folder.path().join("c"), "layers.0.weight", &[f32::NAN]);
    let resumed = run("--steps 9 --resume c");
    assert_eq!(resumed.status.code(), Some(3), "{resumed:?}");
    let begun = run("--steps 9 --weights c");
    assert_eq!(begun.status.code(), Some(2), "{begun:?}");
}

/// On a terminal or not.
#[test]
fn run_says_how_every_layer_was_pretrained() {
    let folder = folder();
    let output = gradlab(
        folder.path(),
        "run e.toml --steps 1 --set pretrain.epochs=1",
    );
    done(&output);
    let said = String::from_utf8(output.stderr).expect("text");
    let layers: Vec<_> = said.lines().map(|line| line.split(':').next()).collect();
    assert_eq!(
        layers,
        [Some("pretrained layers.0"), Some("pretrained layers.1")]
    );
}

#[test]
fn one_step_is_no_steps() {
    let folder = folder();
    let reason = |args: &str| {
        let text = done(&gradlab(folder.path(), args));
        let last: Value = serde_json::from_str(text.lines().last().expect("a line")).expect("json");
        last["done"]["reason"].clone()
    };
    assert_eq!(reason("run e.toml --format jsonl --steps 1"), "1 step");
    assert_eq!(reason("run e.toml --format jsonl --epochs 1"), "1 epoch");
    assert_eq!(reason("run e.toml --format jsonl --epochs 2"), "2 epochs");
}

/// Weights of 0 are counted where a penalty makes some, and nothing is said of them where they are not counted.
#[test]
fn zero_weights_are_counted_or_left_out() {
    let folder = folder();
    let layer = |args: &str| {
        let text = done(&gradlab(folder.path(), args));
        let line: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("json");
        line["layers"][0].clone()
    };
    let run = "run e.toml --format jsonl --steps 1";
    let counted = layer(&format!("{run} --set training.regularize.l1=0.01"));
    assert_eq!(counted["weights"], 8 * 13);
    assert!(counted["zero_weights"].is_u64());
    for args in [run, "probe e.toml --json"] {
        let layer = layer(args);
        assert!(layer.get("weights").is_none() && layer.get("zero_weights").is_none());
        assert!(layer["update_ratio"].is_f64());
    }
}

/// An experiment on `s`, sequences with a target at every step.
const EVERY_STEP: &str = "format = 1\n[data]\nkind = \"safetensors\"\npath = \"s\"\ntest_fraction = 0\nstandardize = false\n\
                          [[network.layers]]\nkind = \"recurrent\"\nunits = 4\n[[network.layers]]\nunits = 5\n[training.stop]\nsteps = 1\n";

#[test]
fn what_is_dumped_at_every_step_keeps_its_steps_and_is_data_again() {
    let x = Tensor {
        shape: vec![6, 3, 2],
        numbers: Numbers::F32((0..36).map(|i| (i as f32).sin()).collect()),
    };
    let values = Tensor {
        shape: vec![6, 3, 2],
        numbers: Numbers::F32((0..36).map(|i| (i as f32).cos()).collect()),
    };
    let classes = Tensor {
        shape: vec![6, 3],
        numbers: Numbers::I64((0..18).map(|i| i % 2).collect()),
    };
    for y in [values, classes] {
        let folder = tempdir().expect("folder");
        let here = |name: &str| folder.path().join(name);
        let file = TensorFile {
            tensors: vec![("x".into(), x.clone()), ("y".into(), y.clone())],
            ..TensorFile::default()
        };
        file.write(&here("s")).expect("written");
        fs::write(here("e.toml"), EVERY_STEP).expect("written");
        let args = "probe e.toml --json --batch-size 6 --dump d";
        let first = done(&gradlab(folder.path(), args));
        let dump = TensorFile::read(&here("d")).expect("a dump");
        assert_eq!((dump.get("x"), dump.get("y")), (Some(&x), Some(&y)));
        for (layer, units) in [(0, 4), (1, 5), (2, 2)] {
            for name in [
                format!("layers.{layer}.pre"),
                format!("layers.{layer}.out"),
                format!("delta.layers.{layer}"),
            ] {
                let shape = dump.get(&name).map(|t| &t.shape[..]);
                assert_eq!(shape, Some(&[6, 3, units][..]), "{name}");
            }
        }
        fs::rename(here("d"), here("s")).expect("moved");
        assert_eq!(done(&gradlab(folder.path(), args)), first);
    }
}

#[cfg(unix)]
pub mod unix {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Child;

    fn start(folder: &Path, args: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gradlab"));
        command.current_dir(folder).env("XDG_STATE_HOME", folder);
        let command = command.args(args.split(' ')).stdout(Stdio::piped());
        command
            .stderr(Stdio::piped())
            .spawn()
            .expect("gradlab runs")
    }

    fn signal(child: &Child, name: &str) {
        let pid = child.id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for `lines` lines of the child's report.
    fn wait_for_lines(child: &mut Child, lines: usize) {
        let out = child.stdout.as_mut().expect("a pipe");
        assert_eq!(BufReader::new(out).lines().take(lines).count(), lines);
    }

    /// Whether whoever runs the test has the signal ignored, as `nohup` has the hang-up: the program then ignores it too.
    pub fn is_ignored(name: &str) -> bool {
        let number = match name {
            "-HUP" => 1,
            "-INT" => 2,
            _ => return false,
        };
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok());
        mask.unwrap_or(0) >> (number - 1) & 1 == 1
    }

    #[test]
    fn a_signal_saves_and_the_same_command_goes_on() {
        for name in ["-TERM", "-INT", "-HUP"] {
            if is_ignored(name) {
                continue;
            }
            let folder = folder();
            let endless = "run e.toml --steps 1000000000 --every 1000 --format csv --checkpoint c";
            let mut child = start(folder.path(), endless);
            wait_for_lines(&mut child, 2);
            // Nobody reads the report any more; the run must not wait for that.
            let rest = child.stdout.take();
            let drain = std::thread::spawn(move || {
                rest.map(|mut r| std::io::copy(&mut r, &mut std::io::sink()))
            });
            signal(&child, name);
            assert_eq!(child.wait().expect("it ends").code(), Some(75), "{name}");
            let _ = drain.join();
            let saved = Checkpoint::read(&folder.path().join("c")).expect("a checkpoint");
            assert!(saved.interrupted && saved.step >= 1000);
            let args = format!("run e.toml --steps {} --checkpoint c", saved.step + 1);
            let again = gradlab(folder.path(), &args);
            done(&again);
            assert!(String::from_utf8_lossy(&again.stderr).contains("going on from step"));
            let after = Checkpoint::read(&folder.path().join("c")).expect("a checkpoint");
            assert_eq!((after.step, after.interrupted), (saved.step + 1, false));
        }
    }

    /// Trains without a checkpoint file until a signal: the files in the platform's place then.
    fn stopped(folder: &Path, args: &str) -> Vec<String> {
        let endless = "run e.toml --steps 1000000000 --every 1000 --format csv";
        let mut child = start(folder, &format!("{endless}{args}"));
        wait_for_lines(&mut child, 2);
        let rest = child.stdout.take();
        let drain = std::thread::spawn(move || {
            rest.map(|mut r| std::io::copy(&mut r, &mut std::io::sink()))
        });
        signal(&child, "-TERM");
        let output = child.wait_with_output().expect("it ends");
        let _ = drain.join();
        assert_eq!(output.status.code(), Some(75));
        assert!(String::from_utf8_lossy(&output.stderr).contains("--resume"));
        let saved = fs::read_dir(folder.join("gradlab/runs")).expect("a folder");
        let mut names: Vec<String> = saved
            .map(|e| e.expect("an entry").path().display().to_string())
            .collect();
        names.sort();
        names
    }

    /// Another run of the same experiment costs nothing of what is there; one that goes on from it takes its place.
    #[test]
    fn without_a_checkpoint_file_a_signal_saves_in_the_platforms_place() {
        let folder = folder();
        let step = |path: &str| Checkpoint::read(Path::new(path)).expect("whole").step;
        let first = stopped(folder.path(), "");
        assert_eq!(first.len(), 1);
        let resumed = stopped(folder.path(), &format!(" --resume {}", first[0]));
        assert_eq!(resumed, first);
        let reached = step(&first[0]);
        let second = stopped(folder.path(), "");
        assert_eq!(second.len(), 2);
        assert!(second[0].ends_with("-before.checkpoint") && second[1] == first[0]);
        assert_eq!(step(&second[0]), reached);
    }

    /// Whoever read has had enough; what is written to files is for somebody else.
    #[test]
    fn a_closed_pipe_ends_quietly_and_files_are_written() {
        let folder = folder();
        let mut child = start(
            folder.path(),
            "run e.toml --steps 1000000000 --every 1 --format jsonl --save-weights w --checkpoint c",
        );
        wait_for_lines(&mut child, 1);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stderr.is_empty());
        assert!(TensorFile::read(&folder.path().join("w")).is_ok());
        assert!(Checkpoint::read(&folder.path().join("c")).is_ok());
    }

    /// Status 75 asks for the same command again, which would begin anew.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_signal_before_anything_can_be_saved_is_no_status_75() {
        if is_ignored("-HUP") {
            return;
        }
        let folder = folder();
        let child = start(
            folder.path(),
            "run e.toml --checkpoint c --set pretrain.epochs=1000000000",
        );
        // The hang-up is the last that it begins to hear.
        let status = format!("/proc/{}/status", child.id());
        let caught = || {
            let status = fs::read_to_string(&status).expect("it lives");
            let mask = status.lines().find_map(|l| l.strip_prefix("SigCgt:"));
            let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok());
            mask.expect("a mask") & 1 == 1
        };
        while !caught() {}
        signal(&child, "-TERM");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("no stage"));
    }

    /// Killed at any moment while it writes checkpoint after checkpoint, there is always a whole one. Ten deaths here;
    /// `GRADLAB_KILLS=300` for more.
    #[test]
    fn death_at_any_moment_leaves_a_whole_checkpoint() {
        let kills = std::env::var("GRADLAB_KILLS")
            .ok()
            .and_then(|n| n.parse().ok())
            .unwrap_or(10);
        let folder = folder();
        done(&gradlab(
            folder.path(),
            "run e.toml --quiet --steps 1 --checkpoint c",
        ));
        let path = folder.path().join("c");
        let mut last = 1;
        for i in 0..kills {
            // Every run writes the checkpoint at every step, for as long as it lives.
            let mut child = Command::new(std::env::current_exe().expect("this test"));
            child.args([
                "--ignored",
                "--exact",
                "commands::unix::write_checkpoints_for_ever",
            ]);
            let child = child
                .env("GRADLAB_CHECKPOINT", &path)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = child.spawn().expect("it runs");
            // It lives until it has moved on, and some microseconds more: another moment every time.
            while Checkpoint::read(&path).expect("whole").step == last {}
            for _ in 0..(i * 7919) % 2000 {
                std::hint::spin_loop();
            }
            child.kill().expect("killed");
            child.wait().expect("ended");
            let now = Checkpoint::read(&path).expect("whole").step;
            assert!(now > last);
            last = now;
        }
    }

    /// Not a test: the victim of the one above.
    #[test]
    #[ignore = "runs for ever; started by death_at_any_moment_leaves_a_whole_checkpoint"]
    fn write_checkpoints_for_ever() {
        let path = std::env::var_os("GRADLAB_CHECKPOINT").expect("a path");
        let path = Path::new(&path);
        let mut experiment = gradlab::experiment::parse(EXPERIMENT, "e.toml").expect("right");
        experiment.training.stop.steps = None;
        let start = gradlab::training::Start {
            resume: Some(path.to_path_buf()),
            ..Default::default()
        };
        let mut session = crate::session_from(&experiment, &start);
        loop {
            crate::step(&mut session, 1);
            session.save(path).expect("saved");
        }
    }
}
