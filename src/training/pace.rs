//! How many steps to take before looking at the clock and the mailbox, and what to measure of them. Only what is shown
//! depends on it, never what is computed.

use super::Detail;
use std::time::{Duration, Instant};

/// A frame about 30 times a second.
pub const FRAME: Duration = Duration::from_millis(33);
/// A look for commands about 120 times a second (each step, where steps take longer), and no more measured steps than that.
const BURST: Duration = Duration::from_millis(8);
/// What measuring takes longer than a step is at most this share of the time, 1 part in so many, of statistics, which every pane
/// shows, and of histograms, which cost ten times as much: both come to 3 % ...
const STATISTICS_SHARE: u32 = 50;
const HISTOGRAMS_SHARE: u32 = 100;
/// ... but a step is measured at least so often, and one with histograms.
const RAREST_STATS: Duration = Duration::from_millis(500);
const RAREST_HISTOGRAMS: Duration = Duration::from_secs(2);
/// A run's first steps, whose number has grown by this share since one was measured, are measured and evaluated too: a test
/// loss that turns within the first hundred of ten thousand steps a second would turn between two looks at the clock.
const GROWTH: u64 = 4;
/// Steps from which only the clock counts, and the longest that a step may take for their number to count: those first ones
/// are over within a second.
const FIRST_STEPS: u64 = 1_000;
const FAST_STEP: Duration = Duration::from_millis(1);
/// The test rows take at most this share of the time: 1 part in so many.
const EVALUATION_SHARE: u32 = 20;

/// A look at the data at most so often (what it changes on the screen has to be sent), and of the same share of the time.
const LOOK: Duration = Duration::from_millis(250);

/// When to measure a step: those that are cost so much more than the others that they must be few.
#[derive(Clone, Copy, Debug)]
pub struct Measuring {
    /// Time that steps took since one was measured so; `None` before the first.
    since: Option<Duration>,
    /// By how much longer such a step takes.
    extra: Option<Duration>,
    /// 1 part of the time in so many.
    share: u32,
    least: Duration,
    most: Duration,
}

impl Measuring {
    /// Of statistics: as often as every `least` where that is cheap, but at least every `most`, of the time that steps take.
    pub fn of_statistics(least: Duration, most: Duration) -> Measuring {
        Measuring::new(STATISTICS_SHARE, least, most)
    }
    fn new(share: u32, least: Duration, most: Duration) -> Measuring {
        Measuring {
            since: None,
            extra: None,
            share,
            least,
            most,
        }
    }
    fn pause(&self) -> Duration {
        (self.extra.unwrap_or_default() * self.share).clamp(self.least, self.most)
    }
    /// Whether the next step is to be measured.
    pub fn due(&self) -> bool {
        self.since.is_none_or(|since| since >= self.pause())
    }
    /// Steps took so long and were not measured so.
    pub fn passed(&mut self, took: Duration) {
        if let Some(since) = &mut self.since {
            *since += took;
        }
    }
    /// One was, and took so long where others take `plain`.
    pub fn measured(&mut self, took: Duration, plain: Option<Duration>) {
        self.since = Some(Duration::ZERO);
        if let Some(plain) = plain {
            let extra = took.saturating_sub(plain);
            // one that the system interrupted counts for little
            self.extra = Some(self.extra.map_or(extra, |old| (old * 3 + extra) / 4));
        }
    }
}

/// How many steps are taken between two looks at the clock.
#[derive(Clone, Copy, Debug)]
pub struct Burst {
    span: Duration,
    steps: u64,
    /// Of a step that is not measured.
    step_time: Option<Duration>,
}

impl Burst {
    /// As many steps as fit into `span`, one at first.
    pub fn of(span: Duration) -> Burst {
        Burst {
            span,
            steps: 1,
            step_time: None,
        }
    }
    pub fn steps(&self) -> u64 {
        self.steps
    }
    /// How long a step takes that is not measured; `None` before the first.
    pub fn step_time(&self) -> Option<Duration> {
        self.step_time
    }
    /// So many steps, none of them measured, took so long: adapts the next burst, at most doubling it.
    pub fn took(&mut self, steps: u64, took: Duration) {
        let a_step = took / u32::try_from(steps.max(1)).unwrap_or(u32::MAX);
        self.step_time = Some(a_step);
        let nanoseconds = a_step.as_nanos().max(1);
        let fitting = u64::try_from(self.span.as_nanos() / nanoseconds).unwrap_or(u64::MAX);
        let fitting = fitting.clamp(1, self.steps.saturating_mul(2));
        // what each burst takes beside its steps weighs on one that was cut short: it says nothing against longer ones
        let cut_short = steps < self.steps && took < self.span;
        self.steps = if cut_short {
            fitting.max(self.steps)
        } else {
            fitting
        };
    }
}

/// The cadence of one run.
#[derive(Debug)]
pub struct Pace {
    burst: Burst,
    shown: Instant,
    stats: Measuring,
    histograms: Measuring,
    evaluated: Instant,
    evaluation_time: Duration,
    /// Steps so far, and of them those when one was last measured.
    steps: u64,
    measured_at: u64,
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
            burst: Burst::of(BURST),
            shown: now,
            stats: Measuring::of_statistics(BURST, RAREST_STATS),
            histograms: Measuring::new(HISTOGRAMS_SHARE, FRAME, RAREST_HISTOGRAMS),
            evaluated: now,
            evaluation_time: Duration::ZERO,
            steps: 0,
            measured_at: 0,
            looked: None,
            look_time: Duration::ZERO,
            rows: 0,
            busy: Duration::ZERO,
            rows_per_second: 0.0,
        }
    }

    /// Steps of the next burst, and what to measure of its last one: a single step is measured, longer bursts are not, so that
    /// the two can be told apart by the clock. `watched`: the last frame was taken.
    pub fn next(&self, watched: bool) -> (u64, Detail) {
        if watched && self.histograms.due() {
            (1, Detail::Histograms)
        } else if self.stats.due() || self.until_grown() == Some(0) {
            (1, Detail::Stats)
        } else {
            let most = self.until_grown().unwrap_or(u64::MAX);
            (self.burst.steps().min(most), Detail::Loss)
        }
    }

    /// Steps from here to the one that is measured because their number has grown so far; `None` where the clock alone counts.
    fn until_grown(&self) -> Option<u64> {
        let fast = self.burst.step_time().is_some_and(|took| took <= FAST_STEP);
        let next = self.measured_at + self.measured_at / GROWTH;
        (fast && self.steps < FIRST_STEPS).then(|| next.saturating_sub(self.steps))
    }

    /// Takes note of a burst, of which one that was measured is a single step.
    pub fn advanced(&mut self, steps: u64, rows: u64, took: Duration, detail: Detail) {
        if steps == 0 {
            return;
        }
        self.rows += rows;
        self.busy += took;
        self.steps += steps;
        if detail != Detail::Loss {
            self.measured_at = self.steps;
        }
        let plain = self.burst.step_time();
        match detail {
            Detail::Loss => {
                self.stats.passed(took);
                self.histograms.passed(took);
                self.burst.took(steps, took);
            }
            Detail::Stats => {
                self.stats.measured(took, plain);
                self.histograms.passed(took);
            }
            Detail::Histograms => {
                // it has the statistics too, whatever those alone would have taken
                self.stats.measured(Duration::ZERO, None);
                self.histograms.measured(took, plain);
            }
        }
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
        if self.until_grown().is_some() && self.evaluation_time <= FAST_STEP {
            return true;
        }
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

    /// As [`over`] a second.
    fn a_second(plain: u64, stats: u64, histograms: u64, watched: bool) -> [u32; 2] {
        over(1, plain, stats, histograms, watched)
    }

    /// Lets steps of so many microseconds, and so many more where they are measured, run for some seconds; returns how many were
    /// measured in either way.
    fn over(seconds: u64, plain: u64, stats: u64, histograms: u64, watched: bool) -> [u32; 2] {
        let mut pace = Pace::new(Instant::now());
        let mut measured = [0, 0];
        let mut clock = 0;
        while clock < 1_000_000 * seconds {
            let (steps, detail) = pace.next(watched);
            let took = match detail {
                Detail::Loss => steps * plain,
                Detail::Stats => {
                    measured[0] += 1;
                    plain + stats
                }
                Detail::Histograms => {
                    measured[1] += 1;
                    plain + histograms
                }
            };
            clock += took;
            pace.advanced(steps, steps, Duration::from_micros(took), detail);
        }
        measured
    }

    #[test]
    fn bursts_grow_to_the_clock_and_shrink_at_once() {
        let mut pace = Pace::new(Instant::now());
        for _ in 0..40 {
            let (steps, detail) = pace.next(true);
            pace.advanced(steps, steps, Duration::from_micros(steps), detail);
        }
        assert_eq!(pace.burst.steps(), 8000);
        pace.advanced(8000, 8000, Duration::from_secs(80), Detail::Loss);
        assert_eq!(pace.burst.steps(), 1);
    }

    #[test]
    fn bursts_that_are_cut_short_only_grow() {
        let mut burst = Burst::of(BURST);
        for _ in 0..5 {
            burst.took(burst.steps(), Duration::from_micros(burst.steps()));
        }
        assert_eq!(burst.steps(), 32);
        burst.took(1, Duration::from_millis(4));
        assert_eq!(burst.steps(), 32);
        assert_eq!(burst.step_time(), Some(Duration::from_millis(4)));
        burst.took(1, Duration::from_micros(1));
        assert_eq!(burst.steps(), 64);
    }

    #[test]
    fn measuring_takes_a_small_share_of_the_time() {
        // cheap: as often as the screen can show them
        let [stats, histograms] = a_second(10, 1, 3, true);
        assert!(
            stats + histograms > 100 && histograms > 20,
            "{stats} {histograms}"
        );
        // a fifth of a step more, and once as much again
        let [stats, histograms] = a_second(30_000, 6_000, 30_000, true);
        assert!(
            (3..=6).contains(&stats) && (1..=2).contains(&histograms),
            "{stats} {histograms}"
        );
        assert_eq!(
            a_second(30_000, 6_000, 30_000, false)[1],
            0,
            "nobody watches"
        );
        // steps that take longer than the rarest
        let [stats, _] = a_second(200_000, 200_000, 0, false);
        assert!(stats >= 2, "{stats}");
    }

    /// All telemetry of a run that is watched, by the figures of three deep networks.
    #[test]
    fn all_that_is_measured_takes_at_most_three_hundredths_of_the_time() {
        for (plain, stats, histograms) in [
            (470, 270, 2_900),
            (1_000, 450, 4_400),
            (7_700, 4_300, 24_000),
        ] {
            let seconds = 60;
            let [some, all] = over(seconds, plain, stats, histograms, true);
            let measuring = u64::from(some) * stats + u64::from(all) * histograms;
            let share = measuring as f64 / (seconds * 1_000_000) as f64;
            assert!((0.01..=0.03).contains(&share), "{plain}: {share}");
        }
    }

    #[test]
    fn first_steps_are_measured_by_their_number() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let mut at = Vec::new();
        while pace.steps < 2 * FIRST_STEPS {
            let (steps, detail) = pace.next(false);
            pace.advanced(steps, steps, Duration::from_nanos(100 * steps), detail);
            if detail != Detail::Loss {
                at.push(pace.steps);
                let counts = pace.burst.step_time().is_some() && pace.steps < FIRST_STEPS;
                assert_eq!(pace.evaluation_due(start), counts);
            }
        }
        let until = |most: u64| at.iter().filter(|step| **step <= most).count();
        assert!(until(10) >= 5 && until(100) >= 15, "{at:?}");
        assert!(at.len() <= 40, "{at:?}");
        pace = Pace::new(start);
        pace.advanced(1, 1, Duration::from_millis(30), Detail::Loss);
        assert_eq!(pace.until_grown(), None, "slow steps go by the clock");
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
}
