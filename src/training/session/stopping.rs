//! When a run ends: epochs, steps, patience; and the best weights seen on the way.

use super::Session;
use crate::experiment::Stop;
use crate::nn::network::{BatchError, NamedTensor};
use crate::nn::schedule::Schedule;
use crate::text::counted;
use crate::training::trainee::Ended;

/// The weights with the lowest test loss so far, kept while `patience` is in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    pub step: u64,
    pub loss: f64,
    pub weights: Vec<NamedTensor<f32>>,
}

/// Where patience went back to the best weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct WayBack {
    /// The step that it was after.
    pub step: u64,
    /// That step's own weights, from which the run goes on where it is to; older files have none.
    pub last: Option<Vec<NamedTensor<f32>>>,
}

/// What the stop rules remember.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::training) struct Stopping {
    pub best: Option<Best>,
    /// Epochs since the best one.
    pub waited: u64,
}

impl Stopping {
    pub fn is_out_of_patience(&self, stop: &Stop) -> bool {
        stop.patience.is_some_and(|p| self.waited >= p.max(1))
    }

    /// Whether it is out of patience if this epoch ends without a better loss.
    pub fn is_at_last_epoch(&self, stop: &Stop) -> bool {
        stop.patience.is_some_and(|p| self.waited + 1 >= p.max(1))
    }

    fn is_best_yet(&self, loss: f64) -> bool {
        // Of a loss that is not a number nothing is better, and everything is.
        self.best
            .as_ref()
            .is_none_or(|best| loss < best.loss || (best.loss.is_nan() && !loss.is_nan()))
    }
}

impl Session {
    /// Steps until a rule that counts steps ends the run; `None` without one.
    pub fn steps_left(&self) -> Option<u64> {
        let stop = &self.experiment.training.stop;
        let by_epochs = stop
            .epochs
            .map(|epochs| epochs.saturating_mul(self.steps_per_epoch()));
        let last = match (stop.steps, by_epochs) {
            (Some(steps), Some(by_epochs)) => steps.min(by_epochs),
            (one, other) => one.or(other)?,
        };
        Some(last.saturating_sub(self.steps()))
    }

    /// Ends the run if a rule is met now, or lets it go on. Where patience is at its end the weights are the best ones from here on,
    /// and where it is not any more, the last step's again.
    pub(super) fn end_by_rule(&mut self) -> Result<(), BatchError> {
        self.ended = self.stop_rule();
        match self
            .stopping
            .is_out_of_patience(&self.experiment.training.stop)
        {
            true => self.go_back_to_best(),
            false => {
                self.go_on_from_last();
                Ok(())
            }
        }
    }

    /// The rule that is met now, if one is.
    fn stop_rule(&self) -> Option<Ended> {
        let stop = &self.experiment.training.stop;
        let (steps, epoch) = (self.steps(), self.steps() / self.steps_per_epoch());
        if self.stopping.is_out_of_patience(stop) {
            let best = self.stopping.best.as_ref();
            let at = best.map_or(String::new(), |b| {
                format!(
                    ": back to the weights of step {}, test loss {:.6}",
                    b.step, b.loss
                )
            });
            return Some(Ended::Finished(format!(
                "no better test loss for {}{at}",
                counted(self.stopping.waited, "epoch")
            )));
        }
        if stop.steps.is_some_and(|s| steps >= s) {
            return Some(Ended::Finished(counted(steps, "step")));
        }
        if stop.epochs.is_some_and(|e| epoch >= e) {
            return Some(Ended::Finished(counted(epoch, "epoch")));
        }
        None
    }

    /// Whether every epoch's test loss decides something, rather than being shown only.
    pub(super) fn needs_every_epoch(&self) -> bool {
        self.experiment.training.stop.patience.is_some()
            || matches!(self.experiment.training.schedule, Schedule::Plateau { .. })
    }

    /// An epoch has ended: hears the test rows where rules depend on them.
    pub(super) fn end_epoch(&mut self) -> Result<(), BatchError> {
        if !self.needs_every_epoch() {
            return Ok(());
        }
        // Without test rows a plateau is one of the last mini-batch's loss.
        let loss = match self.evaluate()? {
            Some(score) => score.loss,
            None => self.outcome.score.loss,
        };
        let base = self.hyper.optimizer.learning_rate();
        let schedule = &self.experiment.training.schedule;
        self.plateau.report(schedule, base, loss);
        if self.experiment.training.stop.patience.is_none() {
            return Ok(());
        }
        if self.stopping.is_best_yet(loss) {
            self.stopping.best = Some(Best {
                step: self.steps(),
                loss,
                weights: self.network.parameters(),
            });
            self.stopping.waited = 0;
        } else {
            self.stopping.waited += 1;
        }
        Ok(())
    }

    fn go_back_to_best(&mut self) -> Result<(), BatchError> {
        if self.is_back() {
            return Ok(());
        }
        // What is said of the last step is of its own weights.
        self.compare()?;
        let Some(best) = &self.stopping.best else {
            return Ok(());
        };
        let last = self.network.parameters();
        // They are this network's own parameters: they fit.
        if self.network.load_parameters(&best.weights).is_ok() {
            self.went_back = Some(WayBack {
                step: self.steps(),
                last: Some(last),
            });
        }
        Ok(())
    }

    /// The optimizer's state and the order of the rows are the last step's: they go on with its own weights alone.
    fn go_on_from_last(&mut self) {
        let last = self.went_back.as_mut().and_then(|back| back.last.take());
        // They are this network's own parameters, too.
        if last.is_some_and(|last| self.network.load_parameters(&last).is_ok()) {
            self.went_back = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_is_better_than_none() {
        let after = |loss: f64| Stopping {
            best: Some(Best {
                step: 1,
                loss,
                weights: Vec::new(),
            }),
            waited: 0,
        };
        assert!(Stopping::default().is_best_yet(f64::NAN));
        assert!(after(f64::NAN).is_best_yet(2.0));
        assert!(!after(f64::NAN).is_best_yet(f64::NAN));
        assert!(!after(2.0).is_best_yet(f64::NAN));
        assert!(after(2.0).is_best_yet(1.0) && !after(2.0).is_best_yet(2.0));
    }
}
