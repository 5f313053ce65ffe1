//! What can be changed while a run goes on.

use super::Session;
use super::stopping::Stopping;
use crate::experiment::{Experiment, Training, resolve};
use crate::nn::schedule::{Plateau, Schedule};
use crate::nn::spec::NetworkSpec;
use crate::training::trainee::{Change, Ended};

impl Session {
    /// Applies a changed experiment where that can be done under way: name and description, optimizer, schedule, clipping,
    /// penalties, stop rules, dropout, frozen layers, and whether and how fast transferred layers learn. Anything else is left alone, and the run has to start again.
    pub fn change(&mut self, new: &Experiment) -> Change {
        let Some(spec) = self.spec_of_same_run(new) else {
            return Change::Restart;
        };
        if Stopping::new(&new.training.stop, self.data.test.is_empty()).is_err() {
            return Change::Restart;
        }
        for (i, layer) in spec.layers.iter().enumerate() {
            let transfer = new.network.transfer.as_ref().filter(|t| i < t.layers);
            self.network.set_dropout(i, layer.dropout);
            self.network
                .set_frozen(i, layer.frozen || transfer.is_some_and(|t| t.frozen));
            self.network
                .set_rate_factor(i, transfer.map_or(1.0, |t| t.learning_rate_factor));
        }
        self.hyper = resolve::hyper(new);
        let old = std::mem::replace(&mut self.experiment, new.clone());
        self.forget_what_is_left(&old.training);
        if !matches!(self.ended, Some(Ended::Diverged(_) | Ended::Failed(_)))
            && let Err(error) = self.end_by_rule()
        {
            self.ended = Some(Ended::Failed(format!("the run cannot end: {error}")));
        }
        Change::InPlace
    }

    /// The run, so far as `old`, goes on as its experiment says: what a plateau and patience remember stays while there is one,
    /// whatever their numbers.
    pub(super) fn forget_what_is_left(&mut self, old: &Training) {
        let new = &self.experiment.training;
        let is_plateau = |t: &Training| matches!(t.schedule, Schedule::Plateau { .. });
        if !(is_plateau(old) && is_plateau(new)) {
            self.plateau = Plateau::default();
        }
        if old.stop.patience.is_none() || new.stop.patience.is_none() {
            self.stopping = Stopping::default();
        }
    }
}

impl Session {
    /// The network of `other`, if `other` is this run but for what can be changed under way.
    fn spec_of_same_run(&self, other: &Experiment) -> Option<NetworkSpec> {
        if !only_live_settings_differ(&self.experiment, other) {
            return None;
        }
        let spec = resolve::for_data(other, &self.data).ok()?;
        let own = self.network.spec();
        (live_settings_of(own, &spec).as_ref() == Some(own)).then_some(spec)
    }

    /// Whether `other` is this run but for what can be changed under way.
    pub fn is_same_run(&self, other: &Experiment) -> bool {
        self.spec_of_same_run(other).is_some()
    }
}

/// Whether a run of `old` could go on as `new`, as far as their files say.
pub fn could_go_on(old: &Experiment, new: &Experiment) -> bool {
    let fixed = |e: &Experiment| {
        let mut network = e.network.clone();
        network.transfer = None;
        network.output.frozen = false;
        for layer in &mut network.layers {
            (layer.dropout, layer.frozen) = (0.0, false);
        }
        network
    };
    only_live_settings_differ(old, new) && fixed(old) == fixed(new)
}

/// Whether the two are the same but for what lives in the network's layers and for what can be changed under way.
fn only_live_settings_differ(old: &Experiment, new: &Experiment) -> bool {
    let mut expected = old.clone();
    expected.name.clone_from(&new.name);
    expected.description.clone_from(&new.description);
    let training = &mut expected.training;
    training.optimizer = new.training.optimizer.clone();
    training.schedule = new.training.schedule.clone();
    training.regularize = new.training.regularize;
    training.clip = new.training.clip.clone();
    training.stop = new.training.stop;
    // The loss and the layers are compared as they are resolved.
    training.loss.clone_from(&new.training.loss);
    let mut transfer = expected.network.transfer.take();
    expected.network = new.network.clone();
    if let (Some(old), Some(new)) = (&mut transfer, &new.network.transfer) {
        old.frozen = new.frozen;
        old.learning_rate_factor = new.learning_rate_factor;
    }
    expected.network.transfer = transfer;
    expected == *new
}

/// `new` with the dropout and the frozen layers of `own`: equal to `own` if nothing else differs.
fn live_settings_of(own: &NetworkSpec, new: &NetworkSpec) -> Option<NetworkSpec> {
    if own.layers.len() != new.layers.len() {
        return None;
    }
    let mut spec = new.clone();
    for (layer, own) in spec.layers.iter_mut().zip(&own.layers) {
        layer.dropout = own.dropout;
        layer.frozen = own.frozen;
    }
    Some(spec)
}
