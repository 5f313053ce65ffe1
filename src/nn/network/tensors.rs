//! Parameters and gradients under PyTorch's names, in and out.

use super::Network;
use super::backward::power_of_two;
use super::layer::Layer;
use super::parameter::{NamedTensor, Parameter};
use crate::nn::kernel::{Real, Weights};
use crate::text::quote;
use std::collections::{HashMap, HashSet};
use thiserror::Error;

/// Why tensors cannot be taken over. Names are those of a file, and shown as text, not at any length.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum TensorError {
    #[error("there is no tensor {}", quote(.0))]
    Missing(String),
    #[error("there is no place for the tensor {} in this network{}", quote(.name), hint(.near))]
    Unknown { name: String, near: Option<String> },
    #[error("{} has the shape {}, the network needs {expected:?}", quote(.name), some(.found))]
    Shape {
        name: String,
        found: Vec<usize>,
        expected: Vec<usize>,
    },
    #[error("{} is twice there", quote(.name))]
    Twice { name: String },
}

fn hint(near: &Option<String>) -> String {
    near.as_ref()
        .map(|n| format!(": did you mean `{n}`?"))
        .unwrap_or_default()
}

/// A shape as it is written, but for what no network has.
fn some(shape: &[usize]) -> String {
    match shape.len() {
        0..=8 => format!("{shape:?}"),
        axes => format!("of {axes} axes"),
    }
}

/// The layer and the parameter that `layers.{i}.{name}` names.
pub(super) fn split_name(name: &str) -> Option<(usize, &str)> {
    let (digits, rest) = name.strip_prefix("layers.")?.split_once('.')?;
    let layer: usize = digits.parse().ok()?;
    // `+1` and `01` are numbers too, but no layer's name
    (layer.to_string() == digits).then_some((layer, rest))
}

/// Whether that names a running statistic: not a parameter, but part of what is saved.
pub fn is_running(name: &str) -> bool {
    name.contains(".running_")
}

pub(super) fn full_name(layer: usize, name: &str) -> String {
    format!("layers.{layer}.{name}")
}

impl<T: Real> Layer<T> {
    fn running(&self) -> impl Iterator<Item = (&'static str, &Vec<T>)> {
        let norm = self.norm.as_ref().filter(|n| !n.running_mean.is_empty());
        norm.into_iter().flat_map(|n| {
            [
                ("norm.running_mean", &n.running_mean),
                ("norm.running_var", &n.running_var),
            ]
        })
    }
    fn tensors(&self, into: &mut Vec<NamedTensor<T>>) {
        let named = |name: &str, shape, data| NamedTensor {
            name: full_name(self.index, name),
            shape,
            data,
        };
        into.extend(
            self.parameters()
                .map(|p| named(p.name, p.shape(), p.value.to_dense())),
        );
        into.extend(
            self.running()
                .map(|(name, data)| named(name, vec![data.len()], data.clone())),
        );
    }
    fn gradient_tensors(&self, into: &mut Vec<NamedTensor<T>>) {
        let scale = power_of_two(self.exponent);
        into.extend(self.with_gradients().map(|p| {
            NamedTensor {
                name: format!("grad.{}", full_name(self.index, p.name)),
                shape: p.shape(),
                data: p
                    .grad
                    .rows()
                    .flatten()
                    .map(|g| T::from_f64(g.to_f64() * scale))
                    .collect(),
            }
        }));
    }
    /// Takes over one tensor; `None` where this layer has none of that name.
    fn load(&mut self, name: &str, tensor: &NamedTensor<T>) -> Option<Result<(), TensorError>> {
        let units = self.spec.units;
        if let Some(norm) = self.norm.as_mut().filter(|n| !n.running_mean.is_empty()) {
            let place = match name {
                "norm.running_mean" => Some(&mut norm.running_mean),
                "norm.running_var" => Some(&mut norm.running_var),
                _ => None,
            };
            if let Some(place) = place {
                return Some(
                    expect_shape(tensor, &[units]).map(|()| place.copy_from_slice(&tensor.data)),
                );
            }
        }
        let has_others = |slope: &Parameter<T>| slope.len() != units;
        if name == "slope" && self.slope.as_ref().is_some_and(has_others) && tensor.shape == [units]
        {
            // PyTorch's PReLU(num_parameters=units)
            self.slope = Some(Parameter::vector("slope", units, T::ZERO));
        }
        let parameter = self.parameters_mut().find(|p| p.name == name)?;
        Some(
            expect_shape(tensor, &parameter.shape())
                .map(|()| parameter.value.copy_from_dense(&tensor.data)),
        )
    }
}

pub(super) fn expect_shape<T>(
    tensor: &NamedTensor<T>,
    expected: &[usize],
) -> Result<(), TensorError> {
    if tensor.shape == expected && tensor.data.len() == expected.iter().product::<usize>() {
        return Ok(());
    }
    Err(TensorError::Shape {
        name: tensor.name.clone(),
        found: tensor.shape.clone(),
        expected: expected.to_vec(),
    })
}

impl<T: Real> Network<T> {
    /// All parameters and running statistics, from the bottom layer up, under PyTorch's names.
    pub fn parameters(&self) -> Vec<NamedTensor<T>> {
        let mut tensors = Vec::new();
        self.layers
            .iter()
            .for_each(|layer| layer.tensors(&mut tensors));
        tensors
    }
    /// The gradients of the last step, named `grad.` and the parameter's name: as they went into the optimizer, clipped.
    pub fn gradients(&self) -> Vec<NamedTensor<T>> {
        let mut tensors = Vec::new();
        self.layers
            .iter()
            .for_each(|layer| layer.gradient_tensors(&mut tensors));
        tensors
    }
    /// Takes over all parameters. Every parameter has to be there and nothing else; running statistics may be left out and
    /// then start anew. On an error nothing has changed.
    pub fn load_parameters(&mut self, tensors: &[NamedTensor<T>]) -> Result<(), TensorError> {
        let own = self.parameters();
        let places: HashMap<&str, &NamedTensor<T>> =
            own.iter().map(|t| (t.name.as_str(), t)).collect();
        let mut there = HashSet::new();
        for tensor in tensors {
            if !there.insert(tensor.name.as_str()) {
                return Err(TensorError::Twice {
                    name: tensor.name.clone(),
                });
            }
        }
        for tensor in &own {
            if !is_running(&tensor.name) && !there.contains(tensor.name.as_str()) {
                return Err(TensorError::Missing(tensor.name.clone()));
            }
        }
        for tensor in tensors {
            let Some(place) = places.get(tensor.name.as_str()) else {
                return Err(TensorError::Unknown {
                    name: tensor.name.clone(),
                    near: nearest(&tensor.name, &own),
                });
            };
            let slope_a_unit = tensor.name.ends_with(".slope") && self.takes_slopes(tensor);
            if !slope_a_unit {
                expect_shape(tensor, &place.shape)?;
            }
        }
        self.load_some(tensors)
    }
    fn takes_slopes(&self, tensor: &NamedTensor<T>) -> bool {
        let of = |l: &Layer<T>| tensor.shape == [l.spec.units] && tensor.data.len() == l.spec.units;
        split_name(&tensor.name)
            .and_then(|(layer, _)| self.layers.get(layer))
            .is_some_and(of)
    }
    /// Takes over the parameters that are there and leaves the others: a transfer of lower layers. `layers.{i}.` is the layer
    /// of that number here.
    pub fn load_some(&mut self, tensors: &[NamedTensor<T>]) -> Result<(), TensorError> {
        for tensor in tensors {
            let loaded = split_name(&tensor.name)
                .and_then(|(layer, name)| self.layers.get_mut(layer)?.load(name, tensor));
            match loaded {
                Some(result) => result?,
                None => {
                    return Err(TensorError::Unknown {
                        name: tensor.name.clone(),
                        near: None,
                    });
                }
            }
        }
        if let Some(optimizer) = self.optimizer.clone() {
            self.refit_slots(&optimizer);
        }
        Ok(())
    }
    /// A slope that has become one a unit needs state of that size.
    fn refit_slots(&mut self, optimizer: &crate::nn::optimizer::Optimizer) {
        for p in self.layers.iter_mut().flat_map(Layer::parameters_mut) {
            if p.slots
                .iter()
                .take(optimizer.state_slots())
                .any(|s| s.len() != p.value.data().len())
            {
                p.prepare_slots(optimizer, None);
            }
        }
    }
    /// Weights, biases and the norms' scales and shifts, counted.
    pub fn parameter_count(&self) -> usize {
        self.layers
            .iter()
            .flat_map(Layer::parameters)
            .map(Parameter::len)
            .sum()
    }
    /// One layer's weights, `[units][inputs]`.
    pub fn weights(&self, layer: usize) -> Option<&Weights<T>> {
        self.layers.get(layer).map(|l| &l.weight.value)
    }
}

fn nearest<T>(name: &str, own: &[NamedTensor<T>]) -> Option<String> {
    // The comparison grows with the product of the lengths, and no slip makes a name so long.
    if name.len() > 100 {
        return None;
    }
    own.iter()
        .map(|t| (strsim::jaro_winkler(&t.name, name), &t.name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_layers_own_name_is_its_name() {
        assert_eq!(
            split_name("layers.10.norm.weight"),
            Some((10, "norm.weight"))
        );
        for name in [
            "layers.01.bias",
            "layers.+1.bias",
            "layers.1",
            "layer.1.bias",
            "layers..bias",
        ] {
            assert_eq!(split_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_strangers_name_is_shown_as_text_and_cut() {
        let name = format!("\u{1b}[2J{}", "x".repeat(1 << 20));
        assert_eq!(nearest::<f32>(&name, &[]), None);
        let shown = TensorError::Unknown { name, near: None }.to_string();
        assert!(shown.len() < 200 && !shown.contains('\u{1b}'), "{shown}");
    }
}
