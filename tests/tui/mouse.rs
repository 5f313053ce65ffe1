//! The mouse: borders that are dragged, words that are clicked, wheels everywhere; and the keys that do the same.

use super::bench::{Bench, running, text};
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use gradlab::tui::layout::Pane;
use gradlab::tui::message::{Effect, Message};
use gradlab::tui::overlay::Overlay;
use ratatui::layout::Rect;

fn tell(bench: &mut Bench, kind: MouseEventKind, column: u16, row: u16) {
    bench.tell(Message::Mouse(MouseEvent {
        kind,
        column,
        row,
        modifiers: KeyModifiers::NONE,
    }));
}

fn drag(bench: &mut Bench, from: (u16, u16), to: (u16, u16)) {
    let left = MouseButton::Left;
    tell(bench, MouseEventKind::Down(left), from.0, from.1);
    tell(bench, MouseEventKind::Drag(left), to.0, to.1);
    tell(bench, MouseEventKind::Up(left), to.0, to.1);
}

fn area(bench: &Bench, pane: Pane) -> Rect {
    bench.app.layout().area(pane).expect("it is there")
}

#[test]
fn borders_follow_the_mouse_and_stay_where_they_are_put() {
    let mut bench = running(120, 36);
    bench.keys("3");
    let before = area(&bench, Pane::Flow);
    // Each of the two columns of frame is the border.
    drag(&mut bench, (before.x - 1, 10), (before.x - 9, 10));
    let wider = area(&bench, Pane::Flow);
    assert_eq!((wider.x, wider.right()), (before.x - 8, before.right()));
    drag(&mut bench, (wider.right(), 10), (wider.right() + 5, 10));
    assert_eq!(area(&bench, Pane::Flow).right(), before.right() + 5);
    // Up and down, between Network and Training.
    let training = area(&bench, Pane::Training);
    drag(&mut bench, (5, training.y), (5, training.y + 3));
    assert_eq!(area(&bench, Pane::Training).y, training.y + 3);
    assert_eq!(bench.app.focus, Pane::Loss, "a drag is no click");
    // A border let go of does not follow any more.
    tell(&mut bench, MouseEventKind::Drag(MouseButton::Left), 60, 20);
    assert_eq!(area(&bench, Pane::Training).y, training.y + 3);
    // In a larger window the shares hold.
    let share = f64::from(area(&bench, Pane::Flow).x) / 120.0;
    bench.resize(180, 50);
    let now = f64::from(area(&bench, Pane::Flow).x) / 180.0;
    assert!((share - now).abs() < 0.01);
}

#[test]
fn a_border_stops_where_a_pane_would_be_squeezed_out() {
    for (width, height) in [(120, 36), (80, 24), (62, 20)] {
        for to in [(0, 0), (width - 1, height - 1)] {
            let mut bench = running(width, height);
            let dividers = bench.app.layout().dividers;
            assert!(!dividers.is_empty());
            for divider in dividers {
                let cells = divider.cells();
                drag(&mut bench, (cells.x, cells.y + cells.height / 2), to);
                let screen = text(&bench.buffer());
                assert!(screen.contains("low · "), "{screen}");
                for (pane, area) in bench.app.layout().panes {
                    assert!(area.width >= 20 && area.height >= 5, "{pane:?} {area:?}");
                }
            }
        }
    }
}

#[test]
fn keys_move_the_borders_of_the_focused_pane_too() {
    let mut bench = running(120, 36);
    let before = area(&bench, Pane::Network);
    bench.keys("1 ctrl-right ctrl-right ctrl-down");
    let after = area(&bench, Pane::Network);
    assert_eq!(
        (after.width, after.height),
        (before.width + 4, before.height + 1)
    );
    // The pane at the right edge grows to the left.
    let loss = area(&bench, Pane::Loss);
    bench.keys("3 ctrl-right");
    assert_eq!(area(&bench, Pane::Loss).width, loss.width + 2);
    bench.keys("\\");
    assert_eq!(area(&bench, Pane::Network), before);
    bench.keys("\\");
    assert!(bench.text().contains("no border was moved"));
    bench.keys("z ctrl-right");
    assert!(bench.text().contains("no border at its side"));
}

#[test]
fn the_footers_words_and_the_fix_are_buttons() {
    let mut bench = running(120, 36);
    let screen = bench.text();
    let footer = screen.lines().last().expect("a footer").to_string();
    let at = footer.find("? help").expect("help is always there");
    bench.click(footer[..at].chars().count() as u16 + 2, 35);
    assert!(matches!(bench.app.overlays.last(), Some(Overlay::List(_))));
    bench.keys("esc");
    let row = screen
        .lines()
        .position(|l| l.contains("f use selu"))
        .expect("a fix");
    // The evidence beside it is no button.
    bench.click(110, row as u16);
    assert!(!bench.app.is_changed());
    bench.click(14, row as u16);
    assert!(bench.app.is_changed(), "the fix was made");
    // Between two words there is nothing.
    bench.keys("u");
    let gap = footer.find("pause").expect("it runs") + "pause ".len();
    bench.click(gap as u16, 35);
    assert!(bench.app.overlays.is_empty() && !bench.app.is_changed());
}

#[test]
fn the_wheel_scrolls_lists_and_a_click_chooses() {
    let mut bench = running(120, 36);
    bench.keys("?");
    for _ in 0..3 {
        tell(&mut bench, MouseEventKind::ScrollDown, 60, 12);
    }
    let Some(Overlay::List(list)) = bench.app.overlays.last() else {
        panic!("no list");
    };
    assert_eq!(list.selected, 3);
    // Beside it: closed.
    bench.click(0, 0);
    assert!(bench.app.overlays.is_empty());
    bench.keys("A t a n h");
    let screen = bench.text();
    let row = screen
        .lines()
        .position(|l| l.contains(" tanh  ") && l.contains("Glorot"))
        .expect("it is there");
    bench.click(10, row as u16);
    bench.click(12, row as u16);
    assert!(bench.app.experiment.network.layers[0].activation.is_some());
}

/// Clicks on the first place of the screen that says this.
#[track_caller]
fn click_on(bench: &mut Bench, words: &str) {
    let screen = bench.text();
    let mut rows = screen.lines().enumerate();
    let found = rows.find_map(|(y, line)| {
        let before = &line[..line.find(words)?];
        Some((before.chars().count(), y))
    });
    let (x, y) = found.unwrap_or_else(|| panic!("no `{words}`: {screen}"));
    bench.click(x as u16, y as u16);
}

/// The same in the footer.
#[track_caller]
fn click_footer(bench: &mut Bench, words: &str) {
    let screen = bench.text();
    let footer = screen.lines().last().expect("a footer");
    let at = footer.find(words).unwrap_or_else(|| panic!("{screen}"));
    let x = footer[..at].chars().count();
    bench.click(x as u16, bench.app.size.height - 1);
}

fn quits(bench: &mut Bench) -> bool {
    bench.effects.drain(..).any(|e| matches!(e, Effect::Quit))
}

#[test]
fn questions_are_answered_where_their_answers_stand() {
    let mut bench = running(120, 36);
    for click in [click_on, click_footer] {
        bench.keys("n q");
        click(&mut bench, "esc stay");
        assert!(bench.app.overlays.is_empty() && !quits(&mut bench));
        bench.keys("q");
        click(&mut bench, "s save and quit");
        assert!(matches!(bench.app.overlays[..], [Overlay::Prompt(_)]));
        bench.keys("esc q");
        click(&mut bench, "q quit without");
        assert!(quits(&mut bench));
        // Another experiment in the place of unsaved changes.
        bench.keys("t");
        click(&mut bench, "esc stay");
        assert!(bench.app.overlays.is_empty() && bench.app.tour.is_none());
    }
    bench.keys("t");
    click_on(&mut bench, "o open");
    assert_eq!(bench.app.tour, Some(0));
}

#[test]
fn the_words_in_the_footer_lead_out_of_what_lies_over_the_panes() {
    let mut bench = running(120, 36);
    for over in ["S", "O", "A", ":", "enter", "E", "4 enter"] {
        bench.keys(over);
        assert!(!bench.app.overlays.is_empty(), "{over}");
        let word = match over {
            "S" | "O" => "esc leave it",
            "E" => "any other key",
            _ => "esc close",
        };
        click_footer(&mut bench, word);
        assert!(bench.app.overlays.is_empty(), "{over}: {}", bench.text());
    }
    bench.keys("A down");
    // Between two words and behind the last there is nothing, and what is open stays.
    bench.click(100, 35);
    assert_eq!(bench.app.overlays.len(), 1);
    click_footer(&mut bench, "enter choose");
    assert!(bench.app.overlays.is_empty());
    assert!(bench.app.is_changed(), "{}", bench.text());
}

/// What covers the footer takes the click: what lies beneath cannot be meant.
#[test]
fn a_click_on_a_notice_takes_it_away_and_does_nothing_else() {
    let mut bench = running(120, 36);
    bench.tell(Message::Notice("something was done".into()));
    bench.effects.clear();
    for x in 1..100 {
        bench.tell(Message::Notice("something was done".into()));
        bench.click(x, 35);
        assert!(bench.app.overlays.is_empty() && bench.app.toast.is_none());
        assert!(bench.sent().is_empty(), "at {x}");
    }
}

/// Whichever row it is: one click selects, a second one there acts.
#[test]
fn a_first_click_selects_and_a_second_acts() {
    let mut bench = running(120, 36);
    bench.keys(":");
    bench.effects.clear();
    for clicks in 0..2 {
        assert_eq!(bench.app.overlays.len(), 1, "after {clicks} clicks");
        click_on(&mut bench, "run-pause");
    }
    assert!(bench.app.overlays.is_empty());
    assert_eq!(bench.sent().len(), 1);
    // What is typed between the two makes it a first one again.
    bench.keys(":");
    click_on(&mut bench, "run-pause");
    bench.keys("down up");
    click_on(&mut bench, "run-pause");
    assert_eq!(bench.app.overlays.len(), 1);
    bench.keys("esc 4 1");
    // The selected row of a pane that has the focus, and of the form that a second click opens.
    for expected in [0, 1] {
        click_on(&mut bench, "100 logistic");
        assert_eq!(bench.app.overlays.len(), expected);
    }
    for expected in [1, 2] {
        click_on(&mut bench, "units");
        assert_eq!(bench.app.overlays.len(), expected, "{}", bench.text());
    }
}

#[test]
fn what_stands_in_a_panes_frame_is_a_button() {
    let mut bench = running(120, 36);
    // Beside the output layer's long name it stands in the lower border.
    for before in ["tab", "2 home 5"] {
        bench.keys(before);
        for (words, pane) in [("6 data", Pane::Data), ("5 layer", Pane::Layer)] {
            click_on(&mut bench, words);
            assert_eq!(bench.app.focus, pane);
            assert!(bench.app.layout().area(pane).is_some());
        }
    }
    for pane in ["1", "2", "3", "4", "5", "6"] {
        bench.keys(pane).keys("z");
        click_on(&mut bench, "z: all panes");
        assert!(!bench.app.zoomed, "{}", bench.text());
    }
    bench.resize(200, 60);
    let rate = gradlab::tui::panes::loss::Curves::Rate;
    click_on(&mut bench, "v: rate");
    assert_eq!((bench.app.focus, bench.app.curves), (Pane::Loss, rate));
    bench.resize(40, 12);
    click_on(&mut bench, "tab: next pane");
    assert_eq!(bench.app.focus, Pane::Training);
}

#[test]
fn what_is_clicked_in_the_training_pane_stays_under_the_pointer_and_a_second_click_edits_it() {
    let mut bench = running(120, 36);
    let training = area(&bench, Pane::Training);
    let (x, y) = (training.x + 8, training.bottom() - 3);
    let row = |bench: &Bench| {
        bench
            .text()
            .lines()
            .nth(y.into())
            .unwrap_or_default()
            .to_string()
    };
    let before = row(&bench);
    bench.click(x, y);
    let name: String = before.chars().skip(3).take(12).collect();
    assert!(row(&bench).contains(&name), "{}", bench.text());
    let selected = bench.app.training_row;
    bench.click(x, y);
    assert_eq!(bench.app.training_row, selected);
    assert!(!bench.app.overlays.is_empty(), "{}", bench.text());
}

/// A second click in the same place is on the same row.
#[test]
fn a_list_stays_where_it_is_clicked() {
    let row = |bench: &Bench, y: usize| bench.text().lines().nth(y).map(str::to_string);
    let mut bench = running(80, 24);
    bench.keys(":");
    for y in [16, 12, 10] {
        let before = row(&bench, y);
        bench.click(20, y as u16);
        assert_eq!(row(&bench, y), before, "{}", bench.text());
    }
    let layers: String = (2..102)
        .map(|units| format!("[[network.layers]]\nunits = {units}\n"))
        .collect();
    let text = format!("format = 1\nname = \"big\"\n[data]\nkind = \"moons\"\n{layers}");
    let big = gradlab::experiment::parse(&text, "big.toml").expect("valid");
    let mut bench = Bench::on(big);
    bench.resize(120, 36);
    bench.keys("1 pagedown pagedown pagedown pagedown");
    let unmarked = |bench: &Bench| {
        let row = row(bench, 3)?.replace('▸', " ");
        Some(row.chars().take(30).collect::<String>())
    };
    let before = unmarked(&bench);
    bench.click(6, 3);
    assert_eq!(unmarked(&bench), before, "{}", bench.text());
    assert!(bench.app.overlays.is_empty());
    bench.click(6, 3);
    assert!(
        matches!(bench.app.overlays[..], [Overlay::Form(_)]),
        "{}",
        bench.text()
    );
}
