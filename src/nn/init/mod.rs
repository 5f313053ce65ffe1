//! Initializers: how weights and biases are drawn.

mod fill;
mod moments;
mod orthogonal;
#[cfg(test)]
mod tests;

pub use moments::{TRUNCATED_STD, TRUNCATION};

use super::vocabulary::{Field, Value};
use crate::vocabulary;

/// Which number of connections scales a variance (`variance-scaling`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanMode {
    FanIn,
    FanOut,
    FanAvg,
}

/// The shape of a draw (`variance-scaling`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    Normal,
    Uniform,
    /// Cut at ±2 standard deviations and widened so that the variance is the formula's, as Keras does.
    TruncatedNormal,
}

macro_rules! words {
    ($Name:ident, $all:ident: $($Variant:ident = $word:literal),+) => {
        /// The words of the choice, as files write them.
        pub const $all: &[&str] = &[$($word),+];
        impl Field for $Name {
            fn to_value(&self) -> Value {
                Value::Text(match self { $(Self::$Variant => $word),+ }.to_string())
            }
            fn from_value(value: &Value) -> Option<Self> {
                match value {
                    Value::Text(word) => match word.as_str() { $($word => Some(Self::$Variant),)+ _ => None },
                    _ => None,
                }
            }
        }
    };
}
words!(FanMode, FAN_MODES: FanIn = "fan_in", FanOut = "fan_out", FanAvg = "fan_avg");
words!(Distribution, DISTRIBUTIONS: Normal = "normal", Uniform = "uniform", TruncatedNormal = "truncated-normal");

vocabulary! {
    /// How a layer's weights (or biases) are drawn. fan_in is the number of a layer's inputs, fan_out of its units.
    pub enum Initializer("initializer") {
        GlorotNormal = "glorot-normal" ["N(0, 1/fan_avg)", "Glorot & Bengio 2010, eq. 12"],
        GlorotUniform = "glorot-uniform" ["U(±√(3/fan_avg))", "Glorot & Bengio 2010, eq. 16"],
        HeNormal = "he-normal" ["N(0, 2/fan_in)", "He et al. 2015, eq. 10"],
        HeUniform = "he-uniform" ["U(±√(6/fan_in))", "He et al. 2015"],
        LecunNormal = "lecun-normal" ["N(0, 1/fan_in)", "LeCun et al. 1998, Klambauer et al. 2017"],
        LecunUniform = "lecun-uniform" ["U(±√(3/fan_in))", "LeCun et al. 1998"],
        Normal = "normal" ["N(mean, std²), whatever the layer's size", "-"] {
            mean: f64 = Some(0.0), ANY, "mean";
            std: f64 = Some(1.0), NOT_NEGATIVE, "standard deviation"
        },
        Uniform = "uniform" ["U(min, max), whatever the layer's size", "-"] {
            min: f64 = Some(-1.0), ANY, "lower end";
            max: f64 = Some(1.0), ANY, "upper end"
        },
        TruncatedNormal = "truncated-normal" ["N(mean, std²) cut at ±2 std", "-"] {
            mean: f64 = Some(0.0), ANY, "mean";
            std: f64 = Some(0.05), NOT_NEGATIVE, "standard deviation before the cut"
        },
        Zeros = "zeros" ["all 0: every unit of a layer stays the same", "-"],
        Ones = "ones" ["all 1", "-"],
        Constant = "constant" ["all equal to value", "-"] {
            value: f64 = None, ANY, "the value"
        },
        Orthogonal = "orthogonal" ["a random orthogonal matrix times gain", "Saxe, McClelland & Ganguli 2014"] {
            gain: f64 = Some(1.0), ANY, "factor"
        },
        Identity = "identity" ["the identity matrix times gain", "Le, Jaitly & Hinton 2015"] {
            gain: f64 = Some(1.0), ANY, "factor"
        },
        TorchDefault = "torch-default" ["U(±1/√fan_in), biases too: what nn.Linear does", "PyTorch"],
        Lsuv = "lsuv" ["orthogonal, then scaled to unit variance layer by layer on the first batch", "Mishkin & Matas 2016"],
        VarianceScaling = "variance-scaling" ["variance scale/fan: the general form behind the named ones", "Keras"] {
            scale: f64 = Some(1.0), POSITIVE, "factor of the variance";
            mode: FanMode = Some(FanMode::FanIn), Limits::Choice(FAN_MODES), "which fan";
            distribution: Distribution = Some(Distribution::TruncatedNormal), Limits::Choice(DISTRIBUTIONS), "shape of the draw"
        },
    }
}
