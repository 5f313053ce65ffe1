//! What to change so that the signal passes: candidates are tried on the theory of this very network, the least change that
//! helps wins.

use super::cause::Case;
use super::cutoff;
use super::profile;
use super::theory::{NoTheory, Predicted, Setting, Theory, depth_over_width, predict};
use super::verdict::largest_norm;
use crate::data::Task;
use crate::experiment::{Experiment, Layer, LayerKind, resolve};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::loss::Loss;
use crate::nn::schedule::Schedule;
use crate::nn::spec::{Bias, Cell, Clip, LayerSpec, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;
use crate::text::number;

/// A change that can be made with one key: the experiment as it would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, as an order: "draw all weights by he-normal".
    pub label: String,
    pub experiment: Box<Experiment>,
}

impl Fix {
    pub fn new(label: impl Into<String>, experiment: Experiment) -> Fix {
        Fix {
            label: label.into(),
            experiment: Box::new(experiment),
        }
    }
}

/// Within so many decades from bottom to top a signal passes well.
const GOOD: f64 = 1.0;
/// Candidates that differ by less are equally good.
const ALIKE: f64 = 0.25;

/// Theory of the network; where it is recurrent, of the dense layers above, which take a state in: the output of tanh or a gated
/// one, of size 1 at most.
pub fn theory_of(spec: &NetworkSpec, setting: &Setting) -> Result<Theory, NoTheory> {
    let Some(last) = spec.layers.iter().rposition(|l| l.kind.cell().is_some()) else {
        return predict(spec, setting);
    };
    let dense = NetworkSpec {
        inputs: spec.layers[last].units,
        layers: spec.layers[last + 1..].to_vec(),
        ..spec.clone()
    };
    predict(&dense, &setting.with_input_q(1.0))
}

/// How far a network is from passing the signal level, by theory: decades between bottom and top of the weight gradients or
/// of the error signal, whichever is worse, or what a norm has over the largest that is healthy in it.
pub fn predicted_decades(theory: &Theory, spec: &NetworkSpec) -> f64 {
    let of = |f| profile::decades(&theory.each(f));
    let largest = theory.largest_norm();
    let bound = largest_norm(spec);
    let excess = if largest > bound {
        3.0 + (largest / bound).log10()
    } else {
        0.0
    };
    let worst = of(|l| l.grad_rms).max(of(|l| l.delta_rms)).max(excess);
    if worst.is_nan() { f64::INFINITY } else { worst }
}

/// Whether theory sees the gradients grow toward the bottom, or a norm over the largest that is healthy; also where there is no
/// theory of the network.
pub fn is_foreseen_to_grow(case: &Case) -> bool {
    let Ok(theory) = theory_of(case.spec, case.setting) else {
        return true;
    };
    let grows = |f| {
        let ratio = profile::ratio(&theory.each(f));
        ratio.is_nan() || ratio.log10() > GOOD
    };
    let bound = largest_norm(case.spec);
    let loud = |l: &Predicted| l.grad_norm.is_nan() || l.grad_norm > bound;
    grows(|l| l.grad_rms) || grows(|l| l.delta_rms) || theory.layers.iter().any(loud)
}

/// The data's task, read off the network.
fn task(spec: &NetworkSpec) -> Task {
    let units = spec.layers.last().map_or(1, |l| l.units);
    match spec.loss {
        Loss::CrossEntropy => Task::Classification { classes: units },
        _ => Task::Regression { targets: units },
    }
}

/// The network of a changed experiment on the same data.
pub fn spec_of(experiment: &Experiment, like: &NetworkSpec) -> Option<NetworkSpec> {
    let mut experiment = experiment.clone();
    experiment.training.loss = Some(like.loss.clone());
    let mut spec = resolve::network_spec(&experiment, like.inputs, task(like)).ok()?;
    for (layer, like) in spec.layers.iter_mut().zip(&like.layers) {
        layer.given = like.given;
    }
    Some(NetworkSpec {
        target_rms: like.target_rms,
        ..spec
    })
}

/// A network whose dense layers are to take over its defaults: what recurrent ones have of them becomes their own. Gated cells
/// are defined with tanh, and what their draws lose through time no theory here knows. Also whether there are any.
fn with_recurrent_layers_kept(experiment: &Experiment) -> (Experiment, bool) {
    let mut changed = experiment.clone();
    let mut any = false;
    for layer in &mut changed.network.layers {
        if let LayerKind::Recurrent { cell, .. } = &layer.kind {
            any = true;
            layer.init = layer.init.take().or(Some(experiment.network.init.clone()));
            if !cell.is_gated() {
                let own = layer.activation.take();
                layer.activation = own.or(Some(experiment.network.activation.clone()));
            }
        }
    }
    (changed, any)
}

fn dense(experiment: &mut Experiment) -> impl Iterator<Item = &mut Layer> {
    let layers = experiment.network.layers.iter_mut();
    layers.filter(|l| matches!(l.kind, LayerKind::Dense))
}

/// All weights of all dense layers by one initializer.
pub fn draw_all_by(experiment: &Experiment, init: &Initializer) -> Fix {
    let (mut changed, recurrent) = with_recurrent_layers_kept(experiment);
    changed.network.init = init.clone();
    changed.network.output.init = None;
    dense(&mut changed).for_each(|layer| layer.init = None);
    let which = if recurrent { "dense" } else { "all" };
    Fix::new(format!("draw {which} weights by {}", init.name()), changed)
}

/// One activation and one initializer for all dense hidden layers, Glorot's for the output.
fn use_pair(experiment: &Experiment, activation: &Activation, init: &Initializer) -> Fix {
    let mut changed = *draw_all_by(experiment, init).experiment;
    changed.network.activation = activation.clone();
    dense(&mut changed).for_each(|layer| layer.activation = None);
    if *init != Initializer::GlorotNormal {
        changed.network.output.init = Some(Initializer::GlorotNormal);
    }
    let all_dense = dense(&mut changed).count() == experiment.network.layers.len();
    let place = if all_dense {
        ""
    } else {
        " in the dense layers"
    };
    Fix::new(
        format!("use {} drawn by {}{place}", activation.name(), init.name()),
        changed,
    )
}

fn skip_where_widths_agree(experiment: &Experiment, spec: &NetworkSpec) -> Option<Fix> {
    let mut changed = experiment.clone();
    let mut index = 0;
    let mut any = false;
    for layer in &mut changed.network.layers {
        let equal = spec
            .layers
            .get(index..index + layer.repeat)?
            .iter()
            .all(|l| l.inputs == l.units);
        index += layer.repeat;
        any |= equal && !layer.skip;
        layer.skip |= equal;
    }
    any.then(|| {
        Fix::new(
            "let every layer of equal widths add its input (skip)",
            changed,
        )
    })
}

fn normalize(experiment: &Experiment) -> Option<Fix> {
    let mut changed = experiment.clone();
    let batch = Norm::named("batch")?;
    let mut any = false;
    for layer in dense(&mut changed) {
        any |= layer.norm == Norm::None;
        layer.norm = batch.clone();
    }
    any.then(|| Fix::new("normalize every layer (norm = \"batch\")", changed))
}

/// Candidates by how much they change, the least first; within one tier the field's usual choice first.
fn tiers(experiment: &Experiment, spec: &NetworkSpec) -> Vec<Vec<Fix>> {
    let draws = [
        Initializer::GlorotNormal,
        Initializer::HeNormal,
        Initializer::LecunNormal,
        Initializer::Orthogonal { gain: 1.0 },
        Initializer::Lsuv,
    ];
    let relu = (Activation::Relu, Initializer::HeNormal);
    let selu = (Activation::Selu, Initializer::LecunNormal);
    let elu = (Activation::Elu { alpha: 1.0 }, Initializer::HeNormal);
    let tanh = (Activation::Tanh, Initializer::GlorotNormal);
    // in what is deeper than wide, all units of some relu layer are soon dead (Lu et al. 2020), and what is not bounded is shaken
    let pairs = match depth_over_width(spec) > 1.0 {
        true => vec![vec![tanh], vec![selu, elu]],
        false => vec![vec![relu, selu, elu, tanh]],
    };
    let draws = draws.iter().map(|init| draw_all_by(experiment, init));
    let pairs = pairs.into_iter().map(|pairs| {
        let pairs = pairs.iter();
        pairs
            .map(|(activation, init)| use_pair(experiment, activation, init))
            .collect()
    });
    let others = skip_where_widths_agree(experiment, spec)
        .into_iter()
        .chain(normalize(experiment));
    std::iter::once(draws.collect())
        .chain(pairs)
        .chain([others.collect()])
        .collect()
}

/// The change that theory says helps most among the least: the first tier with a candidate within a decade from bottom to
/// top; otherwise the best of all, if it takes at least half of the decades away. `None` where the network is covered by
/// theory and passes the signal well, or nothing helps.
pub fn for_signal(experiment: &Experiment, spec: &NetworkSpec, setting: &Setting) -> Option<Fix> {
    let decades =
        |spec: &NetworkSpec| Some(predicted_decades(&theory_of(spec, setting).ok()?, spec));
    let now = decades(spec).unwrap_or(f64::INFINITY);
    if now <= GOOD {
        return None;
    }
    let mut best: Option<(f64, Fix)> = None;
    for tier in tiers(experiment, spec) {
        let scored: Vec<(f64, Fix)> = tier
            .into_iter()
            .filter_map(|fix| {
                if cutoff::is_reached() {
                    return None;
                }
                let changed = spec_of(&fix.experiment, spec)?;
                // A mean over draws of exponentials is one that hardly any draw has: nothing is promised by it.
                let is_rough = |l: &LayerSpec| l.activation == Activation::Exponential;
                if changed.layers.iter().any(is_rough) {
                    return None;
                }
                Some((decades(&changed)?, fix))
            })
            .collect();
        let least = scored
            .iter()
            .map(|(score, _)| *score)
            .fold(f64::INFINITY, f64::min);
        let Some(winner) = scored
            .into_iter()
            .find(|(score, _)| *score <= least + ALIKE)
        else {
            continue;
        };
        if winner.0 <= GOOD {
            return Some(winner.1);
        }
        if best.as_ref().is_none_or(|(score, _)| winner.0 < *score) {
            best = Some(winner);
        }
    }
    best.filter(|(score, _)| *score <= now / 2.0)
        .map(|(_, fix)| fix)
}

/// For signals through time. The state of plain cells goes through the matrix and the activation at every step, a GRU's gate lets
/// half of it pass as it is drawn, and so does an LSTM's forget gate without a bias of 1 (Gers et al. 2000; Jozefowicz et al.
/// 2015). `None` where all cells are such LSTMs, which may still learn to keep more, or come from a saved run.
pub fn for_recurrence(experiment: &Experiment) -> Option<Fix> {
    let taken = experiment.network.entries_taken();
    let mut changed = experiment.clone();
    let network_has_bias = experiment.network.bias != Some(Bias::Off);
    let (mut cells, mut gates) = (false, false);
    for layer in changed.network.layers.iter_mut().skip(taken) {
        let has_bias = layer
            .bias
            .as_ref()
            .map_or(network_has_bias, |b| *b != Bias::Off);
        let LayerKind::Recurrent { cell, .. } = &mut layer.kind else {
            continue;
        };
        match cell {
            Cell::Lstm { forget_bias } if *forget_bias < 1.0 && has_bias => {
                *forget_bias = 1.0;
                gates = true;
            }
            Cell::Lstm { .. } => {}
            Cell::Plain | Cell::Gru => {
                *cell = Cell::Lstm { forget_bias: 1.0 };
                layer.activation = None;
                cells = true;
            }
        }
    }
    let label = match (cells, gates) {
        (true, _) => "use lstm cells, which carry the gradient through time",
        (false, true) => "open the forget gates at the start (forget_bias = 1)",
        (false, false) => return None,
    };
    Some(Fix::new(label, changed))
}

/// Gradients clipped by their norm, where nothing clips them yet.
pub fn clip(experiment: &Experiment) -> Option<Fix> {
    (experiment.training.clip == Clip::None).then(|| {
        let mut changed = experiment.clone();
        changed.training.clip = Clip::Norm { max: 1.0 };
        Fix::new("clip the gradients' norm at 1", changed)
    })
}

/// The learning rate times `factor`, rounded to one digit. `None` where that changes nothing.
pub fn scale_learning_rate(experiment: &Experiment, factor: f64) -> Option<Fix> {
    let now = experiment.training.learning_rate();
    let rate = one_digit(now * factor);
    let sound = rate > 0.0 && rate.is_finite() && rate != now;
    sound.then(|| set_learning_rate(experiment, rate))
}

pub fn set_learning_rate(experiment: &Experiment, rate: f64) -> Fix {
    let mut changed = experiment.clone();
    changed.training.set_learning_rate(rate);
    let name = match changed.training.schedule {
        Schedule::OneCycle { .. } => "one-cycle's max",
        _ => "learning rate",
    };
    Fix::new(format!("set the {name} to {}", number(rate)), changed)
}

/// Rounded to one significant digit, through its decimal form so that it reads well.
pub fn one_digit(x: f64) -> f64 {
    format!("{x:.0e}").parse().unwrap_or(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataKind;
    use crate::experiment::Transfer;

    #[test]
    fn a_rate_beyond_all_reason_reads_well_all_the_same() {
        let mut experiment = Experiment::on(DataKind::Wine {});
        experiment.training.set_learning_rate(1e20);
        let fix = scale_learning_rate(&experiment, 0.1).expect("a fix");
        assert_eq!(fix.label, "set the learning rate to 1e19");
    }

    /// Other cells would have no place for the file's gates.
    #[test]
    fn recurrent_layers_from_a_saved_run_keep_their_cells() {
        let mut experiment = Experiment::on(DataKind::named("adding").expect("a data set"));
        let gru = Layer {
            kind: LayerKind::Recurrent {
                cell: Cell::Gru,
                recurrent_init: Initializer::Orthogonal { gain: 1.0 },
            },
            ..Layer::dense(8)
        };
        experiment.network.layers = vec![gru.clone(), gru.clone()];
        assert!(for_recurrence(&experiment).is_some());
        experiment.network.transfer = Some(Transfer::from("x.safetensors", 1));
        let fix = for_recurrence(&experiment).expect("the other layer");
        assert_eq!(fix.experiment.network.layers[0], gru);
        experiment.network.transfer = Some(Transfer::from("x.safetensors", 2));
        assert_eq!(for_recurrence(&experiment), None);
    }
}
