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
    selected: usize,
    area: Rect,
    buf: &mut Buffer,
) -> Option<u16> {
    let theme = &app.manner.theme;
    let first = crate::tui::layout::first_row(selected, fields.len(), area.height);
    let label_width = usize::from(area.width / 2).clamp(8, 18);
    let mut marked = None;
    for (row, (i, field)) in (0..area.height).zip(fields.iter().enumerate().skip(first)) {
        let e = &app.experiment;
        let indent = if field.is_nested() { "  " } else { "" };
        let label = fit(&format!("{indent}{}", field.label(e)), label_width - 1);
        let room = usize::from(area.width).saturating_sub(label_width + 1);
        let text = fit(&crate::text::clean(&field.text(e), 400), room);
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
