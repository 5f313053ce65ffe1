//! A session as the training thread drives it.

use super::Session;
use crate::experiment::Experiment;
use crate::training::trainee::{Advance, Age, Change, Detail, Ended, Scores, Snapshot, Trainee};
use crate::training::{DataView, Lens, Point, RunInfo, TensorFileError};

impl Trainee for Session {
    fn info(&self) -> RunInfo {
        Session::info(self)
    }

    fn advance(&mut self, steps: u64, last: Detail) -> Advance {
        Session::advance(self, steps, last)
    }

    fn ended(&self) -> Option<Ended> {
        self.ended.clone()
    }

    fn comparison_age(&self) -> Option<Age> {
        if self.data.test.is_empty() {
            return None;
        }
        let (now, epoch) = (self.steps(), self.steps_per_epoch());
        Some(match self.fitted {
            Some((then, _)) => Age {
                steps: now.saturating_sub(then),
                epochs: (now / epoch).saturating_sub(then / epoch),
            },
            None => Age {
                steps: now + 1,
                epochs: now / epoch + 1,
            },
        })
    }

    fn compare(&mut self) -> Result<Scores, String> {
        Session::compare(self).map_err(|e| format!("the rows cannot be evaluated: {e}"))
    }

    fn look(&mut self, lens: &Lens) -> Result<DataView, String> {
        Session::look(self, lens).map_err(|e| e.to_string())
    }

    fn log(&self) -> Vec<Point> {
        self.log.points().to_vec()
    }

    fn replace(&mut self, experiment: &Experiment) -> Change {
        self.change(experiment)
    }

    fn snapshot(&self) -> Snapshot {
        let file = self.to_checkpoint();
        Box::new(move |path| {
            file.write(path).map_err(|error| match error {
                // On a narrow screen a long path would hide what is wrong.
                TensorFileError::Io { file, source } => format!("{source}: {file}"),
                other => other.to_string(),
            })
        })
    }

    fn is_whole(&self) -> bool {
        Session::is_whole(self)
    }

    fn weights(&self) -> Snapshot {
        let file = Session::weights(self);
        Box::new(move |path| file.write(path).map_err(|e| e.to_string()))
    }
}
