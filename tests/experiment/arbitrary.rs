//! Whatever experiment there is, its file reads back to it.

use gradlab::data::DataKind;
use gradlab::experiment::*;
use gradlab::nn::activation::Activation;
use gradlab::nn::init::Initializer;
use gradlab::nn::loss::Loss;
use gradlab::nn::optimizer::Optimizer;
use gradlab::nn::schedule::Schedule;
use gradlab::nn::spec::{Bias, Cell, Clip, Norm, Regularize};
use gradlab::nn::vocabulary::{Limits, Value, Vocabulary};
use proptest::prelude::*;

/// A value within limits, or the parameter's absence where that is its default.
fn value(limits: Limits, default: Option<Value>) -> BoxedStrategy<Value> {
    let given = match limits {
        Limits::Real { min, max } => any::<f64>()
            .prop_filter_map("finite", move |x| {
                let x = if x.is_finite() { x } else { return None };
                let inside = if x >= min && x <= max {
                    x
                } else {
                    min.max(0.0) + (x.abs() % 1.0) * (max - min).min(1.0)
                };
                Some(Value::Real(inside.clamp(min, max) + 0.0))
            })
            .boxed(),
        Limits::Count { min, max } => (min..=max.min(min + 100_000))
            .prop_map(Value::Count)
            .boxed(),
        Limits::Flag => any::<bool>().prop_map(Value::Flag).boxed(),
        Limits::Choice(words) => prop::sample::select(words.to_vec())
            .prop_map(|w| Value::Text(w.into()))
            .boxed(),
        Limits::Text => any::<String>().prop_map(Value::Text).boxed(),
        Limits::Path => "[^\u{0}]{1,20}".prop_map(Value::Text).boxed(),
        Limits::List => prop_oneof![
            any::<String>().prop_map(Value::Text),
            prop::collection::vec(any::<String>(), 2..4).prop_map(Value::List)
        ]
        .boxed(),
    };
    match default {
        Some(default) => prop_oneof![Just(default), given].boxed(),
        None => given,
    }
}

fn thing<V: Vocabulary + std::fmt::Debug>() -> BoxedStrategy<V> {
    (0..V::entries().len())
        .prop_flat_map(|index| {
            let parameters = (V::entries()[index].parameters)();
            let values: Vec<_> = parameters
                .into_iter()
                .map(|p| value(p.limits, p.default))
                .collect();
            values.prop_filter_map("types fit", move |values| V::build(index, &values))
        })
        .boxed()
}

fn bias() -> BoxedStrategy<Bias> {
    prop_oneof![
        Just(Bias::Off),
        thing::<Initializer>().prop_map(Bias::Drawn)
    ]
    .boxed()
}

fn share() -> BoxedStrategy<f64> {
    prop_oneof![Just(0.0), 0.0..0.99].boxed()
}

fn layer() -> BoxedStrategy<Layer> {
    let kind = prop_oneof![
        3 => Just(LayerKind::Dense),
        1 => (thing::<Cell>(), thing::<Initializer>())
            .prop_map(|(cell, recurrent_init)| LayerKind::Recurrent { cell, recurrent_init })
    ];
    let own = (
        prop::option::of(thing::<Activation>()),
        prop::option::of(thing::<Initializer>()),
        prop::option::of(bias()),
    );
    (
        kind,
        1usize..40,
        1usize..5,
        own,
        thing::<Norm>(),
        share(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(kind, units, repeat, (activation, init, bias), norm, dropout, skip, frozen)| Layer {
                kind,
                units,
                repeat,
                activation,
                init,
                bias,
                norm,
                dropout,
                skip,
                frozen,
            },
        )
        .boxed()
}

fn network() -> BoxedStrategy<Network> {
    let output = (
        prop::option::of(thing::<Initializer>()),
        prop::option::of(bias()),
        any::<bool>(),
    )
        .prop_map(|(init, bias, frozen)| Output { init, bias, frozen });
    let transfer = ("[^\u{0}]{1,20}", 1usize..3, any::<bool>(), 0.0..2.0).prop_map(
        |(from, layers, frozen, factor)| Transfer {
            frozen,
            learning_rate_factor: factor,
            ..Transfer::from(from, layers)
        },
    );
    (
        thing::<Activation>(),
        thing::<Initializer>(),
        prop::option::of(bias()),
        prop::collection::vec(layer(), 0..4),
        output,
        prop::option::of(transfer),
    )
        .prop_map(
            |(activation, init, bias, layers, output, transfer)| Network {
                activation,
                init,
                bias,
                layers,
                output,
                transfer,
            },
        )
        .boxed()
}

fn training() -> BoxedStrategy<Training> {
    let batch = prop_oneof![
        Just(BatchSize::Full),
        (1usize..5000).prop_map(BatchSize::Rows)
    ];
    let penalties =
        (share(), share(), share()).prop_map(|(l1, l2, max_norm)| Regularize { l1, l2, max_norm });
    let bound = || prop::option::of(1u64..1_000_000_000_000);
    let stop = (bound(), bound(), bound()).prop_map(|(epochs, steps, patience)| Stop {
        epochs,
        steps,
        patience,
    });
    (
        prop::option::of(thing::<Loss>()),
        batch,
        share(),
        thing::<Optimizer>(),
        thing::<Schedule>(),
        penalties,
        thing::<Clip>(),
        stop,
    )
        .prop_map(
            |(loss, batch_size, label_smoothing, optimizer, schedule, regularize, clip, stop)| {
                Training {
                    loss,
                    batch_size,
                    label_smoothing,
                    optimizer,
                    schedule,
                    regularize,
                    clip,
                    stop,
                }
            },
        )
        .boxed()
}

fn experiment() -> BoxedStrategy<Experiment> {
    let data = (
        thing::<DataKind>(),
        share(),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(1usize..1000),
    )
        .prop_map(
            |(kind, test_fraction, standardize, shuffle, train_rows)| Data {
                kind,
                test_fraction,
                standardize,
                shuffle,
                train_rows,
            },
        );
    let pretrain = (
        1usize..100,
        share(),
        any::<bool>(),
        prop::option::of(1usize..3),
        prop::option::of(0.001..1.0),
    )
        .prop_map(|(epochs, noise, tied, layers, learning_rate)| Pretrain {
            epochs,
            noise,
            tied,
            layers,
            learning_rate,
        });
    (
        any::<String>(),
        any::<String>(),
        any::<u64>(),
        data,
        network(),
        training(),
        prop::option::of(pretrain),
    )
        .prop_map(
            |(name, description, seed, data, network, training, pretrain)| Experiment {
                name,
                description,
                seed,
                data,
                network,
                training,
                pretrain,
            },
        )
        .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// One that can be run reads back equal; one that cannot is refused for that reason and no other.
    #[test]
    fn what_is_written_reads_back(experiment in experiment()) {
        let text = to_toml(&experiment);
        let problems = rules::problems(&experiment);
        match parse(&text, "written.toml") {
            Ok(read) => {
                prop_assert!(problems.is_empty());
                prop_assert_eq!(&read, &experiment, "{}", text);
                prop_assert_eq!(to_toml(&read), text);
            }
            Err(faults) => {
                prop_assert_eq!(faults.list.len(), problems.len(), "{}\n{}", faults, text);
            }
        }
    }

    /// Any text gets an answer, and any answer is fit to print.
    #[test]
    fn any_text_gets_an_answer(text in any::<String>()) {
        if let Err(faults) = parse(&text, "any.toml") {
            let shown = faults.to_string();
            prop_assert!(!shown.is_empty());
            prop_assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}

/// The same fault at the same place is one.
#[test]
fn a_wrong_class_that_is_named_twice_is_one_problem() {
    let classes = Some(vec!["a".into(), "a".into()]);
    let problems = rules::problems(&Experiment::on(DataKind::Digits { classes }));
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn what_several_layers_inherit_is_one_problem() {
    let text = "format = 1\n[data]\nkind = \"adding\"\n[network]\ninit = \"lsuv\"\n[[network.layers]]\nkind = \"recurrent\"\nunits = 2\n\
        [[network.layers]]\nkind = \"recurrent\"\nunits = 3\n";
    let faults = parse(text, "inherited.toml").expect_err("no recurrent layer can have it");
    assert_eq!(faults.list.len(), 1, "{faults}");
    let good = text.replace("lsuv", "he-normal");
    let mut experiment = parse(&good, "inherited.toml").expect("an experiment");
    experiment.network.init = Initializer::Lsuv;
    assert_eq!(rules::problems(&experiment).len(), 1);
}

/// Most arbitrary experiments break some rule; this one breaks none, with everything in it set.
#[test]
fn each_thing_of_each_vocabulary_reads_back_alone() {
    fn each<V: Vocabulary + std::fmt::Debug>(place: impl Fn(&mut Experiment, V)) {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        for _ in 0..200 {
            let value = proptest::strategy::ValueTree::current(
                &thing::<V>().new_tree(&mut runner).unwrap(),
            );
            let mut experiment = Experiment::on(DataKind::Safetensors {
                path: "d".into(),
                x: "x".into(),
                y: "y".into(),
            });
            place(&mut experiment, value);
            if rules::problems(&experiment).is_empty() {
                let text = to_toml(&experiment);
                assert_eq!(
                    parse(&text, "t").map_err(|f| f.to_string()),
                    Ok(experiment),
                    "{text}"
                );
            }
        }
    }
    each(|e, v: Activation| e.network.activation = v);
    each(|e, v: Initializer| e.network.init = v);
    each(|e, v: Initializer| e.network.bias = Some(Bias::Drawn(v)));
    each(|e, v: Optimizer| e.training.optimizer = v);
    each(|e, v: Schedule| e.training.schedule = v);
    each(|e, v: Clip| e.training.clip = v);
    each(|e, v: Loss| e.training.loss = Some(v));
    each(|e, v: DataKind| e.data.kind = v);
    each(|e, v: Norm| {
        e.network.layers = vec![Layer {
            norm: v,
            ..Layer::dense(3)
        }]
    });
}
