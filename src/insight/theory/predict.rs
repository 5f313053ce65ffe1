//! The maps, layer by layer, up for the signal and down for the error.

use super::fixed_point::depth_scale;
use super::output::output_delta;
use super::pairs::{self, Each, GROUPS};
use super::response::Response;
use super::{NoTheory, Predicted, Setting, Theory};
use crate::insight::cutoff;
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, LayerKind, LayerSpec, NetworkSpec, Norm};

/// SELU's lower bound, -λα (Klambauer et al. 2017): where alpha dropout puts the units that it takes.
const SELU_FLOOR: f64 = -1.758_099_340_847_376_6;
/// Squares beyond this are shown as infinite.
const OVERFLOW: f64 = 1e279;

/// A signal or an error: mean square of an element, mean product of an element in two rows of every group of pairs, mean.
#[derive(Clone, Copy, Debug)]
struct Signal {
    square: f64,
    covariance: Each,
    mean: f64,
}

/// What the way up leaves for the way down.
struct Up {
    input: Signal,
    /// Variance of one weight.
    variance: f64,
    q_pre: f64,
    correlation: Each,
    response: Response,
    output: Signal,
    /// Variance that the norm divides by, eps included; 1 without a norm.
    divisor: f64,
}

/// What theory says of `spec` before the first step.
///
/// What two rows have in common is followed for groups of pairs ([`pairs`]); beyond that the error at the output is taken for
/// independent of the signal, as it is at the start.
pub fn predict(spec: &NetworkSpec, setting: &Setting) -> Result<Theory, NoTheory> {
    let mut input = Signal {
        square: setting.input_q,
        covariance: setting.pairs.map(|pairs| pairs.input),
        mean: 0.0,
    };
    let mut up: Vec<Up> = Vec::with_capacity(spec.layers.len());
    for (index, layer) in spec.layers.iter().enumerate() {
        covered(index, layer)?;
        wanted(index)?;
        let below = up.last().zip(spec.layers.get(index.wrapping_sub(1)));
        let next = climb(layer, input, setting, below);
        input = next.output;
        up.push(next);
    }
    let layers = descend(spec, setting, &up);
    wanted(0)?;
    let chi = mean_chi(&layers);
    Ok(Theory {
        chi,
        depth_scale: chi.and_then(depth_scale).map(f64::abs),
        trust: trust(spec),
        approximate: approximate(spec),
        layers,
    })
}

/// Nobody sees this reason.
fn wanted(layer: usize) -> Result<(), NoTheory> {
    match cutoff::is_reached() {
        false => Ok(()),
        true => Err(NoTheory {
            layer,
            reason: "was not waited for".into(),
        }),
    }
}

fn covered(index: usize, layer: &LayerSpec) -> Result<(), NoTheory> {
    let no = |reason: &str| {
        Err(NoTheory {
            layer: index,
            reason: reason.to_string(),
        })
    };
    if layer.given {
        return no("starts from weights of a file or of pretraining, and the maps are of draws");
    }
    if matches!(layer.kind, LayerKind::Recurrent { .. }) {
        return no("is recurrent, and the maps are for layers without time");
    }
    if matches!(layer.init, Initializer::Identity { .. }) {
        return no("starts as the identity, which is no random draw");
    }
    let (mean, variance) = (
        layer.init.mean(layer.inputs, layer.units),
        layer.init.variance(layer.inputs, layer.units),
    );
    if mean != 0.0 && mean * mean > 1e-12 * variance {
        return no("has weights whose mean is not 0, so that its units are not independent");
    }
    Ok(())
}

/// One layer up.
fn climb(
    layer: &LayerSpec,
    input: Signal,
    setting: &Setting,
    below: Option<(&Up, &LayerSpec)>,
) -> Up {
    let fan_in = layer.inputs as f64;
    let (bias_mean, bias_variance) = bias_moments(layer);
    let variance = match layer.init {
        // Scaled on the first batch until the pre-activation has variance 1 (Mishkin & Matas 2016).
        Initializer::Lsuv if input.square > 0.0 => 1.0 / (fan_in * input.square),
        _ => layer.init.variance(layer.inputs, layer.units),
    };
    let q = fan_in * variance * input.square + bias_variance;
    let covariance = input
        .covariance
        .map(|c| fan_in * variance * c + bias_variance);
    let (mean, q, covariance, divisor) = match layer.norm {
        Norm::None => (bias_mean, q, covariance, 1.0),
        // Over the batch, what all rows have in common goes; what is left sums to 0.
        Norm::Batch { eps, .. } => {
            let share = 1.0 - 1.0 / setting.batch.max(1) as f64;
            let common = pairs::mean(&setting.pairs, &covariance);
            let left = (q - common).max(0.0) * share;
            let divisor = left + eps;
            let normal = left / divisor;
            let level = normal / (setting.batch.max(2) - 1) as f64;
            let covariance = covariance.map(|c| (c - common) / divisor - level);
            (0.0, normal, covariance, divisor)
        }
        // Over the units of a row.
        Norm::Layer { eps } => (
            0.0,
            q / (q + eps),
            covariance.map(|c| c / (q + eps)),
            q + eps,
        ),
    };
    let correlation = covariance.map(|c| match q > 0.0 {
        true => (c / q).clamp(-1.0, 1.0),
        false => 0.0,
    });
    let response = match below {
        Some((below, spec)) if same_response(spec, layer) => {
            below.response.carried(&layer.activation, below.q_pre, q)
        }
        _ => None,
    };
    let response = response.unwrap_or_else(|| Response::of(&layer.activation, mean, q));
    let dropped = drop(layer, &response, correlation);
    let output = if layer.skip {
        add(dropped, input)
    } else {
        dropped
    };
    Up {
        input,
        variance,
        q_pre: q + mean * mean,
        correlation,
        response,
        output,
        divisor,
    }
}

/// Whether two layers' responses differ by q alone.
fn same_response(a: &LayerSpec, b: &LayerSpec) -> bool {
    let centred = |l: &LayerSpec| l.norm != Norm::None || bias_moments(l).0 == 0.0;
    a.activation == b.activation && centred(a) && centred(b)
}

fn bias_moments(layer: &LayerSpec) -> (f64, f64) {
    match &layer.bias {
        Bias::Off => (0.0, 0.0),
        // For biases, these take a matrix of one column.
        Bias::Drawn(
            init @ (Initializer::Orthogonal { .. }
            | Initializer::Lsuv
            | Initializer::Identity { .. }),
        ) => (init.mean(1, layer.units), init.variance(1, layer.units)),
        Bias::Drawn(init) => (
            init.mean(layer.inputs, layer.units),
            init.variance(layer.inputs, layer.units),
        ),
    }
}

/// Factor of alpha dropout's affine map, and what it adds.
fn alpha_dropout(p: f64) -> (f64, f64) {
    let scale = ((1.0 - p) * (1.0 + p * SELU_FLOOR * SELU_FLOOR)).powf(-0.5);
    (scale, -scale * p * SELU_FLOOR)
}

/// The activation's output after dropout; masks of different rows are independent.
fn drop(layer: &LayerSpec, response: &Response, correlation: Each) -> Signal {
    let (p, mean, square) = (layer.dropout, response.mean, response.square);
    let covariance = correlation.map(|c| response.covariance(c));
    if p <= 0.0 || p >= 1.0 {
        return Signal {
            square,
            covariance,
            mean,
        };
    }
    if layer.activation == Activation::Selu {
        let (a, b) = alpha_dropout(p);
        let kept = (1.0 - p) * mean + p * SELU_FLOOR;
        let product = |covariance: f64| {
            (1.0 - p).powi(2) * covariance
                + 2.0 * p * (1.0 - p) * SELU_FLOOR * mean
                + (p * SELU_FLOOR).powi(2)
        };
        return Signal {
            square: a * a * ((1.0 - p) * square + p * SELU_FLOOR * SELU_FLOOR)
                + 2.0 * a * b * kept
                + b * b,
            covariance: covariance.map(|c| a * a * product(c) + 2.0 * a * b * kept + b * b),
            mean: a * kept + b,
        };
    }
    Signal {
        square: square / (1.0 - p),
        covariance,
        mean,
    }
}

/// The sum of two independent signals.
fn add(a: Signal, b: Signal) -> Signal {
    let cross = 2.0 * a.mean * b.mean;
    Signal {
        square: a.square + b.square + cross,
        covariance: std::array::from_fn(|g| a.covariance[g] + b.covariance[g] + cross),
        mean: a.mean + b.mean,
    }
}

/// The error on its way down, in units of e^`log`, so that a thousand layers do not leave f64's range.
#[derive(Clone, Copy)]
struct Error {
    square: f64,
    covariance: Each,
    log: f64,
}

impl Error {
    fn normalized(self) -> Error {
        if self.square > 0.0 && self.square.is_finite() {
            Error {
                square: 1.0,
                covariance: self.covariance.map(|c| c / self.square),
                log: self.log + self.square.ln(),
            }
        } else {
            self
        }
    }
    /// √(value·e^log); 0 where rounding leaves a value below 0.
    fn root(&self, value: f64) -> f64 {
        if value <= 0.0 {
            0.0
        } else {
            (0.5 * (value.ln() + self.log)).exp()
        }
    }
}

fn descend(spec: &NetworkSpec, setting: &Setting, up: &[Up]) -> Vec<Predicted> {
    let Some((top, top_layer)) = up.last().zip(spec.layers.last()) else {
        return Vec::new();
    };
    let delta = output_delta(
        &spec.loss,
        spec.label_smoothing,
        top_layer.units,
        top.output.square,
        &top.output.covariance,
        setting,
    );
    let mut error = Error {
        square: delta.square,
        covariance: delta.covariance,
        log: 0.0,
    };
    let mut above: Option<f64> = None;
    let mut predicted = Vec::with_capacity(up.len());
    for (layer, up) in spec.layers.iter().zip(up).rev() {
        error = error.normalized();
        let pre = through_activation(layer, up, error);
        let affine = through_norm(layer, up, pre, setting);
        predicted.push(figures(layer, up, pre, affine, above, setting));
        above = Some(pre.square.ln() + pre.log);
        let gain = layer.units as f64 * up.variance;
        let around = if layer.skip {
            error
        } else {
            Error {
                square: 0.0,
                covariance: [0.0; GROUPS],
                log: error.log,
            }
        };
        error = Error {
            square: gain * affine.square + around.square,
            covariance: std::array::from_fn(|g| gain * affine.covariance[g] + around.covariance[g]),
            log: error.log,
        };
    }
    predicted.reverse();
    predicted
}

/// ∂L/∂out to ∂L/∂pre.
fn through_activation(layer: &LayerSpec, up: &Up, error: Error) -> Error {
    let p = layer.dropout;
    let (square, covariance) = match (p > 0.0 && p < 1.0, layer.activation == Activation::Selu) {
        (false, _) => (1.0, 1.0),
        (true, true) => {
            let a = alpha_dropout(p).0;
            (a * a * (1.0 - p), (a * (1.0 - p)).powi(2))
        }
        (true, false) => (1.0 / (1.0 - p), 1.0),
    };
    Error {
        square: error.square * up.response.slope_square * square,
        covariance: std::array::from_fn(|g| {
            error.covariance[g] * up.response.slope_covariance(up.correlation[g]) * covariance
        }),
        log: error.log,
    }
}

/// ∂L/∂pre to the error at the affine map's output. The norms' projections, which take two directions of many, are left out
/// but for batch norm's: its errors sum to 0 over the batch.
fn through_norm(layer: &LayerSpec, up: &Up, pre: Error, setting: &Setting) -> Error {
    let square = pre.square / up.divisor;
    let (common, level) = match layer.norm {
        Norm::Batch { .. } if setting.batch > 1 => (
            pairs::mean(&setting.pairs, &pre.covariance),
            square / (setting.batch as f64 - 1.0),
        ),
        _ => (0.0, 0.0),
    };
    let covariance = pre.covariance.map(|c| (c - common) / up.divisor - level);
    Error {
        square,
        covariance,
        log: pre.log,
    }
}

fn figures(
    layer: &LayerSpec,
    up: &Up,
    pre: Error,
    affine: Error,
    above: Option<f64>,
    setting: &Setting,
) -> Predicted {
    let batch = setting.batch.max(1) as f64;
    // Σ over rows of δ·x, squared: the rows' own squares, and the products of two rows.
    let own = affine.square * up.input.square;
    let products = std::array::from_fn(|g| affine.covariance[g] * up.input.covariance[g]);
    let shared = pairs::mean(&setting.pairs, &products);
    let grad_square = (own + (batch - 1.0) * shared) / batch;
    let grad_rms = affine.root(grad_square);
    let infinite = |square: f64| {
        if square > OVERFLOW {
            f64::INFINITY
        } else {
            square
        }
    };
    Predicted {
        q_pre: infinite(up.q_pre),
        out_rms: infinite(up.output.square).sqrt(),
        chi: above
            .map(|above| (pre.square.ln() + pre.log - above).exp())
            .filter(|chi| !chi.is_nan()),
        delta_rms: pre.root(pre.square),
        grad_norm: grad_rms * ((layer.inputs * layer.units) as f64).sqrt(),
        grad_rms,
    }
}

/// Geometric mean over the steps between hidden layers; where there is none, the step from the output layer, whose width is
/// that of the targets.
fn mean_chi(layers: &[Predicted]) -> Option<f64> {
    let steps = layers.len().saturating_sub(1);
    let between_hidden = match steps {
        0 | 1 => layers,
        _ => &layers[..steps - 1],
    };
    let logs: Vec<f64> = between_hidden
        .iter()
        .filter_map(|l| l.chi)
        .map(f64::ln)
        .collect();
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    (!logs.is_empty() && mean.is_finite()).then(|| mean.exp())
}

fn trust(spec: &NetworkSpec) -> f64 {
    5.0 * depth_over_width(spec)
}

/// Σ 1/units over the hidden layers: by it grows how much what passes differs from draw to draw (Hanin & Rolnick 2018).
pub fn depth_over_width(spec: &NetworkSpec) -> f64 {
    let hidden = spec.layers.len().saturating_sub(1);
    let layers = spec.layers.iter().take(hidden);
    layers.map(|l| 1.0 / l.units.max(1) as f64).sum()
}

fn approximate(spec: &NetworkSpec) -> Option<&'static str> {
    let any = |f: fn(&LayerSpec) -> bool| spec.layers.iter().any(f);
    if any(|l| l.activation == Activation::Exponential) {
        // E[e^{2z}] is a lognormal's mean: of n units its scatter is e^{2q}/√n, not 1/√n.
        Some("averages of exponentials rest on rare units, of which few layers have enough")
    } else if any(|l| l.norm != Norm::None) {
        Some("the norms' projections are left out on the way down")
    } else if any(|l| matches!(l.init, Initializer::Orthogonal { .. } | Initializer::Lsuv)) {
        Some("orthogonal weights are taken for independent ones")
    } else {
        None
    }
}
