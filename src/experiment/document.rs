//! A TOML document as an owned tree in which every key and value knows its place, so that `--set` can edit it and every
//! fault can point at it.

use super::fault::{Place, Report};
use crate::text::{clean, quote, thousands};
use toml::de::{DeTable, DeValue};

/// The longest text that is read, in bytes: far beyond any experiment, short enough to be refused in an instant.
pub const LONGEST: usize = 4 << 20;

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub at: Place,
    pub value: NodeValue,
}

#[derive(Clone, Debug)]
pub(super) enum NodeValue {
    Table(Vec<Entry>),
    Array(Vec<Node>),
    Text(String),
    Integer(i128),
    Real(f64),
    Flag(bool),
    /// A value of TOML that no key takes; the word for it.
    Other(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub at: Place,
    pub node: Node,
}

impl Node {
    pub fn new(at: Place, value: NodeValue) -> Self {
        Self { at, value }
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            NodeValue::Table(entries) => entries.iter().find(|e| e.key == key),
            _ => None,
        }
    }

    /// What it is, as a message says it: "the text `abc`", "a table".
    pub fn describe(&self) -> String {
        match &self.value {
            NodeValue::Table(_) => "a table".into(),
            NodeValue::Array(_) => "a list".into(),
            NodeValue::Text(text) => format!("the text \"{}\"", clean(text, 40)),
            NodeValue::Integer(n) => n.to_string(),
            NodeValue::Real(x) => format!("{x:?}"),
            NodeValue::Flag(b) => b.to_string(),
            NodeValue::Other(word) => (*word).into(),
        }
    }

    /// The place of the deepest part of `path` (`network.layers.0.units`) that exists.
    pub fn place_of(&self, path: &str) -> Place {
        let (node, place, _) = self.walk(path);
        // A scalar's value says more than its key.
        match node.value {
            NodeValue::Table(_) | NodeValue::Array(_) => place,
            _ => node.at,
        }
    }

    /// Whether `path` exists and one of the places lies in it.
    pub fn part_holds(&self, path: &str, places: &[Place]) -> bool {
        let (node, place, whole) = self.walk(path);
        whole && (places.contains(&place) || node.holds(places))
    }

    /// Whether one of the places lies in it.
    pub fn holds(&self, places: &[Place]) -> bool {
        places.contains(&self.at)
            || match &self.value {
                NodeValue::Table(entries) => entries
                    .iter()
                    .any(|e| places.contains(&e.at) || e.node.holds(places)),
                NodeValue::Array(items) => items.iter().any(|item| item.holds(places)),
                _ => false,
            }
    }

    /// The deepest part of `path` that exists, its place, and whether that is the whole path.
    fn walk(&self, path: &str) -> (&Node, Place, bool) {
        let mut node = self;
        let mut place = self.at;
        for part in path.split('.').filter(|p| !p.is_empty()) {
            let next = match &node.value {
                NodeValue::Table(_) => node.entry(part).map(|e| (&e.node, e.at)),
                NodeValue::Array(items) => part
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| items.get(i))
                    .map(|n| (n, n.at)),
                _ => None,
            };
            match next {
                Some((next, at)) => (node, place) = (next, at),
                None => return (node, place, false),
            }
        }
        (node, place, true)
    }
}

/// Reads `text`, whose faults of syntax go to the report.
pub(super) fn read(text: &str, label: &str, report: &mut Report) -> Node {
    if text.len() > LONGEST {
        let source = report.add_source(label, "");
        let message = format!(
            "{} bytes are more than any experiment needs: at most {} are read",
            thousands(text.len() as u128),
            thousands(LONGEST as u128)
        );
        report.syntax(Place { source, start: 0 }, message);
        return Node::new(Place { source, start: 0 }, NodeValue::Table(Vec::new()));
    }
    // A line ends the same way whatever wrote the file: TOML leaves it open, and a text over several lines would keep both.
    let text = &text.replace("\r\n", "\n");
    let source = report.add_source(label, text);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let start = error.span().map_or(text.len(), |s| s.start);
        report.not_toml(Place { source, start }, error.message());
    }
    Node::new(
        Place { source, start: 0 },
        convert_table(table.into_inner(), source, 0),
    )
}

fn convert_table(table: DeTable<'_>, source: usize, shift: usize) -> NodeValue {
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(key, value)| {
            let at = Place {
                source,
                start: key.span().start + shift,
            };
            // What the parser makes up for a value that it cannot read stands nowhere: its key does.
            let node_at = match value.span() {
                span if span.is_empty() => at,
                span => Place {
                    source,
                    start: span.start + shift,
                },
            };
            let node = Node::new(node_at, convert(value.into_inner(), source, shift));
            Entry {
                key: key.into_inner().into_owned(),
                at,
                node,
            }
        })
        .collect();
    entries.sort_by_key(|e| e.at);
    NodeValue::Table(entries)
}

fn convert(value: DeValue<'_>, source: usize, shift: usize) -> NodeValue {
    match value {
        DeValue::String(text) => NodeValue::Text(text.into_owned()),
        DeValue::Integer(n) => match i128::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => NodeValue::Integer(n),
            Err(_) => NodeValue::Other("a whole number beyond all bounds"),
        },
        DeValue::Float(x) => match x.as_str().parse::<f64>() {
            Ok(x) => NodeValue::Real(x),
            Err(_) => NodeValue::Other("an unreadable number"),
        },
        DeValue::Boolean(b) => NodeValue::Flag(b),
        DeValue::Datetime(_) => NodeValue::Other("a date"),
        DeValue::Array(items) => NodeValue::Array(
            items
                .into_iter()
                .map(|item| {
                    let start = item.span().start + shift;
                    Node::new(
                        Place { source, start },
                        convert(item.into_inner(), source, shift),
                    )
                })
                .collect(),
        ),
        DeValue::Table(table) => convert_table(table, source, shift),
    }
}

/// Applies `a.b.c=value` to the tree. A part that is a number picks an entry of a list (`network.layers.0.units=50`); a
/// thing written by its name becomes a table when one of its parameters is set (`network.init.std=0.5`).
///
/// Gives back what it took the place of.
pub(super) fn set(root: &mut Node, assignment: &str, report: &mut Report) -> Option<Node> {
    let source = report.add_source(
        "--set",
        if assignment.len() > LONGEST {
            ""
        } else {
            assignment
        },
    );
    let start = Place { source, start: 0 };
    let Some((path, typed)) = assignment.split_once('=') else {
        report.fault(
            start,
            format!(
                "{} is no assignment: write it as key.path=value",
                quote(assignment)
            ),
        );
        return None;
    };
    let typed_at = Place {
        source,
        start: path.len() + 1,
    };
    let value = value_of(typed, typed_at, report)?;
    let parts: Vec<&str> = path.trim().split('.').map(str::trim).collect();
    if parts.len() > 16 || parts.iter().any(|p| p.is_empty()) {
        report.fault(
            start,
            format!(
                "{} is no path: write it as training.optimizer.learning_rate=0.01",
                quote(path)
            ),
        );
        return None;
    }
    let mut node = root;
    let mut offset = path.len() - path.trim_start().len();
    for (depth, part) in parts.iter().enumerate() {
        let at = Place {
            source,
            start: offset,
        };
        match descend(node, part, at) {
            Ok(next) => node = next,
            Err(reason) => {
                let what = if depth == 0 {
                    "the file".to_string()
                } else {
                    quote(&parts[..depth].join("."))
                };
                report.fault(at, format!("{what} {reason}"));
                return None;
            }
        }
        offset += part.len() + 1;
    }
    Some(std::mem::replace(node, value))
}

/// The part of `node` called `part`, made where it does not exist.
fn descend<'n>(node: &'n mut Node, part: &str, at: Place) -> Result<&'n mut Node, String> {
    if let NodeValue::Text(name) = &node.value {
        let kind = Node::new(node.at, NodeValue::Text(name.clone()));
        node.value = NodeValue::Table(vec![Entry {
            key: "kind".into(),
            at: node.at,
            node: kind,
        }]);
    }
    let described = node.describe();
    match &mut node.value {
        NodeValue::Table(entries) => {
            let index = match entries.iter().position(|e| e.key == part) {
                Some(index) => {
                    entries[index].at = at;
                    index
                }
                None => {
                    let node = Node::new(at, NodeValue::Table(Vec::new()));
                    entries.push(Entry {
                        key: part.into(),
                        at,
                        node,
                    });
                    entries.len() - 1
                }
            };
            Ok(&mut entries[index].node)
        }
        NodeValue::Array(items) => {
            let count = items.len();
            match part.parse::<usize>() {
                Ok(index) if index < count => Ok(&mut items[index]),
                Ok(_) => Err(format!(
                    "has {count} entries, numbered from 0: there is no {part}"
                )),
                Err(_) => Err(format!(
                    "is a list: pick an entry by its number from 0, not by {}",
                    quote(part)
                )),
            }
        }
        _ => Err(format!("is {described}: it has no parts to set")),
    }
}

/// A value of the command line: TOML, or a bare word, which needs no quotes there (`network.activation=relu`). What begins as
/// only TOML does is no word.
fn value_of(typed: &str, mut at: Place, report: &mut Report) -> Option<Node> {
    let word = typed.trim();
    at.start += typed.len() - typed.trim_start().len();
    if typed.len() > LONGEST {
        return Some(Node::new(at, NodeValue::Text(word.into())));
    }
    match DeValue::parse(word) {
        Ok(value) => Some(Node::new(
            at,
            convert(value.into_inner(), at.source, at.start),
        )),
        Err(error) if word.starts_with(['"', '\'', '[', '{']) => {
            at.start += error.span().map_or(0, |span| span.start);
            report.not_toml(at, error.message());
            None
        }
        Err(_) => Some(Node::new(at, NodeValue::Text(word.into()))),
    }
}
