//! Whatever is typed, clicked, resized or measured: no panic, and always an experiment that reads back.

use super::bench::{Bench, frame, points};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use gradlab::experiment;
use gradlab::telemetry::LayerStats;
use gradlab::training::Status;
use gradlab::tui::message::Message;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Key(KeyCode, bool),
    Mouse(MouseEventKind, u16, u16),
    Resize(u16, u16),
    Paste(String),
    /// Run, layers, points, and whether what is measured is not finite.
    Frame(u64, usize, u64, bool),
    Status(Status),
}

fn key() -> impl Strategy<Value = KeyCode> {
    prop_oneof![
        6 => any::<prop::sample::Index>().prop_map(|i| {
            let keys: Vec<char> = "abcdefghijklmnopqrstuvwxyzABDGIJKMOPRSTUV0123456789.:?+-=/ ".chars().collect();
            KeyCode::Char(*i.get(&keys))
        }),
        2 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Up, KeyCode::Down,
            KeyCode::Left, KeyCode::Right, KeyCode::PageUp, KeyCode::PageDown, KeyCode::Home, KeyCode::End,
            KeyCode::Backspace, KeyCode::Delete, KeyCode::F(1),
        ]),
    ]
}

/// A window's side: mostly usual ones, the smallest, and up to the largest.
fn side(usual: u16, largest: u16) -> impl Strategy<Value = u16> {
    prop_oneof![8 => 1..usual, 1 => 1u16..4, 1 => usual..=largest]
}

/// Words, numbers, links, and what a stranger's clipboard can hold.
fn paste() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,12}",
        2 => "[-+]?[0-9]{0,20}(\\.[0-9]{0,6})?(e-?[0-9]{1,4})?",
        1 => "gl1:[A-Za-z0-9_-]{0,60}",
        1 => Just(experiment::link::encode(&Bench::new().app.experiment)),
        1 => "(\u{1b}\\[2J|\u{202e}|\r|\n|\t|\u{0}|x|\u{301}|世){0,30}",
        1 => Just("\u{202e}0".repeat(50_000)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let mouse = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::Drag(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::Down(MouseButton::Middle),
        MouseEventKind::Moved,
        MouseEventKind::ScrollLeft,
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
    ]);
    let status = prop::sample::select(vec![
        Status::Running,
        Status::Paused,
        Status::Loading("data".into()),
        Status::Finished("20 epochs".into()),
        Status::Diverged("layer 3, forward".into()),
        Status::Failed("no such file: x.csv".into()),
    ]);
    let column = prop_oneof![9 => 0u16..210, 1 => any::<u16>()];
    let row = prop_oneof![9 => 0u16..70, 1 => any::<u16>()];
    prop_oneof![
        14 => (key(), prop::bool::weighted(0.1)).prop_map(|(k, control)| Step::Key(k, control)),
        3 => (mouse, column, row).prop_map(|(k, x, y)| Step::Mouse(k, x, y)),
        1 => (side(210, 500), side(70, 200)).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => paste().prop_map(Step::Paste),
        2 => (1u64..4, 0usize..140, 0u64..40, any::<bool>()).prop_map(|(r, l, n, bad)| Step::Frame(r, l, n, bad)),
        1 => status.prop_map(Step::Status),
    ]
}

fn apply(bench: &mut Bench, step: Step, now: &mut u64) {
    let message = match step {
        Step::Key(code, control) => {
            let modifiers = if control {
                KeyModifiers::CONTROL
            } else {
                KeyModifiers::NONE
            };
            Message::Key(KeyEvent::new(code, modifiers))
        }
        Step::Mouse(kind, column, row) => Message::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        }),
        Step::Resize(width, height) => Message::Resize(width, height),
        Step::Paste(text) => Message::Paste(text),
        Step::Frame(run, layers, count, bad) => {
            let mut points = points(layers, *now..*now + count);
            *now += count;
            if bad {
                for (i, point) in points.iter_mut().enumerate() {
                    point.train.loss = [f64::NAN, f64::INFINITY, 0.0, -1e300][i % 4];
                    for stats in &mut point.layers {
                        *stats = LayerStats {
                            grad_rms: [f64::NAN, f64::INFINITY, 0.0, 1e-320][i % 4],
                            ..*stats
                        };
                    }
                }
            }
            Message::Frame(frame(run, Status::Running, layers, points))
        }
        Step::Status(status) => Message::Frame(frame(1, status, 11, vec![])),
    };
    bench.tell(message);
    bench.effects.clear();
}

/// `PROPTEST_CASES` for more.
fn cases() -> u32 {
    let given = std::env::var("PROPTEST_CASES").ok();
    given.and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_the_experiment_always_reads_back(steps in prop::collection::vec(step(), 1..60)) {
        let mut bench = Bench::new();
        let mut now = 0;
        for step in steps {
            apply(&mut bench, step, &mut now);
            bench.buffer();
            let text = experiment::to_toml(&bench.app.experiment);
            let back = experiment::parse(&text, "x.toml");
            prop_assert_eq!(back.as_ref(), Ok(&bench.app.experiment), "{}", text);
        }
    }
}
