//! Runs that were saved without being asked, offered to be gone on with.

use super::message::{Openable, SavedRun, Source};
use crate::experiment::Experiment;
use crate::text::{clean, thousands};
use crate::training::autosaves::{self, Autosave};
use crate::training::{Checkpoint, Glance};
use std::path::Path;

/// So many are offered beside the presets; `gradlab resume --list` has them all.
const OFFERED: usize = 10;

/// The newest that can be read.
pub fn newest() -> Vec<Openable> {
    let all = autosaves::list().unwrap_or_default();
    all.into_iter().filter_map(offered).take(OFFERED).collect()
}

/// How far a saved run of exactly this experiment has come.
pub fn of(experiment: &Experiment, base_dir: &Path) -> Option<u64> {
    step_of(&autosaves::path_for(experiment, base_dir).ok()?)
}

/// The command that goes on with it: of the newest no name has to be said.
pub fn resuming(path: &Path) -> String {
    let all = autosaves::list().unwrap_or_default();
    match all.iter().find(|found| found.contents.is_ok()) {
        Some(newest) if newest.path == path => "gradlab resume".into(),
        _ => format!("gradlab resume {}", clean(&path.display().to_string(), 400)),
    }
}

/// The step of a saved run that has come further than its start.
pub fn step_of(path: &Path) -> Option<u64> {
    let is_file = std::fs::metadata(path).is_ok_and(|found| found.is_file());
    let found = is_file.then(|| Checkpoint::glance(path).ok()).flatten()?;
    Some(found.step).filter(|step| *step > 0)
}

fn offered(autosave: Autosave) -> Option<Openable> {
    let Glance {
        experiment,
        base_dir,
        step,
        ..
    } = autosave.contents.ok()?;
    let (name, steps) = (clean(&experiment.name, 60), thousands(step.into()));
    Some(Openable {
        name: format!("{name}, saved at step {steps}"),
        note: "saved run".into(),
        description: format!(
            "Goes on at step {steps}, with seed {}, as if it had never been left.\n{}",
            experiment.seed, experiment.description
        ),
        source: Source::Saved(
            SavedRun {
                checkpoint: autosave.path,
                step,
                base_dir,
            },
            Box::new(experiment),
        ),
    })
}
