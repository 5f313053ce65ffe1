//! Drawing weights.

use super::moments::{TRUNCATED_STD, TRUNCATION};
use super::orthogonal::orthogonal;
use super::{Distribution, FanMode, Initializer};
use crate::nn::number::Number;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// A draw whose elements are independent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Draw {
    Constant(f64),
    Normal {
        mean: f64,
        std: f64,
    },
    Uniform {
        min: f64,
        max: f64,
    },
    /// Cut at ±2 `std`; `std` is before the cut.
    Truncated {
        mean: f64,
        std: f64,
    },
}

/// What an initializer does for a layer of given fans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Plan {
    Independent(Draw),
    Orthogonal { gain: f64 },
    Identity { gain: f64 },
}

fn normal(variance: f64) -> Plan {
    Plan::Independent(Draw::Normal {
        mean: 0.0,
        std: variance.sqrt(),
    })
}

/// A uniform draw of this variance: the ends are ±√(3·variance).
fn uniform(variance: f64) -> Plan {
    let r = (3.0 * variance).sqrt();
    Plan::Independent(Draw::Uniform { min: -r, max: r })
}

impl Initializer {
    pub(super) fn plan(&self, fan_in: usize, fan_out: usize) -> Plan {
        let inputs = fan_in as f64;
        let average = (fan_in as f64 + fan_out as f64) / 2.0;
        match *self {
            Initializer::GlorotNormal => normal(1.0 / average),
            Initializer::GlorotUniform => uniform(1.0 / average),
            Initializer::HeNormal => normal(2.0 / inputs),
            Initializer::HeUniform => uniform(2.0 / inputs),
            Initializer::LecunNormal => normal(1.0 / inputs),
            Initializer::LecunUniform => uniform(1.0 / inputs),
            Initializer::TorchDefault => uniform(1.0 / (3.0 * inputs)),
            Initializer::Normal { mean, std } => Plan::Independent(Draw::Normal { mean, std }),
            Initializer::Uniform { min, max } => Plan::Independent(Draw::Uniform { min, max }),
            Initializer::TruncatedNormal { mean, std } => {
                Plan::Independent(Draw::Truncated { mean, std })
            }
            Initializer::Zeros => Plan::Independent(Draw::Constant(0.0)),
            Initializer::Ones => Plan::Independent(Draw::Constant(1.0)),
            Initializer::Constant { value } => Plan::Independent(Draw::Constant(value)),
            Initializer::Orthogonal { gain } => Plan::Orthogonal { gain },
            // The scaling on the first batch needs the network, and is the network's.
            Initializer::Lsuv => Plan::Orthogonal { gain: 1.0 },
            Initializer::Identity { gain } => Plan::Identity { gain },
            Initializer::VarianceScaling {
                scale,
                mode,
                distribution,
            } => {
                let fan = match mode {
                    FanMode::FanIn => inputs,
                    FanMode::FanOut => fan_out as f64,
                    FanMode::FanAvg => average,
                };
                let variance = scale / fan;
                match distribution {
                    Distribution::Normal => normal(variance),
                    Distribution::Uniform => uniform(variance),
                    // Keras divides the truncation's loss of variance out.
                    Distribution::TruncatedNormal => Plan::Independent(Draw::Truncated {
                        mean: 0.0,
                        std: variance.sqrt() / TRUNCATED_STD,
                    }),
                }
            }
        }
    }

    /// Draws a weight matrix into `out`, row-major [fan_out][fan_in] (a row holds a unit's incoming weights). Draws of one
    /// family take the same random numbers, so that two layers which differ in scale alone get proportional weights.
    pub fn fill<T: Number>(
        &self,
        fan_in: usize,
        fan_out: usize,
        rng: &mut impl Rng,
        out: &mut [T],
    ) {
        match self.plan(fan_in, fan_out) {
            Plan::Independent(draw) => draw.fill(rng, out),
            Plan::Orthogonal { gain } => orthogonal(fan_out, fan_in, gain, rng, out),
            Plan::Identity { gain } => {
                out.fill(T::ZERO);
                for (row, weights) in out.chunks_exact_mut(fan_in.max(1)).enumerate() {
                    if let Some(diagonal) = weights.get_mut(row) {
                        *diagonal = T::from_f64(gain);
                    }
                }
            }
        }
    }

    /// Draws biases, one a unit, with the scale that the layer's fans give. The matrix initializers (orthogonal, identity,
    /// lsuv) take a bias for a matrix of one column.
    pub fn fill_bias<T: Number>(
        &self,
        fan_in: usize,
        fan_out: usize,
        rng: &mut impl Rng,
        out: &mut [T],
    ) {
        match self.plan(fan_in, fan_out) {
            Plan::Independent(draw) => draw.fill(rng, out),
            _ => self.fill(1, out.len(), rng, out),
        }
    }
}

impl Draw {
    fn fill<T: Number>(self, rng: &mut impl Rng, out: &mut [T]) {
        match self {
            Draw::Constant(value) => out.fill(T::from_f64(value)),
            Draw::Normal { mean, std } => {
                for w in out {
                    *w = T::from_f64(mean + std * rng.sample::<f64, _>(StandardNormal));
                }
            }
            Draw::Uniform { min, max } => {
                for w in out {
                    *w = T::from_f64(min + (max - min) * rng.random::<f64>());
                }
            }
            Draw::Truncated { mean, std } => {
                for w in out {
                    *w = T::from_f64(mean + std * truncated(rng));
                }
            }
        }
    }
}

/// A standard normal number within ±2, by rejection (4.6 % are drawn again).
fn truncated(rng: &mut impl Rng) -> f64 {
    loop {
        let z: f64 = rng.sample(StandardNormal);
        if z.abs() <= TRUNCATION {
            return z;
        }
    }
}
