//! Where values of either sign lie across a histogram.

use super::{Axis, format_value};

/// Extents that differ by more than this are compared by their decades.
const LINEAR_UP_TO: f64 = 100.0;
/// How far below the smallest extent a logarithmic scale goes on: most values of a bell lie there.
const BELOW: f64 = 30.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueScale {
    Linear {
        low: f64,
        high: f64,
    },
    /// By decades to both sides of 0 (to the right only, where no value is negative). What is smaller than
    /// 10^`floor` lies at 0.
    Decades {
        floor: f64,
        end: f64,
        signed: bool,
    },
}

impl ValueScale {
    pub fn linear(ends: (f64, f64)) -> Self {
        let (low, high) = Self::linear_ends(ends);
        Self::Linear { low, high }
    }

    /// Where all values are one, it lies in the middle.
    pub fn linear_ends((low, high): (f64, f64)) -> (f64, f64) {
        if high > low {
            return (low, high);
        }
        let half = if low == 0.0 { 0.5 } else { low.abs() / 2.0 };
        (low - half, low + half)
    }

    /// One scale for all these ranges, on which the narrowest still has a shape.
    pub fn fit(ranges: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let finite = |(low, high): &(f64, f64)| low.is_finite() && high.is_finite();
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut narrowest, mut widest) = (f64::INFINITY, 0f64);
        for (from, to) in ranges.into_iter().filter(finite) {
            (low, high) = (low.min(from), high.max(to));
            let extent = from.abs().max(to.abs());
            if extent > 0.0 {
                (narrowest, widest) = (narrowest.min(extent), widest.max(extent));
            }
        }
        if low > high {
            return Self::linear((-1.0, 1.0));
        }
        if widest <= narrowest * LINEAR_UP_TO {
            return Self::linear((low, high));
        }
        Self::Decades {
            floor: (narrowest / BELOW).log10(),
            end: widest.log10(),
            signed: low < 0.0,
        }
    }

    /// The values at the borders of so many equal columns, ascending.
    pub fn edges(&self, columns: usize) -> Vec<f64> {
        let share = |i: usize| i as f64 / columns.max(1) as f64;
        (0..=columns).map(|i| self.value(share(i))).collect()
    }

    fn value(&self, share: f64) -> f64 {
        match *self {
            Self::Linear { low, high } => low + share * (high - low),
            Self::Decades { floor, end, signed } => {
                let u = if signed { 2.0 * share - 1.0 } else { share };
                if u == 0.0 {
                    return 0.0;
                }
                10f64.powf(floor + u.abs() * (end - floor)).copysign(u)
            }
        }
    }

    /// Up to `most` ticks: position from 0 to 1, and label.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        match *self {
            Self::Linear { low, high } => Axis::Linear {
                min: low,
                max: high,
            }
            .ticks(most),
            Self::Decades { floor, end, signed } => {
                let zero = if signed { 0.5 } else { 0.0 };
                let side = if signed { most / 2 } else { most };
                let step = ((end - floor) / side.max(1) as f64).ceil().max(1.0);
                let last = end.floor();
                let exponents = (0..side)
                    .map(|i| last - i as f64 * step)
                    .take_while(|e| *e > floor + step / 2.0);
                let mut ticks = vec![(zero, "0".to_string())];
                for exponent in exponents {
                    let away = (exponent - floor) / (end - floor) * (1.0 - zero);
                    ticks.push((zero + away, format!("1e{exponent}")));
                    if signed {
                        ticks.push((zero - away, format!("-1e{exponent}")));
                    }
                }
                ticks
            }
        }
    }

    /// The ends, as text.
    pub fn ends(&self) -> (String, String) {
        (format_value(self.value(0.0)), format_value(self.value(1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_ranges_share_a_linear_scale_and_unlike_ones_their_decades() {
        let alike = ValueScale::fit([(-1.0, 2.0), (-0.5, 0.5)]);
        assert_eq!(
            alike,
            ValueScale::Linear {
                low: -1.0,
                high: 2.0
            }
        );
        let unlike = ValueScale::fit([(-1e-7, 1e-7), (-1e-2, 1e-2)]);
        assert!(matches!(
            unlike,
            ValueScale::Decades {
                end: -2.0,
                signed: true,
                ..
            }
        ));
        let positive = ValueScale::fit([(0.0, 1e-7), (0.0, 1e-2)]);
        assert!(matches!(
            positive,
            ValueScale::Decades { signed: false, .. }
        ));
        assert_eq!(
            ValueScale::fit([(f64::NAN, 1.0)]),
            ValueScale::linear((-1.0, 1.0))
        );
    }

    #[test]
    fn edges_ascend_and_ticks_name_their_values() {
        for scale in [
            ValueScale::fit([(-1e-7, 1e-7), (-1e-2, 1e-2)]),
            ValueScale::fit([(0.0, 1e-7), (0.0, 5.0)]),
            ValueScale::linear((-3.0, 8.0)),
            ValueScale::linear((2.0, 2.0)),
        ] {
            let edges = scale.edges(31);
            assert_eq!(edges.len(), 32);
            assert!(edges.windows(2).all(|e| e[0] < e[1]), "{edges:?}");
            for (share, label) in scale.ticks(6) {
                assert!((0.0..=1.0).contains(&share), "{scale:?} {share}");
                let named: f64 = label.parse().expect("a number");
                let there = scale.value(share);
                assert!(
                    (there - named).abs() <= 1e-6 * named.abs().max(1e-9),
                    "{label} {there}"
                );
            }
        }
    }
}
