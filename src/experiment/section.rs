//! Reading one table of a document: typed keys with limits, things of a vocabulary, and what nobody asked for.

use super::document::{Entry, Node, NodeValue};
use super::fault::{Place, Report};
use super::limits::checked;
use super::words::nearest;
use crate::nn::vocabulary::{AT_LEAST_ONE, Field, Limits};
use crate::text::quote;
use std::cell::RefCell;

/// One table, whose keys are taken one by one; [`Section::finish`] faults those that are left.
pub(super) struct Section<'a> {
    pub(super) entries: &'a [Entry],
    pub at: Place,
    /// `network.output`; empty for the file itself.
    path: String,
    pub(super) known: Vec<&'static str>,
    /// Keys that are faulty wherever they stand, and are not among those that are known.
    refused: Vec<&'static str>,
    pub(super) report: &'a RefCell<Report>,
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
            refused: Vec::new(),
            report,
        })
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.into()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    pub(super) fn name(&self) -> String {
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

    /// Faults a key that has no place here, where it is.
    pub fn refuse(&mut self, key: &'static str, message: impl Into<String>) {
        self.refused.push(key);
        if let Some(entry) = self.entries.iter().find(|e| e.key == key) {
            self.fault(entry.at, message);
        }
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

    /// The keys of this table cannot be judged: they are let be.
    pub fn pass_over(&mut self) {
        self.entries = &[];
    }

    /// Faults the keys that nobody took.
    pub fn finish(self) {
        for entry in self.entries {
            let key = entry.key.as_str();
            if self.known.contains(&key) || self.refused.contains(&key) {
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
