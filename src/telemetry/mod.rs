//! What is measured, and the bounded histories that keep it. A step's own measurements are made by [`crate::nn`].

pub mod history;

pub use crate::nn::stats::*;
pub use history::{Bucket, History};
