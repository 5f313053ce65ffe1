//! The loop without training and without a terminal.

use super::super::app::Manner;
use super::*;
use crate::training::{Frame, RunInfo};
use crate::tui::samples;
use ratatui::layout::Size;

fn desk() -> Loop<Vec<u8>> {
    let (bell, events) = Bell::new();
    let screen = Screen::with_size(Vec::new(), Size::new(80, 24));
    Loop {
        app: App::new(samples::experiment(), None, Manner::default()),
        world: World::new(bell.clone(), None),
        terminal: Terminal::new(screen).expect("a screen"),
        events,
        bell,
        guard: None,
    }
}

/// What a command changes is shown at once, though it is training that says so; where training has only gone on, that waits.
#[test]
fn a_pause_and_a_new_run_are_no_news_of_training_alone() {
    let mut event_loop = desk();
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
