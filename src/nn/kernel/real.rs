//! The element type of a network, and the products and passes over it.

use super::gradient::{self, Panels};
use super::pass::{Apply, ApplyBackward};
use super::product;
use super::{
    Blocked, Buffer, Crew, Extremes, LANES, Weights, extremes, level, plain, runs, transpose,
};
use crate::nn::activation::{self, Activation, Function};
use crate::nn::number::Number;
use fearless_simd::dispatch;
use ndarray::ArrayView2;
use std::cell::RefCell;
use std::iter::Sum;
use std::ops::Range;

/// `f32` for training, `f64` for checking the same code against finite differences.
///
/// # Panics
/// Every product panics where shapes do not agree: a fault of the caller, which builds them from one specification.
pub trait Real: Number + Sum {
    /// As safetensors and NumPy name it.
    const NAME: &'static str;

    fn from_f32(value: f32) -> Self;
    fn is_finite(self) -> bool;
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Up to sixteen rows of a batch into `[feature][lane]`, those that are missing as 0: returns how many features it took over,
    /// from the first.
    fn load_rows(_rows: ArrayView2<f32>, _block: &mut [Self]) -> usize {
        0
    }
    /// The largest and the least magnitude.
    fn extremes(values: &[Self]) -> Extremes<Self>;

    /// out = W·input + b: `[rows][inputs]` to `[rows][units]`. `out` takes over the number of rows.
    fn affine(
        weights: &Weights<Self>,
        bias: Option<&[Self]>,
        input: &Blocked<Self>,
        out: &mut Blocked<Self>,
    );
    /// out = Wᵀ·delta: `[rows][units]` to `[rows][inputs]`.
    fn affine_backward(weights: &Weights<Self>, delta: &Blocked<Self>, out: &mut Blocked<Self>);
    /// grad = Σ over the rows of delta·inputᵀ, `[units][inputs]`.
    fn weight_gradient(delta: &Blocked<Self>, input: &Blocked<Self>, grad: &mut Weights<Self>);
    /// The same of the input so many blocks earlier, which is 0 before the first.
    fn weight_gradient_of_earlier(
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        blocks: usize,
        grad: &mut Weights<Self>,
    );
    /// grad = Σ over the rows of delta, `[units]`.
    fn bias_gradient(delta: &Blocked<Self>, grad: &mut [Self]);

    /// The products and passes shared out to a crew, where `Self` has that; the numbers are the same.
    fn affine_by(
        _crew: Crew<'_>,
        weights: &Weights<Self>,
        bias: Option<&[Self]>,
        input: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        Self::affine(weights, bias, input, out);
    }
    fn affine_backward_by(
        _crew: Crew<'_>,
        weights: &Weights<Self>,
        delta: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        Self::affine_backward(weights, delta, out);
    }
    fn weight_gradient_by(
        _crew: Crew<'_>,
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        grad: &mut Weights<Self>,
    ) {
        Self::weight_gradient(delta, input, grad);
    }
    /// Makes the weight gradient a strip of rows at a time, `ld` elements each, and hands each over to `take`; it is not kept.
    /// `pieces`: one a member, with its share of the rows. Strips and shares are whole [groups](super::GROUP).
    fn weight_gradient_in_strips<P: Send>(
        crew: Crew<'_>,
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        ld: usize,
        pieces: impl Iterator<Item = (Range<usize>, P)>,
        take: impl Fn(&mut P, Range<usize>, &mut [Self]) + Sync,
    );
    fn activate_by(
        _crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        Self::activate(activation, pre, out);
    }
    fn activate_backward_by(
        _crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    ) {
        Self::activate_backward(activation, pre, out, delta);
    }

    /// out = φ(pre).
    fn activate(activation: &Activation, pre: &Blocked<Self>, out: &mut Blocked<Self>);
    /// delta ← delta·φ'(pre), with `out` = φ(pre).
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    );

    /// out += W·input, over runs of whole blocks, `[block][feature][lane]`, such as one step of a sequence.
    fn affine_add(weights: &Weights<Self>, input: &[Self], out: &mut [Self]);
    /// out = Wᵀ·delta, over runs of whole blocks.
    fn affine_backward_run(weights: &Weights<Self>, delta: &[Self], out: &mut [Self]);
    /// out = φ(pre), over runs of whole blocks.
    fn activate_run(activation: &Activation, pre: &[Self], out: &mut [Self]);
    /// delta ← delta·φ'(pre), with `out` = φ(pre), over runs of whole blocks.
    fn activate_backward_run(
        activation: &Activation,
        pre: &[Self],
        out: &[Self],
        delta: &mut [Self],
    );
}

macro_rules! scalar {
    ($T:ty, $name:literal) => {
        const NAME: &'static str = $name;

        #[inline(always)]
        fn from_f32(value: f32) -> Self {
            value as $T
        }
        #[inline(always)]
        fn is_finite(self) -> bool {
            <$T>::is_finite(self)
        }
        /// Not fused: without the instruction that would be a slow call.
        #[inline(always)]
        fn mul_add(self, a: Self, b: Self) -> Self {
            self * a + b
        }
    };
}

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

impl Real for f64 {
    scalar!(f64, "F64");

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
    fn weight_gradient(delta: &Blocked<Self>, input: &Blocked<Self>, grad: &mut Weights<Self>) {
        plain::weight_gradient(delta, input, grad);
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
        take: impl Fn(&mut P, Range<usize>, &mut [f64]) + Sync,
    ) {
        crew.each(pieces, |(units, mut piece)| {
            for strip in gradient::strips(units, ld) {
                let mut grad = vec![0.0; strip.len() * ld];
                plain::weight_gradient_rows(delta, (input, 0), strip.clone(), ld, &mut grad);
                take(&mut piece, strip, &mut grad);
            }
        });
    }
    fn bias_gradient(delta: &Blocked<Self>, grad: &mut [Self]) {
        plain::bias_gradient(delta, grad);
    }
    fn activate(activation: &Activation, pre: &Blocked<Self>, out: &mut Blocked<Self>) {
        out.set_rows(pre.rows());
        activation.visit(PlainApply(pre.data(), out.data_mut()));
    }
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    ) {
        activation.visit(PlainApplyBackward(pre.data(), out.data(), delta.data_mut()));
    }
    fn extremes(values: &[f64]) -> Extremes<f64> {
        plain::extremes(values)
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

thread_local! {
    /// The transposed input of a weight gradient: grows to the largest layer's and is then reused.
    static PANELS: RefCell<Panels> = RefCell::default();
    /// A strip of a weight gradient: grows to the largest and is then reused.
    static STRIP: RefCell<Buffer<f32>> = RefCell::default();
}

/// grad = Σ over the rows of delta·inputᵀ, of the input so many blocks earlier
fn gradient_later(
    crew: Crew<'_>,
    delta: &Blocked<f32>,
    (input, later): (&Blocked<f32>, usize),
    grad: &mut Weights<f32>,
) {
    PANELS.with_borrow_mut(|panels| {
        dispatch!(level(), s => {
            panels.load(s, crew, input, later);
            gradient::weight_gradient(s, crew, delta, panels, grad);
        });
    });
}

/// The columns behind the last group of inputs, which no product writes.
fn clear_padding(rows: &mut [f32], (inputs, ld): (usize, usize)) {
    let written = inputs.next_multiple_of(LANES);
    if written < ld {
        rows.chunks_exact_mut(ld)
            .for_each(|row| row[written..].fill(0.0));
    }
}

/// Multiply-adds that take about as long as one element of an activation.
const ELEMENT: usize = 8;

impl Real for f32 {
    scalar!(f32, "F32");

    fn load_rows(rows: ArrayView2<f32>, block: &mut [f32]) -> usize {
        dispatch!(level(), s => transpose::load_rows(s, rows, block))
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
    fn weight_gradient(delta: &Blocked<f32>, input: &Blocked<f32>, grad: &mut Weights<f32>) {
        Self::weight_gradient_by(Crew::ALONE, delta, input, grad);
    }
    fn affine_by(
        crew: Crew<'_>,
        weights: &Weights<f32>,
        bias: Option<&[f32]>,
        input: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        dispatch!(level(), s => product::affine(s, crew, weights, bias, input, out));
    }
    fn affine_backward_by(
        crew: Crew<'_>,
        weights: &Weights<f32>,
        delta: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        dispatch!(level(), s => product::affine_backward(s, crew, weights, delta, out));
    }
    fn weight_gradient_by(
        crew: Crew<'_>,
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        grad: &mut Weights<f32>,
    ) {
        let crew = crew.for_work(grad.units() * grad.inputs() * delta.rows());
        gradient_later(crew, delta, (input, 0), grad);
    }
    fn weight_gradient_of_earlier(
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        blocks: usize,
        grad: &mut Weights<f32>,
    ) {
        gradient_later(Crew::ALONE, delta, (input, blocks), grad);
    }
    fn weight_gradient_in_strips<P: Send>(
        crew: Crew<'_>,
        delta: &Blocked<f32>,
        input: &Blocked<f32>,
        ld: usize,
        pieces: impl Iterator<Item = (Range<usize>, P)>,
        take: impl Fn(&mut P, Range<usize>, &mut [f32]) + Sync,
    ) {
        PANELS.with_borrow_mut(|panels| {
            dispatch!(level(), s => panels.load(s, crew, input, 0));
            let (panels, size) = (&*panels, (input.features(), ld));
            crew.each(pieces, |(units, mut piece)| {
                STRIP.with_borrow_mut(|room| {
                    for strip in gradient::strips(units, ld) {
                        if room.len() < strip.len() * ld {
                            *room = Buffer::zeros(strip.len() * ld);
                        }
                        let grad = &mut room[..strip.len() * ld];
                        dispatch!(level(), s => {
                            gradient::weight_gradient_rows(s, delta, panels, strip.clone(), grad, size);
                        });
                        clear_padding(grad, size);
                        take(&mut piece, strip, grad);
                    }
                });
            });
        });
    }
    fn bias_gradient(delta: &Blocked<f32>, grad: &mut [f32]) {
        dispatch!(level(), s => gradient::bias_gradient(s, delta, grad));
    }
    fn activate(activation: &Activation, pre: &Blocked<f32>, out: &mut Blocked<f32>) {
        out.set_rows(pre.rows());
        let (pre, out) = (pre.data(), out.data_mut());
        dispatch!(level(), s => activation.visit(Apply { s, pre, out }));
    }
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<f32>,
        out: &Blocked<f32>,
        delta: &mut Blocked<f32>,
    ) {
        let (pre, out, delta) = (pre.data(), out.data(), delta.data_mut());
        dispatch!(level(), s => activation.visit(ApplyBackward { s, pre, out, delta }));
    }
    fn extremes(values: &[f32]) -> Extremes<f32> {
        dispatch!(level(), s => extremes::extremes(s, values.as_chunks().0))
    }
    fn affine_add(weights: &Weights<f32>, input: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => runs::affine_add(s, weights, input, out));
    }
    fn affine_backward_run(weights: &Weights<f32>, delta: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => runs::affine_backward(s, weights, delta, out));
    }
    fn activate_run(activation: &Activation, pre: &[f32], out: &mut [f32]) {
        dispatch!(level(), s => activation.visit(Apply { s, pre, out }));
    }
    fn activate_backward_run(activation: &Activation, pre: &[f32], out: &[f32], delta: &mut [f32]) {
        dispatch!(level(), s => activation.visit(ApplyBackward { s, pre, out, delta }));
    }
    fn activate_by(
        crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<f32>,
        out: &mut Blocked<f32>,
    ) {
        let crew = crew.for_work(pre.data().len() * ELEMENT);
        if crew.is_alone() {
            return Self::activate(activation, pre, out);
        }
        out.set_rows(pre.rows());
        crew.each(out.shares(crew), |(units, mut out)| {
            for block in 0..pre.blocks() {
                let pre = &pre.block(block)[units.start * LANES..units.end * LANES];
                let out = out.block(block);
                dispatch!(level(), s => activation.visit(Apply { s, pre, out }));
            }
        });
    }
    fn activate_backward_by(
        crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<f32>,
        out: &Blocked<f32>,
        delta: &mut Blocked<f32>,
    ) {
        let crew = crew.for_work(pre.data().len() * ELEMENT);
        if crew.is_alone() {
            return Self::activate_backward(activation, pre, out, delta);
        }
        crew.each(delta.shares(crew), |(units, mut delta)| {
            for block in 0..pre.blocks() {
                let own = units.start * LANES..units.end * LANES;
                let (pre, out) = (&pre.block(block)[own.clone()], &out.block(block)[own]);
                let delta = delta.block(block);
                dispatch!(level(), s => activation.visit(ApplyBackward { s, pre, out, delta }));
            }
        });
    }
}
