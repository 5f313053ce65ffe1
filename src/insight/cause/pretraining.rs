//! Pretraining at a rate that breaks what it is to prepare.

use super::{Case, Cause};
use crate::experiment::Pretrain;
use crate::insight::remedy::Fix;
use crate::insight::{Topic, words};
use crate::nn::optimizer::Optimizer;
use crate::nn::vocabulary::Vocabulary;
use crate::text::number;

/// The share of the drawn weights' size that an autoencoder's step may move them by.
const MOST: f64 = 0.1;

/// Steps that are about as large as the rate, whatever the gradient.
fn steps_by_the_rate(optimizer: &Optimizer) -> bool {
    matches!(
        optimizer,
        Optimizer::Rmsprop { .. }
            | Optimizer::Adam { .. }
            | Optimizer::Adamw { .. }
            | Optimizer::Adamax { .. }
            | Optimizer::Nadam { .. }
    )
}

/// A rate that is given, and at which units are driven to where they say the same of every row.
pub fn cause(case: &Case) -> Option<Cause> {
    let pretrain = case.experiment.pretrain.as_ref()?;
    let optimizer = &case.experiment.training.optimizer;
    let usual = Pretrain::usual_rate(optimizer);
    let rate = pretrain.learning_rate.filter(|rate| *rate > usual)?;
    let stages = pretrain.layers_of(case.spec.layers.len().saturating_sub(1));
    let moved = case.spec.layers.iter().take(stages).map(|layer| {
        let size = layer.init.variance(layer.inputs, layer.units).sqrt();
        rate / size
    });
    let moved = moved.filter(|moved| moved.is_finite()).fold(0.0, f64::max);
    if !steps_by_the_rate(optimizer) || moved <= MOST {
        return None;
    }
    let mut changed = case.experiment.clone();
    if let Some(pretrain) = &mut changed.pretrain {
        pretrain.learning_rate = None;
    }
    Some(Cause {
        topic: Topic::Pretraining,
        sentence: format!(
            "Pretraining at a rate of {} moves weights by {} of their size at every step of {}: units are driven to where they say the same of every row.",
            number(rate),
            words::number(moved),
            optimizer.name()
        ),
        fix: Fix::new(
            format!(
                "pretrain at {}, the usual rate with {}",
                number(usual),
                optimizer.name()
            ),
            changed,
        ),
    })
}
