//! What the numbers mean: what theory predicts, the verdict on what is measured, and what to change.

pub mod theory;
