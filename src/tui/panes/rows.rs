//! Rows of `label  value`, as the Training pane and the forms show them.

use super::{fit, write_line};
use crate::tui::app::App;
use crate::tui::edit::Field;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

/// Fields of the same thing, from row `first` on; returns the screen row of the selected one.
pub fn draw(
    app: &App,
    fields: &[Field],
    (first, selected): (usize, usize),
    area: Rect,
    buf: &mut Buffer,
) -> Option<u16> {
    let theme = &app.manner.theme;
    let width = usize::from(area.width);
    let label_width = usize::from(area.width / 2).clamp(8, 18);
    let mut marked = None;
    for (row, (i, field)) in (0..area.height).zip(fields.iter().enumerate().skip(first)) {
        let e = &app.experiment;
        let indent = if field.is_nested() { "  " } else { "" };
        let label = format!("{indent}{}", field.label(e));
        let text = crate::text::clean(&field.text(e), 400);
        // A long name may take of its value's columns what the value leaves free, and the other way round.
        let (long, most) = (label.chars().count() + 1, width.saturating_sub(2));
        let free = most.saturating_sub(text.chars().count());
        let label_width = match free < label_width {
            true => long.max(free).min(label_width),
            false => long.max(label_width).min(free),
        };
        let label = fit(&label, label_width.saturating_sub(1));
        let text = fit(&text, width.saturating_sub(label_width + 1));
        let role = match text.as_str() {
            "none" | "no" | "0" | "off" | "all" => Role::Dim,
            _ if text.starts_with('(') => Role::Dim,
            _ => Role::Text,
        };
        let style = match field {
            Field::Entry(_) => theme.style(role).fg(theme.colour(Role::Accent)),
            _ => theme.style(role),
        };
        write_line(
            buf,
            area,
            row,
            vec![
                Span::styled(format!(" {label:<label_width$}"), theme.style(Role::Dim)),
                Span::styled(text, style),
            ],
        );
        if i == selected {
            marked = Some(row);
        }
    }
    marked
}
