//! Tiles of the weights' columns.

use super::packed;
use super::region::{Region, each_region};
use super::run::{Output, Run, put, so_far};
use crate::nn::kernel::Weights;
use crate::nn::kernel::tile::{self, Sums, Tiles, by_rows, multiply_strip, tiles};
use fearless_simd::prelude::*;
use std::ops::Range;

/// `inputs` of the product.
pub fn columns<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: Run<'_>,
    inputs: Range<usize>,
    out: &mut impl Output,
) {
    // a strip of a large matrix is copied together if that pays
    if delta.blocks() >= 3 && weights.ld() > 256 {
        return packed::columns(s, weights, delta, inputs, out);
    }
    let ld = weights.ld();
    let size = (weights.units(), tile::max_rows::<S>());
    each_region(delta.blocks(), size, |(blocks, depth)| {
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
pub(super) fn backward_columns<S: Simd, const NV: usize>(
    s: S,
    columns: usize,
    strip: (&[f32], usize),
    delta: (Run<'_>, &Region),
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
    (delta, (blocks, depth)): (Run<'_>, &Region),
    out: &mut impl Output,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for column in tiles.starts() {
                let strip = &strip[column..];
                for block in blocks.clone().step_by(NV) {
                    let d = delta.piece(block, depth);
                    let mut sums: Sums<S, MR, NV> = so_far(s, depth, out, (block, column));
                    multiply_strip(s, &mut sums, strip, ld, d);
                    put(&sums, out, (block, column));
                }
            }
        },
    );
}
