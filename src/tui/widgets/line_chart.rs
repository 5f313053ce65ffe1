//! Curves over time.

use super::plot::{Piece, Place, Plot};
use super::{Axis, Look, format_value};
use crate::text::thousands;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

/// One curve. `x` ascends.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    pub name: &'a str,
    pub x: &'a [f64],
    pub y: &'a [f64],
    pub style: Style,
}

/// ```text
///  2.4┤⠑⢄            train test
///     │  ⠑⠢⢄⣀⣀
///  1.2┤       ⠉⠉⠒⠒⠤⠤
///     0                    512
/// ```
/// The last series is on top. What is not finite breaks a curve and never touches the axes.
#[derive(Clone, Debug)]
pub struct LineChart<'a> {
    look: Look<'a>,
    series: &'a [Series<'a>],
    log: bool,
    y: Option<Axis>,
    x: Option<(f64, f64)>,
    cursor: Option<f64>,
    readings: Option<&'a [Option<f64>]>,
    marks: &'a [f64],
    legend: bool,
    reads: bool,
}

impl<'a> LineChart<'a> {
    pub fn new(look: Look<'a>, series: &'a [Series<'a>]) -> Self {
        Self {
            look,
            series,
            log: false,
            y: None,
            x: None,
            cursor: None,
            readings: None,
            marks: &[],
            legend: true,
            reads: true,
        }
    }

    /// A logarithmic value axis.
    pub fn log(mut self, log: bool) -> Self {
        self.log = log;
        self
    }

    /// The value axis; without, it is fitted to all series, but for a spike, which is marked where it leaves the chart.
    pub fn y_axis(mut self, axis: Axis) -> Self {
        self.y = Some(axis);
        self
    }

    /// The ends of the time axis (zoom, pan); without, it starts at the first point and doubles whenever it is full, so
    /// that a new point changes few cells.
    pub fn x_range(mut self, range: (f64, f64)) -> Self {
        self.x = Some(range);
        self
    }

    /// The value of x whose values are read off.
    pub fn cursor(mut self, x: Option<f64>) -> Self {
        self.cursor = x;
        self
    }

    /// What the series are at the cursor, where that is known better than by their points on the chart.
    pub fn readings(mut self, readings: &'a [Option<f64>]) -> Self {
        self.readings = Some(readings);
        self
    }

    /// Values of x at which something was changed.
    pub fn marks(mut self, marks: &'a [f64]) -> Self {
        self.marks = marks;
        self
    }

    /// Names of the series at the upper right (default: shown).
    pub fn legend(mut self, legend: bool) -> Self {
        self.legend = legend;
        self
    }

    /// Values at the cursor at the upper right (default: shown), where a mark of what leaves the chart may be.
    pub fn reads(mut self, reads: bool) -> Self {
        self.reads = reads;
        self
    }

    fn plot(&self, area: Rect) -> Plot<'a> {
        let y = self.y.unwrap_or_else(|| {
            let values = self.series.iter().flat_map(|s| s.y.iter().copied());
            if self.log {
                Axis::fit_log_close(values)
            } else {
                Axis::fit_most(values)
            }
        });
        let x = self.x.unwrap_or_else(|| self.append_only(area.width));
        Plot::new(self.look, area, x, y, true)
    }

    /// The last x of any curve.
    fn newest(&self) -> Option<f64> {
        let xs = self.series.iter().filter_map(|s| s.x.last());
        xs.copied().filter(|x| x.is_finite()).max_by(f64::total_cmp)
    }

    fn append_only(&self, columns: u16) -> (f64, f64) {
        let finite = |x: &&f64| x.is_finite();
        let xs = || self.series.iter().flat_map(|s| s.x.iter()).filter(finite);
        let first = xs().copied().fold(f64::INFINITY, f64::min);
        let last = xs().copied().fold(f64::NEG_INFINITY, f64::max);
        if first > last {
            return (0.0, 1.0);
        }
        let needed = last - first;
        if !needed.is_finite() {
            return (0.0, 1.0);
        }
        let columns = f64::from(columns.max(1));
        let doublings = if needed > 0.0 {
            (needed / columns).log2().ceil()
        } else {
            0.0
        };
        (first, first + columns * doublings.exp2())
    }

    /// The x under a column of the screen, for a mouse; `None` outside the plot.
    pub fn x_at(&self, area: Rect, column: u16) -> Option<f64> {
        let plot = self.plot(area);
        let inside = column.checked_sub(plot.inner.x)?;
        (inside < plot.inner.width).then(|| plot.x_at(inside))
    }

    /// The value of a series at the cursor; none of one that has been panned out of the chart.
    fn reading(&self, series: usize) -> Option<f64> {
        let at = self.cursor?;
        if let Some(readings) = self.readings {
            return *readings.get(series)?;
        }
        let is_seen = self
            .x
            .is_none_or(|(first, last)| (first..=last).contains(&at));
        let series = self.series.get(series).filter(|_| is_seen)?;
        nearest(series, at)
    }

    /// Names, or with a cursor the values under it.
    fn top_right(&self) -> Vec<Piece> {
        let place = self.cursor.map(|at| Piece {
            name: String::new(),
            short: String::new(),
            value: Some(format!("@{}", format_x(at))),
            style: Style::new(),
            sample: "",
        });
        let of_series = |(i, series): (usize, &Series)| {
            let value = self.reading(i);
            (value.is_some() || !series.name.is_empty()).then(|| Piece {
                name: series.name.to_string(),
                short: series.name.to_string(),
                value: value.map(format_value),
                style: series.style,
                sample: Place::of(i, self.series.len()).sample(self.look),
            })
        };
        place
            .into_iter()
            .chain(self.series.iter().enumerate().filter_map(of_series))
            .collect()
    }
}

/// The value of the point nearest to `x`.
fn nearest(series: &Series, x: f64) -> Option<f64> {
    let after = series.x.partition_point(|v| *v < x);
    let candidates = [after.checked_sub(1), Some(after)];
    let best = candidates
        .into_iter()
        .flatten()
        .filter(|i| *i < series.x.len().min(series.y.len()))
        .min_by(|a, b| {
            (series.x[*a] - x)
                .abs()
                .total_cmp(&(series.x[*b] - x).abs())
        })?;
    Some(series.y[best])
}

/// A step or an epoch: whole numbers as such.
fn format_x(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e15 {
        let sign = if x < 0.0 { "-" } else { "" };
        format!("{sign}{}", thousands(x.abs() as u128))
    } else {
        format_value(x)
    }
}

impl Widget for LineChart<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let plot = self.plot(area);
        let left = format_x(plot.x.0);
        match self.x {
            Some(_) => plot.draw_axes(buf, (&left, &format_x(plot.x.1))),
            // The axis goes on beyond the newest point, which is the one to be named.
            None => {
                plot.draw_axes(buf, (&left, ""));
                if let Some(newest) = self.newest() {
                    plot.label_below(buf, newest, &format_x(newest), left.len());
                }
            }
        }
        for x in self.marks {
            plot.draw_mark(buf, *x);
        }
        if let Some(x) = self.cursor {
            plot.draw_cursor(buf, x);
        }
        let mut dots = plot.dots();
        for (place, series) in self.series.iter().enumerate() {
            let place = Place::of(place, self.series.len());
            plot.curve(&mut dots, series.x, series.y, series.style, place);
        }
        dots.render(buf);
        for series in self.series {
            plot.mark_zeros(buf, series.x, series.y, series.style);
            plot.mark_beyond(buf, series.x, series.y, series.style);
        }
        if self.legend || (self.reads && self.cursor.is_some()) {
            plot.draw_top_right(buf, &self.top_right());
        }
    }
}
