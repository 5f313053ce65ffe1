//! The table of the field: which draw suits which activation.

use crate::nn::activation::Activation;
use crate::nn::init::{FanMode, Initializer};
use crate::nn::spec::LayerSpec;
use crate::nn::vocabulary::Vocabulary;

/// A named family of variances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    Glorot,
    He,
    Lecun,
}

impl Family {
    /// As the field calls it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Glorot => "Glorot",
            Family::He => "He",
            Family::Lecun => "LeCun",
        }
    }

    /// The family's member, uniform where the weights are now.
    pub fn member(self, now: &Initializer) -> Initializer {
        let uniform = now.name().ends_with("-uniform");
        match (self, uniform) {
            (Family::Glorot, false) => Initializer::GlorotNormal,
            (Family::Glorot, true) => Initializer::GlorotUniform,
            (Family::He, false) => Initializer::HeNormal,
            (Family::He, true) => Initializer::HeUniform,
            (Family::Lecun, false) => Initializer::LecunNormal,
            (Family::Lecun, true) => Initializer::LecunUniform,
        }
    }

    /// The family of a named draw, or of its general form.
    pub fn of(init: &Initializer) -> Option<Family> {
        match init {
            Initializer::GlorotNormal | Initializer::GlorotUniform => Some(Family::Glorot),
            Initializer::HeNormal | Initializer::HeUniform => Some(Family::He),
            Initializer::LecunNormal | Initializer::LecunUniform => Some(Family::Lecun),
            Initializer::VarianceScaling { scale, mode, .. } => match (*scale, *mode) {
                (1.0, FanMode::FanAvg) => Some(Family::Glorot),
                (2.0, FanMode::FanIn) => Some(Family::He),
                (1.0, FanMode::FanIn) => Some(Family::Lecun),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Glorot for linear, tanh, logistic (and softmax); He for ReLU, its variants and ELU; LeCun for SELU. `None` for those the
/// table does not know.
pub fn recommended(activation: &Activation) -> Option<Family> {
    match activation {
        Activation::Linear | Activation::Tanh | Activation::Logistic => Some(Family::Glorot),
        Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::Prelu { .. }
        | Activation::Rrelu { .. }
        | Activation::Relu6
        | Activation::Elu { .. }
        | Activation::Celu { .. } => Some(Family::He),
        Activation::Selu => Some(Family::Lecun),
        _ => None,
    }
}

/// The table's family for a layer; `output` for the output layer, whose softmax or linear output wants Glorot's. For a recurrent
/// layer it has none: a step's gain comes from the recurrent matrix too.
pub fn recommended_for(layer: &LayerSpec, output: bool) -> Option<Family> {
    match output {
        true => Some(Family::Glorot),
        false if layer.kind.cell().is_some() => None,
        false => recommended(&layer.activation),
    }
}

/// The family that a layer should have and has not; `output` as in [`recommended_for`]. Draws that scale themselves
/// (orthogonal, lsuv) and draws of the same variance are no departure; nor is an output layer within a factor of two, where
/// it is one layer of many, nor a layer that does not start from its draw.
pub fn departure(layer: &LayerSpec, output: bool) -> Option<Family> {
    let family = recommended_for(layer, output)?;
    let scales_itself = matches!(
        layer.init,
        Initializer::Orthogonal { .. } | Initializer::Lsuv
    );
    if Family::of(&layer.init) == Some(family) || scales_itself || layer.given {
        return None;
    }
    let variance = |init: &Initializer| init.variance(layer.inputs, layer.units);
    let ratio = variance(&layer.init) / variance(&family.member(&layer.init));
    let centred = layer.init.mean(layer.inputs, layer.units) == 0.0;
    let tolerance = if output { 2f64.ln() } else { 0.01 };
    (!centred || ratio.ln().abs() > tolerance).then_some(family)
}
