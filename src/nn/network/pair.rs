//! Two members take a layer down in one go: each makes the delta of the units that it owns, their part of the delta below and
//! the gradient of their weights, and learns them, all in its own caches. Of either part, half crosses between the cores.

use super::backward::{LARGE, is_in_scale};
use super::layer::{Layer, Mode};
use super::strips::Share;
use crate::nn::activation::Activation;
use crate::nn::kernel::team::Apart;
use crate::nn::kernel::{Blocked, Crew, Extremes, GROUP, Holds, Real, half, sum_of_units};
use crate::nn::optimizer::Rule;
use crate::nn::spec::Regularize;
use std::collections::BTreeSet;
use std::hint::spin_loop;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rounds of spinning for the other's word: some microseconds, since it comes soon, or not at all until this member is done with
/// its half.
const PATIENCE: u32 = 300;

/// Two members' room for what each of them makes by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room<T: Real> {
    /// The second member's part of a delta, one for every width; of a layer and the next in turn, since one is read while the
    /// other is written. The first member writes into the layers' own.
    parts: [Vec<Blocked<T>>; 2],
    /// The delta of the units that a member owns.
    own: [Blocked<T>; 2],
}

impl<T: Real> Room<T> {
    /// For parts of these widths, of layers of at most so many units.
    pub fn new(widths: &BTreeSet<usize>, units: usize, rows: usize) -> Self {
        let parts = || widths.iter().map(|&w| Blocked::zeros(w, rows)).collect();
        let own = || Blocked::zeros(half(units), rows);
        Self {
            parts: [parts(), parts()],
            own: [own(), own()],
        }
    }
    /// Bytes that it takes.
    pub fn bytes(widths: &BTreeSet<usize>, units: usize, rows: usize) -> usize {
        let each = widths.iter().copied().chain([half(units)]);
        each.fold(0, |sum: usize, width| {
            sum.saturating_add(Blocked::<T>::bytes(width, rows).saturating_mul(2))
        })
    }
    /// The second part of the delta of layer `at`, of so many units.
    pub fn part(&self, at: usize, units: usize) -> Option<&Blocked<T>> {
        of_width(&self.parts[at % 2], units)
    }
    /// What was made of layer `at`, where the part below it goes, and the deltas.
    #[expect(clippy::type_complexity, reason = "taken apart at once")]
    fn of(&mut self, at: usize) -> (&[Blocked<T>], &mut [Blocked<T>], &mut [Blocked<T>; 2]) {
        let [even, odd] = &mut self.parts;
        match at % 2 {
            0 => (even, odd, &mut self.own),
            _ => (odd, even, &mut self.own),
        }
    }
}

fn of_width<T: Real>(parts: &[Blocked<T>], width: usize) -> Option<&Blocked<T>> {
    parts.iter().find(|part| part.features() == width)
}

/// What a layer's delta is.
#[derive(Clone, Copy)]
enum Origin<'a, T: Real> {
    /// ∂loss/∂out, or its first part where there is another.
    Out(Option<&'a Blocked<T>>),
    /// ∂loss/∂(affine map).
    Map,
}

/// What has become of a descent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome<T> {
    Untouched,
    /// `delta` is ∂loss/∂pre, whose extremes are these.
    Made(Extremes<T>),
    /// The layer has learned, and the parts of the delta below are there.
    Learned,
}

/// The way down through a layer, which whoever is shown it may have two members go.
pub(crate) struct Descent<'a, T: Real> {
    crew: Crew<'a>,
    /// The second member's first unit.
    middle: usize,
    origin: Origin<'a, T>,
    own: &'a mut [Blocked<T>; 2],
    /// Where the members write what they make of the delta below: the sum is that delta.
    below: Option<[&'a mut Blocked<T>; 2]>,
    pub outcome: Outcome<T>,
}

impl<'a, T: Real> Descent<'a, T> {
    /// From ∂loss/∂out, which has another part or not, if each unit's delta follows from its own. It is not scaled on the way:
    /// its `exponent` stays.
    #[inline(never)]
    pub fn from_out(
        (layer, at, exponent): (&mut Layer<T>, usize, i32),
        is_parted: bool,
        lower: Option<&'a mut Blocked<T>>,
        (mode, crew): (Mode, Crew<'a>),
        room: &'a mut Room<T>,
    ) -> Option<Self> {
        let middle = layer
            .middle()
            .filter(|_| layer.makes_its_delta_by_units(mode, crew))?;
        let (made, making, own) = room.of(at);
        let other = match is_parted {
            true => Some(of_width(made, layer.spec.units)?),
            false => None,
        };
        // for whoever asks whether its gradients can be beyond `T`
        (layer.exponent, layer.delta_bound) = (exponent, LARGE);
        Self::new(Origin::Out(other), (lower, making), (crew, middle), own)
    }
    /// From the delta of the affine map.
    #[inline(never)]
    pub fn from_map(
        (layer, at): (&Layer<T>, usize),
        lower: &'a mut Blocked<T>,
        crew: Crew<'a>,
        room: &'a mut Room<T>,
    ) -> Option<Self> {
        let middle = layer.middle()?;
        let (_, making, own) = room.of(at);
        Self::new(Origin::Map, (Some(lower), making), (crew, middle), own)
    }
    fn new(
        origin: Origin<'a, T>,
        (lower, making): (Option<&'a mut Blocked<T>>, &'a mut [Blocked<T>]),
        (crew, middle): (Crew<'a>, usize),
        own: &'a mut [Blocked<T>; 2],
    ) -> Option<Self> {
        let below = match lower {
            Some(lower) => {
                let width = lower.features();
                let second = making.iter_mut().find(|part| part.features() == width)?;
                Some([lower, second])
            }
            None => None,
        };
        Some(Self {
            crew,
            middle,
            origin,
            own,
            below,
            outcome: Outcome::Untouched,
        })
    }
}

/// What both members read.
struct Whole<'a, T: Real> {
    activation: &'a Activation,
    held: (&'a Blocked<T>, Holds),
    activated: &'a Blocked<T>,
    delta: &'a Blocked<T>,
    origin: Origin<'a, T>,
    input: &'a Blocked<T>,
    rule: &'a Rule,
    exponent: i32,
    /// Whether a member's delta is in scale, as far as it has said so.
    said: [Apart<AtomicBool>; 2],
}

/// A member's half of a layer.
struct Half<'a, T: Real> {
    member: usize,
    units: Range<usize>,
    share: Share<'a, T>,
    delta: &'a mut Blocked<T>,
    below: Option<&'a mut Blocked<T>>,
    found: Extremes<T>,
    in_scale: bool,
    learned: bool,
}

impl<'a, T: Real> Half<'a, T> {
    fn new(
        member: usize,
        (units, share): (Range<usize>, Share<'a, T>),
        delta: &'a mut Blocked<T>,
        below: Option<&'a mut Blocked<T>>,
    ) -> Self {
        Self {
            member,
            units,
            share,
            delta,
            below,
            found: Extremes::none(),
            in_scale: false,
            learned: false,
        }
    }
    /// All the way down, if both members' deltas are in scale; where the other is late, later.
    fn go_down(&mut self, whole: &Whole<'_, T>) {
        self.make_delta(whole);
        if !self.in_scale {
            return;
        }
        let [own, other] = [self.member, 1 - self.member].map(|member| &whole.said[member].0);
        own.store(true, Ordering::Relaxed);
        self.share.pass(self.delta, self.below.as_deref_mut());
        let heard = (0..PATIENCE).any(|_| {
            let heard = other.load(Ordering::Relaxed);
            if !heard {
                spin_loop();
            }
            heard
        });
        if heard {
            self.learn(whole);
        }
    }
    fn make_delta(&mut self, whole: &Whole<'_, T>) {
        let (units, delta) = (&self.units, &mut *self.delta);
        delta.reshape(units.len());
        match whole.origin {
            Origin::Out(other) => {
                let (held, out) = (whole.held, whole.activated);
                let parts = (whole.delta, other);
                self.found =
                    T::activate_units_backward(whole.activation, held, out, units, parts, delta);
                self.in_scale = is_in_scale(&self.found);
            }
            Origin::Map => {
                sum_of_units((whole.delta, None), units, delta);
                self.in_scale = true;
            }
        }
    }
    fn learn(&mut self, whole: &Whole<'_, T>) {
        let signals = (&*self.delta, whole.input);
        self.share.learn_all(signals, whole.rule, whole.exponent);
        self.learned = true;
    }
}

impl<T: Real> Layer<T> {
    /// The first unit of the second member, where two may own half of the units each.
    fn middle(&self) -> Option<usize> {
        let (units, inputs) = (self.weight.value.units(), self.weight.value.inputs());
        let simple = self.recurrence.is_none() && !self.spec.skip;
        T::halves(units, inputs, self.delta.rows()).filter(|_| simple)
    }
    /// Whether a unit's ∂loss/∂pre follows from its own ∂loss/∂out, by what the member that owns it has kept.
    fn makes_its_delta_by_units(&self, mode: Mode, crew: Crew<'_>) -> bool {
        let plain = self.norm.is_none() && self.slope.is_none() && self.slopes.is_none();
        let drops = mode.trains() && self.dropout.is_some();
        plain
            && !drops
            && self.spec.activation != Activation::Linear
            && self.pre_holds != Holds::Slopes
            && !T::passes_alone(crew, &self.pre)
    }
    /// Has two members go the way down and learn all of this layer, which is one that [`Layer::learns_in_strips`]. Returns what
    /// that does, or nothing where the deltas have to be scaled first.
    #[inline(never)]
    pub fn descend(
        &mut self,
        input: &Blocked<T>,
        rule: &Rule,
        regularize: &Regularize,
        squares: &mut [f64],
        descent: &mut Descent<'_, T>,
    ) -> Option<f64> {
        let (crew, exponent) = (descent.crew, self.exponent);
        let squares = &mut squares[..self.weight.value.units().div_ceil(GROUP)];
        let whole = Whole {
            activation: &self.spec.activation,
            held: (&self.pre, self.pre_holds),
            activated: &self.activated,
            delta: &self.delta,
            origin: descent.origin,
            input,
            rule,
            exponent,
            said: Default::default(),
        };
        let bias = self.bias.as_mut().map(|bias| bias.grads_mut());
        let (units, middle) = (self.weight.value.units(), descent.middle);
        let share = self.weight.share(squares, bias.unwrap_or_default());
        let (first, second) = share.split_at(middle);
        let [below, second_below] = match &mut descent.below {
            Some(below) => below.each_mut().map(|below| Some(&mut **below)),
            None => [None, None],
        };
        let [own, second_own] = &mut *descent.own;
        let mut halves = [
            Half::new(0, (0..middle, first), own, below),
            Half::new(1, (middle..units, second), second_own, second_below),
        ];
        crew.each(&mut halves, |half| half.go_down(&whole));
        if !halves.iter().all(|half| half.in_scale) {
            let found = halves.each_ref().map(|half| half.found);
            descent.outcome = Outcome::Made(found[0].and(found[1]));
            let units = halves.map(|half| half.units);
            for (units, own) in units.into_iter().zip(&*descent.own) {
                self.delta.copy_units(units, own);
            }
            return None;
        }
        let late = halves.iter_mut().filter(|half| !half.learned);
        late.for_each(|half| half.learn(&whole));
        descent.outcome = Outcome::Learned;
        let sum = squares.iter().sum();
        Some(self.learn_rest(sum, rule, regularize, crew))
    }
}
