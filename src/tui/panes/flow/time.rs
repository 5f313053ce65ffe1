//! The gradient through time, of a recurrent layer: a row a step of the sequences, or several steps where they are long, the
//! last step on top; how it came over training; and the recurrent matrix's spectral radius, or how far open the gate stands
//! that carries the state on.
//!
//! ```text
//!  1 tanh · step 84 of 100: 0.0113 · spectral radius 0.98
//!  step    ∂L/∂h  pinned  -12 ······· -6 ······· 0
//!  91-100   -1.2    -1.1  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
//! ▸81-90    -2.0    -1.1  ▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆▆
//! ```

use super::super::write_line;
use super::rows::layer_word;
use crate::experiment::LayerKind;
use crate::nn::spec::Cell;
use crate::telemetry::ThroughTime;
use crate::training::Point;
use crate::tui::app::App;
use crate::tui::edit::layers;
use crate::tui::measure::log10_text;
use crate::tui::theme::Role;
use crate::tui::widgets::{
    LogScale, LogSparkline, ProfilePlot, ProfileSeries, TimeAxis, format_value, group_rows,
};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
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
    let (above, below) = split(inner, seen.state_norms().len());
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

fn cell(app: &App, layer: usize) -> Option<&Cell> {
    let entry = layers::entry_of(&app.experiment, layer)?;
    match &app.experiment.network.layers.get(entry)?.kind {
        LayerKind::Recurrent { cell, .. } => Some(cell),
        LayerKind::Dense => None,
    }
}

/// Of what the gradient is shown: an LSTM's state is its output and its cell's content together.
pub fn symbol(app: &App) -> &'static str {
    let layer = app.time_shown().map_or(app.layer, |seen| seen.layer);
    match cell(app, layer) {
        Some(Cell::Lstm { .. }) => "∂L/∂(h,c)",
        _ => "∂L/∂h",
    }
}

/// Which layer, how many steps or the one that is read off; what is known of what becomes of the gradient; and how much of
/// the last step's comes to the first. What there is no room for is left out, whole.
fn head(app: &App, seen: &ThroughTime, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let (text, dim) = (theme.style(Role::Text), theme.style(Role::Dim));
    let layer = format!(" {} {} · ", seen.layer + 1, layer_word(app, seen.layer));
    let steps = seen.state_norms().len();
    let mut spans = vec![Span::styled(layer, text)];
    match app.position_shown() {
        Some(at) => {
            spans.push(Span::styled(format!("step {} of {steps}: ", at + 1), text));
            let value = format_value(seen.state_norms()[at]);
            spans.push(Span::styled(value, theme.style(Role::Train)));
        }
        None => spans.push(Span::styled(format!("{steps} steps"), text)),
    }
    let mut left = usize::from(inner.width).saturating_sub(spans.iter().map(Span::width).sum());
    let mut add = |name: String, value: String, style| {
        let width = name.chars().count() + value.chars().count();
        if width <= left {
            left -= width;
            spans.push(Span::styled(name, dim));
            spans.push(Span::styled(value, style));
        }
    };
    if let (Some(at), Some(pinned)) = (app.position_shown(), pinned(app, seen)) {
        let value = format_value(pinned.state_norms()[at]);
        add(", pinned ".into(), value, theme.style(Role::Pinned));
    }
    let change = match (seen.state_norms().first(), seen.state_norms().last()) {
        (Some(first), Some(last)) => (first / last).log10(),
        _ => f64::NAN,
    };
    let until = app.cursor.unwrap_or(u64::MAX);
    let gate = cell(app, seen.layer).and_then(Cell::carrying_gate);
    if let Some(known) = app.record_shown().reckoned(seen.layer, until) {
        let judged = |factor: f64| theme.style(role_over(factor, steps));
        if let (Some(gate), Some(open)) = (gate, known.gate) {
            add(
                format!(" · {gate} "),
                format!("{open:.3} open"),
                judged(open),
            );
        }
        match (gate, known.radius) {
            // The gates decide how much goes through the candidate: its radius alone foretells nothing.
            (Some(_), Some(radius)) => add(
                " · candidate's spectral radius ".into(),
                format_value(radius),
                text,
            ),
            (None, Some(radius)) => add(
                " · spectral radius ".into(),
                format_value(radius),
                // Saturated units lose what a large matrix gains: then it foretells nothing either.
                if radius > 1.0 && change < 0.0 {
                    text
                } else {
                    judged(radius)
                },
            ),
            (_, None) => {}
        }
    }
    if change.is_finite() {
        let word = if change < 0.0 { "lost" } else { "gained" };
        let text = format!(" · {:.1} decades {word}", change.abs());
        add(text, String::new(), dim);
    }
    write_line(buf, inner, 0, spans);
}

/// What becomes over all steps of a gradient that changes by `factor` at each: a linear net's by the spectral radius
/// (Pascanu, Mikolov & Bengio 2013), that on the way through a cell by its gate.
fn role_over(factor: f64, steps: usize) -> Role {
    match factor.log10() * steps as f64 {
        x if x < -3.0 => Role::Accent,
        x if x > 3.0 => Role::Error,
        _ => Role::Good,
    }
}

/// The pinned run's layer, where it has the same sequences.
fn pinned<'a>(app: &'a App, seen: &ThroughTime) -> Option<&'a ThroughTime> {
    let record = &app.baseline()?.record;
    let point = match app.cursor {
        Some(step) => record.at(step),
        None => record.latest.as_ref(),
    };
    of(point?, seen.layer).filter(|t| t.state_norms().len() == seen.state_norms().len())
}

fn label(steps: &Range<usize>) -> String {
    if steps.len() == 1 {
        format!("{}", steps.end)
    } else {
        format!("{}-{}", steps.start + 1, steps.end)
    }
}

/// The steps of each row, the last row's first.
fn groups(seen: &ThroughTime, inner: Rect) -> Vec<Range<usize>> {
    let count = usize::from(inner.height.saturating_sub(2)).min(seen.state_norms().len());
    group_rows(seen.state_norms().len(), count)
}

/// The step under a place: the middle one of a row's, or the profile's.
pub fn position_at(app: &App, inner: Rect, at: Position) -> Option<usize> {
    let seen = app.time_shown()?;
    let (above, below) = split(inner, seen.state_norms().len());
    if below.contains(at) {
        let series = [measured(app, seen)];
        return ProfilePlot::new(app.look(), &series).layer_at(below, at.x);
    }
    let row = at.y.checked_sub(above.y + 2)?;
    let steps = groups(seen, above).into_iter().nth(row.into())?;
    Some(usize::midpoint(steps.start, steps.end - 1))
}

fn rows(app: &App, seen: &ThroughTime, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let groups = groups(seen, inner);
    let words = groups.iter().map(|g| label(g).len()).max().unwrap_or(0);
    let label_width = words.max(4) + 1;
    let pinned = pinned(app, seen);
    let used = 1 + label_width + 6 + if pinned.is_some() { 8 } else { 0 } + 2;
    let spark = Rect {
        x: inner.x + (used as u16).min(inner.width),
        width: inner.width.saturating_sub(used as u16),
        ..inner
    };
    let record = app.record_shown();
    let kept: Vec<&Point> = record.kept().collect();
    let scale = scale(&kept, seen.layer);
    let symbol = match symbol(app) {
        "∂L/∂h" => "∂L/∂h",
        _ => "∂(h,c)",
    };
    let mut text = format!(" {:<label_width$}{symbol:>6}", "step");
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
        let now = mean(seen.state_norms(), group);
        let colour = theme.magnitude(now.log10());
        let is_read = app.position_shown().is_some_and(|at| group.contains(&at));
        let marker = match (is_read, app.manner.glyphs.is_ascii()) {
            (false, _) => " ",
            (true, false) => "▸",
            (true, true) => ">",
        };
        let mut spans = vec![
            Span::raw(format!("{marker}{:<label_width$}", label(group))),
            Span::styled(
                format!("{:>6}", log10_text(now)),
                theme.style(Role::Text).fg(colour),
            ),
        ];
        if let Some(pinned) = pinned {
            let text = format!("{:>8}", log10_text(mean(pinned.state_norms(), group)));
            spans.push(Span::styled(text, theme.style(Role::Pinned)));
        }
        write_line(buf, inner, row, spans);
        let value =
            |p: &&Point| of(p, seen.layer).map_or(f64::NAN, |t| mean(t.state_norms(), group));
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
    let norms = sampled
        .filter_map(|p| of(p, layer))
        .flat_map(|t| t.state_norms());
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
            values: pinned.state_norms(),
            style: theme.style(Role::Pinned),
        });
    }
    series.push(measured(app, seen));
    ProfilePlot::new(app.look(), &series)
        .place("step")
        .cursor(app.position_shown())
        .render(area, buf);
}

fn measured<'a>(app: &App, seen: &'a ThroughTime) -> ProfileSeries<'a> {
    let (name, short) = match symbol(app) {
        "∂L/∂h" => ("‖∂L/∂h‖ over the sequence's steps", "‖∂L/∂h‖"),
        _ => ("‖∂L/∂(h,c)‖ over the sequence's steps", "‖∂L/∂(h,c)‖"),
    };
    ProfileSeries {
        name: if app.position_shown().is_some() {
            short
        } else {
            name
        },
        short,
        values: seen.state_norms(),
        style: app.manner.theme.style(Role::Train),
    }
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
