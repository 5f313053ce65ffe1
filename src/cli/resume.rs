//! `gradlab resume`: the workbench on an interrupted run, or a list of what is there.

use super::args::{Common, ResumeArgs, WorkbenchArgs};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source::Loaded;
use super::workbench;
use crate::training::{Checkpoint, autosaves};
use std::path::PathBuf;

pub fn run(
    args: &ResumeArgs,
    workbench: &WorkbenchArgs,
    common: &Common,
    output: &mut Output,
) -> Result<Status, Failure> {
    if args.list {
        return list(output);
    }
    let path = match &args.checkpoint {
        Some(path) => path.clone(),
        None => newest()?,
    };
    let found = Checkpoint::glance(&path).map_err(|e| Failure::Misused(e.to_string()))?;
    let loaded = Loaded {
        experiment: found.experiment,
        label: crate::text::clean(&path.display().to_string(), 200),
        base_dir: found.base_dir,
        path: None,
    };
    workbench::open(loaded, Some(path), workbench, common)
}

/// The newest autosave that can be read.
fn newest() -> Result<PathBuf, Failure> {
    let all = autosaves::list().map_err(Failure::Failed)?;
    let whole = all.into_iter().find(|found| found.contents.is_ok());
    whole.map(|found| found.path).ok_or_else(|| {
        Failure::Misused("there is no saved run to go on with: name a checkpoint".into())
    })
}

fn list(output: &mut Output) -> Result<Status, Failure> {
    for found in autosaves::list().map_err(Failure::Failed)? {
        let what = match &found.contents {
            Ok(contents) => format!(
                "{}, seed {}, step {}",
                crate::text::clean(&contents.experiment.name, 60),
                contents.experiment.seed,
                contents.step
            ),
            Err(why) => why.to_string(),
        };
        let name = crate::text::clean(&found.path.display().to_string(), 400);
        output.line(format!("{name}\n    {what}"))?;
    }
    Ok(Status::Done)
}
