//! Rows of a table put together into sequences of equal length.

use super::error::DataError;
use super::labels::Labels;
use crate::text::{quote, thousands};

#[derive(Debug)]
pub(super) struct Windows {
    /// Rows of a sequence.
    pub time: usize,
    /// The table's rows in the order of the sequences; `None`: as they are.
    order: Option<Vec<usize>>,
}

impl Windows {
    /// `window` rows after `window` rows, none shared between two sequences: a split then keeps them apart.
    pub fn fixed(rows: usize, window: usize) -> Result<Self, DataError> {
        match rows % window.max(1) {
            0 => Ok(Self {
                time: window.max(1),
                order: None,
            }),
            left => Err(DataError::other(format!(
                "{} rows are no whole number of windows of {}: {} are left over; \
                 take these off the file, or choose a window that divides its rows",
                thousands(rows as u128),
                thousands(window as u128),
                thousands(left as u128),
            ))),
        }
    }

    /// Rows with an equal label make a sequence, in the file's order. All have to be of one length.
    pub fn grouped(of_row: &[u32], labels: &Labels) -> Result<Self, DataError> {
        let mut lengths = vec![0; of_row.iter().max().map_or(0, |&m| m as usize + 1)];
        of_row
            .iter()
            .for_each(|&sequence| lengths[sequence as usize] += 1);
        let time = lengths.first().copied().unwrap_or(1);
        if let Some(other) = lengths.iter().position(|&n| n != time) {
            return Err(DataError::other(format!(
                "sequence {} has {} rows where {} has {time}: all have to be of one length",
                quote(&labels.name(other as u32)),
                lengths[other],
                quote(&labels.name(0)),
            )));
        }
        if of_row.is_sorted() {
            return Ok(Self { time, order: None });
        }
        let mut next: Vec<usize> = (0..lengths.len()).map(|sequence| sequence * time).collect();
        let mut order = vec![0; of_row.len()];
        for (row, &sequence) in of_row.iter().enumerate() {
            order[next[sequence as usize]] = row;
            next[sequence as usize] += 1;
        }
        Ok(Self {
            time,
            order: Some(order),
        })
    }
}

/// `width` values a row, brought into the sequences' order.
pub(super) fn gather<T: Copy>(values: Vec<T>, width: usize, windows: Option<&Windows>) -> Vec<T> {
    match windows.and_then(|w| w.order.as_ref()) {
        None => values,
        Some(order) => order
            .iter()
            .flat_map(|row| &values[row * width..(row + 1) * width])
            .copied()
            .collect(),
    }
}

/// One target a sequence where no sequence's targets change on the way; otherwise a target at every step, and `true`.
pub(super) fn one_target<T: Copy + PartialEq>(
    targets: Vec<T>,
    width: usize,
    time: usize,
) -> (Vec<T>, bool) {
    let sequences = || targets.chunks_exact(width * time);
    let constant = sequences().all(|s| s.chunks_exact(width).all(|step| *step == s[..width]));
    match (time, constant) {
        (1, _) => (targets, false),
        (_, true) => (
            sequences().flat_map(|s| &s[..width]).copied().collect(),
            false,
        ),
        (_, false) => (targets, true),
    }
}
