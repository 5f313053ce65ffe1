//! What lies over the panes: lists that filter as one types, forms, prompts, questions, texts. The top one gets the keys.

pub mod awaiting;
pub mod form;
pub mod hints;
pub mod line;
pub mod list;
pub mod preview;
pub mod question;
pub mod view;

use super::app::origin::Opening;
use super::edit::{Choice, Field, Slot};
use crate::nn::vocabulary::Value;
pub use awaiting::{Awaited, Awaiting, Typed};
pub use form::{Form, Subject};
pub use line::Line;
use std::path::PathBuf;

pub use list::{Asked, Item, List, Purpose};

#[derive(Clone, Debug)]
pub enum Overlay {
    List(List),
    Form(Form),
    Prompt(Prompt),
    /// Quit with unsaved changes?
    ConfirmQuit,
    /// Open another experiment, of this file where it has one, in the place of unsaved changes?
    ConfirmOpen(Box<Opening>),
    /// Something that is read from a drive.
    Awaiting(Awaiting),
    /// A text to read: a faulty preset's faults, the run's failure in full.
    Text {
        title: String,
        text: String,
        scroll: usize,
    },
}

impl Overlay {
    /// What comes within a moment is not worth a box.
    pub fn is_seen(&self) -> bool {
        !matches!(self, Overlay::Awaiting(awaiting) if !awaiting.late)
    }

    /// Whether it is a text with the keys that answer it.
    pub fn is_question(&self) -> bool {
        matches!(
            self,
            Overlay::ConfirmQuit | Overlay::ConfirmOpen(..) | Overlay::Awaiting(_)
        )
    }
}

/// A line to type.
#[derive(Clone, Debug)]
pub struct Prompt {
    pub title: String,
    pub help: String,
    pub line: Line,
    /// What was wrong with the last try.
    pub error: Option<String>,
    pub goal: Goal,
}

/// A picked entry whose parameters are asked for.
#[derive(Clone, Debug)]
pub struct Completion {
    pub slot: Slot,
    pub choice: Choice,
    /// Of its parameters; `None` where there is neither a default nor an answer yet.
    pub values: Vec<Option<Value>>,
    /// The parameters that were answered, in that order.
    pub answered: Vec<usize>,
}

/// What a prompt is for.
#[derive(Clone, Debug)]
pub enum Goal {
    Set(Field),
    /// An entry was picked whose parameters have no default: they are asked for one by one.
    Complete(Completion),
    SaveAs,
    /// A file of this name is there: the same goal once more, which replaces it unless the name is changed.
    Replace(Box<Goal>, PathBuf),
    OpenPath,
    SaveCurves,
    SavePicture,
    NamePinned,
}
