//! `gradlab run`: trains without the workbench. The same engine, the same numbers.

use super::args::{Common, ReportFormat, RunArgs};
use super::failure::{Failure, Status};
use super::judged::Judged;
use super::report::{Done, Report, text_line};
use super::signals::Signals;
use super::source::{self, Loaded};
use crate::export::tensorboard::EventWriter;
use crate::insight::verdict;
use crate::training::pretrain::Ear;
use crate::training::{
    Checkpoint, Detail, Ended, Point, PretrainError, Session, SessionError, Start, autosaves,
};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Steps between two looks at the clock take about so long.
const BURST: Duration = Duration::from_millis(20);
/// Progress on a terminal.
const PROGRESS: Duration = Duration::from_millis(200);
/// Reports are handed on at least so often.
const FLUSH: Duration = Duration::from_millis(100);
/// Checkpoints while the run goes on.
const CHECKPOINT: Duration = Duration::from_secs(60);

pub fn run(args: &RunArgs, common: &Common) -> Result<Status, Failure> {
    if args.resume.is_some() && args.weights.is_some() {
        return Err(Failure::Misused(
            "--resume brings its own weights: leave --weights out".into(),
        ));
    }
    let loaded = stop_rules(args, source::load(&args.experiment, common)?);
    let signals = Signals::listen()
        .map_err(|e| Failure::Failed(format!("signals cannot be listened to: {e}")))?;
    let mut report = open_report(args)?;
    let events = match &args.tensorboard {
        Some(folder) => {
            Some(EventWriter::create(folder).map_err(|e| Failure::Failed(e.to_string()))?)
        }
        None => None,
    };
    let resume = args.resume.clone().or_else(|| interrupted(args, &loaded));
    let start = Start {
        threads: common.threads,
        resume,
        weights: args.weights.clone(),
        ..Start::default()
    };
    let session = match build(&loaded, &start, args.quiet, &signals) {
        Err(SessionError::Pretrain(error @ PretrainError::Stopped)) => {
            eprintln!("gradlab: {error}: there is no step to save");
            return Ok(Status::Stopped);
        }
        built => built.map_err(|e| Failure::Misused(e.to_string()))?,
    };
    let mut runner = Runner {
        args,
        session,
        signals,
        progress: (!args.quiet && io::stderr().is_terminal()).then(Instant::now),
        every: None,
        burst: 1,
        flushed: Instant::now(),
        saved: Instant::now(),
        last: None,
        events,
    };
    runner.every = (report.is_some() || runner.events.is_some()).then(|| runner.report_stride());
    runner.train(report.as_mut())?;
    runner.finish(report)
}

/// Says on standard error how pretraining goes: every epoch on a terminal, every layer in any case.
fn build(
    loaded: &Loaded,
    start: &Start,
    quiet: bool,
    signals: &Signals,
) -> Result<Session, SessionError> {
    let shown = !quiet && io::stderr().is_terminal();
    let say = |text: &str| {
        if shown {
            // A terminal that has gone away must not end the run.
            let _ = write!(io::stderr(), "\r\x1b[2K{text}");
        }
    };
    let ear = Ear {
        say: &say,
        stopped: &|| signals.asked(),
    };
    let session = Session::build_heard(&loaded.experiment, &loaded.base_dir, start, None, &ear);
    if shown {
        let _ = write!(io::stderr(), "\r\x1b[2K");
    }
    if let (Ok(session), false) = (&session, quiet) {
        for stage in session.pretrained() {
            eprintln!(
                "pretrained layers.{}: reconstruction error {:.4}, {:.4} before",
                stage.layer, stage.after, stage.before
            );
        }
    }
    session
}

/// `--steps` and `--epochs` take the place of the file's rules that count.
fn stop_rules(args: &RunArgs, mut loaded: Loaded) -> Loaded {
    if args.steps.is_some() || args.epochs.is_some() {
        let stop = &mut loaded.experiment.training.stop;
        (stop.steps, stop.epochs) = (args.steps, args.epochs);
    }
    loaded
}

/// The checkpoint of this very command, if a signal stopped it.
fn interrupted(args: &RunArgs, loaded: &Loaded) -> Option<PathBuf> {
    let path = args.checkpoint.as_ref().filter(|p| p.is_file())?;
    let found = Checkpoint::read(path).ok()?;
    let same = found.experiment.data == loaded.experiment.data
        && found.experiment.seed == loaded.experiment.seed
        && found.experiment.network == loaded.experiment.network;
    if !found.interrupted || !same {
        return None;
    }
    if !args.quiet {
        eprintln!(
            "going on from step {} of {}, where a signal stopped the run",
            found.step,
            path.display()
        );
    }
    Some(path.clone())
}

type Out = Report<Box<dyn Write>>;

fn of_events(error: io::Error) -> Failure {
    Failure::Failed(format!("the event file was not written: {error}"))
}

/// `None` where nothing is to be reported.
fn open_report(args: &RunArgs) -> Result<Option<Out>, Failure> {
    let out: Box<dyn Write> = match &args.out {
        Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|e| {
            Failure::Failed(format!("{} cannot be written: {e}", path.display()))
        })?)),
        None if args.quiet => return Ok(None),
        None => Box::new(BufWriter::new(io::stdout())),
    };
    Ok(Some(Report::new(args.format, out)))
}

struct Runner<'a> {
    args: &'a RunArgs,
    session: Session,
    signals: Signals,
    /// When progress was last shown; `None` where it is not.
    progress: Option<Instant>,
    /// Steps between two reports; `None` without a report.
    every: Option<u64>,
    burst: u64,
    flushed: Instant,
    saved: Instant,
    last: Option<Point>,
    /// TensorBoard's event file, where one is asked for.
    events: Option<EventWriter<BufWriter<File>>>,
}

impl Runner<'_> {
    /// Every epoch unless said otherwise; text, which people read, about twenty times a run.
    fn report_stride(&self) -> u64 {
        let epoch = self.session.steps_per_epoch();
        let thinned = match (self.args.format, self.session.steps_left()) {
            (ReportFormat::Text, Some(left)) => (left / epoch / 20).max(1),
            _ => 1,
        };
        self.args.every.unwrap_or(epoch * thinned)
    }

    fn train(&mut self, mut report: Option<&mut Out>) -> Result<(), Failure> {
        let mut now = Instant::now();
        while self.session.ended().is_none() && !self.signals.asked() {
            let before = self.session.steps();
            let advance = self.session.advance(self.steps_to_take(), Detail::Stats);
            let step = self.session.steps();
            let epoch = self.session.steps_per_epoch();
            let over = self.session.ended().is_some();
            let reports = self.every.is_some() || self.progress.is_some();
            if over || (reports && step / epoch > before / epoch) {
                self.evaluate()?;
            }
            self.last = advance.point.map(|point| Point {
                test: self.session.test(),
                ..point
            });
            let due = self.every.is_some_and(|k| step.is_multiple_of(k)) || over;
            if let (Some(report), Some(point), true) = (report.as_deref_mut(), &self.last, due) {
                report.point(point).map_err(|e| Failure::of_output(&e))?;
            }
            if let (Some(events), Some(point), true) = (&mut self.events, &self.last, due) {
                events.point(point).map_err(of_events)?;
            }
            let then = std::mem::replace(&mut now, Instant::now());
            self.adapt(advance.steps, now.saturating_duration_since(then));
            self.look_at_the_clock(now, report.as_deref_mut())?;
        }
        Ok(())
    }

    /// As many steps as fit a burst, but none past a step that is reported or an epoch's end that is evaluated.
    fn steps_to_take(&self) -> u64 {
        let step = self.session.steps();
        let to = |stride: u64| stride - step % stride;
        let report = self.every.map(to);
        let evaluate = (report.is_some() || self.progress.is_some())
            .then(|| to(self.session.steps_per_epoch()));
        [report, evaluate]
            .into_iter()
            .flatten()
            .fold(self.burst, u64::min)
    }

    fn adapt(&mut self, steps: u64, took: Duration) {
        // Bursts cut short by a report say nothing about how many steps fit.
        if steps < self.burst && took < BURST {
            return;
        }
        let a_step = took.as_nanos() / u128::from(steps.max(1));
        let fitting = u64::try_from(BURST.as_nanos() / a_step.max(1)).unwrap_or(u64::MAX);
        self.burst = fitting.clamp(1, self.burst.saturating_mul(2));
    }

    fn look_at_the_clock(&mut self, now: Instant, report: Option<&mut Out>) -> Result<(), Failure> {
        if now.saturating_duration_since(self.flushed) >= FLUSH {
            self.flushed = now;
            if let Some(report) = report {
                report.flush().map_err(|e| Failure::of_output(&e))?;
            }
            if let Some(events) = &mut self.events {
                events.flush().map_err(of_events)?;
            }
        }
        if let (Some(shown), Some(point)) = (&mut self.progress, &self.last)
            && now.saturating_duration_since(*shown) >= PROGRESS
        {
            *shown = now;
            // A terminal that has gone away must not end the run.
            let _ = write!(io::stderr(), "\r\x1b[2K{}", text_line(point));
        }
        if let Some(path) = &self.args.checkpoint
            && now.saturating_duration_since(self.saved) >= CHECKPOINT
        {
            self.saved = now;
            if let Err(error) = self.session.save(path) {
                eprintln!("the checkpoint was not written: {error}; training goes on");
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<(), Failure> {
        match self.session.evaluate() {
            Ok(_) => Ok(()),
            Err(error) => Err(Failure::Failed(format!(
                "the test rows cannot be evaluated: {error}"
            ))),
        }
    }

    /// Writes what was asked for, whatever way the run ended, and says how that was.
    fn finish(mut self, report: Option<Out>) -> Result<Status, Failure> {
        if self.progress.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
        let (status, reason, exit) = match self.session.ended() {
            Some(Ended::Finished(why)) => ("finished", why.clone(), Status::Done),
            Some(Ended::Diverged(why)) => ("diverged", why.clone(), Status::Diverged),
            Some(Ended::Failed(why)) => ("failed", why.clone(), Status::Failed),
            None => ("stopped", "by a signal".to_string(), Status::Stopped),
        };
        let mut failures = Vec::new();
        if let Some(Err(error)) = self.events.as_mut().map(EventWriter::flush) {
            failures.push(of_events(error).to_string());
        }
        if let Some(path) = &self.args.save_weights
            && let Err(error) = self.session.weights().write(path)
        {
            failures.push(format!("the weights were not written: {error}"));
        }
        if let Some(why) = self.save_checkpoint(exit) {
            failures.push(why);
        }
        if let Some(mut report) = report {
            let done = self.done(status, reason.clone());
            report.done(&done).map_err(|e| Failure::of_output(&e))?;
        }
        if matches!(exit, Status::Failed | Status::Diverged) {
            eprintln!("gradlab: {status}: {reason}");
        }
        match failures.is_empty() {
            true => Ok(exit),
            false => Err(Failure::Failed(failures.join("\n"))),
        }
    }

    /// At the end, where one was asked for; on a signal always. Says what went wrong.
    fn save_checkpoint(&mut self, exit: Status) -> Option<String> {
        let stopped = exit == Status::Stopped;
        let path = match (&self.args.checkpoint, stopped) {
            (Some(path), _) => path.clone(),
            (None, false) => return None,
            (None, true) => match autosaves::path_for(self.session.experiment()) {
                Ok(path) => path,
                Err(why) => return Some(why),
            },
        };
        match self.session.save_as(&path, stopped) {
            Ok(()) if stopped => eprintln!("{}", self.how_to_go_on(&path)),
            Ok(()) => {}
            Err(error) => return Some(format!("the checkpoint was not written: {error}")),
        }
        None
    }

    fn how_to_go_on(&self, path: &Path) -> String {
        let how = match self.args.checkpoint {
            Some(_) => "run the same command again to go on".to_string(),
            None => format!("go on with --resume {}", path.display()),
        };
        format!(
            "gradlab: stopped at step {}, checkpoint in {}: {how}",
            self.session.steps(),
            path.display()
        )
    }

    fn done(&mut self, status: &'static str, reason: String) -> Done<Judged> {
        let judged = self.judged();
        let score = self.last.as_ref().map(|p| p.train);
        let test = self.session.test();
        Done {
            status,
            reason,
            step: self.session.steps(),
            epoch: self.session.epoch(),
            loss: score.map(|s| s.loss),
            accuracy: score.and_then(|s| s.accuracy),
            test_loss: test.map(|t| t.loss),
            test_accuracy: test.and_then(|t| t.accuracy),
            sentence: judged.as_ref().map_or(String::new(), Judged::text),
            verdict: judged,
        }
    }

    /// Of the last measurements; `None` where no step was taken.
    fn judged(&self) -> Option<Judged> {
        let last = self.last.as_ref().filter(|p| !p.layers.is_empty())?;
        let verdict = verdict::judge(
            &last.layers,
            &last.time,
            self.session.non_finite(),
            self.session.experiment(),
            self.session.network().spec(),
        );
        Some(verdict.into())
    }
}
