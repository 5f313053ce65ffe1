//! One row of bars on a logarithmic scale that all rows share, coloured from vanishing to exploding.

use super::{Bucket, LogScale, Look, TimeAxis, bucket, put};
use crate::tui::theme::{Anchors, Role};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// ```text
/// ▃▄▄▅▅▅▆▆▆▇ 0  ▁▁
/// ```
/// magnitudes over time; `0` an exact zero, a gap where nothing finite was measured.
#[derive(Clone, Debug)]
pub struct LogSparkline<'a> {
    look: Look<'a>,
    values: &'a [f64],
    steps: Option<&'a [u64]>,
    axis: Option<TimeAxis>,
    scale: LogScale,
    anchors: Anchors,
    style: Option<Style>,
    cursor: Option<u64>,
    over: bool,
}

impl<'a> LogSparkline<'a> {
    pub fn new(look: Look<'a>, values: &'a [f64], scale: LogScale) -> Self {
        Self {
            look,
            values,
            steps: None,
            axis: None,
            scale,
            anchors: look.theme.anchors,
            style: None,
            cursor: None,
            over: false,
        }
    }

    /// The values' steps, ascending; without, the values are at 0, 1, 2, ...
    pub fn steps(mut self, steps: &'a [u64]) -> Self {
        self.steps = Some(steps);
        self
    }

    /// The time axis shared by all rows; without, it is fitted to this row.
    pub fn axis(mut self, axis: TimeAxis) -> Self {
        self.axis = Some(axis);
        self
    }

    /// Where colours turn.
    pub fn anchors(mut self, anchors: Anchors) -> Self {
        self.anchors = anchors;
        self
    }

    /// One style instead of the magnitudes' colours (a pinned run, dimmed).
    pub fn style(mut self, style: Style) -> Self {
        self.style = Some(style);
        self
    }

    /// Leaves what is there after the last value: another run's, drawn before.
    pub fn over(mut self, over: bool) -> Self {
        self.over = over;
        self
    }

    /// The step under the cursor: its column is drawn in reverse.
    pub fn cursor(mut self, step: Option<u64>) -> Self {
        self.cursor = step;
        self
    }

    fn fitted(&self, columns: usize) -> TimeAxis {
        let last = self.values.len().saturating_sub(1) as u64;
        let (start, end) = match self.steps {
            Some(steps) => (
                steps.first().copied().unwrap_or(0),
                steps.last().copied().unwrap_or(0),
            ),
            None => (0, last),
        };
        TimeAxis::fit(start, end, columns)
    }
}

impl Widget for LogSparkline<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let axis = self.axis.unwrap_or_else(|| self.fitted(area.width.into()));
        let cursor = self.cursor.and_then(|step| axis.column(step));
        let buckets = bucket(&axis, self.steps, self.values);
        let last = match self.steps {
            Some(steps) => steps.last().copied(),
            None => self.values.len().checked_sub(1).map(|l| l as u64),
        };
        // Every column where this is over nothing.
        let end = match last {
            _ if !self.over => usize::MAX,
            Some(step) if step < axis.start => 0,
            Some(step) => axis.column(step).map_or(usize::MAX, |x| x + 1),
            None => 0,
        };
        let shown = end.min(area.width.into());
        for (x, bucket) in buckets.into_iter().take(shown).enumerate() {
            let reversed = cursor == Some(x);
            self.column(bucket, x as u16, reversed, area, buf);
        }
    }
}

impl LogSparkline<'_> {
    fn column(&self, bucket: Bucket, x: u16, reversed: bool, area: Rect, buf: &mut Buffer) {
        let accent = |style: Style| {
            if reversed {
                style.patch(self.look.theme.selection())
            } else {
                style
            }
        };
        let bottom = area.height - 1;
        match bucket {
            Bucket::Missing => put(buf, area, x, bottom, " ", accent(Style::reset())),
            Bucket::Zero => {
                let style = Style::reset().patch(self.look.theme.style(Role::Dim));
                put(buf, area, x, bottom, self.look.glyphs.zero(), accent(style));
            }
            Bucket::Log(log10) => {
                let colour = self.look.theme.magnitude_on(log10, &self.anchors);
                let style = self.style.unwrap_or(Style::new().fg(colour));
                let style = accent(Style::reset().patch(style));
                self.bar(log10, x, style, area, buf);
            }
        }
    }

    /// Eighths of a cell from the bottom; the lowest bar is seen, whatever the value.
    fn bar(&self, log10: f64, x: u16, style: Style, area: Rect, buf: &mut Buffer) {
        let eighths = f64::from(area.height) * 8.0;
        let level = (self.scale.position(log10) * eighths)
            .ceil()
            .clamp(1.0, eighths) as u16;
        for row in 0..area.height {
            let left = level.saturating_sub(row * 8).min(8);
            if left > 0 {
                let glyph = self.look.glyphs.bars()[usize::from(left) - 1];
                put(buf, area, x, area.height - 1 - row, glyph, style);
            }
        }
    }
}
