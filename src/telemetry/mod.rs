//! What is measured, and the bounded histories that keep it.

pub mod stats;

pub use stats::*;
