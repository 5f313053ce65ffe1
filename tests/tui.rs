//! The workbench without a terminal: messages in, a buffer out; and once with one, from the outside.

#[path = "tui/bench.rs"]
mod bench;
#[path = "tui/editing.rs"]
mod editing;
#[path = "tui/fuzz.rs"]
mod fuzz;
#[path = "tui/screens.rs"]
mod screens;
