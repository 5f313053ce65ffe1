//! Slopes below zero that are not fixed: PReLU's, which is learned, and RReLU's, drawn anew for every value in training.

use super::{Blocked, LANES, Real};

/// ∂L/∂slope of PReLU: Σ over the rows and units of z·∂L/∂out where z ≤ 0. `delta` is ∂L/∂out, before
/// [`Real::activate_backward`].
pub fn prelu_slope_gradient<T: Real>(pre: &Blocked<T>, delta: &Blocked<T>) -> f64 {
    let mut sum = 0.0;
    for block in 0..delta.blocks() {
        let lanes = delta.lanes(block);
        let (pre, delta) = (pre.block(block), delta.block(block));
        for (z, d) in pre.chunks_exact(LANES).zip(delta.chunks_exact(LANES)) {
            for (z, d) in z[..lanes].iter().zip(d) {
                if *z <= T::ZERO {
                    sum += z.to_f64() * d.to_f64();
                }
            }
        }
    }
    sum
}

/// out = z above 0, slope·z below, with a slope for each value, as RReLU has in training.
pub fn activate_slopes<T: Real>(pre: &Blocked<T>, slopes: &Blocked<T>, out: &mut Blocked<T>) {
    out.set_rows(pre.rows());
    let values = pre.data().iter().zip(slopes.data());
    for (y, (&z, &slope)) in out.data_mut().iter_mut().zip(values) {
        *y = if z > T::ZERO { z } else { slope * z };
    }
    out.clear_padding();
}

/// delta ← delta·φ'(pre) of [`activate_slopes`].
pub fn activate_slopes_backward<T: Real>(
    pre: &Blocked<T>,
    slopes: &Blocked<T>,
    delta: &mut Blocked<T>,
) {
    let values = pre.data().iter().zip(slopes.data());
    for (d, (&z, &slope)) in delta.data_mut().iter_mut().zip(values) {
        if z <= T::ZERO {
            *d *= slope;
        }
    }
}
