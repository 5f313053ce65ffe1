//! The products of layers so small that cutting them into tiles takes longer than multiplying: of one block of rows and at most
//! sixteen inputs. Every sum is that of the tiles, bit for bit.

use super::gradient::{HALF, Square, multiply_halves, multiply_square};
use super::tile::{self, Lanes, Sums, lanes, step};
use super::transpose::transpose_corner;
use super::vector::Vector;
use super::{Blocked, LANES, Weights};
use fearless_simd::{f32x8, prelude::*};

/// Rows of a matrix side by side, so that none waits for the sums of another.
const ROWS: usize = 4;

/// Whether a matrix and a batch are as small as that.
#[inline(always)]
pub fn is_small(weights: &Weights<f32>, batch: &Blocked<f32>) -> bool {
    weights.ld() == LANES && batch.blocks() == 1
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
            let x = lanes(input.data());
            let (w, last_w) = lanes(weights.data()).as_chunks::<ROWS>();
            let (out, last_out) = out.data_mut().as_chunks_mut().0.as_chunks_mut::<ROWS>();
            let (bias, last_bias) = bias.unwrap_or_default().as_chunks::<ROWS>();
            for (i, (w, out)) in w.iter().zip(out).enumerate() {
                affine_rows(s, w, bias.get(i), x, out);
            }
            for (i, (w, out)) in last_w.iter().zip(last_out).enumerate() {
                let bias = last_bias.get(i).map(std::array::from_ref);
                affine_rows(
                    s,
                    std::array::from_ref(w),
                    bias,
                    x,
                    std::array::from_mut(out),
                );
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
        step(s, &mut sums, std::array::from_fn(|r| w[r][k]), [x]);
    }
    for (out, [sum]) in out.iter_mut().zip(sums) {
        sum.store_array(out);
    }
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
            let (w, d) = (lanes(weights.data()), lanes(delta.data()));
            let (out, last) = out.data_mut().as_chunks_mut().0.as_chunks_mut::<ROWS>();
            let whole = out.len();
            for (i, out) in out.iter_mut().take(LANES / ROWS).enumerate() {
                backward_columns(s, w, i * ROWS, d, out);
            }
            for (i, out) in last.iter_mut().enumerate() {
                backward_columns(s, w, whole * ROWS + i, d, std::array::from_mut(out));
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
    for (out, [sum]) in out.iter_mut().zip(sums) {
        sum.store_array(out);
    }
}

/// grad = Σ over the rows of delta·inputᵀ; `turned`: room for the transposed input.
pub fn weight_gradient<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    input: &Blocked<f32>,
    turned: &mut Square,
    grad: &mut Weights<f32>,
) {
    let samples = delta.rows();
    s.vectorize(
        #[inline(always)]
        || {
            let x = lanes(input.data());
            let halved = x.len() <= HALF;
            transpose_corner(s, x, (if halved { HALF } else { LANES }, samples), turned);
            let turned = &*turned;
            let (d, last_d) = lanes(delta.data()).as_chunks::<ROWS>();
            let (grad, last_grad) = grad.data_mut().as_chunks_mut().0.as_chunks_mut::<ROWS>();
            for (d, grad) in d.iter().zip(grad) {
                gradient_rows(s, d, (turned, samples, halved), grad);
            }
            for (d, grad) in last_d.iter().zip(last_grad) {
                let (d, grad) = (std::array::from_ref(d), std::array::from_mut(grad));
                gradient_rows(s, d, (turned, samples, halved), grad);
            }
        },
    );
}

#[inline(always)]
fn gradient_rows<S: Simd, const R: usize>(
    s: S,
    d: &[Lanes; R],
    (x, samples, halved): (&Square, usize, bool),
    grad: &mut [Lanes; R],
) {
    if halved {
        let zero = f32x8::splat(s, 0.0);
        let mut sums = [[zero; 2]; R];
        multiply_halves(s, &mut sums, d.each_ref(), x, samples);
        for (grad, [even, odd]) in grad.iter_mut().zip(sums) {
            let [first, second] = grad.as_chunks_mut().0 else {
                return;
            };
            (even + odd).store_array(first);
            zero.store_array(second);
        }
    } else {
        let mut sums: Sums<S, R, 1> = tile::zero(s);
        multiply_square(s, &mut sums, d.each_ref(), [x], samples);
        for (grad, [sum]) in grad.iter_mut().zip(sums) {
            sum.store_array(grad);
        }
    }
}
