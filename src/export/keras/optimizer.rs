//! Keras's calls: optimizer and learning rate.

use super::super::job::Job;
use super::super::optimizer::{class, keywords, parameters};
use super::super::python::number;
use super::layers::has_one_bias;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::Clip;

/// Weight decay in the gradient: Keras's own is apart from the gradient, so that it is written as a penalty. (AdamW's is
/// apart from the gradient in both.)
pub fn decay(job: &Job) -> f64 {
    match &job.experiment.training.optimizer {
        Optimizer::Adamw { .. } => 0.0,
        other => other.weight_decay(),
    }
}

fn rate(job: &Job) -> f64 {
    job.experiment.training.optimizer.learning_rate()
}

/// Schedules that Keras has no class for, by their formulas; `t` counts updates from 0.
pub fn schedule_class(job: &Job) -> Option<String> {
    let base = number(rate(job));
    let formula = match job.experiment.training.schedule {
        Schedule::Constant
        | Schedule::Step { .. }
        | Schedule::Exponential { .. }
        | Schedule::Plateau { .. } => return None,
        Schedule::Power { steps, power } => {
            format!("return {base} / (1 + t / {steps}) ** {}", number(power))
        }
        Schedule::Cosine {
            steps,
            warmup,
            floor,
        } => {
            let (floor, length) = (number(floor), steps.saturating_sub(warmup).max(1));
            let fall = format!(
                "{floor} + ({base} - {floor}) * (1 + ops.cos(math.pi * ops.minimum((t - {warmup}) / {length}, 1))) / 2"
            );
            if warmup > 0 {
                format!("return ops.where(t < {warmup}, {base} * t / {warmup}, {fall})")
            } else {
                format!("return {fall}")
            }
        }
        Schedule::OneCycle { steps, max } => format!(
            "# PyTorch's one-cycle; momentum stays as it is: Keras has no schedule for it\n        \
             top, turn, last = {}, {}, {}\n        start, end = top / 25, top / 25 / 1e4\n        \
             up = top + (start - top) * (1 + ops.cos(math.pi * t / max(turn, 1e-9))) / 2\n        \
             down = end + (top - end) * (1 + ops.cos(math.pi * ops.minimum((t - turn) / (last - turn), 1))) / 2\n        \
             return ops.where(t <= turn, up, down)",
            number(max),
            number(0.3 * steps as f64 - 1.0),
            number(steps as f64 - 1.0)
        ),
    };
    Some(format!(
        "class Schedule(keras.optimizers.schedules.LearningRateSchedule):\n    def __call__(self, step):\n        \
         ops, t = keras.ops, keras.ops.cast(step, \"float32\")\n        {formula}\n\n    def get_config(self):\n        return {{}}\n"
    ))
}

fn learning_rate(job: &Job) -> String {
    let base = number(rate(job));
    match job.experiment.training.schedule {
        Schedule::Constant | Schedule::Plateau { .. } => base,
        Schedule::Step { every, factor } => format!(
            "keras.optimizers.schedules.ExponentialDecay({base}, {every}, {}, staircase=True)",
            number(factor)
        ),
        Schedule::Exponential { factor } => {
            format!(
                "keras.optimizers.schedules.ExponentialDecay({base}, 1, {})",
                number(factor)
            )
        }
        _ => "Schedule()".into(),
    }
}

/// Whether momentum gathers while the rate changes. Keras multiplies each step by its rate first, PyTorch and gradlab what has
/// been gathered: with one rate that is the same.
fn gathers_under_a_schedule(job: &Job) -> bool {
    let training = &job.experiment.training;
    let momentum = match training.optimizer {
        Optimizer::Sgd { momentum, .. } | Optimizer::Rmsprop { momentum, .. } => momentum,
        _ => 0.0,
    };
    momentum > 0.0 && training.schedule != Schedule::Constant
}

/// Keras's optimizer with momentum as PyTorch has it, where the two differ.
pub fn momentum_class(job: &Job) -> Option<String> {
    let base = class(&job.experiment.training.optimizer);
    gathers_under_a_schedule(job).then(|| {
        format!(
            "class Momentum(keras.optimizers.{base}):\n    \
             \"\"\"The rate is taken times all that momentum has gathered, as PyTorch and gradlab do. (Keras gathers steps with the rates that\n    \
             they had: after a cut it goes on at the old rate for a while.)\"\"\"\n\n    \
             def update_step(self, gradient, variable, learning_rate):\n        before = variable + 0\n        \
             super().update_step(gradient, variable, 1.0)\n        \
             self.assign(variable, before + keras.ops.cast(learning_rate, variable.dtype) * (variable - before))\n"
        )
    })
}

/// The optimizer and what Keras does otherwise, as comments.
pub fn optimizer(job: &Job) -> (String, Vec<String>) {
    let training = &job.experiment.training;
    let optimizer = &training.optimizer;
    let mut notes = otherwise(optimizer);
    if job.network.has_batch_norm() {
        notes.push("Keras takes a batch's biased variance into batch norm's running statistics, PyTorch and gradlab the unbiased one".into());
    }
    if job.network.layers.iter().any(has_one_bias) {
        notes.push("Keras has one bias in a recurrent layer where PyTorch and gradlab have two, which both learn: theirs moves twice as far".into());
    }
    let mut rate = learning_rate(job);
    match optimizer {
        Optimizer::Adagrad { lr_decay, .. } if *lr_decay > 0.0 => {
            if training.schedule == Schedule::Constant {
                let decay = number(*lr_decay);
                rate = format!("keras.optimizers.schedules.InverseTimeDecay({rate}, 1, {decay})");
            } else {
                notes.push(format!(
                    "Keras has no lr_decay (here {lr_decay}) besides a schedule"
                ));
            }
        }
        _ => {}
    }
    if decay(job) > 0.0 {
        notes.push("weight decay in the gradient is written as a penalty above; the loss that is shown has it in it".into());
        if training.clip != Clip::None {
            notes.push("so it is clipped with the gradient, where PyTorch and gradlab add it after clipping".into());
        }
    }
    let clip = match training.clip {
        Clip::None => None,
        Clip::Norm { max } => Some(("global_clipnorm", number(max))),
        Clip::Value { max } => Some(("clipvalue", number(max))),
    };
    let class = match class(optimizer) {
        _ if gathers_under_a_schedule(job) => "Momentum".into(),
        "NAdam" => "keras.optimizers.Nadam".into(),
        class => format!("keras.optimizers.{class}"),
    };
    let all = keywords(arguments(optimizer).into_iter().chain(clip));
    let comma = if all.is_empty() { "" } else { ", " };
    (format!("{class}({rate}{comma}{all})"), notes)
}

/// What Keras takes of the parameters, under its names.
fn arguments(optimizer: &Optimizer) -> Vec<(&'static str, String)> {
    let keras = |name| match name {
        "alpha" => Some("rho"),
        "beta1" => Some("beta_1"),
        "beta2" => Some("beta_2"),
        "eps" => Some("epsilon"),
        // the rate is the call's first argument
        "learning_rate" | "dampening" | "lr_decay" | "momentum_decay" => None,
        "weight_decay" if !matches!(optimizer, Optimizer::Adamw { .. }) => None,
        name => Some(name),
    };
    let all = parameters(optimizer).into_iter();
    all.filter_map(|(name, value)| Some((keras(name)?, value)))
        .collect()
}

/// Where Keras's optimizer of the same name differs.
fn otherwise(optimizer: &Optimizer) -> Vec<String> {
    const INSIDE: &str = "Keras adds epsilon under the root, PyTorch and gradlab to the root";
    const CORRECTED: &str =
        "Keras adds epsilon before the bias correction, PyTorch and gradlab after it";
    let note = match optimizer {
        Optimizer::Sgd { dampening, .. } if *dampening != 0.0 => {
            format!("Keras has no dampening (here {dampening})")
        }
        Optimizer::Nadam { momentum_decay, .. } if *momentum_decay != 1.0 => {
            format!(
                "Keras warms momentum up as momentum_decay = 1 does, here it is {momentum_decay}"
            )
        }
        Optimizer::Adagrad { .. } | Optimizer::Rmsprop { .. } => INSIDE.into(),
        Optimizer::Adam { .. } | Optimizer::Adamw { .. } => CORRECTED.into(),
        _ => return Vec::new(),
    };
    vec![note]
}
