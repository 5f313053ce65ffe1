//! The checkpoints that are written without being asked, in the platform's place for a program's state.

use super::checkpoint::{Checkpoint, CheckpointError, Glance};
use crate::experiment::{Experiment, to_toml};
use etcetera::{BaseStrategy, choose_base_strategy};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const SUFFIX: &str = ".checkpoint";
/// The newest so many are listed.
const LISTED: usize = 100;

/// One that is there.
#[derive(Debug)]
pub struct Autosave {
    pub path: PathBuf,
    pub written: SystemTime,
    /// What it holds, or why it cannot be read.
    pub contents: Result<Glance, CheckpointError>,
}

/// The folder, made if it is not there.
///
/// # Errors
/// Why there is none.
pub fn folder() -> Result<PathBuf, String> {
    let places = choose_base_strategy().map_err(|e| format!("there is no home folder: {e}"))?;
    let state = places.state_dir().unwrap_or_else(|| places.data_dir());
    let folder = state.join("gradlab").join("runs");
    fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    Ok(folder)
}

/// Where runs of this experiment are saved: another network, another data set or another seed has another file.
///
/// # Errors
/// As [`folder`].
pub fn path_for(experiment: &Experiment) -> Result<PathBuf, String> {
    Ok(folder()?.join(file_name(experiment)))
}

fn file_name(experiment: &Experiment) -> String {
    let mut run = experiment.clone();
    // What can be changed under way does not make another run.
    run.description.clear();
    run.training = crate::experiment::Training {
        batch_size: experiment.training.batch_size,
        loss: experiment.training.loss.clone(),
        ..crate::experiment::Training::default()
    };
    let word: String = experiment
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(40)
        .collect();
    format!(
        "{word}-{:016x}{SUFFIX}",
        fingerprint(to_toml(&run).as_bytes())
    )
}

/// FNV-1a, 64 bits: the same on every platform and in every version, as file names have to be.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// What is there, the newest first.
///
/// # Errors
/// As [`folder`], or the folder cannot be read.
pub fn list() -> Result<Vec<Autosave>, String> {
    list_in(&folder()?)
}

fn list_in(folder: &Path) -> Result<Vec<Autosave>, String> {
    let unreadable = |e| format!("{} cannot be read: {e}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let ours = name.to_str().is_some_and(|n| n.ends_with(SUFFIX));
            let about = entry.metadata().ok().filter(|m| ours && m.is_file())?;
            Some((about.modified().ok()?, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(LISTED);
    let read = |(written, path): (SystemTime, PathBuf)| Autosave {
        written,
        contents: Checkpoint::glance(&path),
        path,
    };
    Ok(found.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataKind;

    #[test]
    fn names_stay_in_their_folder_and_tell_runs_apart() {
        let mut one = Experiment::on(DataKind::Wine {});
        one.name = "../../\u{1b}[2J/Evil".into();
        let name = file_name(&one);
        assert!(name.starts_with("--------2j-evil-"), "{name}");
        let mut other = one.clone();
        other.training.stop.steps = Some(3);
        assert_eq!(file_name(&other), name);
        other.seed += 1;
        assert_ne!(file_name(&other), name);
    }

    #[test]
    fn what_cannot_be_read_is_listed_with_its_fault() {
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("a.checkpoint"), "no").expect("written");
        fs::write(folder.path().join("other"), "no").expect("written");
        let list = list_in(folder.path()).expect("readable");
        assert_eq!(list.len(), 1);
        assert!(list[0].contents.is_err());
    }
}
