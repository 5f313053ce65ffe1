//! The way down through several layers.

use super::super::backward::LARGE;
use super::super::layer::{Layer, Mode};
use super::super::strips::Share;
use super::half::{Desk, Floor, Half, Origin, Seen, own_of};
use super::{Begun, MOST, Patience, Room, finish};
use crate::nn::activation::Activation;
use crate::nn::kernel::team::Apart;
use crate::nn::kernel::{Blocked, Crew, Extremes, GROUP, Holds, Real, half};
use crate::nn::optimizer::{Optimizer, Rule, Scalars};
use crate::nn::spec::Regularize;

/// By which layers are to learn, from the lowest of them on, with what the optimizer kept of each before.
type Rules = [Option<(Scalars, Rule)>; MOST];

/// Where a descent has come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Outcome<T> {
    /// So many layers have learned, from the top.
    pub learned: usize,
    /// Extremes of the next one's delta, if that is ∂loss/∂pre and to be scaled.
    pub made: Option<Extremes<T>>,
}

impl<T> Outcome<T> {
    const NOTHING: Self = Self {
        learned: 0,
        made: None,
    };
}

/// The way down through layers, which whoever is shown it may have two members go.
pub(crate) struct Descent<'a, T: Real> {
    layers: &'a mut [Layer<T>],
    input: &'a Blocked<T>,
    origin: Origin,
    exponent: i32,
    mode: Mode,
    crew: Crew<'a>,
    room: &'a mut Room<T>,
    pub outcome: Outcome<T>,
}

impl<'a, T: Real> Descent<'a, T> {
    /// From ∂loss/∂out of the top one of these layers, which has this exponent, if each unit's delta follows from its own.
    pub fn from_out(
        (layers, input): (&'a mut [Layer<T>], &'a Blocked<T>),
        exponent: i32,
        (mode, crew): (Mode, Crew<'a>),
        room: &'a mut Room<T>,
    ) -> Option<Self> {
        let top = layers.last()?;
        let is_own = top.middle().is_some() && top.makes_its_delta_by_units(mode, crew);
        is_own.then(|| Self::new((layers, input), (Origin::Out, exponent), (mode, crew), room))
    }
    /// From the delta of the top one's affine map.
    pub fn from_map(
        (layers, input): (&'a mut [Layer<T>], &'a Blocked<T>),
        by: (Mode, Crew<'a>),
        room: &'a mut Room<T>,
    ) -> Option<Self> {
        let top = layers.last()?;
        let exponent = top.exponent;
        top.middle()?;
        // with no layer below there is nothing to hand over
        (layers.len() > 1).then(|| Self::new((layers, input), (Origin::Map, exponent), by, room))
    }
    fn new(
        (layers, input): (&'a mut [Layer<T>], &'a Blocked<T>),
        (origin, exponent): (Origin, i32),
        (mode, crew): (Mode, Crew<'a>),
        room: &'a mut Room<T>,
    ) -> Self {
        Self {
            layers,
            input,
            origin,
            exponent,
            mode,
            crew,
            room,
            outcome: Outcome::NOTHING,
        }
    }
    /// Takes down and learns as many layers as it can. `norms`: one a layer of the network.
    #[inline(never)]
    pub fn go(
        &mut self,
        (optimizer, lr): (&Optimizer, f64),
        regularize: &Regularize,
        norms: &mut [f64],
    ) {
        let first = self.layers.len() - self.count();
        let mut rules: Rules = [const { None }; MOST];
        for (layer, rule) in self.layers[first..].iter_mut().zip(&mut rules) {
            *rule = Some((layer.scalars, layer.next_rule(optimizer, lr)));
        }
        self.outcome = self.go_down(first, &rules);
        let stopped = self.layers.len() - self.outcome.learned;
        let mut rest = &self.room.squares[..];
        for ((at, layer), rule) in self.layers.iter_mut().enumerate().skip(first).zip(&rules) {
            let (squares, others) = rest.split_at(groups(layer));
            rest = others;
            let Some((before, rule)) = rule else { continue };
            if at < stopped {
                layer.scalars = *before;
            } else {
                let sum = squares.iter().sum();
                norms[layer.index] = layer.learn_rest(sum, rule, regularize, self.crew);
            }
        }
    }
    /// From the top down to the `first` of the layers, or to where a delta has to be scaled.
    fn go_down(&mut self, first: usize, rules: &Rules) -> Outcome<T> {
        let (below, layers) = self.layers.split_at_mut(first);
        let count = layers.len();
        let (room, mut rest) = (&mut self.room.halves, &mut self.room.squares[..]);
        let mut floors: [Option<Floor<'_, T>>; MOST] = [const { None }; MOST];
        let mut shares: [[Option<Share<'_, T>>; MOST]; 2] = [const { [const { None }; MOST] }; 2];
        let mut whole = None;
        let lowest = below.last();
        let mut lower = lowest.map_or((self.input, None), |l| (l.out(), Some(l.spec.units)));
        // bottom up, since each layer reads what the one below has made
        for ((at, layer), rule) in layers.iter_mut().enumerate().zip(rules) {
            let at = count - 1 - at;
            let halves;
            (floors[at], halves, rest, lower, whole) = parts(layer, rule, rest, lower);
            let [one, other] = halves;
            (shares[0][at], shares[1][at]) = (Some(one), Some(other));
        }
        let Some(whole) = whole else {
            return Outcome::NOTHING;
        };
        let desks = [Apart(Desk::new()), Apart(Desk::new())];
        let begun = Begun::default();
        let seen = Seen {
            whole: (self.origin, whole),
            floors: &floors,
            desks: &desks,
            begun: &begun,
        };
        let [one, other] = &mut shares;
        let [room, other_room] = room;
        let mut halves = [
            Half::new(0, seen, one, room),
            Half::new(1, seen, other, other_room),
        ];
        self.crew.each(&mut halves, |half| {
            half.go_down(Patience::Some);
        });
        finish(&mut halves, |half| half.go_down(Patience::None));
        let learned = halves[0].at;
        let found = halves[0].found.and(halves[1].found);
        let made = halves.map(Half::made);
        if learned < count {
            gather(&mut layers[count - 1 - learned].delta, made);
        } else if let Some(lower) = below.last_mut() {
            gather(&mut lower.delta, made);
        }
        Outcome {
            learned,
            made: (learned < count).then_some(found),
        }
    }
    /// How many layers, from the top, may learn on this way.
    fn count(&mut self) -> usize {
        let mut count = 0;
        while count < MOST.min(self.layers.len()) {
            let at = self.layers.len() - 1 - count;
            let (below, rest) = self.layers.split_at_mut(at);
            let layer = &mut rest[0];
            let by_units =
                layer.middle().is_some() && layer.makes_its_delta_by_units(self.mode, self.crew);
            let from_out = count > 0 || matches!(self.origin, Origin::Out);
            if from_out && !by_units || layer.spec.frozen {
                break;
            }
            if from_out {
                // for whoever asks whether its gradients can be beyond `T`
                (layer.exponent, layer.delta_bound) = (self.exponent, LARGE);
            }
            let (input, bound) = below.last().map_or((self.input, None), Layer::bounded_out);
            if !layer.learns_in_strips(input, bound) {
                break;
            }
            // what is handed over has to be somebody's
            if below
                .last()
                .is_some_and(|lower| lower.spec.units < 2 * GROUP)
            {
                break;
            }
            count += 1;
        }
        count
    }
}

fn groups<T: Real>(layer: &Layer<T>) -> usize {
    layer.spec.units.div_ceil(GROUP)
}

/// The whole of a delta, of what two members have of it.
fn gather<T: Real>(delta: &mut Blocked<T>, halves: [&Blocked<T>; 2]) {
    let width = delta.features();
    for (member, own) in halves.into_iter().enumerate() {
        delta.set_rows(own.rows());
        delta.copy_units(own_of(member, width), own);
    }
}

/// What a layer reads, and of how many units that is the output.
type Lower<'a, T> = (&'a Blocked<T>, Option<usize>);

/// A layer taken apart: what both members read, what each learns, the other squares, what the layer above reads, and the delta.
#[expect(clippy::type_complexity, reason = "taken apart at once")]
fn parts<'a, T: Real>(
    layer: &'a mut Layer<T>,
    rule: &Option<(Scalars, Rule)>,
    squares: &'a mut [f64],
    (input, width): Lower<'a, T>,
) -> (
    Option<Floor<'a, T>>,
    [Share<'a, T>; 2],
    &'a mut [f64],
    Lower<'a, T>,
    Option<&'a Blocked<T>>,
) {
    let (own, rest) = squares.split_at_mut(groups(layer));
    let Layer {
        weight,
        bias,
        spec,
        pre,
        pre_holds,
        activated,
        changed,
        delta,
        exponent,
        ..
    } = layer;
    let (units, middle) = (spec.units, half(spec.units));
    let bias = bias.as_mut().map(|bias| bias.grads_mut());
    let (one, other) = weight.share(own, bias.unwrap_or_default()).split_at(middle);
    let activated = &*activated;
    let floor = rule.map(|(_, rule)| Floor {
        activation: &spec.activation,
        held: (&*pre, *pre_holds),
        activated,
        input,
        rule,
        exponent: *exponent,
        width,
        units,
    });
    let out = changed.as_ref().unwrap_or(activated);
    (floor, [one, other], rest, (out, Some(units)), Some(delta))
}

impl<T: Real> Layer<T> {
    /// The first unit of the second member, where two may own half of the units each.
    fn middle(&self) -> Option<usize> {
        let (units, inputs) = (self.weight.value.units(), self.weight.value.inputs());
        let simple = self.recurrence.is_none() && !self.spec.skip;
        T::halves(units, inputs, self.activated.rows()).filter(|_| simple)
    }
    /// Whether a unit's ∂loss/∂pre follows from its own ∂loss/∂out, by what the member that owns it has kept.
    fn makes_its_delta_by_units(&self, mode: Mode, crew: Crew<'_>) -> bool {
        let plain = self.norm.is_none() && self.slope.is_none() && self.slopes.is_none();
        let drops = mode.trains() && self.dropout.is_some();
        plain
            && !drops
            && self.spec.activation != Activation::Linear
            && self.pre_holds != Holds::Slopes
            && !T::passes_alone(crew, self.pre.data().len())
    }
}
