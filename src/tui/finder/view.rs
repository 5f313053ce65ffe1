//! The finder on the screen: the loss over the logarithm of the rate, the marker, and what it says.

use super::{Finder, shown};
use crate::training::SweepState;
use crate::training::sweep::{HIGHEST, LOWEST, STEPS};
use crate::tui::app::App;
use crate::tui::panes::{
    split_rows, titled,
    verdict::{wrap, wrap_to},
};
use crate::tui::theme::Role;
use crate::tui::widgets::{Axis, LineChart, Series, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

/// Lines beneath the chart: what is found, and the keys.
const BELOW: u16 = 5;
/// Lines of what is found, where they leave room for a chart.
const FOUND: usize = 3;
/// Rows that are no room for a chart.
const CHART: u16 = 3;

pub fn draw(app: &App, finder: &Finder, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let title = format!(
        "Learning-rate finder · {}",
        match &finder.sweep.state {
            SweepState::Loading(what) => crate::text::clean(what, 60),
            SweepState::Running =>
                format!("{} of {STEPS} rates, running", finder.sweep.rates.len()),
            SweepState::Done => format!("{} rates, done", finder.sweep.rates.len()),
            SweepState::Failed(_) => "failed".into(),
        }
    );
    let block = titled(app, &title, area.width);
    let inner = block.inner(area);
    block.render(area, buf);
    let room = usize::from(inner.width.saturating_sub(2));
    let keys = wrap(&keys(app, finder), room);
    let below = BELOW.max((FOUND + keys.len()) as u16);
    let below = match inner.height.saturating_sub(below) {
        ..=CHART => inner.height,
        _ => below,
    };
    let chart = Rect {
        height: inner.height - below,
        ..inner
    };
    if chart.height > CHART {
        draw_chart(app, finder, chart, buf);
    }
    let role = match finder.sweep.state {
        SweepState::Failed(_) => Role::Error,
        _ => Role::Text,
    };
    let most = usize::from(below).saturating_sub(keys.len());
    let found = wrap_to(&sentence(finder), room, most);
    let found = found.into_iter().map(|line| (line, role));
    let lines = found.chain(keys.into_iter().map(|line| (line, Role::Accent)));
    for (y, (text, role)) in (chart.bottom()..inner.bottom()).zip(lines) {
        buf.set_stringn(inner.x + 1, y, text, room, theme.style(role));
    }
}

fn keys(app: &App, finder: &Finder) -> String {
    match finder.rate() {
        Some(rate) => format!(
            "enter takes {} over (an edit, {} takes it back) · ← → move the marker · esc leaves",
            shown(rate),
            app.key_of("undo")
        ),
        None => "esc leaves".into(),
    }
}

fn draw_chart(app: &App, finder: &Finder, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let x: Vec<f64> = finder.sweep.rates.iter().map(|r| r.log10()).collect();
    buf.set_line(
        area.x,
        area.y,
        &heading(app, finder, area.width),
        area.width,
    );
    let smooth = &finder.reading.smooth;
    let series = [
        Series {
            name: "",
            x: &x,
            y: &finder.sweep.losses,
            style: theme.style(Role::Pinned),
        },
        Series {
            name: "",
            x: &x,
            y: smooth,
            style: theme.style(Role::Train),
        },
    ];
    // What leaves would press the rest flat.
    let start = smooth.first().copied().unwrap_or(1.0);
    let shown = smooth.iter().copied().filter(|l| *l <= 1.3 * start.abs());
    let marker = finder.marked().and_then(|i| x.get(i)).copied();
    LineChart::new(app.look(), &series)
        .legend(false)
        .x_range((LOWEST.log10(), HIGHEST.log10()))
        .y_axis(Axis::fit_linear(shown.chain([start])))
        .cursor(marker)
        .reads(false)
        .render(split_rows(area, 1).1, buf);
}

/// What the curves are, and what is read off at the marker, as much as there is room for.
fn heading(app: &App, finder: &Finder, width: u16) -> Line<'static> {
    let theme = &app.manner.theme;
    let at = finder.marked();
    let value = |of: &[f64]| {
        let value = at.and_then(|i| of.get(i)).copied();
        value.map_or(String::new(), |v| format!(" {}", format_value(v)))
    };
    let rate = finder.rate().map(|rate| format!(" {}", shown(rate)));
    let long = " mini-batch loss over log₁₀ of the rate:  ";
    let short = " loss over log₁₀ rate:  ";
    let line = |about: &'static str, [step, smooth, rate]: [&str; 3]| {
        Line::from(vec![
            Span::styled(about, theme.style(Role::Dim)),
            Span::styled(format!("each step{step}  "), theme.style(Role::Pinned)),
            Span::styled(format!("smoothed{smooth}  "), theme.style(Role::Train)),
            Span::styled(format!("marker{rate}"), theme.style(Role::Accent)),
        ])
    };
    let read = [
        value(&finder.sweep.losses),
        value(&finder.reading.smooth),
        rate.unwrap_or_default(),
    ];
    let read = read.each_ref().map(String::as_str);
    let all = [line(long, read), line(short, read), line(short, [""; 3])];
    let fits = |line: &&Line| line.width() <= usize::from(width);
    all.iter().find(fits).unwrap_or(&all[2]).clone()
}

/// What the sweep says, in plain words.
fn sentence(finder: &Finder) -> String {
    let now = finder.experiment.training.learning_rate().to_string();
    match (&finder.sweep.state, finder.reading.suggestion) {
        (SweepState::Failed(why), _) => crate::text::clean(why, 400),
        (SweepState::Loading(_), _) => {
            "From the same start, on a network of its own: the run goes on meanwhile.".into()
        }
        (SweepState::Running, None) => {
            format!("The rate rises at every step; it is {now} in the experiment.")
        }
        (SweepState::Done, None) => format!(
            "The loss hardly falls at any rate from {} to {}: the rate is not what keeps this network from learning (see the verdict). It is {now} in the experiment.",
            shown(LOWEST),
            shown(finder.sweep.rates.last().copied().unwrap_or(HIGHEST))
        ),
        (_, Some(found)) => {
            let at = |i: usize| {
                finder
                    .sweep
                    .rates
                    .get(i)
                    .map_or(String::new(), |r| shown(*r))
            };
            let marked = match (finder.is_moved(), finder.rate()) {
                (true, Some(rate)) => format!(" The marker was moved to {}.", shown(rate)),
                _ => String::new(),
            };
            let steepest = at(found.steepest);
            if finder.sweep.state == SweepState::Running {
                return format!(
                    "So far the loss falls fastest at {steepest}. It is {now} in the experiment.{marked}"
                );
            }
            let beyond = match found.leaves {
                true => format!(
                    "it is lowest at {}, and beyond that the rate is too high",
                    at(found.lowest)
                ),
                false => format!(
                    "it has not risen again by {}, the last rate that was tried",
                    at(finder.sweep.rates.len().saturating_sub(1))
                ),
            };
            format!(
                "The loss falls fastest at {steepest}, the suggestion; {beyond}. It is {now} in the experiment.{marked}"
            )
        }
    }
}
