//! One dense layer: affine map, norm, activation, dropout, skip, in this order, with the buffers of a step.

use super::dropout::Dropout;
use super::norm::Normalizer;
use super::parameter::Parameter;
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, Real};
use crate::nn::random::{Purpose, stream};
use crate::nn::spec::{Bias, LayerSpec};
use rand_chacha::ChaCha8Rng;

/// How a batch is taken through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The batch's own statistics, dropout and random slopes of this step.
    Train { step: u64 },
    /// As in training, with the masks and slopes that are there.
    Given,
    /// Running statistics, nothing dropped, mean slopes.
    Evaluate,
}

impl Mode {
    pub fn trains(self) -> bool {
        self != Self::Evaluate
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Layer<T: Real> {
    /// Number from the bottom.
    pub index: usize,
    pub spec: LayerSpec,
    pub weight: Parameter<T>,
    pub bias: Option<Parameter<T>>,
    pub norm: Option<Normalizer<T>>,
    /// PReLU's: one for all units, or one a unit.
    pub slope: Option<Parameter<T>>,
    /// What the activation sees, `[rows][units]`.
    pub pre: Blocked<T>,
    /// φ(pre)
    pub activated: Blocked<T>,
    /// `activated` after dropout and skip, where there is either.
    pub changed: Option<Blocked<T>>,
    pub dropout: Option<Dropout<T>>,
    /// `rrelu`'s slopes of this step.
    pub slopes: Option<Blocked<T>>,
    pub random_slopes: ChaCha8Rng,
    /// First ∂loss/∂out, then ∂loss/∂pre, then (below a norm) ∂loss/∂(affine map), each times 2^-exponent.
    pub delta: Blocked<T>,
    /// ∂loss/∂out, kept for the skip.
    pub skipped: Option<Blocked<T>>,
    /// Power of two carried beside `delta` and the gradients.
    pub exponent: i32,
    /// Factor of the learning rate.
    pub rate_factor: f64,
}

impl<T: Real> Layer<T> {
    /// All parameters 0 but the norm's, PReLU's slope as specified.
    pub fn new(index: usize, spec: &LayerSpec, max_rows: usize, seed: u64) -> Self {
        let (units, inputs) = (spec.units, spec.inputs);
        let activations = || Blocked::zeros(units, max_rows);
        let slope = match spec.activation {
            Activation::Prelu { slope } => Some(Parameter::vector("slope", 1, T::from_f64(slope))),
            _ => None,
        };
        let random = matches!(spec.activation, Activation::Rrelu { .. });
        let mut layer = Self {
            index,
            spec: spec.clone(),
            weight: Parameter::matrix("weight", units, inputs),
            bias: (spec.bias != Bias::Off).then(|| Parameter::vector("bias", units, T::ZERO)),
            norm: Normalizer::new(&spec.norm, units, max_rows),
            slope,
            pre: activations(),
            activated: activations(),
            changed: spec.skip.then(activations),
            dropout: None,
            slopes: random.then(activations),
            random_slopes: stream(seed, Purpose::Slopes(index)),
            delta: activations(),
            skipped: spec.skip.then(activations),
            exponent: 0,
            rate_factor: 1.0,
        };
        layer.set_dropout(spec.dropout, seed);
        layer
    }
    /// Bytes of one layer without optimizer state.
    pub fn bytes(spec: &LayerSpec, max_rows: usize) -> usize {
        use crate::nn::kernel::Weights;
        let matrix = Weights::<T>::bytes(spec.units, spec.inputs).saturating_mul(2);
        // pre, activated, delta; dropout: mask and changed; skip: changed and skipped; a norm and rrelu one each
        let buffers = 3
            + 2 * usize::from(spec.dropout > 0.0 || spec.skip)
            + usize::from(spec.norm != crate::nn::spec::Norm::None)
            + usize::from(matches!(spec.activation, Activation::Rrelu { .. }));
        matrix.saturating_add(Blocked::<T>::bytes(spec.units, max_rows).saturating_mul(buffers))
    }
    /// Changes the share of outputs that is dropped. Allocates where there was none before.
    pub fn set_dropout(&mut self, share: f64, seed: u64) {
        self.spec.dropout = share;
        if share <= 0.0 {
            self.dropout = None;
            if !self.spec.skip {
                self.changed = None;
            }
            return;
        }
        let zeros = || Blocked::zeros(self.spec.units, self.pre.max_rows());
        self.changed.get_or_insert_with(zeros);
        self.dropout = Some(Dropout::new(
            share,
            self.spec.activation == Activation::Selu,
            seed,
            self.index,
            zeros(),
        ));
    }
    /// What the layer above sees, `[rows][units]`.
    #[inline(always)]
    pub fn out(&self) -> &Blocked<T> {
        self.changed.as_ref().unwrap_or(&self.activated)
    }
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<T>> {
        let norm = self.norm.as_ref().map(|n| [&n.weight, &n.bias]);
        [&self.weight]
            .into_iter()
            .chain(&self.bias)
            .chain(norm.into_iter().flatten())
            .chain(&self.slope)
    }
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<T>> {
        let norm = self.norm.as_mut().map(|n| [&mut n.weight, &mut n.bias]);
        [&mut self.weight]
            .into_iter()
            .chain(&mut self.bias)
            .chain(norm.into_iter().flatten())
            .chain(&mut self.slope)
    }
}
