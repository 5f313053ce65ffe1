//! Layers by time, coloured by magnitude: the view for a hundred layers.

use super::super::percent;
use crate::text::thousands;
use crate::training::Point;
use crate::tui::app::App;
use crate::tui::app::run::{Record, facing};
use crate::tui::theme::Role;
use crate::tui::widgets::{TimeAxis, Waterfall, format_value, group_rows, pixel_rows};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// So many layers of a row are looked at.
const MOST_IN_A_ROW: usize = 4;

/// Columns of the layers' numbers.
fn margin(app: &App) -> u16 {
    app.layer_count().to_string().len() as u16 + 2
}

/// The picture itself, without the numbers at its left and the steps beneath it.
fn picture(app: &App, inner: Rect) -> Rect {
    let margin = margin(app).min(inner.width);
    Rect {
        x: inner.x + margin,
        width: inner.width - margin,
        height: inner.height.saturating_sub(1),
        ..inner
    }
}

pub fn draw(app: &App, inner: Rect, buf: &mut Buffer) {
    let record = app.record_shown();
    let measure = app.measure;
    let area = picture(app, inner);
    let steps = record.steps();
    // Shares are coloured as parts of the whole, not by their decades.
    let given = |v: f64| {
        if measure.is_share() { 10f64.powf(v) } else { v }
    };
    let drawn = drawn_layers(app, area);
    let count = app.layer_count();
    let of = |record: &Record| -> Vec<Vec<f64>> {
        let value =
            |p: &Point, layer| facing(&p.layers, layer, count).map(|s| given(measure.of(s)));
        let row = |layer: usize| match drawn[layer] {
            true => record.values(|p| value(p, layer)),
            false => Vec::new(),
        };
        (0..count).map(row).collect()
    };
    let values = of(record);
    let layers: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let (start, end) = app.steps_on_charts();
    let axis = TimeAxis::fit(start, end, usize::from(area.width));
    let mut waterfall = Waterfall::new(app.look(), &layers)
        .steps(&steps)
        .axis(axis)
        .anchors(app.anchors(measure));
    let beneath = app.baseline().map(|p| (of(&p.record), p.record.steps()));
    let pinned: Vec<&[f64]> = beneath
        .iter()
        .flat_map(|(values, _)| values.iter().map(Vec::as_slice))
        .collect();
    if let Some((_, steps)) = &beneath {
        waterfall = waterfall.beneath(&pinned, steps);
    }
    waterfall.render(area, buf);
    numbers(app, inner, area, buf);
    let theme = &app.manner.theme;
    if let Some(column) = app.cursor.and_then(|step| axis.column(step)) {
        let glyph = app.manner.glyphs.cursor();
        for y in area.top()..area.bottom() {
            let x = area.x + column as u16;
            buf.set_string(x, y, glyph, theme.style(Role::Accent));
        }
    }
    if inner.height > 1 {
        beneath_picture(app, area, (start, axis.end()), buf);
    }
}

/// Which layers are looked at: all of a row's, or some evenly among many, so that a thousand layers are drawn as fast as a
/// hundred.
fn drawn_layers(app: &App, area: Rect) -> Vec<bool> {
    let count = app.layer_count();
    let mut drawn = vec![false; count];
    for group in group_rows(count, pixel_rows(app.look(), area)) {
        let stride = group.len().div_ceil(MOST_IN_A_ROW).max(1);
        group.step_by(stride).for_each(|layer| drawn[layer] = true);
    }
    drawn
}

/// The first step and the last, and between them the selected layer's value.
fn beneath_picture(app: &App, area: Rect, (start, end): (u64, u64), buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let dim = theme.style(Role::Dim);
    let width = usize::from(area.width);
    // The picture goes on to `end` as the run does; the newest column is the one to be named.
    let newest = app.run.record.step().clamp(start, end);
    let (left, right) = (format!("step {start}"), thousands(newest.into()));
    let stats = app.layers_shown().get(app.layer);
    let value = stats.map(|s| {
        let value = app.measure.of(s);
        let text = if app.measure.is_share() {
            percent(value)
        } else {
            format_value(value)
        };
        format!("layer {}: {text}", app.layer + 1)
    });
    let value = value.unwrap_or_default();
    buf.set_stringn(area.x, area.bottom(), &left, width, dim);
    let used = left.len() + right.len() + 2;
    if width < used {
        return;
    }
    let reach = TimeAxis::fit(start, end.saturating_sub(1), width);
    let column = reach.column(newest).unwrap_or(width - 1);
    let at = area.x + (column + 1).saturating_sub(right.len()).max(left.len() + 2) as u16;
    buf.set_string(at, area.bottom(), &right, dim);
    // In the middle of the wider gap, left or right of the newest step.
    let (from, to) = (left.len() + 2, usize::from(at - area.x).saturating_sub(2));
    let beyond = usize::from(at - area.x) + right.len() + 2;
    let (from, to) = if from + value.len() <= to {
        (from, to)
    } else {
        (beyond, width)
    };
    if !value.is_empty() && from + value.len() <= to {
        let x = area.x + (from + (to - from - value.len()) / 2) as u16;
        buf.set_string(x, area.bottom(), value, theme.style(Role::Text));
    }
}

/// The layers' numbers, where they change; the selected one marked.
fn numbers(app: &App, inner: Rect, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let width = usize::from(margin(app)) - 1;
    let mut before = usize::MAX;
    for row in 0..area.height {
        let layers = Waterfall::layers_at(app.look(), app.layer_count(), area, row);
        if layers.is_empty() || layers.end == before {
            continue;
        }
        before = layers.end;
        let selected = layers.contains(&app.layer);
        let text = format!(
            "{:>width$}",
            if selected { app.layer + 1 } else { layers.end }
        );
        let style = if selected {
            theme.selection()
        } else {
            theme.style(Role::Dim)
        };
        buf.set_stringn(
            inner.x,
            inner.y + row,
            text,
            usize::from(inner.width),
            style,
        );
    }
}

pub fn layer_at(app: &App, inner: Rect, row: u16) -> Option<usize> {
    let area = picture(app, inner);
    let y = row.checked_sub(area.y).filter(|y| *y < area.height)?;
    let layers = Waterfall::layers_at(app.look(), app.layer_count(), area, y);
    layers.end.checked_sub(1)
}
