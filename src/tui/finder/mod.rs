//! The learning-rate finder: a sweep beside the present run, read as it comes, and its suggestion taken over as an edit.

pub mod view;

use crate::experiment::Experiment;
use crate::insight::rates::{Reading, read};
use crate::training::{Sweep, SweepState};

pub struct Finder {
    /// What is swept; the present experiment may be another by the time it ends.
    pub experiment: Experiment,
    pub sweep: Sweep,
    pub reading: Reading,
    /// The step whose rate the person has moved the marker to.
    chosen: Option<usize>,
}

impl Finder {
    pub fn new(experiment: Experiment) -> Self {
        Self {
            experiment,
            sweep: Sweep {
                rates: Vec::new(),
                losses: Vec::new(),
                state: SweepState::Loading("starting".into()),
            },
            reading: Reading::default(),
            chosen: None,
        }
    }

    pub fn take(&mut self, sweep: Sweep) {
        self.reading = read(&sweep.rates, &sweep.losses);
        self.sweep = sweep;
    }

    /// The step under the marker: chosen by hand, else suggested.
    pub fn marked(&self) -> Option<usize> {
        let suggested = self.reading.suggestion.map(|s| s.steepest);
        self.chosen
            .or(suggested)
            .filter(|i| *i < self.sweep.rates.len())
    }

    /// The rate under the marker, to two digits.
    pub fn rate(&self) -> Option<f64> {
        Some(two_digits(*self.sweep.rates.get(self.marked()?)?))
    }

    pub fn is_moved(&self) -> bool {
        self.chosen.is_some()
    }

    pub fn move_marker(&mut self, by: isize) {
        let Some(last) = self.sweep.rates.len().checked_sub(1) else {
            return;
        };
        let now = self.marked().unwrap_or(last);
        self.chosen = Some(now.saturating_add_signed(by).min(last));
    }
}

/// As a person would type it.
pub fn shown(rate: f64) -> String {
    let rate = two_digits(rate);
    if (1e-3..1e4).contains(&rate) {
        rate.to_string()
    } else {
        format!("{rate:e}")
    }
}

/// As a person would write it: no more digits than the sweep can tell.
fn two_digits(rate: f64) -> f64 {
    format!("{rate:.1e}").parse().unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::schedule::Schedule;
    use crate::tui::samples;

    #[test]
    fn a_rate_goes_where_it_counts() {
        let mut base = samples::experiment();
        base.training.set_learning_rate(0.03);
        assert_eq!(base.training.learning_rate(), 0.03);
        base.training.schedule = Schedule::OneCycle {
            steps: 100,
            max: 1.0,
        };
        let mut next = base.clone();
        next.training.set_learning_rate(0.03);
        assert_eq!(next.training.learning_rate(), 0.03);
        assert_eq!(next.training.optimizer, base.training.optimizer);
        assert_eq!(two_digits(0.017_782), 0.018);
        assert_eq!(
            (shown(0.01), shown(1.2e-5)),
            ("0.01".into(), "1.2e-5".into())
        );
    }
}
