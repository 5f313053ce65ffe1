//! A frame of the workbench: taking what training left (`update`) and drawing the screen (`draw`), on terminals of three sizes
//! and for networks of eleven, a hundred and a thousand layers; and answering keys.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use gradlab::experiment::{self, Experiment};
use gradlab::training::{Detail, Frame, Histograms, Point, RunInfo, Session, Start, Status};
use gradlab::tui::app::{App, Manner};
use gradlab::tui::draw::draw;
use gradlab::tui::measure::View;
use gradlab::tui::message::Message;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];
/// Points that a frame brings: about as many as a frame's time holds.
const POINTS: u64 = 4;

type Settings<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

fn settings<'a>(c: &'a mut Criterion, name: &str) -> Settings<'a> {
    let mut group = c.benchmark_group(name);
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(800))
        .noise_threshold(0.05);
    group
}

fn experiment(layers: usize) -> Experiment {
    let text = format!(
        "format = 1\nname = \"frames\"\n[data]\nkind = \"digits\"\n[network]\nactivation = \"tanh\"\ninit = \"glorot-normal\"\n\
         [[network.layers]]\nunits = 16\nrepeat = {layers}\n[training.optimizer]\nkind = \"sgd\"\nlearning_rate = 0.01\n"
    );
    experiment::parse(&text, "frames").expect("a valid experiment")
}

/// A workbench in the middle of a run, and what the next frames bring.
struct Workbench {
    app: App,
    point: Point,
    histograms: Arc<Histograms>,
    info: Arc<RunInfo>,
}

impl Workbench {
    fn new(layers: usize) -> Self {
        let experiment = experiment(layers);
        let mut session = Session::build(
            &experiment,
            Path::new("."),
            &Start::default(),
            None,
            &|_| {},
        )
        .expect("builds");
        let taken = session.advance(3, Detail::Histograms);
        let mut bench = Self {
            app: App::new(experiment, None, Manner::default()),
            point: taken.point.expect("a step was measured"),
            histograms: Arc::new(Histograms {
                step: session.steps(),
                layers: taken.histograms.expect("histograms were wanted"),
            }),
            info: Arc::new(session.info()),
        };
        // as many as fill the histories
        for _ in 0..300 {
            bench.update();
        }
        bench
    }

    fn update(&mut self) {
        let frame = self.frame();
        self.app.update(Message::Frame(frame));
    }

    fn frame(&mut self) -> Box<Frame> {
        let points = (0..POINTS)
            .map(|_| {
                self.point.step += 5;
                self.point.clone()
            })
            .collect();
        Box::new(Frame {
            status: Status::Running,
            info: Arc::clone(&self.info),
            points,
            rows_per_second: 41_234.0,
            histograms: Some(Arc::clone(&self.histograms)),
            view: None,
            notices: Vec::new(),
        })
    }
}

fn frames(c: &mut Criterion) {
    let mut group = settings(c, "frames");
    for layers in [10, 100, 1000] {
        let mut bench = Workbench::new(layers);
        group.bench_function(
            BenchmarkId::new("update", format!("{layers} layers")),
            |b| {
                b.iter(|| bench.update());
            },
        );
        for (width, height) in SIZES {
            let mut terminal =
                Terminal::new(TestBackend::new(width, height)).expect("a backend in memory");
            bench.app.update(Message::Resize(width, height));
            for view in View::ALL {
                bench.app.view = view;
                let name = format!("{layers} layers, {width}x{height}, {view:?}").to_lowercase();
                group.bench_function(BenchmarkId::new("draw", name), |b| {
                    b.iter(|| {
                        terminal
                            .draw(|frame| draw(&bench.app, frame))
                            .expect("draws");
                    });
                });
            }
        }
    }
    group.finish();
}

/// A key and the frame that answers it, the run pinned beneath itself.
fn keys(c: &mut Criterion) {
    let mut group = settings(c, "keys");
    for layers in [100, 1000] {
        let mut bench = Workbench::new(layers);
        let (width, height) = (120, 36);
        let mut terminal =
            Terminal::new(TestBackend::new(width, height)).expect("a backend in memory");
        bench.app.update(Message::Resize(width, height));
        bench.app.update(key(KeyCode::Char('b')));
        bench.app.update(key(KeyCode::Char('2')));
        let named = [
            ("view", KeyCode::Char('v')),
            ("measure", KeyCode::Char('m')),
            ("up", KeyCode::Up),
            ("cursor back", KeyCode::Left),
        ];
        for (name, code) in named {
            group.bench_function(BenchmarkId::new(name, format!("{layers} layers")), |b| {
                b.iter(|| {
                    bench.app.update(key(code));
                    terminal
                        .draw(|frame| draw(&bench.app, frame))
                        .expect("draws");
                });
            });
        }
    }
    group.finish();
}

fn key(code: KeyCode) -> Message {
    Message::Key(KeyEvent::new(code, KeyModifiers::NONE))
}

criterion_group!(benches, frames, keys);
criterion_main!(benches);
