//! From an [`Experiment`] to text: only what differs from the defaults, in the format's order.

use super::parse::FORMAT;
use super::schema::*;
use crate::nn::spec::{Bias, Norm, Regularize};
use crate::nn::vocabulary::{Value, Vocabulary};
use std::fmt::Write;

/// The experiment as the text of a file, which [`super::parse`] reads back to an equal value.
pub fn to_toml(experiment: &Experiment) -> String {
    let mut out = Writer::default();
    out.line("format", FORMAT);
    out.text_unless("name", &experiment.name, UNTITLED);
    out.text_unless("description", &experiment.description, "");
    out.unless("seed", experiment.seed, 42);
    data(&experiment.data, &mut out);
    network(&experiment.network, &mut out);
    training(&experiment.training, &mut out);
    if let Some(pretrain) = &experiment.pretrain {
        write_pretrain(pretrain, &mut out);
    }
    out.text
}

/// The text so far, and the header that is written once a key follows it.
#[derive(Default)]
struct Writer {
    text: String,
    header: Option<String>,
}

impl Writer {
    fn header(&mut self, header: &str) {
        self.header = Some(header.to_string());
    }

    /// A header that stands even with no key under it.
    fn header_now(&mut self, header: &str) {
        self.header(header);
        self.flush();
    }

    fn flush(&mut self) {
        if let Some(header) = self.header.take() {
            self.text += &format!("\n{header}\n");
        }
    }

    fn line(&mut self, key: &str, value: impl std::fmt::Display) {
        self.flush();
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{key} = {value}");
    }

    fn unless<T: PartialEq + std::fmt::Display>(&mut self, key: &str, value: T, default: T) {
        if value != default {
            self.line(key, value);
        }
    }

    fn text_unless(&mut self, key: &str, value: &str, default: &str) {
        if value != default {
            self.line(key, text(value));
        }
    }

    fn real_unless(&mut self, key: &str, value: f64, default: f64) {
        if value != default {
            self.line(key, real(value));
        }
    }

    fn optional<T: std::fmt::Display>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.line(key, value);
        }
    }

    fn thing<V: Vocabulary>(&mut self, key: &str, value: Option<&V>) {
        self.optional(key, value.map(inline));
    }

    fn thing_unless<V: Vocabulary>(&mut self, key: &str, value: &V, default: &V) {
        self.thing(key, (value != default).then_some(value));
    }

    /// `kind` and the parameters that differ from the table's, a line each.
    fn kind<V: Vocabulary>(&mut self, value: &V) {
        self.line("kind", text(value.name()));
        for (name, value) in parameters(value) {
            self.line(name, literal(&value));
        }
    }

    /// A section for a thing with `kind`, where it differs.
    fn section_unless<V: Vocabulary>(&mut self, header: &str, value: &V, default: &V) {
        if value != default {
            self.header(header);
            self.kind(value);
        }
    }

    fn bias(&mut self, bias: Option<&Bias>) {
        match bias {
            None => {}
            Some(Bias::Off) => self.line("bias", false),
            Some(Bias::Drawn(init)) => self.line("bias", inline(init)),
        }
    }
}

fn data(data: &Data, out: &mut Writer) {
    let default = Data::of(data.kind.clone());
    out.header("[data]");
    out.kind(&data.kind);
    out.real_unless("test_fraction", data.test_fraction, default.test_fraction);
    out.unless("standardize", data.standardize, default.standardize);
    out.unless("shuffle", data.shuffle, default.shuffle);
    out.optional("train_rows", data.train_rows);
}

fn network(network: &Network, out: &mut Writer) {
    let default = Network::default();
    out.header("[network]");
    out.thing_unless("activation", &network.activation, &default.activation);
    out.thing_unless("init", &network.init, &default.init);
    out.bias(network.bias.as_ref());
    for entry in &network.layers {
        layer(entry, out);
    }
    out.header("[network.output]");
    out.thing("init", network.output.init.as_ref());
    out.bias(network.output.bias.as_ref());
    out.unless("frozen", network.output.frozen, false);
    if let Some(transfer) = &network.transfer {
        out.header("[network.transfer]");
        out.line("from", text(&transfer.from.to_string_lossy()));
        out.line("layers", transfer.layers);
        out.unless("frozen", transfer.frozen, false);
        out.real_unless("learning_rate_factor", transfer.learning_rate_factor, 1.0);
    }
}

fn layer(layer: &Layer, out: &mut Writer) {
    out.header("[[network.layers]]");
    out.line("units", layer.units);
    out.unless("repeat", layer.repeat, 1);
    if let LayerKind::Recurrent {
        cell,
        recurrent_init,
    } = &layer.kind
    {
        out.line("kind", text("recurrent"));
        out.line("cell", inline(cell));
        out.thing_unless("recurrent_init", recurrent_init, &RECURRENT_INIT);
    }
    out.thing("activation", layer.activation.as_ref());
    out.thing("init", layer.init.as_ref());
    out.bias(layer.bias.as_ref());
    out.thing_unless("norm", &layer.norm, &Norm::None {});
    out.real_unless("dropout", layer.dropout, 0.0);
    out.unless("skip", layer.skip, false);
    out.unless("frozen", layer.frozen, false);
}

fn training(training: &Training, out: &mut Writer) {
    let default = Training::default();
    out.header("[training]");
    out.thing("loss", training.loss.as_ref());
    match training.batch_size {
        BatchSize::Full => out.line("batch_size", text("full")),
        BatchSize::Rows(rows) if training.batch_size != default.batch_size => {
            out.line("batch_size", rows)
        }
        BatchSize::Rows(_) => {}
    }
    out.real_unless("label_smoothing", training.label_smoothing, 0.0);
    out.section_unless(
        "[training.optimizer]",
        &training.optimizer,
        &default.optimizer,
    );
    out.section_unless("[training.schedule]", &training.schedule, &default.schedule);
    out.header("[training.regularize]");
    let Regularize { l1, l2, max_norm } = training.regularize;
    out.real_unless("l1", l1, 0.0);
    out.real_unless("l2", l2, 0.0);
    out.real_unless("max_norm", max_norm, 0.0);
    out.section_unless("[training.clip]", &training.clip, &default.clip);
    out.header("[training.stop]");
    let Stop {
        epochs,
        steps,
        patience,
    } = training.stop;
    out.optional("epochs", epochs);
    out.optional("steps", steps);
    out.optional("patience", patience);
}

fn write_pretrain(pretrain: &Pretrain, out: &mut Writer) {
    let default = Pretrain::default();
    // An empty table already asks for pretraining.
    out.header_now("[pretrain]");
    out.unless("epochs", pretrain.epochs, default.epochs);
    out.real_unless("noise", pretrain.noise, default.noise);
    out.unless("tied", pretrain.tied, default.tied);
    out.optional("layers", pretrain.layers);
    out.optional("learning_rate", pretrain.learning_rate.map(real));
}

/// The parameters of a thing that differ from the table's defaults.
fn parameters<V: Vocabulary>(value: &V) -> Vec<(&'static str, Value)> {
    let table = (value.entry().parameters)();
    let given = table.into_iter().zip(value.values());
    given
        .filter(|(p, v)| p.default.as_ref() != Some(v))
        .map(|(p, v)| (p.name, v))
        .collect()
}

/// A thing in one line: its name where the defaults serve, else `{ kind = "...", ... }`.
pub fn inline<V: Vocabulary>(value: &V) -> String {
    let parameters = parameters(value);
    if parameters.is_empty() {
        return text(value.name());
    }
    let given: String = parameters
        .iter()
        .map(|(name, v)| format!(", {name} = {}", literal(v)))
        .collect();
    format!("{{ kind = {}{given} }}", text(value.name()))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Real(x) => real(*x),
        Value::Count(n) => n.to_string(),
        Value::Flag(b) => b.to_string(),
        Value::Text(t) => text(t),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(|i| text(i)).collect::<Vec<_>>().join(", ")
        ),
        // Only optional parameters can be absent, and those differ from their default only when they are given.
        Value::Absent => text(""),
    }
}

/// The shortest decimal that reads back to the same f64; always with a point or an exponent.
fn real(x: f64) -> String {
    format!("{x:?}")
}

/// A TOML string in double quotes, or over several lines where it has some.
fn text(value: &str) -> String {
    let escaped = |c: char, out: &mut String| match c {
        '"' => *out += "\\\"",
        '\\' => *out += "\\\\",
        '\t' => *out += "\\t",
        '\r' => *out += "\\r",
        // Control and reading-direction characters are written so that the file shows them.
        c if crate::text::is_hostile(c) => *out += &format!("\\U{:08X}", c as u32),
        c => out.push(c),
    };
    let mut out = String::with_capacity(value.len() + 2);
    let lines = value.contains('\n');
    out += if lines { "\"\"\"\n" } else { "\"" };
    for c in value.chars() {
        if c == '\n' {
            out.push(c)
        } else {
            escaped(c, &mut out)
        }
    }
    out += if lines { "\"\"\"" } else { "\"" };
    out
}
