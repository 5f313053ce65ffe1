//! The geometry of characters that are pictures: blocks, quadrants, shades, braille, lines.

use super::CELL;
use std::fmt::Write;

/// How a character is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Filled, at so many percent of the colour.
    Fill(u8),
    Line,
}

/// `None`: as text.
pub fn kind(c: char) -> Option<Shape> {
    match c {
        '░' => Some(Shape::Fill(25)),
        '▒' => Some(Shape::Fill(50)),
        '▓' => Some(Shape::Fill(75)),
        '▀'..='▟' | '\u{2801}'..='\u{28ff}' => Some(Shape::Fill(100)),
        _ => arms(c).map(|_| Shape::Line),
    }
}

/// Appends the filled shape of the cell whose upper left is `at`.
pub fn fill(path: &mut String, symbol: &str, at: (f64, f64)) {
    let Some(c) = symbol.chars().next() else {
        return;
    };
    let code = u32::from(c);
    let eighth = |n: u32| f64::from(n) / 8.0;
    match code {
        0x2580 => rect(path, at, 0.0, 0.0, 1.0, 0.5),
        // Lower one eighth to full, then left seven eighths to one.
        0x2581..=0x2588 => {
            let n = eighth(code - 0x2580);
            rect(path, at, 0.0, 1.0 - n, 1.0, n);
        }
        0x2589..=0x258f => rect(path, at, 0.0, 0.0, eighth(0x2590 - code), 1.0),
        0x2590 => rect(path, at, 0.5, 0.0, 0.5, 1.0),
        0x2591..=0x2593 => rect(path, at, 0.0, 0.0, 1.0, 1.0),
        0x2594 => rect(path, at, 0.0, 0.0, 1.0, eighth(1)),
        0x2595 => rect(path, at, eighth(7), 0.0, eighth(1), 1.0),
        0x2596..=0x259f => {
            // Bits: upper left, upper right, lower left, lower right.
            const QUADRANTS: [u8; 10] = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14];
            let bits = QUADRANTS[(code - 0x2596) as usize];
            for i in (0..4).filter(|i| bits & (1 << i) != 0) {
                let (x, y) = (f64::from(i % 2) / 2.0, f64::from(i / 2) / 2.0);
                rect(path, at, x, y, 0.5, 0.5);
            }
        }
        0x2801..=0x28ff => {
            // Unicode's order of the dots: (column, row) by bit.
            const DOTS: [(f64, f64); 8] = [
                (0.0, 0.0),
                (0.0, 1.0),
                (0.0, 2.0),
                (1.0, 0.0),
                (1.0, 1.0),
                (1.0, 2.0),
                (0.0, 3.0),
                (1.0, 3.0),
            ];
            for (bit, (column, row)) in DOTS.iter().enumerate() {
                if (code - 0x2800) & (1 << bit) != 0 {
                    rect(path, at, 0.125 + column / 2.0, 0.06 + row / 4.0, 0.25, 0.13);
                }
            }
        }
        _ => {}
    }
}

/// A rectangle in shares of the cell.
fn rect(path: &mut String, at: (f64, f64), x: f64, y: f64, width: f64, height: f64) {
    let (x, y) = (at.0 + x * CELL.0, at.1 + y * CELL.1);
    let (w, h) = (width * CELL.0, height * CELL.1);
    let _ = write!(
        path,
        "M{} {}h{}v{}h{}z",
        short(x),
        short(y),
        short(w),
        short(h),
        short(-w)
    );
}

/// Two decimals at most.
fn short(v: f64) -> f64 {
    (v * 100.0).round() / 100.0
}

/// Which way a line goes from the middle: up, down, left, right.
type Arms = (bool, bool, bool, bool);

fn arms(c: char) -> Option<Arms> {
    let arms = match c {
        '─' => (false, false, true, true),
        '│' => (true, true, false, false),
        '╭' | '┌' => (false, true, false, true),
        '╮' | '┐' => (false, true, true, false),
        '╰' | '└' => (true, false, false, true),
        '╯' | '┘' => (true, false, true, false),
        '├' => (true, true, false, true),
        '┤' => (true, true, true, false),
        '┬' => (false, true, true, true),
        '┴' => (true, false, true, true),
        '┼' => (true, true, true, true),
        _ => return None,
    };
    Some(arms)
}

/// Appends the line of the cell whose upper left is `at`.
pub fn line(path: &mut String, symbol: &str, at: (f64, f64)) {
    let Some(c) = symbol.chars().next() else {
        return;
    };
    let Some((up, down, left, right)) = arms(c) else {
        return;
    };
    let (x, y) = at;
    let (mid_x, mid_y) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let (end_x, end_y) = (x + CELL.0, y + CELL.1);
    if matches!(c, '╭' | '╮' | '╰' | '╯') {
        let from_y = if up { y } else { end_y };
        let to_x = if left { x } else { end_x };
        let _ = write!(path, "M{mid_x} {from_y}Q{mid_x} {mid_y} {to_x} {mid_y}");
        return;
    }
    if up || down {
        let (from, to) = (if up { y } else { mid_y }, if down { end_y } else { mid_y });
        let _ = write!(path, "M{mid_x} {from}V{to}");
    }
    if left || right {
        let (from, to) = (
            if left { x } else { mid_x },
            if right { end_x } else { mid_x },
        );
        let _ = write!(path, "M{from} {mid_y}H{to}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quadrants_are_where_unicode_puts_them() {
        let path = |s: &str| {
            let mut path = String::new();
            fill(&mut path, s, (0.0, 0.0));
            path
        };
        assert_eq!(path("▘"), "M0 0h4v8.5h-4z");
        assert_eq!(path("▗"), "M4 8.5h4v8.5h-4z");
        assert_eq!(path("▚"), "M0 0h4v8.5h-4zM4 8.5h4v8.5h-4z");
        assert_eq!(path("▞"), "M4 0h4v8.5h-4zM0 8.5h4v8.5h-4z");
        assert_eq!(path("█"), "M0 0h8v17h-8z");
        assert_eq!(path("▄"), "M0 8.5h8v8.5h-8z");
        assert_eq!(path("⣿").matches('M').count(), 8);
    }
}
