//! `gradlab check`: every fault of every file, and the advice that the workbench would give.

use super::args::{CheckArgs, Common};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source::{self, Source};
use crate::data::{self, Task};
use crate::experiment::targets::{TargetKind, target_kind};
use crate::experiment::{Experiment, resolve, size};
use crate::insight::advise;

pub fn run(args: &CheckArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    let mut status = Status::Done;
    for name in &args.experiments {
        match judge(name, common) {
            Ok(lines) => {
                for line in lines {
                    output.line(line)?;
                }
            }
            Err(message) => {
                // What was found right before is said before.
                output.flush()?;
                output.fault(message);
                status = Status::Misused;
            }
        }
    }
    Ok(status)
}

/// What to say of a file that is right, or every fault of one that is not.
fn judge(name: &str, common: &Common) -> Result<Vec<String>, String> {
    let source = source::find(name).map_err(|e| e.to_string())?;
    let experiment = source.parse(common).map_err(|faults| faults.to_string())?;
    let label = &source.label;
    let mut lines = vec![format!("{label}: ok")];
    match shape(&experiment, &source) {
        Ok((features, task)) => {
            let spec = resolve::network_spec(&experiment, features, task)
                .map_err(|e| format!("{label}: {e}"))?;
            lines.extend(advise(&experiment, &spec, None).into_iter().map(|advice| {
                let fix = advice
                    .fix
                    .map(|fix| format!(" ({})", fix.label))
                    .unwrap_or_default();
                format!("  advice: {}{fix}", advice.sentence)
            }));
        }
        // The file itself is right; its data may be on another machine.
        Err(reason) => lines.push(format!(
            "  no advice, since the data cannot be read here: {reason}"
        )),
    }
    Ok(lines)
}

/// Features of a row (or step) and the task: by the data's name where that tells them, else by reading it.
fn shape(experiment: &Experiment, source: &Source) -> Result<(usize, Task), String> {
    let kind = &experiment.data.kind;
    match (size::features(kind), target_kind(kind)) {
        (Some(features), TargetKind::Classes(Some(classes))) => {
            return Ok((features, Task::Classification { classes }));
        }
        (Some(features), TargetKind::Numbers) => {
            return Ok((features, Task::Regression { targets: 1 }));
        }
        _ => {}
    }
    let data =
        data::load(&experiment.request(), &source.base_dir, &|_| {}).map_err(|e| e.to_string())?;
    Ok((data.features, data.task))
}
