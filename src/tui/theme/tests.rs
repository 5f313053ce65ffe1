use super::*;
use crate::export::palette::xterm_rgb;

fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
    move |key| {
        let found = pairs.iter().find(|(k, _)| *k == key)?;
        Some(found.1.to_string())
    }
}

#[test]
fn the_terminal_is_asked_what_it_can_show() {
    let depth = |pairs| ColourDepth::detect(env(pairs));
    assert_eq!(
        depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]),
        ColourDepth::True
    );
    assert_eq!(depth(&[("TERM", "xterm-256color")]), ColourDepth::Indexed);
    assert_eq!(depth(&[("TERM", "xterm-kitty")]), ColourDepth::True);
    assert_eq!(depth(&[("TERM", "linux")]), ColourDepth::Sixteen);
    assert_eq!(depth(&[("TERM", "dumb")]), ColourDepth::None);
    assert_eq!(
        depth(&[
            ("TERM", "xterm-256color"),
            ("COLORTERM", "24bit"),
            ("NO_COLOR", "1")
        ]),
        ColourDepth::None
    );
    // An empty NO_COLOR counts as not set (no-color.org).
    assert_eq!(
        depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]),
        ColourDepth::Indexed
    );
}

#[test]
fn a_theme_uses_only_colours_that_the_terminal_has() {
    for name in ThemeName::ALL {
        for depth in [
            ColourDepth::None,
            ColourDepth::Sixteen,
            ColourDepth::Indexed,
            ColourDepth::True,
        ] {
            let theme = Theme::new(name, depth);
            let mut colours: Vec<Color> = Role::ALL.iter().map(|r| theme.colour(*r)).collect();
            colours.extend((-12..6).map(|d| theme.magnitude(f64::from(d))));
            colours.extend((0..=10).map(|t| theme.grey(f64::from(t) / 10.0)));
            colours.extend((0..12).map(|c| theme.class(c, 0.5)));
            colours.extend([theme.zero(), theme.band()]);
            for colour in colours {
                let fits = match colour {
                    Color::Reset => true,
                    Color::Rgb(..) => theme.depth == ColourDepth::True,
                    Color::Indexed(_) => theme.depth == ColourDepth::Indexed,
                    _ => theme.depth == ColourDepth::Sixteen,
                };
                assert!(fits, "{} at {:?}: {colour:?}", name.name(), theme.depth);
            }
        }
    }
}

#[test]
fn magnitudes_go_from_cold_by_healthy_to_hot() {
    for name in [ThemeName::Dark, ThemeName::Light, ThemeName::ColourBlind] {
        for depth in [
            ColourDepth::Sixteen,
            ColourDepth::Indexed,
            ColourDepth::True,
        ] {
            let theme = Theme::new(name, depth);
            let (cold, healthy, hot) = (
                theme.magnitude(-9.0),
                theme.magnitude(-1.0),
                theme.magnitude(4.0),
            );
            assert!(
                cold != healthy && healthy != hot && cold != hot,
                "{name:?} {depth:?}"
            );
            assert_eq!(theme.magnitude(f64::NEG_INFINITY), cold);
            assert_eq!(theme.magnitude(f64::INFINITY), hot);
            assert_eq!(
                theme.magnitude(-2.0),
                theme.magnitude(0.3),
                "healthy is one colour"
            );
            assert_ne!(theme.zero(), cold, "an exact zero is no tiny value");
        }
    }
    let sixteen = Theme::new(ThemeName::Dark, ColourDepth::Sixteen);
    // Plain blue on black is what nobody can read.
    assert_eq!(sixteen.magnitude(-9.0), Color::LightBlue);
    assert_eq!(sixteen.magnitude(-1.0), Color::Green);
    assert_eq!(sixteen.magnitude(9.0), Color::Red);
}

#[test]
fn without_colours_modifiers_tell_roles_apart() {
    let mono = Theme::new(ThemeName::Dark, ColourDepth::None);
    assert!(
        mono.style(Role::Error)
            .add_modifier
            .contains(Modifier::BOLD)
    );
    assert!(
        mono.style(Role::Pinned)
            .add_modifier
            .contains(Modifier::DIM)
    );
    assert_eq!(mono.style(Role::Train).fg, Some(Color::Reset));
}

#[test]
fn the_nearest_of_256_is_itself_for_its_own_colours() {
    for index in 16..=255u8 {
        let (r, g, b) = xterm_rgb(index);
        assert_eq!(xterm_rgb(nearest_indexed(r, g, b)), (r, g, b));
    }
}

#[test]
fn themes_are_found_by_name() {
    for theme in ThemeName::ALL {
        assert_eq!(theme.name().parse(), Ok(theme));
    }
    assert!(
        "pink"
            .parse::<ThemeName>()
            .unwrap_err()
            .contains("colour-blind")
    );
}

/// WCAG 2.2's relative luminance and contrast.
fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    let linear = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

fn contrast(colour: Color, ground: (u8, u8, u8)) -> f64 {
    let rgb = match colour {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index) => xterm_rgb(index),
        other => panic!("{other:?} is the terminal's own"),
    };
    let (a, b) = (luminance(rgb), luminance(ground));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What is written has a contrast of 4.5 (WCAG 2.2, 1.4.3), frames and lines one of 3 (1.4.11): on black and on the dark grey
/// that many terminals have, or on white.
#[test]
fn every_role_is_read_on_its_ground() {
    let dark: &[(u8, u8, u8)] = &[(0, 0, 0), (30, 30, 30)];
    let light: &[(u8, u8, u8)] = &[(255, 255, 255)];
    for (name, grounds) in [
        (ThemeName::Dark, dark),
        (ThemeName::ColourBlind, dark),
        (ThemeName::Light, light),
    ] {
        for depth in [ColourDepth::Indexed, ColourDepth::True] {
            let theme = Theme::new(name, depth);
            for ground in grounds {
                for role in Role::ALL {
                    let least = if role == Role::Border { 3.0 } else { 4.5 };
                    let colour = theme.colour(role);
                    // Text has the terminal's own colour.
                    if role != Role::Text {
                        let got = contrast(colour, *ground);
                        assert!(
                            got >= least,
                            "{name:?} {depth:?} {role:?} {colour:?}: {got:.2}"
                        );
                    }
                }
                for level in 0..=14 {
                    let colour = theme.diverge(f64::from(level) / 14.0);
                    let got = contrast(colour, *ground);
                    assert!(
                        got >= 4.5,
                        "{name:?} {depth:?} magnitude {level} {colour:?}: {got:.2}"
                    );
                }
                for line in 0..10 {
                    let got = contrast(theme.series(line), *ground);
                    assert!(got >= 3.0, "{name:?} {depth:?} line {line}: {got:.2}");
                }
            }
        }
    }
}
