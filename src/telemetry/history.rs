//! One measure over a whole run in bounded memory. Buckets fill from the left; when they are full, neighbours are joined
//! and each covers twice the steps. A bucket keeps its smallest, largest and last value, so that a spike of one step is
//! still seen after a week.

/// Some neighbouring steps of one measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The first and the last step that were measured in it.
    pub first_step: u64,
    pub last_step: u64,
    /// Over the finite values; NaN where there was none.
    pub min: f64,
    pub max: f64,
    /// The newest value, finite or not.
    pub last: f64,
    /// A value in it was not finite: lines are broken here.
    pub gap: bool,
}

impl Bucket {
    /// Its place on a line, which is broken where it is NaN.
    pub fn on_line(&self) -> f64 {
        if self.gap { f64::NAN } else { self.last }
    }

    fn of(step: u64, value: f64) -> Bucket {
        let finite = if value.is_finite() { value } else { f64::NAN };
        Bucket {
            first_step: step,
            last_step: step,
            min: finite,
            max: finite,
            last: value,
            gap: !value.is_finite(),
        }
    }

    /// Takes in a later bucket. `f64::min` and `max` pass NaN over, so that gaps don't hide the finite values.
    fn absorb(&mut self, later: &Bucket) {
        self.last_step = later.last_step;
        self.min = self.min.min(later.min);
        self.max = self.max.max(later.max);
        self.last = later.last;
        self.gap |= later.gap;
    }
}

/// A bounded history of one measure: at most `capacity` buckets, each of `span` steps.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    capacity: usize,
    span: u64,
    buckets: Vec<Bucket>,
}

impl History {
    /// At most `capacity` buckets (at least two).
    pub fn new(capacity: usize) -> History {
        History {
            capacity: capacity.max(2),
            span: 1,
            buckets: Vec::new(),
        }
    }

    /// Adds a value. Steps don't go back: an earlier step than the last counts as the last one's.
    pub fn push(&mut self, step: u64, value: f64) {
        let step = self.buckets.last().map_or(step, |b| step.max(b.last_step));
        let new = Bucket::of(step, value);
        match self.buckets.last_mut() {
            Some(last) if last.first_step / self.span == step / self.span => last.absorb(&new),
            _ => self.buckets.push(new),
        }
        while self.buckets.len() > self.capacity {
            self.halve();
        }
    }

    /// Doubles the span and joins the buckets that now share one.
    fn halve(&mut self) {
        self.span = self.span.saturating_mul(2);
        let span = self.span;
        self.buckets.dedup_by(|later, kept| {
            let joined = later.first_step / span == kept.first_step / span;
            if joined {
                kept.absorb(later);
            }
            joined
        });
    }

    /// Oldest first.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// Steps that one bucket covers now.
    pub fn span(&self) -> u64 {
        self.span
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The newest value, finite or not.
    pub fn last(&self) -> Option<f64> {
        self.buckets.last().map(|b| b.last)
    }

    /// Smallest and largest finite value of the whole history.
    pub fn range(&self) -> Option<(f64, f64)> {
        let (min, max) = self
            .buckets
            .iter()
            .fold((f64::NAN, f64::NAN), |(low, high), b| {
                (low.min(b.min), high.max(b.max))
            });
        min.is_finite().then_some((min, max))
    }

    /// The buckets from `first` to `last` (steps, inclusive), for a chart that is zoomed in.
    pub fn window(&self, first: u64, last: u64) -> &[Bucket] {
        let from = self.buckets.partition_point(|b| b.last_step < first);
        let to = self.buckets.partition_point(|b| b.first_step <= last);
        &self.buckets[from..to.max(from)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_every_step_while_there_is_room() {
        let mut history = History::new(8);
        (0..8).for_each(|s| history.push(s, s as f64));
        assert_eq!(history.span(), 1);
        assert_eq!(history.buckets().len(), 8);
        history.push(8, 8.0);
        assert_eq!(history.span(), 2);
        assert_eq!(history.buckets().len(), 5);
        assert_eq!(
            (history.buckets()[0].first_step, history.buckets()[0].last),
            (0, 1.0)
        );
    }

    #[test]
    fn a_spike_of_one_step_outlives_a_million() {
        let mut history = History::new(64);
        for step in 0..1_000_000 {
            history.push(step, if step == 777_777 { 1e9 } else { 1.0 });
        }
        assert!(history.buckets().len() <= 64);
        assert_eq!(history.range(), Some((1.0, 1e9)));
        let bucket = history.window(777_777, 777_777);
        assert_eq!(bucket.len(), 1);
        assert_eq!(bucket[0].max, 1e9);
    }

    #[test]
    fn values_that_are_not_finite_are_gaps_and_hide_nothing() {
        let mut history = History::new(2);
        [1.0, f64::NAN, 3.0, f64::INFINITY]
            .iter()
            .enumerate()
            .for_each(|(s, v)| history.push(s as u64, *v));
        assert!(history.buckets().iter().all(|b| b.gap));
        assert_eq!(history.range(), Some((1.0, 3.0)));
        assert_eq!(history.last(), Some(f64::INFINITY));
        let mut only = History::new(4);
        only.push(0, f64::NAN);
        assert_eq!(only.range(), None);
    }

    #[test]
    fn the_last_step_counts_too() {
        let mut history = History::new(4);
        for step in [0, u64::MAX / 2, u64::MAX - 1, u64::MAX, u64::MAX] {
            for value in 0..4 {
                history.push(step, f64::from(value));
            }
        }
        assert!(history.buckets().len() <= 4);
    }

    proptest! {
        #[test]
        fn bounded_ordered_and_true(steps in prop::collection::vec((0u64..5000, -1e3f64..1e3), 1..400), capacity in 2usize..40) {
            let mut history = History::new(capacity);
            let mut step = 0;
            for (gap, value) in &steps {
                step += gap;
                history.push(step, *value);
            }
            let buckets = history.buckets();
            prop_assert!(buckets.len() <= capacity);
            prop_assert!(buckets.windows(2).all(|w| w[0].last_step < w[1].first_step));
            let low = steps.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
            let high = steps.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!(history.range(), Some((low, high)));
            prop_assert_eq!(history.last(), steps.last().map(|s| s.1));
        }
    }
}
