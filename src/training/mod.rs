//! The training thread: commands in, frames out.

pub mod autosaves;
pub mod checkpoint;
mod choice;
pub mod file;
mod gather;
pub mod guard;
mod handle;
pub mod lanes;
mod log;
pub mod look;
mod mailbox;
mod order;
mod pace;
pub mod pool;
pub mod pretrain;
pub mod protocol;
pub mod saver;
pub mod session;
pub mod sweep;
mod sync;
pub mod tensors;
mod trainee;
mod worker;

pub use checkpoint::{Checkpoint, CheckpointError, Glance};
pub use handle::{Handle, Left, THREAD_NAME};
pub use look::{DataView, Lens};
pub use mailbox::{Mailbox, bound, stands_out};
pub use order::rows_under_batch_norm;
pub use pace::{Burst, Measuring, Pace};
pub use pretrain::{PretrainError, Pretraining, Stage};
pub use protocol::*;
pub use session::{
    Session, SessionError, Start, check_transfer, could_go_on, has_layers_of, network_of,
};
pub use sweep::{Sweep, SweepState, Sweeper};
pub use tensors::{Numbers, Tensor, TensorFile, TensorFileError};
pub use trainee::{Advance, Change, Detail, Ended, Scores};
pub use worker::{Autosave, Options};
