//! Activation functions.

pub mod function;

use super::kernel::Lane;
use crate::vocabulary;
pub use function::{Function, Slope};

vocabulary! {
    /// φ in out = φ(pre).
    pub enum Activation("activation") {
        Linear = "linear" ["φ(z) = z", "identity"],
        Logistic = "logistic" ["1 / (1 + e⁻ᶻ): saturates at 0 and 1", "Rumelhart, Hinton & Williams 1986"],
        Tanh = "tanh" ["tanh z: saturates at -1 and 1", "LeCun et al. 1998"],
        Relu = "relu" ["max(0, z): no saturation above, units can die", "Nair & Hinton 2010"],
        LeakyRelu = "leaky-relu" ["z above 0, slope·z below", "Maas, Hannun & Ng 2013"] {
            slope: f64 = Some(0.01), ANY, "slope below zero"
        },
        Prelu = "prelu" ["leaky ReLU whose slope is learned", "He et al. 2015"] {
            slope: f64 = Some(0.25), ANY, "slope below zero at the start"
        },
        Rrelu = "rrelu" ["leaky ReLU with a random slope in training, the mean slope in tests", "Xu et al. 2015"] {
            lower: f64 = Some(0.125), NOT_NEGATIVE, "smallest slope";
            upper: f64 = Some(1.0 / 3.0), NOT_NEGATIVE, "largest slope"
        },
        Elu = "elu" ["z above 0, α(eᶻ - 1) below", "Clevert, Unterthiner & Hochreiter 2016"] {
            alpha: f64 = Some(1.0), NOT_NEGATIVE, "-α is the lower bound"
        },
        Selu = "selu" ["scaled ELU that normalizes itself", "Klambauer et al. 2017"],
        Celu = "celu" ["ELU with a continuous derivative for every α", "Barron 2017"] {
            alpha: f64 = Some(1.0), POSITIVE, "-α is the lower bound"
        },
        Gelu = "gelu" ["z Φ(z)", "Hendrycks & Gimpel 2016"],
        GeluTanh = "gelu-tanh" ["GELU by its tanh approximation", "Hendrycks & Gimpel 2016"],
        Silu = "silu" ["z·logistic(z), also called swish", "Elfwing et al. 2018, Ramachandran et al. 2017"],
        Mish = "mish" ["z·tanh(softplus z)", "Misra 2019"],
        Softplus = "softplus" ["ln(1 + eᶻ)", "Dugas et al. 2001"],
        Softsign = "softsign" ["z / (1 + |z|)", "Glorot & Bengio 2010"],
        HardTanh = "hard-tanh" ["z cut to [-1, 1]", "Collobert 2004"],
        HardSigmoid = "hard-sigmoid" ["z/6 + 1/2 cut to [0, 1]", "Howard et al. 2019"],
        Relu6 = "relu6" ["z cut to [0, 6]", "Krizhevsky 2010"],
        Exponential = "exponential" ["eᶻ", "-"],
        Sine = "sine" ["sin z", "Sitzmann et al. 2020"],
        Erf = "erf" ["erf z: closed forms in the theory of wide networks", "Williams 1997, Poole et al. 2016"],
    }
}

/// What is done with an activation's [`Function`], once, outside the loop over the values.
pub trait Visitor {
    type Output;
    fn visit<F: Function>(self, function: &F) -> Self::Output;
}

struct Value<L>(L);
impl<L: Lane> Visitor for Value<L> {
    type Output = L;
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) -> L {
        function.value(self.0)
    }
}
struct Derivative<L>(L);
impl<L: Lane> Visitor for Derivative<L> {
    type Output = L;
    #[inline(always)]
    fn visit<F: Function>(self, function: &F) -> L {
        function.derivative(self.0)
    }
}

struct SlopeKind;
impl Visitor for SlopeKind {
    type Output = Slope;
    #[inline(always)]
    fn visit<F: Function>(self, _: &F) -> Slope {
        F::SLOPE
    }
}

/// α of SELU (Klambauer et al. 2017): with [`SELU_SCALE`], mean 0 and variance 1 are a fixed point.
pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_3;
/// λ of SELU.
pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

// where φ' is largest: the zeros of φ''
const GELU_TANH_STEEPEST: f64 = 1.418_504_008_790_828_4;
const SILU_STEEPEST: f64 = 2.399_357_280_515_467_7;
const MISH_STEEPEST: f64 = 1.490_571_179_485_428_5;

impl Activation {
    /// Hands the activation's mathematics to `visitor`. `prelu` has the slope of this value, the network's current one;
    /// `rrelu` its mean slope, as in evaluation.
    #[inline(always)]
    pub fn visit<V: Visitor>(&self, visitor: V) -> V::Output {
        match *self {
            Self::Linear => visitor.visit(&function::Linear),
            Self::Logistic => visitor.visit(&function::Logistic),
            Self::Tanh => visitor.visit(&function::Tanh),
            Self::Relu => visitor.visit(&function::Relu),
            Self::LeakyRelu { slope } | Self::Prelu { slope } => {
                visitor.visit(&function::LeakyRelu { slope })
            }
            Self::Rrelu { lower, upper } => visitor.visit(&function::LeakyRelu {
                slope: 0.5 * (lower + upper),
            }),
            Self::Elu { alpha } => visitor.visit(&function::Elu { scale: 1.0, alpha }),
            Self::Selu => visitor.visit(&function::Elu {
                scale: SELU_SCALE,
                alpha: SELU_ALPHA,
            }),
            Self::Celu { alpha } => visitor.visit(&function::Celu { alpha }),
            Self::Gelu => visitor.visit(&function::Gelu),
            Self::GeluTanh => visitor.visit(&function::GeluTanh),
            Self::Silu => visitor.visit(&function::Silu),
            Self::Mish => visitor.visit(&function::Mish),
            Self::Softplus => visitor.visit(&function::Softplus),
            Self::Softsign => visitor.visit(&function::Softsign),
            Self::HardTanh => visitor.visit(&function::Clip {
                low: -1.0,
                high: 1.0,
            }),
            Self::HardSigmoid => visitor.visit(&function::HardSigmoid),
            Self::Relu6 => visitor.visit(&function::Clip {
                low: 0.0,
                high: 6.0,
            }),
            Self::Exponential => visitor.visit(&function::Exponential),
            Self::Sine => visitor.visit(&function::Sine),
            Self::Erf => visitor.visit(&function::Erf),
        }
    }
    /// Whether φ'(z) follows from φ(z), but for a few outputs for which the passes keep z.
    pub fn slope_follows_from_out(&self) -> bool {
        self.visit(SlopeKind) != Slope::OfZ
    }
    /// Whether φ'(z) takes more than φ(z), and no slopes but the function's own: it is best made beside φ(z) then.
    pub fn slope_is_made_of_z(&self) -> bool {
        let own = !matches!(self, Self::Prelu { .. } | Self::Rrelu { .. });
        own && self.visit(SlopeKind) != Slope::OfOut
    }
    /// φ(z) of one number or of each in a vector.
    #[inline(always)]
    pub fn value<L: Lane>(&self, z: L) -> L {
        self.visit(Value(z))
    }
    /// φ'(z) of one number or of each in a vector.
    #[inline(always)]
    pub fn derivative<L: Lane>(&self, z: L) -> L {
        self.visit(Derivative(z))
    }
    pub fn value_at(&self, z: f64) -> f64 {
        self.value(z)
    }
    pub fn derivative_at(&self, z: f64) -> f64 {
        self.derivative(z)
    }
    /// The least upper bound of |φ'|, beside which a unit counts as saturated; `None` where there is none (`exponential`).
    pub fn max_slope(&self) -> Option<f64> {
        match *self {
            Self::Logistic => Some(0.25),
            Self::LeakyRelu { slope } | Self::Prelu { slope } => Some(slope.abs().max(1.0)),
            Self::Rrelu { lower, upper } => Some((0.5 * (lower + upper)).max(1.0)),
            Self::Elu { alpha } => Some(alpha.max(1.0)),
            Self::Selu => Some(SELU_SCALE * SELU_ALPHA),
            // at z = √2, the zero of φ'' = (2 - z²) times the normal density
            Self::Gelu => Some(self.derivative_at(std::f64::consts::SQRT_2)),
            Self::GeluTanh => Some(self.derivative_at(GELU_TANH_STEEPEST)),
            Self::Silu => Some(self.derivative_at(SILU_STEEPEST)),
            Self::Mish => Some(self.derivative_at(MISH_STEEPEST)),
            Self::HardSigmoid => Some(1.0 / 6.0),
            Self::Exponential => None,
            Self::Erf => Some(std::f64::consts::FRAC_2_SQRT_PI),
            Self::Linear
            | Self::Tanh
            | Self::Relu
            | Self::Celu { .. }
            | Self::Softplus
            | Self::Softsign
            | Self::HardTanh
            | Self::Relu6
            | Self::Sine => Some(1.0),
        }
    }
}

#[cfg(test)]
mod tests;
