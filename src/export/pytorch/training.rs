//! The loss, and the script's `main`.

use super::super::job::Job;
use super::super::python::{self, LOWER_LAYERS, number};
use super::epochs::epochs;
use super::optimizer::{optimizer, schedule};
use crate::nn::activation::Activation;
use crate::nn::loss::Loss;
use crate::nn::spec::LayerSpec;
use std::fmt::Write;

/// Functions before `main`.
pub fn functions(job: &Job) -> String {
    let regularize = job.experiment.training.regularize;
    let mut out = format!("loss_of = {}\n\n\n", loss(job));
    out.push_str(
        "def weights(model):\n    \"\"\"Weights, without biases, norms' factors and learned slopes.\"\"\"\n    \
         other = (\".norm.\", \".activation.\", \".bias\")\n    \
         return [p for name, p in model.named_parameters() if not any(word in name for word in other)]\n\n\n",
    );
    out.push_str("def total_loss(model, x, y):\n    loss = loss_of(model(x)");
    if job.time_targets {
        // A target at every step: rows and steps are all rows to the loss.
        out.push_str(".flatten(0, 1)");
    }
    out.push_str(", y)\n");
    for note in python::sparsity_notes(job) {
        let _ = writeln!(out, "    # {note}");
    }
    if regularize.l1 > 0.0 {
        let _ = writeln!(
            out,
            "    loss = loss + {} * sum(w.abs().sum() for w in weights(model))",
            number(regularize.l1)
        );
    }
    if regularize.l2 > 0.0 {
        let _ = writeln!(
            out,
            "    loss = loss + {} * sum(w.square().sum() for w in weights(model))",
            number(regularize.l2)
        );
    }
    out.push_str("    return loss\n\n\n");
    out.push_str("def tensors(x, y):\n    x = torch.as_tensor(x, dtype=torch.float32)\n");
    if let Some(shape) = job.row_shape() {
        let _ = writeln!(out, "    x = x.reshape({shape})");
    }
    out.push_str(&targets(job));
    out.push_str("    return x, y\n\n\n");
    let (keep, bring_back) = statistics(job);
    let _ = write!(
        out,
        "def gradient_norms(model, x, y):\n    \"\"\"The loss of one batch, and the norm of each layer's weight gradient, from the bottom.\"\"\"\n\
         {keep}    model.zero_grad()\n    loss = total_loss(model, x, y)\n    loss.backward()\n{bring_back}    \
         norms = [w.grad.double().norm().item() if w.grad is not None else 0.0 for w in weights(model)]\n    \
         print(f\"loss {{loss.item():.6g}}  grad_norm \" + \" \".join(f\"{{n:.3e}}\" for n in norms))\n\n\n",
    );
    if job.experiment.network.transfer.is_some() {
        out.push_str(&take_over(job));
    }
    out
}

fn loss(job: &Job) -> String {
    match job.network.loss {
        Loss::CrossEntropy if job.network.label_smoothing > 0.0 => {
            format!(
                "nn.CrossEntropyLoss(label_smoothing={})",
                number(job.network.label_smoothing)
            )
        }
        Loss::CrossEntropy => "nn.CrossEntropyLoss()".into(),
        Loss::BinaryCrossEntropy if job.network.label_smoothing > 0.0 => {
            let smoothing = number(job.network.label_smoothing);
            format!(
                "lambda z, y: F.binary_cross_entropy_with_logits(z, y * (1 - {smoothing}) + {smoothing} / 2)"
            )
        }
        Loss::BinaryCrossEntropy => "nn.BCEWithLogitsLoss()".into(),
        Loss::Mse => "nn.MSELoss()".into(),
        Loss::Mae => "nn.L1Loss()".into(),
        Loss::Huber { delta } => format!("nn.HuberLoss(delta={})", number(delta)),
    }
}

/// Targets as the loss takes them.
fn targets(job: &Job) -> String {
    let (kind, shape) = match (&job.network.loss, job.time_targets) {
        (Loss::CrossEntropy, false) => ("int64", String::new()),
        (Loss::CrossEntropy, true) => ("int64", ".flatten()".into()),
        (_, false) => (
            "float32",
            format!(".reshape(len(x), {})", job.target_values()),
        ),
        (_, true) => (
            "float32",
            format!(".reshape(x.shape[0] * x.shape[1], {})", job.target_values()),
        ),
    };
    format!("    y = torch.as_tensor(y, dtype=torch.{kind}){shape}\n")
}

pub fn main(job: &Job) -> String {
    let mut out = python::main(job);
    out.push_str(
        "    x, y = tensors(x, y)\n    x_test, y_test = tensors(x_test, y_test)\n    model = Network()\n",
    );
    transfer(job, &mut out);
    unit_variance(job, &mut out);
    weights_and_probe(job, &mut out);
    let _ = writeln!(
        out,
        "    gradient_norms(model, {})  # at the start",
        first_batch(job)
    );
    let _ = writeln!(out, "    optimizer = {}", optimizer(job));
    let schedule = schedule(job);
    if let Some(schedule) = &schedule {
        let _ = writeln!(out, "    schedule = {schedule}");
    }
    epochs(job, schedule.is_some(), &mut out);
    out.push_str("\n\nif __name__ == \"__main__\":\n    main()\n");
    out
}

/// What keeps a batch norm's running statistics over a pass that is no step, and what brings them back.
fn statistics(job: &Job) -> (&'static str, &'static str) {
    match job.network.has_batch_norm() {
        true => (
            "    statistics = {name: b.clone() for name, b in model.named_buffers()}\n",
            "    model.load_state_dict(statistics, strict=False)  # a pass that is no step leaves no trace\n",
        ),
        false => ("", ""),
    }
}

/// `lsuv`, layer by layer, above what is transferred: as in the first step, but that nothing is dropped.
fn unit_variance(job: &Job, out: &mut String) {
    let layers = &job.network.layers;
    let scaled = job.scaled_layers();
    let of: Vec<String> = scaled.iter().map(usize::to_string).collect();
    if of.is_empty() {
        return;
    }
    let (keep, bring_back) = statistics(job);
    out.push_str(keep);
    let drops = layers.iter().any(|layer| layer.dropout > 0.0);
    if drops {
        out.push_str(
            "    dropouts = [m for m in model.modules() if isinstance(m, (nn.Dropout, nn.AlphaDropout))]\n    \
             for m in dropouts:\n        m.eval()\n",
        );
    }
    let _ = write!(
        out,
        "    below = x[:{}]\n    for layer in model.layers:  # unit variance, layer by layer\n",
        job.batch_rows()
    );
    if of.len() == layers.len() {
        out.push_str("        lsuv(layer, below)\n");
    } else {
        let _ = write!(
            out,
            "        if layer in [model.layers[i] for i in ({},)]:\n            lsuv(layer, below)\n",
            of.join(", ")
        );
    }
    out.push_str("        below = layer(below).detach()\n");
    if drops {
        out.push_str("    for m in dropouts:\n        m.train()\n");
    }
    out.push_str(bring_back);
}

/// What `--weights` and `--probe` do.
fn weights_and_probe(job: &Job, out: &mut String) {
    let (name_in_model, name_in_file) = names(job);
    let _ = write!(
        out,
        "    if arguments.weights:\n        saved = {{{name_in_model}: torch.as_tensor(v) for k, v in load_file(arguments.weights).items()}}\n        \
         missing = model.load_state_dict(saved, strict=False).missing_keys\n        \
         missing = [k for k in missing if not k.endswith(\"num_batches_tracked\")]\n        \
         if missing:\n            raise SystemExit(f\"{{arguments.weights}} lacks {{', '.join(missing)}}\")\n"
    );
    let _ = write!(
        out,
        "    if arguments.probe:\n        gradient_norms(model, {})\n        \
         gradients = {{\"grad.\" + {name_in_file}: p.grad for k, p in model.named_parameters() if p.grad is not None}}\n        \
         save_file(gradients, arguments.probe)\n        return\n\n",
        first_batch(job),
    );
}

/// From a file's name `k` to the model's, and back: PyTorch's own module keeps a learned slope under another.
fn names(job: &Job) -> (&'static str, &'static str) {
    let prelu = |l: &LayerSpec| matches!(l.activation, Activation::Prelu { .. });
    match job.network.layers.iter().any(prelu) {
        true => (
            "k.replace(\".slope\", \".activation.weight\")",
            "k.replace(\".activation.weight\", \".slope\")",
        ),
        false => ("k", "k"),
    }
}

fn first_batch(job: &Job) -> String {
    let rows = job.batch_rows();
    let (x, y) = match job.time {
        Some(time) if job.time_targets => (rows, rows * time),
        _ => (rows, rows),
    };
    format!("x[:{x}], y[:{y}]")
}

/// The functions that bring lower layers from another run.
fn take_over(job: &Job) -> String {
    let (name_in_model, name_in_file) = names(job);
    format!(
        "{LOWER_LAYERS}def take_over(model, file, count):\n    \
         names = [{name_in_file} for k in model.state_dict() if not k.endswith(\"num_batches_tracked\")]\n    \
         given = lower_layers(file, count, names)\n    \
         given = {{{name_in_model}: torch.as_tensor(v) for k, v in given.items()}}\n    \
         if unexpected := model.load_state_dict(given, strict=False).unexpected_keys:\n        \
         raise SystemExit(f\"{{file}}: there is no place for {{', '.join(unexpected)}}\")\n\n\n"
    )
}

fn transfer(job: &Job, out: &mut String) {
    let Some(t) = &job.experiment.network.transfer else {
        return;
    };
    let _ = writeln!(
        out,
        "    take_over(model, arguments.transfer, {})",
        t.layers
    );
    if t.frozen {
        let _ = writeln!(out, "    model.layers[:{}].requires_grad_(False)", t.layers);
    }
}
