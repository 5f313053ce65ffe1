//! Full disks, readers and terminals that are gone, signals nobody may hear: what is said, what stays, what goes on.

use super::commands::unix::is_ignored;
use super::commands::{EXPERIMENT, folder, gradlab};
use gradlab::training::Checkpoint;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// The program under a shell that first does what `before` says.
fn under(before: &str, folder: &Path, args: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_gradlab"))
        .args(args.split(' '))
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder)
        .stdin(Stdio::null());
    command
}

/// No file grows beyond one block: every write beyond it fails, as on a full disk.
const FULL: &str = "trap '' XFSZ; ulimit -f 1";

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name().to_string_lossy().into())
        .collect();
    names.sort();
    names
}

/// Waits for `lines` lines of the child's report, and gives back what reads the rest.
fn wait_for_lines(child: &mut Child, lines: usize) -> BufReader<std::process::ChildStdout> {
    let mut reader = BufReader::new(child.stdout.take().expect("a pipe"));
    for _ in 0..lines {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).expect("a line") > 0);
    }
    reader
}

fn drain(mut reader: impl std::io::Read + Send + 'static) {
    std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args([name, &pid]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn a_full_disk_is_said_and_the_old_checkpoint_stays() {
    let folder = folder();
    let first = gradlab(folder.path(), "run e.toml --quiet --steps 5 --checkpoint c");
    assert_eq!(first.status.code(), Some(0));
    let old = fs::read(folder.path().join("c")).expect("a checkpoint");
    let mut again = under(
        FULL,
        folder.path(),
        "run e.toml --steps 9 --every 9 --format csv --checkpoint c --save-weights w",
    );
    let output = again.output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    let said = errors(&output);
    assert!(said.contains("the checkpoint was not written"), "{said}");
    assert!(said.contains("the weights were not written"), "{said}");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        report.lines().last().is_some_and(|l| l.starts_with("9,")),
        "{report}"
    );
    assert_eq!(fs::read(folder.path().join("c")).expect("the old one"), old);
    assert_eq!(
        names(folder.path()),
        ["c", "e.toml"],
        "nothing half-written is left"
    );
}

#[test]
fn a_full_disk_when_a_signal_comes_is_said_too() {
    let folder = folder();
    let mut child = under(
        FULL,
        folder.path(),
        "run e.toml --steps 1000000000 --every 1000 --format csv --checkpoint c",
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("it runs");
    drain(wait_for_lines(&mut child, 2));
    signal(&child, "-TERM");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).contains("the checkpoint was not written"));
    assert_eq!(names(folder.path()), ["e.toml"]);
}

/// The report is lost, the run is not.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_does_not_end_the_run() {
    let folder = folder();
    let output = gradlab(
        folder.path(),
        "run e.toml --steps 3000 --every 1 --out /dev/full --checkpoint c",
    );
    assert_eq!(output.status.code(), Some(1));
    let said = errors(&output);
    assert!(said.contains("training goes on without it"), "{said}");
    let saved = Checkpoint::read(&folder.path().join("c")).expect("a checkpoint");
    assert_eq!(saved.step, 3000);
}

#[test]
fn a_reader_that_has_had_enough_leaves_the_checkpoint_that_was_asked_for() {
    let folder = folder();
    let mut child = under(
        "true",
        folder.path(),
        "run e.toml --steps 1000000000 --every 1 --format csv --checkpoint c",
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("it runs");
    drop(wait_for_lines(&mut child, 2));
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    assert!(output.stderr.is_empty());
    assert!(Checkpoint::read(&folder.path().join("c")).is_ok());
}

/// As after a hang-up: whatever is said to a terminal that is gone fails, and must not take the run with it.
#[cfg(target_os = "linux")]
#[test]
fn nobody_to_talk_to_is_no_reason_to_fail() {
    let folder = folder();
    let full = File::options().write(true).open("/dev/full").expect("open");
    let mut child = under(
        "true",
        folder.path(),
        "run e.toml --steps 1000000000 --every 1000 --format csv --checkpoint c",
    )
    .stdout(Stdio::piped())
    .stderr(full)
    .spawn()
    .expect("it runs");
    drain(wait_for_lines(&mut child, 2));
    signal(&child, if is_ignored("-HUP") { "-TERM" } else { "-HUP" });
    assert_eq!(child.wait().expect("it ends").code(), Some(75));
    assert!(Checkpoint::read(&folder.path().join("c")).is_ok());
}

/// As under `nohup`: who starts the program says that a hang-up is nothing to it.
#[cfg(target_os = "linux")]
#[test]
fn an_ignored_hang_up_stays_ignored() {
    let folder = folder();
    let mut child = under(
        "trap '' HUP",
        folder.path(),
        "run e.toml --steps 1000000000 --every 10 --format csv --checkpoint c",
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("it runs");
    let mut reader = wait_for_lines(&mut child, 2);
    signal(&child, "-HUP");
    // Far more than a pipe holds: these are written after the signal.
    let mut read = 0;
    while read < 1 << 18 {
        let mut line = String::new();
        read += reader.read_line(&mut line).expect("a line");
        assert!(!line.is_empty(), "the run ended");
    }
    drain(reader);
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("it ends").code(), Some(75));
}

/// A checkpoint that cannot come to an end (here a pipe that nobody reads) holds the first signal up, never the second.
#[test]
fn the_second_signal_ends_the_program_at_once() {
    let folder = folder();
    let made = Command::new("mkfifo").arg(folder.path().join("c")).status();
    assert!(made.expect("mkfifo").success());
    for name in ["-INT", "-TERM"] {
        if is_ignored(name) {
            continue;
        }
        let mut child = under(
            "true",
            folder.path(),
            "run e.toml --steps 1000000000 --every 1000 --format csv --checkpoint c",
        )
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
        drain(wait_for_lines(&mut child, 2));
        // Signals of one kind that come together count as one: it is asked again until it has ended.
        let status = loop {
            signal(&child, name);
            if let Some(status) = child.try_wait().expect("a status") {
                break status;
            }
            std::thread::yield_now();
        };
        let number = [("-INT", 2), ("-TERM", 15)];
        let number = number.iter().find(|(n, _)| *n == name).expect("known").1;
        assert_eq!(status.code(), Some(128 + number), "{name}");
    }
}

/// A terminal that is closed brings one from the system and one from the shell: however many come while the checkpoint is
/// written, it is written.
#[test]
fn no_number_of_hang_ups_costs_the_checkpoint() {
    if is_ignored("-HUP") {
        return;
    }
    let folder = folder();
    let pipe = folder.path().join("c");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    let mut child = under(
        "true",
        folder.path(),
        "run e.toml --steps 1000000000 --every 1000 --format csv --checkpoint c",
    )
    .stdout(Stdio::piped())
    .spawn()
    .expect("it runs");
    drain(wait_for_lines(&mut child, 2));
    for _ in 0..20 {
        signal(&child, "-HUP");
        assert_eq!(child.try_wait().expect("a status"), None);
    }
    let bytes = fs::read(&pipe).expect("what is written");
    assert_eq!(child.wait().expect("it ends").code(), Some(75));
    let saved = Checkpoint::from_bytes(&bytes, "c").expect("whole");
    assert!(saved.interrupted);
}

/// Errors go to a terminal, whoever wrote the names in them.
#[test]
fn names_that_would_act_on_a_terminal_are_shown_as_text() {
    let folder = folder();
    let hostile = EXPERIMENT.replace(
        "kind = \"wine\"",
        "kind = \"csv\"\npath = \"a\\u001b]0;x\\u0007\\u202e\"\ntarget = \"y\\u001b[2J\"",
    );
    fs::write(folder.path().join("h.toml"), &hostile).expect("written");
    fs::write(
        folder.path().join("a\u{1b}]0;x\u{7}\u{202e}"),
        "\u{1b}[31m,b\u{9b}\n1,2\n",
    )
    .expect("written");
    let checks = [
        "run h.toml --quiet",
        "probe h.toml",
        "check h.toml",
        "run e.toml --quiet --resume \u{1b}[2Jc",
        "run e.toml --quiet --weights \u{1b}[2Jw",
        "run e.toml --quiet --save-weights no\u{1b}[2J/w",
        "run e.toml --quiet --checkpoint no\u{1b}[2J/c",
        "run \u{1b}[2Je.toml",
        "show \u{1b}[2J\u{202e}",
        "run e.toml --set \u{1b}[2J=1",
        "export pytorch \u{1b}[2J.toml",
        "list \u{1b}[2J",
        "open gl1:\u{1b}[2J",
    ];
    for args in checks {
        let output = gradlab(folder.path(), args);
        for text in [
            errors(&output),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        ] {
            let bad = text
                .chars()
                .find(|&c| c != '\n' && (c.is_control() || gradlab::text::hides(c)));
            assert_eq!(bad, None, "{args:?}: {text:?}");
        }
    }
}

/// A stranger's experiment names any file as data or weights; what is in the file is nobody's to see.
#[test]
fn errors_do_not_print_what_a_file_holds() {
    let folder = folder();
    let secret = "root:x:hunter2hunter2hunter2:/bin/sh";
    fs::write(
        folder.path().join("secret"),
        format!("{secret}\n{secret}\n"),
    )
    .expect("written");
    let kinds = [
        "kind = \"csv\"\npath = \"secret\"\ntarget = \"y\"\ntask = \"regression\"",
        "kind = \"csv\"\npath = \"secret\"\nheader = false\ntarget = \"1\"\ndelimiter = \":\"\ntask = \"regression\"",
        "kind = \"idx\"\nimages = \"secret\"\nlabels = \"secret\"",
        "kind = \"npz\"\npath = \"secret\"",
        "kind = \"safetensors\"\npath = \"secret\"",
    ];
    let transfer = format!("{EXPERIMENT}[network.transfer]\nfrom = \"secret\"\nlayers = 1\n");
    let experiments = kinds
        .iter()
        .map(|kind| EXPERIMENT.replace("kind = \"wine\"", kind));
    for experiment in experiments.chain([transfer]) {
        fs::write(folder.path().join("s.toml"), &experiment).expect("written");
        for args in ["run s.toml --quiet", "probe s.toml"] {
            let output = gradlab(folder.path(), args);
            let said = errors(&output) + &String::from_utf8_lossy(&output.stdout);
            assert_ne!(output.status.code(), Some(0), "{experiment}");
            assert!(!said.contains("hunter2hunter2hunter2"), "{said}");
        }
    }
    for args in [
        "run e.toml --quiet --resume secret",
        "run e.toml --quiet --weights secret",
    ] {
        let output = gradlab(folder.path(), args);
        let said = errors(&output) + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(2), "{args}");
        assert!(!said.contains("hunter2hunter2hunter2"), "{args}: {said}");
    }
}
