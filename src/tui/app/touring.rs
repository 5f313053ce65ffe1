//! Going through the tour's stops.

use super::App;
use crate::experiment::presets;
use crate::tui::tour::STOPS;

impl App {
    /// Begins the tour, or leaves it.
    pub fn toggle_tour(&mut self) {
        match self.tour {
            Some(_) => {
                self.tour = None;
                self.notice("the tour is over; t begins it again, o opens every preset");
            }
            None => self.stop_at(0),
        }
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

    fn stop_at(&mut self, at: usize) {
        let preset = STOPS.get(at).and_then(|stop| presets::find(stop.preset));
        match preset.map(|preset| preset.experiment()) {
            Some(Ok(experiment)) => {
                self.tour = Some(at);
                self.start(experiment, None);
                // What is told is in the tour's own lines.
                self.toast = None;
                self.pinned.retain(|p| p.kept);
            }
            Some(Err(faults)) => self.trouble(faults.to_string()),
            None => {}
        }
    }
}
