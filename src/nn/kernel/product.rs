//! The products of a layer's weights in `f32`, forward and backward, in register tiles. The order of every sum depends on the
//! shapes alone, so that a layer whose rows are split between threads gives the same bits; see [`super::plain`] for what they
//! compute.

use super::small::{self, is_small};
use super::team::Crew;
use super::tile::{
    self, Lanes, STEPS, Sums, Tiles, array, by_rows, lanes, lanes_mut, multiply, multiply_packed,
    multiply_strip, tiles,
};
use super::vector::Vector;
use super::{Blocked, Buffer, LANES, Share, Weights};
use fearless_simd::prelude::*;
use std::cell::RefCell;
use std::ops::Range;

/// Depth that a product's pieces do not exceed, so that a piece of the batch stays in the second-level cache and a strip of the
/// weights in the first.
const DEPTH: usize = 272;
/// Products up to this depth run in one piece.
const SHALLOW: usize = 400;

/// Blocks of a batch that are taken through all of a product before the next: more of them, of a piece's depth, would not stay
/// in the second-level cache while the tiles pass over them.
pub(super) const BLOCKS: usize = 16;

/// The pieces of a product of this depth, nearly equal; an empty one where there is nothing to multiply.
fn pieces(depth: usize) -> impl Iterator<Item = Range<usize>> {
    let count = if depth <= SHALLOW {
        1
    } else {
        depth.div_ceil(DEPTH)
    };
    runs(depth, depth.div_ceil(count).next_multiple_of(STEPS).max(1))
}

/// Some blocks of a batch, and a piece of the product's depth.
type Region = (Range<usize>, Range<usize>);

/// The blocks in order, and for them all pieces.
#[inline(always)]
fn each_region(blocks: usize, depth: usize, mut work: impl FnMut(Region)) {
    for blocks in runs(blocks, BLOCKS) {
        for depth in pieces(depth) {
            work((blocks.clone(), depth));
        }
    }
}

/// Runs of `length`, the last one shorter; an empty one of nothing.
pub(super) fn runs(n: usize, length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n.max(1))
        .step_by(length)
        .map(move |start| start..(start + length).min(n))
}

/// Where a product goes: a batch, or a member's share of its features.
pub trait Output {
    /// `[feature][lane]` of one block, of the features of the share.
    fn part(&mut self, block: usize) -> &mut [f32];
}

impl Output for Blocked<f32> {
    #[inline(always)]
    fn part(&mut self, block: usize) -> &mut [f32] {
        self.block_mut(block)
    }
}

impl Output for Share<'_, f32> {
    #[inline(always)]
    fn part(&mut self, block: usize) -> &mut [f32] {
        self.block(block)
    }
}

/// out = W·input + b
pub fn affine<S: Simd>(
    s: S,
    crew: Crew<'_>,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs) = (weights.units(), weights.inputs());
    assert_eq!(input.features(), inputs, "features of the input");
    assert_eq!(out.features(), units, "features of the output");
    assert!(bias.is_none_or(|bias| bias.len() == units), "biases");
    out.set_rows(input.rows());
    if is_small(weights, input) {
        return small::affine(s, weights, bias, input, out);
    }
    let crew = crew.for_work(units * inputs * input.rows());
    if crew.is_alone() {
        return affine_rows(s, weights, bias, input, 0..units, out);
    }
    crew.each(out.shares(crew), |(units, mut out)| {
        affine_rows(s, weights, bias, input, units, &mut out);
    });
}

/// `units` of an affine map.
fn affine_rows<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    units: Range<usize>,
    out: &mut impl Output,
) {
    if units.is_empty() {
        return;
    }
    each_region(input.blocks(), weights.inputs(), |region| {
        let depth = region.1.start;
        let w = &weights.data()[units.start * weights.ld() + depth..];
        // the sums of all pieces begin at the bias
        let start = (depth == 0).then(|| bias.map(|b| &b[units.clone()]));
        let (pairs, rest) = tile::pairs::<S>(region.0);
        let (rows, w) = (units.len(), (w, weights.ld()));
        if !pairs.is_empty() {
            let region = (pairs, region.1.clone());
            forward_columns::<S, 2>(s, rows, w, (input, &region), out, start);
        }
        if !rest.is_empty() {
            let region = (rest, region.1);
            forward_columns::<S, 1>(s, rows, w, (input, &region), out, start);
        }
    });
}

/// All tiles of so many rows, `NV` blocks at once.
#[inline(always)]
fn forward_columns<S: Simd, const NV: usize>(
    s: S,
    rows: usize,
    w: (&[f32], usize),
    input: (&Blocked<f32>, &Region),
    out: &mut impl Output,
    start: Option<Option<&[f32]>>,
) {
    tiles(rows, tile::max_rows_apart::<S, NV>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| forward_tiles::<S, MR, NV>(
            s, tiles, w, input, out, start
        ));
    });
}

/// Tiles of the weights' rows, each over the region's blocks of the batch.
fn forward_tiles<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    tiles: Tiles,
    (w, ld): (&[f32], usize),
    (input, (blocks, depth)): (&Blocked<f32>, &Region),
    out: &mut impl Output,
    start: Option<Option<&[f32]>>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for row in tiles.starts() {
                let w = &w[row * ld..];
                let rows: [&[f32]; MR] = array(&[][..], |r| &w[r * ld..][..depth.len()]);
                let bias = start
                    .flatten()
                    .and_then(|bias| bias[row..].first_chunk::<MR>());
                let mut begin: Sums<S, MR, NV> = tile::zero(s);
                // a loop: `map` over many rows is a call that keeps the sums in memory
                if let Some(bias) = bias {
                    for (sums, &b) in begin.iter_mut().zip(bias) {
                        *sums = [Vector::splat(s, b); NV];
                    }
                }
                for block in blocks.clone().step_by(NV) {
                    let x = piece(input, block, depth);
                    let mut sums = begin;
                    multiply(s, &mut sums, rows, x);
                    put(s, &sums, out, (block, row), start.is_some());
                }
            }
        },
    );
}

/// The features within `depth` of `NV` blocks from `block` on.
#[inline(always)]
fn piece<'a, const NV: usize>(
    batch: &'a Blocked<f32>,
    block: usize,
    depth: &Range<usize>,
) -> [&'a [Lanes]; NV] {
    array(&[][..], |v| &lanes(batch.block(block + v))[depth.clone()])
}

/// Stores the sums from a block and a feature on, or adds them to those of the pieces before.
#[inline(always)]
fn put<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    sums: &Sums<S, MR, NV>,
    out: &mut impl Output,
    (block, feature): (usize, usize),
    first: bool,
) {
    for v in 0..NV {
        let out = &mut out.part(block + v)[feature * LANES..][..MR * LANES];
        let Some(out) = lanes_mut(out).first_chunk_mut::<MR>() else {
            return;
        };
        for (y, sums) in out.iter_mut().zip(sums) {
            let sum = if first {
                sums[v]
            } else {
                Vector::load_array_ref(s, y) + sums[v]
            };
            sum.store_array(y);
        }
    }
}

/// out = Wᵀ·delta
///
/// A member makes its share of the inputs out of all weights: half of a matrix crosses between the caches, at a few
/// hundredths of the product's time, and the sums are those of one thread. Partial sums over each member's own rows would
/// cross instead, and be added in an order that depends on the number of members.
pub fn affine_backward<S: Simd>(
    s: S,
    crew: Crew<'_>,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs) = (weights.units(), weights.inputs());
    assert_eq!(delta.features(), units, "features of the delta");
    assert_eq!(out.features(), inputs, "features of the output");
    out.set_rows(delta.rows());
    if units == 0 {
        return out.fill(0.0);
    }
    if is_small(weights, delta) {
        return small::affine_backward(s, weights, delta, out);
    }
    let crew = crew.for_work(units * inputs * delta.rows());
    if crew.is_alone() {
        return affine_backward_columns(s, weights, delta, 0..inputs, out);
    }
    crew.each(out.shares(crew), |(inputs, mut out)| {
        affine_backward_columns(s, weights, delta, inputs, &mut out);
    });
}

fn affine_backward_columns<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    inputs: Range<usize>,
    out: &mut impl Output,
) {
    // a strip of a large matrix is copied together if that pays
    if delta.blocks() >= 3 && weights.ld() > 256 {
        return affine_backward_packed(s, weights, delta, inputs, out);
    }
    let ld = weights.ld();
    each_region(delta.blocks(), weights.units(), |(blocks, depth)| {
        let strip = &weights.data()[depth.start * ld + inputs.start..depth.end * ld];
        let (pairs, rest) = tile::pairs::<S>(blocks);
        if !pairs.is_empty() {
            let delta = (delta, &(pairs, depth.clone()));
            backward_columns::<S, 2>(s, inputs.len(), (strip, ld), delta, out);
        }
        if !rest.is_empty() {
            let delta = (delta, &(rest, depth));
            backward_columns::<S, 1>(s, inputs.len(), (strip, ld), delta, out);
        }
    });
}

/// All tiles of so many of the weights' columns, `NV` blocks at once.
#[inline(always)]
fn backward_columns<S: Simd, const NV: usize>(
    s: S,
    columns: usize,
    strip: (&[f32], usize),
    delta: (&Blocked<f32>, &Region),
    out: &mut impl Output,
) {
    tiles(columns, tile::max_rows::<S>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| backward_tiles::<S, MR, NV>(
            s, tiles, strip, delta, out
        ));
    });
}

/// Tiles of the weights' columns, each over the region's blocks of the batch.
fn backward_tiles<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    tiles: Tiles,
    (strip, ld): (&[f32], usize),
    (delta, (blocks, depth)): (&Blocked<f32>, &Region),
    out: &mut impl Output,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for column in tiles.starts() {
                let strip = &strip[column..];
                for block in blocks.clone().step_by(NV) {
                    let d = piece(delta, block, depth);
                    let mut sums: Sums<S, MR, NV> = tile::zero(s);
                    multiply_strip(s, &mut sums, strip, ld, d);
                    put(s, &sums, out, (block, column), depth.start == 0);
                }
            }
        },
    );
}

/// Strips that are packed together: their columns are neighbours, and a row's cache lines hold some of each.
const STRIPS: usize = 8;

thread_local! {
    /// Packed strips: grows to the largest there are and is then reused.
    static PACKED: RefCell<Buffer<f32>> = RefCell::default();
}

fn affine_backward_packed<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    inputs: Range<usize>,
    out: &mut impl Output,
) {
    let ld = weights.ld();
    PACKED.with_borrow_mut(|packed| {
        let room = STRIPS * tile::max_rows::<S>() * SHALLOW;
        if packed.len() < room {
            *packed = Buffer::zeros(room);
        }
        each_region(delta.blocks(), weights.units(), |region| {
            let depth = &region.1;
            let w = &weights.data()[depth.start * ld + inputs.start..depth.end * ld];
            tiles(inputs.len(), tile::max_rows::<S>(), |tiles| {
                by_rows!(tiles.rows, S, |MR| backward_packed_tiles::<S, MR>(
                    s,
                    tiles,
                    (w, ld, packed),
                    (delta, &region),
                    out
                ));
            });
        });
    });
}

/// As [`backward_tiles`], of strips that are copied together first.
fn backward_packed_tiles<S: Simd, const MR: usize>(
    s: S,
    tiles: Tiles,
    (w, ld, packed): (&[f32], usize, &mut [f32]),
    (delta, (blocks, depth)): (&Blocked<f32>, &Region),
    out: &mut impl Output,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for tiles in tiles.some_at_a_time(STRIPS) {
                for (row, w) in w.chunks(ld).enumerate() {
                    let strips = packed.chunks_exact_mut(depth.len() * MR);
                    for (column, strip) in tiles.starts().zip(strips) {
                        strip[row * MR..][..MR].copy_from_slice(&w[column..][..MR]);
                    }
                }
                let strips = packed.chunks_exact(depth.len() * MR);
                for (column, strip) in tiles.starts().zip(strips) {
                    let place = (column, depth);
                    let (pairs, rest) = tile::pairs::<S>(blocks.clone());
                    if const { tile::wide::<S>() } {
                        packed_blocks::<S, MR, 2>(
                            s,
                            strip.as_chunks().0,
                            (delta, pairs),
                            place,
                            out,
                        );
                    }
                    packed_blocks::<S, MR, 1>(s, strip.as_chunks().0, (delta, rest), place, out);
                }
            }
        },
    );
}

/// A packed strip over some blocks, `NV` at once.
#[inline(always)]
fn packed_blocks<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    strip: &[[f32; MR]],
    (delta, blocks): (&Blocked<f32>, Range<usize>),
    (column, depth): (usize, &Range<usize>),
    out: &mut impl Output,
) {
    for block in blocks.step_by(NV) {
        let d = piece(delta, block, depth);
        let mut sums: Sums<S, MR, NV> = tile::zero(s);
        multiply_packed(s, &mut sums, strip, d);
        put(s, &sums, out, (block, column), depth.start == 0);
    }
}
