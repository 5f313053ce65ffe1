//! The integrals and maps of one activation.

use super::{close, named};
use crate::insight::theory::{Response, fixed_point};
use crate::nn::activation::Activation;
use crate::nn::vocabulary::Vocabulary;
use serde_json::Value;

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
    let text = include_str!("../../../../tests/reference/meanfield.json");
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
