//! The loop with a terminal at the other end of a wire, and no training.

use super::super::app::Manner;
use super::*;
use crate::training::{Frame, RunInfo};
use crate::tui::samples;
use ratatui::layout::Size;
use std::cell::RefCell;
use std::num::NonZero;
use std::rc::Rc;
use vt100::Parser;

/// What was sent and not read yet.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const WIDE: (u16, u16) = (80, 24);

fn size(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("not zero")
}

/// A workbench without training, and the terminal at the other end of its wire.
fn desk() -> (Loop<Wire>, Wire, Parser) {
    let (bell, events) = Bell::new();
    let wire = Wire::default();
    let screen = Screen::with_size(wire.clone(), Size::new(WIDE.0, WIDE.1));
    let event_loop = Loop {
        app: App::new(samples::experiment(), None, Manner::default()),
        world: World::new(bell.clone(), None),
        terminal: Terminal::new(screen).expect("a screen"),
        events,
        bell,
        guard: None,
    };
    (event_loop, wire, Parser::new(size(WIDE.1), size(WIDE.0), 0))
}

fn show(event_loop: &mut Loop<Wire>, wire: &Wire, terminal: &mut Parser) -> String {
    let mut budget = Budget::new(Instant::now());
    event_loop.draw(&mut budget).expect("a frame");
    terminal.process(&wire.0.take());
    terminal.screen().contents()
}

/// What a smaller window cut off is gone, though the workbench never drew on that.
#[test]
fn a_window_that_is_as_large_as_before_again_is_drawn_anew() {
    let (mut event_loop, wire, mut terminal) = desk();
    let first = show(&mut event_loop, &wire, &mut terminal);
    for (width, height) in [(30, 8), WIDE] {
        let window = terminal.screen_mut();
        window.set_size(size(height), size(width));
        let resized = Event::Input(Input::Resize(width, height));
        assert_eq!(event_loop.handle(resized).expect("handled"), None);
    }
    assert_ne!(terminal.screen().contents(), first);
    assert_eq!(show(&mut event_loop, &wire, &mut terminal), first);
}

#[test]
fn what_something_else_has_written_is_gone_with_control_l() {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let (mut event_loop, wire, mut terminal) = desk();
    let first = show(&mut event_loop, &wire, &mut terminal);
    terminal.process(b"\x1b[5;5HBroadcast message from root");
    let key = KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL);
    let pressed = Event::Input(Input::Key(key));
    assert_eq!(event_loop.handle(pressed).expect("handled"), None);
    assert_eq!(show(&mut event_loop, &wire, &mut terminal), first);
}

/// What a command changes is shown at once, though it is training that says so; where training has only gone on, that waits.
#[test]
fn a_pause_and_a_new_run_are_no_news_of_training_alone() {
    let (mut event_loop, ..) = desk();
    let frame = |status: Status, run: u64| {
        let info = RunInfo {
            run,
            ..RunInfo::default()
        };
        Message::Frame(Box::new(Frame {
            status,
            info: Arc::new(info),
            points: Vec::new(),
            rows_per_second: 0.0,
            histograms: None,
            view: None,
            notices: Vec::new(),
        }))
    };
    let mut changes = |status, run| {
        let before = event_loop.standing();
        let told = event_loop.tell(frame(status, run));
        assert_eq!(told.expect("told"), None);
        event_loop.standing() != before
    };
    assert!(changes(Status::Running, 1));
    assert!(!changes(Status::Running, 1));
    assert!(changes(Status::Paused, 1));
    assert!(changes(Status::Loading("a stage".into()), 2));
    assert!(!changes(Status::Loading("the next".into()), 2));
    assert!(changes(Status::Running, 2));
}
