//! Lines that are typed: values, names, and paths, which tab completes.

use super::{App, Tone};
use crate::experiment::link;
use crate::nn::vocabulary::Limits;
use crate::text::clean;
use crate::tui::edit::value;
use crate::tui::message::Effect;
use crate::tui::overlay::line::LONGEST;
use crate::tui::overlay::{Awaited, Goal, Line, Overlay, Prompt, line};
use crate::tui::paths::{self, Completed};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::PathBuf;

impl App {
    pub(super) fn prompt_key(&mut self, mut prompt: Prompt, key: KeyEvent) {
        match key.code {
            KeyCode::Esc => {
                self.quit_after_save = false;
                if let Goal::Complete(completion) = prompt.goal {
                    self.step_back(completion, None);
                }
                return;
            }
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return self.quit_after_save = false;
            }
            KeyCode::Tab if self.names_a_file(&prompt.goal) => return self.complete(prompt),
            KeyCode::Enter => {
                if let Err(error) = self.answer(&prompt) {
                    prompt.error = Some(error);
                    self.overlays.push(Overlay::Prompt(prompt));
                }
                return;
            }
            _ => {
                if prompt.line.key(key) == Some(true) {
                    prompt.error = None;
                }
            }
        }
        self.overlays.push(Overlay::Prompt(prompt));
    }

    /// What was typed is taken, or the error says what would be right.
    fn answer(&mut self, prompt: &Prompt) -> Result<(), String> {
        let text = prompt.line.text();
        let from = || Overlay::Prompt(prompt.clone());
        match &prompt.goal {
            Goal::Set(field) => {
                let Some(parameter) = field.parameter(&self.experiment) else {
                    return Ok(());
                };
                let new = value::parse(text, &parameter)?;
                if new != field.get(&self.experiment) && !self.edit(|e| field.set(e, &new)) {
                    return match self.toast.take() {
                        Some(toast) if toast.tone == Tone::Trouble => Err(toast.text),
                        _ => Err("that does not fit here".into()),
                    };
                }
                Ok(())
            }
            Goal::Complete(completion) => self.type_answer(completion, text),
            goal @ (Goal::SaveAs | Goal::SaveCurves | Goal::SavePicture) => {
                self.save_to(path_of(text)?, goal, None, from())
            }
            Goal::Replace(goal, known) => self.save_to(path_of(text)?, goal, Some(known), from()),
            Goal::NamePinned => self.name_pinned(text),
            Goal::OpenPath => self.open_named(text, from()),
        }
    }

    /// Opens what was typed where one opens things: a link, or a file by its path.
    pub(super) fn open_named(&mut self, text: &str, from: Overlay) -> Result<(), String> {
        let text = text.trim();
        if text.starts_with(link::PREFIX) {
            let experiment = link::decode(text).map_err(|e| clean(&e.to_string(), 400))?;
            let opening = self.opening(experiment, None);
            self.start_unless_changed(opening);
        } else {
            let path = path_of(text)?;
            self.wait_from(Awaited::Open(path.clone()), from);
            self.effect(Effect::Open(path));
        }
        Ok(())
    }

    /// Whether a path is typed.
    pub fn names_a_file(&self, goal: &Goal) -> bool {
        match goal {
            Goal::SaveAs | Goal::Replace(..) | Goal::OpenPath => true,
            Goal::SaveCurves | Goal::SavePicture => true,
            Goal::NamePinned => false,
            goal => self.names_data(goal),
        }
    }

    /// Whether it is the path of an experiment's data, which starts from the experiment's own folder.
    fn names_data(&self, goal: &Goal) -> bool {
        let parameter = match goal {
            Goal::Set(field) => field.parameter(&self.experiment),
            Goal::Complete(completion) => completion.asked(&self.experiment),
            _ => None,
        };
        parameter.is_some_and(|p| p.limits == Limits::Path)
    }

    /// Asks for what the path could go on as.
    fn complete(&mut self, prompt: Prompt) {
        let typed = prompt.line.text().to_string();
        let base = match self.names_data(&prompt.goal) {
            true => self.origin.base.clone(),
            false => PathBuf::from("."),
        };
        self.overlays.push(Overlay::Prompt(prompt));
        self.wait_for(Awaited::Entries(typed.clone()));
        self.effect(Effect::Complete(base, typed));
    }

    /// The path goes on, or it is said why not; nobody may wait for that any more.
    pub(super) fn complete_with(&mut self, typed: String, result: Result<Completed, String>) {
        let Some(meanwhile) = self.no_longer_awaits(|what| what.is_entries(&typed)) else {
            return;
        };
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() {
            match result {
                Ok(completed) => {
                    prompt.line = Line::completed(&completed.text, completed.names);
                    prompt.error = None;
                }
                Err(why) => prompt.error = Some(clean(&why, 2 * LONGEST)),
            }
        }
        self.type_again(meanwhile);
    }
}

pub(super) fn path_of(text: &str) -> Result<PathBuf, String> {
    let text = line::clean(text);
    match text.trim() {
        "" => Err("write a file's name".into()),
        name => Ok(paths::of(name)),
    }
}
