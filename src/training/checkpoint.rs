//! Checkpoints: all that a run needs to go on bit for bit, in one safetensors file: parameters and the optimizer's state
//! under their names, the best weights under `best.`, the last step's under `last.` where patience has gone back to the best
//! ones, the log of points and the scalars as `F64` (text would round them), the experiment as TOML and the whole numbers as
//! JSON in the header. Random streams need no state of their own: masks, slopes and row orders are functions of the seed and
//! the step.

use super::Point;
use super::tensors::{Numbers, Tensor, TensorFile, TensorFileError};
use crate::experiment::{self, Experiment};
use crate::nn::network::TensorError;
use crate::nn::optimizer::Optimizer;
use crate::telemetry::{LayerStats, Score, ThroughTime};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// This program writes and reads this version.
pub(super) const VERSION: u32 = 1;
pub(super) const FORMAT: &str = "gradlab-checkpoint";
pub(super) const BEST: &str = "best.";
pub(super) const LAST: &str = "last.";
pub(super) const FITTED: &str = "fitted";
/// NAdam's product of every layer.
pub(super) const MU_PRODUCTS: &str = "mu_products";
/// The header's key of what tells the rows from others.
pub(super) const ROWS: &str = "rows";

#[derive(Debug, Error)]
pub enum CheckpointError {
    #[error(transparent)]
    File(#[from] TensorFileError),
    #[error("{file} is not a checkpoint: weights alone are started from with --weights")]
    NotOne { file: String },
    #[error(
        "{file} is a checkpoint of version {found}, this program reads version {VERSION}: resume it with the gradlab that \
         wrote it, save its weights there, and start from them with --weights"
    )]
    Version { file: String, found: String },
    #[error("{file} is damaged: {what}")]
    Damaged { file: String, what: String },
    #[error(
        "{file} does not fit this experiment: {source}; resume it with the experiment it was written for"
    )]
    Tensors { file: String, source: TensorError },
    #[error(
        "{file} is a run on other data: the rows are not those that it was trained on; resume it with these, or start from its \
         weights with --weights"
    )]
    OtherData { file: String },
    #[error(
        "{file} is a checkpoint of another experiment ({what} differs): resume it with the experiment it was written for, or \
         start from its weights with --weights"
    )]
    OtherExperiment { file: String, what: String },
}

/// The header's whole numbers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Counts {
    pub step: u64,
    /// The most updates of a layer with the optimizer.
    pub optimizer_step: u64,
    /// Those of every layer, which are fewer where it was frozen. Older files have none: all count as the whole network.
    #[serde(default)]
    pub layer_steps: Vec<u64>,
    pub plateau_bad: u64,
    pub waited: u64,
    pub best_step: Option<u64>,
    pub test_step: Option<u64>,
    pub log_span: u64,
    pub log_layers: usize,
    /// Recurrent layers of the log's points, each with the steps of its sequences. Older files have none.
    #[serde(default)]
    pub log_time: Vec<(usize, usize)>,
    /// The run had not ended.
    pub interrupted: bool,
}

/// A checkpoint's contents, read and checked as far as that goes without a network.
#[derive(Debug)]
pub struct Checkpoint {
    pub experiment: Experiment,
    /// Where the experiment's relative paths start.
    pub base_dir: PathBuf,
    pub step: u64,
    pub points: Vec<Point>,
    /// The run had not ended: the same command goes on from it.
    pub interrupted: bool,
    /// Whose state it holds: the experiment's may be a changed one that no step has been taken with. Older files have none.
    pub(super) optimizer: Option<Optimizer>,
    pub(super) file: String,
    pub(super) counts: Counts,
    /// The last evaluation of training rows and its step. Older files have none.
    pub(super) fitted: Option<(u64, Score)>,
    pub(super) tensors: TensorFile,
}

/// What a checkpoint's header tells without its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    pub experiment: Experiment,
    pub base_dir: PathBuf,
    pub step: u64,
    pub interrupted: bool,
}

impl TensorFile {
    pub fn is_checkpoint(&self) -> bool {
        self.texts.get("format").is_some_and(|f| f == FORMAT)
    }
}

impl Checkpoint {
    pub fn read(path: &Path) -> Result<Checkpoint, CheckpointError> {
        let file = crate::text::clean(&path.display().to_string(), 200);
        Self::from_tensors(TensorFile::read(path)?, file)
    }

    /// From a file's bytes; `file` names it in errors.
    pub fn from_bytes(bytes: &[u8], file: &str) -> Result<Checkpoint, CheckpointError> {
        Self::from_tensors(TensorFile::from_bytes(bytes, file)?, file.to_string())
    }

    /// What the header tells, without reading the tensors: for lists.
    pub fn glance(path: &Path) -> Result<Glance, CheckpointError> {
        let file = crate::text::clean(&path.display().to_string(), 200);
        read_header(&TensorFile::read_texts(path)?, &file).map(|(glance, _)| glance)
    }

    fn from_tensors(tensors: TensorFile, file: String) -> Result<Checkpoint, CheckpointError> {
        let (glance, counts) = read_header(&tensors.texts, &file)?;
        let mut points =
            read_points(&tensors, &counts).ok_or_else(|| CheckpointError::Damaged {
                file: file.clone(),
                what: "its log of points cannot be read".into(),
            })?;
        let fitted = read_dated(&tensors, FITTED);
        if let (Some((step, score)), Some(last)) = (fitted, points.last_mut())
            && last.step == step
        {
            last.fitted = Some(score);
        }
        let optimizer = tensors.texts.get("optimizer").map(|text| {
            experiment::parse::optimizer(text, &format!("{file} (optimizer)")).map_err(|faults| {
                CheckpointError::Damaged {
                    file: file.clone(),
                    what: format!("its optimizer cannot be read:\n{faults}"),
                }
            })
        });
        Ok(Checkpoint {
            optimizer: optimizer.transpose()?,
            experiment: glance.experiment,
            base_dir: glance.base_dir,
            step: counts.step,
            interrupted: counts.interrupted,
            points,
            fitted,
            file,
            counts,
            tensors,
        })
    }

    pub(super) fn scalars(&self) -> Option<[f64; SCALARS]> {
        match &self.tensors.get("scalars")?.numbers {
            Numbers::F64(v) => v[..].try_into().ok(),
            _ => None,
        }
    }
}

fn read_header(
    texts: &HashMap<String, String>,
    file: &str,
) -> Result<(Glance, Counts), CheckpointError> {
    if texts.get("format").is_none_or(|f| f != FORMAT) {
        return Err(CheckpointError::NotOne { file: file.into() });
    }
    let damaged = |what: String| CheckpointError::Damaged {
        file: file.into(),
        what,
    };
    let text = |key: &str| {
        let found = texts.get(key);
        found.ok_or_else(|| damaged(format!("`{key}` is missing")))
    };
    let version = text("version")?;
    if *version != VERSION.to_string() {
        return Err(CheckpointError::Version {
            file: file.into(),
            found: crate::text::clean(version, 20),
        });
    }
    let counts: Counts = serde_json::from_str(text("counts")?)
        .map_err(|e| damaged(format!("its counts cannot be read: {e}")))?;
    let experiment = experiment::parse(text("experiment")?, &format!("{file} (experiment)"))
        .map_err(|faults| damaged(format!("its experiment cannot be read:\n{faults}")))?;
    let glance = Glance {
        experiment,
        base_dir: read_folder(texts).ok_or_else(|| damaged("`base_dir` is missing".into()))?,
        step: counts.step,
        interrupted: counts.interrupted,
    };
    Ok((glance, counts))
}

/// Where the experiment's relative paths start, as texts of the header, which are UTF-8: a folder's name that is not is kept
/// as its bytes, too.
pub(super) fn write_folder(folder: &Path) -> HashMap<String, String> {
    let mut texts = HashMap::from([("base_dir".to_string(), folder.display().to_string())]);
    #[cfg(unix)]
    if folder.to_str().is_none() {
        use std::os::unix::ffi::OsStrExt;
        let bytes = STANDARD.encode(folder.as_os_str().as_bytes());
        texts.insert("base_dir_bytes".into(), bytes);
    }
    texts
}

fn read_folder(texts: &HashMap<String, String>) -> Option<PathBuf> {
    #[cfg(unix)]
    if let Some(bytes) = texts.get("base_dir_bytes") {
        use std::os::unix::ffi::OsStringExt;
        let name = std::ffi::OsString::from_vec(STANDARD.decode(bytes).ok()?);
        return Some(name.into());
    }
    texts.get("base_dir").map(PathBuf::from)
}

/// Plateau's scale and best, NAdam's product of the layer with the most updates, the best test loss, the last test loss and
/// accuracy, the last rate.
pub(super) const SCALARS: usize = 7;
/// Step, epoch, rate, train loss and accuracy, test loss and accuracy, gradient norm, clip factor.
pub(super) const POINT: usize = 9;
/// [`LayerStats`]' measures.
pub(super) const LAYER: usize = 11;

pub(super) fn score(loss: f64, accuracy: f64) -> Score {
    Score {
        loss,
        accuracy: (!accuracy.is_nan()).then_some(accuracy),
    }
}

/// A score and its step.
pub(super) fn write_dated(step: u64, score: Score) -> Tensor {
    let accuracy = score.accuracy.unwrap_or(f64::NAN);
    Tensor::f64(vec![3], vec![step as f64, score.loss, accuracy])
}

fn read_dated(file: &TensorFile, name: &str) -> Option<(u64, Score)> {
    match &file.get(name)?.numbers {
        Numbers::F64(v) => match v[..] {
            [step, loss, accuracy] => Some((step as u64, score(loss, accuracy))),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn write_point(point: &Point, into: &mut Vec<f64>) {
    let test = point.test;
    into.extend([
        // f64 holds steps up to 2⁵³ exactly: three hundred years at a million a second
        point.step as f64,
        point.epoch,
        point.learning_rate,
        point.train.loss,
        point.train.accuracy.unwrap_or(f64::NAN),
        test.map_or(f64::NAN, |t| t.loss),
        test.and_then(|t| t.accuracy).unwrap_or(f64::NAN),
        point.global_grad_norm,
        point.clip_factor,
    ]);
    for s in &point.layers {
        into.extend([
            s.grad_norm,
            s.grad_rms,
            s.grad_max,
            s.delta_rms,
            s.out_mean,
            s.out_std,
            s.pre_std,
            s.saturated,
            s.dead,
            s.weight_norm,
            s.update_ratio,
        ]);
    }
    for time in &point.time {
        into.push(time.radius.unwrap_or(f64::NAN));
        // What is shown of it; the rest is not kept.
        into.extend(time.state_norms());
    }
}

fn read_points(file: &TensorFile, counts: &Counts) -> Option<Vec<Point>> {
    let Numbers::F64(numbers) = &file.get("log")?.numbers else {
        return None;
    };
    let time_starts = counts.log_layers.checked_mul(LAYER)?.checked_add(POINT)?;
    let width = counts
        .log_time
        .iter()
        .try_fold(time_starts, |sum, (_, steps)| {
            sum.checked_add(steps.checked_add(1)?)
        })?;
    let rows = numbers.chunks_exact(width);
    if !rows.remainder().is_empty() {
        return None;
    }
    Some(
        rows.map(|row| {
            let (point, time) = row.split_at(time_starts);
            Point {
                time: read_time(time, &counts.log_time),
                ..read_point(point)
            }
        })
        .collect(),
    )
}

fn read_time(mut row: &[f64], layers: &[(usize, usize)]) -> Vec<ThroughTime> {
    let mut take = |(layer, steps): &(usize, usize)| {
        let (own, rest) = row.split_at(steps + 1);
        row = rest;
        ThroughTime {
            layer: *layer,
            norms: own[1..].to_vec(),
            state: Vec::new(),
            radius: Some(own[0]).filter(|r| !r.is_nan()),
            gate: None,
        }
    };
    layers.iter().map(&mut take).collect()
}

fn read_point(row: &[f64]) -> Point {
    let layers = row[POINT..].chunks_exact(LAYER).map(|s| LayerStats {
        grad_norm: s[0],
        grad_rms: s[1],
        grad_max: s[2],
        delta_rms: s[3],
        out_mean: s[4],
        out_std: s[5],
        pre_std: s[6],
        saturated: s[7],
        dead: s[8],
        weight_norm: s[9],
        update_ratio: s[10],
        ..LayerStats::default()
    });
    Point {
        step: row[0] as u64,
        epoch: row[1],
        learning_rate: row[2],
        train: score(row[3], row[4]),
        test: (!row[5].is_nan()).then(|| score(row[5], row[6])),
        fitted: None,
        global_grad_norm: row[7],
        clip_factor: row[8],
        layers: layers.collect(),
        time: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_whose_name_is_no_text_is_read_back() {
        use std::os::unix::ffi::OsStrExt;
        for name in [&b"/a/b"[..], b"/x\xffy/d", "/\u{e4}".as_bytes()] {
            let folder = Path::new(std::ffi::OsStr::from_bytes(name));
            let texts = write_folder(folder);
            assert_eq!(read_folder(&texts).as_deref(), Some(folder));
            assert_eq!(texts.len() == 1, folder.to_str().is_some());
        }
        assert_eq!(read_folder(&HashMap::new()), None);
    }
}
