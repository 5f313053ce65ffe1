//! The outside's end of the training thread.

use super::mailbox::Mailbox;
use super::worker::{self, Options};
use super::{Command, Frame};
use crate::experiment::Experiment;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

/// Name of the training thread: a panic in it is shown in a frame, so a panic hook may leave the terminal alone.
pub const THREAD_NAME: &str = "gradlab-training";

/// A running training thread. Dropping it stops the thread and waits for its end.
pub struct Handle {
    mailbox: Arc<Mailbox>,
    thread: Option<JoinHandle<Option<PathBuf>>>,
}

/// What a training thread leaves.
#[derive(Debug)]
pub struct Left {
    pub frame: Option<Frame>,
    /// The autosave that holds its last run, if that was saved.
    pub kept: Option<PathBuf>,
}

impl Handle {
    /// Starts the thread, which loads the data, builds the network and begins with what the options say. `notify` is called on
    /// that thread whenever there is a frame to take after there was none; relative paths start from `base_dir`.
    pub fn start(
        experiment: Experiment,
        base_dir: &Path,
        options: Options,
        notify: impl Fn() + Send + 'static,
    ) -> io::Result<Handle> {
        let mailbox = Arc::new(Mailbox::default());
        if let Some(command) = options.begin.clone() {
            mailbox.send(command);
        }
        let shared = Arc::clone(&mailbox);
        let base_dir = base_dir.to_path_buf();
        let thread = Builder::new()
            .name(THREAD_NAME.into())
            .spawn(move || worker::run(&shared, experiment, &base_dir, options, &notify))?;
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

    /// Stops the thread after the commands sent so far and waits for its end.
    pub fn join(mut self) -> Left {
        let kept = self.end();
        Left {
            frame: self.mailbox.take(),
            kept,
        }
    }

    fn end(&mut self) -> Option<PathBuf> {
        self.mailbox.close();
        // A panic in the thread was caught and shown as `Status::Failed`; nothing is left to report here.
        self.thread.take()?.join().ok().flatten()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}
