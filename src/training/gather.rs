//! Puts a mini-batch's rows together, in memory that is used again.

use crate::data::{Dataset, Rows, Targets};
use crate::nn::kernel::Samples;
use crate::nn::network::{Batch, TargetsView};
use ndarray::{Array2, Axis, s};

/// One mini-batch: its rows' numbers, and their targets. Inputs are read where they lie.
#[derive(Clone, Debug)]
pub struct Gathered {
    rows: Vec<u32>,
    classes: Vec<u32>,
    values: Array2<f32>,
    /// Targets of one row: more than one where a sequence has a target at every step.
    targets_per_row: usize,
}

impl Gathered {
    /// Room for `batch` rows of `data`.
    pub fn new(data: &Dataset, batch: usize) -> Gathered {
        let targets_per_row = match (data.time, data.time_targets) {
            (Some(time), true) => time.max(1),
            _ => 1,
        };
        let targets = batch * targets_per_row;
        let (classes, width) = match &data.train.y {
            Targets::Classes(_) => (targets, 0),
            Targets::Values(values) => (0, values.ncols()),
        };
        Gathered {
            rows: Vec::with_capacity(batch),
            classes: vec![0; classes],
            values: Array2::zeros((if width > 0 { targets } else { 0 }, width)),
            targets_per_row,
        }
    }

    /// Takes `rows` of `from`, which must not be more than there is room for.
    pub fn fill(&mut self, from: &Rows, rows: &[u32]) {
        let per_row = self.targets_per_row;
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        match &from.y {
            Targets::Classes(all) => copy_blocks(&mut self.classes, all, rows, per_row),
            Targets::Values(all) => copy_rows(&mut self.values, all, rows, per_row),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// What was filled in last, of the rows that it was filled in from.
    pub fn batch<'a>(&'a self, from: &'a Rows) -> Batch<'a> {
        let targets = self.rows() * self.targets_per_row;
        let y = if self.values.ncols() > 0 {
            TargetsView::Values(self.values.slice(s![..targets, ..]))
        } else {
            TargetsView::Classes(&self.classes[..targets])
        };
        Batch {
            x: Samples::picked(from.x.view(), &self.rows),
            y,
        }
    }
}

/// Copies the blocks of `per_row` rows that belong to `rows`.
fn copy_rows(to: &mut Array2<f32>, from: &Array2<f32>, rows: &[u32], per_row: usize) {
    let width = from.ncols() * per_row;
    let (Some(source), Some(target)) = (from.as_slice(), to.as_slice_mut()) else {
        // Rows that are not contiguous in memory: one by one.
        for (i, &row) in rows.iter().enumerate() {
            for step in 0..per_row {
                let source = from.index_axis(Axis(0), row as usize * per_row + step);
                to.index_axis_mut(Axis(0), i * per_row + step)
                    .assign(&source);
            }
        }
        return;
    };
    copy_blocks(target, source, rows, width);
}

/// Copies those of the blocks of `width` elements that `rows` names.
fn copy_blocks<T: Copy>(target: &mut [T], source: &[T], rows: &[u32], width: usize) {
    match width {
        0 => {}
        // a call for each row takes longer than to copy so little
        1 => copy_narrow::<T, 1>(target, source, rows),
        2 => copy_narrow::<T, 2>(target, source, rows),
        3 => copy_narrow::<T, 3>(target, source, rows),
        4 => copy_narrow::<T, 4>(target, source, rows),
        _ => {
            for (to, &row) in target.chunks_exact_mut(width).zip(rows) {
                let start = row as usize * width;
                to.copy_from_slice(&source[start..start + width]);
            }
        }
    }
}

fn copy_narrow<T: Copy, const WIDTH: usize>(target: &mut [T], source: &[T], rows: &[u32]) {
    let (target, source) = (target.as_chunks_mut().0, source.as_chunks::<WIDTH>().0);
    for (to, &row) in target.iter_mut().zip(rows) {
        *to = source[row as usize];
    }
}

/// A split's rows as one batch.
pub fn whole(rows: &Rows) -> Batch<'_> {
    first(rows, rows.len())
}

/// The first `count` rows of a split as one batch.
pub fn first(rows: &Rows, count: usize) -> Batch<'_> {
    let count = count.min(rows.len());
    let per_row = |targets: usize| count * (targets / rows.len().max(1));
    Batch {
        x: rows.x.slice(s![..count, ..]).into(),
        y: match &rows.y {
            Targets::Classes(classes) => TargetsView::Classes(&classes[..per_row(classes.len())]),
            Targets::Values(values) => {
                TargetsView::Values(values.slice(s![..per_row(values.nrows()), ..]))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_width_are_copied_whole() {
        for (width, per_row) in [(1, 1), (2, 1), (3, 1), (2, 2), (5, 1), (4, 3)] {
            let from = Array2::from_shape_fn((10 * per_row, width), |(row, column)| {
                (row * 100 + column) as f32
            });
            let rows = [3, 0, 9, 3];
            let mut to = Array2::zeros((rows.len() * per_row, width));
            copy_rows(&mut to, &from, &rows, per_row);
            for (i, row) in to.outer_iter().enumerate() {
                let source = rows[i / per_row] as usize * per_row + i % per_row;
                assert_eq!(row, from.row(source), "width {width}, {per_row} a row");
            }
        }
    }
}
