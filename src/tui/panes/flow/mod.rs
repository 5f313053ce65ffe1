//! The gradient flow, the heart of the screen, in its views.

mod clip;
mod depth;
mod histograms;
mod legend;
mod rows;
mod scale;
mod time;
mod waterfall;

use super::framed;
use crate::text::thousands;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::measure::View;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use histograms::subject as histograms_of;
pub use rows::layer_word;

/// What stands in the frame at the left and at the right: whose figures these are, and that they are logarithms, is said
/// before how they are drawn.
pub(super) fn heading(app: &App, width: u16) -> (String, String) {
    let measure = app.measure;
    let (subject, short) = match app.view {
        View::Time => (format!("‖{}‖", time::symbol(app)), time::symbol(app)),
        View::Histograms => (histograms::subject(app).into(), histograms::subject(app)),
        _ => (measure.symbol().into(), measure.short()),
    };
    let log = match app.view {
        View::Time => "log₁₀ ",
        View::Histograms => "",
        _ if measure.is_logarithmic() => "log₁₀ ",
        _ => "",
    };
    let (name, brief) = match app.view {
        View::Time => ("Gradient through time · ", "Through time · "),
        _ => ("Gradient flow · ", "Flow · "),
    };
    let heads = [
        (name, subject.as_str()),
        (brief, &subject),
        (brief, short),
        ("", short),
    ];
    let (note, least) = note(app);
    let notes = [note.as_str(), &least];
    let beside = heads.iter().flat_map(|(name, subject)| {
        notes.map(|note| {
            let note = format!("{log}{note}");
            (format!("{name}{subject}"), note.trim_end().to_string())
        })
    });
    // Where the way to the other panes has the note's place.
    let within = heads.iter().flat_map(|(name, subject)| {
        notes.map(|note| {
            let title = format!("{name}{log}{subject} · {note}");
            (title.trim_end_matches(" · ").to_string(), String::new())
        })
    });
    let ways: Vec<(String, String)> = beside.chain(within).collect();
    let found = ways
        .iter()
        .find(|(title, note)| super::fits_frame(app, title, note, width));
    let shortest = ways.last().cloned().unwrap_or_default();
    found.cloned().unwrap_or(shortest)
}

/// The steps that are seen, or how they are drawn; and the same where there is little room.
fn note(app: &App) -> (String, String) {
    let short = |text: &str| (text.to_string(), String::new());
    let same = |text: String| (text.clone(), text);
    match app.cursor {
        _ if app.view == View::Histograms => match app.histograms_step() {
            Some(step) => short(&format!("histograms @{}", thousands(step.into()))),
            None => short("histograms"),
        },
        Some(step) => {
            let step = thousands(step.into());
            (format!("at step {step}"), format!("@{step}"))
        }
        None if app.window.is_some() => {
            let (first, last) = app.steps_shown();
            let (first, last) = (thousands(first.into()), thousands(last.into()));
            same(format!("steps {first}-{last}"))
        }
        None if app.view == View::Time && app.position_shown().is_none() => same("↑↓ step".into()),
        None => short(app.view.name()),
    }
}

/// Rows from which the profile over depth fits beneath the rows of layers.
const PROFILE: u16 = 9;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (title, note) = heading(app, area.width);
    let inner = framed(app, Pane::Flow, &title, &note, area, buf);
    legend::draw(app, area, buf);
    match app.view {
        View::Sparklines => {
            let (above, below) = split(app, inner);
            rows::draw(app, above, buf);
            if below.is_empty() {
            } else if app.is_recurrent() {
                time::draw(app, below, buf);
            } else {
                depth::draw(app, below, buf);
            }
        }
        View::Time => time::draw(app, inner, buf),
        View::Waterfall => waterfall::draw(app, inner, buf),
        View::Profile => depth::draw(app, inner, buf),
        View::Histograms => histograms::draw(app, inner, buf),
    }
}

/// The rows, and beneath them the profile over depth, or through time where there is any, where they leave room for it.
fn split(app: &App, inner: Rect) -> (Rect, Rect) {
    let rows = u16::try_from(app.layer_count() + 1).unwrap_or(u16::MAX);
    let left = inner.height.saturating_sub(rows.saturating_add(1));
    let needed = if app.is_recurrent() {
        time::FEWEST_ROWS
    } else {
        PROFILE
    };
    if left < needed {
        return (inner, Rect::default());
    }
    let above = Rect {
        height: rows,
        ..inner
    };
    let below = Rect {
        y: inner.y + rows + 1,
        height: left,
        ..inner
    };
    (above, below)
}

/// The step of the sequences under a place of the pane `area`, in the view through time.
pub fn position_at(app: &App, area: Rect, at: Position) -> Option<usize> {
    let inner = super::inside(area);
    (app.view == View::Time)
        .then(|| time::position_at(app, inner, at))
        .flatten()
}

/// The layer under a place of the pane `area`.
pub fn layer_at(app: &App, area: Rect, column: u16, row: u16) -> Option<usize> {
    let inner = super::inside(area);
    match app.view {
        View::Sparklines => {
            let (above, below) = split(app, inner);
            if row < above.bottom() {
                rows::layer_at(app, above, row)
            } else if app.is_recurrent() {
                None
            } else {
                depth::layer_at(app, below, column)
            }
        }
        View::Time => None,
        View::Waterfall => waterfall::layer_at(app, inner, row),
        View::Profile => depth::layer_at(app, inner, column),
        View::Histograms => histograms::layer_at(app, inner, row),
    }
}
