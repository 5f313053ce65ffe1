//! Whatever is typed, clicked, resized or measured: no panic, and always an experiment that reads back.

use super::bench::{Bench, frame, points};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use gradlab::experiment::size::hidden_layers;
use gradlab::experiment::{self, Experiment, presets};
use gradlab::telemetry::LayerStats;
use gradlab::training::look::{Boundary, Classes, Mistake, Residuals, Seen, Split};
use gradlab::training::{DataView, Frame, Status};
use gradlab::tui::app::{App, Manner};
use gradlab::tui::draw::draw;
use gradlab::tui::glyphs::Glyphs;
use gradlab::tui::inquiry::{Found, Question};
use gradlab::tui::message::{Effect, Errand, Message, Openable, Saving, Source};
use gradlab::tui::overlay::{Awaited, Awaiting};
use gradlab::tui::paths::Completed;
use gradlab::tui::theme::{ColourDepth, Theme, ThemeName};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

#[derive(Clone, Debug)]
enum Step {
    Key(KeyCode, bool),
    Mouse(MouseEventKind, u16, u16),
    Resize(u16, u16),
    Paste(String),
    /// Run, layers, points, and whether what is measured is not finite.
    Frame(u64, usize, u64, bool),
    /// The same from a lane of a race.
    Lap(usize, u64, usize, u64, bool),
    Status(Status),
    /// What the network makes of the data, of the shape that this number chooses.
    View(u64, usize),
    /// A stranger's words, as a notice, a trouble, a status, the name of a file.
    Words(String),
    /// What was asked is found out; the experiment can be another by then.
    Answers,
    /// The drives hang from here on, or answer again.
    Drives(bool),
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
fn side(usual: u16, large: u16, largest: u16) -> impl Strategy<Value = u16> {
    prop_oneof![20 => 1..usual, 2 => 1u16..4, 8 => usual..large, 1 => large..=largest]
}

/// Words, numbers, links, and what a stranger's clipboard can hold.
fn paste() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,12}",
        2 => "[-+]?[0-9]{0,20}(\\.[0-9]{0,6})?(e-?[0-9]{1,4})?",
        1 => "gl1:[A-Za-z0-9_-]{0,60}",
        1 => Just(experiment::link::encode(&EXPERIMENTS[0])),
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
        1 => (side(130, 210, 500), side(42, 70, 200)).prop_map(|(w, h)| Step::Resize(w, h)),
        1 => paste().prop_map(Step::Paste),
        2 => (1u64..4, 0usize..140, 0u64..40, any::<bool>()).prop_map(|(r, l, n, bad)| Step::Frame(r, l, n, bad)),
        1 => (0usize..5, 1u64..3, 0usize..14, 0u64..10, any::<bool>()).prop_map(|(i, r, l, n, bad)| Step::Lap(i, r, l, n, bad)),
        1 => status.prop_map(Step::Status),
        1 => (1u64..4, 0usize..40).prop_map(|(r, n)| Step::View(r, n)),
        1 => paste().prop_map(Step::Words),
        2 => Just(Step::Answers),
        1 => any::<bool>().prop_map(Step::Drives),
    ]
}

/// Mostly short: many short ones find more than a few long ones.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let steps = prop::collection::vec;
    prop_oneof![6 => steps(step(), 1..8), 3 => steps(step(), 8..24), 1 => steps(step(), 24..60)]
}

/// All that are shipped, read once.
static SHIPPED: LazyLock<Vec<Openable>> = LazyLock::new(|| {
    let openable = |p: &presets::Preset| Openable {
        name: p.name.into(),
        note: String::new(),
        description: String::new(),
        source: Source::Preset(p.experiment().map(Box::new).map_err(|f| f.to_string())),
    };
    presets::all().iter().map(openable).collect()
});

/// The sample, then the shipped ones.
static EXPERIMENTS: LazyLock<Vec<Experiment>> = LazyLock::new(|| {
    let shipped = SHIPPED.iter().filter_map(|o| match &o.source {
        Source::Preset(Ok(experiment)) => Some((**experiment).clone()),
        _ => None,
    });
    std::iter::once(Bench::new().app.experiment)
        .chain(shipped)
        .collect()
});

/// What a workbench begins with: an experiment, a look, and whether it is in the middle of a run.
fn start() -> impl Strategy<Value = (usize, Manner, bool)> {
    let colours = [ColourDepth::Indexed, ColourDepth::True, ColourDepth::None];
    let glyphs = [Glyphs::Braille, Glyphs::Block, Glyphs::Ascii];
    let manner = (
        prop::sample::select(&ThemeName::ALL[..]),
        prop::sample::select(colours.to_vec()),
        prop::sample::select(glyphs.to_vec()),
    )
        .prop_map(|(theme, colours, glyphs)| Manner {
            theme: Theme::new(theme, colours),
            colours,
            glyphs,
            ..Manner::default()
        });
    let experiment = prop_oneof![Just(0), 0..EXPERIMENTS.len()];
    (experiment, manner, any::<bool>())
}

fn measured(run: u64, layers: usize, count: u64, bad: bool, now: &mut u64) -> Box<Frame> {
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
    frame(run, Status::Running, layers, points)
}

/// Views of every kind, some of which no data set here has.
fn view(n: usize) -> DataView {
    let seen = match n % 3 {
        0 => Seen::Boundary(Boundary {
            grid: (n, 2 * n),
            ranges: [(-1.0, 1.0), (0.0, n as f32)],
            class: (0..2 * n * n).map(|i| (i % 13) as u16).collect(),
            confidence: vec![[0.5, f32::NAN][n % 2]; 2 * n * n],
            spread: Vec::new(),
            wrong: vec![true; n],
        }),
        1 => Seen::Classes(Classes {
            counts: (0..n * n).map(|i| i as u32).collect(),
            classes: n,
            right: n,
            answers: 2 * n,
            worst: (0..n)
                .map(|i| Mistake {
                    row: 50 * i,
                    truth: i as u32,
                    said: 1,
                    confidence: [0.9, f32::NAN][i % 2],
                })
                .collect(),
            units: vec![vec![[1.0, f32::INFINITY][n % 2]; 64].into(); n],
        }),
        _ => Seen::Residuals(Residuals {
            pairs: vec![(1.0, [2.0, f32::NAN][n % 2]); n],
            rms: f64::NAN,
            explained: f64::NEG_INFINITY,
        }),
    };
    let split = [Split::Train, Split::Test][n % 2];
    DataView {
        step: n as u64,
        split,
        seen,
    }
}

/// The world's answer to what the workbench asked for; what is saved has to read back.
fn answer(effect: Effect) -> Option<Message> {
    match effect {
        Effect::Save(saving) => {
            let text = experiment::to_toml(&saving.experiment);
            assert!(experiment::parse(&text, "saved.toml").is_ok(), "{text}");
            Some(Message::Saved(saving, Ok(())))
        }
        Effect::Write { path, what, .. } => Some(Message::Written(path, Ok(what))),
        Effect::Columns(_, completion) => Some(Message::Columns(completion, Ok(vec!["a".into()]))),
        Effect::List => Some(Message::Listed(SHIPPED.clone())),
        Effect::Complete(_, typed) => {
            let text = typed.clone() + "/";
            let names = vec!["a".into(), typed.clone()];
            Some(Message::Entries(typed, Ok(Completed { text, names })))
        }
        Effect::Open(path) => Some(Message::Opened(path, Err("no such file".into()))),
        _ => None,
    }
}

/// What is said of a file that has not come for long.
fn late(effect: &Effect) -> Option<Message> {
    let errand = match effect {
        Effect::List => Errand::List,
        Effect::Open(path) => Errand::Open(path.clone()),
        Effect::Columns(path, _) => Errand::Columns(path.clone()),
        Effect::Complete(_, typed) => Errand::Entries(typed.clone()),
        Effect::Save(Saving { path, .. }) | Effect::Write { path, .. } => {
            Errand::Write(path.clone())
        }
        _ => return None,
    };
    Some(Message::Late(errand))
}

/// A workbench, and what is between its steps.
struct Fuzzed {
    app: App,
    /// The newest question of each kind.
    asked: Vec<Question>,
    /// What the drives were asked for, and whether they hang.
    filed: Vec<Effect>,
    hang: bool,
    now: u64,
    /// The last experiment that was seen to read back.
    sound: Option<Experiment>,
}

thread_local! {
    /// Where all are drawn; a new one for every frame would cost more than the drawing.
    static TERMINAL: RefCell<Terminal<TestBackend>> =
        RefCell::new(Terminal::new(TestBackend::new(1, 1)).expect("a backend"));
}

thread_local! {
    /// What was found out before: many sequences ask the same.
    static FOUND: RefCell<HashMap<String, Vec<Found>>> = RefCell::default();
}

fn found(question: &Question) -> Vec<Found> {
    if !question.is_wanted() {
        return Vec::new();
    }
    let key = format!("{:?}{:?}", question.experiment, question.about);
    if let Some(known) = FOUND.with_borrow(|all| all.get(&key).cloned()) {
        return known;
    }
    let answers = question.clone().answers();
    let new: Vec<Found> = answers.into_iter().map(|a| a.found).collect();
    FOUND.with_borrow_mut(|all| {
        if all.len() > 10_000 {
            all.clear();
        }
        all.insert(key, new.clone());
    });
    new
}

impl Fuzzed {
    fn new(experiment: usize, manner: Manner, running: bool) -> Self {
        let experiment = EXPERIMENTS[experiment].clone();
        let layers = hidden_layers(&experiment.network) as usize + 1;
        let mut fuzzed = Self {
            app: App::new(experiment, None, manner),
            asked: Vec::new(),
            filed: Vec::new(),
            hang: false,
            now: 0,
            sound: None,
        };
        if running {
            fuzzed.apply(Step::Frame(1, layers, 20, false));
        }
        fuzzed
    }

    fn apply(&mut self, step: Step) {
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
                Message::Frame(measured(run, layers, count, bad, &mut self.now))
            }
            Step::Lap(lane, run, layers, count, bad) => {
                Message::Lap(lane, measured(run, layers, count, bad, &mut self.now))
            }
            Step::Status(status) => Message::Frame(frame(1, status, 11, vec![])),
            Step::View(run, n) => {
                let mut frame = frame(run, Status::Running, 11, vec![]);
                frame.view = Some(Arc::new(view(n)));
                Message::Frame(frame)
            }
            Step::Words(text) => match text.len() % 7 {
                0 => Message::Notice(text),
                1 => Message::Trouble(text),
                2 => {
                    let file = Awaited::Open(text.clone().into());
                    self.app.overlays.push(Awaiting::overlay(file));
                    Message::Opened(text.clone().into(), Err(text))
                }
                4 => Message::Late(Errand::Write(text.into())),
                5 => {
                    let file = Awaited::Open(text.clone().into());
                    self.app.overlays.push(Awaiting::overlay(file));
                    Message::Late(Errand::Open(text.into()))
                }
                3 => Message::Written(text.clone().into(), Err(text)),
                _ => {
                    let mut frame = frame(1, Status::Failed(text.clone()), 11, vec![]);
                    frame.notices.push(text);
                    Message::Frame(frame)
                }
            },
            Step::Answers => return self.find_out(),
            Step::Drives(hang) => return self.drives(hang),
        };
        self.tell(message);
    }

    fn tell(&mut self, message: Message) {
        let mut messages = vec![message];
        while let Some(message) = messages.pop() {
            for effect in self.app.update(message) {
                match effect {
                    Effect::Ask(question) => {
                        self.asked.retain(|q| !q.about.is_like(&question.about));
                        self.asked.push(*question);
                    }
                    other if self.hang => self.filed.push(other),
                    other => messages.extend(answer(other)),
                }
            }
        }
    }

    /// What a drive that hangs was asked for takes long, then comes all at once.
    fn drives(&mut self, hang: bool) {
        let late: Vec<Message> = self.filed.iter().filter_map(late).collect();
        for message in late {
            self.tell(message);
        }
        self.hang = hang;
        if !hang {
            for effect in std::mem::take(&mut self.filed) {
                if let Some(message) = answer(effect) {
                    self.tell(message);
                }
            }
        }
    }

    fn find_out(&mut self) {
        for question in std::mem::take(&mut self.asked) {
            for found in found(&question) {
                self.tell(Message::Answered(Box::new(question.say(found))));
            }
        }
    }

    /// Draws, and looks at what can be wrong after any step.
    fn check(&mut self) -> Result<(), TestCaseError> {
        TERMINAL.with_borrow_mut(|terminal| {
            let size = self.app.size;
            terminal.backend_mut().resize(size.width, size.height);
            let frame = terminal.draw(|frame| draw(&self.app, frame));
            prop_assert!(is_fit_to_print(frame.expect("a frame").buffer));
            Ok(())
        })?;
        if self.sound.as_ref() != Some(&self.app.experiment) {
            let text = experiment::to_toml(&self.app.experiment);
            let back = experiment::parse(&text, "x.toml");
            prop_assert_eq!(back.as_ref(), Ok(&self.app.experiment), "{}", text);
            self.sound = back.ok();
        }
        Ok(())
    }
}

/// What is drawn is text: nothing in it acts on a terminal or hides.
fn is_fit_to_print(buffer: &ratatui::buffer::Buffer) -> bool {
    let bad = |c: char| c.is_control() || (gradlab::text::hides(c) && c != '\u{200d}');
    !buffer
        .content()
        .iter()
        .any(|cell| cell.symbol().contains(bad))
}

#[test]
fn the_name_and_the_fault_of_a_strangers_file_are_shown_as_text() {
    let mut bench = Bench::new();
    let hostile = "a\u{202e}b\u{1b}[2J";
    bench
        .app
        .overlays
        .push(Awaiting::overlay(Awaited::Open(hostile.into())));
    bench.tell(Message::Opened(hostile.into(), Err(hostile.into())));
    assert!(bench.text().contains("cannot be opened"));
    assert!(is_fit_to_print(&bench.buffer()));
}

/// Thousands where nobody waits for them; `PROPTEST_CASES` for another number.
fn cases() -> u32 {
    let given = std::env::var("PROPTEST_CASES").ok();
    let usual = match std::env::var_os("CI") {
        Some(_) => 2000,
        None => 100,
    };
    given.and_then(|n| n.parse().ok()).unwrap_or(usual)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics_and_the_experiment_always_reads_back((experiment, manner, running) in start(), steps in steps()) {
        let mut fuzzed = Fuzzed::new(experiment, manner, running);
        fuzzed.check()?;
        for step in steps {
            fuzzed.apply(step);
            fuzzed.check()?;
        }
    }
}
