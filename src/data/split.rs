//! Which rows are held out for the test, and which are kept for training.
//!
//! One shuffle of the rows from the seed's own stream decides: the test rows are the first in that order, the kept training
//! rows the next, each class in its share (stratified) where a row has one class. So the test rows do not depend on
//! `train_rows`. Both splits keep their rows in the source's order.

use super::dataset::{Rows, Targets};
use super::error::{DataError, Problem};
use super::raw::{Raw, check_memory};
use crate::nn::random::{Purpose, stream};
use ndarray::{Array2, Axis};
use rand::seq::SliceRandom;
use std::path::Path;

/// Numbers of four bytes that a row takes while the split is drawn: two for its place in the order, its class, where it goes.
pub(super) const PER_ROW: u128 = 4;

/// Where a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Train,
    Test,
    Left,
}

/// What is taken from the rows, beside those that stay for training.
pub(super) struct Taken {
    pub test: Rows,
    /// Features of the rows that `train_rows` leaves out: without their targets they are of use still.
    pub left: Array2<f32>,
}

/// Takes the test rows out, and those that are too many for training. `test_fraction` of the rows, rounded up as in scikit-learn, are held out, unless the source has
/// test rows of its own; at least one row stays for training, and the last row of a class does.
pub(super) fn split(
    raw: &mut Raw,
    test_fraction: f64,
    train_rows: Option<usize>,
    seed: u64,
) -> Result<Taken, DataError> {
    let rows = raw.rows.len();
    if rows == 0 {
        return Err(Problem::Empty.into());
    }
    let held_out = match raw.test {
        Some(_) => 0,
        None => ((rows as f64 * test_fraction).ceil() as usize).min(rows - 1),
    };
    let kept = train_rows.unwrap_or(rows);
    if kept == 0 {
        return Err(DataError::other(
            "train_rows = 0 leaves nothing to train on: at least 1",
        ));
    }
    let own_test = raw.test.take();
    if held_out == 0 && kept >= rows {
        return Ok(Taken {
            test: own_test.unwrap_or_else(|| none_of(&raw.rows)),
            left: Array2::zeros((0, raw.rows.x.ncols())),
        });
    }
    check_memory(numbers(&raw.rows, held_out, kept))?;
    let strata = Strata::of(&raw.rows.y, rows);
    let parts = assign(&strata, held_out, kept, seed);
    let test = take(&raw.rows, &parts);
    let left = raw.rows.x.select(Axis(0), &places(&parts, Part::Left));
    keep(&mut raw.rows, &parts)?;
    Ok(Taken {
        test: own_test.unwrap_or(test),
        left,
    })
}

/// Numbers of four bytes that are taken for the split: copies of the rows that leave, with lists of where they and their
/// targets are, and what the draw itself takes.
fn numbers(rows: &Rows, held_out: usize, kept: usize) -> u128 {
    let targets = match &rows.y {
        Targets::Classes(_) => 1,
        Targets::Values(y) => y.ncols(),
    };
    let of_row = 2 + rows.x.ncols() + steps(rows) * (2 + targets);
    let left = rows.len().saturating_sub(kept.max(1)).max(held_out);
    left as u128 * of_row as u128 + rows.len() as u128 * PER_ROW
}

/// The class of every row that takes part in the draw, all 0 where rows have no single class.
struct Strata {
    class: Vec<u32>,
    counts: Vec<usize>,
}

impl Strata {
    fn of(y: &Targets, rows: usize) -> Self {
        let class = match y {
            Targets::Classes(classes) if classes.len() == rows => classes.clone(),
            _ => vec![0; rows],
        };
        let mut counts = vec![0; class.iter().max().map_or(0, |&c| c as usize + 1)];
        class.iter().for_each(|&c| counts[c as usize] += 1);
        Self { class, counts }
    }
}

fn assign(strata: &Strata, held_out: usize, kept: usize, seed: u64) -> Vec<Part> {
    let mut order: Vec<usize> = (0..strata.class.len()).collect();
    order.shuffle(&mut stream(seed, Purpose::Split));
    let spare: Vec<usize> = strata.counts.iter().map(|n| n.saturating_sub(1)).collect();
    let mut test = shares(&strata.counts, &spare, held_out);
    let remaining: Vec<usize> = strata
        .counts
        .iter()
        .zip(&test)
        .map(|(n, t)| n - t)
        .collect();
    let mut train = training_shares(&remaining, kept);
    let mut parts = vec![Part::Left; order.len()];
    for row in order {
        let class = strata.class[row] as usize;
        parts[row] = match (&mut test[class], &mut train[class]) {
            (0, 0) => continue,
            (0, train) => take_one(train, Part::Train),
            (test, _) => take_one(test, Part::Test),
        };
    }
    parts
}

fn take_one(quota: &mut usize, part: Part) -> Part {
    *quota -= 1;
    part
}

/// One row of every class first, where there are enough, so that a rare class is not lost.
fn training_shares(counts: &[usize], kept: usize) -> Vec<usize> {
    let one_each: Vec<usize> = counts.iter().map(|&n| n.min(1)).collect();
    let Some(rest) = kept.checked_sub(one_each.iter().sum()) else {
        return shares(counts, counts, kept);
    };
    let others: Vec<usize> = counts.iter().map(|n| n.saturating_sub(1)).collect();
    let shares = shares(&others, &others, rest);
    one_each
        .iter()
        .zip(shares)
        .map(|(one, share)| one + share)
        .collect()
}

/// `total` split over the classes in proportion to `counts`, by the largest remainders, never above `limits`.
fn shares(counts: &[usize], limits: &[usize], total: usize) -> Vec<usize> {
    let all: usize = counts.iter().sum();
    let total = total.min(limits.iter().sum());
    let exact = |c: usize| (total as u128 * counts[c] as u128, all.max(1) as u128);
    let mut out: Vec<usize> = (0..counts.len())
        .map(|c| ((exact(c).0 / exact(c).1) as usize).min(limits[c]))
        .collect();
    let mut by_remainder: Vec<usize> = (0..counts.len()).filter(|&c| counts[c] > 0).collect();
    by_remainder.sort_by_key(|&c| (std::cmp::Reverse(exact(c).0 % exact(c).1), c));
    let mut missing = total - out.iter().sum::<usize>();
    while missing > 0 {
        for &c in &by_remainder {
            if missing > 0 && out[c] < limits[c] {
                out[c] += 1;
                missing -= 1;
            }
        }
    }
    out
}

/// No rows, of the same form.
fn none_of(rows: &Rows) -> Rows {
    let y = match &rows.y {
        Targets::Classes(_) => Targets::Classes(Vec::new()),
        Targets::Values(y) => Targets::Values(Array2::zeros((0, y.ncols()))),
    };
    Rows {
        x: Array2::zeros((0, rows.x.ncols())),
        y,
    }
}

/// The rows of one part, in the source's order.
fn places(parts: &[Part], part: Part) -> Vec<usize> {
    (0..parts.len()).filter(|&row| parts[row] == part).collect()
}

/// A copy of the test rows.
fn take(rows: &Rows, parts: &[Part]) -> Rows {
    let chosen = places(parts, Part::Test);
    let steps = steps(rows);
    let y_rows: Vec<usize> = chosen
        .iter()
        .flat_map(|&row| row * steps..(row + 1) * steps)
        .collect();
    let y = match &rows.y {
        Targets::Classes(classes) => Targets::Classes(y_rows.iter().map(|&i| classes[i]).collect()),
        Targets::Values(y) => Targets::Values(y.select(Axis(0), &y_rows)),
    };
    Rows {
        x: rows.x.select(Axis(0), &chosen),
        y,
    }
}

/// How many targets a row has: its steps where there is a target at every step, else 1.
fn steps(rows: &Rows) -> usize {
    let targets = match &rows.y {
        Targets::Classes(classes) => classes.len(),
        Targets::Values(y) => y.nrows(),
    };
    targets / rows.len().max(1)
}

/// Moves the training rows together in place, so that a large file is not in memory twice.
fn keep(rows: &mut Rows, parts: &[Part]) -> Result<(), DataError> {
    let steps = steps(rows);
    let x = std::mem::take(&mut rows.x);
    let (columns, count) = (
        x.ncols(),
        parts.iter().filter(|&&p| p == Part::Train).count(),
    );
    let values = compact(x.into_raw_vec_and_offset().0, columns, parts);
    rows.x = super::raw::matrix(count, columns, values)?;
    match &mut rows.y {
        Targets::Classes(classes) => *classes = compact(std::mem::take(classes), steps, parts),
        Targets::Values(y) => {
            let targets = y.ncols();
            let values = compact(
                std::mem::take(y).into_raw_vec_and_offset().0,
                steps * targets,
                parts,
            );
            *y = super::raw::matrix(count * steps, targets, values)?;
        }
    }
    Ok(())
}

fn compact<T: Copy>(mut values: Vec<T>, width: usize, parts: &[Part]) -> Vec<T> {
    let mut end = 0;
    for (row, _) in parts
        .iter()
        .enumerate()
        .filter(|(_, part)| **part == Part::Train)
    {
        values.copy_within(row * width..(row + 1) * width, end);
        end += width;
    }
    values.truncate(end);
    values.shrink_to_fit();
    values
}

/// A class that only test rows have could never be learned. `file`: where the test rows' classes are from, where that is known.
pub(super) fn check_classes(
    train: &Rows,
    test: &Rows,
    names: &[String],
    file: Option<&Path>,
) -> Result<(), DataError> {
    let (Targets::Classes(train), Targets::Classes(test)) = (&train.y, &test.y) else {
        return Ok(());
    };
    let mut seen = vec![false; names.len()];
    for &class in train {
        seen[class as usize] = true;
    }
    let Some(row) = test.iter().position(|&class| !seen[class as usize]) else {
        return Ok(());
    };
    let class = crate::text::quote(&names[test[row] as usize]);
    let error = DataError::from(Problem::UnseenClass { class });
    Err(match file {
        Some(path) => error.at_row(row).in_file(path),
        None => error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_proportional_and_bounded() {
        assert_eq!(shares(&[50, 30, 20], &[49, 29, 19], 10), [5, 3, 2]);
        assert_eq!(shares(&[3, 3, 3], &[2, 2, 2], 4), [2, 1, 1]);
        assert_eq!(shares(&[1, 1, 8], &[0, 0, 7], 5), [0, 0, 5]);
        assert_eq!(shares(&[1, 0, 1], &[0, 0, 0], 1), [0, 0, 0]);
        assert_eq!(shares(&[], &[], 3), [0; 0]);
        assert_eq!(training_shares(&[100, 1, 0, 99], 10), [5, 1, 0, 4]);
        assert_eq!(training_shares(&[100, 1, 0, 99], 2), [1, 0, 0, 1]);
    }
}
