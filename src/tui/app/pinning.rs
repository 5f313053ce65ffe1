//! Runs that are kept beside the present one: pinned by hand or left behind by an edit; named, listed with their figures,
//! brought back.

use super::App;
use super::origin::{OpenedFor, Opening};
use super::run::{Pinned, Run};
use crate::experiment::Experiment;
use crate::tui::differences;
use crate::tui::overlay::{Goal, Item, Line, List, Overlay, Prompt, Purpose};
use crate::tui::panes::percent;
use crate::tui::widgets::format_value;

/// So many runs are kept.
pub(super) const MOST: usize = 16;
/// Characters of what differs in a name.
const DIFFERENCE: usize = 60;

impl Pinned {
    /// A run as it is now, of what its steps were taken with. `of` is what its name tells it apart from.
    pub(super) fn new(run: &Run, origin: u64, of: &Experiment, kept: bool) -> Self {
        let experiment = &run.experiment;
        let differs = differences::brief(of, experiment);
        let what = crate::tui::panes::fit(&differs, DIFFERENCE);
        let name = match (differs.is_empty(), of.name == experiment.name) {
            (true, _) => experiment.name.clone(),
            (false, true) => what,
            (false, false) => format!("{} · {what}", experiment.name),
        };
        Self {
            name,
            experiment: experiment.clone(),
            origin,
            record: run.record.clone(),
            histograms: run.histograms.clone(),
            verdict: judged(run),
            kept,
        }
    }

    /// Whether it is this run as it is now.
    pub(super) fn is_of(&self, run: &Run) -> bool {
        self.experiment == run.experiment && self.record.step() == run.record.step()
    }

    /// `1,200 steps  loss 0.432  91.2 %  vanishing`, on the test rows where there are any.
    fn figures(&self) -> String {
        let Some(last) = &self.record.latest else {
            return "nothing measured".into();
        };
        let score = last.test.unwrap_or(last.train);
        let mut parts = vec![
            format!("{} steps", crate::text::thousands(last.step.into())),
            format!("loss {}", format_value(score.loss)),
        ];
        parts.extend(score.accuracy.map(percent));
        parts.extend(self.verdict.map(String::from));
        parts.join("  ")
    }
}

/// The word of the verdict on a run's last measurements.
fn judged(run: &Run) -> Option<&'static str> {
    run.record.verdict(&run.spec()?).map(|v| v.kind.name())
}

impl App {
    /// The run beside which the present one is drawn.
    pub fn baseline(&self) -> Option<&Pinned> {
        self.pinned.get(self.baseline_index()?)
    }

    fn baseline_index(&self) -> Option<usize> {
        // What was pinned by hand is not displaced by what an edit leaves behind.
        let by_hand = self.pinned.iter().rposition(|p| p.kept);
        by_hand.or(self.pinned.len().checked_sub(1))
    }

    pub fn pin(&mut self) {
        let of = &self.origin;
        let mut pinned = Pinned::new(&self.run, of.id, &of.saved, true);
        // The oldest may have gone: the number is the one after the last, not how many there are.
        let number = |p: &Pinned| match p.name.strip_prefix(&pinned.name)? {
            "" => Some(1),
            rest => rest.strip_prefix(" #")?.parse::<u32>().ok(),
        };
        if let Some(last) = self.pinned.iter().filter_map(number).max() {
            pinned.name += &format!(" #{}", last.saturating_add(1));
        }
        self.notice(format!(
            "pinned as {}: every chart shows it dimmed; {} lists what is pinned, {} names it",
            pinned.name,
            self.key_of("pinned-runs"),
            self.key_of("name-pinned")
        ));
        self.pinned.push(pinned);
        // The oldest goes.
        let surplus = self.pinned.len().saturating_sub(MOST);
        self.pinned.drain(..surplus);
    }

    pub fn unpin(&mut self) {
        self.pinned.pop();
    }

    /// The newest first; the selected one's difference from the present experiment beneath the list.
    pub fn list_pinned(&mut self) {
        let order: Vec<usize> = (0..self.pinned.len()).rev().collect();
        let shown = self.baseline_index();
        let item = |i: &usize| {
            let pinned = &self.pinned[*i];
            let place = if shown == Some(*i) {
                "on the charts · "
            } else {
                ""
            };
            let differs = differences::line(&pinned.experiment, &self.experiment);
            Item {
                name: pinned.name.clone(),
                note: pinned.figures(),
                help: format!("{place}pinned → now: {differs}"),
                ..Item::default()
            }
        };
        let items = order.iter().map(item).collect();
        let list = List::new(
            "Pinned runs: enter brings its experiment back",
            items,
            Purpose::Pinned(order),
        );
        self.overlays.push(Overlay::List(list));
    }

    /// As an edit; where it was another that was opened, as that.
    pub(super) fn bring_pinned_back(&mut self, experiment: Experiment, origin: u64) {
        match self.left(origin).cloned() {
            None => self.replace_beneath_selection(experiment),
            Some(origin) => self.start_unless_changed(Opening {
                experiment,
                origin,
                saved: None,
                opened_for: OpenedFor::Itself,
                runs: None,
            }),
        }
    }

    /// Asks for a name of the run on the charts.
    pub fn ask_for_pinned_name(&mut self) {
        let Some(pinned) = self.baseline() else {
            return;
        };
        let line = Line::new(&pinned.name);
        self.overlays.push(Overlay::Prompt(Prompt {
            title: "Name the pinned run".into(),
            help: "the one that the charts show dimmed".into(),
            line,
            error: None,
            goal: Goal::NamePinned,
        }));
    }

    pub(super) fn name_pinned(&mut self, text: &str) -> Result<(), String> {
        let name = crate::text::clean(text.trim(), 100);
        if name.is_empty() {
            return Err("write a name".into());
        }
        let shown = self.baseline_index();
        if let Some(pinned) = shown.and_then(|at| self.pinned.get_mut(at)) {
            pinned.name = name;
            pinned.kept = true;
        }
        Ok(())
    }
}
