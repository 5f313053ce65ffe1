//! Races: paced fairly, taken over as an edit, left without a trace.

use super::bench::{frame, points, running};
use gradlab::experiment::{self, Experiment};
use gradlab::training::{Command, Handle, Options, Status};
use gradlab::tui::message::{Effect, Message};
use gradlab::tui::race::{Race, variants};
use gradlab::tui::theme::{ColourDepth, Theme, ThemeName};
use std::path::Path;
use std::sync::mpsc;

const SMALL: &str = r#"
format = 1
name = "small"
[data]
kind = "digits"
[network]
activation = "tanh"
init = "glorot-normal"
[[network.layers]]
units = 10
repeat = 2
"#;

#[test]
fn every_lane_takes_the_same_steps() {
    let base = experiment::parse(SMALL, "small.toml").expect("a valid experiment");
    let offer = variants::offers(&base, &[]).swap_remove(0);
    let mut race = Race::new(offer);
    let (rung, bell) = mpsc::channel();
    let handles: Vec<Handle> = (0..)
        .zip(&race.lanes)
        .map(|(lane, l)| {
            let rung = rung.clone();
            let options = Options {
                threads: Some(1),
                ..Options::default()
            };
            let notify = move || rung.send(lane).unwrap_or_default();
            Handle::start(l.experiment.clone(), Path::new("."), options, notify).expect("a thread")
        })
        .collect();
    for handle in &handles {
        handle.send(Command::Step(race.first_lap()));
    }
    while race.steps < 40 {
        let lane: usize = bell.recv().expect("a lane");
        let Some(frame) = handles[lane].take() else {
            continue;
        };
        if let Some(lap) = race.take(lane, frame) {
            // A lap begins when all have done the one before: none is ahead.
            let done: Vec<u64> = race.lanes.iter().map(|l| l.run.record.step()).collect();
            assert!(
                done.iter().all(|steps| *steps == race.steps - lap),
                "{done:?}"
            );
            handles.iter().for_each(|h| h.send(Command::Step(lap)));
        }
    }
    assert_eq!(race.lanes.len(), 4);
    assert!(race.best().is_some());
    assert!(race.lanes.iter().all(|l| l.verdict.is_some()));
}

/// A race of nine rates, of which the fourth does best.
fn raced() -> super::bench::Bench {
    let mut bench = running(120, 36);
    bench.keys("R r a t e s enter");
    let asked = bench.effects.drain(..).find_map(|e| match e {
        Effect::Race { experiments, steps } => Some((experiments, steps)),
        _ => None,
    });
    let (experiments, steps): (Vec<Experiment>, u64) = asked.expect("a race");
    assert_eq!((experiments.len(), steps), (9, 5));
    for lane in 0..9 {
        let mut points = points(11, 1..6);
        for point in &mut points {
            let loss = 1.0 + (lane as f64 - 3.0).abs();
            point.train.loss = loss;
            point.test.as_mut().expect("a score").loss = loss;
        }
        let status = match lane {
            8 => Status::Diverged("layer 3, forward".into()),
            _ => Status::Paused,
        };
        bench.tell(Message::Lap(lane, frame(1, status, 11, points)));
    }
    bench
}

#[test]
fn the_best_rate_is_taken_over_on_one_key_and_taken_back_by_another() {
    let mut bench = raced();
    let laps = bench
        .effects
        .drain(..)
        .filter(|e| matches!(e, Effect::Lap(5)));
    assert_eq!(laps.count(), 1);
    let text = bench.text();
    assert!(
        text.contains("Race: learning rates") && text.contains("diverged"),
        "{text}"
    );
    assert!(text.contains("★━ rate 0.032"), "{text}");
    let before = bench.app.experiment.clone();
    bench.keys("f");
    assert_eq!(
        bench.app.experiment.training.optimizer.learning_rate(),
        0.032
    );
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::EndRace)));
    bench.keys("u");
    assert_eq!(bench.app.experiment, before);
}

/// A lap's target is not reached by what stops before it.
#[test]
fn a_race_says_the_steps_that_were_taken() {
    let bench = raced();
    assert!(bench.app.race.as_ref().is_some_and(|race| race.steps == 10));
    let text = bench.text();
    assert!(
        text.contains("learning rates · 5 steps · running"),
        "{text}"
    );
    assert!(text.contains("log₁₀ rate, after 5 steps"), "{text}");
}

#[test]
fn enter_takes_the_selected_variant_and_esc_none() {
    let mut bench = raced();
    let before = bench.app.experiment.clone();
    bench.sent();
    bench.keys("j j esc");
    assert!(bench.app.race.is_none());
    assert_eq!(bench.app.experiment, before);
    assert!(bench.sent().iter().any(|c| matches!(c, Command::Run)));

    let mut bench = raced();
    bench.keys("j enter");
    assert_eq!(
        bench.app.experiment.training.optimizer.learning_rate(),
        0.0032
    );
}

#[test]
fn a_paused_race_begins_no_lap() {
    let mut bench = running(80, 24);
    bench.keys("R enter space");
    bench.effects.clear();
    for lane in 0..4 {
        bench.tell(Message::Lap(
            lane,
            frame(1, Status::Paused, 11, points(11, 1..6)),
        ));
    }
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Lap(_))));
    bench.keys("space");
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::Lap(_))));
    assert!(bench.text().contains("four initializers"));
}

#[test]
fn a_race_that_was_left_is_looked_at_again_until_another_experiment_is_opened() {
    let mut bench = raced();
    bench.keys("esc R t h e space l a s t enter");
    let text = bench.text();
    assert!(
        text.contains("Race: learning rates · 5 steps · ended"),
        "{text}"
    );
    bench.effects.clear();
    bench.keys("space");
    assert!(!bench.effects.iter().any(|e| matches!(e, Effect::Lap(_))));
    // What was learnt can still be taken over.
    bench.keys("f");
    let rate =
        |bench: &super::bench::Bench| bench.app.experiment.training.optimizer.learning_rate();
    assert_eq!(rate(&bench), 0.032);
    bench.keys("R t h e space l a s t");
    assert!(bench.text().contains("the last race"));
}

#[test]
fn a_variant_with_healthy_gradients_that_learns_nothing_is_not_called_healthy() {
    let mut bench = running(120, 36);
    bench.keys("R enter");
    for lane in 0..4 {
        let mut points = points(11, 1..400);
        for point in &mut points {
            for layer in &mut point.layers {
                (layer.grad_rms, layer.delta_rms) = (0.1, 0.1);
            }
            let fall = if lane == 0 {
                1e-3 * point.step as f64
            } else {
                0.0
            };
            let loss = 2.3 - fall;
            point.train.loss = loss;
            point.test.as_mut().expect("a score").loss = loss;
        }
        bench.tell(Message::Lap(lane, frame(1, Status::Paused, 11, points)));
    }
    let text = bench.text();
    let row = |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_default();
    assert!(row("normal N(0, 1)").contains("healthy"), "{text}");
    assert!(row("he-normal").contains("hardly learns"), "{text}");
}

#[test]
fn a_variant_that_learns_its_rows_by_heart_is_called_so() {
    let mut bench = running(120, 36);
    bench.keys("R enter");
    for lane in 0..4 {
        let mut all = points(11, 1..2000);
        for point in &mut all {
            for layer in &mut point.layers {
                (layer.grad_rms, layer.delta_rms) = (0.1, 0.1);
            }
            let t = point.step as f64;
            // It has learnt what it can in a hundred steps; the test loss rises from there.
            point.train.loss = 0.05 + 0.65 * (-t / 20.0).exp();
            point.fitted = Some(point.train);
            let turns = if lane == 0 { 1e-3 * t } else { 0.0 };
            point.test.as_mut().expect("a score").loss = point.train.loss + turns;
        }
        for part in all.chunks(400) {
            let part = frame(1, Status::Paused, 11, part.to_vec());
            bench.tell(Message::Lap(lane, part));
        }
    }
    let text = bench.text();
    let row = |name: &str| text.lines().find(|l| l.contains(name)).unwrap_or_default();
    assert!(row("normal N(0, 1)").contains("overfits"), "{text}");
    assert!(row("he-normal").contains("healthy"), "{text}");
}

#[test]
fn a_race_is_read_and_left_on_the_smallest_screen() {
    for (width, height) in [(40, 12), (80, 24)] {
        let mut bench = raced();
        bench.app.size = ratatui::layout::Size::new(width, height);
        let text = bench.text();
        for word in ["5 steps · running", "0.032", "1.00", "esc leave", "space"] {
            let word = if width == 40 {
                word.replace("5 steps", "step 5")
            } else {
                word.into()
            };
            assert!(text.contains(&word), "{word}: {text}");
        }
    }
}

/// Without colours every variant is marked as its curve is drawn, the selected one's whole.
#[test]
fn a_variants_curve_is_known_by_its_mark_without_colours() {
    let mut bench = raced();
    bench.app.manner.theme = Theme::new(ThemeName::Mono, ColourDepth::None);
    bench.keys("j");
    let text = bench.text();
    let mark = |rate: &str| {
        let row = text.lines().find(|l| l.contains(&format!(" rate {rate} ")));
        row.and_then(|row| row.split(" rate ").next()?.chars().last())
    };
    let marks = ["0.001", "0.0032", "1", "3.2", "10"].map(mark);
    assert_eq!(marks, ['·', '━', '┉', '┅', '╍'].map(Some), "{text}");
}

#[test]
fn what_is_said_of_a_variant_takes_the_rows_that_there_are() {
    let why = "layer 3, forward, and more words of it than two rows of a small screen could hold, to the very end";
    for (width, height) in [(40, 12), (60, 16)] {
        let mut bench = raced();
        let diverged = Status::Diverged(why.into());
        bench.tell(Message::Lap(0, frame(1, diverged, 11, Vec::new())));
        bench.app.size = ratatui::layout::Size::new(width, height);
        let text = bench.text();
        assert!(text.contains("very end") || text.contains('…'), "{text}");
    }
}

#[test]
fn what_holds_on_any_screen_holds_in_a_race_and_what_does_not_says_so() {
    let mut bench = raced();
    let written = |bench: &mut super::bench::Bench| {
        let written = bench.effects.drain(..).find_map(|e| match e {
            Effect::Write {
                path, what, bytes, ..
            } => Some((path, what, bytes)),
            _ => None,
        });
        let (path, what, bytes) = written.expect("a file");
        bench.tell(Message::Written(path.clone(), Ok(what)));
        (path, String::from_utf8(bytes).expect("text"))
    };
    bench.keys("W enter");
    let (path, svg) = written(&mut bench);
    assert_eq!(path, Path::new("vanishing-step-5.svg"));
    assert!(svg.contains("Race: learning rates"));
    bench.keys("w enter");
    let (_, csv) = written(&mut bench);
    assert!(csv.contains("\n\"rate 0.032\",") && !csv.contains("(now)"));
    bench.keys("?");
    assert!(bench.text().contains("Help"));
    bench.keys("esc n");
    assert!(bench.app.race.is_some());
    let text = bench.text();
    assert!(
        text.contains("new-seed: not beside a race; esc leaves it"),
        "{text}"
    );
    // Nor is it done by its name.
    let before = bench.app.experiment.clone();
    bench.keys(": n e w - s e e d enter");
    assert_eq!(bench.app.experiment, before);
}

#[test]
fn values_of_earlier_steps_are_read_off_a_race() {
    let mut bench = running(120, 36);
    bench.keys("R enter");
    for lane in 0..4 {
        let mut points = points(11, 0..101);
        for point in &mut points {
            let loss = 1.0 + 0.25 * f64::from(lane as u8) + 0.01 * (100 - point.step) as f64;
            point.train.loss = loss;
            point.test.as_mut().expect("a score").loss = loss + 5.0;
        }
        let status = if lane == 3 {
            points.truncate(40);
            Status::Diverged("layer 3, forward".into())
        } else {
            Status::Paused
        };
        bench.tell(Message::Lap(lane, frame(1, status, 11, points)));
    }
    let row = |bench: &super::bench::Bench, label: &str| {
        let text = bench.text();
        let row = text.lines().find(|l| l.contains(label));
        row.unwrap_or_default().to_string()
    };
    assert!(row(&bench, "he-normal").contains("6."), "{}", bench.text());
    bench.keys("left left");
    let text = bench.text();
    assert!(
        text.contains("read off at step 96; the best and the verdicts are of the newest"),
        "{text}"
    );
    assert!(text.contains("1.04") && text.contains("6.04"), "{text}");
    // It had diverged by then.
    assert!(row(&bench, "diverged").contains(" - "), "{text}");
    bench.keys("right right");
    let text = bench.text();
    assert!(
        !text.contains("read off at") && text.contains("6.00"),
        "{text}"
    );
}
