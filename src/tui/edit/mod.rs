//! Edits of an experiment: every place of it that can be changed, with its name, value, limits and help, and the edits of
//! the list of layers. Forms, pickers and prompts are made from these.

pub mod field;
pub mod layers;
pub mod lower;
pub mod scalar;
pub mod slot;
pub mod value;

pub use field::Field;
pub use scalar::{LayerScalar, Scalar};
pub use slot::{Choice, LayerSlot, Slot};
