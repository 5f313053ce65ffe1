//! The experiment: the whole truth of a run, as a value. Files, edits and presets of it live in this room.

mod document;
pub mod fault;
mod limits;
pub mod link;
mod moving;
pub mod parse;
pub mod presets;
pub mod resolve;
pub mod rules;
pub mod schema;
mod section;
pub mod size;
pub mod targets;
mod thing;
mod unmet;
mod words;
mod write;

pub use document::LONGEST;
pub use fault::{Fault, Faults};
pub use moving::moved;
pub use parse::{apply_set, fault_at, parse, parse_with};
pub use presets::Preset;
pub use schema::*;
pub use unmet::unmet;
pub use write::{inline, to_toml};
