//! What the commands write: reports that go on with their run, and nothing that takes another file's place.

use super::commands::{EXPERIMENT, folder, gradlab};
use gradlab::experiment::{Experiment, parse};
use gradlab::training::Checkpoint;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;

/// Ends so, and says so.
fn ends(output: &Output, status: i32, says: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert!(errors.contains(says), "{says}: {errors}");
}

fn experiment() -> Experiment {
    parse(EXPERIMENT, "e.toml").expect("right")
}

/// A run of the experiment that was killed after so many steps.
fn killed(experiment: &Experiment, steps: u64, path: &Path) {
    let mut session = crate::session_of(experiment);
    crate::step(&mut session, steps);
    session.save(path).expect("saved");
}

#[test]
fn the_report_of_a_run_that_goes_on_is_that_of_one_that_was_never_broken_off() {
    let folder = folder();
    let at = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
    for format in ["text", "jsonl", "csv"] {
        let run = |args: &str| {
            gradlab(
                folder.path(),
                &format!("run e.toml --format {format} {args}"),
            )
        };
        ends(&run("--out whole"), 0, "");
        for option in ["--checkpoint", "--resume"] {
            // The report had come further than the checkpoint.
            killed(&experiment(), 15, &folder.path().join("c"));
            ends(&run("--steps 20 --out parts"), 0, "");
            ends(&run(&format!("{option} c --out parts")), 0, "");
            assert_eq!(at("parts"), at("whole"), "{format} {option}");
        }
        // That of a run which begins is a new one.
        ends(&run("--checkpoint c --out parts"), 0, "");
        assert_eq!(at("parts"), at("whole"), "{format}");
    }
}

#[test]
fn a_refused_command_leaves_the_report_that_is_there() {
    let folder = folder();
    let here = |name: &str| folder.path().join(name);
    fs::write(here("old"), "precious\n").expect("written");
    killed(&experiment(), 15, &here("c"));
    for (args, says) in [
        ("--weights nowhere", "nowhere"),
        ("--resume nowhere", "nowhere"),
        ("--checkpoint e.toml", "would write over the experiment"),
        ("--set data.kind=csv", "path"),
        ("--checkpoint c", "not this run's report"),
        ("--resume c --format csv", "not this run's report"),
    ] {
        let refused = gradlab(folder.path(), &format!("run e.toml --out old {args}"));
        ends(&refused, 2, says);
        let left = fs::read_to_string(here("old")).expect("there");
        assert_eq!(left, "precious\n", "{args}");
    }
    let nowhere = gradlab(folder.path(), "run e.toml --out no/r");
    ends(&nowhere, 1, "no/r cannot be written");
}

#[test]
fn a_resumed_run_writes_over_no_other_run_and_goes_on_with_its_own() {
    let folder = folder();
    let here = |name: &str| folder.path().join(name);
    let run = || gradlab(folder.path(), "run e.toml --resume from --checkpoint to");
    let refused = |says: &str| {
        let before = fs::read(here("to")).expect("there");
        ends(&run(), 2, says);
        assert!(fs::read(here("to")).expect("there") == before);
    };
    killed(&experiment(), 20, &here("from"));
    fs::write(here("to"), "precious").expect("written");
    refused("name another file");
    let mut other = experiment();
    other.seed = 7;
    killed(&other, 30, &here("to"));
    refused("another experiment");
    killed(&experiment(), 10, &here("to"));
    refused("holds a run at step 10");
    killed(&experiment(), 30, &here("to"));
    ends(&run(), 0, "going on from step 30");
    ends(&run(), 0, "");
    let to = Checkpoint::read(&here("to")).expect("whole");
    assert_eq!((to.step, to.interrupted), (40, false));
}

#[test]
fn no_output_takes_the_place_of_an_input_or_another_output() {
    let folder = folder();
    let here = |name: &str| folder.path().join(name);
    let table = "format = 1\n[data]\nkind = \"csv\"\npath = \"d.csv\"\ntarget = \"y\"\ntask = \"regression\"\n\
                 [training]\nbatch_size = \"full\"\n[training.stop]\nsteps = 1\n";
    fs::write(here("t.toml"), table).expect("written");
    fs::write(here("d.csv"), "x,y\n1,2\n2,3\n3,4\n4,6\n").expect("written");
    killed(&experiment(), 5, &here("c"));
    ends(
        &gradlab(folder.path(), "run e.toml --quiet --save-weights w"),
        0,
        "",
    );
    let inputs = ["e.toml", "t.toml", "d.csv", "c", "w"].map(here);
    let contents = || inputs.each_ref().map(|path| fs::read(path).expect("there"));
    let before = contents();
    for args in [
        "run e.toml --out ./e.toml",
        "run e.toml --save-weights e.toml",
        "run e.toml --checkpoint e.toml",
        "run t.toml --out d.csv",
        "run t.toml --save-weights d.csv",
        "run e.toml --resume c --save-weights c",
        "run e.toml --resume c --out c",
        "run e.toml --weights w --out w",
        "run e.toml --save-weights x --checkpoint ./x",
        "run e.toml --out x --save-weights x",
        "probe e.toml --dump e.toml",
        "probe t.toml --dump d.csv",
        "probe e.toml --weights w --dump w",
        "export pytorch e.toml --out e.toml",
        "export keras t.toml --data d.csv",
        "export keras e.toml --data x --out x",
    ] {
        ends(&gradlab(folder.path(), args), 2, "name another file");
        assert!(contents() == before, "{args}");
        assert!(!here("x").exists(), "{args}");
    }
    for args in [
        "run e.toml --quiet --weights w --save-weights w",
        "run e.toml --quiet --resume c --checkpoint c",
        "run e.toml --quiet --out /dev/null --save-weights /dev/null",
    ] {
        ends(&gradlab(folder.path(), args), 0, "");
    }
}

#[test]
fn what_resume_is_to_change_is_changed_or_refused() {
    let folder = folder();
    killed(&experiment(), 5, &folder.path().join("c"));
    for (args, status, says) in [
        ("resume c --seed 99", 2, "makes another run"),
        ("resume c --set nonsense=1", 2, "nonsense"),
        ("resume --list --seed 99", 2, "takes no experiment"),
        (
            "resume c --set training.stop.steps=50",
            1,
            "needs a terminal",
        ),
    ] {
        ends(&gradlab(folder.path(), args), status, says);
    }
}

#[test]
fn a_run_of_no_step_says_how_it_ended_and_saves_no_checkpoint() {
    let folder = folder();
    let output = gradlab(folder.path(), "run e.toml --steps 0");
    ends(&output, 0, "");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "finished: 0 steps\n"
    );
    for rule in ["--steps", "--epochs"] {
        let args = format!("run e.toml {rule} 0 --checkpoint c");
        ends(&gradlab(folder.path(), &args), 2, "leave --checkpoint out");
        assert!(!folder.path().join("c").exists());
    }
}

#[test]
fn data_that_cannot_be_read_are_the_experiments_fault_for_every_command() {
    let folder = folder();
    let table = "format = 1\n[data]\nkind = \"npz\"\npath = \"nowhere.npz\"\n";
    fs::write(folder.path().join("t.toml"), table).expect("written");
    for command in ["run", "probe", "export pytorch", "shot -o x.svg"] {
        let output = gradlab(folder.path(), &format!("{command} t.toml"));
        ends(&output, 2, "nowhere.npz");
    }
}

/// Patience goes back to weights of another step than the last, which the other figures are of.
#[test]
fn what_patience_went_back_to_is_told_from_the_last_step() {
    let folder = folder();
    let args = "run e.toml --format jsonl --save-weights w --set training.stop={patience=2} \
                --set training.optimizer={kind=\"adam\",learning_rate=0.3}";
    let output = gradlab(folder.path(), args);
    ends(&output, 0, "");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("json"))
        .collect();
    let [.., last, done] = &lines[..] else {
        panic!("{text}")
    };
    let done = &done["done"];
    assert_eq!(done["test_loss"], last["test_loss"], "the last step's");
    let of = |line: &&Value| line["step"] == done["restored"]["step"];
    let best = lines.iter().find(of).expect("an epoch's end");
    for score in ["test_loss", "test_accuracy"] {
        assert_eq!(done["restored"][score], best[score], "{score}");
    }
    assert_ne!(best["test_loss"], last["test_loss"]);
    let loss = |rest: &str| {
        let args = format!("run e.toml --format jsonl --weights w --steps 1 {rest}");
        let output = gradlab(folder.path(), &args);
        let text = String::from_utf8(output.stdout).expect("text");
        let line: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("json");
        line["test_loss"].as_f64().expect("a loss")
    };
    let saved = loss("--every 1 --set training.optimizer.learning_rate=0");
    let said = done["restored"]["test_loss"].as_f64().expect("a loss");
    assert!((saved - said).abs() < 1e-6, "{saved} {said}");
}
