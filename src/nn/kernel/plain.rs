//! The products as plain loops: what `f64` runs, and what the vector code is tested against.

use super::{Blocked, Extremes, LANES, Real, Weights};
use std::ops::Range;

/// out = W·in + b, `[rows][units]`.
pub fn affine<T: Real>(
    weights: &Weights<T>,
    bias: Option<&[T]>,
    input: &Blocked<T>,
    out: &mut Blocked<T>,
) {
    out.set_rows(input.rows());
    for block in 0..input.blocks() {
        let (x, y) = (input.block(block), out.block_mut(block));
        for ((unit, row), y) in weights.rows().enumerate().zip(y.chunks_exact_mut(LANES)) {
            y.fill(T::ZERO);
            for (&w, x) in row.iter().zip(x.chunks_exact(LANES)) {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = w.mul_add(x, *y);
                }
            }
            if let Some(bias) = bias {
                y.iter_mut().for_each(|y| *y += bias[unit]);
            }
        }
    }
}

/// The same of some units of a block, whose lanes go into `out`.
pub fn affine_units<'a, T: Real>(
    (weights, bias): (&Weights<T>, Option<&[T]>),
    units: &Range<usize>,
    features: impl Iterator<Item = &'a [T]> + Clone,
    out: &mut [T],
) {
    for (unit, y) in units.clone().zip(out.chunks_exact_mut(LANES)) {
        y.fill(T::ZERO);
        for (&w, x) in weights.row(unit).iter().zip(features.clone()) {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = w.mul_add(x, *y);
            }
        }
        if let Some(bias) = bias {
            y.iter_mut().for_each(|y| *y += bias[unit]);
        }
    }
}

/// out = Wᵀ·delta, `[rows][inputs]`.
pub fn affine_backward<T: Real>(weights: &Weights<T>, delta: &Blocked<T>, out: &mut Blocked<T>) {
    let (rows, inputs) = ((weights.data(), weights.ld()), 0..weights.inputs());
    affine_backward_rows(rows, inputs, delta, out);
}

/// Some `inputs` of it, of the part that some units make, whose rows these are, so many elements each.
pub fn affine_backward_rows<T: Real>(
    (rows, ld): (&[T], usize),
    inputs: Range<usize>,
    delta: &Blocked<T>,
    out: &mut Blocked<T>,
) {
    out.set_rows(delta.rows());
    for block in 0..delta.blocks() {
        let y = out.block_mut(block);
        y.fill(T::ZERO);
        let deltas = delta.block(block).chunks_exact(LANES);
        for (row, d) in rows.chunks_exact(ld.max(1)).zip(deltas) {
            for (&w, y) in row[inputs.clone()].iter().zip(y.chunks_exact_mut(LANES)) {
                for (y, &d) in y.iter_mut().zip(d) {
                    *y = w.mul_add(d, *y);
                }
            }
        }
    }
}

/// grad = Σ over rows of delta·inputᵀ, `[units][inputs]`.
pub fn weight_gradient<T: Real>(delta: &Blocked<T>, input: &Blocked<T>, grad: &mut Weights<T>) {
    weight_gradient_of_earlier(delta, input, 0, grad);
}

/// The same of the input so many blocks earlier, which is 0 before the first.
pub fn weight_gradient_of_earlier<T: Real>(
    delta: &Blocked<T>,
    input: &Blocked<T>,
    blocks: usize,
    grad: &mut Weights<T>,
) {
    let (units, ld) = (grad.units(), grad.ld());
    weight_gradient_rows(delta, (input, blocks), 0..units, ld, grad.data_mut());
}

/// The rows of `units` of it, `ld` elements each.
pub fn weight_gradient_rows<T: Real>(
    delta: &Blocked<T>,
    (input, earlier): (&Blocked<T>, usize),
    units: Range<usize>,
    ld: usize,
    grad: &mut [T],
) {
    grad.fill(T::ZERO);
    for block in earlier..delta.blocks() {
        let lanes = delta.lanes(block);
        let (d, x) = (delta.block(block), input.block(block - earlier));
        let d = d.chunks_exact(LANES).skip(units.start);
        for (row, d) in grad.chunks_exact_mut(ld.max(1)).zip(d) {
            for (g, x) in row.iter_mut().zip(x.chunks_exact(LANES)) {
                for (&d, &x) in d[..lanes].iter().zip(x) {
                    *g = d.mul_add(x, *g);
                }
            }
        }
    }
}

/// grad = Σ over rows of delta, `[units]`.
pub fn bias_gradient<T: Real>(delta: &Blocked<T>, units: Range<usize>, grad: &mut [T]) {
    grad.fill(T::ZERO);
    for block in 0..delta.blocks() {
        let lanes = delta.lanes(block);
        let own = &delta.block(block)[units.start * LANES..units.end * LANES];
        for (g, d) in grad.iter_mut().zip(own.chunks_exact(LANES)) {
            for &d in &d[..lanes] {
                *g += d;
            }
        }
    }
}

/// out = W·input + b, over runs of whole blocks.
pub fn affine_run<T: Real>(weights: &Weights<T>, bias: &[T], input: &[T], out: &mut [T]) {
    for block in out.chunks_exact_mut(weights.units() * LANES) {
        for (y, &b) in block.chunks_exact_mut(LANES).zip(bias) {
            y.fill(b);
        }
    }
    affine_add(weights, input, out);
}

/// out += W·input, over runs of whole blocks.
pub fn affine_add<T: Real>(weights: &Weights<T>, input: &[T], out: &mut [T]) {
    let blocks = input
        .chunks_exact(weights.inputs() * LANES)
        .zip(out.chunks_exact_mut(weights.units() * LANES));
    for (x, y) in blocks {
        for (row, y) in weights.rows().zip(y.chunks_exact_mut(LANES)) {
            for (&w, x) in row.iter().zip(x.chunks_exact(LANES)) {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = w.mul_add(x, *y);
                }
            }
        }
    }
}

/// out = Wᵀ·delta, over runs of whole blocks.
pub fn affine_backward_run<T: Real>(weights: &Weights<T>, delta: &[T], out: &mut [T]) {
    out.fill(T::ZERO);
    let blocks = delta
        .chunks_exact(weights.units() * LANES)
        .zip(out.chunks_exact_mut(weights.inputs() * LANES));
    for (d, y) in blocks {
        for (row, d) in weights.rows().zip(d.chunks_exact(LANES)) {
            for (&w, y) in row.iter().zip(y.chunks_exact_mut(LANES)) {
                for (y, &d) in y.iter_mut().zip(d) {
                    *y = w.mul_add(d, *y);
                }
            }
        }
    }
}

/// See [`Extremes`].
pub fn extremes<T: Real>(values: &[T]) -> Extremes<T> {
    values.iter().fold(Extremes::none(), |so_far, v| {
        let v = v.abs();
        let Extremes { top, least, nan } = so_far;
        Extremes {
            top: if v > top { v } else { top },
            least: if v > T::ZERO && v < least { v } else { least },
            nan: nan || v.to_f64().is_nan(),
        }
    })
}
