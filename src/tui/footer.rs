//! The last row: what was said last, or the keys that matter here. A click on a key's word does it.

use super::actions::ACTIONS;
use super::app::{App, Tone};
use super::overlay::{Overlay, hints};
use super::panes;
use super::theme::Role;
use super::tour;
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

/// A key with its word, the action that it does, and the columns that they take from the left.
struct Hint {
    action: usize,
    key: String,
    label: &'static str,
}

impl Hint {
    fn of(app: &App, action: usize) -> Self {
        let label = match ACTIONS[action].id {
            "run-pause" if app.goes_on() => "pause",
            "run-pause" => "run",
            _ => ACTIONS[action].label,
        };
        Self {
            action,
            key: app.manner.keymap.shown(action),
            label,
        }
    }

    /// With the space before its word and the two after it.
    fn width(&self) -> usize {
        self.key.width() + self.label.width() + 3
    }
}

/// The hints that there is room for, in their order.
fn fitting(app: &App, width: u16) -> Vec<Hint> {
    let mut shown: Vec<(u8, usize)> = app
        .actions()
        .map(|i| (ACTIONS[i].footer, i))
        .filter(|(order, i)| *order > 0 && app.unavailable(&ACTIONS[*i]).is_none())
        .collect();
    shown.sort_unstable();
    // Help comes last and always fits: it leads to all others.
    let help = ACTIONS.iter().position(|a| a.id == "help");
    let mut room = usize::from(width).saturating_sub(9);
    let mut hints = Vec::new();
    for (_, i) in shown.into_iter().filter(|(_, i)| Some(*i) != help) {
        let hint = Hint::of(app, i);
        if hint.key.is_empty() || hint.width() > room {
            continue;
        }
        room -= hint.width();
        hints.push(hint);
    }
    hints.extend(help.map(|i| Hint::of(app, i)));
    hints
}

fn is_silent(app: &App) -> bool {
    // The race says its own keys; over the panes other keys hold.
    let other = app.race.is_some() || app.finder.is_some() || tour::takes_footer(app);
    app.overlays.iter().any(Overlay::is_seen) || other || app.toast.is_some()
}

/// The action whose key is under a column.
pub fn action_at(app: &App, area: Rect, column: u16) -> Option<usize> {
    if is_silent(app) {
        return None;
    }
    let mut from = usize::from(area.x) + 1;
    let column = usize::from(column);
    for hint in fitting(app, area.width) {
        let end = from + hint.width();
        if (from..end - 2).contains(&column) {
            return Some(hint.action);
        }
        from = end;
    }
    None
}

/// What a click on the keys of what lies over the panes presses.
pub fn key_at(app: &App, area: Rect, column: u16) -> Option<KeyCode> {
    let overlay = app.overlays.iter().rfind(|o| o.is_seen())?;
    let x = usize::from(column).checked_sub(usize::from(area.x) + 1)?;
    let mut hints = hints::in_row(hints::of(overlay, app), area.width.into());
    let (_, hint) = hints.find(|(from, hint)| (*from..from + hint.width()).contains(&x))?;
    hint.press
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    if let Some(toast) = &app.toast {
        let role = if toast.tone == Tone::Trouble {
            Role::Error
        } else {
            Role::Good
        };
        let text = panes::fit(&toast.text, usize::from(area.width.saturating_sub(2)));
        buf.set_stringn(
            area.x + 1,
            area.y,
            text,
            usize::from(area.width.saturating_sub(1)),
            theme.style(role),
        );
        return;
    }
    if let Some(overlay) = app.overlays.iter().rfind(|o| o.is_seen()) {
        let hints = hints::in_row(hints::of(overlay, app), area.width.into());
        let words = hints.map(|(_, hint)| (hint.key.into(), hint.word));
        return draw_words(app, words, area, buf);
    }
    if tour::takes_footer(app) {
        return tour::draw(app, area, buf);
    }
    if is_silent(app) {
        return;
    }
    let hints = fitting(app, area.width).into_iter();
    draw_words(app, hints.map(|hint| (hint.key, hint.label)), area, buf);
}

/// Keys, each with what it does.
fn draw_words(
    app: &App,
    words: impl Iterator<Item = (String, &'static str)>,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.manner.theme;
    let mut spans = vec![Span::raw(" ")];
    for (key, word) in words {
        spans.push(Span::styled(key, theme.style(Role::Accent)));
        let word = format!(" {word}  ");
        spans.push(Span::styled(word, theme.style(Role::Dim)));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}
