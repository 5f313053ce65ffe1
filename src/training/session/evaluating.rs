//! What rows score between two steps, as in evaluation.

use super::Session;
use crate::data::Dataset;
use crate::nn::network::{Batch, BatchError};
use crate::telemetry::Score;
use crate::training::Point;
use crate::training::gather::{first, whole};
use crate::training::trainee::Scores;

/// A score, and after how many steps it was.
pub(super) type Dated = (u64, Score);

impl Session {
    /// The last evaluation of the test rows, by the weights of the step that it was after.
    pub fn test(&self) -> Option<Score> {
        self.test.map(|(_, score)| score)
    }

    /// That evaluation, if it was after the last step.
    pub fn test_now(&self) -> Option<Score> {
        let now = self.test.filter(|(step, _)| *step == self.steps());
        now.map(|(_, score)| score)
    }

    /// Evaluates the test rows by the weights as they are, unless that has been done; `None` where there are none.
    pub fn evaluate(&mut self) -> Result<Option<Score>, BatchError> {
        let score = self.score(self.test, |data| whole(&data.test))?;
        if !self.is_back() {
            self.test = score.map(|score| (self.steps(), score));
            if let Some(last) = self.last_logged() {
                last.test = score;
            }
        }
        Ok(score)
    }

    /// The same of the first training rows, as many as there are test rows: beside theirs it shows what is learned of the
    /// training rows alone. `None` where there are no test rows.
    pub fn evaluate_fit(&mut self) -> Result<Option<Score>, BatchError> {
        let score = self.score(self.fitted, |data| first(&data.train, data.test.len()))?;
        if !self.is_back() {
            self.fitted = score.map(|score| (self.steps(), score));
            if let Some(last) = self.last_logged() {
                last.fitted = score;
            }
        }
        Ok(score)
    }

    /// Evaluates both, unless that has been done after the last step: by its own weights, also where patience has gone back
    /// to others since.
    pub fn compare(&mut self) -> Result<Scores, BatchError> {
        if !self.is_back() {
            self.evaluate()?;
            self.evaluate_fit()?;
        }
        Ok(self.scores())
    }

    /// What a point of the last step says of the rows.
    pub(super) fn scores(&self) -> Scores {
        let fitted = self.fitted.filter(|(step, _)| *step == self.steps());
        Scores {
            test: self.test(),
            fitted: fitted.map(|(_, score)| score),
        }
    }

    /// Of `rows` by the weights as they are; `known` is the last step's.
    fn score(
        &mut self,
        known: Option<Dated>,
        rows: impl Fn(&Dataset) -> Batch<'_>,
    ) -> Result<Option<Score>, BatchError> {
        if self.data.test.is_empty() {
            return Ok(None);
        }
        let holds = |(step, _): &Dated| *step == self.steps() && !self.is_back();
        match known.filter(holds) {
            Some((_, score)) => Ok(Some(score)),
            None => self.network.evaluate(&rows(&self.data)).map(Some),
        }
    }

    /// The last step's point in the log, if it is there.
    fn last_logged(&mut self) -> Option<&mut Point> {
        let now = self.steps();
        self.log.last_mut().filter(|point| point.step == now)
    }

    /// The step that patience went back to the weights of, where it did.
    pub fn back_at(&self) -> Option<u64> {
        let best = self.stopping.best.as_ref();
        best.filter(|_| self.is_back()).map(|best| best.step)
    }

    /// Whether the weights are not the last step's, but the best ones that patience went back to.
    pub(super) fn is_back(&self) -> bool {
        let back = self.went_back.as_ref();
        back.is_some_and(|back| back.step == self.steps())
    }
}
