//! `gradlab check`: every fault of every file, and the advice that the workbench would give.

use super::args::{CheckArgs, Common};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source;
use crate::data::{self, Problem};
use crate::experiment::unmet;
use crate::insight::theory::Setting;
use crate::insight::{Case, advise};
use crate::training::{SessionError, TensorFileError, check_transfer, network_of};

pub fn run(args: &CheckArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    if args.experiments.iter().filter(|name| *name == "-").count() > 1 {
        return Err(Failure::Misused(
            "standard input can be read once: name `-` once".into(),
        ));
    }
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
    let loaded = source::load(name, common).map_err(|e| e.to_string())?;
    let (experiment, label) = (&loaded.experiment, &loaded.label);
    let mut lines = vec![format!("{label}: ok")];
    let data = match data::load(&experiment.request(), &loaded.base_dir, &|_| {}) {
        Ok(data) => data,
        // The file itself is right; its data may be on another machine.
        Err(e) if matches!(e.problem, Problem::Missing(_)) => {
            lines.push(format!(
                "  no advice, since the data cannot be read here: {e}"
            ));
            return Ok(lines);
        }
        Err(e) => {
            let told = loaded.data_fault(&e);
            return Err(told.unwrap_or_else(|| format!("{label}: {e}")));
        }
    };
    let spec = network_of(experiment, &data).map_err(|e| loaded.refused_by_name(e))?;
    match check_transfer(experiment, &spec, &data, &loaded.base_dir) {
        Ok(()) => {}
        Err(SessionError::Transfer {
            error: TensorFileError::Io { file, source },
            ..
        }) => lines.push(format!(
            "  the layers of network.transfer are not looked at, since they cannot be read here: {file}: {source}"
        )),
        Err(e) => return Err(format!("{label}: {e}")),
    }
    lines.extend(
        unmet(experiment, &data)
            .iter()
            .map(|what| format!("  note: {what}")),
    );
    let case = Case {
        experiment,
        spec: &spec,
        setting: &Setting::for_experiment(experiment, &data),
    };
    lines.extend(advise(&case, None).into_iter().map(|advice| {
        let fix = advice
            .fix
            .map(|fix| format!(" ({})", fix.label))
            .unwrap_or_default();
        format!("  advice: {}{fix}", advice.sentence)
    }));
    Ok(lines)
}
