//! From an experiment and its data's shape to what is built: every default filled in, every repeat expanded.

use super::schema::*;
use super::size;
use super::targets::{TargetKind, loss_misfit};
use crate::data::{DataError, DataKind, Dataset, Problem, Task};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::spec::{self, Bias, Hyper, LayerSpec, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;
use crate::text::quote;
use thiserror::Error;

/// Why an experiment does not fit its data. `path` is the key to change.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{path}: {message}")]
pub struct ResolveError {
    pub path: String,
    pub message: String,
}

/// Where an experiment is at fault for data that cannot be had of it.
pub fn fault_of_data(data: &Data, error: &DataError) -> Option<ResolveError> {
    let key = match &error.problem {
        Problem::UnknownColumn { name, .. } | Problem::UnknownArray { name, .. } => {
            key_naming(&data.kind, name)?
        }
        Problem::UnseenClass { .. } if data.train_rows.is_some() => "train_rows".into(),
        Problem::TooNoisy => "noise".into(),
        _ => return None,
    };
    Some(ResolveError {
        path: format!("data.{key}"),
        message: error.to_string(),
    })
}

/// The key that names what the data do not have; `name` is quoted.
fn key_naming(kind: &DataKind, name: &str) -> Option<String> {
    let is = |key: &String| quote(key) == name;
    Some(match kind {
        DataKind::Csv {
            sequence: Some(column),
            ..
        } if is(column) => "sequence".into(),
        DataKind::Csv { target, .. } => format!("target.{}", target.iter().position(is)?),
        DataKind::Npz { x, .. } | DataKind::Safetensors { x, .. } if is(x) => "x".into(),
        DataKind::Npz { .. } | DataKind::Safetensors { .. } => "y".into(),
        _ => return None,
    })
}

fn refuse<T>(path: impl Into<String>, message: impl Into<String>) -> Result<T, ResolveError> {
    Err(ResolveError {
        path: path.into(),
        message: message.into(),
    })
}

/// The loss where none is named: cross-entropy for classes, the mean squared error for numbers.
pub fn default_loss(task: Task) -> Loss {
    match task {
        Task::Classification { .. } => Loss::CrossEntropy {},
        Task::Regression { .. } => Loss::Mse {},
    }
}

/// Units of the output layer: a logit a class (one for two classes under binary cross-entropy), or a unit a target.
pub fn outputs(loss: &Loss, task: Task) -> usize {
    match (loss, task) {
        (Loss::BinaryCrossEntropy, Task::Classification { .. }) => 1,
        (_, Task::Classification { classes }) => classes,
        (_, Task::Regression { targets }) => targets,
    }
}

/// The network of this experiment on this data. The bottom layer takes one step's features where it is recurrent, all steps
/// of a sequence side by side where it is dense.
///
/// # Errors
/// As [`network_spec`]'s, targets that the loss does not take, and patience where no test rows came of the data.
pub fn for_data(experiment: &Experiment, data: &Dataset) -> Result<NetworkSpec, ResolveError> {
    if let Task::Classification { classes: 0 | 1 } = data.task {
        return one_class(experiment, data);
    }
    let bottom = experiment.network.layers.first();
    let recurrent = bottom.is_some_and(|l| matches!(l.kind, LayerKind::Recurrent { .. }));
    if data.time_targets && !recurrent {
        let message = format!(
            "`{}` has a target at every step, which only a recurrent bottom layer has an answer to: give the first layer `kind = \"recurrent\"`",
            experiment.data.kind.name()
        );
        return refuse("network.layers", message);
    }
    let inputs = match data.time {
        Some(steps) if !recurrent => data.features.saturating_mul(steps),
        _ => data.features,
    };
    let spec = network_spec(experiment, inputs, data.task)?;
    if spec.loss == Loss::BinaryCrossEntropy
        && let Some(value) = data.target_outside(0.0..=1.0)
    {
        let message = format!(
            "`binary-cross-entropy` takes targets from 0 to 1, and `{}` has {value}: take `mse`, `mae` or `huber`",
            experiment.data.kind.name()
        );
        return refuse("training.loss", message);
    }
    if experiment.training.stop.patience.is_some() && data.test.is_empty() {
        let message = format!(
            "`patience` watches the test loss, and {} has no rows left for testing: give more rows, raise `data.test_fraction`, or leave `patience` out",
            data.name
        );
        return refuse("training.stop.patience", message);
    }
    Ok(NetworkSpec {
        target_rms: data.target_rms(),
        ..spec
    })
}

fn one_class<T>(experiment: &Experiment, data: &Dataset) -> Result<T, ResolveError> {
    let mut path = "data";
    let column = match &experiment.data.kind {
        DataKind::Csv { target, .. } => {
            path = "data.target";
            format!(", column {}", quote(&target.join(", ")))
        }
        DataKind::Npz { y, .. } | DataKind::Safetensors { y, .. } => {
            format!(", array {}", quote(y))
        }
        _ => String::new(),
    };
    let class = quote(data.class_names.first().map_or("", String::as_str));
    refuse(
        path,
        format!(
            "{}{column} holds only class {class}: a classifier needs at least two to tell apart",
            data.name
        ),
    )
}

/// The network of this experiment on rows of `inputs` features (a step's features for sequences), for this task.
///
/// # Errors
/// A loss that does not suit the task, a skip over unequal widths, or more parameters than are built.
pub fn network_spec(
    experiment: &Experiment,
    inputs: usize,
    task: Task,
) -> Result<NetworkSpec, ResolveError> {
    let loss = experiment
        .training
        .loss
        .clone()
        .unwrap_or_else(|| default_loss(task));
    let targets = match task {
        Task::Classification { classes } => TargetKind::Classes(Some(classes)),
        Task::Regression { .. } => TargetKind::Numbers,
    };
    if let Some(message) = loss_misfit(&loss, targets, experiment.data.kind.name()) {
        return refuse("training.loss", message);
    }
    let smooths = matches!(loss, Loss::CrossEntropy | Loss::BinaryCrossEntropy);
    if experiment.training.label_smoothing > 0.0 && !smooths {
        return refuse(
            "training.label_smoothing",
            "`label_smoothing` is for the cross-entropies",
        );
    }
    let network = &experiment.network;
    let outputs = outputs(&loss, task);
    if size::hidden_layers(network) > size::MOST_LAYERS {
        return refuse(
            "network.layers",
            format!("at most {} hidden layers are built", size::MOST_LAYERS),
        );
    }
    let parameters = size::parameters(network, inputs as u128, outputs as u128);
    if let Some(message) = size::too_large(parameters, &experiment.training.optimizer) {
        return refuse("network.layers", message);
    }
    let mut layers = Vec::new();
    let mut below = inputs;
    for (index, layer) in network.layers.iter().enumerate() {
        for _ in 0..layer.repeat {
            if layer.skip && layer.units != below {
                let message = format!(
                    "`skip` adds the layer's input to its output, which needs equal widths: {} units on {below} inputs",
                    layer.units
                );
                return refuse(format!("network.layers.{index}.skip"), message);
            }
            layers.push(hidden(network, layer, below));
            below = layer.units;
        }
    }
    let hidden = layers.len();
    layers.push(output(network, below, outputs));
    let given = given(experiment, hidden);
    layers.iter_mut().take(given).for_each(|l| l.given = true);
    Ok(NetworkSpec {
        inputs,
        layers,
        loss,
        label_smoothing: experiment.training.label_smoothing,
        target_rms: 1.0,
    })
}

/// Layers from the bottom up that do not start from their draw, of so many hidden ones and the output.
fn given(experiment: &Experiment, hidden: usize) -> usize {
    let transferred = experiment.network.transfer.as_ref().map_or(0, |t| t.layers);
    let pretrained = experiment.pretrain.as_ref();
    let pretrained = pretrained.map_or(0, |p| p.layers_of(hidden));
    transferred.max(pretrained)
}

fn hidden(network: &Network, layer: &Layer, inputs: usize) -> LayerSpec {
    let init = layer.init.clone().unwrap_or_else(|| network.init.clone());
    LayerSpec {
        kind: match &layer.kind {
            LayerKind::Dense => spec::LayerKind::Dense,
            LayerKind::Recurrent {
                cell,
                recurrent_init,
            } => spec::LayerKind::Recurrent {
                cell: cell.clone(),
                recurrent_init: recurrent_init.clone(),
            },
        },
        inputs,
        units: layer.units,
        activation: layer.activation(network).clone(),
        bias: bias(layer.bias.as_ref(), network, &init),
        init,
        norm: layer.norm.clone(),
        dropout: layer.dropout,
        skip: layer.skip,
        frozen: layer.frozen,
        given: false,
    }
}

fn output(network: &Network, inputs: usize, units: usize) -> LayerSpec {
    let init = network
        .output
        .init
        .clone()
        .unwrap_or_else(|| network.init.clone());
    LayerSpec {
        kind: spec::LayerKind::Dense,
        inputs,
        units,
        activation: Activation::Linear {},
        bias: bias(network.output.bias.as_ref(), network, &init),
        init,
        norm: Norm::None {},
        dropout: 0.0,
        skip: false,
        frozen: network.output.frozen,
        given: false,
    }
}

/// The layer's own, or the network's, or zeros; PyTorch's default draw is of weights and biases alike.
fn bias(own: Option<&Bias>, network: &Network, init: &Initializer) -> Bias {
    own.or(network.bias.as_ref()).cloned().unwrap_or({
        Bias::Drawn(match init {
            Initializer::TorchDefault => Initializer::TorchDefault {},
            _ => Initializer::Zeros {},
        })
    })
}

/// What can be changed while a run goes on.
pub fn hyper(experiment: &Experiment) -> Hyper {
    let training = &experiment.training;
    Hyper {
        optimizer: training.optimizer.clone(),
        regularize: training.regularize,
        clip: training.clip.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DataKind, Targets};
    use crate::nn::spec::Cell;

    fn digits() -> Experiment {
        Experiment::on(DataKind::Digits { classes: None })
    }
    const TEN: Task = Task::Classification { classes: 10 };

    #[test]
    fn repeats_are_expanded_and_defaults_filled_in() {
        let mut e = digits();
        e.network.activation = Activation::Tanh {};
        e.network.layers = vec![
            Layer {
                repeat: 2,
                ..Layer::dense(50)
            },
            Layer {
                activation: Some(Activation::Relu {}),
                bias: Some(Bias::Off),
                init: Some(Initializer::TorchDefault {}),
                ..Layer::dense(20)
            },
        ];
        e.network.output.init = Some(Initializer::TorchDefault {});
        let spec = network_spec(&e, 64, TEN).expect("fits");
        let widths: Vec<_> = spec.layers.iter().map(|l| (l.inputs, l.units)).collect();
        assert_eq!(widths, [(64, 50), (50, 50), (50, 20), (20, 10)]);
        assert_eq!(spec.layers[1].activation, Activation::Tanh {});
        assert_eq!(spec.layers[1].bias, Bias::Drawn(Initializer::Zeros {}));
        assert_eq!(
            (&spec.layers[2].activation, &spec.layers[2].bias),
            (&Activation::Relu {}, &Bias::Off)
        );
        assert_eq!(
            spec.layers[3].bias,
            Bias::Drawn(Initializer::TorchDefault {})
        );
        assert_eq!(spec.layers[3].activation, Activation::Linear {});
        assert_eq!(spec.loss, Loss::CrossEntropy {});
    }

    #[test]
    fn gated_cells_inherit_no_activation() {
        let mut e = Experiment::on(DataKind::named("adding").expect("a data set"));
        let cells = [Cell::Plain, Cell::Lstm { forget_bias: 1.0 }, Cell::Gru];
        e.network.layers = cells
            .map(|cell| Layer {
                kind: LayerKind::Recurrent {
                    cell,
                    recurrent_init: RECURRENT_INIT,
                },
                ..Layer::dense(3)
            })
            .into();
        let spec = network_spec(&e, 2, Task::Regression { targets: 1 }).expect("fits");
        let activations: Vec<_> = spec.layers.iter().map(|l| l.activation.name()).collect();
        assert_eq!(activations, ["relu", "tanh", "tanh", "linear"]);
    }

    #[test]
    fn the_output_follows_from_the_task_and_the_loss() {
        let two = Task::Classification { classes: 2 };
        assert_eq!(outputs(&Loss::BinaryCrossEntropy {}, two), 1);
        assert_eq!(outputs(&Loss::CrossEntropy {}, two), 2);
        assert_eq!(outputs(&Loss::Mse {}, Task::Regression { targets: 3 }), 3);
    }

    #[test]
    fn probabilities_lie_between_0_and_1() {
        let mut e = Experiment::on(DataKind::named("plane").expect("a data set"));
        e.data.test_fraction = 0.5;
        e.training.loss = Some(Loss::BinaryCrossEntropy {});
        let mut data =
            crate::data::load(&e.request(), std::path::Path::new("."), &|_| {}).expect("made data");
        for rows in [&mut data.train, &mut data.test] {
            if let Targets::Values(values) = &mut rows.y {
                values.fill(1.0);
            }
        }
        assert!(for_data(&e, &data).is_ok());
        if let Targets::Values(values) = &mut data.test.y {
            values[[3, 0]] = 1.5;
        }
        let error = for_data(&e, &data).expect_err("no probability");
        assert_eq!(error.path, "training.loss");
        assert!(error.message.contains("has 1.5: take `mse`"), "{error}");
    }

    #[test]
    fn what_only_the_data_tells_is_refused_here() {
        let mut e = digits();
        e.network.layers = vec![Layer {
            skip: true,
            ..Layer::dense(50)
        }];
        let error = network_spec(&e, 64, TEN).expect_err("unequal");
        assert_eq!(error.path, "network.layers.0.skip");
        assert!(network_spec(&e, 50, TEN).is_ok());
        e.training.loss = Some(Loss::Mse {});
        assert_eq!(
            network_spec(&e, 50, TEN).expect_err("classes").path,
            "training.loss"
        );
        let e = digits();
        let error = network_spec(&e, 1_000_000_000, TEN).expect_err("large");
        assert!(error.message.contains("GB"), "{error}");
    }
}
