//! One layer: affine map, norm, activation, dropout, skip, in this order, with the buffers of a step; a recurrent one adds
//! what it needs over time.

use super::dropout::Dropout;
use super::norm::Normalizer;
use super::parameter::Parameter;
use super::recurrent::{Emit, Recurrence, padded};
use crate::nn::activation::Activation;
use crate::nn::kernel::{Blocked, Holds, Real};
use crate::nn::optimizer::Scalars;
use crate::nn::random::{Purpose, stream};
use crate::nn::spec::{Bias, LayerKind, LayerSpec};
use rand_chacha::ChaCha8Rng;

/// Where a layer stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Number from the bottom.
    pub index: usize,
    /// Rows that pass through at a time, each step of a sequence counted where the layer sees every step.
    pub rows: usize,
    /// Steps of a sequence and what the layer above wants of them, below the dense layers.
    pub time: Option<(usize, Emit)>,
}

/// The most parameters of a layer.
pub(super) const PLACES: usize = 7;

/// How a batch is taken through a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The batch's own statistics, dropout and random slopes of this step.
    Train { step: u64 },
    /// As in training, with the masks and slopes that are there.
    Given,
    /// The batch's own statistics, nothing dropped, mean slopes: while weights are scaled by a batch.
    Scale,
    /// Running statistics, nothing dropped, mean slopes.
    Evaluate,
    /// As in evaluation, but with the dropout of this draw.
    Sample { draw: u64 },
}

impl Mode {
    /// Which step's masks are to be drawn.
    pub fn draws(self) -> Option<u64> {
        match self {
            Self::Train { step } => Some(step),
            Self::Sample { draw } => Some(draw),
            Self::Given | Self::Scale | Self::Evaluate => None,
        }
    }
    pub fn trains(self) -> bool {
        matches!(self, Self::Train { .. } | Self::Given)
    }
    /// Whether a batch norm takes the batch's own statistics.
    pub fn norms_by_batch(self) -> bool {
        self.trains() || self == Self::Scale
    }
    /// Whether outputs are dropped.
    pub fn drops(self) -> bool {
        self.trains() || matches!(self, Self::Sample { .. })
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
    pub recurrence: Option<Recurrence<T>>,
    /// PReLU's: one for all units, or one a unit.
    pub slope: Option<Parameter<T>>,
    /// What the activation sees, `[rows][units]`; of a recurrent layer a sequence of all gates' pre-activations.
    pub pre: Blocked<T>,
    /// What the last forward pass has left in `pre`.
    pub pre_holds: Holds,
    /// φ(pre); of a recurrent layer the sequence of its states.
    pub activated: Blocked<T>,
    /// No magnitude in `activated` is above it, where the forward pass has found that.
    pub out_bound: Option<f64>,
    /// `activated` after dropout and skip, where there is either; of a recurrent layer what [`Emit`] says.
    pub changed: Option<Blocked<T>>,
    pub dropout: Option<Dropout<T>>,
    /// `rrelu`'s slopes of this step.
    pub slopes: Option<Blocked<T>>,
    pub random_slopes: ChaCha8Rng,
    /// First ∂loss/∂out, then ∂loss/∂pre, then (below a norm) ∂loss/∂(affine map), each times 2^-exponent; another layer's
    /// once the gradients are made of it.
    pub delta: Blocked<T>,
    /// No magnitude in `delta` = ∂loss/∂pre of a dense layer is above it.
    pub delta_bound: f64,
    /// ∂loss/∂out, kept for the skip.
    pub skipped: Option<Blocked<T>>,
    /// Power of two carried beside `delta` and the gradients.
    pub exponent: i32,
    /// Whether the gradient of the weights is that of the last step, and not one that was learned on the way.
    pub gradient_kept: bool,
    /// Factor of the learning rate.
    pub rate_factor: f64,
    /// The optimizer's.
    pub scalars: Scalars,
}

impl<T: Real> Layer<T> {
    /// All parameters 0 but the norm's, PReLU's slope as specified.
    pub fn new(place: &Place, spec: &LayerSpec, seed: u64) -> Self {
        let Place { index, rows, time } = *place;
        let (units, inputs) = (spec.units, spec.inputs);
        let recurrence = time.and_then(|(steps, emit)| Recurrence::new(spec, steps, emit, rows));
        // a sequence's steps are padded one by one
        let steps = time.filter(|_| recurrence.is_some()).map(|(steps, emit)| {
            let out = match emit {
                Emit::Last => rows,
                Emit::EveryStep => rows * steps,
                Emit::Sequence => padded(rows) * steps,
            };
            (padded(rows) * steps, out)
        });
        let (within, out) = steps.unwrap_or((rows, rows));
        let gates = recurrence.as_ref().map_or(1, |r| r.cell.gates());
        let activations = || Blocked::zeros(units, within);
        let changes = spec.skip
            || matches!(time, Some((_, Emit::Last | Emit::EveryStep)) if recurrence.is_some());
        let (weight, bias) = match recurrence {
            Some(_) => ("weight_ih", "bias_ih"),
            None => ("weight", "bias"),
        };
        let slope = match spec.activation {
            Activation::Prelu { slope } => Some(Parameter::vector("slope", 1, T::from_f64(slope))),
            _ => None,
        };
        let random = matches!(spec.activation, Activation::Rrelu { .. });
        let mut layer = Self {
            index,
            spec: spec.clone(),
            weight: Parameter::matrix(weight, units * gates, inputs),
            bias: (spec.bias != Bias::Off).then(|| Parameter::vector(bias, units * gates, T::ZERO)),
            norm: Normalizer::new(&spec.norm, units, within),
            slope,
            pre: Blocked::zeros(units * gates, within),
            pre_holds: Holds::All,
            out_bound: None,
            activated: activations(),
            changed: changes.then(|| Blocked::zeros(units, out)),
            dropout: None,
            slopes: random.then(activations),
            random_slopes: stream(seed, Purpose::Slopes(index)),
            delta: Blocked::zeros(units, out),
            delta_bound: 0.0,
            recurrence,
            skipped: spec.skip.then(activations),
            exponent: 0,
            gradient_kept: true,
            rate_factor: 1.0,
            scalars: Scalars::default(),
        };
        if layer.recurrence.is_none() {
            layer.set_dropout(spec.dropout, seed);
        }
        layer
    }
    /// Bytes of one layer without optimizer state.
    pub fn bytes(spec: &LayerSpec, max_rows: usize, steps: Option<usize>) -> usize {
        // their gradients are as many
        let matrices = Self::weights(spec).saturating_mul(2);
        if let (LayerKind::Recurrent { cell, .. }, Some(steps)) = (&spec.kind, steps) {
            let gates = spec.units.saturating_mul(cell.gates());
            let features = gates.saturating_add(spec.units.saturating_mul(3));
            return matrices
                .saturating_add(Recurrence::<T>::bytes(spec, cell, steps, max_rows))
                .saturating_add(Blocked::<T>::bytes(
                    features,
                    padded(max_rows).saturating_mul(steps),
                ));
        }
        // pre, activated, delta; dropout: mask and changed; skip: changed and skipped; a norm and rrelu one each
        let buffers = 3
            + 2 * usize::from(spec.dropout > 0.0 || spec.skip)
            + usize::from(spec.norm != crate::nn::spec::Norm::None)
            + usize::from(matches!(spec.activation, Activation::Rrelu { .. }));
        matrices.saturating_add(Blocked::<T>::bytes(spec.units, max_rows).saturating_mul(buffers))
    }
    /// Bytes of one layer's matrices of weights.
    pub fn weights(spec: &LayerSpec) -> usize {
        use crate::nn::kernel::Weights;
        match &spec.kind {
            LayerKind::Recurrent { cell, .. } => {
                let gates = spec.units.saturating_mul(cell.gates());
                Weights::<T>::bytes(gates, spec.inputs)
                    .saturating_add(Weights::<T>::bytes(gates, spec.units))
            }
            LayerKind::Dense => Weights::<T>::bytes(spec.units, spec.inputs),
        }
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
            self.spec.drops_alpha(),
            seed,
            self.index,
            zeros(),
        ));
    }
    /// The weights, on which penalties lie: one matrix, or two of a recurrent layer.
    pub fn matrices(&self) -> impl Iterator<Item = &Parameter<T>> {
        [&self.weight]
            .into_iter()
            .chain(self.recurrence.as_ref().map(|r| &r.weight))
    }
    pub fn matrices_mut(&mut self) -> impl Iterator<Item = &mut Parameter<T>> {
        [&mut self.weight]
            .into_iter()
            .chain(self.recurrence.as_mut().map(|r| &mut r.weight))
    }
    /// What the layer above sees, `[rows][units]`.
    #[inline(always)]
    pub fn out(&self) -> &Blocked<T> {
        self.changed.as_ref().unwrap_or(&self.activated)
    }
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter<T>> {
        self.places().into_iter().flatten()
    }
    /// A place for every parameter that a layer may have.
    #[inline(always)]
    pub fn places(&self) -> [Option<&Parameter<T>>; PLACES] {
        let (norm, recurrent) = (self.norm.as_ref(), self.recurrence.as_ref());
        [
            Some(&self.weight),
            recurrent.map(|r| &r.weight),
            self.bias.as_ref(),
            recurrent.and_then(|r| r.bias.as_ref()),
            norm.map(|n| &n.weight),
            norm.map(|n| &n.bias),
            self.slope.as_ref(),
        ]
    }
    /// Those whose gradient of the last step is there.
    pub fn with_gradients(&self) -> impl Iterator<Item = &Parameter<T>> {
        self.parameters().skip(usize::from(!self.gradient_kept))
    }
    /// In the order of [`Layer::parameters`].
    pub fn parameters_mut(&mut self) -> impl Iterator<Item = &mut Parameter<T>> {
        let (norm_weight, norm_bias) = match &mut self.norm {
            Some(n) => (Some(&mut n.weight), Some(&mut n.bias)),
            None => (None, None),
        };
        let (weight, bias) = match &mut self.recurrence {
            Some(r) => (Some(&mut r.weight), r.bias.as_mut()),
            None => (None, None),
        };
        let each = [
            Some(&mut self.weight),
            weight,
            self.bias.as_mut(),
            bias,
            norm_weight,
            norm_bias,
            self.slope.as_mut(),
        ];
        each.into_iter().flatten()
    }
}
