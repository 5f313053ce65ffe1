//! Waiting for what a drive was asked for: what is typed meanwhile is kept for it, and where the drive does not answer that is
//! said and the keys are free again.

use super::App;
use crate::text::clean;
use crate::tui::filing;
use crate::tui::key::leaves;
use crate::tui::message::Errand;
use crate::tui::overlay::line::LONGEST;
use crate::tui::overlay::{Awaited, Awaiting, Overlay, Prompt, Typed};
use crossterm::event::KeyEvent;
use std::path::{Path, PathBuf};

impl App {
    pub(super) fn wait_for(&mut self, what: Awaited) {
        self.overlays.push(Awaiting::overlay(what));
    }

    /// The same, of what was typed in an overlay.
    pub(super) fn wait_from(&mut self, what: Awaited, from: Overlay) {
        self.overlays.push(Awaiting::from(what, Some(from)));
    }

    pub(super) fn awaiting_key(&mut self, mut awaiting: Awaiting, key: KeyEvent) {
        if leaves(key) {
            if let Awaited::Columns(_, completion) = awaiting.what {
                self.step_back(completion, None);
            }
            return;
        }
        if !awaiting.late {
            awaiting.typed.push(Typed::Key(key));
        }
        self.overlays.push(Overlay::Awaiting(awaiting));
    }

    /// What was waited for is there (or is not waited for any more): gives what was typed meanwhile, where somebody still
    /// waits.
    pub(super) fn no_longer_awaits(&mut self, is: impl Fn(&Awaited) -> bool) -> Option<Vec<Typed>> {
        self.taken_from_waiting(is).map(|awaiting| awaiting.typed)
    }

    pub(super) fn taken_from_waiting(&mut self, is: impl Fn(&Awaited) -> bool) -> Option<Awaiting> {
        let place = self
            .overlays
            .iter()
            .position(|o| matches!(o, Overlay::Awaiting(awaiting) if is(&awaiting.what)))?;
        match self.overlays.remove(place) {
            Overlay::Awaiting(awaiting) => Some(awaiting),
            _ => None,
        }
    }

    /// What was typed before its time has come.
    pub(super) fn type_again(&mut self, typed: Vec<Typed>) {
        for typed in typed {
            match typed {
                Typed::Key(key) => self.key(key),
                Typed::Paste(text) => self.paste(&text),
            }
            self.preview();
        }
    }

    /// The drive does not answer: what can be done without it is done.
    pub(super) fn late(&mut self, errand: Errand) {
        match errand {
            Errand::List => {
                if let Some(typed) = self.no_longer_awaits(|what| matches!(what, Awaited::List)) {
                    self.show_openables(filing::shipped().collect());
                    self.type_again(typed);
                    self.trouble(self.manner.keymap.in_text(
                        "the drive does not answer: saved runs and files are not listed, {open} asks again",
                    ));
                }
            }
            Errand::Open(path) => self.seen_to_await(|what| what.is_open(&path)),
            Errand::Entries(typed) => {
                let why = "the drive does not answer";
                self.complete_with(typed, Err(why.into()));
            }
            Errand::Columns(path) => self.seen_to_await(|what| what.is_columns(&path)),
            Errand::Write(path) => {
                let typed = self.no_longer_awaits(|what| what.is_name(&path));
                self.type_again(typed.unwrap_or_default());
                let name = clean(&path.display().to_string(), 200);
                self.trouble(format!("still writing {name}: the drive does not answer"));
                self.writing.push(path);
            }
        }
    }

    fn seen_to_await(&mut self, is: impl Fn(&Awaited) -> bool) {
        for overlay in &mut self.overlays {
            if let Overlay::Awaiting(awaiting) = overlay
                && is(&awaiting.what)
            {
                awaiting.late = true;
                awaiting.typed.clear();
            }
        }
    }

    /// There is an answer about a file that was to be written: gives who waited for it.
    pub(super) fn answered_about(&mut self, path: &Path) -> Option<Awaiting> {
        self.writing.retain(|late: &PathBuf| late != path);
        self.taken_from_waiting(|what| what.is_name(path))
    }

    /// What was typed comes back to be mended. What was typed since is dropped: it was typed before anybody could know, and
    /// would take away what is wrong unseen.
    pub(super) fn mend(&mut self, awaiting: Awaiting, why: &str) {
        if let Some(Overlay::Prompt(prompt)) = awaiting.from.map(|overlay| *overlay) {
            self.overlays.push(Overlay::Prompt(Prompt {
                error: Some(clean(why, 2 * LONGEST)),
                ..prompt
            }));
        }
    }
}
