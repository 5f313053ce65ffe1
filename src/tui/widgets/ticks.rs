//! Round numbers on an axis: where ticks are, and what they say.

use super::{LogScale, format_value};

/// Decades under which a logarithmic axis also has ticks at 2 and 5.
pub(super) const CLOSE: f64 = 2.5;

/// The logarithms of 1, 2 and 5 times the powers of ten from 10^`from` on, up to `to`.
pub(super) fn leading(from: f64, to: f64) -> impl DoubleEndedIterator<Item = f64> {
    let decades = (to.floor() - from.floor() + 1.0).clamp(0.0, 8.0) as i32;
    (0..decades)
        .flat_map(move |d| [1f64, 2.0, 5.0].map(|n| from.floor() + f64::from(d) + n.log10()))
}

pub(super) fn linear_ticks(min: f64, max: f64, most: usize) -> Vec<(f64, String)> {
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
    // As many as the step itself has: of 2.25 and 2.5 neither is 2.
    let whole = |d: &usize| {
        let scaled = step * 10f64.powi(*d as i32);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    };
    let decimals = (0..=12usize).find(whole).unwrap_or(12);
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

pub(super) fn decade_ticks(scale: &LogScale, most: usize) -> Vec<(f64, String)> {
    let span = scale.max - scale.min;
    if !span.is_finite() || span <= 0.0 {
        return Vec::new();
    }
    if span < CLOSE {
        let on = |log: &f64| (scale.min - 1e-9..=scale.max + 1e-9).contains(log);
        let all: Vec<f64> = leading(scale.min, scale.max).filter(on).collect();
        let every = all.len().div_ceil(most).max(1);
        let text = |log: f64| {
            let exponent = (log + 1e-9).floor();
            label(10f64.powf(log - exponent).round(), exponent)
        };
        let ticks = all.into_iter().step_by(every);
        return ticks.map(|v| (scale.position(v), text(v))).collect();
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
    label(1.0, log10.round())
}

/// 0.05, 2, 500, 2e-5: `digit` times ten to the `exponent`.
fn label(digit: f64, exponent: f64) -> String {
    if (-2.0..=3.0).contains(&exponent) {
        let decimals = (-exponent).max(0.0) as usize;
        format!("{:.decimals$}", digit * 10f64.powf(exponent))
    } else {
        format!("{digit}e{exponent}")
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

#[cfg(test)]
mod tests {
    use super::super::Axis;
    use super::*;
    use proptest::prelude::*;

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
    fn no_two_ticks_have_one_label_and_each_says_its_value() {
        for (min, max) in [
            (2.2, 2.6),
            (0.0, 5.0),
            (2.295, 2.305),
            (0.0, 0.3),
            (-7.0, 13.0),
        ] {
            for most in 1..9 {
                for (share, label) in (Axis::Linear { min, max }).ticks(most) {
                    let value = min + share * (max - min);
                    let named: f64 = label.parse().expect("a number");
                    assert!((named - value).abs() < 1e-6, "{label} at {value}");
                }
            }
        }
    }

    proptest! {
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
