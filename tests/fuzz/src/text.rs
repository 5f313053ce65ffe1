//! Experiment files and links.

use crate::{choice, fit_to_print, short_and_fit_to_print};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::{Compression, write::DeflateEncoder};
use gradlab::data::Task;
use gradlab::experiment::{Experiment, apply_set, link, parse, resolve, size, to_toml};
use gradlab::nn::network::{BuildOptions, Network};
use std::io::Write;

/// Read, refused with words, written back equal, built where it is small; an input's last line can be a `--set`.
pub fn experiment(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (text, setting) = text.trim_end().rsplit_once("\n--set ").unwrap_or((text, ""));
    match parse(text, "fuzz.toml") {
        Ok(experiment) => {
            good(&experiment);
            match apply_set(&experiment, setting) {
                Ok(changed) => good(&changed),
                Err(faults) => fit_to_print(&faults.to_string()),
            }
        }
        Err(faults) => fit_to_print(&faults.to_string()),
    }
}

fn good(experiment: &Experiment) {
    let written = to_toml(experiment);
    let back = parse(&written, "written.toml").unwrap_or_else(|faults| panic!("{faults}\n{written}"));
    assert_eq!(&back, experiment, "{written}");
    for task in [Task::Classification { classes: 3 }, Task::Regression { targets: 1 }] {
        let inputs = size::features(&experiment.data.kind).unwrap_or(2);
        match resolve::network_spec(experiment, inputs, task) {
            Ok(spec) if is_small(experiment, inputs) => {
                let options = BuildOptions { seed: 1, batch_rows: 2, threads: 1, time: None };
                if let Err(error) = Network::<f32>::new(&spec, &options) {
                    short_and_fit_to_print(&error.to_string());
                }
            }
            Ok(_) => {}
            Err(error) => short_and_fit_to_print(&error.to_string()),
        }
    }
}

fn is_small(experiment: &Experiment, inputs: usize) -> bool {
    size::hidden_layers(&experiment.network) < 20 && size::parameters(&experiment.network, inputs as u128, 3) < 5_000
}

/// A pasted line; with an odd first byte what follows it is packed as a link's content, so that it gets past the packing.
pub fn link(input: &[u8]) {
    let line = match choice(input) {
        (first, content) if first % 2 == 1 => packed(content),
        (_, line) => String::from_utf8_lossy(line).into_owned(),
    };
    match link::decode(&line) {
        Ok(experiment) => {
            let again = link::encode(&experiment);
            assert_eq!(link::decode(&again).ok().as_ref(), Some(&experiment), "{again}");
        }
        Err(error) => fit_to_print(&error.to_string()),
    }
}

fn packed(content: &[u8]) -> String {
    let mut packer = DeflateEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(content).expect("memory");
    let packed = packer.finish().expect("memory");
    format!("{}{}", link::PREFIX, URL_SAFE_NO_PAD.encode(packed))
}
