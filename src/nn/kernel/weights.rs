//! A layer's matrix.

use super::{Buffer, LANES, Real};

/// `[units][inputs]` row by row, each row padded with zeros to `ld` elements: a multiple of 16, so that rows start on a
/// cache line, and never of 256, so that the rows of a column do not fall into the same cache set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights<T: Copy + Default> {
    data: Buffer<T>,
    units: usize,
    inputs: usize,
    ld: usize,
}

impl<T: Real> Weights<T> {
    pub fn zeros(units: usize, inputs: usize) -> Self {
        let ld = Self::padded(inputs);
        Self {
            data: Buffer::zeros(units * ld),
            units,
            inputs,
            ld,
        }
    }
    fn padded(inputs: usize) -> usize {
        let ld = inputs.div_ceil(LANES) * LANES;
        if ld.is_multiple_of(256) {
            ld + LANES
        } else {
            ld
        }
    }
    /// From `[units][inputs]` without padding.
    ///
    /// # Panics
    /// If the length is not `units * inputs`.
    pub fn from_dense(units: usize, inputs: usize, dense: &[T]) -> Self {
        let mut out = Self::zeros(units, inputs);
        out.copy_from_dense(dense);
        out
    }
    /// Bytes that [`Self::zeros`] takes.
    pub fn bytes(units: usize, inputs: usize) -> usize {
        units
            .saturating_mul(Self::padded(inputs))
            .saturating_mul(size_of::<T>())
    }
    /// fan_out
    pub fn units(&self) -> usize {
        self.units
    }
    /// fan_in
    pub fn inputs(&self) -> usize {
        self.inputs
    }
    /// Elements from one row to the next.
    pub fn ld(&self) -> usize {
        self.ld
    }
    /// With the padding.
    #[inline(always)]
    pub fn data(&self) -> &[T] {
        &self.data
    }
    /// With the padding, which has to stay 0.
    #[inline(always)]
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }
    pub fn row(&self, unit: usize) -> &[T] {
        &self.data[unit * self.ld..][..self.inputs]
    }
    pub fn row_mut(&mut self, unit: usize) -> &mut [T] {
        &mut self.data[unit * self.ld..][..self.inputs]
    }
    /// Rows without their padding.
    pub fn rows(&self) -> impl Iterator<Item = &[T]> + Clone {
        self.data
            .chunks_exact(self.ld.max(1))
            .map(|row| &row[..self.inputs])
    }
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [T]> {
        let inputs = self.inputs;
        self.data
            .chunks_exact_mut(self.ld.max(1))
            .map(move |row| &mut row[..inputs])
    }
    pub fn fill_zero(&mut self) {
        self.data.fill(T::ZERO);
    }
    /// `[units][inputs]` without padding.
    pub fn to_dense(&self) -> Vec<T> {
        self.rows().flatten().copied().collect()
    }
    /// # Panics
    /// If the length is not `units * inputs`.
    pub fn copy_from_dense(&mut self, dense: &[T]) {
        assert_eq!(dense.len(), self.units * self.inputs, "elements");
        if self.inputs == 0 {
            return;
        }
        let inputs = self.inputs;
        for (row, values) in self.rows_mut().zip(dense.chunks_exact(inputs)) {
            row.copy_from_slice(values);
        }
    }
}
