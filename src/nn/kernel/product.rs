//! The three products of a layer in `f32`, in register tiles. The order of every sum depends on the shapes alone, so that
//! a layer whose rows are split between threads gives the same bits; see [`super::plain`] for what they compute.

use super::tile::{self, Lanes, Sums, by_rows, multiply, multiply_strip, tiles};
use super::vector::Vector;
use super::{Blocked, Buffer, LANES, Weights};
use fearless_simd::prelude::*;

/// Depth of a product's pieces, so that a piece of the batch stays in the second-level cache and a strip of the weights in
/// the first.
const DEPTH: usize = 256;
/// Products up to this depth run in one piece.
const SHALLOW: usize = 400;

/// Ends of the pieces of a product of this depth.
fn pieces(depth: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    let piece = if depth <= SHALLOW {
        depth.max(1)
    } else {
        DEPTH
    };
    (0..depth)
        .step_by(piece)
        .map(move |start| start..(start + piece).min(depth))
}

fn lanes(x: &[f32]) -> &[Lanes] {
    x.as_chunks().0
}

/// out = W·input + b
pub fn affine<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs) = (weights.units(), weights.inputs());
    assert_eq!(input.features(), inputs, "features of the input");
    assert_eq!(out.features(), units, "features of the output");
    out.set_rows(input.rows());
    if inputs == 0 {
        out.fill(0.0);
    }
    for depth in pieces(inputs) {
        tiles(units, tile::max_rows::<S>(), |row, rows| {
            for block in 0..input.blocks() {
                let x = &lanes(input.block(block))[depth.clone()];
                let w = &weights.data()[row * weights.ld() + depth.start..];
                let y = &mut out.block_mut(block)[row * LANES..][..rows * LANES];
                let first = depth.start == 0;
                by_rows!(rows, S, |MR| forward_tile::<S, MR>(
                    s,
                    w,
                    weights.ld(),
                    x,
                    y,
                    first
                ));
            }
        });
    }
    if let Some(bias) = bias {
        add_bias(s, bias, out);
    }
}

fn forward_tile<S: Simd, const MR: usize>(
    s: S,
    w: &[f32],
    ld: usize,
    x: &[Lanes],
    y: &mut [f32],
    first: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let rows: [&[f32]; MR] = std::array::from_fn(|r| &w[r * ld..][..x.len()]);
            let mut sums = tile::zero(s);
            multiply(s, &mut sums, rows, [x]);
            put(s, &sums, y, first);
        },
    );
}

/// Stores the sums, or adds them to those of the pieces before.
#[inline(always)]
fn put<S: Simd, const MR: usize>(s: S, sums: &Sums<S, MR, 1>, out: &mut [f32], first: bool) {
    let Some(out) = out.as_chunks_mut().0.first_chunk_mut::<MR>() else {
        return;
    };
    for (y, [sum]) in out.iter_mut().zip(sums) {
        let y: &mut Lanes = y;
        let sum = if first {
            *sum
        } else {
            Vector::load_array_ref(s, y) + *sum
        };
        sum.store_array(y);
    }
}

fn add_bias<S: Simd>(s: S, bias: &[f32], out: &mut Blocked<f32>) {
    assert_eq!(bias.len(), out.features(), "biases");
    for block in 0..out.blocks() {
        let y = out.block_mut(block);
        s.vectorize(
            #[inline(always)]
            || {
                for (y, &b) in y.as_chunks_mut().0.iter_mut().zip(bias) {
                    (Vector::load_array_ref(s, y) + Vector::splat(s, b)).store_array(y);
                }
            },
        );
    }
}

/// out = Wᵀ·delta
pub fn affine_backward<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs, ld) = (weights.units(), weights.inputs(), weights.ld());
    assert_eq!(delta.features(), units, "features of the delta");
    assert_eq!(out.features(), inputs, "features of the output");
    out.set_rows(delta.rows());
    if units == 0 {
        out.fill(0.0);
    }
    // a strip of a large matrix is copied together if that pays
    let pack = delta.blocks() >= 3 && ld > 256;
    let mut packed: [f32; 12 * SHALLOW] = [0.0; 12 * SHALLOW];
    for depth in pieces(units) {
        tiles(inputs, tile::max_rows::<S>(), |column, columns| {
            let mut strip = &weights.data()[depth.start * ld + column..depth.end * ld];
            let mut stride = ld;
            if pack {
                for (to, from) in packed.chunks_exact_mut(columns).zip(strip.chunks(ld)) {
                    to.copy_from_slice(&from[..columns]);
                }
                (strip, stride) = (&packed[..depth.len() * columns], columns);
            }
            for block in 0..delta.blocks() {
                let d = &lanes(delta.block(block))[depth.clone()];
                let y = &mut out.block_mut(block)[column * LANES..][..columns * LANES];
                let first = depth.start == 0;
                by_rows!(columns, S, |MR| backward_tile::<S, MR>(
                    s, strip, stride, d, y, first
                ));
            }
        });
    }
}

fn backward_tile<S: Simd, const MR: usize>(
    s: S,
    strip: &[f32],
    ld: usize,
    d: &[Lanes],
    y: &mut [f32],
    first: bool,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut sums: Sums<S, MR, 1> = tile::zero(s);
            multiply_strip(s, &mut sums, strip, ld, [d]);
            put(s, &sums, y, first);
        },
    );
}

/// A batch with the features of a sample side by side: `[16 features][sample][feature]`, as the weight gradient reads it.
#[derive(Default)]
pub struct Panels {
    data: Buffer<f32>,
    samples: usize,
}

impl Panels {
    /// Takes over the transpose of `input`; features past its last are 0.
    pub fn load<S: Simd>(&mut self, s: S, input: &Blocked<f32>) {
        let groups = input.features().div_ceil(LANES);
        self.samples = input.blocks() * LANES;
        let len = groups * self.samples * LANES;
        if self.data.len() < len {
            self.data = Buffer::zeros(len);
        }
        for block in 0..input.blocks() {
            let x = lanes(input.block(block));
            for (group, x) in x.chunks(LANES).enumerate() {
                let at = (group * self.samples + block * LANES) * LANES;
                transpose_block(s, x, &mut self.data[at..][..LANES * LANES]);
            }
        }
    }
    fn group(&self, group: usize) -> &[Lanes] {
        let size = self.samples * LANES;
        lanes(&self.data[group * size..][..size])
    }
}

fn transpose_block<S: Simd>(s: S, x: &[Lanes], out: &mut [f32]) {
    s.vectorize(
        #[inline(always)]
        || {
            let zero = Vector::splat(s, 0.0);
            let rows =
                std::array::from_fn(|i| x.get(i).map_or(zero, |x| Vector::load_array_ref(s, x)));
            for (y, row) in out.as_chunks_mut().0.iter_mut().zip(tile::transpose(rows)) {
                row.store_array(y);
            }
        },
    );
}

/// grad = Σ over the rows of delta·inputᵀ
pub fn weight_gradient<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    input: &Panels,
    grad: &mut Weights<f32>,
) {
    let (units, inputs, ld) = (grad.units(), grad.inputs(), grad.ld());
    assert_eq!(delta.features(), units, "features of the delta");
    for group in 0..inputs.div_ceil(LANES) {
        let x = input.group(group);
        tiles(units, tile::max_rows::<S>(), |row, rows| {
            let out = &mut grad.data_mut()[row * ld + group * LANES..];
            by_rows!(rows, S, |MR| gradient_tile::<S, MR>(
                s, delta, row, x, out, ld
            ));
        });
    }
}

fn gradient_tile<S: Simd, const MR: usize>(
    s: S,
    delta: &Blocked<f32>,
    row: usize,
    x: &[Lanes],
    out: &mut [f32],
    ld: usize,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let mut sums: Sums<S, MR, 1> = tile::zero(s);
            for block in 0..delta.blocks() {
                let d = &delta.block(block)[row * LANES..][..MR * LANES];
                let rows: [&[f32]; MR] = std::array::from_fn(|r| &d[r * LANES..][..LANES]);
                let samples = delta.lanes(block);
                multiply(s, &mut sums, rows, [&x[block * LANES..][..samples]]);
            }
            for (r, [sum]) in sums.iter().enumerate() {
                sum.store_slice(&mut out[r * ld..][..LANES]);
            }
        },
    );
}

/// grad = Σ over the rows of delta
pub fn bias_gradient<S: Simd>(s: S, delta: &Blocked<f32>, grad: &mut [f32]) {
    assert_eq!(grad.len(), delta.features(), "biases");
    s.vectorize(
        #[inline(always)]
        || {
            for (unit, g) in grad.iter_mut().enumerate() {
                let mut sum = Vector::splat(s, 0.0);
                for block in 0..delta.blocks() {
                    // lanes past the last row are 0
                    sum += Vector::from_slice(s, delta.feature(block, unit));
                }
                *g = sum.reduce_sum();
            }
        },
    );
}
