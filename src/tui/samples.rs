//! An experiment and frames made by hand, for the tests of this room.

use crate::experiment::{self, Experiment};

/// Ten logistic layers on digits.
pub fn experiment() -> Experiment {
    let text = r#"
format = 1
name = "sample"
seed = 42
[data]
kind = "digits"
[network]
activation = "logistic"
init = { kind = "normal", std = 1.0 }
[[network.layers]]
units = 100
repeat = 10
[network.output]
init = "glorot-uniform"
[training.optimizer]
kind = "sgd"
learning_rate = 0.1
"#;
    experiment::parse(text, "sample.toml").expect("a valid experiment")
}
