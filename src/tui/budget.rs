//! How often training may draw: not faster than the eye, than the link, or than a link that others share should carry.

use std::time::{Duration, Instant};

/// Most frames a second.
const FRAME: Duration = Duration::from_millis(33);
/// Bytes a second that frames may take in the long run.
const RATE: f64 = 18_000.0;
/// Bytes that may be sent at once after a quiet while: the first screen and what moves on it.
const BURST: f64 = 24_000.0;

/// The longest rest after a slow write.
const CATCH_UP: Duration = Duration::from_millis(500);

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
    /// A frame of so many bytes, begun at `start`, has been written by `end`. Returns when the next may begin: a slow write
    /// takes its own time three times over, so that a link is never full; after one that hung, the present is shown within
    /// [`CATCH_UP`].
    pub fn spend(&mut self, bytes: usize, start: Instant, end: Instant) -> Instant {
        let quiet = start.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + quiet * RATE).min(BURST) - bytes as f64;
        self.at = start;
        let wait = Duration::from_secs_f64((-self.left / RATE).max(0.0));
        let took = end.saturating_duration_since(start);
        start + FRAME.max(took + CATCH_UP.min(took * 2)).max(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_kept_in_the_long_run_and_the_first_frames_go_at_once() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        let mut now = budget.spend(9_000, zero, zero);
        assert_eq!(now, zero + FRAME);
        let mut sent = 9_000;
        while now < zero + Duration::from_secs(60) {
            sent += 2_000;
            now = budget.spend(2_000, now, now);
        }
        let a_second = f64::from(sent) / now.duration_since(zero).as_secs_f64();
        assert!(a_second < 20_000.0, "{a_second}");
        assert!(a_second > 17_000.0, "{a_second}");
    }

    #[test]
    fn small_frames_come_at_the_frame_rate_and_slow_writes_less_often() {
        let zero = Instant::now();
        let mut budget = Budget::new(zero);
        assert_eq!(budget.spend(300, zero, zero), zero + FRAME);
        let slow = zero + Duration::from_millis(100);
        let next = budget.spend(300, zero, slow);
        assert_eq!(next, zero + Duration::from_millis(300));
        let stalled = zero + Duration::from_secs(60);
        assert_eq!(budget.spend(300, zero, stalled), stalled + CATCH_UP);
    }
}
