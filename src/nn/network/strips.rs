//! A layer's weights learned as their gradient is made, a strip of rows at a time: in the caches, where the gradient of a whole
//! matrix would not stay.

use super::backward::power_of_two;
use super::layer::Layer;
use super::parameter::Parameter;
use super::update::SUBNORMAL;
use super::wide;
use crate::nn::kernel::team::grouped;
use crate::nn::kernel::{Blocked, Crew, GROUP, RUN, Real, has_strips, wide};
use crate::nn::optimizer::{Rule, Slots};
use crate::nn::spec::Regularize;
use std::ops::Range;

/// Elements whose squares are summed, and that are learned, in one go: beginning either takes as long as dozens of them, and no
/// more of the gradient stays in the first cache meanwhile.
const PART: usize = 4 * RUN;

/// What a member learns of a matrix, from row `first` on.
#[derive(Default)]
pub(super) struct Share<'a, T: Real> {
    first: usize,
    ld: usize,
    value: &'a mut [T],
    slots: Slots<'a, T>,
    /// Of each group's gradient.
    squares: &'a mut [f64],
    /// The gradient of the biases, where there are any.
    bias: &'a mut [T],
}

impl<T: Real> Share<'_, T> {
    fn rows(&self) -> usize {
        self.value.len() / self.ld.max(1)
    }
    /// So many rows, in whole groups, and the others.
    pub fn split_at(self, rows: usize) -> (Self, Self) {
        let (value, rest) = self.value.split_at_mut(rows * self.ld);
        let (squares, rest_squares) = self.squares.split_at_mut(rows.div_ceil(GROUP));
        let of_bias = if self.bias.is_empty() { 0 } else { rows };
        let (bias, rest_bias) = self.bias.split_at_mut(of_bias);
        let [a, b, c] = self.slots.map(|slot| {
            let end = if slot.is_empty() { 0 } else { rows * self.ld };
            slot.split_at_mut(end)
        });
        let first = Share {
            first: self.first,
            ld: self.ld,
            value,
            slots: [a.0, b.0, c.0],
            squares,
            bias,
        };
        let second = Share {
            first: self.first + rows,
            ld: self.ld,
            value: rest,
            slots: [a.1, b.1, c.1],
            squares: rest_squares,
            bias: rest_bias,
        };
        (first, second)
    }
    /// What these units make of the delta of some of the `inputs` below. `delta`: theirs alone.
    pub fn pass(&self, delta: &Blocked<T>, inputs: Range<usize>, below: &mut Blocked<T>) {
        below.reshape(inputs.len());
        T::affine_backward_rows((self.value, self.ld), inputs, delta, below);
    }
    /// The gradient of the biases of these units. `delta`: theirs alone.
    pub fn gradient_of_biases(&mut self, delta: &Blocked<T>) {
        self.bias_gradient(&(0..delta.features()), delta);
    }
    /// Learns all of these units' weights. `delta`: theirs alone.
    pub fn learn_all(
        &mut self,
        (delta, input): (&Blocked<T>, &Blocked<T>),
        rule: &Rule,
        exponent: i32,
    ) {
        self.first = 0;
        let (ld, pieces) = (self.ld, std::iter::once((0..delta.features(), self)));
        T::weight_gradient_in_strips(
            Crew::ALONE,
            delta,
            input,
            ld,
            pieces,
            |_, _| {},
            |share, strip, grad| share.learn(strip, grad, rule, exponent),
        );
    }
    fn bias_gradient(&mut self, units: &Range<usize>, delta: &Blocked<T>) {
        if !self.bias.is_empty() {
            T::bias_gradient_rows(delta, units.clone(), self.bias);
        }
    }
    /// Takes up the gradient of some rows, scaled by 2^`exponent`, and sums its squares before that.
    fn learn(&mut self, rows: Range<usize>, grad: &mut [T], rule: &Rule, exponent: i32) {
        let (from, to) = (rows.start - self.first, rows.end - self.first);
        let own = from * self.ld..to * self.ld;
        let value = &mut self.value[own.clone()];
        let mut slots = part_of(&mut self.slots, own);
        let squares = &mut self.squares[from / GROUP..];
        let factor = power_of_two(exponent);
        wide(
            #[inline(always)]
            || {
                let (group, end) = (GROUP * self.ld, grad.len());
                for (square, start) in squares.iter_mut().zip((0..end).step_by(group)) {
                    let end = end.min(start + group);
                    let mut sum = 0.0;
                    for start in (start..end).step_by(PART) {
                        let run = start..end.min(start + PART);
                        let grad = &mut grad[run.clone()];
                        sum += T::square_sum(grad);
                        if exponent != 0 {
                            wide::scale(grad, factor, SUBNORMAL);
                        }
                        let value = &mut value[run.clone()];
                        rule.apply(value, grad, part_of(&mut slots, run));
                    }
                    *square = sum;
                }
            },
        );
    }
}

/// The same part of every slot; of one that the optimizer does not keep nothing.
#[inline(always)]
fn part_of<'a, T>(slots: &'a mut Slots<'_, T>, part: Range<usize>) -> Slots<'a, T> {
    slots.each_mut().map(
        #[inline(always)]
        |slot| match slot.is_empty() {
            true => &mut [][..],
            false => &mut slot[part.clone()],
        },
    )
}

impl<T: Real> Layer<T> {
    /// Whether the weights are so many that it pays to make their gradient in strips, and may be learned before all of it is
    /// there: neither an element of this layer's gradients nor the norm of all can be beyond `T`, by the largest magnitudes
    /// that they are made of. Those of a norm and of slopes are there. `bound`: of the input's magnitudes, where that is known.
    pub fn learns_in_strips(&self, input: &Blocked<T>, bound: Option<f64>) -> bool {
        if self.recurrence.is_some() || !has_strips(self.weight.value.data().len()) {
            return false;
        }
        // a norm has changed what the bound was of
        let delta = match self.norm {
            Some(_) => T::bound(self.delta.data()),
            None => self.delta_bound,
        };
        let scale = power_of_two(self.exponent);
        // of a weight or a bias
        let bound = bound.unwrap_or_else(|| T::bound(input.data()));
        let each = bound.max(1.0) * delta * self.delta.rows() as f64;
        let of_map = each * ((self.weight.len() + self.spec.units) as f64).sqrt() * scale;
        let norm = self.norm.iter().flat_map(|n| [&n.weight, &n.bias]);
        let others: f64 = norm.chain(&self.slope).map(Parameter::square_sum).sum();
        // with room for what rounding adds
        let fits = |v: f64| T::from_f64(4.0 * v).is_finite();
        fits(of_map) && fits(others.sqrt() * scale)
    }
    /// Makes the gradients of the weights and the biases and learns all of this layer. Returns the norm of all, as
    /// [`Layer::trained_norm`] would. `squares`: room for a number for each [`GROUP`] of rows.
    #[inline(never)]
    pub fn learn_in_strips(
        &mut self,
        input: &Blocked<T>,
        rule: &Rule,
        regularize: &Regularize,
        squares: &mut [f64],
        crew: Crew<'_>,
    ) -> f64 {
        let bias = self.bias.as_mut().map(Parameter::grads_mut);
        let parts = (bias.unwrap_or_default(), squares);
        let sum =
            self.weight
                .learn_in_strips((&self.delta, input), rule, self.exponent, parts, crew);
        self.learn_rest(sum, rule, regularize, crew)
    }
    /// Learns all but the weights, whose gradients' squares come to `sum`, and returns the norm of all.
    pub(super) fn learn_rest(
        &mut self,
        mut sum: f64,
        rule: &Rule,
        regularize: &Regularize,
        crew: Crew<'_>,
    ) -> f64 {
        self.learn_statistics();
        let exponent = std::mem::take(&mut self.exponent);
        self.gradient_kept = false;
        self.weight.clear_padding();
        for p in self.parameters_mut().skip(1) {
            sum += p.square_sum();
            if exponent != 0 {
                wide::scale(p.grad.data_mut(), power_of_two(exponent), SUBNORMAL);
            }
            p.apply(rule, crew);
        }
        self.limit_norms(regularize.max_norm);
        sum.sqrt() * power_of_two(exponent)
    }
}

impl<T: Real> Parameter<T> {
    /// Σ grad², with whatever scale that has: of large matrices the sum of those of [groups](GROUP).
    pub fn square_sum(&self) -> f64 {
        match has_strips(self.grad.data().len()) {
            true => self.square_sum_of_groups(),
            false => T::square_sum(self.grad.data()),
        }
    }
    /// On its own, for the sake of small layers' code.
    #[inline(never)]
    fn square_sum_of_groups(&self) -> f64 {
        let groups = self.grad.data().chunks(GROUP * self.grad.ld().max(1));
        let of_group = |group: &[T]| group.chunks(PART).map(T::square_sum).sum::<f64>();
        groups.map(of_group).sum()
    }
    /// Takes up the gradient that `delta` and `input` have, scaled by 2^`exponent`, and returns the sum of its squares before
    /// that.
    fn learn_in_strips(
        &mut self,
        (delta, input): (&Blocked<T>, &Blocked<T>),
        rule: &Rule,
        exponent: i32,
        (bias, squares): (&mut [T], &mut [f64]),
        crew: Crew<'_>,
    ) -> f64 {
        let (rows, ld) = (self.value.units(), self.value.ld());
        let squares = &mut squares[..rows.div_ceil(GROUP)];
        let crew = crew.for_work(rows * self.value.inputs() * delta.rows());
        T::weight_gradient_in_strips(
            crew,
            delta,
            input,
            ld,
            self.shares(crew, squares, bias),
            |share, units| share.bias_gradient(units, delta),
            |share, strip, grad| share.learn(strip, grad, rule, exponent),
        );
        squares.iter().sum()
    }
    /// Every member's rows, in whole groups. `squares`: a number for each group; `bias`: the gradient of the biases, where there
    /// are any.
    fn shares<'a>(
        &'a mut self,
        crew: Crew<'a>,
        squares: &'a mut [f64],
        bias: &'a mut [T],
    ) -> impl Iterator<Item = (Range<usize>, Share<'a, T>)> {
        let mut rest = self.share(squares, bias);
        let groups = grouped(crew, rest.rows(), GROUP);
        groups.map(move |rows| {
            let (share, other) = std::mem::take(&mut rest).split_at(rows.len());
            rest = other;
            (rows, share)
        })
    }
    /// All rows.
    pub(super) fn share<'a>(
        &'a mut self,
        squares: &'a mut [f64],
        bias: &'a mut [T],
    ) -> Share<'a, T> {
        let ld = self.value.ld();
        Share {
            first: 0,
            ld,
            value: self.value.data_mut(),
            slots: self.slots.each_mut().map(|slot| &mut slot[..]),
            squares,
            bias,
        }
    }
}
