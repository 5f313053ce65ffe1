//! `gradlab run`: trains without the workbench. The same engine, the same numbers.

use super::apart::Apart;
use super::args::{Common, ReportFormat, RunArgs};
use super::failure::{Failure, Status, say, say_unmet};
use super::judged::Judged;
use super::origin;
use super::progress::Progress;
use super::report::{Done, Restored, loss_text, text_line};
use super::reporting::{Reporting, unwritable};
use super::signals::Signals;
use super::source::{self, Loaded};
use crate::insight::theory::Setting;
use crate::insight::{Case, verdict};
use crate::training::file::folder_of;
use crate::training::guard::guarded;
use crate::training::pretrain::Ear;
use crate::training::saver::Saver;
use crate::training::{
    Burst, Detail, Ended, Measuring, Point, PretrainError, Session, SessionError, Start,
    TensorFile, autosaves,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Steps between two looks at the clock take about so long.
const BURST: Duration = Duration::from_millis(20);
/// A step is measured at least so often, whatever that costs.
const RAREST: Duration = Duration::from_millis(500);
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
    if args.checkpoint.is_some() && (args.steps == Some(0) || args.epochs == Some(0)) {
        return Err(Failure::Misused(
            "a run of no step has nothing to go on from: leave --checkpoint out".into(),
        ));
    }
    let loaded = stop_rules(args, source::load(&args.experiment, common)?);
    keep_apart(args, &loaded)?;
    for path in [&args.checkpoint, &args.save_weights].into_iter().flatten() {
        has_place(path)?;
    }
    let signals = Signals::listen()
        .map_err(|e| Failure::Failed(format!("signals cannot be listened to: {e}")))?;
    let resume = origin::find(args, &loaded.experiment)?;
    let mut reporting = Reporting::open(args)?;
    let progress = Progress::new(args.quiet);
    let start = Start {
        threads: common.threads,
        resume,
        weights: args.weights.clone(),
        stages: args.checkpoint.as_deref().map(stages_beside),
        ..Start::default()
    };
    let session = match build(&loaded, &start, args.quiet, progress, &signals) {
        Err(SessionError::Pretrain(error @ PretrainError::Stopped)) => {
            let kept = start.stages.as_ref().filter(|path| path.is_file());
            let Some(path) = kept else {
                let what = format!("{error}: there is no stage to save");
                return Err(Failure::Failed(what));
            };
            say(&format!(
                "gradlab: {error}; the stages done are kept in {}: run it again to go on",
                path.display()
            ));
            return Ok(Status::Stopped);
        }
        built => built.map_err(|e| loaded.failed(e))?,
    };
    reporting.begin(args, &session, start.resume.is_some())?;
    let mut runner = Runner {
        args,
        session,
        signals,
        progress,
        shown: Instant::now(),
        every: None,
        burst: Burst::of(BURST),
        measuring: Measuring::of_statistics(BURST, RAREST),
        unmeasured: false,
        flushed: Instant::now(),
        saver: Saver::default(),
        saved: Instant::now(),
        last: None,
        reporting,
    };
    runner.every = runner.reporting.is_wanted().then(|| runner.report_stride());
    let trained = runner.train();
    runner.progress.clear();
    match trained {
        // Whoever read the report has had enough; the files are for somebody else.
        Err(Failure::Closed) => match &runner.keep(Status::Done)[..] {
            [] => Err(Failure::Closed),
            failures => Err(Failure::Failed(failures.join("\n"))),
        },
        Err(failure) => Err(failure),
        Ok(()) => runner.finish(),
    }
}

/// Nothing that the command writes takes the place of what it reads or of something else that it writes. A run may go on in its
/// own checkpoint, and learn on in its own weights.
fn keep_apart(args: &RunArgs, loaded: &Loaded) -> Result<(), Failure> {
    let mut files = Apart::of(loaded);
    files.written("--checkpoint", args.checkpoint.as_deref())?;
    files.read("the checkpoint of --resume", args.resume.as_deref());
    files.written("--save-weights", args.save_weights.as_deref())?;
    files.read("the weights of --weights", args.weights.as_deref());
    files.written("--out", args.out.as_deref())
}

/// What is written only at the end is to have a place before a long run begins.
fn has_place(path: &Path) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(unwritable(path, &"it is a folder"));
    }
    let folder = folder_of(path);
    let why = match std::fs::metadata(&folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => format!("{} is not a folder", folder.display()),
        Err(error) => format!("{}: {error}", folder.display()),
    };
    Err(unwritable(path, &why))
}

/// Says on standard error how pretraining goes: every epoch on a terminal, every layer in any case.
fn build(
    loaded: &Loaded,
    start: &Start,
    quiet: bool,
    progress: Progress,
    signals: &Signals,
) -> Result<Session, SessionError> {
    let ear = Ear {
        say: &|text| progress.show(text),
        stopped: &|| signals.asked(),
        heard: &|_| {},
        warn: &|what| {
            progress.clear();
            say(&format!("gradlab: {what}"));
        },
    };
    let session = Session::build_heard(&loaded.experiment, &loaded.base_dir, start, None, &ear);
    progress.clear();
    if let (Ok(session), false) = (&session, quiet) {
        say_unmet(session.experiment(), session.data());
        for stage in session.pretrained() {
            say(&format!(
                "pretrained layers.{}: reconstruction error {}, {} before, {} by the inputs' means alone",
                stage.layer,
                loss_text(stage.after),
                loss_text(stage.before),
                loss_text(stage.guess)
            ));
            if let Some(trouble) = stage.collapse(session.experiment()) {
                say(&format!("gradlab: {trouble}"));
            }
        }
    }
    session
}

/// Where pretraining's stages are kept beside the checkpoint that is to be.
fn stages_beside(checkpoint: &Path) -> PathBuf {
    let mut name = checkpoint.as_os_str().to_owned();
    name.push(".pretraining");
    PathBuf::from(name)
}

/// `--steps` and `--epochs` take the place of the file's rules that count.
fn stop_rules(args: &RunArgs, mut loaded: Loaded) -> Loaded {
    if args.steps.is_some() || args.epochs.is_some() {
        let stop = &mut loaded.experiment.training.stop;
        (stop.steps, stop.epochs) = (args.steps, args.epochs);
    }
    loaded
}

/// Writes a checkpoint to the path that it gives back.
fn written(checkpoint: &TensorFile, path: PathBuf) -> Result<PathBuf, String> {
    match checkpoint.write(&path) {
        Ok(()) => Ok(path),
        Err(error) => Err(format!("the checkpoint was not written: {error}")),
    }
}

struct Runner<'a> {
    args: &'a RunArgs,
    session: Session,
    signals: Signals,
    progress: Progress,
    /// When progress was last shown.
    shown: Instant,
    /// Steps between two reports; `None` without a report.
    every: Option<u64>,
    burst: Burst,
    measuring: Measuring,
    /// The last step was not measured.
    unmeasured: bool,
    flushed: Instant,
    saver: Saver,
    /// When the last checkpoint was begun.
    saved: Instant,
    last: Option<Point>,
    reporting: Reporting,
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

    fn train(&mut self) -> Result<(), Failure> {
        self.reporting
            .begin_points(self.session.network().spec().layers.len())?;
        // what is said of the last step is measured at that step
        while self.session.ended().is_none() && (self.unmeasured || !self.signals.asked()) {
            let before = self.session.steps();
            let (steps, detail) = self.next_burst();
            let started = Instant::now();
            let advance = guarded(|| self.session.advance(steps, detail))
                .map_err(|panic| self.broken_off(&panic))?;
            self.adapt(advance.steps, detail, started.elapsed());
            let step = self.session.steps();
            let epoch = self.session.steps_per_epoch();
            let over = self.session.ended().is_some();
            let reports = self.every.is_some() || self.progress.is_shown();
            if over || (reports && step / epoch > before / epoch) {
                self.evaluate()?;
            }
            let point = advance.point.filter(Point::is_measured);
            self.unmeasured = point.is_none();
            if let Some(point) = point {
                self.last = Some(Point {
                    test: self.session.test(),
                    ..point
                });
            }
            let due = self.every.is_some_and(|k| step.is_multiple_of(k)) || over;
            if let (Some(point), true) = (&self.last, due) {
                self.reporting.point(point)?;
            }
            self.look_at_the_clock(Instant::now())?;
        }
        Ok(())
    }

    /// One step, measured, where that is due, reported or the last; as many as fit before that otherwise.
    fn next_burst(&self) -> (u64, Detail) {
        let step = self.session.steps();
        let to = |stride: u64| stride - step % stride;
        let report = self.every.map(to);
        let evaluate = (report.is_some() || self.progress.is_shown())
            .then(|| to(self.session.steps_per_epoch()));
        let wanted = report.into_iter().chain(evaluate).min();
        if wanted == Some(1) || self.measuring.due() || self.signals.asked() {
            return (1, Detail::Stats);
        }
        let before = wanted.map_or(u64::MAX, |wanted| wanted - 1);
        (self.burst.steps().min(before), Detail::Loss)
    }

    fn adapt(&mut self, steps: u64, detail: Detail, took: Duration) {
        if detail != Detail::Loss {
            self.measuring.measured(took, self.burst.step_time());
            return;
        }
        self.measuring.passed(took);
        self.burst.took(steps, took);
    }

    fn look_at_the_clock(&mut self, now: Instant) -> Result<(), Failure> {
        if now.saturating_duration_since(self.flushed) >= FLUSH {
            self.flushed = now;
            self.reporting.flush()?;
        }
        if let Some(point) = self.last.as_ref().filter(|_| self.progress.is_shown())
            && now.saturating_duration_since(self.shown) >= PROGRESS
        {
            self.shown = now;
            self.progress.show(&text_line(point));
        }
        self.look_at_the_checkpoint(now);
        Ok(())
    }

    /// Begins to write one where it is due and none is being written, and says what went wrong with the last.
    fn look_at_the_checkpoint(&mut self, now: Instant) {
        let Some(path) = &self.args.checkpoint else {
            return;
        };
        let trouble = match self.saver.outcome() {
            Some(Err(why)) => Some(why),
            _ if self.saver.takes_long() => Some("writing the checkpoint takes long".into()),
            _ => None,
        };
        if let Some(what) = trouble {
            say(&format!(
                "gradlab: {what}; training goes on, the last whole one stays"
            ));
        }
        let due = now.saturating_duration_since(self.saved) >= CHECKPOINT;
        if due && !self.saver.is_busy() {
            self.saved = now;
            let (file, path) = (self.session.to_checkpoint(), path.clone());
            self.saver.start(move || written(&file, path));
        }
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
    fn finish(mut self) -> Result<Status, Failure> {
        let (status, reason, exit) = match self.session.ended() {
            Some(Ended::Finished(why)) => ("finished", why.clone(), Status::Done),
            Some(Ended::Diverged(why)) => ("diverged", why.clone(), Status::Diverged),
            Some(Ended::Failed(why)) => ("failed", why.clone(), Status::Failed),
            None => ("stopped", "by a signal".to_string(), Status::Stopped),
        };
        let mut failures = self.keep(exit);
        // The verdict goes through all rows, and its fix through many networks: only for whoever reads it.
        if self.reporting.is_wanted() {
            let done = self.done(status, reason.clone());
            self.reporting.done(&done)?;
        }
        failures.append(&mut self.reporting.failures);
        if matches!(exit, Status::Failed | Status::Diverged) {
            say(&format!("gradlab: {status}: {reason}"));
        }
        match failures.is_empty() {
            true => Ok(exit),
            false => Err(Failure::Failed(failures.join("\n"))),
        }
    }

    /// Writes the weights and the checkpoint that were asked for. Says what went wrong.
    fn keep(&mut self, exit: Status) -> Vec<String> {
        let path = self.args.save_weights.as_ref();
        let weights = path.and_then(|path| {
            let error = self.session.weights().write(path).err()?;
            Some(format!("the weights were not written: {error}"))
        });
        weights
            .into_iter()
            .chain(self.save_checkpoint(exit))
            .collect()
    }

    /// A bug: what the run was before the step that it broke is saved.
    fn broken_off(&mut self, panic: &str) -> Failure {
        let what = format!("step {} panicked: {panic}", self.session.steps() + 1);
        if !self.session.is_whole() {
            return Failure::Failed(format!(
                "{what}; it broke off half-way, the last checkpoint stays"
            ));
        }
        Failure::Failed(match self.saved_in() {
            Ok(path) => format!("{what}; the run up to there is in {}", path.display()),
            Err(why) => format!("{what}; {why}"),
        })
    }

    /// Saves where that was asked for, or else in the platform's place.
    fn saved_in(&mut self) -> Result<PathBuf, String> {
        // An older one must not come after this one.
        self.saver.wait();
        let file = self.session.to_checkpoint();
        if let Some(path) = &self.args.checkpoint {
            return written(&file, path.clone());
        }
        let path = autosaves::path_for(self.session.experiment(), self.session.base_dir())?;
        let write = || written(&file, path.clone()).map(|_| ());
        match self.args.resume.as_ref() == Some(&path) {
            true => write(),
            false => autosaves::beside_the_one_before(&path, write),
        }?;
        Ok(path)
    }

    /// At the end, where one was asked for; on a signal always. Says what went wrong.
    fn save_checkpoint(&mut self, exit: Status) -> Option<String> {
        let stopped = exit == Status::Stopped;
        if self.args.checkpoint.is_none() && !stopped {
            return None;
        }
        match self.saved_in() {
            Ok(path) if stopped => say(&self.how_to_go_on(&path)),
            Ok(_) => {}
            Err(why) => return Some(why),
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
            restored: self.restored(),
            sentence: judged.as_ref().map_or(String::new(), Judged::text),
            verdict: judged,
        }
    }

    fn restored(&mut self) -> Option<Restored> {
        let step = self.session.back_at()?;
        let test = self.session.evaluate().ok().flatten();
        Some(Restored {
            step,
            test_loss: test.map(|t| t.loss),
            test_accuracy: test.and_then(|t| t.accuracy),
        })
    }

    /// Of the last measurements; `None` where no step was taken.
    fn judged(&self) -> Option<Judged> {
        let last = self.last.as_ref()?;
        let (experiment, data) = (self.session.experiment(), self.session.data());
        let case = Case {
            experiment,
            spec: self.session.network().spec(),
            setting: &Setting::for_experiment(experiment, data),
        };
        let place = self.session.non_finite();
        let verdict = verdict::judge(&last.layers, &last.time, place, &case);
        Some(verdict.into())
    }
}
