//! Files that are there already: none is replaced before the person has said so.

use super::App;
use crate::experiment;
use crate::text::clean;
use crate::tui::message::Effect;
use crate::tui::overlay::{Goal, Line, Overlay, Prompt};
use std::path::PathBuf;

impl App {
    /// Writes what the goal says; `known` is a file that may be replaced.
    pub(super) fn save_to(
        &mut self,
        path: PathBuf,
        goal: &Goal,
        known: Option<&PathBuf>,
    ) -> Result<(), String> {
        let ask = (known != Some(&path)).then(|| goal.clone());
        match goal {
            Goal::SaveCurves => self.save_curves(path, ask),
            Goal::SavePicture => self.save_picture(path, ask),
            _ => {
                // The open file is saved over by `s` too.
                let ask = ask.filter(|_| self.path.as_ref() != Some(&path));
                let text = experiment::to_toml(&self.experiment);
                self.effect(Effect::Save { path, text, ask });
                Ok(())
            }
        }
    }

    /// A file of the name is there already.
    pub(super) fn ask_to_replace(&mut self, path: PathBuf, goal: Goal) {
        let name = clean(&path.display().to_string(), 200);
        self.overlays.push(Overlay::Prompt(Prompt {
            title: "Replace a file".into(),
            help: "enter replaces it, another name saves elsewhere".into(),
            error: Some(format!("{name} is there already")),
            line: Line::new(&name),
            goal: Goal::Replace(Box::new(goal), path),
        }));
    }
}
