//! A run: data, network and rules, stepped by whoever has it. A clock is looked at only to choose the number of threads. The
//! same experiment takes the same steps, bit for bit, whatever is measured between them and whoever asks.

mod build;
mod change;
mod classes;
mod evaluating;
mod looking;
mod resuming;
mod stepping;
mod stopping;
mod trainee;

pub use build::{SessionError, Start, check_transfer, network_of};
pub use change::{could_go_on, fixed, has_layers_of};
pub use looking::is_plane;
pub use stopping::Best;

use super::choice::Choice;
use super::gather::{Gathered, first};
use super::log::Log;
use super::order::RowOrder;
use super::pretrain::{Pretraining, Stage};
use super::trainee::Ended;
use super::{RunInfo, TensorFile};
use crate::data::{Dataset, Request};
use crate::experiment::Experiment;
use crate::nn::network::{Network, NonFinite, StepError, StepOutcome, Trace};
use crate::nn::schedule::Plateau;
use crate::nn::spec::Hyper;
use crate::telemetry::ThroughTime;
use evaluating::Dated;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use stopping::{Stopping, WayBack};

/// A run.
pub struct Session {
    experiment: Experiment,
    base_dir: PathBuf,
    request: Request,
    data: Arc<Dataset>,
    /// Whether some of its classes were known to weights alone: it is not that of another run then.
    of_weights: bool,
    /// The data's, once it has been asked for.
    fingerprint: OnceLock<u64>,
    network: Network,
    hyper: Hyper,
    threads: Choice,
    order: RowOrder,
    gathered: Gathered,
    plateau: Plateau,
    stopping: Stopping,
    /// The last evaluation of the test rows.
    test: Option<Dated>,
    /// The same of as many training rows.
    fitted: Option<Dated>,
    went_back: Option<WayBack>,
    /// The learning rate of the last step.
    rate: f64,
    outcome: StepOutcome,
    /// Of the recurrent matrices that the last step went through, before it moved them; empty where they were not reckoned.
    radii: Vec<(usize, f64)>,
    /// The recurrent layers over the last batch that was measured: an evaluation goes through them after it.
    time: Vec<ThroughTime>,
    log: Log,
    ended: Option<Ended>,
    /// The step that is being taken; still there after a panic broke it off.
    begun: Option<u64>,
    pretrained: Vec<Stage>,
    /// A screen stays at the run's last step.
    is_watched: bool,
}

impl Session {
    /// Measures the run's last step whole, as a screen that stays at it shows it: a tenth of a second for the largest networks.
    pub fn watched(self) -> Self {
        Self {
            is_watched: true,
            ..self
        }
    }

    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Where relative paths of the experiment start.
    pub fn base_dir(&self) -> &Path {
        &self.base_dir
    }

    pub fn data(&self) -> &Dataset {
        &self.data
    }

    pub fn network(&self) -> &Network {
        &self.network
    }

    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    pub fn hyper(&self) -> &Hyper {
        &self.hyper
    }

    /// Whether this is a run between two steps, which can be saved and gone on with: a step that a panic broke off leaves it so
    /// where nothing had been learned from it yet.
    pub fn is_whole(&self) -> bool {
        self.network.is_whole() && self.begun.is_none_or(|step| step == self.steps())
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.network.steps()
    }

    pub fn steps_per_epoch(&self) -> u64 {
        self.order.steps_per_epoch()
    }

    /// Epochs begun and done, with the fraction of the present one.
    pub fn epoch(&self) -> f64 {
        self.steps() as f64 / self.steps_per_epoch() as f64
    }

    /// Why the run takes no further step; `None` while it does.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// The layers that were pretrained when this run was built, from the bottom up.
    pub fn pretrained(&self) -> &[Stage] {
        &self.pretrained
    }

    fn pretraining(&self) -> Option<Arc<Pretraining>> {
        let pretrain = self.experiment.pretrain.as_ref()?;
        let errors: Vec<_> = self.pretrained.iter().map(|s| s.errors.clone()).collect();
        (!errors.is_empty()).then(|| {
            Arc::new(Pretraining {
                layers: errors.len(),
                epochs: pretrain.epochs,
                errors,
            })
        })
    }

    /// Where a value of the last step was not finite, if one was.
    pub fn non_finite(&self) -> Option<NonFinite> {
        self.outcome.first_non_finite
    }

    /// Takes the first `rows` training rows, in the file's order, forward and back with everything kept, and no update.
    pub fn probe(&mut self, rows: usize) -> Result<Trace, StepError> {
        let batch = first(&self.data.train, rows);
        self.network.probe(&batch, &self.hyper.regularize)
    }

    pub fn info(&self) -> RunInfo {
        let spec = self.network.spec();
        RunInfo {
            run: 0,
            data: self.data.name.clone(),
            features: spec.inputs,
            outputs: spec.layers.last().map_or(0, |l| l.units),
            train_rows: self.data.train.len(),
            test_rows: self.data.test.len(),
            parameters: self.network.parameter_count(),
            steps_per_epoch: self.steps_per_epoch(),
            layers: spec.layers.len(),
            threads: self.threads.most(),
            dataset: Some(Arc::clone(&self.data)),
            pretraining: self.pretraining(),
        }
    }

    /// Parameters and running statistics under PyTorch's names.
    pub fn weights(&self) -> TensorFile {
        TensorFile::of(self.network.parameters())
    }
}
