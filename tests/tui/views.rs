//! Every view of the gradient flow with every measure, the pinned run beneath, and what the cursor reads off.

use super::bench::{Bench, frame, points, running};
use super::screens::find;
use gradlab::insight::Kind;
use gradlab::nn::spec::Clip;
use gradlab::training::Status;
use gradlab::tui::measure::{Measure, View};
use gradlab::tui::message::Message;
use gradlab::tui::theme::Role;
use ratatui::style::Color;

#[test]
fn each_view_where_there_is_little_room() {
    insta::assert_snapshot!("waterfall_80x24", running(80, 24).keys("v").text());
    insta::assert_snapshot!("profile_80x24", running(80, 24).keys("v v").text());
    insta::assert_snapshot!("histograms_80x24", running(80, 24).keys("v v v").text());
}

/// What has a histogram: the nearest thing to the measure.
fn spread(measure: Measure) -> &'static str {
    match measure {
        Measure::OutMean | Measure::OutStd | Measure::Saturated | Measure::Dead => "outputs",
        Measure::PreStd => "pre-activations",
        Measure::WeightNorm | Measure::UpdateRatio => "weights W",
        _ => "gradients ∂L/∂W",
    }
}

#[test]
fn every_measure_in_every_view_names_itself() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut bench = running(width, height);
        for _ in View::ALL {
            for measure in Measure::ALL {
                bench.app.measure = measure;
                let screen = bench.text();
                let shown = match bench.app.view {
                    View::Histograms => spread(measure),
                    _ => measure.symbol(),
                };
                // "Gradient flow", or where there is little room "Flow".
                let title = format!("low · {shown}");
                assert!(
                    screen.contains(&title),
                    "{width}x{height} {measure:?}\n{screen}"
                );
            }
            bench.keys("v");
        }
    }
}

#[test]
fn shares_and_means_have_linear_scales() {
    let mut bench = running(120, 36);
    bench.app.measure = Measure::Saturated;
    let screen = bench.text();
    assert!(
        screen.contains("0 % ··") && screen.contains("100 %"),
        "{screen}"
    );
    assert!(screen.contains("10 %"), "{screen}");
    bench.app.measure = Measure::OutMean;
    let screen = bench.text();
    assert!(screen.contains("-0.500 ·"), "{screen}");
}

#[test]
fn the_profile_has_theorys_band_and_a_legend_at_any_size() {
    for (width, height) in [(80, 24), (120, 36)] {
        let mut bench = running(width, height);
        bench.keys("v v");
        let buffer = bench.buffer();
        let theme = &bench.app.manner.theme;
        let area = bench.app.layout().area(gradlab::tui::layout::Pane::Flow);
        let area = area.expect("a pane");
        let cells = area.positions().filter(|p| buffer[*p].bg == theme.band());
        let columns: std::collections::HashSet<u16> = cells.map(|p| p.x).collect();
        assert!(
            columns.len() > usize::from(area.width) / 2,
            "{width}x{height}"
        );
        let (x, y) = find(&buffer, "theory");
        assert_eq!(buffer[(x, y)].fg, theme.colour(Role::Theory));
        assert!(area.contains((x, y).into()));
    }
}

#[test]
fn the_pinned_run_is_dimmed_beneath_every_view() {
    let mut bench = running(120, 36);
    bench.keys("b esc");
    let later = frame(2, Status::Running, 11, points(11, 0..40));
    bench.tell(Message::Frame(later));
    let pinned = bench.app.manner.theme.colour(Role::Pinned);
    let dimmed = |bench: &super::bench::Bench| {
        let buffer = bench.buffer();
        let area = bench.app.layout().area(gradlab::tui::layout::Pane::Flow);
        let inner = gradlab::tui::panes::inside(area.expect("a pane"));
        let count = |glyphs: &str| {
            let cells = inner
                .positions()
                .filter(|p| buffer[*p].fg == pinned && glyphs.contains(buffer[*p].symbol()));
            cells.count()
        };
        (count("▁▂▃▄▅▆▇█"), count("0123456789"))
    };
    let (bars, digits) = dimmed(&bench);
    assert!(
        bars > 30 && digits > 11,
        "{bars} {digits}\n{}",
        bench.text()
    );
    bench.keys("v");
    let buffer = bench.buffer();
    let area = bench.app.layout().area(gradlab::tui::layout::Pane::Flow);
    let area = gradlab::tui::panes::inside(area.expect("a pane"));
    // The waterfall goes on beyond the present step, in greys.
    let is_grey = |x: u16| matches!(buffer[(x, area.y)].fg, Color::Indexed(235..=248));
    assert!(
        !is_grey(area.x + 4) && is_grey(area.x + 14),
        "{:?} {:?}\n{}",
        buffer[(area.x + 4, area.y)],
        buffer[(area.x + 14, area.y)],
        bench.text()
    );
    bench.keys("v");
    assert!(bench.text().contains("pinned"), "{}", bench.text());
}

#[test]
fn pinned_runs_are_named_listed_with_their_figures_and_brought_back() {
    let mut bench = running(120, 36);
    bench.keys("b esc A t a n h enter");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..40),
    )));
    bench.keys("b esc P");
    let screen = bench.text();
    assert!(
        screen.contains("399 steps  loss") && screen.contains("vanishing"),
        "{screen}"
    );
    assert!(screen.contains("activation tanh"), "{screen}");
    bench.keys("esc N ctrl-u m i n e enter P");
    let screen = bench.text();
    assert!(screen.contains("mine"), "{screen}");
    let before = bench.app.experiment.clone();
    bench.keys("down enter");
    assert_ne!(bench.app.experiment, before);
    assert!(!bench.app.is_changed());
}

/// A change that waits for the next start is none of what is on the charts.
#[test]
fn a_run_is_pinned_with_what_its_steps_were_taken_with() {
    let mut bench = running(120, 36);
    let ended = Status::Finished("after 400 steps".into());
    bench.tell(Message::Frame(frame(1, ended, 11, Vec::new())));
    bench.keys("4 g").down_to("learning_rate");
    bench.keys("+ b");
    assert_ne!(bench.app.experiment, bench.app.run.experiment);
    let pinned = bench.app.baseline().expect("a pinned run");
    assert_eq!(pinned.experiment, bench.app.run.experiment);
    assert_eq!(pinned.name, "vanishing");
    let text = bench.text();
    assert!(text.contains(" pinned: the same "), "{text}");
    bench.keys("r");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..9),
    )));
    let text = bench.text();
    assert!(text.contains(" now: learning_rate "), "{text}");
    assert_eq!(bench.app.pinned.len(), 1, "it is there once");
}

#[test]
fn no_two_pinned_runs_have_one_name() {
    let mut bench = running(120, 36);
    for _ in 0..20 {
        bench.keys("b");
    }
    let names: Vec<&str> = bench.app.pinned.iter().map(|p| p.name.as_str()).collect();
    let expected: Vec<String> = (5..=20).map(|n| format!("vanishing #{n}")).collect();
    assert_eq!(names, expected);
}

/// Values of -0.1 and 0.0 are read as such where nothing says that they are logarithms.
#[test]
fn a_measure_that_is_shown_by_its_logarithm_says_so_at_every_size() {
    for (width, height) in [(40, 12), (60, 16), (80, 24), (120, 36), (200, 60)] {
        let mut bench = running(width, height);
        bench.keys("2");
        for keys in ["", "left", "esc > >", "z", "left"] {
            bench.keys(keys);
            for _ in Measure::ALL {
                let text = bench.text();
                let title = text.lines().nth(1).unwrap_or_default();
                let is_log = bench.app.measure.is_logarithmic();
                assert_eq!(title.contains("log₁₀"), is_log, "{keys}\n{text}");
                bench.keys("m");
            }
            let at = bench.app.cursor.map(|step| step.to_string());
            let text = bench.text();
            let title = text.lines().nth(1).unwrap_or_default();
            assert!(at.is_none_or(|at| title.contains(&at)), "{text}");
        }
    }
}

/// Every press shows something else, or says why it does not.
#[test]
fn the_next_measure_is_another_picture() {
    let mut bench = running(120, 36);
    bench.keys("2 v v v");
    assert_eq!(bench.app.view, View::Histograms);
    for key in ["m", "m", "m", "m", "m", "M", "M", "M"] {
        let before = bench.text();
        bench.keys(key);
        assert_ne!(bench.text(), before, "{key}");
    }
    bench.app.view = View::Time;
    let measure = bench.app.measure;
    assert!(
        bench.keys("m").text().contains("one measure"),
        "{}",
        bench.text()
    );
    assert_eq!(bench.app.measure, measure);
}

#[test]
fn the_cursor_reads_every_view() {
    let mut bench = running(120, 36);
    bench.keys("2 left left left");
    let step = bench.app.cursor.expect("a cursor");
    let at = format!("at step {step}");
    assert!(bench.text().contains(&at), "{}", bench.text());
    bench.keys("v");
    let screen = bench.text();
    assert!(
        screen.contains(&at) && screen.contains("layer 1: "),
        "{screen}"
    );
    bench.keys("v");
    let screen = bench.text();
    assert!(
        screen.contains(&at) && screen.contains("layer 1 "),
        "{screen}"
    );
    // Histograms are of the newest step whatever the cursor.
    bench.keys("v");
    assert!(!bench.text().contains(&at), "{}", bench.text());
}

/// Before the first step there is no value to write beneath the picture.
#[test]
fn a_waterfall_without_measurements_is_drawn_at_every_size() {
    for (width, height) in [(40, 12), (60, 16), (80, 24), (120, 36)] {
        let mut bench = Bench::new();
        bench.resize(width, height);
        bench.keys("2 v z");
        assert!(bench.text().contains("step 0"));
    }
}

/// The commands say it of a run too.
#[test]
fn gradients_that_explode_under_clipping_are_said_to_be_bounded() {
    let mut bench = running(200, 60);
    let mut said_at = |step: u64, clip: Clip| {
        bench.app.experiment.training.clip = clip;
        let mut exploding = points(11, step..step + 1);
        exploding[0].layers.reverse();
        bench.tell(Message::Frame(frame(1, Status::Running, 11, exploding)));
        let verdict = bench.app.insight.verdict.clone().expect("a verdict");
        assert_eq!(verdict.kind, Kind::Exploding);
        verdict.sentence.contains("Clipping bounds the steps")
    };
    assert!(!said_at(100, Clip::None));
    assert!(said_at(101, Clip::Norm { max: 1.0 }));
}

/// To the output layer all others are compared: it has the pinned run's output beside it, however many layers are beneath.
#[test]
fn the_output_layer_has_the_pinned_runs_output_beside_it() {
    let mut bench = running(120, 36);
    bench.keys("b a");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        12,
        points(12, 0..9),
    )));
    let text = bench.text();
    let figures = |name: &str| {
        let line = text.lines().find(|l| l.contains(name)).expect(name);
        let (_, after) = line.split_once(name).expect(name);
        let words = after.split_whitespace();
        words.map_while(|word| word.parse::<f64>().ok()).count()
    };
    assert_eq!(figures("10 logistic"), 3, "{text}");
    assert_eq!(figures("11 logistic"), 2, "{text}");
    assert_eq!(figures("12 out"), 3, "{text}");
}

/// Where a legend's whole names don't fit, short ones do: no cut ones.
#[test]
fn a_legend_beside_a_pinned_run_cuts_no_names() {
    let mut bench = running(120, 36);
    bench.keys("b esc");
    let text = bench.text();
    assert!(
        text.contains("layer 1 pin 2.49e-8 theory 1.57e-8 δ"),
        "{text}"
    );
    bench.keys("left");
    let text = bench.text();
    assert!(
        !text.contains(" trai ") && !text.contains(" tra "),
        "{text}"
    );
    bench.keys("esc");
    // What the pinned run has no layer for is said to be none.
    bench.keys("a");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        12,
        points(12, 0..9),
    )));
    let text = bench.text();
    assert!(text.contains("layer 11 pinned - theory"), "{text}");
}
