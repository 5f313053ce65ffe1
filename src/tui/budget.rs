//! How often a frame may be drawn: not faster than the eye, than the link, or than a link that others share should carry.

use std::time::{Duration, Instant};

/// Most frames a second.
const FRAME: Duration = Duration::from_millis(33);
/// Bytes a second that frames may take in the long run.
const RATE: f64 = 18_000.0;
/// Bytes that may be sent at once after a quiet while: the first screen and what moves on it.
const BURST: f64 = 24_000.0;
/// Most bytes that are owed: what half a second pays. What a hand has asked for is not waited for any longer.
const DEBT: f64 = RATE / 2.0;
/// Bytes a second that a hand which goes on and on (a held key, a border being dragged) may take beyond that.
const BY_HAND: f64 = 60_000.0;
/// The longest rest that it is given between two frames.
const REST: Duration = Duration::from_millis(100);

/// The longest rest after a slow write.
const CATCH_UP: Duration = Duration::from_millis(500);

/// What a frame is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A key or the mouse.
    Hand,
    /// Something that the person waits for: what came of a command, a file, an answer.
    Outcome,
    /// Training went on.
    Training,
}

/// When the next frame may begin.
#[derive(Clone, Copy, Debug)]
pub struct Due {
    hand: Instant,
    outcome: Instant,
    training: Instant,
}

impl Due {
    pub fn at(now: Instant) -> Self {
        Self {
            hand: now,
            outcome: now,
            training: now,
        }
    }

    pub fn of(&self, cause: Cause) -> Instant {
        match cause {
            Cause::Hand => self.hand,
            Cause::Outcome => self.outcome,
            Cause::Training => self.training,
        }
    }
}

/// A bucket of bytes that fills at [`RATE`]; frames are drawn from it.
#[derive(Clone, Debug)]
pub struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn new(now: Instant) -> Self {
        Self {
            left: BURST,
            at: now,
        }
    }
    /// A frame of so many bytes, begun at `start`, has been written by `end`. Returns when the next may begin. Training's: a
    /// slow write takes its own time three times over, so that a link is never full; after one that hung, the present is shown
    /// within [`CATCH_UP`]. A key is answered at once; where keys have used up what half a second pays, each frame takes its
    /// time at [`BY_HAND`], and what is pressed meanwhile is shown by one.
    pub fn spend(&mut self, bytes: usize, start: Instant, end: Instant) -> Due {
        let quiet = start.saturating_duration_since(self.at).as_secs_f64();
        let left = (self.left + quiet * RATE).min(BURST) - bytes as f64;
        (self.left, self.at) = (left.max(-DEBT), start);
        let rest = match left < -DEBT {
            true => REST.min(Duration::from_secs_f64(bytes as f64 / BY_HAND)),
            false => Duration::ZERO,
        };
        let wait = Duration::from_secs_f64((-self.left / RATE).max(0.0));
        let took = end.saturating_duration_since(start);
        Due {
            hand: start + rest,
            outcome: start + FRAME.max(rest),
            training: start + FRAME.max(took + CATCH_UP.min(took * 2)).max(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_in_the_long_run_and_the_first_frames_go_at_once() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        let mut now = budget.spend(9_000, zero, zero).training;
        assert_eq!(now, zero + FRAME);
        let mut sent = 9_000;
        while now < zero + Duration::from_secs(60) {
            sent += 2_000;
            now = budget.spend(2_000, now, now).training;
        }
        let a_second = f64::from(sent) / now.duration_since(zero).as_secs_f64();
        assert!(a_second < 20_000.0, "{a_second}");
        assert!(a_second > 17_000.0, "{a_second}");
    }

    #[test]
    fn small_frames_come_at_the_frame_rate_and_slow_writes_less_often() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        let next = budget.spend(300, zero, zero);
        assert_eq!((next.hand, next.training), (zero, zero + FRAME));
        let slow = zero + Duration::from_millis(100);
        let next = budget.spend(300, zero, slow).training;
        assert_eq!(next, zero + Duration::from_millis(300));
        let stalled = zero + Duration::from_secs(60);
        let next = budget.spend(300, zero, stalled).training;
        assert_eq!(next, stalled + CATCH_UP);
    }

    /// A border dragged for so long sends 6.6 kB thirty times a second, if nothing holds it back.
    fn drag(budget: &mut Budget, from: Instant, seconds: u64) -> (Due, Instant, usize) {
        let (mut now, mut sent, mut due) = (from, 0, Due::at(from));
        while now < from + Duration::from_secs(seconds) {
            if now >= due.of(Cause::Hand) {
                due = budget.spend(6_600, now, now);
                sent += 6_600;
            }
            now += FRAME;
        }
        (due, now, sent)
    }

    #[test]
    fn after_many_keys_training_is_shown_again_within_half_a_second() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        let (due, last, _) = drag(&mut budget, zero, 60);
        assert!(due.of(Cause::Training) <= last + Duration::from_millis(500));
        assert!(due.of(Cause::Outcome) <= last + REST);
    }

    #[test]
    fn a_hand_that_goes_on_and_on_is_given_a_tenth_of_a_second_a_frame_and_a_single_key_none() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        let (due, last, sent) = drag(&mut budget, zero, 3);
        assert!((150_000..270_000).contains(&sent), "{sent}");
        assert!(due.of(Cause::Hand) <= last + REST);
        // Training has used up what there was, and no more.
        let mut next = budget.spend(300, due.training, due.training);
        for _ in 0..100 {
            next = budget.spend(2_000, next.training, next.training);
        }
        assert!(next.of(Cause::Hand) <= next.of(Cause::Training));
        let key = next.training - FRAME / 2;
        let next = budget.spend(6_600, key, key);
        assert_eq!(next.of(Cause::Hand), key);
    }
}
