//! Each activation's value and derivative, written once over [`Lane`]. At a kink the derivative is PyTorch's: the point
//! belongs to the branch that is not the identity. Infinite arguments give the limit, never NaN.

use crate::nn::kernel::Lane;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

/// What a derivative is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Slope {
    OfZ,
    /// φ'(z) is [`Function::slope_of_out`].
    OfOut,
    /// The same, but where [`Function::wants_z`].
    OfBoth,
}

/// A function of one variable and its derivative.
pub trait Function: Copy {
    const SLOPE: Slope = Slope::OfZ;
    /// φ(z)
    fn value<L: Lane>(&self, z: L) -> L;
    /// φ'(z)
    fn derivative<L: Lane>(&self, z: L) -> L;
    /// φ'(z), helped by `out` = φ(z) where that is cheaper and no less exact.
    #[inline(always)]
    fn derivative_from<L: Lane>(&self, z: L, out: L) -> L {
        match Self::SLOPE {
            Slope::OfZ => self.derivative(z),
            Slope::OfOut => self.slope_of_out(out),
            Slope::OfBoth => {
                let (wanted, cheap) = (self.wants_z(out), self.slope_of_out(out));
                if L::any(wanted) {
                    L::select(wanted, self.derivative(z), cheap)
                } else {
                    cheap
                }
            }
        }
    }
    /// φ'(z) of `out` = φ(z), unless that is only to be had [of z](Slope::OfZ); anything where it has lost digits.
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        out
    }
    /// Where it has, if that is [anywhere](Slope::OfBoth).
    #[inline(always)]
    fn wants_z<L: Lane>(&self, out: L) -> L::Mask {
        out.lt(out)
    }
}

/// What a value below it lacks to 1 is told to within 4·10⁻⁶; so is, of the same share of a bound, what it lacks to that.
const NEAR_ONE: f64 = 0.96;

/// Beyond ±750 every exponential here is 0 even in f64: a bound that keeps ∞·0 out of products.
const FAR: f64 = 750.0;

#[derive(Clone, Copy, Debug)]
pub struct Linear;
impl Function for Linear {
    const SLOPE: Slope = Slope::OfOut;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.constant(1.0)
    }
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        out.constant(1.0)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Logistic;
impl Function for Logistic {
    const SLOPE: Slope = Slope::OfBoth;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.logistic()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.logistic_slope()
    }
    /// y(1 - y)
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        out * (out.constant(1.0) - out)
    }
    /// Where y has come so near to 1 that 1 - y has lost digits.
    #[inline(always)]
    fn wants_z<L: Lane>(&self, out: L) -> L::Mask {
        out.constant(NEAR_ONE).lt(out)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Tanh;
impl Function for Tanh {
    const SLOPE: Slope = Slope::OfBoth;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.tanh()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.tanh_slope()
    }
    /// 1 - y²
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        (-out).mul_add(out, out.constant(1.0))
    }
    /// Where y has come so near to ±1 that the difference has lost digits.
    #[inline(always)]
    fn wants_z<L: Lane>(&self, out: L) -> L::Mask {
        out.constant(NEAR_ONE).lt(out.abs())
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Relu;
impl Function for Relu {
    const SLOPE: Slope = Slope::OfOut;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.at_least(0.0)
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let zero = z.constant(0.0);
        L::select(zero.lt(z), z.constant(1.0), zero)
    }
    /// The outputs have the signs of z.
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        self.derivative(out)
    }
}

/// z above 0, slope·z below: also PReLU, and RReLU with its mean slope.
#[derive(Clone, Copy, Debug)]
pub struct LeakyRelu {
    pub slope: f64,
}
impl Function for LeakyRelu {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        L::select(z.constant(0.0).lt(z), z, z * z.constant(self.slope))
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        L::select(
            z.constant(0.0).lt(z),
            z.constant(1.0),
            z.constant(self.slope),
        )
    }
}

/// scale·z above 0, scale·α(eᶻ - 1) below: ELU with scale 1, and SELU.
#[derive(Clone, Copy, Debug)]
pub struct Elu {
    pub scale: f64,
    pub alpha: f64,
}
impl Function for Elu {
    const SLOPE: Slope = Slope::OfBoth;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let below = z.expm1_below() * z.constant(self.scale * self.alpha);
        L::select(z.constant(0.0).lt(z), z * z.constant(self.scale), below)
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let below = z.exp_below() * z.constant(self.scale * self.alpha);
        L::select(z.constant(0.0).lt(z), z.constant(self.scale), below)
    }
    /// out + scale·α below 0
    #[inline(always)]
    fn slope_of_out<L: Lane>(&self, out: L) -> L {
        let below = out + out.constant(self.scale * self.alpha);
        L::select(out.constant(0.0).lt(out), out.constant(self.scale), below)
    }
    /// Near the lower bound, where that difference has lost its digits.
    #[inline(always)]
    fn wants_z<L: Lane>(&self, out: L) -> L::Mask {
        out.lt(out.constant(-NEAR_ONE * (self.scale * self.alpha)))
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Celu {
    pub alpha: f64,
}
impl Function for Celu {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let alpha = z.constant(self.alpha);
        let below = (z.at_most(0.0) / alpha).expm1_below() * alpha;
        L::select(z.constant(0.0).lt(z), z, below)
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let below = (z.at_most(0.0) / z.constant(self.alpha)).exp_below();
        L::select(z.constant(0.0).lt(z), z.constant(1.0), below)
    }
}

/// The distribution function Φ of N(0, 1), to relative precision in its lower tail.
#[inline(always)]
fn normal_distribution<L: Lane>(z: L) -> L {
    (z * z.constant(-FRAC_1_SQRT_2)).erfc() * z.constant(0.5)
}

#[derive(Clone, Copy, Debug)]
pub struct Gelu;
impl Function for Gelu {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let z = z.at_least(-FAR);
        z * normal_distribution(z)
    }
    /// Φ(z) + z·Φ'(z)
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let z = z.clip(-FAR, FAR);
        let density = (z * z * z.constant(-0.5)).exp_below()
            * z.constant(0.5 * FRAC_1_SQRT_2 * FRAC_2_SQRT_PI);
        z.mul_add(density, normal_distribution(z))
    }
}

/// z·logistic(2u) with u = √(2/π)(z + 0.044715 z³): the same as z(1 + tanh u)/2, without the cancellation below 0.
#[derive(Clone, Copy, Debug)]
pub struct GeluTanh;
impl GeluTanh {
    const CUBE: f64 = 0.044715;
    /// 2√(2/π)
    const SCALE: f64 = FRAC_2_SQRT_PI * std::f64::consts::SQRT_2;
    /// Where logistic(2u) has become 0 or 1 in f64.
    const FAR: f64 = 30.0;
}
impl Function for GeluTanh {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let c = z.clip(-Self::FAR, Self::FAR);
        let inner = (c * c).mul_add(c.constant(Self::CUBE), c.constant(1.0)) * c;
        z.at_least(-Self::FAR) * (inner * c.constant(Self::SCALE)).logistic()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let z = z.clip(-Self::FAR, Self::FAR);
        let (one, square) = (z.constant(1.0), z * z);
        let scale = z.constant(Self::SCALE);
        let u = square.mul_add(z.constant(Self::CUBE), one) * z * scale;
        let slope = square.mul_add(z.constant(3.0 * Self::CUBE), one) * scale;
        (z * slope).mul_add(u.logistic_slope(), u.logistic())
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Silu;
impl Function for Silu {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.at_least(-FAR) * z.logistic()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let z = z.clip(-FAR, FAR);
        z.mul_add(z.logistic_slope(), z.logistic())
    }
}

/// With e = eᶻ and n = e(e + 2), tanh(softplus z) = n/(n + 2): no logarithm, and no cancellation.
#[derive(Clone, Copy, Debug)]
pub struct Mish;
impl Mish {
    /// Where n/(n + 2) has become 1 in f64.
    const FAR: f64 = 20.0;
}
impl Function for Mish {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let two = z.constant(2.0);
        let e = z.at_most(Self::FAR).exp();
        let n = e * (e + two);
        z.at_least(-FAR) * (n / (n + two))
    }
    /// n/(n + 2) + 4z·e(1 + e)/(n + 2)²
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let (one, two, four) = (z.constant(1.0), z.constant(2.0), z.constant(4.0));
        let z = z.clip(-FAR, Self::FAR);
        let e = z.exp();
        let n = e * (e + two);
        let d = one / (n + two);
        (n + four * z * e * (one + e) * d) * d
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Softplus;
impl Function for Softplus {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.at_least(0.0) + (-z.abs()).exp_below().log1p_unit()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.logistic()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Softsign;
impl Softsign {
    /// Where z/(1 + |z|) has become ±1, and ∞/∞ is yet to come.
    const FAR: f64 = 1e38;
}
impl Function for Softsign {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        let z = z.clip(-Self::FAR, Self::FAR);
        z / (z.constant(1.0) + z.abs())
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        let one = z.constant(1.0);
        let r = one / (one + z.abs());
        r * r
    }
}

/// z cut to [low, high]: hard tanh and ReLU6.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    pub low: f64,
    pub high: f64,
}
impl Function for Clip {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.clip(self.low, self.high)
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        inside(z, self.low, self.high, 1.0)
    }
}

#[derive(Clone, Copy, Debug)]
pub struct HardSigmoid;
impl Function for HardSigmoid {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.mul_add(z.constant(1.0 / 6.0), z.constant(0.5))
            .clip(0.0, 1.0)
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        inside(z, -3.0, 3.0, 1.0 / 6.0)
    }
}

/// `slope` strictly between the bounds, 0 elsewhere.
#[inline(always)]
fn inside<L: Lane>(z: L, low: f64, high: f64, slope: f64) -> L {
    let (zero, slope) = (z.constant(0.0), z.constant(slope));
    let above = L::select(z.constant(low).lt(z), slope, zero);
    L::select(z.lt(z.constant(high)), above, zero)
}

#[derive(Clone, Copy, Debug)]
pub struct Exponential;
impl Function for Exponential {
    const SLOPE: Slope = Slope::OfOut;
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.exp()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.exp()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Sine;
impl Function for Sine {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.sin()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        z.cos()
    }
}

#[derive(Clone, Copy, Debug)]
pub struct Erf;
impl Function for Erf {
    #[inline(always)]
    fn value<L: Lane>(&self, z: L) -> L {
        z.erf()
    }
    #[inline(always)]
    fn derivative<L: Lane>(&self, z: L) -> L {
        (-z * z).exp_below() * z.constant(FRAC_2_SQRT_PI)
    }
}
