//! The products of a layer's weights in `f32`, forward and backward, in register tiles. The order of every sum depends on the
//! shapes alone, so that a layer whose rows are split between threads gives the same bits; see [`super::plain`] for what they
//! compute.

mod backward;
mod forward;
mod packed;
mod region;
mod run;

use super::team::Crew;
use super::{Blocked, Weights};
use fearless_simd::prelude::*;
use forward::Begin;
use run::{Run, RunMut};

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

/// out = Wᵀ·delta
///
/// A member makes its share of the inputs out of all weights: half of a matrix crosses between the caches, at a few
/// hundredths of the product's time, and the sums are those of one thread. Partial sums over each member's own rows would
/// cross instead, and be added in an order that depends on the number of members.
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
    let (crew, delta) = (crew.for_work(units * inputs * delta.rows()), Run::of(delta));
    if crew.is_alone() {
        return backward::columns(s, weights, delta, 0..inputs, &mut RunMut::of(out));
    }
    crew.each(out.shares(crew), |(inputs, mut out)| {
        backward::columns(s, weights, delta, inputs, &mut out);
    });
}

/// out = Wᵀ·delta over a run of whole blocks
pub fn affine_backward_run<S: Simd>(s: S, weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
    let (units, inputs) = (weights.units(), weights.inputs());
    let (delta, out) = (Run::new(delta, units), &mut RunMut::new(out, inputs));
    backward::columns(s, weights, delta, 0..inputs, out);
}

#[cfg(test)]
mod tests;
