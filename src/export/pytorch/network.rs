//! Layers and the model.

use crate::export::job::Job;
use crate::export::python::{self, number};
use crate::nn::activation::Activation;
use crate::nn::init::{Distribution, FanMode, Initializer, TRUNCATED_STD};
use crate::nn::spec::{Bias, Cell, LayerKind, LayerSpec, Norm};
use std::fmt::Write;

/// The classes of layers that this network needs.
pub fn layers(job: &Job) -> String {
    let mut out = String::new();
    let layers = &job.network.layers;
    for (name, activation) in [("Exp", "exp"), ("Sin", "sin"), ("Erf", "erf")] {
        let used = |l: &LayerSpec| module(&l.activation) == format!("{name}()");
        if layers.iter().any(used) {
            let _ = write!(
                out,
                "class {name}(nn.Module):  # torch.nn has none\n    def forward(self, z):\n        return torch.{activation}(z)\n\n\n"
            );
        }
    }
    if layers.iter().any(|l| l.init == Initializer::Lsuv) {
        out.push_str(LSUV);
    }
    out.push_str(&dense(job));
    for layer in layers {
        if let LayerKind::Recurrent { cell, .. } = &layer.kind {
            let class = recurrent(cell);
            if !out.contains(&class) {
                out.push_str(&class);
            }
        }
    }
    out
}

/// LSUV has no equal in PyTorch (Mishkin & Matas 2016, algorithm 1).
const LSUV: &str = r#"@torch.no_grad()
def lsuv(layer, x):
    """Scale the layer's weights until its affine map has unit variance on x (torch.nn.init has no LSUV)."""
    for _ in range(10):
        variance = F.linear(x, layer.weight, layer.bias).var(correction=0)
        if abs(variance - 1) < 0.01:
            break
        layer.weight /= variance.sqrt()


"#;

fn dense(job: &Job) -> String {
    let layers = &job.network.layers;
    let any =
        |f: fn(&LayerSpec) -> bool| layers.iter().filter(|l| l.kind == LayerKind::Dense).any(f);
    let (norm, dropout, skip) = (
        any(|l| l.norm != Norm::None),
        any(|l| l.dropout > 0.0),
        any(|l| l.skip),
    );
    let (mut arguments, mut fields) = (String::new(), String::new());
    let mut forward = String::from("z = super().forward(x)\n");
    if norm {
        arguments.push_str(", norm=None");
        fields.push_str("        self.norm = norm or nn.Identity()\n");
        // BatchNorm1d takes features second; a target at every step has them third.
        let apply = if job.time_targets {
            "self.norm(z.flatten(0, -2)).view_as(z)"
        } else {
            "self.norm(z)"
        };
        let _ = writeln!(forward, "        z = {apply}");
    }
    forward.push_str("        out = self.activation(z)\n");
    if dropout {
        arguments.push_str(", dropout=None");
        fields.push_str("        self.dropout = dropout or nn.Identity()\n");
        forward.push_str("        out = self.dropout(out)\n");
    }
    if skip {
        arguments.push_str(", skip=False");
        fields.push_str("        self.skip = skip\n");
        forward.push_str("        out = out + x if self.skip else out\n");
    }
    format!(
        "class Dense(nn.Linear):\n    def __init__(self, inputs, units, activation, weight, bias=nn.init.zeros_{arguments}):\n        \
         super().__init__(inputs, units, bias=bias is not None)\n        weight(self.weight)\n        \
         if bias:\n            bias(self.bias)\n        self.activation = activation\n{fields}\n    \
         def forward(self, x):\n        {forward}        return out\n\n\n"
    )
}

/// A recurrent layer over [rows, time, features], one step after another.
fn recurrent(cell: &Cell) -> String {
    let (class, base, start, step) = match cell {
        Cell::Plain => (
            "Recurrent",
            "RNNCell",
            "h = x.new_zeros(len(x), self.hidden_size)",
            "h = self.activation(F.linear(x[:, t], self.weight_ih, self.bias_ih) + F.linear(h, self.weight_hh, self.bias_hh))",
        ),
        Cell::Lstm { .. } => (
            "Lstm",
            "LSTMCell",
            "h = c = x.new_zeros(len(x), self.hidden_size)",
            "h, c = super().forward(x[:, t], (h, c))",
        ),
        Cell::Gru => (
            "Gru",
            "GRUCell",
            "h = x.new_zeros(len(x), self.hidden_size)",
            "h = super().forward(x[:, t], h)",
        ),
    };
    let step = step.replace("super()", &format!("super({class}, self)"));
    let (argument, forget) = match cell {
        Cell::Lstm { .. } => (
            ", forget=0.0",
            "            self.bias_ih.data[units:2 * units] += forget  # the second gate; one of the two holds it\n",
        ),
        Cell::Plain | Cell::Gru => ("", ""),
    };
    format!(
        "class {class}(nn.{base}):\n    def __init__(self, inputs, units, activation, weight, recurrent, bias=nn.init.zeros_{argument}):\n        \
         super().__init__(inputs, units, bias=bias is not None)\n        \
         # gate by gate: an initializer means one square or input matrix\n        \
         for part in self.weight_ih.split(units):\n            weight(part)\n        \
         for part in self.weight_hh.split(units):\n            recurrent(part)\n        \
         if bias:\n            bias(self.bias_ih)\n            bias(self.bias_hh)\n{forget}        \
         self.activation = activation\n\n    \
         def forward(self, x):  # [rows, time, features]\n        {start}\n        steps = []\n        \
         for t in range(x.shape[1]):\n            {step}\n            steps.append(h)\n        \
         return torch.stack(steps, 1)\n\n\n"
    )
}

/// The model: its layers, and the way of a batch through them.
pub fn model(job: &Job) -> String {
    let mut out = String::from(
        "class Network(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.layers = nn.ModuleList([\n",
    );
    let layers = &job.network.layers;
    let mut at = 0;
    while at < layers.len() {
        let same = layers[at..]
            .iter()
            .take_while(|l| **l == layers[at])
            .count();
        let call = call(&layers[at]);
        let _ = if same > 1 {
            writeln!(out, "            *({call} for _ in range({same})),")
        } else {
            writeln!(out, "            {call},")
        };
        at += same;
    }
    out.push_str("        ])\n");
    for (index, layer) in layers.iter().enumerate().filter(|(_, l)| l.frozen) {
        let _ = writeln!(
            out,
            "        self.layers[{index}].requires_grad_(False)  # frozen {}",
            layer.units
        );
    }
    let recurrent = job.recurrent_layers();
    out.push_str("\n    def forward(self, x):\n");
    if recurrent > 0 && !job.time_targets {
        let _ = write!(
            out,
            "        for layer in self.layers[:{recurrent}]:\n            x = layer(x)\n        \
             x = x[:, -1]  # the last step\n        for layer in self.layers[{recurrent}:]:\n            x = layer(x)\n        return x\n\n"
        );
    } else {
        out.push_str(
            "        for layer in self.layers:\n            x = layer(x)\n        return x\n\n",
        );
    }
    out
}

fn call(layer: &LayerSpec) -> String {
    let (inputs, units) = (layer.inputs, layer.units);
    let fans = layer.fans(&layer.init);
    let mut out = match &layer.kind {
        LayerKind::Dense => format!(
            "Dense({inputs}, {units}, {}, {}",
            module(&layer.activation),
            weight(&layer.init, fans)
        ),
        LayerKind::Recurrent {
            cell,
            recurrent_init,
        } => format!(
            "{}({inputs}, {units}, {}, {}, {}",
            match cell {
                Cell::Plain => "Recurrent",
                Cell::Lstm { .. } => "Lstm",
                Cell::Gru => "Gru",
            },
            module(&layer.activation),
            weight(&layer.init, fans),
            weight(recurrent_init, (units, units)),
        ),
    };
    match &layer.bias {
        Bias::Off => out.push_str(", bias=None"),
        Bias::Drawn(Initializer::Zeros) => {}
        Bias::Drawn(init) => {
            let _ = write!(out, ", bias={}", vector(init, layer.bias_fans()));
        }
    }
    if let Some(forget) = layer.forget_bias() {
        let _ = write!(out, ", forget={}", number(forget));
    }
    match layer.norm {
        Norm::None => {}
        Norm::Batch { eps, momentum } => {
            let _ = write!(
                out,
                ", norm=nn.BatchNorm1d({units}, eps={}, momentum={})",
                number(eps),
                number(momentum)
            );
        }
        Norm::Layer { eps } => {
            let _ = write!(out, ", norm=nn.LayerNorm({units}, eps={})", number(eps));
        }
    }
    if layer.dropout > 0.0 {
        let _ = write!(out, ", dropout=nn.{}", python::dropout(layer));
    }
    if layer.skip {
        out.push_str(", skip=True");
    }
    out.push(')');
    out
}

/// The activation as a module.
pub fn module(activation: &Activation) -> String {
    use Activation as A;
    let n = |v: &f64| number(*v);
    match activation {
        A::Linear => "nn.Identity()".into(),
        A::Logistic => "nn.Sigmoid()".into(),
        A::Tanh => "nn.Tanh()".into(),
        A::Relu => "nn.ReLU()".into(),
        A::LeakyRelu { slope } => format!("nn.LeakyReLU({})", n(slope)),
        A::Prelu { slope } => format!("nn.PReLU(init={})", n(slope)),
        A::Rrelu { lower, upper } => format!("nn.RReLU({}, {})", n(lower), n(upper)),
        A::Elu { alpha } => format!("nn.ELU({})", n(alpha)),
        A::Selu => "nn.SELU()".into(),
        A::Celu { alpha } => format!("nn.CELU({})", n(alpha)),
        A::Gelu => "nn.GELU()".into(),
        A::GeluTanh => "nn.GELU(approximate=\"tanh\")".into(),
        A::Silu => "nn.SiLU()".into(),
        A::Mish => "nn.Mish()".into(),
        A::Softplus => "nn.Softplus()".into(),
        A::Softsign => "nn.Softsign()".into(),
        A::HardTanh => "nn.Hardtanh()".into(),
        A::HardSigmoid => "nn.Hardsigmoid()".into(),
        A::Relu6 => "nn.ReLU6()".into(),
        A::Exponential => "Exp()".into(),
        A::Sine => "Sin()".into(),
        A::Erf => "Erf()".into(),
    }
}

/// How a weight matrix [units, inputs] is drawn: a function of the tensor.
fn weight(init: &Initializer, fans: (usize, usize)) -> String {
    use Initializer as I;
    match init {
        I::GlorotNormal => "nn.init.xavier_normal_".into(),
        I::GlorotUniform => "nn.init.xavier_uniform_".into(),
        I::HeNormal => "lambda w: nn.init.kaiming_normal_(w, nonlinearity=\"relu\")".into(),
        I::HeUniform => "lambda w: nn.init.kaiming_uniform_(w, nonlinearity=\"relu\")".into(),
        I::LecunNormal => "lambda w: nn.init.kaiming_normal_(w, nonlinearity=\"linear\")".into(),
        I::LecunUniform => "lambda w: nn.init.kaiming_uniform_(w, nonlinearity=\"linear\")".into(),
        I::Orthogonal { gain } => format!("lambda w: nn.init.orthogonal_(w, {})", number(*gain)),
        I::Identity { gain } if *gain == 1.0 => "nn.init.eye_".into(),
        I::Identity { gain } => format!("lambda w: nn.init.eye_(w).data.mul_({})", number(*gain)),
        // scaled by the first batch afterwards
        I::Lsuv => "nn.init.orthogonal_".into(),
        other => vector(other, fans),
    }
}

/// A draw that needs no matrix, by numbers: PyTorch's own rules take no fans of a vector.
fn vector(init: &Initializer, (fan_in, fan_out): (usize, usize)) -> String {
    use Initializer as I;
    let average = || format!("({fan_in} + {fan_out})");
    let normal = |numerator: &str, fan: String| {
        format!("lambda w: nn.init.normal_(w, std=math.sqrt({numerator} / {fan}))")
    };
    let uniform = |numerator: &str, fan: String| {
        let r = format!("math.sqrt({numerator} / {fan})");
        format!("lambda w: nn.init.uniform_(w, -{r}, {r})")
    };
    match init {
        I::GlorotNormal => normal("2", average()),
        I::GlorotUniform => uniform("6", average()),
        I::HeNormal => normal("2", fan_in.to_string()),
        I::HeUniform => uniform("6", fan_in.to_string()),
        I::LecunNormal => normal("1", fan_in.to_string()),
        I::LecunUniform => uniform("3", fan_in.to_string()),
        I::TorchDefault => uniform("1", fan_in.to_string()),
        I::Normal { mean, std } => format!(
            "lambda w: nn.init.normal_(w, {}, {})",
            number(*mean),
            number(*std)
        ),
        I::Uniform { min, max } => format!(
            "lambda w: nn.init.uniform_(w, {}, {})",
            number(*min),
            number(*max)
        ),
        // PyTorch would divide by it
        I::TruncatedNormal { mean, std: 0.0 } => {
            format!("lambda w: nn.init.constant_(w, {})", number(*mean))
        }
        I::TruncatedNormal { mean, std } => truncated(*mean, &number(*std), std * 2.0),
        I::Ones => "nn.init.ones_".into(),
        I::Constant { value } => format!("lambda w: nn.init.constant_(w, {})", number(*value)),
        I::VarianceScaling {
            scale,
            mode,
            distribution,
        } => {
            let fan = match mode {
                FanMode::FanIn => fan_in as f64,
                FanMode::FanOut => fan_out as f64,
                FanMode::FanAvg => (fan_in + fan_out) as f64 / 2.0,
            };
            let (scale_text, fan_text) = (number(*scale), number(fan));
            match distribution {
                Distribution::Normal => normal(&scale_text, fan_text),
                Distribution::Uniform => uniform(&format!("3 * {scale_text}"), fan_text),
                Distribution::TruncatedNormal => {
                    // what the cut takes from the standard deviation is given back, as Keras does
                    let std = (scale / fan).sqrt() / TRUNCATED_STD;
                    truncated(0.0, &number(std), 2.0 * std)
                }
            }
        }
        // Matrices only; a file with one of them for a bias is refused.
        I::Zeros | I::Orthogonal { .. } | I::Identity { .. } | I::Lsuv => "nn.init.zeros_".into(),
    }
}

fn truncated(mean: f64, std: &str, reach: f64) -> String {
    format!(
        "lambda w: nn.init.trunc_normal_(w, {}, {std}, {}, {})",
        number(mean),
        number(mean - reach),
        number(mean + reach)
    )
}
