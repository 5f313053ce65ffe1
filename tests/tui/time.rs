//! Zoomed and frozen time.

use super::bench::{Bench, VANISHING, frame, points, running};
use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use gradlab::training::Status;
use gradlab::tui::layout::Pane;
use gradlab::tui::message::Message;

/// The chart of the learning rate is read at the cursor, shows the steps that the others show and the pinned run's rates.
#[test]
fn the_learning_rates_chart_follows_the_cursor_and_the_zoom() {
    let schedule = "\n[training.schedule]\nkind = \"cosine\"\nsteps = 40000\n";
    let text = format!("{VANISHING}{schedule}");
    let experiment = gradlab::experiment::parse(&text, "cosine.toml").expect("valid");
    let mut bench = Bench::on(experiment);
    bench.resize(160, 36);
    let mut seen = points(11, 0..400);
    for point in &mut seen {
        point.learning_rate = 0.001 * (1.0 + point.step as f64);
    }
    bench.tell(Message::Frame(frame(1, Status::Paused, 11, seen)));
    bench.keys("3 v");
    let now = bench.text();
    assert!(now.contains("rate 0.400") && now.contains("@399"), "{now}");
    bench.keys("left left left");
    let step = bench.app.cursor.expect("a cursor");
    let screen = bench.text();
    let rate = format!("rate {:.3}", 0.001 * (1.0 + step as f64));
    assert!(screen.contains(&rate), "{rate}\n{screen}");
    assert!(screen.contains(&format!("@{step}")), "{screen}");
    assert!(screen.contains("40,000"), "{screen}");
    bench.keys(">");
    assert!(!bench.text().contains("40,000"), "{}", bench.text());
    let pinned = |bench: &Bench| {
        let colour = bench
            .app
            .manner
            .theme
            .colour(gradlab::tui::theme::Role::Pinned);
        let area = bench.app.layout().area(Pane::Loss).expect("a pane");
        let buffer = bench.buffer();
        let inside = area.inner(ratatui::layout::Margin::new(1, 1));
        inside
            .positions()
            .filter(|p| buffer[*p].fg == colour)
            .count()
    };
    let before = pinned(&bench);
    bench.keys("b");
    bench.app.experiment.training.optimizer = gradlab::experiment::parse(
        &text.replace("learning_rate = 0.1", "learning_rate = 0.05"),
        "half.toml",
    )
    .expect("valid")
    .training
    .optimizer;
    assert!(pinned(&bench) > before + 5, "{}", bench.text());
}

#[test]
fn charts_show_a_part_of_the_run_that_follows_it_or_stands_still() {
    let mut bench = running(120, 36);
    assert_eq!(bench.app.steps_shown(), (0, 399));
    bench.keys("> >");
    let (first, last) = bench.app.steps_shown();
    assert_eq!((last, last - first), (399, 99));
    assert!(bench.text().contains("steps 300-399"), "{}", bench.text());
    bench.tell(Message::Frame(frame(
        1,
        Status::Running,
        11,
        points(11, 400..500),
    )));
    assert_eq!(bench.app.steps_shown().1, 499);
    bench.keys("H H");
    let (first, last) = bench.app.steps_shown();
    assert_eq!((first, last), (352, 451));
    bench.tell(Message::Frame(frame(
        1,
        Status::Running,
        11,
        points(11, 500..600),
    )));
    assert_eq!(bench.app.steps_shown(), (352, 451));
    bench.keys("L L L L L L L L");
    assert_eq!(bench.app.steps_shown().1, 599);
    bench.keys("0");
    assert_eq!(bench.app.steps_shown(), (0, 599));
}

#[test]
fn the_wheel_over_the_curves_zooms() {
    let mut bench = running(120, 36);
    let area = bench.app.layout().area(Pane::Loss).expect("a pane");
    let wheel = |kind, modifiers| {
        Message::Mouse(MouseEvent {
            kind,
            column: area.x + 3,
            row: area.y + 3,
            modifiers,
        })
    };
    bench.tell(wheel(MouseEventKind::ScrollUp, KeyModifiers::NONE));
    assert_eq!(
        bench.app.steps_shown().1 - bench.app.steps_shown().0,
        199 + 2
    );
    bench.tell(wheel(MouseEventKind::ScrollUp, KeyModifiers::SHIFT));
    assert!(bench.app.steps_shown().1 < 399);
    bench.tell(wheel(MouseEventKind::ScrollDown, KeyModifiers::NONE));
    assert_eq!(bench.app.steps_shown(), (0, 399));
}

#[test]
fn a_frozen_picture_holds_while_training_goes_on() {
    let mut bench = running(120, 36);
    bench.keys("F esc");
    let before = bench.text();
    bench.tell(Message::Frame(frame(
        1,
        Status::Running,
        11,
        points(11, 400..900),
    )));
    let held = bench.text();
    assert!(
        held.contains("frozen at 399") && held.contains("step 899"),
        "{held}"
    );
    // All but the header, which tells of the present, is as it was.
    let body = |text: &str| text.lines().skip(1).map(String::from).collect::<Vec<_>>();
    assert_eq!(body(&before), body(&held));
    bench.keys("F");
    assert_eq!(bench.app.run.record.step(), 899);
    assert!(!bench.text().contains("frozen"));
    // Another run thaws.
    bench.keys("F");
    bench.tell(Message::Frame(frame(
        2,
        Status::Running,
        11,
        points(11, 0..5),
    )));
    assert!(!bench.app.is_frozen());
    assert_eq!(bench.app.run.record.step(), 4);
}

/// What happens behind a frozen picture is there once it thaws: a change's mark, and the last finite step of a run that diverged.
#[test]
fn a_thawed_picture_shows_what_happened_behind_it() {
    let mut bench = running(120, 36);
    bench.keys("4 g").down_to("learning_rate");
    bench.keys("F + F");
    assert_eq!(bench.app.run.changes, [399]);
    bench.keys("F");
    let mut points = points(11, 400..500);
    if let Some(last) = points.last_mut() {
        for layer in &mut last.layers {
            layer.grad_rms = f64::NAN;
        }
    }
    let diverged = Status::Diverged("layer 3, forward".into());
    bench.tell(Message::Frame(frame(1, diverged, 11, points)));
    assert_eq!(bench.app.cursor, None);
    bench.keys("F");
    assert_eq!(bench.app.cursor, Some(498));
    // Who has left it stays at the newest step.
    bench.keys("esc F F");
    assert_eq!(bench.app.cursor, None);
}

/// The cursor stands on steps that were measured, so that what every pane shows there is of the step that it names; also where
/// the step has been panned out of the charts.
#[test]
fn what_is_read_off_is_of_the_step_that_is_named() {
    let mut bench = Bench::new();
    bench.resize(200, 60);
    let mut seen = points(11, 0..600);
    seen.retain(|p| p.step % 7 == 0);
    for point in &mut seen {
        point.train.loss = point.step as f64;
    }
    bench.tell(Message::Frame(frame(1, Status::Paused, 11, seen)));
    bench.keys("left left left");
    let cursor = bench.app.cursor.expect("a cursor");
    assert_eq!(cursor % 7, 0);
    let train = format!("train {cursor}");
    for keys in ["", "> > > H", "H H"] {
        let screen = bench.keys(keys).text();
        assert!(screen.contains(&format!("@{cursor}")), "{screen}");
        assert!(screen.contains(&train), "{keys}\n{screen}");
        assert!(screen.contains(&format!("at step {cursor}")), "{screen}");
    }
    // What is measured later leaves fewer of the old steps: the cursor goes with the one that is left.
    let mut later = points(11, 600..4000);
    later.retain(|p| p.step % 7 == 0);
    bench.tell(Message::Frame(frame(1, Status::Running, 11, later)));
    let cursor = bench.app.cursor.expect("a cursor");
    let kept = bench.app.run.record.steps();
    assert!(kept.contains(&cursor), "{cursor}");
}
