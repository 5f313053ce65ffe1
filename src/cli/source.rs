//! An EXPERIMENT of the command line: a file, a preset's name, a link, or `-` for standard input.

use super::args::Common;
use super::failure::Failure;
use crate::data::DataError;
use crate::experiment::resolve::{ResolveError, fault_of_data};
use crate::experiment::{Experiment, fault_at, link, parse_with, presets, presets::UserPreset};
use crate::text::{clean, nearest, quote};
use crate::training::file::folder_of;
use crate::training::{PretrainError, SessionError};
use std::path::{Path, PathBuf};

/// An experiment that was named on the command line.
#[derive(Clone, Debug)]
pub struct Source {
    /// What messages call it; clean.
    pub label: String,
    pub text: String,
    /// Where its relative paths start.
    pub base_dir: PathBuf,
    /// The file, for saving; `None` for what is no file of the person's.
    pub path: Option<PathBuf>,
}

/// An experiment with the command line's changes applied.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub experiment: Experiment,
    /// As it was read.
    pub text: String,
    pub label: String,
    pub base_dir: PathBuf,
    pub path: Option<PathBuf>,
    /// What was changed of the text before it was read.
    changes: Vec<String>,
}

impl Loaded {
    /// What a run of it was refused for; what only the data showed of the experiment, with its place in the file.
    pub fn refused(&self, error: SessionError) -> String {
        match error {
            SessionError::Misfit(fault) => self.at_its_place(&fault),
            SessionError::Data(error) => self.without_data(&error),
            error => error.to_string(),
        }
    }

    fn at_its_place(&self, fault: &ResolveError) -> String {
        fault_at(&self.text, &self.label, &self.changes, fault).to_string()
    }

    /// Why there are no data, with its place in the file where that is to blame.
    pub fn without_data(&self, error: &DataError) -> String {
        self.data_fault(error).unwrap_or_else(|| error.to_string())
    }

    /// What the file is to blame for, if it is, with its place.
    pub fn data_fault(&self, error: &DataError) -> Option<String> {
        let fault = fault_of_data(&self.experiment.data, error)?;
        Some(self.at_its_place(&fault))
    }

    /// Why there is no run of it: something in it is wrong, but for pretraining that diverged.
    pub fn failed(&self, error: SessionError) -> Failure {
        let kind = match error {
            SessionError::Pretrain(PretrainError::Diverged { .. }) => Failure::Diverged,
            _ => Failure::Misused,
        };
        kind(self.refused(error))
    }

    /// As [`Loaded::refused`], with the file's name in any case.
    pub fn refused_by_name(&self, error: SessionError) -> String {
        match error {
            SessionError::Misfit(_) => self.refused(error),
            error => format!("{}: {error}", self.label),
        }
    }
}

/// Finds and reads an EXPERIMENT, and applies `--set` and `--seed`.
///
/// # Errors
/// [`Failure::Misused`]: it is not there, cannot be read, or has faults.
pub fn load(name: &str, common: &Common) -> Result<Loaded, Failure> {
    find(name, &[])?.load(common)
}

/// As [`load`], but a preset is found even where a file has its name.
pub fn load_preset(name: &str, common: &Common) -> Result<Loaded, Failure> {
    match shipped(name) {
        Some(preset) => preset.load(common),
        None => load(name, common),
    }
}

/// As [`load`], where a command could stand as well: what is neither may be a slip in a command's name.
pub fn load_beside_commands(name: &str, common: &Common) -> Result<Loaded, Failure> {
    use clap::CommandFactory;
    let command = super::Cli::command();
    let commands: Vec<&str> = command
        .get_subcommands()
        .map(clap::Command::get_name)
        .collect();
    find(name, &commands)?.load(common)
}

impl Source {
    /// # Errors
    /// [`Failure::Misused`]: every fault of the text and of the changes.
    pub fn load(self, common: &Common) -> Result<Loaded, Failure> {
        let changes = changes(common);
        let experiment = parse_with(&self.text, &self.label, &changes)
            .map_err(|faults| Failure::Misused(faults.to_string()))?;
        Ok(Loaded {
            experiment,
            text: self.text,
            label: self.label,
            base_dir: self.base_dir,
            path: self.path,
            changes,
        })
    }

    fn elsewhere(label: &str, text: String) -> Self {
        Self {
            label: clean(label, 200),
            text,
            base_dir: PathBuf::from("."),
            path: None,
        }
    }
}

fn changes(common: &Common) -> Vec<String> {
    let mut changes = common.set.clone();
    changes.extend(common.seed.map(|seed| format!("seed={seed}")));
    changes
}

/// Finds and reads an EXPERIMENT. What exists as a file is the file; else it is a preset, shipped or the person's own.
/// `commands`: what else may have been meant by a name that is not there.
///
/// # Errors
/// [`Failure::Misused`]: it is not there or cannot be read.
fn find(name: &str, commands: &[&str]) -> Result<Source, Failure> {
    if name == "-" {
        let text = presets::read_bounded(std::io::stdin().lock())
            .map_err(|e| Failure::Misused(format!("standard input {e}")))?;
        return Ok(Source::elsewhere("standard input", text));
    }
    if name.starts_with(link::PREFIX) {
        let text = link::text_of(name).map_err(|e| Failure::Misused(e.to_string()))?;
        return Ok(Source::elsewhere("link", text));
    }
    let path = Path::new(name);
    // a folder, of curves perhaps, does not stand in the way of the preset that it is named after
    if looks_like_a_path(name) || path.exists() && !path.is_dir() {
        return of_file(path, presets::read_text);
    }
    if let Some(preset) = shipped(name) {
        return Ok(preset);
    }
    let own = own_presets();
    match own.iter().find(|p| p.name == name) {
        Some(preset) => of_file(&preset.path, presets::read_plain),
        None if path.is_dir() => of_file(path, presets::read_text),
        None => Err(Failure::Misused(not_found(name, &own, commands))),
    }
}

fn shipped(name: &str) -> Option<Source> {
    let preset = presets::find(name)?;
    let label = format!("{}.toml", preset.name);
    Some(Source::elsewhere(&label, preset.text.to_string()))
}

fn looks_like_a_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".toml")
}

fn of_file(
    path: &Path,
    read: impl Fn(&Path) -> std::io::Result<String>,
) -> Result<Source, Failure> {
    let label = clean(&path.display().to_string(), 200);
    let text = read(path).map_err(|e| {
        Failure::Misused(match e.kind() {
            std::io::ErrorKind::NotFound => format!("{label}: there is no such file"),
            _ => format!("{label}: {e}"),
        })
    })?;
    Ok(Source {
        label,
        text,
        base_dir: folder_of(path),
        path: Some(path.to_path_buf()),
    })
}

/// The presets in the person's folder.
pub fn own_presets() -> Vec<UserPreset> {
    presets::user_folder()
        .map(|folder| presets::in_folder(&folder))
        .unwrap_or_default()
}

fn not_found(name: &str, own: &[UserPreset], commands: &[&str]) -> String {
    let mut message = format!("{} is no file and no preset", quote(name));
    let known = presets::all()
        .iter()
        .map(|p| p.name)
        .chain(own.iter().map(|p| p.name.as_str()));
    match nearest(name, known.chain(commands.iter().copied())) {
        Some(near) => message += &format!(": did you mean `{near}`?"),
        None => message += ": `gradlab list presets` names the presets",
    }
    message
}
