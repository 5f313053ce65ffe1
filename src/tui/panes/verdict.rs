//! The verdict in plain words, with its evidence and the fix on one key; or why the run does not move.

use super::{fit, write_line};
use crate::insight::Kind;
use crate::insight::Verdict;
use crate::text::{clean, thousands};
use crate::training::Status;
use crate::tui::actions::ACTIONS;
use crate::tui::app::App;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

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
            // The verdict names the layer as the flow does.
            let (sentence, evidence) = match verdict {
                Some(v) if v.kind == Kind::Diverged => (v.sentence.clone(), diverged(app, v)),
                _ => (clean(why, 1000), String::new()),
            };
            new("DIVERGED", Role::Error, sentence, evidence)
        }
        (status, Some(newest)) => {
            let earlier = app.verdict_at_cursor();
            let verdict = earlier.as_ref().map_or(newest, |(verdict, _)| verdict);
            let (word, role) = word(app, verdict);
            let evidence = match &earlier {
                _ if app.layer_count() == 1 => app.manner.keymap.in_text(
                    "{add-layer} adds a hidden layer, once the network ({network}) has the focus",
                ),
                Some((_, step)) => at_earlier(app, &verdict.evidence, *step, newest),
                None => verdict.evidence.clone(),
            };
            // That a run has ended matters more than how its signal fares.
            let sentence = match status {
                Status::Finished(why) => format!(
                    "Finished: {}; {} starts again. {}",
                    clean(why, 200),
                    app.key_of("restart"),
                    verdict.sentence
                ),
                _ => verdict.sentence.clone(),
            };
            new(word, role, sentence, evidence)
        }
        (Status::Loading(what), _) => {
            let word = match app.pretraining() {
                Some(_) => "PRETRAINING",
                None => "LOADING",
            };
            new(word, Role::Dim, clean(what, 200), String::new())
        }
        (Status::Finished(why), _) => new("FINISHED", Role::Good, clean(why, 200), String::new()),
        (Status::Paused, _) => {
            let keys =
                "{run-pause} runs, {step} takes one step; the verdict comes with the first step";
            let keys = app.manner.keymap.in_text(keys);
            new("PAUSED", Role::Warning, keys, String::new())
        }
        (Status::Running, _) => {
            let text = "the verdict comes with the first step";
            new("RUNNING", Role::Good, text.into(), String::new())
        }
    }
}

fn word(app: &App, verdict: &Verdict) -> (&'static str, Role) {
    match verdict.kind {
        Kind::Diverged => ("DIVERGED", Role::Error),
        Kind::Vanishing => ("VANISHING", Role::Accent),
        Kind::Exploding => ("EXPLODING", Role::Error),
        Kind::Healthy if verdict.trained < 2 && app.layer_count() > 1 => ("FROZEN", Role::Warning),
        Kind::Healthy => ("HEALTHY", Role::Good),
    }
}

/// The evidence of the step that the panes show, and what the newest is: the fix is of that.
fn at_earlier(app: &App, evidence: &str, step: u64, newest: &Verdict) -> String {
    let [shown, last] = [step, app.run.record.step()].map(|step| thousands(step.into()));
    let word = word(app, newest).0;
    format!("At step {shown} ({word} at {last}, the newest): {evidence}")
}

/// When it was, and which step's figures the panes show.
fn diverged(app: &App, verdict: &Verdict) -> String {
    let mut parts = vec![format!(
        "At step {} {}",
        thousands(app.run.record.step().into()),
        verdict.evidence
    )];
    if let Some(step) = app.cursor {
        let step = thousands(step.into());
        parts.push(format!("the panes show step {step}, before it"));
    }
    let (restart, step) = (app.key_of("restart"), app.key_of("step"));
    parts.push(format!(
        "{restart} starts again, {step} takes its first step alone"
    ));
    parts.join("; ")
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let theme = &app.manner.theme;
    let said = said(app);
    let badge = theme
        .style(said.role)
        .add_modifier(Modifier::BOLD | Modifier::REVERSED);
    let fix = fix_spans(app, area);
    let rows = text_rows(area, fix.is_empty());
    let indent = indent(&said, area);
    let (shown, more) = lines(app, &said, area, rows);
    for (row, line) in (0..).zip(shown) {
        let lead = if row == 0 {
            Span::styled(format!(" {} ", said.word), badge)
        } else {
            Span::raw(" ".repeat(indent))
        };
        let mut spans = vec![lead];
        spans.extend(line);
        write_line(buf, area, row, spans);
    }
    let mut last = vec![Span::raw(" ".repeat(indent + 1))];
    last.extend(fix);
    if let Some(more) = more {
        last.push(Span::styled(
            format!("   {more}"),
            theme.style(Role::Accent),
        ));
    }
    write_line(buf, area, rows as u16, last);
}

/// Rows of the sentence and its evidence: the last one is the fix's.
fn text_rows(area: Rect, without_fix: bool) -> usize {
    usize::from(area.height) - usize::from(!without_fix && area.height > 1)
}

/// Columns left free before all rows but the first: those of the verdict's word, where there is room to spare.
fn indent(said: &Said, area: Rect) -> usize {
    if area.width < 60 {
        0
    } else {
        said.word.len() + 2
    }
}

/// The sentence and behind it the evidence, broken at spaces into at most `rows` lines. Where that is not all, the key that
/// shows it whole stands at the end, or is given back where the sentence itself fits but the key does not.
fn lines(
    app: &App,
    said: &Said,
    area: Rect,
    rows: usize,
) -> (Vec<Vec<Span<'static>>>, Option<String>) {
    let theme = &app.manner.theme;
    let words = |text: &str, role| {
        let words: Vec<(String, Role)> =
            text.split_whitespace().map(|w| (w.into(), role)).collect();
        words
    };
    let mut all = words(&said.sentence, Role::Text);
    all.extend(words(&said.evidence, Role::Dim));
    let room = |row: usize| {
        let lead = if row == 0 {
            said.word.len() + 2
        } else {
            indent(said, area)
        };
        usize::from(area.width).saturating_sub(lead + 1)
    };
    let mut lines: Vec<Vec<(String, Role)>> = vec![Vec::new()];
    let mut used = 0;
    let mut left_over = None;
    for (word, role) in all {
        let size = word.chars().count() + 1;
        if used + size > room(lines.len() - 1) && used > 0 {
            if lines.len() == rows {
                let more = format!("… {}", app.key_of("explain"));
                let room = room(rows - 1).saturating_sub(more.chars().count() + 1);
                let Some(last) = lines.last_mut() else {
                    break;
                };
                shorten(last, room, role == Role::Text);
                if width(last) <= room {
                    last.push((more, Role::Accent));
                } else {
                    left_over = Some(more);
                }
                break;
            }
            lines.push(Vec::new());
            used = 0;
        }
        used += size;
        if let Some(line) = lines.last_mut() {
            line.push((word, role));
        }
    }
    let spans = |line: Vec<(String, Role)>| {
        line.into_iter()
            .map(|(word, role)| Span::styled(format!(" {word}"), theme.style(role)))
            .collect()
    };
    (lines.into_iter().map(spans).collect(), left_over)
}

fn width(line: &[(String, Role)]) -> usize {
    line.iter().map(|(word, _)| word.chars().count() + 1).sum()
}

/// Leaves out words at a line's end until the rest takes at most `room` columns; of the sentence only where it is cut anyway.
fn shorten(line: &mut Vec<(String, Role)>, room: usize, cuts_sentence: bool) {
    let may_go = |last: &(String, Role)| cuts_sentence || last.1 == Role::Dim;
    while width(line) > room && line.last().is_some_and(may_go) {
        line.pop();
    }
}

/// All that the verdict says, in paragraphs.
pub fn in_full(app: &App) -> String {
    let said = said(app);
    let mut parts = vec![format!("{}. {}", said.word, said.sentence)];
    if !said.evidence.is_empty() {
        parts.push(said.evidence);
    }
    if let Some(fix) = app.fix() {
        let key = app.key_of("fix");
        parts.push(format!("{key} would {}.", fix.label));
    }
    parts.join("\n")
}

/// The fix, where its own words are under the pointer: beside them one clicks for other reasons.
pub fn action_at(app: &App, area: Rect, at: Position) -> Option<usize> {
    app.fix()?;
    let from = usize::from(area.x) + indent(&said(app), area) + 1;
    let width: usize = fix_spans(app, area).iter().map(Span::width).sum();
    let on_it = at.y + 1 == area.bottom() && (from..from + width).contains(&usize::from(at.x));
    ACTIONS
        .iter()
        .position(|a| a.id == "fix")
        .filter(|_| on_it && area.contains(at))
}

/// `f draw all weights by glorot-normal`, where there is a fix.
fn fix_spans(app: &App, area: Rect) -> Vec<Span<'static>> {
    let theme = &app.manner.theme;
    let room = usize::from(area.width).saturating_sub(indent(&said(app), area) + 2);
    let Some(fix) = app.fix() else {
        // Its place is held, so that the line does not jump with every edit.
        let former = app
            .former_fix()
            .map(|label| fit(&format!("… {label}"), room));
        return former
            .map(|label| Span::styled(label, theme.style(Role::Dim)))
            .into_iter()
            .collect();
    };
    let key = app.key_of("fix");
    vec![
        Span::styled(
            format!("{key} "),
            theme.style(Role::Accent).add_modifier(Modifier::BOLD),
        ),
        Span::styled(
            fit(&fix.label, room.saturating_sub(key.chars().count() + 1)),
            theme.style(Role::Accent),
        ),
    ]
}

/// Breaks at spaces into lines of at most `width` characters; never empty.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    wrap_by(text, width, |word| word.chars().count())
}

/// The same, of at most `width` columns: a person's own words may take two a character.
pub fn wrap_columns(text: &str, width: usize) -> Vec<String> {
    wrap_by(text, width, UnicodeWidthStr::width)
}

fn wrap_by(text: &str, width: usize, size_of: impl Fn(&str) -> usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let size = size_of(word);
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

/// At most `most` lines of a text, of at most `width` columns, the cut shown.
pub fn wrap_to(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = wrap_columns(text, width);
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(fit(&rest, width));
    }
    lines
}
