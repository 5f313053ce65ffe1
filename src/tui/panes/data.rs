//! What the network makes of the data: the decision boundary over two features, else what each class was taken for, the
//! worst mistakes and the first units as pictures; and for values, what was predicted over what is true.

mod pictures;

use super::{first_that_fits, fit, framed, inside, percent, write_line};
use crate::data::{Dataset, Targets};
use crate::text::thousands;
use crate::training::look::{Boundary, Classes, DataView, Lens, Residuals, Seen};
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::theme::Role;
use crate::tui::widgets::{ConfusionMatrix, DecisionMap, Field, MapPoint, Scatter, format_value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

/// Pictures that fit on a large screen.
const PICTURES: usize = 60;
/// Passes with dropout of a boundary's spread.
const PASSES: u16 = 30;
/// A probability deviates by this at most.
const WIDEST: f32 = 0.5;

/// What the pane shows of pictures in classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Picture {
    #[default]
    Matrix,
    Mistakes,
    Units,
}

impl Picture {
    pub const ALL: [Picture; 3] = [Self::Matrix, Self::Mistakes, Self::Units];

    pub fn next(self, forward: bool) -> Self {
        crate::tui::measure::cycle(&Self::ALL, self, forward)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Matrix => "rows true, cols said",
            Self::Mistakes => "mistakes",
            Self::Units => "layer 1",
        }
    }
}

/// The pane's inside without the line of figures at its foot.
fn picture_area(inner: Rect) -> Rect {
    Rect {
        height: inner.height.saturating_sub(1),
        ..inner
    }
}

/// What training is to look at for this pane.
pub fn lens(app: &App, area: Rect) -> Lens {
    let (columns, rows) = DecisionMap::resolution(app.look(), picture_area(inside(area)));
    let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).max(1);
    Lens {
        grid: (narrow(columns), narrow(rows)),
        pictures: PICTURES,
        passes: if app.show_spread && drops(app) {
            PASSES
        } else {
            0
        },
    }
}

/// Whether a pass with dropout differs from another.
fn drops(app: &App) -> bool {
    app.experiment
        .network
        .layers
        .iter()
        .any(|l| l.dropout > 0.0)
}

pub(super) fn heading(app: &App) -> (String, String) {
    let view = app.run.view.as_deref().filter(|_| app.dataset().is_some());
    let title = match view.map(|view| &view.seen) {
        Some(Seen::Boundary(map)) if shows_spread(app, map) => "Data · spread".to_string(),
        Some(Seen::Boundary(_)) => "Data · boundary".to_string(),
        Some(Seen::Classes(seen)) => format!("Data · {}", shown(app, seen).name()),
        Some(Seen::Residuals(_)) => "Data · residuals".to_string(),
        None => "Data".to_string(),
    };
    (title, super::shared_with(app, Pane::Layer))
}

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let view = app.run.view.as_deref().zip(app.dataset());
    let (title, note) = heading(app);
    let inner = framed(app, Pane::Data, &title, &note, area, buf);
    let Some((view, data)) = view else {
        let text = "a look at the data comes with the first steps";
        let style = app.manner.theme.style(Role::Dim);
        return write_line(buf, inner, 0, vec![Span::styled(text, style)]);
    };
    let place = picture_area(inner);
    let (figures, rest) = match &view.seen {
        Seen::Boundary(map) => boundary(app, map, data, place, buf),
        Seen::Classes(seen) => classes(app, view, seen, data, place, buf),
        Seen::Residuals(seen) => residuals(app, seen, place, buf),
    };
    let theme = &app.manner.theme;
    let width = usize::from(inner.width);
    let least = figures
        .last()
        .map_or(String::new(), |text| fit(text, width));
    let figures = first_that_fits(figures, width).unwrap_or(least);
    let room = width.saturating_sub(figures.width() + 2);
    let mut spans = vec![Span::styled(figures, theme.style(Role::Text))];
    let rest = first_that_fits(rest, room);
    spans.extend(rest.map(|text| Span::styled(format!("  {text}"), theme.style(Role::Dim))));
    write_line(buf, inner, inner.height.saturating_sub(1), spans);
}

/// What is said beneath the picture: figures, and what else there is room for; each from the longest way to say it.
type Caption = (Vec<String>, Vec<String>);

/// The picture that is chosen, where there is one.
fn shown(app: &App, seen: &Classes) -> Picture {
    match app.picture {
        Picture::Mistakes => Picture::Mistakes,
        Picture::Units if !seen.units.is_empty() => Picture::Units,
        _ if seen.counts.is_empty() => Picture::Mistakes,
        _ => Picture::Matrix,
    }
}

fn boundary(app: &App, map: &Boundary, data: &Dataset, area: Rect, buf: &mut Buffer) -> Caption {
    let spread = shows_spread(app, map);
    let field = if spread {
        Field::Values {
            values: &map.spread,
            low: 0.0,
            high: WIDEST,
        }
    } else {
        Field::Classes {
            class: &map.class,
            confidence: &map.confidence,
        }
    };
    let share = |value: f32, (low, high): (f32, f32)| f64::from((value - low) / (high - low));
    let Targets::Classes(classes) = &data.train.y else {
        return Default::default();
    };
    let rows = data.train.x.rows().into_iter().zip(classes);
    let points: Vec<MapPoint> = rows
        .zip(&map.wrong)
        .map(|((row, class), wrong)| MapPoint {
            x: share(row[0], map.ranges[0]),
            y: share(row[1], map.ranges[1]),
            class: *class as usize,
            wrong: *wrong,
        })
        .collect();
    DecisionMap::new(app.look(), map.grid, field)
        .points(&points)
        .render(area, buf);
    if spread {
        return spread_figures(&map.spread, app.manner.glyphs.shades());
    }
    let wrong = map.wrong.iter().filter(|w| **w).count();
    let mark = if app.manner.theme.is_mono() || app.manner.glyphs.is_ascii() {
        "reversed"
    } else {
        "x"
    };
    let (total, all) = (points.len(), data.train.x.nrows());
    // Only so many are looked at.
    let part = total < all;
    (
        vec![
            match part {
                true => format!("{wrong} of the first {total} wrong: {mark}"),
                false => format!("{wrong} of {total} train rows wrong: {mark}"),
            },
            format!("{wrong} of {total} wrong: {mark}"),
            format!("{wrong} wrong: {mark}"),
        ],
        match (app.show_spread, drops(app)) {
            (true, false) => vec!["the spread needs dropout in a layer".into()],
            (false, true) => vec![app.manner.keymap.in_text("{view}: spread under dropout")],
            _ if part => vec![format!("of {} train rows", thousands(all as u128))],
            _ => Vec::new(),
        },
    )
}

fn shows_spread(app: &App, map: &Boundary) -> bool {
    app.show_spread && !map.spread.is_empty()
}

/// By how much the probability of the answer deviates over passes with dropout.
fn spread_figures(spread: &[f32], shades: &[&str]) -> Caption {
    let mean = spread.iter().sum::<f32>() / spread.len().max(1) as f32;
    let largest = spread.iter().copied().fold(0.0, f32::max);
    let shades = shades.concat();
    (
        vec![format!("spread {mean:.2}, at most {largest:.2}")],
        vec![
            format!("0 {shades} {WIDEST}; {PASSES} passes with dropout"),
            format!("0 {shades} {WIDEST}"),
        ],
    )
}

fn classes(
    app: &App,
    view: &DataView,
    seen: &Classes,
    data: &Dataset,
    area: Rect,
    buf: &mut Buffer,
) -> Caption {
    let rest = match shown(app, seen) {
        Picture::Matrix => {
            let names: Vec<String> = (0..seen.classes)
                .map(|class| class_name(data, class))
                .collect();
            ConfusionMatrix::new(app.look(), &seen.counts, &names).render(area, buf);
            confused(seen, &names)
        }
        Picture::Mistakes => {
            pictures::mistakes(app, view, seen, data, area, buf);
            vec!["true→said, how sure".into()]
        }
        Picture::Units => {
            pictures::units(app, seen, data, area, buf);
            vec!["weights: cold negative, hot positive".into()]
        }
    };
    let share = seen.right as f64 / seen.answers.max(1) as f64;
    let (right, split) = (percent(share), view.split.name());
    let (rows, at) = (seen.answers, looked_at(app, view));
    (
        vec![
            format!("{right} of {rows} {split} rows right{at}"),
            format!("{right} {split} rows right{at}"),
        ],
        rest,
    )
}

/// The step of a look, where the figures of other panes may be of another: rows are evaluated for those less or more often.
fn looked_at(app: &App, view: &DataView) -> String {
    match app.is_running() || app.cursor.is_some() {
        true => format!(" @{}", thousands(view.step.into())),
        false => String::new(),
    }
}

/// The pair that is confused most often, in words.
fn confused(seen: &Classes, names: &[String]) -> Vec<String> {
    let off = seen
        .counts
        .iter()
        .enumerate()
        .filter(|(i, count)| **count > 0 && i / seen.classes != i % seen.classes);
    match off.max_by_key(|(i, count)| (**count, usize::MAX - i)) {
        Some((i, count)) => {
            let (right, said) = (&names[i / seen.classes], &names[i % seen.classes]);
            let pair = format!("{right} taken for {said}, {count}x");
            vec![format!("most often: {pair}"), pair]
        }
        None => vec!["none confused".into()],
    }
}

fn class_name(data: &Dataset, class: usize) -> String {
    match data.class_names.get(class) {
        Some(name) => crate::text::clean(name, 40),
        None => class.to_string(),
    }
}

fn residuals(app: &App, seen: &Residuals, area: Rect, buf: &mut Buffer) -> Caption {
    Scatter::new(app.look(), &seen.pairs).render(area, buf);
    let explained = if seen.explained.is_finite() {
        format!("R² {:.2}  ", seen.explained)
    } else {
        String::new()
    };
    (
        vec![format!(
            "{explained}{} rms residual",
            format_value(seen.rms)
        )],
        vec!["the line: predicted = true".into()],
    )
}
