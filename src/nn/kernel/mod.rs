//! The inner loops: batches in blocks of lanes, weight matrices, their three products, and the elementwise passes.
//! `f32` runs on the vector instructions found when the program runs; `f64` runs plain loops, so that the same network
//! code can be checked against finite differences.

mod blocked;
mod buffer;
mod derivative;
mod extremes;
mod gradient;
pub mod lane;
mod pass;
mod picked;
pub mod plain;
mod product;
mod quarter;
mod real;
mod samples;
pub mod slope;
mod small;
mod squares;
pub mod team;
mod tile;
mod transpose;
mod vector;
mod weights;

use fearless_simd::{Level, dispatch, prelude::*};
use std::sync::OnceLock;

pub(crate) use blocked::clear_past;
pub use blocked::{Blocked, Share};
pub use buffer::Buffer;
pub use derivative::{Holds, is_few};
pub use extremes::Extremes;
pub(crate) use extremes::larger;
pub use gradient::{GROUP, has_strips};
pub use lane::Lane;
pub use product::half;
pub use real::{Real, Source};
pub use samples::Samples;
pub use squares::{RUN, SOUND};
pub use team::{Crew, Team};
pub(crate) use tile::array;
pub use weights::Weights;

/// The processor's vector instructions, looked up once: asking it anew costs more than a small layer's pass.
pub(crate) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(Level::new)
}

/// Runs `pass`, a loop that the compiler can vectorize and that is marked `#[inline(always)]`, with the processor's widest
/// vectors. Results do not depend on the width: the loops keep sums in [`LANES`] parts of their own.
#[inline(always)]
pub(crate) fn wide<R>(pass: impl FnOnce() -> R) -> R {
    dispatch!(level(), s => s.vectorize(pass))
}

/// Samples side by side in a block.
pub const LANES: usize = 16;

#[cfg(test)]
pub(crate) use squares::tests::values_of_one_size;
#[cfg(test)]
mod tests;
