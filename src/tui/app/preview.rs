//! What would come of a picker's entries, before one is chosen: theory's word on the network with each of them in it, the
//! table's advice, and the variance of the weights.

use super::App;
use crate::experiment::{Experiment, resolve};
use crate::insight::Foresight;
use crate::insight::advice::{Family, departure, recommended, recommended_for};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::spec::{LayerSpec, NetworkSpec};
use crate::nn::vocabulary::{Value, Vocabulary};
use crate::tui::edit::{Choice, LayerSlot, Slot, layers};
use crate::tui::inquiry::{About, Answer, Found, Ticket, candidate};
use crate::tui::overlay::preview::{Drawing, Foreseen, Preview};
use crate::tui::overlay::{Asked, List, Overlay, Purpose};
use crate::tui::theme::Role;
use crate::tui::widgets::format_value;
use std::collections::VecDeque;

impl App {
    /// Brings the preview of the picker on top up to date.
    pub(super) fn preview(&mut self) {
        let Some(Overlay::List(list)) = self.overlays.last() else {
            return;
        };
        let Purpose::Pick(slot, choices) = list.purpose.clone() else {
            return;
        };
        let Some(Overlay::List(mut list)) = self.overlays.pop() else {
            return;
        };
        self.ask_of_entries(&mut list, slot, &choices);
        list.preview = list
            .current()
            .map(|(item, _)| self.preview_of(&list, slot, choices[item], item));
        self.overlays.push(Overlay::List(list));
    }

    /// Asks theory about the selected entry, then those in sight, then the others, unless that was asked.
    fn ask_of_entries(&mut self, list: &mut List, slot: Slot, choices: &[Choice]) {
        let of = self.insight.ticket.clone();
        if !list.asked.as_ref().is_some_and(|asked| asked.of.is(&of)) {
            list.foreseen = vec![Foreseen::NotYet; choices.len()];
            list.asked = None;
        }
        let Some((selected, _)) = list.current() else {
            return;
        };
        let first = list.selected.saturating_sub(10).min(list.matches.len());
        let (above, in_sight) = list.matches.split_at(first);
        let mut left = VecDeque::with_capacity(choices.len());
        for item in [selected].iter().chain(in_sight).chain(above).copied() {
            let new = list.foreseen[item] == Foreseen::NotYet;
            if new && !left.iter().any(|(known, _)| *known == item) {
                left.push_back((item, choices[item]));
            }
        }
        let asked = list
            .asked
            .as_ref()
            .is_some_and(|asked| asked.item == selected);
        if left.is_empty() || asked || !slot.shapes_the_signal() || self.dataset().is_none() {
            return;
        }
        let ticket = list.asked.take().map_or_else(Ticket::default, |a| a.ticket);
        self.ask(&ticket, About::Entries(slot, left));
        list.asked = Some(Asked {
            ticket,
            of,
            item: selected,
        });
    }

    /// Theory's word on one of the entries of the picker on top.
    pub(super) fn foreseen(&mut self, answer: Answer) {
        let Some(Overlay::List(list)) = self.overlays.last_mut() else {
            return;
        };
        let waits = list.asked.as_ref().is_some_and(|a| a.ticket.is_of(&answer));
        if let Found::Entry(item, foreseen) = answer.found
            && waits
            && let Some(place) = list.foreseen.get_mut(item)
        {
            *place = foreseen;
            self.preview();
        }
    }

    fn preview_of(&self, list: &List, slot: Slot, choice: Choice, item: usize) -> Preview {
        let mut preview = Preview::default();
        if slot == Slot::Schedule {
            return schedule_preview(&self.experiment, choice);
        }
        preview.lines.extend(self.outcome(list, slot, item));
        let after = candidate(&self.experiment, slot, choice)
            .ok()
            .zip(self.dataset())
            .and_then(|(candidate, data)| resolve::for_data(&candidate, data).ok());
        let Some((after, now)) = after.zip(self.insight.spec.as_ref()) else {
            preview.drawing = activation_of(slot, choice).map(Drawing::Function);
            return preview;
        };
        let layer = self.layer_of(slot, &after);
        let (Some(chosen), Some(present)) = (after.layers.get(layer), now.layers.get(layer)) else {
            return preview;
        };
        let output = layer + 1 == after.layers.len();
        if slot.is_activation() {
            preview.drawing = Some(Drawing::Function(chosen.activation.clone()));
            preview.lines.push(pair(chosen, output));
        } else if slot.is_weights() {
            preview.drawing = Some(Drawing::Density {
                chosen: chosen.init.clone(),
                now: present.init.clone(),
                fan_in: chosen.inputs,
                fan_out: chosen.units,
            });
            preview.lines.push(pair(chosen, output));
            preview.lines.push(variance(chosen, layer, output));
        }
        preview
    }

    /// Theory's word: now, and if this were chosen.
    fn outcome(&self, list: &List, slot: Slot, item: usize) -> Option<(String, Role)> {
        let foreseen = list.foreseen.get(item)?;
        let words = foreseen.words();
        if words.is_empty() || !slot.shapes_the_signal() {
            return None;
        }
        let Foreseen::Network(_) = foreseen else {
            return Some((words, Role::Dim));
        };
        let now = self.insight.foresight.as_ref().map(Foresight::words);
        let text = match now {
            Some(now) if now != words => format!("theory: now {now} → then {words}"),
            _ => format!("theory: {words}"),
        };
        Some((text, foreseen.role()))
    }

    /// A word on an entry, for the list: whether it is there now, and what the table says of it.
    pub(super) fn note_on(&self, slot: Slot, choice: Choice, now: bool) -> String {
        let family = match choice {
            Choice::Entry(i) if slot.is_activation() => Activation::entries()
                .get(i)
                .and_then(|entry| recommended(&Activation::named(entry.name)?))
                .map(Family::name),
            Choice::Entry(i) if slot.is_weights() => self
                .suits(slot, Initializer::entries().get(i).map_or("", |e| e.name))
                .then_some("table"),
            _ => None,
        };
        let words: Vec<&str> = now.then_some("now").into_iter().chain(family).collect();
        words.join(" · ")
    }

    /// Whether the table draws the slot's layer by this initializer's family.
    fn suits(&self, slot: Slot, init: &str) -> bool {
        let Some(spec) = &self.insight.spec else {
            return false;
        };
        let index = self.layer_of(slot, spec);
        let Some(layer) = spec.layers.get(index) else {
            return false;
        };
        let family = recommended_for(layer, index + 1 == spec.layers.len());
        let of = Initializer::named(init).and_then(|init| Family::of(&init));
        family.is_some() && of == family
    }

    /// What is chosen, and for what.
    pub(super) fn picker_title(&self, slot: Slot) -> String {
        let label = slot.label();
        match slot {
            Slot::Layer(i, _) => {
                let first = layers::first_of(&self.experiment, i) + 1;
                match layers::first_of(&self.experiment, i + 1) {
                    last if last > first => format!("{label} of layers {first} to {last}"),
                    _ => format!("{label} of layer {first}"),
                }
            }
            Slot::OutputInit | Slot::OutputBias => format!("{label} of the output layer"),
            Slot::Activation | Slot::Init | Slot::Bias => {
                format!("{label} of every layer that has none of its own")
            }
            _ => label.into(),
        }
    }

    /// The weight layer, from 0, that a preview speaks of: the selected one where the entry is of it.
    fn layer_of(&self, slot: Slot, spec: &NetworkSpec) -> usize {
        let last = spec.layers.len().saturating_sub(1);
        match slot {
            Slot::Layer(i, _) => {
                let first = layers::first_of(&self.experiment, i);
                let next = layers::first_of(&self.experiment, i + 1);
                if (first..next).contains(&self.layer) {
                    self.layer
                } else {
                    first
                }
            }
            Slot::OutputInit => last,
            _ => self.layer.min(last.saturating_sub(1)),
        }
    }
}

impl Slot {
    pub fn is_activation(self) -> bool {
        matches!(
            self,
            Slot::Activation | Slot::Layer(_, LayerSlot::Activation)
        )
    }

    pub fn is_weights(self) -> bool {
        matches!(
            self,
            Slot::Init | Slot::OutputInit | Slot::Layer(_, LayerSlot::Init)
        )
    }

    /// Whether theory has something to say of the choice.
    pub fn shapes_the_signal(self) -> bool {
        let other = matches!(
            self,
            Slot::Bias
                | Slot::OutputBias
                | Slot::Loss
                | Slot::Layer(_, LayerSlot::Bias | LayerSlot::Norm)
        );
        other || self.is_activation() || self.is_weights()
    }
}

/// An activation by its entry alone, while nothing is known of the network.
fn activation_of(slot: Slot, choice: Choice) -> Option<Activation> {
    match choice {
        Choice::Entry(i) if slot.is_activation() => {
            Activation::named(Activation::entries().get(i)?.name)
        }
        _ => None,
    }
}

/// What the table of pairs says of a layer.
fn pair(layer: &LayerSpec, output: bool) -> (String, Role) {
    let what = if output {
        "an output layer"
    } else {
        layer.activation.name()
    };
    if layer.given {
        let text = "it starts from weights of a file or of pretraining, not from its draw";
        return (text.into(), Role::Dim);
    }
    let init = layer.init.name();
    let Some(family) = recommended_for(layer, output) else {
        let text = match layer.kind.cell() {
            Some(_) => "the table of pairs is for dense layers: a step's gain comes from the recurrent matrix too".into(),
            None => format!("the table has no pair for {what}"),
        };
        return (text, Role::Dim);
    };
    let family = family.name();
    match departure(layer, output) {
        None => (
            format!("the table draws {what} by {family}: {init} agrees"),
            Role::Good,
        ),
        Some(_) => (
            format!("the table draws {what} by {family}: {init} departs from it"),
            Role::Warning,
        ),
    }
}

/// The variance of a layer's weights, and what it makes of the signal's on the way up and of the error's on the way down
/// (Glorot & Bengio 2010, eq. 10 and 11: both products are to be 1).
fn variance(layer: &LayerSpec, index: usize, output: bool) -> (String, Role) {
    let (fan_in, fan_out) = (layer.inputs, layer.units);
    let variance = layer.init.variance(fan_in, fan_out);
    let place = if output {
        "the output layer".to_string()
    } else {
        format!("layer {}", index + 1)
    };
    let text = if matches!(layer.init, Initializer::Lsuv) {
        format!(
            "{place}, {fan_in} → {fan_out}: scaled to the first batch until its pre-activations have variance 1"
        )
    } else {
        format!(
            "{place}, {fan_in} → {fan_out}: variance {}, × fan_in {}, × fan_out {}",
            format_value(variance),
            format_value(variance * fan_in as f64),
            format_value(variance * fan_out as f64)
        )
    };
    (text, Role::Text)
}

/// Steps over which a schedule is drawn where nothing says how long the run is.
const DRAWN: u64 = 1000;

/// A schedule's shape over the run; what it has to be given is filled in so that the shape shows.
fn schedule_preview(e: &Experiment, choice: Choice) -> Preview {
    let mut preview = Preview::default();
    let base = e.training.optimizer.learning_rate();
    let steps = e.training.stop.steps.unwrap_or(DRAWN).max(2);
    let filled = |name: &str| match name {
        "every" => Value::Count((steps / 5).max(1)),
        "factor" => Value::Real(1e-2f64.powf(1.0 / steps as f64)),
        "max" => Value::Real(10.0 * base),
        _ => Value::Count(steps),
    };
    let parameters = Slot::Schedule.parameters(e, choice);
    let missing: Vec<&str> = parameters
        .iter()
        .filter(|p| p.default.is_none())
        .map(|p| p.name)
        .collect();
    let said = match missing[..] {
        [] => "the rate over the steps".to_string(),
        _ => format!(
            "drawn over {steps} steps; enter asks for {}",
            missing.join(", ")
        ),
    };
    let values: Vec<Value> = parameters
        .iter()
        .map(|p| p.default.clone().unwrap_or_else(|| filled(p.name)))
        .collect();
    let mut candidate = e.clone();
    if Slot::Schedule.set(&mut candidate, choice, &values) {
        preview.drawing = Some(Drawing::Rate {
            schedule: candidate.training.schedule,
            base,
            steps,
        });
        preview.lines.push((said, Role::Dim));
    }
    preview
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Task;
    use crate::experiment::presets;

    /// The table's variances are those of a layer that is fed by the one below alone.
    #[test]
    fn the_table_of_pairs_judges_dense_layers_alone() {
        let preset = presets::find("rnn-exploding").expect("a preset");
        let experiment = preset.experiment().expect("an experiment");
        let task = Task::Regression { targets: 1 };
        let spec = resolve::network_spec(&experiment, 1, task).expect("fits");
        let (said, role) = pair(&spec.layers[0], false);
        assert!(said.contains("is for dense layers"), "{said}");
        assert_eq!(role, Role::Dim);
        let (said, _) = pair(&spec.layers[1], true);
        assert!(said.ends_with("agrees"), "{said}");
    }
}
