//! Going through the tour's stops.

use super::App;
use super::origin::{OpenedFor, Opening, Origin};
use crate::experiment::{Experiment, presets};
use crate::tui::actions::ACTIONS;
use crate::tui::key::Key;
use crate::tui::measure::{Measure, View};
use crate::tui::overlay::Overlay;
use crate::tui::tour::{self, STOPS};
use crossterm::event::KeyEvent;

/// What the tour knows beside its stop.
#[derive(Default)]
pub(super) struct Touring {
    /// What this tour's stops were opened as, and which they are: undo leads back to all of them.
    stops: Vec<(u64, usize)>,
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

    /// What was open before comes back as it was, unless something else than a stop's preset is open by now and nothing is lost
    /// by staying there. What was changed at a stop was told to be tried there.
    pub(super) fn leave_tour(&mut self) {
        let comes_back = self.is_at_stop() || self.unsaved_before_tour().is_some();
        match self.touring.before.clone().filter(|_| comes_back) {
            Some(before) if self.is_changed() && !self.is_at_stop() => {
                self.overlays.push(Overlay::ConfirmOpen(Box::new(Opening {
                    opened_for: OpenedFor::TourEnd,
                    ..*before
                })));
            }
            Some(before) => self.return_to(*before),
            None => {
                self.end_tour();
                self.notice(self.manner.keymap.in_text(
                    "the tour is over; {tour} begins it again, {open} opens every preset",
                ));
            }
        }
    }

    /// From the tour to what was open before.
    pub(super) fn return_to(&mut self, before: Opening) {
        self.end_tour();
        self.start(before);
        let name = &self.experiment.name;
        self.notice(format!(
            "the tour is over: back to {name}, which begins anew"
        ));
    }

    fn end_tour(&mut self) {
        self.tour = None;
        self.touring = Touring::default();
    }

    /// Where a stop's preset is open, which stop it is.
    fn stop_here(&self) -> Option<usize> {
        let here = self.origin.id;
        let stop = self.touring.stops.iter().find(|(id, _)| *id == here);
        stop.map(|(_, at)| *at)
    }

    /// Whether a stop's preset is open, and nobody has saved it as something of their own.
    fn is_at_stop(&self) -> bool {
        self.stop_here().is_some() && self.origin.path.is_none()
    }

    /// Undo and the pinned runs may lead to another stop.
    pub(super) fn follow_tour(&mut self) {
        if let Some(at) = self.stop_here() {
            self.tour = Some(at);
        }
    }

    /// What was open before the tour was opened as.
    pub(super) fn before_tour(&self) -> Option<u64> {
        self.touring.before.as_ref().map(|before| before.origin.id)
    }

    /// Where undo has led back to what was open before the tour, it may have been changed since.
    pub(super) fn note_before_tour(&mut self) {
        if self.before_tour() == Some(self.origin.id) {
            self.touring.before = Some(Box::new(self.as_opening()));
        }
    }

    /// What was open before the tour, where it has changes that are not saved and is not open.
    pub(super) fn unsaved_before_tour(&self) -> Option<(&Experiment, &Origin)> {
        let before = self.touring.before.as_ref()?;
        // A save may have come to its end meanwhile.
        let origin = self.left(before.origin.id)?;
        (before.experiment != origin.saved).then_some((&before.experiment, origin))
    }

    /// All that has changes that are not saved.
    pub(in crate::tui) fn unsaved(&self) -> impl Iterator<Item = (&Experiment, &Origin)> {
        let open = (&self.experiment, &self.origin);
        let open = self.is_changed().then_some(open);
        open.into_iter().chain(self.unsaved_before_tour())
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
        self.touring.stops.push((self.origin.id, 0));
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
                    opened_for: OpenedFor::Stop(at),
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
        self.touring.stops.push((opening.origin.id, at));
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
