//! What a network answers over two inputs, with the rows it learns from.

use super::pixels::{Pixel, halves, paint, pixel_rows};
use super::{Look, put};
use crate::tui::theme::ColourDepth;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Widget;

/// The network's answers on a grid, row by row from the upper left.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    /// The likeliest class and its probability.
    Classes {
        class: &'a [u16],
        confidence: &'a [f32],
    },
    /// How unsure: grey between `low` and `high`, on which every class's colour is seen.
    Values {
        values: &'a [f32],
        low: f32,
        high: f32,
    },
}

/// A row of the data set on the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapPoint {
    /// From 0 (left) to 1 (right).
    pub x: f64,
    /// From 0 (bottom) to 1 (top).
    pub y: f64,
    pub class: usize,
    /// The network says something else.
    pub wrong: bool,
}

#[derive(Clone, Debug)]
pub struct DecisionMap<'a> {
    look: Look<'a>,
    field: Field<'a>,
    /// Columns and rows of the field's grid.
    grid: (usize, usize),
    points: &'a [MapPoint],
}

impl<'a> DecisionMap<'a> {
    pub fn new(look: Look<'a>, grid: (usize, usize), field: Field<'a>) -> Self {
        Self {
            look,
            field,
            grid,
            points: &[],
        }
    }

    pub fn points(mut self, points: &'a [MapPoint]) -> Self {
        self.points = points;
        self
    }

    /// Columns and rows of the grid that an area shows one to one.
    pub fn resolution(look: Look, area: Rect) -> (usize, usize) {
        (area.width.into(), pixel_rows(look, area))
    }

    fn pixel(&self, index: usize) -> Option<Pixel> {
        let theme = self.look.theme;
        match self.field {
            Field::Classes { class, confidence } => {
                let class = usize::from(*class.get(index)?);
                let sure = f64::from(*confidence.get(index)?);
                // Half strength at most: points in the full colour stand out from the ground.
                Some(Pixel::new(
                    theme.class(class, 0.67 * sure),
                    class_shade(class),
                ))
            }
            Field::Values { values, low, high } => {
                let value = *values.get(index)?;
                let t = f64::from((value - low) / (high - low));
                let t = t.clamp(0.0, 1.0);
                let bright = if theme.is_light() {
                    1.0 - 0.7 * t
                } else {
                    0.8 * t
                };
                t.is_finite().then(|| Pixel::new(theme.grey(bright), t))
            }
        }
    }

    fn draw_point(&self, point: &MapPoint, area: Rect, buf: &mut Buffer) {
        let inside = |v: f64| (0.0..=1.0).contains(&v);
        if !inside(point.x) || !inside(point.y) {
            return;
        }
        let x = (point.x * f64::from(area.width - 1)).round() as u16;
        let y = ((1.0 - point.y) * f64::from(area.height - 1)).round() as u16;
        let Some(cell) = buf.cell((area.x + x, area.y + y)) else {
            return;
        };
        let theme = self.look.theme;
        if !halves(self.look) {
            let digit = char::from_digit((point.class % 36) as u32, 36).unwrap_or('?');
            let style = Style::reset().fg(theme.class(point.class, 1.0));
            let bold = if point.wrong {
                Modifier::BOLD | Modifier::REVERSED
            } else {
                Modifier::BOLD
            };
            put(
                buf,
                area,
                x,
                y,
                digit.encode_utf8(&mut [0; 4]),
                style.add_modifier(bold),
            );
            return;
        }
        // The cell keeps the ground of its upper pixel.
        let ground = cell.fg;
        let is_class = matches!(self.field, Field::Classes { .. });
        let colour = match theme.depth {
            // Sixteen colours have one strength only: the ground is the class's own colour.
            ColourDepth::Sixteen if is_class && point.wrong => Color::White,
            ColourDepth::Sixteen if is_class => Color::Black,
            _ => theme.class(point.class, 1.0),
        };
        let symbol = if point.wrong {
            "x"
        } else {
            self.look.glyphs.point()
        };
        let style = Style::reset()
            .fg(colour)
            .bg(ground)
            .add_modifier(Modifier::BOLD);
        put(buf, area, x, y, symbol, style);
    }
}

/// Without colours a class is a shade.
fn class_shade(class: usize) -> f64 {
    [0.0, 0.4, 0.7, 0.2, 0.9][class % 5]
}

impl Widget for DecisionMap<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let (columns, rows) = self.grid;
        if area.is_empty() || columns == 0 || rows == 0 {
            return;
        }
        let height = pixel_rows(self.look, area).max(1);
        paint(self.look, area, buf, |x, y| {
            let column = x * columns / usize::from(area.width);
            let row = y * rows / height;
            self.pixel(row.checked_mul(columns)? + column)
        });
        // The wrong ones last, so that they are seen.
        for wrong in [false, true] {
            for point in self.points.iter().filter(|p| p.wrong == wrong) {
                self.draw_point(point, area, buf);
            }
        }
    }
}
