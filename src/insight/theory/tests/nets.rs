//! Whole networks.

use super::{close, network};
use crate::insight::theory::{Setting, predict};
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, Cell, LayerKind, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// E[δ²] at the bottom over that at the top of twenty equal layers, the bottom one at q = 1.
fn over_twenty(activation: &str, init: &Initializer) -> f64 {
    let spec = network(20, 100, activation, init, |_| {});
    let first = 100.0 * init.variance(100, 100);
    let setting = Setting {
        input_q: 1.0 / first,
        ..Setting::standardized(32)
    };
    let theory = predict(&spec, &setting).expect("plain layers have a theory");
    let chis: Vec<f64> = theory.layers.iter().filter_map(|l| l.chi).collect();
    // The top hidden layer's factor passes through the output layer's own weights: replace it by that of equal widths.
    let output = 10.0 * Initializer::GlorotNormal.variance(100, 10);
    chis.iter().product::<f64>() * first / output
}

#[test]
fn the_textbooks_pairs_over_twenty_layers() {
    for (activation, init, want) in [
        ("tanh", Initializer::GlorotNormal, 0.036),
        ("logistic", Initializer::GlorotNormal, 6.6e-26),
        ("relu", Initializer::HeNormal, 1.0),
        ("elu", Initializer::HeNormal, 31.0),
        ("selu", Initializer::LecunNormal, 3.99),
        ("relu", Initializer::TorchDefault, 2.7e-16),
    ] {
        close(over_twenty(activation, &init), want, 0.02, activation);
    }
}

/// What is measured on a small net of plain loops, for one draw: (out², δ², gradient²) of every layer.
struct Measured {
    out: Vec<f64>,
    delta: Vec<f64>,
    grad: Vec<f64>,
}

fn measure(spec: &NetworkSpec, batch: usize, rng: &mut ChaCha8Rng) -> Measured {
    let mut normal =
        |n: usize| -> Vec<f64> { (0..n).map(|_| rng.sample(StandardNormal)).collect() };
    let mut x: Vec<Vec<f64>> = (0..batch).map(|_| normal(spec.inputs)).collect();
    let mut measured = Measured {
        out: vec![],
        delta: vec![],
        grad: vec![],
    };
    let (mut weights, mut inputs, mut slopes, mut masks) = (vec![], vec![], vec![], vec![]);
    for layer in &spec.layers {
        let mut w = vec![0.0f64; layer.inputs * layer.units];
        layer.init.fill(layer.inputs, layer.units, rng, &mut w);
        let mut b = vec![0.0f64; layer.units];
        if let Bias::Drawn(init) = &layer.bias {
            init.fill_bias(layer.inputs, layer.units, rng, &mut b);
        }
        let pre: Vec<Vec<f64>> = x
            .iter()
            .map(|row| {
                w.chunks(layer.inputs)
                    .zip(&b)
                    .map(|(w, b)| b + dot(w, row))
                    .collect()
            })
            .collect();
        let keep = 1.0 - layer.dropout;
        let mask: Vec<Vec<f64>> = pre
            .iter()
            .map(|row| {
                row.iter()
                    .map(|_| {
                        if rng.random::<f64>() < keep {
                            1.0 / keep
                        } else {
                            0.0
                        }
                    })
                    .collect()
            })
            .collect();
        let out: Vec<Vec<f64>> = (0..batch)
            .map(|r| {
                (0..layer.units)
                    .map(|u| {
                        let carried = if layer.skip { x[r][u] } else { 0.0 };
                        layer.activation.value_at(pre[r][u]) * mask[r][u] + carried
                    })
                    .collect()
            })
            .collect();
        measured.out.push(mean_square(&out));
        slopes.push(
            pre.iter()
                .map(|row| {
                    row.iter()
                        .map(|z| layer.activation.derivative_at(*z))
                        .collect()
                })
                .collect::<Vec<Vec<f64>>>(),
        );
        weights.push(w);
        masks.push(mask);
        inputs.push(std::mem::replace(&mut x, out));
    }
    let mut error: Vec<Vec<f64>> = x
        .iter()
        .map(|logits| {
            let sum: f64 = logits.iter().map(|z| z.exp()).sum();
            let class = rng.random_range(0..logits.len());
            logits
                .iter()
                .enumerate()
                .map(|(k, z)| z.exp() / sum - if k == class { 1.0 } else { 0.0 })
                .collect()
        })
        .collect();
    for (l, layer) in spec.layers.iter().enumerate().rev() {
        let delta: Vec<Vec<f64>> = (0..batch)
            .map(|r| {
                (0..layer.units)
                    .map(|u| error[r][u] * slopes[l][r][u] * masks[l][r][u])
                    .collect()
            })
            .collect();
        measured.delta.push(mean_square(&delta));
        let mut grad = vec![0.0; layer.inputs * layer.units];
        for (delta, input) in delta.iter().zip(&inputs[l]) {
            for (row, d) in grad.chunks_mut(layer.inputs).zip(delta) {
                row.iter_mut()
                    .zip(input)
                    .for_each(|(g, x)| *g += d * x / batch as f64);
            }
        }
        measured.grad.push(mean_square(&[grad]));
        error = (0..batch)
            .map(|r| {
                let mut below = if layer.skip {
                    error[r].clone()
                } else {
                    vec![0.0; layer.inputs]
                };
                for (w, d) in weights[l].chunks(layer.inputs).zip(&delta[r]) {
                    below.iter_mut().zip(w).for_each(|(b, w)| *b += d * w);
                }
                below
            })
            .collect();
    }
    measured.delta.reverse();
    measured.grad.reverse();
    measured
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn mean_square(rows: &[Vec<f64>]) -> f64 {
    let n: usize = rows.iter().map(Vec::len).sum();
    rows.iter().flatten().map(|x| x * x).sum::<f64>() / n as f64
}

fn check_measured(what: &str, spec: &NetworkSpec) {
    let (batch, draws) = (16, 4);
    let theory = predict(spec, &Setting::standardized(batch)).expect("a theory");
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let runs: Vec<Measured> = (0..draws).map(|_| measure(spec, batch, &mut rng)).collect();
    for (l, predicted) in theory.layers.iter().enumerate() {
        let mean = |f: fn(&Measured) -> &[f64]| {
            runs.iter().map(|m| f(m)[l]).sum::<f64>() / f64::from(draws)
        };
        let near = |name: &str, got: f64, want: f64| {
            let decades = (got.sqrt() / want).log10();
            assert!(
                decades.abs() < 0.1,
                "{what}, layer {l}, {name}: measured {:e}, theory {want:e}",
                got.sqrt()
            );
        };
        near("out_rms", mean(|m| &m.out), predicted.out_rms);
        near("delta_rms", mean(|m| &m.delta), predicted.delta_rms);
        near("grad_rms", mean(|m| &m.grad), predicted.grad_rms);
    }
}

#[test]
fn small_nets_behave_as_predicted() {
    let normal = Initializer::Normal {
        mean: 0.0,
        std: 1.0,
    };
    check_measured(
        "tanh",
        &network(4, 150, "tanh", &Initializer::GlorotNormal, |_| {}),
    );
    check_measured(
        "relu",
        &network(4, 150, "relu", &Initializer::HeUniform, |_| {}),
    );
    check_measured(
        "relu orthogonal",
        &network(
            4,
            150,
            "relu",
            &Initializer::Orthogonal { gain: 1.4 },
            |_| {},
        ),
    );
    check_measured("logistic", &network(4, 150, "logistic", &normal, |_| {}));
    check_measured(
        "selu",
        &network(4, 150, "selu", &Initializer::LecunNormal, |_| {}),
    );
    check_measured(
        "torch",
        &network(4, 150, "relu", &Initializer::TorchDefault, |l| {
            l.bias = Bias::Drawn(Initializer::TorchDefault);
        }),
    );
    check_measured(
        "constant bias",
        &network(4, 150, "tanh", &Initializer::GlorotNormal, |l| {
            l.bias = Bias::Drawn(Initializer::Constant { value: 0.5 });
        }),
    );
    check_measured(
        "skip",
        &network(4, 150, "relu", &Initializer::LecunNormal, |l| l.skip = true),
    );
    check_measured(
        "dropout",
        &network(4, 150, "relu", &Initializer::HeNormal, |l| l.dropout = 0.4),
    );
}

#[test]
fn a_thousand_layers_stay_in_range() {
    let spec = network(200, 20, "logistic", &Initializer::GlorotNormal, |_| {});
    let theory = predict(&spec, &Setting::standardized(32)).expect("a theory");
    let bottom = theory.layers[0];
    assert!(
        bottom.delta_rms > 0.0 && bottom.delta_rms < 1e-100,
        "{bottom:?}"
    );
    let spec = network(
        1000,
        100,
        "relu",
        &Initializer::Normal {
            mean: 0.0,
            std: 1.0,
        },
        |_| {},
    );
    let theory = predict(&spec, &Setting::standardized(32)).expect("a theory");
    assert!(
        theory
            .layers
            .iter()
            .all(|l| !l.q_pre.is_nan() && !l.delta_rms.is_nan() && !l.grad_rms.is_nan())
    );
    assert!(theory.layers[999].q_pre.is_infinite());
}

/// E[e^{2z}] is carried by units that layers of a usual width hardly have.
#[test]
fn averages_of_exponentials_are_said_to_be_rough() {
    let draw = Initializer::named("lecun-normal").expect("an initializer");
    for (activation, rough) in [("exponential", true), ("tanh", false)] {
        let spec = network(6, 100, activation, &draw, |_| {});
        let theory = predict(&spec, &Setting::standardized(64)).expect("a theory");
        assert_eq!(theory.approximate.is_some(), rough, "{activation}");
    }
}

#[test]
fn norms_set_the_signal() {
    let loud = Initializer::Normal {
        mean: 0.0,
        std: 1.0,
    };
    for norm in ["batch", "layer"] {
        let norm = Norm::named(norm).expect("norms have defaults");
        let spec = network(6, 100, "relu", &loud, |l| l.norm = norm.clone());
        let theory = predict(&spec, &Setting::standardized(64)).expect("a theory");
        assert!(theory.approximate.is_some());
        assert!(
            theory.layers[..6]
                .iter()
                .all(|l| (l.q_pre - 1.0).abs() < 1e-4),
            "{:?}",
            theory.layers
        );
    }
}

#[test]
fn what_has_no_theory_says_why() {
    let says = |spec: &NetworkSpec| {
        predict(spec, &Setting::standardized(32))
            .expect_err("no theory")
            .to_string()
    };
    let constant = network(3, 50, "tanh", &Initializer::Constant { value: 0.1 }, |_| {});
    assert!(says(&constant).starts_with("no theory: layer 1 has weights whose mean is not 0"));
    assert!(
        says(&network(
            3,
            50,
            "tanh",
            &Initializer::Identity { gain: 1.0 },
            |_| {}
        ))
        .contains("identity")
    );
    let mut recurrent = network(3, 50, "tanh", &Initializer::GlorotNormal, |_| {});
    recurrent.layers[1].kind = LayerKind::Recurrent {
        cell: Cell::Plain,
        recurrent_init: Initializer::Orthogonal { gain: 1.0 },
    };
    assert!(says(&recurrent).starts_with("no theory: layer 2 is recurrent"));
}

#[test]
fn zero_weights_carry_nothing() {
    let spec = network(3, 50, "relu", &Initializer::Zeros, |_| {});
    let theory = predict(&spec, &Setting::standardized(32)).expect("a theory");
    assert_eq!(theory.layers[0].delta_rms, 0.0);
    assert_eq!(theory.layers[0].grad_norm, 0.0);
    assert_eq!(theory.chi, None);
}

#[test]
fn lsuv_sets_every_pre_activation_to_one() {
    let spec = network(6, 100, "logistic", &Initializer::Lsuv, |_| {});
    let theory = predict(
        &spec,
        &Setting {
            input_q: 7.0,
            ..Setting::standardized(32)
        },
    )
    .expect("a theory");
    assert!(
        theory.layers[..6]
            .iter()
            .all(|l| (l.q_pre - 1.0).abs() < 1e-12)
    );
}

#[test]
fn finite_width_widens_the_band() {
    let narrow = network(10, 10, "relu", &Initializer::HeNormal, |_| {});
    let theory = predict(&narrow, &Setting::standardized(32)).expect("a theory");
    close(theory.trust, 5.0, 1e-12, "trust");
}

/// A step from the output layer has the targets' width, and says nothing of depth.
#[test]
fn chi_is_that_between_hidden_layers() {
    let chi = |hidden| {
        let spec = network(hidden, 10, "relu", &Initializer::HeNormal, |_| {});
        let theory = predict(&spec, &Setting::standardized(32)).expect("a theory");
        theory.chi.expect("chi")
    };
    close(chi(10), 1.0, 1e-12, "chi of ten");
    let spec = network(10, 10, "relu", &Initializer::HeNormal, |_| {});
    let theory = predict(&spec, &Setting::standardized(32)).expect("a theory");
    assert_eq!(theory.depth_scale, None, "critical");
    close(chi(1), 10.0 * 0.1 * 0.5, 1e-9, "chi of one");
}

/// What nobody waits for any more is no theory, rather than a wrong one.
#[test]
fn theory_that_is_cut_off_is_none() {
    use crate::insight::cutoff;
    let spec = network(12, 100, "tanh", &Initializer::GlorotNormal, |_| {});
    let setting = Setting::standardized(32);
    assert!(predict(&spec, &setting).is_ok());
    // Whenever that comes, and after how many looks at it.
    for most in [0, 1, 5, 11, 12, 40] {
        let looks = std::cell::Cell::new(0);
        let unwanted = move || looks.replace(looks.get() + 1) >= most;
        let cut = cutoff::until(unwanted, || predict(&spec, &setting));
        assert!(cut.is_err(), "{most}");
    }
    assert!(predict(&spec, &setting).is_ok());
}
