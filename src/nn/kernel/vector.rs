//! [`Lane`] for vectors of `f32`: elementary functions by polynomials, within a few units in the last place. Results below
//! 2⁻¹²⁶ are 0, so that no subnormal number slows the passes that follow.

use super::{LANES, Lane};
use fearless_simd::{Select, f32x16, i32x16, mask32x16, prelude::*};

/// Sixteen samples' values of one feature.
pub type Vector<S> = f32x16<S>;
type Ints<S> = i32x16<S>;

/// ln 2^-126 and ln of the largest f32.
const EXP_LOW: f32 = -87.336_54;
const EXP_HIGH: f32 = 88.722_84;
/// ln 2 in two parts, the first of so few bits that its product with an exponent is exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// 1.5·2²³ and the bias of an exponent.
const BIASED_ZERO: f32 = 12_582_912.0 + 127.0;
/// Below this eˣ - 1 is -1.
const EXPM1_LOW: f32 = -17.5;
/// π in parts of 8, 11, 11 and 24 bits: products with integers under 2¹³ are exact.
const PI_PARTS: [f32; 4] = [3.140_625, 9.670_257_6e-4, 6.277_114e-7, 1.215_420_1e-10];
/// Beyond this the reduction by [`PI_PARTS`] has lost its digits.
const REDUCIBLE: f32 = 8192.0;

// Near-minimax polynomials (interpolation in Chebyshev nodes, 30-digit arithmetic), lowest power first; the figure is the
// largest relative error.
/// (eʳ - 1 - r)/r² on |r| ≤ ln 2 / 2: 1.4e-7, which is 1e-8 of eʳ.
const EXP: [f32; 5] = [
    0.5,
    1.666_657_7e-1,
    4.166_655_6e-2,
    8.363_203e-3,
    1.392_621_3e-3,
];
/// (artanh √u / √u - 1)/u on [0, 1/9]: 1e-8.
const ARTANH: [f32; 5] = [
    0.333_333_34,
    0.199_998_53,
    0.142_961_79,
    0.108_532_88,
    0.116_121_65,
];
/// (sin √u / √u - 1)/u on [0, π²/4]: 5e-8.
const SIN: [f32; 4] = [-0.166_666_67, 8.333_242e-3, -1.982_274e-4, 2.634_756_4e-6];
/// erf √u / √u on [0, 1]: 1e-9.
const ERF: [f32; 7] = [
    std::f32::consts::FRAC_2_SQRT_PI,
    -0.376_126_27,
    0.112_835_95,
    -2.685_421_2e-2,
    5.189_087_4e-3,
    -8.016_864_3e-4,
    7.875_875e-5,
];
/// e^{z²} erfc z / t as a polynomial in t = 1/(1 + z/2), on z in [0, 9.5]: 5e-8.
const ERFC: [f32; 9] = [
    0.282_084_4,
    0.282_412_6,
    0.242_824_09,
    0.203_802_26,
    -2.923_109_8e-2,
    0.281_742_2,
    -0.490_276_05,
    0.285_979_67,
    -5.933_812_6e-2,
];

#[inline(always)]
fn splat<S: Simd>(s: S, value: f32) -> Vector<S> {
    Vector::splat(s, value)
}

/// a·b + c
#[inline(always)]
fn fma<S: Simd>(a: Vector<S>, b: Vector<S>, c: Vector<S>) -> Vector<S> {
    SimdFloat::mul_add(a, b, c)
}

/// Horner's scheme, lowest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: Vector<S>, coefficients: [f32; N]) -> Vector<S> {
    let mut sum = splat(s, coefficients[N - 1]);
    for i in (0..N - 1).rev() {
        sum = fma(sum, x, splat(s, coefficients[i]));
    }
    sum
}

/// x = n·ln 2 + r: (eʳ - 1, n as [`power_of_two`] takes it); anything beyond ±[`EXP_HIGH`], NaN for NaN.
#[inline(always)]
fn exp_parts<S: Simd>(s: S, x: Vector<S>) -> (Vector<S>, Vector<S>) {
    // so large that the sum is rounded to a whole number, whose last bits are then those of 2ⁿ's exponent
    let zero = splat(s, BIASED_ZERO);
    let biased = fma(x, splat(s, std::f32::consts::LOG2_E), zero);
    let n = biased - zero;
    let r = fma(n, splat(s, -LN2_HIGH), x);
    let r = fma(n, splat(s, -LN2_LOW), r);
    // in two halves side by side: the passes wait for this chain, not for the arithmetic
    let square = r * r;
    let low = fma(splat(s, EXP[1]), r, splat(s, EXP[0]));
    let high = fma(splat(s, EXP[3]), r, splat(s, EXP[2]));
    let high = fma(splat(s, EXP[4]), square, high);
    let p = fma(high, square, low);
    (fma(p, square, r), biased)
}

/// 2ⁿ for n in [-126, 127].
#[inline(always)]
fn power_of_two<S: Simd>(biased: Vector<S>) -> Vector<S> {
    (biased.bitcast::<Ints<S>>() << 23).bitcast()
}

/// (-1)ⁿ sin r for x = nπ + r, with n given; x within ±REDUCIBLE.
#[inline(always)]
fn sin_reduced<S: Simd>(s: S, x: Vector<S>, n: Vector<S>, odd: Ints<S>) -> Vector<S> {
    let mut r = x;
    for part in PI_PARTS {
        r = fma(n, splat(s, -part), r);
    }
    let u = r * r;
    let y = fma(polynomial(s, u, SIN) * u, r, r);
    (y.bitcast::<Ints<S>>() ^ (odd << 31)).bitcast()
}

/// Lanes too far out for the reduction, one by one.
#[inline(always)]
fn patch_far<S: Simd>(s: S, x: Vector<S>, y: Vector<S>, exact: fn(f64) -> f64) -> Vector<S> {
    let far = splat(s, REDUCIBLE).simd_lt(Lane::abs(x));
    if !far.any_true() {
        return y;
    }
    let (x, y) = (x.to_array(), y.to_array());
    let patched: [f32; LANES] = std::array::from_fn(|i| {
        if x[i].abs() > REDUCIBLE {
            exact(f64::from(x[i])) as f32
        } else {
            y[i]
        }
    });
    Vector::load_array(s, patched)
}

impl<S: Simd> Lane for Vector<S> {
    type Mask = mask32x16<S>;

    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        splat(self.token(), value as f32)
    }
    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        fma(self, a, b)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        SimdBase::abs(self)
    }
    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        SimdFloat::copysign(self, sign)
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        self.simd_lt(other)
    }
    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        self.simd_le(other)
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Select::select(mask, yes, no)
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        mask.any_true()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let s = self.token();
        let (m, biased) = exp_parts(s, self);
        let (low, high) = (splat(s, EXP_LOW), splat(s, EXP_HIGH));
        // 2¹²⁸ is not an f32: the last stretch below the bound is doubled instead
        let at_most = biased.min(splat(s, BIASED_ZERO + 127.0));
        let power = power_of_two(at_most);
        let y = fma(m, power, power);
        let y = fma(y, biased - at_most, y);
        let y = Select::select(self.simd_lt(low), splat(s, 0.0), y);
        Select::select(high.simd_lt(self), splat(s, f32::INFINITY), y)
    }
    #[inline(always)]
    fn exp_below(self) -> Self {
        let s = self.token();
        let (m, biased) = exp_parts(s, self);
        let power = power_of_two(biased);
        let low = self.simd_lt(splat(s, EXP_LOW));
        Select::select(low, splat(s, 0.0), fma(m, power, power))
    }
    #[inline(always)]
    fn expm1_below(self) -> Self {
        let s = self.token();
        let one = splat(s, 1.0);
        let (m, biased) = exp_parts(s, self);
        let power = power_of_two(biased);
        let low = self.simd_lt(splat(s, EXPM1_LOW));
        Select::select(low, -one, fma(m, power, power - one))
    }
    /// 2·artanh(x / (2 + x))
    #[inline(always)]
    fn log1p_unit(self) -> Self {
        let s = self.token();
        let t = self / (self + splat(s, 2.0));
        let u = t * t;
        let t = t + t;
        fma(polynomial(s, u, ARTANH) * u, t, t)
    }
    #[inline(always)]
    fn sin(self) -> Self {
        let s = self.token();
        let n = (self * splat(s, std::f32::consts::FRAC_1_PI)).round_ties_even();
        let y = sin_reduced(s, self, n, n.to_int());
        patch_far(s, self, y, f64::sin)
    }
    /// With r = x - (n + ½)π, cos x = -(-1)ⁿ sin r: exact near the zeros of the cosine too.
    #[inline(always)]
    fn cos(self) -> Self {
        let s = self.token();
        let half = splat(s, 0.5);
        let n =
            SimdFloat::mul_sub(self, splat(s, std::f32::consts::FRAC_1_PI), half).round_ties_even();
        let y = sin_reduced(s, self, n + half, n.to_int::<Ints<S>>() + Ints::splat(s, 1));
        patch_far(s, self, y, f64::cos)
    }
    #[inline(always)]
    fn erf(self) -> Self {
        let s = self.token();
        let (one, a) = (splat(s, 1.0), Lane::abs(self));
        let inner = self * polynomial(s, self * self, ERF);
        let outer = SimdFloat::copysign(one - a.erfc(), self);
        Select::select(one.simd_lt(a), outer, inner)
    }
    #[inline(always)]
    fn erfc(self) -> Self {
        let s = self.token();
        let (one, a) = (splat(s, 1.0), Lane::abs(self).at_most(100.0));
        let t = one / fma(a, splat(s, 0.5), one);
        // e^{-a²} with the rounding error of the square made good
        let square = a * a;
        let rest = SimdFloat::mul_sub(a, a, square);
        let e = (-square).exp_below();
        let e = fma(-rest, e, e);
        let upper = e * t * polynomial(s, t, ERFC);
        Select::select(self.simd_lt(splat(s, 0.0)), splat(s, 2.0) - upper, upper)
    }
}
