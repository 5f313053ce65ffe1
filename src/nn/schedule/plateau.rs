//! The state of a `plateau` schedule: PyTorch's ReduceLROnPlateau (mode min, relative threshold).

use super::Schedule;

/// A loss is better only if it is below the best by this share.
const THRESHOLD: f64 = 1e-4;
/// A cut that would change the rate by less is not made.
const LEAST_CHANGE: f64 = 1e-8;

/// What a run remembers for its `plateau` schedule; kept in checkpoints. Other schedules leave it as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    /// Product of the cuts so far: the factor of the learning rate.
    pub scale: f64,
    /// Lowest loss so far.
    pub best: f64,
    /// Epochs since then.
    pub bad: u64,
}

impl Default for Plateau {
    fn default() -> Self {
        Plateau {
            scale: 1.0,
            best: f64::INFINITY,
            bad: 0,
        }
    }
}

impl Plateau {
    /// Takes the loss of one more epoch. `base` is the optimizer's own learning rate. Says whether the rate was cut: that
    /// happens when more than `patience` epochs in a row were no better (Keras acts one epoch earlier).
    pub fn report(&mut self, schedule: &Schedule, base: f64, loss: f64) -> bool {
        let Schedule::Plateau { factor, patience } = *schedule else {
            return false;
        };
        if loss < self.best * (1.0 - THRESHOLD) {
            self.best = loss;
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.bad <= patience as u64 {
            return false;
        }
        self.bad = 0;
        let rate = base * self.scale;
        let cut = rate - rate * factor > LEAST_CHANGE;
        if cut {
            self.scale *= factor;
        }
        cut
    }
}
