//! Tiles of the weights' columns.

use super::packed;
use super::region::{Region, each_region, tiles_that_stay};
use super::run::{Output, Run, Sum, beginning, end};
use crate::nn::kernel::Weights;
use crate::nn::kernel::tile::{self, Sums, Tiles, by_rows, multiply_strip, tiles};
use fearless_simd::prelude::*;
use std::ops::Range;

/// Rows of the weights that a product is made of, the first of them at the front.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    pub w: &'a [f32],
    pub ld: usize,
    pub first: usize,
    pub count: usize,
}

impl<'a> Rows<'a> {
    pub fn of(weights: &'a Weights<f32>, units: Range<usize>) -> Self {
        Self {
            w: &weights.data()[units.start * weights.ld()..],
            ld: weights.ld(),
            first: units.start,
            count: units.len(),
        }
    }
    /// Those of a region, which counts from the first; and where they are in a delta.
    #[inline(always)]
    pub fn piece(self, depth: &Range<usize>) -> (&'a [f32], Range<usize>) {
        (
            &self.w[depth.start * self.ld..][..depth.len() * self.ld],
            self.first + depth.start..self.first + depth.end,
        )
    }
}

/// The first piece of a product does what it is told to, those that follow go on.
#[inline(always)]
pub fn sum_of(first: Sum, depth: &Range<usize>) -> Sum {
    match depth.start {
        0 => first,
        _ => Sum::GoOn,
    }
}

/// `inputs` of the product. Where the sums are to be [apart](Sum::Apart), it is to have one piece.
pub fn columns<S: Simd>(
    s: S,
    weights: Rows<'_>,
    delta: Run<'_>,
    inputs: Range<usize>,
    sum: Sum,
    out: &mut impl Output,
) {
    // a strip of a large matrix is copied together if that pays
    if delta.blocks() >= 3 && weights.ld > 256 {
        return packed::columns(s, weights, delta, inputs, sum, out);
    }
    let size = (weights.count, tile::max_rows::<S>());
    each_region(delta.blocks(), size, |(blocks, depth)| {
        let sum = sum_of(sum, &depth);
        let (w, depth) = weights.piece(&depth);
        let strip = (&w[inputs.start..], weights.ld);
        let (pairs, rest) = tile::pairs::<S>(blocks);
        if !pairs.is_empty() {
            let delta = (delta, &(pairs, depth.clone()));
            backward_columns::<S, 2>(s, inputs.len(), strip, delta, sum, out);
        }
        if !rest.is_empty() {
            let delta = (delta, &(rest, depth));
            backward_columns::<S, 1>(s, inputs.len(), strip, delta, sum, out);
        }
    });
}

/// All tiles of so many of the weights' columns, `NV` blocks at once.
#[inline(always)]
pub(super) fn backward_columns<S: Simd, const NV: usize>(
    s: S,
    columns: usize,
    strip: (&[f32], usize),
    delta: (Run<'_>, &Region),
    sum: Sum,
    out: &mut impl Output,
) {
    tiles(columns, tile::max_rows::<S>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| backward_tiles::<S, MR, NV>(
            s, tiles, strip, delta, sum, out
        ));
    });
}

/// Tiles of the weights' columns, each over the region's blocks of the batch.
fn backward_tiles<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    tiles: Tiles,
    (strip, ld): (&[f32], usize),
    (delta, (blocks, depth)): (Run<'_>, &Region),
    sum: Sum,
    out: &mut impl Output,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for tiles in tiles.some_at_a_time(tiles_that_stay(MR, depth)) {
                for block in blocks.clone().step_by(NV) {
                    let d = delta.piece(block, depth);
                    for column in tiles.starts() {
                        let place = (block, column);
                        let mut sums: Sums<S, MR, NV> = beginning(s, sum, out, place);
                        multiply_strip(s, &mut sums, &strip[column..], ld, d);
                        end(s, sum, sums, out, place);
                    }
                }
            }
        },
    );
}
