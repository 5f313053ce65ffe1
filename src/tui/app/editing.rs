//! Edits: each makes a new experiment value, checked by the file's own rules, sent to training at once, and undone by
//! bringing the old value back.

use super::past::Past;
use super::run::Pinned;
use super::{App, NetworkRow};
use crate::experiment::{self, Experiment};
use crate::nn::vocabulary::{Value, Vocabulary};
use crate::text::{number, thousands};
use crate::training::{Command, Status, could_go_on};
use crate::tui::edit::{
    Choice, Field, LayerScalar, LayerSlot, Scalar, Slot, field, layers, lower, value,
};
use crate::tui::layout::Pane;
use crate::tui::overlay::{Form, Goal, Item, Line, List, Overlay, Prompt, Purpose, Subject};

/// Edits that can be taken back.
const MOST_UNDO: usize = 500;

impl App {
    /// Applies an edit; false where it changed nothing or the file's rules refuse it (then the person is told why).
    pub(super) fn edit(&mut self, change: impl FnOnce(&mut Experiment) -> bool) -> bool {
        let mut next = self.experiment.clone();
        if !change(&mut next) || next == self.experiment {
            return false;
        }
        if let Err(fault) = check(&next) {
            self.trouble(fault);
            return false;
        }
        self.replace(next);
        true
    }

    /// What the person would not see: a change that waits for the next start, or one in the middle of a run.
    fn tell_when(&mut self, before: &Experiment) {
        let (old, new) = (
            &before.training.optimizer,
            &self.experiment.training.optimizer,
        );
        let new_stop = before.training.stop != self.experiment.training.stop;
        if matches!(self.run.status, Status::Finished(_)) {
            // What it cannot go on with, or may go on for, it shows at once.
            if could_go_on(before, &self.experiment) && !new_stop {
                let key = self.key_of("restart");
                self.notice(format!(
                    "the run has ended: {key} starts it again with the change"
                ));
            }
        } else if old.name() != new.name() && !self.run.record.is_empty() {
            self.notice(format!(
                "{} from this step on, at learning rate {}; {} starts again with it",
                new.name(),
                number(new.learning_rate()),
                self.key_of("restart")
            ));
        }
    }

    /// Puts a whole new experiment in the place of the present one; `u` brings that back.
    pub fn replace(&mut self, next: Experiment) {
        let before = std::mem::replace(&mut self.experiment, next);
        self.replaced(before);
    }

    /// The same, with what is selected wherever it stands in the next one.
    pub(super) fn replace_beneath_selection(&mut self, next: Experiment) {
        let before = std::mem::replace(&mut self.experiment, next);
        self.select_as_in(&before);
        self.replaced(before);
    }

    fn replaced(&mut self, before: Experiment) {
        self.tell_when(&before);
        self.remember(before);
        self.changed();
    }

    /// What the present experiment took the place of, for `u`. What was opened is still that of before.
    pub(super) fn remember(&mut self, before: Experiment) {
        let past = Past::of(before, self.origin.id, &self.experiment);
        self.undo.push(past);
        if self.undo.len() > MOST_UNDO {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    pub fn undo(&mut self) {
        if let Some(past) = self.undo.pop() {
            let undone = self.bring_back(past);
            self.taken_back = undone.origin == self.origin.id;
            self.redo.push(undone);
        }
    }

    /// An edit taken back brings the experiment back; the steps that its run had taken come again, bit for bit.
    pub(super) fn tell_of_steps(&mut self) {
        let is_it = |p: &&Pinned| p.experiment == self.experiment;
        let left = self.pinned.iter().rev().find(is_it);
        if let Some(steps) = left.map(|p| p.record.step()).filter(|s| *s > 0) {
            let steps = thousands(steps.into());
            self.notice(match self.wants_run {
                true => format!(
                    "taken back: the run begins anew and takes the same {steps} steps again"
                ),
                false => format!(
                    "taken back: the run waits at its start; {} takes the same {steps} steps again",
                    self.key_of("run-pause")
                ),
            });
        }
    }

    pub fn redo(&mut self) {
        if let Some(past) = self.redo.pop() {
            let redone = self.bring_back(past);
            self.undo.push(redone);
        }
    }

    /// Returns what it takes the place of. What was opened before comes back to where that was.
    fn bring_back(&mut self, past: Past) -> Past {
        let origin = self.left(past.origin).cloned();
        let before = past.before(&self.experiment);
        let now = std::mem::replace(&mut self.experiment, before);
        if origin.is_none() {
            self.select_as_in(&now);
        }
        let undone = Past::of(now, self.origin.id, &self.experiment);
        match origin {
            Some(origin) => {
                self.begin_at(origin, None);
                self.notice(format!(
                    "back to {}, which begins anew",
                    self.experiment.name
                ));
            }
            None => self.changed(),
        }
        undone
    }

    fn changed(&mut self) {
        self.taken_back = false;
        self.clamp();
        self.refresh_insight();
        for run in std::iter::once(&mut self.run).chain(self.live.as_deref_mut()) {
            run.note_change();
            run.goes_on_as(&self.experiment);
            run.compare_layers(&self.experiment, self.insight.spec.as_ref());
        }
        let next = Box::new(self.experiment.clone());
        self.send(Command::Replace(next));
        if self.wants_run {
            self.send(Command::Run);
        }
    }

    // Layers.

    pub fn add_layer(&mut self) {
        let after = match self.network_selection() {
            NetworkRow::Input => None,
            NetworkRow::Layer(i) => Some(i),
            NetworkRow::Output | NetworkRow::Defaults => {
                self.experiment.network.layers.len().checked_sub(1)
            }
        };
        let mut at = 0;
        if self.edit(|e| {
            at = layers::add(e, after);
            true
        }) {
            self.select_entry(at);
        }
    }

    pub fn duplicate_layer(&mut self) {
        if let Some(i) = self.selected_entry()
            && self.edit(|e| layers::duplicate(e, i))
        {
            self.select_entry(i + 1);
        }
    }

    pub fn delete_layer(&mut self) {
        if let Some(i) = self.selected_entry() {
            self.edit(|e| layers::delete(e, i));
            self.follow_network();
        }
    }

    pub fn move_layer(&mut self, up: bool) {
        let mut to = None;
        if let Some(i) = self.selected_entry() {
            self.edit(|e| {
                to = layers::shift(e, i, up);
                to.is_some()
            });
        }
        if let Some(i) = to {
            self.select_entry(i);
        }
    }

    pub fn toggle_frozen(&mut self) {
        let entry = self.selected_entry();
        let mut said = String::new();
        if self.edit(|e| {
            said = lower::toggle_frozen(e, entry);
            true
        }) {
            let from = match self.run.status {
                Status::Finished(_) => "once {restart} starts the run again",
                _ => "from the next step on",
            };
            let from = self.manner.keymap.in_text(from);
            self.notice(format!("{said}, {from} {}", self.takes_back()));
        }
    }

    fn select_entry(&mut self, i: usize) {
        self.network_row = i + 1;
        self.clamp();
        self.follow_network();
    }

    // Fields.

    /// The field that is selected: of the form on top, else of the Training pane.
    pub fn selected_field(&self) -> Option<Field> {
        match self.overlays.last() {
            Some(Overlay::Form(form)) => form.fields(&self.experiment).get(form.selected).copied(),
            Some(_) => None,
            None if self.focus == Pane::Training => field::training(&self.experiment)
                .get(self.training_row)
                .copied(),
            None => self
                .selected_entry()
                .map(|i| Field::Scalar(Scalar::Layer(i, LayerScalar::Units))),
        }
    }

    /// `+` and `-`.
    pub fn nudge(&mut self, up: bool) {
        let Some(field) = self.selected_field() else {
            return;
        };
        let Some(parameter) = field.parameter(&self.experiment) else {
            return;
        };
        let now = field.get(&self.experiment);
        let next = match field {
            Field::Scalar(Scalar::Seed) => value::neighbour(&now, parameter.limits, up),
            _ => value::nudge(&now, parameter.limits, up),
        };
        if let Some(next) = next {
            self.edit(|e| field.set(e, &next));
        }
    }

    /// Enter: edits what is selected in the focused pane.
    pub fn edit_selected(&mut self) {
        match self.focus {
            Pane::Training => {
                if let Some(field) = self.selected_field() {
                    self.edit_field(field);
                }
            }
            _ => {
                let subject = match self.network_selection() {
                    NetworkRow::Input => return self.edit_field(Field::Entry(Slot::Data)),
                    NetworkRow::Layer(i) => Subject::Layer(i),
                    NetworkRow::Output => Subject::Output,
                    NetworkRow::Defaults => Subject::Defaults,
                };
                self.overlays.push(Overlay::Form(Form {
                    subject,
                    selected: 0,
                    first: None,
                }));
            }
        }
    }

    /// Straight to the picker of the selected layer's activation or initializer.
    pub fn pick_in_layer(&mut self, slot: LayerSlot) {
        let slot = match (self.network_selection(), slot) {
            (NetworkRow::Layer(i), slot) => Slot::Layer(i, slot),
            (NetworkRow::Output, LayerSlot::Init) => Slot::OutputInit,
            (_, LayerSlot::Init) => Slot::Init,
            _ => Slot::Activation,
        };
        self.edit_field(Field::Entry(slot));
    }

    pub fn edit_field(&mut self, field: Field) {
        use crate::tui::edit::field::Editor;
        match field.editor(&self.experiment) {
            Editor::Pick => {
                if let Field::Entry(slot) = field {
                    self.open_picker(slot);
                }
            }
            Editor::Words(words) => {
                let now = field.text(&self.experiment);
                let items = words.iter().map(|w| Item {
                    name: w.to_string(),
                    ..Item::default()
                });
                let at = words.iter().position(|w| *w == now).unwrap_or(0);
                let list = List::new(
                    field.label(&self.experiment),
                    items.collect(),
                    Purpose::Words(field, words),
                );
                self.overlays.push(Overlay::List(list.select_item(at)));
            }
            Editor::Toggle => {
                if let Value::Flag(on) = field.get(&self.experiment) {
                    self.edit(|e| field.set(e, &Value::Flag(!on)));
                }
            }
            Editor::Type => self.open_prompt(field),
        }
    }

    fn open_picker(&mut self, slot: Slot) {
        let offers = slot.offers(&self.experiment);
        let now = slot.get(&self.experiment).map(|(choice, _)| choice);
        let choices: Vec<Choice> = offers.iter().map(|o| o.choice).collect();
        let at = choices.iter().position(|c| Some(*c) == now).unwrap_or(0);
        let items = offers
            .into_iter()
            .map(|offer| Item {
                note: self.note_on(slot, offer.choice, Some(offer.choice) == now),
                help: match offer.source {
                    "-" => offer.help.to_string(),
                    source => format!("{}\n{source}", offer.help),
                },
                name: offer.name,
                ..Item::default()
            })
            .collect();
        let list = List::new(self.picker_title(slot), items, Purpose::Pick(slot, choices));
        self.overlays.push(Overlay::List(list.select_item(at)));
    }

    fn open_prompt(&mut self, field: Field) {
        let Some(parameter) = field.parameter(&self.experiment) else {
            return;
        };
        self.overlays.push(Overlay::Prompt(Prompt {
            title: parameter.name.into(),
            help: prompt_help(parameter.help, &value::range(parameter.limits)),
            line: Line::new(&field.text(&self.experiment)),
            error: None,
            goal: Goal::Set(field),
        }));
    }
}

pub(super) fn prompt_help(help: &str, range: &str) -> String {
    match range {
        "" => help.into(),
        range => format!("{help} ({range})"),
    }
}

/// The file's own rules, applied to the text that would be saved.
fn check(e: &Experiment) -> Result<(), String> {
    experiment::parse(&experiment::to_toml(e), &e.name)
        .map(|_| ())
        .map_err(|faults| match faults.list.first() {
            Some(fault) => fault.message.clone(),
            None => faults.to_string(),
        })
}
