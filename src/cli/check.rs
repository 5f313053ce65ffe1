//! `gradlab check`: every fault of every file.

use super::args::{CheckArgs, Common};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source;

pub fn run(args: &CheckArgs, common: &Common, output: &mut Output) -> Result<Status, Failure> {
    let mut status = Status::Done;
    for name in &args.experiments {
        let judged = source::find(name)
            .map_err(|e| e.to_string())
            .and_then(|source| {
                source
                    .parse(common)
                    .map(|experiment| (source, experiment))
                    .map_err(|faults| faults.to_string())
            });
        match judged {
            Ok((source, _)) => output.line(format!("{}: ok", source.label))?,
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
