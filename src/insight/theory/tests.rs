use super::*;
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::spec::{Bias, Cell, LayerKind, LayerSpec, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use serde_json::Value;

fn close(got: f64, want: f64, relative: f64, what: &str) {
    assert!(
        (got - want).abs() <= relative * want.abs() + 1e-300,
        "{what}: {got} is not {want}"
    );
}

fn named(name: &str) -> Activation {
    Activation::named(name).expect("activations have defaults")
}

fn layer(inputs: usize, units: usize, activation: Activation, init: Initializer) -> LayerSpec {
    LayerSpec {
        kind: LayerKind::Dense,
        inputs,
        units,
        activation,
        init,
        bias: Bias::Drawn(Initializer::Zeros),
        norm: Norm::None,
        dropout: 0.0,
        skip: false,
        frozen: false,
    }
}

/// `depth` hidden layers of `width`, then ten classes; `edit` changes the hidden layers.
fn network(
    depth: usize,
    width: usize,
    activation: &str,
    init: &Initializer,
    edit: impl Fn(&mut LayerSpec),
) -> NetworkSpec {
    let mut layers: Vec<LayerSpec> = (0..depth)
        .map(|_| {
            let mut layer = layer(width, width, named(activation), init.clone());
            edit(&mut layer);
            layer
        })
        .collect();
    layers.push(layer(
        width,
        10,
        Activation::Linear,
        Initializer::GlorotNormal,
    ));
    NetworkSpec {
        inputs: width,
        layers,
        loss: Loss::CrossEntropy,
        label_smoothing: 0.0,
    }
}

#[test]
fn integrals_at_one() {
    let at_one = |name: &str| Response::of(&named(name), 0.0, 1.0);
    for (name, f, g) in [
        ("tanh", 0.3942944904, 0.4644029024),
        ("logistic", 0.2933790359, 0.0448362414),
        ("elu", 0.6449454175, 0.6681020012),
        ("selu", 1.0, 1.071574992),
        ("relu", 0.5, 0.5),
        ("linear", 1.0, 1.0),
    ] {
        close(at_one(name).square, f, 2e-9, name);
        close(at_one(name).slope_square, g, 2e-9, name);
    }
}

#[test]
fn integrals_with_closed_forms_for_any_variance() {
    use std::f64::consts::{FRAC_2_PI, PI};
    for exponent in -12..=12 {
        let q = 10f64.powi(exponent);
        let erf = Response::of(&named("erf"), 0.0, q);
        close(
            erf.square,
            FRAC_2_PI * (2.0 * q / (1.0 + 2.0 * q)).asin(),
            1e-10,
            "erf",
        );
        close(
            erf.slope_square,
            4.0 / PI / (1.0 + 4.0 * q).sqrt(),
            1e-10,
            "erf'",
        );
        let slope = 0.2;
        let leaky = Response::of(&Activation::LeakyRelu { slope }, 0.0, q);
        close(
            leaky.square,
            q * (1.0 + slope * slope) / 2.0,
            1e-12,
            "leaky-relu",
        );
        close(
            leaky.slope_square,
            (1.0 + slope * slope) / 2.0,
            1e-12,
            "leaky-relu'",
        );
        // logistic(z) = ½(1 + tanh(z/2))
        let (logistic, tanh) = (
            Response::of(&named("logistic"), 0.0, q),
            Response::of(&named("tanh"), 0.0, q / 4.0),
        );
        close(
            logistic.square,
            0.25 * (1.0 + tanh.square),
            1e-10,
            "logistic",
        );
        close(
            logistic.slope_square,
            tanh.slope_square / 16.0,
            1e-10,
            "logistic'",
        );
        let sine = Response::of(&named("sine"), 0.0, q);
        close(sine.square, -0.5 * (-2.0 * q).exp_m1(), 1e-10, "sine");
        close(sine.square + sine.slope_square, 1.0, 1e-12, "sin² + cos²");
    }
    // selu at a large q, through e^{2q}Φ(-2√q) = ½ erfcx(√(2q)) ~ 1/(2√(2πq)).
    let q = 1e10;
    let (alpha, lambda) = (1.6732632423543773f64, 1.0507009873554805f64);
    let tail = 0.5 / (2.0 * PI * q).sqrt();
    let selu = Response::of(&named("selu"), 0.0, q);
    close(
        selu.slope_square,
        lambda.powi(2) * (0.5 + alpha.powi(2) * tail),
        1e-10,
        "selu'",
    );
}

#[test]
fn covariances_meet_their_ends_and_closed_forms() {
    for entry in Activation::entries() {
        let response = Response::of(&named(entry.name), 0.0, 0.7);
        let rrelu = entry.name == "rrelu";
        // rrelu draws another slope in every row, so that equal rows differ.
        let slack = if rrelu { 0.1 } else { 1e-9 };
        close(response.covariance(1.0), response.square, slack, entry.name);
        close(
            response.slope_covariance(1.0),
            response.slope_square,
            slack,
            entry.name,
        );
        assert!(
            (response.covariance(0.0) - response.mean.powi(2)).abs() < 1e-12,
            "{}",
            entry.name
        );
        assert!(response.covariance(0.5) <= response.square);
    }
    // relu: the arc-cosine kernel (Cho & Saul 2009).
    let relu = Response::of(&named("relu"), 0.0, 2.0);
    for c in [-0.9f64, -0.3, 0.0, 0.4, 0.8, 0.95] {
        let angle = c.acos();
        let want = 2.0 / std::f64::consts::TAU
            * ((std::f64::consts::PI - angle) * c + (1.0 - c * c).sqrt());
        assert!(
            (relu.covariance(c) - want).abs() < 2e-3,
            "{c}: {} is not {want}",
            relu.covariance(c)
        );
    }
    let erf = Response::of(&named("erf"), 0.0, 1.0);
    let want = std::f64::consts::FRAC_2_PI * (2.0f64 * 0.5 / 3.0).asin();
    close(erf.covariance(0.5), want, 1e-9, "erf");
    let sine = Response::of(&named("sine"), 0.0, 1.0);
    close(
        sine.covariance(0.5),
        (-1f64).exp() * 0.5f64.sinh(),
        1e-12,
        "sine",
    );
}

#[test]
fn rrelu_has_the_scatter_of_its_slopes() {
    let (lower, upper) = (0.125, 1.0 / 3.0);
    let response = Response::of(&Activation::Rrelu { lower, upper }, 0.0, 3.0);
    let mean_square = (lower * lower + lower * upper + upper * upper) / 3.0;
    close(response.square, 1.5 * (1.0 + mean_square), 1e-12, "square");
    close(
        response.slope_square,
        0.5 * (1.0 + mean_square),
        1e-12,
        "slope",
    );
}

#[test]
fn maps_are_the_references() {
    let text = include_str!("../../../tests/reference/meanfield.json");
    let all: Value = serde_json::from_str(text).expect("the reference is JSON");
    let entries = all.as_array().expect("a list");
    assert!(entries.len() > 60);
    for entry in entries {
        let name = entry["activation"].as_str().expect("a name");
        let activation = named(name);
        let number = |value: &Value| value.as_f64();
        let (sigma_w2, sigma_b2) = (
            number(&entry["sigma_w2"]).unwrap(),
            number(&entry["sigma_b2"]).unwrap(),
        );
        let (qs, chis) = (
            entry["q"].as_array().expect("a list"),
            entry["chi"].as_array().expect("a list"),
        );
        let mut q = 1.0;
        for (l, chi) in chis.iter().enumerate() {
            let (Some(want_q), Some(want_chi)) = (number(&qs[l]), number(chi)) else {
                break;
            };
            close(
                q,
                want_q,
                1e-9,
                &format!("{name} {sigma_w2} {sigma_b2} q[{l}]"),
            );
            let response = Response::of(&activation, 0.0, q);
            close(
                sigma_w2 * response.slope_square,
                want_chi,
                1e-9,
                &format!("{name} {sigma_w2} chi[{l}]"),
            );
            q = sigma_w2 * response.square + sigma_b2;
        }
        check_fixed_point(entry, &activation, sigma_w2, sigma_b2);
    }
}

fn check_fixed_point(entry: &Value, activation: &Activation, sigma_w2: f64, sigma_b2: f64) {
    let what = format!("{} {sigma_w2} {sigma_b2}", activation.name());
    let got = fixed_point(activation, sigma_w2, sigma_b2);
    match entry["fixed_point"].as_str().expect("a word") {
        "finite" | "zero" | "every q is a fixed point" => {
            // Critical maps may take more than our thousand steps; then we say nothing rather than something wrong.
            let Some(got) = got else {
                assert!(entry["regime"] == "critical", "{what}: not settled");
                return;
            };
            let want = entry["q_star"].as_f64().expect("a number");
            assert!(
                (got.q_star - want).abs() <= 1e-8 * want + 1e-12,
                "{what}: q* {} is not {want}",
                got.q_star
            );
            close(
                got.chi_star,
                entry["chi_star"].as_f64().expect("a number"),
                1e-7,
                &what,
            );
            match entry["depth_scale"].as_f64() {
                Some(want) => close(got.depth_scale.expect("a depth scale"), want, 1e-5, &what),
                None => assert_eq!(got.depth_scale, None, "{what}"),
            }
        }
        "diverges" => assert!(
            got.is_none_or(|f| f.q_star.is_infinite()),
            "{what}: {got:?}"
        ),
        _ => assert!(
            got.is_none_or(|f| f.q_star.is_infinite() || f.q_star < 1e-3),
            "{what}: {got:?}"
        ),
    }
}

#[test]
fn a_logistic_net_from_the_standard_normal_depends_on_its_width() {
    for (width, chi) in [
        (10, 0.31),
        (50, 0.71),
        (75, 0.86),
        (100, 0.986),
        (300, 1.68),
        (1000, 3.02),
    ] {
        let got = fixed_point(&Activation::Logistic, f64::from(width), 0.0).expect("it settles");
        assert!(
            (got.chi_star - chi).abs() < 0.006,
            "{width}: {}",
            got.chi_star
        );
    }
}

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
    close(
        theory.chi.expect("chi"),
        (10.0f64 * 0.1 * 0.5 / 1.0).powf(0.1),
        1e-9,
        "chi",
    );
}
