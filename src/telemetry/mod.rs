//! What is measured, and the bounded histories that keep it. A step's own measurements are made by [`crate::nn`].

pub use crate::nn::stats::*;
