//! From text to an [`Experiment`], or to every fault in it.

use super::document::{self, Node, NodeValue};
use super::fault::{Faults, Place, Report};
use super::resolve::ResolveError;
use super::rules;
use super::schema::*;
use super::section::Section;
use crate::data::DataKind;
use crate::nn::init::Initializer;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Bias, Cell, Clip, Norm, Regularize};
use crate::nn::vocabulary::{AT_LEAST_ONE, FLAG, Limits, NOT_NEGATIVE, PATH, POSITIVE, WHOLE};
use crate::text::quote;
use std::cell::RefCell;

/// The version of the format that this program reads and writes.
pub const FORMAT: i128 = 1;

/// A share that leaves something over.
const PART: Limits = Limits::Real {
    min: 0.0,
    max: 1.0 - f64::EPSILON,
};

/// Reads an experiment file's text. `file` is its name in messages.
///
/// # Errors
/// Every fault, with line and column and what would be right.
pub fn parse(text: &str, file: &str) -> Result<Experiment, Faults> {
    parse_with::<&str>(text, file, &[])
}

/// As [`parse`], with assignments `key.path=value` (of `--set`) applied first; they are typed and checked like the file.
pub fn parse_with<S: AsRef<str>>(
    text: &str,
    file: &str,
    assignments: &[S],
) -> Result<Experiment, Faults> {
    let (root, report) = read_with(text, file, assignments);
    let report = RefCell::new(report);
    let experiment = read_file(&root, &report);
    let mut report = report.into_inner();
    // What could not be read may be what is missing here.
    if let Some(experiment) = experiment.as_ref().filter(|_| report.is_readable()) {
        let faulty = report.places();
        for problem in rules::problems(experiment) {
            // What stands on a faulty value is not judged.
            if !problem
                .reads
                .iter()
                .any(|path| root.part_holds(path, &faulty))
            {
                report.fault(root.place_of(problem.path()), problem.message);
            }
        }
    }
    match (experiment, report.is_clean()) {
        (Some(experiment), true) => Ok(experiment),
        (_, false) => Err(report.finish()),
        (None, true) => {
            report.fault(Place::default(), "the experiment could not be read");
            Err(report.finish())
        }
    }
}

fn read_with<S: AsRef<str>>(text: &str, file: &str, assignments: &[S]) -> (Node, Report) {
    let mut report = Report::default();
    let mut root = document::read(text, file, &mut report);
    for assignment in assignments {
        // A change mends nothing: what it takes the place of has to be right, too.
        let before = RefCell::new(report.clone());
        read_file(&root, &before);
        if let Some(replaced) = document::set(&mut root, assignment.as_ref(), &mut report) {
            report.adopt(before.into_inner(), |place| replaced.holds(&[place]));
        }
    }
    (root, report)
}

/// A fault that only the data showed, where its key stands in what [`parse_with`] has read.
pub fn fault_at<S: AsRef<str>>(
    text: &str,
    file: &str,
    assignments: &[S],
    fault: &ResolveError,
) -> Faults {
    let (root, mut report) = read_with(text, file, assignments);
    report.fault(root.place_of(&fault.path), fault.message.clone());
    report.finish()
}

/// The experiment with one key changed, as `--set` changes it: `training.optimizer.learning_rate=0.01`.
///
/// # Errors
/// A key that is not known, or a value that it does not take.
pub fn apply_set(experiment: &Experiment, assignment: &str) -> Result<Experiment, Faults> {
    parse_with(
        &super::write::to_toml(experiment),
        &experiment.name,
        &[assignment],
    )
}

/// An optimizer alone, as [`super::inline`] writes it. `file` is its name in messages.
///
/// # Errors
/// As [`parse`].
pub fn optimizer(text: &str, file: &str) -> Result<Optimizer, Faults> {
    let around = Experiment::on(DataKind::Wine {});
    let assignment = format!("training.optimizer={text}");
    parse_with(&super::to_toml(&around), file, &[assignment])
        .map(|experiment| experiment.training.optimizer)
}

fn read_file(root: &Node, report: &RefCell<Report>) -> Option<Experiment> {
    let mut file = Section::open(root, root.at, "", report)?;
    if !format_is_known(&mut file, report) {
        return None;
    }
    let name = file.value_or("name", Limits::Text, UNTITLED.to_string());
    let description = file.value_or("description", Limits::Text, String::new());
    let seed = seed(&mut file);
    let data = data(&mut file, report);
    let network = file.section("network").map(network);
    let training = file.section("training").map(training);
    let pretrain = file.section("pretrain").map(pretrain);
    file.finish();
    Some(Experiment {
        name,
        description,
        seed,
        data: data?,
        network: network.unwrap_or_default(),
        training: training.unwrap_or_default(),
        pretrain,
    })
}

/// Another version's keys mean other things: nothing more is said of such a file.
fn format_is_known(file: &mut Section<'_>, report: &RefCell<Report>) -> bool {
    let Some(entry) = file.take("format") else {
        let message =
            format!("the file does not say its format: write `format = {FORMAT}` at the top");
        report.borrow_mut().missing(Place::default(), message);
        return true;
    };
    match entry.node.value {
        NodeValue::Integer(FORMAT) => return true,
        NodeValue::Integer(n) if n > FORMAT => file.fault(
            entry.node.at,
            format!("format {n} is newer than this program, which reads format {FORMAT}: use a newer gradlab, or save the file from it as format {FORMAT}"),
        ),
        _ => file.fault(
            entry.node.at,
            format!("`format` must be {FORMAT}, the only version there is, not {}", entry.node.describe()),
        ),
    }
    false
}

fn seed(file: &mut Section<'_>) -> u64 {
    let Some(entry) = file.take("seed") else {
        return 42;
    };
    match super::limits::checked(&entry.node, "seed", &WHOLE) {
        Ok(crate::nn::vocabulary::Value::Count(seed)) => seed,
        Ok(_) => 42,
        Err(message) => {
            file.fault(entry.node.at, message);
            42
        }
    }
}

fn data(file: &mut Section<'_>, report: &RefCell<Report>) -> Option<Data> {
    let Some(entry) = file.take("data") else {
        let message = "the file needs [data] with the `kind` of the data, e.g. `kind = \"digits\"`";
        report.borrow_mut().missing(file.at, message);
        return None;
    };
    if let NodeValue::Text(_) = entry.node.value {
        return file
            .thing_of::<DataKind>(&entry.node, entry.at, "data")
            .map(Data::of);
    }
    let mut table = Section::open(&entry.node, entry.at, "data", report)?;
    let test_fraction = table.value_or("test_fraction", PART, 0.2);
    let standardize = table.value_or("standardize", FLAG, true);
    let shuffle = table.value_or("shuffle", FLAG, true);
    let train_rows = table.count("train_rows");
    let kind = table.kind_of::<DataKind>();
    table.finish();
    Some(Data {
        kind: kind?,
        test_fraction,
        standardize,
        shuffle,
        train_rows,
    })
}

fn network(mut table: Section<'_>) -> Network {
    let default = Network::default();
    let network = Network {
        activation: table.thing_or("activation", default.activation),
        init: table.thing_or("init", default.init),
        bias: bias(&mut table),
        layers: table.sections("layers").into_iter().map(layer).collect(),
        output: table.section("output").map(output).unwrap_or_default(),
        transfer: table.section("transfer").and_then(transfer),
    };
    table.finish();
    network
}

/// `false`, or how biases are drawn.
fn bias(table: &mut Section<'_>) -> Option<Bias> {
    let entry = table.take("bias")?;
    match entry.node.value {
        NodeValue::Flag(false) => Some(Bias::Off),
        NodeValue::Flag(true) => {
            table.fault(entry.node.at, "`bias = true` does not say how biases are drawn: leave it out for zeros, or name an initializer, e.g. `bias = \"zeros\"`");
            None
        }
        _ => table
            .thing_of::<Initializer>(&entry.node, entry.at, "bias")
            .map(Bias::Drawn),
    }
}

fn layer(mut table: Section<'_>) -> Layer {
    const KINDS: Limits = Limits::Choice(&["dense", "recurrent"]);
    let units = table.required("units", AT_LEAST_ONE, "100").unwrap_or(1);
    let repeat = table.value_or("repeat", AT_LEAST_ONE, 1);
    let recurrent = table.value_or("kind", KINDS, "dense".to_string()) == "recurrent";
    let cell = table.thing::<Cell>("cell");
    let recurrent_init = table.thing::<Initializer>("recurrent_init");
    if !recurrent {
        for (key, given) in [
            ("cell", cell.is_some()),
            ("recurrent_init", recurrent_init.is_some()),
        ] {
            if given && let Some(entry) = table.take(key) {
                table.fault(entry.at, format!("`{key}` is for recurrent layers: add `kind = \"recurrent\"`, or leave {} out", quote(key)));
            }
        }
    }
    let kind = if recurrent {
        LayerKind::Recurrent {
            cell: cell.unwrap_or(Cell::Plain {}),
            recurrent_init: recurrent_init.unwrap_or(RECURRENT_INIT),
        }
    } else {
        LayerKind::Dense
    };
    let layer = Layer {
        kind,
        units,
        repeat,
        activation: table.thing("activation"),
        init: table.thing("init"),
        bias: bias(&mut table),
        norm: table.thing("norm").unwrap_or(Norm::None {}),
        dropout: table.value_or("dropout", PART, 0.0),
        skip: table.value_or("skip", FLAG, false),
        frozen: table.value_or("frozen", FLAG, false),
    };
    table.finish();
    layer
}

fn output(mut table: Section<'_>) -> Output {
    for (key, why) in [
        ("units", "the output layer's width follows from the data"),
        (
            "activation",
            "the output layer's activation follows from the loss",
        ),
    ] {
        table.refuse(key, format!("{why}: leave `{key}` out"));
    }
    let output = Output {
        init: table.thing("init"),
        bias: bias(&mut table),
        frozen: table.value_or("frozen", FLAG, false),
    };
    table.finish();
    output
}

fn transfer(mut table: Section<'_>) -> Option<Transfer> {
    let from: Option<String> = table.required("from", PATH, "\"trained.safetensors\"");
    let layers = table.required("layers", AT_LEAST_ONE, "3");
    let frozen = table.value_or("frozen", FLAG, false);
    let learning_rate_factor = table.value_or("learning_rate_factor", NOT_NEGATIVE, 1.0);
    table.finish();
    Some(Transfer {
        from: from?.into(),
        layers: layers?,
        frozen,
        learning_rate_factor,
    })
}

fn pretrain(mut table: Section<'_>) -> Pretrain {
    let default = Pretrain::default();
    let pretrain = Pretrain {
        epochs: table.value_or("epochs", AT_LEAST_ONE, default.epochs),
        noise: table.value_or("noise", NOT_NEGATIVE, default.noise),
        tied: table.value_or("tied", FLAG, default.tied),
        layers: table.count("layers"),
        learning_rate: table.value("learning_rate", POSITIVE),
    };
    table.finish();
    pretrain
}

fn training(mut table: Section<'_>) -> Training {
    let default = Training::default();
    let training = Training {
        loss: table.thing("loss"),
        batch_size: batch_size(&mut table).unwrap_or(default.batch_size),
        label_smoothing: table.value_or("label_smoothing", PART, 0.0),
        optimizer: table.thing_or::<Optimizer>("optimizer", default.optimizer),
        schedule: table.thing_or::<Schedule>("schedule", default.schedule),
        regularize: table
            .section("regularize")
            .map(regularize)
            .unwrap_or_default(),
        clip: table.thing_or::<Clip>("clip", default.clip),
        stop: table.section("stop").map(stop).unwrap_or_default(),
    };
    table.finish();
    training
}

fn batch_size(table: &mut Section<'_>) -> Option<BatchSize> {
    let entry = table.take("batch_size")?;
    match &entry.node.value {
        NodeValue::Text(word) if word == "full" => Some(BatchSize::Full),
        NodeValue::Text(word) => {
            table.fault(
                entry.node.at,
                format!(
                    "`batch_size` must be a whole number or \"full\", not {}",
                    quote(word)
                ),
            );
            None
        }
        _ => table.count("batch_size").map(BatchSize::Rows),
    }
}

fn regularize(mut table: Section<'_>) -> Regularize {
    let regularize = Regularize {
        l1: table.value_or("l1", NOT_NEGATIVE, 0.0),
        l2: table.value_or("l2", NOT_NEGATIVE, 0.0),
        max_norm: table.value_or("max_norm", NOT_NEGATIVE, 0.0),
    };
    table.finish();
    regularize
}

fn stop(mut table: Section<'_>) -> Stop {
    let mut count = |key| table.value::<usize>(key, AT_LEAST_ONE).map(|n| n as u64);
    let stop = Stop {
        epochs: count("epochs"),
        steps: count("steps"),
        patience: count("patience"),
    };
    table.finish();
    stop
}
