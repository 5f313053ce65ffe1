//! A layer's forward pass.

use super::dropout::draw_slopes;
use super::layer::{Layer, Mode};
use super::pair::ascent;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, Crew, Holds, LANES, Real, is_few, slope};

/// Takes the input of so many rows through all layers, bottom up. `keeps_pre`: whether all of `pre` is asked for afterwards.
pub(crate) fn forward<T: Real>(
    layers: &mut [Layer<T>],
    (input, rows): (&Blocked<T>, usize),
    mode: Mode,
    crew: Crew<'_>,
    keeps_pre: bool,
) {
    if crew.members() == 2 {
        return forward_by_two(layers, (input, rows), mode, crew, keeps_pre);
    }
    for at in 0..layers.len() {
        let (below, rest) = layers.split_at_mut(at);
        let below = below.last().map_or(input, Layer::out);
        if rest[0].recurrence.is_some() {
            rest[0].recurrent_forward(below, rows);
        } else {
            rest[0].forward(below, mode, crew, keeps_pre);
        }
    }
}

/// The same, where two members may take several layers between them.
#[inline(never)]
fn forward_by_two<T: Real>(
    layers: &mut [Layer<T>],
    (input, rows): (&Blocked<T>, usize),
    mode: Mode,
    crew: Crew<'_>,
    keeps_pre: bool,
) {
    let mut at = 0;
    while at < layers.len() {
        let (below, rest) = layers.split_at_mut(at);
        let below = below.last().map_or(input, Layer::out);
        let floors = ascent::floors(rest, below, mode, crew, keeps_pre);
        if floors > 1 {
            ascent::climb(&mut rest[..floors], below, crew);
        } else if rest[0].recurrence.is_some() {
            rest[0].recurrent_forward(below, rows);
        } else {
            rest[0].forward(below, mode, crew, keeps_pre);
        }
        at += floors.max(1);
    }
}

impl<T: Real> Layer<T> {
    /// `input`: `[rows][inputs]`.
    pub fn forward(&mut self, input: &Blocked<T>, mode: Mode, crew: Crew<'_>, keeps_pre: bool) {
        self.out_bound = None;
        self.pre_holds = match keeps_pre || self.norm.is_some() {
            true => Holds::All,
            false => self.best_held(input.rows(), mode),
        };
        match self.pre_holds {
            Holds::All | Holds::AllOfShare => {
                self.affine(input, crew);
                if let Some(norm) = &mut self.norm {
                    norm.forward(&mut self.pre, mode.norms_by_batch());
                }
                self.activate(mode, crew);
            }
            Holds::Wanted | Holds::Nothing => self.map_in_place(input, crew),
            Holds::Slopes => {
                self.affine(input, crew);
                let Self { pre, activated, .. } = self;
                T::activate_with_slopes(&self.spec.activation, pre, activated);
            }
        }
        let Some(out) = &mut self.changed else { return };
        match self.dropout.as_mut().filter(|_| mode.drops()) {
            Some(dropout) => {
                if let Some(step) = mode.draws() {
                    dropout.draw(step, input.rows());
                }
                out.set_rows(input.rows());
                dropout.apply(&self.activated, out);
            }
            None => out.copy_from(&self.activated),
        }
        if self.spec.skip {
            out.data_mut()
                .iter_mut()
                .zip(input.data())
                .for_each(|(o, &x)| *o += x);
        }
        out.clear_padding();
    }
    /// What is best left in `pre` where only the backward pass asks for it.
    pub(super) fn best_held(&self, rows: usize, mode: Mode) -> Holds {
        let few = is_few(self.spec.units * rows.next_multiple_of(LANES));
        let activation = &self.spec.activation;
        if !few && activation.slope_follows_from_out() {
            Holds::Wanted
        } else if few && mode.trains() && activation.slope_is_made_of_z() {
            Holds::Slopes
        } else {
            Holds::All
        }
    }
    /// activated = φ(W·input + b) in one buffer, half the memory to go through; of `pre` only what φ' needs.
    fn map_in_place(&mut self, input: &Blocked<T>, crew: Crew<'_>) {
        let bias = self.bias.as_ref().map(|b| b.values());
        let Self { pre, activated, .. } = self;
        let map = (&self.weight.value, bias);
        let made = (activated, pre);
        (self.pre_holds, self.out_bound) =
            T::map_in_place_by(crew, map, &self.spec.activation, input, made);
    }
    /// pre = W·input + b
    pub fn affine(&mut self, input: &Blocked<T>, crew: Crew<'_>) {
        let bias = self.bias.as_ref().map(|b| b.values());
        T::affine_by(crew, &self.weight.value, bias, input, &mut self.pre);
    }
    /// Draws `rrelu`'s slopes of a step.
    pub fn draw_slopes(&mut self, step: u64, rows: usize) {
        if let (Activation::Rrelu { lower, upper }, Some(slopes)) =
            (&self.spec.activation, &mut self.slopes)
        {
            draw_slopes(
                &mut self.random_slopes,
                slopes,
                step,
                rows,
                (*lower, *upper),
            );
        }
    }
    /// Lanes past the last row are 0: there φ(bias) may overflow where no row does.
    fn activate(&mut self, mode: Mode, crew: Crew<'_>) {
        if let Mode::Train { step } = mode {
            self.draw_slopes(step, self.pre.rows());
        }
        let Self { pre, activated, .. } = self;
        match (&self.spec.activation, &self.slope, &self.slopes) {
            (Activation::Prelu { .. }, Some(slope), _) => match slope.values() {
                [shared] => {
                    let shared = Activation::Prelu {
                        slope: shared.to_f64(),
                    };
                    T::activate(&shared, pre, activated);
                }
                each => {
                    activated.set_rows(pre.rows());
                    per_unit(pre, activated, each, |z, out, slope| {
                        *out = if z > T::ZERO { z } else { slope * z };
                    });
                    activated.clear_padding();
                }
            },
            (Activation::Rrelu { .. }, _, Some(slopes)) if mode.trains() => {
                slope::activate_slopes(pre, slopes, activated);
            }
            (activation, _, _) => T::activate_by(crew, activation, pre, activated),
        }
    }
}

/// Walks two activations side by side with a parameter a unit.
pub(super) fn per_unit<T: Real>(
    pre: &Blocked<T>,
    other: &mut Blocked<T>,
    parameters: &[T],
    f: impl Fn(T, &mut T, T),
) {
    use crate::nn::kernel::LANES;
    for block in 0..pre.blocks() {
        let lanes = pre
            .block(block)
            .chunks_exact(LANES)
            .zip(other.block_mut(block).chunks_exact_mut(LANES));
        for ((z, other), &parameter) in lanes.zip(parameters) {
            z.iter()
                .zip(other)
                .for_each(|(&z, other)| f(z, other, parameter));
        }
    }
}
