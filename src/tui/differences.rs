//! What differs between two experiments, in one line.

use crate::experiment::{self, Experiment};

/// `network.layers[0].units 100 → 50, training.optimizer.kind sgd → adam`; says so where nothing differs.
pub fn line(a: &Experiment, b: &Experiment) -> String {
    let (a, b) = (flat(a), flat(b));
    let mut parts: Vec<String> = Vec::new();
    for (key, old) in &a {
        match b.iter().find(|(k, _)| k == key) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => parts.push(format!("{key} {old} → {new}")),
            None => parts.push(format!("{key} {old} → default")),
        }
    }
    for (key, new) in &b {
        if a.iter().all(|(k, _)| k != key) {
            parts.push(format!("{key} default → {new}"));
        }
    }
    if parts.is_empty() {
        "no difference".into()
    } else {
        parts.join(", ")
    }
}

/// The file's keys as dotted paths with their values, without what only names it.
fn flat(e: &Experiment) -> Vec<(String, String)> {
    let mut keys = Vec::new();
    if let Ok(table) = experiment::to_toml(e).parse::<toml::Table>() {
        for (key, value) in &table {
            if !matches!(key.as_str(), "name" | "description" | "format") {
                flatten(key, value, &mut keys);
            }
        }
    }
    keys
}

fn flatten(path: &str, value: &toml::Value, into: &mut Vec<(String, String)>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flatten(&format!("{path}.{key}"), value, into);
            }
        }
        toml::Value::Array(list) if list.iter().all(toml::Value::is_table) => {
            for (i, value) in list.iter().enumerate() {
                flatten(&format!("{path}[{i}]"), value, into);
            }
        }
        toml::Value::String(text) => into.push((path.into(), text.clone())),
        other => into.push((path.into(), other.to_string())),
    }
}
