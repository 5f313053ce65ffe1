use super::*;
use ratatui::layout::Rect;
use ratatui::style::Style;

fn screen() -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
    buf.set_string(0, 0, "a<b>&\"'", Style::new().fg(Color::Rgb(1, 2, 3)));
    buf.set_string(
        8,
        0,
        "▄█",
        Style::new().fg(Color::Indexed(196)).bg(Color::Blue),
    );
    buf.set_string(
        0,
        1,
        "rev",
        Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
    );
    buf.set_string(
        4,
        1,
        "u",
        Style::new().add_modifier(Modifier::UNDERLINED | Modifier::DIM),
    );
    buf.set_string(6, 1, "│⣿日", Style::new());
    buf
}

#[test]
fn text_is_escaped_and_keeps_to_the_grid() {
    let svg = render(&screen(), &Palette::dark(), "<title>");
    assert!(svg.contains(">a&lt;b&gt;&amp;&quot;&#39;</text>"), "{svg}");
    assert!(
        svg.contains("textLength=\"56\""),
        "seven cells of eight units"
    );
    assert!(svg.contains("fill=\"#010203\""));
    assert!(svg.contains("<title>&lt;title&gt;</title>"));
    assert!(
        svg.contains("textLength=\"16\" lengthAdjust=\"spacingAndGlyphs\" fill=\"#d4d7dd\">日<"),
        "{svg}"
    );
}

#[test]
fn colours_modifiers_and_shapes_are_drawn() {
    let palette = Palette::dark();
    let svg = render(&screen(), &palette, "t");
    assert!(
        svg.contains(&format!(
            "width=\"16\" height=\"17\" fill=\"{}\"",
            hex(palette.named[4])
        )),
        "one ground for two cells"
    );
    assert!(svg.contains("fill=\"#ff0000\" shape-rendering"), "{svg}");
    let reversed = format!(
        "width=\"24\" height=\"17\" fill=\"{}\"",
        hex(palette.foreground)
    );
    assert!(svg.contains(&reversed), "{svg}");
    assert!(svg.contains(&format!(
        "fill=\"{}\" font-weight=\"bold\">rev<",
        hex(palette.background)
    )));
    assert!(svg.contains("opacity=\"0.6\" text-decoration=\"underline\">u<"));
    assert!(
        !svg.contains('▄') && !svg.contains('⣿') && !svg.contains('│'),
        "shapes, not text"
    );
    assert!(
        svg.contains("M52 17V34"),
        "the line is drawn over its whole cell"
    );
}

#[test]
fn light_and_dark_differ_and_an_empty_screen_is_a_picture() {
    let buf = Buffer::empty(Rect::new(0, 0, 0, 0));
    let (dark, light) = (
        render(&buf, &Palette::dark(), ""),
        render(&buf, &Palette::light(), ""),
    );
    assert_ne!(dark, light);
    assert!(dark.starts_with("<svg") && dark.ends_with("</svg>\n"));
}

#[test]
fn control_characters_never_reach_the_document() {
    assert_eq!(escape("a\u{1b}[31m\u{0}b\n"), "a[31mb");
    assert_eq!(escape("a\u{202e}b\u{2066}"), "ab");
}
