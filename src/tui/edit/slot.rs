//! Places of an experiment that hold an entry of a vocabulary.

use crate::data::DataKind;
use crate::experiment::{Experiment, Layer, LayerKind, RECURRENT_INIT};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, Cell, Norm};
use crate::nn::vocabulary::{Entry, Parameter, Value, Vocabulary};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Data,
    /// Hidden layers' default.
    Activation,
    /// Every layer's default.
    Init,
    Bias,
    Layer(usize, LayerSlot),
    OutputInit,
    OutputBias,
    Loss,
    Optimizer,
    Schedule,
    Clip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerSlot {
    Kind,
    Activation,
    Init,
    Bias,
    Norm,
    RecurrentInit,
}

/// What a slot holds, or could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Not given: the default applies.
    Default,
    /// `bias = false`.
    Off,
    /// A plain dense layer (where the vocabulary is the recurrent cells).
    Dense,
    Entry(usize),
}

/// One line of a slot's picker.
#[derive(Clone, Debug)]
pub struct Offer {
    pub choice: Choice,
    pub name: String,
    pub help: &'static str,
    pub source: &'static str,
}

/// A slot seen as text and values, whatever its vocabulary.
struct View {
    entries: &'static [Entry],
    choice: Choice,
    values: Vec<Value>,
    /// What `Default` means here; `None` where an entry must be given.
    default: Option<String>,
    off: bool,
    dense: bool,
}

fn given<V: Vocabulary>(v: &V) -> View {
    View {
        entries: V::entries(),
        choice: Choice::Entry(v.index()),
        values: v.values(),
        default: None,
        off: false,
        dense: false,
    }
}

fn optional<V: Vocabulary>(v: Option<&V>, default: String) -> View {
    View {
        entries: V::entries(),
        choice: v.map_or(Choice::Default, |v| Choice::Entry(v.index())),
        values: v.map(V::values).unwrap_or_default(),
        default: Some(default),
        off: false,
        dense: false,
    }
}

fn bias(b: Option<&Bias>, default: Option<String>) -> View {
    let drawn = match b {
        Some(Bias::Drawn(init)) => Some(init),
        _ => None,
    };
    let mut view = optional(drawn, String::new());
    view.default = default;
    view.off = true;
    if b == Some(&Bias::Off) {
        view.choice = Choice::Off;
    }
    view
}

fn bias_word(b: &Option<Bias>) -> String {
    match b {
        None => "zeros".into(),
        Some(Bias::Off) => "off".into(),
        Some(Bias::Drawn(init)) => init.name().into(),
    }
}

impl Slot {
    fn view(self, e: &Experiment) -> Option<View> {
        let network = &e.network;
        Some(match self {
            Slot::Data => given(&e.data.kind),
            Slot::Activation => given(&network.activation),
            Slot::Init => given(&network.init),
            Slot::Bias => bias(network.bias.as_ref(), Some("zeros".into())),
            Slot::OutputInit => optional(network.output.init.as_ref(), network.init.name().into()),
            Slot::OutputBias => bias(network.output.bias.as_ref(), Some(bias_word(&network.bias))),
            Slot::Loss => optional(e.training.loss.as_ref(), "by the data".into()),
            Slot::Optimizer => given(&e.training.optimizer),
            Slot::Schedule => given(&e.training.schedule),
            Slot::Clip => given(&e.training.clip),
            Slot::Layer(i, slot) => {
                let layer = network.layers.get(i)?;
                match slot {
                    LayerSlot::Kind => kind(layer),
                    LayerSlot::Activation => {
                        let unsaid = match layer.is_gated() {
                            true => Activation::Tanh.name(),
                            false => network.activation.name(),
                        };
                        optional(layer.activation.as_ref(), unsaid.into())
                    }
                    LayerSlot::Init => optional(layer.init.as_ref(), network.init.name().into()),
                    LayerSlot::Bias => bias(layer.bias.as_ref(), Some(bias_word(&network.bias))),
                    LayerSlot::Norm => given(&layer.norm),
                    LayerSlot::RecurrentInit => match &layer.kind {
                        LayerKind::Recurrent { recurrent_init, .. } => given(recurrent_init),
                        LayerKind::Dense => return None,
                    },
                }
            }
        })
    }

    /// What it holds, with the entry's parameters in the table's order.
    pub fn get(self, e: &Experiment) -> Option<(Choice, Vec<Value>)> {
        self.view(e).map(|v| (v.choice, v.values))
    }

    /// What it holds, in a word; a default in effect is in parentheses.
    pub fn word(self, e: &Experiment) -> String {
        let Some(view) = self.view(e) else {
            return String::new();
        };
        match view.choice {
            Choice::Default => format!("({})", view.default.unwrap_or_default()),
            Choice::Off => "off".into(),
            Choice::Dense => "dense".into(),
            Choice::Entry(i) => view.entries[i].name.into(),
        }
    }

    /// All it could hold, the special ones first.
    pub fn offers(self, e: &Experiment) -> Vec<Offer> {
        let Some(view) = self.view(e) else {
            return Vec::new();
        };
        let special = |choice, name: &str, help| Offer {
            choice,
            name: name.into(),
            help,
            source: "-",
        };
        let mut offers = Vec::new();
        if let Some(default) = &view.default {
            offers.push(special(
                Choice::Default,
                &format!("default ({default})"),
                "not given here: what is set for the whole network, or follows from the data",
            ));
        }
        if view.off {
            offers.push(special(Choice::Off, "off", "no biases"));
        }
        if view.dense {
            offers.push(special(Choice::Dense, "dense", "out = φ(W x + b)"));
        }
        offers.extend(view.entries.iter().enumerate().map(|(i, entry)| Offer {
            choice: Choice::Entry(i),
            name: entry.name.into(),
            help: entry.help,
            source: entry.source,
        }));
        offers
    }

    /// The parameters of the entry `choice`, with their defaults.
    pub fn parameters(self, e: &Experiment, choice: Choice) -> Vec<Parameter> {
        match (self.view(e), choice) {
            (Some(view), Choice::Entry(i)) => view
                .entries
                .get(i)
                .map(|entry| (entry.parameters)())
                .unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Puts `choice` there; false where that does not fit.
    pub fn set(self, e: &mut Experiment, choice: Choice, values: &[Value]) -> bool {
        let network = &mut e.network;
        match self {
            Slot::Data => {
                let before = targets(&e.data.kind);
                let done = put(&mut e.data.kind, choice, values);
                if targets(&e.data.kind) != before {
                    // The loss follows from the data until it is chosen again: the old one may not fit the new targets.
                    e.training.loss = None;
                }
                done
            }
            Slot::Activation => put(&mut network.activation, choice, values),
            Slot::Init => put(&mut network.init, choice, values),
            Slot::Bias => put_bias(&mut network.bias, choice, values),
            Slot::OutputInit => put_optional(&mut network.output.init, choice, values),
            Slot::OutputBias => put_bias(&mut network.output.bias, choice, values),
            Slot::Loss => put_optional(&mut e.training.loss, choice, values),
            Slot::Optimizer => put(&mut e.training.optimizer, choice, values),
            Slot::Schedule => put(&mut e.training.schedule, choice, values),
            Slot::Clip => put(&mut e.training.clip, choice, values),
            Slot::Layer(i, slot) => match network.layers.get_mut(i) {
                Some(layer) => set_in_layer(layer, slot, choice, values),
                None => false,
            },
        }
    }

    /// What the slot's vocabulary is called.
    pub fn label(self) -> &'static str {
        match self {
            Slot::Data => "data",
            Slot::Activation | Slot::Layer(_, LayerSlot::Activation) => "activation",
            Slot::Init | Slot::OutputInit | Slot::Layer(_, LayerSlot::Init) => "init",
            Slot::Bias | Slot::OutputBias | Slot::Layer(_, LayerSlot::Bias) => "bias",
            Slot::Layer(_, LayerSlot::Kind) => "kind",
            Slot::Layer(_, LayerSlot::Norm) => "norm",
            Slot::Layer(_, LayerSlot::RecurrentInit) => "recurrent_init",
            Slot::Loss => "loss",
            Slot::Optimizer => "optimizer",
            Slot::Schedule => "schedule",
            Slot::Clip => "clip",
        }
    }
}

fn kind(layer: &Layer) -> View {
    let cell = match &layer.kind {
        LayerKind::Dense => None,
        LayerKind::Recurrent { cell, .. } => Some(cell),
    };
    let mut view = optional(cell, String::new());
    view.default = None;
    view.dense = true;
    if cell.is_none() {
        view.choice = Choice::Dense;
    }
    view
}

fn set_in_layer(layer: &mut Layer, slot: LayerSlot, choice: Choice, values: &[Value]) -> bool {
    match slot {
        LayerSlot::Activation => put_optional::<Activation>(&mut layer.activation, choice, values),
        LayerSlot::Init => put_optional::<Initializer>(&mut layer.init, choice, values),
        LayerSlot::Bias => put_bias(&mut layer.bias, choice, values),
        LayerSlot::Norm => put::<Norm>(&mut layer.norm, choice, values),
        LayerSlot::RecurrentInit => match &mut layer.kind {
            LayerKind::Recurrent { recurrent_init, .. } => {
                put::<Initializer>(recurrent_init, choice, values)
            }
            LayerKind::Dense => false,
        },
        LayerSlot::Kind => match choice {
            Choice::Dense => {
                layer.kind = LayerKind::Dense;
                true
            }
            Choice::Entry(i) => match (Cell::build(i, values), &mut layer.kind) {
                (Some(new), LayerKind::Recurrent { cell, .. }) => {
                    *cell = new;
                    true
                }
                (Some(cell), dense) => {
                    *dense = LayerKind::Recurrent {
                        cell,
                        recurrent_init: RECURRENT_INIT,
                    };
                    true
                }
                (None, _) => false,
            },
            _ => false,
        },
    }
}

/// What decides of what kind the targets are: the data set, and its task where that is chosen.
fn targets(data: &DataKind) -> (usize, Option<Value>) {
    let parameters = (data.entry().parameters)().into_iter();
    let mut given = parameters.zip(data.values());
    let task = given.find(|(parameter, _)| parameter.name == "task");
    (data.index(), task.map(|(_, value)| value))
}

fn put<V: Vocabulary>(place: &mut V, choice: Choice, values: &[Value]) -> bool {
    match choice {
        Choice::Entry(i) => match V::build(i, values) {
            Some(v) => {
                *place = v;
                true
            }
            None => false,
        },
        _ => false,
    }
}

fn put_optional<V: Vocabulary>(place: &mut Option<V>, choice: Choice, values: &[Value]) -> bool {
    match choice {
        Choice::Default => {
            *place = None;
            true
        }
        Choice::Entry(i) => match V::build(i, values) {
            Some(v) => {
                *place = Some(v);
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// `None`: does not fit; `Some(None)`: the default.
fn bias_of(choice: Choice, values: &[Value]) -> Option<Option<Bias>> {
    match choice {
        Choice::Default => Some(None),
        Choice::Off => Some(Some(Bias::Off)),
        Choice::Dense => None,
        Choice::Entry(i) => Initializer::build(i, values).map(|init| Some(Bias::Drawn(init))),
    }
}

fn put_bias(place: &mut Option<Bias>, choice: Choice, values: &[Value]) -> bool {
    match bias_of(choice, values) {
        Some(b) => {
            *place = b;
            true
        }
        None => false,
    }
}
