//! The learning-rate finder: opened on one key, its rate taken over on another.

use super::App;
use crate::training::Sweep;
use crate::tui::finder::{Finder, shown};
use crate::tui::key::leaves;
use crate::tui::message::Effect;
use crossterm::event::{KeyCode, KeyEvent};

impl App {
    pub fn find_rate(&mut self) {
        self.effect(Effect::Sweep(Box::new(self.experiment.clone())));
        self.finder = Some(Finder::new(self.experiment.clone()));
    }

    pub(super) fn swept(&mut self, sweep: Sweep) {
        if let Some(finder) = &mut self.finder {
            finder.take(sweep);
        }
    }

    /// The finder's own keys, and those that hold on any screen.
    pub(super) fn finder_key(&mut self, key: KeyEvent) {
        let Some(finder) = &mut self.finder else {
            return;
        };
        match key.code {
            _ if leaves(key) => self.leave_finder(),
            KeyCode::Char('q') => self.leave_finder(),
            KeyCode::Left | KeyCode::Char('h') => finder.move_marker(-1),
            KeyCode::Right | KeyCode::Char('l') => finder.move_marker(1),
            KeyCode::Enter | KeyCode::Char('f') => self.take_rate(),
            _ => self.bound_key(key),
        }
    }

    /// The rate under the marker, as one edit.
    fn take_rate(&mut self) {
        let Some(rate) = self.finder.as_ref().and_then(Finder::rate) else {
            return self.trouble("find-rate: there is no rate to take over yet");
        };
        self.leave_finder();
        let before = self.experiment.training.learning_rate();
        if before == rate {
            return self.notice(format!("the learning rate is {} already", shown(rate)));
        }
        if self.edit(|e| {
            e.training.set_learning_rate(rate);
            true
        }) {
            self.notice(format!(
                "learning rate {} in the place of {} {}",
                shown(rate),
                before,
                self.takes_back()
            ));
        }
    }

    pub(super) fn leave_finder(&mut self) {
        self.finder = None;
        self.effect(Effect::EndSweep);
    }
}
