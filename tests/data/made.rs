//! The made sets: their shape, their law, and what the seed decides.

use super::{classes, loaded, plain, values};
use gradlab::data::{DataKind, Request, Task};

/// Every made set with `rows` rows.
fn made(rows: usize) -> Vec<DataKind> {
    vec![
        DataKind::Moons { rows, noise: 0.1 },
        DataKind::Circles { rows, noise: 0.05 },
        DataKind::Spirals {
            rows,
            noise: 0.05,
            classes: 3,
        },
        DataKind::Blobs {
            rows,
            noise: 1.0,
            classes: 4,
        },
        DataKind::Xor { rows, noise: 0.1 },
        DataKind::Plane { rows, noise: 0.1 },
        DataKind::Waves { rows, noise: 0.1 },
        DataKind::Friedman { rows, noise: 1.0 },
        DataKind::Adding { length: 20, rows },
        DataKind::TemporalOrder { length: 20, rows },
        DataKind::Echo { length: 20, rows },
    ]
}

#[test]
fn the_seed_decides_everything_and_more_rows_only_add() {
    for (small, large) in made(30).into_iter().zip(made(60)) {
        let [a, b] = [&small, &large].map(|kind| loaded(&plain(kind.clone())).unwrap());
        assert_eq!(a.train.len(), 30);
        assert_eq!(
            a.train.x,
            b.train.x.slice(ndarray::s![..30, ..]),
            "{small:?}"
        );
        let other = loaded(&Request {
            seed: 2,
            ..plain(small.clone())
        })
        .unwrap();
        assert_ne!(a.train.x, other.train.x, "{small:?}");
        assert_eq!(a.train.x.ncols(), a.features * a.time.unwrap_or(1));
        assert_eq!(a.feature_names.len(), a.features);
        if let Task::Classification { classes } = a.task {
            assert_eq!(a.class_names.len(), classes);
        }
    }
}

#[test]
fn plane_sets_lie_where_their_law_says() {
    let set = |kind| loaded(&plain(kind)).unwrap();
    let circles = set(DataKind::Circles {
        rows: 200,
        noise: 0.0,
    });
    for (x, &class) in circles
        .train
        .x
        .rows()
        .into_iter()
        .zip(classes(&circles.train.y))
    {
        let radius = x[0].hypot(x[1]);
        assert!(if class == 0 {
            (radius - 1.0).abs() < 1e-6
        } else {
            radius <= 0.500001
        });
    }
    let xor = set(DataKind::Xor {
        rows: 200,
        noise: 0.0,
    });
    for (x, &class) in xor.train.x.rows().into_iter().zip(classes(&xor.train.y)) {
        assert_eq!(class == 1, (x[0] > 0.0) != (x[1] > 0.0));
    }
    let moons = set(DataKind::Moons {
        rows: 200,
        noise: 0.0,
    });
    for (x, &class) in moons
        .train
        .x
        .rows()
        .into_iter()
        .zip(classes(&moons.train.y))
    {
        let centre = if class == 0 { [0.0, 0.0] } else { [1.0, 0.5] };
        assert!(((x[0] - centre[0]).hypot(x[1] - centre[1]) - 1.0).abs() < 1e-6);
    }
    let friedman = set(DataKind::Friedman {
        rows: 200,
        noise: 0.0,
    });
    for (x, &y) in friedman
        .train
        .x
        .rows()
        .into_iter()
        .zip(values(&friedman.train.y))
    {
        let pi = std::f32::consts::PI;
        let law = 10.0 * (pi * x[0] * x[1]).sin()
            + 20.0 * (x[2] - 0.5).powi(2)
            + 10.0 * x[3]
            + 5.0 * x[4];
        assert!((law - y).abs() < 1e-4);
    }
}

#[test]
fn another_noise_moves_the_same_rows() {
    let target = |noise| {
        values(
            &loaded(&plain(DataKind::Plane { rows: 50, noise }))
                .unwrap()
                .train
                .y,
        )
        .clone()
    };
    let [none, one, two] = [0.0, 1.0, 2.0].map(target);
    let [first, second] = [&one - &none, &two - &none];
    assert!((&first * 2.0 - second).iter().all(|d| d.abs() < 1e-5));
}

#[test]
fn sequences_follow_their_rules() {
    let adding = loaded(&plain(DataKind::Adding {
        length: 11,
        rows: 50,
    }))
    .unwrap();
    assert_eq!((adding.features, adding.time), (2, Some(11)));
    for (x, &y) in adding
        .train
        .x
        .rows()
        .into_iter()
        .zip(values(&adding.train.y))
    {
        let steps: Vec<_> = x
            .exact_chunks(2)
            .into_iter()
            .map(|s| (s[0], s[1]))
            .collect();
        let marks: Vec<usize> = (0..11).filter(|&t| steps[t].1 == 1.0).collect();
        assert!(
            matches!(marks[..], [a, b] if a < 5 && (5..11).contains(&b)),
            "{marks:?}"
        );
        let sum: f32 = steps.iter().map(|(value, mark)| value * mark).sum();
        assert_eq!(sum, y);
    }
    let order = loaded(&plain(DataKind::TemporalOrder {
        length: 105,
        rows: 60,
    }))
    .unwrap();
    for (x, &class) in order
        .train
        .x
        .rows()
        .into_iter()
        .zip(classes(&order.train.y))
    {
        let symbols: Vec<usize> = (0..105)
            .map(|t| (0..6).position(|s| x[6 * t + s] == 1.0).unwrap())
            .collect();
        assert_eq!(x.sum(), 105.0);
        let marked: Vec<usize> = (0..105).filter(|&t| symbols[t] >= 4).collect();
        assert!(
            matches!(marked[..], [a, b] if (10..21).contains(&a) && (52..63).contains(&b)),
            "{marked:?}"
        );
        assert_eq!(
            class as usize,
            2 * (symbols[marked[0]] - 4) + symbols[marked[1]] - 4
        );
    }
    let echo = loaded(&plain(DataKind::Echo {
        length: 9,
        rows: 20,
    }))
    .unwrap();
    assert!(echo.time_targets);
    for (x, y) in echo
        .train
        .x
        .rows()
        .into_iter()
        .zip(classes(&echo.train.y).chunks_exact(9))
    {
        assert_eq!(y[..3], [0, 0, 0]);
        assert!((3..9).all(|t| y[t] as f32 == x[t - 3]));
    }
}

#[test]
fn what_cannot_fit_is_refused_with_the_figure() {
    let kind = DataKind::Adding {
        length: 100_000,
        rows: 100_000_000,
    };
    let error = loaded(&plain(kind)).unwrap_err().to_string();
    assert!(error.starts_with("needs 80.0 TB of memory, "), "{error}");
    let kind = DataKind::Plane {
        rows: 10,
        noise: f64::MAX,
    };
    assert!(
        loaded(&plain(kind))
            .unwrap_err()
            .to_string()
            .contains("noise is too large")
    );
}
