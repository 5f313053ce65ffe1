//! What an activation makes of a normal pre-activation: the integrals of the variance maps.

use super::quadrature::for_each_node;
use crate::nn::activation::Activation;
use std::sync::LazyLock;

/// Terms of the Hermite series that the covariances use.
const TERMS: usize = 24;
/// Squares are cut here, so that products of them stay finite.
const LARGEST: f64 = 1e280;

/// Moments of φ(z) and φ'(z) for z ~ N(mean, q).
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// E[φ]
    pub mean: f64,
    /// F = E[φ²]
    pub square: f64,
    /// G = E[φ'²]
    pub slope_square: f64,
    covariance: Covariance,
    slope_covariance: Covariance,
}

/// E[f(z)f(z')] as a function of the correlation of z and z'.
#[derive(Clone, Debug, PartialEq)]
enum Covariance {
    /// Squared coefficients of f's Hermite series, and what the cut series leaves of E[f²].
    Series { squares: [f64; TERMS], rest: f64 },
    /// scale·e^{rate(c - 1)}
    Exponential { scale: f64, rate: f64 },
    /// ½(e^{-q(1-c)} + even·e^{-q(1+c)}) with even = ∓cos 2·mean
    Wave { q: f64, even: f64 },
}

impl Covariance {
    fn scaled(&self, factor: f64) -> Covariance {
        match self {
            Covariance::Series { squares, rest } => Covariance::Series {
                squares: squares.map(|a| a * factor),
                rest: rest * factor,
            },
            Covariance::Exponential { scale, rate } => Covariance::Exponential {
                scale: scale * factor,
                rate: *rate,
            },
            wave @ Covariance::Wave { .. } => wave.clone(),
        }
    }
    fn at(&self, correlation: f64) -> f64 {
        let c = correlation.clamp(-1.0, 1.0);
        match self {
            Covariance::Series { squares, rest } => {
                let (sum, power) = squares
                    .iter()
                    .fold((0.0, 1.0), |(sum, power), a| (sum + a * power, power * c));
                sum + rest * power
            }
            Covariance::Exponential { scale, rate } => scale * (rate * (c - 1.0)).exp(),
            Covariance::Wave { q, even } => {
                0.5 * ((-q * (1.0 - c)).exp() + even * (-q * (1.0 + c)).exp())
            }
        }
    }
}

impl Response {
    /// `q` is the variance about `mean`.
    pub fn of(activation: &Activation, mean: f64, q: f64) -> Response {
        let q = if q.is_nan() { q } else { q.clamp(0.0, LARGEST) };
        match activation {
            Activation::Exponential => exponential(mean, q),
            Activation::Sine => sine(mean, q),
            other => by_quadrature(other, mean, q),
        }
    }

    /// This response, found at variance `from` about 0, at variance `to`: for nothing where the signal has settled or the
    /// activation only scales with its input.
    pub(super) fn carried(&self, activation: &Activation, from: f64, to: f64) -> Option<Response> {
        let scales = matches!(
            activation,
            Activation::Linear
                | Activation::Relu
                | Activation::LeakyRelu { .. }
                | Activation::Prelu { .. }
                | Activation::Rrelu { .. }
        );
        if (from - to).abs() <= 1e-13 * to {
            return Some(self.clone());
        }
        let ratio = to / from;
        let in_range = ratio > 0.0 && ratio.is_finite() && to < LARGEST && from < LARGEST;
        if !(scales && in_range) {
            return None;
        }
        Some(Response {
            mean: self.mean * ratio.sqrt(),
            square: self.square * ratio,
            covariance: self.covariance.scaled(ratio),
            ..self.clone()
        })
    }

    /// E[φ(z)φ(z')] for two pre-activations of this correlation.
    pub fn covariance(&self, correlation: f64) -> f64 {
        self.covariance.at(correlation)
    }

    /// E[φ'(z)φ'(z')]
    pub fn slope_covariance(&self, correlation: f64) -> f64 {
        self.slope_covariance.at(correlation)
    }
}

/// The normal distribution's moment generating function.
fn exponential(mean: f64, q: f64) -> Response {
    let power = |x: f64| x.min(LARGEST.ln()).exp();
    let square = power(2.0 * mean + 2.0 * q);
    let covariance = Covariance::Exponential {
        scale: square,
        rate: q,
    };
    Response {
        mean: power(mean + q / 2.0),
        square,
        slope_square: square,
        covariance: covariance.clone(),
        slope_covariance: covariance,
    }
}

/// sin² and cos² by the double angle; quadrature would not resolve the waves of a large q.
fn sine(mean: f64, q: f64) -> Response {
    let even = (2.0 * mean).cos();
    // sin² z = ½(1 - e^{-2q}) at mean 0, without cancellation for a small q.
    let square = if mean == 0.0 {
        -0.5 * (-2.0 * q).exp_m1()
    } else {
        0.5 * (1.0 - even * (-2.0 * q).exp())
    };
    Response {
        mean: mean.sin() * (-q / 2.0).exp(),
        square,
        slope_square: 0.5 * (1.0 + even * (-2.0 * q).exp()),
        covariance: Covariance::Wave { q, even: -even },
        slope_covariance: Covariance::Wave { q, even },
    }
}

/// Coefficients of a function's series in normalized Hermite polynomials, and its mean square.
struct Series {
    coefficients: [f64; TERMS],
    square: f64,
}

impl Series {
    fn new() -> Self {
        Series {
            coefficients: [0.0; TERMS],
            square: 0.0,
        }
    }
    fn add(&mut self, value: f64, weight: f64, hermite: &[f64; TERMS]) {
        self.square += weight * value * value;
        for (a, h) in self.coefficients.iter_mut().zip(hermite) {
            *a += weight * value * h;
        }
    }
    fn covariance(&self, square: f64) -> Covariance {
        let squares = self.coefficients.map(|a| a * a);
        let sum: f64 = squares.iter().sum();
        Covariance::Series {
            squares,
            rest: (square - sum).max(0.0),
        }
    }
}

/// √k: a thousand layers of some activations take a million Hermite polynomials.
static ROOTS: LazyLock<[f64; TERMS]> = LazyLock::new(|| std::array::from_fn(|k| (k as f64).sqrt()));

/// h₀ = 1, h₁ = u, h_{k+1} = (u·h_k - √k·h_{k-1}) / √(k+1)
fn hermite(u: f64, root: &[f64; TERMS]) -> [f64; TERMS] {
    let mut h = [1.0; TERMS];
    h[1] = u;
    for k in 1..TERMS - 1 {
        h[k + 1] = (u * h[k] - root[k] * h[k - 1]) / root[k + 1];
    }
    h
}

fn by_quadrature(activation: &Activation, mean: f64, q: f64) -> Response {
    let std = q.sqrt();
    // rrelu's slope is drawn anew for every element: its variance adds to both squares below zero.
    let (scale, slope_variance) = match *activation {
        Activation::Celu { alpha } => (alpha, 0.0),
        Activation::Rrelu { lower, upper } => (1.0, (upper - lower).powi(2) / 12.0),
        _ => (1.0, 0.0),
    };
    let (mut value, mut slope) = (Series::new(), Series::new());
    let (mut extra, mut extra_slope) = (0.0, 0.0);
    let roots = &*ROOTS;
    for_each_node(mean, std, scale, |u, weight| {
        let z = mean + std * u;
        let h = hermite(u, roots);
        value.add(activation.value_at(z), weight, &h);
        slope.add(activation.derivative_at(z), weight, &h);
        if z < 0.0 {
            extra += weight * slope_variance * z * z;
            extra_slope += weight * slope_variance;
        }
    });
    Response {
        mean: value.coefficients[0],
        square: value.square + extra,
        slope_square: slope.square + extra_slope,
        covariance: value.covariance(value.square),
        slope_covariance: slope.covariance(slope.square),
    }
}
