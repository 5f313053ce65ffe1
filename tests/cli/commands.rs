//! What each command does.

use super::program::{command, gradlab, gradlab_reading, said};
use gradlab::experiment::{parse, presets};
use tempfile::TempDir;

const GOOD: &str = "format = 1\n[data]\nkind = \"wine\"\n";
const BAD: &str = "format = 1\n[data]\nkind = \"vine\"\n[training]\nbatch_size = 0\n";

#[test]
fn check_passes_every_preset() {
    let mut args = vec!["check"];
    args.extend(presets::all().iter().map(|p| p.name));
    let said = gradlab(&args);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    for preset in presets::all() {
        assert!(
            said.out.contains(&format!("{}.toml: ok", preset.name)),
            "{}",
            said.out
        );
    }
}

#[test]
fn check_says_every_fault_of_every_file_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let (bad, good) = (path("bad.toml", BAD), path("good.toml", GOOD));
    let missing = folder
        .path()
        .join("missing.toml")
        .to_string_lossy()
        .into_owned();
    let said = gradlab(&["check", &bad, &missing, &good]);
    assert_eq!(said.status, 2);
    assert!(
        said.err.contains(&format!(
            "{bad}:3:8: unknown data set `vine`: did you mean `wine`?"
        )),
        "{}",
        said.err
    );
    assert!(
        said.err.contains(&format!(
            "{bad}:5:14: `batch_size` must be at least 1, not 0"
        )),
        "{}",
        said.err
    );
    assert!(
        said.err
            .contains(&format!("{missing}: there is no such file")),
        "{}",
        said.err
    );
    assert!(said.out.starts_with(&format!("{good}: ok")), "{}", said.out);
}

#[test]
fn check_reads_standard_input_and_takes_changes() {
    assert_eq!(gradlab_reading(&["check", "-"], GOOD).status, 0);
    let said = gradlab_reading(
        &["check", "-", "--set", "training.optimizer.learning_rate=x"],
        GOOD,
    );
    assert_eq!(said.status, 2);
    assert!(
        said.err
            .starts_with("--set:1:34: `learning_rate` must be a number"),
        "{}",
        said.err
    );
    let changed = ["--set", "data.kind=digits", "check", "-"];
    assert_eq!(gradlab_reading(&changed, GOOD).status, 0);
    let hidden = gradlab_reading(
        &["check", "-", "--seed", "3"],
        &format!("seed = 1.5\n{GOOD}"),
    );
    assert_eq!(hidden.status, 2, "{}", hidden.out);
    assert!(hidden.err.contains(":1:8: `seed`"), "{}", hidden.err);
}

#[test]
fn standard_input_is_read_once() {
    let said = gradlab(&["check", "-", "-"]);
    assert_eq!((said.status, said.out.as_str()), (2, ""));
    assert!(said.err.contains("standard input"), "{}", said.err);
}

#[test]
fn show_prints_what_can_be_read_back() {
    let said = gradlab(&["show", "vanishing-logistic"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    assert_eq!(said.out, presets::find("vanishing-logistic").unwrap().text);
    let changed = gradlab(&[
        "show",
        "vanishing-logistic",
        "--set",
        "network.layers.0.units=7",
        "--seed",
        "3",
    ]);
    let experiment = parse(&changed.out, "shown").unwrap();
    assert_eq!(
        (experiment.network.layers[0].units, experiment.seed),
        (7, 3)
    );
}

#[test]
fn what_is_not_there_is_guessed() {
    let said = gradlab(&["show", "vanishing-logistik"]);
    assert_eq!(said.status, 2);
    assert!(
        said.err.contains("did you mean `vanishing-logistic`?"),
        "{}",
        said.err
    );
    // A command's name is no experiment's, but it may have been meant where one could stand.
    for args in [["show", "opne"], ["probe", "nope"], ["check", "nope"]] {
        let said = gradlab(&args);
        assert_eq!(said.status, 2, "{args:?}");
        let expected = format!(
            "{}` is no file and no preset: `gradlab list presets` names",
            args[1]
        );
        assert!(said.err.contains(&expected), "{}", said.err);
    }
    let said = gradlab(&["opne"]);
    assert_eq!(said.status, 2);
    assert!(said.err.contains("did you mean `open`?"), "{}", said.err);
    let said = gradlab(&["check", "a\u{1b}[31m"]);
    assert_eq!(said.status, 2);
    assert!(!said.err.contains('\u{1b}'), "{}", said.err);
}

#[test]
fn list_names_everything_with_its_parameters() {
    let said = gradlab(&["list"]);
    assert_eq!(said.status, 0);
    for word in [
        "leaky-relu",
        "slope = 0.01",
        "glorot-normal",
        "amsgrad = false",
        "one-cycle",
        "temporal-order",
        "huber",
        "spiral",
    ] {
        assert!(
            said.out.contains(word),
            "{word} is not listed:\n{}",
            said.out
        );
    }
    let said = gradlab(&["list", "optimizers"]);
    assert!(said.out.contains("adamw") && !said.out.contains("relu"));
    let listed: serde_json::Value =
        serde_json::from_str(&gradlab(&["list", "schedules", "--json"]).out).unwrap();
    let step = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|e| e["name"] == "step")
        .unwrap();
    assert_eq!(step["parameters"][0]["name"], "every");
    assert_eq!(step["parameters"][0]["required"], true);
    assert_eq!(gradlab(&["list", "nonsense"]).status, 2);
}

#[test]
fn presets_of_the_persons_own_are_listed_with_their_faults() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("gradlab/presets");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(
        own.join("mine.toml"),
        format!("description = \"My wine\"\n{GOOD}"),
    )
    .unwrap();
    std::fs::write(own.join("broken.toml"), BAD).unwrap();
    let run = |args: &[&str]| {
        super::program::said(super::program::command(args).env("XDG_CONFIG_HOME", folder.path()))
    };
    let said = run(&["list", "presets"]);
    assert_eq!(said.status, 0);
    assert!(
        said.out.contains("mine") && said.out.contains("My wine"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("broken") && said.out.contains("did you mean `wine`?"),
        "{}",
        said.out
    );
    assert!(said.out.contains("textbook-digits"));
    assert_eq!(run(&["check", "mine"]).status, 0);
}

/// Files that a stranger put there: their names and words are text.
#[cfg(unix)]
#[test]
fn presets_reach_the_terminal_as_text() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("gradlab/presets");
    std::fs::create_dir_all(&own).unwrap();
    let words = r"\u001b]0;owned\u0007\u202e\u009b31m";
    let long = "x".repeat(1 << 20);
    let good = format!("name = \"{words}\"\ndescription = \"{words}\\n{long}\"\n{GOOD}");
    std::fs::write(own.join("a\u{1b}[2J\u{202e}.toml"), good).unwrap();
    let bad = format!("\"{words}\" = 1\n\"{long}\" = 2\n{GOOD}");
    std::fs::write(own.join("b\u{9b}2J.toml"), bad).unwrap();
    for args in [
        &["list"][..],
        &["list", "presets"],
        &["list", "--json"],
        &["check", "a\u{1b}[2J\u{202e}"],
        &["check", "b\u{9b}2J"],
    ] {
        let said = super::program::said(
            super::program::command(args).env("XDG_CONFIG_HOME", folder.path()),
        );
        for text in [said.out, said.err] {
            let bad = text
                .chars()
                .find(|&c| c != '\n' && (c.is_control() || gradlab::text::hides(c)));
            assert_eq!(bad, None, "{args:?}");
            assert!(
                text.len() < 200_000 || args.contains(&"--json"),
                "{args:?}: {}",
                text.len()
            );
        }
    }
}

#[test]
fn completions_and_the_manual_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let said = gradlab(&["completions", shell]);
        assert_eq!(said.status, 0);
        assert!(
            said.out.contains("check") && said.out.contains("gradlab"),
            "{shell}"
        );
    }
    let said = gradlab(&["man"]);
    assert_eq!(said.status, 0);
    for word in [".TH gradlab", "completions", "Exit status", "EXPERIMENT"] {
        assert!(said.out.contains(word), "{word} is not in the manual");
    }
}

#[test]
fn check_gives_the_workbenchs_advice() {
    let said = gradlab_reading(
        &["check", "-"],
        &format!(
            "{GOOD}[network]\nactivation = \"relu\"\ninit = \"normal\"\n[[network.layers]]\nunits = 100\nrepeat = 10\n"
        ),
    );
    assert_eq!(said.status, 0);
    assert!(said.out.contains("advice: "), "{}", said.out);
    let elsewhere = gradlab_reading(
        &["check", "-"],
        "format = 1\n[data]\nkind = \"npz\"\npath = \"nowhere.npz\"\n",
    );
    assert_eq!(elsewhere.status, 0);
    assert!(elsewhere.out.contains("nowhere.npz"), "{}", elsewhere.out);
}

/// A run may have written its curves into a folder named after it, and a file may have any name.
#[test]
fn a_preset_is_found_beside_what_has_its_name() {
    let folder = TempDir::new().expect("a folder");
    std::fs::create_dir(folder.path().join("moons")).expect("a folder");
    std::fs::write(folder.path().join("wine"), "not an experiment").expect("a file");
    let within = |args: &[&str]| said(command(args).current_dir(folder.path()));
    let show = within(&["show", "wine"]);
    assert_eq!(
        (show.status, show.out.contains("name = \"wine\"")),
        (0, true)
    );
    for args in [&["show", "moons"][..], &["run", "moons", "--steps", "1"]] {
        let said = within(args);
        assert_eq!(said.status, 0, "{args:?}: {}", said.err);
    }
    // what is neither stays what it is
    std::fs::create_dir(folder.path().join("mine")).expect("a folder");
    let mine = within(&["run", "mine"]);
    assert_eq!(mine.status, 2);
    assert!(mine.err.contains("is a folder"), "{}", mine.err);
}

#[test]
fn what_is_written_at_the_end_has_to_have_a_place_at_the_beginning() {
    for option in ["--checkpoint", "--save-weights"] {
        let said = gradlab(&["run", "moons", "--steps", "3", option, "/nonexistent/w"]);
        assert_eq!(said.status, 1, "{option}");
        assert!(
            said.err.contains("/nonexistent/w cannot be written"),
            "{}",
            said.err
        );
        assert!(!said.out.contains("step"), "{}", said.out);
        let folder = gradlab(&["run", "moons", "--steps", "3", option, "/tmp"]);
        assert_eq!(folder.status, 1, "{option}");
        let says = "/tmp cannot be written: it is a folder";
        assert!(folder.err.contains(says), "{}", folder.err);
        assert!(!folder.out.contains("step"), "{}", folder.out);
    }
}

/// What a run would refuse.
#[test]
fn check_refuses_what_would_not_be_built() {
    let layer = "[[network.layers]]\nunits = 3\n";
    let recurrent = format!("{layer}kind = \"recurrent\"\n");
    let cases = [
        (
            "adding",
            format!("{recurrent}dropout = 0.5\n"),
            "cannot have dropout",
        ),
        (
            "adding",
            format!("{recurrent}norm = \"layer\"\n"),
            "cannot have a norm",
        ),
        (
            "adding",
            format!("{recurrent}init = \"lsuv\"\n"),
            "cannot have weights from `lsuv`",
        ),
        ("moons", recurrent.clone(), "no sequences"),
        ("echo", layer.to_string(), "target at every step"),
        (
            "moons",
            format!("{layer}norm = \"batch\"\n[training]\nbatch_size = 1\n"),
            "batch norm needs at least 2 rows",
        ),
        (
            "diabetes",
            format!("{layer}[training]\nloss = \"binary-cross-entropy\"\n"),
            "targets from 0 to 1",
        ),
    ];
    for (data, rest, says) in cases {
        let file = format!("format = 1\n[data]\nkind = \"{data}\"\n{rest}");
        for command in [&["check", "-"][..], &["export", "pytorch", "-"]] {
            let said = gradlab_reading(command, &file);
            assert_eq!(said.status, 2, "{data} {rest}: {}", said.out);
            assert!(said.err.contains(says), "{says}: {}", said.err);
        }
    }
}

/// The table counts layers as the sentence beneath it does.
#[test]
fn probe_names_layers_as_its_verdict_does() {
    let said = gradlab(&["probe", "vanishing-logistic"]);
    let rows: Vec<Vec<&str>> = said
        .out
        .lines()
        .map(|l| l.split(' ').filter(|w| !w.is_empty()).collect())
        .collect();
    let of = |name: &str| rows.iter().find(|row| row.len() > 8 && row[0] == name);
    assert!(of("output").is_some() && of("0").is_none(), "{}", said.out);
    let lowest = of("1").expect("a row")[5];
    let exponent: f64 = lowest.parse::<f64>().expect("a number").log10();
    let told = format!("\u{2202}W 10^{exponent:.1} in layer 1");
    assert!(said.out.contains(&told), "{told}: {}", said.out);
}
