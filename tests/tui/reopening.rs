//! What undo and the pinned runs bring back of an experiment that was open before: its file, its folder, and no other's.

use super::bench::{Bench, running};
use gradlab::experiment::{Experiment, presets};
use gradlab::tui::message::{Effect, Message, Openable, SavedRun, Saving, Source};
use gradlab::tui::overlay::Overlay;
use std::path::{Path, PathBuf};

fn preset(name: &str) -> Experiment {
    let preset = presets::find(name).expect("a preset");
    preset.experiment().expect("valid")
}

fn open(bench: &mut Bench, path: &str, experiment: Experiment) {
    bench.keys("O");
    for key in path.chars() {
        bench.keys(&key.to_string());
    }
    bench.keys("enter");
    bench.tell(Message::Opened(path.into(), Ok(Box::new(experiment))));
}

/// The folder of the last run that was started.
fn started_in(bench: &mut Bench) -> Option<PathBuf> {
    let mut started = bench.effects.drain(..).filter_map(|e| match e {
        Effect::Start { base, .. } => Some(base),
        _ => None,
    });
    started.next_back()
}

/// What `s` asks for.
fn save(bench: &mut Bench) -> Saving {
    bench.effects.clear();
    bench.keys("s");
    let saving = bench.effects.drain(..).find_map(|e| match e {
        Effect::Save(saving) => Some(saving),
        _ => None,
    });
    saving.expect("a save")
}

/// A workbench on a/moons.toml, then on b/spiral.toml.
fn two() -> Bench {
    let mut bench = running(120, 36);
    open(&mut bench, "a/moons.toml", preset("moons"));
    open(&mut bench, "b/spiral.toml", preset("spiral"));
    assert_eq!(started_in(&mut bench).as_deref(), Some(Path::new("b")));
    bench
}

#[test]
fn undo_after_opening_another_file_goes_back_to_the_file_before() {
    let mut bench = two();
    bench.keys("u");
    assert_eq!(bench.app.experiment.name, "moons");
    assert!(!bench.app.is_changed());
    assert_eq!(started_in(&mut bench).as_deref(), Some(Path::new("a")));
    let saving = save(&mut bench);
    assert_eq!(saving.path, Path::new("a/moons.toml"));
    bench.keys("U");
    assert_eq!(started_in(&mut bench).as_deref(), Some(Path::new("b")));
    let saving = save(&mut bench);
    assert_eq!(
        (saving.path.as_path(), saving.experiment.name.as_str()),
        (Path::new("b/spiral.toml"), "spiral")
    );
    // Before both there was a preset.
    bench.keys("u u");
    assert_eq!(bench.app.experiment.name, "vanishing");
    assert!(bench.app.origin.path.is_none());
    bench.keys("s");
    assert!(matches!(
        bench.app.overlays.last(),
        Some(Overlay::Prompt(_))
    ));
}

#[test]
fn edits_are_undone_where_they_were_made() {
    let mut bench = running(120, 36);
    open(&mut bench, "a/moons.toml", preset("moons"));
    bench.keys("n n");
    let edited = bench.app.experiment.clone();
    open(&mut bench, "b/spiral.toml", preset("spiral"));
    bench.keys("o n u");
    assert_eq!(bench.app.experiment.name, "spiral");
    bench.effects.clear();
    bench.keys("u");
    assert_eq!(bench.app.experiment, edited);
    assert!(bench.app.is_changed());
    assert!(bench.text().contains("back to moons"), "{}", bench.text());
    started_in(&mut bench);
    bench.keys("u u");
    assert!(!bench.app.is_changed());
    assert_eq!(started_in(&mut bench), None, "an edit starts no other run");
    bench.keys("u");
    assert_eq!(bench.app.experiment.name, "vanishing");
}

/// A save that was asked for before another was opened is known when that is left again.
#[test]
fn what_was_saved_meanwhile_is_saved_when_it_comes_back() {
    let mut bench = running(120, 36);
    open(&mut bench, "a/moons.toml", preset("moons"));
    bench.keys("n");
    let saving = save(&mut bench);
    open(&mut bench, "b/spiral.toml", preset("spiral"));
    bench.keys("o").tell(Message::Saved(saving, Ok(())));
    assert_eq!(bench.app.experiment.name, "spiral");
    assert!(!bench.app.is_changed());
    bench.keys("u");
    assert_eq!(bench.app.experiment.name, "moons");
    assert!(!bench.app.is_changed());
}

#[test]
fn a_pinned_run_of_another_file_comes_back_with_its_file() {
    let mut bench = running(120, 36);
    open(&mut bench, "a/moons.toml", preset("moons"));
    bench.tell(Message::Frame(super::bench::frame(
        2,
        gradlab::training::Status::Running,
        3,
        super::bench::points(3, 0..30),
    )));
    bench.keys("b");
    open(&mut bench, "b/spiral.toml", preset("spiral"));
    // With the other's changes unsaved it asks, as what is opened does.
    bench.keys("n P enter");
    assert_eq!(bench.app.experiment.name, "spiral");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    started_in(&mut bench);
    bench.keys("o");
    assert_eq!(bench.app.experiment.name, "moons");
    assert_eq!(started_in(&mut bench).as_deref(), Some(Path::new("a")));
    assert_eq!(save(&mut bench).path, Path::new("a/moons.toml"));
    // Where it was pinned it comes back as an edit.
    bench.keys("n P enter");
    assert_eq!(started_in(&mut bench), None);
    bench.keys("u u u");
    assert_eq!(bench.app.experiment.name, "spiral");
    assert_eq!(save(&mut bench).path, Path::new("b/spiral.toml"));
}

#[test]
fn a_saved_run_hides_unsaved_changes_only_after_a_question_and_starts_in_its_folder() {
    let mut bench = running(120, 36);
    let saved = SavedRun {
        checkpoint: "runs/moons.checkpoint".into(),
        step: 7,
        base_dir: "c".into(),
    };
    let openable = Openable {
        name: "moons, saved at step 7".into(),
        note: "saved run".into(),
        description: String::new(),
        source: Source::Saved(saved, Box::new(preset("moons"))),
    };
    bench.keys("n o").tell(Message::Listed(vec![openable]));
    bench.keys("enter");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    assert_eq!(started_in(&mut bench), None);
    bench.keys("o");
    let started = bench.effects.drain(..).find_map(|e| match e {
        Effect::Start { base, resume, .. } => Some((base, resume)),
        _ => None,
    });
    let run = Some(PathBuf::from("runs/moons.checkpoint"));
    assert_eq!(started, Some(("c".into(), run)));
    assert!(
        bench.text().contains("goes on from step 7"),
        "{}",
        bench.text()
    );
}
