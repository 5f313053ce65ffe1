//! What a drive was asked for and what decides on the next key: a list, an experiment, a question. It comes within a moment;
//! until then what is typed is kept for it. A drive that hangs is said, and holds no key.

use super::{Completion, Overlay};
use crossterm::event::KeyEvent;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug)]
pub struct Awaiting {
    pub what: Awaited,
    pub typed: Vec<Typed>,
    /// It has been said that the drive does not answer: it is seen that this is waited for, and nothing is kept any more.
    pub late: bool,
    /// Where it was typed what is asked for: to be mended there where nothing comes of it.
    pub from: Option<Box<Overlay>>,
}

#[derive(Clone, Debug)]
pub enum Awaited {
    /// What can be opened.
    List,
    Open(PathBuf),
    /// The columns of the table that this names.
    Columns(PathBuf, Completion),
    /// Whether a file of this name is there.
    Name(PathBuf),
    /// What a path that was typed so far could go on as.
    Entries(String),
}

#[derive(Clone, Debug)]
pub enum Typed {
    Key(KeyEvent),
    Paste(String),
}

impl Awaited {
    pub fn is_open(&self, path: &Path) -> bool {
        matches!(self, Awaited::Open(p) if p == path)
    }

    pub fn is_columns(&self, path: &Path) -> bool {
        matches!(self, Awaited::Columns(p, _) if p == path)
    }

    pub fn is_name(&self, path: &Path) -> bool {
        matches!(self, Awaited::Name(p) if p == path)
    }

    pub fn is_entries(&self, typed: &str) -> bool {
        matches!(self, Awaited::Entries(t) if t == typed)
    }

    /// The file that is read.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Awaited::Open(path) | Awaited::Columns(path, _) | Awaited::Name(path) => Some(path),
            Awaited::List | Awaited::Entries(_) => None,
        }
    }
}

impl Awaiting {
    pub fn overlay(what: Awaited) -> Overlay {
        Self::from(what, None)
    }

    /// The same, of what was typed in an overlay.
    pub fn from(what: Awaited, from: Option<Overlay>) -> Overlay {
        Overlay::Awaiting(Self {
            what,
            typed: Vec::new(),
            late: false,
            from: from.map(Box::new),
        })
    }
}
