//! `gradlab  name*   digits 64→10 · 1437 train 360 test · seed 42        ▶ 41.2k rows/s  step 12,480  epoch 278`

use super::short;
use crate::text::{clean, thousands};
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let width = usize::from(area.width);
    let name = format!(
        "{}{}",
        app.experiment.name,
        if app.is_changed() { "*" } else { "" }
    );
    let widths = |spans: &[Span]| spans.iter().map(|s| s.content.width()).sum::<usize>();
    let mut right = right(app, width, LOADING);
    let mut right_width = widths(&right);
    let mut left = vec![
        Span::styled(
            " gradlab ",
            theme.style(Role::Accent).add_modifier(Modifier::BOLD),
        ),
        Span::styled(
            super::fit(&name, width.saturating_sub(right_width + 12)),
            theme.style(Role::Text).add_modifier(Modifier::BOLD),
        ),
    ];
    let used = widths(&left);
    // From the right end what there is no room for is left out.
    let mut parts = middle(app);
    let fits = |parts: &[String]| used + parts.join(" · ").width() + right_width + 6 <= width;
    while !parts.is_empty() && !fits(&parts) {
        parts.pop();
    }
    if matches!(app.run.status, Status::Loading(_)) {
        // What nothing else needs.
        let taken = used + parts.join(" · ").width() + right_width + 6;
        right = self::right(app, width, LOADING + width.saturating_sub(taken));
        right_width = widths(&right);
    }
    if !parts.is_empty() {
        let middle = parts.join(" · ");
        left.push(Span::styled(format!("   {middle}"), theme.style(Role::Dim)));
    }
    buf.set_line(area.x, area.y, &Line::from(left), area.width);
    let at = area.width.saturating_sub(right_width as u16 + 1);
    buf.set_line(area.x + at, area.y, &Line::from(right), area.width - at);
}

/// The file where it is called otherwise than the experiment; data, rows and seed.
fn middle(app: &App) -> Vec<String> {
    let file = app.origin.path.as_ref().and_then(|path| path.file_name());
    let file = file.map(|name| clean(&name.to_string_lossy(), 60));
    let other = file.filter(|file| file.trim_end_matches(".toml") != app.experiment.name);
    let late = app.writing.last().and_then(|path| path.file_name());
    let late = late.map(|name| format!("still writing {}", clean(&name.to_string_lossy(), 40)));
    let mut parts: Vec<String> = late.into_iter().chain(other).collect();
    if let Some(info) = app.run.info.as_ref().filter(|info| info.features > 0) {
        parts.push(format!(
            "{} {}→{}",
            clean(&info.data, 60),
            info.features,
            info.outputs
        ));
        parts.push(format!(
            "{} train {} test",
            thousands(info.train_rows as u128),
            thousands(info.test_rows as u128)
        ));
    }
    parts.push(format!("seed {}", app.experiment.seed));
    parts
}

/// Columns from which the rows of a second are told beside its steps.
const ROOM_FOR_ROWS: usize = 132;

/// Columns that what is loading gets in any case.
const LOADING: usize = 24;

/// Rows of a step.
fn batch_rows(app: &App) -> f64 {
    let rows = app.run.info.as_ref().map_or(0, |info| info.train_rows);
    app.experiment.training.batch_size.rows(rows) as f64
}

/// `loading`: columns for what is loading.
fn right(app: &App, width: usize, loading: usize) -> Vec<Span<'static>> {
    let theme = &app.manner.theme;
    let ascii = app.manner.glyphs.is_ascii();
    let (glyph, word, role) = match &app.run.status {
        Status::Running => (if ascii { ">" } else { "▶" }, String::new(), Role::Good),
        Status::Paused => (
            if ascii { "=" } else { "‖" },
            "paused".into(),
            Role::Warning,
        ),
        Status::Loading(what) => (
            if ascii { "~" } else { "…" },
            super::fit(what, loading),
            Role::Dim,
        ),
        Status::Finished(_) => (if ascii { "#" } else { "■" }, "finished".into(), Role::Good),
        Status::Diverged(_) => ("!", "diverged".into(), Role::Error),
        Status::Failed(_) => ("!", "failed".into(), Role::Error),
    };
    let mut spans = vec![Span::styled(format!("{glyph} "), theme.style(role))];
    if app.is_running() {
        if width >= 70 {
            let rows = app.run.rows_per_second;
            let mut speed = format!("{} steps/s", short(rows / batch_rows(app)));
            if width >= ROOM_FOR_ROWS {
                speed += &format!(" · {} rows/s", short(rows));
            }
            spans.push(Span::styled(speed, theme.style(Role::Text)));
        }
    } else {
        spans.push(Span::styled(word, theme.style(role)));
    }
    if app.is_frozen() {
        let held = format!("  frozen at {}", thousands(app.run.record.step().into()));
        spans.push(Span::styled(held, theme.style(Role::Warning)));
    }
    let record = &app.live().record;
    spans.push(Span::styled("  step ", theme.style(Role::Dim)));
    spans.push(Span::styled(
        thousands(record.step().into()),
        theme.style(Role::Text),
    ));
    if width >= 60 {
        let epoch = record.latest.as_ref().map_or(0.0, |p| p.epoch);
        spans.push(Span::styled("  epoch ", theme.style(Role::Dim)));
        let text = if epoch < 10.0 {
            format!("{epoch:.1}")
        } else {
            thousands(epoch as u128)
        };
        spans.push(Span::styled(text, theme.style(Role::Text)));
    }
    spans
}
