//! Small histograms with a name before them.

use super::split_rows;
use crate::nn::activation::Activation;
use crate::nn::vocabulary::Vocabulary;
use crate::telemetry::Histogram;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::{HistogramBars, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

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

/// The histogram's own ends; where the pinned run's beneath it go further, the drawing's ends with them, or alone where there is
/// no room for both: they are what the bars are read by.
pub fn range(histogram: &Histogram, pinned: Option<&Histogram>, room: usize) -> String {
    let ends = |low, high| format!("{} to {}", format_value(low), format_value(high));
    let (low, high) = (histogram.min, histogram.max);
    let own = ends(low, high);
    let drawn = pinned.map_or((low, high), |p| (low.min(p.min), high.max(p.max)));
    if drawn == (low, high) {
        return own;
    }
    let drawn = format!("drawn {}", ends(drawn.0, drawn.1));
    let whole = format!("{own} · {drawn}");
    let fits = |text: &String| text.chars().count() <= room;
    [whole, drawn].into_iter().find(fits).unwrap_or(own)
}

/// Points of a curve beneath a histogram: more than a wide pane has dots across.
const POINTS: u16 = 512;

/// What one histogram is drawn of.
pub struct Drawn<'a> {
    pub name: &'a str,
    pub histogram: &'a Histogram,
    pub pinned: Option<&'a Histogram>,
    /// What becomes of the values that are counted.
    pub curve: Option<&'a Activation>,
    pub style: Style,
}

/// A line with the name and the range, the bars beneath it; the pinned run's dimmed; beneath them the curve over the same
/// values, named where there is room.
pub fn draw(app: &App, drawn: &Drawn, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let &Drawn {
        name,
        histogram,
        pinned,
        curve,
        style,
    } = drawn;
    let theme = &app.manner.theme;
    let width = usize::from(area.width);
    let long = curve.map(|activation| format!("{name} · {}", activation.name()));
    let ends = range(histogram, None, 0).chars().count() + 2;
    let long = long.filter(|long| long.chars().count() + ends <= width);
    let name = long.as_deref().unwrap_or(name);
    buf.set_stringn(area.x, area.y, name, width, theme.style(Role::Dim));
    let used = name.chars().count();
    let range = range(histogram, pinned, width.saturating_sub(used + 2));
    let bad = histogram.not_finite > 0;
    let note = if bad {
        format!("{} not finite", histogram.not_finite)
    } else {
        range
    };
    let role = if bad { Role::Error } else { Role::Dim };
    if used + 2 + note.chars().count() <= width {
        let x = area.right() - note.chars().count() as u16;
        buf.set_string(x, area.y, &note, theme.style(role));
    }
    let below = split_rows(area, 1).1;
    if !histogram.bins.is_empty() {
        let bars = bars(app, histogram, pinned, style);
        let curve = curve.map(|activation| {
            let (low, high) = bars.range();
            let value =
                |i| activation.value_at(low + (high - low) * f64::from(i) / f64::from(POINTS));
            (0..=POINTS).map(value).collect::<Vec<f64>>()
        });
        bars.curve(curve.as_deref()).render(below, buf);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bars on an axis that reaches further are not labelled by other ends than its own.
    #[test]
    fn the_ends_are_those_that_the_bars_are_drawn_between() {
        let of = |min, max| Histogram {
            min,
            max,
            ..Histogram::default()
        };
        let (own, wide) = (of(-0.5, 0.5), of(-4.0, 4.0));
        assert_eq!(range(&own, None, 10), range(&own, Some(&own), 10));
        assert!(range(&own, None, 0).starts_with("-0.5"));
        let both = range(&own, Some(&wide), 80);
        assert!(
            both.starts_with("-0.5") && both.contains("drawn -4"),
            "{both}"
        );
        let room = both.chars().count() - 1;
        assert!(range(&own, Some(&wide), room).starts_with("drawn -4"));
    }
}
