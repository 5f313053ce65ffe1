//! What training is told to look at of the data: what is on the screen, and nothing where that is not.

use super::App;
use crate::data::Targets;
use crate::training::session::is_plane;
use crate::training::{Command, Lens};
use crate::tui::layout::Pane;
use crate::tui::measure::View;
use crate::tui::message::Effect;
use crate::tui::panes::{data, flow};

impl App {
    /// Which of Layer and Data is there where there is room for one: the one focused last, and before that the boundary
    /// where there is one to be seen.
    pub fn lower(&self) -> Pane {
        let plane = || self.dataset().is_some_and(|data| is_plane(data));
        match self.lower {
            Some(pane) => pane,
            None if plane() => Pane::Data,
            None => Pane::Layer,
        }
    }

    /// What the Data pane needs to be looked at; `None` where it is not on the screen.
    pub fn lens(&self) -> Option<Lens> {
        let area = self.layout().area(Pane::Data)?;
        Some(data::lens(self, area))
    }

    /// Tells training where that has changed.
    pub(super) fn watch(&mut self) {
        if matches!(self.focus, Pane::Layer | Pane::Data) {
            self.lower = Some(self.focus);
        }
        // A new thread knows nothing yet.
        let starts = |e: &Effect| matches!(e, Effect::Start { .. });
        if self.effects.iter().any(starts) {
            self.watching = None;
        }
        let lens = self.lens();
        if lens != self.watching {
            self.watching = lens;
            self.send(Command::Watch(lens));
        }
    }

    /// The view of the focused pane, the next or the one before: of the data where that has the focus, else of the gradient
    /// flow.
    pub fn next_view(&mut self, forward: bool) {
        if self.focus == Pane::Data && self.dataset().is_some_and(|data| is_plane(data)) {
            self.show_spread = !self.show_spread;
        } else if self.focus == Pane::Data {
            self.picture = self.picture.next(forward);
        } else {
            self.view = self.view.next(forward);
            if self.view == View::Time && !self.is_recurrent() {
                self.view = self.view.next(forward);
            }
        }
    }

    /// Whether the data can be drawn in more ways than one: values are only predicted.
    pub fn has_data_views(&self) -> bool {
        let data = self.dataset();
        data.is_none_or(|data| !matches!(data.train.y, Targets::Values(_)))
    }

    /// The next measure or the one before. Several have one histogram: they are one step.
    pub fn next_measure(&mut self, forward: bool) {
        let before = flow::histograms_of(self);
        loop {
            self.measure = self.measure.next(forward);
            if self.view != View::Histograms || flow::histograms_of(self) != before {
                return;
            }
        }
    }
}
