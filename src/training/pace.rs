//! How many steps to take before looking at the clock and the mailbox, and what to measure of them. Only what is shown
//! depends on it, never what is computed.

use super::Detail;
use std::time::{Duration, Instant};

/// A frame about 30 times a second.
pub const FRAME: Duration = Duration::from_millis(33);
/// A point, and a look for commands, about 120 times a second (each step, where steps take longer).
const BURST: Duration = Duration::from_millis(8);
/// Histograms cost up to half a step: at most every so many steps' time ...
const STEPS_A_HISTOGRAM: u32 = 15;
/// ... but never more rarely than this.
const RAREST_HISTOGRAM: Duration = Duration::from_secs(1);
/// The test rows take at most this share of the time: 1 part in so many.
const EVALUATION_SHARE: u32 = 20;

/// A look at the data at most so often (what it changes on the screen has to be sent), and of the same share of the time.
const LOOK: Duration = Duration::from_millis(250);

/// The cadence of one run.
#[derive(Debug)]
pub struct Pace {
    burst: u64,
    step_time: Duration,
    shown: Instant,
    histogram: Option<Instant>,
    evaluated: Instant,
    evaluation_time: Duration,
    looked: Option<Instant>,
    look_time: Duration,
    /// Rows and time since the last frame, for the rate.
    rows: u64,
    busy: Duration,
    rows_per_second: f64,
}

impl Pace {
    pub fn new(now: Instant) -> Pace {
        Pace {
            burst: 1,
            step_time: Duration::ZERO,
            shown: now,
            histogram: None,
            evaluated: now,
            evaluation_time: Duration::ZERO,
            looked: None,
            look_time: Duration::ZERO,
            rows: 0,
            busy: Duration::ZERO,
            rows_per_second: 0.0,
        }
    }

    /// Steps of the next burst, and what to measure of its last one. `watched`: the last frame was taken.
    pub fn next(&self, now: Instant, watched: bool) -> (u64, Detail) {
        let rarely = (self.step_time * STEPS_A_HISTOGRAM).clamp(FRAME, RAREST_HISTOGRAM);
        let due = self
            .histogram
            .is_none_or(|last| now + BURST >= last + rarely);
        let detail = if watched && due {
            Detail::Histograms
        } else {
            Detail::Stats
        };
        (self.burst, detail)
    }

    /// Takes note of a burst: adapts the next one's length to the clock, at most doubling it.
    pub fn advanced(
        &mut self,
        steps: u64,
        rows: u64,
        took: Duration,
        detail: Detail,
        now: Instant,
    ) {
        if detail == Detail::Histograms {
            self.histogram = Some(now);
        }
        if steps == 0 {
            return;
        }
        self.rows += rows;
        self.busy += took;
        self.step_time = took / u32::try_from(steps).unwrap_or(u32::MAX);
        let nanoseconds = self.step_time.as_nanos().max(1);
        let fitting = u64::try_from(BURST.as_nanos() / nanoseconds).unwrap_or(u64::MAX);
        self.burst = fitting.clamp(1, self.burst.saturating_mul(2));
    }

    /// Whether a frame is due.
    pub fn frame_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.shown) >= FRAME
    }

    /// A frame goes out: the rate over the time since the last one, smoothed a little.
    pub fn frame(&mut self, now: Instant) -> f64 {
        self.shown = now;
        if self.busy >= FRAME / 2 {
            let rate = self.rows as f64 / self.busy.as_secs_f64();
            self.rows_per_second = if self.rows_per_second > 0.0 {
                0.7 * self.rows_per_second + 0.3 * rate
            } else {
                rate
            };
            (self.rows, self.busy) = (0, Duration::ZERO);
        }
        self.rows_per_second
    }

    /// Whether the test rows can be afforded.
    pub fn evaluation_due(&self, now: Instant) -> bool {
        let rarely = FRAME.max(self.evaluation_time * EVALUATION_SHARE);
        now.saturating_duration_since(self.evaluated) >= rarely
    }

    pub fn evaluation(&mut self, took: Duration, now: Instant) {
        self.evaluated = now;
        self.evaluation_time = took;
    }

    /// What is looked for has changed: the next look is due at once.
    pub fn look_anew(&mut self) {
        self.looked = None;
    }

    /// Whether a look at the data can be afforded.
    pub fn look_due(&self, now: Instant) -> bool {
        let rarely = LOOK.max(self.look_time * EVALUATION_SHARE);
        self.looked
            .is_none_or(|last| now.saturating_duration_since(last) >= rarely)
    }

    pub fn look(&mut self, took: Duration, now: Instant) {
        self.looked = Some(now);
        self.look_time = took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_grow_to_the_clock_and_shrink_at_once() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for _ in 0..20 {
            let (steps, _) = pace.next(start, true);
            let took = Duration::from_micros(steps);
            pace.advanced(steps, steps, took, Detail::Stats, start);
        }
        assert_eq!(pace.next(start, true).0, 8000);
        pace.advanced(8000, 8000, Duration::from_secs(80), Detail::Stats, start);
        assert_eq!(pace.next(start, true).0, 1);
    }

    #[test]
    fn looks_take_a_small_share_of_the_time() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!(pace.look_due(start), "the first one at once");
        pace.look(Duration::from_millis(1), start);
        assert!(!pace.look_due(start + LOOK / 2) && pace.look_due(start + LOOK));
        pace.look(Duration::from_secs(1), start);
        assert!(!pace.look_due(start + Duration::from_secs(19)));
        assert!(pace.look_due(start + Duration::from_secs(20)));
    }

    #[test]
    fn histograms_only_where_somebody_watches_and_not_of_every_step() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert_eq!(pace.next(start, false).1, Detail::Stats);
        assert_eq!(pace.next(start, true).1, Detail::Histograms);
        pace.advanced(1, 1, Duration::from_millis(10), Detail::Histograms, start);
        assert_eq!(pace.next(start + FRAME, true).1, Detail::Stats);
        assert_eq!(pace.next(start + FRAME * 5, true).1, Detail::Histograms);
    }
}
