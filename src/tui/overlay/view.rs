//! How the overlays look and where they are.

use super::{List, Overlay, Prompt, Purpose};
use crate::nn::activation::Activation;
use crate::nn::vocabulary::Vocabulary;
use crate::tui::app::App;
use crate::tui::layout::first_row;
use crate::tui::panes::{fit, rows, verdict::wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::CurvePlot;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Widget};

/// Lines of help under a list.
const HELP: u16 = 4;

/// Where an overlay is on the screen.
pub fn area(overlay: &Overlay, app: &App, screen: Rect) -> Rect {
    let (width, height) = match overlay {
        Overlay::List(list) => (
            if curve_of(list).is_some() { 96 } else { 74 },
            list.items.len() as u16 + HELP + 4,
        ),
        Overlay::Form(form) => (58, form.fields(&app.experiment).len() as u16 + HELP + 2),
        Overlay::Prompt(_) => (64, 7),
        Overlay::ConfirmQuit => (56, 5),
        Overlay::ConfirmOpen(_) => (62, 5),
        Overlay::Text { text, .. } => (100, text.lines().count() as u16 + 4),
    };
    centred(screen, width, height)
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
fn rows_area(overlay: &Overlay, inner: Rect) -> Rect {
    let top = u16::from(matches!(overlay, Overlay::List(_)));
    Rect {
        y: inner.y + top.min(inner.height),
        height: inner.height.saturating_sub(top + HELP),
        ..inner
    }
}

/// The row of a list or form at a place on the screen.
pub fn row_at(overlay: &Overlay, app: &App, screen: Rect, at: Position) -> Option<usize> {
    let inner = Block::bordered().inner(area(overlay, app, screen));
    let rows = rows_area(overlay, inner);
    let (selected, count) = match overlay {
        Overlay::List(list) => (list.selected, list.matches.len()),
        Overlay::Form(form) => (form.selected, form.fields(&app.experiment).len()),
        _ => return None,
    };
    if !rows.contains(at) {
        return None;
    }
    let row = first_row(selected, count, rows.height) + usize::from(at.y - rows.y);
    (row < count).then_some(row)
}

/// A question and the keys that answer it.
fn ask(app: &App, question: &str, answers: &str, inner: Rect, buf: &mut Buffer) {
    let lines = [(question, Role::Text), (answers, Role::Accent)];
    for (y, (line, role)) in (0..inner.height).zip(lines) {
        buf.set_stringn(
            inner.x + 1,
            inner.y + y,
            line,
            usize::from(inner.width.saturating_sub(1)),
            app.manner.theme.style(role),
        );
    }
}

/// Draws an overlay; returns where the cursor is, when it has one.
pub fn draw(overlay: &Overlay, app: &App, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    let area = area(overlay, app, screen);
    let theme = &app.manner.theme;
    let (title, hint) = match overlay {
        Overlay::List(list) => (list.title.clone(), "type to filter · enter · esc"),
        Overlay::Form(form) => (form.title(&app.experiment), "enter change · +/- · esc"),
        Overlay::Prompt(prompt) => (prompt.title.clone(), "enter · esc"),
        Overlay::ConfirmQuit => ("Quit".into(), ""),
        Overlay::ConfirmOpen(_) => ("Open what was pasted".into(), ""),
        Overlay::Text { title, .. } => (title.clone(), "any key closes"),
    };
    let mut block = Block::bordered()
        .border_set(app.manner.glyphs.border())
        .border_style(theme.style(Role::FocusedBorder))
        .title(Line::from(Span::styled(
            format!(
                " {} ",
                fit(&title, usize::from(area.width.saturating_sub(4)))
            ),
            theme.style(Role::Accent).add_modifier(Modifier::BOLD),
        )));
    if usize::from(area.width) > hint.len() + 4 && !hint.is_empty() {
        block = block.title_bottom(
            Line::from(Span::styled(format!(" {hint} "), theme.style(Role::Dim))).right_aligned(),
        );
    }
    let inner = block.inner(area);
    Clear.render(area, buf);
    block.render(area, buf);
    match overlay {
        Overlay::List(list) => return list_rows(overlay, list, app, inner, buf),
        Overlay::Form(form) => {
            let fields = form.fields(&app.experiment);
            let place = rows_area(overlay, inner);
            if let Some(row) = rows::draw(app, &fields, form.selected, place, buf) {
                buf.set_style(
                    Rect {
                        y: place.y + row,
                        height: 1,
                        ..place
                    },
                    theme.selection(),
                );
            }
            if let Some(field) = fields.get(form.selected) {
                help(app, &field.help(&app.experiment), None, inner, buf);
            }
        }
        Overlay::Prompt(prompt) => return prompt_rows(prompt, app, inner, buf),
        Overlay::ConfirmQuit => {
            let name = fit(&app.experiment.name, 24);
            let question = format!("{name} has changes that are not saved.");
            let answers = "s save and quit   q quit without saving   esc stay";
            ask(app, &question, answers, inner, buf);
        }
        Overlay::ConfirmOpen(pasted) => {
            let now = fit(&app.experiment.name, 20);
            let question = format!("{now} has changes that are not saved.");
            let name = fit(&crate::text::clean(&pasted.name, 20), 20);
            let answers = format!("o open {name} (u comes back)   esc stay");
            ask(app, &question, &answers, inner, buf);
        }
        Overlay::Text { text, scroll, .. } => {
            for (y, line) in (0..inner.height).zip(text.lines().skip(*scroll)) {
                // A file's text may hold anything; only what is printable is shown, its spaces kept.
                let line: String = line.chars().filter(|c| !c.is_control()).collect();
                buf.set_stringn(
                    inner.x,
                    inner.y + y,
                    line,
                    usize::from(inner.width),
                    theme.style(Role::Text),
                );
            }
        }
    }
    None
}

fn list_rows(
    overlay: &Overlay,
    list: &List,
    app: &App,
    inner: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let theme = &app.manner.theme;
    let width = usize::from(inner.width);
    if inner.is_empty() {
        return None;
    }
    let count = format!("{}/{}", list.matches.len(), list.items.len());
    let query = Line::from(vec![
        Span::styled("> ", theme.style(Role::Accent)),
        Span::raw(list.line.text().to_string()),
    ]);
    buf.set_line(inner.x, inner.y, &query, inner.width);
    if width > count.len() + 20 {
        let x = inner.right() - count.len() as u16;
        buf.set_string(x, inner.y, count, theme.style(Role::Dim));
    }
    let place = rows_area(overlay, inner);
    let first = first_row(list.selected, list.matches.len(), place.height);
    for (y, (row, index)) in (0..place.height).zip(list.matches.iter().enumerate().skip(first)) {
        let item = &list.items[*index];
        let role = match &item.fault {
            Some(_) => Role::Dim,
            None => Role::Text,
        };
        let note_width = item.note.chars().count().min(width / 2);
        let name = fit(&item.name, width.saturating_sub(note_width + 3));
        buf.set_stringn(
            place.x + 1,
            place.y + y,
            name,
            width.saturating_sub(1),
            theme.style(role),
        );
        let note = fit(&item.note, note_width);
        let x = place.right().saturating_sub(note_width as u16 + 1);
        buf.set_stringn(x, place.y + y, note, note_width, theme.style(Role::Dim));
        if row == list.selected {
            buf.set_style(
                Rect {
                    y: place.y + y,
                    height: 1,
                    ..place
                },
                theme.selection(),
            );
        }
    }
    if let Some(activation) = curve_of(list) {
        curve(app, &activation, place, buf);
    }
    match (list.current(), &list.preview) {
        (Some((_, item)), Some(preview)) if item.fault.is_none() => {
            help(app, &format!("{}\n{preview}", item.help), None, inner, buf);
        }
        (Some((_, item)), _) => help(app, &item.help, item.fault.as_deref(), inner, buf),
        (None, _) => help(app, "nothing matches", None, inner, buf),
    }
    let x = (inner.x + 2 + list.line.cursor() as u16).min(inner.right() - 1);
    Some(Position::new(x, inner.y))
}

/// The activation that a picker of activations has selected.
fn curve_of(list: &List) -> Option<Activation> {
    use crate::tui::edit::{Choice, LayerSlot, Slot};
    let Purpose::Pick(Slot::Activation | Slot::Layer(_, LayerSlot::Activation), choices) =
        &list.purpose
    else {
        return None;
    };
    let chosen = list.current().and_then(|(i, _)| choices.get(i));
    Some(match chosen {
        Some(Choice::Entry(i)) => {
            Activation::named(Activation::entries()[*i].name).unwrap_or(Activation::Linear {})
        }
        _ => Activation::Linear {},
    })
}

/// The function and its derivative at the right of the rows.
fn curve(app: &App, activation: &Activation, place: Rect, buf: &mut Buffer) {
    const WIDTH: u16 = 40;
    const ENDS: (f64, f64) = (-4.0, 4.0);
    if place.width < WIDTH + 34 || place.height < 6 {
        return;
    }
    let area = Rect {
        x: place.right() - WIDTH,
        width: WIDTH - 1,
        height: place.height.min(14),
        ..place
    };
    let at = |i: usize| ENDS.0 + (ENDS.1 - ENDS.0) * i as f64 / 160.0;
    let values: Vec<f64> = (0..=160).map(|i| activation.value_at(at(i))).collect();
    let slopes: Vec<f64> = (0..=160).map(|i| activation.derivative_at(at(i))).collect();
    Clear.render(area, buf);
    CurvePlot::new(app.look(), ENDS, &values)
        .derivative(&slopes)
        .names("φ", "φ'")
        .render(area, buf);
}

/// The lines at the bottom: a thin rule, then help, or what is wrong.
fn help(app: &App, text: &str, fault: Option<&str>, inner: Rect, buf: &mut Buffer) {
    if inner.height <= HELP {
        return;
    }
    let theme = &app.manner.theme;
    let top = inner.bottom() - HELP;
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
    let (text, role) = match fault {
        Some(fault) => (fault, Role::Error),
        None => (text, Role::Text),
    };
    let width = usize::from(inner.width.saturating_sub(2));
    let lines = text
        .lines()
        .flat_map(|line| wrap(&crate::text::clean(line, 400), width));
    for (y, line) in (top + 1..inner.bottom()).zip(lines) {
        let role = if y > top + 1 && fault.is_none() {
            Role::Dim
        } else {
            role
        };
        buf.set_stringn(inner.x + 1, y, line, width, theme.style(role));
    }
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
    let (text, role) = match &prompt.error {
        Some(error) => (error.as_str(), Role::Error),
        None => (prompt.help.as_str(), Role::Dim),
    };
    let room = usize::from(inner.width.saturating_sub(1));
    for (y, line) in (inner.y + 2..inner.bottom()).zip(wrap(text, room)) {
        buf.set_stringn(inner.x + 1, y, line, room, theme.style(role));
    }
    let x = (inner.x + 2 + (prompt.line.cursor() - skip) as u16).min(inner.right() - 1);
    Some(Position::new(x, inner.y))
}
