//! The pane's lower border: what its columns and lines are called in full, or what clipping cut; and how many layers have no
//! row.

use super::{clip, histograms, rows, split};
use crate::tui::app::App;
use crate::tui::measure::{Measure, View};
use crate::tui::theme::Role;
use crate::tui::widgets::Waterfall;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let Some(y) = area.bottom().checked_sub(1) else {
        return;
    };
    let theme = &app.manner.theme;
    let mut room = usize::from(area.width.saturating_sub(4));
    if let Some(text) = hidden(app, area).filter(|text| text.chars().count() <= room) {
        let width = text.chars().count();
        let x = area.right().saturating_sub(1 + width as u16);
        buf.set_string(x, y, text, theme.style(Role::Dim));
        room = room.saturating_sub(width + 1);
    }
    let clipped = clip::words(app, room.saturating_sub(2));
    let spans = match clipped {
        Some((text, role)) => vec![Span::styled(text, theme.style(role))],
        None => names(app, area, room.saturating_sub(2)),
    };
    if spans.is_empty() {
        return;
    }
    let mut line = vec![Span::raw(" ")];
    line.extend(spans);
    line.push(Span::raw(" "));
    buf.set_line(area.x + 1, y, &Line::from(line), room as u16);
}

/// How many layers have no row, above and below those that have.
fn hidden(app: &App, area: Rect) -> Option<String> {
    if !matches!(app.view, View::Sparklines | View::Histograms) {
        return None;
    }
    let inner = super::super::inside(area);
    let above = match app.view {
        View::Sparklines => split(app, inner).0,
        _ => histograms::layers_area(inner),
    };
    match rows::hidden(app, above) {
        (0, 0) => None,
        (0, below) => Some(format!(" ↓{below} ")),
        (between, 0) => Some(format!(" ↑{between} ")),
        (between, below) => Some(format!(" ↑{between} ↓{below} ")),
    }
}

/// What is written short in the columns and lines, as much as there is room for.
fn names(app: &App, area: Rect, room: usize) -> Vec<Span<'static>> {
    if app.view == View::Waterfall {
        return Waterfall::key(
            app.look(),
            app.anchors(app.measure),
            app.measure.is_share(),
            room,
        );
    }
    if app.view == View::Histograms {
        let range = histograms::range(app).filter(|text| text.chars().count() <= room);
        let dim = app.manner.theme.style(Role::Dim);
        return range
            .map(|text| Span::styled(text, dim))
            .into_iter()
            .collect();
    }
    // The profile has a legend of its own.
    let profile = || !split(app, super::super::inside(area)).1.is_empty();
    if app.view != View::Sparklines || profile() {
        return Vec::new();
    }
    let theme = &app.manner.theme;
    let dim = theme.style(Role::Dim);
    let mut words = vec!["δ error signal".to_string()];
    if app.measure == Measure::DeltaRms || app.measure == Measure::GradRms {
        words.push("∂W weight gradient".into());
    }
    if app.has_theory() && app.measure.is_predicted() {
        words.push("theory: before step 1".into());
    }
    let mut used = 0;
    let mut said = String::new();
    for word in words {
        let more = word.chars().count() + if said.is_empty() { 0 } else { 3 };
        if used + more > room {
            break;
        }
        if !said.is_empty() {
            said += " · ";
        }
        said += &word;
        used += more;
    }
    if said.is_empty() {
        Vec::new()
    } else {
        vec![Span::styled(said, dim)]
    }
}
