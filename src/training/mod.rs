//! The training thread: commands in, frames out.

pub mod protocol;

pub use protocol::*;
