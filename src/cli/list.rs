//! `gradlab list`: everything that an experiment can name, from the tables that read it.

use super::args::{Kind, ListArgs};
use super::failure::{Failure, Status};
use super::output::Output;
use super::source::own_presets;
use crate::data::DataKind;
use crate::experiment::presets;
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::optimizer::Optimizer;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Cell, Clip, Norm};
use crate::nn::vocabulary::{Entry, Limits, Parameter, Value, Vocabulary};
use crate::text::clean;
use clap::ValueEnum;
use serde_json::{Value as Json, json};

pub fn run(args: &ListArgs, output: &mut Output) -> Result<Status, Failure> {
    let kinds: Vec<Kind> = match args.kind {
        Some(kind) => vec![kind],
        None => Kind::value_variants().to_vec(),
    };
    if args.json {
        let listed: Vec<Json> = kinds.iter().flat_map(|kind| as_json(*kind)).collect();
        output.line(crate::text::printable_json(
            &Json::Array(listed).to_string(),
        ))?;
        return Ok(Status::Done);
    }
    for (i, kind) in kinds.iter().enumerate() {
        if i > 0 {
            output.line("")?;
        }
        if kinds.len() > 1 {
            output.line(output.bold(&heading(*kind)))?;
        }
        match kind {
            Kind::Presets => list_presets(output)?,
            _ => list_entries(entries(*kind), output)?,
        }
    }
    Ok(Status::Done)
}

/// The name of a kind on the command line.
fn word(kind: Kind) -> String {
    kind.to_possible_value()
        .map(|v| v.get_name().to_string())
        .unwrap_or_default()
}

fn heading(kind: Kind) -> String {
    word(kind).to_uppercase()
}

fn entries(kind: Kind) -> &'static [Entry] {
    match kind {
        Kind::Presets => &[],
        Kind::Activations => Activation::entries(),
        Kind::Initializers => Initializer::entries(),
        Kind::Optimizers => Optimizer::entries(),
        Kind::Schedules => Schedule::entries(),
        Kind::Datasets => DataKind::entries(),
        Kind::Losses => Loss::entries(),
        Kind::Norms => Norm::entries(),
        Kind::Clips => Clip::entries(),
        Kind::Cells => Cell::entries(),
    }
}

fn list_entries(entries: &[Entry], output: &mut Output) -> Result<(), Failure> {
    let width = entries.iter().map(|e| e.name.len()).max().unwrap_or(0);
    for entry in entries {
        let source = if entry.source == "-" {
            String::new()
        } else {
            output.dim(&format!("  ({})", entry.source))
        };
        output.line(format!(
            "{}  {}{source}",
            output.bold(&format!("{:width$}", entry.name)),
            entry.help
        ))?;
        for parameter in (entry.parameters)() {
            let value = value(&parameter);
            let range = range(&parameter.limits);
            let range = if range.is_empty() {
                range
            } else {
                output.dim(&format!("  {range}"))
            };
            output.line(format!(
                "{:width$}    {} {value}  {}{range}",
                "", parameter.name, parameter.help
            ))?;
        }
    }
    Ok(())
}

/// A parameter's default, as a file writes it.
fn value(parameter: &Parameter) -> String {
    match &parameter.default {
        None => "(required)".into(),
        Some(Value::Absent) => "(optional)".into(),
        Some(Value::Text(text)) => format!("= \"{text}\""),
        Some(other) => format!("= {other}"),
    }
}

/// What a parameter may be, in words; empty where its type says it all.
fn range(limits: &Limits) -> String {
    match *limits {
        Limits::Real { min, max } => match (min == f64::MIN, max == f64::MAX) {
            (true, true) => String::new(),
            (false, true) if min == f64::MIN_POSITIVE => "above 0".into(),
            (false, true) => format!("at least {min}"),
            (true, false) => format!("at most {max}"),
            (false, false) if max == 1.0 - f64::EPSILON && min == f64::MIN_POSITIVE => {
                "above 0, below 1".into()
            }
            (false, false) if max == 1.0 - f64::EPSILON => format!("at least {min}, below 1"),
            (false, false) => format!("{min} to {max}"),
        },
        Limits::Count { min, max: u64::MAX } => format!("whole, at least {min}"),
        Limits::Count { min, max } => format!("whole, {min} to {max}"),
        Limits::Flag => "true or false".into(),
        Limits::Choice(words) => words.join(" | "),
        Limits::Text | Limits::Path => String::new(),
        Limits::List => "a text or a list of texts".into(),
    }
}

fn list_presets(output: &mut Output) -> Result<(), Failure> {
    let width = presets::all()
        .iter()
        .map(|p| p.name.len())
        .max()
        .unwrap_or(0);
    let mut lesson = "";
    for preset in presets::all() {
        if preset.lesson != lesson {
            lesson = preset.lesson;
            output.line(output.dim(lesson))?;
        }
        let about = preset
            .experiment()
            .map(|e| first_sentence(&e.description))
            .unwrap_or_default();
        output.line(format!(
            "  {}  {about}",
            output.bold(&format!("{:width$}", preset.name))
        ))?;
    }
    let own = own_presets();
    if !own.is_empty() {
        output.line(output.dim("Your own"))?;
    }
    for preset in own {
        let about = match &preset.experiment {
            Ok(experiment) => first_sentence(&experiment.description),
            Err(fault) => format!("cannot be used: {}", clean(fault, 200)),
        };
        output.line(format!(
            "  {}  {about}",
            output.bold(&format!("{:width$}", preset.name))
        ))?;
    }
    Ok(())
}

/// What a list has room for: up to the first full stop or colon, on one line.
fn first_sentence(text: &str) -> String {
    let text = clean(text.trim(), 400);
    let end = text
        .find(". ")
        .or_else(|| text.find(": "))
        .unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_string()
}

fn as_json(kind: Kind) -> Vec<Json> {
    if kind == Kind::Presets {
        let shipped = presets::all().iter().map(|p| {
            let about = p.experiment().map(|e| e.description).unwrap_or_default();
            json!({ "kind": "presets", "name": p.name, "lesson": p.lesson, "help": about })
        });
        let own = own_presets().into_iter().map(|p| match p.experiment {
            Ok(e) => {
                json!({ "kind": "presets", "name": p.name, "path": p.path, "help": e.description })
            }
            Err(fault) => {
                json!({ "kind": "presets", "name": p.name, "path": p.path, "fault": fault })
            }
        });
        return shipped.chain(own).collect();
    }
    entries(kind)
        .iter()
        .map(|entry| {
            let parameters: Vec<Json> = (entry.parameters)().iter().map(parameter_json).collect();
            json!({ "kind": word(kind), "name": entry.name, "help": entry.help, "source": entry.source, "parameters": parameters })
        })
        .collect()
}

fn parameter_json(parameter: &Parameter) -> Json {
    let default = match &parameter.default {
        None | Some(Value::Absent) => Json::Null,
        Some(Value::Real(x)) => json!(x),
        Some(Value::Count(n)) => json!(n),
        Some(Value::Flag(b)) => json!(b),
        Some(Value::Text(t)) => json!(t),
        Some(Value::List(items)) => json!(items),
    };
    json!({
        "name": parameter.name,
        "default": default,
        "required": parameter.default.is_none(),
        "limits": range(&parameter.limits),
        "help": parameter.help,
    })
}
