//! A list that filters as one types.

use super::Completion;
use super::line::Line;
use super::preview::{Foreseen, Preview};
use crate::insight::Fix;
use crate::nn::vocabulary::Value;
use crate::tui::app::going::Place;
use crate::tui::edit::{Choice, Field, Slot};
use crate::tui::inquiry::Ticket;
use crate::tui::key::leaves;
use crate::tui::message::Openable;
use crate::tui::race::Offer;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

#[derive(Clone, Debug, Default)]
pub struct Item {
    pub name: String,
    /// At the right: keys, figures.
    pub note: String,
    /// What stands at the left of the first of several: the help's. Its notes stand before its names.
    pub group: &'static str,
    /// Shown below the list while the item is selected; `\n` between lines.
    pub help: String,
    /// Why it cannot be chosen now, or what is wrong with it.
    pub fault: Option<String>,
}

/// What is done with the chosen item.
#[derive(Clone, Debug)]
pub enum Purpose {
    Pick(Slot, Vec<Choice>),
    /// What may be answered of a picked entry's parameter.
    Answer(Completion, Vec<Value>),
    Words(Field, &'static [&'static str]),
    /// Indices into the table of actions; `None` for what is only to be read.
    Actions(Vec<Option<usize>>),
    Open(Vec<Openable>),
    /// Indices into the pinned runs.
    Pinned(Vec<usize>),
    /// What each piece of advice would change.
    Fixes(Vec<Option<Fix>>),
    /// Where the selection goes.
    Go(Vec<Place>),
    /// What can be raced.
    Race(Vec<Offer>),
}

#[derive(Clone, Debug)]
pub struct List {
    pub title: String,
    pub items: Vec<Item>,
    pub line: Line,
    /// Indices of the items that match, best first.
    pub matches: Vec<usize>,
    /// Index into `matches`.
    pub selected: usize,
    /// The first row shown, where a click keeps it.
    pub first: Option<usize>,
    pub purpose: Purpose,
    /// What would come of the selected item, in a picker.
    pub preview: Option<Preview>,
    /// What theory says of the network with each of a picker's items in it.
    pub foreseen: Vec<Foreseen>,
    /// What was asked of theory last.
    pub asked: Option<Asked>,
}

/// A picker waits for what theory says of its entries.
#[derive(Clone, Debug)]
pub struct Asked {
    pub ticket: Ticket,
    /// The state of things that it was asked of.
    pub of: Ticket,
    /// The item that came first.
    pub item: usize,
}

/// What a key did to a list.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    Chosen(usize),
    Closed,
    Moved,
    Ignored,
}

impl List {
    pub fn new(title: impl Into<String>, items: Vec<Item>, purpose: Purpose) -> Self {
        Self {
            title: title.into(),
            matches: (0..items.len()).collect(),
            items,
            line: Line::default(),
            selected: 0,
            first: None,
            purpose,
            preview: None,
            foreseen: Vec::new(),
            asked: None,
        }
    }

    pub fn select_item(mut self, item: usize) -> Self {
        self.selected = self.matches.iter().position(|m| *m == item).unwrap_or(0);
        self
    }

    pub fn current(&self) -> Option<(usize, &Item)> {
        let index = *self.matches.get(self.selected)?;
        Some((index, &self.items[index]))
    }

    pub fn shift(&mut self, by: isize) {
        let last = self.matches.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }

    pub fn key(&mut self, key: KeyEvent) -> Outcome {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if leaves(key) => return Outcome::Closed,
            KeyCode::Enter => {
                return self
                    .current()
                    .map_or(Outcome::Ignored, |(i, _)| Outcome::Chosen(i));
            }
            KeyCode::Down | KeyCode::Tab => self.shift(1),
            KeyCode::Up | KeyCode::BackTab => self.shift(-1),
            KeyCode::Char('n' | 'j') if control => self.shift(1),
            KeyCode::Char('p') if control => self.shift(-1),
            KeyCode::PageDown => self.shift(10),
            KeyCode::PageUp => self.shift(-10),
            _ => match self.line.key(key) {
                Some(true) => self.filter(),
                Some(false) => {}
                None => return Outcome::Ignored,
            },
        }
        Outcome::Moved
    }

    pub fn paste(&mut self, text: &str) {
        self.line.paste(text);
        self.filter();
    }

    /// Best matches first; names count before helps.
    fn filter(&mut self) {
        let query = self.line.text();
        (self.selected, self.first) = (0, None);
        if query.trim().is_empty() {
            self.matches = (0..self.items.len()).collect();
            return;
        }
        let pattern = Pattern::parse(query, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let word = query.trim().to_lowercase();
        let mut scored: Vec<(u32, usize)> = Vec::new();
        for (i, item) in self.items.iter().enumerate() {
            // Sentences, in which scattered letters of any word are found: there the word itself counts.
            let is_sentence = !item.group.is_empty();
            let by_name = score(&item.name).filter(|_| !is_sentence);
            let by_name = by_name.map(|s| s.saturating_mul(4));
            let by_note = score(&item.note);
            let help = item.help.to_lowercase();
            // The help's begin with the action's name.
            let begins = match help.split(':').next() {
                _ if !is_sentence => 0,
                Some(id) if id == word => 2,
                _ => u32::from(help.starts_with(&word)),
            };
            let by_help = help.contains(&word).then_some(1 + begins);
            if let Some(s) = by_name.max(by_note).or(by_help) {
                scored.push((s, i));
            }
        }
        scored.sort_by_key(|(s, i)| (std::cmp::Reverse(*s), *i));
        self.matches = scored.into_iter().map(|(_, i)| i).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str) -> Item {
        Item {
            name: name.into(),
            ..Item::default()
        }
    }

    #[test]
    fn typing_narrows_and_enter_takes_the_best() {
        let names = ["linear", "logistic", "relu", "leaky-relu", "prelu"];
        let items = names.iter().map(|n| item(n)).collect();
        let mut list = List::new("activation", items, Purpose::Pinned(Vec::new()));
        for c in "rel".chars() {
            assert_eq!(list.key(KeyCode::Char(c).into()), Outcome::Moved);
        }
        assert_eq!(list.matches.first(), Some(&2));
        assert_eq!(list.matches.len(), 3);
        assert_eq!(list.key(KeyCode::Enter.into()), Outcome::Chosen(2));
        list.paste("xyz");
        assert_eq!(list.key(KeyCode::Enter.into()), Outcome::Ignored);
        assert_eq!(list.key(KeyCode::Esc.into()), Outcome::Closed);
    }
}
