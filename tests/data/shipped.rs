//! The shipped sets, against figures published with them.

use super::{classes, loaded, plain, values};
use gradlab::data::{DataKind, Task};

#[test]
fn digits_are_whole() {
    let set = loaded(&plain(DataKind::Digits { classes: None })).unwrap();
    assert_eq!(set.train.x.dim(), (1797, 64));
    assert_eq!(set.task, Task::Classification { classes: 10 });
    assert_eq!(set.image, Some((8, 8)));
    assert_eq!(set.train.x.fold(0.0_f32, |a, &b| a.max(b)), 16.0);
    assert_eq!(classes(&set.train.y)[..5], [0, 1, 2, 3, 4]);
    assert_eq!(
        set.train.x.row(0).to_vec()[..8],
        [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]
    );
    // Counts a digit, as in the UCI description of the test set that scikit-learn ships.
    let mut counts = [0; 10];
    classes(&set.train.y)
        .iter()
        .for_each(|&c| counts[c as usize] += 1);
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn digits_keep_the_classes_asked_for() {
    let keep = |names: &[&str]| DataKind::Digits {
        classes: Some(names.iter().map(|n| n.to_string()).collect()),
    };
    let set = loaded(&plain(keep(&["9", "5", "7"]))).unwrap();
    assert_eq!(set.class_names, ["5", "7", "9"]);
    assert_eq!(set.train.len(), 182 + 179 + 180);
    assert_eq!(classes(&set.train.y)[..3], [0, 1, 2]);
    let error = loaded(&plain(keep(&["9", "ten\u{1b}[2J"])))
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "digits has no class `ten\\u{1b}[2J`: the classes are `0` to `9`"
    );
    let error = loaded(&plain(keep(&["9", "9"]))).unwrap_err().to_string();
    assert!(error.contains("at least two"), "{error}");
}

#[test]
fn wine_and_diabetes_are_whole() {
    let wine = loaded(&plain(DataKind::Wine {})).unwrap();
    assert_eq!(wine.train.x.dim(), (178, 13));
    assert_eq!(wine.class_names.len(), 3);
    assert_eq!(wine.feature_names.len(), 13);
    let count = |class| {
        classes(&wine.train.y)
            .iter()
            .filter(|&&c| c == class)
            .count()
    };
    assert_eq!([count(0), count(1), count(2)], [59, 71, 48]);
    let diabetes = loaded(&plain(DataKind::Diabetes {})).unwrap();
    assert_eq!(diabetes.train.x.dim(), (442, 10));
    let y = values(&diabetes.train.y);
    assert_eq!(y.dim(), (442, 1));
    assert_eq!(y.iter().copied().fold(f32::INFINITY, f32::min), 25.0);
    assert_eq!(y.iter().copied().fold(0.0, f32::max), 346.0);
    assert!((y.mean().unwrap() - 152.1335).abs() < 1e-3);
}

#[test]
fn every_shipped_file_has_its_source_and_licence() {
    let readme = include_str!("../../assets/README.md");
    for file in [
        "digits.csv.gz",
        "wine_data.csv",
        "diabetes_data_raw.csv.gz",
        "diabetes_target.csv.gz",
    ] {
        assert!(readme.contains(file), "{file}");
    }
    for source in [
        "10.24432/C50P49",
        "10.24432/C5PC7J",
        "CC BY 4.0",
        "Efron",
        "BSD",
    ] {
        assert!(readme.contains(source), "{source}");
    }
}
