//! Rows as a source delivers them, before split and standardization.

use super::dataset::{Rows, Targets, Task};
use super::error::{DataError, Problem};
use ndarray::Array2;
use std::path::PathBuf;

pub(super) struct Raw {
    pub name: String,
    pub task: Task,
    /// Features of one row, or of one step.
    pub features: usize,
    pub time: Option<usize>,
    pub time_targets: bool,
    pub rows: Rows,
    /// Test rows that the source itself tells apart.
    pub test: Option<Rows>,
    /// The file of those rows' classes, for errors.
    pub test_file: Option<PathBuf>,
    pub feature_names: Vec<String>,
    pub class_names: Vec<String>,
    pub image: Option<(usize, usize)>,
}

impl Raw {
    /// Plain rows of classes.
    pub fn classes(name: &str, x: Array2<f32>, y: Vec<u32>, class_names: Vec<String>) -> Self {
        let task = Task::Classification {
            classes: class_names.len(),
        };
        Self {
            class_names,
            ..Self::plain(
                name,
                task,
                Rows {
                    x,
                    y: Targets::Classes(y),
                },
            )
        }
    }

    /// Plain rows of numbers, `y` [rows, targets].
    pub fn values(name: &str, x: Array2<f32>, y: Array2<f32>) -> Self {
        let task = Task::Regression { targets: y.ncols() };
        Self::plain(
            name,
            task,
            Rows {
                x,
                y: Targets::Values(y),
            },
        )
    }

    fn plain(name: &str, task: Task, rows: Rows) -> Self {
        Self {
            name: name.to_string(),
            task,
            features: rows.x.ncols(),
            time: None,
            time_targets: false,
            rows,
            test: None,
            test_file: None,
            feature_names: Vec::new(),
            class_names: Vec::new(),
            image: None,
        }
    }

    pub fn with_feature_names<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.feature_names = names.into_iter().map(String::from).collect();
        self
    }
}

/// [rows, columns] from values in row order. The caller made them together, so that a mismatch is its own error.
pub(super) fn matrix(
    rows: usize,
    columns: usize,
    values: Vec<f32>,
) -> Result<Array2<f32>, DataError> {
    Array2::from_shape_vec((rows, columns), values).map_err(|e| DataError::other(e.to_string()))
}

/// Refuses what would need more memory than there is: `numbers` of four bytes.
pub(super) fn check_memory(numbers: u128) -> Result<(), DataError> {
    let needed = numbers.saturating_mul(4);
    match needed > available() {
        true => Err(too_large(needed)),
        false => Ok(()),
    }
}

fn available() -> u128 {
    // Where the system does not say, what no address space holds is refused.
    u128::from(crate::memory::available().unwrap_or(isize::MAX as u64))
}

/// `needed` bytes are not there.
pub(super) fn too_large(needed: u128) -> DataError {
    let available = available();
    Problem::TooLarge { needed, available }.into()
}

/// Refuses rows that are to be made where there is no memory for them, `numbers` of four bytes each, and for the drawing of
/// their split.
pub(super) fn check_made(rows: usize, numbers: usize) -> Result<(), DataError> {
    check_memory((numbers as u128 + super::split::PER_ROW).saturating_mul(rows as u128))
}

/// A list with room for `count` elements.
pub(super) fn with_room<T>(count: usize) -> Result<Vec<T>, DataError> {
    let mut values = Vec::new();
    match values.try_reserve_exact(count) {
        Ok(()) => Ok(values),
        Err(_) => Err(too_large(count as u128 * size_of::<T>() as u128)),
    }
}
