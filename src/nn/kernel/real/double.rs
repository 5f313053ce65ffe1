//! `f64`: plain loops, for checks against finite differences.

use super::{Real, Source, scalar};
use crate::nn::activation::{self, Activation, Function};
use crate::nn::kernel::{Blocked, Crew, Extremes, Holds, LANES, Share, Weights, gradient, plain};
use fearless_simd::{f64x8, prelude::*};
use std::ops::Range;

/// The passes of [`Real::activate`] over plain loops in f64.
struct PlainApply<'a, T>(&'a [T], &'a mut [T]);
impl<T: Real> activation::Visitor for PlainApply<'_, T> {
    type Output = ();
    fn visit<F: Function>(self, function: &F) {
        for (y, z) in self.1.iter_mut().zip(self.0) {
            *y = T::from_f64(function.value(z.to_f64()));
        }
    }
}
struct PlainApplyBackward<'a, T>(&'a [T], &'a [T], &'a mut [T]);
impl<T: Real> activation::Visitor for PlainApplyBackward<'_, T> {
    type Output = ();
    fn visit<F: Function>(self, function: &F) {
        for ((delta, z), y) in self.2.iter_mut().zip(self.0).zip(self.1) {
            *delta *= T::from_f64(function.derivative_from(z.to_f64(), y.to_f64()));
        }
    }
}

struct PlainSlopes<'a, T>(&'a mut [T], &'a [T]);
impl<T: Real> activation::Visitor for PlainSlopes<'_, T> {
    type Output = ();
    fn visit<F: Function>(self, function: &F) {
        for (z, y) in self.0.iter_mut().zip(self.1) {
            *z = T::from_f64(function.derivative_from(z.to_f64(), y.to_f64()));
        }
    }
}

impl Real for f64 {
    scalar!(f64, "F64");

    #[inline(always)]
    fn widen<S: Simd>(s: S, lanes: &[f64; LANES / 2]) -> f64x8<S> {
        f64x8::load_array_ref(s, lanes)
    }

    fn affine(
        weights: &Weights<Self>,
        bias: Option<&[Self]>,
        input: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        plain::affine(weights, bias, input, out);
    }
    fn affine_backward(weights: &Weights<Self>, delta: &Blocked<Self>, out: &mut Blocked<Self>) {
        plain::affine_backward(weights, delta, out);
    }
    fn weight_gradient_of_earlier(
        delta: &Blocked<f64>,
        input: &Blocked<f64>,
        blocks: usize,
        grad: &mut Weights<f64>,
    ) {
        plain::weight_gradient_of_earlier(delta, input, blocks, grad);
    }
    fn weight_gradient_in_strips<P: Send>(
        crew: Crew<'_>,
        delta: &Blocked<f64>,
        input: &Blocked<f64>,
        ld: usize,
        pieces: impl Iterator<Item = (Range<usize>, P)>,
        begin: impl Fn(&mut P, &Range<usize>) + Sync,
        take: impl Fn(&mut P, Range<usize>, &mut [f64]) + Sync,
    ) {
        crew.each(pieces, |(units, mut piece)| {
            begin(&mut piece, &units);
            for strip in gradient::strips(units, ld) {
                let mut grad = vec![0.0; strip.len() * ld];
                plain::weight_gradient_rows(delta, (input, 0), strip.clone(), ld, &mut grad);
                take(&mut piece, strip, &mut grad);
            }
        });
    }
    fn affine_backward_rows(
        rows: (&[Self], usize),
        inputs: Range<usize>,
        delta: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        plain::affine_backward_rows(rows, inputs, delta, out);
    }
    fn bias_gradient(delta: &Blocked<Self>, grad: &mut [Self]) {
        plain::bias_gradient(delta, 0..delta.features(), grad);
    }
    fn bias_gradient_rows(delta: &Blocked<Self>, units: Range<usize>, grad: &mut [Self]) {
        plain::bias_gradient(delta, units, grad);
    }
    fn activate(activation: &Activation, pre: &Blocked<Self>, out: &mut Blocked<Self>) {
        out.set_rows(pre.rows());
        activation.visit(PlainApply(pre.data(), out.data_mut()));
        out.clear_padding();
    }
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    ) -> Extremes<f64> {
        activation.visit(PlainApplyBackward(pre.data(), out.data(), delta.data_mut()));
        plain::extremes(delta.data())
    }
    fn activate_with_slopes(
        activation: &Activation,
        pre: &mut Blocked<f64>,
        out: &mut Blocked<f64>,
    ) {
        Self::activate(activation, pre, out);
        activation.visit(PlainSlopes(pre.data_mut(), out.data()));
    }
    fn map_units_in_place(
        map: (&Weights<f64>, Option<&[f64]>),
        activation: &Activation,
        input: Source<'_, '_, f64>,
        units: &Range<usize>,
        (values, pre): (&mut Share<'_, f64>, &mut Share<'_, f64>),
    ) -> f64 {
        for block in 0..values.blocks() {
            let parts = match input {
                Source::Whole(input) => [input.block(block), &[]],
                Source::Halves(halves, ..) => halves.map(|half| half.made(block)),
            };
            let features = parts.into_iter().flat_map(|part| part.chunks_exact(LANES));
            let (values, pre) = (values.block(block), pre.block(block));
            plain::affine_units(map, units, features, pre);
            activation.visit(PlainApply(pre, values));
            let used = input.rows().saturating_sub(block * LANES).min(LANES);
            Self::keep_lanes(values.as_chunks_mut().0, used);
        }
        f64::INFINITY
    }
    fn activate_backward_by(
        _crew: Crew<'_>,
        activation: &Activation,
        (pre, holds): (&Blocked<f64>, Holds),
        out: &Blocked<f64>,
        delta: &mut Blocked<f64>,
    ) -> Extremes<f64> {
        if holds != Holds::Slopes {
            return Self::activate_backward(activation, pre, out, delta);
        }
        let pairs = delta.data_mut().iter_mut().zip(pre.data());
        pairs.for_each(|(d, slope)| *d *= slope);
        plain::extremes(delta.data())
    }
    fn extremes(values: &[f64]) -> Extremes<f64> {
        plain::extremes(values)
    }
    fn square_sum(values: &[f64]) -> f64 {
        values.iter().map(|v| v * v).sum()
    }
    fn square_distance(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
    }
    fn affine_run(weights: &Weights<f64>, bias: &[f64], input: &[f64], out: &mut [f64]) {
        plain::affine_run(weights, bias, input, out);
    }
    fn affine_add(weights: &Weights<f64>, input: &[f64], out: &mut [f64]) {
        plain::affine_add(weights, input, out);
    }
    fn affine_backward_run(weights: &Weights<f64>, delta: &[f64], out: &mut [f64]) {
        plain::affine_backward_run(weights, delta, out);
    }
    fn activate_run(activation: &Activation, pre: &[f64], out: &mut [f64]) {
        activation.visit(PlainApply(pre, out));
    }
    fn activate_backward_run(activation: &Activation, pre: &[f64], out: &[f64], delta: &mut [f64]) {
        activation.visit(PlainApplyBackward(pre, out, delta));
    }
}
