//! A workbench on a table: keys typed by name, frames made by hand, the screen as text.

use crossterm::event::{KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use gradlab::data::{self, DataKind, Dataset, Request};
use gradlab::experiment::{self, Experiment};
use gradlab::nn::vocabulary::Vocabulary;
use gradlab::telemetry::{Histogram, LayerHistograms, LayerStats, Score};
use gradlab::training::{Command, Frame, Histograms, Point, RunInfo, Status};
use gradlab::tui::app::{App, Manner};
use gradlab::tui::draw::draw;
use gradlab::tui::inquiry::Question;
use gradlab::tui::key::Key;
use gradlab::tui::message::{Effect, Message};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use std::path::Path;
use std::sync::{Arc, OnceLock};

pub const VANISHING: &str = r#"
format = 1
name = "vanishing"
description = "Ten logistic layers: the bottom ones hardly learn."
seed = 42
[data]
kind = "digits"
[network]
activation = "logistic"
init = "glorot-normal"
[[network.layers]]
units = 100
repeat = 10
[training]
batch_size = 32
[training.optimizer]
kind = "sgd"
learning_rate = 0.1
"#;

pub struct Bench {
    pub app: App,
    pub effects: Vec<Effect>,
}

impl Bench {
    pub fn new() -> Self {
        Self::on(experiment::parse(VANISHING, "vanishing.toml").expect("a valid experiment"))
    }

    pub fn on(experiment: Experiment) -> Self {
        Self {
            app: App::new(experiment, None, Manner::default()),
            effects: Vec::new(),
        }
    }

    /// What the screen asks is answered at once.
    pub fn tell(&mut self, message: Message) -> &mut Self {
        let mut effects = self.app.update(message);
        while let Some(at) = effects.iter().position(|e| matches!(e, Effect::Ask(_))) {
            if let Effect::Ask(question) = effects.remove(at) {
                for answer in question.answers() {
                    effects.extend(self.app.update(Message::Answered(Box::new(answer))));
                }
            }
        }
        self.effects.extend(effects);
        self
    }

    /// The same, with what the screen asks left unanswered among the effects.
    pub fn tell_alone(&mut self, message: Message) -> &mut Self {
        self.effects.extend(self.app.update(message));
        self
    }

    /// The questions asked since the last call that somebody still waits for.
    pub fn questions(&mut self) -> Vec<Question> {
        let effects = std::mem::take(&mut self.effects);
        let (asked, rest) = effects
            .into_iter()
            .partition(|e| matches!(e, Effect::Ask(_)));
        self.effects = rest;
        let questions = asked.into_iter().filter_map(|e| match e {
            Effect::Ask(question) => Some(*question),
            _ => None,
        });
        questions.filter(Question::is_wanted).collect()
    }

    /// Types keys by name, separated by spaces: `"j enter 2 0 0 enter"`.
    pub fn keys(&mut self, names: &str) -> &mut Self {
        for name in names.split_whitespace() {
            let key: Key = name.parse().expect("a key");
            self.tell(Message::Key(KeyEvent::new(key.code, key.modifiers)));
        }
        self
    }

    /// Moves the cursor down to the field of that name.
    #[track_caller]
    pub fn down_to(&mut self, label: &str) -> &mut Self {
        for _ in 0..200 {
            let field = self.app.selected_field();
            if field.is_some_and(|f| f.label(&self.app.experiment) == label) {
                return self;
            }
            self.keys("j");
        }
        panic!("no field `{label}`: {}", self.text());
    }

    pub fn click(&mut self, column: u16, row: u16) -> &mut Self {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let modifiers = crossterm::event::KeyModifiers::NONE;
        self.tell(Message::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers,
        }))
    }

    pub fn resize(&mut self, width: u16, height: u16) -> &mut Self {
        self.tell(Message::Resize(width, height))
    }

    /// The commands sent to training since the last call.
    pub fn sent(&mut self) -> Vec<Command> {
        let effects = std::mem::take(&mut self.effects);
        let commands = effects.into_iter().filter_map(|e| match e {
            Effect::Send(command) => Some(command),
            _ => None,
        });
        commands.collect()
    }

    pub fn buffer(&self) -> Buffer {
        let size = self.app.size;
        let mut terminal =
            Terminal::new(TestBackend::new(size.width, size.height)).expect("a backend");
        terminal
            .draw(|frame| draw(&self.app, frame))
            .expect("a frame");
        terminal.backend().buffer().clone()
    }

    pub fn text(&self) -> String {
        text(&self.buffer())
    }
}

pub fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let row = |y| {
        (area.left()..area.right())
            .map(|x| buffer[(x, y)].symbol())
            .collect::<String>()
    };
    let rows: Vec<String> = (area.top()..area.bottom())
        .map(|y| row(y).trim_end().to_string())
        .collect();
    rows.join("\n")
}

pub fn layer(log_gradient: f64) -> LayerStats {
    let g = 10f64.powf(log_gradient);
    LayerStats {
        grad_norm: g * 100.0,
        grad_rms: g,
        grad_max: g * 4.0,
        delta_rms: g * 2.0,
        out_mean: 0.5,
        out_std: 0.02,
        pre_std: 0.7,
        saturated: 0.1,
        dead: 0.0,
        weight_norm: 10.0,
        update_ratio: g,
        ..LayerStats::default()
    }
}

pub fn histogram(center: f64) -> Histogram {
    let bins = (0..40)
        .map(|i| (100.0 * (-((f64::from(i) - 20.0) / 6.0).powi(2)).exp()) as u32)
        .collect();
    Histogram {
        min: center - 1.0,
        max: center + 1.0,
        bins,
        not_finite: 0,
    }
}

/// Points whose gradients fall by 0.7 decades a layer toward the input.
pub fn points(layers: usize, steps: std::ops::Range<u64>) -> Vec<Point> {
    steps
        .map(|step| {
            let t = step as f64;
            let loss = 0.4 + 2.0 * (-t / 150.0).exp();
            Point {
                step,
                epoch: t / 45.0,
                learning_rate: 0.1,
                train: Score {
                    loss,
                    accuracy: Some(1.0 - loss / 3.0),
                },
                test: Some(Score {
                    loss: loss + 0.1,
                    accuracy: Some(0.95 - loss / 3.0),
                }),
                global_grad_norm: 1.0,
                clip_factor: 1.0,
                fitted: None,
                layers: (0..layers)
                    .map(|l| layer(-0.7 * (layers - 1 - l) as f64 - 0.5 + 0.2 * (t / 40.0).sin()))
                    .collect(),
                time: Vec::new(),
            }
        })
        .collect()
}

/// The data of the sample, loaded once.
pub fn digits() -> Arc<Dataset> {
    static DIGITS: OnceLock<Arc<Dataset>> = OnceLock::new();
    let load = || {
        let request = Request {
            kind: DataKind::named("digits").expect("a data set"),
            test_fraction: 0.2,
            standardize: true,
            train_rows: None,
            seed: 42,
        };
        Arc::new(data::load(&request, Path::new("."), &|_| {}).expect("shipped data"))
    };
    Arc::clone(DIGITS.get_or_init(load))
}

pub fn frame(run: u64, status: Status, layers: usize, points: Vec<Point>) -> Box<Frame> {
    let histograms = LayerHistograms {
        weights: histogram(0.0),
        gradients: histogram(0.0),
        pre: histogram(0.2),
        out: histogram(0.5),
    };
    let taken = points.last().map(|p| p.step);
    let all = vec![histograms; layers];
    Box::new(Frame {
        status,
        info: Arc::new(RunInfo {
            run,
            data: "digits".into(),
            features: 64,
            outputs: 10,
            train_rows: 1437,
            test_rows: 360,
            parameters: 98_410,
            steps_per_epoch: 45,
            layers,
            threads: 1,
            dataset: Some(digits()),
            pretraining: None,
        }),
        points,
        rows_per_second: 41_234.0,
        histograms: taken.map(|step| Arc::new(Histograms { step, layers: all })),
        view: None,
        notices: Vec::new(),
    })
}

/// A workbench in the middle of a run.
pub fn running(width: u16, height: u16) -> Bench {
    let mut bench = Bench::new();
    bench.resize(width, height);
    bench.tell(Message::Frame(frame(
        1,
        Status::Running,
        11,
        points(11, 0..400),
    )));
    bench
}
