//! Two members take a batch through several layers in one go, up or down: each makes what belongs to its half of every layer's
//! units. Nobody is called together in between; a member waits for what it needs of the other's alone.

pub(super) mod ascent;
mod descent;
mod half;
mod room;

pub(crate) use descent::Descent;
pub(crate) use room::Room;

use crate::nn::kernel::team::Apart;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};

/// The most layers that are taken in one go; what their members need lies on the stack.
const MOST: usize = 16;

/// Whether a member waits for what the other makes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Patience {
    None,
    Some,
}

/// Rounds of spinning, some hundred microseconds: in them a member begins that is awake or has been woken.
const FIRST: usize = 1 << 12;
/// And of what one is waited for that has begun: some ten milliseconds, in which one that the system has interrupted is back.
const THEN: usize = 1 << 19;

/// Which members have begun. Whoever has not may not come: the other goes on alone.
#[derive(Debug, Default)]
struct Begun([Apart<AtomicBool>; 2]);

impl Begun {
    fn tell(&self, member: usize) {
        self.0[member].0.store(true, Ordering::Relaxed);
    }
    /// Spins until something is there that `other` makes.
    fn wait_for<R>(
        &self,
        other: usize,
        patience: Patience,
        mut found: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        let mut spin = |rounds| {
            (0..rounds).find_map(|_| {
                let found = found();
                if found.is_none() {
                    spin_loop();
                }
                found
            })
        };
        if patience == Patience::None {
            return spin(1);
        }
        let soon = spin(FIRST);
        let begun = || self.0[other].0.load(Ordering::Relaxed);
        soon.or_else(|| if begun() { spin(THEN) } else { None })
    }
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
