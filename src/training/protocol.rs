//! What goes to the training thread and what comes back: values, owned, no locks.

use super::look::{DataView, Lens};
use super::pretrain::Pretraining;
use super::trainee::Scores;
use crate::data::Dataset;
use crate::experiment::Experiment;
use crate::telemetry::{LayerHistograms, LayerStats, Score, ThroughTime};
use std::path::PathBuf;
use std::sync::Arc;

/// To the training thread. Commands are applied between two steps, in order.
#[derive(Clone, Debug)]
pub enum Command {
    Run,
    Pause,
    /// So many steps, then pause.
    Step(u64),
    /// The experiment changed. What can change under way (optimizer, schedule, clip, regularize, dropout, frozen, stop)
    /// is applied in place; anything else starts the run again from the experiment's seed.
    Replace(Box<Experiment>),
    /// Start again from the experiment's seed.
    Restart,
    /// Write weights, optimizer state, random streams and histories to this file, whole or not at all.
    Checkpoint(PathBuf),
    /// Write the weights (safetensors, PyTorch's names).
    SaveWeights(PathBuf),
    /// Look at the data through this lens with every frame that can afford it; `None`: no longer.
    Watch(Option<Lens>),
    Stop,
}

/// Why a run is not moving.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Data is being loaded and the network built.
    Loading(String),
    Paused,
    Running,
    /// The stop rule was met; says which.
    Finished(String),
    /// A value is not finite; says which layer first and in which direction.
    Diverged(String),
    /// Could not be built or went wrong; says why and what to do.
    Failed(String),
}

/// Fixed facts of a run, sent when it starts; zeros while it is loading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunInfo {
    /// Counts up with every restart of the thread's run.
    pub run: u64,
    pub data: String,
    pub features: usize,
    pub outputs: usize,
    pub train_rows: usize,
    pub test_rows: usize,
    pub parameters: usize,
    pub steps_per_epoch: u64,
    pub layers: usize,
    pub threads: usize,
    /// The rows that are trained and tested on; `None` while they are loaded.
    pub dataset: Option<Arc<Dataset>>,
    /// How the layers were pretrained, or as far as that has come while it is under way.
    pub pretraining: Option<Arc<Pretraining>>,
}

/// One point of a run's history: everything measured at one step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    pub step: u64,
    pub epoch: f64,
    pub learning_rate: f64,
    /// Mini-batch loss of the step, penalties included.
    pub train: Score,
    /// The latest evaluation of the test rows.
    pub test: Option<Score>,
    /// Training rows, as many as there are test rows at most, evaluated beside `test` and in the same way (no dropout, no
    /// penalty), so that the two can be compared; on points where that was done.
    pub fitted: Option<Score>,
    /// Norm of all gradients together, before clipping, and the factor that clipping applied (1 = nothing cut).
    pub global_grad_norm: f64,
    pub clip_factor: f64,
    pub layers: Vec<LayerStats>,
    /// Recurrent layers over the steps of their sequences, from the bottom; radii where histograms were taken too.
    pub time: Vec<ThroughTime>,
}

impl Point {
    /// Whether the layers were looked at, not the loss alone.
    pub fn is_measured(&self) -> bool {
        !self.layers.is_empty()
    }
    /// With what is known of the rows.
    pub fn scored(self, scores: Scores) -> Point {
        Point {
            test: scores.test,
            fitted: scores.fitted,
            ..self
        }
    }
    /// How many layers' measures take as much room as all that is in it.
    pub fn weight(&self) -> usize {
        let steps: usize = self
            .time
            .iter()
            .map(|t| t.norms.len() + t.state.len())
            .sum();
        self.layers.len() + steps.div_ceil(11)
    }
}

/// The histograms of all layers from the bottom, and the step that they were taken at: not every step has any.
#[derive(Clone, Debug, Default)]
pub struct Histograms {
    pub step: u64,
    pub layers: Vec<LayerHistograms>,
}

/// What the screen gets. Frames that were not taken are merged: `points` are appended (thinned under a bound), all else
/// is the newest.
#[derive(Clone, Debug)]
pub struct Frame {
    pub status: Status,
    pub info: Arc<RunInfo>,
    /// Points since the last frame, oldest first.
    pub points: Vec<Point>,
    pub rows_per_second: f64,
    pub histograms: Option<Arc<Histograms>>,
    /// What the network makes of the data, where that was asked for.
    pub view: Option<Arc<DataView>>,
    /// A line for the person: a checkpoint written, a save that failed.
    pub notices: Vec<String>,
}
