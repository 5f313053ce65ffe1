//! A member's half of the way down: the delta of the units that it owns, their parts of the delta below and the gradient of
//! their weights, which it learns, all in its own caches. Half of either part crosses between the cores.

use super::super::backward::is_in_scale;
use super::super::strips::Share;
use super::room::HalfRoom;
use super::{Begun, Patience};
use crate::nn::activation::Activation;
use crate::nn::kernel::team::Apart;
use crate::nn::kernel::{Blocked, Extremes, Holds, Real, half};
use crate::nn::optimizer::Rule;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the top layer's delta is at first.
#[derive(Clone, Copy)]
pub enum Origin {
    /// ∂loss/∂out.
    Out,
    /// ∂loss/∂(affine map), which is in scale.
    Map,
}

/// What both members read of a layer.
pub struct Floor<'a, T: Real> {
    pub activation: &'a Activation,
    pub held: (&'a Blocked<T>, Holds),
    pub activated: &'a Blocked<T>,
    pub input: &'a Blocked<T>,
    pub rule: Rule,
    pub exponent: i32,
    /// Of the layer below, where its delta is asked for.
    pub width: Option<usize>,
    pub units: usize,
}

/// What a member tells the other.
pub struct Desk<'s, T: Real> {
    /// Twice the number of layers whose delta it has found in scale; and one more, if the next one's is not.
    word: AtomicUsize,
    /// Parts that it has handed over.
    sent: AtomicUsize,
    /// Those of a layer and the next in turn: nobody is ahead by more.
    parts: [Mutex<Option<&'s mut Blocked<T>>>; 2],
}

impl<'s, T: Real> Desk<'s, T> {
    pub fn new() -> Self {
        Self {
            word: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            parts: [Mutex::new(None), Mutex::new(None)],
        }
    }
    fn place(&self, at: usize) -> MutexGuard<'_, Option<&'s mut Blocked<T>>> {
        let place = self.parts[at % 2].lock();
        place.unwrap_or_else(PoisonError::into_inner)
    }
    fn hand_over(&self, at: usize, part: &'s mut Blocked<T>) {
        *self.place(at) = Some(part);
        self.sent.store(at + 1, Ordering::Release);
    }
    /// The part that was made in layer `at`.
    fn take(&self, at: usize) -> Option<&'s mut Blocked<T>> {
        self.place(at).take()
    }
}

/// What a member does next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    Make,
    Pass,
    Agree,
    Learn,
    Stop,
}

/// What both members see.
#[derive(Clone, Copy)]
pub struct Seen<'d, 's, 'a, T: Real> {
    pub whole: (Origin, &'d Blocked<T>),
    /// From the top down.
    pub floors: &'d [Option<Floor<'a, T>>],
    pub desks: &'d [Apart<Desk<'s, T>>; 2],
    pub begun: &'d Begun,
}

pub struct Half<'d, 's, 'a, T: Real> {
    member: usize,
    seen: Seen<'d, 's, 'a, T>,
    /// What it learns in each layer.
    shares: &'d mut [Option<Share<'a, T>>],
    own: &'s mut Blocked<T>,
    kept: &'s mut Blocked<T>,
    /// Where the other's part goes.
    to_hand: Option<&'s mut Blocked<T>>,
    pub found: Extremes<T>,
    /// Layers learned.
    pub at: usize,
    next: Next,
}

impl<'d, 's, 'a, T: Real> Half<'d, 's, 'a, T> {
    pub fn new(
        member: usize,
        seen: Seen<'d, 's, 'a, T>,
        shares: &'d mut [Option<Share<'a, T>>],
        room: &'s mut HalfRoom<T>,
    ) -> Self {
        Self {
            member,
            seen,
            shares,
            own: &mut room.own,
            kept: &mut room.kept,
            to_hand: Some(&mut room.handed),
            found: Extremes::none(),
            at: 0,
            next: Next::Make,
        }
    }
    /// The last delta of its own units.
    pub fn made(self) -> &'s Blocked<T> {
        self.own
    }
    /// Down to below the lowest of the layers, of whose ∂loss/∂input it makes its own; or to where a delta is not in scale: then
    /// nothing of that layer is learned, and `own` is its ∂loss/∂pre. Whether it is there, and not only where the other has let
    /// it wait too long.
    pub fn go_down(&mut self, patience: Patience) -> bool {
        self.seen.begun.tell(self.member);
        while self.next != Next::Stop {
            match self.go_on(patience) {
                Some(next) => self.next = next,
                None => return false,
            }
        }
        true
    }
    fn go_on(&mut self, patience: Patience) -> Option<Next> {
        let floors = self.seen.floors;
        let Some(floor) = floors.get(self.at).and_then(Option::as_ref) else {
            self.take_delta(patience)?;
            return Some(Next::Stop);
        };
        match self.next {
            Next::Make => self.make(floor, patience),
            Next::Pass => Some(self.pass(floor)),
            Next::Agree => self.agree(patience),
            Next::Learn => Some(self.learn(floor)),
            Next::Stop => Some(Next::Stop),
        }
    }
    fn wait_for<R>(&self, patience: Patience, found: impl FnMut() -> Option<R>) -> Option<R> {
        let other = 1 - self.member;
        self.seen.begun.wait_for(other, patience, found)
    }
    fn desk(&self, member: usize) -> &'d Desk<'s, T> {
        &self.seen.desks[member].0
    }
    fn other(&self) -> &'d Desk<'s, T> {
        self.desk(1 - self.member)
    }
    /// What has come down to its own units: of the whole delta at the top, then the sum of both members' parts.
    fn take_delta(&mut self, patience: Patience) -> Option<()> {
        let Some(above) = self.at.checked_sub(1) else {
            let whole = self.seen.whole.1;
            let width = whole.features();
            let units = own_of(self.member, width);
            self.own.reshape(units.len());
            self.own.take_units(&units, whole);
            return Some(());
        };
        let Some(width) = self.seen.floors[above].as_ref().and_then(|f| f.width) else {
            // nobody asks for the input's
            return Some(());
        };
        let other = self.other();
        let is_there = || (other.sent.load(Ordering::Acquire) >= self.at).then_some(());
        self.wait_for(patience, is_there)?;
        let part = other.take(above)?;
        let units = own_of(self.member, width);
        self.own.reshape(units.len());
        self.own.set_rows(part.rows());
        T::sum_into(self.kept.data(), part.data(), self.own.data_mut());
        self.to_hand = Some(part);
        Some(())
    }
    /// ∂loss/∂pre of its own units.
    fn make(&mut self, floor: &Floor<'_, T>, patience: Patience) -> Option<Next> {
        self.take_delta(patience)?;
        let units = own_of(self.member, floor.units);
        let mut in_scale = true;
        if self.at > 0 || matches!(self.seen.whole.0, Origin::Out) {
            let (held, out) = (floor.held, floor.activated);
            self.found = T::activate_units_backward(floor.activation, held, out, &units, self.own);
            in_scale = is_in_scale(&self.found);
        }
        let word = 2 * self.at + if in_scale { 2 } else { 1 };
        self.desk(self.member).word.store(word, Ordering::Relaxed);
        Some(if in_scale { Next::Pass } else { Next::Stop })
    }
    /// What its units make of the delta below, the other's part first; and the gradient of their biases.
    fn pass(&mut self, floor: &Floor<'_, T>) -> Next {
        let desk = self.desk(self.member);
        let Some(share) = self.shares.get_mut(self.at).and_then(Option::as_mut) else {
            return Next::Stop;
        };
        if let (Some(width), Some(part)) = (floor.width, self.to_hand.take()) {
            let of = |member| own_of(member, width);
            share.pass(self.own, of(1 - self.member), part);
            desk.hand_over(self.at, part);
            share.pass(self.own, of(self.member), self.kept);
        }
        share.gradient_of_biases(self.own);
        Next::Agree
    }
    /// Whether both deltas are in scale.
    fn agree(&mut self, patience: Patience) -> Option<Next> {
        let stopped = 2 * self.at + 1;
        let word = self.wait_for(patience, || {
            let word = self.other().word.load(Ordering::Relaxed);
            (word >= stopped).then_some(word)
        })?;
        Some(match word > stopped {
            true => Next::Learn,
            false => Next::Stop,
        })
    }
    fn learn(&mut self, floor: &Floor<'_, T>) -> Next {
        if let Some(share) = self.shares.get_mut(self.at).and_then(Option::as_mut) {
            share.learn_all((self.own, floor.input), &floor.rule, floor.exponent);
        }
        self.at += 1;
        Next::Make
    }
}

/// A member's own of so many units.
pub fn own_of(member: usize, units: usize) -> Range<usize> {
    match member {
        0 => 0..half(units),
        _ => half(units)..units,
    }
}
