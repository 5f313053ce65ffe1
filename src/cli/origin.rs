//! What a run goes on from, and what `--checkpoint` must not write over: neither another run that has not ended, nor what is no
//! checkpoint.

use super::args::RunArgs;
use super::failure::{Failure, say};
use crate::experiment::Experiment;
use crate::training::{Checkpoint, could_go_on};
use std::path::PathBuf;

/// The checkpoint of this very command, if its run had not ended, or else that of `--resume`.
///
/// # Errors
/// [`Failure::Misused`]: the checkpoint would write over what somebody may want.
pub fn find(args: &RunArgs, experiment: &Experiment) -> Result<Option<PathBuf>, Failure> {
    let has_contents = |p: &&PathBuf| p.metadata().is_ok_and(|m| m.is_file() && m.len() > 0);
    let Some(path) = args.checkpoint.as_ref().filter(has_contents) else {
        return Ok(args.resume.clone());
    };
    let refused = |what: String| {
        Failure::Misused(format!(
            "{what}; --checkpoint would write over it: name another file, or take it away"
        ))
    };
    let found = Checkpoint::glance(path).map_err(|error| refused(error.to_string()))?;
    if !found.interrupted {
        return Ok(args.resume.clone());
    }
    if !could_go_on(&found.experiment, experiment) {
        let what = "holds the run of another experiment, which has not ended";
        return Err(refused(format!("{} {what}", path.display())));
    }
    // What this command has written has come further than what it had gone on from.
    if let Some(asked) = &args.resume {
        let from = Checkpoint::glance(asked).map_err(|e| Failure::Misused(e.to_string()))?;
        if from.step > found.step {
            return Err(refused(format!(
                "{} holds a run at step {}, which has not ended, and --resume goes on from step {}",
                path.display(),
                found.step,
                from.step
            )));
        }
    }
    if !args.quiet {
        say(&format!(
            "going on from step {} of {}, where the run was broken off",
            found.step,
            path.display()
        ));
    }
    Ok(Some(path.clone()))
}
