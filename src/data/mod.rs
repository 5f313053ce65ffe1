//! Where rows come from: made sets, shipped sets, the user's files.

pub mod dataset;
pub mod error;
pub mod kind;
mod made;
mod raw;
mod sequences;
mod shipped;
mod split;
mod standardize;

pub use dataset::{Dataset, Rows, Targets, Task};
pub use error::{DataError, Place, Problem};
pub use kind::DataKind;

use crate::nn::random::{Purpose, stream};
use raw::Raw;
use std::path::Path;

/// What to load, and how to prepare it.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub kind: DataKind,
    /// Share of the rows held out as the test set, in [0, 1); not used where the source has test rows of its own.
    pub test_fraction: f64,
    pub standardize: bool,
    /// Keep only so many training rows.
    pub train_rows: Option<usize>,
    pub seed: u64,
}

/// How far a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file (as it is on the disk) read so far.
    pub done: u64,
    pub total: u64,
}

/// Loads, splits and standardizes. A file's relative path is taken from `base_dir`. The same request on the same files gives
/// the same data, bit for bit.
///
/// The test rows are chosen by the seed, every class in its share; what is left for training keeps the source's order.
/// Features are standardized by the training rows; regression targets stay as they are, in the source's units.
pub fn load(
    request: &Request,
    base_dir: &Path,
    progress: &dyn Fn(Progress),
) -> Result<Dataset, DataError> {
    let mut raw = source(request, base_dir, progress)?;
    let mut test = split::split(
        &mut raw,
        request.test_fraction,
        request.train_rows,
        request.seed,
    )?;
    let mut train = raw.rows;
    split::check_classes(&train, &test, &raw.class_names)?;
    let standardization = match request.standardize {
        true => standardize::standardize(&mut train, &mut test, raw.features, &raw.feature_names)?,
        false => Vec::new(),
    };
    Ok(Dataset {
        name: raw.name,
        task: raw.task,
        features: raw.features,
        time: raw.time,
        time_targets: raw.time_targets,
        train,
        test,
        feature_names: raw.feature_names,
        class_names: raw.class_names,
        image: raw.image,
        standardization,
    })
}

fn source(
    request: &Request,
    base_dir: &Path,
    progress: &dyn Fn(Progress),
) -> Result<Raw, DataError> {
    let rng = &mut stream(request.seed, Purpose::Data);
    match &request.kind {
        &DataKind::Moons { rows, noise } => made::moons(rows, noise, rng),
        &DataKind::Circles { rows, noise } => made::circles(rows, noise, rng),
        &DataKind::Spirals {
            rows,
            noise,
            classes,
        } => made::spirals(rows, noise, classes, rng),
        &DataKind::Blobs {
            rows,
            noise,
            classes,
        } => made::blobs(rows, noise, classes, rng),
        &DataKind::Xor { rows, noise } => made::xor(rows, noise, rng),
        &DataKind::Plane { rows, noise } => made::plane(rows, noise, rng),
        &DataKind::Waves { rows, noise } => made::waves(rows, noise, rng),
        &DataKind::Friedman { rows, noise } => made::friedman(rows, noise, rng),
        DataKind::Digits { classes } => shipped::digits(classes.as_deref()),
        DataKind::Wine {} => shipped::wine(),
        DataKind::Diabetes {} => shipped::diabetes(),
        &DataKind::Adding { length, rows } => sequences::adding(length, rows, rng),
        &DataKind::TemporalOrder { length, rows } => sequences::temporal_order(length, rows, rng),
        &DataKind::Echo { length, rows } => sequences::echo(length, rows, rng),
        DataKind::Csv { .. }
        | DataKind::Idx { .. }
        | DataKind::Npz { .. }
        | DataKind::Safetensors { .. } => {
            let _ = (base_dir, progress);
            Err(DataError::other("files are not read yet"))
        }
    }
}
