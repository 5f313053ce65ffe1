//! A Keras 3 script of an experiment, for any of its backends.

mod layers;
mod optimizer;
mod training;
mod transfer;

use super::job::{ExportError, Job};
use super::python;
use crate::nn::init::Initializer;
use crate::nn::spec::LayerKind;

/// The script.
///
/// # Errors
/// Where Keras has no equal that could be written by hand in a few lines.
pub fn script(job: &Job) -> Result<String, ExportError> {
    job.without_pretraining("Keras")?;
    let mut parts = vec![
        python::head(job, "Keras"),
        IMPORTS.into(),
        format!("keras.utils.set_random_seed({})\n", job.numpy_seed()),
    ];
    parts.extend(layers::helpers(job));
    parts.extend(optimizer::schedule_class(job));
    parts.extend(optimizer::momentum_class(job));
    parts.push(layers::build(job));
    if job
        .network
        .layers
        .iter()
        .any(|l| l.init == Initializer::Lsuv)
    {
        parts.push(LSUV.into());
    }
    parts.push(names(job));
    parts.push(python::rows(job));
    parts.push(training::functions(job));
    parts.push(training::main(job));
    Ok(parts.join("\n\n").replace("\n\n\n\n", "\n\n\n"))
}

const IMPORTS: &str = r#"import argparse
import math
import os

os.environ.setdefault("KERAS_BACKEND", "torch")  # or tensorflow

import keras
import numpy as np
from keras import layers
from safetensors.numpy import load_file, save_file
"#;

/// Mishkin & Matas 2016, algorithm 1.
const LSUV: &str = r#"def lsuv(model, x, names):
    """Scale each layer's weights until its affine map has unit variance on x, as in the first step but that nothing is
    dropped (Keras has no LSUV)."""
    kept = [(layer, layer.get_weights()) for layer in model.layers if "Normalization" in type(layer).__name__]
    dropped = [(layer, layer.rate) for layer in model.layers if "Dropout" in type(layer).__name__]
    for layer, _ in dropped:
        layer.rate = 0
    for name in names:
        layer = model.get_layer(name)
        below = keras.ops.convert_to_numpy(keras.Model(model.input, layer.input)(x, training=True)) if layer.input is not model.input else x
        kernel, *bias = layer.get_weights()
        for _ in range(10):
            variance = np.var(below @ kernel + sum(bias))
            if abs(variance - 1) < 0.01:
                break
            kernel = kernel / math.sqrt(variance)
        layer.set_weights([kernel, *bias])
    for layer, weights in kept:  # running statistics are of steps alone
        layer.set_weights(weights)
    for layer, rate in dropped:
        layer.rate = rate
"#;

/// From Keras's variables to gradlab's (PyTorch's) names and layouts, and back.
fn names(job: &Job) -> String {
    let recurrent = |l: &crate::nn::spec::LayerSpec| matches!(l.kind, LayerKind::Recurrent { .. });
    let mut out = String::from(
        "NAMES = {\"kernel\": \"weight\", \"bias\": \"bias\", \"gamma\": \"norm.weight\", \"beta\": \"norm.bias\", \"alpha\": \"slope\",\n    \
         \"moving_mean\": \"norm.running_mean\", \"moving_variance\": \"norm.running_var\"}\n\n\n\
         def torch_name(variable):\n    \"\"\"`layers_3_norm/gamma` is `layers.3.norm.weight` in gradlab and PyTorch.\"\"\"\n    \
         layer, *_, name = variable.path.split(\"/\")\n    return f\"layers.{layer.split('_')[1]}.{NAMES[name]}\"\n\n\n\
         def transposed(variable, array):\n    \"\"\"A Keras kernel is the transpose of a PyTorch weight, and all else has one axis there.\"\"\"\n    \
         return np.ascontiguousarray(array.T) if variable.path.endswith(\"kernel\") else array.reshape(-1)\n\n\n",
    );
    let recurrent = job.network.layers.iter().any(recurrent);
    if recurrent {
        out.push_str(CELLS);
    }
    out.push_str("def torch_gradients(variable, gradient):\n    \"\"\"By gradlab's names.\"\"\"\n");
    if recurrent {
        out.push_str(RECURRENT_GRADIENTS);
    }
    out.push_str("    return {torch_name(variable): transposed(variable, gradient)}\n\n\n");
    out.push_str("def load(variable, saved):\n");
    if recurrent {
        out.push_str(RECURRENT_LOAD);
    }
    out.push_str(
        "    variable.assign(transposed(variable, saved[torch_name(variable)]).reshape(variable.shape))\n\n\n\
         def load_weights(model, saved):\n    for variable in model.variables:\n        \
         if \"seed_generator\" not in variable.path:\n            load(variable, saved)\n",
    );
    out
}

/// Keras keeps one bias where PyTorch has two (but for the GRU), and the GRU's gates in another order.
const CELLS: &str = r#"def cell(variable):
    """The layer of a cell's variable, its name there, whether it is a GRU's, and the way from one order of gates to the other."""
    layer, kind, name = variable.path.split("/")
    gru = kind.startswith("gru")
    gates = lambda t: np.ascontiguousarray(np.concatenate([np.split(t, 3)[g] for g in (1, 0, 2)]) if gru else t)
    return f"layers.{layer.split('_')[1]}.", name, gru, gates


"#;

const RECURRENT_LOAD: &str = r#"    if "_cell/" in variable.path:
        of, name, gru, gates = cell(variable)
        if name != "bias":
            return variable.assign(gates(saved[of + ("weight_ih" if name == "kernel" else "weight_hh")]).T)
        both = gates(saved[of + "bias_ih"]), gates(saved[of + "bias_hh"])
        return variable.assign(np.stack(both) if gru else both[0] + both[1])
"#;

const RECURRENT_GRADIENTS: &str = r#"    if "_cell/" in variable.path:
        of, name, gru, gates = cell(variable)
        if name == "bias":
            both = gradient if gru else (gradient, gradient)
            return {of + "bias_ih": gates(both[0]), of + "bias_hh": gates(both[1])}
        return {of + ("weight_ih" if name == "kernel" else "weight_hh"): gates(gradient.T)}
"#;

#[cfg(test)]
mod tests;
