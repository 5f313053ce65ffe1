//! The learning-rate finder: opened beside the run, taken over as an edit, left without a trace.

use super::bench::{Bench, running};
use gradlab::training::{Command, Sweep, SweepState};
use gradlab::tui::message::{Effect, Message};

/// A loss that falls fastest at 0.01 and leaves above 1.
fn sweep(state: SweepState) -> Box<Sweep> {
    let rates: Vec<f64> = (0..230)
        .map(|i| 10f64.powf(-5.0 + f64::from(i) / 40.0))
        .collect();
    let loss = |r: &f64| {
        let x = r.log10();
        2.3 - 2.0 / (1.0 + (-4.0 * (x + 2.0)).exp()) + (4.0 * x).exp()
    };
    let losses = rates.iter().map(loss).collect();
    Box::new(Sweep {
        rates,
        losses,
        state,
    })
}

fn opened() -> Bench {
    let mut bench = running(120, 36);
    bench.keys("p");
    let asked = bench.effects.drain(..).any(|e| match e {
        Effect::Sweep(experiment) => *experiment == bench.app.experiment,
        _ => false,
    });
    assert!(asked);
    bench
}

#[test]
fn the_suggestion_is_taken_over_on_one_key_and_taken_back_by_another() {
    let mut bench = opened();
    // The run goes on meanwhile.
    assert!(!bench.sent().iter().any(|c| matches!(c, Command::Pause)));
    bench.tell(Message::Swept(sweep(SweepState::Running)));
    bench.tell(Message::Swept(sweep(SweepState::Done)));
    let text = bench.text();
    assert!(text.contains("falls fastest at 0.01"), "{text}");
    assert!(text.contains("0.1 in the experiment"), "{text}");
    bench.keys("enter");
    let rate = |bench: &Bench| bench.app.experiment.training.optimizer.learning_rate();
    assert!((rate(&bench) - 0.01).abs() < 0.002, "{}", rate(&bench));
    assert!(bench.app.finder.is_none());
    assert!(bench.effects.iter().any(|e| matches!(e, Effect::EndSweep)));
    assert!(
        bench
            .sent()
            .iter()
            .any(|c| matches!(c, Command::Replace(_)))
    );
    bench.keys("u");
    assert_eq!(rate(&bench), 0.1);
}

#[test]
fn the_marker_moves_and_esc_takes_nothing() {
    let mut bench = opened();
    bench.keys("enter");
    assert!(bench.text().contains("no rate to take over yet"));
    bench.tell(Message::Swept(sweep(SweepState::Done)));
    let suggested = bench.app.finder.as_ref().and_then(|f| f.rate());
    bench.keys("right right right right right right");
    let moved = bench.app.finder.as_ref().and_then(|f| f.rate());
    assert!(moved > suggested);
    bench.keys("esc");
    assert_eq!(bench.app.experiment.training.optimizer.learning_rate(), 0.1);
    assert!(bench.text().contains("Gradient flow"));
}

#[test]
fn the_finder_is_read_and_left_on_the_smallest_screen() {
    let mut bench = opened();
    bench.tell(Message::Swept(sweep(SweepState::Done)));
    for (width, height) in [(40, 12), (60, 16), (80, 24)] {
        let text = bench.resize(width, height).text();
        let words: Vec<&str> = text
            .split(['│', ' ', '\n'])
            .filter(|w| !w.is_empty())
            .collect();
        let text = words.join(" ");
        assert!(text.contains("esc leaves"), "{text}");
        assert!(text.contains("0.1 in the experiment."), "{text}");
        let named = ["each step", "smoothed", "marker"];
        let is_named = named.iter().all(|name| text.contains(name));
        assert!(height < 16 || is_named, "{text}");
    }
}

/// What is read off stands above the chart, whose marks of what leaves it are at the upper right.
#[test]
fn the_reading_at_the_marker_hides_nothing_of_the_chart() {
    let mut bench = opened();
    bench.tell(Message::Swept(sweep(SweepState::Done)));
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let text = bench.resize(width, height).text();
        let heading = text.lines().nth(2).expect("a heading");
        assert!(heading.contains("each step 1."), "{text}");
        assert!(heading.contains("smoothed 1."), "{text}");
        assert!(heading.contains("marker 0.01"), "{text}");
        let top = text.lines().nth(3).expect("a chart");
        assert!(top.contains("▲"), "{text}");
        assert!(!top.contains("@"), "{text}");
    }
}

#[test]
fn what_fails_is_said() {
    let mut bench = opened();
    bench.tell(Message::Swept(Box::new(Sweep {
        rates: Vec::new(),
        losses: Vec::new(),
        state: SweepState::Failed("no training rows".into()),
    })));
    assert!(bench.text().contains("no training rows"));
}

#[test]
fn what_holds_on_any_screen_holds_in_the_finder_and_what_does_not_says_so() {
    let mut bench = opened();
    bench.tell(Message::Swept(sweep(SweepState::Done)));
    bench.keys("W enter");
    let (path, what, svg) = bench
        .effects
        .drain(..)
        .find_map(|e| match e {
            Effect::Write {
                path, what, bytes, ..
            } => Some((path, what, bytes)),
            _ => None,
        })
        .expect("a picture");
    assert!(String::from_utf8_lossy(&svg).contains("Learning-rate finder"));
    bench.tell(Message::Written(path, Ok(what)));
    bench.keys("w");
    assert!(bench.text().contains("the finder's sweep is no run"));
    bench.keys("r");
    assert!(bench.text().contains("restart: not beside the finder"));
    bench.keys("?");
    assert!(bench.text().contains("Help"));
}
