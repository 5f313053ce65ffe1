//! The products of layers so small that cutting them into tiles takes longer than multiplying: of a few blocks of rows and at
//! most sixteen inputs. Every sum is that of the tiles, bit for bit. To be called where vectors are dispatched: another call to
//! get there would cost as much as a product's tenth part.

use super::gradient::{HALF, Square, multiply_halves, multiply_square};
use super::tile::{self, Lanes, Sums, ZEROS, array, lanes, lanes_mut, step, store};
use super::transpose::{interleaved, transpose_columns, transpose_half};
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
#[inline(always)]
pub fn affine<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    assert_eq!(input.features(), weights.inputs(), "features of the input");
    assert_eq!(out.features(), weights.units(), "features of the output");
    assert!(
        bias.is_none_or(|bias| bias.len() == weights.units()),
        "biases"
    );
    out.set_rows(input.rows());
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
#[inline(always)]
pub fn affine_backward<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    assert_eq!(delta.features(), weights.units(), "features of the delta");
    assert_eq!(out.features(), weights.inputs(), "features of the output");
    out.set_rows(delta.rows());
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

/// weight = Σ over the rows of delta·inputᵀ; `turned`: room for the transpose of every block of the input. bias = Σ over the
/// rows of delta, with its padding.
#[inline(always)]
pub fn gradients<S: Simd>(
    s: S,
    delta: &Blocked<f32>,
    input: &Blocked<f32>,
    turned: &mut [Square],
    weight: &mut Weights<f32>,
    bias: Option<&mut [f32]>,
) {
    assert_eq!(delta.features(), weight.units(), "features of the delta");
    assert_eq!(input.features(), weight.inputs(), "features of the input");
    if let Some(bias) = bias {
        bias_gradient(s, delta, bias);
    }
    let halved = input.features() <= HALF;
    let turned = &mut turned[..delta.blocks()];
    for (block, turned) in turned.iter_mut().enumerate() {
        let (x, used) = (lanes(input.block(block)), delta.lanes(block));
        match halved {
            true => transpose_half(s, x, used, turned),
            false => transpose_columns(s, x, used, turned),
        }
    }
    let weight = lanes_mut(weight.data_mut());
    match halved {
        true => gradient::<S, true>(s, delta, turned, weight),
        false => gradient::<S, false>(s, delta, turned, weight),
    }
}

/// `grad`: with its padding.
#[inline(always)]
fn bias_gradient<S: Simd>(s: S, delta: &Blocked<f32>, grad: &mut [f32]) {
    let units = delta.features();
    for (grad, first) in lanes_mut(grad).iter_mut().zip((0..units).step_by(LANES)) {
        let low = unit_sums(s, delta, first);
        let high = match first + HALF < units {
            true => unit_sums(s, delta, first + HALF),
            false => f32x8::splat(s, 0.0),
        };
        low.combine(high).store_array(grad);
    }
}

/// Σ over the rows of eight units' deltas, 0 of units that are not there.
#[inline(always)]
fn unit_sums<S: Simd>(s: S, delta: &Blocked<f32>, first: usize) -> f32x8<S> {
    let mut sums = [Vector::splat(s, 0.0); HALF];
    // lanes past the last row are 0
    for block in 0..delta.blocks() {
        let d = &lanes(delta.block(block))[first..];
        match d.first_chunk::<HALF>() {
            Some(d) => add_each(s, &mut sums, d),
            None => add_each(s, &mut sums, &array(ZEROS, |i| *d.get(i).unwrap_or(&ZEROS))),
        }
    }
    sum_each(s, sums)
}

#[inline(always)]
fn add_each<S: Simd>(s: S, sums: &mut [Vector<S>; HALF], d: &[Lanes; HALF]) {
    for (sum, d) in sums.iter_mut().zip(d) {
        *sum += Vector::load_array_ref(s, d);
    }
}

/// Σ of each vector's lanes, in the order of `reduce_sum`: all at once where that is no detour, since each alone is a chain of
/// waits.
#[inline(always)]
fn sum_each<S: Simd>(s: S, x: [Vector<S>; HALF]) -> f32x8<S> {
    if !tile::wide::<S>() {
        return f32x8::load_array(s, array(0.0, |i| x[i].reduce_sum()));
    }
    // after three rounds each holds two lanes of all eight
    let x = interleaved(interleaved(interleaved(x)));
    let four: [Vector<S>; 4] = array(Vector::splat(s, 0.0), |i| x[i] + x[i + 4]);
    let [(a, b), (c, d)] = [(four[0] + four[2]).split(), (four[1] + four[3]).split()];
    (a + b) + (c + d)
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
    for (block, x) in x.iter().enumerate() {
        let Some(d) = delta[block * units + first..].first_chunk::<R>() else {
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
        // whole vectors are written, since a vector that is read back cannot be put together from parts under way
        for (grad, [even, odd]) in grad.iter_mut().zip(halves) {
            (even + odd).combine(zero).store_array(grad);
        }
    } else {
        store(&sums, 0, grad);
    }
}
