//! How a product is cut so that what it reads stays in the caches.

use crate::nn::kernel::tile::STEPS;
use std::ops::Range;

/// Depth that the pieces of a deep product do not exceed, so that a piece of the batch stays in the second-level cache.
const DEPTH: usize = 272;

/// Weights in a strip that stays in the first-level cache, of 32 KB in the smallest, beside the batch that passes.
pub const STRIP: usize = 7 * 1024;

/// Weights that stay in the first-level cache, of 48 KB where tiles are tall, while blocks of the batch pass one after the other.
const STAY: usize = 5 * 1024;

/// Tiles of `rows` rows that a block passes before the next: as many as stay, so that neither the weights nor the batch is fetched
/// anew for each.
pub fn tiles_that_stay(rows: usize, depth: &Range<usize>) -> usize {
    (STAY / (rows * depth.len()).max(1)).max(1)
}

/// Blocks of a batch that are taken through all of a product before the next: more of them, of a piece's depth, would not stay
/// in the second-level cache while the tiles pass over them.
pub const BLOCKS: usize = 16;

/// The pieces of a product of this depth, nearly equal; one where a strip of so many `rows` is kept whole, an empty one where
/// there is nothing to multiply.
fn pieces(depth: usize, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let count = if depth * rows <= STRIP {
        1
    } else {
        depth.div_ceil(DEPTH)
    };
    runs(depth, depth.div_ceil(count).next_multiple_of(STEPS).max(1))
}

/// Some blocks of a batch, and a piece of the product's depth.
pub type Region = (Range<usize>, Range<usize>);

/// The blocks in order, and for them all pieces of a product of this `depth` in tiles of at most so many `rows`.
#[inline(always)]
pub fn each_region(blocks: usize, (depth, rows): (usize, usize), mut work: impl FnMut(Region)) {
    for blocks in runs(blocks, BLOCKS) {
        for depth in pieces(depth, rows) {
            work((blocks.clone(), depth));
        }
    }
}

/// Runs of `length`, the last one shorter; an empty one of nothing.
pub fn runs(n: usize, length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n.max(1))
        .step_by(length)
        .map(move |start| start..(start + length).min(n))
}
