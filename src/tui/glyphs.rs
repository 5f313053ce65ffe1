//! Which characters charts are made of. Braille is in nearly every font; blocks are for fonts without it, ASCII for
//! everything else. (Octants, newer and finer, are missing from many fonts.)

use ratatui::buffer::Buffer;
use ratatui::symbols::border;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    #[default]
    Braille,
    Block,
    Ascii,
}

const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const ASCII_BARS: [&str; 8] = ["_", ".", ",", "-", "=", "+", "*", "#"];
const SHADES: [&str; 5] = [" ", "░", "▒", "▓", "█"];
const ASCII_SHADES: [&str; 8] = [" ", ".", ":", "-", "=", "+", "*", "#"];

const ASCII_BORDER: border::Set = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// Quadrants by their bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right.
const QUADRANTS: [char; 16] = [
    ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
];

/// Puts ASCII in the place of every other character: in words, names and units too.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let plain = cell.symbol().chars().next().map_or("?", plain);
            cell.set_symbol(plain);
        }
    }
}

/// One character as wide.
fn plain(c: char) -> &'static str {
    match c {
        '·' | '…' | '•' => ".",
        '→' | '▸' | '▶' => ">",
        '←' => "<",
        '↑' => "^",
        '↓' => "v",
        '−' | '–' | '—' | '─' | '⁻' => "-",
        '‖' | '│' => "|",
        '∂' => "d",
        // the error signal's first letter; `D` is for differences
        'δ' => "e",
        'Δ' => "D",
        'φ' => "f",
        'Φ' => "F",
        'Σ' => "S",
        'ᶻ' => "z",
        '⚠' => "!",
        '★' => "*",
        '▁' => ASCII_BARS[0],
        '▂' => ASCII_BARS[1],
        '▃' => ASCII_BARS[2],
        '▄' => ASCII_BARS[3],
        '▅' => ASCII_BARS[4],
        '▆' => ASCII_BARS[5],
        '▇' => ASCII_BARS[6],
        '█' => ASCII_BARS[7],
        'χ' | '×' => "x",
        'λ' => "l",
        'σ' => "s",
        'α' => "a",
        'β' => "b",
        'μ' | 'µ' => "u",
        'ε' => "e",
        '±' => "+",
        '√' => "r",
        '≥' => ">",
        '≤' => "<",
        '≈' => "~",
        '₀' | '⁰' => "0",
        '₁' | '¹' => "1",
        '₂' | '²' => "2",
        '₃' | '³' => "3",
        '’' | '‘' => "'",
        '“' | '”' => "\"",
        'é' | 'è' => "e",
        'ö' => "o",
        'ä' => "a",
        'ü' => "u",
        _ => "?",
    }
}

impl Glyphs {
    pub const ALL: [Glyphs; 3] = [Self::Braille, Self::Block, Self::Ascii];

    pub fn name(self) -> &'static str {
        match self {
            Self::Braille => "braille",
            Self::Block => "block",
            Self::Ascii => "ascii",
        }
    }

    /// What a terminal surely has, by its environment, read through `get`. The Linux console's fonts have neither braille nor
    /// eighths of blocks.
    pub fn detect(get: impl Fn(&str) -> Option<String>) -> Self {
        match get("TERM").as_deref() {
            Some("linux") => Self::Ascii,
            _ => Self::default(),
        }
    }

    pub fn is_ascii(self) -> bool {
        self == Self::Ascii
    }

    /// Eight bars from the lowest to the full cell.
    pub fn bars(self) -> &'static [&'static str; 8] {
        if self.is_ascii() { &ASCII_BARS } else { &BARS }
    }

    /// From empty to full.
    pub fn shades(self) -> &'static [&'static str] {
        if self.is_ascii() {
            &ASCII_SHADES
        } else {
            &SHADES
        }
    }

    /// The shade for `t` in [0, 1]; anything above 0 is seen.
    pub fn shade(self, t: f64) -> &'static str {
        let shades = self.shades();
        let top = shades.len() - 1;
        let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
        let at = (t * top as f64).round() as usize;
        shades[if t > 0.0 { at.max(1) } else { 0 }]
    }

    pub fn border(self) -> border::Set<'static> {
        if self.is_ascii() {
            ASCII_BORDER
        } else {
            border::ROUNDED
        }
    }

    /// Dots of one cell, across and down.
    pub fn dots(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Block => (2, 2),
            Self::Ascii => (1, 1),
        }
    }

    /// The cell whose dots are `mask`, bit `row * across + column`.
    pub fn dot_cell(self, mask: u8) -> char {
        match self {
            Self::Braille => {
                // Unicode numbers the dots of the upper three rows down the columns, then the lowest row.
                const BITS: [u32; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
                let bits: u32 = BITS
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| mask & (1 << i) != 0)
                    .map(|(_, bit)| bit)
                    .sum();
                char::from_u32(0x2800 + bits).unwrap_or(' ')
            }
            Self::Block => QUADRANTS[usize::from(mask & 15)],
            Self::Ascii => {
                if mask == 0 {
                    ' '
                } else {
                    '*'
                }
            }
        }
    }

    /// An exact zero on a logarithmic scale.
    pub fn zero(self) -> &'static str {
        "0"
    }

    /// The vertical of a cursor, the corner and the tick of an axis, its line.
    pub fn cursor(self) -> &'static str {
        if self.is_ascii() { "|" } else { "┊" }
    }
    pub fn axis(self) -> &'static str {
        if self.is_ascii() { "|" } else { "│" }
    }
    pub fn tick(self) -> &'static str {
        if self.is_ascii() { "+" } else { "┤" }
    }
    /// The vertical of a change under way.
    pub fn mark(self) -> &'static str {
        if self.is_ascii() { ":" } else { "╎" }
    }
    /// A value above the chart.
    pub fn beyond(self) -> &'static str {
        if self.is_ascii() { "^" } else { "▲" }
    }
    pub fn point(self) -> &'static str {
        if self.is_ascii() { "o" } else { "•" }
    }
}

impl FromStr for Glyphs {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|g| g.name() == word)
            .ok_or_else(|| format!("unknown glyphs `{word}`: there are braille, block, ascii"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_become_the_characters_of_the_set() {
        assert_eq!(Glyphs::Braille.dot_cell(0), '\u{2800}');
        assert_eq!(Glyphs::Braille.dot_cell(0b0000_0001), '⠁');
        assert_eq!(Glyphs::Braille.dot_cell(0b1000_0000), '⢀');
        assert_eq!(Glyphs::Braille.dot_cell(255), '⣿');
        assert_eq!(Glyphs::Block.dot_cell(0b1001), '▚');
        assert_eq!(Glyphs::Ascii.dot_cell(1), '*');
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let g = Glyphs::Ascii;
        let b = g.border();
        let all = g.bars().iter().chain(g.shades()).copied().chain([
            g.zero(),
            g.cursor(),
            g.axis(),
            g.tick(),
            g.point(),
            b.top_left,
            b.vertical_left,
            b.horizontal_top,
        ]);
        for glyph in all {
            assert!(glyph.is_ascii(), "{glyph}");
        }
    }

    #[test]
    fn names_formulas_and_signs_of_the_screen_can_be_read_in_ascii() {
        let words: Vec<char> = "∂W δ ‖ΔW‖/‖W‖ φ(z) e⁻ᶻ Φ(z) ▁▃█ ⚠ λ² μ σ".chars().collect();
        let read: String = words
            .iter()
            .map(|c| if c.is_ascii() { "" } else { plain(*c) })
            .collect();
        assert!(!read.contains('?'), "{read}");
        assert_ne!(plain('δ'), plain('Δ'));
    }

    #[test]
    fn the_linux_console_is_sent_what_its_fonts_have() {
        let detect = |term: &str| Glyphs::detect(|name| (name == "TERM").then(|| term.into()));
        assert_eq!(detect("linux"), Glyphs::Ascii);
        assert_eq!(detect("xterm-256color"), Glyphs::Braille);
        assert_eq!(Glyphs::detect(|_| None), Glyphs::Braille);
    }

    #[test]
    fn a_shade_above_nothing_is_seen() {
        assert_eq!(Glyphs::Block.shade(0.0), " ");
        assert_eq!(Glyphs::Block.shade(1e-9), "░");
        assert_eq!(Glyphs::Block.shade(1.0), "█");
        assert_eq!(Glyphs::Block.shade(f64::NAN), " ");
    }
}
