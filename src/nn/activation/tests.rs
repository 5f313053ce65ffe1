//! Every activation against values from 60-digit arithmetic.

use super::*;
use crate::nn::kernel::slope::prelu_slope_gradient;
use crate::nn::kernel::{Blocked, Real};
use crate::nn::vocabulary::{Value, Vocabulary};
use serde_json::Value as Json;

struct Reference {
    activation: Activation,
    /// x, value, derivative
    points: Vec<[f64; 3]>,
    slope_gradient: Vec<[f64; 2]>,
}

fn rows<const N: usize>(json: &Json) -> Vec<[f64; N]> {
    let row = |row: &Json| std::array::from_fn(|i| row[i].as_f64().unwrap());
    json.as_array()
        .map(|rows| rows.iter().map(row).collect())
        .unwrap_or_default()
}

fn references() -> Vec<Reference> {
    let text = include_str!("../../../tests/reference/activations.json");
    let json: Json = serde_json::from_str(text).unwrap();
    let read = |a: &Json| {
        let named = Activation::named(a["name"].as_str().unwrap()).unwrap();
        let values: Vec<Value> = (named.entry().parameters)()
            .iter()
            .map(|p| Value::Real(a["params"][p.name].as_f64().unwrap()))
            .collect();
        Reference {
            activation: Activation::build(named.index(), &values).unwrap(),
            points: rows(&a["points"]),
            slope_gradient: rows(&a["slope_gradient"]),
        }
    };
    json["activations"]
        .as_array()
        .unwrap()
        .iter()
        .map(read)
        .collect()
}

/// φ and φ' by the passes of a network with elements of type `T`.
fn passes<T: Real>(activation: &Activation, x: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut pre = Blocked::<T>::zeros(1, x.len());
    let mut delta = Blocked::<T>::zeros(1, x.len());
    for (row, &x) in x.iter().enumerate() {
        pre.set(row, 0, T::from_f64(x));
        delta.set(row, 0, T::ONE);
    }
    let mut out = Blocked::<T>::zeros(1, x.len());
    T::activate(activation, &pre, &mut out);
    T::activate_backward(activation, &pre, &out, &mut delta);
    let column = |b: &Blocked<T>| (0..x.len()).map(|row| b.get(row, 0).to_f64()).collect();
    (column(&out), column(&delta))
}

#[track_caller]
fn assert_near(got: f64, want: f64, absolute: f64, relative: f64, what: &str) {
    let near = (got - want).abs() <= absolute + relative * want.abs();
    assert!(near, "{what}: {got:e}, want {want:e}");
}

#[test]
fn covers_every_activation() {
    let seen: Vec<&str> = references().iter().map(|r| r.activation.name()).collect();
    for entry in Activation::entries() {
        // rrelu is leaky-relu with the slope given
        assert!(
            entry.name == "rrelu" || seen.contains(&entry.name),
            "{}",
            entry.name
        );
    }
}

#[test]
fn agrees_with_the_reference_in_f64() {
    for r in references() {
        for [x, value, derivative] in r.points {
            let what = format!("{:?} at {x:e}", r.activation);
            assert_near(r.activation.value_at(x), value, 1e-300, 1e-12, &what);
            assert_near(
                r.activation.derivative_at(x),
                derivative,
                1e-300,
                2e-13,
                &what,
            );
        }
    }
}

#[test]
fn passes_agree_with_the_reference() {
    for r in references() {
        let x: Vec<f64> = r.points.iter().map(|p| p[0]).collect();
        let (out, slope) = passes::<f32>(&r.activation, &x);
        let (out64, slope64) = passes::<f64>(&r.activation, &x);
        for (i, &[x, value, derivative]) in r.points.iter().enumerate() {
            let what = format!("{:?} at {x:e}", r.activation);
            for (got, want) in [(out[i], value), (slope[i], derivative)] {
                if want > 3.402_823_5e38 {
                    assert_eq!(got, f64::INFINITY, "{what}");
                } else {
                    assert_near(got, want, 1e-6, 4e-6, &what);
                }
            }
            assert_near(out64[i], value, 1e-15, 1e-14, &what);
            assert_near(slope64[i], derivative, 1e-12, 1e-12, &what);
        }
    }
}

#[test]
fn gradient_of_the_prelu_slope() {
    let with_slope = references()
        .into_iter()
        .filter(|r| !r.slope_gradient.is_empty());
    for r in with_slope {
        for [x, want] in r.slope_gradient {
            let mut pre = Blocked::<f64>::zeros(1, 1);
            let mut delta = Blocked::<f64>::zeros(1, 1);
            pre.set(0, 0, x);
            delta.set(0, 0, 1.0);
            assert_eq!(prelu_slope_gradient(&pre, &delta), want);
        }
    }
}
