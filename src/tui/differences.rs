//! What differs between two experiments, in one line.

use crate::experiment::{self, Experiment};
use std::collections::HashMap;

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
    let pairs = a.network.layers.iter().zip(&b.network.layers);
    let same = pairs.take_while(|(a, b)| a == b).count();
    let (a, b) = (Flat::of(a, same), Flat::of(b, same));
    let default = || "default".to_string();
    let mut parts = Vec::new();
    for (key, old) in &a.keys {
        match b.counterpart(key) {
            Some(new) if new == old => {}
            Some(new) => parts.push((key.clone(), old.clone(), new.clone())),
            None => parts.push((key.clone(), old.clone(), default())),
        }
    }
    for (key, new) in &b.keys {
        if a.counterpart(key).is_none() {
            parts.push((key.clone(), default(), new.clone()));
        }
    }
    // A section that only one has is named as a whole: what stands in it says nothing beside no value.
    for section in ["network.transfer", "pretrain"] {
        let is_in = |key: &str| {
            let rest = key.strip_prefix(section);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let [old, new] = [&a, &b].map(|flat| flat.keys.iter().any(|(key, _)| is_in(key)));
        if old != new {
            let word = |is: bool| if is { "yes" } else { "no" }.to_string();
            parts.retain(|(key, ..)| !is_in(key));
            parts.push((section.into(), word(old), word(new)));
        }
    }
    parts
}

/// The file's keys as dotted paths with their values, without what only names it and without the first layers, so many.
struct Flat {
    keys: Vec<(String, String)>,
    places: HashMap<String, usize>,
    without: usize,
}

impl Flat {
    fn of(e: &Experiment, without: usize) -> Self {
        let mut flat = Self {
            keys: Vec::new(),
            places: HashMap::new(),
            without,
        };
        let mut rest = e.clone();
        rest.network.layers.drain(..without);
        // TOML's numbers end at i64::MAX, and seeds do not
        flat.keys.push(("seed".into(), e.seed.to_string()));
        rest.seed = 0;
        if let Ok(table) = experiment::to_toml(&rest).parse::<toml::Table>() {
            for (key, value) in &table {
                if !matches!(key.as_str(), "name" | "description" | "format" | "seed") {
                    flat.add(key, value);
                }
            }
        }
        let places = flat.keys.iter().enumerate();
        flat.places = places.map(|(at, (key, _))| (key.clone(), at)).collect();
        flat
    }

    fn value(&self, key: &str) -> Option<&String> {
        self.places.get(key).map(|&at| &self.keys[at].1)
    }

    /// The value of what the other file has under `key`: a kind stands by its name, or in a table where it has parameters.
    fn counterpart(&self, key: &str) -> Option<&String> {
        let as_name = || self.value(key.strip_suffix(".kind")?);
        let in_table = || self.value(&format!("{key}.kind"));
        self.value(key).or_else(as_name).or_else(in_table)
    }

    fn add(&mut self, path: &str, value: &toml::Value) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    self.add(&format!("{path}.{key}"), value);
                }
            }
            toml::Value::Array(list) if list.iter().all(toml::Value::is_table) => {
                let first = match path {
                    "network.layers" => self.without,
                    _ => 0,
                };
                for (i, value) in list.iter().enumerate() {
                    self.add(&format!("{path}[{}]", first + i), value);
                }
            }
            toml::Value::String(text) => self.keys.push((path.into(), text.clone())),
            other => self.keys.push((path.into(), other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{apply_set, presets};

    fn preset(name: &str) -> Experiment {
        let found = presets::find(name).expect("a preset");
        found.experiment().expect("an experiment")
    }

    #[test]
    fn a_section_that_is_gone_is_named_as_one() {
        let with = preset("pretrain-digits");
        let without = Experiment {
            pretrain: None,
            ..with.clone()
        };
        assert_eq!(brief(&with, &without), "pretrain no");
        assert_eq!(brief(&without, &with), "pretrain yes");
    }

    #[test]
    fn a_seed_may_be_larger_than_toml_s_numbers() {
        let mut a = preset("spiral");
        a.seed = u64::MAX;
        let mut b = a.clone();
        assert_eq!(line(&a, &b), "no difference");
        (b.seed, b.training.label_smoothing) = (1 << 63, 0.1);
        assert_eq!(
            line(&a, &b),
            "seed 18446744073709551615 → 9223372036854775808, training.label_smoothing default → 0.1"
        );
    }

    #[test]
    fn a_kind_is_named_whether_it_has_parameters_or_not() {
        let plain = preset("rnn-tanh-vanishing");
        let change = "network.layers.0.cell={kind=\"lstm\",forget_bias=1.0}";
        let lstm = apply_set(&plain, change).expect("a change");
        assert_eq!(brief(&plain, &lstm), "cell lstm, forget_bias 1.0");
        assert_eq!(brief(&lstm, &plain), "forget_bias default, cell plain");
    }
}
