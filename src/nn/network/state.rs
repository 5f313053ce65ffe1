//! All that a run needs to go on bit for bit: parameters, running statistics, optimizer state, step. Masks and random slopes
//! are functions of the step, so that it stands for their streams' positions too.

use super::Network;
use super::layer::Layer;
use super::parameter::NamedTensor;
use super::tensors::{TensorError, expect_shape, full_name};
use crate::nn::kernel::Real;
use crate::nn::optimizer::{Optimizer, Scalars};
use std::collections::HashMap;

/// A network's state between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T = f32> {
    /// Parameters and running statistics under PyTorch's names; the optimizer's under
    /// `optimizer.layers.{i}.weight.momentum_buffer`.
    pub tensors: Vec<NamedTensor<T>>,
    /// Steps taken.
    pub step: u64,
    /// The optimizer's, one a layer.
    pub scalars: Vec<Scalars>,
}

const PREFIX: &str = "optimizer.";

impl<T: Real> Network<T> {
    pub fn state(&self) -> State<T> {
        let mut tensors = self.parameters();
        if let Some(optimizer) = &self.optimizer {
            for layer in &self.layers {
                for p in layer.parameters() {
                    for (place, slot) in optimizer.slot_names().iter().enumerate() {
                        tensors.push(NamedTensor {
                            name: slot_name(layer, p.name, slot),
                            shape: p.shape(),
                            data: p.slot(place),
                        });
                    }
                }
            }
        }
        State {
            tensors,
            step: self.step,
            scalars: self.layers.iter().map(|l| l.scalars).collect(),
        }
    }
    /// The optimizer whose state is kept: that of the last step; `None` before the first.
    pub fn optimizer(&self) -> Option<&Optimizer> {
        self.optimizer.as_ref()
    }
    /// Goes back to `state`, which was taken under `optimizer` (of a network of the same specification). On an error the
    /// network's parameters are as before.
    pub fn restore(&mut self, state: &State<T>, optimizer: &Optimizer) -> Result<(), TensorError> {
        let (slots, parameters): (Vec<_>, Vec<_>) = state
            .tensors
            .iter()
            .cloned()
            .partition(|t| t.name.starts_with(PREFIX));
        // before the first step there is no optimizer state yet
        let has_slots = state.scalars.iter().any(|s| s.steps > 0);
        if has_slots {
            self.check_slots(&slots, &parameters, optimizer)?;
        }
        self.load_parameters(&parameters)?;
        self.optimizer = None;
        if has_slots {
            self.prepare_optimizer(optimizer);
            self.load_slots(&slots, optimizer);
        }
        self.step = state.step;
        for (layer, scalars) in self.layers.iter_mut().zip(&state.scalars) {
            layer.scalars = *scalars;
        }
        Ok(())
    }
    fn check_slots(
        &self,
        slots: &[NamedTensor<T>],
        parameters: &[NamedTensor<T>],
        optimizer: &Optimizer,
    ) -> Result<(), TensorError> {
        let (slots, parameters) = (by_name(slots), by_name(parameters));
        for layer in &self.layers {
            for p in layer.parameters() {
                for slot in optimizer.slot_names() {
                    let name = slot_name(layer, p.name, slot);
                    let Some(found) = slots.get(name.as_str()) else {
                        return Err(TensorError::Missing(name));
                    };
                    // of the parameter's own shape in the file, which may have a slope a unit where the network has one
                    let parameter = full_name(layer.index, p.name);
                    let shape = parameters.get(parameter.as_str());
                    expect_shape(found, shape.map_or(&p.shape(), |t| &t.shape))?;
                }
            }
        }
        Ok(())
    }
    fn load_slots(&mut self, slots: &[NamedTensor<T>], optimizer: &Optimizer) {
        let slots = by_name(slots);
        for layer in &mut self.layers {
            let index = layer.index;
            for p in layer.parameters_mut() {
                for (place, slot) in optimizer.slot_names().iter().enumerate() {
                    let name = format!("{PREFIX}{}.{slot}", full_name(index, p.name));
                    if let Some(tensor) = slots.get(name.as_str()) {
                        p.set_slot(place, &tensor.data);
                    }
                }
            }
        }
    }
}

fn by_name<T>(tensors: &[NamedTensor<T>]) -> HashMap<&str, &NamedTensor<T>> {
    tensors.iter().map(|t| (t.name.as_str(), t)).collect()
}

fn slot_name<T: Real>(layer: &Layer<T>, parameter: &str, slot: &str) -> String {
    format!("{PREFIX}{}.{slot}", full_name(layer.index, parameter))
}
