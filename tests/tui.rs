//! The workbench without a terminal: messages in, a buffer out; and once with one, from the outside.

#[path = "tui/bench.rs"]
mod bench;
#[path = "tui/data_pane.rs"]
mod data_pane;
#[path = "tui/drives.rs"]
mod drives;
#[path = "tui/editing.rs"]
mod editing;
#[cfg(unix)]
#[path = "tui/end_to_end.rs"]
mod end_to_end;
#[path = "tui/finder.rs"]
mod finder;
#[path = "tui/fuzz.rs"]
mod fuzz;
#[cfg(unix)]
#[path = "tui/hanging.rs"]
mod hanging;
#[path = "tui/inquiry.rs"]
mod inquiry;
#[path = "tui/keys.rs"]
mod keys;
#[cfg(unix)]
#[path = "tui/leaving.rs"]
mod leaving;
#[path = "tui/mouse.rs"]
mod mouse;
#[path = "tui/picker.rs"]
mod picker;
#[path = "tui/questions.rs"]
mod questions;
#[path = "tui/race.rs"]
mod race;
#[path = "tui/reading.rs"]
mod reading;
#[path = "tui/reopening.rs"]
mod reopening;
#[path = "tui/screens.rs"]
mod screens;
#[path = "tui/takeaway.rs"]
mod takeaway;
#[path = "tui/through_time.rs"]
mod through_time;
#[path = "tui/time.rs"]
mod time;
#[path = "tui/tour.rs"]
mod tour;
#[path = "tui/views.rs"]
mod views;
