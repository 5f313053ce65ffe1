//! Split and standardization.

use super::{classes, loaded, plain};
use gradlab::data::{DataKind, Dataset, Request};
use ndarray::ArrayView1;
use proptest::prelude::*;

fn split(kind: DataKind, test_fraction: f64, train_rows: Option<usize>, seed: u64) -> Dataset {
    loaded(&Request {
        test_fraction,
        train_rows,
        seed,
        ..plain(kind)
    })
    .unwrap()
}

/// Rows as bits, so that they can be found again.
fn bits(row: ArrayView1<f32>) -> Vec<u32> {
    row.iter().map(|v| v.to_bits()).collect()
}

#[test]
fn digits_split_as_the_field_is_used_to() {
    let set = split(DataKind::Digits { classes: None }, 0.2, None, 42);
    assert_eq!((set.train.len(), set.test.len()), (1437, 360));
    let count = |y: &[u32], class| y.iter().filter(|&&c| c == class).count() as f64;
    for class in 0..10 {
        let (train, test) = (
            count(classes(&set.train.y), class),
            count(classes(&set.test.y), class),
        );
        assert!((test - 0.2 * (train + test)).abs() <= 1.0, "{class}");
    }
}

#[test]
fn test_rows_do_not_depend_on_how_many_training_rows_are_kept() {
    let kind = DataKind::Digits {
        classes: Some((5..10).map(|d| d.to_string()).collect()),
    };
    let whole = split(kind.clone(), 0.2, None, 3);
    let scarce = split(kind, 0.2, Some(100), 3);
    assert_eq!(whole.test, scarce.test);
    assert_eq!(scarce.train.len(), 100);
    for class in 0..5 {
        assert_eq!(
            classes(&scarce.train.y)
                .iter()
                .filter(|&&c| c == class)
                .count(),
            20
        );
    }
}

#[test]
fn keeping_too_few_rows_for_every_class_is_an_error() {
    let request = Request {
        test_fraction: 0.2,
        train_rows: Some(2),
        ..plain(DataKind::Wine {})
    };
    let error = loaded(&request).unwrap_err().to_string();
    assert!(
        error.contains("in the test rows, but in no training row"),
        "{error}"
    );
    let request = Request {
        train_rows: Some(0),
        ..plain(DataKind::Wine {})
    };
    assert!(
        loaded(&request)
            .unwrap_err()
            .to_string()
            .contains("at least 1")
    );
}

#[test]
fn targets_at_every_step_stay_with_their_rows() {
    let kind = DataKind::Echo {
        length: 7,
        rows: 40,
    };
    let set = split(kind, 0.25, Some(11), 5);
    assert_eq!((set.train.len(), set.test.len()), (11, 10));
    for rows in [&set.train, &set.test] {
        for (x, y) in rows
            .x
            .rows()
            .into_iter()
            .zip(classes(&rows.y).chunks_exact(7))
        {
            assert!((3..7).all(|t| y[t] as f32 == x[t - 3]));
        }
    }
}

#[test]
fn a_constant_feature_stays_finite() {
    // Pixel 0 is 0 in every digit.
    let set = loaded(&Request {
        standardize: true,
        ..plain(DataKind::Digits { classes: None })
    })
    .unwrap();
    assert_eq!(set.standardization[0], (0.0, 1.0));
    assert!(set.train.x.column(0).iter().all(|&v| v == 0.0));
    assert!(set.train.x.iter().all(|v| v.is_finite()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn splits_are_disjoint_complete_and_in_order(rows in 2_usize..300, share in 0.0..0.999_f64, seed: u64, arms in 2_usize..6) {
        let kind = DataKind::Spirals { rows, noise: 0.1, classes: arms };
        let whole = split(kind.clone(), 0.0, None, seed);
        let parts = split(kind, share, None, seed);
        let asked = ((rows as f64 * share).ceil() as usize).min(rows - arms.min(rows));
        prop_assert_eq!(parts.test.len(), asked);
        let [mut train, mut test] = [&parts.train, &parts.test].map(|p| p.x.rows().into_iter().map(bits).peekable());
        for row in whole.train.x.rows() {
            // Every row is the next of exactly one of the two.
            let row = bits(row);
            if train.next_if_eq(&row).is_none() {
                prop_assert_eq!(test.next(), Some(row));
            }
        }
        prop_assert!(train.next().is_none() && test.next().is_none());
    }

    #[test]
    fn training_rows_are_standard_and_test_rows_move_with_them(rows in 3_usize..400, share in 0.0..0.9_f64, seed: u64) {
        let request = Request { test_fraction: share, seed, ..plain(DataKind::Friedman { rows, noise: 1.0 }) };
        let before = loaded(&request).unwrap();
        let after = loaded(&Request { standardize: true, ..request }).unwrap();
        let n = after.train.len() as f64;
        for (feature, column) in after.train.x.columns().into_iter().enumerate() {
            let mean = column.iter().map(|&v| v as f64).sum::<f64>() / n;
            let variance = column.iter().map(|&v| (v as f64 - mean).powi(2)).sum::<f64>() / n;
            prop_assert!(mean.abs() < 1e-6, "{}", mean);
            prop_assert!((variance - 1.0).abs() < 1e-5 || after.train.len() == 1, "{}", variance);
            let (mean, std) = after.standardization[feature];
            for (a, b) in after.test.x.column(feature).iter().zip(before.test.x.column(feature)) {
                prop_assert!((a * std + mean - b).abs() < 1e-5);
            }
        }
    }
}
