//! Steps.

use super::Session;
use crate::nn::network::{Direction, Observe, StepError};
use crate::nn::schedule::Schedule;
use crate::training::Point;
use crate::training::trainee::{Advance, Detail, Ended};
use std::time::Instant;

impl Session {
    /// Takes up to `steps` steps and measures the last one; ends early when the run does. What is measured, and how the
    /// steps are parcelled out over calls, changes no number.
    pub fn advance(&mut self, steps: u64, last: Detail) -> Advance {
        let mut advance = Advance::default();
        if self.ended.is_some() {
            advance.ended = self.ended.clone();
            return advance;
        }
        let (steps, least) = self.until_a_stop(steps);
        let last = last.max(least);
        for i in 1..=steps {
            let detail = if i == steps { last } else { Detail::Loss };
            self.begun = Some(self.steps());
            let took = self.step(detail);
            self.begun = None;
            advance.steps += 1;
            advance.rows += self.gathered.rows() as u64;
            if let Err(error) = took {
                self.ended = Some(Ended::Failed(format!(
                    "step {} cannot be taken: {error}",
                    self.steps()
                )));
            }
            if self.ended.is_some() {
                break;
            }
        }
        advance.point = self.point();
        if let Some(point) = advance.point.as_ref().filter(|p| p.is_measured()) {
            self.log.push(point.clone());
        }
        advance.histograms = self.outcome.histograms.take();
        advance.ended = self.ended.clone();
        advance
    }

    /// So many steps, but none past a point where a rule may end the run, and what is measured of the last one at least.
    fn until_a_stop(&self, steps: u64) -> (u64, Detail) {
        let stop = &self.experiment.training.stop;
        let left = self.steps_left().unwrap_or(u64::MAX);
        let epoch = self.steps_per_epoch();
        let to_epoch = match stop.patience {
            Some(_) => epoch - self.steps() % epoch,
            None => u64::MAX,
        };
        let taken = steps.min(left).min(to_epoch).max(1);
        let may_end = taken >= left || taken >= to_epoch;
        let ends = taken >= left || may_end && self.stopping.is_at_last_epoch(stop);
        let least = match may_end {
            true if ends && self.is_watched => Detail::Histograms,
            true => Detail::Stats,
            false => Detail::Loss,
        };
        (taken, least)
    }

    /// One step: rows, rate, forward, backward, update; then whatever the end of an epoch brings.
    fn step(&mut self, detail: Detail) -> Result<(), StepError> {
        let t = self.network.steps();
        self.gathered.fill(&self.data.train, self.order.rows(t));
        self.rate = self.rate_at(t);
        let observe = match detail {
            Detail::Loss => Observe::Loss,
            Detail::Stats => Observe::Stats,
            Detail::Histograms => Observe::Full,
        };
        self.radii.clear();
        // what the draw made is known from the first step on
        if detail == Detail::Histograms || t == 0 && detail == Detail::Stats {
            self.radii = self.network.spectral_radii();
        }
        let started = self.threads.watches().then(Instant::now);
        self.network.step_into(
            &self.gathered.batch(&self.data.train),
            &self.hyper,
            self.rate,
            observe,
            &mut self.outcome,
        )?;
        // measured steps take longer, on either side
        if let Some(started) = started.filter(|_| detail == Detail::Loss)
            && self.threads.took(started.elapsed())
        {
            self.network.set_team(self.threads.team());
        }
        if detail != Detail::Loss {
            self.time = self.network.through_time(&self.radii);
        }
        if self.outcome.first_non_finite.is_some() || !self.outcome.score.loss.is_finite() {
            self.diverged()?;
            return Ok(());
        }
        if (t + 1).is_multiple_of(self.steps_per_epoch()) {
            self.end_epoch()?;
        }
        if self.steps_left() == Some(0) || self.experiment.training.stop.patience.is_some() {
            self.end_by_rule()?;
        }
        Ok(())
    }

    /// The rate of update `t` (from 0); one-cycle moves the momentum too.
    fn rate_at(&mut self, t: u64) -> f64 {
        let schedule = &self.experiment.training.schedule;
        let base = self.hyper.optimizer.learning_rate();
        if let (Schedule::OneCycle { .. }, Some(momentum)) = (schedule, schedule.momentum(t)) {
            self.hyper.optimizer = self.hyper.optimizer.with_momentum(momentum);
        }
        schedule.rate(base, t) * self.plateau.scale
    }

    /// The same batch once more shows every layer's statistics where the step was not measured. They are not to the bit that
    /// step's: dropout draws the next one's masks, and where the error signal overflowed on its way down, the layers above
    /// had learned.
    fn diverged(&mut self) -> Result<(), StepError> {
        let at = self.steps();
        if self.outcome.stats.is_empty() {
            let batch = self.gathered.batch(&self.data.train);
            let trace = self.network.probe(&batch, &self.hyper.regularize)?;
            self.outcome.stats = trace.stats;
            self.time = self.network.through_time(&self.radii);
        }
        let place = match self.outcome.first_non_finite {
            Some(found) => format!(
                "first in layers.{}, {}",
                found.layer,
                match found.direction {
                    Direction::Forward => "forward (its outputs overflow)",
                    Direction::Backward => "backward (the error signal overflows)",
                }
            ),
            None => "in the loss alone".to_string(),
        };
        self.ended = Some(Ended::Diverged(format!(
            "a value is not finite at step {at}: {place}"
        )));
        Ok(())
    }

    /// What was measured at the last step.
    fn point(&self) -> Option<Point> {
        let scores = self.scores();
        (self.steps() > 0).then(|| Point {
            step: self.steps(),
            epoch: self.epoch(),
            learning_rate: self.rate,
            train: self.outcome.score,
            test: scores.test,
            fitted: scores.fitted,
            global_grad_norm: self.outcome.global_grad_norm,
            clip_factor: self.outcome.clip_factor,
            layers: self.outcome.stats.clone(),
            time: self.time.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataKind;
    use crate::experiment::Experiment;
    use crate::training::Start;
    use crate::training::guard::guarded;
    use std::path::Path;
    use std::sync::Arc;

    /// Rows that are gone make the next step panic before anything is learned: what is saved then is the run up to there.
    #[test]
    fn a_step_that_panics_leaves_the_run_before_it_to_be_saved() {
        let experiment = Experiment::on(DataKind::Wine {});
        let build = |start: &Start| {
            Session::build(&experiment, Path::new("."), start, None, &|_| {}).expect("a run")
        };
        let (mut whole, mut broken) = (build(&Start::default()), build(&Start::default()));
        broken.advance(5, Detail::Stats);
        let data = Arc::clone(&broken.data);
        let mut fewer = (*data).clone();
        fewer.train.x = fewer.train.x.slice(ndarray::s![..1, ..]).to_owned();
        broken.data = Arc::new(fewer);
        assert!(guarded(|| broken.advance(1, Detail::Stats)).is_err());
        assert!(broken.is_whole());
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("c");
        broken.save(&path).expect("saved");
        let start = Start {
            resume: Some(path),
            ..Start::default()
        };
        let mut resumed = build(&start);
        resumed.advance(5, Detail::Stats);
        whole.advance(5, Detail::Stats);
        whole.advance(5, Detail::Stats);
        assert_eq!(resumed.network.state(), whole.network.state());
    }

    #[test]
    fn a_step_that_broke_off_after_learning_is_not_whole() {
        let experiment = Experiment::on(DataKind::Wine {});
        let mut session = Session::build(
            &experiment,
            Path::new("."),
            &Start::default(),
            None,
            &|_| {},
        )
        .expect("a run");
        session.advance(3, Detail::Stats);
        assert!(session.is_whole());
        session.begun = Some(2);
        assert!(
            !session.is_whole(),
            "learned, but its epoch's end is missing"
        );
    }
}
