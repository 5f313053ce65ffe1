//! A pane's frame: its number and name, and at the right a word on what it shows, or the key that leads on. A click on that does
//! what the key does.

use super::{data, flow, layer, loss, network, training};
use crate::tui::actions::ACTIONS;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};
use unicode_width::UnicodeWidthStr;

/// The border with the pane's number and name; returns what is left within.
pub(super) fn framed(
    app: &App,
    pane: Pane,
    title: &str,
    note: &str,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let theme = &app.manner.theme;
    let focused = app.focus == pane && app.overlays.is_empty();
    let role = if focused {
        Role::FocusedBorder
    } else {
        Role::Border
    };
    let name = if focused {
        theme.style(Role::Accent).add_modifier(Modifier::BOLD)
    } else {
        theme.style(Role::Text)
    };
    let mut block = Block::bordered()
        .border_set(app.manner.glyphs.border())
        .border_style(theme.style(role))
        .title(Line::from(vec![
            Span::styled(format!("{} ", pane.number()), theme.style(Role::Dim)),
            Span::styled(format!("{title} "), name),
        ]));
    let note = app.manner.keymap.in_text(with_way_on(app, note));
    let words = Line::from(Span::styled(format!(" {note} "), theme.style(Role::Dim)));
    match row_of_note(pane, title, &note, area) {
        Some(row) if row == area.y => block = block.title(words.right_aligned()),
        Some(_) => block = block.title_bottom(words.right_aligned()),
        None => {}
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// Columns of a frame with a pane's number, its name and a note.
fn width(title: &str, note: &str) -> usize {
    title.width() + note.width() + 9
}

/// Where a pane's note stands: in the upper border, or where that has no room and nothing else is in the lower one, there.
fn row_of_note(pane: Pane, title: &str, note: &str, area: Rect) -> Option<u16> {
    let room = usize::from(area.width);
    match pane {
        _ if note.is_empty() => None,
        _ if width(title, note) <= room => Some(area.y),
        Pane::Layer | Pane::Data if note.width() + 4 <= room => area.bottom().checked_sub(1),
        _ => None,
    }
}

/// Whether a pane's frame has room for its title and its whole note, or for the way on in the note's place.
pub(super) fn fits_frame(app: &App, title: &str, note: &str, columns: u16) -> bool {
    let shown = with_way_on(app, note);
    let is_said = note.is_empty() || shown == note;
    is_said && width(title, &app.manner.keymap.in_text(shown)) <= usize::from(columns)
}

/// What stands in a pane's frame, keys by `{action}`; one that fills the screen says how to get to the others.
fn with_way_on<'a>(app: &App, note: &'a str) -> &'a str {
    if app.zoomed {
        "{zoom}: all panes"
    } else if app.layout().panes.len() == 1 {
        "{next-pane}: next pane"
    } else {
        note
    }
}

/// The pane that could be in this one's place and is not on the screen, with its key: `6 data`.
pub(super) fn shared_with(app: &App, other: Pane) -> String {
    if app.zoomed || app.layout().area(other).is_some() {
        String::new()
    } else {
        let name = other.name().to_lowercase();
        format!("{{{name}}} {name}")
    }
}

/// A pane's name and the note in its frame, keys by `{action}`.
fn heading(app: &App, pane: Pane, area: Rect) -> (String, String) {
    match pane {
        Pane::Network => network::heading(app, area),
        Pane::Flow => flow::heading(app, area.width),
        Pane::Loss => loss::heading(app, area),
        Pane::Training => training::heading(app, area),
        Pane::Layer => layer::heading(app),
        Pane::Data => data::heading(app),
    }
}

/// The action that the note in a pane's frame names, where its words are under the pointer.
pub fn action_at(app: &App, pane: Pane, area: Rect, at: Position) -> Option<usize> {
    let (title, note) = heading(app, pane, area);
    let note = with_way_on(app, &note);
    let id = note.split_once('{')?.1.split('}').next()?;
    let shown = app.manner.keymap.in_text(note);
    // A space at either side, then the corner.
    let end = usize::from(area.right()).checked_sub(2)?;
    let from = end.checked_sub(shown.width())?;
    let row = row_of_note(pane, &title, &shown, area);
    let on_it = row == Some(at.y) && (from..end).contains(&usize::from(at.x));
    ACTIONS.iter().position(|a| a.id == id).filter(|_| on_it)
}
