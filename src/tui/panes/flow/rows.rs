//! A row a weight layer, the output layer on top: what is measured now, what theory said, and how it came.
//!
//! ```text
//!   layer            δ     ∂W   theory  -8 ······· -4 ······· 0
//! ▸11 softmax     -0.6   -0.8     -0.8  ▅▅▆▆▆▆▆▆▆▆▆▆▆▆▆
//!  10 logistic    -1.4   -1.5     -1.4  ▄▄▅▅▅▅▅▅▅▅▅▅▅▅▅
//! ```

use super::super::{fit, mark_row, write_line};
use super::scale::Scale;
use crate::experiment::LayerKind;
use crate::nn::vocabulary::Vocabulary;
use crate::telemetry::LayerStats;
use crate::tui::app::App;
use crate::tui::app::run::facing;
use crate::tui::edit::layers;
use crate::tui::layout::{Pane, first_row};
use crate::tui::measure::{Measure, log10_text, value_text};
use crate::tui::theme::Role;
use crate::tui::widgets::{LogSparkline, TimeAxis};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Where the columns of a row begin.
struct Columns {
    label: usize,
    theory: bool,
    pinned: bool,
    spark: u16,
}

impl Columns {
    /// `digits` of the layers' numbers.
    fn new(width: u16, digits: usize, theory: bool, pinned: bool) -> Self {
        let word = match width {
            0..46 => 7,
            46..64 => 10,
            _ => 13,
        };
        let label = digits + word;
        // Where there is room for one of them, the pinned run is the one that was asked for.
        let pinned = pinned && width >= 40;
        let theory = theory && width >= if pinned { 52 } else { 40 };
        let columns = u16::from(theory) + u16::from(pinned);
        let spark = 1 + label as u16 + 6 + 7 + 7 * columns + 2;
        Self {
            label,
            theory,
            pinned,
            spark,
        }
    }
}

/// The layers whose rows a pane's inside shows, from the top. The output layer, to which all are compared, is always there;
/// of the others those about the selected one.
pub(super) fn shown(app: &App, inner: Rect) -> Vec<usize> {
    let height = usize::from(inner.height.saturating_sub(1));
    let count = app.layer_count();
    if count <= height {
        return (0..count).rev().collect();
    }
    if height < 4 {
        let first = first_row(count.saturating_sub(1 + app.layer), count, height as u16);
        return (0..count).rev().skip(first).take(height).collect();
    }
    let selected = (count - 1).saturating_sub(1 + app.layer);
    let first = first_row(selected, count - 1, height as u16 - 1);
    let others = (0..count - 1).rev().skip(first).take(height - 1);
    std::iter::once(count - 1).chain(others).collect()
}

/// Layers that have no row: between the output layer's and the next one shown, and below the last.
pub(super) fn hidden(app: &App, inner: Rect) -> (usize, usize) {
    let shown = shown(app, inner);
    let gap = shown.windows(2).map(|w| w[0] - w[1] - 1).sum();
    (gap, shown.last().copied().unwrap_or(0))
}

/// The layer under a screen row.
pub fn layer_at(app: &App, inner: Rect, y: u16) -> Option<usize> {
    let row = y.checked_sub(inner.y + 1)?;
    shown(app, inner).get(usize::from(row)).copied()
}

pub fn draw(app: &App, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let record = app.record_shown();
    let columns = Columns::new(
        inner.width,
        app.layer_count().to_string().len(),
        app.has_theory() && app.measure.is_predicted(),
        app.baseline().is_some(),
    );
    let measure = app.measure;
    let steps = record.steps();
    let scale = Scale::new(app);
    let spark_width = inner.width.saturating_sub(columns.spark);
    head(app, &columns, &scale, spark_width, inner, buf);
    let beneath = app.baseline().map(|p| (&p.record, p.record.steps()));
    let (start, end) = app.steps_on_charts();
    let axis = TimeAxis::fit(start, end, usize::from(spark_width));
    for (row, layer) in (0u16..).zip(shown(app, inner)) {
        let stats = app.layers_shown().get(layer);
        write_line(buf, inner, row + 1, cells(app, layer, stats, &columns));
        if layer == app.layer {
            let marked = Rect {
                width: inner.width.min(columns.spark.saturating_sub(1)),
                ..inner
            };
            mark_row(app, Pane::Flow, buf, marked, row + 1);
        }
        let values = record.values(|p| p.layers.get(layer).map(|s| scale.given(measure.of(s))));
        let area = Rect {
            x: inner.x + columns.spark.min(inner.width),
            y: inner.y + row + 1,
            width: spark_width,
            height: 1,
        };
        if let Some((record, steps)) = &beneath {
            let value = |s: &LayerStats| scale.given(measure.of(s));
            let count = app.layer_count();
            let values = record.values(|p| facing(&p.layers, layer, count).map(value));
            LogSparkline::new(app.look(), &values, scale.log)
                .steps(steps)
                .axis(axis)
                .style(theme.style(Role::Pinned))
                .render(area, buf);
        }
        let mut row = LogSparkline::new(app.look(), &values, scale.log);
        if measure == Measure::OutMean {
            row = row.style(theme.style(Role::Train));
        }
        row.steps(&steps)
            .axis(axis)
            .over(beneath.is_some())
            .cursor(app.cursor)
            .anchors(app.anchors(measure))
            .render(area, buf);
    }
    if record.is_empty() && inner.height > 1 {
        let area = Rect {
            x: inner.x + columns.spark.min(inner.width),
            width: spark_width,
            ..inner
        };
        let words = ["fills with the first steps", "no step yet", "empty"];
        let fits = |text: &&&str| text.len() <= usize::from(spark_width);
        let text = words.iter().find(fits).copied().unwrap_or_default();
        // Of the pinned run's line beneath nothing shows beside them.
        let text = format!("{text:<room$}", room = spark_width.into());
        write_line(
            buf,
            area,
            1,
            vec![Span::styled(text, theme.style(Role::Dim))],
        );
    }
}

fn head(app: &App, columns: &Columns, scale: &Scale, spark: u16, inner: Rect, buf: &mut Buffer) {
    let dim = app.manner.theme.style(Role::Dim);
    let (beside, now) = (beside(app), app.measure);
    let label = columns.label;
    let mut text = format!(
        " {:<label$}{:>6}{:>7}",
        "layer",
        beside.short(),
        now.short()
    );
    if columns.theory {
        text += &format!("{:>7}", "theory");
    }
    if columns.pinned {
        text += &format!("{:>7}", "pinned");
    }
    text += "  ";
    text += &scale.legend(usize::from(spark), app.manner.glyphs.is_ascii());
    write_line(buf, inner, 0, vec![Span::styled(text, dim)]);
}

/// The measure beside the chosen one: the error signal, or the gradient where that is the chosen one. Each can hide the other's
/// trouble.
fn beside(app: &App) -> Measure {
    if app.measure == Measure::DeltaRms {
        Measure::GradRms
    } else {
        Measure::DeltaRms
    }
}

fn cells(
    app: &App,
    layer: usize,
    stats: Option<&LayerStats>,
    columns: &Columns,
) -> Vec<Span<'static>> {
    let theme = &app.manner.theme;
    let (beside, second) = (beside(app), app.measure);
    let pointer = match (layer == app.layer, app.manner.glyphs.is_ascii()) {
        (true, true) => ">",
        (true, false) => "▸",
        _ => " ",
    };
    let digits = app.layer_count().to_string().len();
    let label = fit(
        &format!("{:>digits$} {}", layer + 1, layer_word(app, layer)),
        columns.label - 1,
    );
    let magnitude = |m: Measure, v: f64| {
        theme
            .style(Role::Text)
            .fg(theme.magnitude_on(v.abs().log10(), &app.anchors(m)))
    };
    let mut spans = vec![
        Span::styled(pointer, theme.style(Role::Accent)),
        Span::raw(format!("{label:<width$}", width = columns.label)),
    ];
    match stats {
        Some(stats) => {
            let signal = beside.of(stats);
            spans.push(Span::styled(
                format!("{:>6}", log10_text(signal)),
                magnitude(beside, signal),
            ));
            let value = second.of(stats);
            let style = if second.is_logarithmic() {
                magnitude(second, value)
            } else {
                theme.style(Role::Text)
            };
            spans.push(Span::styled(
                format!("{:>7}", value_text(second, value)),
                style,
            ));
        }
        None => spans.push(Span::styled(
            format!("{:>6}{:>7}", "-", "-"),
            theme.style(Role::Dim),
        )),
    }
    if columns.theory {
        let text = app
            .predicted(layer, second)
            .map(log10_text)
            .unwrap_or_default();
        spans.push(Span::styled(
            format!("{text:>7}"),
            theme.style(Role::Theory),
        ));
    }
    if columns.pinned {
        let stats = app
            .baseline()
            .and_then(|p| facing(p.layers_at(app.cursor), layer, app.layer_count()));
        let text = stats.map(|s| value_text(second, second.of(s)));
        spans.push(Span::styled(
            format!("{:>7}", text.unwrap_or_default()),
            theme.style(Role::Pinned),
        ));
    }
    spans
}

/// What a layer is called: its activation, its cell where that has gates, or `out`.
pub fn layer_word(app: &App, layer: usize) -> String {
    let network = &app.experiment.network;
    let entry = layers::entry_of(&app.experiment, layer).and_then(|i| network.layers.get(i));
    let Some(entry) = entry else {
        return "out".into();
    };
    match &entry.kind {
        LayerKind::Recurrent { cell, .. } if cell.is_gated() => cell.name().into(),
        _ => entry.activation(network).name().into(),
    }
}
