//! Opening, saving, quitting.

use super::App;
use super::origin::{OpenedFor, Opening};
use super::run::{Pinned, Run};
use crate::experiment::presets::{self, Preset};
use crate::experiment::{self, Experiment, link};
use crate::tui::message::{Effect, Openable, Saving, Source};
use crate::tui::overlay::{Awaited, Awaiting, Goal, Item, Line, List, Overlay, Prompt, Purpose};
use crate::tui::world::file_stem;
use std::path::PathBuf;

/// What an experiment's description was written of: the preset that it stands in, where it is one's, else the experiment as
/// it was opened.
pub(super) fn described_by(experiment: &Experiment) -> Experiment {
    let description = &experiment.description;
    let first = description.lines().next();
    let in_text = |preset: &&Preset| first.is_some_and(|line| preset.text.contains(line));
    let mut presets = presets::all().iter().filter(in_text);
    presets
        .find_map(|p| {
            p.experiment()
                .ok()
                .filter(|e| e.description == *description)
        })
        .unwrap_or_else(|| experiment.clone())
}

impl App {
    pub fn ask_to_open(&mut self) {
        self.wait_for(Awaited::List);
        self.effect(Effect::List);
    }

    pub(super) fn listed(&mut self, openables: Vec<Openable>) {
        if let Some(typed) = self.no_longer_awaits(|what| matches!(what, Awaited::List)) {
            self.show_openables(openables);
            self.type_again(typed);
        }
    }

    /// Reads a file to open it.
    pub(super) fn read(&mut self, path: PathBuf) {
        self.wait_for(Awaited::Open(path.clone()));
        self.effect(Effect::Open(path));
    }

    pub(super) fn show_openables(&mut self, openables: Vec<Openable>) {
        let items = openables
            .iter()
            .map(|openable| {
                let fault = match &openable.source {
                    Source::Preset(parsed) | Source::File(_, parsed) => parsed.as_ref().err(),
                    Source::Saved(..) => None,
                };
                Item {
                    name: openable.name.clone(),
                    note: openable.note.clone(),
                    // One paragraph, however the file breaks its lines.
                    help: openable
                        .description
                        .split_whitespace()
                        .collect::<Vec<_>>()
                        .join(" "),
                    fault: fault.cloned(),
                    ..Item::default()
                }
            })
            .collect();
        let list = List::new(
            "Open a preset, a file, or a saved run",
            items,
            Purpose::Open(openables),
        );
        self.overlays.push(Overlay::List(list));
    }

    pub(super) fn open(&mut self, openable: &Openable) {
        match &openable.source {
            Source::Saved(run, experiment) => {
                let mut opening = self.opening((**experiment).clone(), None);
                opening.origin.base.clone_from(&run.base_dir);
                opening.saved = Some(run.clone());
                self.start_unless_changed(opening);
            }
            Source::Preset(Ok(experiment)) => {
                let opening = self.opening((**experiment).clone(), None);
                self.start_unless_changed(opening);
            }
            Source::Preset(Err(fault)) | Source::File(_, Err(fault)) => {
                self.overlays.push(Overlay::Text {
                    title: format!("{} cannot be opened", openable.name),
                    text: fault.clone(),
                    scroll: 0,
                })
            }
            // It is read again: it may have changed since it was listed.
            Source::File(path, Ok(_)) => self.read(path.clone()),
        }
    }

    pub(super) fn opened(&mut self, path: PathBuf, result: Result<Box<Experiment>, String>) {
        let Some(awaiting) = self.taken_from_waiting(|what| what.is_open(&path)) else {
            return;
        };
        match result {
            Ok(experiment) => {
                let opening = self.opening(*experiment, Some(path));
                self.start_unless_changed(opening);
            }
            Err(fault) => return self.not_opened(path, fault, awaiting),
        }
        self.type_again(awaiting.typed);
    }

    /// What was typed comes back to be mended; faults of more than a line lie over it.
    fn not_opened(&mut self, path: PathBuf, fault: String, mut awaiting: Awaiting) {
        let is_prompt = matches!(awaiting.from.as_deref(), Some(Overlay::Prompt(_)));
        if is_prompt && fault.lines().count() == 1 {
            return self.mend(awaiting, &fault);
        }
        self.overlays
            .extend(awaiting.from.take().map(|overlay| *overlay));
        self.overlays.push(Overlay::Text {
            title: format!("{} cannot be opened", path.display()),
            text: fault,
            scroll: 0,
        });
        if !is_prompt {
            self.type_again(awaiting.typed);
        }
    }

    /// Another experiment, after a question where it would hide unsaved changes.
    pub(super) fn start_unless_changed(&mut self, opening: Opening) {
        if self.is_changed() {
            self.overlays.push(Overlay::ConfirmOpen(Box::new(opening)));
        } else {
            self.start(opening);
        }
    }

    /// What would hide unsaved changes is opened all the same.
    pub(super) fn start_confirmed(&mut self, opening: Opening) {
        match opening.opened_for {
            OpenedFor::Itself => self.start(opening),
            OpenedFor::Stop(at) => self.arrive_at(at, opening),
            OpenedFor::TourEnd => self.return_to(opening),
        }
    }

    /// Another experiment, from its beginning or from where a saved run broke off. `u` brings the one before back.
    pub(super) fn start(&mut self, opening: Opening) {
        let Opening {
            experiment,
            origin,
            saved,
            runs,
            ..
        } = opening;
        self.note_before_tour();
        let before = std::mem::replace(&mut self.experiment, experiment);
        self.remember(before);
        let at_step = saved.as_ref().map(|run| run.step);
        // Who chooses a saved run wants it to go on.
        self.wants_run = runs.unwrap_or(self.wants_run || saved.is_some());
        self.begin_at(origin, saved.map(|run| run.checkpoint));
        match at_step {
            Some(step) => self.tell_resumed(step),
            None => self.notice(format!("opened {}", self.experiment.name)),
        }
    }

    /// An earlier run of the experiment is there to be gone on with.
    pub(super) fn tell_earlier(&mut self, step: Option<u64>) {
        if let Some(step) = step {
            let steps = crate::text::thousands(step.into());
            self.notice(format!(
                "an earlier run of this is saved at step {steps}: {} lists it, to go on with",
                self.key_of("open")
            ));
        }
    }

    pub(super) fn tell_gone_on(&mut self, step: Option<u64>) {
        if let Some(step) = step {
            self.tell_resumed(step);
        }
    }

    /// Says that a saved run goes on.
    fn tell_resumed(&mut self, step: u64) {
        self.notice(format!(
            "{} goes on from step {}, where it was saved; {} starts it anew",
            self.experiment.name,
            crate::text::thousands(step.into()),
            self.key_of("restart")
        ));
    }

    /// The present run becomes the dimmed one beneath the next.
    pub(super) fn leave_run_behind(&mut self) {
        self.thaw();
        self.drop_cursor();
        self.window = None;
        let next = Run::new(self.experiment.clone());
        let old = std::mem::replace(&mut self.run, next);
        // Steps of a held key leave runs of a few steps: they don't displace one that shows something.
        let shown = self
            .pinned
            .iter()
            .find(|p| !p.kept)
            .map_or(0, |p| p.record.step());
        if old.experiment.data != self.experiment.data {
            // On other rows no figure can be held against this one's.
            return self.pinned.retain(|p| p.kept);
        }
        if old.record.is_empty() || old.record.step() < shown / 10 {
            return;
        }
        self.pinned.retain(|p| p.kept);
        // Pinned by hand as it was left, it is there already.
        if self.pinned.iter().any(|p| p.is_of(&old)) {
            return;
        }
        let of = &self.experiment;
        let mut before = Pinned::new(&old, self.origin.id, of, false);
        before.name += " (the run before)";
        self.pinned.push(before);
    }

    pub fn save(&mut self) {
        match self.origin.path.clone() {
            // Where the file is not what it was, that is told: nobody waits for a question.
            Some(path) => self.save_as_it_is(path, Some(Goal::SaveAs)),
            None => self.save_as(),
        }
    }

    pub(super) fn save_as_it_is(&mut self, path: PathBuf, ask: Option<Goal>) {
        self.saves += 1;
        self.effect(Effect::Save(Saving {
            number: self.saves,
            origin: self.origin.id,
            is_open: self.origin.path.as_ref() == Some(&path),
            path,
            experiment: Box::new(self.experiment.clone()),
            base: self.origin.base.clone(),
            ask,
        }));
    }

    pub fn save_as(&mut self) {
        let suggestion = match &self.origin.path {
            Some(path) => path.display().to_string(),
            None => format!("{}.toml", file_stem(&self.experiment.name)),
        };
        self.overlays.push(Overlay::Prompt(Prompt {
            title: "Save as".into(),
            help: "the experiment's file".into(),
            line: Line::new(&suggestion),
            error: None,
            goal: Goal::SaveAs,
        }));
    }

    /// The experiment that is saved is the one of when that was asked for, whatever has become of it since.
    pub(super) fn saved(&mut self, saving: Saving, result: Result<(), String>) {
        let awaiting = self.answered_about(&saving.path);
        let name = saving.path.display().to_string();
        let is_newest = saving.number == self.saves;
        match (result, awaiting) {
            (Ok(()), awaiting) => {
                self.notice(format!("saved {name}"));
                let origin = self.origin_mut(saving.origin);
                if let Some(origin) = origin.filter(|o| saving.number > o.last_saved) {
                    origin.last_saved = saving.number;
                    origin.saved = *saving.experiment;
                    origin.path = Some(saving.path);
                }
                // What has changed meanwhile is not lost by leaving.
                if is_newest && std::mem::take(&mut self.quit_after_save) && !self.is_changed() {
                    self.effect(Effect::Quit);
                }
                self.type_again(awaiting.map(|a| a.typed).unwrap_or_default());
            }
            (Err(why), Some(awaiting)) => self.mend(awaiting, &why),
            (Err(why), None) => {
                self.quit_after_save &= !is_newest;
                self.trouble(format!(
                    "not saved, {name}: {why} (the edit is kept; {} saves elsewhere)",
                    self.key_of("save-as")
                ));
            }
        }
    }

    /// What the tour was to bring back is brought back to be asked about, after a question where that hides other changes.
    pub fn quit(&mut self) {
        if self.unsaved_before_tour().is_some() {
            self.overlays.clear();
            self.end_race();
            if self.finder.is_some() {
                self.leave_finder();
            }
            self.leave_tour();
        }
        if self.unsaved_before_tour().is_some() {
            return;
        }
        if self.is_changed() {
            self.overlays.push(Overlay::ConfirmQuit);
        } else {
            self.effect(Effect::Quit);
        }
    }

    pub(super) fn save_and_quit(&mut self) {
        self.quit_after_save = true;
        self.save();
    }

    pub fn copy(&mut self) {
        self.effect(Effect::Copy(experiment::to_toml(&self.experiment)));
        self.notice(self.manner.keymap.in_text(
            "sent the experiment's file to the terminal's clipboard (OSC 52); where none arrives, {save-as} saves it",
        ));
    }

    pub fn copy_link(&mut self) {
        let link = link::encode(&self.experiment);
        self.notice(format!(
            "sent a link of {} characters to the terminal's clipboard: gradlab open '{}…', or paste it here",
            link.len(),
            link::PREFIX
        ));
        self.effect(Effect::Copy(link));
    }

    /// A link or an experiment's file was pasted over the panes: it is opened, after a question where that would hide
    /// unsaved changes.
    pub(super) fn open_pasted(&mut self, text: &str) {
        self.toast = None;
        let text = text.trim();
        let parsed = if text.starts_with(link::PREFIX) {
            link::decode(text).map_err(|e| e.to_string())
        } else if text.contains('=') {
            experiment::parse(text, "pasted").map_err(|faults| faults.to_string())
        } else if text.is_empty() {
            return;
        } else {
            return self.trouble(format!(
                "what was pasted is no experiment: a link begins with {}, a file with format = 1",
                link::PREFIX
            ));
        };
        match parsed {
            Ok(experiment) => {
                let opening = self.opening(experiment, None);
                self.start_unless_changed(opening);
            }
            Err(text) => self.overlays.push(Overlay::Text {
                title: "What was pasted cannot be opened".into(),
                text,
                scroll: 0,
            }),
        }
    }
}
