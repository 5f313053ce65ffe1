//! Values between what a person types and an experiment's typed fields.

use crate::nn::vocabulary::{Limits, Parameter, Value};
use crate::text::number;
use crate::tui::paths;

pub fn text_of(value: &Value) -> String {
    match value {
        Value::Real(v) => number(*v),
        other => other.to_string(),
    }
}

/// Whether the parameter may be left out.
pub fn is_optional(parameter: &Parameter) -> bool {
    parameter.default == Some(Value::Absent)
}

/// Reads what was typed for a parameter; the error says what would be right.
pub fn parse(text: &str, parameter: &Parameter) -> Result<Value, String> {
    let text = text.trim();
    if is_optional(parameter) && matches!(text, "" | "none" | "off" | "full" | "all") {
        return Ok(Value::Absent);
    }
    match parameter.limits {
        Limits::Real { min, max } => {
            let v: f64 = text
                .parse()
                .map_err(|_| format!("`{text}` is no number; write it like 0.01 or 1e-2"))?;
            if v.is_finite() && v >= min && v <= max {
                Ok(Value::Real(v))
            } else {
                Err(format!(
                    "{text} is out of range: {}",
                    range(parameter.limits)
                ))
            }
        }
        Limits::Count { min, max } => {
            let v = count(text).ok_or_else(|| {
                let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                match digits {
                    true => format!("{text} is too large a number"),
                    false => format!("`{text}` is no whole number: {}", range(parameter.limits)),
                }
            })?;
            if v >= min && v <= max {
                Ok(Value::Count(v))
            } else {
                Err(format!(
                    "{text} is out of range: {}",
                    range(parameter.limits)
                ))
            }
        }
        Limits::Flag => match text {
            "true" | "yes" | "on" => Ok(Value::Flag(true)),
            "false" | "no" | "off" => Ok(Value::Flag(false)),
            _ => Err(format!("`{text}` is neither yes nor no")),
        },
        Limits::Choice(words) => words
            .iter()
            .find(|word| **word == text)
            .map(|word| Value::Text(word.to_string()))
            .ok_or_else(|| format!("`{text}` is none of {}", words.join(", "))),
        Limits::Text | Limits::Path if text.is_empty() => Err("write a text".into()),
        Limits::Text => Ok(Value::Text(text.into())),
        Limits::Path => Ok(Value::Text(paths::of(text).display().to_string())),
        Limits::List => {
            let words: Vec<String> = text
                .split(',')
                .map(|word| word.trim().to_string())
                .filter(|word| !word.is_empty())
                .collect();
            match words.as_slice() {
                [] => Err("write one name, or several with commas between".into()),
                [one] => Ok(Value::Text(one.clone())),
                _ => Ok(Value::List(words)),
            }
        }
    }
}

/// A whole number; `1_000` and `1e6` are whole numbers, too.
fn count(text: &str) -> Option<u64> {
    let plain = text.replace('_', "");
    plain.parse().ok().or_else(|| {
        let v: f64 = plain.parse().ok()?;
        (v >= 0.0 && v <= 2f64.powi(53) && v.fract() == 0.0).then_some(v as u64)
    })
}

/// What the limits allow, in words; empty where there is nothing to say.
pub fn range(limits: Limits) -> String {
    match limits {
        Limits::Real { min, max } => match (min == f64::MIN, max == f64::MAX) {
            (true, true) => "any number".into(),
            (false, true) if min == f64::MIN_POSITIVE => "above 0".into(),
            (false, true) => format!("{} or more", number(min)),
            (true, false) => format!("{} or less", number(max)),
            (false, false) if max < 1.0 && min == f64::MIN_POSITIVE => "above 0, below 1".into(),
            (false, false) if max < 1.0 && max > 0.999_999 => {
                format!("{} or more, below 1", number(min))
            }
            (false, false) => format!("from {} to {}", number(min), number(max)),
        },
        Limits::Count { min, max: u64::MAX } => format!("a whole number from {min}"),
        Limits::Count { min, max } => format!("a whole number from {min} to {max}"),
        Limits::Flag => "yes or no".into(),
        Limits::Choice(words) => words.join(", "),
        Limits::Path => "a path, relative to the experiment's file".into(),
        Limits::List => "one name, or several with commas between".into(),
        Limits::Text => String::new(),
    }
}

/// The next value up or down for `+` and `-`: counts by about a tenth, numbers along 1, 2, 5, 10. `None` where there is
/// none within the limits.
pub fn nudge(value: &Value, limits: Limits, up: bool) -> Option<Value> {
    match (value, limits) {
        (Value::Count(v), Limits::Count { .. }) => counted(*v, (v / 10).max(1), limits, up),
        (Value::Real(v), Limits::Real { min, max }) => {
            let next = if max <= 1.0 && min >= 0.0 {
                let next = ((v * 20.0).round() + if up { 1.0 } else { -1.0 }) / 20.0;
                next.clamp(min, max)
            } else {
                ladder(*v, up).clamp(min, max)
            };
            (next != *v).then_some(Value::Real(next))
        }
        (Value::Flag(v), _) => Some(Value::Flag(!v)),
        _ => None,
    }
}

/// The next whole number up or down, for one that says nothing by its size: a seed. `None` where there is none.
pub fn neighbour(value: &Value, limits: Limits, up: bool) -> Option<Value> {
    match value {
        Value::Count(v) => counted(*v, 1, limits, up),
        _ => None,
    }
}

fn counted(v: u64, step: u64, limits: Limits, up: bool) -> Option<Value> {
    let Limits::Count { min, max } = limits else {
        return None;
    };
    let next = if up {
        v.saturating_add(step)
    } else {
        v.saturating_sub(step)
    };
    let next = next.clamp(min, max);
    (next != v).then_some(Value::Count(next))
}

/// The neighbour of `v` on ... 0.1, 0.2, 0.5, 1, 2, 5 ...; below zero mirrored.
fn ladder(v: f64, up: bool) -> f64 {
    if v == 0.0 {
        return if up { 1e-4 } else { 0.0 };
    }
    if v < 0.0 {
        return -ladder(-v, !up);
    }
    let exponent = v.log10().floor() as i32;
    let mut steps: Vec<f64> = (exponent - 1..=exponent + 1)
        .flat_map(|e| [1, 2, 5].map(|m| format!("{m}e{e}")))
        .filter_map(|text| text.parse().ok())
        .collect();
    if !up {
        steps.reverse();
    }
    let beyond = |s: f64| if up { s > v * 1.0001 } else { s < v * 0.9999 };
    let next = steps.into_iter().find(|s| beyond(*s)).unwrap_or(v);
    if next < 1e-12 { 0.0 } else { next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::vocabulary::{AT_LEAST_ONE, BELOW_ONE, NOT_NEGATIVE};

    fn parameter(limits: Limits, default: Option<Value>) -> Parameter {
        Parameter {
            name: "x",
            default,
            limits,
            help: "",
        }
    }

    #[test]
    fn what_is_typed_is_checked_and_the_error_says_what_would_be_right() {
        let units = parameter(AT_LEAST_ONE, None);
        assert_eq!(parse("1_000", &units), Ok(Value::Count(1000)));
        assert_eq!(parse("1e3", &units), Ok(Value::Count(1000)));
        assert!(
            parse("0", &units)
                .unwrap_err()
                .contains("a whole number from 1")
        );
        assert!(parse("2.5", &units).unwrap_err().contains("whole"));
        let beyond = "99999999999999999999";
        assert!(parse(beyond, &units).unwrap_err().contains("too large"));
        let momentum = parameter(BELOW_ONE, None);
        assert!(parse("1", &momentum).unwrap_err().contains("below 1"));
        assert!(parse("nan", &momentum).is_err());
        let optional = parameter(AT_LEAST_ONE, Some(Value::Absent));
        assert_eq!(parse("none", &optional), Ok(Value::Absent));
    }

    #[test]
    fn plus_and_minus_walk_a_ladder_and_stay_within_limits() {
        let up = |v| nudge(&Value::Real(v), NOT_NEGATIVE, true);
        assert_eq!(up(0.1), Some(Value::Real(0.2)));
        assert_eq!(up(0.5), Some(Value::Real(1.0)));
        assert_eq!(
            nudge(&Value::Real(0.1), NOT_NEGATIVE, false),
            Some(Value::Real(0.05))
        );
        assert_eq!(nudge(&Value::Real(0.0), NOT_NEGATIVE, false), None);
        assert_eq!(nudge(&Value::Count(1), AT_LEAST_ONE, false), None);
        assert_eq!(
            nudge(&Value::Count(100), AT_LEAST_ONE, true),
            Some(Value::Count(110))
        );
    }
}
