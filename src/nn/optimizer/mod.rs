//! Optimizers, with the semantics, names and defaults of PyTorch.

mod rule;
mod settings;
#[cfg(test)]
mod tests;
mod update;

pub use rule::{Adam, Rule, Scalars, Update};
pub use update::{MAX_SLOTS, Slots};

use crate::vocabulary;

vocabulary! {
    /// How a gradient becomes an update.
    pub enum Optimizer("optimizer") {
        Sgd = "sgd" ["stochastic gradient descent, with momentum and Nesterov's look-ahead", "Robbins & Monro 1951, Polyak 1964, Nesterov 1983"] {
            learning_rate: f64 = Some(0.001), NOT_NEGATIVE, "step size";
            momentum: f64 = Some(0.0), BELOW_ONE, "share of the last update that is kept";
            dampening: f64 = Some(0.0), SHARE, "share of the gradient that momentum leaves out";
            nesterov: bool = Some(false), FLAG, "look ahead (needs momentum, no dampening)";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Adagrad = "adagrad" ["step sizes by the sum of squared gradients", "Duchi, Hazan & Singer 2011"] {
            learning_rate: f64 = Some(0.01), NOT_NEGATIVE, "step size";
            lr_decay: f64 = Some(0.0), NOT_NEGATIVE, "the rate falls as 1/(1 + t·decay)";
            initial_accumulator_value: f64 = Some(0.0), NOT_NEGATIVE, "the sum's start";
            eps: f64 = Some(1e-10), NOT_NEGATIVE, "keeps the divisor from 0";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Rmsprop = "rmsprop" ["step sizes by a running mean of squared gradients", "Tieleman & Hinton 2012"] {
            learning_rate: f64 = Some(0.01), NOT_NEGATIVE, "step size";
            alpha: f64 = Some(0.99), BELOW_ONE, "smoothing of the squares";
            eps: f64 = Some(1e-8), NOT_NEGATIVE, "keeps the divisor from 0";
            momentum: f64 = Some(0.0), BELOW_ONE, "share of the last update that is kept";
            centered: bool = Some(false), FLAG, "by the variance instead of the square";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Adadelta = "adadelta" ["units-correct steps without a rate to choose", "Zeiler 2012"] {
            learning_rate: f64 = Some(1.0), NOT_NEGATIVE, "factor of the step";
            rho: f64 = Some(0.9), BELOW_ONE, "smoothing";
            eps: f64 = Some(1e-6), NOT_NEGATIVE, "keeps the divisor from 0";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Adam = "adam" ["momentum and step sizes by squared gradients, both unbiased", "Kingma & Ba 2015"] {
            learning_rate: f64 = Some(0.001), NOT_NEGATIVE, "step size";
            beta1: f64 = Some(0.9), BELOW_ONE, "smoothing of the gradient";
            beta2: f64 = Some(0.999), BELOW_ONE, "smoothing of the squares";
            eps: f64 = Some(1e-8), NOT_NEGATIVE, "keeps the divisor from 0";
            amsgrad: bool = Some(false), FLAG, "never let the divisor fall (Reddi et al. 2018)";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Adamw = "adamw" ["Adam with weight decay apart from the gradient", "Loshchilov & Hutter 2019"] {
            learning_rate: f64 = Some(0.001), NOT_NEGATIVE, "step size";
            beta1: f64 = Some(0.9), BELOW_ONE, "smoothing of the gradient";
            beta2: f64 = Some(0.999), BELOW_ONE, "smoothing of the squares";
            eps: f64 = Some(1e-8), NOT_NEGATIVE, "keeps the divisor from 0";
            amsgrad: bool = Some(false), FLAG, "never let the divisor fall (Reddi et al. 2018)";
            weight_decay: f64 = Some(0.01), NOT_NEGATIVE, "decoupled decay"
        },
        Adamax = "adamax" ["Adam by the largest gradient instead of the squares", "Kingma & Ba 2015"] {
            learning_rate: f64 = Some(0.002), NOT_NEGATIVE, "step size";
            beta1: f64 = Some(0.9), BELOW_ONE, "smoothing of the gradient";
            beta2: f64 = Some(0.999), BELOW_ONE, "decay of the largest";
            eps: f64 = Some(1e-8), NOT_NEGATIVE, "keeps the divisor from 0";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
        Nadam = "nadam" ["Adam with Nesterov's look-ahead", "Dozat 2016"] {
            learning_rate: f64 = Some(0.002), NOT_NEGATIVE, "step size";
            beta1: f64 = Some(0.9), BELOW_ONE, "smoothing of the gradient";
            beta2: f64 = Some(0.999), BELOW_ONE, "smoothing of the squares";
            eps: f64 = Some(1e-8), NOT_NEGATIVE, "keeps the divisor from 0";
            momentum_decay: f64 = Some(0.004), NOT_NEGATIVE, "how fast momentum warms up";
            weight_decay: f64 = Some(0.0), NOT_NEGATIVE, "L2 in the gradient"
        },
    }
}
