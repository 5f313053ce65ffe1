//! Places that hold what becomes of lower layers before the run: taken over from a saved run, or pretrained.

use crate::experiment::{Experiment, Pretrain, Transfer};
use crate::nn::vocabulary::{AT_LEAST_ONE, FLAG, Limits, NOT_NEGATIVE, POSITIVE, Parameter, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lower {
    /// Whether layers are taken over; only an experiment's file says from where, so that it can only be taken out.
    Transfer,
    TransferLayers,
    TransferFrozen,
    TransferRate,
    Pretrain,
    PretrainEpochs,
    PretrainNoise,
    PretrainTied,
    PretrainLayers,
    PretrainRate,
}

impl Lower {
    pub fn parameter(self) -> Parameter {
        let (name, limits, help): (_, Limits, _) = match self {
            Lower::Transfer => ("transfer", FLAG, "lower layers taken from a saved run"),
            Lower::TransferLayers => (
                "transfer layers",
                AT_LEAST_ONE,
                "how many layers are taken over, from the bottom",
            ),
            Lower::TransferFrozen => (
                "transfer frozen",
                FLAG,
                "the transferred layers are not updated; changes under way",
            ),
            Lower::TransferRate => (
                "transfer rate",
                NOT_NEGATIVE,
                "factor of the learning rate for the transferred layers; changes under way",
            ),
            Lower::Pretrain => (
                "pretrain",
                FLAG,
                "train the hidden layers one by one as autoencoders first",
            ),
            Lower::PretrainEpochs => ("pretrain epochs", AT_LEAST_ONE, "epochs of each layer"),
            Lower::PretrainNoise => (
                "pretrain noise",
                NOT_NEGATIVE,
                "standard deviation of the noise on the autoencoder's inputs",
            ),
            Lower::PretrainTied => (
                "pretrain tied",
                FLAG,
                "the decoder's weights are the encoder's, transposed",
            ),
            Lower::PretrainLayers => (
                "pretrain layers",
                AT_LEAST_ONE,
                "how many hidden layers, from the bottom (none = all)",
            ),
            Lower::PretrainRate => (
                "pretrain rate",
                POSITIVE,
                "learning rate of the autoencoders (none = what is usual with the optimizer)",
            ),
        };
        let optional = matches!(self, Lower::PretrainLayers | Lower::PretrainRate);
        Parameter {
            name,
            default: optional.then_some(Value::Absent),
            limits,
            help,
        }
    }

    pub fn get(self, e: &Experiment) -> Value {
        let transfer = e.network.transfer.as_ref();
        let pretrain = e.pretrain.as_ref();
        let of = |value: Option<Value>| value.unwrap_or(Value::Absent);
        match self {
            Lower::Transfer => Value::Flag(transfer.is_some()),
            Lower::TransferLayers => of(transfer.map(|t| Value::Count(t.layers as u64))),
            Lower::TransferFrozen => of(transfer.map(|t| Value::Flag(t.frozen))),
            Lower::TransferRate => of(transfer.map(|t| Value::Real(t.learning_rate_factor))),
            Lower::Pretrain => Value::Flag(pretrain.is_some()),
            Lower::PretrainEpochs => of(pretrain.map(|p| Value::Count(p.epochs as u64))),
            Lower::PretrainNoise => of(pretrain.map(|p| Value::Real(p.noise))),
            Lower::PretrainTied => of(pretrain.map(|p| Value::Flag(p.tied))),
            Lower::PretrainLayers => {
                of(pretrain.and_then(|p| p.layers.map(|n| Value::Count(n as u64))))
            }
            Lower::PretrainRate => of(pretrain.map(|p| Value::Real(p.rate(&e.training.optimizer)))),
        }
    }

    /// Puts a value there; false where it does not fit.
    pub fn set(self, e: &mut Experiment, value: &Value) -> bool {
        match (self, value) {
            (Lower::Transfer, Value::Flag(false)) => {
                e.network.transfer = None;
                return true;
            }
            (Lower::Pretrain, Value::Flag(on)) => {
                e.pretrain = on.then(|| e.pretrain.take().unwrap_or_default());
                return true;
            }
            _ => {}
        }
        let usual = Pretrain::usual_rate(&e.training.optimizer);
        match (&mut e.network.transfer, &mut e.pretrain, self, value) {
            (Some(t), _, Lower::TransferLayers, Value::Count(n)) => t.layers = *n as usize,
            (Some(t), _, Lower::TransferFrozen, Value::Flag(on)) => t.frozen = *on,
            (Some(t), _, Lower::TransferRate, Value::Real(v)) => t.learning_rate_factor = *v,
            (_, Some(p), Lower::PretrainEpochs, Value::Count(n)) => p.epochs = *n as usize,
            (_, Some(p), Lower::PretrainNoise, Value::Real(v)) => p.noise = *v,
            (_, Some(p), Lower::PretrainTied, Value::Flag(on)) => p.tied = *on,
            (_, Some(p), Lower::PretrainLayers, Value::Count(n)) => p.layers = Some(*n as usize),
            (_, Some(p), Lower::PretrainLayers, Value::Absent) => p.layers = None,
            (_, Some(p), Lower::PretrainRate, Value::Real(v)) => {
                p.learning_rate = (*v != usual).then_some(*v);
            }
            (_, Some(p), Lower::PretrainRate, Value::Absent) => p.learning_rate = None,
            _ => return false,
        }
        true
    }

    /// What there is to be set in an experiment.
    pub fn all(e: &Experiment) -> Vec<Lower> {
        let mut all = Vec::new();
        if e.network.transfer.is_some() {
            all.extend([
                Lower::Transfer,
                Lower::TransferLayers,
                Lower::TransferFrozen,
                Lower::TransferRate,
            ]);
        } else {
            all.push(Lower::Pretrain);
        }
        if e.pretrain.is_some() {
            all.extend([
                Lower::PretrainEpochs,
                Lower::PretrainNoise,
                Lower::PretrainTied,
                Lower::PretrainLayers,
                Lower::PretrainRate,
            ]);
        }
        all
    }
}

/// Freezes or thaws an entry of the list of layers, or `None`, the output layer: transferred layers all together, others by
/// themselves. Says what became of it.
pub fn toggle_frozen(e: &mut Experiment, entry: Option<usize>) -> String {
    let done = |frozen: bool, what: &str| {
        let verb = if frozen { "frozen" } else { "thawed" };
        format!("{verb}: {what}")
    };
    let Some(i) = entry else {
        e.network.output.frozen ^= true;
        return done(e.network.output.frozen, "the output layer");
    };
    if i >= e.network.layers.len() {
        return String::new();
    }
    let frozen = !is_frozen(e, i);
    let what = match taken_with(e, i).map(|transfer| transfer.layers) {
        Some(1) => "the transferred layer".to_string(),
        Some(n) => format!("the {n} transferred layers"),
        None => "the selected layers".to_string(),
    };
    set_frozen(e, i, frozen);
    done(frozen, &what)
}

/// What takes all layers of an entry over from a saved run.
fn taken_with(e: &mut Experiment, i: usize) -> Option<&mut Transfer> {
    let last = super::layers::first_of(e, i + 1);
    let transfer = e.network.transfer.as_mut();
    transfer.filter(|transfer| last <= transfer.layers)
}

/// Whether an entry's layers are not updated: by themselves, or with all that were taken over.
pub fn is_frozen(e: &Experiment, i: usize) -> bool {
    let last = super::layers::first_of(e, i + 1);
    let transfer = e.network.transfer.as_ref();
    let with_others = transfer.is_some_and(|t| t.frozen && last <= t.layers);
    with_others || e.network.layers.get(i).is_some_and(|layer| layer.frozen)
}

/// Transferred layers all together, others by themselves; false where there is no such entry.
pub fn set_frozen(e: &mut Experiment, i: usize, on: bool) -> bool {
    let is_taken = match taken_with(e, i) {
        Some(transfer) => {
            transfer.frozen = on;
            true
        }
        None => false,
    };
    let Some(layer) = e.network.layers.get_mut(i) else {
        return false;
    };
    layer.frozen = on && !is_taken;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::optimizer::Optimizer;
    use crate::nn::vocabulary::Vocabulary;
    use crate::tui::edit::{LayerScalar, Scalar};
    use crate::tui::samples;

    #[test]
    fn transferred_layers_freeze_together_and_others_by_themselves() {
        let mut e = samples::experiment();
        let first = e.network.layers[0].clone();
        e.network.layers = vec![first.clone(), first];
        e.network.layers[0].repeat = 2;
        e.network.transfer = Some(Transfer::from("x.safetensors", 2));
        let said = toggle_frozen(&mut e, Some(0));
        assert_eq!(said, "frozen: the 2 transferred layers");
        assert!(e.network.transfer.as_ref().is_some_and(|t| t.frozen));
        let form = |i| Scalar::Layer(i, LayerScalar::Frozen);
        assert_eq!(form(0).get(&e), Value::Flag(true));
        assert!(form(0).set(&mut e, &Value::Flag(false)));
        assert!(e.network.transfer.as_ref().is_some_and(|t| !t.frozen));
        assert!(form(0).set(&mut e, &Value::Flag(true)));
        assert_eq!(form(1).get(&e), Value::Flag(false));
        assert_eq!(
            toggle_frozen(&mut e, Some(1)),
            "frozen: the selected layers"
        );
        assert!(e.network.layers[1].frozen && !e.network.layers[0].frozen);
        toggle_frozen(&mut e, Some(0));
        assert!(e.network.transfer.as_ref().is_some_and(|t| !t.frozen));
        toggle_frozen(&mut e, None);
        assert!(e.network.output.frozen);
    }

    /// The file's rate of old was one for all: a hundred times what suits Adam.
    #[test]
    fn pretraining_that_is_turned_on_starts_at_a_rate_that_suits_the_optimizer() {
        let rate = |kind: &str| {
            let mut e = samples::experiment();
            e.training.optimizer = Optimizer::named(kind).expect("an optimizer");
            assert!(Lower::Pretrain.set(&mut e, &Value::Flag(true)));
            let rate = Lower::PretrainRate.get(&e);
            assert!(Lower::PretrainRate.set(&mut e, &rate));
            assert_eq!(e.pretrain, Some(Pretrain::default()), "still what is usual");
            assert!(Lower::PretrainRate.set(&mut e, &Value::Real(0.5)));
            assert!(Lower::PretrainRate.set(&mut e, &Value::Absent));
            assert_eq!(Lower::PretrainRate.get(&e), rate);
            rate
        };
        assert_eq!(rate("adam"), Value::Real(0.001));
        assert_eq!(rate("rmsprop"), Value::Real(0.01));
        assert_eq!(rate("sgd"), Value::Real(0.1));
    }

    #[test]
    fn every_value_that_is_set_is_read_back() {
        let mut e = samples::experiment();
        assert!(Lower::Pretrain.set(&mut e, &Value::Flag(true)));
        for lower in Lower::all(&e) {
            let value = match lower.get(&e) {
                Value::Flag(_) => Value::Flag(true),
                Value::Count(n) => Value::Count(n + 1),
                Value::Real(v) => Value::Real(v + 0.5),
                _ => Value::Count(3),
            };
            assert!(lower.set(&mut e, &value), "{lower:?}");
            assert_eq!(lower.get(&e), value, "{lower:?}");
        }
        assert!(Lower::Pretrain.set(&mut e, &Value::Flag(false)));
        assert_eq!(Lower::all(&e), [Lower::Pretrain]);
        assert!(!Lower::PretrainTied.set(&mut e, &Value::Flag(true)));
    }
}
