//! The selected layer's own curves over the steps: charts where there is room, else a sparkline each.

use super::super::{split_rows, write_line};
use crate::telemetry::LayerStats;
use crate::tui::app::App;
use crate::tui::app::run::{Record, facing};
use crate::tui::measure::{Measure, value_text};
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, LogScale, LogSparkline, Series, TimeAxis, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Those that tell of a layer how it learns: all magnitudes.
const SHOWN: [Measure; 4] = [
    Measure::DeltaRms,
    Measure::GradRms,
    Measure::UpdateRatio,
    Measure::WeightNorm,
];
/// From so many columns and rows on there are charts.
const CHARTS: (u16, u16) = (40, 20);
/// Rows from which there is a row of sparklines beside histograms of two rows each, and two.
const SPARKLINES: (u16, u16) = (9, 11);
/// Columns between two curves.
const GAP: u16 = 2;
/// Columns from which a sparkline has its value beside its name.
const WITH_VALUE: u16 = 22;

/// The histograms' part of the pane, and beneath it the curves', which may be empty.
pub fn split(area: Rect) -> (Rect, Rect) {
    let rows = if has_charts(area.width, area.height) {
        area.height * 2 / 5
    } else {
        u16::from(area.height >= SPARKLINES.0) + u16::from(area.height >= SPARKLINES.1)
    };
    split_rows(area, area.height - rows)
}

fn has_charts(width: u16, height: u16) -> bool {
    width >= CHARTS.0 && height >= CHARTS.1
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if area.is_empty() || app.record_shown().is_empty() {
        return;
    }
    if area.height <= 2 {
        return sparklines(app, area, buf);
    }
    // A chart needs a few rows for its curve; wide panes have all four beside one another.
    let columns = if area.width >= 4 * CHARTS.0 || area.height < 10 && area.width >= 100 {
        4
    } else {
        2
    };
    for (measure, cell) in SHOWN.into_iter().zip(cells(area, columns, 4 / columns)) {
        chart(app, measure, cell, buf);
    }
}

/// The places of a grid, row by row.
fn cells(area: Rect, columns: u16, rows: u16) -> impl Iterator<Item = Rect> {
    let width = area.width.saturating_sub((columns - 1) * GAP) / columns;
    let height = area.height / rows;
    (0..columns * rows).map(move |i| Rect {
        x: area.x + i % columns * (width + GAP),
        y: area.y + i / columns * height,
        width,
        height,
    })
}

/// A measure of the layer over a record's kept points; of another run's the layer that faces it.
fn values(app: &App, record: &Record, measure: Measure) -> Vec<f64> {
    let of = |s: &LayerStats| measure.of(s);
    record.values(|p| facing(&p.layers, app.layer, app.layer_count()).map(of))
}

fn sparklines(app: &App, area: Rect, buf: &mut Buffer) {
    let (start, end) = app.steps_on_charts();
    let stats = app.layers_shown().get(app.layer);
    for (measure, cell) in SHOWN.into_iter().zip(cells(area, 2, area.height)) {
        let mut name = format!("{} ", measure.short());
        if let Some(stats) = stats.filter(|_| cell.width >= WITH_VALUE) {
            let value = value_text(measure, measure.of(stats));
            name = format!("{:<4} {value:>5} ", measure.short());
        }
        let used = (name.chars().count() as u16).min(cell.width);
        let dim = app.manner.theme.style(Role::Dim);
        write_line(buf, cell, 0, vec![Span::styled(name, dim)]);
        let place = Rect {
            x: cell.x + used,
            width: cell.width - used,
            height: 1,
            ..cell
        };
        let axis = TimeAxis::fit(start, end, place.width.into());
        let own = values(app, app.record_shown(), measure);
        let scale = LogScale::fit(own.iter().copied());
        let pinned = app.baseline().map(|p| &p.record);
        if let Some(record) = pinned {
            LogSparkline::new(app.look(), &values(app, record, measure), scale)
                .steps(&record.steps())
                .axis(axis)
                .style(app.manner.theme.style(Role::Pinned))
                .render(place, buf);
        }
        LogSparkline::new(app.look(), &own, scale)
            .steps(&app.record_shown().steps())
            .axis(axis)
            .over(pinned.is_some())
            .cursor(app.cursor)
            .anchors(app.anchors(measure))
            .render(place, buf);
    }
}

fn chart(app: &App, measure: Measure, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let now = app.layers_shown().get(app.layer);
    let mut head = vec![Span::styled(measure.symbol(), theme.style(Role::Dim))];
    if let Some(stats) = now {
        let text = format!("  {}", format_value(measure.of(stats)));
        head.push(Span::styled(text, theme.style(Role::Text)));
    }
    write_line(buf, area, 0, head);
    let below = split_rows(area, 1).1;
    let curve = |record: &Record| -> (Vec<f64>, Vec<f64>) {
        let steps = record.steps().into_iter().map(|s| s as f64).collect();
        (steps, values(app, record, measure))
    };
    let pinned = app.baseline().map(|p| (curve(&p.record), Role::Pinned));
    let own = (curve(app.record_shown()), Role::Train);
    let lines: Vec<_> = pinned.into_iter().chain([own]).collect();
    let series: Vec<Series> = lines
        .iter()
        .map(|((x, y), role)| Series {
            name: "",
            x,
            y,
            style: theme.style(*role),
        })
        .collect();
    let mut chart = LineChart::new(app.look(), &series)
        .legend(false)
        .log(true)
        .cursor(app.cursor.map(|step| step as f64));
    if app.window.is_some() {
        let (first, last) = app.steps_shown();
        chart = chart.x_range((first as f64, last as f64));
    }
    chart.render(below, buf);
}
