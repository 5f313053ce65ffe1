//! Reading one table of a document: typed keys with limits, things of a vocabulary, and what nobody asked for.

use super::document::{Entry, Node, NodeValue};
use super::fault::{Place, Report, nearest};
use crate::nn::vocabulary::{AT_LEAST_ONE, Field, Limits, Parameter, Value, Vocabulary};
use crate::text::{clean, quote};
use std::cell::RefCell;

/// One table, whose keys are taken one by one; [`Section::finish`] faults those that are left.
pub(super) struct Section<'a> {
    entries: &'a [Entry],
    pub at: Place,
    /// `network.output`; empty for the file itself.
    path: String,
    known: Vec<&'static str>,
    report: &'a RefCell<Report>,
}

impl<'a> Section<'a> {
    /// `None`, and a fault, where the node is no table.
    pub fn open(
        node: &'a Node,
        at: Place,
        path: &str,
        report: &'a RefCell<Report>,
    ) -> Option<Self> {
        let entries = match &node.value {
            NodeValue::Table(entries) => entries,
            _ => {
                let message = format!("{} must be a table, not {}", quote(path), node.describe());
                report.borrow_mut().fault(node.at, message);
                return None;
            }
        };
        Some(Self {
            entries,
            at,
            path: path.into(),
            known: Vec::new(),
            report,
        })
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.into()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn name(&self) -> String {
        if self.path.is_empty() {
            "the file".into()
        } else {
            format!("[{}]", self.path)
        }
    }

    pub fn fault(&self, at: Place, message: impl Into<String>) {
        self.report.borrow_mut().fault(at, message);
    }

    /// The entry of that key, which is known from now on.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Entry> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.entries.iter().find(|e| e.key == key)
    }

    /// The table of that key; `None` where there is none.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'a>> {
        let entry = self.take(key)?;
        Section::open(&entry.node, entry.at, &self.path_of(key), self.report)
    }

    /// The tables of a list of tables, each with its place.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'a>> {
        let Some(entry) = self.take(key) else {
            return Vec::new();
        };
        let path = self.path_of(key);
        match &entry.node.value {
            NodeValue::Array(items) => items
                .iter()
                .enumerate()
                .filter_map(|(i, item)| {
                    Section::open(item, item.at, &format!("{path}.{i}"), self.report)
                })
                .collect(),
            _ => {
                let message = format!(
                    "{} is a list of tables: write each as [[{path}]]",
                    quote(&path)
                );
                self.fault(entry.at, message);
                Vec::new()
            }
        }
    }

    /// A value within limits; `None` where the key is absent or faulty.
    pub fn value<T: Field>(&mut self, key: &'static str, limits: Limits) -> Option<T> {
        let entry = self.take(key)?;
        match checked(&entry.node, key, &limits).map(|v| T::from_value(&v)) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.fault(
                    entry.node.at,
                    format!(
                        "`{key}` cannot be {} on this machine",
                        entry.node.describe()
                    ),
                );
                None
            }
            Err(message) => {
                self.fault(entry.node.at, message);
                None
            }
        }
    }

    /// A value within limits, or its default.
    pub fn value_or<T: Field>(&mut self, key: &'static str, limits: Limits, default: T) -> T {
        self.value(key, limits).unwrap_or(default)
    }

    /// A value that has to be there.
    pub fn required<T: Field>(
        &mut self,
        key: &'static str,
        limits: Limits,
        example: &str,
    ) -> Option<T> {
        if !self.entries.iter().any(|e| e.key == key) {
            self.known.push(key);
            let message = format!("{} needs `{key}`, e.g. `{key} = {example}`", self.name());
            self.report.borrow_mut().missing(self.at, message);
            return None;
        }
        self.value(key, limits)
    }

    /// A count from 1.
    pub fn count(&mut self, key: &'static str) -> Option<usize> {
        self.value(key, AT_LEAST_ONE)
    }

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

    /// The keys of this table cannot be judged: they are let be.
    pub fn pass_over(&mut self) {
        self.entries = &[];
    }

    /// Faults the keys that nobody took.
    pub fn finish(self) {
        for entry in self.entries {
            if self.known.contains(&entry.key.as_str()) {
                continue;
            }
            let mut message = format!("unknown key {} in {}", quote(&entry.key), self.name());
            match nearest(&entry.key, self.known.iter().copied()) {
                Some(near) => message += &format!(": did you mean `{near}`?"),
                None => message += &format!(" (known: {})", self.known.join(", ")),
            }
            self.fault(entry.at, message);
        }
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

/// The node's value, if it is of the right type and within limits; else what would be right.
pub(super) fn checked(node: &Node, key: &str, limits: &Limits) -> Result<Value, String> {
    let wrong = |want: &str| Err(format!("`{key}` must be {want}, not {}", node.describe()));
    match (limits, &node.value) {
        (Limits::Real { min, max }, NodeValue::Integer(n)) => real(*n as f64, key, *min, *max),
        (Limits::Real { min, max }, NodeValue::Real(x)) => real(*x, key, *min, *max),
        (Limits::Real { .. }, _) => wrong("a number"),
        (Limits::Count { min, max }, NodeValue::Integer(n)) => count(*n, key, *min, *max),
        (Limits::Count { .. }, _) => wrong("a whole number"),
        (Limits::Flag, NodeValue::Flag(b)) => Ok(Value::Flag(*b)),
        (Limits::Flag, _) => wrong("true or false"),
        (Limits::Choice(words), NodeValue::Text(text)) => {
            if words.contains(&text.as_str()) {
                Ok(Value::Text(text.clone()))
            } else {
                Err(unknown(key, text, words.iter().copied()))
            }
        }
        (Limits::Choice(words), _) => wrong(&format!("one of {}", words.join(", "))),
        (Limits::Text | Limits::Path, _) => match (&node.value, &node.typed) {
            (NodeValue::Text(text), _) | (_, Some(text)) => text_value(text, key, limits),
            _ => wrong("a text"),
        },
        (Limits::List, NodeValue::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(word).collect();
            match texts {
                Some(texts) if texts.is_empty() => {
                    Err(format!("`{key}` is an empty list: name at least one"))
                }
                Some(texts) => Ok(Value::List(texts)),
                None => Err(format!("`{key}` must be a list of texts")),
            }
        }
        (Limits::List, _) => match word(node) {
            Some(text) => Ok(Value::List(vec![text])),
            None => wrong("a text or a list of texts"),
        },
    }
}

/// A text, or a whole number as text (`classes = [3, 8]`, a column by its number).
fn word(node: &Node) -> Option<String> {
    match &node.value {
        NodeValue::Text(text) => Some(text.clone()),
        NodeValue::Integer(n) => Some(n.to_string()),
        _ => None,
    }
}

fn text_value(text: &str, key: &str, limits: &Limits) -> Result<Value, String> {
    if *limits == Limits::Path && (text.is_empty() || text.contains('\0')) {
        return Err(format!(
            "`{key}` must be the path of a file, not {}",
            quote(text)
        ));
    }
    Ok(Value::Text(text.to_string()))
}

fn real(x: f64, key: &str, min: f64, max: f64) -> Result<Value, String> {
    if !x.is_finite() {
        Err(format!("`{key}` must be a finite number, not {x}"))
    } else if x < min {
        let bound = if min == f64::MIN_POSITIVE {
            "above 0".to_string()
        } else {
            format!("at least {min}")
        };
        Err(format!("`{key}` must be {bound}, not {x:?}"))
    } else if x > max {
        let bound = if max == 1.0 - f64::EPSILON {
            "below 1".to_string()
        } else {
            format!("at most {max}")
        };
        Err(format!("`{key}` must be {bound}, not {x:?}"))
    } else {
        Ok(Value::Real(x))
    }
}

fn count(n: i128, key: &str, min: u64, max: u64) -> Result<Value, String> {
    if n < i128::from(min) {
        Err(format!("`{key}` must be at least {min}, not {n}"))
    } else if n > i128::from(max) {
        Err(format!(
            "`{key}` must be at most {max}, not {}",
            clean(&n.to_string(), 40)
        ))
    } else {
        Ok(Value::Count(n as u64))
    }
}
