//! Made sequences for recurrent layers, tasks in which the gradient has to pass through many steps.

use super::dataset::{Rows, Targets, Task};
use super::error::DataError;
use super::raw::{Raw, check_made, matrix, with_room};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Steps after which `echo` repeats its input.
pub const ECHO_DELAY: usize = 3;

/// The adding problem in its present form (Le, Jaitly & Hinton 2015, after Hochreiter & Schmidhuber 1997): feature 1 is drawn
/// from U(0, 1), feature 2 marks one step of the first half and one of the second; the target is the sum of the two marked
/// values. Always guessing 1 has a mean squared error of 1/6.
pub(super) fn adding(length: usize, rows: usize, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    check_made(rows, 2 * length + 1)?;
    let (mut x, mut y) = (with_room(rows * length * 2)?, with_room(rows)?);
    for _ in 0..rows {
        let marked = [
            rng.random_range(0..length / 2),
            rng.random_range(length / 2..length),
        ];
        let mut sum = 0.0;
        for step in 0..length {
            let value = rng.random::<f32>();
            let mark = marked.contains(&step);
            sum += if mark { value } else { 0.0 };
            x.extend([value, f32::from(mark)]);
        }
        y.push(sum);
    }
    let rows = Rows {
        x: matrix(rows, length * 2, x)?,
        y: Targets::Values(matrix(rows, 1, y)?),
    };
    Ok(sequence(
        "adding",
        Task::Regression { targets: 1 },
        length,
        rows,
        &["value", "marked"],
        &[],
    ))
}

/// Two symbols of X and Y far apart among four distractors a, b, c, d, one-hot; the class is their order (Hochreiter &
/// Schmidhuber 1997, task 6a, whose places at length 100 to 110 are steps 10 to 20 and 50 to 60, here scaled by the length).
pub(super) fn temporal_order(
    length: usize,
    rows: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Raw, DataError> {
    const SYMBOLS: [&str; 6] = ["a", "b", "c", "d", "X", "Y"];
    check_made(rows, 6 * length + 1)?;
    let (mut x, mut y) = (with_room(rows * length * 6)?, with_room(rows)?);
    x.resize(rows * length * 6, 0.0);
    let tenth = length as f64 / 10.0;
    let place = |from: f64, to: f64| (from * tenth) as usize..(to * tenth) as usize;
    for sequence in x.chunks_exact_mut(length * 6) {
        let places = [
            rng.random_range(place(1.0, 2.0)),
            rng.random_range(place(5.0, 6.0)),
        ];
        let symbols = [rng.random_range(0..2_usize), rng.random_range(0..2)];
        for (step, one_hot) in sequence.chunks_exact_mut(6).enumerate() {
            let distractor = rng.random_range(0..4_usize);
            let marked = places.iter().position(|&p| p == step);
            one_hot[marked.map_or(distractor, |i| 4 + symbols[i])] = 1.0;
        }
        y.push((2 * symbols[0] + symbols[1]) as u32);
    }
    let rows = Rows {
        x: matrix(rows, length * 6, x)?,
        y: Targets::Classes(y),
    };
    let task = Task::Classification { classes: 4 };
    Ok(sequence(
        "temporal-order",
        task,
        length,
        rows,
        &SYMBOLS,
        &["XX", "XY", "YX", "YY"],
    ))
}

/// Random bits; the class at every step is the bit of [`ECHO_DELAY`] steps before, 0 before there is one (a delay of one step
/// less than the length where sequences are shorter than that).
pub(super) fn echo(length: usize, rows: usize, rng: &mut ChaCha8Rng) -> Result<Raw, DataError> {
    check_made(rows, 2 * length)?;
    let delay = ECHO_DELAY.min(length - 1);
    let (mut x, mut y) = (with_room(rows * length)?, with_room(rows * length)?);
    for _ in 0..rows {
        let start = x.len();
        x.extend((0..length).map(|_| f32::from(rng.random::<bool>())));
        y.extend((0..length).map(|step| {
            step.checked_sub(delay)
                .map_or(0, |past| x[start + past] as u32)
        }));
    }
    let rows = Rows {
        x: matrix(rows, length, x)?,
        y: Targets::Classes(y),
    };
    let raw = sequence(
        "echo",
        Task::Classification { classes: 2 },
        length,
        rows,
        &["bit"],
        &["0", "1"],
    );
    Ok(Raw {
        time_targets: true,
        ..raw
    })
}

fn sequence(
    name: &str,
    task: Task,
    length: usize,
    rows: Rows,
    features: &[&str],
    classes: &[&str],
) -> Raw {
    let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
    Raw {
        name: name.to_string(),
        task,
        features: features.len(),
        time: Some(length),
        time_targets: false,
        rows,
        test: None,
        test_file: None,
        feature_names: names(features),
        class_names: names(classes),
        image: None,
    }
}
