//! Which steps the charts show: the whole run, or a part of it that is zoomed and panned; and holding the picture still while
//! training goes on.

use super::App;
use super::run::Run;
use crate::training::Frame;

/// No part is narrower than so many steps.
const NARROWEST: u64 = 8;

/// A part of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub width: u64,
    /// Its last step; `None`: it follows the newest.
    pub end: Option<u64>,
}

impl App {
    /// First and last step on the charts.
    pub fn steps_shown(&self) -> (u64, u64) {
        let newest = self.run.record.step();
        let Some(window) = self.window else {
            return (0, newest);
        };
        let width = window.width.min(newest);
        let end = window.end.unwrap_or(newest).clamp(width, newest);
        // In small strides, so that a part that follows the run does not move at every step.
        let stride = (width / 64).max(1);
        ((end - width) / stride * stride, end)
    }

    /// The same, with room for the pinned run where the whole run is shown.
    pub fn steps_on_charts(&self) -> (u64, u64) {
        let (first, last) = self.steps_shown();
        match self.baseline() {
            Some(pinned) if self.window.is_none() => (first, last.max(pinned.record.step())),
            _ => (first, last),
        }
    }

    /// Half or twice as many steps, around the cursor where it is on the charts, else up to the same last step.
    pub fn zoom_time(&mut self, closer: bool) {
        let newest = self.run.record.step();
        let (first, last) = self.steps_shown();
        let width = match self.window {
            Some(window) => window.width,
            None => newest,
        };
        let width = if closer {
            (width / 2).max(NARROWEST)
        } else {
            width.saturating_mul(2)
        };
        // All but a little is all.
        if width >= newest - newest / 16 {
            self.window = None;
            return;
        }
        let end = match self.cursor.filter(|c| (first..=last).contains(c)) {
            Some(cursor) => cursor.saturating_add(width / 2).max(width),
            None => last,
        };
        self.window = Some(Window {
            width,
            end: (end < newest).then_some(end),
        });
    }

    /// A quarter of what is shown, earlier or later; at the newest step it follows the run again.
    pub fn pan_time(&mut self, later: bool) {
        let newest = self.run.record.step();
        let Some(window) = &mut self.window else {
            return;
        };
        let by = (window.width / 4).max(1);
        let now = window.end.unwrap_or(newest);
        let end = if later {
            now.saturating_add(by)
        } else {
            now.saturating_sub(by).max(window.width)
        };
        window.end = (end < newest).then_some(end);
    }

    pub fn show_whole_run(&mut self) {
        self.window = None;
    }

    pub fn is_frozen(&self) -> bool {
        self.live.is_some()
    }

    /// Holds the picture while training goes on, or shows the present again.
    pub fn toggle_freeze(&mut self) {
        if self.is_frozen() {
            self.thaw();
        } else {
            self.live = Some(Box::new(self.run.clone()));
            let what = if self.is_running() {
                "frozen: training goes on behind this picture; {freeze} shows the present again"
            } else {
                "frozen: this picture stays when the run goes on; {freeze} shows the present again"
            };
            self.notice(self.manner.keymap.in_text(what));
        }
    }

    pub(super) fn thaw(&mut self) {
        if let Some(live) = self.live.take() {
            let went_on = live.record.step() > self.run.record.step();
            self.run = *live;
            self.judge();
            if went_on {
                self.read_last_finite();
            }
        }
    }

    /// The run behind a frozen picture, else the one that is shown.
    pub fn live(&self) -> &Run {
        self.live.as_deref().unwrap_or(&self.run)
    }

    /// Takes a frame behind the frozen picture; gives it back where none is frozen, or where another run begins, which
    /// thaws the picture.
    pub(super) fn take_behind(&mut self, frame: Frame) -> Option<Frame> {
        match &mut self.live {
            Some(live) if !live.is_replaced_by(&frame) => {
                // Whether it runs is told of the present; only what is drawn of the run is held.
                self.run.status = frame.status.clone();
                self.run.rows_per_second = frame.rows_per_second;
                live.take(frame);
                None
            }
            _ => {
                self.thaw();
                Some(frame)
            }
        }
    }
}
