//! What the mailbox is built of, in one place: the model checker of `tests/loom` puts its own here.

pub use std::sync::atomic::{AtomicBool, Ordering};
pub use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
