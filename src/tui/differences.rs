//! What differs between two experiments, in one line.

use crate::experiment::{self, Experiment};

/// `network.layers[0].units 100 → 50, training.optimizer.kind sgd → adam`; says so where nothing differs.
pub fn line(a: &Experiment, b: &Experiment) -> String {
    let parts: Vec<String> = differing(a, b)
        .into_iter()
        .map(|(key, old, new)| format!("{key} {old} → {new}"))
        .collect();
    if parts.is_empty() {
        "no difference".into()
    } else {
        parts.join(", ")
    }
}

/// What is other in `b`, for a name: `activation relu, learning_rate 0.01`; empty where nothing is.
pub fn brief(a: &Experiment, b: &Experiment) -> String {
    let mut parts: Vec<String> = differing(a, b)
        .into_iter()
        .map(|(key, _, new)| {
            let mut names = key.rsplit('.');
            let last = names.next().unwrap_or_default();
            // A kind is named by what it is a kind of.
            let name = match last {
                "kind" => names.next().unwrap_or(last),
                _ => last,
            };
            format!("{name} {new}")
        })
        .collect();
    parts.dedup();
    parts.join(", ")
}

/// Keys with their values in `a` and in `b`, where these differ.
fn differing(a: &Experiment, b: &Experiment) -> Vec<(String, String, String)> {
    let (a, b) = (flat(a), flat(b));
    let default = || "default".to_string();
    let mut parts = Vec::new();
    for (key, old) in &a {
        match b.iter().find(|(k, _)| k == key) {
            Some((_, new)) if new == old => {}
            Some((_, new)) => parts.push((key.clone(), old.clone(), new.clone())),
            None => parts.push((key.clone(), old.clone(), default())),
        }
    }
    for (key, new) in &b {
        if a.iter().all(|(k, _)| k != key) {
            parts.push((key.clone(), default(), new.clone()));
        }
    }
    parts
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
