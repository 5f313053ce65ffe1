//! Scales: where values lie.

use super::ticks::{CLOSE, decade_ticks, leading, linear_ticks, nice_step};

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
    /// The widest: what lies further down is on its floor, and no axis ends where numbers do.
    const WIDEST: f64 = 40.0;

    pub fn new(min: f64, max: f64) -> Self {
        Self { min, max }
    }

    /// A scale around the positive finite `values`, with ends at even decades, so that it seldom changes while a run
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
        Self::new(min.clamp(max - Self::WIDEST, max - Self::NARROWEST), max)
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

    /// A linear axis around the values, but for the few (2 % at most) that stand so far above the others that these would lie
    /// flat on its floor.
    pub fn fit_most(values: impl IntoIterator<Item = f64>) -> Self {
        let mut finite: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let rank = finite.len() * 98 / 100;
        let most = match finite.len() {
            0 => f64::NAN,
            _ => *finite.select_nth_unstable_by(rank, f64::total_cmp).1,
        };
        let low = finite.iter().copied().fold(f64::INFINITY, f64::min);
        let high = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let spread = most - low;
        if spread > 0.0 && (high - low) / spread > 20.0 {
            finite.retain(|v| v - low <= 2.0 * spread);
        }
        Self::fit_linear(finite)
    }

    /// A logarithmic axis that ends close by the values: at whole decades, or on less than three at 1, 2 or 5 times a power of
    /// ten. What is not positive has no place on it.
    pub fn fit_log_close(values: impl IntoIterator<Item = f64>) -> Self {
        let positive = values.into_iter().filter(|v| *v > 0.0 && v.is_finite());
        let (low, high) = positive.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            let log = v.log10();
            (low.min(log), high.max(log))
        });
        if low > high {
            return Self::Log(LogScale::new(-1.0, 0.0));
        }
        let (mut min, mut max) = (low.floor(), high.ceil());
        if high - low < CLOSE {
            let below = |log: &f64| *log <= low + 1e-9;
            min = leading(low.floor() - 1.0, low).rfind(below).unwrap_or(min);
            let mut above = leading(high.floor(), high + 1.0);
            max = above.find(|log| *log >= high - 1e-9).unwrap_or(max);
        }
        if max - min < 0.1 {
            (min, max) = (min - 0.3, max + 0.3);
        }
        Self::Log(LogScale::new(min, max))
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
    fn a_close_log_axis_has_no_empty_decades() {
        let of = |values: &[f64]| Axis::fit_log_close(values.iter().copied());
        let labels =
            |axis: Axis| -> Vec<String> { axis.ticks(6).into_iter().map(|t| t.1).collect() };
        let narrow = of(&[0.6, 9.0]);
        assert_eq!(labels(narrow), ["0.5", "1", "2", "5", "10"]);
        let Axis::Log(scale) = narrow else {
            unreachable!()
        };
        assert!((scale.min - 0.5f64.log10()).abs() < 1e-9 && scale.max == 1.0);
        assert_eq!(of(&[2e-6, 3.0]), Axis::Log(LogScale::new(-6.0, 1.0)));
        assert_eq!(labels(of(&[2.30, 2.31])), ["2", "5"]);
        assert_eq!(of(&[0.0, f64::NAN]), Axis::Log(LogScale::new(-1.0, 0.0)));
    }

    #[test]
    fn a_spike_does_not_flatten_the_rest_and_a_rise_is_no_spike() {
        let calm = |i: i32| 1.0 + f64::from(i % 10) / 10.0;
        let spiked = (0..500).map(|i| if i == 499 { 2e12 } else { calm(i) });
        assert_eq!(Axis::fit_most(spiked), Axis::Linear { min: 1.0, max: 2.0 });
        let rise = || (0..500).map(f64::from);
        assert_eq!(Axis::fit_most(rise()), Axis::fit_linear(rise()));
        assert_eq!(Axis::fit_most([]), Axis::fit_linear([]));
        let few = [1.0, 1e9];
        assert_eq!(Axis::fit_most(few), Axis::fit_linear(few));
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
        fn every_positive_value_that_made_a_log_axis_lies_on_it_or_far_below(values in prop::collection::vec(any::<f64>(), 1..20)) {
            let axis = Axis::fit_log(values.iter().copied());
            for v in values.into_iter().filter(|v| v.is_finite() && *v > 0.0) {
                let t = axis.position(v).expect("positive");
                prop_assert!(t <= 1.0 + 1e-9);
                let Axis::Log(scale) = axis else { unreachable!() };
                prop_assert!(t >= -1e-9 || scale.max - v.log10() > LogScale::WIDEST - 1e-9);
            }
        }
    }
}
