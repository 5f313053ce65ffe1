//! The gradient through time, the spectral radius, and what clipping cut.

use super::bench::{Bench, frame, points, running};
use gradlab::experiment::{self, presets};
use gradlab::telemetry::ThroughTime;
use gradlab::training::{Point, Status};
use gradlab::tui::measure::View;
use gradlab::tui::message::Message;
use gradlab::tui::theme::Role;

const STEPS: usize = 100;

/// Points of a recurrent layer under an output layer, whose gradient loses `per_step` decades at every step back.
fn recurrent_points(per_step: f64, steps: std::ops::Range<u64>) -> Vec<Point> {
    let with_time = |mut point: Point| {
        let norms = (0..STEPS).map(|t| 10f64.powf(-0.5 - per_step * (STEPS - 1 - t) as f64));
        point.time = vec![ThroughTime {
            layer: 0,
            norms: norms.collect(),
            radius: point.step.is_multiple_of(10).then_some(0.83),
            ..ThroughTime::default()
        }];
        point.clip_factor = 0.031;
        point
    };
    points(2, steps).into_iter().map(with_time).collect()
}

fn on_a_recurrent_net(width: u16, height: u16) -> Bench {
    let preset = presets::find("rnn-tanh-vanishing").expect("a preset");
    let mut bench = Bench::on(preset.experiment().expect("a valid preset"));
    bench.resize(width, height);
    let points = recurrent_points(0.1, 0..200);
    bench.tell(Message::Frame(frame(1, Status::Running, 2, points)));
    bench
}

#[test]
fn time_is_beside_depth_without_a_key() {
    let small = on_a_recurrent_net(80, 24).text();
    assert!(small.contains("spectral radius 0.830"), "{small}");
    assert!(small.contains("100 steps"), "{small}");
    insta::assert_snapshot!("recurrent_80x24", small);
    insta::assert_snapshot!("recurrent_120x36", on_a_recurrent_net(120, 36).text());
}

#[test]
fn v_leads_to_the_view_through_time_of_recurrent_nets_alone() {
    let mut bench = on_a_recurrent_net(120, 36);
    bench.keys("v v v v");
    assert_eq!(bench.app.view, View::Time);
    insta::assert_snapshot!("through_time", bench.text());
    bench.keys("v");
    assert_eq!(bench.app.view, View::Sparklines);
    bench.keys("V");
    assert_eq!(bench.app.view, View::Time);
    let mut dense = running(120, 36);
    dense.keys("v v v v");
    assert_eq!(dense.app.view, View::Sparklines);
    dense.keys("V");
    assert_eq!(dense.app.view, View::Histograms);
}

#[test]
fn steps_are_coloured_by_magnitude_and_the_radius_by_what_it_does() {
    let bench = on_a_recurrent_net(120, 36);
    let buffer = bench.buffer();
    let theme = &bench.app.manner.theme;
    let (x, y) = super::screens::find(&buffer, "0.830");
    assert_eq!(buffer[(x, y)].fg, theme.colour(Role::Accent));
    let (x, y) = super::screens::find(&buffer, "-10.1");
    assert_eq!(buffer[(x, y)].fg, theme.magnitude(-10.1));
}

#[test]
fn the_verdict_names_time() {
    let screen = on_a_recurrent_net(120, 36).text();
    assert!(
        screen.contains("VANISHING") && screen.contains("through time"),
        "{screen}"
    );
}

#[test]
fn the_pinned_run_is_beside_the_present_one() {
    let mut bench = on_a_recurrent_net(120, 36);
    bench.keys("b esc");
    let points = recurrent_points(0.01, 0..50);
    bench.tell(Message::Frame(frame(2, Status::Running, 2, points)));
    let screen = bench.text();
    let row = screen.lines().find(|l| l.contains(" 1-7 ")).expect("a row");
    assert!(row.contains("-1.5") && row.contains("-10.1"), "{row}");
}

#[test]
fn what_clipping_cuts_is_said_of_dense_nets_too() {
    let screen = on_a_recurrent_net(120, 36).text();
    assert!(
        screen.contains("clipped to 1: ×0.031, cut 97 % of the norm"),
        "{screen}"
    );
    let text = format!(
        "{}[training.clip]\nkind = \"norm\"\nmax = 2.0\n",
        super::bench::VANISHING
    );
    let mut dense = Bench::on(experiment::parse(&text, "x.toml").expect("a valid experiment"));
    dense.resize(120, 36);
    dense.tell(Message::Frame(frame(
        1,
        Status::Running,
        11,
        points(11, 0..9),
    )));
    let screen = dense.text();
    assert!(
        screen.contains("clip at 2 cuts nothing of norm 1.00"),
        "{screen}"
    );
    assert!(!running(120, 36).text().contains("clip at"));
}

#[test]
fn a_step_of_the_sequences_is_read_off() {
    let mut bench = on_a_recurrent_net(120, 36);
    bench.keys("v v v v 2");
    bench.keys("down down down");
    // the last step first, 0.1 decades a step: 10^(-0.5 - 0.1 · 2)
    let screen = bench.text();
    assert!(screen.contains("step 98 of 100: 0.200"), "{screen}");
    assert!(screen.contains("step 98 ‖∂L/∂h‖ 0.200"), "{screen}");
    assert!(screen.contains("▸9"), "{screen}");
    bench.keys("end");
    let screen = bench.text();
    assert!(screen.contains("step 1 of 100: 3.98e-11"), "{screen}");
    bench.keys("esc");
    assert!(!bench.text().contains("of 100:"));
    assert_eq!(bench.app.position, None);
}

#[test]
fn a_click_reads_a_step_off() {
    let mut bench = on_a_recurrent_net(120, 36);
    bench.keys("v v v v");
    let (x, y) = super::screens::find(&bench.buffer(), "∂L/∂h");
    // Under the title: the head, the columns, the last steps.
    bench.click(x, y + 3);
    assert!(bench.app.position.is_some_and(|at| at > 90));
}

#[test]
fn an_lstm_shows_its_forget_gate_and_the_candidates_radius() {
    let preset = presets::find("lstm-adding").expect("a preset");
    let mut bench = Bench::on(preset.experiment().expect("a valid preset"));
    bench.resize(160, 36);
    let mut points = recurrent_points(0.1, 0..100);
    for point in &mut points {
        if let Some(radius) = point.time[0].radius {
            point.time[0].gate = Some(radius - 0.1);
        }
    }
    bench.tell(Message::Frame(frame(1, Status::Running, 2, points)));
    bench.keys("2 z v v v v");
    let screen = bench.text();
    assert!(screen.contains("forget gate 0.730 open"), "{screen}");
    assert!(
        screen.contains("candidate's spectral radius 0.830"),
        "{screen}"
    );
    assert!(screen.contains("‖∂L/∂(h,c)‖"), "{screen}");
    assert!(screen.contains("VANISHING"), "{screen}");
}
