//! Losses, on the output layer's pre-activations (logits).

mod classes;

use super::kernel::{Blocked, LANES, Real};
use super::network::batch::{BatchError, Target, TargetsView};
use super::stats::Score;
use crate::vocabulary;

vocabulary! {
    /// What is minimized.
    pub enum Loss("loss") {
        CrossEntropy = "cross-entropy" ["softmax cross-entropy over classes, averaged over rows", "Bridle 1990"],
        BinaryCrossEntropy = "binary-cross-entropy" ["logistic cross-entropy, one logit a target, averaged over elements", "-"],
        Mse = "mse" ["mean squared error over all elements", "-"],
        Mae = "mae" ["mean absolute error over all elements", "-"],
        Huber = "huber" ["squared near 0, absolute beyond delta, averaged over all elements", "Huber 1964"] {
            delta: f64 = Some(1.0), POSITIVE, "where the square ends"
        },
    }
}

/// Sums over some rows, from which means are made once all rows are in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct LossSum {
    /// Each row's loss added up.
    pub sum: f64,
    /// Rows whose class was named; `None` where targets are not classes.
    pub correct: Option<usize>,
    pub rows: usize,
}

impl LossSum {
    pub fn add(&mut self, other: Self) {
        self.sum += other.sum;
        self.correct = match (self.correct, other.correct) {
            (Some(a), Some(b)) => Some(a + b),
            (None, b) if self.rows == 0 => b,
            _ => None,
        };
        self.rows += other.rows;
    }
    pub fn score(&self, loss: &Loss, outputs: usize) -> Score {
        Score {
            loss: self.sum / loss.divisor(self.rows, outputs),
            accuracy: self.correct.map(|c| c as f64 / self.rows as f64),
        }
    }
}

impl Loss {
    /// Cross-entropy averages over rows, the others over all elements.
    fn divisor(&self, rows: usize, outputs: usize) -> f64 {
        match self {
            Self::CrossEntropy => rows as f64,
            _ => rows as f64 * outputs as f64,
        }
    }

    /// The rows' losses, and, into `gradient`, ∂L/∂out of the mean loss, `[rows][outputs]`, padding lanes 0.
    /// Everything is worked out in f64 and rounded once.
    pub(crate) fn evaluate<T: Real>(
        &self,
        smoothing: f64,
        out: &Blocked<T>,
        targets: &TargetsView,
        mut gradient: Option<&mut Blocked<T>>,
    ) -> Result<LossSum, BatchError> {
        let (rows, outputs) = (out.rows(), out.features());
        let per_class = matches!(targets, TargetsView::Classes(_));
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.set_rows(rows);
        }
        check_classes(targets, outputs)?;
        let scale = 1.0 / self.divisor(rows, outputs);
        if let (Self::CrossEntropy, TargetsView::Classes(classes)) = (self, targets)
            && smoothing == 0.0
            && (2..=classes::MOST).contains(&outputs)
        {
            return Ok(of_few_classes(out, classes, scale, gradient));
        }
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.clear_padding();
        }
        let (mut sum, mut correct) = (0.0, 0);
        for row in 0..rows {
            let target = targets.row(row);
            if let Target::Class(class) = target {
                correct += usize::from(names_class(out, row, class, self));
            }
            let (block, lane) = (row / LANES, row % LANES);
            let z = out.block(block)[lane..]
                .iter()
                .step_by(LANES)
                .map(|z| z.to_f64());
            let q = |k: usize| target_value(&target, k, outputs);
            let g = gradient
                .as_deref_mut()
                .map(|g| g.block_mut(block)[lane..].iter_mut().step_by(LANES));
            sum += self.row(z, q, smoothing, outputs, scale, g);
        }
        Ok(LossSum {
            sum: within::<T>(sum, scale),
            correct: per_class.then_some(correct),
            rows,
        })
    }

    /// One row's loss, `scale` times its gradient into `gradient`.
    #[inline(always)]
    fn row<'a, T: Real>(
        &self,
        z: impl Iterator<Item = f64> + Clone,
        q: impl Fn(usize) -> f64,
        smoothing: f64,
        outputs: usize,
        scale: f64,
        gradient: Option<impl Iterator<Item = &'a mut T>>,
    ) -> f64 {
        match *self {
            Self::CrossEntropy => {
                // q ← q(1 - ε) + ε/K (Szegedy et al. 2016)
                let spread = smoothing / outputs as f64;
                softmax_row(z, |k| q(k) * (1.0 - smoothing) + spread, scale, gradient)
            }
            Self::BinaryCrossEntropy => elementwise(z, gradient, scale, |k, z| {
                let q = q(k) * (1.0 - smoothing) + 0.5 * smoothing;
                let e = (-z.abs()).exp();
                let p = if z < 0.0 {
                    e / (1.0 + e)
                } else {
                    1.0 / (1.0 + e)
                };
                (z.max(0.0) - z * q + e.ln_1p(), p - q)
            }),
            Self::Mse => elementwise(z, gradient, scale, |k, z| {
                let r = z - q(k);
                (r * r, 2.0 * r)
            }),
            Self::Mae => elementwise(z, gradient, scale, |k, z| {
                let r = z - q(k);
                // sign(0) = 0, NaN stays
                (r.abs(), if r == 0.0 { 0.0 } else { r.signum() })
            }),
            Self::Huber { delta } => elementwise(z, gradient, scale, |k, z| {
                let r = z - q(k);
                if r.abs() <= delta {
                    (0.5 * r * r, r)
                } else {
                    (delta * (r.abs() - 0.5 * delta), delta * r.signum())
                }
            }),
        }
    }
}

/// A sum whose mean `T` has no number for is infinite: a network of these numbers has no such loss, and what is shown and what
/// stops the run agree.
fn within<T: Real>(sum: f64, scale: f64) -> f64 {
    if T::from_f64(sum * scale).is_finite() {
        sum
    } else {
        sum * f64::INFINITY
    }
}

fn check_classes(targets: &TargetsView, outputs: usize) -> Result<(), BatchError> {
    let TargetsView::Classes(classes) = targets else {
        return Ok(());
    };
    // a single logit tells class 1 from class 0
    let most = if outputs == 1 { 2 } else { outputs };
    match classes.iter().position(|class| *class as usize >= most) {
        Some(row) => Err(BatchError::Class {
            row,
            class: classes[row] as usize,
            outputs,
        }),
        None => Ok(()),
    }
}

/// Cross-entropy without smoothing, of at most [`classes::MOST`] classes.
fn of_few_classes<T: Real>(
    out: &Blocked<T>,
    of_rows: &[u32],
    scale: f64,
    mut gradient: Option<&mut Blocked<T>>,
) -> LossSum {
    let (mut sum, mut correct) = (0.0, 0);
    for (block, of_rows) in of_rows.chunks(LANES).enumerate() {
        let z = out.block(block).as_chunks().0;
        let gradient = gradient.as_deref_mut();
        let gradient = gradient.map(|g| g.block_mut(block).as_chunks_mut().0);
        let (loss, named) = classes::cross_entropy(z, of_rows, scale, gradient);
        sum += loss;
        correct += named;
    }
    LossSum {
        sum: within::<T>(sum, scale),
        correct: Some(correct),
        rows: out.rows(),
    }
}

/// What output `k` should be.
#[inline(always)]
fn target_value(target: &Target, k: usize, outputs: usize) -> f64 {
    match target {
        Target::Class(class) if outputs == 1 => *class as f64,
        Target::Class(class) => f64::from(u8::from(*class == k)),
        Target::Values(values) => f64::from(values[k]),
    }
}

/// Exponentials that are kept on the stack.
const KEPT: usize = 16;

/// Σ q (logsumexp z - z) and softmax z - q (times Σ q, which is 1 for probabilities), with the largest logit taken off
/// first.
#[inline(always)]
fn softmax_row<'a, T: Real>(
    z: impl Iterator<Item = f64> + Clone,
    q: impl Fn(usize) -> f64,
    scale: f64,
    gradient: Option<impl Iterator<Item = &'a mut T>>,
) -> f64 {
    let top = z.clone().fold(
        f64::NEG_INFINITY,
        |a, b| if b > a || b.is_nan() { b } else { a },
    );
    let (mut sum, mut mass, mut loss) = (0.0, 0.0, 0.0);
    // of few classes the exponentials are kept for the gradient
    let mut kept = [0.0; KEPT];
    for (k, z) in z.clone().enumerate() {
        let q = q(k);
        // one of the exponentials is known, which of few classes is a good part of all
        let e = if z == top { 1.0 } else { (z - top).exp() };
        sum += e;
        if let Some(place) = kept.get_mut(k) {
            *place = e;
        }
        mass += q;
        // 0·∞ is left out: a class of no probability costs nothing, however impossible
        if q != 0.0 {
            loss -= q * (z - top);
        }
    }
    loss += mass * sum.ln();
    if let Some(gradient) = gradient {
        for (k, (g, z)) in gradient.zip(z).enumerate() {
            let e = kept.get(k).copied().unwrap_or_else(|| (z - top).exp());
            *g = T::from_f64((e / sum * mass - q(k)) * scale);
        }
    }
    loss
}

/// Sums `f(k, z)`'s loss, writes its derivative.
#[inline(always)]
fn elementwise<'a, T: Real>(
    z: impl Iterator<Item = f64>,
    mut gradient: Option<impl Iterator<Item = &'a mut T>>,
    scale: f64,
    f: impl Fn(usize, f64) -> (f64, f64),
) -> f64 {
    let mut sum = 0.0;
    for (k, z) in z.enumerate() {
        let (loss, derivative) = f(k, z);
        sum += loss;
        if let Some(g) = gradient.as_mut().and_then(Iterator::next) {
            *g = T::from_f64(derivative * scale);
        }
    }
    sum
}

/// Whether the largest output (the first of equals) is that of the row's class; of a single output, whether it lies on the
/// class's side of 0 (a logit) or ½ (a value).
#[inline(always)]
fn names_class<T: Real>(out: &Blocked<T>, row: usize, class: usize, loss: &Loss) -> bool {
    if out.features() == 1 {
        let boundary = if *loss == Loss::BinaryCrossEntropy {
            0.0
        } else {
            0.5
        };
        let z = out.get(row, 0).to_f64();
        return if class == 1 {
            z > boundary
        } else {
            z <= boundary
        };
    }
    let own = out.get(row, class);
    own.is_finite()
        && (0..out.features()).all(|k| {
            let other = out.get(row, k);
            if k < class { other < own } else { other <= own }
        })
}

#[cfg(test)]
mod tests;
