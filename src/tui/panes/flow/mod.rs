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

pub use rows::layer_word;

/// The step that is read, in words where there is room beside the title.
fn at_step(title: &str, shown: &str, step: u64, width: u16) -> String {
    let step = thousands(step.into());
    let room = usize::from(width).saturating_sub(title.chars().count() + 9);
    let words = [
        format!("{shown}at step {step}"),
        format!("at step {step}"),
        format!("@{step}"),
    ];
    let [.., least] = &words;
    let fits = |text: &&String| text.chars().count() <= room;
    words.iter().find(fits).unwrap_or(least).clone()
}

/// Rows from which the profile over depth fits beneath the rows of layers.
const PROFILE: u16 = 9;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let measure = app.measure;
    let through_time = app.view == View::Time;
    let title = match app.view {
        View::Time => format!("Gradient through time · ‖{}‖", time::symbol(app)),
        View::Histograms => format!("Gradient flow · {}", histograms::subject(app)),
        _ => format!("Gradient flow · {}", measure.symbol()),
    };
    let shown = if measure.is_logarithmic() || through_time {
        "log₁₀ "
    } else {
        ""
    };
    let note = match app.cursor {
        _ if app.view == View::Histograms => match app.histograms_step() {
            Some(step) => format!("histograms @{}", thousands(step.into())),
            None => "histograms".to_string(),
        },
        // Whose figures these are matters more than how they are drawn.
        Some(step) => at_step(&title, shown, step, area.width),
        None if app.window.is_some() => {
            let (first, last) = app.steps_shown();
            format!(
                "steps {}-{}",
                thousands(first.into()),
                thousands(last.into())
            )
        }
        None if through_time && app.position_shown().is_none() => "↑↓ step".into(),
        None => format!("{shown}{}", app.view.name()),
    };
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
