//! The training thread's loop: applies all pending commands between two steps, takes steps while it should, and leaves
//! frames. It waits for commands when there is nothing to do, and for nothing else.

mod saving;

use super::lanes::Lanes;
use super::mailbox::{Mailbox, bound};
use super::pace::Pace;
use super::pretrain::Ear;
use super::saver::Saver;
use super::trainee::{Change, Detail, Ended, Scores, Trainee};
use super::{
    Command, DataView, Frame, Histograms, Lens, Point, Pretraining, RunInfo, Session, SessionError,
    Start, Status, autosaves, could_go_on, guard,
};
use crate::experiment::{Experiment, unmet};
use saving::Place;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How the thread works; nothing here changes the numbers.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `None`: the program chooses.
    pub threads: Option<usize>,
    /// What it does first, once the network is built; `None`: it waits, paused.
    pub begin: Option<Command>,
    /// A checkpoint to go on from; its experiment must be the one given.
    pub resume: Option<PathBuf>,
    pub autosave: Option<Autosave>,
}

/// Checkpoints without being asked: every so often while the run moves, and when the thread stops.
#[derive(Clone, Debug)]
pub struct Autosave {
    /// `None`: in the platform's place, a file for every experiment (see [`autosaves`]).
    pub path: Option<PathBuf>,
    pub every: Duration,
}

/// The body of the training thread; gives the file that holds the last run, if it was saved. Only the first run that can be built resumes: what starts again starts from its seed.
pub(super) fn run(
    mailbox: &Mailbox,
    experiment: Experiment,
    base_dir: &Path,
    options: Options,
    notify: &dyn Fn(),
) -> Option<PathBuf> {
    let autosave = options.autosave.clone();
    let keeps = options.autosave;
    let mut start = Start {
        threads: options.threads,
        resume: options.resume,
        ..Start::default()
    };
    let own = start.resume.clone();
    let first = experiment.clone();
    let heard: Rc<RefCell<Option<Arc<Pretraining>>>> = Rc::default();
    let told = Rc::clone(&heard);
    let warnings: Rc<RefCell<Vec<String>>> = Rc::default();
    let warned = Rc::clone(&warnings);
    let mut unmet_before = Vec::new();
    let build = |old: Option<Session>, experiment: &Experiment, say: &dyn Fn(&str)| {
        // Whatever is asked for while a network is pretrained is about another run, or none, but for going on.
        let ear = Ear {
            say,
            stopped: &|| mailbox.overtaken(),
            heard: &|under_way: &Pretraining| {
                *told.borrow_mut() = Some(Arc::new(under_way.clone()));
            },
            warn: &|what: &str| warned.borrow_mut().push(what.to_string()),
        };
        if !could_go_on(&first, experiment) {
            start.resume = None;
        }
        start.stages = keeps
            .as_ref()
            .and_then(|a| stages_of(a, experiment, base_dir));
        let built = Session::build_heard(experiment, base_dir, &start, old, &ear);
        // What is missing (a drive, a file) may be there next time; a checkpoint that does not fit never will.
        if matches!(built, Ok(_) | Err(SessionError::Checkpoint(_))) {
            start.resume = None;
        }
        if let Ok(session) = &built {
            let now = unmet(session.experiment(), session.data());
            if now != unmet_before && !now.is_empty() {
                (ear.warn)(&now.join("; "));
            }
            unmet_before = now;
            let stages = session.pretrained().iter();
            stages
                .filter_map(|stage| stage.collapse(session.experiment()))
                .for_each(|trouble| (ear.warn)(&trouble));
        }
        built
            .map(Session::watched)
            .map_err(|error| error.to_string())
    };
    let path = autosave.as_ref().and_then(|a| a.path.clone());
    let place = Place::new(path, own, base_dir);
    let mut worker = Worker::new(mailbox, notify, experiment, build, autosave, place);
    (worker.pretraining, worker.warnings) = (heard, warnings);
    worker.run()
}

/// Where the stages of an experiment's pretraining are kept: beside its autosaves.
fn stages_of(autosave: &Autosave, experiment: &Experiment, base_dir: &Path) -> Option<PathBuf> {
    experiment.pretrain.as_ref()?;
    let path = match &autosave.path {
        Some(path) => path.clone(),
        None => autosaves::path_for(experiment, base_dir).ok()?,
    };
    Some(path.with_extension(autosaves::STAGES))
}

/// What the person asked for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Pause,
    Run,
    Steps(u64),
}

/// The builder takes the run before (for what can be kept of it, such as loaded data) and says what it is doing.
struct Worker<'a, T, B> {
    mailbox: &'a Mailbox,
    notify: &'a dyn Fn(),
    experiment: Experiment,
    build: B,
    trainee: Option<T>,
    wish: Wish,
    /// `Finished`, `Diverged` or `Failed`: no step is taken whatever the wish.
    ended: Option<Status>,
    info: Arc<RunInfo>,
    pace: Pace,
    points: Vec<Point>,
    /// The newest point that the screen was sent.
    sent: Option<Point>,
    /// The last step was not measured.
    unmeasured: bool,
    histograms: Option<Arc<Histograms>>,
    /// What of the data the screen shows.
    lens: Option<Lens>,
    notices: Vec<String>,
    /// Pretraining while it is under way.
    pretraining: Rc<RefCell<Option<Arc<Pretraining>>>>,
    /// What went wrong beside it.
    warnings: Rc<RefCell<Vec<String>>>,
    autosave: Option<Autosave>,
    /// Where it is saved, of which whoever writes there takes hold.
    place: Arc<Mutex<Place>>,
    saver: Saver,
    /// What the person asked for; what came of it is a line for them.
    files: Lanes<String>,
    /// When the last autosave was begun.
    saved: Instant,
    /// Steps were taken since then, or it failed.
    unsaved: bool,
}

impl<'a, T, B> Worker<'a, T, B>
where
    T: Trainee,
    B: FnMut(Option<T>, &Experiment, &dyn Fn(&str)) -> Result<T, String>,
{
    fn new(
        mailbox: &'a Mailbox,
        notify: &'a dyn Fn(),
        experiment: Experiment,
        build: B,
        autosave: Option<Autosave>,
        place: Place,
    ) -> Self {
        let now = Instant::now();
        Worker {
            mailbox,
            notify,
            experiment,
            build,
            trainee: None,
            wish: Wish::Pause,
            ended: None,
            info: Arc::new(RunInfo::default()),
            pace: Pace::new(now),
            points: Vec::new(),
            sent: None,
            unmeasured: false,
            histograms: None,
            lens: None,
            notices: Vec::new(),
            pretraining: Rc::default(),
            warnings: Rc::default(),
            autosave,
            place: Arc::new(Mutex::new(place)),
            saver: Saver::default(),
            files: Lanes::new(|| ()),
            saved: now,
            unsaved: false,
        }
    }

    fn run(mut self) -> Option<PathBuf> {
        self.restart();
        loop {
            let moving = self.moving();
            let commands = if !moving {
                self.mailbox.wait(self.undisturbed(Instant::now()))
            } else if self.mailbox.pending() {
                self.mailbox.commands()
            } else {
                Vec::new()
            };
            let heard = !commands.is_empty();
            for command in commands {
                if matches!(command, Command::Stop) {
                    self.save_at_the_end();
                    self.show();
                    return self.kept();
                }
                self.apply(command);
            }
            if self.moving() {
                self.advance();
            } else if heard {
                self.rest();
            } else {
                self.look_at_files(Instant::now());
                if !self.notices.is_empty() {
                    self.show();
                }
            }
        }
    }

    fn moving(&self) -> bool {
        self.wish != Wish::Pause && self.ended.is_none() && self.trainee.is_some()
    }

    fn status(&self) -> Status {
        match (&self.ended, self.wish) {
            (Some(ended), _) => ended.clone(),
            (None, Wish::Pause) => Status::Paused,
            (None, _) => Status::Running,
        }
    }

    fn apply(&mut self, command: Command) {
        match command {
            Command::Run => self.wish = Wish::Run,
            // what is looked at while nothing moves is the network as it is: one more step shows it
            Command::Pause if self.moving() && self.unmeasured => self.wish = Wish::Steps(1),
            Command::Pause => self.wish = Wish::Pause,
            Command::Step(steps) => {
                let under_way = match self.wish {
                    Wish::Steps(left) => left,
                    Wish::Pause | Wish::Run => 0,
                };
                self.wish = match under_way.saturating_add(steps) {
                    0 => Wish::Pause,
                    steps => Wish::Steps(steps),
                };
            }
            Command::Replace(experiment) => self.replace(*experiment),
            Command::Restart => self.restart_as(self.experiment.clone()),
            Command::Checkpoint(path) => self.write("checkpoint", path, T::snapshot),
            Command::SaveWeights(path) => self.write("weights", path, T::weights),
            Command::Watch(lens) => {
                self.lens = lens;
                self.pace.look_anew();
            }
            Command::Stop => {}
        }
    }

    fn replace(&mut self, experiment: Experiment) {
        let change = match &mut self.trainee {
            Some(trainee) => guarded(|| trainee.replace(&experiment)),
            None => Ok(Change::Restart),
        };
        match change {
            // Where a run has diverged nothing is left that a change could mend.
            Ok(Change::InPlace) if matches!(self.ended, Some(Status::Diverged(_))) => {
                self.restart_as(experiment);
            }
            // A stop rule may be met now, or no longer.
            Ok(Change::InPlace) => {
                self.experiment = experiment;
                self.ended = self.trainee.as_ref().and_then(T::ended).map(said);
            }
            Ok(Change::Restart) => self.restart_as(experiment),
            Err(panic) => {
                self.experiment = experiment;
                self.fail(panic);
            }
        }
    }

    /// Leaves the run for another.
    fn restart_as(&mut self, experiment: Experiment) {
        self.save_the_rest();
        self.experiment = experiment;
        self.restart();
    }

    /// Builds the run from the experiment and its seed; says what takes time.
    fn restart(&mut self) {
        let run = self.info.run + 1;
        self.info = Arc::new(RunInfo {
            run,
            ..RunInfo::default()
        });
        (self.ended, self.histograms, self.sent) = (None, None, None);
        self.pretraining.replace(None);
        self.points.clear();
        let say = |text: &str| {
            let frame = Frame {
                status: Status::Loading(text.to_string()),
                info: Arc::new(RunInfo {
                    run,
                    pretraining: self.pretraining.borrow().clone(),
                    ..RunInfo::default()
                }),
                points: Vec::new(),
                rows_per_second: 0.0,
                histograms: None,
                view: None,
                notices: Vec::new(),
            };
            if self.mailbox.put(frame) {
                (self.notify)();
            }
        };
        let (build, experiment, old) = (&mut self.build, &self.experiment, self.trainee.take());
        let built = guarded(|| build(old, experiment, &say));
        self.notices.append(&mut self.warnings.borrow_mut());
        self.unsaved = false;
        match built.and_then(|result| result) {
            Ok(trainee) => {
                self.info = Arc::new(RunInfo {
                    run,
                    ..trainee.info()
                });
                self.points = trainee.log();
                self.ended = trainee.ended().map(said);
                self.trainee = Some(trainee);
                self.compare();
            }
            Err(why) => self.fail(why),
        }
        self.pace = Pace::new(Instant::now());
        self.unmeasured = false;
        self.saved = Instant::now();
        // A run that is about to start is not shown as paused.
        for wish in self.mailbox.wishes() {
            self.apply(wish);
        }
        self.show();
    }

    /// What was being built or stepped may be half changed after a panic: it is dropped, a restart builds it anew. What is
    /// still whole of it is saved first.
    fn fail(&mut self, why: String) {
        let rescued = self.rescue();
        self.trainee = None;
        self.ended = Some(Status::Failed(match rescued {
            Some(said) => format!("{why}; {said}"),
            None => why,
        }));
    }

    fn advance(&mut self) {
        let Some(trainee) = &mut self.trainee else {
            return;
        };
        let started = Instant::now();
        let (mut steps, mut detail) = self.pace.next(self.mailbox.taken());
        if let Wish::Steps(left) = self.wish {
            if left <= steps {
                detail = Detail::Histograms;
            }
            steps = steps.min(left);
        }
        match guarded(|| trainee.advance(steps, detail)) {
            Ok(advance) => {
                let now = Instant::now();
                let took = now.saturating_duration_since(started);
                self.pace
                    .advanced(advance.steps, advance.rows, took, detail);
                if let Wish::Steps(left) = self.wish {
                    self.wish = match left.saturating_sub(advance.steps) {
                        0 => Wish::Pause,
                        left => Wish::Steps(left),
                    };
                }
                self.unsaved |= advance.steps > 0;
                let point = advance.point.filter(Point::is_measured);
                self.unmeasured = point.is_none();
                if let Some((point, layers)) = point.as_ref().zip(advance.histograms) {
                    let step = point.step;
                    self.histograms = Some(Arc::new(Histograms { step, layers }));
                }
                self.points.extend(point);
                self.ended = advance.ended.map(said);
            }
            Err(panic) => self.fail(panic),
        }
        if !self.moving() {
            self.rest();
            return;
        }
        let now = Instant::now();
        let age = self.trainee.as_ref().and_then(T::comparison_age);
        let due = age.is_some_and(|age| age.epochs > 0) && self.pace.evaluation_due(now);
        if !self.unmeasured && due {
            self.compare();
        }
        let now = Instant::now();
        if self.pace.frame_due(now) {
            self.show();
        }
        self.look_at_files(now);
    }

    /// Nothing moves from here on: the screen gets everything as it is now.
    fn rest(&mut self) {
        self.compare();
        self.show();
    }

    /// What the rows score now, evaluated where it is not known, is the last point's: one of an older step where a run goes on
    /// from, or an edit meets a stop rule after, steps that were not measured.
    fn compare(&mut self) {
        let Some(trainee) = &mut self.trainee else {
            return;
        };
        let begun = Instant::now();
        let is_known = trainee.comparison_age().is_none_or(|age| age.steps == 0);
        match guarded(|| trainee.compare()).and_then(|result| result) {
            Ok(scores) => self.score(scores),
            Err(why) => return self.fail(why),
        }
        if !is_known {
            let done = Instant::now();
            self.pace
                .evaluation(done.saturating_duration_since(begun), done);
        }
    }

    /// Gives the last point its scores. One that has gone out without them goes out again.
    fn score(&mut self, scores: Scores) {
        let lacks = |p: &Point| (p.test, p.fitted) != (scores.test, scores.fitted);
        let last = match self.points.pop() {
            Some(last) => last,
            None => match self.sent.take_if(|sent| lacks(sent)) {
                Some(sent) => sent,
                None => return,
            },
        };
        self.points.push(last.scored(scores));
    }

    /// Leaves a frame with all that came since the last one.
    fn show(&mut self) {
        bound(&mut self.points);
        if let Some(last) = self.points.last() {
            self.sent = Some(last.clone());
        }
        let view = self.look();
        let frame = Frame {
            status: self.status(),
            info: Arc::clone(&self.info),
            points: std::mem::take(&mut self.points),
            rows_per_second: self.pace.frame(Instant::now()),
            histograms: self.histograms.take(),
            view,
            notices: std::mem::take(&mut self.notices),
        };
        if self.mailbox.put(frame) {
            (self.notify)();
        }
    }

    /// Looks at the data where that was asked for: while it moves as often as can be afforded, and only for a frame that is
    /// waited for.
    fn look(&mut self) -> Option<Arc<DataView>> {
        let (lens, trainee) = (self.lens.as_ref()?, self.trainee.as_mut()?);
        let moving = self.wish != Wish::Pause && self.ended.is_none();
        let now = Instant::now();
        if moving && !(self.mailbox.taken() && self.pace.look_due(now)) {
            return None;
        }
        match guarded(|| trainee.look(lens)) {
            Ok(Ok(view)) => {
                let done = Instant::now();
                self.pace.look(done.saturating_duration_since(now), done);
                Some(Arc::new(view))
            }
            Ok(Err(why)) => {
                self.lens = None;
                self.notices
                    .push(format!("the data cannot be looked at: {why}"));
                None
            }
            Err(panic) => {
                self.fail(panic);
                None
            }
        }
    }
}

fn said(ended: Ended) -> Status {
    match ended {
        Ended::Finished(why) => Status::Finished(why),
        Ended::Diverged(why) => Status::Diverged(why),
        Ended::Failed(why) => Status::Failed(why),
    }
}

/// What a panic says, and the way out.
pub(super) fn guarded<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    guard::guarded(work)
        .map_err(|panic| format!("the training thread panicked: {panic}; restart the run to go on"))
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
