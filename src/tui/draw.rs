//! The picture of a state: a pure function, whatever the window's size.

use super::actions::ACTIONS;
use super::app::{App, Tone};
use super::layout::SMALLEST;
use super::overlay::view;
use super::panes::{self, header, verdict};
use super::race;
use super::theme::Role;
use super::tour;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

pub fn draw(app: &App, frame: &mut Frame) {
    let screen = frame.area();
    let touring = tour::height(app, screen.height);
    let area = Rect {
        height: screen.height - touring,
        ..screen
    };
    let layout = app.layout_in(area);
    let buf = frame.buffer_mut();
    if layout.too_small {
        return too_small(app, screen, buf);
    }
    header::draw(app, layout.header, buf);
    if let Some(race) = &app.race {
        let body = Rect {
            y: layout.header.bottom(),
            height: layout.footer.y - layout.header.bottom(),
            ..screen
        };
        race::view::draw(app, race, body, buf);
    } else {
        for (pane, area) in &layout.panes {
            panes::draw(app, *pane, *area, buf);
        }
        verdict::draw(app, layout.verdict, buf);
    }
    footer(app, layout.footer, buf);
    let below = Rect {
        y: area.bottom(),
        height: touring,
        ..screen
    };
    tour::draw(app, below, buf);
    let mut cursor = None;
    for overlay in &app.overlays {
        cursor = view::draw(overlay, app, screen, buf);
    }
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn too_small(app: &App, screen: Rect, buf: &mut Buffer) {
    let (width, height) = SMALLEST;
    let text = format!(
        "gradlab needs {width}x{height}, this is {}x{}",
        screen.width, screen.height
    );
    let style = app.manner.theme.style(Role::Warning);
    for (y, line) in
        (screen.y..screen.bottom()).zip(verdict::wrap(&text, usize::from(screen.width)))
    {
        buf.set_stringn(screen.x, y, line, usize::from(screen.width), style);
    }
}

/// What was said last, or the keys that matter here.
fn footer(app: &App, area: Rect, buf: &mut Buffer) {
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
    if app.race.is_some() {
        // The race says its own keys.
        return;
    }
    let mut shown: Vec<(u8, usize)> = app
        .actions()
        .map(|i| (ACTIONS[i].footer, i))
        .filter(|(order, i)| *order > 0 && (ACTIONS[*i].unavailable)(app).is_none())
        .collect();
    shown.sort_unstable();
    // Help comes last and always fits: it leads to all others.
    let help = ACTIONS.iter().position(|a| a.id == "help");
    let mut room = usize::from(area.width).saturating_sub(9);
    let mut spans = vec![Span::raw(" ")];
    let hint = |i: usize| {
        let key = app.manner.keymap.shown(i);
        let label = match ACTIONS[i].id {
            "run-pause" if app.is_running() => "pause",
            "run-pause" => "run",
            _ => ACTIONS[i].label,
        };
        (key, label)
    };
    for (_, i) in shown.into_iter().filter(|(_, i)| Some(*i) != help) {
        let (key, label) = hint(i);
        let width = key.width() + label.width() + 3;
        if key.is_empty() || width > room {
            continue;
        }
        room -= width;
        spans.push(Span::styled(key, theme.style(Role::Accent)));
        spans.push(Span::styled(format!(" {label}  "), theme.style(Role::Dim)));
    }
    if let Some(i) = help {
        let (key, label) = hint(i);
        spans.push(Span::styled(key, theme.style(Role::Accent)));
        spans.push(Span::styled(format!(" {label}"), theme.style(Role::Dim)));
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}
