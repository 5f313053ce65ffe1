//! Tiles of a large matrix's columns, which are copied together first.

use super::backward::{Rows, sum_of};
use super::region::{Region, STRIP, each_region};
use super::run::{Output, Run, Sum, beginning, end};
use crate::nn::kernel::Buffer;
use crate::nn::kernel::tile::{self, Sums, Tiles, by_rows, multiply_packed, tiles};
use fearless_simd::prelude::*;
use std::cell::RefCell;
use std::ops::Range;

/// Strips that are packed together: their columns are neighbours, and a row's cache lines hold some of each.
const STRIPS: usize = 8;

thread_local! {
    /// Packed strips: grows to the largest there are and is then reused.
    static PACKED: RefCell<Buffer<f32>> = RefCell::default();
}

/// `inputs` of the product.
pub fn columns<S: Simd>(
    s: S,
    weights: Rows<'_>,
    delta: Run<'_>,
    inputs: Range<usize>,
    sum: Sum,
    out: &mut impl Output,
) {
    let ld = weights.ld;
    let size = (weights.count, tile::max_rows::<S>());
    PACKED.with_borrow_mut(|packed| {
        let room = STRIPS * STRIP;
        if packed.len() < room {
            *packed = Buffer::zeros(room);
        }
        each_region(delta.blocks(), size, |(blocks, depth)| {
            let sum = sum_of(sum, &depth);
            let (w, depth) = weights.piece(&depth);
            let (w, region) = (&w[inputs.start..], (blocks, depth));
            tiles(inputs.len(), tile::max_rows::<S>(), |tiles| {
                by_rows!(tiles.rows, S, |MR| packed_tiles::<S, MR>(
                    s,
                    tiles,
                    (w, ld, packed),
                    (delta, &region),
                    sum,
                    out
                ));
            });
        });
    });
}

/// Tiles of the weights' columns, each over the region's blocks of the batch.
fn packed_tiles<S: Simd, const MR: usize>(
    s: S,
    tiles: Tiles,
    (w, ld, packed): (&[f32], usize, &mut [f32]),
    (delta, (blocks, depth)): (Run<'_>, &Region),
    sum: Sum,
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
                    let place = (column, depth, sum);
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
pub(super) fn packed_blocks<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    strip: &[[f32; MR]],
    (delta, blocks): (Run<'_>, Range<usize>),
    (column, depth, sum): (usize, &Range<usize>, Sum),
    out: &mut impl Output,
) {
    for block in blocks.step_by(NV) {
        let (d, place) = (delta.piece(block, depth), (block, column));
        let mut sums: Sums<S, MR, NV> = beginning(s, sum, out, place);
        multiply_packed(s, &mut sums, strip, d);
        end(s, sum, sums, out, place);
    }
}
