//! The experiment: the whole truth of a run, as a value. Files, edits and presets of it live in this room.

pub mod schema;

pub use schema::*;
