//! Reading a thing of a vocabulary: by its name, or as a table with `kind` and its parameters.

use super::document::{Node, NodeValue};
use super::fault::Place;
use super::limits::checked;
use super::section::Section;
use super::words::nearest;
use crate::nn::vocabulary::{Limits, Parameter, Value, Vocabulary};
use crate::text::quote;

impl<'a> Section<'a> {
    /// A thing of a vocabulary, written by its name or as a table with `kind`.
    pub fn thing<V: Vocabulary>(&mut self, key: &'static str) -> Option<V> {
        let entry = self.take(key)?;
        self.thing_of(&entry.node, entry.at, key)
    }

    /// As [`Section::thing`], or its default, whose parameters may be given without naming it.
    pub fn thing_or<V: Vocabulary>(&mut self, key: &'static str, default: V) -> V {
        let Some(entry) = self.take(key) else {
            return default;
        };
        let thing = match &entry.node.value {
            NodeValue::Table(entries) if !entries.iter().any(|e| e.key == "kind") => {
                let table = Section::open(&entry.node, entry.at, &self.path_of(key), self.report);
                table.and_then(|mut table| {
                    table.known.push("kind");
                    let thing = table.parameters_of(default.index(), entry.at);
                    table.finish();
                    thing
                })
            }
            _ => self.thing_of(&entry.node, entry.at, key),
        };
        thing.unwrap_or(default)
    }

    /// As [`Section::thing`], of a node that was taken before.
    pub fn thing_of<V: Vocabulary>(&self, node: &'a Node, at: Place, key: &str) -> Option<V> {
        match &node.value {
            NodeValue::Text(name) => self.entry_named::<V>(name, node.at).and_then(|index| {
                let parameters = (V::entries()[index].parameters)();
                match parameters.iter().find(|p| p.default.is_none()) {
                    Some(p) => {
                        self.fault(node.at, needs::<V>(index, p, key));
                        None
                    }
                    None => V::build(index, &defaults(&parameters)),
                }
            }),
            NodeValue::Table(_) => {
                let mut table = Section::open(node, at, &self.path_of(key), self.report)?;
                let thing = table.kind_of::<V>();
                table.finish();
                thing
            }
            _ => {
                let message = format!(
                    "`{key}` must be the name of {}, or a table with `kind`, not {}",
                    article(V::KIND),
                    node.describe()
                );
                self.fault(node.at, message);
                None
            }
        }
    }

    /// A thing of a vocabulary whose `kind` and parameters are keys of this table.
    pub fn kind_of<V: Vocabulary>(&mut self) -> Option<V> {
        let Some(entry) = self.take("kind") else {
            let example = V::entries()[0].name;
            let message = format!("{} needs `kind`, e.g. `kind = \"{example}\"`", self.name());
            self.report.borrow_mut().missing(self.at, message);
            self.pass_over();
            return None;
        };
        let NodeValue::Text(name) = &entry.node.value else {
            self.fault(
                entry.node.at,
                format!(
                    "`kind` must be the name of {}, not {}",
                    article(V::KIND),
                    entry.node.describe()
                ),
            );
            self.pass_over();
            return None;
        };
        let Some(index) = self.entry_named::<V>(name, entry.node.at) else {
            self.pass_over();
            return None;
        };
        self.parameters_of(index, entry.node.at)
    }

    fn parameters_of<V: Vocabulary>(&mut self, index: usize, at: Place) -> Option<V> {
        let parameters = (V::entries()[index].parameters)();
        let mut values = Vec::with_capacity(parameters.len());
        let mut whole = true;
        for parameter in &parameters {
            match self.parameter::<V>(index, parameter, at) {
                Some(value) => values.push(value),
                None => whole = false,
            }
        }
        self.foreign_parameters::<V>(index);
        if whole {
            V::build(index, &values)
        } else {
            None
        }
    }

    fn parameter<V: Vocabulary>(
        &mut self,
        index: usize,
        parameter: &Parameter,
        at: Place,
    ) -> Option<Value> {
        match self.take(parameter.name) {
            Some(given) => match checked(&given.node, parameter.name, &parameter.limits) {
                Ok(value) => Some(value),
                Err(message) => {
                    self.fault(given.node.at, message);
                    None
                }
            },
            None => {
                if parameter.default.is_none() {
                    self.report
                        .borrow_mut()
                        .missing(at, needs::<V>(index, parameter, "kind"));
                }
                parameter.default.clone()
            }
        }
    }

    /// Keys that are parameters, but of another thing of the vocabulary.
    fn foreign_parameters<V: Vocabulary>(&mut self, index: usize) {
        let own: Vec<&str> = (V::entries()[index].parameters)()
            .iter()
            .map(|p| p.name)
            .collect();
        for entry in self.entries {
            let owner = V::entries().iter().find_map(|e| {
                (e.parameters)()
                    .iter()
                    .find(|p| p.name == entry.key)
                    .map(|p| (p.name, e.name))
            });
            let Some((key, owner)) = owner else { continue };
            if own.contains(&key) || self.known.contains(&key) {
                continue;
            }
            self.known.push(key);
            let name = V::entries()[index].name;
            let has = if own.is_empty() {
                "it takes no parameters".into()
            } else {
                format!("its parameters: {}", own.join(", "))
            };
            self.fault(
                entry.at,
                format!("`{name}` has no `{key}`, which belongs to `{owner}` ({has})"),
            );
        }
    }

    fn entry_named<V: Vocabulary>(&self, name: &str, at: Place) -> Option<usize> {
        let index = V::entries().iter().position(|e| e.name == name);
        if index.is_none() {
            self.fault(
                at,
                unknown(V::KIND, name, V::entries().iter().map(|e| e.name)),
            );
        }
        index
    }
}

fn needs<V: Vocabulary>(index: usize, parameter: &Parameter, key: &str) -> String {
    let name = V::entries()[index].name;
    let example = match parameter.limits {
        Limits::Real { .. } => "0.5".to_string(),
        Limits::Count { min, .. } => min.max(100).to_string(),
        Limits::Flag => "true".to_string(),
        Limits::Choice(words) => format!("\"{}\"", words.first().unwrap_or(&"")),
        Limits::Text | Limits::Path | Limits::List => "\"...\"".to_string(),
    };
    let parameter_name = parameter.name;
    if key == "kind" {
        format!(
            "{} `{name}` needs `{parameter_name}` ({}), e.g. `{parameter_name} = {example}`",
            V::KIND,
            parameter.help
        )
    } else {
        format!(
            "{} `{name}` needs `{parameter_name}` ({}): `{key} = {{ kind = \"{name}\", {parameter_name} = {example} }}`",
            V::KIND,
            parameter.help
        )
    }
}

fn defaults(parameters: &[Parameter]) -> Vec<Value> {
    parameters
        .iter()
        .map(|p| p.default.clone().unwrap_or(Value::Absent))
        .collect()
}

/// "a loss", "an activation".
fn article(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

/// "unknown activation `rleu`: did you mean `relu`?"
pub(super) fn unknown<'a>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> String {
    if kind == "activation" && name == "softmax" {
        return "`softmax` is what the output layer shows under `loss = \"cross-entropy\"`: hidden layers take another activation".into();
    }
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown {kind} {}: did you mean `{near}`?", quote(name)),
        None => format!(
            "unknown {kind} {}: one of {}",
            quote(name),
            known.collect::<Vec<_>>().join(", ")
        ),
    }
}
