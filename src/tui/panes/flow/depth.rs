//! The profile over depth: error signal and weight gradient now, theory's line, the pinned run's.

use crate::telemetry::LayerStats;
use crate::tui::app::App;
use crate::tui::app::run::facing;
use crate::tui::measure::Measure;
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, Band, ProfilePlot, ProfileSeries};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// A line of the profile, before it is drawn.
struct Line {
    name: &'static str,
    short: &'static str,
    values: Vec<f64>,
    style: Style,
}

fn lines(app: &App) -> Vec<Line> {
    let theme = &app.manner.theme;
    let measure = app.measure;
    let value = |s: &LayerStats, m: Measure| {
        // A logarithmic axis shows magnitudes.
        if m.is_logarithmic() {
            m.of(s).abs()
        } else {
            m.of(s)
        }
    };
    let of = |layers: &[LayerStats], m: Measure| -> Vec<f64> {
        layers.iter().map(|s| value(s, m)).collect()
    };
    let count = app.layer_count();
    let of_facing = |layers: &[LayerStats], m: Measure| -> Vec<f64> {
        let at = |l| facing(layers, l, count).map_or(f64::NAN, |s| value(s, m));
        (0..count).map(at).collect()
    };
    let mut lines = Vec::new();
    let mut add = |(name, short), values: Vec<f64>, role| {
        if values.iter().any(|v| v.is_finite()) {
            lines.push(Line {
                name,
                short,
                values,
                style: theme.style(role),
            });
        }
    };
    // The two that can hide each other's trouble are shown together.
    let beside = match measure {
        Measure::GradRms => Some(Measure::DeltaRms),
        Measure::DeltaRms => Some(Measure::GradRms),
        _ => None,
    };
    let words = |m: Measure| (m.legend(), m.short());
    if let Some(pinned) = app.baseline() {
        let layers = pinned.layers_at(app.cursor);
        if let Some(beside) = beside {
            add(("", ""), of_facing(layers, beside), Role::Pinned);
        }
        add(("pinned", "pin"), of_facing(layers, measure), Role::Pinned);
    }
    if let Some(about) = measure.reference() {
        add(("10⁻³", "10⁻³"), vec![about; count], Role::Dim);
    }
    let predicted = (0..count).map(|l| app.predicted(l, measure).unwrap_or(f64::NAN));
    add(
        ("theory before step 1", "theory"),
        predicted.collect(),
        Role::Theory,
    );
    let now = app.layers_shown();
    if let Some(beside) = beside {
        add(words(beside), of(now, beside), Role::Test);
    }
    add(words(measure), of(now, measure), Role::Train);
    lines
}

/// Between which values theory's line is trusted: a standard deviation of what networks of these widths scatter around it.
fn band(app: &App) -> (Vec<f64>, Vec<f64>) {
    let edge = |up: f64| {
        let at = |layer| {
            let factor = (up * app.scatter(layer, app.measure)?).exp();
            Some(app.predicted(layer, app.measure)? * factor)
        };
        let edge = (0..app.layer_count()).map(|l| at(l).unwrap_or(f64::NAN));
        edge.collect()
    };
    (edge(-1.0), edge(1.0))
}

fn with_plot<T>(app: &App, use_it: impl FnOnce(ProfilePlot) -> T) -> T {
    let lines = lines(app);
    let series: Vec<ProfileSeries> = lines
        .iter()
        .map(|l| ProfileSeries {
            name: l.name,
            short: l.short,
            values: &l.values,
            style: l.style,
        })
        .collect();
    let (low, high) = band(app);
    let trusted = app.has_theory().then_some(Band {
        low: &low,
        high: &high,
    });
    let share = app.measure.is_share();
    let whole = share.then_some(Axis::Linear { min: 0.0, max: 1.0 });
    let plot = ProfilePlot::new(app.look(), &series)
        .band(trusted)
        .log(app.measure.is_logarithmic())
        .cursor(Some(app.layer));
    let plot = whole.into_iter().fold(plot, ProfilePlot::y_axis);
    use_it(plot)
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    with_plot(app, |plot| plot.render(area, buf));
}

pub fn layer_at(app: &App, area: Rect, column: u16) -> Option<usize> {
    with_plot(app, |plot| plot.layer_at(area, column))
}
