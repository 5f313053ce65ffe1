//! The screen as a picture: a ratatui buffer as SVG.
//!
//! Blocks, braille dots and lines are drawn as shapes, not as text: a viewer's font may lack them or leave seams between
//! rows. Other text is told its width in cells, so that it stays on the grid in any monospaced font.

mod shapes;

use super::palette::{Palette, Rgb};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::collections::BTreeMap;
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

/// A cell's size in the picture's units.
pub const CELL: (f64, f64) = (8.0, 17.0);
const FONT_SIZE: f64 = 13.5;
const BASELINE: f64 = 12.8;
const MARGIN: f64 = 10.0;

/// Colours and modifiers of a cell, resolved against the palette.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ink {
    fg: Rgb,
    bg: Option<Rgb>,
    modifier: u16,
}

/// The buffer as an SVG document; `title` is what a screen reader says and a browser shows on hover.
pub fn render(buf: &Buffer, palette: &Palette, title: &str) -> String {
    let mut out = String::new();
    let width = f64::from(buf.area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f64::from(buf.area.height) * CELL.1 + 2.0 * MARGIN;
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\">\n\
         <title>{}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\" font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT_SIZE}\" style=\"white-space:pre\" xml:space=\"preserve\">\n",
        escape(title),
        hex(palette.background),
    );
    let screen = Screen { buf, palette };
    screen.grounds(&mut out);
    screen.shapes(&mut out);
    screen.texts(&mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

struct Screen<'a> {
    buf: &'a Buffer,
    palette: &'a Palette,
}

impl Screen<'_> {
    fn cell(&self, x: u16, y: u16) -> Option<&Cell> {
        self.buf.cell((self.buf.area.x + x, self.buf.area.y + y))
    }

    fn ink(&self, cell: &Cell) -> Ink {
        let fg = self.palette.rgb(cell.fg);
        let bg = self.palette.rgb(cell.bg);
        let modifier = cell.modifier.bits();
        if cell.modifier.contains(Modifier::REVERSED) {
            let fg = fg.unwrap_or(self.palette.foreground);
            return Ink {
                fg: bg.unwrap_or(self.palette.background),
                bg: Some(fg),
                modifier,
            };
        }
        Ink {
            fg: fg.unwrap_or(self.palette.foreground),
            bg,
            modifier,
        }
    }

    /// Runs of one ground, row by row.
    fn grounds(&self, out: &mut String) {
        for y in 0..self.buf.area.height {
            let ground = |x: u16| self.cell(x, y).and_then(|c| self.ink(c).bg);
            let mut x = 0;
            while x < self.buf.area.width {
                let start = x;
                let colour = ground(x);
                while x < self.buf.area.width && ground(x) == colour {
                    x += 1;
                }
                if let Some(colour) = colour {
                    let _ = writeln!(
                        out,
                        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>",
                        f64::from(start) * CELL.0,
                        f64::from(y) * CELL.1,
                        f64::from(x - start) * CELL.0,
                        CELL.1,
                        hex(colour)
                    );
                }
            }
        }
    }

    /// All shapes of one colour in one path.
    fn shapes(&self, out: &mut String) {
        let mut filled: BTreeMap<(Rgb, bool, u8), String> = BTreeMap::new();
        let mut lines: BTreeMap<(Rgb, bool), String> = BTreeMap::new();
        for y in 0..self.buf.area.height {
            for x in 0..self.buf.area.width {
                let Some(cell) = self.cell(x, y) else {
                    continue;
                };
                let (Some(shape), false) = (shape_of(cell), hidden(cell)) else {
                    continue;
                };
                let ink = self.ink(cell);
                let dim = cell.modifier.contains(Modifier::DIM);
                let at = (f64::from(x) * CELL.0, f64::from(y) * CELL.1);
                match shape {
                    shapes::Shape::Fill(percent) => {
                        let path = filled.entry((ink.fg, dim, percent)).or_default();
                        shapes::fill(path, cell.symbol(), at);
                    }
                    shapes::Shape::Line => {
                        shapes::line(lines.entry((ink.fg, dim)).or_default(), cell.symbol(), at);
                    }
                }
            }
        }
        for ((colour, dim, percent), path) in filled {
            let opacity = f64::from(percent) / 100.0 * if dim { 0.6 } else { 1.0 };
            let _ = writeln!(
                out,
                "<path fill=\"{}\"{} shape-rendering=\"crispEdges\" d=\"{path}\"/>",
                hex(colour),
                opacity_attribute(opacity)
            );
        }
        for ((colour, dim), path) in lines {
            let opacity = if dim { 0.6 } else { 1.0 };
            let _ = writeln!(
                out,
                "<path fill=\"none\" stroke=\"{}\"{} d=\"{path}\"/>",
                hex(colour),
                opacity_attribute(opacity)
            );
        }
    }

    /// Runs of text in one style.
    fn texts(&self, out: &mut String) {
        for y in 0..self.buf.area.height {
            let mut x = 0;
            while x < self.buf.area.width {
                let Some(cell) = self.cell(x, y) else { break };
                if shape_of(cell).is_some() || hidden(cell) || cell.symbol().trim().is_empty() {
                    x += 1;
                    continue;
                }
                x += self.text_run(x, y, out).max(1);
            }
        }
    }

    /// Writes the run that starts at (x, y); returns its width in cells.
    fn text_run(&self, x: u16, y: u16, out: &mut String) -> u16 {
        let Some(first) = self.cell(x, y) else {
            return 1;
        };
        let (fg, modifier) = (self.ink(first).fg, first.modifier);
        let (mut text, mut cells) = (String::new(), 0u16);
        while let Some(cell) = self.cell(x + cells, y) {
            let same = self.ink(cell).fg == fg && cell.modifier == modifier;
            if !same || shape_of(cell).is_some() {
                break;
            }
            let wide = cell.symbol().width().clamp(1, 2) as u16;
            // A wide character's width is right only if it stands alone.
            if wide > 1 && cells > 0 {
                break;
            }
            text.push_str(cell.symbol());
            cells += wide;
            if wide > 1 || x + cells >= self.buf.area.width {
                break;
            }
        }
        let shown = text.trim_end();
        let width = shown.width();
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{}\"{}>{}</text>",
            f64::from(x) * CELL.0,
            f64::from(y) * CELL.1 + BASELINE,
            width as f64 * CELL.0,
            hex(fg),
            text_attributes(modifier),
            escape(shown)
        );
        cells
    }
}

fn shape_of(cell: &Cell) -> Option<shapes::Shape> {
    let mut chars = cell.symbol().chars();
    let first = chars.next()?;
    match chars.next() {
        None => shapes::kind(first),
        Some(_) => None,
    }
}

fn hidden(cell: &Cell) -> bool {
    cell.modifier.contains(Modifier::HIDDEN) || (cell.fg == cell.bg && cell.fg != Color::Reset)
}

fn text_attributes(modifier: Modifier) -> String {
    let mut out = String::new();
    if modifier.contains(Modifier::BOLD) {
        out.push_str(" font-weight=\"bold\"");
    }
    if modifier.contains(Modifier::ITALIC) {
        out.push_str(" font-style=\"italic\"");
    }
    if modifier.contains(Modifier::DIM) {
        out.push_str(" opacity=\"0.6\"");
    }
    match (
        modifier.contains(Modifier::UNDERLINED),
        modifier.contains(Modifier::CROSSED_OUT),
    ) {
        (true, true) => out.push_str(" text-decoration=\"underline line-through\""),
        (true, false) => out.push_str(" text-decoration=\"underline\""),
        (false, true) => out.push_str(" text-decoration=\"line-through\""),
        (false, false) => {}
    }
    out
}

fn opacity_attribute(opacity: f64) -> String {
    if opacity < 1.0 {
        format!(" opacity=\"{opacity}\"")
    } else {
        String::new()
    }
}

fn hex((r, g, b): Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text for XML: its five characters escaped; left out are control characters, which XML forbids, and what turns the reading
/// direction around.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if crate::text::is_hostile(c) => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
