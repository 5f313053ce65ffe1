//! Loss, optimizer, schedule and the loop.

use super::super::job::Job;
use super::super::python::{MAIN, number, string};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Clip, LayerSpec};
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
    out.push_str(targets(job));
    out.push_str("    return x, y\n\n\n");
    out.push_str(
        "def gradient_norms(model, x, y):\n    \"\"\"The loss of one batch, and the norm of each layer's weight gradient, from the bottom.\"\"\"\n    \
         model.zero_grad()\n    loss = total_loss(model, x, y)\n    loss.backward()\n    \
         norms = [w.grad.double().norm().item() if w.grad is not None else 0.0 for w in weights(model)]\n    \
         print(f\"loss {loss.item():.6g}  grad_norm \" + \" \".join(f\"{n:.3e}\" for n in norms))\n\n\n",
    );
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
fn targets(job: &Job) -> &'static str {
    match (&job.network.loss, job.time_targets) {
        (Loss::CrossEntropy, false) => "    y = torch.as_tensor(y, dtype=torch.int64)\n",
        (Loss::CrossEntropy, true) => "    y = torch.as_tensor(y, dtype=torch.int64).flatten()\n",
        (_, false) => "    y = torch.as_tensor(y, dtype=torch.float32).reshape(len(x), -1)\n",
        (_, true) => {
            "    y = torch.as_tensor(y, dtype=torch.float32).reshape(x.shape[0] * x.shape[1], -1)\n"
        }
    }
}

/// `torch.optim`'s call; names and defaults are PyTorch's own.
fn optimizer(job: &Job) -> String {
    let n = |v: &f64| number(*v);
    let flag = |on: bool| if on { "True" } else { "False" };
    let betas = |a: &f64, b: &f64| format!("betas=({}, {})", n(a), n(b));
    let (class, arguments) = match &job.experiment.training.optimizer {
        Optimizer::Sgd {
            learning_rate,
            momentum,
            dampening,
            nesterov,
            weight_decay,
        } => (
            "SGD",
            format!(
                "lr={}, momentum={}, dampening={}, nesterov={}, weight_decay={}",
                n(learning_rate),
                n(momentum),
                n(dampening),
                flag(*nesterov),
                n(weight_decay)
            ),
        ),
        Optimizer::Adagrad {
            learning_rate,
            lr_decay,
            initial_accumulator_value,
            eps,
            weight_decay,
        } => (
            "Adagrad",
            format!(
                "lr={}, lr_decay={}, initial_accumulator_value={}, eps={}, weight_decay={}",
                n(learning_rate),
                n(lr_decay),
                n(initial_accumulator_value),
                n(eps),
                n(weight_decay)
            ),
        ),
        Optimizer::Rmsprop {
            learning_rate,
            alpha,
            eps,
            momentum,
            centered,
            weight_decay,
        } => (
            "RMSprop",
            format!(
                "lr={}, alpha={}, eps={}, momentum={}, centered={}, weight_decay={}",
                n(learning_rate),
                n(alpha),
                n(eps),
                n(momentum),
                flag(*centered),
                n(weight_decay)
            ),
        ),
        Optimizer::Adadelta {
            learning_rate,
            rho,
            eps,
            weight_decay,
        } => (
            "Adadelta",
            format!(
                "lr={}, rho={}, eps={}, weight_decay={}",
                n(learning_rate),
                n(rho),
                n(eps),
                n(weight_decay)
            ),
        ),
        Optimizer::Adam {
            learning_rate,
            beta1,
            beta2,
            eps,
            amsgrad,
            weight_decay,
        } => (
            "Adam",
            format!(
                "lr={}, {}, eps={}, amsgrad={}, weight_decay={}",
                n(learning_rate),
                betas(beta1, beta2),
                n(eps),
                flag(*amsgrad),
                n(weight_decay)
            ),
        ),
        Optimizer::Adamw {
            learning_rate,
            beta1,
            beta2,
            eps,
            amsgrad,
            weight_decay,
        } => (
            "AdamW",
            format!(
                "lr={}, {}, eps={}, amsgrad={}, weight_decay={}",
                n(learning_rate),
                betas(beta1, beta2),
                n(eps),
                flag(*amsgrad),
                n(weight_decay)
            ),
        ),
        Optimizer::Adamax {
            learning_rate,
            beta1,
            beta2,
            eps,
            weight_decay,
        } => (
            "Adamax",
            format!(
                "lr={}, {}, eps={}, weight_decay={}",
                n(learning_rate),
                betas(beta1, beta2),
                n(eps),
                n(weight_decay)
            ),
        ),
        Optimizer::Nadam {
            learning_rate,
            beta1,
            beta2,
            eps,
            momentum_decay,
            weight_decay,
        } => (
            "NAdam",
            format!(
                "lr={}, {}, eps={}, momentum_decay={}, weight_decay={}",
                n(learning_rate),
                betas(beta1, beta2),
                n(eps),
                n(momentum_decay),
                n(weight_decay)
            ),
        ),
    };
    let rate = job.experiment.training.optimizer.learning_rate();
    match &job.experiment.network.transfer {
        Some(t) if t.learning_rate_factor != 1.0 => format!(
            "torch.optim.{class}([\n        {{\"params\": model.layers[:{0}].parameters(), \"lr\": {1} * {2}}},\n        {{\"params\": model.layers[{0}:].parameters()}},\n    ], {arguments})",
            t.layers,
            number(rate),
            number(t.learning_rate_factor)
        ),
        _ => format!("torch.optim.{class}(model.parameters(), {arguments})"),
    }
}

/// The schedule, stepped after every update (`plateau`: after every epoch).
fn schedule(job: &Job) -> Option<String> {
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
            scheduler(format!(
                "OneCycleLR(optimizer, {}, total_steps={steps}{cycle})",
                number(max)
            ))
        }
        Schedule::Plateau { factor, patience } => scheduler(format!(
            "ReduceLROnPlateau(optimizer, factor={}, patience={patience})",
            number(factor)
        )),
    }
}

pub fn main(job: &Job) -> String {
    let mut out = String::from(MAIN);
    out.push_str(
        "    x, y = tensors(x, y)\n    x_test, y_test = tensors(x_test, y_test)\n    model = Network()\n",
    );
    if job
        .network
        .layers
        .iter()
        .any(|l| l.init == Initializer::Lsuv)
    {
        let _ = write!(
            out,
            "    below = x[:{}]\n    for layer in model.layers:  # unit variance, layer by layer\n",
            job.batch_rows()
        );
        let all = job
            .network
            .layers
            .iter()
            .all(|l| l.init == Initializer::Lsuv);
        if all {
            out.push_str("        lsuv(layer, below)\n");
        } else {
            let of: Vec<String> = (0..job.network.layers.len())
                .filter(|i| job.network.layers[*i].init == Initializer::Lsuv)
                .map(|i| i.to_string())
                .collect();
            let _ = write!(
                out,
                "        if layer in [model.layers[i] for i in ({},)]:\n            lsuv(layer, below)\n",
                of.join(", ")
            );
        }
        out.push_str("        below = layer(below).detach()\n");
    }
    transfer(job, &mut out);
    let prelu = prelu(job);
    let load = "    if arguments.weights:\n        saved = {NAME: torch.as_tensor(v) for k, v in load_file(arguments.weights).items()}\n        \
         missing = model.load_state_dict(saved, strict=False).missing_keys\n        \
         missing = [k for k in missing if not k.endswith(\"num_batches_tracked\")]\n        \
         if missing:\n            raise SystemExit(f\"{arguments.weights} lacks {', '.join(missing)}\")\n";
    out.push_str(&load.replace(
        "NAME",
        if prelu {
            "k.replace(\".slope\", \".activation.weight\")"
        } else {
            "k"
        },
    ));
    let _ = write!(
        out,
        "    if arguments.probe:\n        gradient_norms(model, {})\n        \
         gradients = {{\"grad.\" + {name}: p.grad for k, p in model.named_parameters() if p.grad is not None}}\n        \
         save_file(gradients, arguments.probe)\n        return\n\n",
        first_batch(job),
        name = if prelu {
            "k.replace(\".activation.weight\", \".slope\")"
        } else {
            "k"
        },
    );
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
    training_loop(job, schedule.is_some(), &mut out);
    out.push_str("\n\nif __name__ == \"__main__\":\n    main()\n");
    out
}

/// PyTorch's own module keeps a learned slope under another name.
fn prelu(job: &Job) -> bool {
    let prelu = |l: &LayerSpec| matches!(l.activation, Activation::Prelu { .. });
    job.network.layers.iter().any(prelu)
}

fn first_batch(job: &Job) -> String {
    let rows = job.batch_rows();
    let (x, y) = match job.time {
        Some(time) if job.time_targets => (rows, rows * time),
        _ => (rows, rows),
    };
    format!("x[:{x}], y[:{y}]")
}

fn transfer(job: &Job, out: &mut String) {
    let Some(t) = &job.experiment.network.transfer else {
        return;
    };
    let from = string(&t.from.to_string_lossy());
    let names = (0..t.layers)
        .map(|i| format!("\"layers.{i}.\""))
        .collect::<Vec<_>>()
        .join(", ");
    let _ = write!(
        out,
        "    # the lower layers come from another run\n    given = {{k: torch.as_tensor(v) for k, v in load_file({from}).items() if k.startswith(({names},))}}\n    \
         model.load_state_dict(given, strict=False)\n"
    );
    if t.frozen {
        let _ = writeln!(out, "    model.layers[:{}].requires_grad_(False)", t.layers);
    }
}

fn training_loop(job: &Job, scheduled: bool, out: &mut String) {
    let training = &job.experiment.training;
    let plateau = matches!(training.schedule, Schedule::Plateau { .. });
    let stop = training.stop;
    let epochs = match (stop.epochs, stop.steps) {
        (Some(epochs), _) => format!("range({epochs})"),
        (None, Some(steps)) => format!("range({})", steps.div_ceil(job.steps_per_epoch() as u64)),
        (None, None) => "itertools.count()".into(),
    };
    out.push_str(match stop.patience {
        Some(_) => "    step, best, waited, kept = 0, math.inf, 0, model.state_dict()\n",
        None => "    step = 0\n",
    });
    let steps = match stop.steps {
        Some(steps) => format!("arguments.steps or {steps}"),
        None => "arguments.steps or math.inf".into(),
    };
    let _ = writeln!(out, "    most = {steps}");
    let rows = job.batch_rows();
    let order = if job.experiment.data.shuffle {
        "torch.randperm(len(x))"
    } else {
        "torch.arange(len(x))"
    };
    let used = job.slice_used(out);
    let _ = write!(
        out,
        "    for epoch in {}:\n        model.train()\n        for rows in {order}{used}.split({rows}):\n            \
         if step >= most:\n                break\n            optimizer.zero_grad()\n            \
         loss = total_loss(model, x[rows], {})\n            loss.backward()\n",
        epochs,
        if job.time_targets {
            "y.view(len(x), x.shape[1], *y.shape[1:])[rows].flatten(0, 1)"
        } else {
            "y[rows]"
        }
    );
    match training.clip {
        Clip::None => {}
        Clip::Norm { max } => {
            let _ = writeln!(
                out,
                "            nn.utils.clip_grad_norm_(model.parameters(), {})",
                number(max)
            );
        }
        Clip::Value { max } => {
            let _ = writeln!(
                out,
                "            nn.utils.clip_grad_value_(model.parameters(), {})",
                number(max)
            );
        }
    }
    out.push_str("            optimizer.step()\n");
    if training.regularize.max_norm > 0.0 {
        let _ = write!(
            out,
            "            with torch.no_grad():\n                for name, w in model.named_parameters():  # each matrix by its own rows, where it learns\n                    \
             if w.requires_grad and name.endswith((\".weight\", \".weight_ih\", \".weight_hh\")) and \".norm.\" not in name and \".activation.\" not in name:\n                        \
             w.copy_(w.renorm(2, 0, {}))\n",
            number(training.regularize.max_norm)
        );
    }
    if let Schedule::OneCycle { steps, .. } = training.schedule {
        // PyTorch refuses steps beyond the cycle; the last rate stays.
        let _ = write!(
            out,
            "            if step < {}:\n                schedule.step()\n",
            steps.saturating_sub(1)
        );
    } else if scheduled && !plateau {
        out.push_str("            schedule.step()\n");
    }
    out.push_str("            step += 1\n");
    out.push_str("        model.eval()\n        line = f\"epoch {epoch + 1}  step {step}  loss {loss.item():.4g}\"\n");
    if job.test_rows > 0 {
        out.push_str("        with torch.no_grad():\n            out = model(x_test)\n");
        let flat = if job.time_targets {
            "out.flatten(0, 1)"
        } else {
            "out"
        };
        let _ = writeln!(out, "            test = loss_of({flat}, y_test).item()");
        out.push_str("        line += f\"  test {test:.4g}\"\n");
        match job.network.loss {
            Loss::CrossEntropy => {
                let _ = writeln!(
                    out,
                    "        line += f\"  accuracy {{({flat}.argmax(-1) == y_test).float().mean().item():.4f}}\""
                );
            }
            Loss::BinaryCrossEntropy => {
                let _ = writeln!(
                    out,
                    "        line += f\"  accuracy {{(({flat} > 0) == (y_test > 0.5)).float().mean().item():.4f}}\""
                );
            }
            _ => {}
        }
    }
    out.push_str("        print(line)\n");
    if plateau {
        out.push_str("        schedule.step(test)\n");
    }
    if let Some(patience) = stop.patience {
        let _ = write!(
            out,
            "        waited += 1\n        if test < best:\n            best, waited = test, 0\n            \
             kept = {{name: v.clone() for name, v in model.state_dict().items()}}\n        \
             if waited >= {}:\n            model.load_state_dict(kept)\n            \
             print(f\"back to the best weights: test {{best:.4g}}\")\n            break\n",
            patience.max(1)
        );
    }
    out.push_str("        if step >= most:\n            break\n");
}
