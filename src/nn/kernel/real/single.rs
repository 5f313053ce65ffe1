//! `f32`: the processor's widest vectors, and work shared out to a crew.

use super::gradients::{self, MOST_OF_ONES_OWN};
use super::passes::{
    activate_lanes, activate_lanes_backward, activate_lanes_in_place, activate_share_in_place,
    backward_by_shares, shared, units_backward,
};
use super::{Real, Source, scalar};
use crate::nn::activation::Activation;
use crate::nn::kernel::derivative::{self, Kept};
use crate::nn::kernel::pass::{self, ApplyWithSlopes};
use crate::nn::kernel::team::MAX_MEMBERS;
use crate::nn::kernel::{
    Blocked, Crew, Extremes, Holds, LANES, Share, Weights, extremes, gradient, larger, level,
    product, small, squares, transpose,
};
use fearless_simd::{dispatch, f32x8, f64x8, prelude::*};
use std::hint::black_box;
use std::ops::Range;

/// Asks for all of what another core has made at once: a product would wait for one line after the other.
fn fetch<'a>(parts: impl IntoIterator<Item = &'a [f32]>) {
    for values in parts {
        if values.len() <= MOST_OF_ONES_OWN {
            let lines = values.iter().step_by(LANES);
            black_box(lines.fold(0, |all, v| all | v.to_bits()));
        }
    }
}

/// Multiply-adds that take about as long as one element of an activation.
const ELEMENT: usize = 8;

/// Values of which a bound is asked for before long, most likely: by a layer that is large enough to be learned in strips.
const LEAST_BOUNDED: usize = 4096;

/// On its own, for the sake of small layers' code.
#[inline(never)]
fn activate_with_bound(
    activation: &Activation,
    values: &mut [f32],
    pre: &mut [f32],
    lanes: (usize, usize),
) -> (Holds, Option<f64>) {
    activate_lanes_in_place::<true>(activation, values, pre, lanes)
}

/// Who takes so many values of a batch through an activation, either way: what a share keeps of pre-activations on the way up, the same share finds
/// on the way down.
#[inline(always)]
fn for_passes(crew: Crew<'_>, values: usize) -> Crew<'_> {
    crew.for_work(values * ELEMENT)
}

impl Real for f32 {
    scalar!(f32, "F32");

    #[inline(always)]
    fn widen<S: Simd>(s: S, lanes: &[f32; LANES / 2]) -> f64x8<S> {
        let low = f32x8::load_array_ref(s, lanes);
        low.combine(low).widen().0
    }

    fn load_rows(rows: &[&[f32]; LANES], block: &mut [f32]) -> usize {
        dispatch!(level(), s => transpose::load_rows(s, rows, block))
    }

    fn load_features(
        data: &[f32],
        starts: &[usize; LANES],
        first: usize,
        features: &mut [[f32; LANES]],
    ) {
        dispatch!(level(), s => transpose::load_features(s, data, starts, first, features));
    }

    fn keep_lanes(features: &mut [[f32; LANES]], used: usize) {
        dispatch!(level(), s => pass::keep_lanes(s, features, used));
    }

    fn affine(
        weights: &Weights<f32>,
        bias: Option<&[f32]>,
        input: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        Self::affine_by(Crew::ALONE, weights, bias, input, out);
    }
    fn affine_backward(weights: &Weights<f32>, delta: &Blocked<f32>, out: &mut Blocked<f32>) {
        Self::affine_backward_by(Crew::ALONE, weights, delta, out);
    }
    fn affine_by(
        crew: Crew<'_>,
        weights: &Weights<f32>,
        bias: Option<&[f32]>,
        input: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        if small::is_small(weights, input) {
            return dispatch!(level(), s => small::affine(s, weights, bias, input, out));
        }
        dispatch!(level(), s => product::affine(s, crew, weights, bias, input, out));
    }
    fn affine_backward_by(
        crew: Crew<'_>,
        weights: &Weights<f32>,
        delta: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        if small::is_small(weights, delta) {
            return dispatch!(level(), s => small::affine_backward(s, weights, delta, out));
        }
        dispatch!(level(), s => product::affine_backward(s, crew, weights, delta, out));
    }
    fn weight_gradient_by(
        crew: Crew<'_>,
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        grad: &mut Weights<f32>,
    ) {
        let crew = crew.for_work(grad.units() * grad.inputs() * delta.rows());
        gradients::of_earlier(crew, delta, (input, 0), grad);
    }
    fn gradients_by(
        crew: Crew<'_>,
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        weight: &mut Weights<f32>,
        bias: Option<&mut Weights<f32>>,
    ) {
        if !small::is_small(weight, delta) {
            Self::weight_gradient_by(crew, delta, input, weight);
            if let Some(bias) = bias {
                Self::bias_gradient(delta, bias.row_mut(0));
            }
            return;
        }
        gradients::of_small(delta, input, weight, bias.map(Weights::data_mut));
    }
    fn weight_gradient_of_earlier(
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        blocks: usize,
        grad: &mut Weights<f32>,
    ) {
        gradients::of_earlier(Crew::ALONE, delta, (input, blocks), grad);
    }
    fn weight_gradient_in_strips<P: Send>(
        crew: Crew<'_>,
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        ld: usize,
        pieces: impl Iterator<Item = (Range<usize>, P)>,
        begin: impl Fn(&mut P, &Range<usize>) + Sync,
        take: impl Fn(&mut P, Range<usize>, &mut [f32]) + Sync,
    ) {
        gradients::in_strips(crew, (delta, input), ld, pieces, begin, take);
    }
    fn halves(units: usize, inputs: usize, rows: usize) -> Option<usize> {
        product::halves(units, inputs, rows)
    }
    fn affine_backward_rows(
        rows: (&[f32], usize),
        inputs: Range<usize>,
        delta: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        dispatch!(level(), s => product::affine_backward_rows(s, rows, inputs, delta, out));
    }
    fn bias_gradient(delta: &Blocked<f32>, grad: &mut [f32]) {
        dispatch!(level(), s => gradient::bias_gradient(s, delta, grad));
    }
    fn bias_gradient_rows(delta: &Blocked<f32>, units: Range<usize>, grad: &mut [f32]) {
        dispatch!(level(), s => gradient::bias_gradient_rows(s, delta, units, grad));
    }
    fn activate(activation: &Activation, pre: &Blocked<f32>, out: &mut Blocked<f32>) {
        out.set_rows(pre.rows());
        let used = pre.rows() % LANES;
        if pre.rows() < LANES {
            return activate_lanes(activation, pre.data(), out.data_mut(), used);
        }
        let whole = pre.rows() / LANES * LANES * pre.features();
        let (pre, last_pre) = pre.data().split_at(whole);
        let (out, last_out) = out.data_mut().split_at_mut(whole);
        if whole > 0 {
            Self::activate_run(activation, pre, out);
        }
        if used > 0 {
            activate_lanes(activation, last_pre, last_out, used);
        }
    }
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<f32>,
        out: &Blocked<f32>,
        delta: &mut Blocked<f32>,
    ) -> Extremes<f32> {
        Self::activate_backward_by(Crew::ALONE, activation, (pre, Holds::All), out, delta)
    }
    fn activate_with_slopes(
        activation: &Activation,
        pre: &mut Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        out.set_rows(pre.rows());
        let used = pre.rows() % LANES;
        let last = if used > 0 { pre.features() } else { 0 };
        let (pre, out) = (pre.data_mut(), out.data_mut());
        dispatch!(level(), s => activation.visit(ApplyWithSlopes { s, pre, out, last, used }));
    }
    fn extremes(values: &[f32]) -> Extremes<f32> {
        dispatch!(level(), s => extremes::extremes(s, values))
    }
    fn bound(values: &[f32]) -> f64 {
        dispatch!(level(), s => extremes::bound(s, values))
    }
    fn square_sum(values: &[f32]) -> f64 {
        dispatch!(level(), s => squares::square_sum(s, values))
    }
    fn square_sums(parts: &[&[f32]]) -> f64 {
        dispatch!(level(), s => squares::square_sums(s, parts))
    }
    fn square_distance(a: &[f32], b: &[f32]) -> f64 {
        dispatch!(level(), s => squares::square_distance(s, a, b))
    }
    fn affine_run(weights: &Weights<f32>, bias: &[f32], input: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => product::affine_run(s, weights, bias, input, out));
    }
    fn affine_add(weights: &Weights<f32>, input: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => product::affine_add(s, weights, input, out));
    }
    fn affine_backward_run(weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => product::affine_backward_run(s, weights, delta, out));
    }
    fn activate_run(activation: &Activation, pre: &[f32], out: &mut [f32]) {
        activate_lanes(activation, pre, out, LANES);
    }
    fn activate_backward_run(activation: &Activation, pre: &[f32], out: &[f32], delta: &mut [f32]) {
        let holds = Holds::All;
        let kept = Kept { pre, holds };
        activate_lanes_backward(activation, kept, out, delta);
    }
    fn activate_by(
        crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        let crew = for_passes(crew, pre.data().len());
        if crew.is_alone() {
            return Self::activate(activation, pre, out);
        }
        out.set_rows(pre.rows());
        crew.each(out.shares(crew), |(units, mut out)| {
            for block in 0..pre.blocks() {
                let own = &pre.block(block)[units.start * LANES..units.end * LANES];
                activate_lanes(activation, own, out.block(block), pre.lanes(block));
            }
        });
    }
    fn activate_in_place_by(
        crew: Crew<'_>,
        activation: &Activation,
        values: &mut Blocked<f32>,
        pre: &mut Blocked<f32>,
    ) -> (Holds, Option<f64>) {
        pre.set_rows(values.rows());
        let crew = for_passes(crew, pre.data().len());
        let rows = values.rows();
        if crew.is_alone() {
            let used = rows % LANES;
            let last = if used > 0 { values.features() } else { 0 };
            let (values, pre) = (values.data_mut(), pre.data_mut());
            let lanes = (last, used);
            return match values.len() >= LEAST_BOUNDED {
                true => activate_with_bound(activation, values, pre, lanes),
                false => activate_lanes_in_place::<false>(activation, values, pre, lanes),
            };
        }
        let pieces = values.shares(crew).zip(pre.shares(crew));
        crew.each(pieces, |((units, mut values), (_, mut pre))| {
            activate_share_in_place(activation, (&units, rows), (&mut values, &mut pre));
        });
        (Holds::Wanted, None)
    }
    #[inline(never)]
    fn map_in_place_by(
        crew: Crew<'_>,
        (weights, bias): (&Weights<f32>, Option<&[f32]>),
        activation: &Activation,
        input: &Blocked<f32>,
        (values, pre): (&mut Blocked<f32>, &mut Blocked<f32>),
    ) -> (Holds, Option<f64>) {
        values.set_rows(input.rows());
        let for_product = crew.for_work(weights.units() * weights.inputs() * input.rows());
        if for_product.is_alone() || for_passes(crew, values.data().len()).is_alone() {
            Self::affine_by(crew, weights, bias, input, values);
            return Self::activate_in_place_by(crew, activation, values, pre);
        }
        pre.set_rows(input.rows());
        let mut bounds = [0.0; MAX_MEMBERS];
        let pieces = values.shares(crew).zip(pre.shares(crew)).zip(&mut bounds);
        crew.each(pieces, |(((units, mut values), (_, mut pre)), bound)| {
            let (map, made) = ((weights, bias), (&mut values, &mut pre));
            *bound = Self::map_units_in_place(map, activation, Source::Whole(input), &units, made);
        });
        (Holds::Wanted, Some(bounds.into_iter().fold(0.0, larger)))
    }
    #[inline(never)]
    fn map_units_in_place(
        (weights, bias): (&Weights<f32>, Option<&[f32]>),
        activation: &Activation,
        input: Source<'_, '_, f32>,
        units: &Range<usize>,
        (values, pre): (&mut Share<'_, f32>, &mut Share<'_, f32>),
    ) -> f64 {
        let own = units.clone();
        let rows = match input {
            Source::Whole(input) => {
                fetch([input.data()]);
                dispatch!(level(), s => product::affine_units(s, weights, bias, input, own, values));
                input.rows()
            }
            Source::Halves(halves, rows, other) => {
                let other = halves[other];
                fetch((0..other.blocks()).map(|block| other.made(block)));
                dispatch!(level(), s => {
                    product::affine_units_of_halves(s, weights, bias, halves, own, values);
                });
                rows
            }
        };
        activate_share_in_place(activation, (units, rows), (values, pre))
    }
    fn activate_backward_by(
        crew: Crew<'_>,
        activation: &Activation,
        (pre, holds): (&Blocked<f32>, Holds),
        out: &Blocked<f32>,
        delta: &mut Blocked<f32>,
    ) -> Extremes<f32> {
        if holds == Holds::Slopes {
            return dispatch!(level(), s => derivative::multiply_by(s, pre.data(), delta.data_mut()));
        }
        let crew = for_passes(crew, pre.data().len());
        if crew.is_alone() {
            let kept = Kept {
                pre: pre.data(),
                holds,
            };
            return activate_lanes_backward(activation, kept, out.data(), delta.data_mut());
        }
        backward_by_shares(crew, activation, (pre, holds), out, delta)
    }
    #[inline(never)]
    fn activate_units_backward(
        activation: &Activation,
        (pre, holds): (&Blocked<f32>, Holds),
        out: &Blocked<f32>,
        units: &Range<usize>,
        delta: &mut Blocked<f32>,
    ) -> Extremes<f32> {
        let held = (pre, shared(holds));
        let mut found = Extremes::none();
        for block in 0..pre.blocks() {
            let delta = delta.block_mut(block);
            found = found.and(units_backward(activation, held, out, units, (block, delta)));
        }
        found
    }
    fn passes_alone(crew: Crew<'_>, values: usize) -> bool {
        for_passes(crew, values).is_alone()
    }
}
