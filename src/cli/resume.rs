//! `gradlab resume`: the workbench on an interrupted run, or a list of what is there.

use super::args::{Common, ResumeArgs, WorkbenchArgs};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source::Source;
use super::workbench;
use crate::experiment::to_toml;
use crate::nn::vocabulary::Vocabulary;
use crate::training::{Checkpoint, CheckpointError, Glance, autosaves, could_go_on};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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
    let found = Checkpoint::glance(&path).map_err(|e| not_one(&path, &e))?;
    let source = Source {
        label: crate::text::clean(&path.display().to_string(), 200),
        text: to_toml(&found.experiment),
        base_dir: found.base_dir,
        path: None,
    };
    let loaded = source.load(common)?;
    if !could_go_on(&found.experiment, &loaded.experiment) {
        return Err(Failure::Misused(format!(
            "{}: its run cannot go on with what --set or --seed change: that makes another run",
            loaded.label
        )));
    }
    workbench::open(loaded, Some(path), workbench, common)
}

/// Why it cannot be gone on with; of an experiment's file, what opens it.
fn not_one(path: &Path, error: &CheckpointError) -> Failure {
    let name = crate::text::clean(&path.display().to_string(), 200);
    Failure::Misused(match path.extension() {
        Some(end) if end == "toml" => {
            format!("{name} is an experiment, not a checkpoint of a run: `gradlab {name}` opens it")
        }
        _ => error.to_string(),
    })
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
            Ok(contents) => told(contents, found.written),
            Err(why) => why.to_string(),
        };
        let name = crate::text::clean(&found.path.display().to_string(), 400);
        output.line(format!("{name}\n    {what}"))?;
    }
    Ok(Status::Done)
}

/// What tells one run from another: how far, how long ago, and of what network.
fn told(run: &Glance, written: SystemTime) -> String {
    let e = &run.experiment;
    let layers: usize = e.network.layers.iter().map(|l| l.repeat).sum();
    format!(
        "{}, seed {}, step {}, {}: {}, {} drawn by {}",
        crate::text::clean(&e.name, 60),
        e.seed,
        run.step,
        crate::text::age(written.elapsed().unwrap_or_default()),
        crate::text::counted(layers as u64, "layer"),
        e.network.activation.name(),
        e.network.init.name(),
    )
}
