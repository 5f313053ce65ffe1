//! A measure over depth: what is measured now, theory's line with its band of trust, the pinned run's line.

use super::plot::{Piece, Place, Plot, draw_above};
use super::{Axis, Look, format_value, put};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

/// A line over the layers, from the bottom layer (at the left) up.
#[derive(Clone, Copy, Debug)]
pub struct ProfileSeries<'a> {
    pub name: &'a str,
    /// For where there is little room.
    pub short: &'a str,
    pub values: &'a [f64],
    pub style: Style,
}

/// Between which values a prediction is trusted, a pair a layer.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    pub low: &'a [f64],
    pub high: &'a [f64],
}

/// Series are drawn in order, the last on top: the pinned run first, then theory, then what is measured.
#[derive(Clone, Debug)]
pub struct ProfilePlot<'a> {
    look: Look<'a>,
    series: &'a [ProfileSeries<'a>],
    band: Option<Band<'a>>,
    y: Option<Axis>,
    log: bool,
    cursor: Option<usize>,
    /// What lies along the axis: layers, or steps.
    place: &'a str,
}

/// From so many rows the legend has its own above the plot.
const ROOM_FOR_LEGEND: u16 = 7;

impl<'a> ProfilePlot<'a> {
    pub fn new(look: Look<'a>, series: &'a [ProfileSeries<'a>]) -> Self {
        Self {
            look,
            series,
            band: None,
            y: None,
            log: true,
            cursor: None,
            place: "layer",
        }
    }

    pub fn band(mut self, band: Option<Band<'a>>) -> Self {
        self.band = band;
        self
    }

    /// Logarithmic (the default) or linear values.
    pub fn log(mut self, log: bool) -> Self {
        self.log = log;
        self
    }

    pub fn y_axis(mut self, axis: Axis) -> Self {
        self.y = Some(axis);
        self
    }

    /// The layer (from 0) whose values are read off.
    pub fn cursor(mut self, layer: Option<usize>) -> Self {
        self.cursor = layer;
        self
    }

    /// What the places along the axis are called, in the singular.
    pub fn place(mut self, name: &'a str) -> Self {
        self.place = name;
        self
    }

    fn layers(&self) -> usize {
        self.series
            .iter()
            .map(|s| s.values.len())
            .max()
            .unwrap_or(0)
    }

    /// The plot in `area`, beneath its legend's rows.
    fn plot(&self, area: Rect) -> Plot<'a> {
        let rows = self.legend_rows(area);
        let area = Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        };
        let y = self.y.unwrap_or_else(|| {
            let values = self.series.iter().flat_map(|s| s.values.iter().copied());
            if self.log {
                Axis::fit_log(values)
            } else {
                Axis::fit_linear(values)
            }
        });
        let last = self.layers().saturating_sub(1) as f64;
        Plot::new(self.look, area, (0.0, last), y, true)
    }

    /// The layer under a column of the screen, for a mouse; `None` outside the plot.
    pub fn layer_at(&self, area: Rect, column: u16) -> Option<usize> {
        let plot = self.plot(area);
        let inside = column.checked_sub(plot.inner.x)?;
        let layers = self.layers();
        (inside < plot.inner.width && layers > 0)
            .then(|| (plot.x_at(inside).round() as usize).min(layers - 1))
    }

    fn legend_rows(&self, area: Rect) -> u16 {
        if area.height < ROOM_FOR_LEGEND {
            return 0;
        }
        // Only counted: drawn to nowhere.
        draw_above(&mut Buffer::empty(Rect::ZERO), area, &self.top_right())
    }

    fn top_right(&self) -> Vec<Piece> {
        let place = self.cursor.map(|layer| Piece {
            name: self.place.to_string(),
            short: self.place.to_string(),
            value: Some(format!("{}", layer + 1)),
            style: Style::new(),
            sample: "",
        });
        let of_series = |(i, series): (usize, &ProfileSeries)| {
            // Of a network of fewer layers there is none.
            let value = |layer: usize| series.values.get(layer).filter(|v| !v.is_nan());
            let shown = |layer| value(layer).map_or("-".to_string(), |v| format_value(*v));
            Piece {
                name: series.name.to_string(),
                short: series.short.to_string(),
                value: self.cursor.map(shown),
                style: series.style,
                sample: Place::of(i, self.series.len()).sample(self.look),
            }
        };
        let named = self.series.iter().enumerate();
        let named = named.filter(|(_, s)| !s.name.is_empty());
        place.into_iter().chain(named.map(of_series)).collect()
    }
}

impl Widget for ProfilePlot<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        let layers = self.layers();
        if area.is_empty() || layers == 0 {
            return;
        }
        let plot = self.plot(area);
        plot.draw_axes(buf, ("1", &layers.to_string()));
        if let Some(band) = self.band {
            draw_band(&plot, band, layers, buf);
        }
        if let Some(layer) = self.cursor {
            plot.draw_cursor(buf, layer as f64);
        }
        let xs: Vec<f64> = (0..layers).map(|l| l as f64).collect();
        let mut dots = plot.dots();
        for (place, series) in self.series.iter().enumerate() {
            let place = Place::of(place, self.series.len());
            plot.curve(&mut dots, &xs, series.values, series.style, place);
        }
        dots.render(buf);
        for series in self.series {
            plot.mark_zeros(buf, &xs, series.values, series.style);
        }
        if let Some(measured) = self.series.last() {
            mark_layers(&plot, measured, buf);
        }
        if area.height < ROOM_FOR_LEGEND {
            plot.draw_top_right(buf, &self.top_right());
        } else {
            draw_above(buf, area, &self.top_right());
        }
    }
}

/// A bullet at every layer of the top series, where there is room between them.
fn mark_layers(plot: &Plot, series: &ProfileSeries, buf: &mut Buffer) {
    if usize::from(plot.inner.width) < 4 * series.values.len() {
        return;
    }
    for (layer, value) in series.values.iter().enumerate() {
        if let (Some(x), Some(t)) = (plot.column(layer as f64), plot.y.position(*value))
            && let Some(y) = cell_row(plot, t)
        {
            put(
                buf,
                plot.inner,
                x,
                y,
                plot.look.glyphs.point(),
                series.style,
            );
        }
    }
}

/// The cell row of a position; `None` outside.
fn cell_row(plot: &Plot, t: f64) -> Option<u16> {
    let row = ((1.0 - t) * f64::from(plot.inner.height.saturating_sub(1))).round();
    (0.0..f64::from(plot.inner.height))
        .contains(&row)
        .then_some(row as u16)
}

/// The ground of the band, column by column; between two layers its edges are straight lines.
fn draw_band(plot: &Plot, band: Band, layers: usize, buf: &mut Buffer) {
    let theme = plot.look.theme;
    let edge = |values: &[f64], at: f64| {
        let (below, share) = (at.floor() as usize, at.fract());
        let a = plot.y.position(*values.get(below)?)?;
        let b = match values.get(below + 1) {
            Some(v) if share > 0.0 => plot.y.position(*v)?,
            _ => a,
        };
        Some(a + (b - a) * share)
    };
    // Colours where there are some, a dim shade where not.
    let (symbol, style) = if theme.band() == ratatui::style::Color::Reset {
        let dim = theme.style(Role::Dim).add_modifier(Modifier::DIM);
        (plot.look.glyphs.shade(0.1), dim)
    } else {
        (" ", Style::new().bg(theme.band()))
    };
    for column in 0..plot.inner.width {
        let at = plot
            .x_at(column)
            .clamp(0.0, layers.saturating_sub(1) as f64);
        let (Some(low), Some(high)) = (edge(band.low, at), edge(band.high, at)) else {
            continue;
        };
        if high < 0.0 || low > 1.0 {
            continue;
        }
        let (top, bottom) = (cell_row(plot, high.min(1.0)), cell_row(plot, low.max(0.0)));
        if let (Some(top), Some(bottom)) = (top, bottom) {
            for row in top..=bottom {
                put(buf, plot.inner, column, row, symbol, style);
            }
        }
    }
}
