//! The mailbox under a model checker: every order in which two or three threads can meet in it, the weak orders of memory among
//! them. Run with `cargo run --release`; it is the program's own file that is compiled here, around stand-ins for what it
//! carries.

#[allow(dead_code)]
#[path = "../../../src/training/mailbox.rs"]
mod mailbox;
mod models;

/// The checker's primitives in the place of the library's.
mod sync {
    pub use loom::sync::atomic::{AtomicBool, Ordering};
    pub use loom::sync::{Condvar, Mutex, MutexGuard};
    pub use std::sync::PoisonError;
}

/// A stand-in for the program's commands: the same names, with contents that can be told apart.
#[allow(dead_code)]
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Run,
    Pause,
    Step(u64),
    Replace(u32),
    Restart,
    Checkpoint(u32),
    SaveWeights(u32),
    Watch(u32),
    Stop,
}

#[derive(Clone, Debug, Default)]
pub struct Score {
    pub loss: f64,
}

#[derive(Clone, Debug, Default)]
pub struct Point {
    pub step: u64,
    pub train: Score,
    pub global_grad_norm: f64,
}

impl Point {
    pub fn weight(&self) -> usize {
        1
    }
}

#[derive(Clone, Debug, Default)]
pub struct Info {
    pub run: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Frame {
    pub status: (),
    pub info: Info,
    pub points: Vec<Point>,
    pub rows_per_second: f64,
    pub histograms: Option<()>,
    pub view: Option<()>,
    pub notices: Vec<String>,
}

fn main() {
    models::all();
}
