//! The products of layers so small that cutting them into tiles takes longer than multiplying: of a few blocks of rows and at
//! most sixteen inputs. Every sum is that of the tiles, bit for bit.

use super::gradient::{HALF, Square, multiply_halves, multiply_square};
use super::tile::{self, Lanes, Sums, array, lanes, lanes_mut, step, store};
use super::transpose::transpose_corner;
use super::vector::Vector;
use super::{Blocked, LANES, Weights};
use fearless_simd::{f32x8, prelude::*};
use std::array::{from_mut, from_ref};

/// Rows of a matrix side by side, so that none waits for the sums of another.
const ROWS: usize = 4;

/// The most blocks of a batch.
pub const MOST_BLOCKS: usize = 4;

/// Whether a matrix and a batch are as small as that.
#[inline(always)]
pub fn is_small(weights: &Weights<f32>, batch: &Blocked<f32>) -> bool {
    weights.ld() == LANES && batch.blocks() <= MOST_BLOCKS
}

/// out = W·input + b
pub fn affine<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let (w, last_w) = lanes(weights.data()).as_chunks::<ROWS>();
            let (bias, last_bias) = bias.unwrap_or_default().as_chunks::<ROWS>();
            for block in 0..input.blocks() {
                let x = lanes(input.block(block));
                let (out, last) = lanes_mut(out.block_mut(block)).as_chunks_mut::<ROWS>();
                for (i, (w, out)) in w.iter().zip(out).enumerate() {
                    affine_rows(s, w, bias.get(i), x, out);
                }
                for (i, (w, out)) in last_w.iter().zip(last).enumerate() {
                    let bias = last_bias.get(i).map(from_ref);
                    affine_rows(s, from_ref(w), bias, x, from_mut(out));
                }
            }
        },
    );
}

#[inline(always)]
fn affine_rows<S: Simd, const R: usize>(
    s: S,
    w: &[Lanes; R],
    bias: Option<&[f32; R]>,
    x: &[Lanes],
    out: &mut [Lanes; R],
) {
    let mut sums: Sums<S, R, 1> = tile::zero(s);
    if let Some(bias) = bias {
        for ([sum], &b) in sums.iter_mut().zip(bias) {
            *sum = Vector::splat(s, b);
        }
    }
    for (k, x) in x[..x.len().min(LANES)].iter().enumerate() {
        step(s, &mut sums, array(0.0, |r| w[r][k]), [x]);
    }
    store(&sums, 0, out);
}

/// out = Wᵀ·delta
pub fn affine_backward<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    s.vectorize(
        #[inline(always)]
        || {
            let w = lanes(weights.data());
            for block in 0..delta.blocks() {
                let d = lanes(delta.block(block));
                let (out, last) = lanes_mut(out.block_mut(block)).as_chunks_mut::<ROWS>();
                let whole = out.len();
                for (i, out) in out.iter_mut().enumerate() {
                    backward_columns(s, w, i * ROWS, d, out);
                }
                for (i, out) in last.iter_mut().enumerate() {
                    backward_columns(s, w, whole * ROWS + i, d, from_mut(out));
                }
            }
        },
    );
}

/// Of the weights' columns from `first` on.
#[inline(always)]
fn backward_columns<S: Simd, const R: usize>(
    s: S,
    w: &[Lanes],
    first: usize,
    d: &[Lanes],
    out: &mut [Lanes; R],
) {
    let mut sums: Sums<S, R, 1> = tile::zero(s);
    for (w, d) in w.iter().zip(d) {
        if let Some(w) = w[first.min(LANES)..].first_chunk::<R>() {
            step(s, &mut sums, *w, [d]);
        }
    }
    store(&sums, 0, out);
}

/// grad = Σ over the rows of delta·inputᵀ; `turned`: room for the transpose of every block of the input.
pub fn weight_gradient<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    input: &Blocked<f32>,
    turned: &mut [Square],
    grad: &mut Weights<f32>,
) {
    assert_eq!(delta.features(), grad.units(), "features of the delta");
    assert_eq!(input.features(), grad.inputs(), "features of the input");
    s.vectorize(
        #[inline(always)]
        || {
            let halved = input.features() <= HALF;
            let height = if halved { HALF } else { LANES };
            let turned = &mut turned[..delta.blocks()];
            for (block, turned) in turned.iter_mut().enumerate() {
                let x = lanes(input.block(block));
                transpose_corner(s, x, (height, delta.lanes(block)), turned);
            }
            let grad = lanes_mut(grad.data_mut());
            match halved {
                true => gradient::<S, true>(s, delta, turned, grad),
                false => gradient::<S, false>(s, delta, turned, grad),
            }
        },
    );
}

/// `HALVED`: of inputs that fit into half a vector.
#[inline(always)]
fn gradient<S: Simd, const HALVED: bool>(
    s: S,
    delta: &Blocked<f32>,
    x: &[Square],
    grad: &mut [Lanes],
) {
    let d = (lanes(delta.data()), delta.features(), delta.rows());
    let (grad, last) = grad.as_chunks_mut::<ROWS>();
    let whole = grad.len();
    for (i, grad) in grad.iter_mut().enumerate() {
        gradient_rows::<S, HALVED, ROWS>(s, i * ROWS, d, x, grad);
    }
    for (i, grad) in last.iter_mut().enumerate() {
        gradient_rows::<S, HALVED, 1>(s, whole * ROWS + i, d, x, from_mut(grad));
    }
}

/// Of the units from `first` on. `delta`: its data, how many units and how many samples there are.
#[inline(always)]
fn gradient_rows<S: Simd, const HALVED: bool, const R: usize>(
    s: S,
    first: usize,
    (delta, units, samples): (&[Lanes], usize, usize),
    x: &[Square],
    grad: &mut [Lanes; R],
) {
    let zero = f32x8::splat(s, 0.0);
    let mut halves = [[zero; 2]; R];
    let mut sums: Sums<S, R, 1> = tile::zero(s);
    let mut left = samples;
    for (d, x) in delta.chunks_exact(units).zip(x) {
        let Some(d) = d[first..].first_chunk::<R>() else {
            return;
        };
        let count = left.min(LANES);
        if HALVED {
            multiply_halves(s, &mut halves, d.each_ref(), x, count);
        } else {
            multiply_square(s, &mut sums, d.each_ref(), [x], count);
        }
        left = left.saturating_sub(LANES);
    }
    if HALVED {
        for (grad, [even, odd]) in grad.iter_mut().zip(halves) {
            let [first, second] = grad.as_chunks_mut().0 else {
                return;
            };
            (even + odd).store_array(first);
            zero.store_array(second);
        }
    } else {
        store(&sums, 0, grad);
    }
}
