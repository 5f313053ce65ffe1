use super::*;
use crate::tui::theme::{ColourDepth, Role, ThemeName};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier};
use ratatui::widgets::Widget;

fn sixteen() -> Theme {
    Theme::new(ThemeName::Dark, ColourDepth::Sixteen)
}

fn draw(width: u16, height: u16, widget: impl Widget) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    widget.render(area, &mut buf);
    buf
}

fn rows(buf: &Buffer) -> Vec<String> {
    (0..buf.area.height)
        .map(|y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect())
        .collect()
}

fn changed(a: &Buffer, b: &Buffer) -> usize {
    a.diff(b).len()
}

#[test]
fn a_sparkline_shows_magnitudes_zeros_and_gaps_each_its_way() {
    let theme = sixteen();
    let values = [1.0, 1e-8, 0.0, f64::NAN, 1e-30, 1e9, f64::INFINITY];
    let look = Look::new(&theme, Glyphs::Braille);
    let buf = draw(
        8,
        1,
        LogSparkline::new(look, &values, LogScale::new(-8.0, 0.0)),
    );
    assert_eq!(rows(&buf), ["█▁0 ▁█  "]);
    assert_eq!(buf[(0, 0)].fg, Color::Green);
    assert_eq!(buf[(1, 0)].fg, Color::LightBlue);
    assert_eq!(buf[(2, 0)].fg, Color::DarkGray);
    assert_eq!(buf[(3, 0)].fg, Color::Reset);
    assert_eq!(buf[(5, 0)].fg, Color::Red);
}

#[test]
fn a_sparkline_shows_the_cursor_and_a_pinned_style() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Ascii);
    let pinned = theme.style(Role::Pinned);
    let widget = LogSparkline::new(look, &[1.0, 1.0, 1e-4], LogScale::new(-8.0, 0.0))
        .style(pinned)
        .cursor(Some(1));
    let buf = draw(3, 1, widget);
    assert_eq!(rows(&buf), ["##-"]);
    assert_eq!(buf[(0, 0)].fg, Color::DarkGray);
    assert!(!buf[(0, 0)].modifier.contains(Modifier::REVERSED));
    assert!(buf[(1, 0)].modifier.contains(Modifier::REVERSED));
}

#[test]
fn a_waterfall_has_the_top_layer_at_the_top_and_two_layers_a_cell() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let (low, mid, high) = ([1e-9, 0.0], [0.1, 0.1], [1e6, f64::NAN]);
    let layers: [&[f64]; 4] = [&low, &low, &mid, &high];
    let buf = draw(2, 2, Waterfall::new(look, &layers));
    assert_eq!(buf[(0, 0)].symbol(), "▀");
    assert_eq!((buf[(0, 0)].fg, buf[(0, 0)].bg), (Color::Red, Color::Green));
    assert_eq!(buf[(0, 1)].symbol(), "█");
    assert_eq!(buf[(0, 1)].fg, Color::LightBlue);
    assert_eq!(buf[(1, 0)].symbol(), "▄", "not finite: no pixel");
    assert_eq!(
        buf[(1, 1)].fg,
        theme.zero(),
        "exactly zero: a colour of its own"
    );
    let area = Rect::new(0, 0, 2, 2);
    assert_eq!(Waterfall::layers_at(look, 4, area, 0), 2..4);
    assert_eq!(Waterfall::layers_at(look, 4, area, 1), 0..2);
}

#[test]
fn without_colours_a_waterfall_is_shaded() {
    let theme = Theme::new(ThemeName::Mono, ColourDepth::True);
    let look = Look::new(&theme, Glyphs::Ascii);
    let layers: [&[f64]; 2] = [&[0.0, 1e-9], &[1e6, 0.1]];
    assert_eq!(
        rows(&draw(2, 2, Waterfall::new(look, &layers))),
        ["#=", "0."]
    );
}

#[test]
fn the_last_series_is_on_top_and_gaps_stay_gaps() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Ascii);
    let x = [0.0, 1.0, 2.0, 3.0, 4.0];
    let series = [
        Series {
            name: "train",
            x: &x,
            y: &[1.0, 1.0, 1.0, 1.0, 1.0],
            style: theme.style(Role::Train),
        },
        Series {
            name: "test",
            x: &x,
            y: &[1.0, f64::NAN, 1.0, f64::INFINITY, 0.0],
            style: theme.style(Role::Test),
        },
    ];
    let chart = LineChart::new(look, &series)
        .x_range((0.0, 4.0))
        .legend(false);
    let buf = draw(5, 3, chart.clone());
    assert_eq!(rows(&buf), ["o*o**", "     ", "    o"]);
    assert_eq!(buf[(0, 0)].fg, Color::Yellow);
    assert_eq!(buf[(1, 0)].fg, Color::LightBlue);
    // The infinity has not stretched the axis: the same picture as with a gap.
    let gap = [
        series[0],
        Series {
            y: &[1.0, f64::NAN, 1.0, f64::NAN, 0.0],
            ..series[1]
        },
    ];
    assert_eq!(
        buf,
        draw(
            5,
            3,
            LineChart::new(look, &gap).x_range((0.0, 4.0)).legend(false)
        )
    );
}

#[test]
fn a_chart_has_ticks_names_and_reads_off_under_the_cursor() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let x: Vec<f64> = (0..64).map(f64::from).collect();
    let y: Vec<f64> = x.iter().map(|x| 10f64.powf(-x / 16.0)).collect();
    let series = [Series {
        name: "loss",
        x: &x,
        y: &y,
        style: theme.style(Role::Train),
    }];
    let chart = LineChart::new(look, &series).log(true).x_range((0.0, 64.0));
    let text = rows(&draw(40, 8, chart.clone()));
    assert!(
        text[0].contains("1┤") && text[0].ends_with("loss"),
        "{text:#?}"
    );
    assert!(text[6].contains("1e-4┤"), "{text:#?}");
    assert!(
        text[7].trim().starts_with('0') && text[7].ends_with("64"),
        "{text:#?}"
    );
    let read = draw(40, 8, chart.clone().cursor(Some(32.0)));
    let text = rows(&read);
    assert!(text[0].ends_with("@32 loss 0.0100"), "{text:#?}");
    let column = (0..40)
        .find(|x| read[(*x, 5)].symbol() == "┊")
        .expect("a cursor");
    assert_eq!(read[(column, 5)].fg, theme.colour(Role::Accent));
    let at = chart.x_at(Rect::new(0, 0, 40, 8), column).expect("inside");
    assert!((at - 32.0).abs() < 2.0, "{at}");
    assert_eq!(chart.x_at(Rect::new(0, 0, 40, 8), 0), None, "on the labels");
}

#[test]
fn exact_zeros_are_marked_on_the_floor_of_a_log_axis() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let series = [Series {
        name: "",
        x: &[0.0, 1.0, 2.0],
        y: &[1.0, 0.0, 1e-3],
        style: theme.style(Role::Train),
    }];
    let buf = draw(
        3,
        3,
        LineChart::new(look, &series).log(true).x_range((0.0, 2.0)),
    );
    assert_eq!(buf[(1, 2)].symbol(), "0");
    assert_eq!(buf[(1, 2)].fg, Color::LightBlue);
}

#[test]
fn a_profile_shows_theory_with_its_band_beneath_what_is_measured() {
    let theme = Theme::new(ThemeName::Dark, ColourDepth::True);
    let look = Look::new(&theme, Glyphs::Braille);
    let measured = [1e-4, 1e-3, 1e-2, 1e-1];
    let (low, high) = ([1e-5, 1e-4, 1e-3, 1e-2], [1e-3, 1e-2, 1e-1, 1.0]);
    let series = [
        ProfileSeries {
            name: "theory",
            short: "theory",
            values: &measured,
            style: theme.style(Role::Theory),
        },
        ProfileSeries {
            name: "now",
            short: "now",
            values: &measured,
            style: theme.style(Role::Accent),
        },
    ];
    let plot = ProfilePlot::new(look, &series).band(Some(Band {
        low: &low,
        high: &high,
    }));
    let buf = draw(60, 12, plot.clone());
    let banded = buf
        .content()
        .iter()
        .filter(|c| c.bg == theme.band())
        .count();
    assert!(banded > 60, "{banded}");
    let owners = |role| {
        buf.content()
            .iter()
            .filter(|c| c.fg == theme.colour(role))
            .count()
    };
    assert!(owners(Role::Accent) > 20);
    assert_eq!(
        owners(Role::Theory),
        "theory".len(),
        "equal lines: the last hides the first, but for its name"
    );
    assert_eq!(
        buf.content().iter().filter(|c| c.symbol() == "•").count(),
        4
    );
    let area = Rect::new(0, 0, 60, 12);
    assert_eq!(plot.layer_at(area, 59), Some(3));
    assert_eq!(plot.layer_at(area, 0), None);
    let text = rows(&draw(60, 12, plot.cursor(Some(1))));
    assert!(
        text[0].starts_with("layer 2 theory 0.00100 now 0.00100"),
        "{text:#?}"
    );
}

#[test]
fn a_histogram_has_its_curve_beneath() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let bars = HistogramBars::new(look, &[8, 1, 0, 4], (-2.0, 2.0));
    assert_eq!(rows(&draw(4, 1, bars.clone())), ["█▁ ▄"]);
    let curve = [-1.0, -0.9, 0.9, 1.0];
    let buf = draw(12, 7, bars.curve(Some(&curve)));
    let text = rows(&buf);
    assert_eq!(text[6], "-2.00   2.00");
    assert_eq!(&text[3].chars().take(3).collect::<String>(), "███");
    assert_eq!(buf[(0, 3)].fg, theme.colour(Role::Accent));
    assert_eq!(buf[(0, 5)].fg, theme.colour(Role::Dim));
}

#[test]
fn a_map_shows_classes_and_the_rows_that_are_wrong() {
    let theme = Theme::new(ThemeName::Dark, ColourDepth::True);
    let look = Look::new(&theme, Glyphs::Braille);
    let field = Field::Classes {
        class: &[0, 1, 0, 1],
        confidence: &[1.0, 1.0, 0.5, 0.5],
    };
    let points = [
        MapPoint {
            x: 0.0,
            y: 1.0,
            class: 0,
            wrong: false,
        },
        MapPoint {
            x: 1.0,
            y: 0.0,
            class: 0,
            wrong: true,
        },
        MapPoint {
            x: 7.0,
            y: 0.0,
            class: 0,
            wrong: true,
        },
    ];
    let buf = draw(4, 2, DecisionMap::new(look, (2, 2), field).points(&points));
    assert_eq!(rows(&buf), ["•███", "███x"]);
    assert_eq!(buf[(0, 0)].fg, theme.class(0, 1.0));
    assert_eq!(
        buf[(0, 0)].bg,
        buf[(1, 0)].fg,
        "a point stands on its ground"
    );
    assert_ne!(buf[(1, 0)].fg, buf[(2, 0)].fg, "two classes");
    assert_ne!(buf[(2, 0)].fg, buf[(2, 1)].fg, "two strengths");
}

#[test]
fn a_confusion_matrix_has_numbers_where_they_fit_and_shades_where_not() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let names: Vec<String> = ["0", "1"].map(String::from).to_vec();
    let matrix = ConfusionMatrix::new(look, &[35, 0, 4, 30], &names);
    let buf = draw(12, 3, matrix.clone());
    let text: Vec<_> = rows(&buf)
        .iter()
        .map(|r| r.trim_end().to_string())
        .collect();
    assert_eq!(text, ["     0   1", "0   35   .", "1    4  30"]);
    assert_eq!(buf[(4, 1)].fg, theme.colour(Role::Good));
    assert_eq!(buf[(5, 2)].fg, theme.colour(Role::Error));
    assert_eq!(rows(&draw(4, 2, matrix)), ["0 █ ", "1 ░█"]);
}

#[test]
fn a_picture_keeps_its_shape() {
    let theme = Theme::new(ThemeName::Dark, ColourDepth::Indexed);
    let look = Look::new(&theme, Glyphs::Braille);
    let pixels = [0.0, 1.0, f32::NAN, 0.0];
    let buf = draw(4, 1, Image::new(look, &pixels, 2, 2));
    assert_eq!(
        (buf[(0, 0)].symbol(), buf[(0, 0)].fg),
        ("▀", Color::Indexed(232))
    );
    assert_eq!(
        (buf[(1, 0)].symbol(), buf[(1, 0)].fg, buf[(1, 0)].bg),
        ("▀", Color::Indexed(255), Color::Indexed(232))
    );
    assert_eq!(buf[(2, 0)].symbol(), " ");
    let signed = draw(
        2,
        1,
        Image::new(look, &[-1.0, 0.0, 0.0, 1.0], 2, 2).signed(),
    );
    assert_eq!(
        (signed[(0, 0)].fg, signed[(0, 0)].bg),
        (theme.diverge(0.0), theme.diverge(0.5))
    );
    // A picture that lies about its size draws nothing.
    assert_eq!(rows(&draw(2, 1, Image::new(look, &[0.0], 9, 9))), ["  "]);
}

#[test]
fn a_new_point_changes_few_cells() {
    let theme = sixteen();
    let look = Look::new(&theme, Glyphs::Braille);
    let values: Vec<f64> = (0..60).map(|i| 1e-3 * (1.5 + f64::from(i).sin())).collect();
    let x: Vec<f64> = (0..60).map(f64::from).collect();
    let layers: Vec<&[f64]> = vec![&values; 40];
    for n in 41..60 {
        let spark = |n: usize| {
            draw(
                64,
                1,
                LogSparkline::new(look, &values[..n], LogScale::new(-8.0, 0.0)),
            )
        };
        assert!(changed(&spark(n), &spark(n + 1)) <= 1);
        let fall = |n: usize| {
            let layers: Vec<&[f64]> = layers.iter().map(|l| &l[..n]).collect();
            draw(64, 10, Waterfall::new(look, &layers))
        };
        assert!(changed(&fall(n), &fall(n + 1)) <= 10);
        let chart = |n: usize| {
            let series = [Series {
                name: "",
                x: &x[..n],
                y: &values[..n],
                style: theme.style(Role::Train),
            }];
            let axis = Axis::Linear {
                min: 0.0,
                max: 0.003,
            };
            draw(64, 10, LineChart::new(look, &series).y_axis(axis))
        };
        assert!(changed(&chart(n), &chart(n + 1)) <= 20);
    }
}

/// Every widget over the same arbitrary numbers.
fn draw_all(look: Look, area: Rect, buf: &mut Buffer, v: &[f64], counts: &[u32]) {
    let floats: Vec<f32> = v.iter().map(|v| *v as f32).collect();
    let classes: Vec<u16> = counts.iter().map(|c| *c as u16).collect();
    let names: Vec<String> = counts.iter().map(u32::to_string).collect();
    let style = look.theme.style(Role::Train);
    let scale = LogScale::fit(v.iter().copied());
    LogSparkline::new(look, v, scale)
        .cursor(Some(3))
        .render(area, buf);
    Waterfall::new(look, &[v, v, v]).render(area, buf);
    let x: Vec<f64> = (0..v.len()).map(|i| i as f64).collect();
    let series = [
        Series {
            name: "a",
            x: &x,
            y: v,
            style,
        },
        Series {
            name: "b",
            x: v,
            y: &x,
            style,
        },
    ];
    for log in [false, true] {
        LineChart::new(look, &series)
            .log(log)
            .cursor(v.first().copied())
            .render(area, buf);
        let profile = [ProfileSeries {
            name: "p",
            short: "p",
            values: v,
            style,
        }];
        let band = Band { low: v, high: &x };
        ProfilePlot::new(look, &profile)
            .log(log)
            .band(Some(band))
            .cursor(Some(2))
            .render(area, buf);
    }
    HistogramBars::new(look, counts, (v.first().copied().unwrap_or(0.0), 1.0))
        .curve(Some(v))
        .render(area, buf);
    CurvePlot::new(look, (-3.0, 3.0), v)
        .derivative(&x)
        .names("f", "f'")
        .render(area, buf);
    let points = [MapPoint {
        x: v.first().copied().unwrap_or(0.5),
        y: 0.5,
        class: 99,
        wrong: true,
    }];
    let grid = (v.len(), 2);
    DecisionMap::new(
        look,
        grid,
        Field::Values {
            values: &floats,
            low: 0.0,
            high: 0.0,
        },
    )
    .points(&points)
    .render(area, buf);
    let field = Field::Classes {
        class: &classes,
        confidence: &floats,
    };
    DecisionMap::new(look, grid, field)
        .points(&points)
        .render(area, buf);
    ConfusionMatrix::new(look, counts, &names).render(area, buf);
    Image::new(look, &floats, floats.len(), 1).render(area, buf);
    Image::new(look, &floats, 1, floats.len())
        .signed()
        .render(area, buf);
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -2.0..2.0f64,
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::MAX),
        Just(5e-324)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn every_widget_is_safe_at_any_size_and_stays_in_its_area(
        (w, h) in (0u16..50, 0u16..20),
        v in prop::collection::vec(any_value(), 0..30),
        counts in prop::collection::vec(any::<u32>(), 0..20),
        name in 0usize..5, glyphs in 0usize..3,
    ) {
        let theme = Theme::new(ThemeName::ALL[name], ColourDepth::True);
        let look = Look::new(&theme, Glyphs::ALL[glyphs]);
        let mut buf = Buffer::empty(Rect::new(0, 0, w + 4, h + 4));
        draw_all(look, Rect::new(2, 2, w, h), &mut buf, &v, &counts);
        let inside = Rect::new(2, 2, w, h);
        for y in 0..h + 4 {
            for x in 0..w + 4 {
                if !inside.contains((x, y).into()) {
                    prop_assert_eq!(buf[(x, y)].symbol(), " ", "({}, {})", x, y);
                }
            }
        }
        // An area beyond the buffer is cut, not trusted.
        let mut small = Buffer::empty(Rect::new(0, 0, 5, 3));
        draw_all(look, Rect::new(1, 1, w, h), &mut small, &v, &counts);
    }
}
