//! What is read and written comes when the drive pleases: what was typed meanwhile is for it, the last save wins, and a drive
//! that does not answer is said and holds no key.

use super::bench::{Bench, running};
use gradlab::experiment::{Experiment, presets};
use gradlab::tui::message::{Effect, Errand, Message, Obstacle, Openable, Saving, Source};
use gradlab::tui::overlay::Overlay;
use std::path::{Path, PathBuf};

fn preset(name: &str) -> Experiment {
    let preset = presets::find(name).expect("a preset");
    preset.experiment().expect("valid")
}

fn listed(names: &[&str]) -> Message {
    let openable = |name: &&str| Openable {
        name: (*name).into(),
        note: "saved run".into(),
        description: String::new(),
        source: Source::Preset(Ok(Box::new(preset(name)))),
    };
    Message::Listed(names.iter().map(openable).collect())
}

/// The last save that was asked for.
fn saving(bench: &mut Bench) -> Saving {
    let mut saves = bench.effects.drain(..).filter_map(|effect| match effect {
        Effect::Save(saving) => Some(saving),
        _ => None,
    });
    saves.next_back().expect("a save")
}

fn quits(bench: &Bench) -> bool {
    bench.effects.iter().any(|e| matches!(e, Effect::Quit))
}

/// A workbench whose experiment has a file and a change.
fn edited() -> Bench {
    let mut bench = running(120, 36);
    bench.keys("S ctrl-u x . t o m l enter");
    let saving = saving(&mut bench);
    bench.tell(Message::Saved(saving, Ok(())));
    bench.keys("n");
    assert!(bench.app.is_changed());
    bench
}

#[test]
fn what_is_typed_before_the_list_is_there_is_for_the_list() {
    let mut bench = running(120, 36);
    bench.keys("o");
    let before = bench.text();
    bench.keys("s p i r a l enter");
    assert_eq!(bench.text(), before);
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Save(_))));
    bench.tell(listed(&["moons", "spiral"]));
    assert_eq!(bench.app.experiment.name, "spiral");
    assert!(bench.app.overlays.is_empty());
}

#[test]
fn a_list_that_nobody_waits_for_any_more_does_not_open() {
    let mut bench = running(120, 36);
    bench.keys("o esc").tell(listed(&["moons"]));
    assert!(bench.app.overlays.is_empty());
}

#[test]
fn nothing_is_said_of_a_list_that_nobody_waits_for_any_more() {
    let mut bench = running(120, 36);
    bench.keys("o esc").tell(Message::Late(Errand::List));
    assert!(bench.app.overlays.is_empty() && bench.app.toast.is_none());
}

#[test]
fn where_the_drive_does_not_answer_what_is_shipped_is_listed() {
    let mut bench = running(120, 36);
    bench.keys("o w i n e").tell(Message::Late(Errand::List));
    let text = bench.text();
    assert!(text.contains("the drive does not answer") && text.contains("> wine"));
    bench.tell(listed(&["moons"]));
    bench.keys("enter");
    assert!(bench.app.experiment.name.contains("wine"));
}

#[test]
fn a_file_that_does_not_come_is_said_and_esc_leaves_it() {
    let mut bench = running(120, 36);
    bench.keys("O x . t o m l enter");
    let errand = Errand::Open("x.toml".into());
    bench.tell(Message::Late(errand));
    let text = bench.text();
    assert!(text.contains("still reading x.toml: the drive does not answer"));
    bench.keys("q esc");
    assert!(bench.app.overlays.is_empty() && !quits(&bench));
    let experiment = Box::new(preset("spiral"));
    bench.tell(Message::Opened("x.toml".into(), Ok(experiment)));
    assert_eq!(bench.app.experiment.name, "vanishing");
}

/// The file has the experiment as it was when that was asked for.
#[test]
fn a_change_that_is_made_while_it_is_saved_is_a_change() {
    let mut bench = edited();
    bench.keys("s n");
    let saving = saving(&mut bench);
    bench.tell(Message::Saved(saving.clone(), Ok(())));
    assert!(bench.app.is_changed());
    assert_eq!(bench.app.origin.saved, *saving.experiment);
    bench.keys("u");
    assert!(!bench.app.is_changed());
}

#[test]
fn the_last_save_wins_whichever_comes_first() {
    let mut bench = edited();
    bench.keys("s");
    let first = saving(&mut bench);
    bench.keys("n S ctrl-u y . t o m l enter");
    let last = saving(&mut bench);
    bench.tell(Message::Saved(last.clone(), Ok(())));
    bench.tell(Message::Saved(first, Ok(())));
    assert_eq!(bench.app.origin.path.as_deref(), Some(Path::new("y.toml")));
    assert_eq!(bench.app.origin.saved, *last.experiment);
    assert!(!bench.app.is_changed());
}

#[test]
fn a_save_of_what_was_open_before_says_nothing_about_what_is_open_now() {
    let mut bench = edited();
    bench.keys("s");
    let late = saving(&mut bench);
    bench.keys("o").tell(listed(&["spiral"]));
    bench.keys("enter o");
    assert_eq!(bench.app.experiment.name, "spiral");
    bench.tell(Message::Saved(late, Ok(())));
    assert!(bench.text().contains("saved x.toml"));
    assert_eq!(
        (bench.app.origin.path.as_ref(), bench.app.is_changed()),
        (None, false)
    );
}

#[test]
fn leaving_waits_for_the_last_save_and_never_costs_a_change() {
    let mut bench = edited();
    bench.keys("s");
    let first = saving(&mut bench);
    bench.keys("q s");
    let second = saving(&mut bench);
    bench.tell(Message::Saved(first, Ok(())));
    assert!(!quits(&bench));
    bench.tell(Message::Saved(second, Ok(())));
    assert!(quits(&bench));

    let mut bench = edited();
    bench.keys("q s n");
    let saving = saving(&mut bench);
    bench.tell(Message::Saved(saving, Ok(())));
    assert!(!quits(&bench) && bench.app.is_changed());
}

#[test]
fn a_save_that_hangs_is_said_until_it_is_done_and_holds_no_key() {
    let mut bench = edited();
    bench.keys("s");
    let saving = saving(&mut bench);
    bench.tell(Message::Late(Errand::Write("x.toml".into())));
    let line = "still writing x.toml";
    assert!(
        bench
            .text()
            .contains("still writing x.toml: the drive does not answer")
    );
    bench.keys("n");
    let header = |bench: &Bench| bench.text().lines().next().unwrap_or_default().to_string();
    assert!(header(&bench).contains(line), "{}", bench.text());
    bench.tell(Message::Saved(saving, Ok(())));
    assert!(!header(&bench).contains(line) && bench.text().contains("saved x.toml"));
}

/// `S`, `w` and `W` wait for whether the name is taken; where that takes long the keys are free, and no question comes that
/// a key meant for something else would answer.
#[test]
fn whether_a_name_is_taken_is_asked_at_once_or_told() {
    let mut bench = running(120, 36);
    bench.keys("S ctrl-u x enter");
    let saving = saving(&mut bench);
    let ask = || saving.ask.clone().expect("a question");
    let exists = || Message::Exists("x".into(), ask(), Obstacle::There);
    // Typed ahead, as in a fast hand's second enter.
    bench.keys("enter").tell(exists());
    let again = self::saving(&mut bench);
    assert_eq!(
        (again.path, again.ask.is_none()),
        (PathBuf::from("x"), true)
    );

    bench.keys("S ctrl-u x enter space");
    bench.tell(Message::Late(Errand::Write("x".into())));
    assert!(bench.app.overlays.is_empty());
    assert!(!bench.app.wants_run, "what was typed meanwhile is done");
    bench.keys("1").tell(exists());
    assert!(bench.app.overlays.is_empty());
    assert!(
        bench.text().contains("x is there already"),
        "{}",
        bench.text()
    );
}

#[test]
fn the_columns_of_a_table_that_does_not_come_are_left_with_esc() {
    let mut bench = running(120, 36);
    bench.keys("4 enter c s v enter t . c s v enter");
    let asked = bench.effects.drain(..).find_map(|effect| match effect {
        Effect::Columns(_, completion) => Some(completion),
        _ => None,
    });
    bench.tell(Message::Late(Errand::Columns("t.csv".into())));
    assert!(bench.text().contains("still reading t.csv"));
    bench.keys("esc");
    let prompt = |bench: &Bench| matches!(bench.app.overlays.last(), Some(Overlay::Prompt(_)));
    assert!(prompt(&bench));
    let names = Ok(vec!["a".into()]);
    bench.tell(Message::Columns(asked.expect("columns"), names));
    assert!(prompt(&bench));
}

#[test]
fn a_paste_before_the_list_is_there_is_for_the_list() {
    let mut bench = running(120, 36);
    bench.keys("o");
    bench.tell(Message::Paste("mine.toml".into()));
    bench.keys("enter").tell(listed(&["moons"]));
    let opens = |e: &Effect| matches!(e, Effect::Open(p) if p.ends_with("mine.toml"));
    assert!(bench.effects.iter().any(opens));
}

/// `s` asks nothing, for nobody waits for a question; `S` does.
#[test]
fn a_file_that_another_program_has_changed_is_told_and_replaced_only_when_that_is_said() {
    let mut bench = edited();
    bench.keys("s");
    let saving = saving(&mut bench);
    let exists = |ask| Message::Exists("x.toml".into(), ask, Obstacle::Changed);
    assert!(saving.is_open);
    bench.tell(exists(saving.ask.expect("a question")));
    assert!(bench.app.overlays.is_empty() && bench.app.is_changed());
    let text = bench.text();
    assert!(
        text.contains("has changed on disk") && text.contains("S asks"),
        "{text}"
    );
    bench.keys("S enter");
    let again = self::saving(&mut bench);
    bench
        .tell(exists(again.ask.expect("a question")))
        .keys("enter");
    assert!(self::saving(&mut bench).ask.is_none());
}
