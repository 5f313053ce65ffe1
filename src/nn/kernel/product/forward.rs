//! Tiles of the weights' rows.

use super::region::{BLOCKS, Region, each_region, runs, tiles_that_stay};
use super::run::{Halves, Input, Output, Run, put, there};
use crate::nn::kernel::tile::{self, Sums, Tiles, array, by_rows, tiles};
use crate::nn::kernel::vector::Vector;
use crate::nn::kernel::{Share, Weights};
use fearless_simd::prelude::*;
use std::ops::Range;

/// What a product's sums begin at.
#[derive(Clone, Copy)]
pub enum Begin<'a> {
    /// The biases, or 0.
    Bias(Option<&'a [f32]>),
    /// What is there already.
    There,
}

/// `units` of an affine map.
pub fn rows<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    begin: Begin<'_>,
    input: Run<'_>,
    units: Range<usize>,
    out: &mut impl Output,
) {
    if units.is_empty() {
        return;
    }
    let size = (weights.inputs(), tile::max_rows_apart::<S, 2>());
    each_region(input.blocks(), size, |region| {
        let depth = region.1.start;
        let w = &weights.data()[units.start * weights.ld() + depth..];
        let begin = match begin {
            Begin::Bias(bias) if depth == 0 => Begin::Bias(bias.map(|b| &b[units.clone()])),
            _ => Begin::There,
        };
        let (pairs, rest) = tile::pairs::<S>(region.0);
        let (rows, w) = (units.len(), (w, weights.ld()));
        if !pairs.is_empty() {
            let region = (pairs, region.1.clone());
            forward_columns::<S, 2>(s, rows, w, (input, &region), out, begin);
        }
        if !rest.is_empty() {
            let region = (rest, region.1);
            forward_columns::<S, 1>(s, rows, w, (input, &region), out, begin);
        }
    });
}

/// The same of an input in two halves, of no more features than one piece of a product has.
pub fn rows_of_halves<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    halves: [&Share<'_, f32>; 2],
    units: Range<usize>,
    out: &mut impl Output,
) {
    let w = (&weights.data()[units.start * weights.ld()..], weights.ld());
    let begin = Begin::Bias(bias.map(|b| &b[units.clone()]));
    for blocks in runs(halves[0].blocks(), BLOCKS) {
        let input = Halves::of(halves, &blocks);
        let depth = 0..weights.inputs();
        let (pairs, rest) = tile::pairs::<S>(blocks);
        if !pairs.is_empty() {
            let region = (pairs, depth.clone());
            forward_columns::<S, 2>(s, units.len(), w, (&input, &region), out, begin);
        }
        if !rest.is_empty() {
            let region = (rest, depth);
            forward_columns::<S, 1>(s, units.len(), w, (&input, &region), out, begin);
        }
    }
}

/// All tiles of so many rows, `NV` blocks at once.
#[inline(always)]
pub(super) fn forward_columns<S: Simd, const NV: usize>(
    s: S,
    rows: usize,
    w: (&[f32], usize),
    input: (impl Input, &Region),
    out: &mut impl Output,
    begin: Begin<'_>,
) {
    tiles(rows, tile::max_rows_apart::<S, NV>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| forward_tiles::<S, MR, NV>(
            s, tiles, w, input, out, begin
        ));
    });
}

/// Tiles of the weights' rows, each over the region's blocks of the batch.
fn forward_tiles<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    tiles: Tiles,
    (w, ld): (&[f32], usize),
    (input, (blocks, depth)): (impl Input, &Region),
    out: &mut impl Output,
    begin: Begin<'_>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            for tiles in tiles.some_at_a_time(tiles_that_stay(MR, depth)) {
                for block in blocks.clone().step_by(NV) {
                    for row in tiles.starts() {
                        let w = &w[row * ld..];
                        let rows: [&[f32]; MR] = array(&[][..], |r| &w[r * ld..][..depth.len()]);
                        let mut sums: Sums<S, MR, NV> = match begin {
                            Begin::There => there(s, out, (block, row)),
                            Begin::Bias(bias) => biases(s, bias, row),
                        };
                        input.multiply(s, &mut sums, rows, block, depth);
                        put(&sums, out, (block, row));
                    }
                }
            }
        },
    );
}

/// Those of the units from `row` on, in every lane.
#[inline(always)]
fn biases<S: Simd, const MR: usize, const NV: usize>(
    s: S,
    bias: Option<&[f32]>,
    row: usize,
) -> Sums<S, MR, NV> {
    let mut sums = tile::zero(s);
    if let Some(bias) = bias {
        for (sums, &b) in sums.iter_mut().zip(&bias[row..][..MR]) {
            *sums = [Vector::splat(s, b); NV];
        }
    }
    sums
}
