//! The verdict in plain words, with its evidence and the fix on one key; or why the run does not move.

use super::write_line;
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Span;

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let (word, role, text) = match &app.run.status {
        Status::Failed(why) => ("FAILED", Role::Error, crate::text::clean(why, 1000)),
        Status::Diverged(why) => ("DIVERGED", Role::Error, crate::text::clean(why, 1000)),
        Status::Loading(what) => ("LOADING", Role::Dim, crate::text::clean(what, 200)),
        Status::Finished(why) => ("FINISHED", Role::Good, crate::text::clean(why, 1000)),
        Status::Paused => (
            "PAUSED",
            Role::Warning,
            "space runs on, . takes one step".into(),
        ),
        Status::Running => ("RUNNING", Role::Good, String::new()),
    };
    let badge = Span::styled(
        format!(" {word} "),
        theme.style(role).add_modifier(Modifier::BOLD),
    );
    let room = usize::from(area.width).saturating_sub(word.len() + 3);
    let lines = wrap(&text, room);
    for (row, line) in (0..area.height).zip(lines) {
        let lead = if row == 0 {
            badge.clone()
        } else {
            Span::raw(" ".repeat(word.len() + 2))
        };
        write_line(
            buf,
            area,
            row,
            vec![lead, Span::styled(line, theme.style(Role::Text))],
        );
    }
}

/// Breaks at spaces into lines of at most `width` characters; never empty.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let size = word.chars().count();
        if length > 0 && length + 1 + size > width {
            lines.push(String::new());
            length = 0;
        }
        if let Some(line) = lines.last_mut() {
            if length > 0 {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += size;
        }
    }
    lines
}
