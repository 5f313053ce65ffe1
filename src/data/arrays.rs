//! Rows from named arrays: what `npz` and `safetensors` have in common.

use super::dataset::{Rows, Targets, Task};
use super::element::{Element, product};
use super::error::{DataError, Problem};
use super::raw::{Raw, matrix};
use crate::text::{clean, nearest, quote, thousands};
use std::io::Read;

/// Classes are numbered from 0; a number above this is taken for a mistake.
pub(super) const MOST_CLASSES: i64 = 100_000;

/// Inputs: [rows, features], or [rows, time, features].
pub(super) struct Inputs {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// Targets, by their stored type: floats are values, whole numbers classes.
pub(super) enum Outputs {
    /// [rows], [rows, targets] or [rows, time, targets]
    Values { shape: Vec<usize>, values: Vec<f32> },
    /// [rows], [rows, 1], or [rows, time] for sequences
    Classes { shape: Vec<usize>, values: Vec<i64> },
}

impl Outputs {
    /// Reads an array of `element`s; its stored type says which of the two it is.
    pub fn read(element: Element, from: &mut dyn Read, shape: &[usize]) -> Result<Self, DataError> {
        let (shape, count) = (shape.to_vec(), product(shape)?);
        Ok(match element.is_whole() {
            true => Self::Classes {
                values: element.read_whole(from, count)?,
                shape,
            },
            false => Self::Values {
                values: element.read_real(from, count, 1.0)?,
                shape,
            },
        })
    }
}

/// Checks shapes and values against each other. Errors name the array as the column.
pub(super) fn combine(
    name: &str,
    x_name: &str,
    x: Inputs,
    y_name: &str,
    y: Outputs,
) -> Result<Raw, DataError> {
    let (rows, time, features) = match x.shape[..] {
        [rows, features] => (rows, None, features),
        [rows, time, features] => (rows, Some(time), features),
        _ => {
            return Err(shape_fault(
                x_name,
                &x.shape,
                "[rows, features], or [rows, time, features] for sequences",
            ));
        }
    };
    let lacking = match (rows, time, features) {
        (0, _, _) => Some(Problem::Empty),
        (_, Some(0), _) => Some(rows_without("steps", &x.shape)),
        (_, _, 0) => Some(rows_without("features", &x.shape)),
        _ => None,
    };
    if let Some(problem) = lacking {
        return Err(array(problem.into(), x_name));
    }
    let width = product(&x.shape[1..])?;
    check_finite(&x.values, width, x_name)?;
    let (task, time_targets, y, class_names) = match y {
        Outputs::Values { shape, values } => value_targets(rows, time, y_name, &shape, values)?,
        Outputs::Classes { shape, values } => class_targets(rows, time, y_name, &shape, &values)?,
    };
    Ok(Raw {
        name: clean(name, 60),
        task,
        features,
        time,
        time_targets,
        rows: Rows {
            x: matrix(rows, width, x.values)?,
            y,
        },
        test: None,
        test_file: None,
        feature_names: Vec::new(),
        class_names,
        image: None,
    })
}

type Prepared = (Task, bool, Targets, Vec<String>);

fn value_targets(
    rows: usize,
    time: Option<usize>,
    name: &str,
    shape: &[usize],
    values: Vec<f32>,
) -> Result<Prepared, DataError> {
    let (targets, steps) = match (shape, time) {
        (&[n], _) if n == rows => (1, 1),
        (&[n, targets], _) if n == rows => (targets, 1),
        (&[n, steps, targets], Some(time)) if n == rows && steps == time => (targets, steps),
        _ => return Err(mismatch(rows, time, name, shape, "targets")),
    };
    if targets == 0 {
        return Err(array(rows_without("targets", shape).into(), name));
    }
    check_finite(&values, targets * steps, name)?;
    let y = Targets::Values(matrix(rows * steps, targets, values)?);
    Ok((
        Task::Regression { targets },
        shape.len() == 3,
        y,
        Vec::new(),
    ))
}

fn class_targets(
    rows: usize,
    time: Option<usize>,
    name: &str,
    shape: &[usize],
    values: &[i64],
) -> Result<Prepared, DataError> {
    let at_every_step = match (shape, time) {
        (&[n], _) | (&[n, 1], None) if n == rows => false,
        (&[n, steps], Some(time)) if n == rows && steps == time => true,
        _ => return Err(mismatch(rows, time, name, shape, "class numbers")),
    };
    let (classes, class_names) = numbered_classes(values).map_err(|e| array(e, name))?;
    let task = Task::Classification {
        classes: class_names.len(),
    };
    Ok((task, at_every_step, Targets::Classes(classes), class_names))
}

/// Class numbers as they are: as many classes as the largest number says. Errors have the row.
pub(super) fn numbered_classes(values: &[i64]) -> Result<(Vec<u32>, Vec<String>), DataError> {
    if let Some(row) = values.iter().position(|v| !(0..MOST_CLASSES).contains(v)) {
        let sentence = match values[row] {
            negative @ ..0 => {
                format!("{negative} is not a class number: classes are numbered from 0")
            }
            large => format!(
                "{large} is too large for a class number: number the classes from 0, to {} at most",
                thousands(MOST_CLASSES as u128 - 1)
            ),
        };
        return Err(DataError::other(sentence).at_row(row));
    }
    let count = values.iter().max().map_or(0, |m| m + 1);
    let names = (0..count).map(|class| class.to_string()).collect();
    Ok((values.iter().map(|&class| class as u32).collect(), names))
}

fn check_finite(values: &[f32], width: usize, name: &str) -> Result<(), DataError> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let column = format!("{}[{}]", clean(name, 40), i % width);
            let problem = match values[i].is_nan() {
                true => Problem::NotFinite("NaN".into()),
                // Read as f32: which of the two it was is no longer told.
                false => Problem::Other(
                    "a number that is infinite or too large for 32 bits: leave such rows out or scale them before training"
                        .into(),
                ),
            };
            Err(DataError::from(problem)
                .at_row(i / width)
                .at_column(i % width, &column))
        }
    }
}

fn array(error: DataError, name: &str) -> DataError {
    error.at_column(0, name)
}

fn shape_fault(name: &str, shape: &[usize], right: &str) -> DataError {
    let shown = shown(shape);
    array(
        DataError::other(format!("the shape is {shown:?} where {right} is needed")),
        name,
    )
}

/// What is wrong with rows of nothing.
pub(super) fn rows_without(what: &str, shape: &[usize]) -> Problem {
    let shown = shown(shape);
    Problem::Other(format!(
        "the shape is {shown:?}: rows, but no {what} in them"
    ))
}

/// As many axes as are ever meant.
fn shown(shape: &[usize]) -> &[usize] {
    &shape[..shape.len().min(8)]
}

fn mismatch(
    rows: usize,
    time: Option<usize>,
    name: &str,
    shape: &[usize],
    what: &str,
) -> DataError {
    let right = match (time, what) {
        (None, "targets") => format!("[{rows}, targets]"),
        (None, _) => format!("[{rows}]"),
        (Some(time), "targets") => {
            format!("[{rows}, targets], or [{rows}, {time}, targets] for a target at every step")
        }
        (Some(time), _) => format!("[{rows}], or [{rows}, {time}] for a class at every step"),
    };
    shape_fault(
        name,
        shape,
        &format!("{right} ({what} for the inputs' {rows} rows)"),
    )
}

/// The error for an array that is not there.
pub(super) fn unknown_array<'a>(name: &str, there: impl IntoIterator<Item = &'a str>) -> DataError {
    let suggestion = nearest(name, there).map(quote);
    Problem::UnknownArray {
        name: quote(name),
        suggestion,
    }
    .into()
}
