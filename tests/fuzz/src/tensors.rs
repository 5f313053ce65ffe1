//! Checkpoints and weights.

use crate::{choice, fit_to_print, short_and_fit_to_print};
use gradlab::experiment::{Experiment, parse};
use gradlab::nn::network::{BuildOptions, Network};
use gradlab::nn::spec::NetworkSpec;
use gradlab::training::{Checkpoint, Session, Start, TensorFile};
use std::path::Path;
use std::sync::LazyLock;

/// With an odd choice: a header up to a line end, its length put before it, so that changes of its length are no dead end.
pub fn wrapped(choices: u8, rest: &[u8]) -> Vec<u8> {
    if choices & 1 == 0 {
        return rest.to_vec();
    }
    let end = rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
    let (header, data) = (&rest[..end], &rest[(end + 1).min(rest.len())..]);
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

const EXPERIMENT: &str = "format = 1\n[data]\nkind = \"xor\"\nrows = 2\n[network]\n[[network.layers]]\nunits = 1\n[training]\nbatch_size = 1\n";

static TINY: LazyLock<Experiment> = LazyLock::new(|| parse(EXPERIMENT, "tiny").expect("an experiment"));
static SPEC: LazyLock<NetworkSpec> = LazyLock::new(|| {
    let session = Session::build(&TINY, Path::new("."), &Start::default(), None, &|_| ()).expect("a run");
    session.network().spec().clone()
});

/// Read whole, at a glance, and gone on from where the experiment is the one that is built here.
pub fn checkpoint(input: &[u8]) {
    let (choices, rest) = choice(input);
    let bytes = wrapped(choices, rest);
    let path = crate::data::write("c", &bytes);
    if let Err(error) = Checkpoint::glance(&path) {
        fit_to_print(&error.to_string());
    }
    match Checkpoint::from_bytes(&bytes, "fuzz.checkpoint") {
        Ok(checkpoint) if checkpoint.experiment.data == TINY.data => {
            let start = Start { resume: Some(path), ..Start::default() };
            match Session::build(&TINY, Path::new("."), &start, None, &|_| ()) {
                Ok(session) => drop(session.to_checkpoint().to_bytes()),
                Err(error) => fit_to_print(&error.to_string()),
            }
        }
        Ok(_) => {}
        Err(error) => fit_to_print(&error.to_string()),
    }
}

/// Weights loaded into a small network: all of it or none.
pub fn weights(input: &[u8]) {
    let (choices, rest) = choice(input);
    match TensorFile::from_bytes(&wrapped(choices, rest), "fuzz.safetensors") {
        Ok(file) => {
            let options = BuildOptions { seed: 1, batch_rows: 2, threads: 1, time: None };
            let mut network = Network::<f32>::new(&SPEC, &options).expect("a network");
            let before = network.parameters();
            if let Err(error) = network.load_parameters(&file.parameters("")) {
                short_and_fit_to_print(&error.to_string());
                assert_eq!(before, network.parameters(), "half loaded");
            }
        }
        Err(error) => short_and_fit_to_print(&error.to_string()),
    }
}
