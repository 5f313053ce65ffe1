//! Scales and their ticks.

/// A logarithmic scale in decades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogScale {
    /// log10 of the lower end.
    pub min: f64,
    /// log10 of the upper end.
    pub max: f64,
}

impl LogScale {
    /// The narrowest scale that a chart shows, in decades: less would blow up noise.
    const NARROWEST: f64 = 4.0;

    pub fn new(min: f64, max: f64) -> Self {
        Self { min, max }
    }

    /// A scale around all positive finite `values`, with ends at even decades, so that it seldom changes while a run
    /// goes on. -8 to 0 where there is nothing to show.
    pub fn fit(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            if value.is_finite() && value > 0.0 {
                let log = value.log10();
                low = low.min(log);
                high = high.max(log);
            }
        }
        if low > high {
            return Self::new(-8.0, 0.0);
        }
        let min = 2.0 * (low / 2.0).floor();
        let max = 2.0 * (high / 2.0).ceil();
        Self::new(min.min(max - Self::NARROWEST), max)
    }

    /// The smallest scale around both.
    pub fn union(self, other: Self) -> Self {
        Self::new(self.min.min(other.min), self.max.max(other.max))
    }

    /// Where a log10 lies, 0 at the lower end and 1 at the upper, not cut.
    pub fn position(&self, log10: f64) -> f64 {
        let span = self.max - self.min;
        if span > 0.0 {
            (log10 - self.min) / span
        } else {
            0.5
        }
    }

    /// `-8 ···· -4 ···· 0` over `width` columns: what a row of sparklines is headed with.
    pub fn legend(&self, width: usize, ascii: bool) -> String {
        let mid = ((self.min + self.max) / 2.0).round();
        let (low, mid, high) = (self.min.to_string(), mid.to_string(), self.max.to_string());
        let dot = if ascii { "." } else { "·" };
        let text = low.len() + mid.len() + high.len();
        if width < low.len() + high.len() + 1 {
            return String::new();
        }
        if width < text + 6 {
            let gap = width - low.len() - high.len();
            return format!("{low}{}{high}", dot.repeat(gap));
        }
        let gaps = width - text - 4;
        let left = gaps / 2;
        format!(
            "{low} {} {mid} {} {high}",
            dot.repeat(left),
            dot.repeat(gaps - left)
        )
    }
}

/// The value axis of a chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Axis {
    Linear { min: f64, max: f64 },
    Log(LogScale),
}

impl Axis {
    /// A linear axis around all finite values, its ends at ticks.
    pub fn fit_linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            if value.is_finite() {
                low = low.min(value);
                high = high.max(value);
            }
        }
        if low > high {
            return Self::Linear { min: 0.0, max: 1.0 };
        }
        if high - low < 1e-12 * low.abs().max(high.abs()).max(1e-300) || high == low {
            let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
            (low, high) = (low - pad, high + pad);
        }
        // Halves first: on values near f64's ends the span itself would overflow.
        let step = nice_step((high / 4.0 - low / 4.0).max(f64::MIN_POSITIVE));
        let (min, max) = ((low / step).floor() * step, (high / step).ceil() * step);
        if min.is_finite() && max.is_finite() {
            Self::Linear { min, max }
        } else {
            Self::Linear {
                min: low,
                max: high,
            }
        }
    }

    pub fn fit_log(values: impl IntoIterator<Item = f64>) -> Self {
        let scale = LogScale::fit(values);
        Self::Log(scale)
    }

    /// Where a value lies, 0 at the lower end and 1 at the upper, cut to a little outside. `None` where it cannot be
    /// shown: it is not finite, or the axis is logarithmic and it is not positive.
    pub fn position(&self, value: f64) -> Option<f64> {
        if !value.is_finite() {
            return None;
        }
        let t = match self {
            Self::Linear { min, max } => {
                // Halves, for spans beyond f64's range.
                let span = max / 2.0 - min / 2.0;
                if span > 0.0 {
                    (value / 2.0 - min / 2.0) / span
                } else {
                    0.5
                }
            }
            Self::Log(scale) if value > 0.0 => scale.position(value.log10()),
            Self::Log(_) => return None,
        };
        t.is_finite().then_some(t.clamp(-10.0, 11.0))
    }

    /// Up to `most` ticks: position and label.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if most == 0 {
            return Vec::new();
        }
        match self {
            Self::Linear { min, max } => linear_ticks(*min, *max, most),
            Self::Log(scale) => decade_ticks(scale, most),
        }
    }
}

fn linear_ticks(min: f64, max: f64, most: usize) -> Vec<(f64, String)> {
    let span = max - min;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    let mut step = nice_step(span / most as f64);
    if span / step + 1.0 > most as f64 {
        step = nice_step(step * 1.01);
    }
    // Two at least, so that a height can be read: between coarse steps there may be one.
    let few = |step: f64| (max / step + 1e-9).floor() - (min / step - 1e-9).ceil() < 1.0;
    if few(step) && most >= 2 {
        let finer = [step / 2.0, step / 2.5, step / 5.0];
        step = finer.into_iter().find(|s| !few(*s)).unwrap_or(step);
    }
    let first = (min / step - 1e-9).ceil();
    let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
    (0..most)
        .map(|i| (first + i as f64) * step)
        .take_while(|v| *v <= max + step * 1e-9)
        .map(|v| {
            let shown = if v.abs() < step * 1e-6 { 0.0 } else { v };
            let tiny = step.abs() < 1e-4 && shown.abs() < 100.0 * step;
            let label = if tiny || shown.abs() >= 1e6 {
                format_value(shown)
            } else {
                format!("{shown:.decimals$}")
            };
            ((v - min) / span, label)
        })
        .collect()
}

fn decade_ticks(scale: &LogScale, most: usize) -> Vec<(f64, String)> {
    let span = scale.max - scale.min;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    let mut step = nice_step(span / most as f64).max(1.0);
    if span / step + 1.0 > most as f64 {
        step = nice_step(step * 1.01);
    }
    let first = (scale.min / step - 1e-9).ceil();
    (0..most)
        .map(|i| (first + i as f64) * step)
        .take_while(|v| *v <= scale.max + 1e-9)
        .map(|v| (scale.position(v), decade_label(v)))
        .collect()
}

/// 1e-8, 0.01, 1, 100, 1e6: a power of ten as people write it.
pub(super) fn decade_label(log10: f64) -> String {
    let exponent = log10.round();
    if (-2.0..=3.0).contains(&exponent) {
        let decimals = (-exponent).max(0.0) as usize;
        format!("{:.decimals$}", 10f64.powf(exponent))
    } else {
        format!("1e{exponent}")
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
pub fn nice_step(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(step.log10().floor());
    if power == 0.0 || !power.is_finite() {
        return step;
    }
    let leading = step / power;
    let nice = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|n| leading <= n + 1e-9)
        .unwrap_or(10.0);
    nice * power
}

/// A value in at most eight characters, three significant digits: `0.0123`, `12.3`, `1.23e-12`, `inf`.
pub fn format_value(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs();
    if !(1e-3..1e5).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let decimals = (2.0 - magnitude.log10().floor()).clamp(0.0, 5.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_log_scale_ends_at_even_decades_and_ignores_what_has_no_logarithm() {
        let scale = LogScale::fit([3e-7, 0.2, 0.0, -1.0, f64::NAN, f64::INFINITY]);
        assert_eq!(scale, LogScale::new(-8.0, 0.0));
        assert_eq!(LogScale::fit([0.5, 0.6]), LogScale::new(-4.0, 0.0));
        assert_eq!(LogScale::fit([]), LogScale::new(-8.0, 0.0));
    }

    #[test]
    fn the_legend_is_as_wide_as_its_column() {
        let scale = LogScale::new(-8.0, 0.0);
        assert_eq!(scale.legend(23, false), "-8 ······· -4 ······· 0");
        for width in 4..60 {
            assert_eq!(scale.legend(width, false).chars().count(), width);
        }
        assert_eq!(scale.legend(2, false), "");
    }

    #[test]
    fn ticks_are_round_numbers() {
        let labels = |axis: Axis, most| {
            let ticks = axis.ticks(most);
            ticks.into_iter().map(|t| t.1).collect::<Vec<_>>()
        };
        let loss = Axis::Linear { min: 0.0, max: 2.4 };
        assert_eq!(labels(loss, 4), ["0", "1", "2"]);
        assert_eq!(labels(loss, 6), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        let log = Axis::Log(LogScale::new(-8.0, 0.0));
        assert_eq!(labels(log, 5), ["1e-8", "1e-6", "1e-4", "0.01", "1"]);
        assert_eq!(labels(log, 0), Vec::<String>::new());
    }

    #[test]
    fn values_read_well() {
        let cases = [
            (0.0, "0"),
            (1.0, "1.00"),
            (0.0123456, "0.0123"),
            (12.345, "12.3"),
            (123456.0, "1.23e5"),
            (1.2345e-12, "1.23e-12"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(format_value(value), text);
        }
    }

    proptest! {
        #[test]
        fn every_value_that_made_a_linear_axis_lies_on_it(values in prop::collection::vec(any::<f64>(), 1..20)) {
            let axis = Axis::fit_linear(values.iter().copied());
            for v in values.into_iter().filter(|v| v.is_finite()) {
                let t = axis.position(v).expect("finite");
                prop_assert!((-1e-6..=1.0 + 1e-6).contains(&t), "{v} at {t} on {axis:?}");
            }
        }

        #[test]
        fn every_positive_value_that_made_a_log_axis_lies_on_it(values in prop::collection::vec(any::<f64>(), 1..20)) {
            let axis = Axis::fit_log(values.iter().copied());
            for v in values.into_iter().filter(|v| v.is_finite() && *v > 0.0) {
                let t = axis.position(v).expect("positive");
                prop_assert!((-1e-9..=1.0 + 1e-9).contains(&t));
            }
        }

        #[test]
        fn ticks_lie_on_the_axis_and_are_no_more_than_asked(min in -1e6..1e6f64, span in 1e-6..1e6f64, most in 0usize..12) {
            for axis in [Axis::Linear { min, max: min + span }, Axis::Log(LogScale::new(min % 300.0, min % 300.0 + span % 300.0))] {
                let ticks = axis.ticks(most);
                prop_assert!(ticks.len() <= most);
                prop_assert!(ticks.iter().all(|(t, _)| (-1e-6..=1.0 + 1e-6).contains(t)));
            }
        }
    }
}
