//! The workbench.

pub mod glyphs;
pub mod theme;
pub mod widgets;
