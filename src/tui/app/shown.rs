//! What of the run stands at the layers on the screen.

use super::App;
use super::run::Record;
use crate::telemetry::{LayerStats, ThroughTime};
use crate::training::Histograms;
use std::sync::LazyLock;

static NOTHING: LazyLock<Record> = LazyLock::new(Record::default);

impl App {
    /// Whether what was measured is of the layers on the screen. An edit changes these at once; the run that it starts has yet
    /// to report.
    fn is_of_these_layers(&self) -> bool {
        let measured = self.run.record.layers().len();
        !self.run.has_other_layers && (measured == 0 || measured == self.layer_count())
    }

    /// The run's record where it is of the layers on the screen, else an empty one.
    pub fn record_shown(&self) -> &Record {
        match self.is_of_these_layers() {
            true => &self.run.record,
            false => &NOTHING,
        }
    }

    pub fn histograms_shown(&self) -> Option<&Histograms> {
        let all = self.run.histograms.as_deref();
        all.filter(|_| self.is_of_these_layers())
    }

    /// What was measured of the layers at the cursor, or last.
    pub fn layers_shown(&self) -> &[LayerStats] {
        let record = self.record_shown();
        match self.cursor.and_then(|step| record.at(step)) {
            Some(point) => &point.layers,
            None => record.layers(),
        }
    }

    /// The step of the histograms, where the figures about them are of another. While steps are taken both are the newest.
    pub fn histograms_step(&self) -> Option<u64> {
        let of = self.histograms_shown()?.step;
        let record = self.record_shown();
        let shown = match self.cursor {
            Some(step) => record.at(step).map_or(step, |p| p.step),
            None if self.is_running() => of,
            None => record.step(),
        };
        (of != shown).then_some(of)
    }

    /// The selected layer over the steps of its sequences, at the cursor or last; where it is not recurrent, the topmost that
    /// is.
    pub fn time_shown(&self) -> Option<&ThroughTime> {
        let record = self.record_shown();
        let at_cursor = self.cursor.and_then(|step| record.at(step));
        let time = &at_cursor.or(record.latest.as_ref())?.time;
        let selected = time.iter().find(|t| t.layer == self.layer);
        selected.or(time.last())
    }
}
