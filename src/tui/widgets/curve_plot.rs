//! A function and its derivative: what the pickers of activations show (and of initializers, for their density).

use super::plot::{Piece, Place, Plot};
use super::{Axis, Look, format_value, put};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

/// Values at equal steps over `range`. Drawn in order: axes through zero, the derivative, the function on top.
#[derive(Clone, Debug)]
pub struct CurvePlot<'a> {
    look: Look<'a>,
    range: (f64, f64),
    value: &'a [f64],
    derivative: &'a [f64],
    names: (&'a str, &'a str),
}

impl<'a> CurvePlot<'a> {
    pub fn new(look: Look<'a>, range: (f64, f64), value: &'a [f64]) -> Self {
        Self {
            look,
            range,
            value,
            derivative: &[],
            names: ("", ""),
        }
    }

    pub fn derivative(mut self, derivative: &'a [f64]) -> Self {
        self.derivative = derivative;
        self
    }

    /// What the two curves are called, e.g. `("φ", "φ'")`.
    pub fn names(mut self, value: &'a str, derivative: &'a str) -> Self {
        self.names = (value, derivative);
        self
    }

    fn xs(&self, points: usize) -> Vec<f64> {
        let last = points.saturating_sub(1).max(1) as f64;
        let (from, to) = self.range;
        (0..points)
            .map(|i| from + (to - from) * i as f64 / last)
            .collect()
    }
}

impl Widget for CurvePlot<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let all = self.value.iter().chain(self.derivative).copied();
        let axis = Axis::fit_linear(all.chain([0.0]));
        let plot = Plot::new(self.look, area, self.range, axis, true);
        let ends = (format_value(self.range.0), format_value(self.range.1));
        plot.draw_axes(buf, (&ends.0, &ends.1));
        let dim = self.look.theme.style(Role::Border);
        if let (Some(column), true) = (plot.column(0.0), self.range.0 < 0.0) {
            for row in 0..plot.inner.height {
                put(buf, plot.inner, column, row, self.look.glyphs.cursor(), dim);
            }
        }
        let mut dots = plot.dots();
        let zero = [0.0, 0.0];
        plot.curve(
            &mut dots,
            &[self.range.0, self.range.1],
            &zero,
            dim,
            Place::of(0, 3),
        );
        let (slope, value) = (
            self.look.theme.style(Role::Theory),
            self.look.theme.style(Role::Accent),
        );
        plot.curve(
            &mut dots,
            &self.xs(self.derivative.len()),
            self.derivative,
            slope,
            Place::of(1, 3),
        );
        plot.curve(
            &mut dots,
            &self.xs(self.value.len()),
            self.value,
            value,
            Place::default(),
        );
        dots.render(buf);
        let mut names = Vec::new();
        if !self.names.0.is_empty() {
            names.push(Piece::named(self.names.0, value));
        }
        if !self.derivative.is_empty() && !self.names.1.is_empty() {
            names.push(Piece::named(self.names.1, slope));
        }
        plot.draw_top_right(buf, &names);
    }
}
