//! Keys that hold whatever lies over the panes, keys that a configuration moved, and how texts name them.

use super::bench::{Bench, running};
use gradlab::tui::message::Effect;

fn suspends(bench: &mut Bench) -> bool {
    let suspends = |e: Effect| matches!(e, Effect::Suspend);
    bench.effects.drain(..).any(suspends)
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
