//! How a command ends.

use crate::data::Dataset;
use crate::experiment::{Experiment, unmet};
use std::io::Write;
use std::process::ExitCode;
use thiserror::Error;

/// Exit statuses, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Done,
    /// The run failed.
    Failed,
    /// The command line or the experiment file is wrong.
    Misused,
    /// A loss that is not finite; what was reached is still written.
    Diverged,
    /// Stopped by a signal after saving a checkpoint: run it again to go on.
    Stopped,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(match status {
            Status::Done => 0,
            Status::Failed => 1,
            Status::Misused => 2,
            Status::Diverged => 3,
            Status::Stopped => 75,
        })
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line or the experiment file is wrong.
    #[error("{0}")]
    Misused(String),
    /// A value that is not finite before the first step of the run.
    #[error("{0}")]
    Diverged(String),
    /// Anything that happened on the way.
    #[error("{0}")]
    Failed(String),
    /// Whoever read the output has gone away: nothing is wrong, and nothing more is said.
    #[error("the output was closed")]
    Closed,
}

impl Failure {
    pub fn status(&self) -> Status {
        match self {
            Self::Misused(_) => Status::Misused,
            Self::Diverged(_) => Status::Diverged,
            Self::Failed(_) => Status::Failed,
            Self::Closed => Status::Done,
        }
    }

    /// An error of writing results.
    pub fn of_output(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("the output cannot be written: {error}")),
        }
    }
}

/// What the data cannot give of what the experiment asks for, and what is used instead.
pub fn say_unmet(experiment: &Experiment, data: &Dataset) {
    for what in unmet(experiment, data) {
        say(&format!("gradlab: {what}"));
    }
}

/// A line to standard error. Nobody may be left to read it: a terminal that has gone away must not end a run, as it does
/// where `eprintln!` panics.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{}", crate::text::printable(line));
}
