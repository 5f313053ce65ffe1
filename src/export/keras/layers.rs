//! The model by Keras's functional interface.

use super::super::job::Job;
use super::super::python::{dropout, number};
use super::optimizer::decay;
use crate::nn::activation::Activation;
use crate::nn::init::{Distribution, FanMode, Initializer, TRUNCATED_STD};
use crate::nn::spec::{Bias, Cell, LayerKind, LayerSpec, Norm};
use std::fmt::Write;

/// Layers and draws that Keras lacks.
pub fn helpers(job: &Job) -> Option<String> {
    let layers = &job.network.layers;
    let rrelu = |l: &LayerSpec| matches!(l.activation, Activation::Rrelu { .. });
    let gated = |l: &LayerSpec| l.kind.cell().is_some_and(Cell::is_gated);
    let both = |l: &LayerSpec| draws_both_biases(l);
    let used = [
        (layers.iter().any(rrelu), RRELU),
        (layers.iter().any(gated), GATES),
        (layers.iter().any(both), BIASES),
    ];
    let needed: Vec<&str> = used.iter().filter(|u| u.0).map(|u| u.1).collect();
    (!needed.is_empty()).then(|| needed.join("\n\n"))
}

const RRELU: &str = r#"class RRelu(layers.Layer):  # Keras has none
    def __init__(self, lower, upper):
        super().__init__()
        self.lower, self.upper, self.seed = lower, upper, keras.random.SeedGenerator()

    def call(self, z, training=False):
        slope = (self.lower + self.upper) / 2
        if training:
            slope = keras.random.uniform(keras.ops.shape(z), self.lower, self.upper, seed=self.seed)
        return keras.ops.where(z >= 0, z, slope * z)
"#;

const GATES: &str = r#"def gates(count, make):
    """Draws a cell's matrices one by one: Keras takes the fans of all of them together."""
    def draw(shape, dtype=None):
        part = (*shape[:-1], shape[-1] // count)
        return keras.ops.concatenate([keras.initializers.get(make())(part, dtype) for _ in range(count)], -1)

    return draw
"#;

const BIASES: &str = r#"def biases(make, forget=0.0):
    """Draws the sum of the two biases that PyTorch and gradlab have; `forget` is added to the second of an LSTM's four gates."""
    def draw(shape, dtype=None):
        both = [keras.initializers.get(make())(shape, dtype) for _ in range(2)]
        gate = np.arange(shape[-1]) * 4 // shape[-1]
        return both[0] + both[1] + keras.ops.convert_to_tensor(forget * (gate == 1), dtype)

    return draw
"#;

/// Whether it is a recurrent layer in which Keras has one bias where PyTorch has two.
pub fn has_one_bias(spec: &LayerSpec) -> bool {
    matches!(spec.kind.cell(), Some(Cell::Plain | Cell::Lstm { .. })) && spec.bias != Bias::Off
}

/// Whether that bias is to begin as the sum of two, which are not both 0.
fn draws_both_biases(spec: &LayerSpec) -> bool {
    let drawn = matches!(&spec.bias, Bias::Drawn(init) if *init != Initializer::Zeros);
    has_one_bias(spec) && (drawn || spec.forget_bias().is_some())
}

/// The function `build()`.
pub fn build(job: &Job) -> String {
    let inputs = job.network.inputs;
    let shape = match job.time {
        Some(time) if job.recurrent_layers() > 0 => format!("({time}, {inputs})"),
        _ => format!("({inputs},)"),
    };
    let mut out = format!("def build():\n    x = inputs = keras.Input({shape})\n");
    let all = &job.network.layers;
    let recurrent = job.recurrent_layers();
    let mut at = 0;
    while at < all.len() {
        if at == recurrent && recurrent > 0 && !job.time_targets {
            out.push_str("    x = x[:, -1]  # the last step\n");
        }
        let same = all[at..].iter().take_while(|l| **l == all[at]).count();
        if same > 1 {
            let _ = writeln!(out, "    for i in range({at}, {}):", at + same);
            layer(job, &all[at], "{i}", "        ", &mut out);
        } else {
            layer(job, &all[at], &at.to_string(), "    ", &mut out);
        }
        at += same;
    }
    out.push_str("    return keras.Model(inputs, x)\n");
    if needs_freezing(job) {
        out.push_str(FREEZE);
    }
    out
}

/// Whether anything is not to learn.
fn needs_freezing(job: &Job) -> bool {
    let transfer = job.experiment.network.transfer.as_ref();
    job.network.layers.iter().any(|l| l.frozen) || transfer.is_some_and(|t| t.frozen)
}

const FREEZE: &str = r#"

def freeze(model, frozen):
    """Leave all parameters of these layers as they are. (A batch norm with `trainable=False` would take its running statistics.)"""
    for variable in model.trainable_variables:
        if int(variable.path.split("/")[0].split("_")[1]) in frozen:
            variable.trainable = False
"#;

fn layer(job: &Job, spec: &LayerSpec, index: &str, indent: &str, out: &mut String) {
    let name = |suffix: &str| {
        let f = if index.starts_with('{') { "f" } else { "" };
        format!("name={f}\"layers_{index}{suffix}\"")
    };
    let from = if spec.skip { "below = x" } else { "" };
    if !from.is_empty() {
        let _ = writeln!(out, "{indent}{from}");
    }
    let apart = apart(job, &spec.activation);
    let inside = spec.norm == Norm::None && apart.is_none();
    let activation = if inside {
        activation(&spec.activation)
    } else {
        None
    };
    let arguments = arguments(job, spec, activation);
    let class = match &spec.kind {
        LayerKind::Dense => "Dense",
        LayerKind::Recurrent {
            cell: Cell::Plain, ..
        } => "SimpleRNN",
        LayerKind::Recurrent {
            cell: Cell::Lstm { .. },
            ..
        } => "LSTM",
        LayerKind::Recurrent {
            cell: Cell::Gru, ..
        } => "GRU",
    };
    let _ = writeln!(
        out,
        "{indent}x = layers.{class}({}, {arguments}, {})(x)",
        spec.units,
        name("")
    );
    match spec.norm {
        Norm::None => {}
        Norm::Batch { eps, momentum } => {
            let _ = writeln!(
                out,
                "{indent}x = layers.BatchNormalization(momentum={}, epsilon={}, {}{})(x)",
                number(1.0 - momentum),
                number(eps),
                decayed(job, &["gamma", "beta"]),
                name("_norm")
            );
        }
        Norm::Layer { eps } => {
            let _ = writeln!(
                out,
                "{indent}x = layers.LayerNormalization(epsilon={}, {}{})(x)",
                number(eps),
                decayed(job, &["gamma", "beta"]),
                name("_norm")
            );
        }
    }
    if let Some(apart) = apart {
        let _ = writeln!(
            out,
            "{indent}x = {}(x)",
            apart.replace("NAME", &name("_slope"))
        );
    } else if let (false, Some(activation)) = (inside, self::activation(&spec.activation)) {
        let _ = writeln!(out, "{indent}x = layers.Activation({activation})(x)");
    }
    if spec.dropout > 0.0 {
        let _ = writeln!(out, "{indent}x = layers.{}(x)", dropout(spec));
    }
    if spec.skip {
        let _ = writeln!(out, "{indent}x = layers.Add()([x, below])");
    }
}

/// A cell's matrices are drawn one by one: an initializer means one square or input matrix.
fn by_gates(gates: usize, initializer: String) -> String {
    match gates {
        1 => initializer,
        _ => format!("gates({gates}, lambda: {initializer})"),
    }
}

/// The layer's arguments after its units and before its name.
fn arguments(job: &Job, spec: &LayerSpec, activation: Option<String>) -> String {
    let mut out = Vec::new();
    let recurrent = matches!(spec.kind, LayerKind::Recurrent { .. });
    match activation {
        Some(activation) => out.push(format!("activation={activation}")),
        // Recurrent layers have tanh where nothing is said.
        None if recurrent => out.push("activation=\"linear\"".into()),
        None => {}
    }
    let gates = spec.kind.cell().map_or(1, Cell::gates);
    let kernel = matrix(&spec.init, spec.fans(&spec.init));
    out.push(format!("kernel_initializer={}", by_gates(gates, kernel)));
    if let LayerKind::Recurrent {
        cell,
        recurrent_init,
    } = &spec.kind
    {
        out.push(format!(
            "recurrent_initializer={}",
            by_gates(gates, matrix(recurrent_init, (spec.units, spec.units)))
        ));
        out.push("return_sequences=True".into());
        if matches!(cell, Cell::Lstm { .. }) {
            out.push("unit_forget_bias=False".into());
        }
    }
    match &spec.bias {
        Bias::Off => out.push("use_bias=False".into()),
        Bias::Drawn(init) if draws_both_biases(spec) => {
            let forget = spec.forget_bias().map(|bias| format!(", {}", number(bias)));
            out.push(format!(
                "bias_initializer=biases(lambda: {}{})",
                vector(init, spec.bias_fans()),
                forget.unwrap_or_default()
            ));
        }
        Bias::Drawn(Initializer::Zeros) => {}
        Bias::Drawn(init) => out.push(format!(
            "bias_initializer={}",
            vector(init, spec.bias_fans())
        )),
    }
    let regularize = job.experiment.training.regularize;
    let decay = decay(job);
    // Weight decay in the gradient is the gradient of half its square.
    let l2 = regularize.l2 + decay / 2.0;
    if regularize.l1 > 0.0 || l2 > 0.0 {
        let penalty = format!(
            "keras.regularizers.L1L2({}, {})",
            number(regularize.l1),
            number(l2)
        );
        out.push(format!("kernel_regularizer={penalty}"));
        if recurrent {
            out.push(format!("recurrent_regularizer={penalty}"));
        }
    }
    if spec.bias != Bias::Off {
        let bias = decayed(job, &["bias"]);
        out.extend(bias.strip_suffix(", ").map(String::from));
    }
    if regularize.max_norm > 0.0 {
        let norm = number(regularize.max_norm);
        let constraint = format!("keras.constraints.MaxNorm({norm}, axis=0)");
        out.push(format!("kernel_constraint={constraint}"));
        if recurrent {
            out.push(format!("recurrent_constraint={constraint}"));
        }
    }
    out.join(", ")
}

/// Weight decay of these parameters, as arguments with a comma behind them.
fn decayed(job: &Job, parameters: &[&str]) -> String {
    let decay = decay(job);
    if decay == 0.0 {
        return String::new();
    }
    let l2 = number(decay / 2.0);
    let each = parameters
        .iter()
        .map(|name| format!("{name}_regularizer=keras.regularizers.L2({l2}), "));
    each.collect()
}

/// An activation that is a layer of its own; NAME is where its name goes.
fn apart(job: &Job, activation: &Activation) -> Option<String> {
    match activation {
        Activation::Prelu { slope } => Some(format!(
            "layers.PReLU(alpha_initializer=keras.initializers.Constant({}), shared_axes={}, {}NAME)",
            number(*slope),
            // one slope for all units, and where there is a target at every step for all steps
            if job.time_targets { "[1, 2]" } else { "[1]" },
            decayed(job, &["alpha"])
        )),
        Activation::Rrelu { lower, upper } => {
            Some(format!("RRelu({}, {})", number(*lower), number(*upper)))
        }
        _ => None,
    }
}

/// The `activation=` of a layer; `None` for the identity.
fn activation(activation: &Activation) -> Option<String> {
    use Activation as A;
    let text = match activation {
        A::Linear => return None,
        A::Logistic => "\"sigmoid\"".into(),
        A::Tanh => "\"tanh\"".into(),
        A::Relu => "\"relu\"".into(),
        A::LeakyRelu { slope } => format!("lambda z: keras.ops.leaky_relu(z, {})", number(*slope)),
        A::Elu { alpha } => format!("lambda z: keras.ops.elu(z, {})", number(*alpha)),
        A::Selu => "\"selu\"".into(),
        A::Celu { alpha } => format!("lambda z: keras.ops.celu(z, {})", number(*alpha)),
        A::Gelu => "lambda z: keras.ops.gelu(z, approximate=False)".into(),
        A::GeluTanh => "lambda z: keras.ops.gelu(z, approximate=True)".into(),
        A::Silu => "\"silu\"".into(),
        A::Mish => "\"mish\"".into(),
        A::Softplus => "\"softplus\"".into(),
        A::Softsign => "\"softsign\"".into(),
        A::HardTanh => "\"hard_tanh\"".into(),
        A::HardSigmoid => "\"hard_sigmoid\"".into(),
        A::Relu6 => "\"relu6\"".into(),
        A::Exponential => "\"exponential\"".into(),
        A::Sine => "keras.ops.sin".into(),
        A::Erf => "keras.ops.erf".into(),
        // Layers of their own.
        A::Prelu { .. } | A::Rrelu { .. } => return None,
    };
    Some(text)
}

/// How a kernel is drawn. Keras's own normal forms are truncated; gradlab's are not.
fn matrix(init: &Initializer, fans: (usize, usize)) -> String {
    use Initializer as I;
    let scaling = |scale: &str, mode: &str| {
        format!("keras.initializers.VarianceScaling({scale}, \"{mode}\", \"untruncated_normal\")")
    };
    match init {
        I::GlorotNormal => scaling("1.0", "fan_avg"),
        I::GlorotUniform => "\"glorot_uniform\"".into(),
        I::HeNormal => scaling("2.0", "fan_in"),
        I::HeUniform => "\"he_uniform\"".into(),
        I::LecunNormal => scaling("1.0", "fan_in"),
        I::LecunUniform => "\"lecun_uniform\"".into(),
        I::Orthogonal { gain } => format!("keras.initializers.Orthogonal({})", number(*gain)),
        I::Identity { gain } => format!("keras.initializers.Identity({})", number(*gain)),
        // scaled by the first batch afterwards
        I::Lsuv => "\"orthogonal\"".into(),
        I::VarianceScaling {
            scale,
            mode,
            distribution,
        } => format!(
            "keras.initializers.VarianceScaling({}, \"{}\", \"{}\")",
            number(*scale),
            match mode {
                FanMode::FanIn => "fan_in",
                FanMode::FanOut => "fan_out",
                FanMode::FanAvg => "fan_avg",
            },
            match distribution {
                Distribution::Normal => "untruncated_normal",
                Distribution::Uniform => "uniform",
                Distribution::TruncatedNormal => "truncated_normal",
            }
        ),
        other => vector(other, fans),
    }
}

/// A draw by numbers, for biases: Keras takes both fans of a vector from its length.
fn vector(init: &Initializer, (fan_in, fan_out): (usize, usize)) -> String {
    use Initializer as I;
    let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
    let average = (fan_in + fan_out) / 2.0;
    let normal = |mean: f64, std: f64| {
        format!(
            "keras.initializers.RandomNormal({}, {})",
            number(mean),
            number(std)
        )
    };
    let uniform = |low: f64, high: f64| {
        format!(
            "keras.initializers.RandomUniform({}, {})",
            number(low),
            number(high)
        )
    };
    let truncated = |mean: f64, std: f64| {
        format!(
            "keras.initializers.TruncatedNormal({}, {})",
            number(mean),
            number(std)
        )
    };
    let around = |variance: f64| {
        let r = (3.0 * variance).sqrt();
        uniform(-r, r)
    };
    match init {
        I::GlorotNormal => normal(0.0, (1.0 / average).sqrt()),
        I::GlorotUniform => around(1.0 / average),
        I::HeNormal => normal(0.0, (2.0 / fan_in).sqrt()),
        I::HeUniform => around(2.0 / fan_in),
        I::LecunNormal => normal(0.0, (1.0 / fan_in).sqrt()),
        I::LecunUniform => around(1.0 / fan_in),
        I::TorchDefault => uniform(-(1.0 / fan_in).sqrt(), (1.0 / fan_in).sqrt()),
        I::Normal { mean, std } => normal(*mean, *std),
        I::Uniform { min, max } => uniform(*min, *max),
        I::TruncatedNormal { mean, std } => truncated(*mean, *std),
        I::Ones => "\"ones\"".into(),
        I::Constant { value } => format!("keras.initializers.Constant({})", number(*value)),
        I::VarianceScaling {
            scale,
            mode,
            distribution,
        } => {
            let fan = match mode {
                FanMode::FanIn => fan_in,
                FanMode::FanOut => fan_out,
                FanMode::FanAvg => average,
            };
            match distribution {
                Distribution::Normal => normal(0.0, (scale / fan).sqrt()),
                Distribution::Uniform => around(scale / fan),
                Distribution::TruncatedNormal => {
                    truncated(0.0, (scale / fan).sqrt() / TRUNCATED_STD)
                }
            }
        }
        // Matrices only; a file with one of them for a bias is refused.
        I::Zeros | I::Orthogonal { .. } | I::Identity { .. } | I::Lsuv => "\"zeros\"".into(),
    }
}
