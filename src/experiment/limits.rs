//! Whether a value of a file is what a key takes.

use super::document::{Node, NodeValue};
use super::thing::unknown;
use crate::nn::vocabulary::{Limits, Value};
use crate::text::{clean, quote};

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
        (Limits::Text | Limits::Path, NodeValue::Text(text)) => text_value(text, key, limits),
        (Limits::Text | Limits::Path, _) => wrong("a text"),
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
