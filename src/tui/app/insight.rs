//! What theory, verdict and advice say of the present experiment and run.

use super::{App, NetworkRow};
use crate::data::Dataset;
use crate::experiment::{BatchSize, Experiment, resolve};
use crate::insight::advice::{advise_for, departure};
use crate::insight::theory::{self, Predicted, Setting, Theory};
use crate::insight::{Advice, Fix, Judge, Verdict};
use crate::nn::spec::NetworkSpec;
use crate::tui::edit::layers;
use crate::tui::measure::Measure;
use crate::tui::overlay::{Item, List, Overlay, Purpose};
use std::sync::Arc;

/// What is derived from the experiment, its data and the newest measurements.
#[derive(Default)]
pub struct Insight {
    pub spec: Option<NetworkSpec>,
    pub theory: Option<Theory>,
    /// Weight layers that depart from the recommended pair, from 0.
    departing: Vec<usize>,
    pub verdict: Option<Verdict>,
    judge: Judge,
}

fn setting(experiment: &Experiment, data: &Dataset) -> Setting {
    let batch = match experiment.training.batch_size {
        BatchSize::Rows(rows) => rows,
        BatchSize::Full => data.train.len(),
    };
    Setting::of(data, batch)
}

/// Theory's prediction for an experiment on this data; `None` where theory does not cover it.
fn predict(experiment: &Experiment, data: &Dataset) -> Option<Theory> {
    let spec = resolve::for_data(experiment, data).ok()?;
    theory::predict(&spec, &setting(experiment, data)).ok()
}

impl App {
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.run.info.as_ref()?.dataset.as_ref()
    }

    /// Brings what follows from the experiment and its data up to date.
    pub(super) fn refresh_insight(&mut self) {
        let Some(data) = self.dataset().cloned() else {
            self.insight = Insight::default();
            return;
        };
        let experiment = &self.experiment;
        let spec = resolve::for_data(experiment, &data).ok();
        let theory = spec
            .as_ref()
            .and_then(|spec| theory::predict(spec, &setting(experiment, &data)).ok());
        let departing = spec.as_ref().map(|spec| {
            let last = spec.layers.len().saturating_sub(1);
            let layers = spec.layers.iter().enumerate();
            layers
                .filter(|(i, l)| departure(l, *i == last).is_some())
                .map(|(i, _)| i)
                .collect()
        });
        self.insight.spec = spec;
        self.insight.theory = theory;
        self.insight.departing = departing.unwrap_or_default();
        self.judge();
    }

    /// The verdict on the newest measurements; none while they are of another network.
    pub(super) fn judge(&mut self) {
        let stats = self.run.record.layers();
        let insight = &mut self.insight;
        insight.verdict = match &insight.spec {
            Some(spec) if !stats.is_empty() && stats.len() == spec.layers.len() => {
                Some(insight.judge.judge(stats, None, &self.experiment, spec))
            }
            _ => None,
        };
    }

    pub fn fix(&self) -> Option<&Fix> {
        self.insight.verdict.as_ref()?.fix.as_ref()
    }

    /// Makes the change that the verdict proposes.
    pub fn apply_fix(&mut self) {
        if let Some(fix) = self.fix().cloned() {
            self.replace(*fix.experiment);
            self.notice(format!("done: {} (u takes it back)", fix.label));
        }
    }

    /// All advice on the experiment and on what is measured of it.
    fn advice(&self) -> Vec<Advice> {
        match (self.dataset(), &self.insight.spec) {
            (Some(data), Some(spec)) => {
                let stats = self.run.record.layers();
                let stats = (stats.len() == spec.layers.len()).then_some(stats);
                advise_for(
                    &self.experiment,
                    spec,
                    &setting(&self.experiment, data),
                    stats,
                )
            }
            _ => Vec::new(),
        }
    }

    pub fn show_advice(&mut self) {
        let advice = self.advice();
        if advice.is_empty() {
            return self.notice("no advice: nothing here departs from what is known to work");
        }
        let items = advice
            .iter()
            .map(|a| Item {
                name: a.sentence.clone(),
                note: a.topic.name().into(),
                help: match &a.fix {
                    Some(fix) => format!("{}\nenter: {}", a.sentence, fix.label),
                    None => a.sentence.clone(),
                },
                fault: None,
            })
            .collect();
        let fixes = advice.into_iter().map(|a| a.fix).collect();
        self.overlays.push(Overlay::List(List::new(
            "Advice",
            items,
            Purpose::Fixes(fixes),
        )));
    }

    /// Whether a row of the Network pane departs from the recommended pair of activation and initializer.
    pub fn departs(&self, row: NetworkRow) -> bool {
        let range = match row {
            NetworkRow::Layer(i) => {
                let first = layers::first_of(&self.experiment, i);
                first..layers::first_of(&self.experiment, i + 1)
            }
            NetworkRow::Output => self.layer_count() - 1..self.layer_count(),
            NetworkRow::Input | NetworkRow::Defaults => return false,
        };
        self.insight
            .departing
            .iter()
            .any(|layer| range.contains(layer))
    }

    pub fn has_theory(&self) -> bool {
        self.insight.theory.is_some()
    }

    /// What theory says of a layer's measure before the first step.
    pub fn predicted(&self, layer: usize, measure: Measure) -> Option<f64> {
        let predicted: &Predicted = self.insight.theory.as_ref()?.layers.get(layer)?;
        match measure {
            Measure::GradRms => Some(predicted.grad_rms),
            Measure::GradNorm => Some(predicted.grad_norm),
            Measure::DeltaRms => Some(predicted.delta_rms),
            Measure::PreStd => Some(predicted.q_pre.sqrt()),
            _ => None,
        }
    }

    /// What theory predicts if the selected entry of the picker on top were chosen.
    pub(super) fn preview(&mut self) {
        let Some(Overlay::List(list)) = self.overlays.last() else {
            return;
        };
        let Purpose::Pick(slot, choices) = &list.purpose else {
            return;
        };
        let (slot, choice) = (
            *slot,
            list.current().and_then(|(i, _)| choices.get(i).copied()),
        );
        let text = choice.and_then(|choice| {
            let values: Option<Vec<_>> = slot
                .parameters(&self.experiment, choice)
                .into_iter()
                .map(|p| p.default)
                .collect();
            let mut candidate = self.experiment.clone();
            if !slot.set(&mut candidate, choice, &values?) {
                return None;
            }
            let theory = predict(&candidate, self.dataset()?)?;
            Some(sentence(&theory))
        });
        if let Some(Overlay::List(list)) = self.overlays.last_mut() {
            list.preview = text;
        }
    }
}

/// What theory says of a network, in a line.
fn sentence(theory: &Theory) -> String {
    let (Some(bottom), Some(top)) = (theory.layers.first(), theory.layers.last()) else {
        return String::new();
    };
    let decades = |low: f64, high: f64| (low / high).log10();
    let (signal, gradient) = (
        decades(bottom.delta_rms, top.delta_rms),
        decades(bottom.grad_rms, top.grad_rms),
    );
    if !signal.is_finite() || !gradient.is_finite() {
        return "theory: no signal reaches the bottom layer".into();
    }
    format!(
        "theory: layer 1 gets 10^{signal:.1} of the output's error signal, 10^{gradient:.1} of its gradient"
    )
}
