//! What cannot be together, though each value by itself may be. The same rules judge a file and an edit.

use super::schema::*;
use super::{size, targets};
use crate::data::DataKind;
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Bias, Cell, Norm};
use crate::nn::vocabulary::{Misfit, Vocabulary};
use std::collections::HashSet;

/// One impossible combination.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// The keys (`network.layers.0.skip`) that together are impossible, the one to point at first.
    pub reads: Vec<String>,
    pub message: String,
}

impl Problem {
    pub(super) fn new(reads: &[&str], message: impl Into<String>) -> Self {
        Self {
            reads: reads.iter().map(|r| r.to_string()).collect(),
            message: message.into(),
        }
    }

    /// The key to point at.
    pub fn path(&self) -> &str {
        self.reads.first().map_or("", String::as_str)
    }
}

/// Everything that cannot be together in this experiment, each once: several layers may inherit what none of them can have. Empty
/// for one that can be run.
pub fn problems(experiment: &Experiment) -> Vec<Problem> {
    let mut found = Vec::new();
    data(experiment, &mut found);
    things(experiment, &mut found);
    layers(experiment, &mut found);
    targets::problems(experiment, &mut found);
    optimizer(&experiment.training.optimizer, &mut found);
    schedule(experiment, &mut found);
    found.extend(size::problem(experiment));
    depth(experiment, &mut found);
    let mut said = HashSet::new();
    found.retain(|problem| said.insert((problem.path().to_string(), problem.message.clone())));
    found
}

/// Whether test rows are left out of the training.
fn has_test_rows(data: &Data) -> bool {
    data.test_fraction > 0.0
        || matches!(
            &data.kind,
            DataKind::Idx {
                test_images: Some(_),
                ..
            }
        )
}

fn data(experiment: &Experiment, found: &mut Vec<Problem>) {
    let data = &experiment.data;
    match &data.kind {
        DataKind::Idx {
            test_images,
            test_labels,
            ..
        } => match (test_images, test_labels) {
            (Some(_), None) => found.push(Problem::new(
                &["data.test_images"],
                "`test_images` needs `test_labels` beside it",
            )),
            (None, Some(_)) => found.push(Problem::new(
                &["data.test_labels"],
                "`test_labels` needs `test_images` beside it",
            )),
            _ => {}
        },
        DataKind::Digits {
            classes: Some(classes),
        } => digits(classes, found),
        DataKind::Csv {
            delimiter,
            sequence,
            window,
            ..
        } => {
            let one_byte = delimiter.len() == 1
                && delimiter.is_ascii()
                && !matches!(delimiter.as_str(), "\"" | "\n" | "\r");
            if !one_byte {
                found.push(Problem::new(
                    &["data.delimiter"],
                    "`delimiter` must be one character, e.g. \",\", \";\" or \"\\t\"",
                ));
            }
            if sequence.is_some() && window.is_some() {
                found.push(Problem::new(
                    &["data.window", "data.sequence"],
                    "`window` and `sequence` both say how rows make sequences: keep one",
                ));
            }
        }
        _ => {}
    }
    if experiment.training.stop.patience.is_some() && !has_test_rows(data) {
        found.push(Problem::new(
            &["training.stop.patience", "data.test_fraction"],
            "`patience` watches the test loss, and there are no test rows: give `data.test_fraction`, e.g. 0.2",
        ));
    }
}

fn digits(classes: &[String], found: &mut Vec<Problem>) {
    let mut kept: Vec<&String> = Vec::new();
    for class in classes {
        let known = class.len() == 1 && class.as_bytes()[0].is_ascii_digit();
        if !known {
            let message = format!(
                "{} is no digit: `classes` keeps some of 0 to 9",
                crate::text::quote(class)
            );
            found.push(Problem::new(&["data.classes"], message));
        } else if kept.contains(&class) {
            found.push(Problem::new(
                &["data.classes"],
                format!("`classes` names {class} twice"),
            ));
        } else {
            kept.push(class);
        }
    }
    if classes.len() < 2 {
        found.push(Problem::new(
            &["data.classes"],
            "`classes` must keep at least two digits",
        ));
    }
}

/// Parameters of one thing that contradict each other.
fn things(experiment: &Experiment, found: &mut Vec<Problem>) {
    let network = &experiment.network;
    activation(&network.activation, "network.activation", found);
    initializer(&network.init, "network.init", found);
    bias(network.bias.as_ref(), "network.bias", found);
    for (i, layer) in network.layers.iter().enumerate() {
        let path = |key: &str| format!("network.layers.{i}.{key}");
        if let Some(given) = &layer.activation {
            activation(given, &path("activation"), found);
            if layer.is_gated() && *given != Activation::Tanh {
                gated(layer, given, &path(""), found);
            }
        }
        if let Some(given) = &layer.init {
            initializer(given, &path("init"), found);
        }
        bias(layer.bias.as_ref(), &path("bias"), found);
        if let LayerKind::Recurrent {
            recurrent_init: given,
            ..
        } = &layer.kind
        {
            initializer(given, &path("recurrent_init"), found);
            if matches!(given, Initializer::Lsuv) {
                found.push(Problem::new(&[&path("recurrent_init")], "`lsuv` scales a layer's input weights by the first batch: take `orthogonal` for recurrent weights"));
            }
        }
    }
    if let Some(given) = &network.output.init {
        initializer(given, "network.output.init", found);
    }
    bias(network.output.bias.as_ref(), "network.output.bias", found);
}

fn activation(activation: &Activation, path: &str, found: &mut Vec<Problem>) {
    if let Activation::Rrelu { lower, upper } = activation
        && lower > upper
    {
        found.push(Problem::new(&[path], format!("`rrelu` draws slopes from `lower` to `upper`, but lower {lower} is above upper {upper}")));
    }
}

/// Only tanh can be said of a gated cell, which is defined with it.
fn gated(layer: &Layer, given: &Activation, path: &str, found: &mut Vec<Problem>) {
    let LayerKind::Recurrent { cell, .. } = &layer.kind else {
        return;
    };
    let message = format!(
        "`{}` cells activate by tanh, not by `{}`: leave `activation` out, or take `cell = \"plain\"`",
        cell.name(),
        given.name()
    );
    let reads = ["activation", "cell", "kind"].map(|key| format!("{path}{key}"));
    found.push(Problem {
        reads: reads.into(),
        message,
    });
}

fn initializer(init: &Initializer, path: &str, found: &mut Vec<Problem>) {
    if let Initializer::Uniform { min, max } = init
        && max < min
    {
        found.push(Problem::new(
            &[path],
            format!("`uniform` draws from `min` to `max`, but max {max} is below min {min}"),
        ));
    }
}

fn bias(bias: Option<&Bias>, path: &str, found: &mut Vec<Problem>) {
    let Some(Bias::Drawn(init)) = bias else {
        return;
    };
    initializer(init, path, found);
    if matches!(
        init,
        Initializer::Orthogonal { .. } | Initializer::Identity { .. } | Initializer::Lsuv
    ) {
        let message = format!(
            "`{}` makes a matrix, and biases are a vector: take `zeros` or `normal`",
            init.name()
        );
        found.push(Problem::new(&[path], message));
    }
}

fn layers(experiment: &Experiment, found: &mut Vec<Problem>) {
    let mut dense_below = false;
    for (i, layer) in experiment.network.layers.iter().enumerate() {
        let path = |key: &str| format!("network.layers.{i}.{key}");
        match &layer.kind {
            LayerKind::Dense => dense_below = true,
            LayerKind::Recurrent { .. } if dense_below => found.push(Problem::new(
                &[&path("kind")],
                "a recurrent layer cannot stand above a dense one, which has no time left: move it below the dense layers",
            )),
            LayerKind::Recurrent { cell, .. } => recurrent(experiment, (i, layer), cell, found),
        }
        if layer.skip && layer.kind == LayerKind::Dense {
            skip(experiment, i, found);
        }
        let single = experiment.training.batch_size == BatchSize::Rows(1);
        if single && matches!(layer.norm, Norm::Batch { .. }) && layer.kind == LayerKind::Dense {
            found.push(Problem::new(
                &[&path("norm"), "training.batch_size"],
                "batch norm needs at least 2 rows to tell a variance, but batches have 1: use a larger batch or norm = \"layer\"",
            ));
        }
    }
}

/// What a recurrent layer cannot have, or stand upon.
fn recurrent(
    experiment: &Experiment,
    (i, layer): (usize, &Layer),
    cell: &Cell,
    found: &mut Vec<Problem>,
) {
    let network = &experiment.network;
    let own = |key: &str| format!("network.layers.{i}.{key}");
    let or_network = |key: &str, given: bool| match given {
        true => own(key),
        false => format!("network.{key}"),
    };
    let kind = own("kind");
    let mut refuse = |is_there: bool, key: String, what: &str| {
        if is_there {
            let message = format!("a recurrent layer cannot have {what}: take it off");
            found.push(Problem::new(&[&key, &kind], message));
        }
    };
    refuse(layer.norm != Norm::None, own("norm"), "a norm");
    refuse(layer.dropout > 0.0, own("dropout"), "dropout");
    refuse(layer.skip, own("skip"), "a skip");
    let init = layer.init.as_ref().unwrap_or(&network.init);
    let key = or_network("init", layer.init.is_some());
    refuse(*init == Initializer::Lsuv, key, "weights from `lsuv`");
    let inherited = Some(&network.activation).filter(|_| !cell.is_gated());
    let learned = matches!(
        layer.activation.as_ref().or(inherited),
        Some(Activation::Prelu { .. } | Activation::Rrelu { .. })
    );
    let key = or_network("activation", layer.activation.is_some());
    refuse(learned, key, "an activation with slopes of its own");
    if size::has_sequences(&experiment.data.kind) == Some(false) {
        found.push(Problem::new(
            &[&kind, "data.kind"],
            "the data has no sequences for a recurrent layer: take `adding`, `temporal-order` or `echo`, a file with a time axis, or a dense layer",
        ));
    }
}

fn skip(experiment: &Experiment, i: usize, found: &mut Vec<Problem>) {
    let layers = &experiment.network.layers;
    let (units, below, from) = match i.checked_sub(1) {
        Some(below) => (layers[i].units, layers[below].units, "in the layer below"),
        // Where only a file tells its width, it is judged when the file is read.
        None => match size::features(&experiment.data.kind) {
            Some(features) => (layers[0].units, features, "in the data"),
            None => return,
        },
    };
    if units != below {
        let message = format!(
            "`skip` adds the layer's input to its output, which needs equal widths: {units} units here, {below} {from}"
        );
        let mut reads = vec![
            format!("network.layers.{i}.skip"),
            format!("network.layers.{i}.units"),
        ];
        reads.push(
            i.checked_sub(1)
                .map_or("data.kind".into(), |b| format!("network.layers.{b}.units")),
        );
        found.push(Problem { reads, message });
    }
}

fn optimizer(optimizer: &Optimizer, found: &mut Vec<Problem>) {
    misfits("training.optimizer", optimizer.misfits(), found);
}

/// What an entry says of its own settings together, at the keys of the table `path`.
fn misfits(path: &str, misfits: Vec<Misfit>, found: &mut Vec<Problem>) {
    for Misfit { keys, message } in misfits {
        let [first, second] = keys.map(|key| format!("{path}.{key}"));
        found.push(Problem::new(&[&first, &second], message));
    }
}

fn schedule(experiment: &Experiment, found: &mut Vec<Problem>) {
    let training = &experiment.training;
    let rate = training.optimizer.learning_rate();
    misfits("training.schedule", training.schedule.misfits(), found);
    match &training.schedule {
        Schedule::Cosine { floor, .. } if *floor > rate => found.push(Problem::new(
            &["training.schedule.floor", "training.optimizer"],
            format!("`floor` {floor} is above the learning rate {rate}, from which the schedule falls"),
        )),
        Schedule::Plateau { .. } if !has_test_rows(&experiment.data) => found.push(Problem::new(
            &["training.schedule", "data.test_fraction"],
            "`plateau` watches the test loss, and there are no test rows: give `data.test_fraction`, e.g. 0.2",
        )),
        _ => {}
    }
}

/// Transfer and pretraining cannot reach higher than the network.
fn depth(experiment: &Experiment, found: &mut Vec<Problem>) {
    let hidden = size::hidden_layers(&experiment.network);
    if let Some(transfer) = &experiment.network.transfer
        && transfer.layers as u128 > hidden
    {
        let message = format!(
            "`layers` takes {} layers from below, and the network has {hidden} hidden ones",
            transfer.layers
        );
        found.push(Problem::new(
            &["network.transfer.layers", "network.layers"],
            message,
        ));
    }
    if let Some(pretrain) = &experiment.pretrain {
        let message = match pretrain.layers {
            Some(layers) if layers as u128 > hidden => format!(
                "`layers` pretrains {layers} layers, and the network has {hidden} hidden ones"
            ),
            _ if hidden == 0 => {
                "there are no hidden layers to pretrain: add [[network.layers]]".to_string()
            }
            _ => return,
        };
        found.push(Problem::new(
            &["pretrain.layers", "network.layers"],
            message,
        ));
    }
}
