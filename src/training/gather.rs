//! Puts a mini-batch's rows together, in memory that is used again.

use crate::data::{Dataset, Rows, Targets};
use crate::nn::network::{Batch, TargetsView};
use ndarray::{Array2, ArrayView2, Axis};

/// One mini-batch's rows.
#[derive(Clone, Debug)]
pub struct Gathered {
    x: Array2<f32>,
    classes: Vec<u32>,
    values: Array2<f32>,
    /// Targets of one row: more than one where a sequence has a target at every step.
    targets_per_row: usize,
    rows: usize,
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
            x: Array2::zeros((batch, data.train.x.ncols())),
            classes: vec![0; classes],
            values: Array2::zeros((if width > 0 { targets } else { 0 }, width)),
            targets_per_row,
            rows: 0,
        }
    }

    /// Copies `rows` of `from`, which must not be more than there is room for.
    pub fn fill(&mut self, from: &Rows, rows: &[u32]) {
        let per_row = self.targets_per_row;
        self.rows = rows.len();
        copy_rows(&mut self.x, &from.x, rows, 1);
        match &from.y {
            Targets::Classes(all) if per_row == 1 => {
                for (to, &row) in self.classes.iter_mut().zip(rows) {
                    *to = all[row as usize];
                }
            }
            Targets::Classes(all) => {
                for (to, &row) in self.classes.chunks_exact_mut(per_row).zip(rows) {
                    let start = row as usize * per_row;
                    to.copy_from_slice(&all[start..start + per_row]);
                }
            }
            Targets::Values(all) => copy_rows(&mut self.values, all, rows, per_row),
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn x(&self) -> ArrayView2<'_, f32> {
        self.x.slice(ndarray::s![..self.rows, ..])
    }

    /// What was filled in last.
    pub fn batch(&self) -> Batch<'_> {
        let targets = self.rows * self.targets_per_row;
        let y = if self.values.ncols() > 0 {
            TargetsView::Values(self.values.slice(ndarray::s![..targets, ..]))
        } else {
            TargetsView::Classes(&self.classes[..targets])
        };
        Batch { x: self.x(), y }
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
    if width == 0 {
        return;
    }
    for (to, &row) in target.chunks_exact_mut(width).zip(rows) {
        let start = row as usize * width;
        to.copy_from_slice(&source[start..start + width]);
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
        x: rows.x.slice(ndarray::s![..count, ..]),
        y: match &rows.y {
            Targets::Classes(classes) => TargetsView::Classes(&classes[..per_row(classes.len())]),
            Targets::Values(values) => {
                TargetsView::Values(values.slice(ndarray::s![..per_row(values.nrows()), ..]))
            }
        },
    }
}
