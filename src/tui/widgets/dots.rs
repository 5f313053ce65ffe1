//! A canvas of dots, several to a cell (2x4 in braille). Where two curves meet in a cell, the one drawn last owns the
//! cell: merged dots in one colour would show a curve that neither is.

use super::{Look, put};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

#[derive(Clone, Copy, Default)]
struct DotCell {
    mask: u8,
    owner: u16,
}

pub struct Dots<'a> {
    look: Look<'a>,
    area: Rect,
    cells: Vec<DotCell>,
    styles: Vec<(Style, &'static str)>,
    /// Of how many dots along a curve how many are drawn.
    dash: (i32, i32),
}

impl<'a> Dots<'a> {
    pub fn new(look: Look<'a>, area: Rect) -> Self {
        Self {
            look,
            area,
            cells: vec![DotCell::default(); usize::from(area.width) * usize::from(area.height)],
            styles: Vec::new(),
            dash: (1, 1),
        }
    }

    /// Dots across and down.
    pub fn size(&self) -> (i32, i32) {
        let (across, down) = self.look.glyphs.dots();
        (
            i32::from(self.area.width) * across as i32,
            i32::from(self.area.height) * down as i32,
        )
    }

    /// Begins a curve: its dots replace those of earlier ones in the same cell. `mark` is its character in ASCII, where a
    /// cell has one dot.
    pub fn begin(&mut self, style: Style, mark: &'static str) {
        self.dash = (1, 1);
        self.styles.push((style, mark));
    }

    /// The curve that was begun is broken: of every `of` dots across, `drawn` are drawn.
    pub fn dashed(&mut self, drawn: i32, of: i32) {
        self.dash = (drawn, of.max(1));
    }

    /// One dot, from the upper left; outside is ignored.
    pub fn dot(&mut self, x: i32, y: i32) {
        let (width, height) = self.size();
        if x < 0 || y < 0 || x >= width || y >= height || self.styles.is_empty() {
            return;
        }
        let (across, down) = self.look.glyphs.dots();
        let (x, y) = (x as usize, y as usize);
        let cell = &mut self.cells[y / down * usize::from(self.area.width) + x / across];
        let owner = self.styles.len() as u16;
        if cell.owner != owner {
            *cell = DotCell { mask: 0, owner };
        }
        cell.mask |= 1 << (y % down * across + x % across);
    }

    /// A line between two dots; what is outside is cut before it is walked.
    pub fn line(&mut self, from: (i32, i32), to: (i32, i32)) {
        let (width, height) = self.size();
        let Some((mut x, mut y, x1, y1)) = clip(from, to, width, height) else {
            return;
        };
        let (dx, dy) = ((x1 - x).abs(), -(y1 - y).abs());
        let (sx, sy) = ((x1 - x).signum(), (y1 - y).signum());
        let mut error = dx + dy;
        loop {
            if x.rem_euclid(self.dash.1) < self.dash.0 {
                self.dot(x, y);
            }
            if x == x1 && y == y1 {
                return;
            }
            let twice = 2 * error;
            if twice >= dy {
                error += dy;
                x += sx;
            }
            if twice <= dx {
                error += dx;
                y += sy;
            }
        }
    }

    /// Draws what has dots; other cells stay as they are.
    pub fn render(self, buf: &mut Buffer) {
        let width = usize::from(self.area.width).max(1);
        let mut text = [0u8; 4];
        for (i, cell) in self.cells.iter().enumerate() {
            let Some(owner) = usize::from(cell.owner).checked_sub(1) else {
                continue;
            };
            let (style, mark) = self.styles[owner];
            let symbol = if self.look.glyphs.is_ascii() {
                mark
            } else {
                self.look.glyphs.dot_cell(cell.mask).encode_utf8(&mut text)
            };
            put(
                buf,
                self.area,
                (i % width) as u16,
                (i / width) as u16,
                symbol,
                style,
            );
        }
    }
}

/// Cuts a segment to the rectangle (Liang & Barsky 1984); `None` where nothing of it is inside.
fn clip(from: (i32, i32), to: (i32, i32), width: i32, height: i32) -> Option<(i32, i32, i32, i32)> {
    let (x0, y0) = (f64::from(from.0), f64::from(from.1));
    let (dx, dy) = (f64::from(to.0) - x0, f64::from(to.1) - y0);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    let edges = [
        (-dx, x0),
        (dx, f64::from(width - 1) - x0),
        (-dy, y0),
        (dy, f64::from(height - 1) - y0),
    ];
    for (p, q) in edges {
        if p == 0.0 {
            if q < 0.0 {
                return None;
            }
        } else if p < 0.0 {
            enter = enter.max(q / p);
        } else {
            leave = leave.min(q / p);
        }
    }
    if enter > leave {
        return None;
    }
    let at = |t: f64| ((x0 + dx * t).round() as i32, (y0 + dy * t).round() as i32);
    let ((ax, ay), (bx, by)) = (at(enter), at(leave));
    Some((ax, ay, bx, by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::glyphs::Glyphs;
    use crate::tui::theme::Theme;
    use proptest::prelude::*;
    use ratatui::style::Color;

    #[test]
    fn the_curve_drawn_last_owns_its_cells() {
        let theme = Theme::default();
        let area = Rect::new(0, 0, 3, 1);
        let mut dots = Dots::new(Look::new(&theme, Glyphs::Braille), area);
        dots.begin(Style::new().fg(Color::Red), "*");
        dots.line((0, 0), (5, 0));
        dots.begin(Style::new().fg(Color::Blue), "o");
        dots.dot(2, 3);
        let mut buf = Buffer::empty(area);
        dots.render(&mut buf);
        assert_eq!(buf[(0, 0)].symbol(), "⠉");
        assert_eq!(buf[(0, 0)].fg, Color::Red);
        assert_eq!(buf[(1, 0)].symbol(), "⡀", "occluded, not merged");
        assert_eq!(buf[(1, 0)].fg, Color::Blue);
    }

    proptest! {
        #[test]
        fn lines_end_and_stay_inside(w in 0u16..20, h in 0u16..20, a in any::<i16>(), b in any::<i16>(), c in any::<i16>(), d in any::<i16>()) {
            let theme = Theme::default();
            for glyphs in Glyphs::ALL {
                let area = Rect::new(1, 1, w, h);
                let mut dots = Dots::new(Look::new(&theme, glyphs), area);
                dots.begin(Style::new(), "*");
                dots.line((a.into(), b.into()), (c.into(), d.into()));
                let mut buf = Buffer::empty(Rect::new(0, 0, w + 2, h + 2));
                dots.render(&mut buf);
                for x in 0..w + 2 {
                    prop_assert_eq!(buf[(x, 0)].symbol(), " ");
                    prop_assert_eq!(buf[(x, h + 1)].symbol(), " ");
                }
            }
        }
    }
}
