//! Files that are there already: none is replaced before the person has said so.

use super::App;
use crate::text::clean;
use crate::tui::message::Obstacle;
use crate::tui::overlay::line::LONGEST;
use crate::tui::overlay::{Awaited, Goal, Line, Overlay, Prompt};
use std::path::PathBuf;

impl App {
    /// Writes what the goal says; `known` is a file that may be replaced.
    pub(super) fn save_to(
        &mut self,
        path: PathBuf,
        goal: &Goal,
        known: Option<&PathBuf>,
        from: Overlay,
    ) -> Result<(), String> {
        let ask = (known != Some(&path)).then(|| goal.clone());
        match goal {
            Goal::SaveCurves => self.save_curves(path.clone(), ask.clone())?,
            Goal::SavePicture => self.save_picture(path.clone(), ask.clone())?,
            _ => {
                self.save_as_it_is(path.clone(), ask.clone());
            }
        }
        if ask.is_some() {
            self.wait_from(Awaited::Name(path), from);
        }
        Ok(())
    }

    /// A file stands in the way, and the person is asked; where they did not wait for that, they are told.
    pub(super) fn exists(&mut self, path: PathBuf, goal: Goal, why: Obstacle) {
        match self.answered_about(&path) {
            Some(awaiting) => {
                self.ask_to_replace(path, goal, why);
                self.type_again(awaiting.typed);
            }
            None => {
                self.quit_after_save = false;
                let name = clean(&path.display().to_string(), 200);
                let (why, way) = match why {
                    Obstacle::There => (why.words(), "saving asks once more"),
                    _ => (why.words(), "S asks whether to replace it"),
                };
                // the way out first: a narrow window cuts the end
                self.trouble(format!("not saved, {way}: {name} {why}"));
            }
        }
    }

    /// Something to take away was written.
    pub(super) fn written(&mut self, path: PathBuf, result: Result<String, String>) {
        let awaiting = self.answered_about(&path);
        let name = path.display();
        match (result, awaiting) {
            (Ok(what), awaiting) => {
                self.notice(format!("saved {what} as {name}"));
                self.type_again(awaiting.map(|a| a.typed).unwrap_or_default());
            }
            (Err(why), Some(awaiting)) => self.mend(awaiting, &why),
            (Err(why), None) => self.trouble(format!("not saved, {name}: {why}")),
        }
    }

    fn ask_to_replace(&mut self, path: PathBuf, goal: Goal, why: Obstacle) {
        // The file that is there, to its last letter: a name that was cut would be another one.
        let whole = path.display().to_string();
        let name = clean(&whole, LONGEST);
        self.overlays.push(Overlay::Prompt(Prompt {
            title: "Replace a file".into(),
            help: "enter replaces it, another name saves elsewhere".into(),
            error: Some(format!("{name} {}", why.words())),
            line: Line::new(&whole),
            goal: Goal::Replace(Box::new(goal), path),
        }));
    }
}
