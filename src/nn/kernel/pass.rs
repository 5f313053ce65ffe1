//! The activations' passes over a batch in `f32`.

use super::derivative::{Holds, RUN};
use super::extremes::Bound;
use super::team::Apart;
use super::tile::{Lanes, ZEROS};
use super::{LANES, vector::Vector};
use crate::nn::activation::{Function, Slope, Visitor};
use fearless_simd::{Select, mask32x16, prelude::*};

/// out = φ(pre), and 0 in the lanes from `used` on.
pub struct Apply<'a, S> {
    pub s: S,
    pub pre: &'a [f32],
    pub out: &'a mut [f32],
    pub used: usize,
}

impl<S: Simd> Visitor for Apply<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self { s, pre, out, used } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let (kept, zero) = (below(s, used), Vector::splat(s, 0.0));
                let pairs = out.as_chunks_mut().0.iter_mut().zip(pre.as_chunks().0);
                for (y, z) in pairs {
                    let value = function.value(Vector::load_array_ref(s, z));
                    kept.select(value, zero).store_array(y);
                }
            },
        );
    }
}

/// out = φ(pre), and 0 in the lanes from `used` on of the last so many vectors; and pre ← φ'(pre), which shares exponentials with φ.
pub struct ApplyWithSlopes<'a, S> {
    pub s: S,
    pub pre: &'a mut [f32],
    pub out: &'a mut [f32],
    pub last: usize,
    pub used: usize,
}

impl<S: Simd> Visitor for ApplyWithSlopes<'_, S> {
    type Output = ();
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) {
        let Self {
            s,
            pre,
            out,
            last,
            used,
        } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let (pre, out): (&mut [Lanes], &mut [Lanes]) =
                    (pre.as_chunks_mut().0, out.as_chunks_mut().0);
                let whole = pre.len().saturating_sub(last);
                let (kept, zero) = (below(s, used), Vector::splat(s, 0.0));
                for (i, (z, y)) in pre.iter_mut().zip(out).enumerate() {
                    let pre = Vector::load_array_ref(s, z);
                    function.derivative(pre).store_array(z);
                    let out = function.value(pre);
                    let out = match i < whole {
                        true => out,
                        false => kept.select(out, zero),
                    };
                    out.store_array(y);
                }
            },
        );
    }
}

/// values ← φ(values), and 0 in the lanes from `used` on of the last so many vectors. The vectors of those that
/// [`Function::derivative`] is asked for beside φ are kept in `pre`, one after the other from the front: a fraction of what there
/// is to go through. With what `pre` holds then a [bound](super::extremes::bound) of the values, where it is `BOUNDED`.
pub struct ApplyInPlace<'a, S, const BOUNDED: bool> {
    pub s: S,
    pub values: &'a mut [f32],
    pub pre: &'a mut [f32],
    pub last: usize,
    pub used: usize,
}

impl<S: Simd, const BOUNDED: bool> Visitor for ApplyInPlace<'_, S, BOUNDED> {
    type Output = (Holds, Option<f64>);
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) -> (Holds, Option<f64>) {
        let Self {
            s,
            values,
            pre,
            last,
            used,
        } = self;
        s.vectorize(
            #[inline(always)]
            || {
                let values: &mut [Lanes] = values.as_chunks_mut().0;
                let (whole, last) = values.split_at_mut(values.len().saturating_sub(last));
                let (room, kept) = (pre.len() / LANES, pre.as_chunks_mut().0);
                let mut bound = Bound::new(s);
                let mut see = |value| {
                    if BOUNDED {
                        bound.see(s, value);
                    }
                };
                let kept = keep_wanted(s, function, kept, whole, |value| {
                    see(value);
                    value
                });
                let (used, zero) = (below(s, used), Vector::splat(s, 0.0));
                let kept = keep_wanted(s, function, kept, last, |value| {
                    let value = used.select(value, zero);
                    see(value);
                    value
                });
                let holds = match kept.len() == room {
                    true => Holds::Nothing,
                    false => Holds::Wanted,
                };
                (holds, BOUNDED.then(|| bound.end()))
            },
        )
    }
}

/// values ← φ(values) as `masked`, with the vectors of what the derivative is asked for in `kept`; returns the room left there.
#[inline(always)]
fn keep_wanted<'a, S: Simd, F: Function>(
    s: S,
    function: &F,
    mut kept: &'a mut [Lanes],
    values: &mut [Lanes],
    mut masked: impl FnMut(Vector<S>) -> Vector<S>,
) -> &'a mut [Lanes] {
    // a few lines of the first cache, since most of what is looked at is not kept
    let mut room = Apart([ZEROS; RUN / LANES]);
    let passing = &mut room.0;
    for values in values.chunks_mut(RUN / LANES) {
        let mut any = function.wants_z(Vector::splat(s, 0.0));
        for (place, passing) in values.iter_mut().zip(&mut *passing) {
            let z = Vector::load_array_ref(s, place);
            let value = masked(function.value(z));
            if F::SLOPE != Slope::OfOut {
                z.store_array(passing);
                any |= function.wants_z(value);
            }
            value.store_array(place);
        }
        if any.any_true() {
            let count = close_up(s, function, (passing, values), kept);
            kept = kept.get_mut(count..).unwrap_or_default();
        }
    }
    kept
}

/// Takes over the vectors that are wanted, and says how many they are.
#[inline(always)]
fn close_up<S: Simd, F: Function>(
    s: S,
    function: &F,
    (passing, values): (&[Lanes], &[Lanes]),
    kept: &mut [Lanes],
) -> usize {
    let mut count = 0;
    for (passing, value) in passing.iter().zip(values) {
        // written over by the next if it is not wanted, without a decision that no processor could foretell
        kept[count] = *passing;
        count += usize::from(
            function
                .wants_z(Vector::load_array_ref(s, value))
                .any_true(),
        );
    }
    count
}

/// Zeroes the lanes from `used` on. Whole vectors are written, since a vector that is read back cannot be put together from
/// parts under way; a plain loop becomes such parts.
pub fn keep_lanes<S: Simd>(s: S, features: &mut [[f32; LANES]], used: usize) {
    s.vectorize(
        #[inline(always)]
        || {
            let (kept, zero) = (below(s, used), Vector::splat(s, 0.0));
            for lanes in features {
                let value = Vector::load_array_ref(s, lanes);
                kept.select(value, zero).store_array(lanes);
            }
        },
    );
}

/// The number of each lane.
const NUMBERS: [f32; LANES] = {
    let mut numbers = [0.0; LANES];
    let mut lane = 0;
    while lane < LANES {
        numbers[lane] = lane as f32;
        lane += 1;
    }
    numbers
};

/// The lanes below `used`.
#[inline(always)]
fn below<S: Simd>(s: S, used: usize) -> mask32x16<S> {
    Vector::load_array(s, NUMBERS).simd_lt(Vector::splat(s, used as f32))
}
