//! Leaving a run while its disk is full, cannot be written to, or hangs: what is said, what stays, who is waited for.

use super::end_to_end::{Terminal, step};
use gradlab::training::Checkpoint;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::tempdir;

/// The workbench on `moons`, after what `before` says to the shell.
fn open(before: &str, state: &Path) -> Terminal {
    let line = format!("{before}; exec \"$0\" moons");
    let arguments = ["-c", &line, env!("CARGO_BIN_EXE_gradlab")];
    let mut terminal = Terminal::start_with("sh".as_ref(), &arguments, state);
    terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
    terminal
}

/// Runs `moons` for some steps and leaves it; gives its autosave.
fn autosaved(state: &Path) -> PathBuf {
    let mut terminal = open("true", state);
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
    let [file] = &files(state)[..] else {
        panic!("{:?}", files(state));
    };
    file.clone()
}

fn files(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state.join("gradlab/runs")).expect("a folder");
    entries.map(|e| e.expect("an entry").path()).collect()
}

/// A saved run is told of, offered, and gone on with; a fresh start does not cost it.
#[test]
fn a_saved_run_is_offered_and_stays_beside_a_fresh_one() {
    let state = tempdir().expect("folder");
    let file = autosaved(state.path());
    let reached = Checkpoint::read(&file).expect("whole").step;
    let mut terminal = open("true", state.path());
    terminal.wait("the offer", |s| {
        s.contains("an earlier run of this is saved")
    });
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
    assert_eq!(files(state.path()).len(), 2);
    let before = file.with_file_name(
        file.file_name()
            .expect("a name")
            .to_string_lossy()
            .replace(".checkpoint", "-before.checkpoint"),
    );
    assert_eq!(Checkpoint::read(&before).expect("whole").step, reached);
    fs::remove_file(&before).expect("removed");

    let reached = Checkpoint::read(&file).expect("whole").step;
    let mut terminal = open("true", state.path());
    terminal.keys(" ");
    terminal.keys("o");
    terminal.wait("the list", |s| s.contains("moons, saved at step"));
    terminal.keys("\r");
    terminal.wait("the run", |s| {
        step(s).is_some_and(|n| n > reached) && !s.contains("saved at step")
    });
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
    assert!(Checkpoint::read(&file).expect("whole").step > reached);
}

/// No file grows beyond one block: every write beyond it fails, as on a full disk.
const FULL: &str = "trap '' XFSZ; ulimit -f 1";

#[test]
fn a_full_disk_is_said_on_the_screen_the_next_run_trains_and_the_old_file_stays() {
    let state = tempdir().expect("folder");
    let file = autosaved(state.path());
    let old = fs::read(&file).expect("an autosave");
    let mut terminal = open(FULL, state.path());
    terminal.keys("o");
    terminal.wait("the list", |s| s.contains("vanishing-logistic"));
    terminal.keys("wine");
    terminal.wait("one of it", |s| s.contains("1/31") || s.contains("> wine"));
    terminal.keys("\r");
    terminal.wait("what became of the run", |s| {
        s.contains("moons was not saved")
    });
    let now = |s: &str| s.lines().next().is_some_and(|l| l.contains("wine"));
    terminal.wait("the next run", |s| now(s) && step(s).is_some_and(|n| n > 0));
    terminal.keys("q");
    let (status, screen) = terminal.end_given_back();
    assert_eq!(status, 0);
    assert!(screen.contains("wine was not saved"), "{screen}");
    assert_eq!(fs::read(&file).expect("the old one"), old);
    assert_eq!(files(state.path()), [file], "nothing half-written is left");
}

/// Even root can make no folder here.
#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_to_is_said_at_the_end() {
    let mut terminal = open("true", Path::new("/proc"));
    terminal.keys("q");
    let (status, screen) = terminal.end_given_back();
    assert_eq!(status, 0);
    assert!(screen.contains("was not saved: /proc/gradlab"), "{screen}");
}

/// The autosave is a pipe that nobody reads: writing it takes for ever, as on a network drive that is gone.
fn hanging(state: &Path) -> PathBuf {
    let file = autosaved(state);
    fs::remove_file(&file).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&file).status();
    assert!(made.expect("mkfifo").success());
    file
}

#[test]
fn after_q_a_disk_that_hangs_is_said_and_one_ctrl_c_leaves() {
    let state = tempdir().expect("folder");
    hanging(state.path());
    let mut terminal = open("true", state.path());
    terminal.keys("q");
    terminal.wait("the way out", |s| s.contains("Ctrl-C leaves without it"));
    terminal.keys("\u{3}");
    assert_eq!(terminal.end_given_back().0, 130);
}

#[test]
fn hang_ups_wait_for_the_run_to_be_saved() {
    let state = tempdir().expect("folder");
    let file = hanging(state.path());
    let mut terminal = open("true", state.path());
    terminal.signal("-HUP");
    terminal.wait("the way out", |s| s.contains("Ctrl-C leaves without it"));
    terminal.signal("-HUP");
    terminal.signal("-HUP");
    let bytes = fs::read(&file).expect("what is written");
    assert_eq!(terminal.end_given_back().0, 75);
    assert!(Checkpoint::from_bytes(&bytes, "pipe").expect("whole").step > 0);
}

/// The next run does not wait for the one before to be saved, nor does the screen.
#[test]
fn a_disk_that_hangs_holds_up_neither_the_screen_nor_the_next_run() {
    let state = tempdir().expect("folder");
    let file = hanging(state.path());
    let mut terminal = open("true", state.path());
    terminal.keys("o");
    terminal.wait("the list", |s| s.contains("vanishing-logistic"));
    terminal.keys("wine");
    terminal.wait("one of it", |s| s.contains("> wine"));
    terminal.keys("\r");
    let now = |s: &str| s.lines().next().is_some_and(|l| l.contains("wine"));
    terminal.wait("the next run", |s| now(s) && step(s).is_some_and(|n| n > 0));
    let bytes = fs::read(&file).expect("what is written");
    let saved = Checkpoint::from_bytes(&bytes, "pipe").expect("whole");
    assert_eq!(saved.experiment.name, "moons");
    terminal.keys("q");
    assert_eq!(terminal.end_given_back().0, 0);
}

/// Those of the program's threads that train or wait for one that did.
#[cfg(target_os = "linux")]
fn threads(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("it lives");
    let name = |task: std::io::Result<fs::DirEntry>| {
        fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    let of_runs =
        |name: &String| name.starts_with("gradlab-trai") || name.starts_with("gradlab-leav");
    tasks.filter_map(name).filter(of_runs).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_race_and_a_run_that_are_left_leave_no_thread() {
    let state = tempdir().expect("folder");
    let mut terminal = open("true", state.path());
    let process = terminal.process();
    let before = threads(process);
    for _ in 0..2 {
        terminal.keys("R");
        terminal.wait("the list", |s| s.contains("four initializers"));
        terminal.keys("\r");
        terminal.wait("the race", |s| s.contains("f take the best"));
        // A thread has its name a little after it has begun.
        while threads(process).len() < before.len() + 4 {
            std::thread::yield_now();
        }
        terminal.keys("\u{1b}");
        terminal.wait("the workbench", |s| !s.contains("f take the best"));
        // Another draw, another run.
        terminal.keys("n");
    }
    // The rates are swept, and the sweep is left.
    terminal.keys("p");
    terminal.wait("the sweep", |s| s.contains("Learning-rate finder"));
    terminal.keys("\u{1b}");
    while threads(process) != before {
        std::thread::yield_now();
    }
    terminal.signal("-TERM");
    assert_eq!(terminal.end_given_back().0, 75);
}

/// What is said on the way out is of the run that is left, not of an earlier one of the same experiment.
#[test]
fn a_run_that_never_began_is_not_said_to_be_kept() {
    let folder = tempdir().expect("folder");
    let (table, file) = (folder.path().join("t.csv"), folder.path().join("t.toml"));
    let rows: Vec<String> = (0..60).map(|i| format!("{i},{}", i % 2)).collect();
    fs::write(&table, format!("x,y\n{}\n", rows.join("\n"))).expect("written");
    let text = "format = 1\nname = \"t\"\n[data]\nkind = \"csv\"\npath = \"t.csv\"\ntarget = \"y\"\n\
                task = \"classification\"\n[[network.layers]]\nunits = 4\n";
    fs::write(&file, text).expect("written");
    let state = folder.path().join("state");
    let open = || {
        let program = env!("CARGO_BIN_EXE_gradlab").as_ref();
        Terminal::start_with(program, &[&file.display().to_string()], &state)
    };
    let mut terminal = open();
    terminal.wait("the first step", |s| step(s).is_some_and(|n| n > 0));
    terminal.keys("q");
    let (_, said) = terminal.end_given_back();
    assert!(said.contains("`gradlab resume` goes on with it"), "{said}");
    fs::remove_file(&table).expect("removed");
    let mut terminal = open();
    terminal.wait("why it does not train", |s| s.contains("cannot be read"));
    terminal.keys("q");
    let (_, said) = terminal.end_given_back();
    assert!(!said.contains("the run is kept"), "{said}");
}
