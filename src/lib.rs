//! gradlab: a terminal workbench for gradient flow. Each module is a room with one job, and knows only those below it.

pub mod cli;
pub mod data;
pub mod experiment;
pub mod export;
pub mod insight;
pub mod memory;
pub mod nn;
pub mod telemetry;
pub mod text;
pub mod training;
pub mod tui;
