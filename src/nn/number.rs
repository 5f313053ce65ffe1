//! The little arithmetic that updates and draws need, over f32 and f64.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// A floating-point number: f32 for training, f64 for checks against finite differences.
pub trait Number:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
{
    const ZERO: Self;
    const ONE: Self;
    /// The smallest positive normal number.
    const MIN_NORMAL: Self;
    /// Rounds to the nearest.
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    fn is_finite(self) -> bool;

    /// Zero for a subnormal number: arithmetic on subnormals is up to a hundred times slower, and nothing is lost that an
    /// update could show. NaN stays NaN.
    #[inline(always)]
    fn flush(self) -> Self {
        self.cut_below(Self::MIN_NORMAL)
    }
    /// Zero where the magnitude is below `floor`. NaN stays NaN.
    #[inline(always)]
    fn cut_below(self, floor: Self) -> Self {
        if self.abs() < floor { Self::ZERO } else { self }
    }
    /// The larger; `other` where either is NaN.
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }
}

macro_rules! number {
    ($T:ident) => {
        impl Number for $T {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const MIN_NORMAL: Self = $T::MIN_POSITIVE;
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $T
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $T::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                $T::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $T::is_finite(self)
            }
        }
    };
}
number!(f32);
number!(f64);
