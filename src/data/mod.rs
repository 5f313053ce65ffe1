//! Where rows come from: made sets, shipped sets, the user's files.

mod arrays;
mod columns;
mod csv;
pub mod dataset;
mod element;
pub mod error;
mod idx;
pub mod kind;
mod labels;
mod made;
mod npy;
mod npz;
mod raw;
mod sequences;
mod shipped;
mod source;
mod split;
mod standardize;
mod tensors;
mod windows;

pub use csv::columns as csv_columns;
pub use dataset::{Dataset, Rows, Targets, Task};
pub use error::{DataError, Place, Problem};
pub use kind::DataKind;

use crate::nn::random::{Purpose, stream};
use raw::Raw;
use std::path::{Path, PathBuf};

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
    let split::Taken { mut test, mut left } = split::split(
        &mut raw,
        request.test_fraction,
        request.train_rows,
        request.seed,
    )?;
    let mut train = raw.rows;
    split::check_classes(&train, &test, &raw.class_names, raw.test_file.as_deref())?;
    let standardization = match request.standardize {
        true => {
            let others = [&mut test.x, &mut left];
            standardize::standardize(&mut train, others, raw.features, &raw.feature_names)?
        }
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
        unlabelled: left,
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
        DataKind::Wine => shipped::wine(),
        DataKind::Diabetes => shipped::diabetes(),
        &DataKind::Adding { length, rows } => sequences::adding(length, rows, rng),
        &DataKind::TemporalOrder { length, rows } => sequences::temporal_order(length, rows, rng),
        &DataKind::Echo { length, rows } => sequences::echo(length, rows, rng),
        DataKind::Csv {
            path,
            target,
            task,
            header,
            delimiter,
            sequence,
            window,
        } => {
            let (sequence, window) = (sequence.as_deref(), *window);
            csv::load(
                &base_dir.join(path),
                &csv::Options {
                    target,
                    task,
                    header: *header,
                    delimiter,
                    sequence,
                    window,
                },
                progress,
            )
        }
        DataKind::Idx {
            images,
            labels,
            test_images,
            test_labels,
        } => {
            let train = [base_dir.join(images), base_dir.join(labels)];
            let test = match (test_images, test_labels) {
                (None, None) => None,
                (Some(images), Some(labels)) => {
                    Some([base_dir.join(images), base_dir.join(labels)])
                }
                _ => {
                    return Err(DataError::other(
                        "`test_images` and `test_labels` go together: give both or neither",
                    ));
                }
            };
            idx::load(
                train.each_ref().map(PathBuf::as_path),
                test.as_ref().map(paths),
                progress,
            )
        }
        DataKind::Npz { path, x, y } => npz::load(&base_dir.join(path), x, y, progress),
        DataKind::Safetensors { path, x, y } => tensors::load(&base_dir.join(path), x, y, progress),
    }
}

fn paths(pair: &[PathBuf; 2]) -> [&Path; 2] {
    pair.each_ref().map(PathBuf::as_path)
}
