//! What the worker's loop drives. [`super::Session`] in the program; a script in the loop's own tests, which make it panic,
//! diverge and fail at will.

use super::{DataView, Lens, Point, RunInfo};
use crate::experiment::Experiment;
use crate::telemetry::{LayerHistograms, Score};
use std::path::Path;

/// How much is measured of a step. What is measured never changes what is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    Loss,
    /// Every layer's statistics.
    Stats,
    /// Histograms too.
    Histograms,
}

/// Why no further step is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Which stop rule was met.
    Finished(String),
    /// Which layer first, and in which direction.
    Diverged(String),
    /// Why no further step can be taken.
    Failed(String),
}

/// What some steps in a row brought.
#[derive(Clone, Debug, Default)]
pub struct Advance {
    pub steps: u64,
    pub rows: u64,
    /// Measured at the last step.
    pub point: Option<Point>,
    pub histograms: Option<Vec<LayerHistograms>>,
    pub ended: Option<Ended>,
}

/// What rows score, as in evaluation; `None` where they were not evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The latest evaluation of the test rows.
    pub test: Option<Score>,
    /// As many training rows, after the last step.
    pub fitted: Option<Score>,
}

/// Steps and whole epochs since something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    pub steps: u64,
    pub epochs: u64,
}

/// What became of a changed experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Applied; the run goes on.
    InPlace,
    /// Not applied: the run has to start again.
    Restart,
}

/// Writes what it was made of, whole or not at all; on any thread.
pub type Snapshot = Box<dyn FnOnce(&Path) -> Result<(), String> + Send>;

/// A run that can be advanced.
pub trait Trainee {
    /// Facts of the run; `run` is the worker's to fill in.
    fn info(&self) -> RunInfo;
    /// Takes up to `steps` steps, measuring the last one; ends early when the run ends.
    fn advance(&mut self, steps: u64, last: Detail) -> Advance;
    /// Why no step would be taken now.
    fn ended(&self) -> Option<Ended>;
    /// How long ago test rows were compared with training rows; `None` where there are no test rows. The test rows alone may
    /// have been evaluated since: stop rules and schedules have need of them.
    fn comparison_age(&self) -> Option<Age>;
    /// Evaluates test rows and training rows after the last step, where that has not been done; the test rows' score shows in
    /// the points to come too.
    fn compare(&mut self) -> Result<Scores, String>;
    /// What the network makes of the data now; changes nothing that is trained.
    fn look(&mut self, lens: &Lens) -> Result<DataView, String>;
    /// What was measured before this thread had it: the points of a resumed run.
    fn log(&self) -> Vec<Point>;
    /// Applies what can be changed under way.
    fn replace(&mut self, experiment: &Experiment) -> Change;
    /// Everything that resuming needs, as it is now, ready to be written.
    fn snapshot(&self) -> Snapshot;
    /// Whether what a snapshot would hold is the run between two steps: not where a panic broke a step off half-way.
    fn is_whole(&self) -> bool;
    /// The weights as they are now, to be written wherever and whenever.
    fn weights(&self) -> Snapshot;
}
