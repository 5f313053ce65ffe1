//! The script's loop over epochs and mini-batches.

use super::super::job::Job;
use super::super::python::number;
use crate::nn::loss::Loss;
use crate::nn::schedule::Schedule;
use crate::nn::spec::Clip;
use std::fmt::Write;

/// The loop, with the schedule where there is one.
pub fn epochs(job: &Job, scheduled: bool, out: &mut String) {
    head(job, out);
    step(job, scheduled, out);
    end_of_epoch(job, out);
}

/// How many epochs and steps, and each batch's rows up to its gradients.
fn head(job: &Job, out: &mut String) {
    let stop = job.experiment.training.stop;
    let epochs = match (stop.epochs, stop.steps) {
        // steps that are asked for come in place of the file's
        (Some(epochs), _) => {
            format!("range({epochs}) if arguments.steps is None else itertools.count()")
        }
        (None, _) => "itertools.count()".into(),
    };
    out.push_str(match stop.patience {
        Some(_) => "    step, best, waited, kept = 0, math.inf, 0, model.state_dict()\n",
        None => "    step = 0\n",
    });
    let own = stop
        .steps
        .map_or("math.inf".into(), |steps| steps.to_string());
    let _ = writeln!(
        out,
        "    most = {own} if arguments.steps is None else arguments.steps"
    );
    let rows = job.batch_rows();
    let order = if job.experiment.data.shuffle {
        "torch.randperm(len(x))"
    } else {
        "torch.arange(len(x))"
    };
    let used = job.slice_used(out);
    let _ = write!(
        out,
        "    for epoch in {}:\n        if step >= most:\n            break\n        model.train()\n        for rows in {order}{used}.split({rows}):\n            \
         if step >= most:\n                break\n            optimizer.zero_grad()\n            \
         loss = total_loss(model, x[rows], {})\n            loss.backward()\n",
        epochs,
        if job.time_targets {
            "y.view(len(x), x.shape[1], *y.shape[1:])[rows].flatten(0, 1)"
        } else {
            "y[rows]"
        }
    );
}

/// The update, and what follows each of them.
fn step(job: &Job, scheduled: bool, out: &mut String) {
    let training = &job.experiment.training;
    let of_epochs = matches!(training.schedule, Schedule::Plateau { .. });
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
    } else if scheduled && !of_epochs {
        out.push_str("            schedule.step()\n");
    }
    out.push_str("            step += 1\n");
}

/// The test rows' loss, and what goes by it.
fn end_of_epoch(job: &Job, out: &mut String) {
    let training = &job.experiment.training;
    out.push_str("        model.eval()\n        line = f\"epoch {epoch + 1}  step {step}  loss {loss.item():.4g}\"\n");
    if job.test_rows > 0 {
        test(job, out);
    }
    out.push_str("        print(line)\n");
    if matches!(training.schedule, Schedule::Plateau { .. }) {
        out.push_str("        schedule.step(test)\n");
    }
    if let Some(patience) = training.stop.patience {
        let _ = write!(
            out,
            "        waited += 1\n        if test < best:\n            best, waited = test, 0\n            \
             kept = {{name: v.clone() for name, v in model.state_dict().items()}}\n        \
             if waited >= {}:\n            model.load_state_dict(kept)\n            \
             print(f\"back to the best weights: test {{best:.4g}}\")\n            break\n",
            patience.max(1)
        );
    }
}

fn test(job: &Job, out: &mut String) {
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
