//! The mathematics: activations, initializers, layers, losses, optimizers, schedules. No I/O, no clock.

pub mod activation;
pub mod init;
pub mod kernel;
pub mod loss;
pub mod network;
pub mod number;
pub mod optimizer;
pub mod random;
pub mod schedule;
pub mod spec;
pub mod stats;
pub mod vocabulary;
