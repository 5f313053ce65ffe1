//! Pictures in half blocks: two pixels a cell, one above the other. Without colours (or in ASCII) a cell is one pixel,
//! drawn as a shade.

use super::{Look, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// A pixel: its colour, and its shade in [0, 1] for terminals that cannot show it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pixel {
    pub colour: Color,
    pub shade: f64,
    /// Written instead of a shade where there are no colours.
    pub mark: Option<&'static str>,
}

impl Pixel {
    pub fn new(colour: Color, shade: f64) -> Self {
        Self {
            colour,
            shade,
            mark: None,
        }
    }
}

/// Whether cells hold two pixels here.
pub fn halves(look: Look) -> bool {
    !look.theme.is_mono() && !look.glyphs.is_ascii()
}

/// Rows of pixels that fit.
pub fn pixel_rows(look: Look, area: Rect) -> usize {
    usize::from(area.height) * if halves(look) { 2 } else { 1 }
}

/// Draws `pixel(column, row)` for every column of the area and every row of [`pixel_rows`]; `None` leaves the ground.
pub fn paint(
    look: Look,
    area: Rect,
    buf: &mut Buffer,
    pixel: impl Fn(usize, usize) -> Option<Pixel>,
) {
    let area = area.intersection(buf.area);
    for y in 0..area.height {
        for x in 0..area.width {
            let (column, row) = (usize::from(x), usize::from(y));
            let (symbol, style) = if halves(look) {
                half_cell(pixel(column, 2 * row), pixel(column, 2 * row + 1))
            } else {
                shaded_cell(look, pixel(column, row))
            };
            put(buf, area, x, y, symbol, style);
        }
    }
}

fn half_cell(upper: Option<Pixel>, lower: Option<Pixel>) -> (&'static str, Style) {
    match (upper, lower) {
        (None, None) => (" ", Style::reset()),
        (Some(a), None) => ("▀", Style::reset().fg(a.colour)),
        (None, Some(b)) => ("▄", Style::reset().fg(b.colour)),
        // A full block needs one colour only; a space with a ground would be lost when the screen is copied as text.
        (Some(a), Some(b)) if a.colour == b.colour => ("█", Style::reset().fg(a.colour)),
        (Some(a), Some(b)) => ("▀", Style::reset().fg(a.colour).bg(b.colour)),
    }
}

fn shaded_cell(look: Look, pixel: Option<Pixel>) -> (&'static str, Style) {
    match pixel {
        None => (" ", Style::reset()),
        Some(p) => (
            p.mark.unwrap_or_else(|| look.glyphs.shade(p.shade)),
            Style::reset().fg(p.colour),
        ),
    }
}
