//! Files that are right, and what `--set` makes of them.

use gradlab::data::DataKind;
use gradlab::experiment::*;
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::spec::{Bias, Clip, Norm};

fn read(text: &str) -> Experiment {
    parse(text, "test.toml").unwrap_or_else(|faults| panic!("{faults}"))
}

fn with(text: &str, assignments: &[&str]) -> Experiment {
    parse_with(text, "test.toml", assignments).unwrap_or_else(|faults| panic!("{faults}"))
}

const SHORT: &str = "format = 1\n[data]\nkind = \"digits\"\n";

/// Every key that the format has, spelled as its description spells it.
const WHOLE: &str = r#"
format = 1
name = "vanishing-logistic"
description = "Ten logistic layers"
seed = 7
[data]
kind = "digits"
classes = [3, 8]
test_fraction = 0.25
standardize = false
shuffle = false
train_rows = 200
[network]
activation = "logistic"
init = { kind = "normal", std = 0.5 }
bias = { kind = "zeros" }
[[network.layers]]
units = 64
repeat = 10
kind = "dense"
activation = { kind = "leaky-relu", slope = 0.2 }
init = "he-normal"
bias = false
norm = { kind = "batch", eps = 1e-3 }
dropout = 0.2
skip = true
frozen = true
[[network.layers]]
units = 20
norm = "layer"
[network.output]
init = "glorot-uniform"
bias = "ones"
frozen = true
[network.transfer]
from = "x.safetensors"
layers = 3
frozen = true
learning_rate_factor = 0.1
[training]
loss = "cross-entropy"
batch_size = "full"
label_smoothing = 0.1
[training.optimizer]
kind = "sgd"
learning_rate = 0.1
momentum = 0.9
nesterov = true
weight_decay = 1e-4
[training.schedule]
kind = "cosine"
steps = 1000
warmup = 100
[training.regularize]
l1 = 0.1
l2 = 0.2
max_norm = 3
[training.clip]
kind = "norm"
max = 5
[training.stop]
epochs = 20
steps = 1000
patience = 3
[pretrain]
epochs = 4
noise = 0.3
tied = true
layers = 2
learning_rate = 0.05
"#;

#[test]
fn every_key_arrives_where_it_belongs() {
    let e = read(WHOLE);
    assert_eq!((e.name.as_str(), e.seed), ("vanishing-logistic", 7));
    assert_eq!(
        e.data.kind,
        DataKind::Digits {
            classes: Some(vec!["3".into(), "8".into()])
        }
    );
    assert_eq!(
        (
            e.data.test_fraction,
            e.data.standardize,
            e.data.shuffle,
            e.data.train_rows
        ),
        (0.25, false, false, Some(200))
    );
    assert_eq!(
        e.network.init,
        Initializer::Normal {
            mean: 0.0,
            std: 0.5
        }
    );
    assert_eq!(e.network.bias, Some(Bias::Drawn(Initializer::Zeros {})));
    let layer = &e.network.layers[0];
    assert_eq!(
        (
            layer.units,
            layer.repeat,
            layer.dropout,
            layer.skip,
            layer.frozen
        ),
        (64, 10, 0.2, true, true)
    );
    assert_eq!(layer.activation, Some(Activation::LeakyRelu { slope: 0.2 }));
    assert_eq!(layer.bias, Some(Bias::Off));
    assert_eq!(
        layer.norm,
        Norm::Batch {
            eps: 1e-3,
            momentum: 0.1
        }
    );
    assert_eq!(e.network.layers[1].norm, Norm::Layer { eps: 1e-5 });
    assert_eq!(
        e.network.output.bias,
        Some(Bias::Drawn(Initializer::Ones {}))
    );
    assert_eq!(
        e.network
            .transfer
            .as_ref()
            .map(|t| (t.layers, t.frozen, t.learning_rate_factor)),
        Some((3, true, 0.1))
    );
    assert_eq!(e.training.loss, Some(Loss::CrossEntropy {}));
    assert_eq!(e.training.batch_size, BatchSize::Full);
    assert!(matches!(
        e.training.optimizer,
        Optimizer::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
            nesterov: true,
            weight_decay: 1e-4,
            ..
        }
    ));
    assert_eq!(e.training.clip, Clip::Norm { max: 5.0 });
    assert_eq!(
        e.training.stop,
        Stop {
            epochs: Some(20),
            steps: Some(1000),
            patience: Some(3)
        }
    );
    assert_eq!(
        e.pretrain,
        Some(Pretrain {
            epochs: 4,
            noise: 0.3,
            tied: true,
            layers: Some(2),
            learning_rate: Some(0.05)
        })
    );
    assert_eq!(read(&to_toml(&e)), e);
}

#[test]
fn a_file_whose_lines_end_as_on_windows_says_the_same() {
    let text = "format = 1\ndescription = \"\"\"two\nlines\"\"\"\n[data]\nkind = \"digits\"\n";
    let windows = text.replace('\n', "\r\n");
    assert_eq!(read(&windows), read(text));
    let faults = parse(&windows.replace("digits", "digit"), "e.toml").expect_err("a fault");
    assert!(faults.to_string().starts_with("e.toml:5:8: "), "{faults}");
}

#[test]
fn a_file_of_defaults_is_written_short() {
    assert_eq!(
        to_toml(&read(SHORT)),
        "format = 1\n\n[data]\nkind = \"digits\"\n"
    );
}

#[test]
fn an_optimizer_left_out_is_the_one_that_its_name_alone_means() {
    let named = read(&format!("{SHORT}[training.optimizer]\nkind = \"sgd\"\n"));
    assert_eq!(read(SHORT), named);
}

#[test]
fn recurrent_weights_are_written_where_they_are_not_drawn_as_by_default() {
    let layer = "[[network.layers]]\nunits = 3\nkind = \"recurrent\"\n";
    let text = format!("{SHORT}{layer}").replace("digits", "adding");
    let written = |draw: &str| to_toml(&read(&format!("{text}{draw}")));
    assert!(!written("recurrent_init = \"orthogonal\"\n").contains("recurrent_init"));
    let identity = "recurrent_init = \"identity\"\n";
    assert!(written(identity).contains(identity));
}

#[test]
fn what_differs_is_written_in_the_formats_order() {
    let text = r#"format = 1
name = "short"
seed = 1

[data]
kind = "moons"
rows = 500
test_fraction = 0.5

[network]
activation = "tanh"
init = { kind = "normal", std = 0.5 }

[[network.layers]]
units = 8
repeat = 2

[network.output]
init = "glorot-uniform"

[training]
batch_size = 16

[training.optimizer]
kind = "sgd"
learning_rate = 0.1

[training.stop]
epochs = 3
"#;
    assert_eq!(to_toml(&read(text)), text);
}

#[test]
fn set_changes_what_the_file_says() {
    let e = with(
        WHOLE,
        &[
            "training.optimizer.learning_rate=0.5",
            "network.layers.1.units=50",
            "seed = 9",
            "network.activation=relu",
        ],
    );
    assert!(matches!(
        e.training.optimizer,
        Optimizer::Sgd {
            learning_rate: 0.5,
            momentum: 0.9,
            ..
        }
    ));
    assert_eq!((e.network.layers[1].units, e.seed), (50, 9));
    assert_eq!(e.network.activation, Activation::Relu {});
}

#[test]
fn set_reaches_what_the_file_does_not_say() {
    let e = with(
        SHORT,
        &[
            "training.optimizer.learning_rate=0.5",
            "training.stop.epochs=3",
            "training.schedule={kind=\"step\", every=5}",
        ],
    );
    assert!(matches!(
        e.training.optimizer,
        Optimizer::Sgd {
            learning_rate: 0.5,
            ..
        }
    ));
    assert_eq!(e.training.stop.epochs, Some(3));
}

#[test]
fn set_makes_a_table_of_a_name() {
    let text = format!("{SHORT}[network]\ninit = \"normal\"\n");
    assert_eq!(
        with(&text, &["network.init.std=0.5"]).network.init,
        Initializer::Normal {
            mean: 0.0,
            std: 0.5
        }
    );
    let adam = with(WHOLE, &["training.optimizer=adam"]);
    assert!(matches!(
        adam.training.optimizer,
        Optimizer::Adam {
            learning_rate: 0.001,
            ..
        }
    ));
}

#[test]
fn set_takes_words_without_their_quotes() {
    assert_eq!(with(SHORT, &["name=a = b"]).name, "a = b");
    assert_eq!(with(SHORT, &["name=\"42\""]).name, "42");
    assert_eq!(with(SHORT, &["name= 4 layers "]).name, "4 layers");
}

#[test]
fn the_largest_seed_is_read() {
    let e = read(&format!("seed = {}\n{SHORT}", u64::MAX));
    assert_eq!(e.seed, u64::MAX);
    assert_eq!(read(&to_toml(&e)).seed, u64::MAX);
}
