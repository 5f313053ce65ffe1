//! The colours themselves.

use super::{Role, ThemeName};
use crate::export::palette::xterm_rgb;
use ratatui::style::Color;
use std::cell::RefCell;
use std::collections::HashMap;

/// One colour, for 24 bits (and by nearest for 256) and for 16.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink(pub u8, pub u8, pub u8, pub Color);

/// Lilac, blue, cyan, green, yellow, orange, red. Figures are written in them: each is read on its ground.
pub(super) const DARK_DIVERGING: [Ink; 7] = [
    Ink(140, 130, 215, Color::LightBlue),
    Ink(90, 140, 240, Color::LightBlue),
    Ink(60, 165, 195, Color::Cyan),
    Ink(90, 200, 110, Color::Green),
    Ink(215, 205, 80, Color::Yellow),
    Ink(245, 145, 60, Color::LightRed),
    Ink(255, 90, 90, Color::Red),
];
pub(super) const LIGHT_DIVERGING: [Ink; 7] = [
    Ink(105, 95, 170, Color::Blue),
    Ink(60, 90, 200, Color::LightBlue),
    Ink(0, 105, 160, Color::Cyan),
    Ink(0, 125, 70, Color::Green),
    Ink(125, 95, 0, Color::Yellow),
    Ink(185, 75, 0, Color::LightRed),
    Ink(190, 0, 20, Color::Red),
];
/// Blue against orange over a neutral middle, after Okabe & Ito's palette: told apart under every common colour blindness.
pub(super) const SAFE_DIVERGING: [Ink; 7] = [
    Ink(95, 135, 220, Color::LightBlue),
    Ink(86, 150, 225, Color::LightBlue),
    Ink(110, 190, 240, Color::LightCyan),
    Ink(215, 215, 205, Color::White),
    Ink(240, 228, 66, Color::LightYellow),
    Ink(230, 159, 0, Color::Yellow),
    Ink(240, 125, 40, Color::LightRed),
];
/// Okabe & Ito 2008, the order turned so that the first two are the farthest apart; then tints for more than seven.
pub(super) const CLASSES: [Ink; 10] = [
    Ink(86, 180, 233, Color::LightBlue),
    Ink(230, 159, 0, Color::Yellow),
    Ink(0, 158, 115, Color::Green),
    Ink(204, 121, 167, Color::LightMagenta),
    Ink(213, 94, 0, Color::LightRed),
    Ink(240, 228, 66, Color::LightYellow),
    Ink(50, 135, 205, Color::Blue),
    Ink(170, 170, 170, Color::Gray),
    Ink(148, 103, 189, Color::Magenta),
    Ink(170, 110, 95, Color::Red),
];

pub(super) fn role_ink(theme: ThemeName, role: Role) -> Option<Ink> {
    use Color as C;
    let ink = match theme {
        ThemeName::Light => match role {
            Role::Text => return None,
            Role::Dim => Ink(110, 110, 110, C::DarkGray),
            Role::Accent | Role::FocusedBorder | Role::Train => Ink(0, 95, 175, C::Blue),
            Role::Border => Ink(140, 140, 140, C::Gray),
            Role::Warning => Ink(150, 85, 0, C::Yellow),
            Role::Error => Ink(190, 0, 20, C::Red),
            Role::Good => Ink(0, 115, 50, C::Green),
            Role::Test => Ink(175, 80, 0, C::Red),
            Role::Pinned => Ink(115, 115, 115, C::DarkGray),
            Role::Theory => Ink(130, 60, 180, C::Magenta),
        },
        ThemeName::ColourBlind => match role {
            Role::Text => return None,
            Role::Dim => Ink(150, 150, 150, C::DarkGray),
            Role::Border => Ink(108, 108, 108, C::DarkGray),
            Role::Accent | Role::FocusedBorder | Role::Train => Ink(86, 180, 233, C::LightBlue),
            Role::Warning => Ink(240, 228, 66, C::LightYellow),
            Role::Error => Ink(235, 115, 30, C::LightRed),
            Role::Good => Ink(0, 170, 130, C::Cyan),
            Role::Test => Ink(230, 159, 0, C::Yellow),
            Role::Pinned => Ink(148, 148, 148, C::DarkGray),
            Role::Theory => Ink(204, 121, 167, C::LightMagenta),
        },
        ThemeName::Dark | ThemeName::Sixteen | ThemeName::Mono => match role {
            Role::Text => return None,
            Role::Dim => Ink(150, 150, 150, C::DarkGray),
            Role::Border => Ink(108, 108, 108, C::DarkGray),
            Role::Accent | Role::FocusedBorder => Ink(95, 200, 230, C::Cyan),
            Role::Warning => Ink(255, 190, 60, C::Yellow),
            Role::Error => Ink(255, 95, 95, C::LightRed),
            Role::Good => Ink(95, 215, 135, C::Green),
            Role::Train => Ink(95, 175, 255, C::LightBlue),
            Role::Test => Ink(255, 165, 95, C::Yellow),
            Role::Pinned => Ink(135, 135, 135, C::DarkGray),
            Role::Theory => Ink(205, 160, 255, C::LightMagenta),
        },
    };
    Some(ink)
}

/// The colour at `t` in [0, 1] along equally spaced stops; the 16-colour name is the nearer stop's.
pub(super) fn between(stops: &[Ink], t: f64) -> Ink {
    let at = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (at.floor() as usize).min(stops.len().saturating_sub(2));
    let share = at - below as f64;
    let (a, b) = (stops[below], stops[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    let nearer = if share < 0.5 { a.3 } else { b.3 };
    Ink(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2), nearer)
}

thread_local! {
    /// A theme has few colours, and every cell asks for one.
    static NEAREST: RefCell<HashMap<[u8; 3], u8>> = RefCell::default();
}

/// The nearest of xterm's colours 16 to 255 (the first 16 are the user's to redefine).
pub fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
    let found = NEAREST.with_borrow(|nearest| nearest.get(&[r, g, b]).copied());
    found.unwrap_or_else(|| {
        let found = search(r, g, b);
        NEAREST.with_borrow_mut(|nearest| nearest.insert([r, g, b], found));
        found
    })
}

fn search(r: u8, g: u8, b: u8) -> u8 {
    (16..=255u8)
        .min_by_key(|&index| {
            let (x, y, z) = xterm_rgb(index);
            let d = |a: u8, b: u8| i32::from(a) - i32::from(b);
            // "redmean": near enough to what an eye calls close.
            let mean = (i32::from(r) + i32::from(x)) / 2;
            let (dr, dg, db) = (d(r, x), d(g, y), d(b, z));
            ((512 + mean) * dr * dr / 256) + 4 * dg * dg + ((767 - mean) * db * db / 256)
        })
        .unwrap_or(16)
}
