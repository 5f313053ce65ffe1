//! What is asked before something is lost, and what is said of a drive that does not answer: a text and the keys that answer it,
//! both broken for the screen.

use super::hints::{self, Hint};
use super::{Awaiting, Overlay};
use crate::text::clean;
use crate::tui::app::App;
use crate::tui::app::origin::{OpenedFor, Opening};
use crate::tui::panes::fit;
use crate::tui::panes::verdict::wrap_columns;
use crate::tui::theme::Role;
use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns of the box, where there are so many.
pub const WIDTH: u16 = 62;

/// Of the box those that are no text's: the border and a space at either side.
const FRAME: u16 = 4;

fn text(overlay: &Overlay, app: &App, width: usize) -> String {
    let named = |name: &str| fit(&clean(name, 400), width);
    let unsaved = || {
        let name = named(&app.experiment.name);
        format!("{name} has changes that are not saved.")
    };
    match overlay {
        Overlay::ConfirmOpen(opening) => {
            let name = named(&opening.experiment.name);
            format!("{} {}", unsaved(), instead(opening, app, &name))
        }
        Overlay::Awaiting(awaiting) => {
            let name = named(&file_name(awaiting));
            format!("still reading {name}: the drive does not answer")
        }
        _ => unsaved(),
    }
}

/// What would be in the place of the changes, and the key that comes back to them.
fn instead(opening: &Opening, app: &App, name: &str) -> String {
    let (purpose, back) = match (opening.opened_for, app.tour) {
        (OpenedFor::Stop(_), None) => ("for the tour", "tour"),
        (OpenedFor::Stop(_), Some(_)) => ("for the tour", "undo"),
        (OpenedFor::TourEnd, _) => ("and leave the tour", "undo"),
        (OpenedFor::Itself, _) => ("in its place", "undo"),
    };
    let back = app.key_of(back);
    format!("Open {name} {purpose}? {back} comes back.")
}

fn file_name(awaiting: &Awaiting) -> String {
    let name = awaiting.what.file().and_then(|path| path.file_name());
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// The text's lines, and where each answer stands beneath them, in a box of so many columns.
fn layout(
    overlay: &Overlay,
    app: &App,
    width: u16,
) -> (Vec<String>, Vec<(usize, usize, &'static Hint)>) {
    let room = usize::from(width.saturating_sub(FRAME));
    let lines = wrap_columns(&text(overlay, app, room), room);
    (lines, hints::in_rows(hints::of(overlay, app), room))
}

/// Rows of a box of so many columns, its border too.
pub fn height(overlay: &Overlay, app: &App, width: u16) -> u16 {
    let (lines, answers) = layout(overlay, app, width);
    let rows = answers.last().map_or(0, |(row, ..)| row + 1);
    (lines.len() + rows + 2) as u16
}

/// Draws into the inside of the box.
pub fn draw(overlay: &Overlay, app: &App, inner: Rect, buf: &mut Buffer) {
    let (lines, answers) = layout(overlay, app, inner.width + 2);
    let room = usize::from(inner.width.saturating_sub(1));
    let theme = &app.manner.theme;
    for (y, line) in (inner.y..inner.bottom()).zip(&lines) {
        buf.set_stringn(inner.x + 1, y, line, room, theme.style(Role::Text));
    }
    for (row, x, hint) in answers {
        let (x, y) = (inner.x + 1 + x as u16, inner.y + (lines.len() + row) as u16);
        if y < inner.bottom() && x < inner.right() {
            let text = format!("{} {}", hint.key, hint.word);
            let room = usize::from(inner.right() - x);
            buf.set_stringn(x, y, text, room, theme.style(Role::Accent));
        }
    }
}

/// What a click at this place of the box `area` presses.
pub fn key_at(overlay: &Overlay, app: &App, area: Rect, at: Position) -> Option<KeyCode> {
    let (lines, answers) = layout(overlay, app, area.width);
    let row = usize::from(at.y).checked_sub(usize::from(area.y) + 1 + lines.len())?;
    let x = usize::from(at.x).checked_sub(usize::from(area.x) + 2)?;
    let is_there = |(y, from, hint): &(usize, usize, &Hint)| {
        *y == row && (*from..from + hint.width()).contains(&x)
    };
    answers.iter().find(|answer| is_there(answer))?.2.press
}
