//! Predicted values over true ones, with the line on which they agree.

use super::plot::{Place, Plot};
use super::{Axis, Look, format_value};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

#[derive(Clone, Debug)]
pub struct Scatter<'a> {
    look: Look<'a>,
    /// (across, up)
    points: &'a [(f32, f32)],
}

impl<'a> Scatter<'a> {
    pub fn new(look: Look<'a>, points: &'a [(f32, f32)]) -> Self {
        Self { look, points }
    }
}

impl Widget for Scatter<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() || self.points.is_empty() {
            return;
        }
        let finite = |v: f32| f64::from(v);
        let across = Axis::fit_linear(self.points.iter().map(|p| finite(p.0)));
        let Axis::Linear { min, max } = across else {
            return;
        };
        // The scale is the true values': a prediction far off does not press all others together.
        let slack = 0.15 * (max - min);
        let y = Axis::Linear {
            min: min - slack,
            max: max + slack,
        };
        let theme = self.look.theme;
        let plot = Plot::new(self.look, area, (min, max), y, true);
        plot.draw_axes(buf, (&format_value(min), &format_value(max)));
        let mut dots = plot.dots();
        let ends = [min, max];
        plot.curve(
            &mut dots,
            &ends,
            &ends,
            theme.style(Role::Theory),
            Place::of(2, 3),
        );
        dots.begin(theme.style(Role::Train), "o");
        for (x, value) in self.points {
            if let Some((x, y)) = plot.dot(&dots, finite(*x), finite(*value)) {
                dots.dot(x, y);
            }
        }
        dots.render(buf);
    }
}
