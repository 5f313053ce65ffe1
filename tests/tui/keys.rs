//! Keys that hold whatever lies over the panes, keys that a configuration moved, and how texts name them.

use super::bench::{Bench, frame, running};
use gradlab::training::Status;
use gradlab::tui::message::{Effect, Message};

fn suspends(bench: &mut Bench) -> bool {
    let suspends = |e: Effect| matches!(e, Effect::Suspend);
    bench.effects.drain(..).any(suspends)
}

fn redraws(bench: &mut Bench) -> bool {
    let redraws = |e: Effect| matches!(e, Effect::Redraw);
    bench.effects.drain(..).any(redraws)
}

#[test]
fn control_l_draws_the_screen_anew_whatever_lies_over_the_panes() {
    for over in [
        "", "A", ":", "?", "enter", "o", "O", "E", "P", "/", "R enter", "p", "n q",
    ] {
        let mut bench = running(120, 36);
        bench.keys(over);
        let open = bench.app.overlays.len();
        bench.keys("ctrl-l");
        assert!(redraws(&mut bench), "{over}");
        assert_eq!(bench.app.overlays.len(), open, "{over}");
    }
}

#[test]
fn control_z_goes_back_to_the_shell_whatever_lies_over_the_panes() {
    for over in [
        "", "A", ":", "?", "enter", "o", "O", "E", "i", "P", "/", "R enter", "p", "S", "n q",
    ] {
        let mut bench = running(120, 36);
        bench.keys(over);
        let open = bench.app.overlays.len();
        bench.keys("ctrl-z");
        assert!(suspends(&mut bench), "{over}");
        assert_eq!(bench.app.overlays.len(), open, "{over}");
    }
}

#[test]
fn a_character_that_suspends_is_typed_where_one_types() {
    let mut bench = running(120, 36);
    let keymap = &mut bench.app.manner.keymap;
    keymap
        .rebind_all(&[("suspend".into(), vec!["Z".into()])])
        .expect("a free key");
    bench.keys("O Z");
    assert!(!suspends(&mut bench));
    bench.keys("esc Z");
    assert!(suspends(&mut bench));
}

#[test]
fn control_c_closes_whatever_lies_over_the_panes() {
    for over in ["A", ":", "?", "enter", "o", "O", "E", "i", "/", "S"] {
        let mut bench = running(120, 36);
        bench.keys(over);
        assert!(!bench.app.overlays.is_empty(), "{over}");
        bench.keys("ctrl-c");
        assert!(bench.app.overlays.is_empty(), "{over}");
    }
}

#[test]
fn texts_name_the_keys_that_a_configuration_gives() {
    let mut bench = running(200, 60);
    let moved = [
        ("undo", "backspace"),
        ("run-pause", "ctrl-p"),
        ("step", "ctrl-o"),
        ("restart", "f5"),
        ("pin", "ctrl-b"),
        ("pinned-runs", "f6"),
        ("name-pinned", "f7"),
        ("loss-or-accuracy", "f8"),
        ("race", "f9"),
    ];
    let moved = moved.map(|(id, key)| (id.to_string(), vec![key.to_string()]));
    let keymap = &mut bench.app.manner.keymap;
    keymap.rebind_all(&moved).expect("free keys");
    bench.keys("P");
    assert!(!bench.text().contains("P lists"));
    bench.keys("f6");
    let text = bench.text();
    assert!(text.contains("no run is pinned; ctrl-b pins"), "{text}");
    bench.keys("ctrl-b");
    let text = bench.text();
    assert!(text.contains("f6 lists what is pinned, f7 names"), "{text}");
    assert!(text.contains("f8: rate"), "{text}");
    bench.keys("p");
    bench.keys("esc f9 enter esc");
    let text = bench.text();
    assert!(text.contains("f9 lists the race"), "{text}");
    bench.keys("f9 enter enter");
    let text = bench.text();
    assert!(text.contains("(backspace takes it back)"), "{text}");
    let paused = frame(2, Status::Paused, 11, vec![]);
    bench.tell(Message::Frame(paused));
    let text = bench.text();
    assert!(text.contains("ctrl-p runs, ctrl-o takes"), "{text}");
}
