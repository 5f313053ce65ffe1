//! What differs between two experiments, in one line.

use super::edit::field;
use crate::experiment::{self, Experiment, Layer};
use std::collections::{HashMap, HashSet};

/// `network.layers[0].units 100 → 50, training.optimizer.kind sgd → adam`; says so where nothing differs.
pub fn line(a: &Experiment, b: &Experiment) -> String {
    let parts: Vec<String> = differing(a, b).iter().map(Difference::whole).collect();
    if parts.is_empty() {
        "no difference".into()
    } else {
        parts.join(", ")
    }
}

/// What is other in `b`, for a name: `activation relu, learning_rate 0.01`; empty where nothing is.
pub fn brief(a: &Experiment, b: &Experiment) -> String {
    let all = differing(a, b);
    let mut parts: Vec<String> = all.iter().map(|d| d.brief(&all)).collect();
    let mut seen = HashSet::new();
    parts.retain(|part| seen.insert(part.clone()));
    parts.join(", ")
}

enum Difference {
    Value {
        key: String,
        old: String,
        new: String,
    },
    /// So many entries of the list of layers, from `first` on, were added or deleted.
    Layers {
        first: usize,
        count: usize,
        done: &'static str,
    },
}

impl Difference {
    fn whole(&self) -> String {
        match self {
            Difference::Value { key, old, new } => format!("{key} {old} → {new}"),
            Difference::Layers {
                first,
                count: 1,
                done,
            } => format!("network.layers[{first}] {done}"),
            Difference::Layers { first, count, done } => {
                let last = first + count - 1;
                format!("network.layers[{first}] to [{last}] {done}")
            }
        }
    }

    /// With its place, where another of `all` gives the same name another value.
    fn brief(&self, all: &[Difference]) -> String {
        match self {
            Difference::Value { key, new, .. } => {
                let (place, name) = place_and_name(key);
                let clashes = |other: &Difference| match other {
                    Difference::Value {
                        key, new: value, ..
                    } => place_and_name(key).1 == name && value != new,
                    Difference::Layers { .. } => false,
                };
                match place.filter(|_| all.iter().any(clashes)) {
                    Some(place) => format!("{place} {name} {new}"),
                    None => format!("{name} {new}"),
                }
            }
            Difference::Layers { count: 1, done, .. } => format!("layer {done}"),
            Difference::Layers { count, done, .. } => format!("{count} layers {done}"),
        }
    }
}

/// `("output", "init")` of `network.output.init.kind`: a kind is named by what it is a kind of, a section is no place.
fn place_and_name(key: &str) -> (Option<&str>, &str) {
    let key = key.strip_suffix(".kind").unwrap_or(key);
    let (owner, name) = key.rsplit_once('.').unwrap_or(("", key));
    (owner.rsplit_once('.').map(|(_, place)| place), name)
}

/// Entries that two lists of layers share at the bottom, and above those the ones that face each other; the rest, as far as
/// the lists don't end alike, only the longer one has.
fn facing(a: &[Layer], b: &[Layer]) -> (usize, usize) {
    let shared = |pairs: &mut dyn Iterator<Item = (&Layer, &Layer)>| {
        pairs.take_while(|(a, b)| a == b).count()
    };
    let shorter = a.len().min(b.len());
    let bottom = shared(&mut a.iter().zip(b));
    let top = shared(&mut a.iter().rev().zip(b.iter().rev()).take(shorter - bottom));
    (bottom, shorter - bottom - top)
}

/// Keys with their values in `a` and in `b`, where these differ.
fn differing(a: &Experiment, b: &Experiment) -> Vec<Difference> {
    let (bottom, pairs) = facing(&a.network.layers, &b.network.layers);
    let mut parts: Vec<(String, String, String)> = Vec::new();
    let (one, other) = (Flat::of(a, bottom, pairs), Flat::of(b, bottom, pairs));
    for (key, old) in &one.keys {
        match other.counterpart(key) {
            Some(new) if new == old => {}
            Some(new) => parts.push((key.clone(), old.clone(), new.clone())),
            // A parameter of what is no longer there says nothing.
            None if !key.ends_with(".kind") && one.owner(key, a) != other.owner(key, b) => {}
            None => {
                let new = left_out(b, key, old);
                parts.extend(new.map(|new| (key.clone(), old.clone(), new)));
            }
        }
    }
    for (key, new) in &other.keys {
        if one.counterpart(key).is_none() {
            let old = left_out(a, key, new);
            parts.extend(old.map(|old| (key.clone(), old, new.clone())));
        }
    }
    // A section that only one has is named as a whole: what stands in it says nothing beside no value.
    for section in ["network.transfer", "pretrain"] {
        let is_in = |key: &str| {
            let rest = key.strip_prefix(section);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let [old, new] = [&one, &other].map(|flat| flat.keys.iter().any(|(key, _)| is_in(key)));
        if old != new {
            let word = |is: bool| if is { "yes" } else { "no" }.to_string();
            parts.retain(|(key, ..)| !is_in(key));
            parts.push((section.into(), word(old), word(new)));
        }
    }
    let lengths = (a.network.layers.len(), b.network.layers.len());
    let layers = (lengths.0 != lengths.1).then(|| Difference::Layers {
        first: bottom + pairs,
        count: lengths.0.abs_diff(lengths.1),
        done: if lengths.0 < lengths.1 {
            "added"
        } else {
            "deleted"
        },
    });
    let values = parts.into_iter();
    let values = values.map(|(key, old, new)| Difference::Value { key, old, new });
    layers.into_iter().chain(values).collect()
}

/// What is said of a key that the file leaves out, beside the other file's value; `None` where that is what it stands for.
/// What only inherits the same value is told from it by its brackets.
fn left_out(e: &Experiment, key: &str, other: &str) -> Option<String> {
    let Some(text) = standing(e, key) else {
        return Some("default".into());
    };
    let bare = text.trim_matches(['(', ')']);
    match bare == other {
        true => (bare != text).then_some(text),
        false => Some(bare.into()),
    }
}

/// What holds for a key that the file leaves out, as the panes say it: what is inherited stands in brackets. `None` where
/// they have no such place.
fn standing(e: &Experiment, key: &str) -> Option<String> {
    // Its form has the cell there, which the file has beside it.
    if key.ends_with("].kind") {
        return Some("dense".into());
    }
    let place = key.strip_suffix(".kind").unwrap_or(key);
    let (owner, name) = place.rsplit_once('.').unwrap_or(("", place));
    let entry = |rest: &str| {
        let digits = rest.strip_prefix(".layers[")?.split(']').next()?;
        digits.parse().ok()
    };
    let fields = match owner.strip_prefix("network") {
        None => field::training(e),
        Some(rest) if rest.starts_with(".output") => field::output(e),
        Some(rest) => entry(rest).map_or_else(|| field::defaults(e), |i| field::layer(e, i)),
    };
    let mut named = fields.into_iter().filter(|f| f.label(e) == name);
    let field = named.next().filter(|_| named.next().is_none())?;
    Some(field.text(e))
}

/// The file's keys as dotted paths with their values, without what only names it; of the layers only so many, from
/// `without` on.
struct Flat {
    keys: Vec<(String, String)>,
    places: HashMap<String, usize>,
    without: usize,
}

impl Flat {
    fn of(e: &Experiment, without: usize, layers: usize) -> Self {
        let mut flat = Self {
            keys: Vec::new(),
            places: HashMap::new(),
            without,
        };
        let mut rest = e.clone();
        rest.network.layers.drain(..without);
        rest.network.layers.truncate(layers);
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

    /// The kind of what a parameter belongs to, `e` being the file's experiment: a section at its default is left out, and
    /// is there all the same.
    fn owner(&self, key: &str, e: &Experiment) -> Option<String> {
        let (owner, _) = key.rsplit_once('.')?;
        let written = self.counterpart(owner).cloned();
        // The parameters of what is inherited are not its own.
        written.or_else(|| standing(e, owner).filter(|text| !text.starts_with('(')))
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
            "seed 18446744073709551615 → 9223372036854775808, training.label_smoothing 0 → 0.1"
        );
    }

    #[test]
    fn a_kind_is_named_whether_it_has_parameters_or_not() {
        let plain = preset("rnn-tanh-vanishing");
        let change = "network.layers.0.cell={kind=\"lstm\",forget_bias=1.0}";
        let lstm = apply_set(&plain, change).expect("a change");
        assert_eq!(brief(&plain, &lstm), "cell lstm, forget_bias 1.0");
        assert_eq!(brief(&lstm, &plain), "cell plain");
    }

    #[test]
    fn layers_are_added_and_deleted_by_name_wherever_they_stand() {
        let base = preset("moons");
        let mut added = base.clone();
        added.network.layers.insert(0, Layer::dense(7));
        assert_eq!(brief(&base, &added), "layer added");
        assert_eq!(line(&base, &added), "network.layers[0] added");
        assert_eq!(brief(&added, &base), "layer deleted");
        let mut none = added.clone();
        none.network.layers.clear();
        let count = added.network.layers.len();
        assert_eq!(brief(&added, &none), format!("{count} layers deleted"));
    }

    #[test]
    fn one_name_with_two_values_is_named_with_its_place() {
        let base = preset("vanishing-logistic");
        let mut other = base.clone();
        other.network.init = crate::nn::init::Initializer::LecunNormal;
        other.network.output.init = Some(crate::nn::init::Initializer::HeNormal);
        assert_eq!(
            brief(&base, &other),
            "init lecun-normal, output init he-normal"
        );
        other.network.init = crate::nn::init::Initializer::HeNormal;
        assert_eq!(brief(&base, &other), "init he-normal");
    }

    #[test]
    fn what_a_file_leaves_out_is_named_by_its_value() {
        let loud = preset("exploding-relu");
        let mut he = loud.clone();
        he.network.init = crate::nn::init::Initializer::HeNormal;
        assert_eq!(brief(&loud, &he), "init he-normal");
        let mut seeded = loud.clone();
        seeded.seed = 7;
        assert_eq!(line(&seeded, &loud), "seed 7 → 42");
    }

    fn with(e: &Experiment, change: &str) -> Experiment {
        apply_set(e, change).expect("a change")
    }

    #[test]
    fn a_section_at_its_default_is_left_out_and_still_compared() {
        let plain = preset("vanishing-logistic");
        let kind = |kind: &str| with(&plain, &format!("training.optimizer={kind}"));
        let fast = kind("{kind=\"sgd\",learning_rate=0.1}");
        let slow = kind("{kind=\"sgd\",learning_rate=0.001}");
        let rate = |old: &str, new: &str| format!("training.optimizer.learning_rate {old} → {new}");
        assert_eq!(line(&fast, &slow), rate("0.1", "0.001"));
        assert_eq!(line(&slow, &fast), rate("0.001", "0.1"));
        assert_eq!(brief(&fast, &slow), "learning_rate 0.001");
        let adam = kind("{kind=\"adam\",learning_rate=0.1}");
        assert_eq!(brief(&adam, &slow), "optimizer sgd");
        assert_eq!(brief(&slow, &adam), "optimizer adam, learning_rate 0.1");
    }

    #[test]
    fn a_layer_that_is_no_longer_recurrent_is_named() {
        let recurrent = preset("rnn-tanh-vanishing");
        let mut dense = recurrent.clone();
        dense.network.layers[0].kind = experiment::LayerKind::Dense;
        let all = line(&recurrent, &dense);
        assert_eq!(all, "network.layers[0].kind recurrent → dense");
    }

    #[test]
    fn an_initializer_at_its_default_is_left_out_and_still_compared() {
        let plain = preset("rnn-tanh-vanishing");
        let gain = |gain: f64| {
            let init = format!("{{kind=\"orthogonal\",gain={gain:?}}}");
            with(&plain, &format!("network.layers.0.recurrent_init={init}"))
        };
        let (loud, usual) = (gain(2.0), gain(1.0));
        let key = "network.layers[0].recurrent_init.gain";
        assert_eq!(line(&loud, &usual), format!("{key} 2.0 → 1"));
        assert_eq!(line(&usual, &loud), format!("{key} 1 → 2.0"));
    }

    /// What a layer says for itself is a difference, though it says what holds for all.
    #[test]
    fn what_is_inherited_stands_in_brackets_beside_the_same_said() {
        let plain = preset("vanishing-logistic");
        let said = with(&plain, "network.layers.0.activation=\"logistic\"");
        let key = "network.layers[0].activation";
        assert_eq!(line(&said, &plain), format!("{key} logistic → (logistic)"));
        assert_eq!(line(&plain, &said), format!("{key} (logistic) → logistic"));
    }
}
