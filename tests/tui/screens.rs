//! What the screen shows: whole screens as text, and the colours that carry meaning.

use super::bench::{Bench, VANISHING, frame, points, running, text};
use gradlab::experiment;
use gradlab::training::{Command, Status};
use gradlab::tui::app::{App, Manner};
use gradlab::tui::glyphs::Glyphs;
use gradlab::tui::message::Message;
use gradlab::tui::theme::{ColourDepth, Role, Theme, ThemeName};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

#[test]
fn the_main_screen_at_three_sizes() {
    insta::assert_snapshot!("main_80x24", running(80, 24).text());
    insta::assert_snapshot!("main_120x36", running(120, 36).text());
    insta::assert_snapshot!("main_200x60", running(200, 60).text());
}

#[test]
fn the_other_views_and_overlays() {
    insta::assert_snapshot!("waterfall", running(120, 36).keys("v").text());
    insta::assert_snapshot!("profile", running(120, 36).keys("v v").text());
    insta::assert_snapshot!("histograms", running(120, 36).keys("v v v").text());
    insta::assert_snapshot!("layer_form", running(120, 36).keys("enter").text());
    insta::assert_snapshot!(
        "activation_picker",
        running(120, 36).keys("A t a n h").text()
    );
    insta::assert_snapshot!("help", running(80, 24).keys("? l a y e r").text());
}

/// The cell where `what` begins.
pub fn find(buffer: &Buffer, what: &str) -> (u16, u16) {
    let rows = text(buffer);
    let row = rows
        .lines()
        .position(|l| l.contains(what))
        .unwrap_or_else(|| panic!("no {what} in\n{rows}"));
    let line = rows.lines().nth(row).expect("a line");
    let column = line[..line.find(what).expect("it is there")]
        .chars()
        .count();
    (column as u16, row as u16)
}

#[test]
fn magnitudes_are_coloured_from_vanishing_to_healthy() {
    let bench = running(120, 36);
    let buffer = bench.buffer();
    let theme = &bench.app.manner.theme;
    let (x, y) = find(&buffer, "-7.6");
    assert_eq!(buffer[(x, y)].fg, theme.magnitude(-7.6));
    let (x, y) = find(&buffer, "-0.6");
    assert_eq!(buffer[(x, y)].fg, theme.magnitude(-0.6));
    assert_ne!(theme.magnitude(-7.6), theme.magnitude(-0.6));
}

#[test]
fn the_selected_row_and_the_focused_pane_are_seen() {
    let bench = running(120, 36);
    let buffer = bench.buffer();
    let (x, y) = find(&buffer, "dense x10");
    assert!(buffer[(x, y)].modifier.contains(Modifier::REVERSED));
    let focused = bench.app.manner.theme.colour(Role::FocusedBorder);
    assert_eq!(buffer[(0, 1)].fg, focused);
    let (x, y) = find(&buffer, "╭2");
    assert_ne!(buffer[(x, y)].fg, focused);
}

#[test]
fn without_colours_nothing_is_coloured_and_the_selection_is_still_seen() {
    let mut bench = running(120, 36);
    bench.app.manner.theme = Theme::new(ThemeName::Mono, ColourDepth::None);
    let buffer = bench.buffer();
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let (x, y) = find(&buffer, "dense x10");
    assert!(buffer[(x, y)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn the_verdict_names_the_trouble_and_f_mends_it() {
    let mut bench = running(120, 36);
    let screen = bench.text();
    assert!(
        screen.contains("VANISHING") && screen.contains("0.70 decades"),
        "{screen}"
    );
    let fix = bench.app.fix().expect("a fix").clone();
    assert!(screen.contains(&format!("f {}", fix.label)), "{screen}");
    bench.keys("f");
    assert_eq!(bench.app.experiment, *fix.experiment);
    bench.keys("u");
    assert!(!bench.app.is_changed());
}

/// What an edit under way has done to the weights is not undone with it.
#[test]
fn where_no_setting_is_to_blame_fresh_weights_are_pointed_to() {
    let text = VANISHING
        .replace("logistic", "relu")
        .replace("glorot-normal", "he-normal");
    let mut bench = Bench::on(experiment::parse(&text, "fine.toml").expect("valid"));
    bench.resize(120, 36);
    let seen = frame(1, Status::Running, 11, points(11, 0..40));
    bench.tell(Message::Frame(seen));
    assert!(bench.text().contains("VANISHING") && bench.app.fix().is_none());
    bench.keys("f");
    let screen = bench.text();
    assert!(
        screen.contains("r starts again with fresh weights"),
        "{screen}"
    );
}

/// A rate is changed under way, but no smaller step brings a dead unit back.
#[test]
fn a_fix_of_dead_units_begins_with_fresh_weights() {
    let text = VANISHING
        .replace("logistic", "relu")
        .replace("glorot-normal", "he-normal")
        .replace("learning_rate = 0.1", "learning_rate = 30.0");
    let mut bench = Bench::on(experiment::parse(&text, "loud.toml").expect("valid"));
    bench.resize(120, 36);
    let mut seen = points(11, 0..40);
    for layer in seen.iter_mut().flat_map(|point| &mut point.layers) {
        layer.dead = 1.0;
    }
    bench.tell(Message::Frame(frame(1, Status::Running, 11, seen)));
    let fix = bench.app.fix().expect("a fix").label.clone();
    assert!(fix.starts_with("set the learning rate"), "{fix}");
    bench.sent();
    bench.keys("f");
    let sent = bench.sent();
    assert!(
        sent.iter().any(|c| matches!(c, Command::Restart)),
        "{sent:?}"
    );
}

#[test]
fn a_layer_off_the_recommended_pair_is_marked() {
    let mut bench = running(120, 36);
    assert!(!bench.text().contains('⚠'));
    bench.keys("A r e l u enter");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..3),
    )));
    let screen = bench.text();
    assert!(
        screen
            .lines()
            .any(|l| l.contains("dense x10") && l.contains('⚠')),
        "{screen}"
    );
}

#[test]
fn a_failure_is_said_where_the_verdict_is() {
    let mut bench = running(120, 36);
    let why = "units = 1,000,000,000 would take 4 TB; the machine has 16 GB";
    bench.tell(Message::Frame(frame(
        2,
        Status::Failed(why.into()),
        0,
        vec![],
    )));
    let screen = bench.text();
    assert!(
        screen.contains("FAILED") && screen.contains(why),
        "{screen}"
    );
    bench.keys("space");
    assert!(
        bench
            .app
            .toast
            .as_ref()
            .is_some_and(|t| t.text.contains("mend it first"))
    );
}

#[test]
fn exact_zeros_and_infinities_are_named() {
    let mut bench = Bench::new();
    bench.resize(120, 36);
    let mut points = points(11, 0..3);
    for point in &mut points {
        point.layers[0].grad_rms = 0.0;
        point.layers[1].grad_rms = f64::INFINITY;
        point.layers[2].grad_rms = f64::NAN;
        point.layers[3].grad_rms = 1e-250;
    }
    bench.tell(Message::Frame(frame(1, Status::Running, 11, points)));
    let screen = bench.text();
    for word in ["zero", "inf", "NaN", "-250"] {
        assert!(screen.contains(word), "{word} in\n{screen}");
    }
}

#[test]
fn every_size_has_a_picture() {
    let mut bench = running(120, 36);
    for keys in ["", "enter", "A", "?", "S", "n q"] {
        bench.keys("esc esc").keys(keys);
        for (width, height) in [
            (1, 1),
            (5, 2),
            (39, 12),
            (40, 12),
            (60, 16),
            (76, 22),
            (107, 24),
            (300, 100),
        ] {
            bench.resize(width, height).buffer();
        }
    }
    let small = bench.resize(30, 10).text();
    assert!(
        small
            .replace('\n', " ")
            .contains("needs 40x12, this is 30x10")
    );
}

#[test]
fn ascii_glyphs_leave_no_other_character_in_the_charts_and_borders() {
    let mut bench = running(120, 36);
    bench.app.manner = Manner {
        glyphs: gradlab::tui::glyphs::Glyphs::Ascii,
        ..Manner::default()
    };
    let screen = bench.text();
    let drawn = |c: char| ('\u{2500}'..='\u{28ff}').contains(&c);
    let found: Vec<char> = screen.chars().filter(|c| drawn(*c)).collect();
    assert!(found.is_empty(), "{found:?}\n{screen}");
}

#[test]
fn a_hundred_layers_scroll() {
    let text = super::bench::VANISHING.replace("repeat = 10", "repeat = 100");
    let experiment = gradlab::experiment::parse(&text, "deep.toml").expect("valid");
    let mut bench = Bench::on(experiment);
    bench.resize(80, 24);
    bench.tell(Message::Frame(frame(
        1,
        Status::Running,
        101,
        points(101, 0..9),
    )));
    bench.keys("2 g");
    assert!(bench.text().contains("101 out"));
    bench.keys("G");
    assert!(bench.text().contains("▸  1 logistic"), "{}", bench.text());
    let _: &App = &bench.app;
}

/// Whatever is on the screen, also words and names that were never meant for such a terminal.
#[test]
fn ascii_glyphs_leave_nothing_but_ascii() {
    for (width, height) in [(40, 12), (80, 24), (120, 36)] {
        for keys in [
            "1", "2 m m m", "v", "v", "v", "5 z", "z A", "esc ?", "esc b",
        ] {
            let mut bench = running(width, height);
            bench.app.manner.glyphs = Glyphs::Ascii;
            bench.app.experiment.name = "δ-世-é".into();
            bench.keys(keys);
            let screen = bench.text();
            assert!(screen.is_ascii(), "{keys} at {width}x{height}\n{screen}");
        }
    }
}

/// What all other layers are compared with, and the sign that there are more of them.
#[test]
fn the_output_layers_row_is_there_however_low_the_pane_and_hidden_rows_are_counted() {
    let mut bench = running(80, 24);
    let screen = bench.text();
    assert!(
        screen.contains("11 out") && screen.contains("▸ 1 logistic"),
        "{screen}"
    );
    assert!(screen.contains(" ↑2 "), "{screen}");
    bench.keys("2 g");
    let screen = bench.text();
    assert!(
        screen.contains("▸11 out") && screen.contains(" ↓2 "),
        "{screen}"
    );
}

/// δ and ∂W are said in full: in the profile's legend, or where there is none on the flow's border.
#[test]
fn the_flows_columns_are_explained_on_the_first_screen() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let screen = running(width, height).text();
        assert!(screen.contains("δ error signal"), "{screen}");
        assert!(screen.contains("∂W weight gradient"), "{screen}");
    }
}

#[test]
fn curves_without_colours_are_told_apart_by_their_dashes() {
    let mut bench = running(120, 36);
    bench.app.manner.theme = Theme::new(ThemeName::Mono, ColourDepth::None);
    let screen = bench.text();
    assert!(
        screen.contains("╍ train") && screen.contains("━ test"),
        "{screen}"
    );
    bench.resize(200, 60);
    let screen = bench.text();
    assert!(screen.contains("╍ δ error signal"), "{screen}");
    assert!(screen.contains("━ ∂W weight gradient"), "{screen}");
}
