//! What charts with two axes share: room for labels, ticks, and the way from a value to a dot.

use super::dots::Dots;
use super::{Axis, Look, put, put_text};
use crate::tui::theme::Role;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Narrower or lower than this there are no labels: the curve is worth more.
const LABELS_FROM: (u16, u16) = (20, 4);

/// Characters of curves in ASCII, by the curve's place.
const MARKS: [&str; 6] = ["*", "o", "+", "x", "#", "%"];

/// How curves are broken where no colour tells them apart, by their place from the top: the top one is whole.
const DASHES: [(i32, i32); 5] = [(1, 1), (6, 9), (2, 5), (1, 3), (1, 8)];

/// A curve among the others: its character in ASCII, its dashes where there are no colours.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// In the order of drawing.
    pub index: usize,
    /// 0 for what is drawn last.
    pub from_top: usize,
}

impl Place {
    pub fn of(index: usize, count: usize) -> Self {
        Self {
            index,
            from_top: (count - 1).saturating_sub(index),
        }
    }

    /// What the curve looks like, for a legend; nothing where its colour tells.
    pub fn sample(self, look: Look) -> &'static str {
        const SAMPLES: [&str; 5] = ["━", "╍", "┅", "┉", "·"];
        if look.glyphs.is_ascii() {
            MARKS[self.index % MARKS.len()]
        } else if look.theme.is_mono() {
            SAMPLES[self.from_top.min(SAMPLES.len() - 1)]
        } else {
            ""
        }
    }
}

pub(super) struct Plot<'a> {
    pub look: Look<'a>,
    outer: Rect,
    /// Where curves are.
    pub inner: Rect,
    pub x: (f64, f64),
    pub y: Axis,
    ticks: Vec<(f64, String)>,
}

impl<'a> Plot<'a> {
    /// Shares out `area`: labels of the value axis at the left, a row for labels below if `x_labels`.
    pub fn new(look: Look<'a>, area: Rect, x: (f64, f64), y: Axis, x_labels: bool) -> Self {
        let labelled = area.width >= LABELS_FROM.0 && area.height >= LABELS_FROM.1;
        let below = u16::from(labelled && x_labels && area.height > LABELS_FROM.1);
        let height = area.height - below;
        let ticks = if labelled {
            y.ticks(usize::from(height / 3 + 1))
        } else {
            Vec::new()
        };
        let widest = ticks.iter().map(|t| t.1.chars().count()).max();
        let gutter = match widest {
            Some(w) if w + 1 < usize::from(area.width / 2) => w as u16 + 1,
            _ => 0,
        };
        let inner = Rect {
            x: area.x + gutter,
            width: area.width - gutter,
            height,
            ..area
        };
        Self {
            look,
            outer: area,
            inner,
            x,
            y,
            ticks: if gutter == 0 { Vec::new() } else { ticks },
        }
    }

    /// The axis with its ticks; `ends` are the labels below the left and the right edge.
    pub fn draw_axes(&self, buf: &mut Buffer, ends: (&str, &str)) {
        let dim = self.look.theme.style(Role::Dim);
        let gutter = self.inner.x - self.outer.x;
        if gutter > 0 {
            for row in 0..self.inner.height {
                put(
                    buf,
                    self.outer,
                    gutter - 1,
                    row,
                    self.look.glyphs.axis(),
                    dim,
                );
            }
            for (t, label) in &self.ticks {
                let row = self.row(*t);
                let at = (gutter - 1).saturating_sub(label.chars().count() as u16);
                put_text(buf, self.outer, at, row, label, dim);
                put(
                    buf,
                    self.outer,
                    gutter - 1,
                    row,
                    self.look.glyphs.tick(),
                    dim,
                );
            }
        }
        if self.inner.height < self.outer.height {
            let (left, right) = ends;
            put_text(buf, self.outer, gutter, self.inner.height, left, dim);
            let length = right.chars().count() as u16;
            if left.chars().count() as u16 + length < self.inner.width {
                put_text(
                    buf,
                    self.outer,
                    self.outer.width - length,
                    self.inner.height,
                    right,
                    dim,
                );
            }
        }
    }

    /// A label beneath the plot that ends under `x`, where it leaves `left` columns free.
    pub fn label_below(&self, buf: &mut Buffer, x: f64, label: &str, left: usize) {
        let Some(column) = self
            .column(x)
            .filter(|_| self.inner.height < self.outer.height)
        else {
            return;
        };
        let gutter = self.inner.x - self.outer.x;
        let length = label.chars().count() as u16;
        let from = (column + 1).saturating_sub(length);
        if usize::from(from) > left {
            let dim = self.look.theme.style(Role::Dim);
            put_text(
                buf,
                self.outer,
                gutter + from,
                self.inner.height,
                label,
                dim,
            );
        }
    }

    /// The cell row of a position on the value axis.
    fn row(&self, t: f64) -> u16 {
        let top = f64::from(self.inner.height.saturating_sub(1));
        ((1.0 - t) * top).round().clamp(0.0, top) as u16
    }

    pub fn dots(&self) -> Dots<'a> {
        Dots::new(self.look, self.inner)
    }

    fn share_of_x(&self, x: f64) -> Option<f64> {
        let span = self.x.1 - self.x.0;
        if !x.is_finite() || !span.is_finite() {
            return None;
        }
        let t = if span > 0.0 {
            (x - self.x.0) / span
        } else {
            0.5
        };
        Some(t.clamp(-10.0, 11.0))
    }

    /// The dot of a point; `None` where it cannot be shown.
    pub fn dot(&self, dots: &Dots, x: f64, y: f64) -> Option<(i32, i32)> {
        let (width, height) = dots.size();
        let (tx, ty) = (self.share_of_x(x)?, self.y.position(y)?);
        let to = |t: f64, dots: i32| (t * f64::from(dots - 1)).round() as i32;
        Some((to(tx, width), to(1.0 - ty, height)))
    }

    /// The cell column of `x` from the plot's left edge; `None` outside.
    pub fn column(&self, x: f64) -> Option<u16> {
        let t = self.share_of_x(x)?;
        let column = (t * f64::from(self.inner.width.saturating_sub(1))).round();
        (0.0..f64::from(self.inner.width))
            .contains(&column)
            .then_some(column as u16)
    }

    /// The value under a cell column of the plot.
    pub fn x_at(&self, column: u16) -> f64 {
        let last = f64::from(self.inner.width.saturating_sub(1)).max(1.0);
        self.x.0 + (self.x.1 - self.x.0) * f64::from(column) / last
    }

    /// A curve through the points; what is not finite breaks it.
    pub fn curve(&self, dots: &mut Dots, xs: &[f64], ys: &[f64], style: Style, place: Place) {
        dots.begin(style, MARKS[place.index % MARKS.len()]);
        if self.look.theme.is_mono() {
            let (drawn, of) = DASHES[place.from_top.min(DASHES.len() - 1)];
            dots.dashed(drawn, of);
        }
        let mut before = None;
        for (x, y) in xs.iter().zip(ys) {
            let here = self.dot(dots, *x, *y);
            match (before, here) {
                (Some(from), Some(to)) => dots.line(from, to),
                (None, Some((x, y))) => dots.dot(x, y),
                _ => {}
            }
            before = here;
        }
    }

    /// What lies above the chart is marked on its top.
    pub fn mark_beyond(&self, buf: &mut Buffer, xs: &[f64], ys: &[f64], style: Style) {
        for (x, y) in xs.iter().zip(ys) {
            let beyond = self.y.position(*y).is_some_and(|t| t > 1.0 + 1e-6);
            if let (true, Some(column)) = (beyond, self.column(*x)) {
                put(buf, self.inner, column, 0, self.look.glyphs.beyond(), style);
            }
        }
    }

    /// Exact zeros have no place on a logarithmic axis; they are marked on its floor.
    pub fn mark_zeros(&self, buf: &mut Buffer, xs: &[f64], ys: &[f64], style: Style) {
        if !matches!(self.y, Axis::Log(_)) || self.inner.height == 0 {
            return;
        }
        for (x, y) in xs.iter().zip(ys) {
            if let (true, Some(column)) = (*y == 0.0, self.column(*x)) {
                let floor = self.inner.height - 1;
                put(
                    buf,
                    self.inner,
                    column,
                    floor,
                    self.look.glyphs.zero(),
                    style,
                );
            }
        }
    }

    /// The vertical of a cursor, to be drawn before the curves.
    pub fn draw_cursor(&self, buf: &mut Buffer, x: f64) {
        let style = self.look.theme.style(Role::Accent);
        self.vertical(buf, x, self.look.glyphs.cursor(), style);
    }

    /// Where something was changed.
    pub fn draw_mark(&self, buf: &mut Buffer, x: f64) {
        let style = self.look.theme.style(Role::Warning);
        self.vertical(buf, x, self.look.glyphs.mark(), style);
    }

    fn vertical(&self, buf: &mut Buffer, x: f64, glyph: &str, style: Style) {
        if let Some(column) = self.column(x) {
            for row in 0..self.inner.height {
                put(buf, self.inner, column, row, glyph, style);
            }
        }
    }

    /// The legend, from the right edge of the top row: as much of it as fits.
    pub fn draw_top_right(&self, buf: &mut Buffer, pieces: &[Piece]) {
        let room = usize::from(self.inner.width);
        if self.inner.height < 2 || room == 0 {
            return;
        }
        let texts = fitted(pieces, room);
        let width: usize = texts.iter().map(|(t, _)| t.chars().count() + 1).sum();
        let at = (room + 1).saturating_sub(width) as u16;
        write_pieces(buf, self.inner, at, 0, &texts);
    }
}

fn write_pieces(buf: &mut Buffer, area: Rect, mut at: u16, row: u16, pieces: &[(String, &Piece)]) {
    for (i, (text, piece)) in pieces.iter().enumerate() {
        if i > 0 {
            // A curve beneath would join the words.
            put_text(buf, area, at - 1, row, " ", piece.style);
        }
        put_text(buf, area, at, row, text, piece.style);
        at += text.chars().count() as u16 + 1;
    }
}

/// A legend on rows of its own above a plot: whole names on one row or two, else short ones, else as much as fits on one.
/// Returns the rows it took.
pub(super) fn draw_above(buf: &mut Buffer, area: Rect, pieces: &[Piece]) -> u16 {
    let room = usize::from(area.width);
    let on_rows = |name: fn(&Piece) -> &str| {
        let texts: Vec<(String, &Piece)> = pieces.iter().map(|p| (p.text(name(p)), p)).collect();
        let rows = wrapped(&texts, room);
        (rows.len() <= 2).then_some((texts, rows))
    };
    let (texts, rows) = on_rows(|p| &p.name)
        .or_else(|| on_rows(|p| &p.short))
        .unwrap_or_else(|| {
            let texts = fitted(pieces, room);
            let all = 0..texts.len();
            (texts, vec![all])
        });
    for (row, range) in (0u16..).zip(&rows) {
        write_pieces(buf, area, 0, row, &texts[range.clone()]);
    }
    rows.len() as u16
}

/// Which texts stand on which row, a space between them.
fn wrapped(texts: &[(String, &Piece)], room: usize) -> Vec<std::ops::Range<usize>> {
    let mut rows: Vec<std::ops::Range<usize>> = Vec::new();
    let mut used = 0;
    for (i, (text, _)) in texts.iter().enumerate() {
        let width = text.chars().count();
        match rows.last_mut() {
            Some(row) if used + 1 + width <= room => {
                row.end = i + 1;
                used += 1 + width;
            }
            _ => {
                rows.push(i..i + 1);
                used = width;
            }
        }
    }
    rows
}

/// One entry of a legend: a name, and the value under the cursor.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub name: String,
    /// For where there is little room.
    pub short: String,
    pub value: Option<String>,
    pub style: Style,
    /// What the curve looks like, where no colour tells.
    pub sample: &'static str,
}

impl Piece {
    pub fn named(name: &str, style: Style) -> Self {
        Self {
            name: name.to_string(),
            short: name.to_string(),
            value: None,
            style,
            sample: "",
        }
    }

    fn text(&self, name: &str) -> String {
        let name = match self.sample {
            "" => name.to_string(),
            sample => format!("{sample} {name}"),
        };
        let name = name.trim_end();
        match &self.value {
            Some(value) if name.is_empty() => value.clone(),
            Some(value) => format!("{name} {value}"),
            None => name.to_string(),
        }
    }
}

/// The pieces with their texts in at most `room` characters with a space between them, as far as that goes: short names, then
/// fewer values under a cursor, then cut names. The first says where the cursor is, which is also drawn; the last two are what
/// is on top. Beside values a cut name could be another curve's, and a cut value is another: without room for names their
/// colours tell, and what still has none is left out.
fn fitted(pieces: &[Piece], room: usize) -> Vec<(String, &Piece)> {
    let fits = |texts: &[(String, &Piece)]| {
        let width: usize = texts.iter().map(|(t, _)| t.chars().count() + 1).sum();
        width <= room + 1
    };
    let long: Vec<(String, &Piece)> = pieces.iter().map(|p| (p.text(&p.name), p)).collect();
    if fits(&long) {
        return long;
    }
    let mut texts: Vec<(String, &Piece)> = pieces.iter().map(|p| (p.text(&p.short), p)).collect();
    let are_read_off = pieces.iter().all(|p| p.value.is_some());
    while are_read_off && !fits(&texts) && texts.len() > 2 {
        texts.remove(usize::from(texts.len() > 3));
    }
    if are_read_off {
        if !fits(&texts) {
            texts = texts.into_iter().map(|(_, p)| (p.text(""), p)).collect();
        }
        while !fits(&texts) && !texts.is_empty() {
            texts.remove(0);
        }
        return texts;
    }
    let longest = texts.iter().map(|(_, p)| p.short.chars().count()).max();
    for most in (1..longest.unwrap_or(0)).rev() {
        if fits(&texts) {
            break;
        }
        for (text, piece) in &mut texts {
            let cut: String = piece.short.chars().take(most).collect();
            *text = piece.text(&cut);
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_is_shortened_before_it_is_cut() {
        let piece = |name: &str, short: &str, value: Option<&str>| Piece {
            name: name.into(),
            short: short.into(),
            value: value.map(String::from),
            style: Style::new(),
            sample: "",
        };
        let pieces = [
            piece("theory", "theory", Some("0.01")),
            piece("rms error signal δ", "δ", Some("0.02")),
        ];
        let texts = |pieces: &[Piece], room| -> Vec<String> {
            fitted(pieces, room).into_iter().map(|t| t.0).collect()
        };
        assert_eq!(
            texts(&pieces, 60),
            ["theory 0.01", "rms error signal δ 0.02"]
        );
        assert_eq!(texts(&pieces, 18), ["theory 0.01", "δ 0.02"]);
        assert_eq!(texts(&pieces, 14), ["0.01", "0.02"]);
        assert_eq!(texts(&pieces, 5), ["0.02"]);
        assert!(texts(&pieces, 3).is_empty(), "a cut value is another");
        // What is beneath the others is left out before a name is cut.
        let [theory, signal] = pieces;
        let pieces = [
            piece("layer", "layer", Some("1")),
            piece("pinned", "pin", Some("0.03")),
            theory,
            signal,
        ];
        assert_eq!(texts(&pieces, 30), ["layer 1", "theory 0.01", "δ 0.02"]);
        assert_eq!(texts(&pieces, 20), ["theory 0.01", "δ 0.02"]);
    }
}
