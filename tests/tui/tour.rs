//! The tour through the presets.

use super::bench::{Bench, running};
use gradlab::experiment::{Experiment, link, presets};
use gradlab::tui::message::{Effect, Message};
use gradlab::tui::overlay::Overlay;
use gradlab::tui::tour::STOPS;

#[test]
fn the_tour_leads_through_its_presets_and_says_what_to_press_and_to_see() {
    let mut bench = running(120, 36);
    bench.keys("t");
    assert_eq!(STOPS.len(), 5);
    for (i, stop) in STOPS.iter().enumerate() {
        assert_eq!(bench.app.experiment.name, stop.preset);
        assert!(
            bench
                .effects
                .drain(..)
                .any(|e| matches!(e, Effect::Start { .. }))
        );
        let text = bench.text();
        let title = format!("Tour {} of 5: {}", i + 1, stop.title);
        assert!(text.contains(&title), "{text}");
        assert!(text.contains("see ") && text.contains("press "), "{text}");
        assert!(!text.contains('{'), "{text}");
        bench.keys("]");
    }
    assert_eq!(bench.app.tour, None);
    bench.keys("t ] [");
    assert_eq!(bench.app.experiment.name, STOPS[0].preset);
    bench.keys("t");
    assert!(!bench.text().contains("Tour 1"));
}

#[test]
fn the_tour_names_presets_and_actions_that_are_there() {
    let ids: Vec<&str> = gradlab::tui::actions::ACTIONS
        .iter()
        .map(|a| a.id)
        .collect();
    for stop in STOPS {
        assert!(presets::find(stop.preset).is_some(), "{}", stop.preset);
        for text in [stop.see, stop.press] {
            for rest in text.split('{').skip(1) {
                let id = rest.split('}').next().expect("a name");
                assert!(ids.contains(&id), "{id}");
            }
        }
    }
}

/// Where the screen has no rows for the tour's words they are shown over it, and one row says where one is.
#[test]
fn on_a_small_screen_the_tours_words_come_as_a_text() {
    for (width, height) in [(40, 12), (40, 13), (80, 24)] {
        let mut bench = running(width, height);
        bench.keys("t");
        let Some(Overlay::Text { text, .. }) = bench.app.overlays.last() else {
            panic!("no text at {width}x{height}");
        };
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(STOPS[0].see), "{said}");
        bench.keys("esc");
        let screen = bench.text();
        assert!(
            screen.contains("Tour 1") && screen.contains("] next"),
            "{screen}"
        );
        bench.keys("]");
        assert_eq!(bench.app.overlays.len(), 1);
    }
}

/// What a stop says is of a run, whether or not the one before was paused.
#[test]
fn a_stop_runs() {
    let mut bench = running(120, 36);
    bench.app.wants_run = false;
    bench.keys("t");
    let runs = |e: &Effect| matches!(e, Effect::Start { runs: true, .. });
    assert!(bench.app.wants_run && bench.effects.iter().any(runs));
}

/// What was changed is not lost by a look at the tour: it is asked first, and what was open comes back as it was.
#[test]
fn the_tour_hides_unsaved_changes_only_after_a_question_and_gives_them_back() {
    let mut bench = running(120, 36);
    bench.keys("space 1 +");
    let edited = bench.app.experiment.clone();
    bench.keys("t");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    bench.keys("esc");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    bench.keys("t o");
    assert_eq!(bench.app.tour, Some(0));
    assert!(bench.app.wants_run);
    // What a stop tells one to try is no reason to ask.
    bench.keys("n ] ]");
    assert_eq!(bench.app.tour, Some(2));
    bench.keys("t");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    assert!(
        bench.text().contains("back to vanishing"),
        "{}",
        bench.text()
    );
    assert!(bench.app.is_changed() && !bench.app.wants_run);
    bench.effects.clear();
    bench.keys("q");
    assert!(matches!(bench.app.overlays[..], [Overlay::ConfirmQuit]));
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Quit)));
}

/// What was changed at a stop was told to be tried there; what else is opened is the person's own.
#[test]
fn something_else_than_a_stop_is_left_only_after_a_question() {
    let mut bench = running(120, 36);
    bench.keys("t ] n t");
    let now = (bench.app.tour, bench.app.experiment.name.as_str());
    assert_eq!(now, (None, "vanishing"));
    assert!(bench.app.overlays.is_empty());
    // Another is opened, and changed, while the tour's words stand beneath it.
    bench.keys("t");
    open_preset(&mut bench, "moons");
    bench.keys("n ]");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    bench.keys("esc t");
    let now = (bench.app.tour, bench.app.experiment.name.as_str());
    assert_eq!(now, (None, "moons"));
}

fn open_preset(bench: &mut Bench, name: &str) {
    let preset = presets::find(name).expect("a preset").experiment();
    bench.tell(Message::Paste(link::encode(&preset.expect("valid"))));
    assert_eq!(bench.app.experiment.name, name);
}

/// In the tour, begun with changes that are not saved.
fn touring_with_changes() -> (Bench, Experiment) {
    let mut bench = running(120, 36);
    bench.keys("n");
    let edited = bench.app.experiment.clone();
    bench.keys("t o");
    assert_eq!(bench.app.tour, Some(0));
    bench.effects.clear();
    (bench, edited)
}

fn quits(bench: &Bench) -> bool {
    bench.effects.iter().any(|e| matches!(e, Effect::Quit))
}

#[test]
fn quitting_in_the_tour_asks_about_what_was_open_before() {
    let (mut bench, edited) = touring_with_changes();
    bench.keys("q");
    assert!(!quits(&bench), "{}", bench.text());
    assert!(matches!(bench.app.overlays[..], [Overlay::ConfirmQuit]));
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    assert!(bench.text().contains("vanishing has changes"));
    bench.keys("q");
    assert!(quits(&bench));
    // Without changes nothing is asked.
    let mut bench = running(120, 36);
    bench.keys("t q");
    assert!(quits(&bench));
}

#[test]
fn opening_something_else_in_the_tour_loses_no_changes() {
    let (mut bench, edited) = touring_with_changes();
    open_preset(&mut bench, "moons");
    bench.keys("t");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    bench.keys("q");
    assert!(!quits(&bench));
    // What is open by now has changes, too.
    let (mut bench, edited) = touring_with_changes();
    open_preset(&mut bench, "moons");
    bench.keys("n q");
    assert!(!quits(&bench));
    assert!(
        bench.text().contains("moons has changes") && bench.text().contains("leave the tour"),
        "{}",
        bench.text()
    );
    bench.keys("o");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
}

/// Who stays at the question is asked again, and what was open before is still there to come back.
#[test]
fn staying_at_the_question_on_leaving_stays_in_the_tour() {
    let (mut bench, edited) = touring_with_changes();
    open_preset(&mut bench, "moons");
    bench.keys("n t");
    assert!(matches!(bench.app.overlays[..], [Overlay::ConfirmOpen(_)]));
    bench.keys("esc");
    assert_eq!(bench.app.tour, Some(0));
    assert_eq!(bench.app.experiment.name, "moons");
    bench.keys("t o");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    assert!(bench.app.is_changed());
}

#[test]
fn undo_in_the_tour_leads_to_the_stop_before_and_leaving_still_brings_back_what_was_open() {
    let (mut bench, edited) = touring_with_changes();
    bench.keys("] u");
    assert_eq!(bench.app.experiment.name, STOPS[0].preset);
    assert_eq!(bench.app.tour, Some(0));
    bench.keys("t");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
    bench.keys("q");
    assert!(!quits(&bench));
    // Undone as far as to what was open before, and changed there: it is of then that it comes back.
    let (mut bench, _) = touring_with_changes();
    bench.keys("u n");
    let edited = bench.app.experiment.clone();
    bench.keys("] o t");
    assert_eq!((bench.app.tour, &bench.app.experiment), (None, &edited));
}
