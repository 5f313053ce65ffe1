//! Loss, optimizer, schedule and the run.

use super::super::job::Job;
use super::super::python::{MAIN, number, string};
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::Clip;
use std::fmt::Write;

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

/// The optimizer and what Keras does otherwise, as comments.
fn optimizer(job: &Job) -> (String, Vec<String>) {
    let n = |v: &f64| number(*v);
    let flag = |on: bool| if on { "True" } else { "False" };
    let mut notes = Vec::new();
    let betas = |a: &f64, b: &f64, eps: &f64| {
        format!(
            ", beta_1={}, beta_2={}, epsilon={}",
            number(*a),
            number(*b),
            number(*eps)
        )
    };
    const INSIDE: &str = "Keras adds epsilon under the root, PyTorch and gradlab to the root";
    const CORRECTED: &str =
        "Keras adds epsilon before the bias correction, PyTorch and gradlab after it";
    let mut lr = learning_rate(job);
    let (class, more) = match &job.experiment.training.optimizer {
        Optimizer::Sgd {
            momentum,
            dampening,
            nesterov,
            ..
        } => {
            if *dampening != 0.0 {
                notes.push(format!("Keras has no dampening (here {dampening})"));
            }
            (
                "SGD",
                format!(", momentum={}, nesterov={}", n(momentum), flag(*nesterov)),
            )
        }
        Optimizer::Adagrad {
            lr_decay,
            initial_accumulator_value,
            eps,
            ..
        } => {
            notes.push(INSIDE.into());
            if *lr_decay > 0.0 && job.experiment.training.schedule == Schedule::Constant {
                lr = format!(
                    "keras.optimizers.schedules.InverseTimeDecay({lr}, 1, {})",
                    n(lr_decay)
                );
            } else if *lr_decay > 0.0 {
                notes.push(format!(
                    "Keras has no lr_decay (here {lr_decay}) besides a schedule"
                ));
            }
            (
                "Adagrad",
                format!(
                    ", initial_accumulator_value={}, epsilon={}",
                    n(initial_accumulator_value),
                    n(eps)
                ),
            )
        }
        Optimizer::Rmsprop {
            alpha,
            eps,
            momentum,
            centered,
            ..
        } => {
            notes.push(INSIDE.into());
            (
                "RMSprop",
                format!(
                    ", rho={}, momentum={}, epsilon={}, centered={}",
                    n(alpha),
                    n(momentum),
                    n(eps),
                    flag(*centered)
                ),
            )
        }
        Optimizer::Adadelta { rho, eps, .. } => {
            ("Adadelta", format!(", rho={}, epsilon={}", n(rho), n(eps)))
        }
        Optimizer::Adam {
            beta1,
            beta2,
            eps,
            amsgrad,
            ..
        } => {
            notes.push(CORRECTED.into());
            (
                "Adam",
                format!("{}, amsgrad={}", betas(beta1, beta2, eps), flag(*amsgrad)),
            )
        }
        Optimizer::Adamw {
            beta1,
            beta2,
            eps,
            amsgrad,
            weight_decay,
            ..
        } => {
            notes.push(CORRECTED.into());
            (
                "AdamW",
                format!(
                    "{}, amsgrad={}, weight_decay={}",
                    betas(beta1, beta2, eps),
                    flag(*amsgrad),
                    n(weight_decay)
                ),
            )
        }
        Optimizer::Adamax {
            beta1, beta2, eps, ..
        } => ("Adamax", betas(beta1, beta2, eps)),
        Optimizer::Nadam {
            beta1,
            beta2,
            eps,
            momentum_decay,
            ..
        } => {
            if *momentum_decay != 0.004 {
                notes.push(format!(
                    "Keras warms momentum up by 0.004, not by {momentum_decay}"
                ));
            }
            ("Nadam", betas(beta1, beta2, eps))
        }
    };
    if decay(job) > 0.0 {
        notes.push("weight decay in the gradient is written as a penalty above; the loss that is shown has it in it".into());
    }
    let clip = match job.experiment.training.clip {
        Clip::None => String::new(),
        Clip::Norm { max } => format!(", global_clipnorm={}", number(max)),
        Clip::Value { max } => format!(", clipvalue={}", number(max)),
    };
    (format!("keras.optimizers.{class}({lr}{more}{clip})"), notes)
}

fn loss(job: &Job) -> (String, &'static str) {
    match job.network.loss {
        Loss::CrossEntropy if job.network.label_smoothing > 0.0 => (
            format!(
                "keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing={})",
                number(job.network.label_smoothing)
            ),
            "[\"accuracy\"]",
        ),
        Loss::CrossEntropy => (
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)".into(),
            "[\"accuracy\"]",
        ),
        Loss::BinaryCrossEntropy => (
            match job.network.label_smoothing {
                0.0 => "keras.losses.BinaryCrossentropy(from_logits=True)".into(),
                smoothing => format!(
                    "keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing={})",
                    number(smoothing)
                ),
            },
            "[keras.metrics.BinaryAccuracy(threshold=0.0)]",
        ),
        Loss::Mse => ("keras.losses.MeanSquaredError()".into(), "[]"),
        Loss::Mae => ("keras.losses.MeanAbsoluteError()".into(), "[]"),
        Loss::Huber { delta } => (format!("keras.losses.Huber({})", number(delta)), "[]"),
    }
}

pub fn functions(job: &Job) -> String {
    let mut out = format!("loss_of = {}\n\n\n", loss(job).0);
    out.push_str("def targets(y):\n    y = np.asarray(y)\n");
    let classes = job.network.layers.last().map_or(1, |l| l.units);
    out.push_str(&match job.network.loss {
        Loss::CrossEntropy if job.network.label_smoothing > 0.0 => {
            format!("    return keras.utils.to_categorical(y, {classes})\n\n\n")
        }
        Loss::CrossEntropy => "    return y.astype(\"int64\")\n\n\n".into(),
        _ if job.time_targets => {
            "    return y.reshape(*y.shape[:2], -1).astype(\"float32\")\n\n\n".into()
        }
        _ => "    return y.reshape(len(y), -1).astype(\"float32\")\n\n\n".into(),
    });
    out.push_str(GRADIENTS);
    out.push_str(STEPS);
    if job.experiment.training.stop.patience.is_some() {
        out.push_str(PATIENCE);
    }
    out
}

const GRADIENTS: &str = r#"def gradients(model, x, y):
    """The loss of one batch and every trainable variable's gradient, by the backend's own means."""
    def total():
        return loss_of(y, model(x, training=True)) + sum(model.losses)

    variables = model.trainable_variables
    if keras.backend.backend() == "torch":
        model.zero_grad()
        loss = total()
        loss.backward()
        return float(loss), [(v, v.value.grad.cpu().numpy()) for v in variables]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = total()
        return float(loss), list(zip(variables, [g.numpy() for g in tape.gradient(loss, [v.value for v in variables])]))
    raise SystemExit("gradients are shown by the backends torch and tensorflow")


def show_gradients(model, x, y):
    loss, all_gradients = gradients(model, x, y)
    norms = [np.linalg.norm(g.astype("float64")) for v, g in all_gradients if v.path.endswith("kernel")]
    print(f"loss {loss:.6g}  grad_norm " + " ".join(f"{n:.3e}" for n in norms))
    return all_gradients


"#;

const STEPS: &str = r#"class StopAfter(keras.callbacks.Callback):
    """Keras counts epochs; this counts steps."""

    def __init__(self, steps):
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        self.model.stop_training = self.model.stop_training or self.left <= 0


"#;

const PATIENCE: &str = r#"class Patience(keras.callbacks.EarlyStopping):
    """Goes back to the best weights where it ends the run, and not where the epochs do."""

    def on_train_end(self, logs=None):
        self.restore_best_weights = self.stopped_epoch > 0
        super().on_train_end(logs)


"#;

pub fn main(job: &Job) -> String {
    let training = &job.experiment.training;
    let mut out = String::from(MAIN);
    if let Some(shape) = job.row_shape() {
        let _ = writeln!(
            out,
            "    x, x_test = [x.reshape({shape}) for x in (x, x_test)]"
        );
    }
    out.push_str("    y, y_test = targets(y), targets(y_test)\n    model = build()\n");
    let lsuv: Vec<String> = (0..job.network.layers.len())
        .filter(|i| job.network.layers[*i].init == Initializer::Lsuv)
        .map(|i| format!("\"layers_{i}\""))
        .collect();
    let rows = job.batch_rows();
    if !lsuv.is_empty() {
        let _ = writeln!(out, "    lsuv(model, x[:{rows}], [{}])", lsuv.join(", "));
    }
    transfer(job, &mut out);
    let layers = job.network.layers.iter().enumerate();
    let frozen: Vec<String> = layers
        .filter(|(_, l)| l.frozen)
        .map(|(i, _)| i.to_string())
        .collect();
    if !frozen.is_empty() {
        let _ = writeln!(out, "    freeze(model, [{}])", frozen.join(", "));
    }
    out.push_str(
        "    if arguments.weights:\n        load_weights(model, load_file(arguments.weights))\n",
    );
    let _ = write!(
        out,
        "    first = show_gradients(model, x[:{rows}], y[:{rows}])\n    if arguments.probe:\n        \
         save_file({{\"grad.\" + name: g for pair in first for name, g in torch_gradients(*pair).items()}}, arguments.probe)\n        return\n\n"
    );
    let (optimizer, notes) = optimizer(job);
    for note in notes {
        let _ = writeln!(out, "    # {note}");
    }
    let _ = writeln!(
        out,
        "    model.compile({optimizer}, loss_of, metrics={})",
        loss(job).1
    );
    callbacks(job, &mut out);
    let steps_per_epoch = job.steps_per_epoch() as u64;
    let epochs = match (training.stop.epochs, training.stop.steps) {
        (Some(epochs), _) => epochs.to_string(),
        (None, Some(steps)) => steps.div_ceil(steps_per_epoch).to_string(),
        (None, None) => "10**9".into(),
    };
    let validation = if job.test_rows > 0 {
        "validation_data=(x_test, y_test) if len(x_test) else None, "
    } else {
        ""
    };
    let shuffle = if job.experiment.data.shuffle {
        "True"
    } else {
        "False"
    };
    let used = job.slice_used(&mut out);
    let _ = write!(
        out,
        "    history = model.fit(x{used}, y{used}, batch_size={rows}, epochs={epochs}, shuffle={shuffle}, {validation}callbacks=callbacks, verbose=2)\n    \
         print(f\"step {{int(keras.ops.convert_to_numpy(model.optimizer.iterations.value))}}  loss {{history.history['loss'][-1]:.6g}}\")\n\n\n\
         if __name__ == \"__main__\":\n    main()\n"
    );
    out
}

fn callbacks(job: &Job, out: &mut String) {
    let training = &job.experiment.training;
    out.push_str("    callbacks = []\n");
    match training.stop.steps {
        Some(steps) => {
            let _ = writeln!(
                out,
                "    callbacks.append(StopAfter(arguments.steps or {steps}))"
            );
        }
        None => out.push_str(
            "    if arguments.steps:\n        callbacks.append(StopAfter(arguments.steps))\n",
        ),
    }
    if let Schedule::Plateau { factor, patience } = training.schedule {
        // Keras acts when as many epochs have passed, PyTorch when more have.
        let _ = writeln!(
            out,
            "    callbacks.append(keras.callbacks.ReduceLROnPlateau(factor={}, patience={}))",
            number(factor),
            patience + 1
        );
    }
    if let Some(patience) = training.stop.patience {
        let _ = writeln!(
            out,
            "    callbacks.append(Patience(patience={}, restore_best_weights=True))",
            patience.max(1)
        );
    }
}

fn transfer(job: &Job, out: &mut String) {
    let Some(t) = &job.experiment.network.transfer else {
        return;
    };
    let _ = write!(
        out,
        "    # the lower layers come from another run\n    given = load_file({})\n    for variable in model.variables:\n        \
         if int(variable.path.split(\"/\")[0].split(\"_\")[1]) < {}:\n            variable.assign(transposed(variable, given[torch_name(variable)]))\n",
        string(&t.from.to_string_lossy()),
        t.layers
    );
    if t.frozen {
        let _ = writeln!(out, "    freeze(model, range({}))", t.layers);
    }
    if t.learning_rate_factor != 1.0 {
        let _ = writeln!(
            out,
            "    # Keras has one rate for all layers: the factor {} of the transferred ones is not kept",
            t.learning_rate_factor
        );
    }
}
