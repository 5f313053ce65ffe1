//! What theory, verdict and advice say of the present experiment and run. What takes longer than a frame is asked of a thread
//! beside the screen's; what it says of an experiment that has changed since is dropped.

use super::{App, NetworkRow};
use crate::data::{Dataset, Task};
use crate::experiment::resolve;
use crate::insight::advice::{Topic, departure};
use crate::insight::theory::{Predicted, Setting, Theory};
use crate::insight::{Advice, Fix, Foresight, Kind, Seen, Symptoms, Verdict, verdict};
use crate::nn::spec::NetworkSpec;
use crate::training::Point;
use crate::tui::edit::layers;
use crate::tui::inquiry::{About, Answer, Found, Question, Ticket};
use crate::tui::measure::Measure;
use crate::tui::message::Effect;
use crate::tui::overlay::{Item, List, Overlay, Purpose};
use crate::tui::panes::{network, verdict as verdict_pane};
use crate::tui::theme::Anchors;
use crate::tui::tour;
use std::sync::{Arc, Weak};

const LOOKING_FOR_ADVICE: &str = "looking for advice...";

/// What is derived from the experiment, its data and the newest measurements.
#[derive(Default)]
pub struct Insight {
    /// Of the experiment and data as they stand; every change of them brings a new one.
    pub(super) ticket: Ticket,
    pub spec: Option<NetworkSpec>,
    /// After an edit that leaves the layers' number, the former one until the new one is there.
    pub theory: Option<Theory>,
    /// Weight layers that depart from the recommended pair, from 0.
    departing: Vec<usize>,
    pub verdict: Option<Verdict>,
    /// What was found out of this experiment: a verdict's fix, or that there is none.
    fixes: Vec<(Symptoms, Option<Fix>)>,
    /// The verdict whose fix is looked for.
    fix_asked: Option<Symptoms>,
    /// Held while the advice that was asked for is looked for.
    advice_asked: Option<Ticket>,
    /// The last fix that was shown; of an experiment that has changed since.
    former_fix: Option<String>,
    /// The verdict that theory foresees.
    pub foresight: Option<Foresight>,
    /// The rows' moments, of the data that they were taken of: going through a million rows takes a while.
    moments: Option<(Weak<Dataset>, Setting)>,
}

impl Insight {
    /// The rows' moments, where they are known.
    pub(super) fn moments(&self, data: &Arc<Dataset>) -> Option<Setting> {
        let (of, moments) = self.moments.as_ref()?;
        of.ptr_eq(&Arc::downgrade(data)).then_some(*moments)
    }

    fn found_fix(&self, symptoms: Symptoms) -> Option<&Option<Fix>> {
        let mut found = self.fixes.iter();
        found.find(|(of, _)| *of == symptoms).map(|(_, fix)| fix)
    }
}

impl App {
    pub fn dataset(&self) -> Option<&Arc<Dataset>> {
        self.run.info.as_ref()?.dataset.as_ref()
    }

    /// Where a measure's colours turn: of what is made of the error, later by as much as the verdict allows for its unit.
    pub fn anchors(&self, measure: Measure) -> Anchors {
        let anchors = measure.anchors();
        match &self.insight.spec {
            Some(spec) if measure.is_of_errors() => {
                anchors.raised(verdict::error_unit(spec).log10())
            }
            _ => anchors,
        }
    }

    pub(super) fn ask(&mut self, ticket: &Ticket, about: About) {
        if let Some(data) = self.dataset().cloned() {
            let moments = self.insight.moments(&data);
            let question = Question::new(ticket, &self.experiment, &data, moments, about);
            self.effect(Effect::Ask(Box::new(question)));
        }
    }

    /// Brings what follows from the experiment and its data up to date.
    pub(super) fn refresh_insight(&mut self) {
        self.withdraw_advice();
        let Some(data) = self.dataset().cloned() else {
            self.insight = Insight::default();
            return;
        };
        let former = std::mem::take(&mut self.insight);
        let former_fix = former.verdict.and_then(|v| v.fix).map(|fix| fix.label);
        let insight = &mut self.insight;
        insight.moments = former.moments;
        insight.former_fix = former_fix.or(former.former_fix);
        let Ok(spec) = resolve::for_data(&self.experiment, &data) else {
            return;
        };
        let count = spec.layers.len();
        insight.departing = (0..count)
            .filter(|i| departure(&spec.layers[*i], *i + 1 == count).is_some())
            .collect();
        if former
            .theory
            .as_ref()
            .is_some_and(|t| t.layers.len() == count)
        {
            insight.theory = former.theory;
            insight.foresight = former.foresight;
        }
        insight.spec = Some(spec.clone());
        let ticket = insight.ticket.clone();
        self.ask(&ticket, About::Theory(spec));
        self.judge();
    }

    /// The verdict on a point's measurements; none where they are of another network.
    fn verdict_on(&self, point: &Point) -> Option<Verdict> {
        let spec = self.insight.spec.as_ref()?;
        let mut verdict = self.run.record.verdict_on(point, spec)?;
        verdict.mind(&self.experiment.training.clip);
        Some(verdict)
    }

    /// The verdict on the step that the cursor is at, and that step, where it is not the newest.
    pub fn verdict_at_cursor(&self) -> Option<(Verdict, u64)> {
        let record = &self.run.record;
        let point = record.at(self.cursor?)?;
        let verdict = self.verdict_on(point)?;
        (point.step < record.step()).then_some((verdict, point.step))
    }

    /// Judges the newest measurements, and looks for the fix.
    pub(super) fn judge(&mut self) {
        let newest = self.run.record.latest.as_ref();
        let judged = newest.and_then(|point| self.verdict_on(point));
        let insight = &mut self.insight;
        insight.verdict = None;
        let (Some(mut verdict), Some(spec)) = (judged, &insight.spec) else {
            return;
        };
        let symptoms = verdict.symptoms();
        match insight.found_fix(symptoms) {
            Some(fix) => verdict.fix = fix.clone(),
            None if symptoms.kind == Kind::Healthy => {}
            None if insight.fix_asked == Some(symptoms) => {}
            None => {
                insight.fix_asked = Some(symptoms);
                let (ticket, spec) = (insight.ticket.clone(), spec.clone());
                self.ask(&ticket, About::Fix(symptoms, spec));
            }
        }
        self.insight.verdict = Some(verdict);
    }

    /// What was asked is found out; of what has changed since, nothing is believed.
    pub(super) fn answered(&mut self, answer: Answer) {
        let asked = self.insight.advice_asked.as_ref();
        let is_advice = asked.is_some_and(|ticket| ticket.is_of(&answer));
        if is_advice {
            self.withdraw_advice();
        }
        if let Found::Nothing(why) = answer.found {
            return self.trouble(format!("theory failed: {why}"));
        }
        if !is_advice && !self.insight.ticket.is_of(&answer) {
            return self.foreseen(answer);
        }
        match answer.found {
            Found::Theory { moments, theory } => {
                let insight = &mut self.insight;
                let seen = theory.as_ref().zip(insight.spec.as_ref());
                insight.foresight = seen.map(|(theory, spec)| Foresight::of(theory, spec));
                insight.theory = theory;
                let data = self.dataset().map(Arc::downgrade);
                self.insight.moments = data.map(|data| (data, *moments));
            }
            Found::Fix(symptoms, fix) => {
                self.insight.fixes.push((symptoms, fix));
                self.insight.former_fix = None;
                self.judge();
            }
            Found::Advice(advice) => self.list_advice(advice),
            Found::Entry(..) | Found::Nothing(_) => {}
        }
    }

    /// The fix that was proposed before the last edit, while a new one is looked for.
    pub fn former_fix(&self) -> Option<&str> {
        self.insight
            .former_fix
            .as_deref()
            .filter(|_| self.is_looking_for_fix())
    }

    /// Whether the verdict's fix is not known yet.
    pub fn is_looking_for_fix(&self) -> bool {
        let insight = &self.insight;
        let symptoms = insight.verdict.as_ref().map(Verdict::symptoms);
        symptoms.is_some_and(|s| s.kind != Kind::Healthy && insight.found_fix(s).is_none())
    }

    pub fn fix(&self) -> Option<&Fix> {
        self.insight.verdict.as_ref()?.fix.as_ref()
    }

    /// Whether the newest step's gradient is not as it should be.
    pub fn is_ill(&self) -> bool {
        let verdict = self.insight.verdict.as_ref();
        verdict.is_some_and(|verdict| verdict.kind != Kind::Healthy)
    }

    /// Makes the change that the verdict proposes.
    pub fn apply_fix(&mut self) {
        if let Some(fix) = self.fix().cloned() {
            self.adopt(fix);
        }
    }

    /// Makes a change that was proposed. What an overfitted network has learnt it does not unlearn, and units that lie flat no
    /// smaller steps bring back: there it is seen from the start.
    pub(super) fn adopt(&mut self, fix: Fix) {
        let overfits = self.run.record.gap().is_some_and(|g| g.since.is_some());
        let flat = self.insight.verdict.as_ref().is_some_and(|v| v.flat);
        self.replace(*fix.experiment);
        if overfits || flat {
            self.restart();
        }
        self.notice(format!("done: {} {}", fix.label, self.takes_back()));
    }

    /// Asks for all advice on the experiment and on what is measured of it.
    pub fn show_advice(&mut self) {
        // While a run is being made the network is that of the one before, and there is nothing to ask about.
        let is_there = self.dataset().is_some();
        let Some(spec) = self.insight.spec.clone().filter(|_| is_there) else {
            return self.notice("no advice: the network is not built yet");
        };
        let of_this = |point: &&Point| point.layers.len() == spec.layers.len();
        let first = self.run.record.kept().next().filter(of_this);
        let seen = self
            .run
            .record
            .latest
            .as_ref()
            .filter(of_this)
            .map(|point| Seen {
                layers: point.layers.clone(),
                learning_rate: point.learning_rate,
                first: first.map(|first| (first.layers.clone(), first.learning_rate)),
            });
        self.notice(LOOKING_FOR_ADVICE);
        let ticket = Ticket::default();
        self.ask(&ticket, About::Advice(spec, seen));
        self.insight.advice_asked = Some(ticket);
    }

    /// Advice is not waited for any more, and not said to be; whether it was waited for.
    pub(super) fn withdraw_advice(&mut self) -> bool {
        self.toast.take_if(|toast| toast.text == LOOKING_FOR_ADVICE);
        self.insight.advice_asked.take().is_some()
    }

    /// Shows the advice that was asked for, unless the person has opened something else since.
    fn list_advice(&mut self, found: Vec<Advice>) {
        if !self.overlays.is_empty() || self.race.is_some() || self.finder.is_some() {
            return;
        }
        let classes = self
            .dataset()
            .is_some_and(|data| matches!(data.task, Task::Classification { .. }));
        let gap = self.run.record.gap();
        let mut advice: Vec<Advice> = gap
            .map(|gap| gap.advice(&self.experiment, classes))
            .unwrap_or_default();
        // what knows its rows by heart takes small steps because nothing is left to learn, not by its rate
        let learnt = !advice.is_empty();
        advice.extend(
            found
                .into_iter()
                .filter(|a| !learnt || a.topic != Topic::LearningRateLow),
        );
        let (sentence, fix) = match &self.insight.verdict {
            Some(verdict) => (verdict.sentence.clone(), verdict.fix.clone()),
            None => (String::new(), None),
        };
        let known = |fix: &Fix| advice.iter().flat_map(|a| &a.fix).any(|f| f == fix);
        let verdicts = fix
            .filter(|fix| !known(fix))
            .map(|fix| (sentence, Some(fix)));
        let mut offers: Vec<(String, Option<Fix>)> = Vec::new();
        for (sentence, fix) in verdicts
            .into_iter()
            .chain(advice.into_iter().map(|a| (a.sentence, a.fix)))
        {
            let alike =
                |(_, offered): &&mut (String, Option<Fix>)| fix.is_some() && *offered == fix;
            match offers.iter_mut().find(alike) {
                // One change that several observations call for is offered once.
                Some((said, _)) => *said += &format!(" {sentence}"),
                None => offers.push((sentence, fix)),
            }
        }
        self.toast = None;
        if offers.is_empty() {
            return self.notice("no advice: nothing here departs from what is known to work");
        }
        let items = offers
            .iter()
            .map(|(sentence, fix)| Item {
                // What would be done tells pieces of advice apart that rest on the same observation.
                name: fix.as_ref().map_or(sentence, |fix| &fix.label).clone(),
                help: sentence.clone(),
                ..Item::default()
            })
            .collect();
        let fixes = offers.into_iter().map(|(_, fix)| fix).collect();
        self.overlays.push(Overlay::List(List::new(
            "Advice",
            items,
            Purpose::Fixes(fixes),
        )));
    }

    /// All that the verdict says and what the experiment is about, to be read in full.
    pub fn explain(&mut self) {
        let mut parts = vec![verdict_pane::in_full(self)];
        if let Some(words) = self.tour.and_then(|at| tour::words_of(self, at)) {
            parts.push(words);
        }
        let about = network::about_text(self);
        if !about.is_empty() {
            parts.push(format!("{}: {about}", self.experiment.name));
        }
        self.overlays.push(Overlay::Text {
            title: "In full".into(),
            text: parts.join("\n\n"),
            scroll: 0,
        });
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
