//! Products over runs of whole blocks in `f32`, as one step of a sequence is: small, and many of them one after the other.

use super::tile::{self, Lanes, Sums, by_rows, multiply, multiply_strip, tiles};
use super::vector::Vector;
use super::{LANES, Weights};
use fearless_simd::prelude::*;

/// Features of so many lanes.
fn lanes(x: &[f32]) -> &[Lanes] {
    x.as_chunks().0
}

/// out += W·input
pub fn affine_add<S: Simd>(s: S, weights: &Weights<f32>, input: &[f32], out: &mut [f32]) {
    let (units, inputs, ld) = (weights.units(), weights.inputs(), weights.ld());
    tiles(units, tile::max_rows::<S>(), |row, rows| {
        let w = &weights.data()[row * ld..];
        let blocks = input
            .chunks_exact(inputs * LANES)
            .zip(out.chunks_exact_mut(units * LANES));
        for (x, y) in blocks {
            let y = &mut y[row * LANES..][..rows * LANES];
            by_rows!(rows, S, |MR| forward_tile::<S, MR>(s, w, ld, lanes(x), y));
        }
    });
}

fn forward_tile<S: Simd, const MR: usize>(s: S, w: &[f32], ld: usize, x: &[Lanes], y: &mut [f32]) {
    s.vectorize(
        #[inline(always)]
        || {
            let Some(y) = y.as_chunks_mut().0.first_chunk_mut::<MR>() else {
                return;
            };
            let y: &mut [Lanes; MR] = y;
            let rows: [&[f32]; MR] = std::array::from_fn(|r| &w[r * ld..][..x.len()]);
            let mut sums: Sums<S, MR, 1> = tile::zero(s);
            for (sum, y) in sums.iter_mut().zip(y.iter()) {
                sum[0] = Vector::load_array_ref(s, y);
            }
            multiply(s, &mut sums, rows, [x]);
            for (y, [sum]) in y.iter_mut().zip(&sums) {
                sum.store_array(y);
            }
        },
    );
}

/// out = Wᵀ·delta
pub fn affine_backward<S: Simd>(s: S, weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
    let (units, inputs, ld) = (weights.units(), weights.inputs(), weights.ld());
    tiles(inputs, tile::max_rows::<S>(), |column, columns| {
        let strip = &weights.data()[column..];
        let blocks = delta
            .chunks_exact(units * LANES)
            .zip(out.chunks_exact_mut(inputs * LANES));
        for (d, y) in blocks {
            let y = &mut y[column * LANES..][..columns * LANES];
            by_rows!(columns, S, |MR| backward_tile::<S, MR>(
                s,
                strip,
                ld,
                lanes(d),
                y
            ));
        }
    });
}

fn backward_tile<S: Simd, const MR: usize>(
    s: S,
    strip: &[f32],
    ld: usize,
    d: &[Lanes],
    y: &mut [f32],
) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut sums: Sums<S, MR, 1> = tile::zero(s);
            multiply_strip(s, &mut sums, strip, ld, [d]);
            for (y, [sum]) in y.as_chunks_mut().0.iter_mut().zip(&sums) {
                sum.store_array(y);
            }
        },
    );
}
