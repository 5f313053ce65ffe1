//! A histogram, with a curve beneath it: an activation under the histogram of its pre-activations shows saturation.

use super::dots::Dots;
use super::{Look, ValueScale, put, put_text};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// ```text
/// █▁▁▁▂▁▁█
/// -4.2 4.2
/// ```
#[derive(Clone, Debug)]
pub struct HistogramBars<'a> {
    look: Look<'a>,
    counts: &'a [u32],
    range: (f64, f64),
    scale: Option<ValueScale>,
    curve: Option<&'a [f64]>,
    beneath: Option<(&'a [u32], (f64, f64), Style)>,
    style: Style,
    labels: bool,
}

impl<'a> HistogramBars<'a> {
    /// `counts` over equal bins of `range`.
    pub fn new(look: Look<'a>, counts: &'a [u32], range: (f64, f64)) -> Self {
        Self {
            look,
            counts,
            range,
            scale: None,
            curve: None,
            beneath: None,
            style: look.theme.style(Role::Accent),
            labels: true,
        }
    }

    /// Values of a function at equal steps over [`Self::range`], drawn beneath the bars from two rows up.
    pub fn curve(mut self, curve: Option<&'a [f64]>) -> Self {
        self.curve = curve;
        self
    }

    /// Another histogram, with its range, drawn first; both are then shown over the range of both.
    pub fn beneath(mut self, counts: &'a [u32], range: (f64, f64), style: Style) -> Self {
        self.beneath = Some((counts, range, style));
        self
    }

    /// What values lie where; without, both histograms fill the width.
    pub fn scale(mut self, scale: ValueScale) -> Self {
        self.scale = Some(scale);
        self
    }

    /// The values at both ends where no scale is given.
    pub fn range(&self) -> (f64, f64) {
        let (low, high) = self.range;
        let ends = match self.beneath {
            Some((_, (from, to), _)) => (low.min(from), high.max(to)),
            None => (low, high),
        };
        ValueScale::linear_ends(ends)
    }

    fn shown(&self) -> ValueScale {
        self.scale
            .unwrap_or_else(|| ValueScale::linear(self.range()))
    }

    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// The ends of the range in a row of their own, from two rows up (default: shown).
    pub fn labels(mut self, labels: bool) -> Self {
        self.labels = labels;
        self
    }
}

/// Counts over equal bins of `range` shared out over the columns between ascending `edges`; a bin that is cut is split by how
/// much of it lies in a column. What lies beyond the outer edges counts to the outer columns.
fn rebin(counts: &[u32], (low, high): (f64, f64), edges: &[f64]) -> Vec<f64> {
    let Some(last) = edges.len().checked_sub(2) else {
        return Vec::new();
    };
    let mut out = vec![0.0; last + 1];
    let width = (high - low) / counts.len().max(1) as f64;
    let column_of = |v: f64| {
        edges
            .partition_point(|e| *e <= v)
            .saturating_sub(1)
            .min(last)
    };
    for (bin, count) in counts.iter().enumerate() {
        let (from, to) = (low + bin as f64 * width, low + (bin + 1) as f64 * width);
        // A bin without width lies in one place.
        if !(to > from && width.is_finite()) {
            out[column_of(from)] += f64::from(*count);
            continue;
        }
        for column in column_of(from)..=column_of(to) {
            let start = if column == 0 {
                from
            } else {
                from.max(edges[column])
            };
            let end = if column == last {
                to
            } else {
                to.min(edges[column + 1])
            };
            out[column] += f64::from(*count) * (end - start).max(0.0) / (to - from);
        }
    }
    out
}

impl Widget for HistogramBars<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let mut bars = area;
        if self.labels && area.height >= 2 {
            bars.height -= 1;
            self.draw_labels(area, buf);
        }
        if let Some(curve) = self.curve
            && bars.height >= 2
        {
            let rows = (bars.height / 3).max(1);
            bars.height -= rows;
            let below = Rect {
                y: bars.y + bars.height,
                height: rows,
                ..bars
            };
            self.draw_curve(curve, below, buf);
        }
        self.draw_bars(bars, buf);
    }
}

impl HistogramBars<'_> {
    fn draw_bars(&self, area: Rect, buf: &mut Buffer) {
        if let Some((counts, range, style)) = self.beneath {
            self.draw_counts(counts, range, style, area, buf);
        }
        self.draw_counts(self.counts, self.range, self.style, area, buf);
    }

    fn draw_counts(
        &self,
        counts: &[u32],
        range: (f64, f64),
        style: Style,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let columns = rebin(counts, range, &self.shown().edges(area.width.into()));
        let highest = columns.iter().copied().fold(0.0, f64::max);
        if highest <= 0.0 {
            return;
        }
        let eighths = f64::from(area.height) * 8.0;
        for (x, count) in columns.into_iter().enumerate() {
            // What is not nothing is seen.
            let level = (count / highest * eighths).ceil() as u16;
            for row in 0..area.height {
                let left = level.saturating_sub(row * 8).min(8);
                if left > 0 {
                    let glyph = self.look.glyphs.bars()[usize::from(left) - 1];
                    put(buf, area, x as u16, area.height - 1 - row, glyph, style);
                }
            }
        }
    }

    fn draw_curve(&self, curve: &[f64], area: Rect, buf: &mut Buffer) {
        let finite = || curve.iter().copied().filter(|v| v.is_finite());
        let low = finite().fold(f64::INFINITY, f64::min);
        let high = finite().fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return;
        }
        let mut dots = Dots::new(self.look, area);
        let (width, height) = dots.size();
        dots.begin(self.look.theme.style(Role::Dim), "*");
        let last = curve.len().saturating_sub(1).max(1) as f64;
        let mut before = None;
        for (i, value) in curve.iter().enumerate() {
            let here = value.is_finite().then(|| {
                let t = if high > low {
                    (value - low) / (high - low)
                } else {
                    0.5
                };
                let x = (i as f64 / last * f64::from(width - 1)).round() as i32;
                (x, ((1.0 - t) * f64::from(height - 1)).round() as i32)
            });
            if let (Some(from), Some(to)) = (before, here) {
                dots.line(from, to);
            }
            before = here;
        }
        dots.render(buf);
    }

    fn draw_labels(&self, area: Rect, buf: &mut Buffer) {
        let dim = self.look.theme.style(Role::Dim);
        let row = area.height - 1;
        let (low, high) = self.shown().ends();
        let (left, right) = (low.chars().count() as u16, high.chars().count() as u16);
        if left + right < area.width {
            put_text(buf, area, 0, row, &low, dim);
            put_text(buf, area, area.width - right, row, &high, dim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn same(counts: &[u32], columns: usize) -> Vec<f64> {
        let edges = ValueScale::linear((0.0, 1.0)).edges(columns);
        rebin(counts, (0.0, 1.0), &edges)
    }

    #[test]
    fn a_narrower_histogram_takes_its_part_of_the_range_of_both() {
        let edges = |columns| ValueScale::linear((0.0, 4.0)).edges(columns);
        let narrow = rebin(&[2, 4], (1.0, 2.0), &edges(8));
        assert_eq!(narrow, [0.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(rebin(&[3], (4.0, 4.0), &edges(4)), [0.0, 0.0, 0.0, 3.0]);
    }

    #[test]
    fn bins_are_shared_out_by_how_much_of_them_lies_in_a_column() {
        assert_eq!(same(&[2, 4], 4), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(same(&[1, 2, 3, 4], 2), [3.0, 7.0]);
        let halves = same(&[3, 3, 3], 2);
        assert!(halves.iter().all(|h| (h - 4.5).abs() < 1e-9), "{halves:?}");
    }

    #[test]
    fn on_decades_a_bell_of_small_values_keeps_its_shape_beside_large_ones() {
        let scale = ValueScale::fit([(-1e-6, 1e-6), (-1.0, 1.0)]);
        let bell = [1, 4, 9, 12, 12, 9, 4, 1];
        let columns = rebin(&bell, (-1e-6, 1e-6), &scale.edges(40));
        let used: Vec<usize> = (0..40).filter(|i| columns[*i] > 0.0).collect();
        assert!(
            used.len() > 6 && used.iter().all(|i| (12..28).contains(i)),
            "{columns:?}"
        );
        assert!((columns.iter().sum::<f64>() - 52.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_count_is_lost(counts in prop::collection::vec(0u32..1000, 1..70), columns in 1usize..130) {
            let total: f64 = counts.iter().map(|c| f64::from(*c)).sum();
            let shared: f64 = same(&counts, columns).iter().sum();
            prop_assert!((total - shared).abs() <= 1e-6 * total.max(1.0));
        }
    }
}
