//! Going through the tour's stops.

use super::App;
use super::origin::Opening;
use crate::experiment::presets;
use crate::tui::actions::ACTIONS;
use crate::tui::key::Key;
use crate::tui::measure::{Measure, View};
use crate::tui::overlay::Overlay;
use crate::tui::tour::{self, STOPS};
use crossterm::event::KeyEvent;

/// What the tour knows beside its stop.
#[derive(Default)]
pub(super) struct Touring {
    /// What the stop's preset was opened as.
    own: u64,
    /// What was open before, with its changes.
    before: Option<Box<Opening>>,
}

impl App {
    /// Begins the tour, or leaves it.
    pub fn toggle_tour(&mut self) {
        match self.tour {
            Some(_) => self.leave_tour(),
            None => self.stop_at(0),
        }
    }

    /// What was open before comes back as it was, unless something else than the stop's preset is open by now.
    fn leave_tour(&mut self) {
        let before = self.touring.before.take().filter(|_| self.is_at_stop());
        self.tour = None;
        match before {
            Some(before) if self.is_changed() => {
                self.overlays.push(Overlay::ConfirmOpen(before));
            }
            Some(before) => {
                self.start(*before);
                let name = &self.experiment.name;
                self.notice(format!(
                    "the tour is over: back to {name}, which begins anew"
                ));
            }
            None => self.notice(
                self.manner
                    .keymap
                    .in_text("the tour is over; {tour} begins it again, {open} opens every preset"),
            ),
        }
    }

    /// Whether the stop's preset is open, and nobody has saved it as something of their own.
    fn is_at_stop(&self) -> bool {
        let is_own = self.origin.id == self.touring.own && self.origin.path.is_none();
        self.tour.is_some() && is_own
    }

    pub fn tour_next(&mut self) {
        match self.tour {
            Some(at) if at + 1 < STOPS.len() => self.stop_at(at + 1),
            Some(_) => self.toggle_tour(),
            None => {}
        }
    }

    pub fn tour_back(&mut self) {
        if let Some(before) = self.tour.and_then(|at| at.checked_sub(1)) {
            self.stop_at(before);
        }
    }

    /// On the first stop, whose preset is open already.
    pub fn begin_tour(&mut self) {
        self.tour = Some(0);
        self.touring.own = self.origin.id;
        self.show_stop(0);
    }

    /// The stop's words over the panes, where they have no place beneath them.
    fn show_stop(&mut self, at: usize) {
        if let Some(text) = tour::words(self, at) {
            let title = STOPS.get(at).map_or("", |stop| stop.title);
            self.overlays.push(Overlay::Text {
                title: title.into(),
                text,
                scroll: 0,
            });
        }
    }

    /// The key that closed a stop's words may be one that leads on.
    pub(super) fn go_on_touring(&mut self, key: KeyEvent) {
        let action = self.manner.keymap.find(Key::from(key), self.focus);
        let leads_on = |i: &usize| matches!(ACTIONS[*i].id, "tour-next" | "tour-back" | "tour");
        if let (Some(action), Some(_)) = (action.filter(leads_on), self.tour) {
            self.act(action);
        }
    }

    fn stop_at(&mut self, at: usize) {
        let preset = STOPS.get(at).and_then(|stop| presets::find(stop.preset));
        match preset.map(|preset| preset.experiment()) {
            Some(Ok(experiment)) => {
                let opening = Opening {
                    stop: Some(at),
                    // What is told is of a run: its verdict, and the fix.
                    runs: Some(true),
                    ..self.opening(experiment, None)
                };
                // What is changed at a stop was told to be tried there.
                if self.is_changed() && !self.is_at_stop() {
                    self.overlays.push(Overlay::ConfirmOpen(Box::new(opening)));
                } else {
                    self.arrive_at(at, opening);
                }
            }
            Some(Err(faults)) => self.trouble(faults.to_string()),
            None => {}
        }
    }

    pub(super) fn arrive_at(&mut self, at: usize, opening: Opening) {
        if self.tour.is_none() {
            self.touring.before = Some(Box::new(self.as_opening()));
        }
        self.tour = Some(at);
        self.touring.own = opening.origin.id;
        self.start(opening);
        // What is told is in the tour's own lines.
        self.toast = None;
        self.pinned.retain(|p| p.kept);
        // What is told is of the default way of looking.
        self.view = View::default();
        self.measure = Measure::default();
        self.overlays.clear();
        self.show_stop(at);
    }
}
