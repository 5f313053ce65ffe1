//! Places of an experiment that hold a number, a flag or a text.

use super::lower::{self, Lower};
use crate::experiment::{BatchSize, Experiment, Layer};
use crate::nn::vocabulary::{
    AT_LEAST_ONE, BELOW_ONE, FLAG, Limits, NOT_NEGATIVE, Parameter, Value, WHOLE,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    Name,
    Description,
    Seed,
    TestFraction,
    Standardize,
    Shuffle,
    TrainRows,
    BatchSize,
    LabelSmoothing,
    L1,
    L2,
    MaxNorm,
    StopEpochs,
    StopSteps,
    StopPatience,
    Layer(usize, LayerScalar),
    OutputFrozen,
    Lower(Lower),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerScalar {
    Units,
    Repeat,
    Dropout,
    Skip,
    Frozen,
}

impl Scalar {
    /// Its name in the file, its limits and its line of help; a default of `Absent` says that it may be left out.
    pub fn parameter(self) -> Parameter {
        let (name, limits, optional, help) = match self {
            Scalar::Lower(lower) => return lower.parameter(),
            Scalar::Name => ("name", Limits::Text, false, "the experiment's name"),
            Scalar::Description => ("description", Limits::Text, true, "what to watch"),
            Scalar::Seed => (
                "seed",
                WHOLE,
                false,
                "from which weights, row order, dropout and made data are drawn",
            ),
            Scalar::TestFraction => (
                "test_fraction",
                BELOW_ONE,
                false,
                "share of the rows held out as the test set",
            ),
            Scalar::Standardize => (
                "standardize",
                FLAG,
                false,
                "each feature to mean 0 and variance 1, by the training rows",
            ),
            Scalar::Shuffle => (
                "shuffle",
                FLAG,
                false,
                "a new order of the training rows every epoch",
            ),
            Scalar::TrainRows => (
                "train_rows",
                AT_LEAST_ONE,
                true,
                "keep only so many training rows (none = all)",
            ),
            Scalar::BatchSize => (
                "batch_size",
                AT_LEAST_ONE,
                true,
                "rows of a mini-batch, or full",
            ),
            Scalar::LabelSmoothing => (
                "label_smoothing",
                BELOW_ONE,
                false,
                "share of the target spread over all classes",
            ),
            Scalar::L1 => (
                "l1",
                NOT_NEGATIVE,
                false,
                "penalty l1·Σ|W|, biases left out",
            ),
            Scalar::L2 => ("l2", NOT_NEGATIVE, false, "penalty l2·ΣW², biases left out"),
            Scalar::MaxNorm => (
                "max_norm",
                NOT_NEGATIVE,
                false,
                "largest norm of a unit's incoming weights (recurrent ones by themselves), 0 = off",
            ),
            Scalar::StopEpochs => ("epochs", AT_LEAST_ONE, true, "stop after so many epochs"),
            Scalar::StopSteps => ("steps", AT_LEAST_ONE, true, "stop after so many steps"),
            Scalar::StopPatience => (
                "patience",
                AT_LEAST_ONE,
                true,
                "stop after so many epochs without a better test loss",
            ),
            Scalar::OutputFrozen => ("frozen", FLAG, false, "its parameters are not updated"),
            Scalar::Layer(_, scalar) => match scalar {
                LayerScalar::Units => ("units", AT_LEAST_ONE, false, "neurons of the layer"),
                LayerScalar::Repeat => ("repeat", AT_LEAST_ONE, false, "so many equal layers"),
                LayerScalar::Dropout => (
                    "dropout",
                    BELOW_ONE,
                    false,
                    "share of outputs set to 0 in training, 0 = none",
                ),
                LayerScalar::Skip => (
                    "skip",
                    FLAG,
                    false,
                    "adds the layer's input to its output; needs equal widths",
                ),
                LayerScalar::Frozen => ("frozen", FLAG, false, "its parameters are not updated"),
            },
        };
        Parameter {
            name,
            default: optional.then_some(Value::Absent),
            limits,
            help,
        }
    }

    pub fn get(self, e: &Experiment) -> Value {
        let optional = |v: Option<u64>| v.map_or(Value::Absent, Value::Count);
        match self {
            Scalar::Name => Value::Text(e.name.clone()),
            Scalar::Description => Value::Text(e.description.clone()),
            Scalar::Seed => Value::Count(e.seed),
            Scalar::TestFraction => Value::Real(e.data.test_fraction),
            Scalar::Standardize => Value::Flag(e.data.standardize),
            Scalar::Shuffle => Value::Flag(e.data.shuffle),
            Scalar::TrainRows => optional(e.data.train_rows.map(|n| n as u64)),
            Scalar::BatchSize => match e.training.batch_size {
                BatchSize::Rows(n) => Value::Count(n as u64),
                BatchSize::Full => Value::Absent,
            },
            Scalar::LabelSmoothing => Value::Real(e.training.label_smoothing),
            Scalar::L1 => Value::Real(e.training.regularize.l1),
            Scalar::L2 => Value::Real(e.training.regularize.l2),
            Scalar::MaxNorm => Value::Real(e.training.regularize.max_norm),
            Scalar::StopEpochs => optional(e.training.stop.epochs),
            Scalar::StopSteps => optional(e.training.stop.steps),
            Scalar::StopPatience => optional(e.training.stop.patience),
            Scalar::OutputFrozen => Value::Flag(e.network.output.frozen),
            Scalar::Lower(lower) => lower.get(e),
            Scalar::Layer(i, scalar) => match e.network.layers.get(i) {
                None => Value::Absent,
                Some(layer) => match scalar {
                    LayerScalar::Units => Value::Count(layer.units as u64),
                    LayerScalar::Repeat => Value::Count(layer.repeat as u64),
                    LayerScalar::Dropout => Value::Real(layer.dropout),
                    LayerScalar::Skip => Value::Flag(layer.skip),
                    LayerScalar::Frozen => Value::Flag(lower::is_frozen(e, i)),
                },
            },
        }
    }

    /// Puts a value there; false where its type does not fit.
    pub fn set(self, e: &mut Experiment, value: &Value) -> bool {
        if let Scalar::Lower(lower) = self {
            return lower.set(e, value);
        }
        let training = &mut e.training;
        match (self, value) {
            (Scalar::Name, Value::Text(v)) => e.name = v.clone(),
            (Scalar::Description, Value::Text(v)) => e.description = v.clone(),
            (Scalar::Description, Value::Absent) => e.description = String::new(),
            (Scalar::Seed, Value::Count(v)) => e.seed = *v,
            (Scalar::TestFraction, Value::Real(v)) => e.data.test_fraction = *v,
            (Scalar::Standardize, Value::Flag(v)) => e.data.standardize = *v,
            (Scalar::Shuffle, Value::Flag(v)) => e.data.shuffle = *v,
            (Scalar::TrainRows, Value::Count(v)) => e.data.train_rows = Some(*v as usize),
            (Scalar::TrainRows, Value::Absent) => e.data.train_rows = None,
            (Scalar::BatchSize, Value::Count(v)) => {
                training.batch_size = BatchSize::Rows(*v as usize)
            }
            (Scalar::BatchSize, Value::Absent) => training.batch_size = BatchSize::Full,
            (Scalar::LabelSmoothing, Value::Real(v)) => training.label_smoothing = *v,
            (Scalar::L1, Value::Real(v)) => training.regularize.l1 = *v,
            (Scalar::L2, Value::Real(v)) => training.regularize.l2 = *v,
            (Scalar::MaxNorm, Value::Real(v)) => training.regularize.max_norm = *v,
            (Scalar::StopEpochs, v) => return put(&mut training.stop.epochs, v),
            (Scalar::StopSteps, v) => return put(&mut training.stop.steps, v),
            (Scalar::StopPatience, v) => return put(&mut training.stop.patience, v),
            (Scalar::OutputFrozen, Value::Flag(v)) => e.network.output.frozen = *v,
            (Scalar::Layer(i, LayerScalar::Frozen), Value::Flag(on)) => {
                return lower::set_frozen(e, i, *on);
            }
            (Scalar::Layer(i, scalar), value) => {
                return match e.network.layers.get_mut(i) {
                    Some(layer) => set_in_layer(layer, scalar, value),
                    None => false,
                };
            }
            _ => return false,
        }
        true
    }

    /// The word for a value that is left out.
    pub fn absent_word(self) -> &'static str {
        match self {
            Scalar::BatchSize => "full",
            Scalar::TrainRows | Scalar::Lower(_) => "all",
            _ => "none",
        }
    }
}

fn put(place: &mut Option<u64>, value: &Value) -> bool {
    match value {
        Value::Count(v) => *place = Some(*v),
        Value::Absent => *place = None,
        _ => return false,
    }
    true
}

fn set_in_layer(layer: &mut Layer, scalar: LayerScalar, value: &Value) -> bool {
    match (scalar, value) {
        (LayerScalar::Units, Value::Count(v)) => layer.units = *v as usize,
        (LayerScalar::Repeat, Value::Count(v)) => layer.repeat = *v as usize,
        (LayerScalar::Dropout, Value::Real(v)) => layer.dropout = *v,
        (LayerScalar::Skip, Value::Flag(v)) => layer.skip = *v,
        _ => return false,
    }
    true
}
