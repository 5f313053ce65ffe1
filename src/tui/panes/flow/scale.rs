//! The scale that all rows of layers share: decades for magnitudes; parts of the whole for shares; both signs for means.

use crate::tui::app::App;
use crate::tui::measure::Measure;
use crate::tui::widgets::{LogScale, format_value};

pub struct Scale {
    /// What rows are drawn on, after [`Scale::given`].
    pub log: LogScale,
    /// The largest value of a linear scale.
    linear: Option<f64>,
    share: bool,
}

impl Scale {
    pub fn new(app: &App) -> Self {
        let measure = app.measure;
        let record = app.record_shown();
        let points = record.points();
        // The first point and a few over time: enough for ends at even decades, and cheap for a hundred layers.
        let stride = (points.len() / 24).max(1);
        let sampled = points.iter().step_by(stride).chain(record.latest.as_ref());
        let values = sampled.flat_map(|p| p.layers.iter().map(|s| measure.of(s)));
        Self::of(measure, values)
    }

    fn of(measure: Measure, values: impl Iterator<Item = f64>) -> Self {
        if measure.is_share() {
            return Self {
                log: LogScale::new(0.0, 1.0),
                linear: Some(1.0),
                share: true,
            };
        }
        if !measure.is_logarithmic() {
            let largest = values
                .filter(|v| v.is_finite())
                .fold(0.0f64, |m, v| m.max(v.abs()));
            // The next power of two: it seldom changes while a run goes on.
            let end = if largest > 0.0 {
                largest.log2().ceil().exp2()
            } else {
                1.0
            };
            return Self {
                log: LogScale::new(-1.0, 1.0),
                linear: Some(end),
                share: false,
            };
        }
        let fitted = LogScale::fit(values.map(f64::abs));
        Self {
            // Adding 0 turns the -0 that an upper end between 0.1 and 1 is rounded to into 0.
            log: LogScale::new(fitted.min + 0.0, fitted.max + 0.0),
            linear: None,
            share: false,
        }
    }

    /// A value as a row of magnitudes is given it: so that its logarithm lies on the scale.
    pub fn given(&self, value: f64) -> f64 {
        match self.linear {
            Some(end) => 10f64.powf(value / end),
            None => value,
        }
    }

    /// What the rows are headed with.
    pub fn legend(&self, width: usize, ascii: bool) -> String {
        let ends = match (self.linear, self.share) {
            (None, _) => return self.log.legend(width, ascii),
            (_, true) => ("0 %".to_string(), "100 %".to_string()),
            (Some(end), false) => (format_value(-end), format_value(end)),
        };
        let used = ends.0.chars().count() + ends.1.chars().count() + 2;
        if used > width {
            return String::new();
        }
        let dot = if ascii { "." } else { "·" };
        format!("{} {} {}", ends.0, dot.repeat(width - used), ends.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_means_are_linear() {
        let share = Scale::of(Measure::Saturated, [0.2].into_iter());
        let at = |scale: &Scale, v: f64| scale.log.position(scale.given(v).log10());
        assert!((at(&share, 0.25) - 0.25).abs() < 1e-12);
        assert_eq!(share.legend(16, false), "0 % ······ 100 %");
        let mean = Scale::of(Measure::OutMean, [0.3, -0.7].into_iter());
        assert!((at(&mean, 0.0) - 0.5).abs() < 1e-12 && at(&mean, -1.0).abs() < 1e-12);
        assert_eq!(mean.legend(16, true), "-1.00 ..... 1.00");
        let rms = Scale::of(Measure::GradRms, [1e-7, 0.5].into_iter());
        assert_eq!(rms.given(1e-3), 1e-3);
        assert_eq!(rms.log, LogScale::new(-8.0, 0.0));
    }
}
