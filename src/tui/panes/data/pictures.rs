//! Rows and weights as small pictures, side by side, each with a line beneath it.

use super::super::write_line;
use super::class_name;
use crate::data::Dataset;
use crate::training::look::{Classes, DataView, Mistake, Split};
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widgets::Image;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::Widget;

/// Fewer pictures than this beside each other are thinned to make room.
const WANTED: u16 = 6;
/// A picture is not thinned below this.
const SMALLEST: u16 = 8;

/// Equal places with a line beneath each.
struct Tiles {
    area: Rect,
    tile: (u16, u16),
    across: u16,
}

impl Tiles {
    fn new(app: &App, (width, height): (usize, usize), area: Rect) -> Self {
        let mut tile = Image::size(app.look(), width, height);
        let fitting = |(w, h): (u16, u16)| {
            u32::from((area.width + 1) / (w + 1)) * u32::from(area.height / (h + 1))
        };
        while fitting(tile) < u32::from(WANTED) && tile.0 / 2 >= SMALLEST {
            tile = (tile.0 / 2, tile.1.div_ceil(2));
        }
        tile = (
            tile.0.min(area.width).max(1),
            tile.1.min(area.height.saturating_sub(1)).max(1),
        );
        Self {
            area,
            tile,
            across: ((area.width + 1) / (tile.0 + 1)).max(1),
        }
    }

    /// The place of picture `i` and of the line beneath it; `None` beyond the area.
    fn place(&self, i: usize) -> Option<(Rect, Rect)> {
        let i = u16::try_from(i).ok()?;
        let (width, height) = self.tile;
        let y = (i / self.across).checked_mul(height + 1)?;
        if y + height + 1 > self.area.height {
            return None;
        }
        let picture = Rect {
            x: self.area.x + i % self.across * (width + 1),
            y: self.area.y + y,
            width,
            height,
        };
        let line = Rect {
            y: picture.y + height,
            height: 1,
            ..picture
        };
        Some((picture, line))
    }
}

pub fn mistakes(
    app: &App,
    view: &DataView,
    seen: &Classes,
    data: &Dataset,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = &app.manner.theme;
    if seen.worst.is_empty() {
        let text = Span::styled("no mistakes", theme.style(Role::Good));
        return write_line(buf, area, 0, vec![text]);
    }
    let Some((width, height)) = data.image else {
        return list(app, seen, data, area, buf);
    };
    let tiles = Tiles::new(app, (width, height), area);
    let rows = match view.split {
        Split::Train => &data.train,
        Split::Test => &data.test,
    };
    for (i, mistake) in seen.worst.iter().enumerate() {
        let Some((picture, line)) = tiles.place(i) else {
            break;
        };
        if mistake.row >= rows.len() {
            continue;
        }
        let pixels: Vec<f32> = rows
            .x
            .row(mistake.row)
            .iter()
            .enumerate()
            .map(|(i, v)| match data.standardization.get(i) {
                Some((mean, deviation)) => v * deviation + mean,
                None => *v,
            })
            .collect();
        Image::new(app.look(), &pixels, width, height).render(picture, buf);
        write_line(buf, line, 0, vec![said(app, mistake, data)]);
    }
}

/// `3→8 .97`
fn said(app: &App, mistake: &Mistake, data: &Dataset) -> Span<'static> {
    let arrow = if app.manner.glyphs.is_ascii() {
        ">"
    } else {
        "→"
    };
    Span::styled(
        format!(
            "{}{arrow}{} {:.0}%",
            class_name(data, mistake.truth as usize),
            class_name(data, mistake.said as usize),
            mistake.confidence * 100.0
        ),
        app.manner.theme.style(Role::Warning),
    )
}

/// Mistakes among rows that are no pictures, in words.
fn list(app: &App, seen: &Classes, data: &Dataset, area: Rect, buf: &mut Buffer) {
    for (row, mistake) in (0..area.height).zip(&seen.worst) {
        let number = format!("row {:>5}  ", mistake.row + 1);
        let dim = app.manner.theme.style(Role::Dim);
        let spans = vec![Span::styled(number, dim), said(app, mistake, data)];
        write_line(buf, area, row, spans);
    }
}

pub fn units(app: &App, seen: &Classes, data: &Dataset, area: Rect, buf: &mut Buffer) {
    let Some((width, height)) = data.image else {
        return;
    };
    let tiles = Tiles::new(app, (width, height), area);
    for (i, weights) in seen.units.iter().enumerate() {
        let Some((picture, line)) = tiles.place(i) else {
            break;
        };
        Image::new(app.look(), weights, width, height)
            .signed()
            .render(picture, buf);
        let number = Span::styled(format!("unit {}", i + 1), app.manner.theme.style(Role::Dim));
        write_line(buf, line, 0, vec![number]);
    }
}
