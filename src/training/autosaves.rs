//! The checkpoints that are written without being asked, in the platform's place for a program's state.

use super::checkpoint::{Checkpoint, CheckpointError, Glance};
use super::session::fixed;
use crate::experiment::{Experiment, to_toml};
use etcetera::{BaseStrategy, choose_base_strategy};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const SUFFIX: &str = ".checkpoint";
/// Stages of a pretraining that has not come to its end.
pub const STAGES: &str = "pretraining";
/// A second name of an autosave while another one is written.
const SPARE: &str = "spare";
/// Beside an autosave, locked by the program whose run it is.
const CLAIM: &str = "living";
/// The newest so many are kept.
const KEPT: usize = 100;
/// Of these, so many whatever their age; the others until they are old.
const ALWAYS: usize = 20;
const OLD: Duration = Duration::from_secs(30 * 24 * 3600);

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

/// Where runs of this experiment are saved, whose relative paths start at `base_dir`: another network, another data set or
/// another seed has another file.
///
/// # Errors
/// As [`folder`].
pub fn path_for(experiment: &Experiment, base_dir: &Path) -> Result<PathBuf, String> {
    Ok(folder()?.join(file_name(experiment, base_dir)))
}

fn file_name(experiment: &Experiment, base_dir: &Path) -> String {
    let mut run = to_toml(&fixed(experiment)).into_bytes();
    // The same words in two folders name two files.
    for file in experiment.files() {
        let file = base_dir.join(file);
        let whole = std::path::absolute(&file).unwrap_or(file);
        run.extend(whole.as_os_str().as_encoded_bytes());
    }
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
    format!("{word}-{:016x}{SUFFIX}", fingerprint(&run))
}

/// FNV-1a, 64 bits: the same on every platform and in every version, as file names have to be.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Another run's autosave in this place stays beside the one that is written by `write`, in the place of one that stayed
/// before: a fresh start of an experiment does not cost what an earlier one had reached.
///
/// # Errors
/// Those of `write`; then all is as it was.
pub fn beside_the_one_before<E>(
    path: &Path,
    write: impl FnOnce() -> Result<(), E>,
) -> Result<(), E> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let before = path.with_file_name(match path.file_stem().and_then(|stem| stem.to_str()) {
        Some(stem) => format!("{stem}-before{SUFFIX}"),
        None => return write(),
    });
    // A second name for the old file, which the new one then takes the first name from; where the file system knows no
    // second names, the old one goes.
    let spare = before.with_extension(SPARE);
    // That of a program that was killed while it wrote.
    let _ = fs::remove_file(&spare);
    let kept = is_file && fs::hard_link(path, &spare).is_ok();
    let written = write();
    if kept {
        let _ = match written {
            Ok(()) => fs::rename(&spare, &before),
            Err(_) => fs::remove_file(&spare),
        };
    }
    written
}

/// What is there, the newest first.
///
/// # Errors
/// As [`folder`], or the folder cannot be read.
pub fn list() -> Result<Vec<Autosave>, String> {
    list_in(&folder()?)
}

fn list_in(folder: &Path) -> Result<Vec<Autosave>, String> {
    let read = |(written, path): (SystemTime, PathBuf)| Autosave {
        written,
        contents: Checkpoint::glance(&path),
        path,
    };
    let found = files_in(folder, SUFFIX)?;
    Ok(found.into_iter().take(KEPT).map(read).collect())
}

/// Those whose names end so, the newest first.
fn files_in(folder: &Path, ending: &str) -> Result<Vec<(SystemTime, PathBuf)>, String> {
    let unreadable = |e| format!("{} cannot be read: {e}", folder.display());
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name();
            let ours = name.to_str().is_some_and(|n| n.ends_with(ending));
            let about = entry.metadata().ok().filter(|m| ours && m.is_file())?;
            Some((about.modified().ok()?, entry.path()))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

/// An autosave that belongs to a run of this program: as long as this lives, no gradlab clears it away.
#[derive(Debug)]
pub struct Claim {
    pub of: PathBuf,
    lock: File,
}

impl Claim {
    /// `None` where the file system knows no locks; nothing is cleared away there.
    pub fn new(of: PathBuf) -> Option<Claim> {
        let lock = File::create(claim_of(&of)).ok()?;
        // Two runs of one experiment save to the same place and claim it together.
        lock.try_lock_shared().ok()?;
        Some(Claim { of, lock })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Gone with the last of those that share it. A leftover is cleared away with its autosave.
        if self.lock.unlock().is_ok() && self.lock.try_lock().is_ok() {
            let _ = fs::remove_file(claim_of(&self.of));
        }
    }
}

fn claim_of(autosave: &Path) -> PathBuf {
    autosave.with_extension(CLAIM)
}

/// Clears away what is beyond the newest [`KEPT`], and beyond the newest [`ALWAYS`] what is [`OLD`]; never a living run's. Of
/// what was left half done the newest [`ALWAYS`] stay until they are [`OLD`].
///
/// # Errors
/// As [`list`].
pub fn prune() -> Result<(), String> {
    prune_in(&folder()?, SystemTime::now())
}

fn prune_in(folder: &Path, now: SystemTime) -> Result<(), String> {
    let is_old = |written| now.duration_since(written).is_ok_and(|age| age > OLD);
    for (place, (written, path)) in files_in(folder, SUFFIX)?.into_iter().enumerate() {
        let goes = place >= KEPT || (place >= ALWAYS && is_old(written));
        if goes {
            // Where it fails it is somebody's run, or a folder in which nothing can be removed.
            let _ = clear_away(&path);
        }
    }
    for ending in [STAGES, SPARE] {
        let left = files_in(folder, &format!(".{ending}"))?;
        for (place, (written, path)) in left.into_iter().enumerate() {
            if place >= ALWAYS || is_old(written) {
                let _ = fs::remove_file(path);
            }
        }
    }
    Ok(())
}

/// Removes the autosave and its claim, unless a run has it.
fn clear_away(path: &Path) -> io::Result<()> {
    let claim = claim_of(path);
    match File::open(&claim) {
        Ok(lock) => {
            lock.try_lock()?;
            fs::remove_file(path)?;
            fs::remove_file(claim)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => fs::remove_file(path),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataKind;
    use crate::experiment::{Transfer, parse};
    use crate::training::file;

    fn name_of(experiment: &Experiment) -> String {
        file_name(experiment, Path::new("."))
    }

    #[test]
    fn names_stay_in_their_folder_and_tell_runs_apart() {
        let mut one = Experiment::on(DataKind::Wine {});
        one.name = "../../\u{1b}[2J/Evil".into();
        let name = name_of(&one);
        assert!(name.starts_with("--------2j-evil-"), "{name}");
        let mut other = one.clone();
        other.training.stop.steps = Some(3);
        assert_eq!(name_of(&other), name);
        other.training.label_smoothing = 0.1;
        assert_ne!(name_of(&other), name);
        other = one;
        other.seed += 1;
        assert_ne!(name_of(&other), name);
    }

    /// A run that is changed under way is the one that it was.
    #[test]
    fn what_can_be_changed_under_way_makes_no_other_name() {
        let text =
            "format = 1\n[data]\nkind = \"wine\"\n[[network.layers]]\nunits = 8\nrepeat = 3\n";
        let one = parse(text, "one").expect("right");
        let mut other = one.clone();
        other.description = "changed".into();
        other.network.output.frozen = true;
        other.network.layers[0].dropout = 0.5;
        assert_eq!(name_of(&other), name_of(&one));
        // One of the three.
        let first = &mut other.network.layers[0];
        let mut rest = first.clone();
        (first.repeat, first.frozen, rest.repeat) = (1, true, 2);
        other.network.layers.push(rest);
        assert_eq!(name_of(&other), name_of(&one));
        other.network.layers[0].units = 7;
        assert_ne!(name_of(&other), name_of(&one));
    }

    #[test]
    fn the_same_words_in_two_folders_are_two_runs_where_they_name_files() {
        let (a, b) = (Path::new("/a"), Path::new("/b"));
        let csv = "format = 1\n[data]\nkind = \"csv\"\npath = \"d.csv\"\ntarget = \"y\"\ntask = \"regression\"\n";
        let csv = parse(csv, "csv").expect("right");
        assert_ne!(file_name(&csv, a), file_name(&csv, b));
        assert_eq!(file_name(&csv, a), file_name(&csv, Path::new("/a/.")));
        let wine = Experiment::on(DataKind::Wine {});
        assert_eq!(file_name(&wine, a), file_name(&wine, b));
        let mut transfer = wine;
        transfer.network.transfer = Some(Transfer {
            from: "w".into(),
            layers: 1,
            frozen: true,
            learning_rate_factor: 1.0,
        });
        assert_ne!(file_name(&transfer, a), file_name(&transfer, b));
    }

    #[test]
    fn the_oldest_go_but_never_a_living_runs() {
        let folder = tempfile::tempdir().expect("folder");
        let name = |i: usize| folder.path().join(format!("{i:03}{SUFFIX}"));
        let start = SystemTime::UNIX_EPOCH + 100 * OLD;
        for i in 0..KEPT + 10 {
            let file = File::create(name(i)).expect("written");
            let at = start + Duration::from_secs(i as u64);
            file.set_modified(at).expect("set");
        }
        fs::write(folder.path().join("other"), "").expect("written");
        let living = Claim::new(name(3)).expect("locks");
        let left = || -> Vec<PathBuf> {
            let files = files_in(folder.path(), SUFFIX).expect("readable");
            files.into_iter().map(|(_, path)| path).rev().collect()
        };
        prune_in(folder.path(), start).expect("readable");
        let newest: Vec<PathBuf> = (10..KEPT + 10).map(name).collect();
        assert_eq!(left()[0], name(3), "a run has it");
        assert_eq!(left()[1..], newest);
        prune_in(folder.path(), start + 2 * OLD).expect("readable");
        assert_eq!(left().len(), 1 + ALWAYS);
        drop(living);
        assert!(!claim_of(&name(3)).exists());
        prune_in(folder.path(), start + 2 * OLD).expect("readable");
        assert_eq!(left(), newest[KEPT - ALWAYS..]);
        assert_eq!(
            fs::read_dir(folder.path()).expect("list").count(),
            ALWAYS + 1
        );
    }

    /// Pretrainings that were left, and what a kill during a write leaves.
    #[test]
    fn leftovers_go_by_age_and_number() {
        let folder = tempfile::tempdir().expect("folder");
        let start = SystemTime::UNIX_EPOCH + 100 * OLD;
        for i in 0..ALWAYS + 5 {
            for ending in [STAGES, SPARE] {
                let file = File::create(folder.path().join(format!("{i}.{ending}")));
                let at = start + Duration::from_secs(i as u64);
                file.expect("written").set_modified(at).expect("set");
            }
        }
        let left = || fs::read_dir(folder.path()).expect("list").count();
        prune_in(folder.path(), start).expect("readable");
        assert_eq!(left(), 2 * ALWAYS);
        assert!(!folder.path().join("0.pretraining").exists());
        prune_in(folder.path(), start + 2 * OLD).expect("readable");
        assert_eq!(left(), 0);
    }

    #[test]
    fn another_runs_autosave_stays_beside_unless_nothing_was_written() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.checkpoint");
        let before = folder.path().join("a-before.checkpoint");
        let write =
            |text: &str| beside_the_one_before(&path, || file::write_whole(&path, text.as_bytes()));
        let at = |path: &Path| fs::read_to_string(path).ok();
        write("one").expect("written");
        assert_eq!((at(&path), at(&before)), (Some("one".into()), None));
        // What a program left that was killed here.
        fs::write(folder.path().join("a-before.spare"), "stale").expect("written");
        write("two").expect("written");
        write("three").expect("written");
        let failed = beside_the_one_before(&path, || Err("full"));
        assert_eq!(failed, Err("full"));
        assert_eq!(
            (at(&path), at(&before)),
            (Some("three".into()), Some("two".into()))
        );
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 2);
    }

    #[test]
    fn two_runs_share_a_claim_and_the_last_takes_it_away() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("a.checkpoint");
        fs::write(&path, "").expect("written");
        let (one, two) = (Claim::new(path.clone()), Claim::new(path.clone()));
        assert!(one.is_some() && two.is_some());
        drop(one);
        assert!(clear_away(&path).is_err());
        drop(two);
        assert!(!claim_of(&path).exists());
        assert!(clear_away(&path).is_ok());
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
