//! What a run has measured, in bounded memory: what a resumed run shows of the time before.

use super::Point;
use super::mailbox::{max_points, stands_out};

/// Points of a run at even strides; when there are too many, the stride is doubled. Of the points that share a stride the
/// newest stays, unless an earlier one stands out.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    points: Vec<Point>,
    /// Steps of one stride.
    span: u64,
}

impl Default for Log {
    fn default() -> Log {
        Log {
            points: Vec::new(),
            span: 1,
        }
    }
}

impl Log {
    /// A log as it was saved.
    pub fn of(points: Vec<Point>, span: u64) -> Log {
        Log {
            points,
            span: span.max(1),
        }
    }

    /// Adds a point of a later step than all before.
    pub fn push(&mut self, point: Point) {
        let room = max_points(point.weight());
        match self.points.last_mut() {
            Some(last) if last.step / self.span == point.step / self.span => {
                if !stands_out(last, &point) {
                    *last = point;
                }
            }
            _ => self.points.push(point),
        }
        while self.points.len() > room {
            self.span = self.span.saturating_mul(2);
            let span = self.span;
            self.points.dedup_by(|later, kept| {
                let joined = later.step / span == kept.step / span;
                if joined && !stands_out(kept, later) {
                    std::mem::swap(kept, later);
                }
                joined
            });
        }
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn span(&self) -> u64 {
        self.span
    }

    pub fn last_mut(&mut self) -> Option<&mut Point> {
        self.points.last_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Score;

    #[test]
    fn bounded_even_and_spikes_kept() {
        let mut log = Log::default();
        for step in 0..100_000 {
            let loss = if step == 31_337 { 1e6 } else { 1.0 };
            log.push(Point {
                step,
                train: Score {
                    loss,
                    accuracy: None,
                },
                ..Point::default()
            });
        }
        let points = log.points();
        assert!(points.len() <= max_points(0) && points.len() >= max_points(0) / 2);
        assert!(
            points
                .windows(2)
                .all(|w| w[1].step - w[0].step <= 2 * log.span())
        );
        assert!(points.iter().any(|p| p.train.loss == 1e6));
    }
}
