//! The experiments that come with the program, and those that the person keeps beside them.

use super::document::LONGEST;
use super::fault::Faults;
use super::parse::parse;
use super::schema::Experiment;
use crate::text::clean;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What opens when nothing is named.
pub const DEFAULT: &str = "vanishing-logistic";

/// One shipped experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name of its file, and in it.
    pub name: &'static str,
    /// What it teaches: presets are listed by this, in the table's order.
    pub lesson: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! presets {
    ($($lesson:literal: $($name:literal),+);+ $(;)?) => {
        &[$($(Preset {
            name: $name,
            lesson: $lesson,
            text: include_str!(concat!("../../presets/", $name, ".toml")),
        }),+),+]
    };
}

static SHIPPED: &[Preset] = presets! {
    "Vanishing and exploding gradients": "vanishing-logistic", "vanishing-logistic-normal", "logistic-top-saturates", "torch-default-relu", "exploding-relu", "chaotic-tanh";
    "Initialization that fits": "tanh-standard", "tanh-glorot", "relu-glorot-30", "relu-he-30", "elu-he-deep", "selu-lecun-100", "lsuv-tanh";
    "Normalization": "batch-norm-logistic";
    "Gradients through time": "rnn-tanh-vanishing", "lstm-adding", "rnn-identity-relu", "rnn-exploding", "rnn-clipped";
    "Slow training": "slow-descent", "adamw-decay";
    "Reusing layers": "transfer-source", "transfer-target";
    "Unsupervised pretraining": "pretrain-digits";
    "Overfitting": "overfit-moons", "dropout-moons";
    "Classifiers to play with": "textbook-digits", "moons", "spiral", "wine";
    "A regression to play with": "diabetes";
};

/// The shipped presets, in the order to go through them in class: each group needs no more than those before it.
pub fn all() -> &'static [Preset] {
    SHIPPED
}

/// The shipped preset of that name.
pub fn find(name: &str) -> Option<&'static Preset> {
    SHIPPED.iter().find(|p| p.name == name)
}

impl Preset {
    /// # Errors
    /// The file's faults.
    pub fn experiment(&self) -> Result<Experiment, Faults> {
        parse(self.text, &format!("{}.toml", self.name))
    }
}

/// A file in the person's folder of presets.
#[derive(Clone, Debug)]
pub struct UserPreset {
    /// The file's name without `.toml`; clean.
    pub name: String,
    pub path: PathBuf,
    /// The experiment, or why the file cannot be used.
    pub experiment: Result<Experiment, String>,
}

/// Where the person's own presets are: `gradlab/presets` in the platform's place for settings.
pub fn user_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("gradlab").join("presets"))
}

/// The files of a folder that end in `.toml`, by name; none where the folder does not exist. A file that cannot be used
/// is listed with its fault.
pub fn in_folder(folder: &Path) -> Vec<UserPreset> {
    /// More files than anybody keeps.
    const MOST: usize = 1000;
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<UserPreset> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .take(MOST)
        .map(|path| {
            let name = clean(&path.file_stem().unwrap_or_default().to_string_lossy(), 100);
            let experiment = read(&path);
            UserPreset {
                name,
                path,
                experiment,
            }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn read(path: &Path) -> Result<Experiment, String> {
    let name = path.display().to_string();
    let text = read_plain(path).map_err(|e| format!("{}: {e}", clean(&name, 200)))?;
    parse(&text, &name).map_err(|faults| faults.to_string())
}

/// A file's text, of which no more than an experiment's length is read.
///
/// # Errors
/// What the system says, or that the file is not UTF-8 text.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(std::io::Error::other("is a folder, not an experiment file"));
    }
    read_bounded(std::fs::File::open(path)?)
}

/// As [`read_text`], of a file that nobody named: opening a pipe would wait for its writer.
///
/// # Errors
/// As [`read_text`], and what is no plain file.
pub fn read_plain(path: &Path) -> std::io::Result<String> {
    let kind = std::fs::metadata(path)?;
    if !kind.is_file() && !kind.is_dir() {
        return Err(std::io::Error::other("is not a plain file"));
    }
    read_text(path)
}

/// As [`read_text`], from anything that can be read.
///
/// # Errors
/// As [`read_text`].
pub fn read_bounded(from: impl Read) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    // One byte more than is taken, so that what is too long is refused rather than cut.
    from.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        std::io::Error::other(format!("is not UTF-8 text (byte {at} is not)"))
    })
}
