//! What a run would refuse is told beforehand, with its place and a figure, and without harm.

use super::program::{Said, command, gradlab, said};
use std::fs;
use std::path::Path;
use std::process::Command;

fn write(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("file");
    path.to_string_lossy().into_owned()
}

/// `check` of an experiment on a table of these rows.
fn check_table(table: &str, data: &str, rest: &str) -> Said {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "d.csv", table);
    let text = format!("format = 1\n[data]\nkind = \"csv\"\npath = \"d.csv\"\n{data}\n{rest}\n");
    gradlab(&["check", &write(folder.path(), "e.toml", text)])
}

const ROWS: &str = "a,b,y\n1,2,p\n3,1,q\n5,6,p\n2,8,q\n";

#[test]
fn check_refuses_what_is_wrong_with_data_that_are_there() {
    let classes = "task = \"classification\"\ntarget = \"y\"";
    let fine = check_table(ROWS, classes, "");
    assert_eq!((fine.status, fine.err.as_str()), (0, ""));
    let two = "task = \"classification\"\ntarget = [\"y\", \"a\"]";
    for (table, data, says) in [
        (
            ROWS,
            "task = \"classification\"\ntarget = \"nope\"",
            "no column `nope`",
        ),
        (ROWS, two, "d.csv"),
        (
            "a,b,y\n1,nan,p\n3,1,q\n",
            classes,
            "row 1 (line 2), column `b`",
        ),
    ] {
        let said = check_table(table, data, "");
        assert_eq!(said.status, 2, "{says}: {}", said.out);
        assert!(said.err.contains(says), "{}", said.err);
        assert!(!said.out.contains("ok"), "{}", said.out);
    }
}

#[test]
fn rows_of_one_class_are_said_to_be_that() {
    let data = "task = \"classification\"\ntarget = \"y\"";
    let one = "a,b,y\n1,2,p\n3,1,p\n5,6,p\n";
    for loss in ["cross-entropy", "binary-cross-entropy"] {
        let said = check_table(one, data, &format!("[training]\nloss = \"{loss}\""));
        assert_eq!(said.status, 2, "{}", said.out);
        let says = "d.csv, column `y` holds only class `p`";
        assert!(said.err.contains(says), "{}", said.err);
        assert!(said.err.contains("e.toml:6:10: "), "{}", said.err);
    }
}

/// A safetensors file of `x`, two rows of one feature.
fn one_tensor() -> Vec<u8> {
    let header = r#"{"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 8]);
    bytes
}

#[test]
fn what_no_data_can_be_had_by_has_its_line_and_column() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "d.csv", ROWS);
    write(folder.path(), "d.st", one_tensor());
    let csv = "kind = \"csv\"\npath = \"d.csv\"\ntask = \"regression\"\n";
    for (data, says) in [
        (
            format!("{csv}target = \"bb\""),
            "e.toml:6:10: ./d.csv: no column `bb`: did you mean `b`?",
        ),
        (
            format!("{csv}target = [\"a\", \"nope\"]"),
            "e.toml:6:16: ./d.csv: no column `nope`",
        ),
        (
            format!("{csv}target = \"b\"\nsequence = \"nope\""),
            "e.toml:7:12: ./d.csv: no column `nope`",
        ),
        (
            "kind = \"safetensors\"\npath = \"d.st\"\ny = \"nope\"".into(),
            "e.toml:5:5: ./d.st: no array `nope`",
        ),
        (
            "kind = \"digits\"\ntrain_rows = 9".into(),
            "e.toml:4:14: class",
        ),
        (
            "kind = \"moons\"\nnoise = 1e300".into(),
            "e.toml:4:9: the noise is too large",
        ),
        (
            "kind = \"safetensors\"\npath = \"d.st\"".into(),
            "e.toml:2:2: ./d.st: no array `y`",
        ),
    ] {
        let text = format!("format = 1\n[data]\n{data}\n");
        write(folder.path(), "e.toml", text);
        for args in [
            vec!["check", "e.toml"],
            vec!["probe", "e.toml"],
            vec!["run", "e.toml", "--steps", "1"],
            vec!["export", "pytorch", "e.toml"],
        ] {
            let said = said(command(&args).current_dir(folder.path()));
            assert_eq!(said.status, 2, "{args:?}: {}", said.out);
            assert!(said.err.contains(says), "{args:?}: {}", said.err);
        }
    }
}

#[test]
fn what_only_the_data_show_has_its_line_and_column() {
    let folder = tempfile::tempdir().expect("folder");
    write(folder.path(), "d.csv", ROWS);
    let data = "kind = \"csv\"\npath = \"d.csv\"\ntask = \"classification\"\ntarget = \"y\"";
    let text = format!("format = 1\n[data]\n{data}\n[[network.layers]]\nunits = 5\nskip = true\n");
    let file = write(folder.path(), "e.toml", text);
    for command in [
        vec!["check", &file],
        vec!["probe", &file],
        vec!["run", &file, "--steps", "1"],
        vec!["export", "pytorch", &file],
    ] {
        let said = gradlab(&command);
        assert_eq!(said.status, 2, "{command:?}: {}", said.out);
        let says = "e.toml:9:8: `skip` adds";
        assert!(said.err.contains(says), "{command:?}: {}", said.err);
    }
}

#[test]
fn patience_without_a_row_to_wait_for_is_refused_before_a_run() {
    let data = "task = \"classification\"\ntarget = \"y\"";
    let regression = "task = \"regression\"\ntarget = \"b\"";
    let stop = "[training.stop]\npatience = 3";
    let fine = check_table(ROWS, data, stop);
    assert_eq!((fine.status, fine.err.as_str()), (0, ""));
    let said = check_table("a,b\n1,2\n", regression, stop);
    assert_eq!(said.status, 2, "{}", said.out);
    let says = "e.toml:8:12: `patience` watches the test loss, and d.csv has no rows left";
    assert!(said.err.contains(says), "{}", said.err);
}

#[test]
fn check_looks_at_the_layers_that_are_taken_over() {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let file = |units: usize| {
        format!(
            "format = 1\n[data]\nkind = \"moons\"\n[[network.layers]]\nunits = {units}\n\
             [network.transfer]\nfrom = \"w.safetensors\"\nlayers = 1\n"
        )
    };
    let (fits, other) = (
        write(folder.path(), "fits.toml", file(8)),
        write(folder.path(), "other.toml", file(5)),
    );
    let missing = gradlab(&["check", &fits]);
    assert_eq!((missing.status, missing.err.as_str()), (0, ""));
    assert!(missing.out.contains("w.safetensors"), "{}", missing.out);

    let source = write(
        folder.path(),
        "source.toml",
        "format = 1\n[data]\nkind = \"moons\"\n[[network.layers]]\nunits = 8\n",
    );
    let weights = path("w.safetensors");
    let run = ["run", &source, "--steps", "1", "--save-weights", &weights];
    assert_eq!(gradlab(&run).status, 0);
    let found = gradlab(&["check", &fits]);
    assert_eq!((found.status, found.err.as_str()), (0, ""));
    assert!(!found.out.contains("w.safetensors"), "{}", found.out);
    let misfit = gradlab(&["check", &other]);
    assert_eq!(misfit.status, 2, "{}", misfit.out);
    assert!(misfit.err.contains("w.safetensors"), "{}", misfit.err);

    write(folder.path(), "w.safetensors", "nothing of the kind");
    assert_eq!(gradlab(&["check", &fits]).status, 2);
}

/// Opening a pipe waits for whoever writes to it.
#[cfg(unix)]
#[test]
fn a_pipe_among_ones_presets_keeps_nobody_waiting() {
    let folder = tempfile::tempdir().expect("folder");
    let presets = folder.path().join("gradlab/presets");
    fs::create_dir_all(&presets).expect("folder");
    let made = Command::new("mkfifo")
        .arg(presets.join("pipe.toml"))
        .status();
    assert!(made.expect("mkfifo").success());
    write(
        &presets,
        "own.toml",
        "format = 1\n[data]\nkind = \"wine\"\n",
    );
    let at = |args: &[&str]| said(command(args).env("XDG_CONFIG_HOME", folder.path()));
    let list = at(&["list", "presets"]);
    assert_eq!(list.status, 0);
    assert!(list.out.contains("own"), "{}", list.out);
    assert_eq!(at(&["run", "own", "--steps", "1"]).status, 0);
    let pipe = at(&["run", "pipe"]);
    assert_eq!(pipe.status, 2);
    assert!(pipe.err.contains("not a plain file"), "{}", pipe.err);
}

/// Within a limit of 2 GB of address space, as `ulimit -v` sets it.
#[cfg(target_os = "linux")]
#[test]
fn what_the_process_has_no_memory_for_is_refused_with_a_figure() {
    for args in [
        &[
            "run",
            "moons",
            "--set",
            "data.rows=100000000",
            "--steps",
            "1",
        ][..],
        &["check", "moons", "--set", "data.rows=100000000"],
        &["run", "echo.toml", "--steps", "1"],
        &[
            "run",
            "moons",
            "--set",
            "network.layers.0.units=20000",
            "--set",
            "network.layers.0.repeat=2",
            "--steps",
            "1",
        ],
        // it would be trained, and not be saved
        &[
            "run",
            "moons",
            "--set",
            "network.layers.0.units=8000",
            "--set",
            "network.layers.0.repeat=2",
            "--set",
            "training.optimizer=adam",
            "--steps",
            "1",
        ],
    ] {
        let folder = tempfile::tempdir().expect("folder");
        write(
            folder.path(),
            "echo.toml",
            "format = 1\n[data]\nkind = \"echo\"\nlength = 1000\nrows = 1000000\n[[network.layers]]\nkind = \"recurrent\"\nunits = 3\n",
        );
        let mut limited = Command::new("sh");
        limited
            .args(["-c", "ulimit -v 2000000; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_gradlab"))
            .args(args)
            .env("XDG_CONFIG_HOME", "/nonexistent")
            .current_dir(folder.path());
        let said = said(&mut limited);
        assert_eq!(said.status, 2, "{args:?}: {}", said.err);
        assert!(said.err.contains("memory"), "{args:?}: {}", said.err);
    }
}
