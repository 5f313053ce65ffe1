//! The rows that a batch is made of, where they lie.

use super::LANES;
use ndarray::{ArrayView1, ArrayView2, Axis, s};

/// Rows of a matrix, `[rows, features]`: all of them, or those that are named, which are read where they lie.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    all: ArrayView2<'a, f32>,
    picked: Option<&'a [u32]>,
}

impl<'a> From<ArrayView2<'a, f32>> for Samples<'a> {
    fn from(all: ArrayView2<'a, f32>) -> Self {
        Self { all, picked: None }
    }
}

impl<'a> Samples<'a> {
    /// The rows of `all` that `rows` names, in that order.
    pub fn picked(all: ArrayView2<'a, f32>, rows: &'a [u32]) -> Self {
        Self {
            all,
            picked: Some(rows),
        }
    }
    pub fn rows(&self) -> usize {
        self.picked.map_or(self.all.nrows(), <[u32]>::len)
    }
    pub fn features(&self) -> usize {
        self.all.ncols()
    }
    /// Rows `from..to`.
    pub fn range(&self, from: usize, to: usize) -> Self {
        match self.picked {
            Some(rows) => Self::picked(self.all, &rows[from..to]),
            None => self.all.slice_move(s![from..to, ..]).into(),
        }
    }
    /// # Panics
    /// Where there is no such row.
    pub fn row(&self, row: usize) -> ArrayView1<'a, f32> {
        let row = self.picked.map_or(row, |rows| rows[row] as usize);
        self.all.index_axis_move(Axis(0), row)
    }
    /// All rows of the matrix one after the other, where they lie so.
    pub fn in_one_piece(&self) -> Option<&'a [f32]> {
        self.all.to_slice()
    }
    /// Where sixteen rows from `from` on begin in that piece, into `starts`; past its end where there are no more.
    ///
    /// # Panics
    /// Where a row that is named is not there.
    #[inline(always)]
    pub fn starts(&self, from: usize, starts: &mut [usize; LANES]) {
        let width = self.features();
        let Some(picked) = self.picked else {
            for (start, row) in starts.iter_mut().zip(from..) {
                *start = row * width;
            }
            return;
        };
        *starts = [self.all.len(); LANES];
        for (start, &row) in starts.iter_mut().zip(&picked[from..]) {
            let row = row as usize;
            assert!(row < self.all.nrows(), "there is no row {row}");
            *start = row * width;
        }
    }
}
