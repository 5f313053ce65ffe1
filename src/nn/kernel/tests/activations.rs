//! The activations' passes: against f64, and in their several forms against each other.

use super::*;
use crate::nn::activation::Activation;
use crate::nn::vocabulary::Vocabulary;

/// φ(bias) there may be beyond f32 where no row's is.
#[test]
fn activations_leave_0_in_the_lanes_past_the_last_row() {
    fn check<T: Real>(rows: usize) {
        let mut pre = Blocked::<T>::zeros(3, 40);
        pre.set_rows(rows);
        pre.fill(T::from_f64(0.5));
        let mut out = Blocked::<T>::zeros(3, 40);
        for entry in Activation::entries() {
            let activation = Activation::named(entry.name).unwrap();
            out.fill(T::ONE);
            T::activate(&activation, &pre, &mut out);
            let value = activation.value_at(0.5);
            for (block, feature) in (0..out.blocks()).flat_map(|b| (0..3).map(move |f| (b, f))) {
                let (used, past) = out.feature(block, feature).split_at(out.lanes(block));
                let near = |y: &T| (y.to_f64() - value).abs() < 1e-6;
                assert!(used.iter().all(near), "{} of {rows} rows", entry.name);
                assert!(past.iter().all(|y| *y == T::ZERO), "{}", entry.name);
            }
        }
    }
    for rows in [1, 10, 15, 16, 17, 40] {
        check::<f32>(rows);
        check::<f64>(rows);
    }
}

/// Of few outputs, of many and of none the slope is asked of z: with factors from 1 to 30. 70 features fill more than a run's bits.
#[test]
fn activations_in_place_have_the_values_and_slopes_of_those_apart() {
    fn check(activation: &Activation, rows: usize, factor: f32) {
        let mut numbers = Numbers(7);
        let [mut pre, incoming] = [0.5, 0.0].map(|pad| numbers.batch(70, rows, pad));
        pre.data_mut().iter_mut().for_each(|z| *z *= factor);
        let (mut out, mut delta) = (Blocked::zeros(70, rows), incoming.clone());
        f32::activate(activation, &pre, &mut out);
        let found = f32::activate_backward(activation, &pre, &out, &mut delta);
        let (mut values, mut kept) = (pre.clone(), Blocked::zeros(70, rows));
        kept.fill(f32::NAN);
        let (holds, bound) =
            f32::activate_in_place_by(Crew::ALONE, activation, &mut values, &mut kept);
        // of many values a bound comes with them
        assert_eq!(bound, (rows == 70).then(|| f32::bound(values.data())));
        let what = format!("{activation:?} of {rows} rows times {factor}");
        assert_eq!(values, out, "{what}");
        let mut slopes = incoming;
        let kept = (&kept, holds);
        let same = f32::activate_backward_by(Crew::ALONE, activation, kept, &values, &mut slopes);
        assert_eq!(slopes, delta, "{what}");
        assert_eq!(same, found, "{what}");
        assert_eq!(found, f32::extremes(delta.data()), "{what}");
    }
    let entries = Activation::entries().iter();
    let named = entries.filter_map(|entry| Activation::named(entry.name));
    let in_place: Vec<Activation> = named.filter(Activation::slope_follows_from_out).collect();
    assert!(in_place.len() >= 7, "{in_place:?}");
    for activation in in_place {
        for rows in [1, 10, 16, 33, 70] {
            for factor in [1.0, 5.0, 30.0] {
                check(&activation, rows, factor);
            }
        }
    }
}

/// Near bounds too, where outputs do not tell the slope.
#[test]
fn slopes_made_beside_the_values_are_those_of_a_pass_of_their_own() {
    fn check<T: Real>(activation: &Activation, rows: usize, factor: f64) {
        let mut numbers = Numbers(7);
        let [mut pre, incoming] = [0.5, 0.0].map(|pad| numbers.batch(8, rows, pad));
        let factor = T::from_f64(factor);
        pre.data_mut().iter_mut().for_each(|z: &mut T| *z *= factor);
        let (mut out, mut delta) = (Blocked::zeros(8, rows), incoming.clone());
        T::activate(activation, &pre, &mut out);
        let found = T::activate_backward(activation, &pre, &out, &mut delta);
        let (mut slopes, mut values) = (pre, Blocked::zeros(8, rows));
        T::activate_with_slopes(activation, &mut slopes, &mut values);
        let mut scaled = incoming;
        let kept = (&slopes, Holds::Slopes);
        let same = T::activate_backward_by(Crew::ALONE, activation, kept, &values, &mut scaled);
        let what = format!("{activation:?} of {rows} rows");
        assert_eq!(values, out, "{what}");
        assert_eq!(scaled, delta, "{what}");
        assert_eq!(same, found, "{what}");
    }
    let entries = Activation::entries().iter();
    let named = entries.filter_map(|entry| Activation::named(entry.name));
    let beside: Vec<Activation> = named.filter(Activation::slope_is_made_of_z).collect();
    assert!(beside.len() >= 14, "{beside:?}");
    for activation in beside {
        for (rows, factor) in [(1, 1.0), (10, 5.0), (16, 30.0), (33, 5.0)] {
            check::<f32>(&activation, rows, factor);
            check::<f64>(&activation, rows, factor);
        }
    }
}

/// Over the whole range, relative where the derivative of a saturated unit is concerned: that is what vanishes.
#[test]
fn activations_agree_with_f64_over_a_sweep() {
    let x: Vec<f32> = (0..40_000).map(|i| (i as f32 - 20_000.0) / 200.0).collect();
    let mut pre = Blocked::<f32>::zeros(1, x.len());
    x.iter()
        .enumerate()
        .for_each(|(row, &x)| pre.set(row, 0, x));
    let mut out = Blocked::zeros(1, x.len());
    let mut delta = Blocked::<f32>::zeros(1, x.len());
    for entry in Activation::entries() {
        let activation = Activation::named(entry.name).unwrap();
        f32::activate(&activation, &pre, &mut out);
        delta.fill(1.0);
        f32::activate_backward(&activation, &pre, &out, &mut delta);
        let tail = matches!(
            activation,
            Activation::Logistic | Activation::Tanh | Activation::Selu | Activation::Elu { .. }
        );
        for (row, &x) in x.iter().enumerate() {
            let z = f64::from(x);
            let (value, slope) = (activation.value_at(z) as f32, activation.derivative_at(z));
            let got = out.get(row, 0);
            assert!(
                got == value || (got - value).abs() <= 1e-6 + 4e-6 * value.abs(),
                "{} of {x}: {got}, want {value}",
                entry.name
            );
            let got = delta.get(row, 0);
            let absolute = if tail { 5e-38 } else { 1e-6 };
            assert!(
                got == slope as f32
                    || (f64::from(got) - slope).abs() <= absolute + 4e-6 * slope.abs(),
                "slope of {} at {x}: {got}, want {slope}",
                entry.name
            );
        }
    }
}

#[test]
fn nan_stays_and_infinity_gives_the_limit() {
    let x = [
        f32::NAN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        3e38,
        -3e38,
        1e30,
        -1e30,
    ];
    let mut pre = Blocked::<f32>::zeros(1, x.len());
    x.iter()
        .enumerate()
        .for_each(|(row, &x)| pre.set(row, 0, x));
    let mut out = Blocked::zeros(1, x.len());
    for entry in Activation::entries() {
        let activation = Activation::named(entry.name).unwrap();
        f32::activate(&activation, &pre, &mut out);
        assert!(out.get(0, 0).is_nan(), "{} of NaN", entry.name);
        for (row, &x) in x.iter().enumerate().skip(1) {
            // the sine has no limit
            if activation == Activation::Sine && x.is_infinite() {
                continue;
            }
            let (got, want) = (out.get(row, 0), activation.value_at(f64::from(x)) as f32);
            assert!(!want.is_nan(), "{} of {x}", entry.name);
            let near = got == want || (got - want).abs() <= 1e-6 + 4e-6 * want.abs();
            assert!(near, "{} of {x}: {got}, want {want}", entry.name);
            let mut delta = Blocked::<f32>::zeros(1, 7);
            delta.fill(1.0);
            f32::activate_backward(&activation, &pre, &out, &mut delta);
            let (got, want) = (
                delta.get(row, 0),
                activation.derivative_at(f64::from(x)) as f32,
            );
            let near = got == want || (got - want).abs() <= 1e-6 + 4e-6 * want.abs();
            assert!(near, "slope of {} at {x}: {got}, want {want}", entry.name);
        }
    }
}
