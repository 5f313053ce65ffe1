//! Data, optimizer, batch, schedule, loss, seed and the rest: each row edited in place.

use super::{framed, mark_row, rows, schedule, split_rows};
use crate::tui::app::App;
use crate::tui::edit::field;
use crate::tui::layout::{Pane, kept_first};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Rows of the schedule's chart, and of fields above it at least.
const CHART: u16 = 6;
const LEAST_ROWS: u16 = 5;

/// The fields, and the schedule as it is planned beneath them where there is room for both.
fn parts(app: &App, inner: Rect) -> (Rect, Rect) {
    let chart = match schedule::has_plan(app) && inner.height >= LEAST_ROWS + CHART {
        true => CHART,
        false => 0,
    };
    split_rows(inner, inner.height - chart)
}

/// The first field shown in so many rows.
fn first(app: &App, height: u16) -> usize {
    let count = field::training(&app.experiment).len();
    kept_first(app.training_first, app.training_row, count, height)
}

/// The first field shown in the pane `area`, to be kept.
pub fn first_in(app: &App, area: Rect) -> usize {
    first(app, parts(app, super::inside(area)).0.height)
}

/// The field under a place on the screen.
pub fn row_at(app: &App, area: Rect, at: Position) -> Option<usize> {
    let fields = parts(app, super::inside(area)).0;
    let row = first(app, fields.height) + usize::from(at.y.checked_sub(fields.y)?);
    let count = field::training(&app.experiment).len();
    (fields.contains(at) && row < count).then_some(row)
}

/// Where not all fields are seen, which of them is selected.
pub(super) fn heading(app: &App, area: Rect) -> (String, String) {
    let count = field::training(&app.experiment).len();
    let note = if count > usize::from(super::inside(area).height) {
        format!("{} of {count}", app.training_row + 1)
    } else {
        String::new()
    };
    ("Training".into(), note)
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let fields = field::training(&app.experiment);
    let (title, note) = heading(app, area);
    let inner = framed(app, Pane::Training, &title, &note, area, buf);
    let (inner, below) = parts(app, inner);
    if !below.is_empty() {
        schedule::draw(app, below, buf);
    }
    let place = (first(app, inner.height), app.training_row);
    if let Some(row) = rows::draw(app, &fields, place, inner, buf)
        && app.focus == Pane::Training
    {
        mark_row(app, Pane::Training, buf, inner, row);
    }
}
