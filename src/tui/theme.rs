//! Colours by role, on any terminal: a theme names a colour three ways (24-bit, 256 by nearest, 16 by hand) and uses the
//! one that the terminal can show. ssh does not forward COLORTERM, so 256 and 16 colours have to look right, too; under
//! NO_COLOR every colour is `Reset` and modifiers carry the meaning.

use crate::export::palette::xterm_rgb;
use ratatui::style::{Color, Modifier, Style};
use std::str::FromStr;

/// A theme by name, as the configuration file and the palette write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    #[default]
    Dark,
    Light,
    ColourBlind,
    Sixteen,
    Mono,
}

impl ThemeName {
    pub const ALL: [ThemeName; 5] = [
        Self::Dark,
        Self::Light,
        Self::ColourBlind,
        Self::Sixteen,
        Self::Mono,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::ColourBlind => "colour-blind",
            Self::Sixteen => "16-colour",
            Self::Mono => "mono",
        }
    }
}

impl FromStr for ThemeName {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|t| t.name() == word)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|t| t.name()).collect();
                format!("unknown theme `{word}`: there are {}", names.join(", "))
            })
    }
}

/// How many colours the terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourDepth {
    None,
    Sixteen,
    Indexed,
    True,
}

impl ColourDepth {
    /// From the environment, read through `get` (NO_COLOR, COLORTERM, TERM).
    pub fn detect(get: impl Fn(&str) -> Option<String>) -> Self {
        let term = get("TERM").unwrap_or_default();
        if get("NO_COLOR").is_some_and(|v| !v.is_empty()) || term == "dumb" {
            return Self::None;
        }
        let colorterm = get("COLORTERM").unwrap_or_default();
        // These terminals' own terminfo names survive ssh, and all of them show 24 bits.
        const TRUE: [&str; 6] = [
            "kitty",
            "alacritty",
            "foot",
            "ghostty",
            "wezterm",
            "-direct",
        ];
        if matches!(colorterm.as_str(), "truecolor" | "24bit")
            || TRUE.iter().any(|t| term.contains(t))
        {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Text,
    Dim,
    Accent,
    Border,
    FocusedBorder,
    Warning,
    Error,
    Good,
    Train,
    Test,
    Pinned,
    Theory,
}

impl Role {
    pub const ALL: [Role; 12] = [
        Self::Text,
        Self::Dim,
        Self::Accent,
        Self::Border,
        Self::FocusedBorder,
        Self::Warning,
        Self::Error,
        Self::Good,
        Self::Train,
        Self::Test,
        Self::Pinned,
        Self::Theory,
    ];
}

/// Where the colours of a log10 magnitude turn, in decades.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchors {
    /// Coldest from here down.
    pub vanished: f64,
    /// Healthy between these.
    pub healthy: (f64, f64),
    /// Hottest from here up.
    pub exploded: f64,
}

impl Default for Anchors {
    /// For gradients and error signals: a norm over 10³ is the verdict's `exploding`.
    fn default() -> Self {
        Self {
            vanished: -8.0,
            healthy: (-2.5, 0.5),
            exploded: 3.0,
        }
    }
}

impl Anchors {
    /// From 0 (vanished) by 0.5 (healthy) to 1 (exploded); infinities are the ends.
    pub fn position(&self, log10: f64) -> f64 {
        let (low, high) = self.healthy;
        if log10.is_nan() {
            0.5
        } else if log10 < low {
            (0.5 * (log10 - self.vanished) / (low - self.vanished)).clamp(0.0, 0.5)
        } else if log10 > high {
            (0.5 + 0.5 * (log10 - high) / (self.exploded - high)).clamp(0.5, 1.0)
        } else {
            0.5
        }
    }
}

/// One colour, for 24 bits (and by nearest for 256) and for 16.
#[derive(Clone, Copy, Debug)]
struct Ink(u8, u8, u8, Color);

/// Few levels, so that neighbouring cells often share a colour and a frame sends few colour changes.
const LEVELS: usize = 15;

/// A theme on a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    pub name: ThemeName,
    pub depth: ColourDepth,
    light: bool,
    diverging: [Color; LEVELS],
    pub anchors: Anchors,
}

impl Default for Theme {
    fn default() -> Self {
        Self::new(ThemeName::Dark, ColourDepth::Indexed)
    }
}

impl Theme {
    pub fn new(name: ThemeName, depth: ColourDepth) -> Self {
        let depth = match name {
            ThemeName::Mono => ColourDepth::None,
            ThemeName::Sixteen => depth.min(ColourDepth::Sixteen),
            _ => depth,
        };
        let mut theme = Self {
            name,
            depth,
            light: name == ThemeName::Light,
            diverging: [Color::Reset; LEVELS],
            anchors: Anchors::default(),
        };
        let stops = theme.stops();
        theme.diverging = std::array::from_fn(|level| {
            theme.ink(between(stops, level as f64 / (LEVELS - 1) as f64))
        });
        theme
    }

    /// The theme on this process's terminal.
    pub fn from_env(name: ThemeName) -> Self {
        Self::new(name, ColourDepth::detect(|key| std::env::var(key).ok()))
    }

    /// Whether colours carry no meaning here, so that glyphs and modifiers have to.
    pub fn is_mono(&self) -> bool {
        self.depth == ColourDepth::None
    }

    pub fn is_light(&self) -> bool {
        self.light
    }

    fn ink(&self, Ink(r, g, b, ansi): Ink) -> Color {
        match self.depth {
            ColourDepth::None => Color::Reset,
            ColourDepth::Sixteen => ansi,
            ColourDepth::Indexed => Color::Indexed(nearest_indexed(r, g, b)),
            ColourDepth::True => Color::Rgb(r, g, b),
        }
    }

    /// A role's colour; `Reset` where it is the terminal's own.
    pub fn colour(&self, role: Role) -> Color {
        match role_ink(self.name, role) {
            Some(ink) => self.ink(ink),
            None => Color::Reset,
        }
    }

    /// A role's style: its colour, and without colours a modifier in its place.
    pub fn style(&self, role: Role) -> Style {
        let style = Style::new().fg(self.colour(role));
        let modifier = match role {
            Role::Error => Modifier::BOLD,
            Role::Accent | Role::FocusedBorder | Role::Warning if self.is_mono() => Modifier::BOLD,
            Role::Dim | Role::Pinned | Role::Border if self.is_mono() => Modifier::DIM,
            _ => Modifier::empty(),
        };
        style.add_modifier(modifier)
    }

    /// The selected row: one even bar, whatever colours its words have.
    pub fn selection(&self) -> Style {
        Style::new()
            .fg(Color::Reset)
            .remove_modifier(Modifier::DIM)
            .add_modifier(Modifier::REVERSED)
    }

    /// The colour of a magnitude by its log10, from vanishing (cold) through healthy to exploding (hot).
    pub fn magnitude(&self, log10: f64) -> Color {
        self.magnitude_on(log10, &self.anchors)
    }

    pub fn magnitude_on(&self, log10: f64, anchors: &Anchors) -> Color {
        self.diverge(anchors.position(log10))
    }

    /// The diverging scale itself: 0 cold, 0.5 healthy, 1 hot.
    pub fn diverge(&self, t: f64) -> Color {
        let t = if t.is_nan() { 0.5 } else { t.clamp(0.0, 1.0) };
        self.diverging[(t * (LEVELS - 1) as f64).round() as usize]
    }

    /// An exact zero on a picture of magnitudes: no colour of the scale.
    pub fn zero(&self) -> Color {
        self.ink(if self.light {
            Ink(208, 208, 208, Color::Gray)
        } else {
            Ink(58, 58, 58, Color::DarkGray)
        })
    }

    /// The ground of a band of trust.
    pub fn band(&self) -> Color {
        self.ink(if self.light {
            Ink(228, 215, 242, Color::Reset)
        } else {
            Ink(58, 46, 72, Color::Reset)
        })
    }

    /// Grey from 0 (dark) to 1 (bright).
    pub fn grey(&self, t: f64) -> Color {
        let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
        match self.depth {
            ColourDepth::None => Color::Reset,
            ColourDepth::Sixteen => [Color::Black, Color::DarkGray, Color::Gray, Color::White]
                [(t * 3.0).round() as usize],
            ColourDepth::Indexed => Color::Indexed(232 + (t * 23.0).round() as u8),
            ColourDepth::True => {
                // Sixteen steps: finer ones are not told apart, and cost a colour change in every cell.
                let v = ((t * 15.0).round() * 17.0) as u8;
                Color::Rgb(v, v, v)
            }
        }
    }

    /// Class `index`'s colour, `strength` from 0 (hardly sure) to 1.
    pub fn class(&self, index: usize, strength: f64) -> Color {
        let Ink(r, g, b, ansi) = CLASSES[index % CLASSES.len()];
        let ground = if self.light { 245.0 } else { 24.0 };
        let strength = if strength.is_nan() {
            0.0
        } else {
            strength.clamp(0.0, 1.0)
        };
        // Four strengths are enough to see a boundary's width.
        let t = 0.28 + 0.72 * (strength * 3.0).round() / 3.0;
        let mix = |c: u8| (ground + (f64::from(c) - ground) * t).round() as u8;
        self.ink(Ink(mix(r), mix(g), mix(b), ansi))
    }

    fn stops(&self) -> &'static [Ink] {
        match self.name {
            ThemeName::Light => &LIGHT_DIVERGING,
            ThemeName::ColourBlind => &SAFE_DIVERGING,
            _ => &DARK_DIVERGING,
        }
    }
}

/// Blue-dim, blue, cyan, green, yellow, orange, red.
const DARK_DIVERGING: [Ink; 7] = [
    Ink(62, 70, 130, Color::Blue),
    Ink(72, 110, 210, Color::LightBlue),
    Ink(60, 165, 195, Color::Cyan),
    Ink(90, 200, 110, Color::Green),
    Ink(215, 205, 80, Color::Yellow),
    Ink(245, 145, 60, Color::LightRed),
    Ink(250, 70, 70, Color::Red),
];
const LIGHT_DIVERGING: [Ink; 7] = [
    Ink(140, 150, 205, Color::Blue),
    Ink(60, 90, 200, Color::LightBlue),
    Ink(0, 125, 160, Color::Cyan),
    Ink(0, 135, 60, Color::Green),
    Ink(165, 135, 0, Color::Yellow),
    Ink(205, 90, 0, Color::LightRed),
    Ink(190, 0, 20, Color::Red),
];
/// Blue against orange over a neutral middle, after Okabe & Ito's palette: told apart under every common colour blindness.
const SAFE_DIVERGING: [Ink; 7] = [
    Ink(0, 70, 130, Color::Blue),
    Ink(0, 114, 178, Color::LightBlue),
    Ink(86, 180, 233, Color::LightCyan),
    Ink(215, 215, 205, Color::White),
    Ink(240, 228, 66, Color::LightYellow),
    Ink(230, 159, 0, Color::Yellow),
    Ink(213, 94, 0, Color::LightRed),
];
/// Okabe & Ito 2008, the order turned so that the first two are the farthest apart; then tints for more than seven.
const CLASSES: [Ink; 10] = [
    Ink(86, 180, 233, Color::LightBlue),
    Ink(230, 159, 0, Color::Yellow),
    Ink(0, 158, 115, Color::Green),
    Ink(204, 121, 167, Color::LightMagenta),
    Ink(213, 94, 0, Color::LightRed),
    Ink(240, 228, 66, Color::LightYellow),
    Ink(0, 114, 178, Color::Blue),
    Ink(170, 170, 170, Color::Gray),
    Ink(148, 103, 189, Color::Magenta),
    Ink(140, 86, 75, Color::Red),
];

fn role_ink(theme: ThemeName, role: Role) -> Option<Ink> {
    use Color as C;
    let ink = match theme {
        ThemeName::Light => match role {
            Role::Text => return None,
            Role::Dim => Ink(110, 110, 110, C::DarkGray),
            Role::Accent | Role::FocusedBorder | Role::Train => Ink(0, 95, 175, C::Blue),
            Role::Border => Ink(178, 178, 178, C::Gray),
            Role::Warning => Ink(165, 95, 0, C::Yellow),
            Role::Error => Ink(190, 0, 20, C::Red),
            Role::Good => Ink(0, 120, 50, C::Green),
            Role::Test => Ink(190, 90, 0, C::Red),
            Role::Pinned => Ink(148, 148, 148, C::DarkGray),
            Role::Theory => Ink(130, 60, 180, C::Magenta),
        },
        ThemeName::ColourBlind => match role {
            Role::Text => return None,
            Role::Dim => Ink(138, 138, 138, C::DarkGray),
            Role::Border => Ink(88, 88, 88, C::DarkGray),
            Role::Accent | Role::FocusedBorder | Role::Train => Ink(86, 180, 233, C::LightBlue),
            Role::Warning => Ink(240, 228, 66, C::LightYellow),
            Role::Error => Ink(230, 105, 20, C::LightRed),
            Role::Good => Ink(0, 170, 130, C::Cyan),
            Role::Test => Ink(230, 159, 0, C::Yellow),
            Role::Pinned => Ink(148, 148, 148, C::DarkGray),
            Role::Theory => Ink(204, 121, 167, C::LightMagenta),
        },
        ThemeName::Dark | ThemeName::Sixteen | ThemeName::Mono => match role {
            Role::Text => return None,
            Role::Dim => Ink(138, 138, 138, C::DarkGray),
            Role::Border => Ink(88, 88, 88, C::DarkGray),
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
fn between(stops: &[Ink], t: f64) -> Ink {
    let at = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let below = (at.floor() as usize).min(stops.len().saturating_sub(2));
    let share = at - below as f64;
    let (a, b) = (stops[below], stops[below + 1]);
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
    let nearer = if share < 0.5 { a.3 } else { b.3 };
    Ink(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2), nearer)
}

/// The nearest of xterm's colours 16 to 255 (the first 16 are the user's to redefine).
pub fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
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

#[cfg(test)]
mod tests;
