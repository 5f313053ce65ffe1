//! Files that the training thread writes: what the person asks for, and what is written without being asked.

use super::{Worker, autosaves, guarded};
use crate::experiment::Experiment;
use crate::training::lanes::Job;
use crate::training::saver::{Outcome, Written};
use crate::training::trainee::{Snapshot, Trainee};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks at what is being written, while nothing else happens.
const LOOK: Duration = Duration::from_secs(1);

/// The same, of what the person has just asked for.
const SOON: Duration = Duration::from_millis(20);

/// Where a run is saved without being asked.
pub(super) struct Place {
    /// `None`: in the platform's place.
    path: Option<PathBuf>,
    /// The autosave that is a run's to replace, and which run's: it has written it, or gone on from it.
    own: Option<(u64, PathBuf)>,
    /// It has written it: whatever the run is renamed to, that stays its file.
    written: bool,
    /// Where the experiment's relative paths start.
    base_dir: PathBuf,
    /// Keeps others from taking this run's autosave for an old one.
    claim: Option<autosaves::Claim>,
}

impl Place {
    /// `own` is what the first run goes on from.
    pub fn new(path: Option<PathBuf>, own: Option<PathBuf>, base_dir: &Path) -> Self {
        Self {
            path,
            own: own.map(|own| (1, own)),
            written: false,
            base_dir: base_dir.to_path_buf(),
            claim: None,
        }
    }

    fn is_of(&self, run: u64) -> bool {
        self.own.as_ref().is_some_and(|(own, _)| *own == run)
    }

    fn write(&mut self, run: u64, experiment: &Experiment, snapshot: Snapshot) -> Written {
        let path = match (&self.path, &self.own) {
            (Some(path), _) => path.clone(),
            (None, Some((of, own))) if *of == run && self.written => own.clone(),
            (None, _) => autosaves::path_for(experiment, &self.base_dir)?,
        };
        let own = Some((run, path.clone()));
        match self.own == own {
            true => snapshot(&path),
            false => autosaves::beside_the_one_before(&path, || snapshot(&path)),
        }?;
        (self.own, self.written) = (own, true);
        if self.path.is_none() {
            self.claim_and_tidy(path.clone());
        }
        Ok(path)
    }

    /// Marks the autosave as a living run's, and clears away those that are too many or too old.
    fn claim_and_tidy(&mut self, path: PathBuf) {
        if self.claim.as_ref().is_some_and(|claim| claim.of == path) {
            return;
        }
        self.claim = autosaves::Claim::new(path);
        // What cannot be cleared away now is cleared away another time.
        let _ = autosaves::prune();
    }
}

impl<T, B> Worker<'_, T, B>
where
    T: Trainee,
    B: FnMut(Option<T>, &Experiment, &dyn Fn(&str)) -> Result<T, String>,
{
    /// Writes a file for the person beside training, of the run as it is now, and says how it went.
    pub(super) fn write(
        &mut self,
        what: &'static str,
        path: PathBuf,
        taken: impl Fn(&T) -> Snapshot,
    ) {
        let snapshot = match &self.trainee {
            Some(trainee) => guarded(|| taken(trainee)),
            None => Err("there is no run".into()),
        };
        let name = path.display().to_string();
        let late = format!("still writing {name}: the drive does not answer; training goes on");
        let of = path.clone();
        let work = move || {
            let written = guarded(|| snapshot?(&path)).and_then(|result| result);
            Ok(match written {
                Ok(()) => format!("{what} written to {name}"),
                Err(why) => format!("{what} not written to {name}: {why}"),
            })
        };
        self.files.start(&of, Job::write(late, work));
    }

    /// Sees to what is written beside training.
    pub(super) fn look_at_files(&mut self, now: Instant) {
        if self.files.is_busy() {
            let outcomes = self.files.outcomes();
            self.notices.extend(outcomes.into_iter().map(either));
            self.notices.extend(self.files.late(now));
        }
        self.autosave(now);
    }

    /// Says what went wrong with the autosave that was being written, if it is written no more.
    fn hear_of_autosave(&mut self) {
        if let Some(Err(why)) = self.saver.outcome() {
            self.unsaved = true;
            self.notices.push(format!(
                "autosave failed, training goes on: {why}; the last whole one stays"
            ));
        }
    }

    /// Begins an autosave where one is due and none is being written; says nothing where it goes well.
    fn autosave(&mut self, now: Instant) {
        self.hear_of_autosave();
        if self.saver.takes_long() {
            self.notices.push(
                "saving the run takes long; training goes on, the last whole autosave stays".into(),
            );
        }
        let due = |every| now.saturating_duration_since(self.saved) >= every;
        if self.every().is_some_and(due) && !self.saver.is_busy() {
            self.begin_to_save();
        }
    }

    /// How long nothing has to be seen to while the run rests.
    pub(super) fn undisturbed(&mut self, now: Instant) -> Duration {
        match self.every() {
            _ if self.files.next_late().is_some() => SOON,
            _ if self.saver.is_busy() || self.files.is_busy() => LOOK,
            Some(every) if self.unsaved => {
                every.saturating_sub(now.saturating_duration_since(self.saved))
            }
            _ => Duration::MAX,
        }
    }

    fn every(&self) -> Option<Duration> {
        self.autosave.as_ref().map(|autosave| autosave.every)
    }

    /// The autosave that holds the present run, as far as it was saved.
    pub(super) fn kept(&self) -> Option<PathBuf> {
        let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let own = place.own.as_ref();
        own.filter(|_| place.is_of(self.info.run))
            .map(|(_, path)| path.clone())
    }

    /// When the run is left for another: one that was saved before is saved to its end. One so young that it never was goes,
    /// or every edit would leave a file. Waits for no drive.
    pub(super) fn save_the_rest(&mut self) {
        self.hear_of_autosave();
        let run = self.info.run;
        let is_of = |place: &Mutex<Place>| place.try_lock().is_ok_and(|place| place.is_of(run));
        if !self.saver.is_busy() && is_of(&self.place) {
            self.begin_to_save();
        }
    }

    /// When the run is left.
    pub(super) fn save_at_the_end(&mut self) {
        // Begun before what was asked for is waited for: each may be on a drive that hangs.
        if !self.saver.is_busy() {
            self.begin_to_save();
        }
        for lane in self.files.take() {
            self.notices.extend(lane.end().into_iter().map(either));
        }
        if let Some(Err(why)) = self.save_unsaved() {
            let name = crate::text::clean(&self.experiment.name, 60);
            self.notices.push(format!(
                "the run of {name} was not saved: {why}; its last whole autosave stays"
            ));
        }
    }

    /// Something went wrong in the run: saves it as it was before, if it is still that, and says what became of it.
    pub(super) fn rescue(&mut self) -> Option<String> {
        if !self.trainee.as_ref()?.is_whole() {
            let kept = self.autosave.is_some();
            return kept.then(|| "it broke off inside a step: the last autosave stays".into());
        }
        Some(match self.save_unsaved()? {
            Ok(path) => format!("the run up to there is saved in {}", path.display()),
            Err(why) => format!("the run could not be saved: {why}"),
        })
    }

    /// Waits for it. `None` where nothing is to be saved.
    fn save_unsaved(&mut self) -> Option<Written> {
        let before = self.saver.wait();
        self.unsaved |= matches!(before, Some(Err(_)));
        self.begin_to_save();
        self.saver.wait().or(before)
    }

    /// Of what is unsaved, beside training: the run as it is now, whatever it has become when that is written.
    fn begin_to_save(&mut self) {
        let Some(trainee) = self.trainee.as_ref().filter(|_| self.unsaved) else {
            return;
        };
        if self.autosave.is_none() {
            return;
        }
        let (place, experiment) = (Arc::clone(&self.place), self.experiment.clone());
        let run = self.info.run;
        let snapshot = guarded(|| trainee.snapshot());
        self.saver.start(move || {
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            place.write(run, &experiment, snapshot?)
        });
        (self.saved, self.unsaved) = (Instant::now(), false);
    }
}

fn either(outcome: Outcome<String>) -> String {
    outcome.unwrap_or_else(|why| why)
}
