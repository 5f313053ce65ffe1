//! The time axis of every chart: it fills from the left, and when it is full it halves its resolution. A finished column
//! never changes again (until a halving), so that a frame sends a column, not a picture: scrolling by a column would
//! send everything.

/// Steps to columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeAxis {
    /// The step at the left edge.
    pub start: u64,
    /// Steps a column: a power of two.
    pub stride: u64,
    pub columns: usize,
}

impl TimeAxis {
    /// The finest axis on which the steps `start` to `end` fit.
    pub fn fit(start: u64, end: u64, columns: usize) -> Self {
        let steps = end.saturating_sub(start).saturating_add(1);
        let needed = steps.div_ceil(columns.max(1) as u64);
        Self {
            start,
            stride: needed.checked_next_power_of_two().unwrap_or(1 << 63),
            columns,
        }
    }

    /// The column of a step; `None` outside.
    pub fn column(&self, step: u64) -> Option<usize> {
        let column = step.checked_sub(self.start)? / self.stride.max(1);
        let column = usize::try_from(column).ok()?;
        (column < self.columns).then_some(column)
    }

    /// The first step of a column.
    pub fn step(&self, column: usize) -> u64 {
        self.start
            .saturating_add(self.stride.saturating_mul(column as u64))
    }

    /// The first step beyond the right edge.
    pub fn end(&self) -> u64 {
        self.step(self.columns)
    }
}

/// What one column of a row of magnitudes shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bucket {
    /// Nothing was measured, or nothing finite.
    Missing,
    /// Exactly zero: it has no logarithm, and is told from a tiny value.
    Zero,
    /// Mean log10 of the column's magnitudes.
    Log(f64),
}

/// Sums up `values` (magnitudes; at `steps`, or at 0, 1, 2, ... without) by columns. A column with both zeros and other
/// values shows the others.
pub fn bucket(axis: &TimeAxis, steps: Option<&[u64]>, values: &[f64]) -> Vec<Bucket> {
    let mut sums = vec![(0.0, 0u32, false); axis.columns];
    let mut measured = vec![false; axis.columns];
    for (i, value) in values.iter().enumerate() {
        let step = match steps {
            Some(steps) => match steps.get(i) {
                Some(step) => *step,
                None => break,
            },
            None => i as u64,
        };
        let Some(column) = axis.column(step) else {
            continue;
        };
        measured[column] = true;
        let sum = &mut sums[column];
        if *value == 0.0 {
            sum.2 = true;
        } else if value.is_finite() {
            sum.0 += value.abs().log10();
            sum.1 += 1;
        }
    }
    let bucket = |(sum, count, zero): (f64, u32, bool)| match (count, zero) {
        (0, true) => Bucket::Zero,
        (0, false) => Bucket::Missing,
        _ => Bucket::Log(sum / f64::from(count)),
    };
    let mut buckets: Vec<Bucket> = sums.into_iter().map(bucket).collect();
    hold(&mut buckets, &measured);
    buckets
}

/// Where the columns are finer than what is measured, what was measured last holds until the next.
fn hold(buckets: &mut [Bucket], measured: &[bool]) {
    let last = measured.iter().rposition(|m| *m).unwrap_or(0);
    let mut before = None;
    for column in 0..last {
        if measured[column] {
            before = Some(buckets[column]);
        } else if let Some(held) = before {
            buckets[column] = held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_axis_doubles_its_stride_when_it_is_full() {
        assert_eq!(TimeAxis::fit(0, 9, 10).stride, 1);
        assert_eq!(TimeAxis::fit(0, 10, 10).stride, 2);
        assert_eq!(TimeAxis::fit(0, 19, 10).stride, 2);
        assert_eq!(TimeAxis::fit(0, 20, 10).stride, 4);
        assert_eq!(TimeAxis::fit(100, 109, 10).column(109), Some(9));
        assert_eq!(TimeAxis::fit(100, 109, 10).column(99), None);
    }

    #[test]
    fn zeros_gaps_and_magnitudes_are_told_apart() {
        let axis = TimeAxis::fit(0, 7, 4);
        let values = [1.0, 0.01, 0.0, 0.0, f64::NAN, f64::INFINITY, 0.0, -10.0];
        assert_eq!(
            bucket(&axis, None, &values),
            [
                Bucket::Log(-1.0),
                Bucket::Zero,
                Bucket::Missing,
                Bucket::Log(1.0)
            ]
        );
    }

    #[test]
    fn columns_between_two_measured_steps_hold_the_first_of_them() {
        let axis = TimeAxis::fit(0, 7, 8);
        let steps = [1, 3, 5];
        let held = bucket(&axis, Some(&steps), &[0.1, f64::NAN, 10.0]);
        let (low, high) = (Bucket::Log(-1.0), Bucket::Log(1.0));
        let none = Bucket::Missing;
        assert_eq!(held, [none, low, low, none, none, high, none, none]);
    }

    proptest! {
        #[test]
        fn a_new_point_changes_one_column_or_halves_the_resolution(values in prop::collection::vec(1e-9..1e3f64, 2..200), columns in 1usize..40) {
            let last = values.len() - 1;
            let before = TimeAxis::fit(0, last as u64 - 1, columns);
            let after = TimeAxis::fit(0, last as u64, columns);
            if before.stride == after.stride {
                let a = bucket(&before, None, &values[..last]);
                let b = bucket(&after, None, &values);
                prop_assert!(a.iter().zip(&b).filter(|(a, b)| a != b).count() <= 1);
            } else {
                prop_assert_eq!(after.stride, 2 * before.stride);
            }
        }

        #[test]
        fn every_step_of_the_range_has_a_column(start in any::<u64>(), span in 0u64..1_000_000_000, columns in 1usize..300) {
            let end = start.saturating_add(span);
            let axis = TimeAxis::fit(start, end, columns);
            prop_assert!(axis.column(start).is_some() && axis.column(end).is_some());
        }
    }
}
