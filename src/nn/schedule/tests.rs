use super::{Plateau, Schedule};
use crate::nn::optimizer::Optimizer;
use crate::nn::vocabulary::Vocabulary;
use serde_json::Value;

/// Two hundred values a schedule, made with PyTorch or by the written formula.
fn reference(key: &str) -> Value {
    let text = include_str!("../../../tests/reference/schedules.json");
    let all: Value = serde_json::from_str(text).expect("the reference is JSON");
    all[key].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|v| v.as_f64().expect("a number"))
        .collect()
}

fn check(key: &str, schedule: Schedule, base: f64) {
    for (t, want) in numbers(&reference(key)["lr"]).into_iter().enumerate() {
        let got = schedule.rate(base, t as u64);
        assert!(
            (got - want).abs() <= 1e-12 * want.abs() + 1e-16,
            "{key} at {t}: {got} is not {want}"
        );
    }
}

#[test]
fn rates_are_the_references() {
    check("constant", Schedule::Constant, 0.01);
    check(
        "step",
        Schedule::Step {
            every: 50,
            factor: 0.5,
        },
        0.1,
    );
    check(
        "exponential",
        Schedule::Exponential {
            factor: 0.1f64.powf(0.01),
        },
        0.01,
    );
    check(
        "power",
        Schedule::Power {
            steps: 50,
            power: 1.0,
        },
        0.01,
    );
    check(
        "cosine",
        Schedule::Cosine {
            steps: 200,
            warmup: 0,
            floor: 0.0,
        },
        0.1,
    );
    check(
        "cosine_warmup",
        Schedule::Cosine {
            steps: 200,
            warmup: 20,
            floor: 0.001,
        },
        0.1,
    );
    check(
        "one_cycle",
        Schedule::OneCycle {
            steps: 200,
            max: 0.1,
        },
        0.7,
    );
}

#[test]
fn one_cycle_moves_momentum_against_the_rate() {
    let schedule = Schedule::OneCycle {
        steps: 200,
        max: 0.1,
    };
    for (t, want) in numbers(&reference("one_cycle")["momentum"])
        .into_iter()
        .enumerate()
    {
        let got = schedule
            .momentum(t as u64)
            .expect("one-cycle moves momentum");
        assert!((got - want).abs() <= 1e-12, "at {t}: {got} is not {want}");
    }
    let sgd = Optimizer::named("sgd").expect("sgd has defaults");
    let driven = schedule.drive(&sgd, 0, &Plateau::default());
    assert_eq!(driven.momentum(), Some(0.95));
    assert_eq!(driven.state_slots(), 1);
    assert!((driven.learning_rate() - 0.004).abs() < 1e-15);
}

#[test]
fn a_plateau_cuts_as_pytorch_does() {
    let case = reference("plateau");
    let schedule = Schedule::Plateau {
        factor: 0.5,
        patience: 5,
    };
    let (mut plateau, mut cuts) = (Plateau::default(), 0);
    for (metric, want) in numbers(&case["metric"])
        .into_iter()
        .zip(numbers(&case["lr_after_metric"]))
    {
        cuts += usize::from(plateau.report(&schedule, 0.1, metric));
        let got = schedule.rate(0.1, 0) * plateau.scale;
        assert!((got - want).abs() <= 1e-15, "{got} is not {want}");
    }
    assert!(cuts > 1, "the reference cuts several times");
}

#[test]
fn a_plateau_cuts_on_losses_that_are_no_numbers_and_stops_at_the_smallest_rate() {
    let schedule = Schedule::Plateau {
        factor: 0.1,
        patience: 0,
    };
    let mut plateau = Plateau::default();
    assert!(plateau.report(&schedule, 0.1, f64::NAN));
    for _ in 0..100 {
        plateau.report(&schedule, 0.1, f64::NAN);
    }
    assert!(plateau.scale * 0.1 >= 1e-9);
    assert!(!Plateau::default().report(&Schedule::Constant, 0.1, f64::NAN));
}

/// PyTorch's relative threshold: what is better by less than 1e-4 of the best is not better.
#[test]
fn a_plateau_takes_no_notice_of_a_loss_that_is_hardly_better() {
    let schedule = Schedule::Plateau {
        factor: 0.5,
        patience: 0,
    };
    for (loss, cuts) in [(0.99995, true), (0.99985, false)] {
        let mut plateau = Plateau::default();
        assert!(!plateau.report(&schedule, 0.1, 1.0));
        assert_eq!(plateau.report(&schedule, 0.1, loss), cuts, "{loss}");
    }
}

#[test]
fn the_end_holds() {
    let cosine = Schedule::Cosine {
        steps: 10,
        warmup: 2,
        floor: 0.25,
    };
    assert_eq!(cosine.rate(1.0, 10), 0.25);
    assert_eq!(cosine.rate(1.0, 1_000_000), 0.25);
    for steps in 1..9 {
        let cycle = Schedule::OneCycle { steps, max: 1.0 };
        let end = cycle.rate(1.0, steps as u64 - 1);
        assert!((end - 4e-6).abs() < 1e-12, "{steps}: {end}");
        assert_eq!(cycle.rate(1.0, 10_000), end);
    }
    assert!(
        !Schedule::Cosine {
            steps: 10,
            warmup: 10,
            floor: 0.0
        }
        .misfits()
        .is_empty()
    );
    assert_eq!(cosine.misfits(), []);
}
