//! Loss and accuracy over the steps, training and test rows, the pinned run beneath.

mod figures;

use super::{first_that_fits, fit, framed, pretraining, write_line};
use crate::telemetry::{Bucket, History};
use crate::training::Pretraining;
use crate::tui::app::App;
use crate::tui::app::run::Record;
use crate::tui::differences;
use crate::tui::layout::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, Place, Series};
use figures::{draw_gap, draw_pinned, newest};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use std::sync::Arc;

/// Rows from which loss and accuracy both have a chart.
const ROOM_FOR_BOTH: u16 = 14;

/// What the pane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Curves {
    #[default]
    Loss,
    Accuracy,
    Rate,
    Pretraining,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Loss,
    Accuracy,
}

/// Whether loss and accuracy are both in this area.
fn shows_both(app: &App, area: Rect) -> bool {
    !app.run.record.train_accuracy.is_empty() && super::inside(area).height >= ROOM_FOR_BOTH
}

impl App {
    pub fn pretraining(&self) -> Option<&Arc<Pretraining>> {
        self.run.info.as_ref()?.pretraining.as_ref()
    }

    /// Loss, then accuracy where it does not stand beside it, then the learning rate, then how layers were pretrained.
    pub fn next_curves(&mut self) {
        let area = self.layout().area(Pane::Loss).unwrap_or_default();
        let apart = !self.run.record.train_accuracy.is_empty() && !shows_both(self, area);
        self.curves = match self.curves {
            Curves::Loss if apart => Curves::Accuracy,
            Curves::Loss | Curves::Accuracy => Curves::Rate,
            Curves::Rate if self.pretraining().is_some() => Curves::Pretraining,
            Curves::Rate | Curves::Pretraining => Curves::Loss,
        };
    }
}

/// What the pane shows in so much room.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Pretraining(&'a Pretraining),
    Rate,
    Both,
    One(Kind),
}

fn shown(app: &App, area: Rect) -> Shown<'_> {
    // Before the first step there is nothing else to see.
    let is_before = app.run.record.is_empty();
    let has_accuracy = !app.run.record.train_accuracy.is_empty();
    match (app.pretraining(), app.curves) {
        (Some(pretraining), curves) if is_before || curves == Curves::Pretraining => {
            Shown::Pretraining(pretraining)
        }
        (_, Curves::Rate) => Shown::Rate,
        _ if shows_both(app, area) => Shown::Both,
        (_, Curves::Accuracy) if has_accuracy => Shown::One(Kind::Accuracy),
        _ => Shown::One(Kind::Loss),
    }
}

pub(super) fn heading(app: &App, area: Rect) -> (String, String) {
    let record = &app.run.record;
    let next = match app.pretraining() {
        Some(_) => "{loss-or-accuracy}: rate, pretraining",
        None => "{loss-or-accuracy}: rate",
    };
    let (title, note) = match shown(app, area) {
        Shown::Pretraining(pretraining) => {
            let note = match record.is_empty() {
                true => "",
                false => "{loss-or-accuracy}: loss",
            };
            return (pretraining::title(pretraining), note.into());
        }
        Shown::Rate => ("Learning rate", "{loss-or-accuracy}: loss"),
        Shown::Both => ("Loss and accuracy", next),
        Shown::One(Kind::Accuracy) => ("Accuracy", next),
        Shown::One(Kind::Loss) if record.train_accuracy.is_empty() => ("Loss", next),
        Shown::One(Kind::Loss) => ("Loss", "{loss-or-accuracy}: accuracy"),
    };
    (title.into(), note.into())
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (title, note) = heading(app, area);
    let inner = framed(app, Pane::Loss, &title, &note, area, buf);
    let shown = shown(app, area);
    match shown {
        Shown::Pretraining(pretraining) => return pretraining::draw(app, pretraining, inner, buf),
        Shown::Rate => return super::schedule::draw(app, inner, buf),
        Shown::Both | Shown::One(_) => {}
    }
    if let Some(pinned) = app.baseline() {
        let room = usize::from(area.width.saturating_sub(3));
        // What is drawn is not yet of a change that waits for the next start.
        let now = &app.run.experiment;
        let long = format!(
            " pinned → now: {} ",
            differences::line(&pinned.experiment, now)
        );
        let brief = differences::brief(&pinned.experiment, now);
        // Where there is no room for whole keys their last parts say what was changed.
        let text = match long.chars().count() > room {
            true if brief.is_empty() => " pinned: the same ".into(),
            true => format!(" now: {brief} "),
            false => long,
        };
        buf.set_stringn(
            area.x + 2,
            area.bottom() - 1,
            fit(&text, room),
            room,
            app.manner.theme.style(Role::Pinned),
        );
    }
    if let Shown::One(kind) = shown {
        return chart(app, kind, inner, buf);
    }
    // The loss has lines more of figures: the gap and since when it grows, and the pinned run's. With all of them its
    // chart would have no room for an axis.
    let overfits = app.run.record.gap().is_some_and(|gap| gap.since.is_some());
    let crowded = overfits && app.baseline().is_some();
    let half = inner.height.div_ceil(2) + u16::from(crowded);
    let (above, below) = super::split_rows(inner, half);
    chart(app, Kind::Loss, above, buf);
    chart(app, Kind::Accuracy, below, buf);
}

/// Of which rows a curve is.
#[derive(Clone, Copy, PartialEq)]
enum Rows {
    Train,
    Test,
}

impl Rows {
    fn history(self, record: &Record, kind: Kind) -> &History {
        match (self, kind) {
            (Rows::Train, Kind::Loss) => &record.train_loss,
            (Rows::Test, Kind::Loss) => &record.test_loss,
            (Rows::Train, Kind::Accuracy) => &record.train_accuracy,
            (Rows::Test, Kind::Accuracy) => &record.test_accuracy,
        }
    }

    /// What was measured at a step; none beyond a run's newest.
    fn at(self, record: &Record, kind: Kind, step: u64) -> Option<f64> {
        let point = record.at(step).filter(|_| step <= record.step())?;
        let score = match self {
            Rows::Train => Some(point.train),
            Rows::Test => point.test,
        };
        match kind {
            Kind::Loss => score.map(|s| s.loss),
            Kind::Accuracy => score.and_then(|s| s.accuracy),
        }
    }
}

fn curves(record: &Record, kind: Kind) -> (&History, &History) {
    (
        Rows::Train.history(record, kind),
        Rows::Test.history(record, kind),
    )
}

/// Of a history's parts so many are averaged for a point of a smoothed curve.
const SMOOTHED: usize = 24;

fn values(buckets: &[Bucket]) -> Vec<f64> {
    buckets.iter().map(Bucket::on_line).collect()
}

/// What mini-batches gave. The share of right rows among few jumps so much that the test rows' line could not be read
/// beneath it: it is averaged over the last 24th of what is shown.
fn of_batches(buckets: &[Bucket], kind: Kind) -> Vec<f64> {
    let values = values(buckets);
    if kind == Kind::Loss {
        return values;
    }
    (0..values.len())
        .map(|end| smoothed(&values, end))
        .collect()
}

/// The mean of the values up to one of them, over a part of all.
fn smoothed(values: &[f64], end: usize) -> f64 {
    let over = values.len().div_ceil(SMOOTHED);
    let window = &values[(end + 1).saturating_sub(over)..=end];
    window.iter().sum::<f64>() / window.len() as f64
}

/// A line with the newest values, the chart beneath it.
fn chart(app: &App, kind: Kind, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let record = &app.run.record;
    let test = Rows::Test.history(record, kind);
    let text = |rows| newest(record, kind, rows).unwrap_or_else(|| "-".into());
    let beneath = app.baseline().map_or(0, |pinned| {
        let (train, test) = curves(&pinned.record, kind);
        usize::from(!train.is_empty()) + usize::from(!test.is_empty())
    });
    let count = beneath + 1 + usize::from(!test.is_empty());
    let sample = |i: usize| match Place::of(beneath + i, count).sample(app.look()) {
        "" => String::new(),
        sample => format!("{sample} "),
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
            format!("{}train {}  ", sample(0), text(Rows::Train)),
            theme.style(Role::Train),
        ),
    ];
    if !test.is_empty() {
        spans.push(Span::styled(
            format!("{}test {}  ", sample(1), text(Rows::Test)),
            theme.style(Role::Test),
        ));
    }
    let width = |spans: &[Span]| spans.iter().map(Span::width).sum::<usize>();
    let room = usize::from(area.width);
    let is_cut = |spans: &[Span]| {
        let last = spans.last().map_or("", |span| &span.content);
        width(spans) > room + last.len() - last.trim_end().len()
    };
    // The values say which of the two it is, where there is no room for its name.
    if is_cut(&spans) {
        spans.remove(0);
    }
    // Half a figure would be another figure.
    for (long, short) in [("  ", " "), ("train", "tr"), ("test", "te")] {
        if is_cut(&spans) {
            for span in &mut spans {
                span.content = span.content.replace(long, short).into();
            }
        }
    }
    let mut lines = 1;
    if kind == Kind::Loss {
        lines += draw_gap(app, area, buf);
    }
    if draw_pinned(app, kind, lines, area, buf) {
        lines += 1;
    } else if let Some(pinned) = app.baseline() {
        let newest = |rows| newest(&pinned.record, kind, rows);
        let last = newest(Rows::Test).or_else(|| newest(Rows::Train));
        let last = last.unwrap_or_else(|| "-".into());
        let left = room.saturating_sub(width(&spans));
        let word = first_that_fits([format!("pinned {last}"), format!("pin {last}")], left);
        spans.extend(word.map(|word| Span::styled(word, theme.style(Role::Pinned))));
    }
    write_line(buf, area, 0, spans);
    let below = Rect {
        y: area.y + lines,
        height: area.height.saturating_sub(lines),
        ..area
    };
    let (first, last) = match app.window {
        Some(_) => app.steps_shown(),
        None => (0, u64::MAX),
    };
    let mut lines: Vec<(&str, Vec<f64>, Vec<f64>, Style)> = Vec::new();
    let mut readings = Vec::new();
    let mut add = |name, record: &Record, rows: Rows, style| {
        let history = rows.history(record, kind);
        if !history.is_empty() {
            readings.push(app.cursor.and_then(|step| rows.at(record, kind, step)));
            let buckets = history.window(first, last);
            let x = buckets.iter().map(|b| b.last_step as f64).collect();
            let y = match rows {
                Rows::Train => of_batches(buckets, kind),
                Rows::Test => values(buckets),
            };
            lines.push((name, x, y, style));
        }
    };
    if let Some(pinned) = app.baseline() {
        add("", &pinned.record, Rows::Train, theme.style(Role::Pinned));
        add("", &pinned.record, Rows::Test, theme.style(Role::Pinned));
    }
    add("train", record, Rows::Train, theme.style(Role::Train));
    add("test", record, Rows::Test, theme.style(Role::Test));
    let series: Vec<Series> = lines
        .iter()
        .map(|(name, x, y, style)| Series {
            name,
            x,
            y,
            style: *style,
        })
        .collect();
    let changes: Vec<f64> = app.run.changes.iter().map(|s| *s as f64).collect();
    let mut chart = LineChart::new(app.look(), &series)
        .legend(false)
        .marks(&changes)
        .cursor(app.cursor.map(|step| step as f64))
        .readings(&readings);
    if app.window.is_some() {
        chart = chart.x_range((first as f64, last as f64));
    }
    chart.render(below, buf);
}
