//! The newest figures, above a chart.

use super::{Kind, Rows, smoothed, values};
use crate::tui::app::App;
use crate::tui::app::run::Record;
use crate::tui::panes::{first_that_fits, percent, write_line};
use crate::tui::theme::Role;
use crate::tui::widgets::format_value;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// The newest value, as on the curve: of mini-batches' accuracy it is a mean, and says so.
pub(super) fn newest(record: &Record, kind: Kind, rows: Rows) -> Option<String> {
    let history = rows.history(record, kind);
    let last = || history.buckets().last().map(|bucket| bucket.on_line());
    match (kind, rows) {
        (Kind::Loss, Rows::Train) => last().map(format_value),
        (Kind::Loss, Rows::Test) => history.last().map(format_value),
        (Kind::Accuracy, Rows::Train) => {
            let values = values(history.buckets());
            let end = values.len().checked_sub(1)?;
            Some(format!("≈{}", percent(smoothed(&values, end))))
        }
        (Kind::Accuracy, Rows::Test) => history.last().map(percent),
    }
}

/// The pinned run's newest figures, on the line `row`; whether they were drawn.
pub(super) fn draw_pinned(app: &App, kind: Kind, row: u16, area: Rect, buf: &mut Buffer) -> bool {
    let Some(pinned) = app.baseline().filter(|_| area.height >= row + 4) else {
        return false;
    };
    let last = [Rows::Train, Rows::Test].map(|rows| newest(&pinned.record, kind, rows));
    let figures: Vec<&str> = last.iter().flatten().map(String::as_str).collect();
    let gap = pinned.record.gap().filter(|_| kind == Kind::Loss);
    let both = figures.join(" ");
    let words = match (gap.map(|gap| gap.figure()), &last[1]) {
        (Some(gap), Some(test)) => vec![
            format!("pinned {both} {gap}"),
            format!("pin test {test} {gap}"),
            format!("pin test {test}"),
        ],
        (None, Some(test)) => vec![format!("pinned {both}"), format!("pin test {test}")],
        _ => vec![format!("pinned {both}"), format!("pin {both}")],
    };
    let Some(text) = first_that_fits(words, area.width.into()) else {
        return false;
    };
    let span = Span::styled(text, app.manner.theme.style(Role::Pinned));
    write_line(buf, area, row, vec![span]);
    true
}

/// How far training and test rows are apart, beneath the figures, and since when that grows, on a line of its own where one
/// is too short; returns the lines it took.
pub(super) fn draw_gap(app: &App, area: Rect, buf: &mut Buffer) -> u16 {
    let Some(gap) = app.run.record.gap().filter(|_| area.height >= 6) else {
        return 0;
    };
    let role = if gap.since.is_some() {
        Role::Warning
    } else {
        Role::Dim
    };
    let room = usize::from(area.width);
    let figures = first_that_fits([gap.figures(), gap.figure()], room);
    let lines: Vec<String> = match (first_that_fits([gap.sentence()], room), gap.turned()) {
        (Some(whole), _) => vec![whole],
        (None, None) => figures.into_iter().collect(),
        (None, Some(turned)) => {
            let turned = first_that_fits([turned, "overfits".into()], room);
            let figures = figures.filter(|_| area.height >= 7);
            figures.into_iter().chain(turned).collect()
        }
    };
    let count = lines.len() as u16;
    for (row, line) in (1..).zip(lines) {
        let span = Span::styled(line, app.manner.theme.style(role));
        write_line(buf, area, row, vec![span]);
    }
    count
}
