use super::*;

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
    assert_eq!(sixteen.magnitude(-9.0), Color::Blue);
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
