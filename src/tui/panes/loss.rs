//! Loss and accuracy over the steps, training and test rows, the pinned run beneath.

use super::{framed, percent, write_line};
use crate::telemetry::History;
use crate::tui::app::App;
use crate::tui::app::run::Record;
use crate::tui::differences;
use crate::tui::layout::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, Series, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Rows from which loss and accuracy both have a chart.
const ROOM_FOR_BOTH: u16 = 14;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Loss,
    Accuracy,
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let has_accuracy = !app.run.record.train_accuracy.is_empty();
    let both = has_accuracy && super::inside(area).height >= ROOM_FOR_BOTH;
    let kind = if app.show_accuracy && has_accuracy {
        Kind::Accuracy
    } else {
        Kind::Loss
    };
    let (title, note) = match (both, kind) {
        (true, _) => ("Loss and accuracy", ""),
        (false, Kind::Accuracy) => ("Accuracy", "v: loss"),
        (false, Kind::Loss) if has_accuracy => ("Loss", "v: accuracy"),
        (false, Kind::Loss) => ("Loss", ""),
    };
    let inner = framed(app, Pane::Loss, title, note, area, buf);
    if let Some(pinned) = app.baseline() {
        let text = format!(
            " pinned → now: {} ",
            differences::line(&pinned.experiment, &app.experiment)
        );
        let room = usize::from(area.width.saturating_sub(3));
        buf.set_stringn(
            area.x + 2,
            area.bottom() - 1,
            super::fit(&text, room),
            room,
            app.manner.theme.style(Role::Pinned),
        );
    }
    if both {
        let half = inner.height / 2;
        chart(
            app,
            Kind::Loss,
            Rect {
                height: half,
                ..inner
            },
            buf,
        );
        let lower = Rect {
            y: inner.y + half,
            height: inner.height - half,
            ..inner
        };
        chart(app, Kind::Accuracy, lower, buf);
    } else {
        chart(app, kind, inner, buf);
    }
}

fn curves(record: &Record, kind: Kind) -> (&History, &History) {
    match kind {
        Kind::Loss => (&record.train_loss, &record.test_loss),
        Kind::Accuracy => (&record.train_accuracy, &record.test_accuracy),
    }
}

/// A line with the newest values, the chart beneath it.
fn chart(app: &App, kind: Kind, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let record = &app.run.record;
    let (train, test) = curves(record, kind);
    let text = |v: Option<f64>| match (v, kind) {
        (None, _) => "-".to_string(),
        (Some(v), Kind::Loss) => format_value(v),
        (Some(v), Kind::Accuracy) => percent(v),
    };
    let mut spans = vec![
        Span::styled(
            if kind == Kind::Loss {
                "loss  "
            } else {
                "accuracy  "
            },
            theme.style(Role::Dim),
        ),
        Span::styled(
            format!("train {}  ", text(train.last())),
            theme.style(Role::Train),
        ),
    ];
    if !test.is_empty() {
        spans.push(Span::styled(
            format!("test {}  ", text(test.last())),
            theme.style(Role::Test),
        ));
    }
    if app.baseline().is_some() {
        spans.push(Span::styled("pinned", theme.style(Role::Pinned)));
    }
    // The values say which of the two it is, where there is no room for its name.
    let width: usize = spans.iter().map(|s| s.content.chars().count()).sum();
    if width > usize::from(area.width) + 2 {
        spans.remove(0);
    }
    write_line(buf, area, 0, spans);
    let below = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    let (first, last) = match app.window {
        Some(_) => app.steps_shown(),
        None => (0, u64::MAX),
    };
    let mut lines: Vec<(&str, Vec<f64>, Vec<f64>, Style)> = Vec::new();
    let mut add = |name, history: &History, style| {
        if !history.is_empty() {
            let (x, y) = history
                .window(first, last)
                .iter()
                .map(|b| (b.last_step as f64, if b.gap { f64::NAN } else { b.last }))
                .unzip();
            lines.push((name, x, y, style));
        }
    };
    if let Some(pinned) = app.baseline() {
        let (train, test) = curves(&pinned.record, kind);
        add("", train, theme.style(Role::Pinned));
        add("", test, theme.style(Role::Pinned));
    }
    add("train", train, theme.style(Role::Train));
    add("test", test, theme.style(Role::Test));
    let series: Vec<Series> = lines
        .iter()
        .map(|(name, x, y, style)| Series {
            name,
            x,
            y,
            style: *style,
        })
        .collect();
    let mut chart = LineChart::new(app.look(), &series)
        .legend(false)
        .cursor(app.cursor.map(|step| step as f64));
    if app.window.is_some() {
        chart = chart.x_range((first as f64, last as f64));
    }
    chart.render(below, buf);
}
