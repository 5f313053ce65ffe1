//! What a terminal's colours look like outside of a terminal.

use ratatui::style::Color;

pub type Rgb = (u8, u8, u8);

/// A terminal's own colours: its ground, its text, and the sixteen that programs call by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    pub background: Rgb,
    pub foreground: Rgb,
    pub named: [Rgb; 16],
}

impl Palette {
    pub fn dark() -> Self {
        Self {
            background: (22, 24, 29),
            foreground: (212, 215, 221),
            named: [
                (40, 44, 52),
                (224, 82, 82),
                (122, 194, 96),
                (221, 180, 80),
                (72, 110, 210),
                (190, 110, 215),
                (75, 178, 194),
                (190, 195, 204),
                (112, 118, 130),
                (250, 120, 100),
                (152, 220, 130),
                (245, 222, 120),
                (95, 165, 250),
                (215, 150, 240),
                (110, 210, 230),
                (245, 247, 250),
            ],
        }
    }

    pub fn light() -> Self {
        Self {
            background: (252, 252, 250),
            foreground: (36, 40, 46),
            named: [
                (36, 40, 46),
                (190, 30, 40),
                (20, 125, 55),
                (160, 105, 0),
                (20, 85, 180),
                (135, 60, 175),
                (0, 125, 145),
                (165, 170, 178),
                (110, 115, 125),
                (205, 90, 40),
                (50, 150, 70),
                (180, 140, 0),
                (60, 120, 215),
                (165, 95, 205),
                (40, 150, 175),
                (250, 250, 250),
            ],
        }
    }

    /// A colour's looks; `None` for the terminal's own.
    pub fn rgb(&self, colour: Color) -> Option<Rgb> {
        let named = match colour {
            Color::Reset => return None,
            Color::Rgb(r, g, b) => return Some((r, g, b)),
            Color::Indexed(index) if index >= 16 => return Some(xterm_rgb(index)),
            Color::Indexed(index) => usize::from(index),
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        Some(self.named[named])
    }
}

/// xterm's colours 16 to 255: a cube of six steps a side, then greys. (0 to 15 are the terminal's own; here xterm's.)
pub fn xterm_rgb(index: u8) -> Rgb {
    const FIRST: [Rgb; 16] = [
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
        (127, 127, 127),
        (255, 0, 0),
        (0, 255, 0),
        (255, 255, 0),
        (92, 92, 255),
        (255, 0, 255),
        (0, 255, 255),
        (255, 255, 255),
    ];
    let step = |v: u8| if v == 0 { 0 } else { 55 + 40 * v };
    match index {
        0..=15 => FIRST[usize::from(index)],
        16..=231 => {
            let i = index - 16;
            (step(i / 36), step(i / 6 % 6), step(i % 6))
        }
        _ => {
            let v = 8 + 10 * (index - 232);
            (v, v, v)
        }
    }
}
