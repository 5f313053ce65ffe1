//! The activations' derivatives over a batch in `f32`.

use super::extremes::{Extremes, Search};
use super::tile::{Lanes, ZEROS};
use super::{LANES, vector::Vector};
use crate::nn::activation::{Function, Slope, Visitor};
use fearless_simd::{Select, prelude::*};

/// What a forward pass has left of pre-activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    All,
    /// All of a share of a layer that does not [have few](is_few), however few the share has.
    AllOfShare,
    /// The vectors of those that [`Function::derivative`] is asked for beside φ, one after the other.
    Wanted,
    /// None, since that is asked for none.
    Nothing,
    /// The derivative, in place of what it is of.
    Slopes,
}

/// Pre-activations as the forward pass has kept them.
#[derive(Clone, Copy)]
pub struct Kept<'a> {
    pub pre: &'a [f32],
    pub holds: Holds,
}

/// delta ← delta·φ'(pre), and what magnitudes that has
pub struct ApplyBackward<'a, S> {
    pub s: S,
    pub kept: Kept<'a>,
    pub out: &'a [f32],
    pub delta: &'a mut [f32],
}

impl<S: Simd> Visitor for ApplyBackward<'_, S> {
    type Output = Extremes<f32>;
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) -> Extremes<f32> {
        let Self {
            s,
            kept: Kept { pre, holds },
            out,
            delta,
        } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let mut search = Search::new(s);
                let mut pre = pre.as_chunks().0;
                let all = matches!(holds, Holds::All | Holds::AllOfShare);
                // all of z, as [`ApplyWithSlopes`](super::pass::ApplyWithSlopes) makes them
                if holds == Holds::All && is_few(delta.len()) && F::SLOPE == Slope::OfBoth {
                    by_slopes(s, function, pre, delta.as_chunks_mut().0, &mut search);
                    return search.end(delta);
                }
                for (delta, out) in delta.chunks_mut(RUN).zip(out.chunks(RUN)) {
                    let (delta, out) = (delta.as_chunks_mut().0, out.as_chunks().0);
                    let mut passed = delta.len();
                    match F::SLOPE {
                        Slope::OfZ => by_slopes(s, function, pre, delta, &mut search),
                        Slope::OfBoth
                            if holds != Holds::Nothing && any_wants_z(s, function, out) =>
                        {
                            let left = by_slopes_but_of_z(s, function, out, delta, &mut search);
                            let pre = (pre, all);
                            let count =
                                by_slopes_left(s, function, left, pre, out, delta, &mut search);
                            passed = if all { passed } else { count };
                        }
                        Slope::OfOut | Slope::OfBoth => {
                            by_slopes_of_outs(s, function, out, delta, &mut search);
                            passed = if all { passed } else { 0 };
                        }
                    }
                    pre = pre.get(passed..).unwrap_or_default();
                }
                search.end(delta)
            },
        )
    }
}

/// delta ← delta·slope, and what magnitudes that has
pub fn multiply_by<S: Simd>(s: S, slopes: &[f32], delta: &mut [f32]) -> Extremes<f32> {
    s.vectorize(
        #[inline(always)]
        || {
            let mut search = Search::new(s);
            let pairs = delta.as_chunks_mut().0.iter_mut().zip(slopes.as_chunks().0);
            for (d, slope) in pairs {
                multiply(s, d, Vector::load_array_ref(s, slope), &mut search);
            }
            search.end(delta)
        },
    )
}

/// As many values as a word has bits to mark their vectors by.
pub const RUN: usize = u64::BITS as usize * LANES;

/// Whether a layer has so few values, those in its padding counted, that they are not worth a
/// [pass in place](super::pass::ApplyInPlace), and have slopes made of z alone: others than those of more, by their last digits. So
/// no part of a layer is to be asked, nor may what else is done decide.
#[inline(always)]
pub fn is_few(values: usize) -> bool {
    values < RUN
}

/// delta ← delta·slope
#[inline(always)]
fn multiply<S: Simd>(s: S, delta: &mut Lanes, slope: Vector<S>, search: &mut Search<S>) {
    let made = Vector::load_array_ref(s, delta) * slope;
    made.store_array(delta);
    search.see(s, made);
}

/// delta ← delta·φ'(pre)
#[inline(always)]
fn by_slopes<S: Simd, F: Function>(
    s: S,
    function: &F,
    pre: &[Lanes],
    delta: &mut [Lanes],
    search: &mut Search<S>,
) {
    for (d, z) in delta.iter_mut().zip(pre) {
        let slope = function.derivative(Vector::load_array_ref(s, z));
        multiply(s, d, slope, search);
    }
}

/// The same of the outputs.
#[inline(always)]
fn by_slopes_of_outs<S: Simd, F: Function>(
    s: S,
    function: &F,
    out: &[Lanes],
    delta: &mut [Lanes],
    search: &mut Search<S>,
) {
    for (d, y) in delta.iter_mut().zip(out) {
        let slope = function.slope_of_out(Vector::load_array_ref(s, y));
        multiply(s, d, slope, search);
    }
}

/// Whether the outputs do not tell every slope.
#[inline(always)]
fn any_wants_z<S: Simd, F: Function>(s: S, function: &F, out: &[Lanes]) -> bool {
    let wants_z = |y| function.wants_z(Vector::load_array_ref(s, y));
    let mut any = wants_z(&ZEROS);
    for y in out {
        any |= wants_z(y);
    }
    any.any_true()
}

/// The same where the outputs tell the slopes. Returns a bit for every vector of which some values are left: to decide for each at
/// once would cost more than it spares, since no processor could foretell it.
#[inline(always)]
fn by_slopes_but_of_z<S: Simd, F: Function>(
    s: S,
    function: &F,
    out: &[Lanes],
    delta: &mut [Lanes],
    search: &mut Search<S>,
) -> u64 {
    let (mut left, zero) = (0, Vector::splat(s, 0.0));
    for (i, (d, y)) in delta.iter_mut().zip(out).enumerate() {
        let (of_out, y) = (Vector::load_array_ref(s, d), Vector::load_array_ref(s, y));
        let wanting = function.wants_z(y);
        left |= u64::from(wanting.any_true()) << i;
        let made = of_out * function.slope_of_out(y);
        wanting.select(of_out, made).store_array(d);
        search.see(s, wanting.select(zero, made));
    }
    left
}

/// What that has left; returns of how many vectors.
#[inline(always)]
fn by_slopes_left<S: Simd, F: Function>(
    s: S,
    function: &F,
    mut left: u64,
    (pre, all): (&[Lanes], bool),
    out: &[Lanes],
    delta: &mut [Lanes],
    search: &mut Search<S>,
) -> usize {
    let zero = Vector::splat(s, 0.0);
    let mut count = 0;
    while left != 0 {
        let i = left.trailing_zeros() as usize;
        left &= left - 1;
        let z = pre.get(if all { i } else { count });
        count += 1;
        let (Some(d), Some(z), Some(y)) = (delta.get_mut(i), z, out.get(i)) else {
            break;
        };
        let [of_out, z, y] = [&*d, z, y].map(|v| Vector::load_array_ref(s, v));
        let wanting = function.wants_z(y);
        let made = of_out * function.derivative(z);
        wanting.select(made, of_out).store_array(d);
        search.see(s, wanting.select(made, zero));
    }
    count
}
