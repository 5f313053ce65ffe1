//! Recurrent layers: reference cases of PyTorch's, finite differences, and what is known of linear recurrent nets.

use crate::make::{self, hyper, layer, named};
use crate::reference::{Tensor, Tensors, read_json, read_tensors};
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::kernel::Real;
use gradlab::nn::loss::Loss;
use gradlab::nn::network::{
    Batch, BuildError, BuildOptions, NamedTensor, Network, Observe, ProbeOptions, TargetsView,
    Time, Trace,
};
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::spec::{Bias, Cell, LayerKind, LayerSpec, NetworkSpec};
use gradlab::nn::vocabulary::Vocabulary;
use ndarray::{Array2, ArrayView2};
use std::path::Path;

fn recurrent(inputs: usize, units: usize, cell: Cell, activation: Activation) -> LayerSpec {
    LayerSpec {
        kind: LayerKind::Recurrent {
            cell,
            recurrent_init: named("orthogonal"),
        },
        init: named("glorot-uniform"),
        bias: Bias::Drawn(Initializer::Normal {
            mean: 0.0,
            std: 0.1,
        }),
        ..layer(inputs, units, activation)
    }
}

fn stack(layers: Vec<LayerSpec>, loss: Loss) -> NetworkSpec {
    NetworkSpec {
        inputs: layers[0].inputs,
        layers,
        loss,
        label_smoothing: 0.0,
        target_rms: 1.0,
    }
}

fn build<T: Real>(spec: &NetworkSpec, rows: usize, time: Time) -> Network<T> {
    let options = BuildOptions {
        seed: 3,
        batch_rows: rows,
        threads: 1,
        time: Some(time),
    };
    Network::new(spec, &options).expect("a network")
}

fn find<'a, T>(tensors: &'a [NamedTensor<T>], name: &str) -> &'a NamedTensor<T> {
    let found = tensors.iter().find(|t| t.name == name);
    found.unwrap_or_else(|| panic!("no {name}"))
}

/// The reference's name of a tensor, as we call it.
fn our_name(name: &str, layers: usize) -> String {
    let name = name.replace("rnn.", "layers.");
    name.replace("out.", &format!("layers.{layers}."))
}

fn flat(tensor: &Tensor, columns: usize) -> Array2<f32> {
    let data: Vec<f32> = tensor.data.iter().map(|v| *v as f32).collect();
    Array2::from_shape_vec((data.len() / columns, columns), data).expect("a shape")
}

fn reference_spec(case: &serde_json::Value) -> NetworkSpec {
    let count = |key: &str| case[key].as_u64().expect("a count") as usize;
    let cell = match case["cell"].as_str() {
        Some("lstm") => Cell::named("lstm").expect("lstm"),
        Some("gru") => Cell::Gru,
        _ => Cell::Plain,
    };
    let relu = case["cell"] == "rnn_relu";
    let activation = if relu {
        Activation::Relu
    } else {
        Activation::Tanh
    };
    let mut layers: Vec<LayerSpec> = (0..count("layers"))
        .map(|i| {
            let inputs = if i == 0 {
                count("inputs")
            } else {
                count("hidden")
            };
            recurrent(inputs, count("hidden"), cell.clone(), activation.clone())
        })
        .collect();
    layers.push(layer(count("hidden"), count("outputs"), Activation::Linear));
    stack(layers, Loss::Mse)
}

fn parameters(tensors: &Tensors, layers: usize) -> Vec<NamedTensor> {
    let given = |name: &str| name.starts_with("rnn.") || name.starts_with("out.");
    let each = tensors.iter().filter(|(name, _)| given(name));
    each.map(|(name, tensor)| NamedTensor {
        name: our_name(name, layers),
        shape: tensor.shape.clone(),
        data: tensor.data.iter().map(|v| *v as f32).collect(),
    })
    .collect()
}

#[test]
fn gradients_through_time_are_the_reference_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/rnn");
    let mut cases = 0;
    for entry in std::fs::read_dir(folder).expect("the cases") {
        let path = entry.expect("a case").path();
        let json = read_json(&path.join("case.json"));
        let tensors = read_tensors(&path.join("tensors.safetensors"));
        let spec = reference_spec(&json);
        let layers = spec.layers.len() - 1;
        let count = |key: &str| json[key].as_u64().expect("a count") as usize;
        let (rows, steps) = (count("batch_size"), count("time_steps"));
        let every = json["loss"]["on"] == "all";
        let mut network: Network = build(
            &spec,
            rows,
            Time {
                steps,
                target_every_step: every,
            },
        );
        network
            .load_parameters(&parameters(&tensors, layers))
            .expect("parameters");
        let x = flat(&tensors["x"], steps * count("inputs"));
        let y = flat(&tensors["y"], count("outputs"));
        let batch = Batch {
            x: x.view().into(),
            y: TargetsView::Values(y.view()),
        };
        let trace = network
            .probe_with(&batch, &ProbeOptions::default())
            .expect("a probe");
        let atol = |name: &str| json["f32"]["atol"][name].as_f64();
        let loss = tensors["loss"].data[0];
        assert!((trace.score.loss - loss).abs() <= atol("loss").expect("atol"));
        for (name, want) in &tensors {
            let ours = match name.as_str() {
                name if name.starts_with("grad.") => our_name(name, layers),
                name if name.starts_with("h.") => name.replace("h.", "layers.") + ".out",
                name if name.starts_with("delta.pre.") => name.replace("pre.", "layers."),
                _ => continue,
            };
            let got = find(&trace.tensors, &ours);
            let worst = got
                .data
                .iter()
                .zip(&want.data)
                .map(|(g, w)| (f64::from(*g) - w).abs())
                .fold(0.0, f64::max);
            let bound = atol(name).expect("atol");
            assert_eq!(got.shape, want.shape, "{name}");
            assert!(
                worst <= bound,
                "{}: {name}: {worst:e} > {bound:e}",
                path.display()
            );
        }
        for (layer, norms) in network.time_norms().iter().enumerate() {
            let want = &json["expected"]["time_norms_l2"][format!("delta.h.{layer}")];
            for (t, got) in norms.iter().enumerate() {
                let want = want[t].as_f64().expect("a norm");
                assert!(
                    (got - want).abs() <= 1e-4 * want,
                    "{}: step {t}: {got} {want}",
                    path.display()
                );
            }
        }
        cases += 1;
    }
    assert_eq!(cases, 7);
}

#[test]
fn max_norm_holds_the_rows_of_both_matrices() {
    for cell in ["plain", "lstm", "gru"] {
        let cell = Cell::named(cell).expect("a cell");
        let hidden = recurrent(2, 4, cell, Activation::Tanh);
        let spec = stack(vec![hidden, layer(4, 3, Activation::Linear)], Loss::Mse);
        let time = Time {
            steps: 3,
            target_every_step: false,
        };
        let mut network: Network = build(&spec, 5, time);
        let (x, y) = (
            make::inputs(5, 6, 1),
            make::Targets::of(&spec.loss, 5, 3, 2),
        );
        network.initialize(x.view()).expect("weights");
        let mut hyper = hyper(named("sgd"));
        hyper.regularize.max_norm = 0.3;
        let batch = Batch {
            x: x.view().into(),
            y: y.view(),
        };
        network
            .step(&batch, &hyper, 0.01, Observe::Loss)
            .expect("a step");
        let parameters = network.parameters();
        for name in ["weight_ih", "weight_hh"] {
            let matrix = find(&parameters, &format!("layers.0.{name}"));
            for row in matrix.data.chunks_exact(matrix.shape[1]) {
                let norm = row.iter().map(|w| w * w).sum::<f32>().sqrt();
                assert!(norm <= 0.3 * (1.0 + 1e-6), "{name}: {norm}");
            }
        }
    }
}

fn probe<'a>(network: &mut Network<f64>, x: ArrayView2<'a, f32>, y: TargetsView<'a>) -> Trace<f64> {
    network
        .probe_with(&Batch { x: x.into(), y }, &ProbeOptions::default())
        .expect("a probe")
}

/// Central differences over some elements of every parameter.
fn check_differences(spec: &NetworkSpec, every: bool) {
    let (rows, steps) = (3, 4);
    let outputs = spec.layers.last().expect("a layer").units;
    let time = Time {
        steps,
        target_every_step: every,
    };
    let mut network: Network<f64> = build(spec, rows, time);
    let x = make::inputs(rows, steps * spec.inputs, 1);
    network.initialize(x.view()).expect("weights");
    let y = make::Targets::of(
        &spec.loss,
        if every { rows * steps } else { rows },
        outputs,
        2,
    );
    let base = network.parameters();
    let trace = probe(&mut network, x.view(), y.view());
    for (at, parameter) in base.iter().enumerate() {
        let gradient = find(&trace.tensors, &format!("grad.{}", parameter.name));
        for element in (0..parameter.data.len()).step_by(1 + parameter.data.len() / 7) {
            let mut loss = |by: f64| {
                let mut moved = base.clone();
                moved[at].data[element] += by;
                network.load_parameters(&moved).expect("parameters");
                probe(&mut network, x.view(), y.view()).score.loss
            };
            let h = 1e-5;
            let slope = (loss(h) - loss(-h)) / (2.0 * h);
            let got = gradient.data[element];
            assert!(
                (slope - got).abs() <= 1e-7 + 1e-5 * slope.abs(),
                "{}[{element}]: {got} by the network, {slope} by differences",
                parameter.name
            );
        }
    }
}

#[test]
fn differences_of_every_cell_and_stacks_of_them() {
    let plain = |i, u| recurrent(i, u, Cell::Plain, Activation::Silu);
    let lstm = |i, u| recurrent(i, u, Cell::Lstm { forget_bias: 1.0 }, Activation::Tanh);
    let gru = |i, u| recurrent(i, u, Cell::Gru, Activation::Tanh);
    let head = || layer(5, 3, Activation::Linear);
    for every in [false, true] {
        for bottom in [plain(2, 5), lstm(2, 5), gru(2, 5)] {
            check_differences(&stack(vec![bottom, head()], Loss::CrossEntropy), every);
        }
        let layers = vec![
            gru(2, 4),
            lstm(4, 3),
            plain(3, 5),
            layer(5, 5, Activation::Tanh),
            head(),
        ];
        check_differences(&stack(layers, Loss::Mse), every);
    }
}

/// h_t = ρQ h_{t-1} + ...: ‖∂loss/∂h_t‖ falls by exactly ρ a step, down to where f32 has no numbers.
#[test]
fn a_linear_net_of_a_scaled_rotation_loses_exactly_rho_a_step() {
    let (rows, steps) = (20, 300);
    for rho in [0.5, 0.1, 1.5] {
        let bottom = LayerSpec {
            kind: LayerKind::Recurrent {
                cell: Cell::Plain,
                recurrent_init: Initializer::Orthogonal { gain: rho },
            },
            ..recurrent(1, 6, Cell::Plain, Activation::Linear)
        };
        let spec = stack(vec![bottom, layer(6, 1, Activation::Linear)], Loss::Mse);
        let time = Time {
            steps,
            target_every_step: false,
        };
        let mut network: Network = build(&spec, rows, time);
        // nothing goes in, so that states stay finite where gradients explode
        let x = Array2::zeros((rows, steps));
        network.initialize(x.view()).expect("weights");
        let mut parameters = network.parameters();
        for p in parameters.iter_mut().filter(|p| p.name.contains("bias_")) {
            p.data.fill(0.0);
        }
        network.load_parameters(&parameters).expect("parameters");
        let y = Array2::ones((rows, 1));
        let batch = Batch {
            x: x.view().into(),
            y: TargetsView::Values(y.view()),
        };
        network
            .probe_with(&batch, &ProbeOptions::default())
            .expect("a probe");
        let (_, radius) = network.spectral_radii()[0];
        assert!((radius - rho).abs() < 1e-2 * rho, "{radius} {rho}");
        for pair in network.time_norms()[0].windows(2) {
            assert!(
                (pair[0] / pair[1] - rho).abs() < 1e-5 * rho,
                "{pair:?} {rho}"
            );
        }
    }
}

/// With no weights from step to step an LSTM's error goes back through its cells alone, and every forget gate keeps the
/// half of it that it is open, over more steps than a single precision's range has halves.
#[test]
fn an_lstms_content_carries_what_its_outputs_do_not() {
    let (rows, steps) = (3, 300);
    let bottom = LayerSpec {
        kind: LayerKind::Recurrent {
            cell: Cell::Lstm { forget_bias: 0.0 },
            recurrent_init: Initializer::Zeros,
        },
        init: Initializer::Zeros,
        bias: Bias::Drawn(Initializer::Zeros),
        ..recurrent(1, 6, Cell::Plain, Activation::Tanh)
    };
    let spec = stack(vec![bottom, layer(6, 1, Activation::Linear)], Loss::Mse);
    let time = Time {
        steps,
        target_every_step: false,
    };
    let mut network: Network = build(&spec, rows, time);
    let x = Array2::zeros((rows, steps));
    network.initialize(x.view()).expect("weights");
    let y = Array2::ones((rows, 1));
    let batch = Batch {
        x: x.view().into(),
        y: TargetsView::Values(y.view()),
    };
    network
        .probe_with(&batch, &ProbeOptions::default())
        .expect("a probe");
    let seen = network.through_time(&network.spectral_radii()).remove(0);
    assert_eq!((seen.gate, seen.radius), (Some(0.5), Some(0.0)));
    let last = steps - 1;
    assert!(seen.norms[last] > 0.0 && seen.norms[..last].iter().all(|n| *n == 0.0));
    assert_eq!(seen.state[last], seen.norms[last]);
    // half through the output gate, half of that through the forget gate
    assert!((seen.state[last - 1] / seen.state[last] - 0.25).abs() < 1e-6);
    for pair in seen.state[..last].windows(2) {
        assert!((pair[0] / pair[1] - 0.5).abs() < 1e-6, "{pair:?}");
    }
}

#[test]
fn an_lstm_learns_to_add_two_marked_numbers() {
    let (rows, steps) = (32, 8);
    let spec = stack(
        vec![
            recurrent(2, 16, Cell::Lstm { forget_bias: 1.0 }, Activation::Tanh),
            layer(16, 1, Activation::Linear),
        ],
        Loss::Mse,
    );
    let time = Time {
        steps,
        target_every_step: false,
    };
    let mut network: Network = build(&spec, rows, time);
    let values = make::inputs(rows, steps, 5);
    let marked = |row: usize| [row % 4, 4 + row % 3];
    let x = Array2::from_shape_fn((rows, steps * 2), |(row, at)| match at % 2 {
        0 => values[[row, at / 2]],
        _ => f32::from(marked(row).contains(&(at / 2))),
    });
    let y = Array2::from_shape_fn((rows, 1), |(row, _)| {
        marked(row).iter().map(|&t| values[[row, t]]).sum()
    });
    network.initialize(x.view()).expect("weights");
    let batch = Batch {
        x: x.view().into(),
        y: TargetsView::Values(y.view()),
    };
    let adam = hyper(Optimizer::named("adam").expect("adam"));
    let before = network.evaluate(&batch).expect("a score").loss;
    for _ in 0..500 {
        let outcome = network
            .step(&batch, &adam, 0.01, Observe::Loss)
            .expect("a step");
        assert!(outcome.first_non_finite.is_none());
    }
    let after = network.evaluate(&batch).expect("a score").loss;
    assert!(after < 0.02 * before, "{before} {after}");
}

#[test]
fn what_does_not_fit_recurrent_layers_is_refused() {
    let options = |time| BuildOptions {
        seed: 1,
        batch_rows: 4,
        threads: 1,
        time,
    };
    let time = Some(Time {
        steps: 3,
        target_every_step: false,
    });
    let cell = || recurrent(2, 4, Cell::Plain, Activation::Tanh);
    let head = || layer(4, 1, Activation::Linear);
    let good = stack(vec![cell(), head()], Loss::Mse);
    assert!(Network::<f32>::new(&good, &options(time)).is_ok());
    let refused = |spec: &NetworkSpec, time| Network::<f32>::new(spec, &options(time)).err();
    assert_eq!(
        refused(&good, None),
        Some(BuildError::NoSequences { layer: 0 })
    );
    let above = stack(
        vec![layer(2, 2, Activation::Tanh), cell(), head()],
        Loss::Mse,
    );
    assert_eq!(
        refused(&above, time),
        Some(BuildError::RecurrentAboveDense { layer: 1 })
    );
    let dropped = LayerSpec {
        dropout: 0.5,
        ..cell()
    };
    let option = refused(&stack(vec![dropped, head()], Loss::Mse), time);
    assert!(matches!(
        option,
        Some(BuildError::RecurrentOption { layer: 0, .. })
    ));
}

/// PyTorch's default draws biases too, but not where something else is said of them.
#[test]
fn biases_are_drawn_as_they_say() {
    let mut spec = recurrent(3, 4, Cell::Gru, Activation::Tanh);
    spec.init = Initializer::TorchDefault;
    for (bias, zero) in [
        (Initializer::Zeros, true),
        (Initializer::TorchDefault, false),
    ] {
        spec.bias = Bias::Drawn(bias);
        let layers = vec![spec.clone(), layer(4, 1, Activation::Linear)];
        let time = Time {
            steps: 2,
            target_every_step: false,
        };
        let mut network: Network = build(&stack(layers, Loss::Mse), 2, time);
        network
            .initialize(Array2::zeros((2, 6)).view())
            .expect("drawn");
        let parameters = network.parameters();
        for name in ["layers.0.bias_ih", "layers.0.bias_hh"] {
            let drawn = &find(&parameters, name).data;
            assert_eq!(drawn.iter().all(|b| *b == 0.0), zero, "{name}");
        }
    }
}
