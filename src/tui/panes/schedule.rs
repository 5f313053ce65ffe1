//! The learning rate over the steps of the run, as planned, with a marker at now.

use super::{split_rows, write_line};
use crate::experiment::Experiment;
use crate::nn::schedule::Schedule;
use crate::tui::app::App;
use crate::tui::app::run::Record;
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, Series, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Points of a planned curve.
const POINTS: u64 = 240;
/// Schedules that never end are shown until the rate has changed by this factor.
const FAR: f64 = 1e3;

/// What a schedule does to the rate, until where.
pub struct Plan {
    pub steps: Vec<f64>,
    pub rates: Vec<f64>,
    pub last: u64,
}

/// The plan of an experiment; `None` for a rate that stays, and for a plateau, whose cuts depend on what is measured.
/// `per_epoch` where it is known; `now` is in sight whatever was planned.
pub fn plan(e: &Experiment, per_epoch: Option<u64>, now: u64) -> Option<Plan> {
    let schedule = &e.training.schedule;
    let own = match *schedule {
        Schedule::Constant | Schedule::Plateau { .. } => return None,
        Schedule::Cosine { steps, .. } | Schedule::OneCycle { steps, .. } => steps as u64,
        Schedule::Step { every, .. } => (every as u64).saturating_mul(5),
        Schedule::Power { steps, .. } => (steps as u64).saturating_mul(10),
        Schedule::Exponential { factor } => {
            let decades = factor.ln().abs();
            let steps = if decades > 0.0 {
                FAR.ln() / decades
            } else {
                1000.0
            };
            steps.ceil().min(1e12) as u64
        }
    };
    let stop = &e.training.stop;
    let by_epochs = stop
        .epochs
        .zip(per_epoch)
        .map(|(epochs, steps)| epochs.saturating_mul(steps));
    let planned = [stop.steps, by_epochs].into_iter().flatten().min();
    let last = planned.unwrap_or(own).max(now).max(1);
    Some(Plan::between(e, 0, last))
}

impl Plan {
    /// The part of an experiment's plan that a chart of these steps shows.
    fn between(e: &Experiment, first: u64, last: u64) -> Self {
        let base = e.training.optimizer.learning_rate();
        let span = u128::from(last.saturating_sub(first));
        let at = |i: u64| first + (span * u128::from(i) / u128::from(POINTS)) as u64;
        let steps: Vec<u64> = (0..=POINTS).map(at).collect();
        let rate = |t: &u64| e.training.schedule.rate(base, *t);
        Self {
            rates: steps.iter().map(rate).collect(),
            steps: steps.into_iter().map(|t| t as f64).collect(),
            last,
        }
    }
}

/// The rates that a run's steps were taken with, of those from `first` to `last`.
fn used(record: &Record, first: u64, last: u64) -> (Vec<f64>, Vec<f64>) {
    let points = record.kept().filter(|p| (first..=last).contains(&p.step));
    points
        .map(|p| (p.step as f64 - 1.0, p.learning_rate))
        .unzip()
}

/// Decades are told apart on a logarithmic axis alone; a curve that starts or ends at 0 has no place there.
fn is_log(schedule: &Schedule) -> bool {
    matches!(
        schedule,
        Schedule::Step { .. } | Schedule::Exponential { .. } | Schedule::Power { .. }
    )
}

/// Whether there is a plan to be drawn.
pub fn has_plan(app: &App) -> bool {
    !matches!(app.experiment.training.schedule, Schedule::Constant)
}

/// A line of figures, then the pinned run's curve, the planned one, what was used of it so far on top, and the marker: at the
/// cursor, else at now.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let record = &app.run.record;
    let now = record.step();
    let per_epoch = app.run.info.as_ref().map(|i| i.steps_per_epoch);
    let per_epoch = per_epoch.filter(|s| *s > 0);
    let whole = plan(&app.experiment, per_epoch, now);
    let last = whole.as_ref().map_or(u64::MAX, |plan| plan.last);
    let (first, last) = match app.window {
        Some(_) => app.steps_shown(),
        None => (0, last),
    };
    let (used_steps, used_rates) = used(record, first, last);
    let pinned = app.baseline().map(|p| {
        let planned = plan(&p.experiment, per_epoch, now).is_some() && last < u64::MAX;
        match planned {
            true => {
                let plan = Plan::between(&p.experiment, first, last);
                (plan.steps, plan.rates)
            }
            false => used(&p.record, first, last),
        }
    });
    let plan = whole.map(|_| Plan::between(&app.experiment, first, last));
    let mut figures = vec![Span::styled("rate ", theme.style(Role::Dim))];
    let at_cursor = app.cursor.and_then(|step| record.at(step));
    let shown = at_cursor.or(record.latest.as_ref());
    let rate = shown.map(|p| p.learning_rate);
    figures.push(Span::styled(
        rate.map_or("-".into(), format_value),
        theme.style(Role::Accent),
    ));
    if let Some(plan) = &plan {
        let top = plan.rates.iter().copied().fold(0.0, f64::max);
        let text = format!("  highest {}", format_value(top));
        let used: usize = figures.iter().map(Span::width).sum();
        // a figure is shown whole or not at all
        if used + text.chars().count() <= usize::from(area.width) {
            figures.push(Span::styled(text, theme.style(Role::Dim)));
        }
    }
    write_line(buf, area, 0, figures);
    let below = split_rows(area, 1).1;
    let mut series = Vec::new();
    if let Some((steps, rates)) = &pinned {
        series.push(Series {
            name: "pinned",
            x: steps,
            y: rates,
            style: theme.style(Role::Pinned),
        });
    }
    if let Some(plan) = &plan {
        series.push(Series {
            name: "planned",
            x: &plan.steps,
            y: &plan.rates,
            style: theme.style(Role::Dim),
        });
    }
    series.push(Series {
        name: "used",
        x: &used_steps,
        y: &used_rates,
        style: theme.style(Role::Train),
    });
    let mut chart = LineChart::new(app.look(), &series)
        .legend(false)
        .log(is_log(&app.experiment.training.schedule));
    if plan.is_some() || app.window.is_some() {
        chart = chart.x_range((first as f64, last as f64));
    }
    let marker = app.cursor.or(plan.is_some().then_some(now));
    chart = chart.cursor(marker.map(|step| step as f64));
    chart.render(below, buf);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::samples;

    #[test]
    fn a_plan_shows_the_warm_up_the_peak_and_the_end() {
        let mut e = samples::experiment();
        assert!(plan(&e, None, 0).is_none());
        e.training.schedule = Schedule::Cosine {
            steps: 1000,
            warmup: 100,
            floor: 0.0,
        };
        let drawn = plan(&e, None, 0).expect("a plan");
        assert_eq!((drawn.last, drawn.rates[0]), (1000, 0.0));
        let top = drawn.rates.iter().copied().fold(0.0, f64::max);
        assert!((top - 0.1).abs() < 1e-3);
        assert!(drawn.rates.last().is_some_and(|r| r.abs() < 1e-9));
        // The run's own end counts where there is one, and now stays in sight.
        e.training.stop.epochs = Some(5);
        assert_eq!(plan(&e, Some(40), 0).expect("a plan").last, 200);
        assert_eq!(plan(&e, Some(40), 5000).expect("a plan").last, 5000);
    }
}
