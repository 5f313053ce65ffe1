//! One tensor of parameters with its gradient and its optimizer state.

use crate::nn::kernel::{Buffer, Real, Weights};
use crate::nn::optimizer::{MAX_SLOTS, Optimizer};

/// A tensor as the outside sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor<T = f32> {
    /// PyTorch's name, e.g. `layers.0.weight`.
    pub name: String,
    pub shape: Vec<usize>,
    /// Row-major, without padding.
    pub data: Vec<T>,
}

/// A matrix, or a vector as a matrix of one row. `value`, `grad` and the slots share one layout, so that they can be walked
/// side by side; the padding is 0 in all.
#[derive(Clone, Debug)]
pub(crate) struct Parameter<T: Real> {
    /// Within the layer: `weight`, `bias`, `norm.weight`, `norm.bias`, `slope`.
    pub name: &'static str,
    pub value: Weights<T>,
    /// ∂loss/∂value·2^-exponent of the layer, then, in the update, ∂loss/∂value.
    pub grad: Weights<T>,
    /// As many as the optimizer keeps; the others are empty.
    pub slots: [Buffer<T>; MAX_SLOTS],
    matrix: bool,
}

impl<T: Real> Parameter<T> {
    /// `[units][inputs]`, all 0.
    pub fn matrix(name: &'static str, units: usize, inputs: usize) -> Self {
        Self {
            name,
            value: Weights::zeros(units, inputs),
            grad: Weights::zeros(units, inputs),
            slots: Default::default(),
            matrix: true,
        }
    }
    /// `[len]`, all `value`.
    pub fn vector(name: &'static str, len: usize, value: T) -> Self {
        let mut vector = Self {
            matrix: false,
            ..Self::matrix(name, 1, len)
        };
        vector.value.row_mut(0).fill(value);
        vector
    }
    /// The elements of a vector.
    #[inline(always)]
    pub fn values(&self) -> &[T] {
        self.value.row(0)
    }
    #[inline(always)]
    pub fn grads_mut(&mut self) -> &mut [T] {
        self.grad.row_mut(0)
    }
    pub fn shape(&self) -> Vec<usize> {
        if self.matrix {
            vec![self.value.units(), self.value.inputs()]
        } else {
            vec![self.value.inputs()]
        }
    }
    pub fn len(&self) -> usize {
        self.value.units() * self.value.inputs()
    }
    /// Makes the state that `optimizer` keeps, as before its first step. What `old` kept under the same name stays.
    pub fn prepare_slots(&mut self, optimizer: &Optimizer, old: Option<&Optimizer>) {
        let mut kept = std::mem::take(&mut self.slots);
        let old_names = old.map_or(&[][..], Optimizer::slot_names);
        for (slot, name) in self.slots.iter_mut().zip(optimizer.slot_names()) {
            match old_names.iter().position(|n| n == name) {
                Some(place) => *slot = std::mem::take(&mut kept[place]),
                None => *slot = self.value.filled(optimizer.initial_slot()),
            }
        }
    }
    /// The state under its name in checkpoints.
    pub fn slot(&self, place: usize) -> Vec<T> {
        self.unpad(&self.slots[place])
    }
    /// Takes the padding off a buffer of this layout.
    fn unpad(&self, buffer: &[T]) -> Vec<T> {
        let inputs = self.value.inputs();
        buffer
            .chunks_exact(self.value.ld().max(1))
            .flat_map(|row| &row[..inputs])
            .copied()
            .collect()
    }
    /// # Panics
    /// If the length is another: a fault of the caller.
    pub fn set_slot(&mut self, place: usize, dense: &[T]) {
        let (inputs, ld) = (self.value.inputs().max(1), self.value.ld().max(1));
        assert_eq!(dense.len(), self.len(), "elements of the state");
        for (row, values) in self.slots[place]
            .chunks_exact_mut(ld)
            .zip(dense.chunks_exact(inputs))
        {
            row[..inputs].copy_from_slice(values);
        }
    }
}

trait Filled<T> {
    /// A buffer of the matrix's layout, `value` in place of every element and 0 in the padding.
    fn filled(&self, value: T) -> Buffer<T>;
}
impl<T: Real> Filled<T> for Weights<T> {
    fn filled(&self, value: T) -> Buffer<T> {
        let mut buffer = Buffer::zeros(self.data().len());
        let inputs = self.inputs();
        buffer
            .chunks_exact_mut(self.ld().max(1))
            .for_each(|row| row[..inputs].fill(value));
        buffer
    }
}
