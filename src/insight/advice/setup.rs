//! What can be said before the first step.

use super::pairs::{Family, departure, recommended};
use super::{Advice, Case, Severity, Topic, edit_layers, layers_where};
use crate::experiment::Experiment;
use crate::insight::cause::{self, Cause};
use crate::insight::remedy::{self, Fix, predicted_decades, theory_of};
use crate::insight::theory::{Theory, fixed_point};
use crate::insight::{profile, words};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::spec::{Bias, LayerKind, LayerSpec, NetworkSpec, Norm};
use crate::nn::vocabulary::Vocabulary;

/// Predicted decades from bottom to top that are worth a warning: the verdict's bound.
const TOO_MANY: f64 = 3.0;

pub fn advise(case: &Case) -> Vec<Advice> {
    let mut advice = Vec::new();
    advice.extend(still(case));
    advice.extend(symmetric(case));
    let departures = departures(case);
    let on_the_table = departures.is_empty();
    match cause::settings(case) {
        Some(cause) => advice.push(of_cause(cause)),
        None => advice.extend(signal(case, on_the_table)),
    }
    advice.extend(departures);
    advice.extend(without_a_pair(case));
    advice.extend(batch_norm_bias(case));
    advice
}

fn of_cause(cause: Cause) -> Advice {
    Advice {
        topic: cause.topic,
        severity: Severity::Warning,
        layers: Vec::new(),
        sentence: cause.sentence,
        fix: Some(cause.fix),
    }
}

fn hidden(case: &Case) -> usize {
    case.spec.layers.len().saturating_sub(1)
}

/// Nothing is wrong with the gradient of a network that does not learn for want of a rate.
fn still(case: &Case) -> Option<Advice> {
    let training = &case.experiment.training;
    (training.learning_rate() == 0.0).then(|| Advice {
        topic: Topic::LearningRateLow,
        severity: Severity::Warning,
        layers: Vec::new(),
        sentence: "The learning rate is 0: no step changes a weight.".to_string(),
        fix: Some(remedy::set_learning_rate(
            case.experiment,
            training.optimizer.default_learning_rate(),
        )),
    })
}

/// A hidden layer's units stay equal for ever where they start equal and are read equally, and nothing tells them apart: no
/// input of their own, no slope or mask that is drawn for each.
fn symmetric(case: &Case) -> Option<Advice> {
    let equal = |l: &LayerSpec| l.init.is_symmetric() && !l.given && !l.skip;
    let has_draws =
        |l: &LayerSpec| l.dropout > 0.0 || matches!(l.activation, Activation::Rrelu { .. });
    let biases_equal = |l: &LayerSpec| match &l.bias {
        Bias::Off => true,
        Bias::Drawn(init) => init.is_symmetric(),
    };
    let layers: Vec<usize> = case
        .spec
        .layers
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| {
            let [layer, reader] = pair else { return false };
            layer.units > 1
                && layer.kind == LayerKind::Dense
                && !has_draws(layer)
                && equal(layer)
                && biases_equal(layer)
                && equal(reader)
        })
        .map(|(l, _)| l)
        .collect();
    if layers.is_empty() {
        return None;
    }
    let count = case.spec.layers.len();
    let family = case
        .spec
        .layers
        .first()
        .and_then(|l| recommended(&l.activation))
        .unwrap_or(Family::Glorot);
    Some(Advice {
        topic: Topic::Symmetric,
        severity: Severity::Warning,
        sentence: format!(
            "All weights of {} start equal, and so do those that read {}: the units get equal gradients and stay copies of one another.",
            words::layers(&layers, count),
            words::verb(&layers, "it", "them")
        ),
        layers,
        fix: Some(remedy::draw_all_by(
            case.experiment,
            &family.member(&Initializer::GlorotNormal),
        )),
    })
}

/// Layers off the recommended pair, one piece of advice for each activation, draw and family.
fn departures(case: &Case) -> Vec<Advice> {
    let count = case.spec.layers.len();
    let mut groups: Vec<(&LayerSpec, bool, Family, Vec<usize>)> = Vec::new();
    for (l, layer) in case.spec.layers.iter().enumerate() {
        let output = l + 1 == count;
        let Some(family) = departure(layer, output) else {
            continue;
        };
        let group = groups.iter_mut().find(|(first, o, f, _)| {
            *o == output
                && *f == family
                && first.activation == layer.activation
                && first.init == layer.init
        });
        match group {
            Some((.., layers)) => layers.push(l),
            None => groups.push((layer, output, family, vec![l])),
        }
    }
    groups
        .into_iter()
        .map(|(layer, output, family, layers)| departed(case, layer, output, family, layers))
        .collect()
}

fn departed(
    case: &Case,
    layer: &LayerSpec,
    output: bool,
    family: Family,
    layers: Vec<usize>,
) -> Advice {
    let init = family.member(&layer.init);
    let variance = |init: &Initializer| init.variance(layer.inputs, layer.units);
    let ratio = variance(&layer.init) / variance(&init);
    let off = if layer.init.mean(layer.inputs, layer.units) != 0.0 {
        "is not centred on 0".to_string()
    } else {
        format!(
            "has {} times the recommended variance",
            words::number(ratio)
        )
    };
    let what = match (output, &layer.activation) {
        (true, _) => "the output",
        (false, activation) => activation.name(),
    };
    Advice {
        topic: Topic::Pair,
        severity: if (0.5..=2.0).contains(&ratio) {
            Severity::Note
        } else {
            Severity::Warning
        },
        sentence: format!(
            "{} {} drawn by {}, which {off}; {} suits {what}.",
            capital(&words::layers(&layers, case.spec.layers.len())),
            words::verb(&layers, "is", "are"),
            layer.init.name(),
            init.name()
        ),
        fix: Some(draw_by(
            case.experiment,
            &layers,
            output,
            hidden(case),
            &init,
        )),
        layers,
    }
}

/// Layers drawn by `init`; the network's default changes where that says the same.
fn draw_by(
    experiment: &Experiment,
    layers: &[usize],
    output: bool,
    hidden: usize,
    init: &Initializer,
) -> Fix {
    let label = format!(
        "draw {} by {}",
        words::layers(layers, hidden + 1),
        init.name()
    );
    if output {
        let mut changed = experiment.clone();
        changed.network.output.init = Some(init.clone());
        return Fix::new(label, changed);
    }
    if layers.len() < hidden {
        return Fix::new(
            label,
            edit_layers(experiment, layers, |entry| entry.init = Some(init.clone())),
        );
    }
    let mut changed = experiment.clone();
    let before = std::mem::replace(&mut changed.network.init, init.clone());
    changed
        .network
        .layers
        .iter_mut()
        .for_each(|entry| entry.init = None);
    if changed.network.output.init.is_none() && Family::of(&before) == Some(Family::Glorot) {
        // The output layer was well drawn by the old default.
        changed.network.output.init = Some(before);
    }
    Fix::new(label, changed)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// He's draw under a smooth relative of relu, for which it was not derived.
fn without_a_pair(case: &Case) -> Option<Advice> {
    let layers = layers_where(case.spec, |l| {
        let smooth = matches!(
            l.activation,
            Activation::Gelu | Activation::GeluTanh | Activation::Silu | Activation::Mish
        );
        let drawn_by_he = Family::of(&l.init) == Some(Family::He) && !l.given;
        smooth && drawn_by_he && l.norm == Norm::None
    });
    let activation = &case.spec.layers.get(*layers.first()?)?.activation;
    let settled = fixed_point(activation, 2.0, 0.0)?;
    Some(Advice {
        topic: Topic::NoPair,
        severity: Severity::Note,
        sentence: format!(
            "No draw is established for {}. He's is relu's: under {} the squared error signal settles at a factor of {} per layer, toward the input.",
            activation.name(),
            activation.name(),
            words::number(settled.chi_star)
        ),
        layers,
        fix: remedy::for_signal(case.experiment, case.spec, case.setting),
    })
}

/// What theory expects of the whole network.
fn signal(case: &Case, on_the_table: bool) -> Option<Advice> {
    let theory = theory_of(case.spec, case.setting).ok()?;
    let decades = predicted_decades(&theory, case.spec);
    if decades < TOO_MANY || theory.layers.len() < 2 {
        return None;
    }
    let pairs = on_the_table
        && case
            .spec
            .layers
            .iter()
            .take(hidden(case))
            .all(|l| recommended(&l.activation).is_some());
    let start = if pairs {
        "Each layer is drawn as the table recommends, and still "
    } else {
        ""
    };
    Some(Advice {
        topic: if pairs { Topic::Depth } else { Topic::Signal },
        severity: Severity::Warning,
        layers: Vec::new(),
        sentence: capital(&format!(
            "{start}{}",
            expectation(&theory, decades, case.spec)
        )),
        fix: remedy::for_signal(case.experiment, case.spec, case.setting),
    })
}

fn expectation(theory: &Theory, decades: f64, spec: &NetworkSpec) -> String {
    let ends = |f| profile::ratio(&theory.each(f));
    let (grad, delta) = (ends(|l| l.grad_rms), ends(|l| l.delta_rms));
    let (name, ratio) = if grad.log10().abs() >= delta.log10().abs() {
        ("weight gradient", grad)
    } else {
        ("error signal", delta)
    };
    let count = theory.layers.len();
    let bottom = words::layers(&[spec.layers.len() - count], spec.layers.len());
    if ratio == 0.0 {
        return format!("theory expects no {name} at all in {bottom} at the start.");
    }
    if ratio.log10().abs() < TOO_MANY {
        return format!(
            "theory expects a gradient of norm {} at the start: it explodes.",
            words::number(theory.largest_norm())
        );
    }
    let verb = if ratio < 1.0 { "vanish" } else { "explode" };
    format!(
        "theory expects the {name} to {verb} over {count} layers: {bottom} gets {} times what the output layer gets, {} decades per layer.",
        words::number(ratio),
        words::number(decades / (count - 1) as f64)
    )
}

/// The norm takes off whatever a bias adds. A layer from a saved run has the bias that it was trained with.
fn batch_norm_bias(case: &Case) -> Option<Advice> {
    let network = &case.experiment.network;
    let taken = network.layers.iter().take(network.entries_taken());
    let first: usize = taken.map(|entry| entry.repeat).sum();
    let mut layers = layers_where(case.spec, |l| {
        matches!(l.norm, Norm::Batch { .. }) && l.bias != Bias::Off && l.kind == LayerKind::Dense
    });
    layers.retain(|layer| *layer >= first);
    if layers.is_empty() {
        return None;
    }
    let changed = edit_layers(case.experiment, &layers, |entry| {
        entry.bias = Some(Bias::Off)
    });
    let named = words::layers(&layers, case.spec.layers.len());
    Some(Advice {
        topic: Topic::BatchNormBias,
        severity: Severity::Note,
        sentence: format!(
            "The biases of {named} do nothing: batch normalization takes them off again, and their gradient is 0. That is no vanishing.",
        ),
        fix: Some(Fix::new(
            format!("leave the biases of {named} out"),
            changed,
        )),
        layers,
    })
}
