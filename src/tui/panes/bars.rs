//! Small histograms with a name before them.

use crate::telemetry::Histogram;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::{HistogramBars, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// A line with the name and the range, the bars beneath it.
pub fn draw(
    app: &App,
    name: &str,
    histogram: &Histogram,
    style: Style,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let theme = &app.manner.theme;
    let range = format!(
        "{} to {}",
        format_value(histogram.min),
        format_value(histogram.max)
    );
    let width = usize::from(area.width);
    buf.set_stringn(area.x, area.y, name, width, theme.style(Role::Dim));
    let used = name.chars().count();
    let bad = histogram.not_finite > 0;
    let note = if bad {
        format!("{} not finite", histogram.not_finite)
    } else {
        range
    };
    let role = if bad { Role::Error } else { Role::Dim };
    if used + 2 + note.chars().count() <= width {
        let x = area.right() - note.chars().count() as u16;
        buf.set_string(x, area.y, note, theme.style(role));
    }
    let below = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if !histogram.bins.is_empty() {
        HistogramBars::new(app.look(), &histogram.bins, (histogram.min, histogram.max))
            .labels(false)
            .style(style)
            .render(below, buf);
    }
}
