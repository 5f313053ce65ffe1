//! Data, optimizer, batch, schedule, loss, seed and the rest: each row edited in place.

use super::{framed, mark_row, rows, schedule};
use crate::tui::app::App;
use crate::tui::edit::field;
use crate::tui::layout::Pane;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Rows of the schedule's chart, and of fields above it at least.
const CHART: u16 = 6;
const LEAST_ROWS: u16 = 5;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let fields = field::training(&app.experiment);
    let hidden = fields
        .len()
        .saturating_sub(usize::from(super::inside(area).height));
    let note = if hidden > 0 {
        format!("{} of {}", app.training_row + 1, fields.len())
    } else {
        String::new()
    };
    let inner = framed(app, Pane::Training, "Training", &note, area, buf);
    // The schedule as it is planned, beneath the fields where there is room for both.
    let chart = if schedule::has_plan(app) && inner.height >= LEAST_ROWS + CHART {
        CHART
    } else {
        0
    };
    let inner = Rect {
        height: inner.height - chart,
        ..inner
    };
    if chart > 0 {
        let below = Rect {
            y: inner.bottom(),
            height: chart,
            ..inner
        };
        schedule::draw(app, below, buf);
    }
    if let Some(row) = rows::draw(app, &fields, app.training_row, inner, buf)
        && app.focus == Pane::Training
    {
        mark_row(app, Pane::Training, buf, inner, row);
    }
}
