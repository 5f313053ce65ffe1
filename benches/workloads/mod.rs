//! The networks that the benches train, from tiny to wide, and runs of them.

use gradlab::experiment::{self, Experiment};
use gradlab::nn::random::{Purpose, stream};
use gradlab::training::{Numbers, Session, Start, Tensor, TensorFile};
use rand::RngExt;
use std::collections::HashMap;
use tempfile::TempDir;

/// A network and its batch, trained by gradient descent with momentum 0.9.
pub struct Workload {
    pub name: &'static str,
    pub inputs: usize,
    pub classes: u32,
    /// Length of a sequence, for a recurrent network.
    pub time: Option<usize>,
    pub batch: usize,
    activation: &'static str,
    init: &'static str,
    /// Units and how many layers of so many.
    layers: &'static [(usize, usize)],
}

/// Rows of made data: as many as make feeding and shuffling real, within the caches of no machine's first level.
const ROWS: usize = 2048;

const fn dense(
    name: &'static str,
    inputs: usize,
    layers: &'static [(usize, usize)],
    activation: &'static str,
    init: &'static str,
    batch: usize,
) -> Workload {
    Workload {
        name,
        inputs,
        classes: 10,
        time: None,
        batch,
        activation,
        init,
        layers,
    }
}

pub const WORKLOADS: [Workload; 8] = [
    Workload {
        classes: 2,
        ..dense("W1", 2, &[(8, 2)], "tanh", "glorot-normal", 10)
    },
    dense("W2", 64, &[(64, 50)], "logistic", "glorot-normal", 32),
    dense("W2x", 64, &[(64, 120)], "logistic", "glorot-normal", 32),
    dense("W3", 64, &[(100, 30)], "relu", "he-normal", 64),
    dense("W4", 784, &[(300, 1), (100, 1)], "relu", "he-normal", 32),
    dense("W5", 784, &[(1024, 2)], "relu", "he-normal", 256),
    dense("W6", 784, &[(100, 100)], "selu", "lecun-normal", 128),
    Workload {
        time: Some(100),
        ..dense("W7", 16, &[(64, 1)], "tanh", "glorot-uniform", 32)
    },
];

impl Workload {
    fn experiment(&self) -> Experiment {
        let kind = match self.time {
            Some(_) => "kind = \"recurrent\"\n",
            None => "",
        };
        let layers: String = self
            .layers
            .iter()
            .map(|(units, repeat)| {
                format!("[[network.layers]]\n{kind}units = {units}\nrepeat = {repeat}\n")
            })
            .collect();
        let text = format!(
            r#"
format = 1
name = "{}"
[data]
kind = "safetensors"
path = "rows.safetensors"
test_fraction = 0.0
standardize = false
[network]
activation = "{}"
init = "{}"
{layers}
[training]
batch_size = {}
[training.optimizer]
kind = "sgd"
learning_rate = 0.001
momentum = 0.9
"#,
            self.name, self.activation, self.init, self.batch
        );
        experiment::parse(&text, self.name).expect("a valid experiment")
    }

    fn rows(&self) -> TensorFile {
        let mut rng = stream(1, Purpose::Data);
        let mut shape = vec![ROWS];
        shape.extend(self.time);
        shape.push(self.inputs);
        let x = (0..shape.iter().product())
            .map(|_| rng.random::<f32>() * 2.0 - 1.0)
            .collect();
        let y = (0..ROWS)
            .map(|_| i64::from(rng.random_range(0..self.classes)))
            .collect();
        let tensor = |shape, numbers| Tensor { shape, numbers };
        TensorFile {
            tensors: vec![
                ("x".into(), tensor(shape, Numbers::F32(x))),
                ("y".into(), tensor(vec![ROWS], Numbers::I64(y))),
            ],
            texts: HashMap::new(),
        }
    }

    /// The run as `gradlab run` makes it: from a file of rows, on one thread.
    pub fn session(&self) -> Session {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("rows.safetensors");
        self.rows().write(&path).expect("writes");
        let start = Start {
            threads: Some(1),
            ..Start::default()
        };
        Session::build(&self.experiment(), folder.path(), &start, None, &|_| {}).expect("builds")
    }
}
