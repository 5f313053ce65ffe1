//! Layers by time, coloured by magnitude: the view for a hundred layers.

use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::{TimeAxis, Waterfall};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

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
    let record = &app.run.record;
    let measure = app.measure;
    let area = picture(app, inner);
    let steps = record.steps();
    let values: Vec<Vec<f64>> = (0..app.layer_count())
        .map(|l| record.values(|p| p.layers.get(l).map(|s| measure.of(s))))
        .collect();
    let layers: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let (start, end) = app.steps_shown();
    let axis = TimeAxis::fit(start, end, usize::from(area.width));
    Waterfall::new(app.look(), &layers)
        .steps(&steps)
        .axis(axis)
        .anchors(measure.anchors())
        .render(area, buf);
    numbers(app, inner, area, buf);
    let theme = &app.manner.theme;
    if inner.height > 1 {
        let end = axis.end().to_string();
        buf.set_stringn(
            area.x,
            area.bottom(),
            format!("step {start}"),
            usize::from(area.width),
            theme.style(Role::Dim),
        );
        if usize::from(area.width) > end.len() + start.to_string().len() + 7 {
            buf.set_string(
                area.right() - end.len() as u16,
                area.bottom(),
                end,
                theme.style(Role::Dim),
            );
        }
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
