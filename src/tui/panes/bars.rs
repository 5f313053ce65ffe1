//! Small histograms with a name before them.

use crate::telemetry::Histogram;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::{HistogramBars, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// The range of a histogram, or of it and the pinned run's.
pub fn range(histogram: &Histogram, pinned: Option<&Histogram>) -> (f64, f64) {
    let (low, high) = (histogram.min, histogram.max);
    pinned.map_or((low, high), |p| (low.min(p.min), high.max(p.max)))
}

/// The bars, the pinned run's beneath them.
pub fn bars<'a>(
    app: &'a App,
    histogram: &'a Histogram,
    pinned: Option<&'a Histogram>,
    style: Style,
) -> HistogramBars<'a> {
    let ends = (histogram.min, histogram.max);
    let bars = HistogramBars::new(app.look(), &histogram.bins, ends)
        .labels(false)
        .style(style);
    match pinned.filter(|p| !p.bins.is_empty()) {
        Some(p) => {
            let dimmed = app.manner.theme.style(Role::Pinned);
            bars.beneath(&p.bins, (p.min, p.max), dimmed)
        }
        None => bars,
    }
}

/// A line with the name and the range, the bars beneath it; the pinned run's dimmed.
pub fn draw(
    app: &App,
    name: &str,
    histogram: &Histogram,
    pinned: Option<&Histogram>,
    style: Style,
    area: Rect,
    buf: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    let theme = &app.manner.theme;
    let (low, high) = range(histogram, pinned);
    let range = format!("{} to {}", format_value(low), format_value(high));
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
        bars(app, histogram, pinned, style).render(below, buf);
    }
}
