//! Two members take a batch up through several layers in one go: each makes its half of every layer's units, of what both have
//! made of the layer below. Nobody is called together in between; a member waits for the other's half alone.

use super::super::layer::{Layer, Mode};
use super::{Begun, MOST, Patience, finish};
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, Crew, Holds, LANES, Real, Share, Source, Weights, larger};
use std::ops::Range;
use std::sync::OnceLock;

/// What both members read of a layer.
struct Floor<'a, T: Real> {
    weights: &'a Weights<T>,
    bias: Option<&'a [T]>,
    activation: &'a Activation,
}

/// A member's half of what a layer keeps.
struct Own<'a, T> {
    units: Range<usize>,
    values: Share<'a, T>,
    pre: Share<'a, T>,
    bound: f64,
}

type Floors<'a, T> = [Option<Floor<'a, T>>; MOST];
type Owns<'a, T> = [Option<Own<'a, T>>; MOST];
/// What each member has made of each layer.
type Made<'s, 'a, T> = [[OnceLock<&'s Share<'a, T>>; MOST]; 2];

/// A member on its way up.
struct Climber<'s, 'a, T: Real, O> {
    member: usize,
    input: &'s Blocked<T>,
    floors: &'s Floors<'a, T>,
    made: &'s Made<'s, 'a, T>,
    begun: &'s Begun,
    owns: O,
    at: usize,
    /// What it has made of the layer below.
    below: Option<&'s Share<'a, T>>,
}

impl<'s, 'a, T: Real, O: Iterator<Item = &'s mut Own<'a, T>>> Climber<'s, 'a, T, O> {
    /// Up to the top, or to where the other's half is not there in time. Whether it is at the top.
    fn climb(&mut self, patience: Patience) -> bool {
        self.begun.tell(self.member);
        while let Some(floor) = self.floors.get(self.at).and_then(Option::as_ref) {
            let Some(input) = self.input_of_next(patience) else {
                return false;
            };
            let Some(own) = self.owns.next() else {
                return true;
            };
            let map = (floor.weights, floor.bias);
            let parts = (&mut own.values, &mut own.pre);
            own.bound = T::map_units_in_place(map, floor.activation, input, &own.units, parts);
            let own: &'s Own<'a, T> = own;
            // nobody else sets it
            let _ = self.made[self.member][self.at].set(&own.values);
            self.below = Some(&own.values);
            self.at += 1;
        }
        true
    }
    fn input_of_next(&self, patience: Patience) -> Option<Source<'s, 'a, T>> {
        let (Some(own), Some(below)) = (self.below, self.at.checked_sub(1)) else {
            return Some(Source::Whole(self.input));
        };
        let other = 1 - self.member;
        let made = || self.made[other][below].get();
        let others: &'s Share<'a, T> = self.begun.wait_for(other, patience, made)?;
        let halves = if other == 1 {
            [own, others]
        } else {
            [others, own]
        };
        Some(Source::Halves(halves, self.input.rows(), other))
    }
}

/// How many layers from the first on two members may take up in one go.
pub(in super::super) fn floors<T: Real>(
    layers: &[Layer<T>],
    input: &Blocked<T>,
    mode: Mode,
    crew: Crew<'_>,
    keeps_pre: bool,
) -> usize {
    let rows = input.rows();
    let is_plain = |layer: &&Layer<T>| {
        let wanted = layer.best_held(rows, mode) == Holds::Wanted;
        let halved = T::halves(layer.spec.units, layer.spec.inputs, rows).is_some();
        let plain = layer.recurrence.is_none() && layer.norm.is_none() && layer.changed.is_none();
        let values = layer.spec.units * rows.next_multiple_of(LANES);
        plain && wanted && halved && !T::passes_alone(crew, values)
    };
    if keeps_pre {
        return 0;
    }
    layers.iter().take(MOST).take_while(is_plain).count()
}

/// Takes the input up through these layers.
#[inline(never)]
pub(in super::super) fn climb<T: Real>(
    layers: &mut [Layer<T>],
    input: &Blocked<T>,
    crew: Crew<'_>,
) {
    let rows = input.rows();
    let mut floors: Floors<'_, T> = [const { None }; MOST];
    let mut owns: [Owns<'_, T>; 2] = [const { [const { None }; MOST] }; 2];
    let [first, second] = &mut owns;
    let places = floors.iter_mut().zip(first.iter_mut().zip(second));
    for (layer, (floor, (first, second))) in layers.iter_mut().zip(places) {
        let Layer {
            weight,
            bias,
            spec,
            pre,
            activated,
            ..
        } = layer;
        *floor = Some(Floor {
            weights: &weight.value,
            bias: bias.as_ref().map(|b| b.values()),
            activation: &spec.activation,
        });
        pre.set_rows(rows);
        activated.set_rows(rows);
        let shares = activated.shares(crew).zip(pre.shares(crew));
        let mut owns = shares.map(|((units, values), (_, pre))| Own {
            units,
            values,
            pre,
            bound: 0.0,
        });
        (*first, *second) = (owns.next(), owns.next());
    }
    let made: Made<'_, '_, T> = Default::default();
    let begun = Begun::default();
    let mut member = 0;
    let mut climbers = owns.each_mut().map(|owns| {
        member += 1;
        Climber {
            member: member - 1,
            input,
            floors: &floors,
            made: &made,
            begun: &begun,
            owns: owns.iter_mut().filter_map(Option::as_mut),
            at: 0,
            below: None,
        }
    });
    crew.each(&mut climbers, |climber| {
        climber.climb(Patience::Some);
    });
    finish(&mut climbers, |climber| climber.climb(Patience::None));
    let bounds: [f64; MOST] = std::array::from_fn(|at| {
        let bound = |owns: &Owns<'_, T>| owns[at].as_ref().map_or(0.0, |own| own.bound);
        larger(bound(&owns[0]), bound(&owns[1]))
    });
    for (layer, bound) in layers.iter_mut().zip(bounds) {
        (layer.pre_holds, layer.out_bound) = (Holds::Wanted, Some(bound));
    }
}
