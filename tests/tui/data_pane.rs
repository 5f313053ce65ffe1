//! What the network makes of the data, on the screen and asked of training.

use super::bench::{Bench, VANISHING, running, text};
use gradlab::experiment::parse;
use gradlab::training::{Command, Detail, Frame, Session, Start, Status};
use gradlab::tui::message::Message;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::path::Path;
use std::sync::Arc;

const MOONS: &str = r#"
format = 1
name = "moons"
[data]
kind = "moons"
[network]
activation = "tanh"
[[network.layers]]
units = 12
repeat = 2
[training.optimizer]
kind = "adam"
learning_rate = 0.02
"#;

/// A workbench, and the run beside it that answers what it asks for.
fn trained(text: &str, steps: u64, size: (u16, u16)) -> (Bench, Session) {
    let experiment = parse(text, "x.toml").expect("a valid experiment");
    let start = Start::default();
    let mut session =
        Session::build(&experiment, Path::new("."), &start, None, &|_| {}).expect("a run");
    let mut bench = Bench::on(experiment);
    bench.resize(size.0, size.1);
    session.advance(steps, Detail::Histograms);
    answer(&mut bench, &mut session);
    answer(&mut bench, &mut session);
    (bench, session)
}

/// A frame, with a look at the data if the workbench wants one.
fn answer(bench: &mut Bench, session: &mut Session) {
    let view = bench
        .app
        .lens()
        .map(|lens| Arc::new(session.look(&lens).expect("a look")));
    bench.tell(Message::Frame(Box::new(Frame {
        status: Status::Paused,
        info: Arc::new(session.info()),
        points: session
            .advance(1, Detail::Stats)
            .point
            .into_iter()
            .collect(),
        rows_per_second: 0.0,
        histograms: None,
        view,
        notices: Vec::new(),
    })));
}

fn watched(bench: &mut Bench) -> Vec<bool> {
    bench
        .sent()
        .into_iter()
        .filter_map(|command| match command {
            Command::Watch(lens) => Some(lens.is_some()),
            _ => None,
        })
        .collect()
}

/// The inside of the pane whose title begins so.
fn pane(bench: &Bench) -> (Buffer, Rect) {
    let area = bench
        .app
        .layout()
        .area(gradlab::tui::layout::Pane::Data)
        .expect("the pane is there");
    (bench.buffer(), gradlab::tui::panes::inside(area))
}

fn colours(buffer: &Buffer, area: Rect) -> Vec<Color> {
    area.positions()
        .flat_map(|at| [buffer[at].fg, buffer[at].bg])
        .collect()
}

#[test]
fn training_looks_at_the_data_only_while_it_is_shown() {
    let mut bench = running(120, 36);
    assert!(watched(&mut bench).is_empty());
    assert_eq!(watched(bench.keys("6")), [true]);
    assert!(
        watched(bench.keys("1 j m")).is_empty(),
        "it keeps its place"
    );
    assert_eq!(
        watched(bench.resize(90, 24)),
        [true],
        "a grid of another size"
    );
    assert_eq!(watched(bench.keys("5")), [false]);
    assert_eq!(watched(bench.resize(200, 60)), [true], "room for both");
    assert_eq!(watched(bench.keys("z")), [false], "zoomed on another pane");
}

#[test]
fn a_plane_shows_the_boundary_with_its_rows_on_top() {
    let (bench, _) = trained(MOONS, 200, (120, 36));
    let screen = bench.text();
    assert!(screen.contains("6 Data · boundary"), "{screen}");
    assert!(screen.contains("5 layer"), "{screen}");
    let (buffer, inside) = pane(&bench);
    let theme = &bench.app.manner.theme;
    let map = Rect {
        height: inside.height - 1,
        ..inside
    };
    let seen = colours(&buffer, map);
    for class in 0..2 {
        assert!(
            seen.contains(&theme.class(class, 0.67)),
            "the ground of class {class}"
        );
        let point = map.positions().any(|at| {
            let cell = &buffer[at];
            cell.symbol() == bench.app.manner.glyphs.point() && cell.fg == theme.class(class, 1.0)
        });
        assert!(point, "a row of class {class}");
    }
    assert!(map.positions().any(|at| buffer[at].symbol() == "▀"));
    assert!(screen.contains("of the first 400 wrong: x"), "{screen}");
}

#[test]
fn pictures_show_the_matrix_the_mistakes_and_the_first_units() {
    let (mut bench, mut session) = trained(VANISHING, 20, (120, 40));
    bench.keys("6");
    answer(&mut bench, &mut session);
    let screen = bench.text();
    assert!(screen.contains("rows true, cols said"), "{screen}");
    assert!(screen.contains("test rows right"), "{screen}");
    bench.keys("v");
    let (buffer, inside) = pane(&bench);
    assert!(text(&buffer).contains("→"), "{}", text(&buffer));
    let theme = bench.app.manner.theme.clone();
    let greys = [theme.grey(0.0), theme.grey(1.0)];
    let seen = colours(&buffer, inside);
    assert!(greys.iter().all(|grey| seen.contains(grey)));
    bench.keys("v");
    let (buffer, inside) = pane(&bench);
    assert!(text(&buffer).contains("unit 1"), "{}", text(&buffer));
    let seen = colours(&buffer, inside);
    for end in [0.0, 0.5, 1.0] {
        assert!(seen.contains(&theme.diverge(end)), "{end}");
    }
    bench.keys("v");
    assert!(bench.text().contains("rows true, cols said"));
}

#[test]
fn values_show_what_was_predicted_over_what_is_true() {
    let text = MOONS.replace("moons", "diabetes");
    let (mut bench, mut session) = trained(&text, 300, (120, 36));
    bench.keys("6");
    answer(&mut bench, &mut session);
    let screen = bench.text();
    assert!(screen.contains("Data · residuals"), "{screen}");
    assert!(screen.contains("rms residual"), "{screen}");
    let theme = &bench.app.manner.theme;
    let (buffer, inside) = pane(&bench);
    let seen = colours(&buffer, inside);
    for role in [
        gradlab::tui::theme::Role::Theory,
        gradlab::tui::theme::Role::Train,
    ] {
        assert!(seen.contains(&theme.colour(role)));
    }
}

/// Values are drawn in one way: the footer offers no other.
#[test]
fn what_is_drawn_in_one_way_offers_no_other() {
    let offered = |kind: &str| {
        let text = MOONS.replace("\"moons\"", &format!("\"{kind}\""));
        let (mut bench, _) = trained(&text, 3, (200, 36));
        bench.keys("6");
        let footer = bench.text().lines().last().unwrap_or_default().to_string();
        bench.keys("v");
        let said = bench.text().contains("drawn in one way");
        (footer.contains("v view"), !said)
    };
    assert_eq!(offered("diabetes"), (false, false));
    assert_eq!(offered("moons"), (true, true));
}
