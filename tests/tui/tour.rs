//! The tour through the presets.

use super::bench::running;
use gradlab::experiment::{link, presets};
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
    let pauses = |e: &Effect| matches!(e, Effect::Send(gradlab::training::Command::Pause));
    assert!(bench.app.wants_run && !bench.effects.iter().any(pauses));
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

/// What was made of a stop is the person's own once they leave it, or save it.
#[test]
fn what_was_made_of_a_stop_is_left_only_after_a_question() {
    let mut bench = running(120, 36);
    bench.keys("t ] n t");
    assert_eq!(bench.app.tour, None);
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    bench.keys("esc");
    assert_eq!(bench.app.experiment.name, STOPS[1].preset);
    bench.keys("t");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    bench.keys("o t");
    assert_eq!(bench.app.experiment.name, STOPS[1].preset);
    assert!(bench.app.is_changed());
    // Another is opened, and changed, while the tour's words stand beneath it.
    bench.keys("t o");
    let moons = presets::find("moons").expect("a preset").experiment();
    bench.tell(Message::Paste(link::encode(&moons.expect("valid"))));
    bench.keys("n ]");
    assert!(bench.text().contains("not saved"), "{}", bench.text());
    bench.keys("esc t");
    assert_eq!(bench.app.experiment.name, "moons");
}
