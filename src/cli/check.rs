//! `gradlab check`: every fault of every file, and the advice that the workbench would give.

use super::args::{CheckArgs, Common};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source;
use crate::data;
use crate::insight::advise;
use crate::training::network_of;

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
    match data::load(&experiment.request(), &source.base_dir, &|_| {}) {
        Ok(data) => {
            let spec = network_of(&experiment, &data).map_err(|e| format!("{label}: {e}"))?;
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
