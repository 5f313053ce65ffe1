//! Made sets of one or two dimensions to look at, and Friedman's function. Every row draws its own numbers in one order, noise
//! included, so that a larger `rows` begins with the smaller set, and another `noise` leaves the noise-free rows as they were.

use super::error::{DataError, Problem};
use super::raw::{Raw, check_made, matrix, with_room};
use libm::{cos, sin};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use std::f64::consts::{PI, TAU};

/// One row: its features and its target, from which class it is (0 for regression).
type Row = (Vec<f64>, f64);

/// Half circles of radius 1, the lower one shifted by (1, 0.5): scikit-learn's `make_moons`.
pub(super) fn moons(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    classes("moons", rows, 2, rng, |class, rng| {
        let t = PI * rng.random::<f64>();
        let point = if class == 0 {
            [cos(t), sin(t)]
        } else {
            [1.0 - cos(t), 0.5 - sin(t)]
        };
        spread(point, noise, rng)
    })
}

/// A ring of radius 1 (class 0) around a disc of radius 0.5 (class 1).
pub(super) fn circles(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    classes("circles", rows, 2, rng, |class, rng| {
        let (angle, u) = (TAU * rng.random::<f64>(), rng.random::<f64>());
        let radius = if class == 0 { 1.0 } else { 0.5 * u.sqrt() };
        spread([radius * cos(angle), radius * sin(angle)], noise, rng)
    })
}

/// Arms from radius 0.1 to 1. Two arms make 1.75 turns; more arms fewer, so that the gap between arms stays 2/7.
pub(super) fn spirals(
    rows: usize,
    noise: f64,
    arms: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Raw, DataError> {
    let turns = 3.5 / arms as f64;
    classes("spirals", rows, arms, rng, |arm, rng| {
        let radius = 0.1 + 0.9 * rng.random::<f64>();
        let angle = TAU * (turns * radius + arm as f64 / arms as f64);
        spread([radius * sin(angle), radius * cos(angle)], noise, rng)
    })
}

/// Normal clouds on a ring, neighbours six apart.
pub(super) fn blobs(
    rows: usize,
    noise: f64,
    clouds: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Raw, DataError> {
    let radius = 3.0 / sin(PI / clouds as f64);
    classes("blobs", rows, clouds, rng, |cloud, rng| {
        let angle = TAU * cloud as f64 / clouds as f64;
        spread([radius * cos(angle), radius * sin(angle)], noise, rng)
    })
}

/// The square [-1, 1]²; class 1 where exactly one coordinate is positive, before the noise.
pub(super) fn xor(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    classes("xor", rows, 2, rng, |class, rng| {
        let [a, b] = [rng.random::<f64>(), rng.random::<f64>()];
        let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
        spread(
            [sign * a, if class == 0 { sign * b } else { -sign * b }],
            noise,
            rng,
        )
    })
}

/// y = 2 x₁ - x₂ + 0.5 over [-1, 1]².
pub(super) fn plane(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    function("plane", rows, 2, noise, rng, |u| {
        u.iter_mut().for_each(|v| *v = 2.0 * *v - 1.0);
        2.0 * u[0] - u[1] + 0.5
    })
}

/// y = sin(2π x₁) cos(π x₂) over [-1, 1]².
pub(super) fn waves(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    function("waves", rows, 2, noise, rng, |u| {
        u.iter_mut().for_each(|v| *v = 2.0 * *v - 1.0);
        sin(TAU * u[0]) * cos(PI * u[1])
    })
}

/// y = 10 sin(π x₁ x₂) + 20 (x₃ - 1/2)² + 10 x₄ + 5 x₅ over [0, 1]¹⁰ (Friedman 1991, eq. 56).
pub(super) fn friedman(rows: usize, noise: f64, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    function("friedman", rows, 10, noise, rng, |x| {
        10.0 * sin(PI * x[0] * x[1]) + 20.0 * (x[2] - 0.5) * (x[2] - 0.5) + 10.0 * x[3] + 5.0 * x[4]
    })
}

fn spread(point: [f64; 2], noise: f64, rng: &mut ChaCha8Rng) -> [f64; 2] {
    point.map(|v| v + noise * rng.sample::<f64, _>(StandardNormal))
}

/// Row i is of class i mod `classes`: classes are as even as they can be, in any stretch of rows.
fn classes(
    name: &str,
    rows: usize,
    classes: usize,
    rng: &mut ChaCha8Rng,
    row: impl Fn(usize, &mut ChaCha8Rng) -> [f64; 2],
) -> Result<Raw, DataError> {
    let (x, y) = rows_of(rows, 2, |i| {
        (row(i % classes, rng).to_vec(), (i % classes) as f64)
    })?;
    let y = y.iter().map(|&class| class as u32).collect();
    let names = (0..classes).map(|class| class.to_string()).collect();
    Ok(Raw::classes(name, matrix(rows, 2, x)?, y, names).with_feature_names(["x1", "x2"]))
}

/// Features drawn from U(0, 1), which `function` may move before it gives the target.
fn function(
    name: &str,
    rows: usize,
    features: usize,
    noise: f64,
    rng: &mut ChaCha8Rng,
    function: impl Fn(&mut [f64]) -> f64,
) -> Result<Raw, DataError> {
    let (x, y) = rows_of(rows, features, |_| {
        let mut x: Vec<f64> = (0..features).map(|_| rng.random::<f64>()).collect();
        let y = function(&mut x) + noise * rng.sample::<f64, _>(StandardNormal);
        (x, y)
    })?;
    let names: Vec<String> = (1..=features).map(|i| format!("x{i}")).collect();
    let raw = Raw::values(name, matrix(rows, features, x)?, matrix(rows, 1, y)?);
    Ok(raw.with_feature_names(names.iter().map(String::as_str)))
}

/// Values in row order and targets of `rows` rows.
fn rows_of(
    rows: usize,
    features: usize,
    mut row: impl FnMut(usize) -> Row,
) -> Result<(Vec<f32>, Vec<f32>), DataError> {
    // a target, and the class that it is
    check_made(rows, features + 2)?;
    let (mut x, mut y) = (with_room(rows * features)?, with_room(rows)?);
    for i in 0..rows {
        let (values, target) = row(i);
        x.extend(values.iter().map(|&v| v as f32));
        y.push(target as f32);
    }
    match x.iter().chain(&y).all(|v| v.is_finite()) {
        true => Ok((x, y)),
        false => Err(Problem::TooNoisy.into()),
    }
}
