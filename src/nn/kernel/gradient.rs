//! The third product of a layer in `f32`, the gradient of its weights, over the samples of a batch; and that of its biases.

use super::picked::Picked;
use super::product::{BLOCKS, runs};
use super::quarter::{gradient_quarter_columns, has_quarter, pack};
use super::team::Crew;
use super::tile::{self, Lanes, Sums, Tiles, ZEROS, array, by_rows, lanes, multiply, tiles};
use super::transpose::transpose;
use super::vector::Vector;
use super::{Blocked, Buffer, LANES, Weights};
use fearless_simd::{f32x8, prelude::*};
use std::ops::Range;

/// A batch with the features of a sample side by side: `[16 features][sample][feature]`, as the weight gradient reads it; a last
/// [quarter](super::quarter) as that has it.
#[derive(Default)]
pub struct Panels {
    data: Buffer<f32>,
    samples: usize,
    /// The whole groups, where units pick samples, and whether they do.
    picked: Picked,
    picks: bool,
}

impl Panels {
    /// Takes over `input` for the gradient of some units by `delta`: of large matrices for its samples to be picked, if that pays,
    /// which changes no sum. On its own, for the sake of small layers' code.
    #[inline(never)]
    pub fn load<S: Simd>(
        &mut self,
        s: S,
        crew: Crew<'_>,
        (delta, units): (&Blocked<f32>, &Range<usize>),
        input: &Blocked<f32>,
    ) {
        let (whole, halved) = groups(input.features());
        let large = whole > 0 && has_strips(delta.features() * input.features());
        self.picks = large && self.picked.look(s, (delta, units), whole);
        if !self.picks {
            return self.load_groups(s, crew, input, 0, 0);
        }
        self.picked.load(s, crew, input, whole);
        if halved {
            self.load_groups(s, crew, input, whole, 0);
        }
    }
    /// Takes over `input`, so many blocks `later` than it lies there, with zeros before it.
    pub fn load_later<S: Simd>(
        &mut self,
        s: S,
        crew: Crew<'_>,
        input: &Blocked<f32>,
        later: usize,
    ) {
        self.picks = false;
        self.load_groups(s, crew, input, 0, later);
    }
    /// The groups from `first` on, the first of them in the first place; features past the last are 0.
    fn load_groups<S: Simd>(
        &mut self,
        s: S,
        crew: Crew<'_>,
        input: &Blocked<f32>,
        first: usize,
        later: usize,
    ) {
        let groups = input.features().div_ceil(LANES) - first;
        self.samples = input.blocks() * LANES;
        let size = self.samples * LANES;
        if self.data.len() < groups * size {
            self.data = Buffer::zeros(groups * size);
        }
        let (square, later) = (LANES * LANES, later.min(input.blocks()));
        let packed = has_quarter(input.features());
        let data = &mut self.data[..groups * size];
        crew.each_of_rows((groups, size), data, |groups, data| {
            for data in data.chunks_exact_mut(size) {
                data[..later * square].fill(0.0);
            }
            // block after block, as they lie in memory
            for block in 0..input.blocks() - later {
                let x = &lanes(input.block(block))[(first + groups.start) * LANES..];
                let to = (later + block) * square;
                for (x, data) in x.chunks(LANES).zip(data.chunks_exact_mut(size)) {
                    let data = &mut data[to..][..square];
                    if packed && x.len() < LANES {
                        pack(x, input.lanes(block), data);
                    } else {
                        transpose(s, x, data);
                    }
                }
            }
        });
    }
    #[cfg(test)]
    pub fn picks(&self) -> bool {
        self.picks
    }
    /// Room for so many squares.
    pub(super) fn squares(&mut self, count: usize) -> &mut [Square] {
        let size = count * LANES * LANES;
        if self.data.len() < size {
            self.data = Buffer::zeros(size);
        }
        self.data.as_chunks_mut().0.as_chunks_mut().0
    }
    /// `N` groups from `first` on.
    #[inline(always)]
    pub(super) fn groups<const N: usize>(&self, first: usize) -> [&[Lanes]; N] {
        std::array::from_fn(|i| self.group(first + i))
    }
    fn group(&self, group: usize) -> &[Lanes] {
        let size = self.samples * LANES;
        lanes(&self.data[group * size..][..size])
    }
}

/// Elements of a gradient that are made before they are used: they stay in the second-level cache beside the weights and the
/// optimizer's state that they change.
const STRIP: usize = 32 * 1024;

/// Rows that are not divided, between strips or members.
pub const GROUP: usize = 6;

/// Elements from which on a gradient that is used strip by strip and not kept saves more, in memory that is not gone through, than
/// looking for bounds costs.
const LEAST: usize = 8 * 1024;

/// Whether the gradient of a matrix of so many elements is made in strips, if only in one.
pub fn has_strips(elements: usize) -> bool {
    elements > LEAST
}

/// Cuts rows of `ld` elements into strips of whole groups, as many as a strip holds.
pub fn strips(rows: Range<usize>, ld: usize) -> impl Iterator<Item = Range<usize>> {
    let most = (STRIP / ld.max(1) / GROUP).max(1) * GROUP;
    let end = rows.end;
    rows.step_by(most)
        .map(move |start| start..(start + most).min(end))
}

/// The rows of `units` of the gradient, `ld` elements each.
pub fn weight_gradient_rows<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    input: &Panels,
    units: Range<usize>,
    grad: &mut [f32],
    (inputs, ld): (usize, usize),
) {
    for blocks in runs(delta.blocks(), BLOCKS) {
        gradient_rows(s, (delta, blocks), input, units.clone(), grad, (inputs, ld));
    }
}

/// grad = Σ over the rows of delta·inputᵀ
pub fn weight_gradient<S: Simd>(
    s: S,
    crew: Crew<'_>,
    delta: &Blocked<f32>,
    input: &Panels,
    grad: &mut Weights<f32>,
) {
    let (units, inputs, ld) = (grad.units(), grad.inputs(), grad.ld());
    assert_eq!(delta.features(), units, "features of the delta");
    crew.each_of_rows((units, ld), grad.data_mut(), |units, grad| {
        weight_gradient_rows(s, delta, input, units, grad, (inputs, ld));
    });
}

/// The groups of so many inputs that are whole, and whether half a last one is left.
fn groups(inputs: usize) -> (usize, bool) {
    let halved = (1..=HALF).contains(&(inputs % LANES));
    (inputs.div_ceil(LANES) - usize::from(halved), halved)
}

/// What some blocks add to the gradients of `units`; the first run begins at 0.
fn gradient_rows<S: Simd>(
    s: S,
    (delta, blocks): (&Blocked<f32>, Range<usize>),
    input: &Panels,
    units: Range<usize>,
    grad: &mut [f32],
    (inputs, ld): (usize, usize),
) {
    // half a last group takes as long where a vector is one register, and has the same order of sums everywhere
    let (whole, halved) = groups(inputs);
    let place = (&blocks, &units, ld);
    let picked = if input.picks { whole } else { 0 };
    if picked > 0 {
        input.picked.gradient_rows(s, place, grad);
    }
    let mut first = picked;
    // two groups share the reading of the deltas, which more registers would outrun
    if const { tile::wide::<S>() } {
        while first + 1 < whole {
            let grad = &mut grad[first * LANES..];
            gradient_columns(s, delta, place, input.groups::<2>(first), grad);
            first += 2;
        }
    }
    for group in first..whole {
        let grad = &mut grad[group * LANES..];
        gradient_columns(s, delta, place, input.groups::<1>(group), grad);
    }
    if halved {
        let ([x], grad) = (input.groups(whole - picked), &mut grad[whole * LANES..]);
        if has_quarter(inputs) {
            gradient_quarter_columns(s, delta, place, x, grad);
        } else {
            gradient_half_columns(s, delta, place, x, grad);
        }
    }
}

/// The same for `NV` groups of inputs; `grad` begins at the first of them.
#[inline(always)]
fn gradient_columns<S: Simd, const NV: usize>(
    s: S,
    delta: &Blocked<f32>,
    (blocks, units, ld): (&Range<usize>, &Range<usize>, usize),
    x: [&[Lanes]; NV],
    grad: &mut [f32],
) {
    tiles(units.len(), tile::max_rows::<S>(), |tiles| {
        let d = (delta, blocks.clone(), units.start);
        by_rows!(tiles.rows, S, |MR| gradient_tiles::<S, MR, NV>(
            s, tiles, d, x, grad, ld
        ));
    });
}

pub(super) fn gradient_tiles<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    tiles: Tiles,
    (delta, blocks, unit): (&Blocked<f32>, Range<usize>, usize),
    x: [&[Lanes]; NV],
    grad: &mut [f32],
    ld: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let samples = Samples::of(delta, blocks.clone());
            let x: [&[Square]; NV] = array(&[][..], |v| x[v][blocks.start * LANES..].as_chunks().0);
            for row in tiles.starts() {
                let out = &mut grad[row * ld..];
                let mut sums: Sums<S, MR, NV> = tile::zero(s);
                if blocks.start > 0 {
                    for (r, sums) in sums.iter_mut().enumerate() {
                        for (v, sum) in sums.iter_mut().enumerate() {
                            *sum = Vector::from_slice(s, &out[r * ld + v * LANES..][..LANES]);
                        }
                    }
                }
                for block in 0..samples.blocks() {
                    let (rows, count) = samples.rows(block, unit + row);
                    multiply_square(s, &mut sums, rows, squares(x, block), count);
                }
                for (r, sums) in sums.iter().enumerate() {
                    for (v, sum) in sums.iter().enumerate() {
                        sum.store_slice(&mut out[r * ld + v * LANES..][..LANES]);
                    }
                }
            }
        },
    );
}

/// Sixteen samples of sixteen features, or the reverse.
pub(super) type Square = [Lanes; LANES];
const ZERO_SQUARE: Square = [ZEROS; LANES];

/// Those of a block.
#[inline(always)]
fn squares<const NV: usize>(x: [&[Square]; NV], block: usize) -> [&Square; NV] {
    array(&ZERO_SQUARE, |v| &x[v][block])
}

/// The deltas of some blocks.
#[derive(Clone, Copy)]
pub(super) struct Samples<'a> {
    data: &'a [Lanes],
    features: usize,
    rows: usize,
}

impl<'a> Samples<'a> {
    #[inline(always)]
    pub fn of(delta: &'a Blocked<f32>, blocks: Range<usize>) -> Self {
        let features = delta.features();
        Self {
            data: &lanes(delta.data())[blocks.start * features..blocks.end * features],
            features,
            rows: delta.rows().min(blocks.end * LANES) - blocks.start * LANES,
        }
    }
    #[inline(always)]
    pub fn blocks(self) -> usize {
        self.rows.div_ceil(LANES)
    }
    /// `MR` features of a block from `first` on, and how many samples it has.
    #[inline(always)]
    pub fn rows<const MR: usize>(self, block: usize, first: usize) -> ([&'a Lanes; MR], usize) {
        let rows = &self.data[block * self.features + first..][..MR];
        let count = (self.rows - block * LANES).min(LANES);
        (array(&ZEROS, |r| &rows[r]), count)
    }
}

/// sums\[r]\[v] += Σₖ rows\[r]\[k]·columns\[v]\[k] over the first `count`
#[inline(always)]
pub(super) fn multiply_square<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &mut Sums<S, MR, NV>,
    rows: [&Lanes; MR],
    columns: [&Square; NV],
    count: usize,
) {
    let rows: [&[f32]; MR] = array(&[][..], |r| &rows[r][..]);
    if count == LANES {
        // of a length that the compiler knows
        multiply(s, sums, rows, array(&[][..], |v| &columns[v][..]));
    } else {
        multiply(s, sums, rows, array(&[][..], |v| &columns[v][..count]));
    }
}

/// Inputs that half a vector holds.
pub(super) const HALF: usize = LANES / 2;

/// The same for a last group of at most [`HALF`] inputs.
fn gradient_half_columns<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    (blocks, units, ld): (&Range<usize>, &Range<usize>, usize),
    x: &[Lanes],
    grad: &mut [f32],
) {
    tiles(units.len(), tile::max_rows::<S>(), |tiles| {
        let d = (delta, blocks.clone(), units.start);
        by_rows!(tiles.rows, S, |MR| gradient_half_tiles::<S, MR>(
            s, tiles, d, x, grad, ld
        ));
    });
}

/// The samples of even and of odd number have sums of their own: those of one would wait for each other.
fn gradient_half_tiles<S: Simd, const MR: usize>(
    s: S,
    tiles: Tiles,
    (delta, blocks, unit): (&Blocked<f32>, Range<usize>, usize),
    x: &[Lanes],
    grad: &mut [f32],
    ld: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let zero = f32x8::splat(s, 0.0);
            let samples = Samples::of(delta, blocks.clone());
            let x: &[Square] = x[blocks.start * LANES..].as_chunks().0;
            for row in tiles.starts() {
                let out = &mut grad[row * ld..];
                let mut sums = [[zero; 2]; MR];
                if blocks.start > 0 {
                    for (r, [sum, _]) in sums.iter_mut().enumerate() {
                        *sum = f32x8::from_slice(s, &out[r * ld..][..HALF]);
                    }
                }
                for (block, x) in x[..samples.blocks()].iter().enumerate() {
                    let (rows, count) = samples.rows(block, unit + row);
                    multiply_halves(s, &mut sums, rows, x, count);
                }
                for (r, [even, odd]) in sums.into_iter().enumerate() {
                    let out = &mut out[r * ld..][..LANES];
                    (even + odd).store_slice(&mut out[..HALF]);
                    zero.store_slice(&mut out[HALF..]);
                }
            }
        },
    );
}

/// sums\[r]\[k % 2] += Σₖ rows\[r]\[k]·first half of column\[k] over the first `count`
#[inline(always)]
pub(super) fn multiply_halves<S: Simd, const MR: usize>(
    s: S,
    sums: &mut [[f32x8<S>; 2]; MR],
    rows: [&Lanes; MR],
    column: &Square,
    count: usize,
) {
    let pairs = count.min(LANES) / 2;
    for i in 0..pairs {
        for k in 0..2 {
            half_step(s, sums, rows, column, 2 * i + k, k);
        }
    }
    if count % 2 == 1 {
        half_step(s, sums, rows, column, 2 * pairs, 0);
    }
}

/// sums\[r]\[parity] += rows\[r]\[k]·first half of column\[k]
#[inline(always)]
fn half_step<S: Simd, const MR: usize>(
    s: S,
    sums: &mut [[f32x8<S>; 2]; MR],
    rows: [&Lanes; MR],
    column: &Square,
    k: usize,
    parity: usize,
) {
    let x = f32x8::load_array_ref(s, &column[k].as_chunks().0[0]);
    for r in 0..MR {
        sums[r][parity] = f32x8::splat(s, rows[r][k]).mul_add(x, sums[r][parity]);
    }
}

/// grad = Σ over the rows of delta
#[inline(always)]
pub fn bias_gradient<S: Simd>(s: S, delta: &Blocked<f32>, grad: &mut [f32]) {
    bias_gradient_rows(s, delta, 0..delta.features(), grad);
}

/// The same of some units alone.
pub fn bias_gradient_rows<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    units: Range<usize>,
    grad: &mut [f32],
) {
    assert_eq!(grad.len(), units.len(), "biases");
    s.vectorize(
        #[inline(always)]
        || {
            let (data, features) = (lanes(delta.data()), delta.features());
            for (unit, g) in units.zip(grad) {
                let mut sum = Vector::splat(s, 0.0);
                let mut at = unit;
                // lanes past the last row are 0
                while let Some(d) = data.get(at) {
                    sum += Vector::load_array_ref(s, d);
                    at += features;
                }
                *g = sum.reduce_sum();
            }
        },
    );
}
