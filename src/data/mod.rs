//! Where rows come from: made sets, shipped sets, the user's files.

pub mod dataset;
pub mod kind;

pub use dataset::{Dataset, Rows, Targets, Task};
pub use kind::DataKind;
