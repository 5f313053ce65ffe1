//! A sweep over learning rates, on a thread and with a network of its own: the present run is left alone. The experiment is
//! trained from its own start while the rate rises by the same factor at every step (Smith 2017, section 3.3).

use super::pretrain::Ear;
use super::worker::guarded;
use super::{Detail, Ended, Session, Start};
use crate::experiment::{Experiment, Stop};
use crate::insight::rates::has_left;
use crate::nn::schedule::Schedule;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

/// The first rate, the last, and the steps between them.
pub const LOWEST: f64 = 1e-5;
pub const HIGHEST: f64 = 10.0;
pub const STEPS: usize = 241;

/// Time between two looks at a sweep under way.
const FRAME: Duration = Duration::from_millis(33);

#[derive(Clone, Debug, PartialEq)]
pub enum SweepState {
    /// The data is loaded, the network built, perhaps pretrained.
    Loading(String),
    Running,
    /// All rates were tried, or the loss has left.
    Done,
    Failed(String),
}

/// The rates tried so far, and the mini-batch losses before each one's update.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    pub rates: Vec<f64>,
    pub losses: Vec<f64>,
    pub state: SweepState,
}

/// The experiment as the sweep trains it: a schedule that climbs, and no rule that ends it before.
pub fn climbing(experiment: &Experiment) -> Experiment {
    let mut climbing = experiment.clone();
    let training = &mut climbing.training;
    training.optimizer = training.optimizer.with_learning_rate(LOWEST);
    training.schedule = Schedule::Exponential {
        factor: (HIGHEST / LOWEST).powf(1.0 / (STEPS - 1) as f64),
    };
    training.stop = Stop {
        steps: Some(STEPS as u64),
        ..Stop::default()
    };
    climbing
}

/// Sweeps to the end; `see` is shown each state after a step and says whether to go on.
///
/// # Errors
/// Why there is no network, or what a step failed of.
pub fn sweep(
    experiment: &Experiment,
    base_dir: &Path,
    start: &Start,
    ear: &Ear,
    see: &mut dyn FnMut(&Sweep) -> bool,
) -> Result<Sweep, String> {
    let mut session = Session::build_heard(&climbing(experiment), base_dir, start, None, ear)
        .map_err(|error| error.to_string())?;
    let mut sweep = Sweep {
        rates: Vec::with_capacity(STEPS),
        losses: Vec::with_capacity(STEPS),
        state: SweepState::Running,
    };
    while session.ended().is_none() {
        let point = session.advance(1, Detail::Loss).point;
        if let Some(Ended::Failed(why)) = session.ended() {
            return Err(why.clone());
        }
        if let Some(point) = point {
            sweep.rates.push(point.learning_rate);
            sweep.losses.push(point.train.loss);
        }
        if has_left(&sweep.losses) || !see(&sweep) {
            break;
        }
    }
    sweep.state = SweepState::Done;
    Ok(sweep)
}

/// The thread of a sweep. Dropping it ends the sweep after its step, and waits for that.
pub struct Sweeper {
    newest: Arc<Mutex<Option<Sweep>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sweeper {
    /// `notify` is called on the thread whenever there is a state to take after there was none.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        experiment: Experiment,
        base_dir: PathBuf,
        notify: impl Fn() + Send + 'static,
    ) -> io::Result<Sweeper> {
        let newest = Arc::new(Mutex::new(None));
        let stop = Arc::new(AtomicBool::new(false));
        let (put, asked) = (Arc::clone(&newest), Arc::clone(&stop));
        let show = move |sweep: Sweep| {
            let before = put
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .replace(sweep);
            if before.is_none() {
                notify();
            }
        };
        let thread = Builder::new()
            .name(super::THREAD_NAME.into())
            .spawn(move || run(&experiment, &base_dir, &asked, &show))?;
        Ok(Sweeper {
            newest,
            stop,
            thread: Some(thread),
        })
    }

    /// The newest state, if there is one that was not taken. Never waits for a step.
    pub fn take(&self) -> Option<Sweep> {
        self.newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic in it was caught and shown.
            let _ = thread.join();
        }
    }
}

fn run(experiment: &Experiment, base_dir: &Path, stop: &AtomicBool, show: &dyn Fn(Sweep)) {
    let stopped = || stop.load(Ordering::Acquire);
    let empty = |state| Sweep {
        rates: Vec::new(),
        losses: Vec::new(),
        state,
    };
    let say = |text: &str| show(empty(SweepState::Loading(text.to_string())));
    let ear = Ear {
        say: &say,
        stopped: &stopped,
        heard: &|_| {},
        warn: &|_| {},
    };
    let mut shown = Instant::now();
    let mut see = |sweep: &Sweep| {
        if shown.elapsed() >= FRAME {
            show(sweep.clone());
            shown = Instant::now();
        }
        !stopped()
    };
    // Beside a run that goes on: one processor.
    let start = Start {
        threads: Some(1),
        ..Start::default()
    };
    let swept = guarded(|| sweep(experiment, base_dir, &start, &ear, &mut see));
    if stopped() {
        return;
    }
    show(match swept.and_then(|result| result) {
        Ok(sweep) => sweep,
        Err(why) => empty(SweepState::Failed(why)),
    });
}
