//! Every rule against its formula, written out for one number in f64.

use super::{Optimizer, Scalars, Slots};
use crate::nn::number::Number;
use crate::nn::vocabulary::{Misfit, Vocabulary};

const GRADIENTS: [f64; 6] = [0.5, -0.25, 0.125, 2.0, -1.5, 0.75];
const START: f64 = 0.8;

/// Runs an optimizer on one weight (thirty-five equal copies, to pass vector lengths) and gives the weight after each step.
fn run<T: Number>(optimizer: &Optimizer, rates: impl Fn(u64) -> f64) -> Vec<f64> {
    let n = 35;
    let mut params = vec![T::from_f64(START); n];
    let slot = || vec![optimizer.initial_slot::<T>(); n];
    let mut state = [slot(), slot(), slot()];
    let mut scalars = Scalars::default();
    let mut path = Vec::new();
    for (step, gradient) in (1..).zip(GRADIENTS) {
        scalars.advance(optimizer);
        let [a, b, c] = &mut state;
        let slots: Slots<'_, T> = [a, b, c];
        optimizer.rule(rates(step), &scalars).apply(
            &mut params,
            &vec![T::from_f64(gradient); n],
            slots,
        );
        assert!(
            params.iter().all(|w| *w == params[0]),
            "all copies take the same path"
        );
        path.push(params[0].to_f64());
    }
    path
}

/// The path by a formula that gives the next weight from (t, w, g).
fn formula(mut next: impl FnMut(f64, f64, f64) -> f64) -> Vec<f64> {
    let mut w = START;
    GRADIENTS
        .iter()
        .zip(1..)
        .map(|(&g, t)| {
            w = next(f64::from(t), w, g);
            w
        })
        .collect()
}

/// As `inspect.signature` of PyTorch 2.15's classes has them.
#[test]
fn rates_by_default_are_pytorchs() {
    for (name, rate) in [
        ("sgd", 0.001),
        ("adagrad", 0.01),
        ("rmsprop", 0.01),
        ("adadelta", 1.0),
        ("adam", 0.001),
        ("adamw", 0.001),
        ("adamax", 0.002),
        ("nadam", 0.002),
    ] {
        let optimizer = Optimizer::named(name).expect("known");
        assert_eq!(optimizer.learning_rate(), rate, "{name}");
    }
}

fn check(optimizer: &Optimizer, want: &[f64]) {
    let rate = |_| optimizer.learning_rate();
    for (got, want) in run::<f64>(optimizer, rate).iter().zip(want) {
        assert!(
            (got - want).abs() <= 1e-14,
            "{}: {got} is not {want}",
            optimizer.name()
        );
    }
    for (got, want) in run::<f32>(optimizer, rate).iter().zip(want) {
        assert!(
            (got - want).abs() <= 2e-6,
            "{} in f32: {got} is not {want}",
            optimizer.name()
        );
    }
}

#[test]
fn sgd() {
    let plain = Optimizer::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
        dampening: 0.0,
        nesterov: false,
        weight_decay: 0.05,
    };
    check(&plain, &formula(|_, w, g| w - 0.1 * (g + 0.05 * w)));
    for (dampening, nesterov) in [(0.0, false), (0.3, false), (0.0, true)] {
        let optimizer = Optimizer::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
            dampening,
            nesterov,
            weight_decay: 0.02,
        };
        let mut v = 0.0;
        let want = formula(|t, w, g| {
            let g = g + 0.02 * w;
            v = if t == 1.0 {
                g
            } else {
                0.9 * v + (1.0 - dampening) * g
            };
            w - 0.1 * if nesterov { g + 0.9 * v } else { v }
        });
        check(&optimizer, &want);
    }
}

#[test]
fn adagrad() {
    let optimizer = Optimizer::Adagrad {
        learning_rate: 0.05,
        lr_decay: 0.1,
        initial_accumulator_value: 0.2,
        eps: 1e-10,
        weight_decay: 0.03,
    };
    let mut s = 0.2;
    let want = formula(|t, w, g| {
        let g = g + 0.03 * w;
        s += g * g;
        w - 0.05 / (1.0 + (t - 1.0) * 0.1) * g / (s.sqrt() + 1e-10)
    });
    check(&optimizer, &want);
}

#[test]
fn rmsprop() {
    for (momentum, centered) in [(0.0, false), (0.9, false), (0.0, true), (0.9, true)] {
        let optimizer = Optimizer::Rmsprop {
            learning_rate: 0.01,
            alpha: 0.9,
            eps: 1e-8,
            momentum,
            centered,
            weight_decay: 0.03,
        };
        let (mut s, mut m, mut b) = (0.0, 0.0, 0.0);
        let want = formula(|_, w, g| {
            let g = g + 0.03 * w;
            s = 0.9 * s + 0.1 * g * g;
            m = 0.9 * m + 0.1 * g;
            let q: f64 = if centered { s - m * m } else { s };
            let u = g / (q.sqrt() + 1e-8);
            b = momentum * b + u;
            w - 0.01 * b
        });
        check(&optimizer, &want);
    }
}

#[test]
fn adadelta() {
    let optimizer = Optimizer::Adadelta {
        learning_rate: 0.7,
        rho: 0.9,
        eps: 1e-6,
        weight_decay: 0.01,
    };
    let (mut s, mut d) = (0.0, 0.0);
    let want = formula(|_, w, g| {
        let g = g + 0.01 * w;
        s = 0.9 * s + 0.1 * g * g;
        let delta: f64 = (d + 1e-6f64).sqrt() / (s + 1e-6f64).sqrt() * g;
        d = 0.9 * d + 0.1 * delta * delta;
        w - 0.7 * delta
    });
    check(&optimizer, &want);
}

#[test]
fn adam_amsgrad_and_adamw() {
    for (decoupled, amsgrad) in [(false, false), (false, true), (true, false), (true, true)] {
        let (learning_rate, beta1, beta2, eps, weight_decay) = (0.01, 0.9, 0.99, 1e-8, 0.1);
        let optimizer = if decoupled {
            Optimizer::Adamw {
                learning_rate,
                beta1,
                beta2,
                eps,
                amsgrad,
                weight_decay,
            }
        } else {
            Optimizer::Adam {
                learning_rate,
                beta1,
                beta2,
                eps,
                amsgrad,
                weight_decay,
            }
        };
        let (mut m, mut v, mut top) = (0.0, 0.0, 0.0f64);
        let want = formula(|t, w, g| {
            let (g, w) = if decoupled {
                (g, w * (1.0 - 0.01 * 0.1))
            } else {
                (g + 0.1 * w, w)
            };
            m = 0.9 * m + 0.1 * g;
            v = 0.99 * v + 0.01 * g * g;
            top = top.max(v);
            let used: f64 = if amsgrad { top } else { v };
            w - 0.01 * (m / (1.0 - 0.9f64.powf(t)))
                / ((used / (1.0 - 0.99f64.powf(t))).sqrt() + 1e-8)
        });
        check(&optimizer, &want);
    }
}

#[test]
fn adamax() {
    let optimizer = Optimizer::Adamax {
        learning_rate: 0.02,
        beta1: 0.9,
        beta2: 0.8,
        eps: 1e-8,
        weight_decay: 0.05,
    };
    let (mut m, mut u) = (0.0, 0.0f64);
    let want = formula(|t, w, g| {
        let g = g + 0.05 * w;
        m = 0.9 * m + 0.1 * g;
        u = (0.8 * u).max(g.abs() + 1e-8);
        w - 0.02 / (1.0 - 0.9f64.powf(t)) * m / u
    });
    check(&optimizer, &want);
}

#[test]
fn nadam() {
    let optimizer = Optimizer::Nadam {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        momentum_decay: 0.004,
        weight_decay: 0.05,
    };
    let (mut m, mut v, mut product) = (0.0, 0.0, 1.0);
    let mu = |t: f64| 0.9 * (1.0 - 0.5 * 0.96f64.powf(t * 0.004));
    let want = formula(|t, w, g| {
        let g = g + 0.05 * w;
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        product *= mu(t);
        let den = (v / (1.0 - 0.999f64.powf(t))).sqrt() + 1e-8;
        w - 0.01 * (1.0 - mu(t)) / (1.0 - product) * g / den
            - 0.01 * mu(t + 1.0) / (1.0 - product * mu(t + 1.0)) * m / den
    });
    check(&optimizer, &want);
}

#[test]
fn a_step_of_sgd_below_the_normal_numbers_is_none() {
    let sgd = Optimizer::named("sgd").expect("it has defaults");
    for momentum in [0.0, 0.5] {
        let mut params = [0.0f32; 4];
        let (mut velocity, gradients) = ([0.0; 4], [3e-38, 3e-36, -3e-38, -3e-36]);
        sgd.with_momentum(momentum)
            .rule(0.1, &Scalars::default())
            .apply(&mut params, &gradients, [&mut velocity, &mut [], &mut []]);
        assert_eq!(params, [0.0, -0.1 * 3e-36, 0.0, 0.1 * 3e-36], "{momentum}");
    }
}

#[test]
fn tiny_gradients_leave_no_subnormal_state() {
    for entry in Optimizer::entries() {
        let optimizer = Optimizer::named(entry.name)
            .expect("optimizers have defaults")
            .with_momentum(0.5);
        let mut params = [0.5f32; 4];
        let mut state = [[optimizer.initial_slot::<f32>(); 4]; 3];
        let mut scalars = Scalars::default();
        for step in 1..400 {
            scalars.advance(&optimizer);
            let gradient = if step == 1 { 1e-18 } else { 0.0 };
            let [a, b, c] = &mut state;
            optimizer
                .rule(0.1, &scalars)
                .apply(&mut params, &[gradient; 4], [a, b, c]);
        }
        assert!(
            state.iter().flatten().all(|s| !s.is_subnormal()),
            "{}: {state:?}",
            entry.name
        );
        assert!(
            params.iter().all(|w| w.is_finite()),
            "{}: {params:?}",
            entry.name
        );
    }
}

#[test]
fn not_a_number_is_not_hidden() {
    for entry in Optimizer::entries() {
        let optimizer = Optimizer::named(entry.name).expect("optimizers have defaults");
        let mut scalars = Scalars::default();
        scalars.advance(&optimizer);
        let mut params = [0.5f32];
        optimizer.rule(0.1, &scalars).apply(
            &mut params,
            &[f32::NAN],
            [&mut [0.0], &mut [0.0], &mut [0.0]],
        );
        assert!(params[0].is_nan(), "{}", entry.name);
    }
}

#[test]
fn settings() {
    for entry in Optimizer::entries() {
        let optimizer = Optimizer::named(entry.name).expect("optimizers have defaults");
        assert_eq!(optimizer.with_learning_rate(0.125).learning_rate(), 0.125);
        assert_eq!(
            optimizer.with_momentum(0.5).momentum(),
            optimizer.momentum().map(|_| 0.5)
        );
        assert!(optimizer.state_slots() <= super::MAX_SLOTS);
        assert_eq!(optimizer.misfits(), []);
    }
    let nesterov = |momentum, dampening| {
        Optimizer::Sgd {
            learning_rate: 0.1,
            momentum,
            dampening,
            nesterov: true,
            weight_decay: 0.0,
        }
        .misfits()
    };
    assert_eq!(nesterov(0.9, 0.0), []);
    let says = |found: &[Misfit], word: &str| found.len() == 1 && found[0].message.contains(word);
    assert!(says(&nesterov(0.0, 0.0), "momentum"));
    assert!(says(&nesterov(0.9, 0.1), "dampening"));
}
