//! A race: variants of one experiment trained side by side, from the same seed, on the same rows, the same number of
//! steps. The present run waits meanwhile.

pub mod variants;
pub mod view;

use super::app::run::Run;
use crate::experiment::{Experiment, resolve};
use crate::insight::Verdict;
use crate::nn::spec::NetworkSpec;
use crate::telemetry::History;
use crate::training::{Frame, Point, Status};
pub use variants::{Offer, Variant};

/// Steps of the first lap. Later laps are a twentieth of what was run, so that the field stays together within that.
const FIRST_LAP: u64 = 5;
const LONGEST_LAP: u64 = 2000;
/// Steps before which a loss that has not fallen means nothing.
const PATIENCE: u64 = 200;

/// One variant under way.
pub struct Lane {
    pub label: String,
    pub experiment: Experiment,
    pub value: Option<f64>,
    pub run: Run,
    pub verdict: Option<Verdict>,
    /// Its training loss over the first steps.
    began: Option<f64>,
    spec: Option<NetworkSpec>,
    /// The lap's steps are done.
    rested: bool,
}

impl Lane {
    fn new(variant: Variant) -> Self {
        Self {
            run: Run::new(variant.experiment.clone()),
            label: variant.label,
            experiment: variant.experiment,
            value: variant.value,
            verdict: None,
            began: None,
            spec: None,
            rested: false,
        }
    }

    /// It has met its stop rule, diverged or failed: it takes no more steps.
    pub fn is_over(&self) -> bool {
        matches!(
            self.run.status,
            Status::Finished(_) | Status::Diverged(_) | Status::Failed(_)
        )
    }

    pub fn has_failed(&self) -> bool {
        matches!(self.run.status, Status::Diverged(_) | Status::Failed(_))
    }

    /// The loss that decides: of the test rows, or where there are none the mean of the newest mini-batches'. `None` while
    /// there is none, and for what diverged or failed.
    pub fn loss(&self) -> Option<f64> {
        if self.has_failed() {
            return None;
        }
        let test = self.run.record.test();
        let loss = test.map_or_else(|| self.training_loss(), |test| test.loss);
        loss.is_finite().then_some(loss)
    }

    /// The mean of the newest mini-batches'; NaN where there are none.
    fn training_loss(&self) -> f64 {
        let buckets = self.run.record.train_loss.buckets();
        let newest = &buckets[buckets.len().saturating_sub(10)..];
        mean(newest.iter().map(|b| b.last))
    }

    /// What was measured at a step, or without one last.
    pub fn point(&self, step: Option<u64>) -> Option<&Point> {
        let record = &self.run.record;
        match step {
            Some(step) if step > record.step() => None,
            Some(step) => record.at(step),
            None => record.latest.as_ref(),
        }
    }

    /// [`Lane::loss`] at a step: there also of what failed later.
    pub fn loss_at(&self, step: Option<u64>) -> Option<f64> {
        let Some(step) = step else {
            return self.loss();
        };
        let point = self.point(Some(step))?;
        let loss = point.test.map_or(point.train.loss, |test| test.loss);
        loss.is_finite().then_some(loss)
    }

    /// What decides over the steps: the test rows' loss where there are any.
    pub fn losses(&self) -> &History {
        let record = &self.run.record;
        if record.test_loss.is_empty() {
            &record.train_loss
        } else {
            &record.test_loss
        }
    }

    /// Whether so many steps have brought its training loss down by less than a twentieth: healthy gradients alone are no
    /// success.
    pub fn hardly_learns(&self) -> bool {
        let stays = |began| self.training_loss() > 0.95 * began;
        self.run.record.step() >= PATIENCE && self.began.is_some_and(stays)
    }

    /// Whether it does ever better on the rows that it is trained on alone.
    pub fn overfits(&self) -> bool {
        let gap = self.run.record.gap();
        gap.is_some_and(|gap| gap.since.is_some())
    }

    /// `steps`: what it is to have taken by now.
    fn take(&mut self, frame: Frame, steps: u64) {
        if self.run.is_replaced_by(&frame) {
            self.run = Run::new(self.experiment.clone());
            (self.spec, self.began) = (None, None);
        }
        if self.began.is_none() && !frame.points.is_empty() {
            let first = frame.points.iter().take(FIRST_LAP as usize);
            self.began = Some(mean(first.map(|p| p.train.loss)));
        }
        let paused = frame.status == Status::Paused;
        self.run.take(frame);
        // A thread also pauses once it is built, before it hears of the first lap.
        self.rested = paused && self.run.record.step() >= steps;
        if self.spec.is_none()
            && let Some(data) = self.run.info.as_ref().and_then(|i| i.dataset.as_ref())
        {
            self.spec = resolve::for_data(&self.experiment, data).ok();
        }
        let spec = self.spec.as_ref();
        self.verdict = spec.and_then(|spec| self.run.record.verdict(spec));
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

pub struct Race {
    pub title: &'static str,
    pub lanes: Vec<Lane>,
    pub selected: usize,
    /// The first row shown, where a click keeps it.
    pub first: Option<usize>,
    /// The step whose values are read off; `None`: the newest.
    pub cursor: Option<u64>,
    pub running: bool,
    /// Steps that every lane has taken, or is taking.
    pub steps: u64,
    /// It was left: its lanes train no more.
    pub ended: bool,
}

impl Race {
    pub fn new(offer: Offer) -> Self {
        Self {
            title: offer.name,
            lanes: offer.variants.into_iter().map(Lane::new).collect(),
            selected: 0,
            first: None,
            cursor: None,
            running: true,
            steps: FIRST_LAP,
            ended: false,
        }
    }

    /// Steps of the lap with which a race begins.
    pub fn first_lap(&self) -> u64 {
        FIRST_LAP
    }

    /// Takes what a lane's training says; the steps of the next lap where all have done theirs.
    pub fn take(&mut self, lane: usize, frame: Frame) -> Option<u64> {
        let steps = self.steps;
        self.lanes.get_mut(lane)?.take(frame, steps);
        self.next_lap()
    }

    /// Its lanes train no more.
    pub fn end(&mut self) {
        (self.running, self.ended) = (false, true);
    }

    /// Runs on, or waits at the end of the lap.
    pub fn toggle(&mut self) -> Option<u64> {
        self.running = !self.running && !self.ended;
        self.next_lap()
    }

    fn next_lap(&mut self) -> Option<u64> {
        let due = self.running && self.lanes.iter().all(|l| l.rested || l.is_over());
        if !due || self.is_over() {
            return None;
        }
        let lap = (self.steps / 20).clamp(FIRST_LAP, LONGEST_LAP);
        self.steps = self.steps.saturating_add(lap);
        for lane in &mut self.lanes {
            lane.rested = false;
        }
        Some(lap)
    }

    pub fn is_over(&self) -> bool {
        self.lanes.iter().all(Lane::is_over)
    }

    /// The lane with the lowest loss.
    pub fn best(&self) -> Option<usize> {
        let losses = self.lanes.iter().enumerate();
        losses
            .filter_map(|(i, lane)| Some((i, lane.loss()?)))
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(i, _)| i)
    }

    /// The newest step that any lane has taken.
    pub fn newest(&self) -> u64 {
        let steps = self.lanes.iter().map(|lane| lane.run.record.step());
        steps.max().unwrap_or(0)
    }

    /// Moves the cursor by a fiftieth of the steps; beyond the newest it is let go.
    pub fn move_cursor(&mut self, forward: bool) {
        let newest = self.newest();
        let by = (newest / 50).max(1);
        let now = self.cursor.unwrap_or(newest);
        self.cursor = if forward {
            now.checked_add(by).filter(|step| *step < newest)
        } else {
            Some(now.saturating_sub(by))
        };
    }

    pub fn select(&mut self, by: isize) {
        let last = self.lanes.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(by).min(last);
    }
}
