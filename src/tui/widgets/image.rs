//! A small grey picture: a digit, or one unit's weights over its input's pixels.

use super::Look;
use super::pixels::{Pixel, halves, paint, pixel_rows};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

#[derive(Clone, Debug)]
pub struct Image<'a> {
    look: Look<'a>,
    pixels: &'a [f32],
    width: usize,
    height: usize,
    range: Option<(f32, f32)>,
    signed: bool,
}

impl<'a> Image<'a> {
    /// `pixels` row by row from the upper left.
    pub fn new(look: Look<'a>, pixels: &'a [f32], width: usize, height: usize) -> Self {
        Self {
            look,
            pixels,
            width,
            height,
            range: None,
            signed: false,
        }
    }

    /// Columns and rows of the screen that show a picture's every pixel once, or nearly so: its height is rounded up.
    pub fn size(look: Look, width: usize, height: usize) -> (u16, u16) {
        let narrow = |n: usize| u16::try_from(n).unwrap_or(u16::MAX / 2);
        if halves(look) {
            (narrow(width), narrow(height.div_ceil(2)))
        } else {
            (narrow(2 * width), narrow(height))
        }
    }

    /// The values of black and white; without, the smallest and the largest pixel.
    pub fn range(mut self, range: (f32, f32)) -> Self {
        self.range = Some(range);
        self
    }

    /// Weights: negative cold, zero in the middle, positive hot.
    pub fn signed(mut self) -> Self {
        self.signed = true;
        self
    }

    /// Whole screen pixels for one of the picture's, across and down, so that it keeps its shape; `None` where the
    /// picture has to be thinned.
    fn zoom(&self, area: Rect) -> Option<(usize, usize)> {
        // Half a cell is about square; a whole cell is twice as high as wide.
        let wide = if halves(self.look) { 1 } else { 2 };
        let across = usize::from(area.width) / (self.width * wide).max(1);
        let down = pixel_rows(self.look, area) / self.height.max(1);
        match across.min(down) {
            0 => None,
            zoom => Some((zoom * wide, zoom)),
        }
    }

    fn span(&self) -> (f32, f32) {
        if let Some(range) = self.range {
            return range;
        }
        let finite = || self.pixels.iter().copied().filter(|v| v.is_finite());
        let low = finite().fold(f32::INFINITY, f32::min);
        let high = finite().fold(f32::NEG_INFINITY, f32::max);
        if self.signed {
            let most = low.abs().max(high.abs());
            (-most, most)
        } else {
            (low, high)
        }
    }
}

impl Widget for Image<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let fits = self
            .width
            .checked_mul(self.height)
            .is_some_and(|n| n <= self.pixels.len());
        if area.is_empty() || self.width == 0 || self.height == 0 || !fits {
            return;
        }
        let (low, high) = self.span();
        let zoom = self.zoom(area);
        let (columns, rows) = (usize::from(area.width), pixel_rows(self.look, area));
        let theme = self.look.theme;
        paint(self.look, area, buf, |x, y| {
            let (px, py) = match zoom {
                Some((across, down)) => (x / across, y / down),
                None => (x * self.width / columns, y * self.height / rows),
            };
            if px >= self.width || py >= self.height {
                return None;
            }
            let value = self.pixels[py * self.width + px];
            if !value.is_finite() {
                return None;
            }
            let t = if high > low {
                f64::from((value - low) / (high - low))
            } else {
                0.5
            };
            let colour = if self.signed {
                theme.diverge(t)
            } else {
                theme.grey(t)
            };
            Some(Pixel::new(colour, t))
        });
    }
}
