//! Where experiments were opened. Undo and the pinned runs lead back to one that was open before: the file that `s` writes and the
//! folder in which relative paths start come back with it.

use super::App;
use super::files::described_by;
use crate::experiment::Experiment;
use crate::training::file::folder_of;
use crate::tui::message::{Effect, SavedRun};
use std::path::{Path, PathBuf};

/// What was opened, whatever became of it since.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Tells it from all others that were opened.
    pub(super) id: u64,
    /// The file that it is saved to.
    pub path: Option<PathBuf>,
    /// Where relative paths start.
    pub base: PathBuf,
    /// As it is on disk (or in the preset).
    pub saved: Experiment,
    /// What its description was written of.
    pub described: Experiment,
    /// The number of the last save that it is known to be on disk by.
    pub(super) last_saved: u64,
}

impl Origin {
    pub(super) fn new(
        id: u64,
        experiment: &Experiment,
        path: Option<PathBuf>,
        base: PathBuf,
    ) -> Self {
        Self {
            id,
            path,
            base,
            saved: experiment.clone(),
            described: described_by(experiment),
            last_saved: 0,
        }
    }
}

/// The folder of an experiment's file.
pub(super) fn folder(path: Option<&Path>) -> PathBuf {
    path.map_or_else(|| PathBuf::from("."), folder_of)
}

/// What an experiment is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedFor {
    Itself,
    /// This stop of the tour.
    Stop(usize),
    /// The end of the tour: it was open before.
    TourEnd,
}

/// An experiment that is to be opened.
#[derive(Clone, Debug)]
pub struct Opening {
    pub experiment: Experiment,
    pub(super) origin: Origin,
    /// The saved run that goes on.
    pub(super) saved: Option<SavedRun>,
    pub opened_for: OpenedFor,
    /// Whether it runs, where that is not what the person asked for last.
    pub(super) runs: Option<bool>,
}

impl App {
    /// An experiment from a file of this path, or from none.
    pub(super) fn opening(&mut self, experiment: Experiment, path: Option<PathBuf>) -> Opening {
        let base = folder(path.as_deref());
        self.opened += 1;
        Opening {
            origin: Origin::new(self.opened, &experiment, path, base),
            experiment,
            saved: None,
            opened_for: OpenedFor::Itself,
            runs: None,
        }
    }

    /// What is open, to be opened again as it is.
    pub(super) fn as_opening(&self) -> Opening {
        Opening {
            experiment: self.experiment.clone(),
            origin: self.origin.clone(),
            saved: None,
            opened_for: OpenedFor::Itself,
            runs: Some(self.wants_run),
        }
    }

    /// What was opened before, if it was not this.
    pub(super) fn left(&self, id: u64) -> Option<&Origin> {
        self.left.iter().find(|origin| origin.id == id)
    }

    pub(super) fn origin_mut(&mut self, id: u64) -> Option<&mut Origin> {
        let mut all = std::iter::once(&mut self.origin).chain(&mut self.left);
        all.find(|origin| origin.id == id)
    }

    /// The present experiment, which has just taken another's place, begins where it was opened: anew, or from a checkpoint.
    pub(super) fn begin_at(&mut self, origin: Origin, resume: Option<PathBuf>) {
        self.leave_run_behind();
        // It would be on the experiment before.
        self.withdraw_advice();
        self.enter(origin);
        self.quit_after_save = false;
        (self.network_row, self.network_first) = (1, None);
        self.training_row = 0;
        self.layer = 0;
        self.raced = None;
        self.taken_back = false;
        self.effect(Effect::Start {
            experiment: Box::new(self.experiment.clone()),
            base: self.origin.base.clone(),
            resume,
            // where the person had paused they look first
            runs: self.wants_run,
        });
        self.follow_tour();
        self.clamp();
    }

    /// What no edit, no pinned run and no end of the tour leads back to is forgotten.
    fn enter(&mut self, origin: Origin) {
        let was_left = self.left.iter().position(|left| left.id == origin.id);
        let origin = was_left.map_or(origin, |at| self.left.swap_remove(at));
        let pasts = self.undo.iter().chain(&self.redo).map(|past| past.origin);
        let pinned = self.pinned.iter().map(|p| p.origin);
        let led_to: Vec<u64> = pasts.chain(pinned).chain(self.before_tour()).collect();
        self.left.retain(|left| led_to.contains(&left.id));
        self.left.push(std::mem::replace(&mut self.origin, origin));
    }
}
