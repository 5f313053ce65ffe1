//! What the numbers mean: what theory predicts, the verdict on what is measured, and what to change.

pub mod advice;
pub mod cause;
pub mod cutoff;
pub mod foresight;
pub mod overfit;
pub mod profile;
pub mod rates;
pub mod remedy;
pub mod theory;
pub mod verdict;
mod words;

pub use advice::{Advice, Seen, Severity, Topic, advise};
pub use cause::{Case, Symptoms};
pub use foresight::Foresight;
pub use remedy::Fix;
pub use verdict::{Kind, Verdict, judge};
