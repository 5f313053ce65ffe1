//! The verdict in plain words, with its evidence and the fix on one key; or why the run does not move.

use super::{fit, write_line};
use crate::insight::Kind;
use crate::text::clean;
use crate::training::Status;
use crate::tui::actions::ACTIONS;
use crate::tui::app::App;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::Span;

/// A word in colour, a sentence, and what supports it.
struct Said {
    word: &'static str,
    role: Role,
    sentence: String,
    evidence: String,
}

fn said(app: &App) -> Said {
    let new = |word, role, sentence: String, evidence: String| Said {
        word,
        role,
        sentence,
        evidence,
    };
    match (&app.run.status, &app.insight.verdict) {
        (Status::Failed(why), _) => new("FAILED", Role::Error, clean(why, 1000), String::new()),
        (Status::Diverged(why), verdict) => {
            // The verdict names the layer as the flow does; the trainer's word has the step.
            let why = clean(why, 1000);
            let (sentence, evidence) = match verdict {
                Some(v) if v.kind == Kind::Diverged => (v.sentence.clone(), why),
                _ => (why, String::new()),
            };
            new("DIVERGED", Role::Error, sentence, evidence)
        }
        (_, Some(verdict)) => {
            let (word, role) = match verdict.kind {
                Kind::Diverged => ("DIVERGED", Role::Error),
                Kind::Vanishing => ("VANISHING", Role::Accent),
                Kind::Exploding => ("EXPLODING", Role::Error),
                Kind::Healthy => ("HEALTHY", Role::Good),
            };
            let evidence = match &app.run.status {
                Status::Finished(why) => {
                    format!("finished: {} · {}", clean(why, 100), verdict.evidence)
                }
                _ if app.layer_count() == 1 => {
                    "a adds a hidden layer, once the network (1) has the focus".into()
                }
                _ => verdict.evidence.clone(),
            };
            new(word, role, verdict.sentence.clone(), evidence)
        }
        (Status::Loading(what), _) => new("LOADING", Role::Dim, clean(what, 200), String::new()),
        (Status::Finished(why), _) => new("FINISHED", Role::Good, clean(why, 200), String::new()),
        (Status::Paused, _) => {
            let keys = "space runs, . takes one step; the verdict comes with the first step";
            new("PAUSED", Role::Warning, keys.into(), String::new())
        }
        (Status::Running, _) => {
            let text = "the verdict comes with the first step";
            new("RUNNING", Role::Good, text.into(), String::new())
        }
    }
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &app.manner.theme;
    let said = said(app);
    let lead = said.word.len() + 2;
    let room = usize::from(area.width).saturating_sub(lead + 1);
    let badge = theme
        .style(said.role)
        .add_modifier(Modifier::BOLD | Modifier::REVERSED);
    let fix = fix_spans(app);
    let text = |line: String| Span::styled(format!(" {line}"), theme.style(Role::Text));
    let word = Span::styled(format!(" {} ", said.word), badge);
    if area.height == 1 {
        let (sentence, fix) = on_one_row(app, &said, area);
        let mut row = vec![word, text(sentence), Span::raw("  ")];
        row.extend(fix);
        return write_line(buf, area, 0, row);
    }
    // The sentence on all rows but the last, what is cut off shown; then the fix and the evidence.
    let most = usize::from(area.height) - 1;
    let lines = wrap(&said.sentence, room);
    let mut shown: Vec<String> = lines.iter().take(most).cloned().collect();
    if lines.len() > most
        && let Some(last) = shown.last_mut()
    {
        *last = fit(&lines[most - 1..].join(" "), room);
    }
    let indent = Span::raw(" ".repeat(lead));
    let count = shown.len() as u16;
    // The evidence stands where it has more room: after the sentence, or after the fix.
    let last_width = shown.last().map_or(0, |line| line.chars().count());
    let fix_width: usize = fix.iter().map(Span::width).sum();
    let after_sentence = last_width + 3 < fix_width;
    let evidence = |used: usize| {
        let room = usize::from(area.width).saturating_sub(used + 1);
        Span::styled(fit(&said.evidence, room), theme.style(Role::Dim))
    };
    for (row, line) in (0..).zip(shown) {
        let lead = if row == 0 {
            word.clone()
        } else {
            indent.clone()
        };
        let mut spans = vec![lead, text(line)];
        if row + 1 == count && after_sentence {
            spans.push(Span::raw("  "));
            let used = spans.iter().map(Span::width).sum();
            spans.push(evidence(used));
        }
        write_line(buf, area, row, spans);
    }
    let mut last = vec![indent, Span::raw(" ")];
    if !fix.is_empty() {
        last.extend(fix);
        last.push(Span::raw("   "));
    }
    if !after_sentence {
        let used = last.iter().map(Span::width).sum();
        last.push(evidence(used));
    }
    write_line(buf, area, count, last);
}

/// The fix, where its own words are under the pointer: beside them one clicks for other reasons.
pub fn action_at(app: &App, area: Rect, at: Position) -> Option<usize> {
    app.fix()?;
    let on_its_row = area.contains(at) && (area.height == 1 || at.y + 1 == last_row(app, area));
    let width: usize = fix_spans(app).iter().map(Span::width).sum();
    let from = fix_column(app, area);
    let on_it = (from..from + width).contains(&usize::from(at.x - area.x.min(at.x)));
    ACTIONS
        .iter()
        .position(|a| a.id == "fix")
        .filter(|_| on_its_row && on_it)
}

/// The column where the fix's words begin: after the verdict's word, or on a single row after the sentence.
fn fix_column(app: &App, area: Rect) -> usize {
    let said = said(app);
    let lead = said.word.len() + 2;
    if area.height > 1 {
        return lead + 1;
    }
    let (sentence, _) = on_one_row(app, &said, area);
    lead + 1 + sentence.chars().count() + 2
}

/// The sentence as far as it fits on a single row, and the fix: it matters more than the sentence's end.
fn on_one_row(app: &App, said: &Said, area: Rect) -> (String, Vec<Span<'static>>) {
    let room = usize::from(area.width).saturating_sub(said.word.len() + 3);
    let fix = fix_spans(app);
    let width: usize = fix.iter().map(Span::width).sum();
    let left = if width > 0 && width + 20 < room {
        room - width - 2
    } else {
        room
    };
    (fit(&said.sentence, left), fix)
}

/// The row beneath the fix's: it comes after the sentence.
fn last_row(app: &App, area: Rect) -> u16 {
    let said = said(app);
    let room = usize::from(area.width).saturating_sub(said.word.len() + 3);
    let most = usize::from(area.height).saturating_sub(1);
    let lines = wrap(&said.sentence, room).len().min(most);
    area.y + lines as u16 + 1
}

/// `f draw all weights by glorot-normal`, where there is a fix.
fn fix_spans(app: &App) -> Vec<Span<'static>> {
    let theme = &app.manner.theme;
    let Some(fix) = app.fix() else {
        // Its place is held, so that the line does not jump with every edit.
        let former = app.former_fix().map(|label| format!("… {label}"));
        return former
            .map(|label| Span::styled(label, theme.style(Role::Dim)))
            .into_iter()
            .collect();
    };
    let key = ACTIONS
        .iter()
        .position(|a| a.id == "fix")
        .map(|i| app.manner.keymap.shown(i))
        .unwrap_or_default();
    vec![
        Span::styled(
            format!("{key} "),
            theme.style(Role::Accent).add_modifier(Modifier::BOLD),
        ),
        Span::styled(fix.label.clone(), theme.style(Role::Accent)),
    ]
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
