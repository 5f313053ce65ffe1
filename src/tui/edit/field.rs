//! A field: any one thing of an experiment that a person can change, and which of them a form shows.

use super::lower::Lower;
use super::scalar::{LayerScalar, Scalar};
use super::slot::{Choice, LayerSlot, Slot};
use super::value;
use crate::experiment::{Experiment, LayerKind};
use crate::nn::vocabulary::{Limits, Parameter, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// An entry of a vocabulary.
    Entry(Slot),
    /// The n-th parameter of the entry that is there.
    Parameter(Slot, usize),
    Scalar(Scalar),
}

/// How a field is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Editor {
    /// From a list of entries.
    Pick,
    /// From a list of words.
    Words(&'static [&'static str]),
    /// Turned over.
    Toggle,
    /// Typed.
    Type,
}

impl Field {
    /// The parameter's table entry; `None` for a vocabulary's entry itself, or where the field is no longer there.
    pub fn parameter(self, e: &Experiment) -> Option<Parameter> {
        match self {
            Field::Entry(_) => None,
            Field::Parameter(slot, n) => {
                let (choice, _) = slot.get(e)?;
                slot.parameters(e, choice).into_iter().nth(n)
            }
            Field::Scalar(scalar) => Some(scalar.parameter()),
        }
    }

    pub fn label(self, e: &Experiment) -> String {
        match self {
            Field::Entry(slot) => slot.label().into(),
            _ => self
                .parameter(e)
                .map(|p| p.name.to_string())
                .unwrap_or_default(),
        }
    }

    /// Whether the field belongs to the one above it and is shown indented.
    pub fn is_nested(self) -> bool {
        matches!(self, Field::Parameter(..))
    }

    pub fn help(self, e: &Experiment) -> String {
        match self {
            Field::Entry(slot) => match slot.get(e) {
                Some((Choice::Entry(i), _)) => slot
                    .offers(e)
                    .into_iter()
                    .find(|o| o.choice == Choice::Entry(i))
                    .map(|o| o.help.to_string())
                    .unwrap_or_default(),
                _ => format!("enter: choose the {}", slot.label()),
            },
            _ => self
                .parameter(e)
                .map(|p| p.help.to_string())
                .unwrap_or_default(),
        }
    }

    pub fn get(self, e: &Experiment) -> Value {
        match self {
            Field::Entry(slot) => Value::Text(slot.word(e)),
            Field::Parameter(slot, n) => slot
                .get(e)
                .and_then(|(_, values)| values.into_iter().nth(n))
                .unwrap_or(Value::Absent),
            Field::Scalar(scalar) => scalar.get(e),
        }
    }

    /// Its value as the screen shows it.
    pub fn text(self, e: &Experiment) -> String {
        match (self, self.get(e)) {
            (Field::Scalar(scalar), Value::Absent) => scalar.absent_word().into(),
            (_, Value::Flag(on)) => if on { "yes" } else { "no" }.into(),
            (_, v) => value::text_of(&v),
        }
    }

    pub fn editor(self, e: &Experiment) -> Editor {
        match self.parameter(e) {
            None => Editor::Pick,
            Some(p) => match p.limits {
                Limits::Flag => Editor::Toggle,
                Limits::Choice(words) => Editor::Words(words),
                _ => Editor::Type,
            },
        }
    }

    /// Puts a value there (not for entries, which come from a picker); false where it does not fit.
    pub fn set(self, e: &mut Experiment, new: &Value) -> bool {
        match self {
            Field::Entry(_) => false,
            Field::Scalar(scalar) => scalar.set(e, new),
            Field::Parameter(slot, n) => match slot.get(e) {
                Some((choice, mut values)) if n < values.len() => {
                    values[n] = new.clone();
                    slot.set(e, choice, &values)
                }
                _ => false,
            },
        }
    }
}

/// A slot, then its entry's parameters.
fn with_parameters(e: &Experiment, slot: Slot, into: &mut Vec<Field>) {
    into.push(Field::Entry(slot));
    if let Some((choice, _)) = slot.get(e) {
        let count = slot.parameters(e, choice).len();
        into.extend((0..count).map(|n| Field::Parameter(slot, n)));
    }
}

/// The Training pane, from the top down: what is changed most comes first.
pub fn training(e: &Experiment) -> Vec<Field> {
    let mut fields = Vec::new();
    let scalars = |list: &[Scalar], fields: &mut Vec<Field>| {
        fields.extend(list.iter().copied().map(Field::Scalar));
    };
    with_parameters(e, Slot::Data, &mut fields);
    with_parameters(e, Slot::Optimizer, &mut fields);
    scalars(&[Scalar::BatchSize], &mut fields);
    with_parameters(e, Slot::Schedule, &mut fields);
    with_parameters(e, Slot::Loss, &mut fields);
    scalars(&[Scalar::Seed], &mut fields);
    with_parameters(e, Slot::Clip, &mut fields);
    let lower: Vec<Scalar> = Lower::all(e).into_iter().map(Scalar::Lower).collect();
    // What is there stands high; the offer of what is not, at the end.
    let (high, low) = match lower.len() {
        1 => (Vec::new(), lower),
        _ => (lower, Vec::new()),
    };
    scalars(&high, &mut fields);
    scalars(
        &[
            Scalar::L1,
            Scalar::L2,
            Scalar::MaxNorm,
            Scalar::StopEpochs,
            Scalar::StopSteps,
            Scalar::StopPatience,
            Scalar::TestFraction,
            Scalar::Standardize,
            Scalar::Shuffle,
            Scalar::TrainRows,
            Scalar::LabelSmoothing,
        ],
        &mut fields,
    );
    scalars(&low, &mut fields);
    scalars(&[Scalar::Name, Scalar::Description], &mut fields);
    fields
}

/// One layer's form.
pub fn layer(e: &Experiment, i: usize) -> Vec<Field> {
    let Some(layer) = e.network.layers.get(i) else {
        return Vec::new();
    };
    let scalar = |s| Field::Scalar(Scalar::Layer(i, s));
    let mut fields = vec![scalar(LayerScalar::Units)];
    with_parameters(e, Slot::Layer(i, LayerSlot::Activation), &mut fields);
    with_parameters(e, Slot::Layer(i, LayerSlot::Init), &mut fields);
    fields.push(scalar(LayerScalar::Repeat));
    with_parameters(e, Slot::Layer(i, LayerSlot::Bias), &mut fields);
    with_parameters(e, Slot::Layer(i, LayerSlot::Norm), &mut fields);
    fields.extend([LayerScalar::Dropout, LayerScalar::Skip, LayerScalar::Frozen].map(scalar));
    with_parameters(e, Slot::Layer(i, LayerSlot::Kind), &mut fields);
    if matches!(layer.kind, LayerKind::Recurrent { .. }) {
        with_parameters(e, Slot::Layer(i, LayerSlot::RecurrentInit), &mut fields);
    }
    fields
}

/// The output layer's form.
pub fn output(e: &Experiment) -> Vec<Field> {
    let mut fields = Vec::new();
    with_parameters(e, Slot::OutputInit, &mut fields);
    with_parameters(e, Slot::OutputBias, &mut fields);
    fields.push(Field::Scalar(Scalar::OutputFrozen));
    with_parameters(e, Slot::Loss, &mut fields);
    fields
}

/// What holds for every layer that does not say otherwise.
pub fn defaults(e: &Experiment) -> Vec<Field> {
    let mut fields = Vec::new();
    with_parameters(e, Slot::Activation, &mut fields);
    with_parameters(e, Slot::Init, &mut fields);
    with_parameters(e, Slot::Bias, &mut fields);
    fields
}
