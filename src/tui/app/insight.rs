//! What theory, verdict and advice say of the present experiment and run.

use super::{App, NetworkRow};
use crate::tui::measure::Measure;

impl App {
    /// Whether a layer departs from the recommended pair of activation and initializer.
    pub fn departs(&self, _row: NetworkRow) -> bool {
        false
    }
    pub fn has_theory(&self) -> bool {
        false
    }
    pub fn predicted(&self, _layer: usize, _measure: Measure) -> Option<f64> {
        None
    }
}
