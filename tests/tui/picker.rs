//! The picker: curves, densities, the table's advice, and what theory foresees before anything is chosen.

use super::bench::{Bench, running, text};
use gradlab::tui::overlay::Overlay;
use gradlab::tui::overlay::preview::{Drawing, Preview};

fn preview(bench: &Bench) -> &Preview {
    match bench.app.overlays.last() {
        Some(Overlay::List(list)) => list.preview.as_ref().expect("a preview"),
        other => panic!("no list: {other:?}"),
    }
}

fn lines(bench: &Bench) -> String {
    let lines: Vec<String> = preview(bench).lines.iter().map(|l| l.0.clone()).collect();
    lines.join("\n")
}

#[test]
fn theory_foresees_every_activation_before_it_is_chosen() {
    let mut bench = running(120, 36);
    bench.keys("A r e l u");
    let said = lines(&bench);
    assert!(said.contains("theory: now vanishes, 0.6"), "{said}");
    assert!(said.contains("→ then "), "{said}");
    assert!(said.contains("the table draws relu by He"), "{said}");
    assert!(matches!(
        preview(&bench).drawing,
        Some(Drawing::Function(_))
    ));
    bench.keys("esc A");
    let screen = bench.text();
    assert!(screen.contains("Glorot  vanishing -0.6"), "{screen}");
    assert!(screen.contains("He  healthy"), "{screen}");
    assert!(matches!(
        preview(&bench).drawing,
        Some(Drawing::Function(_))
    ));
    assert_eq!(bench.sent().len(), 0, "nothing was changed");
}

#[test]
fn an_initializer_shows_its_density_its_variance_and_the_tables_advice() {
    let mut bench = running(120, 36);
    bench.keys("I h e - n o r m a l");
    let said = lines(&bench);
    assert!(said.contains("departs from it"), "{said}");
    // He et al. 2015: 2/fan_in, here 2/64; 100 units take that to 3.12.
    assert!(
        said.contains("layer 1, 64 → 100: variance 0.0313, × fan_in 2.00, × fan_out 3.13"),
        "{said}"
    );
    match &preview(&bench).drawing {
        Some(Drawing::Density {
            fan_in,
            fan_out,
            chosen,
            now,
        }) => {
            assert_eq!((*fan_in, *fan_out), (64, 100));
            assert_ne!(chosen, now);
        }
        other => panic!("no density: {other:?}"),
    }
    let screen = bench.text();
    assert!(screen.contains("he-normal now"), "{screen}");
}

#[test]
fn an_entry_with_a_value_to_ask_for_says_so() {
    let mut bench = running(120, 36);
    bench.keys("I c o n s t a n t");
    assert!(
        lines(&bench).contains("enter asks for its value"),
        "{}",
        lines(&bench)
    );
}

#[test]
fn pickers_are_drawn_at_every_size() {
    for (width, height) in [(40, 12), (60, 16), (80, 24), (120, 36), (200, 60)] {
        let mut bench = running(width, height);
        for keys in ["A t a n h", "esc I", "down down down"] {
            bench.keys(keys);
            let screen = text(&bench.buffer());
            assert!(
                screen.contains("theory:") || height < 16,
                "{width}x{height}\n{screen}"
            );
        }
    }
}
