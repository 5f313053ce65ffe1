//! What theory, verdict and advice say of the present experiment and run.

use super::{App, NetworkRow};
use crate::data::Dataset;
use crate::experiment::{BatchSize, Experiment, resolve};
use crate::insight::theory::{self, Predicted, Setting, Theory};
use crate::tui::measure::Measure;
use std::sync::Arc;

/// Theory's prediction for an experiment on this data; `None` where theory does not cover it.
pub fn predict(experiment: &Experiment, data: &Dataset) -> Option<Theory> {
    let spec = resolve::for_data(experiment, data).ok()?;
    let batch = match experiment.training.batch_size {
        BatchSize::Rows(rows) => rows,
        BatchSize::Full => data.train.len(),
    };
    theory::predict(&spec, &Setting::of(data, batch)).ok()
}

impl App {
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.run.info.as_ref()?.dataset.as_ref()
    }

    /// Brings what is derived from the experiment and its data up to date.
    pub(super) fn refresh_insight(&mut self) {
        self.theory = self
            .dataset()
            .and_then(|data| predict(&self.experiment, data));
    }

    /// Whether a layer departs from the recommended pair of activation and initializer.
    pub fn departs(&self, _row: NetworkRow) -> bool {
        false
    }

    pub fn has_theory(&self) -> bool {
        self.theory.is_some()
    }

    /// What theory says of a layer's measure before the first step.
    pub fn predicted(&self, layer: usize, measure: Measure) -> Option<f64> {
        let predicted: &Predicted = self.theory.as_ref()?.layers.get(layer)?;
        match measure {
            Measure::GradRms => Some(predicted.grad_rms),
            Measure::GradNorm => Some(predicted.grad_norm),
            Measure::DeltaRms => Some(predicted.delta_rms),
            Measure::PreStd => Some(predicted.q_pre.sqrt()),
            _ => None,
        }
    }
}
