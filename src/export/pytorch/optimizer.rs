//! `torch.optim`'s calls: optimizer and schedule.

use super::super::job::Job;
use super::super::optimizer::{class, keywords, parameters};
use super::super::python::number;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;

/// The optimizer's call; names and defaults are PyTorch's own.
pub fn optimizer(job: &Job) -> String {
    let optimizer = &job.experiment.training.optimizer;
    let (class, arguments) = (class(optimizer), arguments(optimizer));
    match &job.experiment.network.transfer {
        Some(t) if t.learning_rate_factor != 1.0 => format!(
            "torch.optim.{class}([\n        {{\"params\": model.layers[:{0}].parameters(), \"lr\": {1} * {2}}},\n        {{\"params\": model.layers[{0}:].parameters()}},\n    ], {arguments})",
            t.layers,
            number(optimizer.learning_rate()),
            number(t.learning_rate_factor)
        ),
        _ => format!("torch.optim.{class}(model.parameters(), {arguments})"),
    }
}

/// Names as in the table, but for the rate's and for the betas, which are one pair.
fn arguments(optimizer: &Optimizer) -> String {
    let mut all = parameters(optimizer);
    if let Some(at) = all.iter().position(|(name, _)| *name == "beta1") {
        let (_, second) = all.remove(at + 1);
        all[at] = ("betas", format!("({}, {second})", all[at].1));
    }
    keywords(all.into_iter().map(|(name, value)| match name {
        "learning_rate" => ("lr", value),
        name => (name, value),
    }))
}

/// The schedule, stepped after every update (`plateau`: after every epoch).
pub fn schedule(job: &Job) -> Option<String> {
    let rate = job.experiment.training.optimizer.learning_rate();
    let scheduler = |call: String| Some(format!("torch.optim.lr_scheduler.{call}"));
    match job.experiment.training.schedule {
        Schedule::Constant => None,
        Schedule::Step { every, factor } => {
            scheduler(format!("StepLR(optimizer, {every}, {})", number(factor)))
        }
        Schedule::Exponential { factor } => {
            scheduler(format!("ExponentialLR(optimizer, {})", number(factor)))
        }
        Schedule::Power { steps, power } => scheduler(format!(
            "LambdaLR(optimizer, lambda t: (1 + t / {steps}) ** -{})",
            number(power)
        )),
        Schedule::Cosine {
            steps,
            warmup,
            floor,
        } => {
            let floor = if rate > 0.0 { floor / rate } else { 0.0 };
            let warm = if warmup > 0 {
                format!("t / {warmup} if t < {warmup} else ")
            } else {
                String::new()
            };
            let floor = number(floor);
            let length = steps.saturating_sub(warmup).max(1);
            scheduler(format!(
                "LambdaLR(optimizer, lambda t: {warm}{floor} + (1 - {floor}) * (1 + math.cos(math.pi * min((t - {warmup}) / {length}, 1))) / 2)"
            ))
        }
        Schedule::OneCycle { steps, max } => {
            // These two have no momentum to cycle.
            let plain = matches!(
                job.experiment.training.optimizer,
                Optimizer::Adagrad { .. } | Optimizer::Adadelta { .. }
            );
            let cycle = if plain { ", cycle_momentum=False" } else { "" };
            // It sets every group's rate, whatever that was before.
            let max = match &job.experiment.network.transfer {
                Some(t) if t.learning_rate_factor != 1.0 => {
                    format!(
                        "[{0} * {1}, {0}]",
                        number(max),
                        number(t.learning_rate_factor)
                    )
                }
                _ => number(max),
            };
            scheduler(format!(
                "OneCycleLR(optimizer, {max}, total_steps={steps}{cycle})"
            ))
        }
        Schedule::Plateau { factor, patience } => scheduler(format!(
            "ReduceLROnPlateau(optimizer, factor={}, patience={patience})",
            number(factor)
        )),
    }
}
