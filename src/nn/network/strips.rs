//! A layer's weights learned as their gradient is made, a strip of rows at a time: in the caches, where the gradient of a whole
//! matrix would not stay.

use super::backward::power_of_two;
use super::layer::Layer;
use super::parameter::Parameter;
use super::update::SUBNORMAL;
use super::wide;
use crate::nn::kernel::team::group_shares;
use crate::nn::kernel::{Blocked, Crew, GROUP, RUN, Real, has_strips, wide};
use crate::nn::optimizer::{Rule, Slots};
use crate::nn::spec::Regularize;
use std::ops::Range;

/// Elements whose squares are summed, and that are learned, in one go: beginning either takes as long as dozens of them, and no
/// more of the gradient stays in the first cache meanwhile.
const PART: usize = 4 * RUN;

/// What a member learns of a matrix, from row `first` on.
struct Share<'a, T: Real> {
    first: usize,
    ld: usize,
    value: &'a mut [T],
    slots: Slots<'a, T>,
    /// Of each group's gradient.
    squares: &'a mut [f64],
    /// The gradient of the biases, where there are any.
    bias: &'a mut [T],
    /// Where the delta goes that these rows make for the layer below.
    below: Option<&'a mut Blocked<T>>,
}

/// Where two members write what each of them makes of the delta below: the sum is that delta.
pub struct Below<'a, T: Real>(pub [&'a mut Blocked<T>; 2]);

impl<T: Real> Share<'_, T> {
    /// What is made of the delta of these units before anything is learned.
    fn begin(&mut self, units: &Range<usize>, delta: &Blocked<T>) {
        if !self.bias.is_empty() {
            T::bias_gradient_rows(delta, units.clone(), self.bias);
        }
        if let Some(below) = self.below.take() {
            T::affine_backward_rows((self.value, self.ld), units.clone(), delta, below);
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
                    for start in (start..end).step_by(PART) {
                        let run = start..end.min(start + PART);
                        let grad = &mut grad[run.clone()];
                        *square += T::square_sum(grad);
                        if exponent != 0 {
                            wide::scale(grad, factor, SUBNORMAL);
                        }
                        let value = &mut value[run.clone()];
                        rule.apply(value, grad, part_of(&mut slots, run));
                    }
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
    /// [`Layer::trained_norm`] would. `squares`: room for a number for each [`GROUP`] of rows. `below`: where two members, if
    /// that is how many there are, write the delta below on the way.
    #[inline(never)]
    pub fn learn_in_strips(
        &mut self,
        input: &Blocked<T>,
        rule: &Rule,
        regularize: &Regularize,
        squares: &mut [f64],
        (crew, below): (Crew<'_>, Option<Below<'_, T>>),
    ) -> f64 {
        self.learn_statistics();
        let exponent = std::mem::take(&mut self.exponent);
        let bias = self.bias.as_mut().map(Parameter::grads_mut);
        let parts = (bias.unwrap_or_default(), squares, below);
        let mut sum =
            self.weight
                .learn_in_strips((&self.delta, input), rule, exponent, parts, crew);
        self.gradient_kept = false;
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
        (bias, squares, below): (&mut [T], &mut [f64], Option<Below<'_, T>>),
        crew: Crew<'_>,
    ) -> f64 {
        let (rows, ld) = (self.value.units(), self.value.ld());
        let squares = &mut squares[..rows.div_ceil(GROUP)];
        squares.fill(0.0);
        let crew = crew.for_work(rows * self.value.inputs() * delta.rows());
        let groups = (rows, GROUP);
        let below = below.into_iter().flat_map(|Below(parts)| parts).map(Some);
        let below = below.chain(std::iter::repeat_with(|| None));
        let [a, b, c] = self.slots.each_mut().map(|slot| {
            let ld = if slot.is_empty() { 0 } else { ld };
            group_shares(crew, groups, ld, slot)
        });
        let pieces = group_shares(crew, groups, ld, self.value.data_mut())
            .zip(a.zip(b).zip(c))
            .zip(group_shares(crew, (squares.len(), 1), 1, squares))
            .zip(group_shares(
                crew,
                groups,
                usize::from(!bias.is_empty()),
                bias,
            ))
            .zip(below)
            .map(|(((((rows, value), ((a, b), c)), squares), bias), below)| {
                let share = Share {
                    first: rows.start,
                    ld,
                    value,
                    slots: [a.1, b.1, c.1],
                    squares: squares.1,
                    bias: bias.1,
                    below,
                };
                (rows, share)
            });
        T::weight_gradient_in_strips(
            crew,
            delta,
            input,
            ld,
            pieces,
            |share, units| share.begin(units, delta),
            |share, strip, grad| share.learn(strip, grad, rule, exponent),
        );
        self.clear_padding();
        squares.iter().sum()
    }
}
