//! One number, or a vector of them: what the activations' mathematics is written over.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Real arithmetic on one `f64` or on a vector of `f32`. Comparisons with NaN are false; every function gives NaN for NaN.
pub trait Lane:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Which lanes a comparison holds for.
    type Mask: Copy;

    /// `value` in every lane, in the kind of vector that `self` is.
    fn constant(self, value: f64) -> Self;
    /// self·a + b
    fn mul_add(self, a: Self, b: Self) -> Self;
    fn abs(self) -> Self;
    /// The magnitude of `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;

    fn lt(self, other: Self) -> Self::Mask;
    fn le(self, other: Self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn any(mask: Self::Mask) -> bool;

    fn exp(self) -> Self;
    /// eˣ for x ≤ 0; anything above.
    fn exp_below(self) -> Self;
    /// eˣ - 1 for x ≤ 0, to relative precision near 0; anything above.
    fn expm1_below(self) -> Self;
    /// ln(1 + x) for x in [0, 1].
    fn log1p_unit(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn erf(self) -> Self;
    /// 1 - erf x, to relative precision in the upper tail.
    fn erfc(self) -> Self;

    /// The larger; NaN where `self` is NaN.
    #[inline(always)]
    fn at_least(self, bound: f64) -> Self {
        let bound = self.constant(bound);
        Self::select(self.lt(bound), bound, self)
    }
    /// The smaller; NaN where `self` is NaN.
    #[inline(always)]
    fn at_most(self, bound: f64) -> Self {
        let bound = self.constant(bound);
        Self::select(bound.lt(self), bound, self)
    }
    /// Cut to [low, high]; NaN stays.
    #[inline(always)]
    fn clip(self, low: f64, high: f64) -> Self {
        self.at_least(low).at_most(high)
    }
    /// 1 / (1 + e⁻ˣ), to relative precision in both tails: the exponential is only ever taken of -|x|.
    #[inline(always)]
    fn logistic(self) -> Self {
        let one = self.constant(1.0);
        let e = (-self.abs()).exp_below();
        Self::select(self.lt(self.constant(0.0)), e, one) / (one + e)
    }
    /// The derivative of [`Lane::logistic`], e⁻|ˣ| / (1 + e⁻|ˣ|)²: y(1 - y) would be 0 beyond x = 17 in f32.
    #[inline(always)]
    fn logistic_slope(self) -> Self {
        let e = (-self.abs()).exp_below();
        let s = self.constant(1.0) + e;
        e / (s * s)
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        let x = self.abs() * self.constant(-2.0);
        let e = x.expm1_below();
        (e * e.inverse_beyond_2()).copysign(self)
    }
    /// The derivative of [`Lane::tanh`], 4e⁻²|ˣ| / (1 + e⁻²|ˣ|)²: 1 - y² would be 0 beyond x = 9 in f32.
    #[inline(always)]
    fn tanh_slope(self) -> Self {
        let x = self.abs() * self.constant(-2.0);
        let half = x.expm1_below().inverse_beyond_2();
        x.exp_below() * (half + half) * (half + half)
    }
    /// 1/(2 + x): what tanh and its derivative divide by, so that both together divide once.
    #[inline(always)]
    fn inverse_beyond_2(self) -> Self {
        self.constant(1.0) / (self + self.constant(2.0))
    }
}

impl Lane for f64 {
    type Mask = bool;

    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        // not fused: without the instruction that would be a slow call
        self * a + b
    }
    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f64::copysign(self, sign)
    }
    #[inline(always)]
    fn lt(self, other: Self) -> bool {
        self < other
    }
    #[inline(always)]
    fn le(self, other: Self) -> bool {
        self <= other
    }
    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }
    #[inline(always)]
    fn any(mask: bool) -> bool {
        mask
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn exp_below(self) -> Self {
        f64::exp(self)
    }
    fn expm1_below(self) -> Self {
        f64::exp_m1(self)
    }
    fn log1p_unit(self) -> Self {
        f64::ln_1p(self)
    }
    fn sin(self) -> Self {
        f64::sin(self)
    }
    fn cos(self) -> Self {
        f64::cos(self)
    }
    fn erf(self) -> Self {
        libm::erf(self)
    }
    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
