//! What happens to the workbench, and what it wants done: the only two roads between the state and the world.

use super::inquiry::{Answer, Question};
use super::overlay::{Completion, Goal};
use super::paths::Completed;
use crate::experiment::Experiment;
use crate::training::{Command, Frame, Sweep};
use crossterm::event::{KeyEvent, MouseEvent};
use std::path::PathBuf;

/// Something happened.
#[derive(Debug)]
pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    Frame(Box<Frame>),
    /// From the training of one of a race's lanes.
    Lap(usize, Box<Frame>),
    /// From the learning-rate finder.
    Swept(Box<Sweep>),
    /// What the screen had asked.
    Answered(Box<Answer>),
    /// What can be opened: the presets and the files beside the experiment.
    Listed(Vec<Openable>),
    /// The columns that a table's first line names, for the answer that waits for them.
    Columns(Completion, Result<Vec<String>, String>),
    /// What a path that was typed so far goes on as; `Err` says why nothing.
    Entries(String, Result<Completed, String>),
    /// A file was read; `Err` says why not, or what is wrong with it and where.
    Opened(PathBuf, Result<Box<Experiment>, String>),
    /// A file stands in the way: the person is asked by this goal whether it is to be replaced.
    Exists(PathBuf, Goal, Obstacle),
    /// An experiment's file was written, or could not be.
    Saved(Saving, Result<(), String>),
    /// Something to take away was written, and what it is, or could not be.
    Written(PathBuf, Result<String, String>),
    /// What a drive was asked for has had no answer for long.
    Late(Errand),
    /// How far a saved run has come of the experiment that the workbench was started with, where there is one.
    Earlier(Option<u64>),
    /// The step from which the run goes on that the workbench was started with.
    Resumed(Option<u64>),
    /// A line for the person.
    Notice(String),
    /// A trouble for the person.
    Trouble(String),
}

/// An experiment on its way to its file.
#[derive(Clone, Debug)]
pub struct Saving {
    /// Counts up with every save that was asked for.
    pub number: u64,
    /// What it was opened as.
    pub origin: u64,
    pub path: PathBuf,
    pub experiment: Box<Experiment>,
    /// Where its relative paths start.
    pub base: PathBuf,
    /// What asks first where a file stands in the way; `None` replaces it.
    pub ask: Option<Goal>,
    /// The file is the open one, which is replaced as long as it is as it was read or written here.
    pub is_open: bool,
}

/// Why a file is not replaced without a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    There,
    Changed,
    Protected,
}

impl Obstacle {
    /// What is said of the file.
    pub fn words(self) -> &'static str {
        match self {
            Obstacle::There => "is there already",
            Obstacle::Changed => "has changed on disk since it was opened",
            Obstacle::Protected => "is write-protected",
        }
    }
}

/// What a drive was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Errand {
    /// What can be opened.
    List,
    Open(PathBuf),
    Columns(PathBuf),
    Write(PathBuf),
    /// What a path that was typed so far goes on as.
    Entries(String),
}

/// An entry of the list that `o` opens.
#[derive(Clone, Debug)]
pub struct Openable {
    pub name: String,
    /// Where it comes from, or what it teaches.
    pub note: String,
    pub description: String,
    pub source: Source,
}

#[derive(Clone, Debug)]
pub enum Source {
    /// A preset, or the faults that it has.
    Preset(Result<Box<Experiment>, String>),
    /// A file, as it was when the list was made.
    File(PathBuf, Result<Box<Experiment>, String>),
    /// A run that was saved without being asked.
    Saved(SavedRun, Box<Experiment>),
}

/// A run to go on with.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedRun {
    pub checkpoint: PathBuf,
    pub step: u64,
    /// Where its experiment's relative paths start.
    pub base_dir: PathBuf,
}

/// Something is to be done outside the state.
#[derive(Debug)]
pub enum Effect {
    Send(Command),
    /// To be found out beside the screen.
    Ask(Box<Question>),
    /// A new training thread: another experiment, whose relative paths start from `base`, perhaps a run that goes on from a
    /// checkpoint; it runs, or waits as it was drawn.
    Start {
        experiment: Box<Experiment>,
        base: PathBuf,
        resume: Option<PathBuf>,
        runs: bool,
    },
    /// Training threads beside the present one, each to take so many steps.
    Race {
        experiments: Vec<Experiment>,
        steps: u64,
    },
    /// So many steps more for every lane of the race.
    Lap(u64),
    EndRace,
    /// A sweep over learning rates beside the present run; the one before it ends.
    Sweep(Box<Experiment>),
    EndSweep,
    List,
    /// Which columns a table has.
    Columns(PathBuf, Completion),
    /// What a path that was typed so far goes on as, from a folder on.
    Complete(PathBuf, String),
    Open(PathBuf),
    Save(Saving),
    /// Something to take away, written whole or not at all.
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
        /// What it is, for the line that says it is there.
        what: String,
        /// What asks first where a file of the name is there; `None` replaces it.
        ask: Option<Goal>,
    },
    Copy(String),
    Suspend,
    /// The whole screen anew, whatever the terminal has made of it.
    Redraw,
    Quit,
}
