//! What can be changed while a run goes on.

use super::Session;
use super::stopping::Stopping;
use crate::experiment::{Experiment, Layer, Network, Training, resolve};
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
        has_layers_of(self.network.spec(), &spec).then_some(spec)
    }

    /// Whether `other` is this run but for what can be changed under way.
    pub fn is_same_run(&self, other: &Experiment) -> bool {
        self.spec_of_same_run(other).is_some()
    }
}

/// Whether a run of `old` could go on as `new`, as far as their files say.
pub fn could_go_on(old: &Experiment, new: &Experiment) -> bool {
    let (old, new) = (fixed(old), with_the_loss_of(old, fixed(new)));
    old == new
}

/// Whether the two are the same but for what lives in the network's layers and for what can be changed under way.
fn only_live_settings_differ(old: &Experiment, new: &Experiment) -> bool {
    let (mut old, new) = (fixed(old), with_the_loss_of(old, fixed(new)));
    // The layers are compared as they are resolved.
    let transfer = old.network.transfer.take();
    old.network = Network {
        transfer,
        ..new.network.clone()
    };
    old == new
}

/// The loss is compared as it is resolved.
fn with_the_loss_of(old: &Experiment, mut new: Experiment) -> Experiment {
    new.training.loss.clone_from(&old.training.loss);
    new
}

/// The experiment without what can be changed under way: what makes a run the one that it is.
pub fn fixed(experiment: &Experiment) -> Experiment {
    let mut run = experiment.clone();
    run.name.clear();
    run.description.clear();
    run.training = Training {
        batch_size: run.training.batch_size,
        label_smoothing: run.training.label_smoothing,
        loss: run.training.loss,
        ..Training::default()
    };
    if let Some(transfer) = &mut run.network.transfer {
        transfer.frozen = false;
        transfer.learning_rate_factor = 1.0;
    }
    run.network.output.frozen = false;
    let mut layers: Vec<Layer> = Vec::new();
    for mut layer in run.network.layers {
        (layer.dropout, layer.frozen) = (0.0, false);
        // An entry is parted where one of its equal layers is frozen.
        match layers.last_mut() {
            Some(last)
                if (Layer {
                    repeat: last.repeat,
                    ..layer.clone()
                }) == *last =>
            {
                last.repeat = last.repeat.saturating_add(layer.repeat);
            }
            _ => layers.push(layer),
        }
    }
    run.network.layers = layers;
    run
}

/// Whether two networks have the same layers, each in its place, but for what can be changed under way.
pub fn has_layers_of(own: &NetworkSpec, new: &NetworkSpec) -> bool {
    live_settings_of(own, new).as_ref() == Some(own)
}

/// `new` with the dropout and the frozen layers of `own`, and its start: equal to `own` if nothing else differs.
fn live_settings_of(own: &NetworkSpec, new: &NetworkSpec) -> Option<NetworkSpec> {
    if own.layers.len() != new.layers.len() {
        return None;
    }
    let mut spec = new.clone();
    for (layer, own) in spec.layers.iter_mut().zip(&own.layers) {
        layer.dropout = own.dropout;
        layer.frozen = own.frozen;
        layer.given = own.given;
    }
    Some(spec)
}
