//! A histogram a layer, the output layer on top: how outputs, gradients or weights spread over depth.

use super::super::{fit, mark_row, write_line};
use super::rows::{layer_word, shown};
use crate::telemetry::{Histogram, LayerHistograms};
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::measure::Measure;
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Columns of number, name and range.
const LABEL: u16 = 16;
const RANGE: u16 = 22;

/// Which histogram a measure is about.
fn of(measure: Measure, all: &LayerHistograms) -> (&'static str, &Histogram) {
    match measure {
        Measure::OutMean | Measure::OutStd | Measure::Saturated | Measure::Dead => {
            ("outputs", &all.out)
        }
        Measure::PreStd => ("pre-activations", &all.pre),
        Measure::WeightNorm | Measure::UpdateRatio => ("weights", &all.weights),
        _ => ("weight gradients", &all.gradients),
    }
}

pub fn draw(app: &App, inner: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let Some(all) = app.run.histograms.as_ref().filter(|all| !all.is_empty()) else {
        let text = match app.run.status {
            Status::Diverged(_) => "the run diverged before its histograms were drawn",
            _ => "histograms come with the first steps",
        };
        return write_line(
            buf,
            inner,
            0,
            vec![Span::styled(text, theme.style(Role::Dim))],
        );
    };
    let name = of(app.measure, &all[0]).0;
    let (label, range) = (usize::from(LABEL), usize::from(RANGE));
    let head = format!(" {:<label$}{name:<range$}", "layer");
    write_line(
        buf,
        inner,
        0,
        vec![Span::styled(head, theme.style(Role::Dim))],
    );
    let digits = app.layer_count().to_string().len();
    for (row, layer) in (0u16..).zip(shown(app, inner)) {
        let text = fit(
            &format!("{:>digits$} {}", layer + 1, layer_word(app, layer)),
            label - 1,
        );
        let Some(histogram) = all.get(layer).map(|h| of(app.measure, h).1) else {
            continue;
        };
        let beneath = app.baseline().and_then(|p| p.histograms.as_ref());
        let pinned = beneath.and_then(|all| Some(of(app.measure, all.get(layer)?).1));
        let ends = super::super::bars::range(histogram, pinned, range - 1);
        let spans = vec![
            Span::raw(format!(" {text:<label$}")),
            Span::styled(format!("{ends:<range$}"), theme.style(Role::Dim)),
        ];
        write_line(buf, inner, row + 1, spans);
        let used = (1 + LABEL + RANGE).min(inner.width);
        let bars = Rect {
            x: inner.x + used,
            y: inner.y + row + 1,
            width: inner.width - used,
            height: 1,
        };
        if layer == app.layer {
            mark_row(
                app,
                Pane::Flow,
                buf,
                Rect {
                    width: used.saturating_sub(1),
                    ..inner
                },
                row + 1,
            );
        }
        if !histogram.bins.is_empty() {
            super::super::bars::bars(app, histogram, pinned, theme.style(Role::Train))
                .render(bars, buf);
        }
    }
}
