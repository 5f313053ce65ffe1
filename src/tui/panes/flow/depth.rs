//! The profile over depth: error signal and weight gradient now, theory's line, the pinned run's.

use crate::telemetry::LayerStats;
use crate::tui::app::App;
use crate::tui::measure::Measure;
use crate::tui::theme::Role;
use crate::tui::widgets::{ProfilePlot, ProfileSeries};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// A line of the profile, before it is drawn.
struct Line {
    name: &'static str,
    values: Vec<f64>,
    style: Style,
}

fn lines(app: &App) -> Vec<Line> {
    let theme = &app.manner.theme;
    let measure = app.measure;
    let of = |layers: &[LayerStats], m: Measure| -> Vec<f64> {
        // A logarithmic axis shows magnitudes.
        layers
            .iter()
            .map(|s| {
                if m.is_logarithmic() {
                    m.of(s).abs()
                } else {
                    m.of(s)
                }
            })
            .collect()
    };
    let mut lines = Vec::new();
    let mut add = |name, values: Vec<f64>, role| {
        if values.iter().any(|v| v.is_finite()) {
            lines.push(Line {
                name,
                values,
                style: theme.style(role),
            });
        }
    };
    if let Some(pinned) = app.baseline() {
        add("pinned", of(pinned.record.layers(), measure), Role::Pinned);
    }
    let predicted = (0..app.layer_count()).map(|l| app.predicted(l, measure).unwrap_or(f64::NAN));
    add("theory", predicted.collect(), Role::Theory);
    // The two that can hide each other's trouble are shown together.
    let now = app.layers_shown();
    match measure {
        Measure::GradRms => add(
            Measure::DeltaRms.symbol(),
            of(now, Measure::DeltaRms),
            Role::Test,
        ),
        Measure::DeltaRms => add(
            Measure::GradRms.symbol(),
            of(now, Measure::GradRms),
            Role::Test,
        ),
        _ => {}
    }
    add(measure.symbol(), of(now, measure), Role::Train);
    lines
}

fn with_plot<T>(app: &App, use_it: impl FnOnce(ProfilePlot) -> T) -> T {
    let lines = lines(app);
    let series: Vec<ProfileSeries> = lines
        .iter()
        .map(|l| ProfileSeries {
            name: l.name,
            values: &l.values,
            style: l.style,
        })
        .collect();
    let plot = ProfilePlot::new(app.look(), &series)
        .log(app.measure.is_logarithmic())
        .cursor(Some(app.layer));
    use_it(plot)
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    with_plot(app, |plot| plot.render(area, buf));
}

pub fn layer_at(app: &App, area: Rect, column: u16) -> Option<usize> {
    with_plot(app, |plot| plot.layer_at(area, column))
}
