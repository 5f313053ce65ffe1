//! Layers by time, colour by log magnitude: the view for a hundred layers.

use super::pixels::{Pixel, halves, paint, pixel_rows};
use super::ticks::decade_label;
use super::{Bucket, Look, TimeAxis, bucket};
use crate::tui::theme::{Anchors, Role};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Span;
use ratatui::widgets::Widget;
use std::ops::Range;

/// The top layer is at the top. Layers share rows where there are more of them than rows, and take several where there
/// are fewer.
#[derive(Clone, Debug)]
pub struct Waterfall<'a> {
    look: Look<'a>,
    /// A layer's magnitudes over time, from the bottom layer up.
    layers: &'a [&'a [f64]],
    steps: Option<&'a [u64]>,
    axis: Option<TimeAxis>,
    anchors: Anchors,
    beneath: Option<(&'a [&'a [f64]], &'a [u64])>,
}

impl<'a> Waterfall<'a> {
    pub fn new(look: Look<'a>, layers: &'a [&'a [f64]]) -> Self {
        Self {
            look,
            layers,
            steps: None,
            axis: None,
            anchors: look.theme.anchors,
            beneath: None,
        }
    }

    /// Another run's layers and steps, dimmed where this one has not come to yet.
    pub fn beneath(mut self, layers: &'a [&'a [f64]], steps: &'a [u64]) -> Self {
        self.beneath = Some((layers, steps));
        self
    }

    /// The values' steps, ascending and the same for all layers; without, 0, 1, 2, ...
    pub fn steps(mut self, steps: &'a [u64]) -> Self {
        self.steps = Some(steps);
        self
    }

    pub fn axis(mut self, axis: TimeAxis) -> Self {
        self.axis = Some(axis);
        self
    }

    pub fn anchors(mut self, anchors: Anchors) -> Self {
        self.anchors = anchors;
        self
    }

    /// The colours with the magnitudes at their ends, in at most `room` columns; nothing where that is too little.
    pub fn key(look: Look, anchors: Anchors, share: bool, room: usize) -> Vec<Span<'static>> {
        let (low, high) = match share {
            true => ("0 %".to_string(), "100 %".to_string()),
            false => (
                decade_label(anchors.vanished),
                decade_label(anchors.exploded),
            ),
        };
        let dim = look.theme.style(Role::Dim);
        let middle = "healthy";
        let texts = low.len() + middle.len() + high.len() + 4;
        let cells = room.saturating_sub(texts).min(16) / 2;
        if cells < 2 {
            return Vec::new();
        }
        let cell = |i: usize, from: f64| {
            let t = from + 0.5 * i as f64 / cells as f64;
            let symbol = if halves(look) {
                "█"
            } else {
                look.glyphs.shade(t.max(0.01))
            };
            Span::styled(symbol, Style::new().fg(look.theme.diverge(t)))
        };
        let mut spans = vec![Span::styled(format!("{low} "), dim)];
        spans.extend((0..cells).map(|i| cell(i, 0.0)));
        spans.push(Span::styled(format!(" {middle} "), dim));
        spans.extend((1..=cells).map(|i| cell(i, 0.5)));
        spans.push(Span::styled(format!(" {high}"), dim));
        spans
    }

    /// Which layers (from the bottom, 0) the cell row `y` of an area of this height shows.
    pub fn layers_at(look: Look, layers: usize, area: Rect, y: u16) -> Range<usize> {
        let groups = group_rows(layers, pixel_rows(look, area));
        let a_cell = pixel_rows(look, area) / usize::from(area.height).max(1);
        let rows = (0..a_cell).filter_map(|i| groups.get(usize::from(y) * a_cell + i));
        let (mut low, mut high) = (usize::MAX, 0);
        for range in rows {
            low = low.min(range.start);
            high = high.max(range.end);
        }
        if low < high { low..high } else { 0..0 }
    }

    fn last_step(&self) -> (u64, u64) {
        match self.steps {
            Some(steps) => (
                steps.first().copied().unwrap_or(0),
                steps.last().copied().unwrap_or(0),
            ),
            None => {
                let longest = self.layers.iter().map(|l| l.len()).max().unwrap_or(0);
                (0, longest.saturating_sub(1) as u64)
            }
        }
    }
}

/// Which layers each row shows, the top row first, the top layer in it. Every layer is shown and layers are shared out
/// evenly; a few rows left over at the bottom show none, and where they are many, some layers take one more than others.
pub fn group_rows(layers: usize, rows: usize) -> Vec<Range<usize>> {
    if layers == 0 || rows == 0 {
        return Vec::new();
    }
    if layers >= rows {
        return (0..rows)
            .rev()
            .map(|r| r * layers / rows..(r + 1) * layers / rows)
            .collect();
    }
    // Layers of one height are told apart best; but for that no large part of the picture stays empty.
    let even = rows / layers * layers;
    let used = if rows - even > rows / 4 { rows } else { even };
    (0..used)
        .map(|row| {
            let layer = layers - 1 - row * layers / used;
            layer..layer + 1
        })
        .collect()
}

/// What several layers in one row show: the mean log10; zeros only where all are zero.
fn merge(buckets: impl Iterator<Item = Bucket>) -> Bucket {
    let (mut sum, mut count, mut zero) = (0.0, 0u32, false);
    for bucket in buckets {
        match bucket {
            Bucket::Log(log10) => {
                sum += log10;
                count += 1;
            }
            Bucket::Zero => zero = true,
            Bucket::Missing => {}
        }
    }
    match (count, zero) {
        (0, true) => Bucket::Zero,
        (0, false) => Bucket::Missing,
        _ => Bucket::Log(sum / f64::from(count)),
    }
}

/// A colour on its way to grey, at two thirds of its light; where the terminal mixes none, a grey as light as `t`, in [0, 1],
/// is high.
fn faded(colour: Color, grey: Color, t: f64) -> Color {
    match (colour, grey) {
        (Color::Rgb(r, g, b), Color::Rgb(..)) => {
            let mean = (u16::from(r) + u16::from(g) + u16::from(b)) / 3;
            let fade = |c: u8| ((u16::from(c) + 2 * mean) * 2 / 9) as u8;
            Color::Rgb(fade(r), fade(g), fade(b))
        }
        // The palette's ramp of greys begins at 232.
        (_, Color::Indexed(_)) => Color::Indexed(235 + (t.clamp(0.0, 1.0) * 13.0) as u8),
        _ => grey,
    }
}

impl Widget for Waterfall<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        let (start, end) = self.last_step();
        let axis = self
            .axis
            .unwrap_or_else(|| TimeAxis::fit(start, end, area.width.into()));
        let buckets = |layers: &[&[f64]], steps| -> Vec<Vec<Bucket>> {
            layers.iter().map(|v| bucket(&axis, steps, v)).collect()
        };
        let layers = buckets(self.layers, self.steps);
        let beneath = self
            .beneath
            .map(|(layers, steps)| buckets(layers, Some(steps)));
        let newest = axis.column(end).unwrap_or(usize::MAX);
        let groups = group_rows(layers.len(), pixel_rows(self.look, area));
        let theme = self.look.theme;
        paint(self.look, area, buf, |column, row| {
            let group = groups.get(row)?.clone();
            let (shown, dimmed) = match &beneath {
                Some(beneath) if column > newest => (beneath, true),
                _ => (&layers, false),
            };
            let cells = shown.get(group)?.iter();
            match merge(cells.filter_map(|l| l.get(column).copied())) {
                Bucket::Missing => None,
                Bucket::Zero => Some(Pixel {
                    mark: Some(self.look.glyphs.zero()),
                    ..Pixel::new(theme.zero(), 0.0)
                }),
                Bucket::Log(log10) => {
                    let t = self.anchors.position(log10);
                    let colour = theme.diverge(t);
                    let colour = if dimmed {
                        faded(colour, theme.colour(Role::Pinned), t)
                    } else {
                        colour
                    };
                    Some(Pixel::new(colour, t.max(0.01)))
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fewer_layers_than_rows_take_several() {
        assert_eq!(group_rows(2, 5), [1..2, 1..2, 0..1, 0..1]);
        assert_eq!(group_rows(2, 3), [1..2, 1..2, 0..1]);
        assert_eq!(group_rows(4, 2), [2..4, 0..2]);
    }

    proptest! {
        #[test]
        fn every_layer_is_shown_once(layers in 0usize..300, rows in 0usize..100) {
            let groups = group_rows(layers, rows);
            prop_assert!(groups.len() <= rows);
            let mut seen = groups.clone();
            seen.reverse();
            seen.dedup();
            let shown: Vec<usize> = seen.into_iter().flatten().collect();
            let expected: Vec<usize> = if rows == 0 { vec![] } else { (0..layers).collect() };
            prop_assert_eq!(shown, expected);
        }
    }
}
