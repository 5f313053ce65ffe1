//! A histogram a layer, the output layer on top, all over one scale: how outputs, gradients or weights spread over depth.

use super::super::{bars, fit, mark_row, write_line};
use super::rows;
use crate::telemetry::{Histogram, LayerHistograms};
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::app::run::facing;
use crate::tui::layout::Pane;
use crate::tui::measure::Measure;
use crate::tui::theme::Role;
use crate::tui::widgets::{ValueScale, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Columns of number and name.
const LABEL: u16 = 16;
/// Most rows of a layer: higher bars say no more.
const HIGHEST: u16 = 5;

/// Which histogram a measure is about, and its sign.
fn of(measure: Measure, all: &LayerHistograms) -> (&'static str, &Histogram) {
    match measure {
        Measure::OutMean | Measure::OutStd | Measure::Saturated | Measure::Dead => {
            ("outputs", &all.out)
        }
        Measure::PreStd => ("pre-activations", &all.pre),
        Measure::WeightNorm | Measure::UpdateRatio => ("weights W", &all.weights),
        _ => ("gradients ∂L/∂W", &all.gradients),
    }
}

/// What is shown, for the pane's title.
pub fn subject(app: &App) -> &'static str {
    let any = LayerHistograms::default();
    of(app.measure, &any).0
}

fn all(app: &App) -> Option<&[LayerHistograms]> {
    let all = &app.histograms_shown()?.layers;
    (!all.is_empty()).then_some(all)
}

fn pinned(app: &App, layer: usize) -> Option<&Histogram> {
    let all = &app.baseline()?.histograms.as_ref()?.layers;
    Some(of(app.measure, facing(all, layer, app.layer_count())?).1)
}

/// The part for the layers: a row beneath it is the axis'.
pub fn layers_area(inner: Rect) -> Rect {
    let axis = u16::from(inner.height > 3);
    Rect {
        height: inner.height - axis,
        ..inner
    }
}

/// Rows of one layer: alike for all, so that their heights can be compared.
fn band(app: &App, inner: Rect) -> u16 {
    let layers = u16::try_from(app.layer_count().max(1)).unwrap_or(u16::MAX);
    (layers_area(inner).height.saturating_sub(1) / layers).clamp(1, HIGHEST)
}

/// The layer under a screen row.
pub fn layer_at(app: &App, inner: Rect, y: u16) -> Option<usize> {
    let row = y.checked_sub(inner.y + 1)? / band(app, inner);
    let shown = rows::shown(app, layers_area(inner));
    shown.get(usize::from(row)).copied()
}

/// The selected layer's own range, for the border.
pub fn range(app: &App) -> Option<String> {
    let histogram = of(app.measure, all(app)?.get(app.layer)?).1;
    let (low, high) = (format_value(histogram.min), format_value(histogram.max));
    Some(format!("layer {}: {low} to {high}", app.layer + 1))
}

pub fn draw(app: &App, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let dim = theme.style(Role::Dim);
    let Some(all) = all(app) else {
        let text = match app.run.status {
            Status::Diverged(_) => "the run diverged before its histograms were drawn",
            _ => "histograms come with the first steps",
        };
        return write_line(buf, inner, 0, vec![Span::styled(text, dim)]);
    };
    let shown = rows::shown(app, layers_area(inner));
    let drawn = || {
        let now = all.iter().map(|h| of(app.measure, h).1);
        now.chain((0..all.len()).filter_map(|l| pinned(app, l)))
    };
    let scale = ValueScale::fit(
        drawn()
            .filter(|h| !h.bins.is_empty())
            .map(|h| (h.min, h.max)),
    );
    let how = match scale {
        ValueScale::Linear { .. } => "one scale for all layers",
        ValueScale::Decades { .. } => "one scale, by decades from 0",
    };
    let label = usize::from(LABEL);
    let head = format!(" {:<label$}{how}", "layer");
    write_line(buf, inner, 0, vec![Span::styled(head, dim)]);
    let band = band(app, inner);
    let chart = Rect {
        x: inner.x + (1 + LABEL).min(inner.width),
        width: inner.width.saturating_sub(1 + LABEL),
        ..inner
    };
    let digits = app.layer_count().to_string().len();
    let mut top = 1;
    for layer in shown {
        let Some(histogram) = all.get(layer).map(|h| of(app.measure, h).1) else {
            continue;
        };
        // The name stands where the bars stand.
        let foot = top + band - 1;
        let name = format!("{:>digits$} {}", layer + 1, rows::layer_word(app, layer));
        let text = Span::raw(format!(" {}", fit(&name, label - 1)));
        write_line(buf, inner, foot, vec![text]);
        if layer == app.layer {
            let marked = Rect {
                width: inner.width.min(LABEL),
                ..inner
            };
            mark_row(app, Pane::Flow, buf, marked, foot);
        }
        let area = Rect {
            y: inner.y + top,
            height: band,
            ..chart
        };
        if !histogram.bins.is_empty() {
            bars::bars(app, histogram, pinned(app, layer), theme.style(Role::Train))
                .scale(scale)
                .render(area, buf);
        }
        top += band;
    }
    if top < inner.height {
        axis(app, scale, top, chart, buf);
    }
}

/// What values lie where, beneath the histograms.
fn axis(app: &App, scale: ValueScale, row: u16, chart: Rect, buf: &mut Buffer) {
    let width = usize::from(chart.width);
    let mut free = vec![true; width];
    for (share, label) in scale.ticks(width / 10) {
        let column = (share * width as f64) as usize;
        let length = label.chars().count();
        let from = column
            .saturating_sub(length / 2)
            .min(width.saturating_sub(length));
        let taken = from.saturating_sub(1)..(from + length + 1).min(width);
        if length <= width && free[taken.clone()].iter().all(|f| *f) {
            free[taken].fill(false);
            let at = chart.x + from as u16;
            buf.set_string(at, chart.y + row, label, app.manner.theme.style(Role::Dim));
        }
    }
}
