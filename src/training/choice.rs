//! On how many threads a run steps: on one, or on all that it may have, whichever a trial finds faster. The trial comes at
//! the run's start and again now and then, because what else the machine does changes. No number of the run depends on it.

use super::pool::Pool;
use crate::nn::kernel::Team;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

/// Multiply-adds of a step below which one thread is taken without a trial: some tens of microseconds, in which waiting for
/// another core gains nothing.
const LEAST_WORK: usize = 1 << 19;
/// The most threads that are tried unasked.
const MOST: usize = 4;
/// Steps that only warm caches and buffers.
const WARM: u32 = 2;
/// A stretch of steps on one side, as long as the system lets others run in between, and how many stretches each side has.
const STRETCH: Duration = Duration::from_millis(10);
const STRETCHES: u32 = 5;
/// So many stretches of each side will do where one takes this many times as long as the other.
const FEW: u32 = 2;
const CLEAR: f64 = 1.25;
/// Threads have to save this share of a step, or the core is left to others.
const GAIN: f64 = 0.05;
/// From one trial to the next: so many times what the trial took, at first and at most. A verdict is looked at again soon, and
/// each time that it is found again half as often: what disturbed a short trial is not to decide for long.
const FIRST_PAUSE: u32 = 8;
const PAUSE: u32 = 64;

/// Which side of the trial a step is taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Alone,
    Together,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Alone => Side::Together,
            Side::Together => Side::Alone,
        }
    }
}

/// Trials in turns, so that whatever else the machine does falls on both sides, and pauses on the faster side.
#[derive(Clone, Copy, Debug)]
struct Watch {
    warm: u32,
    /// Which the next step is taken on.
    side: Side,
    /// What is left of the pause; `None` during a trial.
    pause: Option<Duration>,
    /// How many times what the next trial takes is paused for, if its verdict is the last one's.
    times: u32,
    /// Of the stretch under way.
    steps: u32,
    time: Duration,
    /// Of the trial.
    stretches: u32,
    /// Steps and time of each side.
    total: [(u32, Duration); 2],
}

impl Watch {
    fn new() -> Watch {
        Watch {
            warm: WARM,
            side: Side::Together,
            pause: None,
            times: FIRST_PAUSE,
            steps: 0,
            time: Duration::ZERO,
            stretches: 0,
            total: [(0, Duration::ZERO); 2],
        }
    }
    /// Takes in a step's time and says on which side the next one goes.
    fn took(&mut self, time: Duration) {
        if self.warm > 0 {
            self.warm -= 1;
        } else if let Some(left) = self.pause {
            self.pause = Some(left.saturating_sub(time)).filter(|left| !left.is_zero());
        } else {
            self.try_out(time);
        }
    }
    fn try_out(&mut self, time: Duration) {
        self.steps += 1;
        self.time += time;
        if self.time < STRETCH {
            return;
        }
        let (steps, total) = &mut self.total[self.side as usize];
        *steps += self.steps;
        *total += self.time;
        (self.steps, self.time) = (0, Duration::ZERO);
        self.stretches += 1;
        self.side = self.side.other();
        if self.stretches < 2 * FEW || !self.stretches.is_multiple_of(2) {
            return;
        }
        let each = self
            .total
            .map(|(steps, time)| time.as_secs_f64() / f64::from(steps));
        let [alone, together] = each;
        let clear = alone > CLEAR * together || together > CLEAR * alone;
        if !clear && self.stretches < 2 * STRETCHES {
            return;
        }
        let lasted: Duration = self.total.iter().map(|(_, time)| *time).sum();
        let side = match together < alone * (1.0 - GAIN) {
            true => Side::Together,
            false => Side::Alone,
        };
        // a trial ends on the side where it began: that of the last verdict
        let times = match side == self.side {
            true => self.times,
            false => FIRST_PAUSE,
        };
        *self = Watch {
            warm: 0,
            side,
            pause: Some(lasted * times),
            times: (2 * times).min(PAUSE),
            ..Watch::new()
        };
    }
}

/// The threads of a run.
#[derive(Debug)]
pub struct Choice {
    together: Option<(Arc<Pool>, Watch)>,
}

impl Choice {
    /// `most`: the user's number, or the program's own where there is none; `work`: multiply-adds of a step.
    pub fn new(most: Option<usize>, work: usize) -> Choice {
        let found = || available_parallelism().map_or(1, NonZero::get).min(MOST);
        let threads = match work {
            0..LEAST_WORK => 1,
            _ => most.unwrap_or_else(found),
        };
        Choice {
            together: (threads > 1).then(|| (Arc::new(Pool::new(threads)), Watch::new())),
        }
    }
    /// Threads that a step may be taken on.
    pub fn most(&self) -> usize {
        self.together.as_ref().map_or(1, |(pool, _)| pool.members())
    }
    /// Who shares the next step.
    pub fn team(&self) -> Option<Arc<dyn Team>> {
        match &self.together {
            Some((pool, watch)) if watch.side == Side::Together => {
                Some(Arc::clone(pool) as Arc<dyn Team>)
            }
            _ => None,
        }
    }
    /// Whether steps are to be timed.
    pub fn watches(&self) -> bool {
        self.together.is_some()
    }
    /// Takes in the time of a step; whether [`Choice::team`] is now another.
    pub fn took(&mut self, time: Duration) -> bool {
        let Some((_, watch)) = &mut self.together else {
            return false;
        };
        let before = watch.side;
        watch.took(time);
        watch.side != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that take so many microseconds on either side, until `end` of a trial.
    fn trial(watch: &mut Watch, alone: u64, together: u64) -> Side {
        for _ in 0..1_000_000 {
            let trying = watch.pause.is_none();
            watch.took(Duration::from_micros(match watch.side {
                Side::Alone => alone,
                Side::Together => together,
            }));
            if trying && watch.pause.is_some() {
                return watch.side;
            }
        }
        panic!("no end to the trial");
    }

    #[test]
    fn the_faster_side_wins_and_a_draw_is_one_thread() {
        let decide = |alone, together| trial(&mut Watch::new(), alone, together);
        assert_eq!(decide(1000, 600), Side::Together);
        assert_eq!(decide(1000, 1000), Side::Alone);
        assert_eq!(decide(50, 70), Side::Alone);
        assert_eq!(decide(100_000, 55_000), Side::Together);
    }

    #[test]
    fn a_clear_trial_is_short() {
        let steps = |alone, together| {
            let mut watch = Watch::new();
            let mut steps = [0; 2];
            while watch.pause.is_none() {
                steps[watch.side as usize] += 1;
                watch.took(Duration::from_millis(match watch.side {
                    Side::Alone => alone,
                    Side::Together => together,
                }));
            }
            steps
        };
        let warm = WARM as usize;
        assert_eq!(steps(100, 55), [2, warm + 2]);
        assert_eq!(steps(55, 100), [2, warm + 2]);
        assert_eq!(steps(100, 90), [5, warm + 5]);
    }

    #[test]
    fn a_later_trial_can_turn_the_choice() {
        let mut watch = Watch::new();
        assert_eq!(trial(&mut watch, 1000, 600), Side::Together);
        assert_eq!(trial(&mut watch, 1000, 27_000), Side::Alone);
        assert_eq!(trial(&mut watch, 1000, 600), Side::Together);
    }

    #[test]
    fn a_verdict_is_looked_at_again_soon_and_ever_more_seldom_while_it_stays() {
        let mut watch = Watch::new();
        // pauses in the time of their trials
        let mut pause = |alone, together| {
            trial(&mut watch, alone, together);
            let lasted = Duration::from_millis(10) * (2 * FEW);
            (watch.pause.unwrap().as_secs_f64() / lasted.as_secs_f64()).round()
        };
        let same = [pause(1000, 2000), pause(1000, 2000), pause(1000, 2000)];
        assert_eq!(same, [8.0, 16.0, 32.0]);
        assert_eq!(pause(1000, 500), 8.0);
        for _ in 0..4 {
            pause(1000, 500);
        }
        assert_eq!(pause(1000, 500), 64.0);
    }

    #[test]
    fn small_networks_and_one_thread_have_no_pool() {
        assert!(!Choice::new(None, 1000).watches());
        assert!(!Choice::new(Some(2), 1000).watches());
        assert!(!Choice::new(Some(1), usize::MAX).watches());
        let two = Choice::new(Some(2), usize::MAX);
        assert_eq!((two.most(), two.watches()), (2, true));
    }
}
