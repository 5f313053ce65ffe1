//! The error signal at the output layer before the first step, from the loss and the variance of the output.

use super::Setting;
use super::pairs::{Each, Pairs};
use super::response::Response;
use crate::insight::cutoff;
use crate::nn::activation::Activation;
use crate::nn::loss::Loss;
use std::f64::consts::{FRAC_2_PI, TAU};

/// Mean square, and mean product over two different rows of every group of pairs, of ∂L/∂output times the batch size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutputDelta {
    pub square: f64,
    pub covariance: Each,
}

/// For outputs ~ N(0, q) with covariance `c` between two rows of a group; classes drawn evenly.
pub fn output_delta(
    loss: &Loss,
    smoothing: f64,
    outputs: usize,
    q: f64,
    c: &Each,
    setting: &Setting,
) -> OutputDelta {
    let width = outputs.max(1) as f64;
    match *loss {
        Loss::CrossEntropy => cross_entropy(smoothing, width, q, c, setting),
        Loss::BinaryCrossEntropy => binary(smoothing, width, q, c, setting),
        _ => residuals(loss, width, q, c, setting),
    }
}

fn of_pairs(c: &Each, setting: &Setting, of: impl Fn(f64, &Pairs) -> f64) -> Each {
    std::array::from_fn(|group| of(c[group], &setting.pairs[group]))
}

/// Losses of the difference between output and target.
fn residuals(loss: &Loss, width: f64, q: f64, c: &Each, setting: &Setting) -> OutputDelta {
    let residual = q + setting.target_q;
    // All rows have the targets' mean in common; about it their residuals have this variance and correlation.
    let mean = setting.target_mean;
    let variance = (residual - mean * mean).max(0.0);
    let correlation = |c: f64, pairs: &Pairs| match variance > 0.0 {
        true => ((c + pairs.target - mean * mean) / variance).clamp(-1.0, 1.0),
        false => 0.0,
    };
    match *loss {
        // E[sign r · sign r'] of two normal numbers about their means' signs: exact about 0, and where they are independent.
        Loss::Mae => {
            let scale = (2.0 * q).sqrt().max(f64::MIN_POSITIVE);
            let signs = setting.targets.iter().map(|y| libm::erf(y / scale));
            let sign = signs.sum::<f64>() / setting.targets.len() as f64;
            let product = |c, pairs: &Pairs| {
                let apart = FRAC_2_PI * correlation(c, pairs).asin();
                (sign * sign + (1.0 - sign * sign) * apart) / width.powi(2)
            };
            OutputDelta {
                square: width.powi(-2),
                covariance: of_pairs(c, setting, product),
            }
        }
        Loss::Huber { delta } => {
            let clipped = Response::of(
                &Activation::HardTanh,
                mean / delta,
                variance / (delta * delta),
            );
            let scale = (delta / width).powi(2);
            let product = |c, pairs: &Pairs| scale * clipped.covariance(correlation(c, pairs));
            OutputDelta {
                square: scale * clipped.square,
                covariance: of_pairs(c, setting, product),
            }
        }
        _ => OutputDelta {
            square: 4.0 * residual / width.powi(2),
            covariance: of_pairs(c, setting, |c, pairs| {
                4.0 * (c + pairs.target) / width.powi(2)
            }),
        },
    }
}

/// δ = p - y, with y the smoothed classes.
fn cross_entropy(smoothing: f64, classes: f64, q: f64, c: &Each, setting: &Setting) -> OutputDelta {
    let confidence = softmax_square(classes, q);
    // Σ y·y' of two rows that are of one class with this probability.
    let target = |alike: f64| {
        (1.0 - smoothing).powi(2) * alike
            + 2.0 * (1.0 - smoothing) * smoothing / classes
            + smoothing.powi(2) / classes
    };
    // Two rows' Σ p·p' runs from 1/K at no correlation to Σ p²; in between its logarithm is taken for proportional to the
    // correlation, which is exact for small q (log-normal numbers) and close for large.
    let spread = (classes * confidence).ln();
    let common = |c: f64| match q > 0.0 && spread > 0.0 {
        true => (confidence - 1.0 / classes) * (spread * c / q).exp_m1() / spread.exp_m1(),
        false => 0.0,
    };
    OutputDelta {
        square: (confidence - 2.0 / classes + target(1.0)) / classes,
        covariance: of_pairs(c, setting, |c, pairs| {
            let alike = pairs.alike.unwrap_or(1.0 / classes);
            (common(c) - 1.0 / classes + target(alike)) / classes
        }),
    }
}

/// δ = (p - y) / outputs with p = logistic(z), whose mean is ½, and y the smoothed targets.
fn binary(smoothing: f64, outputs: f64, q: f64, c: &Each, setting: &Setting) -> OutputDelta {
    let logistic = Response::of(&Activation::Logistic, 0.0, q);
    // Numbers that are no probabilities stand for targets that are not known: two classes, evenly.
    let known = setting.target_q <= setting.target_mean * (1.0 + 1e-9);
    let (square, mean) = match known {
        true => (setting.target_q, setting.target_mean),
        false => (0.5, 0.5),
    };
    let kept = 1.0 - smoothing;
    let smoothed =
        |product: f64| kept * kept * product + kept * smoothing * mean + smoothing.powi(2) / 4.0;
    let level = kept * mean + smoothing / 2.0;
    let correlation = |c: f64| if q > 0.0 { c / q } else { 0.0 };
    let delta = |p: f64, y: f64| (p - level + smoothed(y)) / outputs.powi(2);
    OutputDelta {
        square: delta(logistic.square, square),
        covariance: of_pairs(c, setting, |c, pairs| {
            let target = if known { pairs.target } else { 0.25 };
            delta(logistic.covariance(correlation(c)), target)
        }),
    }
}

/// E[Σ p²] of the softmax of K independent logits ~ N(0, q).
///
/// With 1/s² = ∫ t e^{-ts} dt it is K ∫ t²·E[e^{2z - t·e^z}]·E[e^{-t·e^z}]^{K-1} d ln t: two sums in one variable each.
fn softmax_square(classes: f64, q: f64) -> f64 {
    if classes < 2.0 {
        return 1.0;
    }
    // Beyond this the largest logit takes nearly everything, and the figure hardly moves.
    let std = q.clamp(0.0, 900.0).sqrt();
    if std < 1e-6 {
        return 1.0 / classes;
    }
    let logits: Vec<(f64, f64)> = normal_sum(std);
    let reach = 9.0 * std + 6.0;
    let (low, high) = (-classes.ln() - reach - 12.0, reach);
    let count = ((high - low) / 0.1).ceil();
    let step = (high - low) / count;
    let mut total = 0.0;
    for i in 0..=count as usize {
        if cutoff::is_reached() {
            break;
        }
        let log_t = low + i as f64 * step;
        let (weighted, survival) = tails(&logits, log_t);
        total += weighted * survival.powf(classes - 1.0) * step;
    }
    (classes * total).clamp(1.0 / classes, 1.0)
}

/// e^{-e^y} is exactly 0 beyond this y, and exactly 1 below the other.
const TAIL_ENDS: f64 = 6.615;
const TAIL_BEGINS: f64 = -37.5;

/// E[x²·e^{-x}] and E[e^{-x}] of x = e^{log_t + z}, for the nodes and weights of z from the lowest up.
fn tails(logits: &[(f64, f64)], log_t: f64) -> (f64, f64) {
    let (mut weighted, mut survival) = (0.0, 0.0);
    for (z, weight) in logits {
        let y = log_t + z;
        if y > TAIL_ENDS {
            // Nothing is added from here on, and an exponential that underflows is a dear one.
            break;
        }
        let x = y.exp();
        let tail = match y < TAIL_BEGINS {
            true => *weight,
            false => weight * (-x).exp(),
        };
        weighted += x * x * tail;
        survival += tail;
    }
    (weighted, survival)
}

/// Nodes and weights of E[f(z)] for a smooth f of z ~ N(0, std²): equal steps, which converge fast here, at most ⅓ apart.
fn normal_sum(std: f64) -> Vec<(f64, f64)> {
    let half = (27.0 * std).ceil().max(40.0) as i32;
    let step = 9.0 / f64::from(half);
    (-half..=half)
        .map(|i| {
            let u = f64::from(i) * step;
            (std * u, step * (-0.5 * u * u).exp() / TAU.sqrt())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::StandardNormal;

    /// E[Σ p²] by drawing.
    fn drawn(classes: usize, q: f64) -> f64 {
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let draws = 4000;
        let mut total = 0.0;
        for _ in 0..draws {
            let logits: Vec<f64> = (0..classes)
                .map(|_| q.sqrt() * rng.sample::<f64, _>(StandardNormal))
                .collect();
            let largest = logits.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = logits.iter().map(|z| (z - largest).exp()).sum();
            total += logits
                .iter()
                .map(|z| ((z - largest).exp() / sum).powi(2))
                .sum::<f64>();
        }
        total / f64::from(draws)
    }

    /// What is left out is nothing, to the last bit.
    #[test]
    fn the_tails_are_those_of_all_nodes() {
        let tail = |y: f64| (-y.exp()).exp();
        assert_eq!((tail(TAIL_BEGINS), tail(TAIL_ENDS)), (1.0, 0.0));
        for std in [0.01, 0.5, 1.0, 3.0, 30.0] {
            let logits = normal_sum(std);
            for i in -80..=80 {
                let log_t = f64::from(i) * 0.37 * std.max(1.0);
                let (mut weighted, mut survival) = (0.0, 0.0);
                for (z, weight) in &logits {
                    let x = (log_t + z).min(100.0).exp();
                    let tail = weight * (-x).exp();
                    weighted += x * x * tail;
                    survival += tail;
                }
                assert_eq!(tails(&logits, log_t), (weighted, survival));
            }
        }
    }

    #[test]
    fn confidence_of_a_softmax_at_the_start() {
        for (classes, q) in [(2, 0.5), (10, 1.0), (10, 25.0), (100, 4.0), (3, 400.0)] {
            let (got, want) = (softmax_square(classes as f64, q), drawn(classes, q));
            assert!(
                (got / want - 1.0).abs() < 0.03,
                "{classes} classes, q {q}: {got} is not {want}"
            );
        }
        assert!((softmax_square(10.0, 1e-20) - 0.1).abs() < 1e-9);
        let loud = softmax_square(10.0, 1e12);
        assert!(loud > 0.9 && loud <= 1.0, "{loud}");
    }
}
