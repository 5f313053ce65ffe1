//! What two members of a descent need beside the layers.

use super::MOST;
use crate::nn::kernel::{Blocked, GROUP, Real};

/// Two members' room for what they make on their way, of layers of so many units and inputs at the most.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room<T: Real> {
    pub(super) halves: [HalfRoom<T>; 2],
    /// The sums of squares of all groups of rows, of all layers that go down in one go.
    pub(super) squares: Vec<f64>,
}

/// A member's.
#[derive(Clone, Debug, Default)]
pub(super) struct HalfRoom<T: Real> {
    /// The delta of the units that it owns.
    pub own: Blocked<T>,
    /// Its part of the delta below, of the units that it owns.
    pub kept: Blocked<T>,
    /// And of those that the other owns, to whom it goes; what comes from there is the next one's.
    pub handed: Blocked<T>,
}

const BUFFERS: usize = 2 * 3;

/// The most units that are a member's own of so many or fewer.
fn most(units: usize) -> usize {
    units.div_ceil(2 * GROUP) * GROUP
}

impl<T: Real> Room<T> {
    pub fn new(units: usize, rows: usize) -> Self {
        let each = || Blocked::zeros(most(units), rows);
        let half = || HalfRoom {
            own: each(),
            kept: each(),
            handed: each(),
        };
        Self {
            halves: [half(), half()],
            squares: vec![0.0; MOST * units.div_ceil(GROUP)],
        }
    }
    /// Bytes that it takes.
    pub fn bytes(units: usize, rows: usize) -> usize {
        let squares = (MOST * size_of::<f64>()).saturating_mul(units.div_ceil(GROUP));
        Blocked::<T>::bytes(most(units), rows)
            .saturating_mul(BUFFERS)
            .saturating_add(squares)
    }
}
