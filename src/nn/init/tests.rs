use super::*;
use crate::nn::vocabulary::Vocabulary;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value as Json;

fn corrected(scale: f64, mode: FanMode) -> Initializer {
    Initializer::VarianceScaling {
        scale,
        mode,
        distribution: Distribution::TruncatedNormal,
    }
}

/// Our initializer for each of the reference's.
fn ours(key: &str, fan_in: usize) -> Initializer {
    match key {
        "zeros" => Initializer::Zeros,
        "ones" => Initializer::Ones,
        "constant(0.1)" => Initializer::Constant { value: 0.1 },
        "normal(0,1)" => Initializer::Normal {
            mean: 0.0,
            std: 1.0,
        },
        "normal(0,0.01)" => Initializer::Normal {
            mean: 0.0,
            std: 0.01,
        },
        "uniform(-0.05,0.05)" => Initializer::Uniform {
            min: -0.05,
            max: 0.05,
        },
        "uniform(-1,1)" => Initializer::Uniform {
            min: -1.0,
            max: 1.0,
        },
        "truncated_normal(0.05)" => Initializer::TruncatedNormal {
            mean: 0.0,
            std: 0.05,
        },
        "truncated_normal_corrected(0.05)" => corrected(0.0025 * fan_in as f64, FanMode::FanIn),
        "glorot_normal" => Initializer::GlorotNormal,
        "glorot_normal_keras" => corrected(1.0, FanMode::FanAvg),
        "glorot_uniform" => Initializer::GlorotUniform,
        "he_normal" => Initializer::HeNormal,
        "he_normal_keras" => corrected(2.0, FanMode::FanIn),
        "he_uniform" => Initializer::HeUniform,
        "lecun_normal" => Initializer::LecunNormal,
        "lecun_normal_keras" => corrected(1.0, FanMode::FanIn),
        "lecun_uniform" => Initializer::LecunUniform,
        "kaiming_uniform_sqrt5" => Initializer::TorchDefault,
        "orthogonal(1)" => Initializer::Orthogonal { gain: 1.0 },
        "orthogonal(1.41421356)" => Initializer::Orthogonal { gain: 2f64.sqrt() },
        other => panic!("no initializer for {other}"),
    }
}

/// Every case of the reference: (key, family, initializer, fan_in, fan_out, shape).
fn cases() -> Vec<(String, String, Initializer, usize, usize, Json)> {
    let text = include_str!("../../../tests/reference/initializers.json");
    let all: Json = serde_json::from_str(text).expect("the reference is JSON");
    let mut cases = Vec::new();
    for entry in all["initializers"].as_array().expect("a list") {
        for shape in entry["shapes"].as_array().expect("a list") {
            let count = |name: &str| shape[name].as_u64().expect("a count") as usize;
            let (fan_in, fan_out) = (count("fan_in"), count("fan_out"));
            let text = |name: &str| entry[name].as_str().expect("a text").to_string();
            let initializer = ours(&text("key"), fan_in);
            cases.push((
                text("key"),
                text("family"),
                initializer,
                fan_in,
                fan_out,
                shape.clone(),
            ));
        }
    }
    assert!(cases.len() > 100);
    cases
}

fn draw(
    initializer: &Initializer,
    fan_in: usize,
    fan_out: usize,
    rng: &mut ChaCha8Rng,
) -> Vec<f32> {
    let mut out = vec![f32::NAN; fan_in * fan_out];
    initializer.fill(fan_in, fan_out, rng, &mut out);
    out
}

#[test]
fn moments_and_ends_are_the_tables() {
    for (key, _, initializer, fan_in, fan_out, shape) in cases() {
        let near = |got: f64, want: &Json| {
            let want = want.as_f64().expect("a number");
            assert!(
                (got - want).abs() <= 1e-12 * want.abs(),
                "{key} {fan_in}x{fan_out}: {got} is not {want}"
            );
        };
        near(initializer.mean(fan_in, fan_out), &shape["mean"]);
        near(initializer.variance(fan_in, fan_out), &shape["variance"]);
        let (min, max) = initializer.support(fan_in, fan_out);
        match shape["support"].as_array() {
            Some(ends) => {
                near(min, &ends[0]);
                near(max, &ends[1]);
            }
            None => assert!(min.is_infinite() && max.is_infinite()),
        }
    }
}

/// Distance between the sample's distribution and the one we say we draw from.
fn kolmogorov_smirnov(sample: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    sample
        .iter()
        .enumerate()
        .map(|(i, &x)| {
            (cdf(x) - i as f64 / n)
                .abs()
                .max((cdf(x) - (i + 1) as f64 / n).abs())
        })
        .fold(0.0, f64::max)
}

fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)
}

#[test]
fn draws_have_the_tables_distribution() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (key, family, initializer, fan_in, fan_out, shape) in cases() {
        let bounds = &shape["pooled"];
        let (Some(draws), false) = (
            bounds["draws"].as_u64(),
            family == "orthogonal" || fan_in > 64,
        ) else {
            continue;
        };
        let mut sample: Vec<f64> = (0..draws)
            .flat_map(|_| draw(&initializer, fan_in, fan_out, &mut rng))
            .map(f64::from)
            .collect();
        let bound = |name: &str| bounds[name].as_f64().expect("a number");
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        assert!(mean.abs() <= bound("mean_abs_max"), "{key}: mean {mean}");
        let variance = sample.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let (low, high) = (
            bounds["variance"][0].as_f64(),
            bounds["variance"][1].as_f64(),
        );
        assert!(
            Some(variance) >= low && Some(variance) <= high,
            "{key}: variance {variance}"
        );
        let largest = sample.iter().fold(0.0f64, |m, w| m.max(w.abs()));
        let rounding = 1.0 + 2f64.powi(-23);
        assert!(
            largest >= bound("max_abs_at_least") && largest <= bound("max_abs_at_most") * rounding,
            "{key}: {largest}"
        );
        let std = initializer.variance(fan_in, fan_out).sqrt();
        let distance = kolmogorov_smirnov(&mut sample, |w| match family.as_str() {
            "normal" => normal_cdf(w / std),
            "uniform" => (w / std / 3f64.sqrt() + 1.0) / 2.0,
            "truncated_normal" => {
                let z = w / std * TRUNCATED_STD;
                (normal_cdf(z) - normal_cdf(-2.0)) / (normal_cdf(2.0) - normal_cdf(-2.0))
            }
            other => panic!("no distribution {other}"),
        });
        assert!(
            distance <= bound("ks_critical_alpha_1e-6"),
            "{key}: distance {distance}"
        );
    }
}

#[test]
fn constants_are_constant() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    assert_eq!(draw(&Initializer::Zeros, 3, 2, &mut rng), [0.0; 6]);
    assert_eq!(draw(&Initializer::Ones, 3, 2, &mut rng), [1.0; 6]);
    assert_eq!(
        draw(&Initializer::Constant { value: 0.5 }, 3, 2, &mut rng),
        [0.5; 6]
    );
    assert_eq!(
        draw(&Initializer::Identity { gain: 3.0 }, 3, 2, &mut rng),
        [3.0, 0.0, 0.0, 0.0, 3.0, 0.0]
    );
    assert_eq!(
        draw(&Initializer::Identity { gain: 3.0 }, 1, 3, &mut rng),
        [3.0, 0.0, 0.0]
    );
}

#[test]
fn orthogonal_rows_or_columns_are_orthonormal() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for (fan_in, fan_out) in [
        (784, 300),
        (100, 10),
        (64, 64),
        (10, 1000),
        (3, 5),
        (1, 1),
        (1, 7),
    ] {
        for gain in [1.0, -2f64.sqrt()] {
            let w = draw(&Initializer::Orthogonal { gain }, fan_in, fan_out, &mut rng);
            let at = |unit: usize, input: usize| f64::from(w[unit * fan_in + input]);
            let (count, length) = (fan_in.min(fan_out), fan_in.max(fan_out));
            let vector = |k: usize, i: usize| {
                if fan_out <= fan_in {
                    at(k, i)
                } else {
                    at(i, k)
                }
            };
            for a in 0..count {
                for b in (a..count).step_by(1 + count / 16) {
                    let product: f64 = (0..length).map(|i| vector(a, i) * vector(b, i)).sum();
                    let want = if a == b { gain * gain } else { 0.0 };
                    assert!(
                        (product - want).abs() <= 1e-5 * gain * gain,
                        "{fan_in}x{fan_out}: {product}"
                    );
                }
            }
        }
    }
}

#[test]
fn orthogonal_is_uniform_over_all_orthogonal_matrices() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut tested = 0;
    for (key, family, initializer, fan_in, fan_out, shape) in cases() {
        if family != "orthogonal" || fan_in * fan_out > 64 * 64 {
            continue;
        }
        let test = &shape["haar_test"];
        let draws = test["draws"].as_u64().expect("a count");
        let sample: Vec<f64> = (0..draws)
            .map(|_| f64::from(draw(&initializer, fan_in, fan_out, &mut rng)[0]))
            .collect();
        let mean = sample.iter().sum::<f64>() / draws as f64;
        assert!(
            mean.abs() <= test["mean_abs_max"].as_f64().expect("a number"),
            "{key}: mean {mean}"
        );
        let variance =
            sample.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (draws as f64 - 1.0);
        let (low, high) = (test["variance"][0].as_f64(), test["variance"][1].as_f64());
        assert!(
            Some(variance) >= low && Some(variance) <= high,
            "{key}: variance {variance}"
        );
        tested += 1;
    }
    assert!(tested >= 6);
}

#[test]
fn one_family_takes_the_same_draws() {
    let twin =
        |initializer: Initializer| draw(&initializer, 30, 20, &mut ChaCha8Rng::seed_from_u64(5));
    let ratio = (2.0f64 / 30.0).sqrt() * (25.0f64).sqrt();
    for (he, glorot) in twin(Initializer::HeNormal)
        .iter()
        .zip(twin(Initializer::GlorotNormal))
    {
        assert!((f64::from(*he) - ratio * f64::from(glorot)).abs() < 1e-6);
    }
}

#[test]
fn densities_integrate_to_one() {
    for entry in Initializer::entries() {
        let Some(initializer) = Initializer::named(entry.name) else {
            continue;
        };
        let (fan_in, fan_out) = (12, 9);
        if initializer.density(fan_in, fan_out, 0.0).is_none() {
            assert!(
                initializer.is_symmetric() || matches!(initializer, Initializer::Identity { .. }),
                "{}",
                entry.name
            );
            continue;
        }
        let (min, max) = initializer.support(fan_in, fan_out);
        let spread = 12.0 * initializer.variance(fan_in, fan_out).sqrt();
        let (low, high) = (min.max(-spread), max.min(spread));
        let n = 20_000;
        let step = (high - low) / f64::from(n);
        let (mut mass, mut second) = (0.0, 0.0);
        for i in 0..n {
            let x = low + (f64::from(i) + 0.5) * step;
            let p = initializer.density(fan_in, fan_out, x).expect("a density") * step;
            mass += p;
            second += p * x * x;
        }
        let variance = initializer.variance(fan_in, fan_out);
        assert!((mass - 1.0).abs() < 1e-6, "{}: {mass}", entry.name);
        assert!(
            (second / variance - 1.0).abs() < 1e-6,
            "{}: {second} is not {variance}",
            entry.name
        );
    }
}

#[test]
fn biases_have_the_layers_scale() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut bias = [0.0f32; 2000];
    Initializer::TorchDefault.fill_bias(25, 2000, &mut rng, &mut bias);
    let largest = bias.iter().fold(0.0f32, |m, b| m.max(b.abs()));
    assert!(largest <= 0.2 && largest > 0.19);
    Initializer::Orthogonal { gain: 2.0 }.fill_bias(25, 2000, &mut rng, &mut bias);
    let length: f64 = bias.iter().map(|b| f64::from(b * b)).sum();
    assert!((length - 4.0).abs() < 1e-5);
}
