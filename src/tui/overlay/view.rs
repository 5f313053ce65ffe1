//! How the overlays look and where they are.

use super::{Item, List, Overlay, Prompt, Purpose, question};
use crate::text::clean;
use crate::tui::app::App;
use crate::tui::layout::first_shown;
use crate::tui::panes::verdict::{wrap, wrap_to};
use crate::tui::panes::{fit, rows, titled};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Lines under a list or a form, the rule above them too.
fn help_rows(overlay: &Overlay, screen: Rect) -> u16 {
    match overlay {
        Overlay::List(list) if has_much_to_say(list) && screen.height >= 20 => 7,
        _ => 4,
    }
}

/// Whether theory has a word on each entry of a list.
fn is_foreseen(list: &List) -> bool {
    matches!(&list.purpose, Purpose::Pick(slot, _) if slot.shapes_the_signal())
}

/// Whether its entries need more than a few lines beneath the list.
fn has_much_to_say(list: &List) -> bool {
    is_foreseen(list) || matches!(list.purpose, Purpose::Open(_) | Purpose::Fixes(_))
}

/// Whether a list has a drawing beside it.
fn is_drawn(list: &List) -> bool {
    matches!(&list.purpose, Purpose::Pick(slot, _) if slot.is_activation() || slot.is_weights() || *slot == crate::tui::edit::Slot::Schedule)
}

/// Where an overlay is on the screen.
pub fn area(overlay: &Overlay, app: &App, screen: Rect) -> Rect {
    let below = help_rows(overlay, screen);
    let (width, height) = match overlay {
        Overlay::List(list) => (list_width(list), rows_of(list.items.len()) + below + 3),
        Overlay::Form(form) => (58, rows_of(form.fields(&app.experiment).len()) + below + 2),
        Overlay::Prompt(_) => (64, 7),
        Overlay::ConfirmQuit | Overlay::ConfirmOpen(..) | Overlay::Awaiting(_) => {
            let width = centred(screen, question::WIDTH, 3).width;
            (width, question::height(overlay, app, width))
        }
        Overlay::Text { text, .. } => (TEXT, rows_of(text_lines(text, screen).len()) + 2),
    };
    centred(screen, width, height)
}

fn list_width(list: &List) -> u16 {
    match list.purpose {
        _ if is_drawn(list) => 112,
        // Sentences.
        Purpose::Fixes(_) | Purpose::Actions(_) => 112,
        _ => 74,
    }
}

/// Columns of a text to read, where there are so many.
const TEXT: u16 = 100;

/// A text's lines, the long ones broken for the screen.
fn text_lines(text: &str, screen: Rect) -> Vec<String> {
    let width = usize::from(centred(screen, TEXT, 3).width.saturating_sub(4));
    let lines = text.lines().flat_map(|line| {
        // A file's text may hold anything.
        let line = clean(line, 1000);
        match line.chars().count() <= width {
            true => vec![line],
            false => wrap(&line, width),
        }
    });
    lines.collect()
}

/// How far a text can be scrolled.
pub fn last_scroll(text: &str, screen: Rect) -> usize {
    let lines = text_lines(text, screen).len();
    let shown = centred(screen, TEXT, rows_of(lines) + 2)
        .height
        .saturating_sub(2);
    lines.saturating_sub(usize::from(shown))
}

/// Rows as the screen counts them, with room to add a few.
fn rows_of(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX).min(u16::MAX - 100)
}

fn centred(screen: Rect, width: u16, height: u16) -> Rect {
    let width = width.min(screen.width.saturating_sub(2));
    let height = height.min(screen.height.saturating_sub(2));
    Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    }
}

/// The part of a list's or form's inside that holds its rows.
fn rows_area(overlay: &Overlay, inner: Rect, below: u16) -> Rect {
    let top = u16::from(matches!(overlay, Overlay::List(_)));
    Rect {
        y: inner.y + top.min(inner.height),
        height: inner.height.saturating_sub(top + below),
        ..inner
    }
}

/// The first row shown of a list or form, and the one at a place on the screen.
pub fn row_at(overlay: &Overlay, app: &App, screen: Rect, at: Position) -> Option<(usize, usize)> {
    let inner = Block::bordered().inner(area(overlay, app, screen));
    let rows = rows_area(overlay, inner, help_rows(overlay, screen));
    let (kept, selected, count) = match overlay {
        Overlay::List(list) => (list.first, list.selected, list.matches.len()),
        Overlay::Form(form) => {
            let count = form.fields(&app.experiment).len();
            (form.first, form.selected, count)
        }
        _ => return None,
    };
    if !rows.contains(at) {
        return None;
    }
    let first = first_shown(kept, selected, count, rows.height);
    let row = first + usize::from(at.y - rows.y);
    (row < count).then_some((first, row))
}

/// Draws an overlay; returns where the cursor is, when it has one.
pub fn draw(overlay: &Overlay, app: &App, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    if !overlay.is_seen() {
        return None;
    }
    let area = area(overlay, app, screen);
    let theme = &app.manner.theme;
    let title = match overlay {
        Overlay::List(list) => list.title.clone(),
        Overlay::Form(form) => form.title(&app.experiment),
        Overlay::Prompt(prompt) => prompt.title.clone(),
        Overlay::ConfirmQuit => "Quit".into(),
        Overlay::ConfirmOpen(..) => "Open another experiment".into(),
        Overlay::Awaiting(_) => "Reading a file".into(),
        Overlay::Text { title, .. } => title.clone(),
    };
    let block = titled(app, &clean(&title, 400), area.width);
    let inner = block.inner(area);
    Clear.render(area, buf);
    block.render(area, buf);
    match overlay {
        Overlay::List(list) => {
            let below = help_rows(overlay, screen);
            return list_rows(list, app, inner, rows_area(overlay, inner, below), buf);
        }
        Overlay::Form(form) => {
            let fields = form.fields(&app.experiment);
            let place = rows_area(overlay, inner, help_rows(overlay, screen));
            let first = first_shown(form.first, form.selected, fields.len(), place.height);
            if let Some(row) = rows::draw(app, &fields, (first, form.selected), place, buf) {
                buf.set_style(
                    Rect {
                        y: place.y + row,
                        height: 1,
                        ..place
                    },
                    theme.bar(),
                );
            }
            if let Some(field) = fields.get(form.selected) {
                let lines = [(field.help(&app.experiment), Role::Text)];
                help(app, &lines, inner, place.bottom(), buf);
            }
        }
        Overlay::Prompt(prompt) => return prompt_rows(prompt, app, inner, buf),
        Overlay::ConfirmQuit | Overlay::ConfirmOpen(..) | Overlay::Awaiting(_) => {
            question::draw(overlay, app, inner, buf);
        }
        Overlay::Text { text, scroll, .. } => {
            let lines = text_lines(text, screen);
            let scroll = (*scroll).min(last_scroll(text, screen));
            for (y, line) in (0..inner.height).zip(lines.iter().skip(scroll)) {
                let width = usize::from(inner.width.saturating_sub(1));
                let style = theme.style(Role::Text);
                buf.set_stringn(inner.x + 1, inner.y + y, line, width, style);
            }
            let shown = scroll..(scroll + usize::from(inner.height)).min(lines.len());
            say_part(app, shown, lines.len(), area, buf);
        }
    }
    None
}

/// Says in the lower border which part of so many lines is seen, where it is not all.
fn say_part(app: &App, shown: std::ops::Range<usize>, count: usize, area: Rect, buf: &mut Buffer) {
    if shown.len() >= count {
        return;
    }
    let up = if shown.start > 0 { "↑" } else { "" };
    let down = if shown.end < count { "↓" } else { "" };
    let text = format!(" {}-{} of {count} {up}{down} ", shown.start + 1, shown.end);
    let x = area.right().saturating_sub(2 + text.chars().count() as u16);
    if x > area.x && area.height > 0 {
        let style = app.manner.theme.style(Role::Accent);
        buf.set_string(x, area.bottom() - 1, text, style);
    }
}

fn list_rows(
    list: &List,
    app: &App,
    inner: Rect,
    place: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.manner.theme;
    if inner.is_empty() {
        return None;
    }
    query_row(list, app, inner, buf);
    let drawing = list.preview.as_ref().and_then(|p| p.drawing.as_ref());
    let (column, beside) = beside(list, place);
    let first = first_shown(list.first, list.selected, list.matches.len(), column.height);
    let shown = first..(first + usize::from(column.height)).min(list.matches.len());
    let frame = Rect {
        x: inner.x - 1,
        width: inner.width + 2,
        height: inner.height + 1,
        ..inner
    };
    say_part(app, shown, list.matches.len(), frame, buf);
    let mut group = "";
    for (y, (row, index)) in (0..column.height).zip(list.matches.iter().enumerate().skip(first)) {
        let line = Rect {
            y: column.y + y,
            height: 1,
            ..column
        };
        let item = &list.items[*index];
        if item.group.is_empty() {
            item_row(list, *index, app, line, buf);
        } else {
            let head = if item.group == group { "" } else { item.group };
            sentence_row(item, head, app, line, buf);
            group = item.group;
        }
        if row == list.selected {
            buf.set_style(line, theme.bar());
        }
    }
    if let (Some(drawing), false) = (drawing, beside.is_empty()) {
        drawing.draw(app, beside, buf);
    }
    let lines = match (list.current(), &list.preview) {
        (None, _) if matches!(list.purpose, Purpose::Open(_)) => {
            let text = "nothing matches: enter opens a file of this path";
            vec![(text.to_string(), Role::Text)]
        }
        (None, _) => vec![("nothing matches".to_string(), Role::Text)],
        (Some((_, item)), preview) => match &item.fault {
            Some(fault) => {
                let lines = fault.lines();
                lines.map(|line| (line.to_string(), Role::Error)).collect()
            }
            None => {
                let mut help = item.help.lines();
                let first = help.next().map(|line| (line.to_string(), Role::Text));
                let said = preview.iter().flat_map(|p| p.lines.iter().cloned());
                let rest = help.map(|line| (line.to_string(), Role::Dim));
                first.into_iter().chain(said).chain(rest).collect()
            }
        },
    };
    help(app, &lines, inner, place.bottom(), buf);
    let x = (inner.x + 2 + list.line.cursor() as u16).min(inner.right() - 1);
    Some(Position::new(x, inner.y))
}

/// What was typed, and how many match it.
fn query_row(list: &List, app: &App, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let query = Line::from(vec![
        Span::styled("> ", theme.style(Role::Accent)),
        Span::raw(list.line.text().to_string()),
    ]);
    buf.set_line(inner.x, inner.y, &query, inner.width);
    let count = format!("{}/{}", list.matches.len(), list.items.len());
    if usize::from(inner.width) > count.len() + 20 {
        let x = inner.right() - count.len() as u16;
        buf.set_string(x, inner.y, count, theme.style(Role::Dim));
    }
}

/// Columns of what theory says in a word: "exploding +0.64".
const FORESEEN: u16 = 17;

/// One item: its name, its note, and theory's word.
fn item_row(list: &List, index: usize, app: &App, line: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let item = &list.items[index];
    let role = match &item.fault {
        Some(_) => Role::Dim,
        None => Role::Text,
    };
    let mut right = line.right();
    if is_foreseen(list) && line.width > 2 * FORESEEN {
        right -= FORESEEN;
        if let Some(foreseen) = list.foreseen.get(index) {
            let style = theme.style(foreseen.role());
            let width = usize::from(FORESEEN - 1);
            buf.set_stringn(right + 1, line.y, foreseen.brief(), width, style);
        }
    }
    let width = usize::from(right - line.x);
    let name = clean(&item.name, 400);
    // The name matters more.
    let left = width.saturating_sub(name.chars().count().max(width / 2) + 3);
    let note_width = item.note.chars().count().min(left);
    let gap = if note_width > 0 { 3 } else { 1 };
    let name = fit(&name, width.saturating_sub(note_width + gap));
    let room = width.saturating_sub(1);
    buf.set_stringn(line.x + 1, line.y, name, room, theme.style(role));
    let x = right.saturating_sub(note_width as u16 + 1);
    let note = fit(&clean(&item.note, 400), note_width);
    buf.set_stringn(x, line.y, note, note_width, theme.style(Role::Dim));
}

/// One of the help's rows: its group where that begins, its keys or its sign, and a sentence.
fn sentence_row(item: &Item, group: &str, app: &App, line: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let (first, second) = match line.width {
        0..60 => (0, 8),
        60..90 => (9, 10),
        _ => (9, 18),
    };
    let role = match &item.fault {
        Some(_) => Role::Dim,
        None => Role::Text,
    };
    let cells = [
        (group, 0, first, Role::Dim),
        (&item.note, first, second, Role::Accent),
        (
            &item.name,
            first + second,
            line.width.saturating_sub(first + second + 1),
            role,
        ),
    ];
    for (text, x, width, role) in cells {
        let text = fit(text, usize::from(width.saturating_sub(1)));
        buf.set_string(line.x + 1 + x, line.y, text, theme.style(role));
    }
}

/// Rows and columns that a drawing needs to say anything.
const LEAST_DRAWING: (u16, u16) = (22, 5);

/// The list's own columns, and those beside them for the drawing: empty where there is no room.
fn beside(list: &List, place: Rect) -> (Rect, Rect) {
    let column = (place.width * 55 / 100).clamp(48, 62).min(place.width);
    let left = place.width - column;
    if !is_drawn(list) || left < LEAST_DRAWING.0 || place.height < LEAST_DRAWING.1 {
        return (place, Rect::ZERO);
    }
    let beside = Rect {
        x: place.x + column + 1,
        width: left - 1,
        height: place.height.min(left / 3 + 2).max(LEAST_DRAWING.1),
        ..place
    };
    let column = Rect {
        width: column,
        ..place
    };
    (column, beside)
}

/// The lines at the bottom, from `top`: a thin rule, then the lines, each wrapped as long as there is room for all.
fn help(app: &App, lines: &[(String, Role)], inner: Rect, top: u16, buf: &mut Buffer) {
    if top <= inner.y || top >= inner.bottom() {
        return;
    }
    let theme = &app.manner.theme;
    let rule = if app.manner.glyphs.is_ascii() {
        "-"
    } else {
        "─"
    };
    buf.set_string(
        inner.x,
        top,
        rule.repeat(usize::from(inner.width)),
        theme.style(Role::Border),
    );
    let width = usize::from(inner.width.saturating_sub(2));
    let mut room = usize::from(inner.bottom() - top - 1);
    let mut y = top + 1;
    for (n, (line, role)) in lines.iter().enumerate() {
        let after = lines.len() - n - 1;
        let most = room.saturating_sub(after).max(1);
        for part in wrap_to(&clean(line, 400), width, most) {
            if room == 0 {
                return;
            }
            buf.set_stringn(inner.x + 1, y, part, width, theme.style(*role));
            y += 1;
            room -= 1;
        }
    }
}

/// The text with the ends alone of words that have no room in a line: of a path the file's name, `…/e.toml`.
fn ends(text: &str, width: usize) -> String {
    let words = text.split_whitespace().map(|word| {
        if word.width() <= width {
            return word.to_string();
        }
        let mut room = width.saturating_sub(1);
        let fits = |(at, c): (usize, char)| {
            room = room.checked_sub(c.width().unwrap_or(0))?;
            Some(at)
        };
        let first = word.char_indices().rev().map_while(fits).last();
        let tail = &word[first.unwrap_or(word.len())..];
        // From a slash on, unless nothing but a name's last letter would follow.
        let whole = tail.find('/').map(|at| &tail[at..]);
        let end = whole.filter(|end| end.len() > 2).unwrap_or(tail);
        format!("…{end}")
    });
    words.collect::<Vec<_>>().join(" ")
}

fn prompt_rows(prompt: &Prompt, app: &App, inner: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.manner.theme;
    if inner.is_empty() {
        return None;
    }
    let width = usize::from(inner.width).saturating_sub(3);
    // The end of a long line is in sight while the cursor is there.
    let skip = prompt.line.cursor().saturating_sub(width.saturating_sub(1));
    let shown: String = prompt.line.text().chars().skip(skip).take(width).collect();
    let line = Line::from(vec![
        Span::styled("> ", theme.style(Role::Accent)),
        Span::raw(shown),
    ]);
    buf.set_line(inner.x, inner.y, &line, inner.width);
    let (text, role) = match (&prompt.error, prompt.line.names()) {
        (Some(error), _) => (error.clone(), Role::Error),
        (None, []) => (prompt.help.clone(), Role::Dim),
        (None, names) => (names.join(" · "), Role::Text),
    };
    let room = usize::from(inner.width.saturating_sub(1));
    let rows = inner.y + 2..inner.bottom();
    let text = ends(&text, room);
    for (y, line) in rows.clone().zip(wrap_to(&text, room, rows.len())) {
        buf.set_stringn(inner.x + 1, y, line, room, theme.style(role));
    }
    let x = (inner.x + 2 + (prompt.line.cursor() - skip) as u16).min(inner.right() - 1);
    Some(Position::new(x, inner.y))
}
