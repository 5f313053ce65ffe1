//! One step's update as plain numbers: everything that depends on the step, the rate and the settings, but not on the
//! element, worked out once in f64 (in f32, 1 - 0.999 is already 1.3e-5 off).

use super::Optimizer;

/// Scalar state that the parameters of a layer share, which learn and rest together; kept in checkpoints beside the slots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scalars {
    /// Updates made of what the slots hold. A layer that was frozen has fewer than others, as in PyTorch, where a parameter
    /// without a gradient takes no step: the corrections of running means are of their own length.
    pub steps: u64,
    /// NAdam's Π μᵢ up to the last step taken (Dozat 2016).
    pub mu_product: f64,
}

impl Default for Scalars {
    fn default() -> Self {
        Scalars {
            steps: 0,
            mu_product: 1.0,
        }
    }
}

impl Scalars {
    /// To be called before the rule of an update is made.
    pub fn advance(&mut self, optimizer: &Optimizer) {
        self.steps += 1;
        if let Optimizer::Nadam {
            beta1,
            momentum_decay,
            ..
        } = optimizer
        {
            self.mu_product *= mu(*beta1, *momentum_decay, self.steps);
        }
    }
}

/// NAdam's momentum at a step: β₁(1 - ½·0.96^(t·ψ)).
fn mu(beta1: f64, momentum_decay: f64, step: u64) -> f64 {
    beta1 * (1.0 - 0.5 * 0.96f64.powf(step as f64 * momentum_decay))
}

/// How Adam's denominator is made from the running squares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    pub beta1: f64,
    pub beta2: f64,
    /// Factor of the running mean in the step, bias correction included.
    pub rate: f64,
    /// Factor of the gradient itself in the step (NAdam's look-ahead; 0 otherwise).
    pub gradient_rate: f64,
    /// 1/√(1 - β₂ᵗ)
    pub root_correction: f64,
    pub eps: f64,
    pub amsgrad: bool,
    /// Weights are first multiplied by this (AdamW: 1 - lr·decay).
    pub shrink: f64,
}

/// An update rule with its numbers for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Update {
    Sgd {
        rate: f64,
        momentum: f64,
        gain: f64,
        nesterov: bool,
    },
    Adagrad {
        rate: f64,
        eps: f64,
    },
    Rmsprop {
        rate: f64,
        alpha: f64,
        eps: f64,
        momentum: f64,
        centered: bool,
    },
    Adadelta {
        rate: f64,
        rho: f64,
        eps: f64,
    },
    Adam(Adam),
    Adamax {
        rate: f64,
        beta1: f64,
        beta2: f64,
        eps: f64,
    },
}

/// [`Update`] after coupled weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub update: Update,
    /// g += decay·w before anything else; 0 where the decay is decoupled.
    pub decay: f64,
}

impl Optimizer {
    /// The next update at `rate`, the learning rate after schedule and layer factor. `scalars` must have been advanced to it.
    pub fn rule(&self, rate: f64, scalars: &Scalars) -> Rule {
        let decay = match self {
            Optimizer::Adamw { .. } => 0.0,
            other => other.weight_decay(),
        };
        Rule {
            update: self.update_numbers(rate, scalars),
            decay,
        }
    }

    fn update_numbers(&self, rate: f64, scalars: &Scalars) -> Update {
        let step = scalars.steps;
        match *self {
            Optimizer::Sgd {
                momentum,
                dampening,
                nesterov,
                ..
            } => Update::Sgd {
                rate,
                momentum,
                // PyTorch's buffer starts as the first gradient, undampened.
                gain: if step <= 1 { 1.0 } else { 1.0 - dampening },
                nesterov,
            },
            Optimizer::Adagrad { lr_decay, eps, .. } => Update::Adagrad {
                rate: rate / (1.0 + step.saturating_sub(1) as f64 * lr_decay),
                eps,
            },
            Optimizer::Rmsprop {
                alpha,
                eps,
                momentum,
                centered,
                ..
            } => Update::Rmsprop {
                rate,
                alpha,
                eps,
                momentum,
                centered,
            },
            Optimizer::Adadelta { rho, eps, .. } => Update::Adadelta { rate, rho, eps },
            Optimizer::Adam {
                beta1,
                beta2,
                eps,
                amsgrad,
                ..
            } => Update::Adam(adam(step, rate, beta1, beta2, eps, amsgrad)),
            Optimizer::Adamw {
                beta1,
                beta2,
                eps,
                amsgrad,
                weight_decay,
                ..
            } => Update::Adam(Adam {
                shrink: 1.0 - rate * weight_decay,
                ..adam(step, rate, beta1, beta2, eps, amsgrad)
            }),
            Optimizer::Adamax {
                beta1, beta2, eps, ..
            } => Update::Adamax {
                rate: rate / one_minus_power(beta1, step),
                beta1,
                beta2,
                eps,
            },
            Optimizer::Nadam {
                beta1,
                beta2,
                eps,
                momentum_decay,
                ..
            } => {
                let (now, next) = (
                    mu(beta1, momentum_decay, step),
                    mu(beta1, momentum_decay, step + 1),
                );
                Update::Adam(Adam {
                    rate: rate * next / (1.0 - scalars.mu_product * next),
                    gradient_rate: rate * (1.0 - now) / (1.0 - scalars.mu_product),
                    ..adam(step, rate, beta1, beta2, eps, false)
                })
            }
        }
    }
}

fn adam(step: u64, rate: f64, beta1: f64, beta2: f64, eps: f64, amsgrad: bool) -> Adam {
    Adam {
        beta1,
        beta2,
        rate: rate / one_minus_power(beta1, step),
        gradient_rate: 0.0,
        root_correction: 1.0 / one_minus_power(beta2, step).sqrt(),
        eps,
        amsgrad,
        shrink: 1.0,
    }
}

/// 1 - βᵗ
fn one_minus_power(beta: f64, step: u64) -> f64 {
    1.0 - beta.powf(step as f64)
}
