//! One file a pane: each draws the state into its rectangle, and changes nothing.

pub mod bars;
pub mod data;
pub mod flow;
pub mod frame;
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
use frame::{fits_frame, framed, shared_with};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;
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
