//! Charts: pure widgets over slices. Each draws only inside its area, at any size down to nothing, and grows from the
//! left, so that a new point changes few cells: over ssh a frame costs what changed.

mod confusion_matrix;
mod curve_plot;
mod decision_map;
mod dots;
mod histogram_bars;
mod image;
mod line_chart;
mod log_sparkline;
mod pixels;
mod plot;
mod profile_plot;
mod scale;
mod scatter;
mod ticks;
mod time;
mod value_scale;
mod waterfall;

pub use confusion_matrix::ConfusionMatrix;
pub use curve_plot::CurvePlot;
pub use decision_map::{DecisionMap, Field, MapPoint};
pub use histogram_bars::HistogramBars;
pub use image::Image;
pub use line_chart::{LineChart, Series};
pub use log_sparkline::LogSparkline;
pub use pixels::pixel_rows;
pub use plot::Place;
pub use profile_plot::{Band, ProfilePlot, ProfileSeries};
pub use scale::{Axis, LogScale, format_value};
pub use scatter::Scatter;
pub use time::{Bucket, TimeAxis, bucket};
pub use value_scale::ValueScale;
pub use waterfall::{Waterfall, group_rows};

use super::glyphs::Glyphs;
use super::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// How charts look: colours and characters.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub theme: &'a Theme,
    pub glyphs: Glyphs,
}

impl<'a> Look<'a> {
    pub fn new(theme: &'a Theme, glyphs: Glyphs) -> Self {
        Self { theme, glyphs }
    }
}

/// Writes one cell, if it is inside.
fn put(buf: &mut Buffer, area: Rect, x: u16, y: u16, symbol: &str, style: Style) {
    if x >= area.width || y >= area.height {
        return;
    }
    if let Some(cell) = buf.cell_mut((area.x.saturating_add(x), area.y.saturating_add(y))) {
        cell.set_symbol(symbol).set_style(style);
    }
}

/// Writes text from (x, y) inside the area, cut at its right edge.
fn put_text(buf: &mut Buffer, area: Rect, x: u16, y: u16, text: &str, style: Style) {
    if x >= area.width || y >= area.height {
        return;
    }
    let (at_x, at_y) = (area.x + x, area.y + y);
    if buf.area.contains((at_x, at_y).into()) {
        buf.set_stringn(at_x, at_y, text, usize::from(area.width - x), style);
    }
}

#[cfg(test)]
mod tests;
