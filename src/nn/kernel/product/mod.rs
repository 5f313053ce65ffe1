//! The products of a layer's weights in `f32`, forward and backward, in register tiles. The order of every sum depends on the
//! shapes alone, so that a layer whose rows are split between threads gives the same bits; see [`super::plain`] for what they
//! compute.

mod backward;
mod forward;
mod packed;
mod region;
mod run;

use super::gradient::GROUP;
use super::team::Crew;
use super::{Blocked, Share, Weights};
use backward::Rows;
use fearless_simd::prelude::*;
use forward::Begin;
use run::{Output, Run, RunMut, Sum};
use std::ops::Range;

pub(super) use region::{BLOCKS, runs};

/// out = W·input + b
pub fn affine<S: Simd>(
    s: S,
    crew: Crew<'_>,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs) = (weights.units(), weights.inputs());
    assert_eq!(input.features(), inputs, "features of the input");
    assert_eq!(out.features(), units, "features of the output");
    assert!(bias.is_none_or(|bias| bias.len() == units), "biases");
    out.set_rows(input.rows());
    let (crew, input) = (crew.for_work(units * inputs * input.rows()), Run::of(input));
    if crew.is_alone() {
        let out = &mut RunMut::of(out);
        return forward::rows(s, weights, Begin::Bias(bias), input, 0..units, out);
    }
    crew.each(out.shares(crew), |(units, mut out)| {
        forward::rows(s, weights, Begin::Bias(bias), input, units, &mut out);
    });
}

/// The same for some `units` alone.
pub fn affine_units<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: &Blocked<f32>,
    units: Range<usize>,
    out: &mut Share<'_, f32>,
) {
    let begin = Begin::Bias(bias);
    forward::rows(s, weights, begin, Run::of(input), units, out);
}

/// The same of an input in two halves, of no more features than [`halves`] has it.
pub fn affine_units_of_halves<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: Option<&[f32]>,
    input: [&Share<'_, f32>; 2],
    units: Range<usize>,
    out: &mut Share<'_, f32>,
) {
    forward::rows_of_halves(s, weights, bias, input, units, out);
}

/// out = W·input + b over a run of whole blocks, as one step of a sequence is: small, and many of them one after the other.
pub fn affine_run<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    bias: &[f32],
    input: &[f32],
    out: &mut [f32],
) {
    run(s, weights, Begin::Bias(Some(bias)), input, out);
}

/// out += W·input over a run of whole blocks
pub fn affine_add<S: Simd>(s: S, weights: &Weights<f32>, input: &[f32], out: &mut [f32]) {
    run(s, weights, Begin::There, input, out);
}

#[inline(always)]
fn run<S: Simd>(s: S, weights: &Weights<f32>, begin: Begin<'_>, input: &[f32], out: &mut [f32]) {
    let (units, inputs) = (weights.units(), weights.inputs());
    let (input, out) = (Run::new(input, inputs), &mut RunMut::new(out, units));
    forward::rows(s, weights, begin, input, 0..units, out);
}

/// Multiply-adds below which one thread makes a backward product sum by sum.
const LEAST_APART: usize = 1 << 18;
/// The most units whose products are made in two halves: each half is one piece then.
const MOST_APART: usize = 512;

/// Where the rows of a matrix are cut into those of two members, whose backward products are made apart and then added: what
/// crosses between two cores then is half of either sum, and of the weights nothing. By the shapes alone, so that one thread makes
/// the same sums.
pub fn halves(units: usize, inputs: usize, rows: usize) -> Option<usize> {
    let apart = (2 * GROUP..=MOST_APART).contains(&units) && units * inputs * rows >= LEAST_APART;
    apart.then(|| half(units))
}

/// The first of two members' own of so many units, in whole groups. The last group, which may be smaller, is the second's.
pub fn half(units: usize) -> usize {
    units.div_ceil(GROUP) / 2 * GROUP
}

/// out = Wᵀ·delta
///
/// A member makes its share of the inputs out of all weights; see [`affine_backward_rows`] for members that own some of them.
pub fn affine_backward<S: Simd>(
    s: S,
    crew: Crew<'_>,
    weights: &Weights<f32>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    let (units, inputs) = (weights.units(), weights.inputs());
    assert_eq!(delta.features(), units, "features of the delta");
    assert_eq!(out.features(), inputs, "features of the output");
    out.set_rows(delta.rows());
    if units == 0 {
        return out.fill(0.0);
    }
    let crew = crew.for_work(units * inputs * delta.rows());
    let middle = halves(units, inputs, delta.rows());
    let delta = Run::of(delta);
    if crew.is_alone() {
        let out = &mut RunMut::of(out);
        return backward_parts(s, weights, middle, delta, 0..inputs, out);
    }
    crew.each(out.shares(crew), |(inputs, mut out)| {
        backward_parts(s, weights, middle, delta, inputs, &mut out);
    });
}

/// `inputs` of the product, by the halves that are cut in the `middle`.
#[inline(always)]
fn backward_parts<S: Simd>(
    s: S,
    weights: &Weights<f32>,
    middle: Option<usize>,
    delta: Run<'_>,
    inputs: Range<usize>,
    out: &mut impl Output,
) {
    let units = weights.units();
    let first = Rows::of(weights, 0..middle.unwrap_or(units));
    backward::columns(s, first, delta, inputs.clone(), Sum::Afresh, out);
    if let Some(middle) = middle {
        let second = Rows::of(weights, middle..units);
        backward::columns(s, second, delta, inputs, Sum::Apart, out);
    }
}

/// `inputs` of out = Wᵀ·delta of some units alone, whose rows these are, `ld` elements each, and whose delta that is.
pub fn affine_backward_rows<S: Simd>(
    s: S,
    (rows, ld): (&[f32], usize),
    inputs: Range<usize>,
    delta: &Blocked<f32>,
    out: &mut Blocked<f32>,
) {
    assert_eq!(out.features(), inputs.len(), "features of the output");
    out.set_rows(delta.rows());
    let rows = Rows {
        w: rows,
        ld,
        first: 0,
        count: delta.features(),
    };
    let delta = Run::of(delta);
    backward::columns(s, rows, delta, inputs, Sum::Afresh, &mut RunMut::of(out));
}

/// out = Wᵀ·delta over a run of whole blocks
pub fn affine_backward_run<S: Simd>(s: S, weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
    let (units, inputs) = (weights.units(), weights.inputs());
    let (delta, out) = (Run::new(delta, units), &mut RunMut::new(out, inputs));
    let rows = Rows::of(weights, 0..units);
    backward::columns(s, rows, delta, 0..inputs, Sum::Afresh, out);
}

#[cfg(test)]
mod tests;
