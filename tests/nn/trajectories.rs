//! Fifty steps of every optimizer through whole steps of the network, against PyTorch's semantics in f64; of some, layers are
//! frozen for a while.

use crate::reference::{self, Tensors};
use gradlab::nn::network::{Batch, BuildOptions, Network, Observe};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::spec::{Clip, Hyper, Regularize};
use gradlab::nn::vocabulary::{Value, Vocabulary};
use serde_json::Value as Json;
use std::path::Path;

fn optimizer(json: &Json) -> Optimizer {
    let name = json["optimizer"].as_str().expect("a name");
    let hyper = &json["hyper"];
    let index = Optimizer::entries()
        .iter()
        .position(|e| e.name == name)
        .unwrap_or_else(|| panic!("no {name}"));
    let theirs = |name: &str| match name {
        "learning_rate" => "lr".to_string(),
        "beta1" => "b1".to_string(),
        "beta2" => "b2".to_string(),
        "initial_accumulator_value" => "initial_accumulator".to_string(),
        other => other.to_string(),
    };
    let values: Vec<Value> = (Optimizer::entries()[index].parameters)()
        .into_iter()
        .map(|p| match &hyper[theirs(p.name)] {
            Json::Number(n) => Value::Real(n.as_f64().expect("a number")),
            Json::Bool(flag) => Value::Flag(*flag),
            _ => p.default.expect("a default"),
        })
        .collect();
    Optimizer::build(index, &values).expect("an optimizer")
}

fn clip(json: &Json) -> Clip {
    match json["clip"]["kind"].as_str() {
        None => Clip::None,
        Some("global_norm") => Clip::Norm {
            max: json["clip"]["max_norm"].as_f64().expect("max"),
        },
        Some("value") => Clip::Value {
            max: json["clip"]["limit"].as_f64().expect("limit"),
        },
        Some(other) => panic!("clip {other}"),
    }
}

fn near(what: &str, got: f64, want: f64, tolerance: &Json) {
    let tolerance = tolerance.as_f64().expect("a tolerance");
    assert!(
        (got - want).abs() <= tolerance,
        "{what}: {got} instead of {want}, allowed {tolerance:e}"
    );
}

fn snapshot(name: &str, network: &Network, expected: &Tensors, step: usize, tolerance: &Json) {
    for tensor in network.parameters() {
        let want = &expected[&format!("step{step}.{}", tensor.name)];
        for (got, want) in tensor.data.iter().zip(&want.data) {
            near(
                &format!("{name} step {step} {}", tensor.name),
                f64::from(*got),
                *want,
                tolerance,
            );
        }
    }
}

/// Of each entry a layer, the first step that it is frozen in, and the first that it is not.
fn freeze(network: &mut Network, entries: &Json, step: u64) {
    for entry in entries.as_array().into_iter().flatten() {
        let number = |at: usize| entry[at].as_u64().expect("a number");
        let layer = number(0) as usize;
        if step == number(1) {
            network.set_frozen(layer, true);
        } else if step == number(2) {
            network.set_frozen(layer, false);
        }
    }
}

fn follow(folder: &Path, problem: &Json, start: &Tensors) {
    let json = reference::read_json(&folder.join("trajectory.json"));
    let name = json["name"].as_str().unwrap_or("");
    let expected = reference::read_tensors(&folder.join("tensors.safetensors"));
    let case = reference::case(problem).expect("expressible");
    let (x, y) = (
        reference::matrix(&start["x"]),
        reference::targets(start, &case.spec.loss),
    );
    let options = BuildOptions {
        seed: 0,
        batch_rows: x.nrows(),
        threads: 1,
        time: None,
    };
    let mut network = Network::<f32>::new(&case.spec, &options).expect("builds");
    let own: Vec<String> = network.parameters().into_iter().map(|t| t.name).collect();
    network
        .load_parameters(&reference::parameters(start, &own))
        .expect("fits");
    let hyper = Hyper {
        optimizer: optimizer(&json),
        regularize: Regularize::default(),
        clip: clip(&json),
    };
    let batch = Batch {
        x: x.view().into(),
        y: y.view(),
    };
    let rules = &json["f32"];
    for step in 0..json["steps"].as_u64().unwrap_or(0) as usize {
        freeze(&mut network, &json["frozen"], step as u64);
        let rate = json["lr"][step].as_f64().expect("a rate");
        let outcome = network
            .step(&batch, &hyper, rate, Observe::Stats)
            .expect("steps");
        let at = |what: &str| format!("{name} step {step} {what}");
        near(
            &at("loss"),
            outcome.score.loss,
            json["loss"][step].as_f64().expect("loss"),
            &rules["atol_loss"],
        );
        let want = json["global_grad_l2"][step].as_f64().expect("a norm");
        near(
            &at("norm"),
            outcome.global_grad_norm,
            want,
            &rules["atol_grad_l2"],
        );
        for (layer, stats) in outcome.stats.iter().enumerate() {
            let want = json["grad_l2"][format!("layers.{layer}.weight")][step]
                .as_f64()
                .expect("a norm");
            near(
                &at("layer norm"),
                stats.grad_norm,
                want,
                &rules["atol_grad_l2"],
            );
        }
        if let Some(tolerance) = rules["atol_params"].get((step + 1).to_string()) {
            snapshot(name, &network, &expected, step + 1, tolerance);
        }
    }
}

#[test]
fn optimizers_take_the_reference_path() {
    let under = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/reference/optimizers"
    ));
    let problem = reference::read_json(&under.join("problem-a/problem.json"));
    let start = reference::read_tensors(&under.join("problem-a/tensors.safetensors"));
    let mut followed = 0;
    for entry in std::fs::read_dir(under).expect("the folder") {
        let folder = entry.expect("entry").path();
        if folder.join("trajectory.json").is_file() {
            follow(&folder, &problem, &start);
            followed += 1;
        }
    }
    assert_eq!(followed, 17);
}
