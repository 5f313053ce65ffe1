//! The inner loops: batches in blocks of lanes, weight matrices, their three products, and the elementwise passes.
//! `f32` runs on the vector instructions found when the program runs; `f64` runs plain loops, so that the same network
//! code can be checked against finite differences.

mod blocked;
mod buffer;
pub mod lane;
mod pass;
pub mod plain;
mod product;
mod real;
mod runs;
pub mod slope;
pub mod team;
mod tile;
mod vector;
mod weights;

pub use blocked::{Blocked, Share};
pub use buffer::Buffer;
pub use lane::Lane;
pub use real::Real;
pub use team::{Crew, Team};
pub use weights::Weights;

/// Samples side by side in a block.
pub const LANES: usize = 16;

#[cfg(test)]
mod tests;
