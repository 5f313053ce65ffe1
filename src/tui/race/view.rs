//! The race on the screen: the losses over the steps, and a row a variant.

use super::{Lane, Race};
use crate::insight::Verdict;
use crate::insight::verdict::Kind;
use crate::text::thousands;
use crate::training::Status;
use crate::tui::app::App;
use crate::tui::layout::first_shown;
use crate::tui::panes::{fit, percent, split_rows, titled, verdict::wrap_to};
use crate::tui::theme::Role;
use crate::tui::widgets::{LineChart, Place, Series, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Widget};

/// Rows that are no room for a chart.
const CHART: u16 = 4;

pub fn draw(app: &App, race: &Race, area: Rect, buf: &mut Buffer) {
    let state = match (race.ended, race.is_over(), race.running) {
        (true, ..) => "ended",
        (_, true, _) => "over",
        (_, false, true) => "running",
        (_, false, false) => "paused",
    };
    let steps = thousands(race.newest().into());
    let titles = [
        format!("Race: {} · {steps} steps · {state}", race.title),
        format!("{} · step {steps} · {state}", race.title),
        format!("Race · {steps} · {state}"),
    ];
    let title = longest(&titles, usize::from(area.width.saturating_sub(4)));
    let block = titled(app, title, area.width);
    let inner = block.inner(area);
    block.render(area, buf);
    let table = table(race, inner);
    let charts = Rect {
        height: inner.height - table.height,
        ..inner
    };
    if charts.height > CHART {
        draw_charts(app, race, charts, buf);
    }
    draw_table(app, race, table, buf);
}

/// The table's part of what is within the frame.
fn table(race: &Race, inner: Rect) -> Rect {
    let rows = race.lanes.len() as u16 + 1;
    // The sentence on the selected one and the keys are beneath the table.
    let height = match rows.saturating_add(4) {
        height if height + CHART < inner.height => height,
        _ => inner.height,
    };
    Rect {
        y: inner.bottom() - height,
        height,
        ..inner
    }
}

/// The table's rows that are variants: the first one's index, and how many are shown.
fn lanes_shown(race: &Race, table: Rect) -> (usize, u16) {
    // Where there is no room for all, the selected one is in sight.
    let shown = table.height.saturating_sub(4).min(race.lanes.len() as u16);
    let first = first_shown(race.first, race.selected, race.lanes.len(), shown);
    (first, shown)
}

/// The first variant shown, and the one under a place on the screen.
pub fn lane_at(race: &Race, area: Rect, at: Position) -> Option<(usize, usize)> {
    let table = table(race, Block::bordered().inner(area));
    let (first, shown) = lanes_shown(race, table);
    let row = at.y.checked_sub(table.y + 1)?;
    (table.contains(at) && row < shown).then_some((first, first + usize::from(row)))
}

fn colour(app: &App, lane: usize) -> Style {
    Style::new().fg(app.manner.theme.series(lane))
}

/// The first that fits, or the last.
fn longest(texts: &[String], room: usize) -> &str {
    let fits = |text: &&String| text.chars().count() <= room;
    texts
        .iter()
        .find(fits)
        .or(texts.last())
        .map_or("", String::as_str)
}

fn draw_charts(app: &App, race: &Race, area: Rect, buf: &mut Buffer) {
    let sweep = race.lanes.iter().all(|l| l.value.is_some()) && area.width >= 60;
    let width = if sweep {
        area.width * 6 / 10
    } else {
        area.width
    };
    let left = Rect { width, ..area };
    draw_losses(app, race, left, buf);
    if sweep {
        let right = Rect {
            x: area.x + width + 1,
            width: area.width - width - 1,
            ..area
        };
        draw_sweep(app, race, right, buf);
    }
}

fn heading(app: &App, text: &str, area: Rect, buf: &mut Buffer) -> Rect {
    let style = app.manner.theme.style(Role::Dim);
    buf.set_stringn(
        area.x + 1,
        area.y,
        text,
        usize::from(area.width.saturating_sub(1)),
        style,
    );
    split_rows(area, 1).1
}

/// In which order the curves are drawn: the selected one last, on top.
fn order(race: &Race) -> Vec<usize> {
    let others = (0..race.lanes.len()).filter(|i| *i != race.selected);
    others.chain([race.selected]).collect()
}

/// What a lane's curve looks like, where its colour alone does not tell.
fn sample(app: &App, race: &Race, lane: usize) -> &'static str {
    let place = order(race).iter().position(|i| *i == lane).unwrap_or(0);
    match Place::of(place, race.lanes.len()).sample(app.look()) {
        "" => "━",
        sample => sample,
    }
}

fn draw_losses(app: &App, race: &Race, area: Rect, buf: &mut Buffer) {
    let tested = race
        .lanes
        .iter()
        .any(|l| !l.run.record.test_loss.is_empty());
    let text = if tested { "test loss" } else { "training loss" };
    let text = match race.cursor.map(|step| thousands(step.into())) {
        Some(step) => {
            // what is judged, and which is best, goes by the newest
            let newest = match area.width {
                0..90 => "",
                _ => "; the best and the verdicts are of the newest",
            };
            format!("{text} over the steps, read off at step {step}{newest}")
        }
        None => format!("{text} over the steps"),
    };
    let area = heading(app, &text, area, buf);
    let curves: Vec<(usize, Vec<f64>, Vec<f64>)> = order(race)
        .into_iter()
        .filter_map(|i| race.lanes.get(i).map(|lane| (i, lane)))
        .map(|(i, lane)| {
            let points = lane.losses().buckets().iter();
            let (x, y) = points.map(|b| (b.last_step as f64, b.on_line())).unzip();
            (i, x, y)
        })
        .collect();
    let series: Vec<Series> = curves
        .iter()
        .map(|(i, x, y)| Series {
            name: "",
            x,
            y,
            style: colour(app, *i),
        })
        .collect();
    // As the table has them: a curve's points are those of many steps.
    let readings: Vec<Option<f64>> = curves
        .iter()
        .map(|(i, ..)| race.lanes.get(*i)?.loss_at(race.cursor))
        .collect();
    LineChart::new(app.look(), &series)
        .log(true)
        .legend(false)
        .cursor(race.cursor.map(|step| step as f64))
        .readings(&readings)
        .render(area, buf);
}

/// Loss now against the learning rate: the valley is where to be.
fn draw_sweep(app: &App, race: &Race, area: Rect, buf: &mut Buffer) {
    let steps = race.cursor.unwrap_or(race.newest());
    let texts = [
        format!(
            "loss against log₁₀ rate, after {} steps",
            thousands(steps.into())
        ),
        "loss against log₁₀ rate".to_string(),
    ];
    let area = heading(
        app,
        longest(&texts, area.width.saturating_sub(1).into()),
        area,
        buf,
    );
    let (x, y): (Vec<f64>, Vec<f64>) = race
        .lanes
        .iter()
        .filter_map(|lane| {
            Some((
                lane.value?.log10(),
                lane.loss_at(race.cursor).unwrap_or(f64::NAN),
            ))
        })
        .unzip();
    let range = match (x.first(), x.last()) {
        (Some(first), Some(last)) if first < last => (*first, *last),
        _ => return,
    };
    let series = [Series {
        name: "",
        x: &x,
        y: &y,
        style: app.manner.theme.style(Role::Accent),
    }];
    let chosen = race.lanes.get(race.selected).and_then(|l| l.value);
    LineChart::new(app.look(), &series)
        .log(true)
        .legend(false)
        .x_range(range)
        .cursor(chosen.map(f64::log10))
        .render(area, buf);
}

fn draw_table(app: &App, race: &Race, area: Rect, buf: &mut Buffer) {
    let theme = &app.manner.theme;
    let room = usize::from(area.width.saturating_sub(1));
    let line = |row: u16, spans: Vec<Span>, buf: &mut Buffer| {
        if row < area.height {
            buf.set_line(area.x, area.y + row, &Line::from(spans), area.width);
        }
    };
    // The keys come first: they are seen whatever the height.
    let keys = [
        "enter take it over · f take the best · space run/pause · ↑↓ select · ←→ read off earlier steps · esc leave",
        "enter take it over · f take the best · space run/pause · ↑↓ select · ←→ steps · esc leave",
        "enter take over · f the best · space run/pause · esc leave",
        "enter take · f best · space pause · esc leave",
        "esc leave · space · enter · f best",
    ]
    .map(String::from);
    let keys = longest(&keys, room.saturating_sub(1));
    let (label, brief) = match area.width {
        0..70 => (usize::from(area.width.saturating_sub(25)).min(20), true),
        70..100 => (20, false),
        _ => (30, false),
    };
    let head = match brief {
        true => format!("   {:<label$} {:>8}  {}", "variant", "loss", "verdict"),
        false => format!(
            "   {:<label$} {:>10} {:>10} {:>9} {:>10}  {}",
            "variant", "train loss", "test loss", "accuracy", "decades", "verdict"
        ),
    };
    line(
        0,
        vec![Span::styled(fit(&head, room), theme.style(Role::Dim))],
        buf,
    );
    let (first, shown) = lanes_shown(race, area);
    for row in 0..shown {
        let i = first + usize::from(row);
        let Some(lane) = race.lanes.get(i) else { break };
        let best = race.best() == Some(i);
        let mut cells = cells(app, lane, race.cursor, best, (label, brief));
        cells.insert(1, Span::styled(sample(app, race, i), colour(app, i)));
        line(row + 1, cells, buf);
        if i == race.selected {
            let place = Rect {
                y: area.y + row + 1,
                height: 1,
                ..area
            };
            buf.set_style(place, theme.selection());
        }
    }
    if let Some(lane) = race.lanes.get(race.selected) {
        let rows = shown + 1..area.height.saturating_sub(1);
        let lines = wrap_to(&sentence(lane), room.saturating_sub(1), rows.len());
        for (row, text) in rows.zip(lines) {
            let span = Span::styled(format!(" {text}"), theme.style(Role::Text));
            line(row, vec![span], buf);
        }
    }
    let span = Span::styled(format!(" {keys}"), theme.style(Role::Accent));
    line(area.height.saturating_sub(1), vec![span], buf);
}

fn cells<'a>(
    app: &App,
    lane: &Lane,
    cursor: Option<u64>,
    best: bool,
    (label, brief): (usize, bool),
) -> Vec<Span<'a>> {
    let theme = &app.manner.theme;
    let point = lane.point(cursor);
    let test = point.and_then(|p| p.test);
    let number = |v: Option<f64>| v.map_or("-".to_string(), format_value);
    let accuracy = test
        .and_then(|t| t.accuracy)
        .or(point.and_then(|p| p.train.accuracy));
    let known = lane.verdict.as_ref().filter(|_| !lane.has_failed());
    let (word, role) = word(lane);
    let figures = match brief {
        true => format!("{:>8}  ", number(lane.loss_at(cursor))),
        false => format!(
            "{:>10} {:>10} {:>9} {:>10}  ",
            number(point.map(|p| p.train.loss)),
            number(test.map(|t| t.loss)),
            accuracy.map_or("-".into(), percent),
            known.map_or("-".into(), Verdict::brief_slope)
        ),
    };
    let marker = match (best, app.manner.glyphs.is_ascii()) {
        (true, true) => "*",
        (true, false) => "★",
        (false, _) => " ",
    };
    vec![
        Span::styled(marker, theme.style(Role::Good)),
        Span::styled(
            format!(
                " {:<label$} ",
                fit(&crate::text::clean(&lane.label, 60), label)
            ),
            theme.style(Role::Text),
        ),
        Span::styled(figures, theme.style(Role::Text)),
        Span::styled(word, theme.style(role)),
    ]
}

fn word(lane: &Lane) -> (String, Role) {
    match &lane.run.status {
        Status::Failed(_) => ("failed".into(), Role::Error),
        Status::Diverged(_) => ("diverged".into(), Role::Error),
        Status::Loading(what) => (fit(what, 20), Role::Dim),
        _ => match &lane.verdict {
            Some(verdict) => {
                let role = match verdict.kind {
                    Kind::Healthy if lane.hardly_learns() => {
                        return ("hardly learns".into(), Role::Warning);
                    }
                    Kind::Healthy if lane.overfits() => {
                        return ("overfits".into(), Role::Warning);
                    }
                    Kind::Healthy => Role::Good,
                    Kind::Vanishing => Role::Warning,
                    Kind::Exploding | Kind::Diverged => Role::Error,
                };
                (verdict.kind.name().into(), role)
            }
            None => ("-".into(), Role::Dim),
        },
    }
}

/// What is to be said of the selected lane.
fn sentence(lane: &Lane) -> String {
    match (&lane.run.status, &lane.verdict) {
        // the verdict names the layer as the flow does
        (Status::Diverged(_), Some(verdict)) if verdict.kind == Kind::Diverged => {
            verdict.sentence.clone()
        }
        (Status::Failed(why) | Status::Diverged(why), _) => why.clone(),
        (_, Some(verdict)) => verdict.sentence.clone(),
        (_, None) => "starting".into(),
    }
}
