//! The gradient of the weights where many deltas are exactly 0, as relu and dropout leave them: of a unit's samples those alone
//! are taken that it has a delta for. They come in the order that they have among all, so the sums are those of all.

use super::tile::{self, Lanes, by_rows, lanes, lanes_mut};
use super::transpose::transpose_apart;
use super::vector::Vector;
use super::{Blocked, Buffer, Crew, LANES};
use fearless_simd::prelude::*;
use std::ops::Range;

/// Calls the kernel compiled for this number of groups.
macro_rules! by_width {
    ($width:expr, $S:ident, |$NV:ident| $call:expr) => {{
        macro_rules! with {
            ($n:literal) => {{
                const $NV: usize = $n;
                $call
            }};
        }
        if const { tile::wide::<$S>() } && $width > 12 {
            match $width {
                13 => with!(13),
                14 => with!(14),
                15 => with!(15),
                16 => with!(16),
                _ => with!(17),
            }
        } else {
            by_rows!($width, $S, |$NV| $call)
        }
    }};
}

/// Blocks of a batch whose rows, a tile of columns at a time, stay in the first-level cache while the units pass.
const BLOCKS: usize = 2;
/// Samples of them, a bit of a mask each.
const SAMPLES: usize = BLOCKS * LANES;

/// Groups of inputs up to which a unit's sums, of a register each, are so few that they wait for each other: a sample that is
/// picked then takes twice the time that it takes among all.
const NARROW: usize = 8;

/// Deltas of a unit in such blocks.
type Deltas = [Lanes; BLOCKS];

/// A batch of which units pick samples.
#[derive(Default)]
pub struct Picked {
    /// `[run of blocks][unit]`, a bit for each delta that is not 0.
    masks: Vec<u32>,
    /// `[run of blocks][unit][sample]`
    deltas: Buffer<f32>,
    /// Whose deltas these are.
    units: Range<usize>,
    /// The input, `[tile of groups][sample][feature]`.
    input: Buffer<f32>,
    samples: usize,
    tiles: Tiling,
}

impl Picked {
    /// Takes over the deltas of some units, for so many groups of inputs. Says whether so many are 0 that picking pays: a sample
    /// that is picked takes about five quarters of the time that it takes among all. The first block tells most of those that are
    /// not worth more looking.
    pub fn look<S: Simd>(
        &mut self,
        s: S,
        (delta, units): (&Blocked<f32>, &Range<usize>),
        groups: usize,
    ) -> bool {
        if tile::wide::<S>() && groups <= NARROW {
            return false;
        }
        let pays = |count: usize, rows: usize| 4 * count <= 3 * rows * units.len();
        s.vectorize(
            #[inline(always)]
            || {
                let first = lanes(delta.block(0))[units.clone()].iter();
                let count = first.map(|d| wanted(s, d).count_ones() as usize).sum();
                pays(count, delta.rows().min(LANES))
                    && pays(self.take_over(s, delta, units), delta.rows())
            },
        )
    }
    /// Returns how many are not 0.
    #[inline(always)]
    fn take_over<S: Simd>(&mut self, s: S, delta: &Blocked<f32>, units: &Range<usize>) -> usize {
        self.units = units.clone();
        let size = delta.blocks().div_ceil(BLOCKS) * units.len();
        self.masks.clear();
        self.masks.resize(size, 0);
        grow(&mut self.deltas, size * SAMPLES);
        let mut count = 0;
        for block in 0..delta.blocks() {
            let (run, at) = (block / BLOCKS * units.len(), block % BLOCKS);
            let own = &lanes(delta.block(block))[units.clone()];
            let masks = self.masks[run..].iter_mut();
            let deltas = deltas_mut(&mut self.deltas)[run..].iter_mut();
            for ((mask, to), d) in masks.zip(deltas).zip(own) {
                let wanted = wanted(s, d);
                to[at] = *d;
                *mask |= wanted << (at * LANES);
                count += wanted.count_ones() as usize;
            }
        }
        count
    }
    /// Takes over so many groups of the input's features; those past its last are 0.
    pub fn load<S: Simd>(&mut self, s: S, crew: Crew<'_>, input: &Blocked<f32>, groups: usize) {
        self.samples = input.blocks().next_multiple_of(BLOCKS) * LANES;
        self.tiles = Tiling::of::<S>(groups);
        let (tiles, size) = (self.tiles, self.samples * LANES);
        grow(&mut self.input, groups * size);
        let mut rest = &mut self.input[..groups * size];
        let pieces = crew.shares(tiles.count).map(|share| {
            let groups = tiles.first(share.end) - tiles.first(share.start);
            let (own, others) = std::mem::take(&mut rest).split_at_mut(groups * size);
            rest = others;
            (share, own)
        });
        crew.each(pieces, |(share, mut data)| {
            for tile in share {
                let (own, others) = data.split_at_mut(tiles.width(tile) * size);
                data = others;
                let ld = tiles.width(tile) * LANES;
                for (block, rows) in own.chunks_mut(LANES * ld).take(input.blocks()).enumerate() {
                    let x = &lanes(input.block(block))[tiles.first(tile) * LANES..];
                    for (v, x) in x.chunks(LANES).take(tiles.width(tile)).enumerate() {
                        transpose_apart(s, x, &mut rows[v * LANES..], ld);
                    }
                }
            }
        });
    }
    /// What some blocks add to the gradients of `units`, `ld` elements each; the first of all begins at 0.
    pub fn gradient_rows<S: Simd>(
        &self,
        s: S,
        (blocks, units, ld): (&Range<usize>, &Range<usize>, usize),
        grad: &mut [f32],
    ) {
        for run in blocks.start / BLOCKS..blocks.end.div_ceil(BLOCKS) {
            let place = |unit: usize| run * self.units.len() + unit - self.units.start;
            let own = place(units.start)..place(units.end);
            let deltas = &deltas(&self.deltas)[own.clone()];
            let picks = (&self.masks[own], deltas);
            for tile in 0..self.tiles.count {
                let first = self.tiles.first(tile);
                let x = &lanes(&self.input)[first * self.samples..];
                let grad = &mut grad[first * LANES..];
                by_width!(self.tiles.width(tile), S, |NV| gradient_tile::<S, NV>(
                    s,
                    picks,
                    (x, run),
                    grad,
                    ld
                ));
            }
        }
    }
}

/// How groups of columns are cut into tiles of nearly equal width.
#[derive(Clone, Copy, Default)]
struct Tiling {
    count: usize,
    /// Of the narrower, which come last.
    least: usize,
    wider: usize,
}

impl Tiling {
    fn of<S: Simd>(groups: usize) -> Self {
        let count = groups.div_ceil(most::<S>()).max(1);
        Self {
            count,
            least: groups / count,
            wider: groups % count,
        }
    }
    fn first(self, tile: usize) -> usize {
        tile * self.least + tile.min(self.wider)
    }
    fn width(self, tile: usize) -> usize {
        self.least + usize::from(tile < self.wider)
    }
}

/// As many groups as the registers have room for and, beside what passes, the first-level cache.
const fn most<S: Simd>() -> usize {
    if tile::wide::<S>() {
        17
    } else {
        tile::max_rows::<S>()
    }
}

fn grow(buffer: &mut Buffer<f32>, len: usize) {
    if buffer.len() < len {
        *buffer = Buffer::zeros(len);
    }
}

fn deltas(data: &[f32]) -> &[Deltas] {
    lanes(data).as_chunks().0
}
fn deltas_mut(data: &mut [f32]) -> &mut [Deltas] {
    lanes_mut(data).as_chunks_mut().0
}

/// A bit for every lane that is not 0; a NaN is not.
#[inline(always)]
fn wanted<S: Simd>(s: S, d: &Lanes) -> u32 {
    let zero = Vector::splat(s, 0.0);
    (!Vector::load_array_ref(s, d).simd_eq(zero)).to_bitmask() as u32
}

/// A tile of `NV` groups, by a run of blocks. What is multiplied comes from the first-level cache, at most two vectors of it a
/// cycle: it is that, not the registers, which bounds a sample.
fn gradient_tile<S: Simd, const NV: usize>(
    s: S,
    (masks, deltas): (&[u32], &[Deltas]),
    (x, run): (&[Lanes], usize),
    grad: &mut [f32],
    ld: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let x: &[[[Lanes; NV]; SAMPLES]] = x.as_chunks().0.as_chunks().0;
            let Some(x) = x.get(run) else { return };
            for ((&mask, deltas), out) in masks.iter().zip(deltas).zip(grad.chunks_mut(ld)) {
                let Some(out) = lanes_mut(out).first_chunk_mut::<NV>() else {
                    return;
                };
                let mut sums = [Vector::splat(s, 0.0); NV];
                if run > 0 {
                    for v in 0..NV {
                        sums[v] = Vector::load_array_ref(s, &out[v]);
                    }
                }
                let mut wanted = mask;
                while wanted != 0 {
                    let k = wanted.trailing_zeros() as usize % SAMPLES;
                    wanted &= wanted - 1;
                    let d = Vector::splat(s, deltas[k / LANES][k % LANES]);
                    for v in 0..NV {
                        sums[v] = d.mul_add(Vector::load_array_ref(s, &x[k][v]), sums[v]);
                    }
                }
                for v in 0..NV {
                    sums[v].store_array(&mut out[v]);
                }
            }
        },
    );
}
