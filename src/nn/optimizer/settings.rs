//! What the rest of the program asks of an optimizer's settings.

use super::Optimizer;
use crate::nn::number::Number;
use crate::nn::vocabulary::{Misfit, Vocabulary};

impl Optimizer {
    pub fn learning_rate(&self) -> f64 {
        let mut copy = self.clone();
        *copy.learning_rate_mut()
    }

    /// The kind's own.
    pub fn default_learning_rate(&self) -> f64 {
        Self::named(self.name()).map_or(self.learning_rate(), |kind| kind.learning_rate())
    }

    pub fn with_learning_rate(&self, rate: f64) -> Optimizer {
        let mut copy = self.clone();
        *copy.learning_rate_mut() = rate;
        copy
    }

    fn learning_rate_mut(&mut self) -> &mut f64 {
        match self {
            Optimizer::Sgd { learning_rate, .. }
            | Optimizer::Adagrad { learning_rate, .. }
            | Optimizer::Rmsprop { learning_rate, .. }
            | Optimizer::Adadelta { learning_rate, .. }
            | Optimizer::Adam { learning_rate, .. }
            | Optimizer::Adamw { learning_rate, .. }
            | Optimizer::Adamax { learning_rate, .. }
            | Optimizer::Nadam { learning_rate, .. } => learning_rate,
        }
    }

    /// What a one-cycle schedule moves against the rate: `momentum`, or `beta1`; `None` for optimizers without either.
    pub fn momentum(&self) -> Option<f64> {
        let mut copy = self.clone();
        copy.momentum_mut().copied()
    }

    /// The same with another [`Optimizer::momentum`], where there is one.
    pub fn with_momentum(&self, momentum: f64) -> Optimizer {
        let mut copy = self.clone();
        if let Some(place) = copy.momentum_mut() {
            *place = momentum;
        }
        copy
    }

    fn momentum_mut(&mut self) -> Option<&mut f64> {
        match self {
            Optimizer::Sgd { momentum, .. } | Optimizer::Rmsprop { momentum, .. } => Some(momentum),
            Optimizer::Adam { beta1, .. }
            | Optimizer::Adamw { beta1, .. }
            | Optimizer::Adamax { beta1, .. }
            | Optimizer::Nadam { beta1, .. } => Some(beta1),
            Optimizer::Adagrad { .. } | Optimizer::Adadelta { .. } => None,
        }
    }

    pub fn weight_decay(&self) -> f64 {
        let mut copy = self.clone();
        *copy.weight_decay_mut()
    }

    pub fn with_weight_decay(&self, decay: f64) -> Optimizer {
        let mut copy = self.clone();
        *copy.weight_decay_mut() = decay;
        copy
    }

    fn weight_decay_mut(&mut self) -> &mut f64 {
        match self {
            Optimizer::Sgd { weight_decay, .. }
            | Optimizer::Adagrad { weight_decay, .. }
            | Optimizer::Rmsprop { weight_decay, .. }
            | Optimizer::Adadelta { weight_decay, .. }
            | Optimizer::Adam { weight_decay, .. }
            | Optimizer::Adamw { weight_decay, .. }
            | Optimizer::Adamax { weight_decay, .. }
            | Optimizer::Nadam { weight_decay, .. } => weight_decay,
        }
    }

    /// What is wrong with the settings together.
    pub fn misfits(&self) -> Vec<Misfit> {
        let mut found = Vec::new();
        if let Optimizer::Sgd {
            nesterov: true,
            momentum,
            dampening,
            ..
        } = self
        {
            let mut add = |key, message: &str| {
                found.push(Misfit {
                    keys: ["nesterov", key],
                    message: message.into(),
                });
            };
            if *momentum == 0.0 {
                add(
                    "momentum",
                    "`nesterov` looks ahead along the momentum, and there is none: give `momentum`, e.g. 0.9",
                );
            }
            if *dampening != 0.0 {
                add(
                    "dampening",
                    "`nesterov` is defined without `dampening`: leave one of them out",
                );
            }
        }
        found
    }

    /// Names of the numbers kept for every parameter, as PyTorch's state calls them, in the order of
    /// [`super::Slots`]. They depend on the settings (`momentum`, `centered`, `amsgrad`).
    pub fn slot_names(&self) -> &'static [&'static str] {
        match self {
            Optimizer::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            Optimizer::Sgd { .. } => &["momentum_buffer"],
            Optimizer::Adagrad { .. } => &["sum"],
            Optimizer::Rmsprop {
                momentum, centered, ..
            } => match (*momentum > 0.0, *centered) {
                (false, false) => &["square_avg"],
                (true, false) => &["square_avg", "momentum_buffer"],
                (false, true) => &["square_avg", "grad_avg"],
                (true, true) => &["square_avg", "momentum_buffer", "grad_avg"],
            },
            Optimizer::Adadelta { .. } => &["square_avg", "acc_delta"],
            Optimizer::Adam { amsgrad, .. } | Optimizer::Adamw { amsgrad, .. } if *amsgrad => {
                &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
            }
            Optimizer::Adam { .. } | Optimizer::Adamw { .. } | Optimizer::Nadam { .. } => {
                &["exp_avg", "exp_avg_sq"]
            }
            Optimizer::Adamax { .. } => &["exp_avg", "exp_inf"],
        }
    }

    /// How many numbers are kept for every parameter.
    pub fn state_slots(&self) -> usize {
        self.slot_names().len()
    }

    /// What every slot holds before the first step.
    pub fn initial_slot<T: Number>(&self) -> T {
        match self {
            Optimizer::Adagrad {
                initial_accumulator_value,
                ..
            } => T::from_f64(*initial_accumulator_value),
            _ => T::ZERO,
        }
    }
}
