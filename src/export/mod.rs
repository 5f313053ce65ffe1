//! A run, an experiment or the screen in somebody else's format.

pub mod curves;
pub mod job;
pub mod keras;
mod optimizer;
pub mod palette;
mod python;
pub mod pytorch;
pub mod rows;
#[cfg(test)]
mod samples;
pub mod svg;
pub mod tensorboard;
