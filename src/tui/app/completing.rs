//! An entry that was picked and whose parameters have no default: they are asked for one by one. What the program knows is
//! offered as a list, and esc goes back a step.

use super::App;
use super::editing::prompt_help;
use crate::nn::vocabulary::{Limits, Value};
use crate::tui::edit::{Choice, Slot, value};
use crate::tui::message::Effect;
use crate::tui::overlay::{Awaited, Completion, Goal, Item, Line, List, Overlay, Prompt, Purpose};
use std::path::PathBuf;

impl App {
    /// An entry was picked: set at once, or after its parameters without defaults were given.
    pub(super) fn choose(&mut self, slot: Slot, choice: Choice) {
        let now = slot.get(&self.experiment);
        if now.as_ref().is_some_and(|(c, _)| *c == choice) {
            return;
        }
        let parameters = slot.parameters(&self.experiment, choice);
        self.ask_next(Completion {
            slot,
            choice,
            values: parameters.into_iter().map(|p| p.default).collect(),
            answered: Vec::new(),
        });
    }

    /// Asks for the next missing parameter, or sets the entry when none is missing.
    fn ask_next(&mut self, completion: Completion) {
        let parameters = completion.parameters(&self.experiment);
        let Some(missing) = completion.missing() else {
            let (slot, choice) = (completion.slot, completion.choice);
            let values: Vec<Value> = completion.values.into_iter().flatten().collect();
            self.edit(|e| slot.set(e, choice, &values));
            return;
        };
        match (parameters.get(missing).map(|p| p.limits), completion.file()) {
            (Some(Limits::Choice(words)), _) => {
                let words = words.iter().map(|word| Value::Text(word.to_string()));
                self.ask_which(completion, words.collect());
            }
            // Which columns a table has is in the file.
            (Some(Limits::List), Some(path)) => {
                self.wait_for(Awaited::Columns(path.clone(), completion.clone()));
                self.effect(Effect::Columns(path, completion));
            }
            _ => self.ask_for(completion, String::new(), None),
        }
    }

    /// As a line to type.
    fn ask_for(&mut self, completion: Completion, text: String, error: Option<String>) {
        let parameters = completion.parameters(&self.experiment);
        let Some(parameter) = completion.missing().and_then(|i| parameters.get(i)) else {
            return;
        };
        let mut help = prompt_help(parameter.help, &value::range(parameter.limits));
        if !completion.answered.is_empty() {
            help += "; esc: a step back";
        }
        self.overlays.push(Overlay::Prompt(Prompt {
            title: format!("{} of {}", parameter.name, completion.slot.label()),
            help,
            line: Line::new(&text),
            error,
            goal: Goal::Complete(completion),
        }));
    }

    /// As a list.
    fn ask_which(&mut self, completion: Completion, answers: Vec<Value>) {
        let parameters = completion.parameters(&self.experiment);
        let Some(parameter) = completion.missing().and_then(|i| parameters.get(i)) else {
            return;
        };
        let item = |answer: &Value| Item {
            name: value::text_of(answer),
            help: parameter.help.into(),
            ..Item::default()
        };
        let items = answers.iter().map(item).collect();
        let title = format!(
            "{} of {}: esc, a step back",
            parameter.name,
            completion.slot.label()
        );
        let purpose = Purpose::Answer(completion, answers);
        self.overlays
            .push(Overlay::List(List::new(title, items, purpose)));
    }

    /// Nobody may wait for them any more.
    pub(super) fn read_columns(
        &mut self,
        completion: Completion,
        names: Result<Vec<String>, String>,
    ) {
        let path = completion.file().unwrap_or_default();
        if let Some(typed) = self.no_longer_awaits(|what| what.is_columns(&path)) {
            self.columns(completion, names);
            self.type_again(typed);
        }
    }

    /// What a table's first line names; where it cannot be read its path is asked for again.
    fn columns(&mut self, completion: Completion, names: Result<Vec<String>, String>) {
        match names {
            Ok(names) => {
                let answers = names.into_iter().map(|name| Value::List(vec![name]));
                self.ask_which(completion, answers.collect());
            }
            Err(why) => self.step_back(completion, Some(why)),
        }
    }

    /// What was typed; an error says what would be right.
    pub(super) fn type_answer(
        &mut self,
        completion: &Completion,
        text: &str,
    ) -> Result<(), String> {
        match completion.asked(&self.experiment) {
            Some(parameter) => {
                let answer = value::parse(text, &parameter)?;
                self.give_answer(completion.clone(), answer);
            }
            None => self.ask_next(completion.clone()),
        }
        Ok(())
    }

    pub(super) fn give_answer(&mut self, mut completion: Completion, answer: Value) {
        if let Some(missing) = completion.missing() {
            completion.values[missing] = Some(answer);
            completion.answered.push(missing);
        }
        self.ask_next(completion);
    }

    /// The answer before is asked for again; before the first there is nothing to be set.
    pub(super) fn step_back(&mut self, mut completion: Completion, why: Option<String>) {
        let Some(last) = completion.answered.pop() else {
            return;
        };
        let before = completion.values[last].take();
        let text = before.as_ref().map(value::text_of).unwrap_or_default();
        let parameters = completion.parameters(&self.experiment);
        match parameters.get(last).map(|p| p.limits) {
            Some(Limits::Choice(_) | Limits::List) => self.ask_next(completion),
            _ => self.ask_for(completion, text, why),
        }
    }
}

impl Completion {
    fn parameters(
        &self,
        of: &crate::experiment::Experiment,
    ) -> Vec<crate::nn::vocabulary::Parameter> {
        self.slot.parameters(of, self.choice)
    }

    /// The parameter that is asked for.
    pub(super) fn asked(
        &self,
        of: &crate::experiment::Experiment,
    ) -> Option<crate::nn::vocabulary::Parameter> {
        self.parameters(of).into_iter().nth(self.missing()?)
    }

    /// The first parameter without a value.
    fn missing(&self) -> Option<usize> {
        self.values.iter().position(Option::is_none)
    }

    /// The file of a data set, once it is named.
    fn file(&self) -> Option<PathBuf> {
        match (self.slot, self.values.first()) {
            (Slot::Data, Some(Some(Value::Text(path)))) => Some(PathBuf::from(path)),
            _ => None,
        }
    }
}
