//! A batch's activations or deltas.

use super::team::grouped;
use super::{Buffer, Crew, GROUP, LANES, Real, Samples};
use ndarray::{Array2, ArrayView2, ArrayViewMut3, Axis, s};
use std::ops::Range;

/// `rows` samples of `features` values each, stored `[block][feature][lane]`: the same feature of 16 samples lies side by
/// side, in one vector. Lanes past `rows` in the last block hold 0 in deltas and anything finite elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocked<T: Copy + Default> {
    data: Buffer<T>,
    features: usize,
    rows: usize,
    capacity: usize,
}

impl<T: Real> Blocked<T> {
    /// All zero. Holds up to `rows` samples, rounded up to whole blocks.
    pub fn zeros(features: usize, rows: usize) -> Self {
        let capacity = rows.div_ceil(LANES);
        Self {
            data: Buffer::zeros(capacity * features * LANES),
            features,
            rows,
            capacity,
        }
    }
    pub fn from_rows(x: ArrayView2<f32>) -> Self {
        let mut out = Self::zeros(x.ncols(), x.nrows());
        out.load(x.into());
        out
    }
    /// Bytes that [`Self::zeros`] takes.
    pub fn bytes(features: usize, rows: usize) -> usize {
        (rows.div_ceil(LANES) * LANES)
            .saturating_mul(features)
            .saturating_mul(size_of::<T>())
    }
    pub fn features(&self) -> usize {
        self.features
    }
    /// Samples in use.
    pub fn rows(&self) -> usize {
        self.rows
    }
    /// Samples it has room for.
    pub fn max_rows(&self) -> usize {
        self.capacity * LANES
    }
    /// Blocks in use.
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(LANES)
    }
    /// Samples in block `block`.
    pub fn lanes(&self, block: usize) -> usize {
        self.rows.saturating_sub(block * LANES).min(LANES)
    }
    /// Takes the first `rows` samples into use, for a batch smaller than the room there is.
    ///
    /// # Panics
    /// If there is no room for so many: a fault of the caller.
    pub fn set_rows(&mut self, rows: usize) {
        assert!(
            rows <= self.max_rows(),
            "{rows} rows, room for {}",
            self.max_rows()
        );
        self.rows = rows;
    }
    /// Takes another number of features, in the room there is.
    pub fn reshape(&mut self, features: usize) {
        if self.features != features {
            self.features = features;
            self.capacity = self.data.len() / (features.max(1) * LANES);
            self.rows = self.rows.min(self.capacity * LANES);
        }
    }
    /// The blocks in use.
    #[inline(always)]
    pub fn data(&self) -> &[T] {
        &self.data[..self.rows.div_ceil(LANES) * self.features * LANES]
    }
    #[inline(always)]
    pub fn data_mut(&mut self) -> &mut [T] {
        let len = self.rows.div_ceil(LANES) * self.features * LANES;
        &mut self.data[..len]
    }
    /// `[feature][lane]` of one block.
    #[inline(always)]
    pub fn block(&self, block: usize) -> &[T] {
        let size = self.features * LANES;
        &self.data[block * size..][..size]
    }
    #[inline(always)]
    pub fn block_mut(&mut self, block: usize) -> &mut [T] {
        let size = self.features * LANES;
        &mut self.data[block * size..][..size]
    }
    /// The lanes of one feature in one block.
    pub fn feature(&self, block: usize, feature: usize) -> &[T] {
        &self.block(block)[feature * LANES..][..LANES]
    }
    pub fn feature_mut(&mut self, block: usize, feature: usize) -> &mut [T] {
        &mut self.block_mut(block)[feature * LANES..][..LANES]
    }
    #[inline(always)]
    fn at(&self, row: usize, feature: usize) -> usize {
        (row / LANES * self.features + feature) * LANES + row % LANES
    }
    pub fn get(&self, row: usize, feature: usize) -> T {
        self.data[self.at(row, feature)]
    }
    pub fn set(&mut self, row: usize, feature: usize, value: T) {
        let at = self.at(row, feature);
        self.data[at] = value;
    }
    pub fn fill(&mut self, value: T) {
        self.data.fill(value);
    }
    /// Zeroes the lanes past the last row, as deltas want them.
    pub fn clear_padding(&mut self) {
        clear_past(&mut self.data, self.rows, self.features);
    }
    /// Takes over `x`, `[rows][features]`; lanes past the last row become 0.
    ///
    /// # Panics
    /// If the number of columns is another or the rows exceed the room.
    pub fn load(&mut self, x: Samples<'_>) {
        assert_eq!(x.features(), self.features, "columns of the batch");
        self.set_rows(x.rows());
        self.load_steps(x, 1);
    }
    /// The same, every member some features.
    ///
    /// # Panics
    /// As [`Self::load`].
    #[inline(never)]
    pub fn load_by(&mut self, crew: Crew<'_>, x: Samples<'_>) {
        let crew = crew.for_work(x.rows() * x.features() * ELEMENT);
        let Some(data) = x.in_one_piece().filter(|_| !crew.is_alone()) else {
            return self.load(x);
        };
        assert_eq!(x.features(), self.features, "columns of the batch");
        self.set_rows(x.rows());
        let blocks = self.blocks();
        // whole vectors of the rows
        crew.each(self.grouped_shares(crew, LANES), |(features, mut share)| {
            let mut starts = [0; LANES];
            for block in 0..blocks {
                x.starts(block * LANES, &mut starts);
                load_rows(data, &starts, features.start, share.block(block));
            }
        });
    }
    /// Takes over sequences, `[rows][steps · features]`, step after step, each step's rows padded to whole blocks.
    ///
    /// # Panics
    /// As [`Self::load`].
    pub fn load_sequences(&mut self, x: Samples<'_>, steps: usize) {
        assert_eq!(x.features(), steps * self.features, "columns of the batch");
        self.set_rows(x.rows().next_multiple_of(LANES) * steps);
        self.load_steps(x, steps);
    }
    fn load_steps(&mut self, x: Samples<'_>, steps: usize) {
        let features = self.features;
        let (size, blocks) = (features * LANES, x.rows().div_ceil(LANES));
        let mut starts = [0; LANES];
        for block in 0..blocks {
            let from = block * LANES;
            x.starts(from, &mut starts);
            for step in 0..steps {
                let out = &mut self.data[(step * blocks + block) * size..][..size];
                let first = step * features;
                if let Some(data) = x.in_one_piece() {
                    load_rows(data, &starts, first, out);
                    continue;
                }
                out.fill(T::ZERO);
                for (lane, row) in (from..x.rows()).take(LANES).enumerate() {
                    put_row(out, lane, x.row(row).slice(s![first..first + features]));
                }
            }
        }
    }
    /// `[rows][features]`, rounded to f32.
    pub fn to_array(&self) -> Array2<f32> {
        Array2::from_shape_fn((self.rows, self.features), |(row, feature)| {
            self.get(row, feature).to_f64() as f32
        })
    }
    /// `[rows][features]` in f64.
    pub fn to_array_f64(&self) -> Array2<f64> {
        Array2::from_shape_fn((self.rows, self.features), |(row, feature)| {
            self.get(row, feature).to_f64()
        })
    }
    /// Every member's share of the features, those of the units that it [owns](GROUP), to be written side by side.
    pub fn shares(&mut self, crew: Crew<'_>) -> impl Iterator<Item = (Range<usize>, Share<'_, T>)> {
        self.grouped_shares(crew, GROUP)
    }
    fn grouped_shares(
        &mut self,
        crew: Crew<'_>,
        group: usize,
    ) -> impl Iterator<Item = (Range<usize>, Share<'_, T>)> {
        let (features, shape) = (self.features, (self.blocks(), self.features, LANES));
        let mut rest = ArrayViewMut3::from_shape(shape, self.data_mut()).ok();
        grouped(crew, features, group).map_while(move |share| {
            let (own, other) = rest.take()?.split_at(Axis(1), share.len());
            rest = Some(other);
            Some((share, Share(own)))
        })
    }
    /// Takes over `count` whole blocks of another of the same features, from its block `from` to one's own block `to`.
    ///
    /// # Panics
    /// If the features differ or there is no room: a fault of the caller.
    pub fn copy_blocks(&mut self, to: usize, other: &Self, from: usize, count: usize) {
        assert_eq!(self.features, other.features, "features");
        let size = self.features * LANES;
        self.data[to * size..][..count * size]
            .copy_from_slice(&other.data[from * size..][..count * size]);
    }
    /// Takes over all features of another as these of the present rows.
    pub fn copy_units(&mut self, units: Range<usize>, other: &Self) {
        for block in 0..self.blocks() {
            let own = &mut self.block_mut(block)[units.start * LANES..units.end * LANES];
            own.copy_from_slice(other.block(block));
        }
    }
    /// Takes over some units of another, which are all that this one has, and the number of its rows.
    pub fn take_units(&mut self, units: &Range<usize>, other: &Self) {
        self.set_rows(other.rows);
        for block in 0..other.blocks() {
            let units = &other.block(block)[units.start * LANES..units.end * LANES];
            self.block_mut(block).copy_from_slice(units);
        }
    }
    /// Takes over the values and the number of rows of another of the same features.
    pub fn copy_from(&mut self, other: &Self) {
        assert_eq!(self.features, other.features, "features");
        self.set_rows(other.rows);
        self.data_mut().copy_from_slice(other.data());
    }
}

/// Multiply-adds that take about as long as taking over an element.
const ELEMENT: usize = 4;

/// Parts of sixteen rows that begin at `starts`, from feature `first` of them on; past the end of the data as 0.
#[inline(always)]
fn load_rows<T: Real>(data: &[f32], starts: &[usize; LANES], first: usize, block: &mut [T]) {
    let done = match block.len() / LANES {
        0..LANES => 0,
        features => load_whole(data, starts, first..first + features, block),
    };
    let rest = &mut block.as_chunks_mut().0[done..];
    if !rest.is_empty() {
        T::load_features(data, starts, first + done, rest);
    }
}

/// As much of it as [`Real::load_rows`] does; on its own, since narrow rows would pay for what it looks up.
#[inline(never)]
fn load_whole<T: Real>(
    data: &[f32],
    starts: &[usize; LANES],
    part: Range<usize>,
    block: &mut [T],
) -> usize {
    let rows = starts.map(|start| {
        let part = start + part.start..start + part.end;
        data.get(part).unwrap_or_default()
    });
    T::load_rows(&rows, block)
}

/// A row's values, feature after feature, into its lane.
#[inline(always)]
fn put_row<'a, T: Real>(block: &mut [T], lane: usize, values: impl IntoIterator<Item = &'a f32>) {
    for (place, &value) in block.as_chunks_mut::<LANES>().0.iter_mut().zip(values) {
        place[lane] = T::from_f32(value);
    }
}

/// Zeroes the lanes past the last of `rows` in blocks of so many features. Whole vectors are written, since a vector that is
/// read back cannot be put together from parts under way.
pub fn clear_past<T: Real>(blocks: &mut [T], rows: usize, features: usize) {
    let used = rows % LANES;
    if used == 0 {
        return;
    }
    let size = features * LANES;
    let last = blocks[rows / LANES * size..][..size].as_chunks_mut().0;
    T::keep_lanes(last, used);
}

/// Some features of a batch, in all blocks.
#[derive(Debug)]
pub struct Share<'a, T>(ArrayViewMut3<'a, T>);

impl<T> Share<'_, T> {
    pub fn blocks(&self) -> usize {
        self.0.len_of(Axis(0))
    }
    pub fn features(&self) -> usize {
        self.0.len_of(Axis(1))
    }
    /// `[feature][lane]` of one block.
    #[inline(always)]
    pub fn made(&self, block: usize) -> &[T] {
        self.0
            .index_axis(Axis(0), block)
            .to_slice()
            .unwrap_or_default()
    }
    /// `[feature][lane]` of one block.
    #[inline(always)]
    pub fn block(&mut self, block: usize) -> &mut [T] {
        // a run of whole features of a block lies in one piece
        self.0
            .index_axis_mut(Axis(0), block)
            .into_slice()
            .unwrap_or_default()
    }
}
