//! One file a pane: each draws the state into its rectangle, and changes nothing.

pub mod bars;
pub mod data;
pub mod flow;
pub mod header;
pub mod layer;
pub mod loss;
pub mod network;
pub mod pretraining;
pub mod rows;
pub mod schedule;
pub mod training;
pub mod verdict;

use super::app::App;
use super::layout::Pane;
use super::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is left of a pane within its border.
pub fn inside(area: Rect) -> Rect {
    Block::bordered().inner(area)
}

/// The first rows of an area, as many as it has, and the others.
pub fn split_rows(area: Rect, rows: u16) -> (Rect, Rect) {
    let above = Rect {
        height: rows.min(area.height),
        ..area
    };
    let below = Rect {
        y: above.bottom(),
        height: area.height - above.height,
        ..area
    };
    (above, below)
}

/// Draws one pane.
pub fn draw(app: &App, pane: Pane, area: Rect, buf: &mut Buffer) {
    match pane {
        Pane::Network => network::draw(app, area, buf),
        Pane::Flow => flow::draw(app, area, buf),
        Pane::Loss => loss::draw(app, area, buf),
        Pane::Training => training::draw(app, area, buf),
        Pane::Layer => layer::draw(app, area, buf),
        Pane::Data => data::draw(app, area, buf),
    }
}

/// The border of what lies over the panes, with its title.
pub fn titled<'a>(app: &App, title: &str, width: u16) -> Block<'a> {
    let theme = &app.manner.theme;
    Block::bordered()
        .border_set(app.manner.glyphs.border())
        .border_style(theme.style(Role::FocusedBorder))
        .title(Line::from(Span::styled(
            format!(" {} ", fit(title, usize::from(width.saturating_sub(4)))),
            theme.style(Role::Accent).add_modifier(Modifier::BOLD),
        )))
}

/// The border with the pane's number and name; returns what is left within.
fn framed(app: &App, pane: Pane, title: &str, note: &str, area: Rect, buf: &mut Buffer) -> Rect {
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
    let note = &with_way_on(app, note);
    if !note.is_empty() && frame_width(title, note) <= usize::from(area.width) {
        block = block.title(
            Line::from(Span::styled(format!(" {note} "), theme.style(Role::Dim))).right_aligned(),
        );
    }
    let inner = block.inner(area);
    block.render(area, buf);
    inner
}

/// Columns of a frame with a pane's number, its name and a note.
fn frame_width(title: &str, note: &str) -> usize {
    title.width() + note.width() + 9
}

/// Whether a pane's frame has room for its title and its whole note, or for the way on in the note's place.
fn fits_frame(app: &App, title: &str, note: &str, width: u16) -> bool {
    let shown = with_way_on(app, note);
    let is_said = note.is_empty() || shown == app.manner.keymap.in_text(note);
    is_said && frame_width(title, &shown) <= usize::from(width)
}

/// What stands in a pane's frame, keys by `{action}`; one that fills the screen says how to get to the others.
fn with_way_on(app: &App, note: &str) -> String {
    if app.zoomed {
        format!("{}: all panes", app.key_of("zoom"))
    } else if app.layout().panes.len() == 1 {
        format!("{}: next pane", app.key_of("next-pane"))
    } else {
        app.manner.keymap.in_text(note)
    }
}

/// The pane that could be in this one's place and is not on the screen, with its key: `6 data`.
fn shared_with(app: &App, other: Pane) -> String {
    if app.zoomed || app.layout().area(other).is_some() {
        String::new()
    } else {
        format!("{} {}", other.number(), other.name().to_lowercase())
    }
}

/// Writes spans on one row, cut at the area's right edge.
fn write_line(buf: &mut Buffer, area: Rect, row: u16, spans: Vec<Span<'_>>) {
    if row < area.height {
        buf.set_line(area.x, area.y + row, &Line::from(spans), area.width);
    }
}

/// Marks a selected row: reversed where its pane has the focus, else bold.
fn mark_row(app: &App, pane: Pane, buf: &mut Buffer, area: Rect, row: u16) {
    if row < area.height {
        let style = if app.focus == pane && matches!(pane, Pane::Network | Pane::Training) {
            app.manner.theme.bar()
        } else if app.focus == pane {
            app.manner.theme.selection()
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        };
        buf.set_style(
            Rect {
                y: area.y + row,
                height: 1,
                ..area
            },
            style,
        );
    }
}

/// At most `width` columns, the cut shown.
pub fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_string();
    }
    let Some(mut room) = width.checked_sub(1) else {
        return String::new();
    };
    let fits = |c: &char| match room.checked_sub(c.width().unwrap_or(0)) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{kept}…")
}

/// Of ways to say something, from the longest: a figure that is cut would be read as another.
fn first_that_fits(words: impl IntoIterator<Item = String>, room: usize) -> Option<String> {
    words.into_iter().find(|text| text.width() <= room)
}

/// 41234 as `41.2k`.
pub fn short(n: f64) -> String {
    match n {
        n if !n.is_finite() => "-".into(),
        n if n >= 1e9 => format!("{:.1}G", n / 1e9),
        n if n >= 1e6 => format!("{:.1}M", n / 1e6),
        n if n >= 1e3 => format!("{:.1}k", n / 1e3),
        n => format!("{n:.0}"),
    }
}

/// A share as `97.2 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(short(41_234.0), "41.2k");
        assert_eq!(fit("logistic", 5), "logi…");
    }

    /// Some characters take two columns.
    #[test]
    fn a_cut_text_takes_no_more_than_its_columns() {
        for (width, cut) in [
            (8, "ネット"),
            (6, "ネッ…"),
            (5, "ネッ…"),
            (4, "ネ…"),
            (1, "…"),
            (0, ""),
        ] {
            let text = if width == 8 {
                "ネット"
            } else {
                "ネットワーク"
            };
            assert_eq!(fit(text, width), cut);
            assert!(fit(text, width).width() <= width);
        }
    }
}
