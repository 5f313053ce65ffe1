//! Which outputs are dropped, and the random slopes of `rrelu`. Draws are a function of seed, layer, step and place, not of
//! what was drawn before: the same whatever the number of threads, and after a resume.

use crate::nn::kernel::{Blocked, Real};
use crate::nn::random::{Purpose, stream};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// -λα of SELU: the value towards which alpha dropout drops (Klambauer et al. 2017).
const SELU_FLOOR: f64 = -1.758_099_340_847_376_6;

/// out = activated·mask + (kept or dropped). Inverted dropout (Srivastava et al. 2014) drops to 0 and scales what it keeps
/// by 1/(1 - p); alpha dropout keeps mean 0 and variance 1.
#[derive(Clone, Debug)]
pub(crate) struct Dropout<T: Real> {
    share: f64,
    keep_factor: T,
    kept_shift: T,
    dropped_shift: T,
    rng: ChaCha8Rng,
    /// Factor of each output: `keep_factor` or 0.
    pub mask: Blocked<T>,
}

impl<T: Real> Dropout<T> {
    pub fn new(share: f64, alpha: bool, seed: u64, layer: usize, mask: Blocked<T>) -> Self {
        let (factor, kept, dropped) = if alpha {
            // a and b of Klambauer et al. 2017, section "alpha dropout", with p the share dropped
            let a = ((SELU_FLOOR * SELU_FLOOR * share + 1.0) * (1.0 - share))
                .sqrt()
                .recip();
            let b = -a * SELU_FLOOR * share;
            (a, b, a * SELU_FLOOR + b)
        } else {
            (1.0 / (1.0 - share), 0.0, 0.0)
        };
        // where everything is dropped the factor would be infinite; it is never used
        let finite = |x: f64| T::from_f64(if share < 1.0 { x } else { 0.0 });
        Self {
            share,
            keep_factor: finite(factor),
            kept_shift: finite(kept),
            dropped_shift: finite(dropped),
            rng: stream(seed, Purpose::Dropout(layer)),
            mask,
        }
    }
    /// Draws the mask of `step` for `rows` rows.
    pub fn draw(&mut self, step: u64, rows: usize) {
        let threshold = (self.share * 4_294_967_296.0) as u64;
        let keep = self.keep_factor;
        draw(&mut self.rng, &mut self.mask, step, rows, |word| {
            if u64::from(word) >= threshold {
                keep
            } else {
                T::ZERO
            }
        });
    }
    /// Takes over a given mask, `[rows][units]`: 0 drops.
    pub fn set_mask(&mut self, mask: ndarray::ArrayView2<f32>) {
        self.mask.load(mask.into());
        let keep = self.keep_factor;
        self.mask.data_mut().iter_mut().for_each(|m| {
            if *m != T::ZERO {
                *m = keep;
            }
        });
    }
    pub fn apply(&self, activated: &Blocked<T>, out: &mut Blocked<T>) {
        let (kept, dropped) = (self.kept_shift, self.dropped_shift);
        for ((out, &a), &m) in out
            .data_mut()
            .iter_mut()
            .zip(activated.data())
            .zip(self.mask.data())
        {
            // a·0 would keep an infinite output as NaN
            *out = if m == T::ZERO { dropped } else { a * m + kept };
        }
    }
    /// ∂loss/∂activated from ∂loss/∂out, in place.
    pub fn backward(&self, delta: &mut Blocked<T>) {
        for (d, &m) in delta.data_mut().iter_mut().zip(self.mask.data()) {
            *d *= m;
        }
    }
}

/// Fills the blocks in use from the generator's words for that step.
fn draw<T: Real>(
    rng: &mut ChaCha8Rng,
    into: &mut Blocked<T>,
    step: u64,
    rows: usize,
    value: impl Fn(u32) -> T,
) {
    let step_words = (into.max_rows() * into.features()) as u128;
    rng.set_word_pos(u128::from(step) * step_words);
    into.set_rows(rows);
    into.data_mut()
        .iter_mut()
        .for_each(|m| *m = value(rng.next_u32()));
}

/// Slopes U(lower, upper) of a step, one an output (Xu et al. 2015).
pub(crate) fn draw_slopes<T: Real>(
    rng: &mut ChaCha8Rng,
    slopes: &mut Blocked<T>,
    step: u64,
    rows: usize,
    (lower, upper): (f64, f64),
) {
    let width = (upper - lower) / 4_294_967_296.0;
    draw(rng, slopes, step, rows, |word| {
        T::from_f64(lower + width * f64::from(word))
    });
}
