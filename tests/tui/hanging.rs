//! The program itself on drives that hang: files are pipes whose other end nobody holds.

use super::end_to_end::{Terminal, step};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::{TempDir, tempdir};

fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("mkfifo").success());
}

/// The workbench on `moons`, training, in a folder of its own.
fn open(folder: &TempDir) -> Terminal {
    let line = format!("cd {}; exec \"$0\" moons", folder.path().display());
    let arguments = ["-c", &line, env!("CARGO_BIN_EXE_gradlab")];
    let mut terminal =
        Terminal::start_with("sh".as_ref(), &arguments, &folder.path().join("state"));
    terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
    terminal
}

fn header(screen: &str) -> &str {
    screen.lines().next().unwrap_or_default()
}

fn save_as(terminal: &mut Terminal, name: &str) {
    terminal.keys("S");
    terminal.wait("the question", |s| s.contains("Save as"));
    terminal.keys("\u{15}");
    terminal.keys(name);
    terminal.keys("\r");
}

#[test]
fn a_save_that_hangs_is_said_holds_up_nothing_and_comes_to_its_end() {
    let folder = tempdir().expect("folder");
    let hung = folder.path().join("hung.toml");
    pipe(&hung);
    let mut terminal = open(&folder);
    save_as(&mut terminal, "hung.toml");
    let line = "still writing hung.toml: the drive does not answer";
    terminal.wait("a word", |s| s.contains(line));
    // Keys are answered, and other drives written to.
    terminal.keys(" ");
    terminal.wait("a pause", |s| s.contains("paused"));
    assert!(header(&terminal.screen()).contains("still writing hung.toml"));
    save_as(&mut terminal, "other.toml");
    terminal.wait("the other", |s| s.contains("saved other.toml"));
    let text = fs::read_to_string(&hung).expect("what is written");
    assert!(text.contains("name = \"moons\""), "{text}");
    terminal.wait("its end", |s| s.contains("saved hung.toml"));
    terminal.wait("the header", |s| !header(s).contains("still writing"));
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
}

#[test]
fn leaving_waits_for_a_save_and_one_ctrl_c_leaves_without_it() {
    for waits in [true, false] {
        let folder = tempdir().expect("folder");
        let hung = folder.path().join("hung.toml");
        pipe(&hung);
        let mut terminal = open(&folder);
        save_as(&mut terminal, "hung.toml");
        terminal.wait("a word", |s| s.contains("still writing hung.toml"));
        terminal.keys("q");
        terminal.wait("the way out", |s| s.contains("Ctrl-C leaves without it"));
        if waits {
            let text = fs::read_to_string(&hung).expect("what is written");
            assert!(text.contains("name = \"moons\""), "{text}");
        } else {
            terminal.keys("\u{3}");
        }
        let status = if waits { 0 } else { 130 };
        assert_eq!(terminal.end_given_back().0, status);
    }
}

/// What is only read is given up.
#[test]
fn a_file_that_hangs_is_said_and_left_at_once_and_keeps_no_list_waiting() {
    let folder = tempdir().expect("folder");
    pipe(&folder.path().join("hung.toml"));
    let mut terminal = open(&folder);
    terminal.keys("O");
    terminal.wait("the question", |s| s.contains("an experiment's file"));
    terminal.keys("hung.toml\r");
    let line = "still reading hung.toml: the drive does not answer";
    terminal.wait("a word", |s| s.contains(line));
    terminal.keys("\u{1b}");
    terminal.wait("the panes", |s| !s.contains("still reading"));
    // The list reads the files beside the experiment: of these, what is no plain file is not opened.
    terminal.keys("o");
    terminal.wait("the list", |s| s.contains("vanishing-logistic"));
    assert!(!terminal.screen().contains("the drive does not answer"));
    terminal.keys("spiral");
    terminal.wait("one of it", |s| s.contains("> spiral"));
    terminal.keys("\r");
    terminal.wait("the next run", |s| {
        header(s).contains("spiral") && step(s).is_some_and(|n| n > 0)
    });
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
}

/// The changes are kept beside the file when the terminal goes, however long that takes.
#[test]
fn a_hang_up_waits_for_the_changes_to_be_kept() {
    let folder = tempdir().expect("folder");
    let kept = folder.path().join("moons.recovered.toml");
    pipe(&kept);
    let mut terminal = open(&folder);
    terminal.keys("n");
    terminal.wait("a change", |s| header(s).contains("moons*"));
    terminal.signal("-HUP");
    terminal.wait("the way out", |s| s.contains("Ctrl-C leaves without it"));
    let text = fs::read_to_string(&kept).expect("what is written");
    assert!(text.contains("name = \"moons\""), "{text}");
    let (status, said) = terminal.end_given_back();
    assert_eq!(status, 75);
    assert!(
        said.contains("the changes that were not saved are in"),
        "{said}"
    );
}

/// What the tour was to bring back is kept, too.
#[test]
fn a_hang_up_in_the_tour_keeps_the_changes_of_what_was_open_before() {
    let folder = tempdir().expect("folder");
    let mut terminal = open(&folder);
    terminal.keys("n");
    terminal.wait("a change", |s| header(s).contains("moons*"));
    terminal.keys("t");
    terminal.wait("the question", |s| s.contains("for the tour"));
    terminal.keys("o");
    terminal.wait("the tour", |s| !header(s).contains("moons"));
    terminal.signal("-HUP");
    let (status, said) = terminal.end_given_back();
    assert_eq!(status, 75);
    assert!(said.contains("moons.recovered.toml"), "{said}");
    let kept = fs::read_to_string(folder.path().join("moons.recovered.toml"));
    assert!(kept.expect("a file").contains("name = \"moons\""));
}
