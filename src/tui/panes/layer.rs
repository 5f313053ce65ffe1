//! The selected layer: its measures, its histograms and its own curves.

mod curves;

use super::verdict::wrap;
use super::{bars, framed, percent, write_line};
use crate::nn::activation::Activation;
use crate::nn::spec::Cell;
use crate::telemetry::{Histogram, LayerHistograms, ZeroWeights};
use crate::text::thousands;
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::app::run::facing;
use crate::tui::layout::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::format_value;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

pub(super) fn heading(app: &App) -> (String, String) {
    let title = format!("Layer {}", app.layer + 1);
    let title = if app.layer + 1 == app.layer_count() {
        format!("{title} · output")
    } else {
        title
    };
    (title, super::shared_with(app, Pane::Data))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (title, note) = heading(app);
    let inner = framed(app, Pane::Layer, &title, &note, area, buf);
    let used = figures(app, inner, buf);
    let used = used + whose(app, used, inner, buf);
    let rest = Rect {
        y: inner.y + used,
        height: inner.height.saturating_sub(used),
        ..inner
    };
    let histograms = app.histograms_shown();
    let histograms = histograms.and_then(|all| all.layers.get(app.layer));
    match histograms {
        Some(h) => {
            let (above, below) = curves::split(rest);
            grid(app, h, above, buf);
            curves::draw(app, below, buf);
        }
        None => {
            let why = match app.run.status {
                Status::Diverged(_) => "The run diverged before its histograms were drawn.",
                Status::Failed(_) => "Nothing was trained.",
                _ => "Histograms come with the first steps.",
            };
            let style = app.manner.theme.style(Role::Dim);
            for (row, line) in (0..).zip(wrap(why, usize::from(rest.width))) {
                write_line(buf, rest, row, vec![Span::styled(line, style)]);
            }
        }
    }
}

/// Histograms are not taken at every step: says of which they are on the line `row` where the figures above are of another.
/// Returns how many lines that took.
fn whose(app: &App, row: u16, area: Rect, buf: &mut Buffer) -> u16 {
    let Some(step) = app.histograms_step().filter(|_| area.height >= row + 3) else {
        return 0;
    };
    let text = format!("histograms: step {}", thousands(step.into()));
    let span = Span::styled(text, app.manner.theme.style(Role::Dim));
    write_line(buf, area, row, vec![span]);
    1
}

/// Up to three lines of figures; returns how many.
fn figures(app: &App, area: Rect, buf: &mut Buffer) -> u16 {
    let theme = &app.manner.theme;
    let Some(stats) = app.layers_shown().get(app.layer) else {
        return 0;
    };
    let name = |text: &str| Span::styled(format!("{text} "), theme.style(Role::Dim));
    let value = |text: String| Span::styled(format!("{text}  "), theme.style(Role::Text));
    let share = |v: f64| {
        let role = if v > 0.5 { Role::Warning } else { Role::Text };
        Span::styled(format!("{}  ", percent(v)), theme.style(role))
    };
    let lines = [
        vec![
            name("saturated"),
            share(stats.saturated),
            name("dead"),
            share(stats.dead),
        ],
        vec![
            name("‖W‖"),
            value(format_value(stats.weight_norm)),
            name("‖ΔW‖/‖W‖"),
            value(format_value(stats.update_ratio)),
        ],
        vec![
            name("out mean"),
            value(format_value(stats.out_mean)),
            name("std"),
            value(format_value(stats.out_std)),
        ],
    ];
    let mut lines = lines.to_vec();
    if let Some(counts) = stats.zeros {
        lines.insert(1, zeros(app, counts));
    }
    let count = if area.height >= 11 {
        lines.len()
    } else if area.height >= 6 {
        2
    } else {
        1
    };
    for (row, mut line) in (0..).zip(lines.into_iter().take(count)) {
        // A figure that is cut would be read as another: it is left out with its name.
        let room = usize::from(area.width) + 2;
        while line.iter().map(Span::width).sum::<usize>() > room && line.len() > 2 {
            line.truncate(line.len() - 2);
        }
        write_line(buf, area, row, line);
    }
    count as u16
}

/// Weights that the L1 penalty has made exactly 0: of this layer, and of all.
fn zeros<'a>(app: &App, own: ZeroWeights) -> Vec<Span<'a>> {
    let theme = &app.manner.theme;
    let layers = app.record_shown().layers().iter();
    let all: ZeroWeights = layers.filter_map(|s| s.zeros).sum();
    let share = |zeros: usize, weights: usize| percent(zeros as f64 / weights.max(1) as f64);
    let (zero, weights) = (all.zero_weights, all.weights);
    vec![
        Span::styled("W = 0 ", theme.style(Role::Dim)),
        Span::styled(
            format!(
                "{} of {}",
                thousands(own.zero_weights as u128),
                thousands(own.weights as u128)
            ),
            theme.style(Role::Text),
        ),
        Span::styled("  all ", theme.style(Role::Dim)),
        Span::styled(share(zero, weights), theme.style(Role::Text)),
    ]
}

/// Four histograms in two columns where there is room, as many as fit in one where there is not.
fn grid(app: &App, h: &LayerHistograms, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    type Which = fn(&LayerHistograms) -> &Histogram;
    let all: [(&str, Which, Style); 4] = [
        ("∂L/∂W", |h| &h.gradients, theme.style(Role::Train)),
        ("out", |h| &h.out, theme.style(Role::Good)),
        ("pre", |h| &h.pre, theme.style(Role::Theory)),
        ("W", |h| &h.weights, theme.style(Role::Text)),
    ];
    let pinned = app.baseline().and_then(|p| p.histograms.as_ref());
    let pinned = pinned.and_then(|all| facing(&all.layers, app.layer, app.layer_count()));
    let activation = activation(app);
    let columns: u16 = if area.width >= 56 || (area.width >= 40 && area.height < 12) {
        2
    } else {
        1
    };
    let most = usize::from(columns * (area.height / 2));
    let count = all.len().min(most);
    if count == 0 {
        return;
    }
    let rows = (count as u16).div_ceil(columns);
    let heights = heights(area.height, rows, if columns == 2 { 1 } else { PRE });
    let width = (area.width - (columns - 1) * 2) / columns;
    for (i, (name, which, style)) in (0u16..).zip(all.into_iter().take(count)) {
        let cell = Rect {
            x: area.x + (i % columns) * (width + 2),
            y: area.y + heights.iter().take(usize::from(i / columns)).sum::<u16>(),
            width,
            height: heights.get(usize::from(i / columns)).copied().unwrap_or(0),
        };
        let curve = activation.as_ref().filter(|_| i == PRE);
        let bars = bars::Drawn {
            name,
            histogram: which(h),
            pinned: pinned.map(which),
            curve,
            style,
        };
        bars::draw(app, &bars, cell, buf);
    }
}

/// Of the four histograms the one that has the activation's curve beneath it.
const PRE: u16 = 2;

/// How many rows each row of histograms has: alike, but for the one with a curve, which has what is left over.
fn heights(height: u16, rows: u16, curved: u16) -> Vec<u16> {
    let each = height / rows;
    let rest = height % rows;
    let of = |row| {
        if row == curved.min(rows - 1) {
            each + rest
        } else {
            each
        }
    };
    (0..rows).map(of).collect()
}

/// What the selected layer does to its pre-activations, one by one: no gated cell's, whose gates have another each, and not
/// the softmax of an output layer.
fn activation(app: &App) -> Option<Activation> {
    let layers = &app.insight.spec.as_ref()?.layers;
    let (_, hidden) = layers.split_last()?;
    let layer = hidden.get(app.layer)?;
    let gated = layer.kind.cell().is_some_and(Cell::is_gated);
    (!gated).then(|| layer.activation.clone())
}
