//! The updates, element by element over slices, so that the compiler can use vectors. Small and always inlined: inside a
//! closure that is compiled for wider vectors, they become that.

use super::rule::{Adam, Rule, Update};
use crate::nn::number::Number;

/// The most slots an optimizer keeps for a parameter.
pub const MAX_SLOTS: usize = 3;

/// Optimizer state of a stretch of parameters, in the order of [`super::Optimizer::slot_names`]; unused ones are empty.
pub type Slots<'a, T> = [&'a mut [T]; MAX_SLOTS];

impl Rule {
    /// Updates `params` in place by `grads`. All slices that are used have one length; a longer one is used as far as the
    /// shortest goes. The order within a step is decay, moments, update (as in PyTorch).
    #[inline(always)]
    pub fn apply<T: Number>(&self, params: &mut [T], grads: &[T], slots: Slots<'_, T>) {
        let decay = self.decay;
        let [first, second, third] = slots;
        match self.update {
            Update::Sgd {
                rate,
                momentum: 0.0,
                ..
            } => sgd(decay, rate, params, grads),
            Update::Sgd {
                rate,
                momentum,
                gain,
                nesterov,
            } => {
                sgd_momentum(
                    decay,
                    [rate, momentum, gain],
                    nesterov,
                    params,
                    grads,
                    first,
                );
            }
            Update::Adagrad { rate, eps } => adagrad(decay, rate, eps, params, grads, first),
            Update::Rmsprop {
                rate,
                alpha,
                eps,
                momentum,
                centered,
            } => {
                let numbers = [rate, alpha, eps];
                match (momentum > 0.0, centered) {
                    (false, false) => rmsprop(decay, numbers, params, grads, first),
                    (true, false) => {
                        rmsprop_momentum(decay, numbers, momentum, params, grads, [first, second])
                    }
                    (false, true) => {
                        rmsprop_centered(decay, numbers, params, grads, [first, second])
                    }
                    (true, true) => {
                        rmsprop_centered_momentum(
                            decay,
                            numbers,
                            momentum,
                            params,
                            grads,
                            [first, second, third],
                        );
                    }
                }
            }
            Update::Adadelta { rate, rho, eps } => {
                adadelta(decay, rate, rho, eps, params, grads, [first, second])
            }
            Update::Adam(numbers) if numbers.amsgrad => {
                amsgrad(decay, &numbers, params, grads, [first, second, third]);
            }
            Update::Adam(numbers) => adam(decay, &numbers, params, grads, [first, second]),
            Update::Adamax {
                rate,
                beta1,
                beta2,
                eps,
            } => {
                adamax(
                    decay,
                    rate,
                    [beta1, beta2, eps],
                    params,
                    grads,
                    [first, second],
                );
            }
        }
    }
}

/// The smallest gradient whose square, times `share`, is still a normal number; smaller squares count as 0, for speed.
#[inline(always)]
fn square_floor<T: Number>(share: f64) -> T {
    T::from_f64((T::MIN_NORMAL.to_f64() / share.max(f64::MIN_POSITIVE)).sqrt())
}

/// A running mean of squares: keep·s + share·g².
#[derive(Clone, Copy)]
struct Squares<T> {
    keep: T,
    share: T,
    floor: T,
}

impl<T: Number> Squares<T> {
    #[inline(always)]
    fn new(keep: f64) -> Self {
        let share = 1.0 - keep;
        Squares {
            keep: T::from_f64(keep),
            share: T::from_f64(share),
            floor: square_floor(share),
        }
    }
    #[inline(always)]
    fn add(&self, squares: T, gradient: T) -> T {
        let g = gradient.cut_below(self.floor);
        (self.keep * squares + self.share * g * g).flush()
    }
}

/// The smallest number that, times any of these factors, is still a normal number; smaller ones count as 0, for speed. Factors
/// below 2^-26 are taken for that.
#[inline(always)]
fn floor_below<T: Number, const N: usize>(factors: [f64; N]) -> T {
    let least = factors.into_iter().fold(1.0, f64::min);
    T::from_f64(T::MIN_NORMAL.to_f64() / least.max(f64::from(f32::EPSILON) / 8.0))
}

#[inline(always)]
fn sgd<T: Number>(decay: f64, rate: f64, params: &mut [T], grads: &[T]) {
    let floor = floor_below([rate]);
    let (decay, rate) = (T::from_f64(decay), T::from_f64(rate));
    for (w, &g) in params.iter_mut().zip(grads) {
        *w -= rate * (g + decay * *w).cut_below(floor);
    }
}

#[inline(always)]
fn sgd_momentum<T: Number>(
    decay: f64,
    [rate, momentum, gain]: [f64; 3],
    nesterov: bool,
    params: &mut [T],
    grads: &[T],
    velocity: &mut [T],
) {
    if decay == 0.0 && gain == 1.0 && !nesterov {
        return heavy_ball(rate, momentum, params, grads, velocity);
    }
    let floor = floor_below([rate, momentum]);
    let (decay, rate) = (T::from_f64(decay), T::from_f64(rate));
    let (momentum, gain) = (T::from_f64(momentum), T::from_f64(gain));
    // The look-ahead g + momentum·v, or v alone: as factors, so that the loop has no branch.
    let (of_gradient, of_velocity) = if nesterov {
        (T::ONE, momentum)
    } else {
        (T::ZERO, T::ONE)
    };
    for ((w, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        let g = g + decay * *w;
        *v = (momentum * *v + gain * g).cut_below(floor);
        *w -= rate * (of_gradient * g + of_velocity * *v);
    }
}

/// Momentum alone, as it is mostly used, in half the operations.
#[inline(always)]
fn heavy_ball<T: Number>(
    rate: f64,
    momentum: f64,
    params: &mut [T],
    grads: &[T],
    velocity: &mut [T],
) {
    let floor = floor_below([rate, momentum]);
    let (rate, momentum) = (T::from_f64(rate), T::from_f64(momentum));
    for ((w, &g), v) in params.iter_mut().zip(grads).zip(velocity) {
        *v = (momentum * *v + g).cut_below(floor);
        *w -= rate * *v;
    }
}

#[inline(always)]
fn adagrad<T: Number>(
    decay: f64,
    rate: f64,
    eps: f64,
    params: &mut [T],
    grads: &[T],
    sum: &mut [T],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let floor = square_floor::<T>(1.0);
    for ((w, &g), s) in params.iter_mut().zip(grads).zip(sum) {
        let g = g + decay * *w;
        let cut = g.cut_below(floor);
        *s += cut * cut;
        *w -= rate * g / (s.sqrt() + eps);
    }
}

#[inline(always)]
fn rmsprop<T: Number>(
    decay: f64,
    [rate, alpha, eps]: [f64; 3],
    params: &mut [T],
    grads: &[T],
    squares: &mut [T],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let mean = Squares::<T>::new(alpha);
    for ((w, &g), s) in params.iter_mut().zip(grads).zip(squares) {
        let g = g + decay * *w;
        *s = mean.add(*s, g);
        *w -= rate * g / (s.sqrt() + eps);
    }
}

#[inline(always)]
fn rmsprop_momentum<T: Number>(
    decay: f64,
    [rate, alpha, eps]: [f64; 3],
    momentum: f64,
    params: &mut [T],
    grads: &[T],
    [squares, velocity]: [&mut [T]; 2],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let (mean, momentum) = (Squares::<T>::new(alpha), T::from_f64(momentum));
    for (((w, &g), s), b) in params.iter_mut().zip(grads).zip(squares).zip(velocity) {
        let g = g + decay * *w;
        *s = mean.add(*s, g);
        *b = (momentum * *b + g / (s.sqrt() + eps)).flush();
        *w -= rate * *b;
    }
}

/// s - m², which rounding may push below 0 where the gradient does not vary.
#[inline(always)]
fn variance<T: Number>(squares: T, mean: T) -> T {
    let q = squares - mean * mean;
    if q < T::ZERO { T::ZERO } else { q }
}

#[inline(always)]
fn rmsprop_centered<T: Number>(
    decay: f64,
    [rate, alpha, eps]: [f64; 3],
    params: &mut [T],
    grads: &[T],
    [squares, average]: [&mut [T]; 2],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let mean = Squares::<T>::new(alpha);
    for (((w, &g), s), m) in params.iter_mut().zip(grads).zip(squares).zip(average) {
        let g = g + decay * *w;
        *s = mean.add(*s, g);
        *m = (mean.keep * *m + mean.share * g).flush();
        *w -= rate * g / (variance(*s, *m).sqrt() + eps);
    }
}

#[inline(always)]
fn rmsprop_centered_momentum<T: Number>(
    decay: f64,
    [rate, alpha, eps]: [f64; 3],
    momentum: f64,
    params: &mut [T],
    grads: &[T],
    [squares, velocity, average]: [&mut [T]; 3],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let (mean, momentum) = (Squares::<T>::new(alpha), T::from_f64(momentum));
    let state = squares.iter_mut().zip(velocity).zip(average);
    for ((w, &g), ((s, b), m)) in params.iter_mut().zip(grads).zip(state) {
        let g = g + decay * *w;
        *s = mean.add(*s, g);
        *m = (mean.keep * *m + mean.share * g).flush();
        *b = (momentum * *b + g / (variance(*s, *m).sqrt() + eps)).flush();
        *w -= rate * *b;
    }
}

#[inline(always)]
fn adadelta<T: Number>(
    decay: f64,
    rate: f64,
    rho: f64,
    eps: f64,
    params: &mut [T],
    grads: &[T],
    [squares, deltas]: [&mut [T]; 2],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let mean = Squares::<T>::new(rho);
    for (((w, &g), s), d) in params.iter_mut().zip(grads).zip(squares).zip(deltas) {
        let g = g + decay * *w;
        *s = mean.add(*s, g);
        let delta = (*d + eps).sqrt() / (*s + eps).sqrt() * g;
        *d = mean.add(*d, delta);
        *w -= rate * delta;
    }
}

/// Adam's numbers as the elements use them.
#[derive(Clone, Copy)]
struct AdamStep<T> {
    decay: T,
    shrink: T,
    keep: T,
    share: T,
    squares: Squares<T>,
    rate: T,
    gradient_rate: T,
    root_correction: T,
    eps: T,
}

impl<T: Number> AdamStep<T> {
    #[inline(always)]
    fn new(decay: f64, numbers: &Adam) -> Self {
        AdamStep {
            decay: T::from_f64(decay),
            shrink: T::from_f64(numbers.shrink),
            keep: T::from_f64(numbers.beta1),
            share: T::from_f64(1.0 - numbers.beta1),
            squares: Squares::new(numbers.beta2),
            rate: T::from_f64(numbers.rate),
            gradient_rate: T::from_f64(numbers.gradient_rate),
            root_correction: T::from_f64(numbers.root_correction),
            eps: T::from_f64(numbers.eps),
        }
    }
    /// The decayed gradient, and the moments brought up to date.
    #[inline(always)]
    fn moments(&self, w: T, g: T, m: &mut T, v: &mut T) -> T {
        let g = g + self.decay * w;
        *m = (self.keep * *m + self.share * g).flush();
        *v = self.squares.add(*v, g);
        g
    }
    #[inline(always)]
    fn step(&self, w: T, g: T, m: T, squares: T) -> T {
        let denominator = squares.sqrt() * self.root_correction + self.eps;
        self.shrink * w - (self.rate * m + self.gradient_rate * g) / denominator
    }
}

#[inline(always)]
fn adam<T: Number>(
    decay: f64,
    numbers: &Adam,
    params: &mut [T],
    grads: &[T],
    [mean, squares]: [&mut [T]; 2],
) {
    let rule = AdamStep::<T>::new(decay, numbers);
    for (((w, &g), m), v) in params.iter_mut().zip(grads).zip(mean).zip(squares) {
        let g = rule.moments(*w, g, m, v);
        *w = rule.step(*w, g, *m, *v);
    }
}

#[inline(always)]
fn amsgrad<T: Number>(
    decay: f64,
    numbers: &Adam,
    params: &mut [T],
    grads: &[T],
    [mean, squares, largest]: [&mut [T]; 3],
) {
    let rule = AdamStep::<T>::new(decay, numbers);
    let state = mean.iter_mut().zip(squares).zip(largest);
    for ((w, &g), ((m, v), top)) in params.iter_mut().zip(grads).zip(state) {
        let g = rule.moments(*w, g, m, v);
        *top = top.larger(*v);
        *w = rule.step(*w, g, *m, *top);
    }
}

#[inline(always)]
fn adamax<T: Number>(
    decay: f64,
    rate: f64,
    [beta1, beta2, eps]: [f64; 3],
    params: &mut [T],
    grads: &[T],
    [mean, largest]: [&mut [T]; 2],
) {
    let (decay, rate, eps) = (T::from_f64(decay), T::from_f64(rate), T::from_f64(eps));
    let (keep, share, beta2) = (
        T::from_f64(beta1),
        T::from_f64(1.0 - beta1),
        T::from_f64(beta2),
    );
    for (((w, &g), m), u) in params.iter_mut().zip(grads).zip(mean).zip(largest) {
        let g = g + decay * *w;
        *m = (keep * *m + share * g).flush();
        *u = (beta2 * *u).larger(g.abs() + eps);
        *w -= rate * *m / *u;
    }
}
