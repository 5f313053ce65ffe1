//! The outside's end of the training thread.

use super::mailbox::Mailbox;
use super::worker::{self, Options};
use super::{Command, Frame};
use crate::experiment::Experiment;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// Name of the training thread: a panic in it is shown in a frame, so a panic hook may leave the terminal alone.
pub const THREAD_NAME: &str = "gradlab-training";

/// A running training thread. Dropping it stops the thread and waits for its end.
pub struct Handle {
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<()>>,
}

impl Handle {
    /// Starts the thread, which loads the data, builds the network and waits (paused) for commands. `notify` is called on
    /// that thread whenever there is a frame to take after there was none; relative paths start from `base_dir`.
    pub fn start(
        experiment: Experiment,
        base_dir: &Path,
        options: Options,
        notify: impl Fn() + Send + 'static,
    ) -> io::Result<Handle> {
        let mailbox = Arc::new(Mailbox::default());
        let shared = Arc::clone(&mailbox);
        let base_dir = base_dir.to_path_buf();
        let thread = Builder::new().name(THREAD_NAME.into()).spawn(move || {
            worker::run(&shared, experiment, &base_dir, options, &notify);
        })?;
        Ok(Handle {
            mailbox,
            thread: Some(thread),
        })
    }

    /// Queues a command; it is applied between two steps. Never blocks, never loses one.
    pub fn send(&self, command: Command) {
        self.mailbox.send(command);
    }

    /// The newest frame, with all points since the last one taken. Never blocks.
    pub fn take(&self) -> Option<Frame> {
        self.mailbox.take()
    }

    /// Stops the thread after the commands sent so far and waits for its end; the last frame is returned.
    pub fn join(mut self) -> Option<Frame> {
        self.end();
        self.mailbox.take()
    }

    fn end(&mut self) {
        self.mailbox.close();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was caught and shown as `Status::Failed`; nothing is left to report here.
            let _ = thread.join();
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}
