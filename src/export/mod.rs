//! A run, an experiment or the screen in somebody else's format.

pub mod palette;
pub mod svg;
