//! The activations' passes in `f32`, with the instructions found when the program runs.

use crate::nn::activation::Activation;
use crate::nn::kernel::derivative::{ApplyBackward, Kept};
use crate::nn::kernel::pass::{Apply, ApplyInPlace};
use crate::nn::kernel::team::MAX_MEMBERS;
use crate::nn::kernel::{Blocked, Crew, Extremes, Holds, LANES, Share, larger, level};
use fearless_simd::dispatch;
use std::ops::Range;

/// out = φ(pre), and 0 in the lanes from `used` on
pub fn activate_lanes(activation: &Activation, pre: &[f32], out: &mut [f32], used: usize) {
    dispatch!(level(), s => activation.visit(Apply { s, pre, out, used }));
}

/// See [`ApplyBackward`].
#[inline(always)]
pub fn activate_lanes_backward(
    activation: &Activation,
    kept: Kept<'_>,
    out: &[f32],
    delta: &mut [f32],
) -> Extremes<f32> {
    dispatch!(level(), s => activation.visit(ApplyBackward { s, kept, out, delta }))
}

/// Every member passes the delta of its units back, a block at a time.
#[inline(never)]
pub fn backward_by_shares(
    crew: Crew<'_>,
    activation: &Activation,
    (pre, holds): (&Blocked<f32>, Holds),
    out: &Blocked<f32>,
    delta: &mut Blocked<f32>,
) -> Extremes<f32> {
    let mut found = [Extremes::none(); MAX_MEMBERS];
    let pieces = delta.shares(crew).zip(&mut found);
    let held = (pre, shared(holds));
    crew.each(pieces, |((units, mut delta), found)| {
        for block in 0..pre.blocks() {
            let delta = delta.block(block);
            let made = units_backward(activation, held, out, &units, (block, delta));
            *found = found.and(made);
        }
    });
    found.into_iter().fold(Extremes::none(), Extremes::and)
}

/// What a pass over shares finds in pre-activations: no layer of few values is shared out.
pub fn shared(holds: Holds) -> Holds {
    match holds {
        Holds::All => Holds::AllOfShare,
        other => other,
    }
}

/// delta ← delta·φ'(pre) of some units in a block
pub fn units_backward(
    activation: &Activation,
    (pre, holds): (&Blocked<f32>, Holds),
    out: &Blocked<f32>,
    units: &Range<usize>,
    (block, delta): (usize, &mut [f32]),
) -> Extremes<f32> {
    let own = units.start * LANES..units.end * LANES;
    let (pre, out) = (&pre.block(block)[own.clone()], &out.block(block)[own]);
    activate_lanes_backward(activation, Kept { pre, holds }, out, delta)
}

/// See [`ApplyInPlace`]; of the last so many features' vectors only so many lanes are used.
#[inline(always)]
pub fn activate_lanes_in_place<const BOUNDED: bool>(
    activation: &Activation,
    values: &mut [f32],
    pre: &mut [f32],
    (last, used): (usize, usize),
) -> (Holds, Option<f64>) {
    dispatch!(level(), s => {
        activation.visit(ApplyInPlace::<_, BOUNDED> { s, values, pre, last, used })
    })
}

/// The same of a member's share of so many rows, a block at a time; returns the bound.
pub fn activate_share_in_place(
    activation: &Activation,
    (units, rows): (&Range<usize>, usize),
    (values, pre): (&mut Share<'_, f32>, &mut Share<'_, f32>),
) -> f64 {
    let mut bound = 0.0;
    for block in 0..rows.div_ceil(LANES) {
        let used = (rows - block * LANES).min(LANES);
        let (values, pre) = (values.block(block), pre.block(block));
        let lanes = (units.len(), used);
        let (_, of_block) = activate_lanes_in_place::<true>(activation, values, pre, lanes);
        bound = larger(bound, of_block.unwrap_or(f64::INFINITY));
    }
    bound
}
