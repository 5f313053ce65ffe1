//! The gradient through time, of a recurrent layer: a row a step of the sequences, or several steps where they are long, the
//! last step on top; how it came over training; and the recurrent matrix's spectral radius.
//!
//! ```text
//!  1 tanh · 100 steps · spectral radius 0.98
//!  step    ∂L/∂h  pinned  -12 ······· -6 ······· 0
//!  91-100   -1.2    -1.1  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
//!  81-90    -2.0    -1.1  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆
//! ```

use super::super::write_line;
use super::rows::layer_word;
use crate::telemetry::ThroughTime;
use crate::training::Point;
use crate::tui::app::App;
use crate::tui::measure::log10_text;
use crate::tui::theme::Role;
use crate::tui::widgets::{
    LogScale, LogSparkline, ProfilePlot, ProfileSeries, TimeAxis, format_value, group_rows,
};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use std::ops::Range;

/// Heads and two groups of steps: less says nothing of time.
pub const FEWEST_ROWS: u16 = 4;
/// Rows from which there is a profile over the steps beneath the rows of steps, and its share of them.
const ROOM_FOR_PROFILE: u16 = 20;
/// Steps of a group that are looked at for its mean: the gradient changes smoothly from step to step.
const SAMPLES: usize = 4;

/// log10 of a group of steps: the mean of the logarithms, as 10 to it; 0 only where all are 0.
fn mean(norms: &[f64], steps: &Range<usize>) -> f64 {
    let Some(group) = norms.get(steps.clone()) else {
        return f64::NAN;
    };
    let stride = (group.len() / SAMPLES).max(1);
    let (mut sum, mut count, mut odd) = (0.0, 0u32, 0.0);
    for norm in group.iter().step_by(stride) {
        if *norm > 0.0 && norm.is_finite() {
            sum += norm.log10();
            count += 1;
        } else {
            odd = *norm;
        }
    }
    if count == 0 || !odd.is_finite() {
        odd
    } else {
        10f64.powf(sum / f64::from(count))
    }
}

/// The layer of a point that is shown.
fn of(point: &Point, layer: usize) -> Option<&ThroughTime> {
    point.time.iter().find(|t| t.layer == layer)
}

pub fn draw(app: &App, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let Some(seen) = app.time_shown() else {
        let text = "the gradient through time comes with the first steps";
        let spans = vec![Span::styled(text, theme.style(Role::Dim))];
        return write_line(buf, inner, 0, spans);
    };
    let (above, below) = split(inner, seen.norms.len());
    head(app, seen, above, buf);
    rows(app, seen, above, buf);
    if !below.is_empty() {
        profile(app, seen, below, buf);
    }
}

/// The rows, and beneath them the profile where they leave room for it.
fn split(inner: Rect, steps: usize) -> (Rect, Rect) {
    if inner.height < ROOM_FOR_PROFILE {
        return (inner, Rect::default());
    }
    let wanted = u16::try_from(steps + 2).unwrap_or(u16::MAX);
    let rows = wanted.min(inner.height * 6 / 10);
    let below = Rect {
        y: inner.y + rows + 1,
        height: inner.height - rows - 1,
        ..inner
    };
    let above = Rect {
        height: rows,
        ..inner
    };
    (above, below)
}

/// Which layer, how many steps, the radius; and how much of the last step's gradient comes to the first, where there is room.
fn head(app: &App, seen: &ThroughTime, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let dim = theme.style(Role::Dim);
    let text = format!(
        " {} {} · {} steps",
        seen.layer + 1,
        layer_word(app, seen.layer),
        seen.norms.len()
    );
    let mut spans = vec![Span::styled(text, theme.style(Role::Text))];
    let until = app.cursor.unwrap_or(u64::MAX);
    if let Some(radius) = app.run.record.radius(seen.layer, until) {
        // A linear net's gradient shrinks or grows by it at every step back (Pascanu, Mikolov & Bengio 2013).
        let over_all = radius.log10() * seen.norms.len() as f64;
        let role = match over_all {
            x if x < -3.0 => Role::Accent,
            x if x > 3.0 => Role::Error,
            _ => Role::Good,
        };
        spans.push(Span::styled(" · spectral radius ", dim));
        spans.push(Span::styled(format_value(radius), theme.style(role)));
    }
    if let (Some(first), Some(last)) = (seen.norms.first(), seen.norms.last()) {
        let decades = (first / last).log10();
        let word = if decades < 0.0 { "lost" } else { "gained" };
        if decades.is_finite() {
            let text = format!(" · {:.1} decades {word}", decades.abs());
            let used: usize = spans.iter().map(Span::width).sum();
            if used + text.chars().count() <= usize::from(inner.width) {
                spans.push(Span::styled(text, dim));
            }
        }
    }
    write_line(buf, inner, 0, spans);
}

/// The pinned run's layer, where it has the same sequences.
fn pinned<'a>(app: &'a App, seen: &ThroughTime) -> Option<&'a ThroughTime> {
    let record = &app.baseline()?.record;
    let point = match app.cursor {
        Some(step) => record.at(step),
        None => record.latest.as_ref(),
    };
    of(point?, seen.layer).filter(|t| t.norms.len() == seen.norms.len())
}

fn label(steps: &Range<usize>) -> String {
    if steps.len() == 1 {
        format!("{}", steps.end)
    } else {
        format!("{}-{}", steps.start + 1, steps.end)
    }
}

fn rows(app: &App, seen: &ThroughTime, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let count = usize::from(inner.height.saturating_sub(2)).min(seen.norms.len());
    let groups = group_rows(seen.norms.len(), count);
    let words = groups.iter().map(|g| label(g).len()).max().unwrap_or(0);
    let label_width = words.max(4) + 1;
    let pinned = pinned(app, seen);
    let used = 1 + label_width + 6 + if pinned.is_some() { 8 } else { 0 } + 2;
    let spark = Rect {
        x: inner.x + (used as u16).min(inner.width),
        width: inner.width.saturating_sub(used as u16),
        ..inner
    };
    let record = &app.run.record;
    let kept: Vec<&Point> = record.kept().collect();
    let scale = scale(&kept, seen.layer);
    let mut text = format!(" {:<label_width$}{:>6}", "step", "∂L/∂h");
    if pinned.is_some() {
        text += &format!("{:>8}", "pinned");
    }
    text += "  ";
    text += &scale.legend(usize::from(spark.width), app.manner.glyphs.is_ascii());
    let head = vec![Span::styled(text, theme.style(Role::Dim))];
    write_line(buf, inner, 1, head);
    let steps = record.steps();
    let (start, end) = app.steps_shown();
    let axis = TimeAxis::fit(start, end, usize::from(spark.width));
    for (row, group) in (2u16..).zip(&groups) {
        let now = mean(&seen.norms, group);
        let colour = theme.magnitude(now.log10());
        let mut spans = vec![
            Span::raw(format!(" {:<label_width$}", label(group))),
            Span::styled(
                format!("{:>6}", log10_text(now)),
                theme.style(Role::Text).fg(colour),
            ),
        ];
        if let Some(pinned) = pinned {
            let text = format!("{:>8}", log10_text(mean(&pinned.norms, group)));
            spans.push(Span::styled(text, theme.style(Role::Pinned)));
        }
        write_line(buf, inner, row, spans);
        let value = |p: &&Point| of(p, seen.layer).map_or(f64::NAN, |t| mean(&t.norms, group));
        let values: Vec<f64> = kept.iter().map(value).collect();
        let area = Rect {
            y: inner.y + row,
            height: 1,
            ..spark
        };
        LogSparkline::new(app.look(), &values, scale)
            .steps(&steps)
            .axis(axis)
            .cursor(app.cursor)
            .render(area, buf);
    }
}

/// The one scale of all rows: of a few points over training.
fn scale(kept: &[&Point], layer: usize) -> LogScale {
    let stride = (kept.len() / 24).max(1);
    let sampled = kept.iter().step_by(stride).chain(kept.last());
    let norms = sampled.filter_map(|p| of(p, layer)).flat_map(|t| &t.norms);
    let fitted = LogScale::fit(norms.copied());
    LogScale::new(fitted.min + 0.0, fitted.max + 0.0)
}

/// The norm over the steps of the sequence, from the first at the left; the pinned run's beneath.
fn profile(app: &App, seen: &ThroughTime, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let mut series = Vec::new();
    if let Some(pinned) = pinned(app, seen) {
        series.push(ProfileSeries {
            name: "pinned",
            short: "pin",
            values: &pinned.norms,
            style: theme.style(Role::Pinned),
        });
    }
    series.push(ProfileSeries {
        name: "‖∂L/∂h‖ over the sequence's steps",
        short: "‖∂L/∂h‖",
        values: &seen.norms,
        style: theme.style(Role::Train),
    });
    ProfilePlot::new(app.look(), &series).render(area, buf);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_steps_are_summed_up_by_their_logarithms() {
        assert!((mean(&[1e-2, 1e-4], &(0..2)) - 1e-3).abs() < 1e-12);
        assert_eq!(mean(&[0.0, 1.0, 1.0], &(0..3)), 1.0);
        assert_eq!(mean(&[0.0, 0.0], &(0..2)), 0.0);
        assert!(mean(&[1.0, f64::NAN], &(0..2)).is_nan());
        assert!(mean(&[1.0], &(0..2)).is_nan());
        assert_eq!(label(&(90..100)), "91-100");
        assert_eq!(label(&(99..100)), "100");
    }
}
