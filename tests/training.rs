//! The training room from outside: sessions step by step, and the thread by messages. Tests wait for states, never for
//! times.

#[path = "training/bits.rs"]
mod bits;
#[path = "training/changes.rs"]
mod changes;
#[path = "training/checkpoints.rs"]
mod checkpoints;
#[path = "training/commands.rs"]
mod commands;
#[path = "training/looks.rs"]
mod looks;
#[path = "training/outputs.rs"]
mod outputs;
#[path = "training/pretraining.rs"]
mod pretraining;
#[path = "training/remedies.rs"]
mod remedies;
#[path = "training/sparsity.rs"]
mod sparsity;
#[path = "training/stopping.rs"]
mod stopping;
#[path = "training/sweeps.rs"]
mod sweeps;
#[path = "training/thread.rs"]
mod thread;
#[path = "training/transfer.rs"]
mod transfer;
#[cfg(unix)]
#[path = "training/trouble.rs"]
mod trouble;
#[path = "training/verdicts.rs"]
mod verdicts;

use gradlab::experiment::{Experiment, parse};
use gradlab::training::{Detail, Session, Start};
use std::path::Path;

/// A small network on made data, with the rest as given.
pub fn experiment(rest: &str) -> Experiment {
    let has = |table: &str| rest.contains(table);
    let mut text = String::from("format = 1\nseed = 7\n");
    if !has("[data]") {
        text += "[data]\nkind = \"wine\"\n";
    }
    if !has("[[network.layers]]") {
        text += "[network]\nactivation = \"tanh\"\n[[network.layers]]\nunits = 12\nrepeat = 2\n";
    }
    text += rest;
    parse(&text, "test").unwrap_or_else(|faults| panic!("{faults}"))
}

pub fn session_of(experiment: &Experiment) -> Session {
    session_from(experiment, &Start::default())
}

pub fn session_from(experiment: &Experiment, start: &Start) -> Session {
    Session::build(experiment, Path::new("."), start, None, &|_| {})
        .unwrap_or_else(|error| panic!("{error}"))
}

pub fn session(rest: &str) -> Session {
    session_of(&experiment(rest))
}

/// Takes `steps` steps, a call each, measuring nothing.
pub fn step(session: &mut Session, steps: u64) {
    for _ in 0..steps {
        session.advance(1, Detail::Loss);
    }
}

/// The bits of every parameter, running statistic and slot.
pub fn bits(session: &Session) -> Vec<(String, Vec<u32>)> {
    let state = session.network().state();
    let of = |t: gradlab::nn::network::NamedTensor| {
        (t.name, t.data.iter().map(|v| v.to_bits()).collect())
    };
    state.tensors.into_iter().map(of).collect()
}
