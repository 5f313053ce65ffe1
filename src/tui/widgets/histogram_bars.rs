//! A histogram, with a curve beneath it: an activation under the histogram of its pre-activations shows saturation.

use super::dots::Dots;
use super::{Look, format_value, put, put_text};
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
            curve: None,
            beneath: None,
            style: look.theme.style(Role::Accent),
            labels: true,
        }
    }

    /// Values of a function at equal steps over the same range, drawn beneath the bars from four rows up.
    pub fn curve(mut self, curve: Option<&'a [f64]>) -> Self {
        self.curve = curve;
        self
    }

    /// Another histogram, with its range, drawn first; both are then shown over the range of both.
    pub fn beneath(mut self, counts: &'a [u32], range: (f64, f64), style: Style) -> Self {
        self.beneath = Some((counts, range, style));
        self
    }

    /// What is shown: of both histograms where there is one beneath.
    fn shown(&self) -> (f64, f64) {
        match self.beneath {
            Some((_, (low, high), _)) => (self.range.0.min(low), self.range.1.max(high)),
            None => self.range,
        }
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

/// Counts over equal bins of `range` shared out over `columns` equal columns of `shown`; a bin that is cut is split by how much
/// of it lies in a column.
fn rebin(counts: &[u32], range: (f64, f64), shown: (f64, f64), columns: usize) -> Vec<f64> {
    let mut out = vec![0.0; columns];
    if counts.is_empty() || columns == 0 {
        return out;
    }
    let (span, all) = (range.1 - range.0, shown.1 - shown.0);
    // Where a range has no width all of it lies in one place; the same ranges need no arithmetic on their ends.
    let (start, width) = if range == shown || !(all > 0.0 && all.is_finite()) {
        (0.0, columns as f64)
    } else {
        let columns = columns as f64;
        let start = (range.0 - shown.0) / all * columns;
        let width = (span / all * columns).max(0.01);
        (start.clamp(0.0, columns - 0.01), width)
    };
    let scale = width / counts.len() as f64;
    for (bin, count) in counts.iter().enumerate() {
        let (from, to) = (start + bin as f64 * scale, start + (bin + 1) as f64 * scale);
        let mut column = from as usize;
        while (column as f64) < to && column < columns {
            let overlap = to.min(column as f64 + 1.0) - from.max(column as f64);
            out[column] += f64::from(*count) * overlap.max(0.0) / scale;
            column += 1;
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
            && bars.height >= 4
        {
            let rows = bars.height / 3;
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
        let columns = rebin(counts, range, self.shown(), area.width.into());
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
        dots.begin(self.look.theme.style(Role::Theory), "*");
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
        let (low, high) = (format_value(self.shown().0), format_value(self.shown().1));
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
        rebin(counts, (0.0, 1.0), (0.0, 1.0), columns)
    }

    #[test]
    fn a_narrower_histogram_takes_its_part_of_the_range_of_both() {
        let narrow = rebin(&[2, 4], (1.0, 2.0), (0.0, 4.0), 8);
        assert_eq!(narrow, [0.0, 0.0, 2.0, 4.0, 0.0, 0.0, 0.0, 0.0]);
        let point = rebin(&[3], (4.0, 4.0), (0.0, 4.0), 4);
        assert!((point.iter().sum::<f64>() - 3.0).abs() < 1e-6 && point[3] > 2.9);
    }

    #[test]
    fn bins_are_shared_out_by_how_much_of_them_lies_in_a_column() {
        assert_eq!(same(&[2, 4], 4), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(same(&[1, 2, 3, 4], 2), [3.0, 7.0]);
        assert_eq!(same(&[3, 3, 3], 2), [4.5, 4.5]);
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
