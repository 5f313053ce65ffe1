//! Colours by role, on any terminal: a theme names a colour three ways (24-bit, 256 by nearest, 16 by hand) and uses the
//! one that the terminal can show. ssh does not forward COLORTERM, so 256 and 16 colours have to look right, too; under
//! NO_COLOR every colour is `Reset` and modifiers carry the meaning.

mod palette;

pub use palette::nearest_indexed;
use palette::{CLASSES, DARK_DIVERGING, Ink, LIGHT_DIVERGING, SAFE_DIVERGING, between, role_ink};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourDepth {
    None,
    Sixteen,
    #[default]
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
    /// The same of magnitudes in a larger unit, by so many decades; what has vanished in the smaller one still has.
    pub fn raised(self, decades: f64) -> Self {
        Self {
            healthy: (self.healthy.0, self.healthy.1 + decades),
            exploded: self.exploded + decades,
            ..self
        }
    }

    /// From 0 (vanished) by 0.5 (healthy) to 1 (exploded); infinities are the ends, and what is no number any more is as
    /// bad as the upper one.
    pub fn position(&self, log10: f64) -> f64 {
        let (low, high) = self.healthy;
        if log10.is_nan() {
            1.0
        } else if log10 < low {
            (0.5 * (log10 - self.vanished) / (low - self.vanished)).clamp(0.0, 0.5)
        } else if log10 > high {
            (0.5 + 0.5 * (log10 - high) / (self.exploded - high)).clamp(0.5, 1.0)
        } else {
            0.5
        }
    }
}

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

    /// The selected row.
    pub fn selection(&self) -> Style {
        Style::new()
            .remove_modifier(Modifier::DIM)
            .add_modifier(Modifier::REVERSED)
    }

    /// The selected row where colours only grade its words: one even bar.
    pub fn bar(&self) -> Style {
        self.selection().fg(Color::Reset)
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

    /// The colour of line `index` of several: its class's, dark enough for a light ground.
    pub fn series(&self, index: usize) -> Color {
        let Ink(r, g, b, ansi) = CLASSES[index % CLASSES.len()];
        let dimmed = |c: u8| (f64::from(c) * 0.6).round() as u8;
        self.ink(if self.light {
            Ink(dimmed(r), dimmed(g), dimmed(b), ansi)
        } else {
            Ink(r, g, b, ansi)
        })
    }

    fn stops(&self) -> &'static [Ink] {
        match self.name {
            ThemeName::Light => &LIGHT_DIVERGING,
            ThemeName::ColourBlind => &SAFE_DIVERGING,
            _ => &DARK_DIVERGING,
        }
    }
}

#[cfg(test)]
mod tests;
