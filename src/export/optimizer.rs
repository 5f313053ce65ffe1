//! An optimizer as a Python call: its class and its parameters, from the table that names them.

use super::python::number;
use crate::nn::optimizer::Optimizer;
use crate::nn::vocabulary::{Value, Vocabulary};

/// The class's name in PyTorch.
pub fn class(optimizer: &Optimizer) -> &'static str {
    match optimizer {
        Optimizer::Sgd { .. } => "SGD",
        Optimizer::Adagrad { .. } => "Adagrad",
        Optimizer::Rmsprop { .. } => "RMSprop",
        Optimizer::Adadelta { .. } => "Adadelta",
        Optimizer::Adam { .. } => "Adam",
        Optimizer::Adamw { .. } => "AdamW",
        Optimizer::Adamax { .. } => "Adamax",
        Optimizer::Nadam { .. } => "NAdam",
    }
}

/// Every parameter's name in files and its value as Python writes it, in the table's order.
pub fn parameters(optimizer: &Optimizer) -> Vec<(&'static str, String)> {
    let names = (optimizer.entry().parameters)().into_iter().map(|p| p.name);
    names.zip(optimizer.values().iter().map(literal)).collect()
}

fn literal(value: &Value) -> String {
    match value {
        Value::Real(v) => number(*v),
        Value::Flag(true) => "True".into(),
        Value::Flag(false) => "False".into(),
        other => other.to_string(),
    }
}

/// Keyword arguments.
pub fn keywords<'a>(arguments: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let each = arguments
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"));
    each.collect::<Vec<_>>().join(", ")
}
