//! Files that the training thread writes: what the person asks for, and what is written without being asked.

use super::{Worker, autosaves, guarded};
use crate::experiment::Experiment;
use crate::training::trainee::Trainee;
use std::path::{Path, PathBuf};
use std::time::Instant;

impl<T, B> Worker<'_, T, B>
where
    T: Trainee,
    B: FnMut(Option<T>, &Experiment, &dyn Fn(&str)) -> Result<T, String>,
{
    /// Writes a file for the person and says how it went; training goes on either way.
    pub(super) fn write(
        &mut self,
        what: &str,
        path: &Path,
        how: impl Fn(&T, &Path) -> Result<(), String>,
    ) {
        let outcome = match &self.trainee {
            Some(trainee) => guarded(|| how(trainee, path)).and_then(|result| result),
            None => Err("there is no run".into()),
        };
        self.notices.push(match outcome {
            Ok(()) => format!("{what} written to {}", path.display()),
            Err(why) => format!("{what} not written to {}: {why}", path.display()),
        });
    }

    /// Says nothing where it goes well.
    pub(super) fn autosave(&mut self) {
        if let Some(Err(why)) = self.save_unsaved() {
            self.notices.push(format!(
                "autosave failed: {why}; training goes on, the last whole one stays"
            ));
        }
    }

    /// As [`Worker::autosave`], when the run is left.
    pub(super) fn save_at_the_end(&mut self) {
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

    /// `None` where nothing is to be saved.
    fn save_unsaved(&mut self) -> Option<Result<PathBuf, String>> {
        let (autosave, trainee) = (self.autosave.as_ref()?, self.trainee.as_ref()?);
        if !self.unsaved {
            return None;
        }
        let path = match &autosave.path {
            Some(path) => Ok(path.clone()),
            None => autosaves::path_for(&self.experiment),
        };
        let saved = path.and_then(|path| {
            let write = || guarded(|| trainee.checkpoint(&path)).and_then(|result| result);
            let of_another = autosave.path.is_none() && self.own.as_ref() != Some(&path);
            let written = match of_another {
                true => autosaves::beside_the_one_before(&path, write),
                false => write(),
            };
            match written {
                Ok(()) => Ok(path),
                Err(why) => Err(format!("to {}: {why}", path.display())),
            }
        });
        self.unsaved = saved.is_err();
        self.saved = Instant::now();
        if let (Ok(path), None) = (&saved, &autosave.path) {
            self.own = Some(path.clone());
            self.claim_and_tidy(path.clone());
        }
        Some(saved)
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
