//! The training thread: commands in, frames out.

mod mailbox;
pub mod protocol;

pub use mailbox::Mailbox;
pub use protocol::*;
