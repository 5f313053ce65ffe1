//! The gradient of the weights of a last group of at most four inputs: four samples lie side by side in a vector, so that it takes
//! a quarter of the products that a whole group does. A hundred inputs are six groups and such a rest.

use super::gradient::{Samples, Square};
use super::tile::{self, Lanes, Tiles, ZEROS, array, by_rows, tiles};
use super::vector::Vector;
use super::{Blocked, LANES};
use fearless_simd::{f32x4, prelude::*};
use std::ops::Range;

/// Inputs that a quarter of a vector holds, and samples of each in a vector.
const QUARTER: usize = LANES / 4;

/// Whether the last group of so many inputs is packed. One that is the only group is left to the halves, which small layers
/// share.
pub fn has_quarter(inputs: usize) -> bool {
    inputs > LANES && (1..=QUARTER).contains(&(inputs % LANES))
}

/// A block of up to four features, as `[four samples][feature][sample]`; samples from `used` on count as 0, whatever lies there.
pub fn pack(features: &[Lanes], used: usize, out: &mut [f32]) {
    for (four, out) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        let used = used.saturating_sub(four * QUARTER);
        for (feature, out) in out.as_chunks_mut().0.iter_mut().enumerate() {
            let samples = features
                .get(feature)
                .and_then(|f| f.as_chunks().0.get(four));
            *out = *samples.unwrap_or(&[0.0; QUARTER]);
            if used < QUARTER {
                out[used..].fill(0.0);
            }
        }
    }
}

/// The columns of `units` of the gradient that the packed `x` makes; `grad` begins at them.
pub fn gradient_quarter_columns<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    (blocks, units, ld): (&Range<usize>, &Range<usize>, usize),
    x: &[Lanes],
    grad: &mut [f32],
) {
    tiles(units.len(), tile::max_rows::<S>(), |tiles| {
        let d = (delta, blocks.clone(), units.start);
        by_rows!(tiles.rows, S, |MR| gradient_quarter_tiles::<S, MR>(
            s, tiles, d, x, grad, ld
        ));
    });
}

fn gradient_quarter_tiles<S: Simd, const MR: usize>(
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
            let samples = Samples::of(delta, blocks.clone());
            let x: &[Square] = x[blocks.start * LANES..].as_chunks().0;
            for row in tiles.starts() {
                let out = &mut grad[row * ld..];
                let mut sums = [Vector::splat(s, 0.0); MR];
                if blocks.start > 0 {
                    for r in 0..MR {
                        sums[r] = apart(s, &out[r * ld..]);
                    }
                }
                for (block, x) in x[..samples.blocks()].iter().enumerate() {
                    // deltas of lanes past the last row are 0
                    let (rows, _) = samples.rows::<MR>(block, unit + row);
                    for (four, x) in x[..QUARTER].iter().enumerate() {
                        let x = Vector::load_array_ref(s, x);
                        for r in 0..MR {
                            sums[r] = four_times(s, rows[r], four).mul_add(x, sums[r]);
                        }
                    }
                }
                for first in (0..MR).step_by(QUARTER) {
                    let zero = Vector::splat(s, 0.0);
                    let of = |r: usize| if r < MR { sums[r] } else { zero };
                    let joined = join(array(zero, |i| of(first + i)));
                    for (i, sums) in joined.as_chunks::<QUARTER>().0.iter().enumerate() {
                        if first + i < MR {
                            let out = &mut out[(first + i) * ld..][..LANES];
                            out.copy_from_slice(&ZEROS);
                            out[..QUARTER].copy_from_slice(sums);
                        }
                    }
                }
            }
        },
    );
}

/// What a unit's sums go on from, each at the first of its four samples.
#[inline(always)]
fn apart<S: Simd>(s: S, so_far: &[f32]) -> Vector<S> {
    let mut lanes = ZEROS;
    for (lanes, sum) in lanes.as_chunks_mut::<QUARTER>().0.iter_mut().zip(so_far) {
        lanes[0] = *sum;
    }
    Vector::load_array(s, lanes)
}

/// Four samples of a unit, for each of four inputs.
#[inline(always)]
fn four_times<S: Simd>(s: S, lanes: &Lanes, four: usize) -> Vector<S> {
    let one = f32x4::load_array_ref(s, &lanes.as_chunks().0[four]);
    let two = one.combine(one);
    two.combine(two)
}

/// The sums over the four samples of each input, of four units.
#[inline(always)]
fn join<S: Simd>([a, b, c, d]: [Vector<S>; QUARTER]) -> Lanes {
    let pairs = |a: Vector<S>, b: Vector<S>| a.unzip_low(b) + a.unzip_high(b);
    pairs(pairs(a, b), pairs(c, d)).to_array()
}
