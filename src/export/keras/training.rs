//! The loss, and the script's `main`.

use super::super::job::Job;
use super::super::python::{self, number};
use super::optimizer::{decay, optimizer};
use super::transfer::{transfer, transferred};
use crate::nn::loss::Loss;
use crate::nn::schedule::Schedule;
use std::fmt::Write;

/// The loss, and beside it what is measured.
fn loss(job: &Job) -> (String, Option<&'static str>) {
    match job.network.loss {
        Loss::CrossEntropy if job.network.label_smoothing > 0.0 => (
            format!(
                "keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing={})",
                number(job.network.label_smoothing)
            ),
            Some("\"accuracy\""),
        ),
        Loss::CrossEntropy => (
            "keras.losses.SparseCategoricalCrossentropy(from_logits=True)".into(),
            Some("\"accuracy\""),
        ),
        Loss::BinaryCrossEntropy => (
            match job.network.label_smoothing {
                0.0 => "keras.losses.BinaryCrossentropy(from_logits=True)".into(),
                smoothing => format!(
                    "keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing={})",
                    number(smoothing)
                ),
            },
            Some("keras.metrics.BinaryAccuracy(threshold=0.0)"),
        ),
        Loss::Mse => ("keras.losses.MeanSquaredError()".into(), None),
        Loss::Mae => ("keras.losses.MeanAbsoluteError()".into(), None),
        Loss::Huber { delta } => (format!("keras.losses.Huber({})", number(delta)), None),
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
        _ => {
            let rows = if job.time_targets {
                "*y.shape[:2]"
            } else {
                "len(y)"
            };
            let values = job.target_values();
            format!("    return y.reshape({rows}, {values}).astype(\"float32\")\n\n\n")
        }
    });
    out.push_str(GRADIENTS);
    out.push_str(&transferred(job));
    out.push_str(STEPS);
    if job.experiment.training.stop.patience.is_some() {
        out.push_str(PATIENCE);
    }
    if let Schedule::Plateau { .. } = job.experiment.training.schedule {
        out.push_str(PLATEAU);
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
        return float(loss.detach()), [(v, v.value.grad.cpu().numpy()) for v in variables]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss = total()
        return float(loss), list(zip(variables, [g.numpy() for g in tape.gradient(loss, [v.value for v in variables])]))
    raise SystemExit("gradients are shown by the backends torch and tensorflow")


def show_gradients(model, x, y):
    if keras.backend.backend() == "jax":
        return None  # it has no gradients to show
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

const PLATEAU: &str = r#"class Plateau(keras.callbacks.Callback):
    """PyTorch's ReduceLROnPlateau: better by a ten-thousandth of the loss, the training rows' where there are no others.
    (Keras's is better by 0.0001, however large the loss.)"""

    def __init__(self, monitor, factor, patience):
        super().__init__()
        self.monitor, self.factor, self.patience = monitor, factor, patience
        self.best, self.bad = math.inf, 0

    def on_epoch_end(self, epoch, logs=None):
        loss, rate = logs.get(self.monitor, logs["loss"]), float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        better = loss < self.best * (1 - 1e-4)
        self.best, self.bad = (loss, 0) if better else (self.best, self.bad + 1)
        if self.bad > self.patience:
            self.bad = 0
            if rate - rate * self.factor > 1e-8:
                self.model.optimizer.learning_rate = rate * self.factor


"#;

pub fn main(job: &Job) -> String {
    let mut out = python::main(job);
    if let Some(shape) = job.row_shape() {
        let _ = writeln!(
            out,
            "    x, x_test = [x.reshape({shape}) for x in (x, x_test)]"
        );
    }
    out.push_str("    y, y_test = targets(y), targets(y_test)\n    model = build()\n");
    transfer(job, &mut out);
    let rows = job.batch_rows();
    unit_variance(job, &mut out);
    let layers = job.network.layers.iter().enumerate();
    let frozen: Vec<String> = layers
        .filter(|(_, layer)| layer.frozen)
        .map(|(i, _)| i.to_string())
        .collect();
    if !frozen.is_empty() {
        let _ = writeln!(out, "    freeze(model, [{}])", frozen.join(", "));
    }
    out.push_str(
        "    if arguments.weights:\n        load_weights(model, load_file(arguments.weights))\n",
    );
    let statistics = job.network.has_batch_norm();
    if statistics {
        out.push_str("    kept = model.get_weights()\n");
    }
    let _ = write!(
        out,
        "    first = show_gradients(model, x[:{rows}], y[:{rows}])\n    if arguments.probe:\n        \
         if first is None:\n            raise SystemExit(\"gradients are shown by the backends torch and tensorflow\")\n        \
         save_file({{\"grad.\" + name: g for pair in first for name, g in torch_gradients(*pair).items()}}, arguments.probe)\n        return\n\n"
    );
    if statistics {
        out.push_str(
            "    model.set_weights(kept)  # that pass was no step: its batch is taken out of the running statistics\n",
        );
    }
    let (optimizer, notes) = optimizer(job);
    for note in python::sparsity_notes(job) {
        let _ = writeln!(out, "    # {note}");
    }
    for note in notes {
        let _ = writeln!(out, "    # {note}");
    }
    let metrics: Vec<&str> = loss(job).1.into_iter().chain(bare_loss(job)).collect();
    let _ = writeln!(
        out,
        "    model.compile({optimizer}, loss_of, metrics=[{}])",
        metrics.join(", ")
    );
    callbacks(job, &mut out);
    fit(job, &mut out);
    out
}

/// `lsuv` above what is transferred.
fn unit_variance(job: &Job, out: &mut String) {
    let scaled = job.scaled_layers().into_iter();
    let names: Vec<String> = scaled.map(|i| format!("\"layers_{i}\"")).collect();
    if !names.is_empty() {
        let rows = job.batch_rows();
        let _ = writeln!(out, "    lsuv(model, x[:{rows}], [{}])", names.join(", "));
    }
}

fn fit(job: &Job, out: &mut String) {
    let stop = job.experiment.training.stop;
    let epochs = match (stop.epochs, stop.steps) {
        // steps that are asked for come in place of the file's
        (Some(epochs), _) => format!("{epochs} if arguments.steps is None else 10**9"),
        (None, _) => "10**9".into(),
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
    let (rows, used) = (job.batch_rows(), job.slice_used(out));
    out.push_str("    if arguments.steps == 0:\n        return\n");
    let _ = write!(
        out,
        "    history = model.fit(x{used}, y{used}, batch_size={rows}, epochs={epochs}, shuffle={shuffle}, {validation}callbacks=callbacks, verbose=2)\n    \
         print(f\"step {{int(keras.ops.convert_to_numpy(model.optimizer.iterations.value))}}  loss {{history.history['loss'][-1]:.6g}}\")\n\n\n\
         if __name__ == \"__main__\":\n    main()\n"
    );
}

/// The loss by itself, where Keras's own has penalties in it and something goes by the test rows' loss.
fn bare_loss(job: &Job) -> Option<&'static str> {
    let training = &job.experiment.training;
    let penalized =
        training.regularize.l1 > 0.0 || training.regularize.l2 > 0.0 || decay(job) > 0.0;
    let watched =
        training.stop.patience.is_some() || matches!(training.schedule, Schedule::Plateau { .. });
    // `loss_of.call` is each row's: batches of the test rows need not be of one size.
    (penalized && watched)
        .then_some("keras.metrics.MeanMetricWrapper(loss_of.call, name=\"bare_loss\")")
}

fn callbacks(job: &Job, out: &mut String) {
    let training = &job.experiment.training;
    let watched = match bare_loss(job) {
        Some(_) => "val_bare_loss",
        None => "val_loss",
    };
    out.push_str("    callbacks = []\n");
    match training.stop.steps {
        Some(steps) => {
            let _ = writeln!(
                out,
                "    callbacks.append(StopAfter({steps} if arguments.steps is None else arguments.steps))"
            );
        }
        None => out.push_str(
            "    if arguments.steps is not None:\n        callbacks.append(StopAfter(arguments.steps))\n",
        ),
    }
    if let Schedule::Plateau { factor, patience } = training.schedule {
        let _ = writeln!(
            out,
            "    callbacks.append(Plateau(\"{watched}\", factor={}, patience={patience}))",
            number(factor)
        );
    }
    if let Some(patience) = training.stop.patience {
        let _ = writeln!(
            out,
            "    callbacks.append(Patience(\"{watched}\", mode=\"min\", patience={}, restore_best_weights=True))",
            patience.max(1)
        );
    }
}
