//! A layer's backward pass. Deltas are kept near 1 by a power of two carried beside them, layer by layer, so that neither a
//! vanishing nor an exploding gradient leaves f32's range on its way down; powers of two change no digit.

use super::forward::per_unit;
use super::layer::{Layer, Mode};
use super::pair::{Descent, Room};
use super::wide;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, Crew, Extremes, Holds, Real, clear_past, slope};

/// A layer whose largest |delta| lies outside of these is scaled so that it lies in [1, 2).
const SMALL: f64 = 1.0 / (1u64 << 40) as f64;
pub(super) const LARGE: f64 = (1u64 << 40) as f64;
/// 2^-100: smaller deltas count as 0. Beside the layer's largest, they are below 2^-60 of it, out of f32's sight, and
/// products of them would be subnormal numbers, a hundred times slower.
const NEGLIGIBLE: f64 = 1.0 / (1u128 << 100) as f64;

/// 2^exponent; 0 or ∞ beyond f64's range.
pub(crate) fn power_of_two(exponent: i32) -> f64 {
    if exponent == 0 {
        return 1.0;
    }
    f64::from(exponent).exp2()
}

/// Where a layer stands in the backward pass.
pub(crate) enum Stage<'a, 'b, T: Real> {
    /// `delta` is ∂loss/∂pre.
    Signal(&'a Layer<T>),
    /// Nothing below needs its weights any more: its gradients can be made, of this input, with a bound of its magnitudes where
    /// that is known.
    Passed(&'a mut Layer<T>, (&'a Blocked<T>, Option<f64>)),
    /// Before any of that, of two members: some layers may go down and learn in one go.
    Passing(&'a mut Descent<'b, T>),
}

/// Takes ∂loss/∂out of the top layer, which its `delta` holds, down through all layers; `visit` is shown each twice, or more often.
/// With `input_gradient`, writes ∂loss/∂input·2^-exponent there and returns the exponent. `room`: of two members, where there are
/// two.
pub(crate) fn backward<T: Real>(
    layers: &mut [Layer<T>],
    input: &Blocked<T>,
    by: (Mode, Crew<'_>),
    mut input_gradient: Option<&mut Blocked<T>>,
    room: Option<&mut Room<T>>,
    mut visit: impl FnMut(Stage<'_, '_, T>),
) -> i32 {
    let (mode, crew) = by;
    if let Some(room) = room
        && crew.members() == 2
        && input_gradient.is_none()
    {
        return backward_by_two(layers, input, by, room, visit);
    }
    let mut exponent = 0;
    for at in (0..layers.len()).rev() {
        let (below, rest) = layers.split_at_mut(at);
        let layer = &mut rest[0];
        if layer.recurrence.is_some() {
            let input = below.last().map_or(input, Layer::out);
            layer.recurrent_backward(input, exponent);
        } else {
            let found = layer.pass_activation(mode, crew);
            layer.take_scale_out(exponent, found);
        }
        visit(Stage::Signal(layer));
        if let Some(norm) = &mut layer.norm {
            norm.backward(&mut layer.delta);
        }
        let to = (below, input_gradient.as_deref_mut());
        exponent = pass((layer, exponent), to, input, crew, &mut visit);
    }
    exponent
}

/// The same, where two members may take layers down between them.
#[inline(never)]
fn backward_by_two<T: Real>(
    layers: &mut [Layer<T>],
    input: &Blocked<T>,
    by: (Mode, Crew<'_>),
    room: &mut Room<T>,
    mut visit: impl FnMut(Stage<'_, '_, T>),
) -> i32 {
    let (mode, crew) = by;
    let (mut exponent, mut left) = (0, layers.len());
    // extremes of the top one's ∂loss/∂pre, where that is there
    let mut made = None;
    while left > 0 {
        if made.is_none() {
            let from = (&mut layers[..left], input);
            if let Some(mut descent) = Descent::from_out(from, exponent, by, room) {
                visit(Stage::Passing(&mut descent));
                left -= descent.outcome.learned;
                made = descent.outcome.made;
                if made.is_none() && descent.outcome.learned > 0 {
                    continue;
                }
            }
        }
        let (below, rest) = layers[..left].split_at_mut(left - 1);
        let layer = &mut rest[0];
        if layer.recurrence.is_some() {
            let input = below.last().map_or(input, Layer::out);
            layer.recurrent_backward(input, exponent);
        } else {
            let found = made
                .take()
                .unwrap_or_else(|| layer.pass_activation(mode, crew));
            layer.take_scale_out(exponent, found);
        }
        visit(Stage::Signal(layer));
        if let Some(norm) = &mut layer.norm {
            norm.backward(&mut layer.delta);
        }
        let through = layer.exponent;
        if let Some(mut descent) = Descent::from_map((&mut layers[..left], input), by, room) {
            visit(Stage::Passing(&mut descent));
            if descent.outcome.learned > 0 {
                exponent = through;
                left -= descent.outcome.learned;
                made = descent.outcome.made;
                continue;
            }
        }
        let (below, rest) = layers[..left].split_at_mut(left - 1);
        exponent = pass(
            (&mut rest[0], exponent),
            (below, None),
            input,
            crew,
            &mut visit,
        );
        left -= 1;
    }
    exponent
}

/// From ∂loss/∂pre to ∂loss/∂input, and from the exponent of ∂loss/∂out to that.
#[inline(always)]
fn pass<T: Real>(
    (layer, mut exponent): (&mut Layer<T>, i32),
    (below, input_gradient): (&mut [Layer<T>], Option<&mut Blocked<T>>),
    input: &Blocked<T>,
    crew: Crew<'_>,
    visit: &mut impl FnMut(Stage<'_, '_, T>),
) -> i32 {
    let lower = match below.last_mut() {
        Some(below) => Some(&mut below.delta),
        None => input_gradient,
    };
    if let Some(lower) = lower {
        exponent = if layer.recurrence.is_some() {
            layer.recurrent_backward_to_input(lower)
        } else {
            layer.backward_to_input(exponent, lower, crew)
        };
    }
    let input = below.last().map_or((input, None), Layer::bounded_out);
    visit(Stage::Passed(layer, input));
    hand_down(layer, below);
    exponent
}

fn hand_down<T: Real>(layer: &mut Layer<T>, below: &mut [Layer<T>]) {
    if let Some(next) = below.len().checked_sub(2) {
        layer.hand_delta_down(&mut below[next]);
    }
}

impl<T: Real> Layer<T> {
    /// What the layer above sees, with a bound of its magnitudes where that is known.
    pub(super) fn bounded_out(&self) -> (&Blocked<T>, Option<f64>) {
        match &self.changed {
            Some(changed) => (changed, None),
            None => (&self.activated, self.out_bound),
        }
    }
    /// Exchanges `delta`, which nobody asks for any more, with that of the layer two below, which is not yet made: two buffers
    /// in the caches serve a deep network, where one a layer would be fetched and written back.
    fn hand_delta_down(&mut self, lower: &mut Self) {
        let shape = |layer: &Self| (layer.delta.features(), layer.delta.max_rows());
        if self.delta_is_passing() && lower.delta_is_passing() && shape(self) == shape(lower) {
            std::mem::swap(&mut self.delta, &mut lower.delta);
        }
    }
    /// Whether `delta` is a step's only until the gradients are made.
    pub fn delta_is_passing(&self) -> bool {
        self.norm.is_none() && self.recurrence.is_none()
    }
    /// Takes a power of two out of ∂loss/∂pre, whose extremes are `found`, beside the `exponent` of ∂loss/∂out.
    fn take_scale_out(&mut self, exponent: i32, found: Extremes<T>) {
        let shape = (self.delta.rows(), self.delta.features());
        let (shift, bound) = rescale(self.delta.data_mut(), found, shape, None);
        self.exponent = exponent + shift;
        self.delta_bound = bound;
        if let Some(slope) = self.slope.as_mut().filter(|_| shift != 0) {
            let factor = T::from_f64(power_of_two(-shift));
            slope.grads_mut().iter_mut().for_each(|g| *g *= factor);
        }
    }
    /// Makes ∂loss/∂pre of the ∂loss/∂out in `delta`, not yet scaled. Returns its extremes.
    fn pass_activation(&mut self, mode: Mode, crew: Crew<'_>) -> Extremes<T> {
        if let Some(skipped) = &mut self.skipped {
            skipped.copy_from(&self.delta);
        }
        if let Some(dropout) = self.dropout.as_ref().filter(|_| mode.trains()) {
            dropout.backward(&mut self.delta);
        }
        self.slope_gradient();
        self.activate_backward(mode, crew)
    }
    /// delta ← delta·φ'(pre)
    fn activate_backward(&mut self, mode: Mode, crew: Crew<'_>) -> Extremes<T> {
        let Self {
            pre,
            pre_holds,
            activated,
            delta,
            ..
        } = self;
        differentiate(
            &self.spec.activation,
            self.slope.as_ref().map(|s| s.values()),
            self.slopes.as_ref(),
            (mode, crew),
            (pre, *pre_holds),
            activated,
            delta,
        )
    }
    /// ∂loss/∂slope = Σ ∂loss/∂out·min(pre, 0), over the rows, and over the units where they share it.
    fn slope_gradient(&mut self) {
        let Some(parameter) = &mut self.slope else {
            return;
        };
        let (pre, delta) = (&self.pre, &self.delta);
        let of_unit = |unit: usize| -> f64 {
            let lanes = |block| {
                pre.feature(block, unit)
                    .iter()
                    .zip(delta.feature(block, unit))
                    .take(pre.lanes(block))
            };
            let below = (0..pre.blocks())
                .flat_map(lanes)
                .filter(|(z, _)| **z <= T::ZERO);
            below.map(|(z, d)| z.to_f64() * d.to_f64()).sum()
        };
        match parameter.grads_mut() {
            [shared] => *shared = T::from_f64(slope::prelu_slope_gradient(pre, delta)),
            each => each
                .iter_mut()
                .enumerate()
                .for_each(|(unit, g)| *g = T::from_f64(of_unit(unit))),
        }
    }
    /// The gradients of the weights and the biases, of `delta` = ∂loss/∂(affine map).
    pub fn gradients(&mut self, input: &Blocked<T>, crew: Crew<'_>) {
        if self.recurrence.is_some() {
            // made on the way through time
            return;
        }
        let bias = self.bias.as_mut().map(|b| &mut b.grad);
        T::gradients_by(crew, &self.delta, input, &mut self.weight.grad, bias);
        self.gradient_kept = true;
    }
    /// Writes ∂loss/∂input·2^-e into `lower` and returns e. `exponent` is that of ∂loss/∂out.
    fn backward_to_input(&mut self, exponent: i32, lower: &mut Blocked<T>, crew: Crew<'_>) -> i32 {
        T::affine_backward_by(crew, &self.weight.value, &self.delta, lower);
        let Some(skipped) = &self.skipped else {
            return self.exponent;
        };
        // the sum takes the larger exponent, so that scaling to it can only lose what is negligible
        let common = exponent.max(self.exponent);
        let through = T::from_f64(power_of_two(self.exponent - common));
        let around = T::from_f64(power_of_two(exponent - common));
        for (d, &s) in lower.data_mut().iter_mut().zip(skipped.data()) {
            *d = *d * through + s * around;
        }
        common
    }
}

/// delta ← delta·φ'(pre), with `activated` = φ(pre); PReLU and training RReLU with their own slopes. Returns the extremes of what
/// it makes.
pub(super) fn differentiate<T: Real>(
    activation: &Activation,
    slope: Option<&[T]>,
    random: Option<&Blocked<T>>,
    (mode, crew): (Mode, Crew<'_>),
    (pre, holds): (&Blocked<T>, Holds),
    activated: &Blocked<T>,
    delta: &mut Blocked<T>,
) -> Extremes<T> {
    match (activation, slope, random) {
        (Activation::Linear, _, _) => {}
        (Activation::Prelu { .. }, Some([shared]), _) => {
            let shared = Activation::Prelu {
                slope: shared.to_f64(),
            };
            return T::activate_backward(&shared, pre, activated, delta);
        }
        (Activation::Prelu { .. }, Some(each), _) => {
            per_unit(pre, delta, each, |z, d, slope| {
                if z <= T::ZERO {
                    *d *= slope
                }
            });
        }
        (Activation::Rrelu { .. }, _, Some(slopes)) if mode.trains() => {
            slope::activate_slopes_backward(pre, slopes, delta);
        }
        (activation, _, _) => {
            return T::activate_backward_by(crew, activation, (pre, holds), activated, delta);
        }
    }
    T::extremes(delta.data())
}

/// Whether [`rescale`] would change nothing.
pub(super) fn is_in_scale<T: Real>(found: &Extremes<T>) -> bool {
    let (top, least) = (found.top.to_f64(), found.least.to_f64());
    !found.nan && (SMALL..=LARGE).contains(&top) && least >= NEGLIGIBLE
}

/// Where the largest magnitude has left [2^-40, 2^40], scales it into [1, 2); then zeroes what is negligible. Returns the
/// exponent that was taken out, and a bound of the magnitudes left in `delta`, whose extremes are `found` before that. The blocks,
/// of so many rows and features, share their exponent with others `beside` them: the largest of all decides.
pub(super) fn rescale<T: Real>(
    delta: &mut [T],
    mut found: Extremes<T>,
    (rows, features): (usize, usize),
    beside: Option<&mut [T]>,
) -> (i32, f64) {
    if !found.bound().is_finite() {
        // lanes past the last row are 0 by themselves, unless a slope there is infinite
        clear_past(delta, rows, features);
        found = T::extremes(delta);
    }
    let (mut top, mut least) = (found.top.to_f64(), found.least.to_f64());
    if let Some(beside) = &beside {
        let others = T::extremes(beside);
        top = top.max(others.top.to_f64());
        least = least.min(others.least.to_f64());
    }
    if !(top > 0.0 && top < f64::INFINITY) {
        return (0, found.bound());
    }
    let shift = if (SMALL..=LARGE).contains(&top) {
        0
    } else {
        libm::ilogb(top)
    };
    if shift != 0 || least < NEGLIGIBLE {
        let factor = power_of_two(-shift);
        wide::scale(delta, factor, NEGLIGIBLE);
        if let Some(beside) = beside {
            wide::scale(beside, factor, NEGLIGIBLE);
        }
    }
    (shift, found.bound() * power_of_two(-shift))
}
