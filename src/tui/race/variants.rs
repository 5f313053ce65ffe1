//! What can be raced: named sets of variants of the present experiment. A variant differs in the one thing that is raced.

use crate::experiment::{self, Experiment};
use crate::nn::activation::Activation;
use crate::nn::init::Initializer;
use crate::nn::optimizer::Optimizer;
use crate::nn::vocabulary::Vocabulary;

/// One way of varying the experiment.
#[derive(Clone, Debug)]
pub struct Offer {
    pub name: &'static str,
    pub help: &'static str,
    pub variants: Vec<Variant>,
}

#[derive(Clone, Debug)]
pub struct Variant {
    pub label: String,
    pub experiment: Experiment,
    /// The raced number, where it is one: a learning rate.
    pub value: Option<f64>,
}

impl Variant {
    fn of(
        base: &Experiment,
        label: impl Into<String>,
        change: impl FnOnce(&mut Experiment),
    ) -> Self {
        let mut experiment = base.clone();
        change(&mut experiment);
        Self {
            label: label.into(),
            experiment,
            value: None,
        }
    }

    /// Not every network takes every variant: the file's own rules decide.
    fn is_allowed(&self) -> bool {
        experiment::parse(&experiment::to_toml(&self.experiment), &self.label).is_ok()
    }
}

/// Factors of the rates of a sweep: half decades around the present rate.
const HALF_DECADES: std::ops::RangeInclusive<i32> = -4..=4;

/// Every race that this experiment allows, each of two variants at least.
pub fn offers(base: &Experiment, pinned: &[(String, Experiment)]) -> Vec<Offer> {
    let mut offers = vec![
        Offer {
            name: "four initializers",
            help: "all weights drawn from N(0, 1), as was once usual, and by Glorot, He and LeCun; an output layer with a draw of its own keeps it",
            variants: initializers(base),
        },
        Offer {
            name: "activations",
            help: "the hidden layers' activation: the saturating ones and what replaced them; weights drawn as they are now",
            variants: activations(base),
        },
        Offer {
            name: "pairs",
            help: "each activation with the initializer that was derived for it",
            variants: pairs(base),
        },
        Offer {
            name: "optimizers",
            help: "plain descent against momentum, RMSProp and Adam: momentum at the present rate, the others at their usual ones",
            variants: optimizers(base),
        },
        Offer {
            name: "learning rates",
            help: "nine rates half a decade apart around the present one, and which served best: f takes it",
            variants: rates(base),
        },
        Offer {
            name: "pinned runs",
            help: "the pinned runs' experiments against the present one",
            variants: against(base, pinned),
        },
    ];
    for offer in &mut offers {
        offer.variants.retain(Variant::is_allowed);
    }
    offers.retain(|offer| offer.variants.len() > 1);
    offers
}

/// All hidden layers drawn alike, and the output layer where it has no draw of its own.
fn draw_by(e: &mut Experiment, init: Initializer) {
    e.network.init = init;
    for layer in &mut e.network.layers {
        layer.init = None;
    }
}

fn activate_by(e: &mut Experiment, activation: Activation) {
    e.network.activation = activation;
    for layer in &mut e.network.layers {
        layer.activation = None;
    }
}

fn initializers(base: &Experiment) -> Vec<Variant> {
    let naive = Initializer::Normal {
        mean: 0.0,
        std: 1.0,
    };
    let named = ["glorot-normal", "he-normal", "lecun-normal"]
        .into_iter()
        .filter_map(|name| Some((name, Initializer::named(name)?)));
    std::iter::once(("normal N(0, 1)", naive))
        .chain(named)
        .map(|(label, init)| Variant::of(base, label, |e| draw_by(e, init)))
        .collect()
}

/// Whether any hidden layer activates by what the network says: gated cells have tanh.
fn takes_an_activation(e: &Experiment) -> bool {
    e.network.layers.iter().any(|layer| !layer.is_gated())
}

fn activations(base: &Experiment) -> Vec<Variant> {
    if !takes_an_activation(base) {
        return Vec::new();
    }
    ["logistic", "tanh", "relu", "elu", "selu", "gelu"]
        .into_iter()
        .filter_map(|name| Some((name, Activation::named(name)?)))
        .map(|(name, activation)| Variant::of(base, name, |e| activate_by(e, activation)))
        .collect()
}

fn pairs(base: &Experiment) -> Vec<Variant> {
    if !takes_an_activation(base) {
        return Vec::new();
    }
    let pairs = [
        ("logistic", "glorot-normal"),
        ("tanh", "glorot-normal"),
        ("relu", "he-normal"),
        ("selu", "lecun-normal"),
    ];
    pairs
        .into_iter()
        .filter_map(|(a, i)| Some((a, i, Activation::named(a)?, Initializer::named(i)?)))
        .map(|(a, i, activation, init)| {
            Variant::of(base, format!("{a} · {i}"), |e| {
                activate_by(e, activation);
                draw_by(e, init);
            })
        })
        .collect()
}

fn optimizers(base: &Experiment) -> Vec<Variant> {
    let rate = match base.training.optimizer {
        Optimizer::Sgd { learning_rate, .. } => Some(learning_rate),
        // Another optimizer's rate means nothing to plain descent, whose own default is taken.
        _ => None,
    };
    let descent = |momentum: f64| match Optimizer::named("sgd")? {
        Optimizer::Sgd {
            learning_rate,
            dampening,
            nesterov,
            weight_decay,
            ..
        } => Some(Optimizer::Sgd {
            learning_rate: rate.unwrap_or(learning_rate),
            momentum,
            dampening,
            nesterov,
            weight_decay,
        }),
        _ => None,
    };
    [
        ("sgd", descent(0.0)),
        ("momentum 0.9", descent(0.9)),
        ("rmsprop", Optimizer::named("rmsprop")),
        ("adam", Optimizer::named("adam")),
    ]
    .into_iter()
    .filter_map(|(name, optimizer)| Some((name, optimizer?)))
    .map(|(name, optimizer)| {
        let label = format!("{name} at {}", short(optimizer.learning_rate()));
        Variant::of(base, label, |e| e.training.optimizer = optimizer)
    })
    .collect()
}

fn rates(base: &Experiment) -> Vec<Variant> {
    let now = base.training.learning_rate();
    if now <= 0.0 {
        return Vec::new();
    }
    HALF_DECADES
        .map(|halves| {
            let rate = match halves {
                0 => now,
                _ => rounded(now * 10f64.powf(f64::from(halves) / 2.0)),
            };
            let label = format!("rate {}", short(rate));
            Variant {
                value: Some(rate),
                ..Variant::of(base, label, |e| e.training.set_learning_rate(rate))
            }
        })
        .collect()
}

/// The present experiment first, then what was pinned and differs from it.
fn against(base: &Experiment, pinned: &[(String, Experiment)]) -> Vec<Variant> {
    let mut variants = vec![Variant::of(base, "now", |_| {})];
    for (name, experiment) in pinned {
        if variants.iter().all(|v| v.experiment != *experiment) && variants.len() < 6 {
            variants.push(Variant::of(experiment, name.as_str(), |_| {}));
        }
    }
    variants
}

/// Two digits: a person takes the number over.
fn rounded(rate: f64) -> f64 {
    let scale = 10f64.powi(1 - rate.abs().log10().floor() as i32);
    (rate * scale).round() / scale
}

fn short(rate: f64) -> String {
    if (1e-3..1e4).contains(&rate) {
        format!("{rate}")
    } else {
        format!("{rate:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::schedule::Schedule;
    use crate::tui::samples;

    #[test]
    fn every_variant_differs_in_what_is_raced_and_keeps_seed_and_rows() {
        let base = samples::experiment();
        let offers = offers(&base, &[]);
        let names: Vec<&str> = offers.iter().map(|o| o.name).collect();
        assert_eq!(
            names,
            [
                "four initializers",
                "activations",
                "pairs",
                "optimizers",
                "learning rates"
            ]
        );
        for offer in &offers {
            for (i, a) in offer.variants.iter().enumerate() {
                assert_eq!(a.experiment.seed, base.seed);
                assert_eq!(a.experiment.data, base.data);
                for b in &offer.variants[..i] {
                    assert_ne!(a.experiment, b.experiment, "{} {}", offer.name, a.label);
                    assert_ne!(a.label, b.label);
                }
            }
        }
    }

    #[test]
    fn gated_cells_are_not_raced_by_activations_that_they_do_not_take() {
        let lstm = crate::experiment::presets::find("lstm-adding").expect("a preset");
        let base = lstm.experiment().expect("a good preset");
        let offers = offers(&base, &[]);
        assert!(offers.iter().any(|o| o.name == "four initializers"));
        assert!(
            !offers
                .iter()
                .any(|o| matches!(o.name, "activations" | "pairs"))
        );
    }

    #[test]
    fn the_race_of_initializers_says_which_layers_it_draws() {
        let mut base = samples::experiment();
        let race = |base: &Experiment| offers(base, &[]).swap_remove(0);
        assert_eq!(race(&base).name, "four initializers");
        assert!(race(&base).help.starts_with("all weights"));
        let outputs = |offer: &Offer| -> Vec<Option<Initializer>> {
            let variants = offer.variants.iter();
            variants
                .map(|v| v.experiment.network.output.init.clone())
                .collect()
        };
        base.network.output.init = None;
        assert_eq!(outputs(&race(&base)), vec![None; 4]);
        base.network.output.init = Some(Initializer::Zeros);
        assert_eq!(outputs(&race(&base)), vec![Some(Initializer::Zeros); 4]);
    }

    #[test]
    fn rates_lie_half_a_decade_apart_around_the_present_one() {
        let base = samples::experiment();
        let rates: Vec<f64> = rates(&base)
            .iter()
            .map(|v| v.experiment.training.optimizer.learning_rate())
            .collect();
        assert_eq!(
            rates,
            [0.001, 0.0032, 0.01, 0.032, 0.1, 0.32, 1.0, 3.2, 10.0]
        );
    }

    #[test]
    fn rates_differ_where_the_schedule_takes_its_rate_from() {
        let mut base = samples::experiment();
        base.training.schedule = Schedule::OneCycle {
            steps: 100,
            max: 0.1,
        };
        let first_rates: Vec<f64> = rates(&base)
            .iter()
            .map(|v| {
                let training = &v.experiment.training;
                let base_rate = training.optimizer.learning_rate();
                assert_eq!(Some(training.learning_rate()), v.value);
                training.schedule.rate(base_rate, 0)
            })
            .collect();
        assert_eq!(first_rates.len(), 9);
        for (i, rate) in first_rates.iter().enumerate() {
            assert!(!first_rates[..i].contains(rate), "{first_rates:?}");
        }
    }

    #[test]
    fn pinned_runs_race_when_they_differ() {
        let base = samples::experiment();
        let mut other = base.clone();
        other.training.optimizer = other.training.optimizer.with_learning_rate(0.5);
        let pinned = [
            ("same".to_string(), base.clone()),
            ("other".to_string(), other),
        ];
        let offers = offers(&base, &pinned);
        let last = offers.last().expect("an offer");
        let labels: Vec<&str> = last.variants.iter().map(|v| v.label.as_str()).collect();
        assert_eq!((last.name, labels), ("pinned runs", vec!["now", "other"]));
    }
}
