//! The element type of a network, and the products and passes over it.

mod double;
mod gradients;
mod passes;
mod single;

use super::{Blocked, Crew, Extremes, Holds, LANES, Share, Weights, wide};
use crate::nn::activation::Activation;
use crate::nn::number::Number;
use fearless_simd::{Simd, f64x8};
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
    /// Half of a feature's lanes in f64; a loop over them the compiler makes gathering loads of, within another loop.
    fn widen<S: Simd>(s: S, lanes: &[Self; LANES / 2]) -> f64x8<S>;
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Up to sixteen rows of a batch into `[feature][lane]`, those that are missing (empty) as 0: returns how many features it
    /// took over, from the first.
    fn load_rows(_rows: &[&[f32]; LANES], _block: &mut [Self]) -> usize {
        0
    }
    /// Features of sixteen rows, from number `first` on, that begin at `starts` in `data`; past its end as 0.
    fn load_features(
        data: &[f32],
        starts: &[usize; LANES],
        first: usize,
        features: &mut [[Self; LANES]],
    ) {
        for (lanes, feature) in features.iter_mut().zip(first..) {
            for (value, start) in lanes.iter_mut().zip(starts) {
                let found = data.get(start + feature);
                *value = found.map_or(Self::ZERO, |v| Self::from_f32(*v));
            }
        }
    }
    /// Zeroes the lanes from `used` on.
    fn keep_lanes(features: &mut [[Self; LANES]], used: usize) {
        for lanes in features {
            lanes[used..].fill(Self::ZERO);
        }
    }
    /// The largest and the least magnitude.
    fn extremes(values: &[Self]) -> Extremes<Self>;
    /// [`Extremes::bound`] of them alone.
    fn bound(values: &[Self]) -> f64 {
        Self::extremes(values).bound()
    }
    /// Σ v², as if in f64.
    fn square_sum(values: &[Self]) -> f64;
    /// The sum of those of all parts.
    fn square_sums(parts: &[&[Self]]) -> f64 {
        parts.iter().map(|part| Self::square_sum(part)).sum()
    }
    /// Σ (a - b)² over whole vectors, as if in f64.
    fn square_distance(a: &[Self], b: &[Self]) -> f64;

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
    fn weight_gradient(delta: &Blocked<Self>, input: &Blocked<Self>, grad: &mut Weights<Self>) {
        Self::weight_gradient_of_earlier(delta, input, 0, grad);
    }
    /// The same of the input so many blocks earlier, which is 0 before the first.
    fn weight_gradient_of_earlier(
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        blocks: usize,
        grad: &mut Weights<Self>,
    );
    /// grad = Σ over the rows of delta, `[units]`.
    fn bias_gradient(delta: &Blocked<Self>, grad: &mut [Self]);
    /// The same of some units alone.
    fn bias_gradient_rows(delta: &Blocked<Self>, units: Range<usize>, grad: &mut [Self]);

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
    /// The gradients of the weights and of the biases, which are a matrix of one row.
    fn gradients_by(
        crew: Crew<'_>,
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        weight: &mut Weights<Self>,
        bias: Option<&mut Weights<Self>>,
    ) {
        Self::weight_gradient_by(crew, delta, input, weight);
        if let Some(bias) = bias {
            Self::bias_gradient(delta, bias.row_mut(0));
        }
    }
    /// Makes the weight gradient a strip of rows at a time, `ld` elements each, and hands each over to `take`; it is not kept.
    /// `pieces`: one a member, with its share of the rows. Strips and shares are whole [groups](super::GROUP). `begin` is called
    /// with a piece before its first strip.
    fn weight_gradient_in_strips<P: Send>(
        crew: Crew<'_>,
        delta: &Blocked<Self>,
        input: &Blocked<Self>,
        ld: usize,
        pieces: impl Iterator<Item = (Range<usize>, P)>,
        begin: impl Fn(&mut P, &Range<usize>) + Sync,
        take: impl Fn(&mut P, Range<usize>, &mut [Self]) + Sync,
    );
    /// Where the rows of a matrix are cut in two halves whose parts of [`Real::affine_backward`] are made apart and then added,
    /// if they are: by the shapes alone.
    fn halves(_units: usize, _inputs: usize, _rows: usize) -> Option<usize> {
        None
    }
    /// The part of [`Real::affine_backward`] that some units make for some `inputs`: `rows` are theirs, so many elements each,
    /// `delta` is theirs alone, and `out` has these inputs.
    fn affine_backward_rows(
        rows: (&[Self], usize),
        inputs: Range<usize>,
        delta: &Blocked<Self>,
        out: &mut Blocked<Self>,
    );
    fn activate_by(
        _crew: Crew<'_>,
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &mut Blocked<Self>,
    ) {
        Self::activate(activation, pre, out);
    }
    /// values ← φ(values), for activations whose [slope follows from that](Activation::slope_follows_from_out); `pre` takes over
    /// what they need beside it. Lanes past the last row become 0. Returns what `pre` holds then, and
    /// where that comes on the way a bound of the magnitudes.
    fn activate_in_place_by(
        _crew: Crew<'_>,
        activation: &Activation,
        values: &mut Blocked<Self>,
        pre: &mut Blocked<Self>,
    ) -> (Holds, Option<f64>) {
        pre.copy_from(values);
        Self::activate(activation, pre, values);
        (Holds::All, None)
    }
    /// [`Real::affine_by`] and [`Real::activate_in_place_by`] in one go.
    fn map_in_place_by(
        crew: Crew<'_>,
        (weights, bias): (&Weights<Self>, Option<&[Self]>),
        activation: &Activation,
        input: &Blocked<Self>,
        (values, pre): (&mut Blocked<Self>, &mut Blocked<Self>),
    ) -> (Holds, Option<f64>) {
        Self::affine_by(crew, weights, bias, input, values);
        Self::activate_in_place_by(crew, activation, values, pre)
    }
    /// [`Real::map_in_place_by`] of some units alone, whose shares of both these are. Returns the bound.
    fn map_units_in_place(
        map: (&Weights<Self>, Option<&[Self]>),
        activation: &Activation,
        input: Source<'_, '_, Self>,
        units: &Range<usize>,
        made: (&mut Share<'_, Self>, &mut Share<'_, Self>),
    ) -> f64;
    /// out = φ(pre), and 0 in the lanes past the last row; and pre ← φ'(pre), as [`Real::activate_backward`] has it of
    /// [few values](super::is_few).
    fn activate_with_slopes(
        activation: &Activation,
        pre: &mut Blocked<Self>,
        out: &mut Blocked<Self>,
    );
    /// As [`Real::activate_backward`], of what a forward pass has left in `pre`.
    fn activate_backward_by(
        _crew: Crew<'_>,
        activation: &Activation,
        held: (&Blocked<Self>, Holds),
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    ) -> Extremes<Self>;
    /// sum ← a + b
    fn sum_into(a: &[Self], b: &[Self], sum: &mut [Self]) {
        wide(
            #[inline(always)]
            || {
                for ((sum, &a), &b) in sum.iter_mut().zip(a).zip(b) {
                    *sum = a + b;
                }
            },
        );
    }
    /// delta ← delta·φ'(pre) of some units, which are all that `delta` has, as [`Real::activate_backward_by`] makes it.
    fn activate_units_backward(
        activation: &Activation,
        (pre, _): (&Blocked<Self>, Holds),
        out: &Blocked<Self>,
        units: &Range<usize>,
        delta: &mut Blocked<Self>,
    ) -> Extremes<Self> {
        let own = units.start * LANES..units.end * LANES;
        for block in 0..pre.blocks() {
            let (pre, out) = (
                &pre.block(block)[own.clone()],
                &out.block(block)[own.clone()],
            );
            Self::activate_backward_run(activation, pre, out, delta.block_mut(block));
        }
        Self::extremes(delta.data())
    }
    /// Whether a crew would not share out so many values, those of the padding counted, for their activation.
    fn passes_alone(_crew: Crew<'_>, _values: usize) -> bool {
        true
    }
    /// out = φ(pre), and 0 in the lanes past the last row.
    fn activate(activation: &Activation, pre: &Blocked<Self>, out: &mut Blocked<Self>);
    /// delta ← delta·φ'(pre), with `out` = φ(pre). Returns the [extremes](Self::extremes) of what it makes.
    fn activate_backward(
        activation: &Activation,
        pre: &Blocked<Self>,
        out: &Blocked<Self>,
        delta: &mut Blocked<Self>,
    ) -> Extremes<Self>;

    /// out = W·input + b, over runs of whole blocks, `[block][feature][lane]`, such as one step of a sequence is.
    fn affine_run(weights: &Weights<Self>, bias: &[Self], input: &[Self], out: &mut [Self]);
    /// out += W·input, over runs of whole blocks.
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

/// What a layer reads.
#[derive(Clone, Copy)]
pub enum Source<'s, 'a, T: Real> {
    Whole(&'s Blocked<T>),
    /// Two members have made half of the features each: so many rows, and which of them is another's.
    Halves([&'s Share<'a, T>; 2], usize, usize),
}

impl<T: Real> Source<'_, '_, T> {
    pub fn rows(&self) -> usize {
        match self {
            Self::Whole(input) => input.rows(),
            Self::Halves(_, rows, _) => *rows,
        }
    }
}

macro_rules! scalar {
    ($T:ty, $name:literal) => {
        const NAME: &'static str = $name;

        #[inline(always)]
        fn from_f32(value: f32) -> Self {
            value as $T
        }
        /// Not fused: without the instruction that would be a slow call.
        #[inline(always)]
        fn mul_add(self, a: Self, b: Self) -> Self {
            self * a + b
        }
    };
}
use scalar;
