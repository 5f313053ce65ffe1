//! Products over runs of whole blocks in `f32`, as one step of a sequence is: small, and many of them one after the other.

use super::tile::{
    self, Sums, Tiles, array, by_rows, lanes, lanes_mut, multiply, multiply_strip, store, tiles,
};
use super::vector::Vector;
use super::{LANES, Weights};
use fearless_simd::prelude::*;

/// out += W·input
pub fn affine_add<S: Simd>(s: S, weights: &Weights<f32>, input: &[f32], out: &mut [f32]) {
    let (units, inputs, ld) = (weights.units(), weights.inputs(), weights.ld());
    tiles(units, tile::max_rows::<S>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| forward_tiles::<S, MR>(
            s,
            tiles,
            (weights.data(), ld),
            (input, inputs),
            (out, units)
        ));
    });
}

fn forward_tiles<S: Simd, const MR: usize>(
    s: S,
    tiles: Tiles,
    (w, ld): (&[f32], usize),
    (input, inputs): (&[f32], usize),
    (out, units): (&mut [f32], usize),
) {
    s.vectorize(
        #[inline(always)]
        || {
            for row in tiles.starts() {
                let w = &w[row * ld..];
                let rows: [&[f32]; MR] = array(&[][..], |r| &w[r * ld..][..inputs]);
                let blocks = input
                    .chunks_exact(inputs * LANES)
                    .zip(out.chunks_exact_mut(units * LANES));
                for (x, y) in blocks {
                    let Some(y) = lanes_mut(y)[row..].first_chunk_mut::<MR>() else {
                        return;
                    };
                    let mut sums: Sums<S, MR, 1> = tile::zero(s);
                    for (sum, y) in sums.iter_mut().zip(y.iter()) {
                        sum[0] = Vector::load_array_ref(s, y);
                    }
                    multiply(s, &mut sums, rows, [lanes(x)]);
                    store(&sums, y);
                }
            }
        },
    );
}

/// out = Wᵀ·delta
pub fn affine_backward<S: Simd>(s: S, weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
    let (units, inputs, ld) = (weights.units(), weights.inputs(), weights.ld());
    tiles(inputs, tile::max_rows::<S>(), |tiles| {
        by_rows!(tiles.rows, S, |MR| backward_tiles::<S, MR>(
            s,
            tiles,
            (weights.data(), ld),
            (delta, units),
            (out, inputs)
        ));
    });
}

fn backward_tiles<S: Simd, const MR: usize>(
    s: S,
    tiles: Tiles,
    (w, ld): (&[f32], usize),
    (delta, units): (&[f32], usize),
    (out, inputs): (&mut [f32], usize),
) {
    s.vectorize(
        #[inline(always)]
        || {
            for column in tiles.starts() {
                let strip = &w[column..];
                let blocks = delta
                    .chunks_exact(units * LANES)
                    .zip(out.chunks_exact_mut(inputs * LANES));
                for (d, y) in blocks {
                    let Some(y) = lanes_mut(y)[column..].first_chunk_mut::<MR>() else {
                        return;
                    };
                    let mut sums: Sums<S, MR, 1> = tile::zero(s);
                    multiply_strip(s, &mut sums, strip, ld, [lanes(d)]);
                    store(&sums, y);
                }
            }
        },
    );
}
