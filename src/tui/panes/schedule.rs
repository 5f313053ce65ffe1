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
    /// The part of an experiment's plan that a chart of these steps shows, the highest rate among its points.
    fn between(e: &Experiment, first: u64, last: u64) -> Self {
        let first = first.max(1);
        let span = u128::from(last.saturating_sub(first));
        let at = |i: u64| first + (span * u128::from(i) / u128::from(POINTS)) as u64;
        // The turn may be between two updates.
        let turn = e.training.schedule.turn().map(|t| [t + 1, t + 2]);
        let turn = turn.into_iter().flatten();
        let turn = turn.filter(|step| (first..=last).contains(step));
        let mut steps: Vec<u64> = (0..=POINTS).map(at).chain(turn).collect();
        steps.sort_unstable();
        steps.dedup();
        Self {
            rates: steps.iter().map(|step| planned(e, *step)).collect(),
            steps: steps.into_iter().map(|step| step as f64).collect(),
            last,
        }
    }
}

/// The rate that a step is planned to be taken with. A schedule counts updates from 0, a run its steps from 1.
fn planned(e: &Experiment, step: u64) -> f64 {
    let base = e.training.optimizer.learning_rate();
    e.training.schedule.rate(base, step.saturating_sub(1))
}

/// The rates that a run's steps were taken with, of those from `first` to `last`.
fn used(record: &Record, first: u64, last: u64) -> (Vec<f64>, Vec<f64>) {
    let points = record.kept().filter(|p| (first..=last).contains(&p.step));
    points.map(|p| (p.step as f64, p.learning_rate)).unzip()
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
    let marker = app.cursor.or(whole.is_some().then_some(now));
    let pinned = app.baseline().map(|p| {
        let is_planned = plan(&p.experiment, per_epoch, now).is_some() && last < u64::MAX;
        match is_planned {
            true => {
                let plan = Plan::between(&p.experiment, first, last);
                let reading = marker.map(|step| planned(&p.experiment, step));
                (plan.steps, plan.rates, reading)
            }
            false => {
                let (steps, rates) = used(&p.record, first, last);
                let at = marker.filter(|step| *step <= p.record.step());
                let point = at.and_then(|step| p.record.at(step));
                (steps, rates, point.map(|point| point.learning_rate))
            }
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
    let mut readings = Vec::new();
    if let Some((steps, rates, reading)) = &pinned {
        readings.push(*reading);
        series.push(Series {
            name: "pinned",
            x: steps,
            y: rates,
            style: theme.style(Role::Pinned),
        });
    }
    if let Some(plan) = &plan {
        readings.push(marker.map(|step| planned(&app.experiment, step)));
        series.push(Series {
            name: "planned",
            x: &plan.steps,
            y: &plan.rates,
            style: theme.style(Role::Dim),
        });
    }
    readings.push(rate.filter(|_| marker.is_some()));
    series.push(Series {
        name: "used",
        x: &used_steps,
        y: &used_rates,
        style: theme.style(Role::Train),
    });
    let mut chart = LineChart::new(app.look(), &series)
        .legend(false)
        .readings(&readings)
        .log(is_log(&app.experiment.training.schedule));
    if plan.is_some() || app.window.is_some() {
        chart = chart.x_range((first as f64, last as f64));
    }
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
        assert_eq!(top, 0.1);
        assert!(drawn.rates.last().is_some_and(|r| r.abs() < 1e-6));
        // The run's own end counts where there is one, and now stays in sight.
        e.training.stop.epochs = Some(5);
        assert_eq!(plan(&e, Some(40), 0).expect("a plan").last, 200);
        assert_eq!(plan(&e, Some(40), 5000).expect("a plan").last, 5000);
    }

    /// However far the run has gone beyond it, the peak is among the points.
    #[test]
    fn the_highest_rate_of_a_plan_is_that_of_a_step_between_its_points() {
        let mut e = samples::experiment();
        let highest = |e: &Experiment| {
            let drawn = plan(e, None, 30_817).expect("a plan");
            let top = drawn.rates.iter().copied().fold(0.0, f64::max);
            let at = drawn.rates.iter().position(|rate| *rate == top);
            (top, at.map(|i| drawn.steps[i]))
        };
        e.training.schedule = Schedule::Cosine {
            steps: 100,
            warmup: 10,
            floor: 0.0,
        };
        assert_eq!(highest(&e), (0.1, Some(11.0)));
        e.training.schedule = Schedule::OneCycle {
            steps: 2000,
            max: 0.01,
        };
        assert_eq!(highest(&e), (0.01, Some(600.0)));
    }

    /// A step's rate is the one that it was taken with: that of the schedule's update before it.
    #[test]
    fn a_step_has_the_rate_of_its_update() {
        let mut e = samples::experiment();
        e.training.schedule = Schedule::Step {
            every: 10,
            factor: 0.5,
        };
        assert_eq!((planned(&e, 10), planned(&e, 11)), (0.1, 0.05));
        let drawn = plan(&e, None, 0).expect("a plan");
        assert_eq!(
            (drawn.steps[0], drawn.rates[9], drawn.rates[10]),
            (1.0, 0.1, 0.05)
        );
        let mut record = Record::default();
        record.push(crate::training::Point {
            step: 10,
            learning_rate: 0.1,
            ..Default::default()
        });
        assert_eq!(used(&record, 0, 20), (vec![10.0], vec![0.1]));
    }
}
