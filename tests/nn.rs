//! The engine against reference numbers, finite differences and the invariants of the field.

#[path = "nn/cases.rs"]
mod cases;
#[path = "nn/reference.rs"]
mod reference;
