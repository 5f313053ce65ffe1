//! Two members take a batch through several layers in one go, up or down: each makes what belongs to its half of every layer's
//! units. Nobody is called together in between; a member waits for what it needs of the other's alone.

pub(super) mod ascent;
mod descent;
mod half;
mod room;

pub(crate) use descent::Descent;
pub(crate) use room::Room;

use std::hint::spin_loop;

/// The most layers that are taken in one go; what their members need lies on the stack.
const MOST: usize = 16;

/// How long a member waits for what the other makes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Patience {
    None,
    /// Longer than the other's half of the layer takes, and than the system interrupts it as a rule.
    Some,
}

/// Rounds of spinning, some hundred microseconds in all; and multiply-adds in which another one passes.
const ROUNDS: usize = 1 << 12;
const ROUND: usize = 1 << 10;

impl Patience {
    /// In a layer of so many multiply-adds.
    fn rounds(self, work: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Some => ROUNDS + work / ROUND,
        }
    }
}

/// Spins until something is there, for so many rounds.
fn wait_for<R>(rounds: usize, mut found: impl FnMut() -> Option<R>) -> Option<R> {
    for _ in 0..rounds {
        if let Some(found) = found() {
            return Some(found);
        }
        spin_loop();
    }
    found()
}

/// Goes on with what both members have left, in turns, until both are at the end.
fn finish<M>(members: &mut [M; 2], mut go: impl FnMut(&mut M) -> bool) {
    loop {
        let [one, other] = members.each_mut().map(&mut go);
        if one && other {
            return;
        }
    }
}
