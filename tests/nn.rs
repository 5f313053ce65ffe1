//! The engine against reference numbers, finite differences and the invariants of the field.

#[path = "nn/cases.rs"]
mod cases;
#[path = "nn/differences.rs"]
mod differences;
#[path = "nn/extremes.rs"]
mod extremes;
#[path = "nn/invariants.rs"]
mod invariants;
#[path = "nn/make.rs"]
mod make;
#[path = "nn/recurrent.rs"]
mod recurrent;
#[path = "nn/reference.rs"]
mod reference;
#[path = "nn/runs.rs"]
mod runs;
#[path = "nn/trajectories.rs"]
mod trajectories;
