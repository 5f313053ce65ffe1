//! What theory, verdict and advice say of the present experiment and run.

use super::{App, NetworkRow};
use crate::data::{Dataset, Task};
use crate::experiment::{BatchSize, Experiment, resolve};
use crate::insight::advice::{advise_for, departure};
use crate::insight::theory::{self, Predicted, Setting, Theory};
use crate::insight::{Advice, Fix, Foresight, Judge, Verdict};
use crate::nn::spec::NetworkSpec;
use crate::tui::edit::layers;
use crate::tui::measure::Measure;
use crate::tui::overlay::{Item, List, Overlay, Purpose};
use std::sync::{Arc, Weak};

/// What is derived from the experiment, its data and the newest measurements.
#[derive(Default)]
pub struct Insight {
    pub spec: Option<NetworkSpec>,
    pub theory: Option<Theory>,
    /// Weight layers that depart from the recommended pair, from 0.
    departing: Vec<usize>,
    pub verdict: Option<Verdict>,
    judge: Judge,
    /// The verdict that theory foresees.
    pub foresight: Option<Foresight>,
    /// The rows' moments, of the data that they were taken of: going through a million rows takes a while.
    moments: Option<(Weak<Dataset>, Setting)>,
}

impl Insight {
    /// Takes the moments of these rows, unless they are known.
    fn take_moments(&mut self, data: &Arc<Dataset>) {
        let data = Arc::downgrade(data);
        if !matches!(&self.moments, Some((of, _)) if of.ptr_eq(&data))
            && let Some(rows) = data.upgrade()
        {
            self.moments = Some((data, Setting::of(&rows, 1)));
        }
    }

    /// What theory has to know of an experiment on the present data.
    pub(super) fn setting(&self, experiment: &Experiment, data: &Dataset) -> Setting {
        let rows = data.train.len();
        let batch = match experiment.training.batch_size {
            BatchSize::Rows(batch) => batch.min(rows),
            BatchSize::Full => rows,
        };
        let batch = batch.max(1);
        match &self.moments {
            Some((_, moments)) => Setting { batch, ..*moments },
            None => Setting::of(data, batch),
        }
    }
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
        self.insight.take_moments(&data);
        let experiment = &self.experiment;
        let spec = resolve::for_data(experiment, &data).ok();
        let setting = self.insight.setting(experiment, &data);
        let theory = spec
            .as_ref()
            .and_then(|spec| theory::predict(spec, &setting).ok());
        let foresight = theory.as_ref().zip(spec.as_ref());
        let foresight = foresight.map(|(theory, spec)| Foresight::of(theory, spec));
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
        self.insight.foresight = foresight;
        self.insight.departing = departing.unwrap_or_default();
        self.judge();
    }

    /// The verdict on the newest measurements; none while they are of another network.
    pub(super) fn judge(&mut self) {
        let stats = self.run.record.layers();
        let time = self.run.record.time();
        let insight = &mut self.insight;
        insight.verdict = match &insight.spec {
            Some(spec) if !stats.is_empty() && stats.len() == spec.layers.len() => {
                let judge = &mut insight.judge;
                Some(judge.judge(stats, &time, None, &self.experiment, spec))
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
                let classes = matches!(data.task, Task::Classification { .. });
                let overfits = self.run.record.gap();
                let mut advice: Vec<Advice> = overfits
                    .map(|gap| gap.advice(&self.experiment, classes))
                    .unwrap_or_default();
                advice.extend(advise_for(
                    &self.experiment,
                    spec,
                    &self.insight.setting(&self.experiment, data),
                    stats,
                ));
                advice
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

    /// How far one network's measure scatters around theory's, as the standard deviation of its natural logarithm. A layer
    /// of n units adds about 5/n to the variance of the logarithm of the signal's square (E‖a‖⁴/(E‖a‖²)² = Π(1+5/n): Hanin
    /// & Rolnick 2018), up to it on the way forward, down to it on the way back.
    pub fn scatter(&self, layer: usize, measure: Measure) -> Option<f64> {
        let layers = &self.insight.spec.as_ref()?.layers;
        let hidden = layers.len().saturating_sub(1);
        let range = match measure {
            Measure::PreStd => 0..layer.min(hidden),
            Measure::DeltaRms => layer.min(hidden)..hidden,
            _ => 0..hidden,
        };
        let variance: f64 = layers[range].iter().map(|l| 5.0 / l.units as f64).sum();
        Some(variance.sqrt() / 2.0)
    }
}
