//! Tiles of two blocks, which only a processor with registers of sixteen lanes takes, against those of one.

use super::forward::{Begin, forward_columns};
use super::run::{Run, RunMut, Sum};
use super::{backward::backward_columns, packed::packed_blocks};
use crate::nn::kernel::{LANES, Weights, level};
use fearless_simd::dispatch;
use std::ops::Range;

/// Reproducible numbers in [-1, 1).
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let number = |i| (((i + 17 * seed) * 2_654_435_761) % 20_011) as f32;
    (0..count).map(|i| number(i) / 10_005.5 - 1.0).collect()
}

const UNITS: usize = 19;
const INPUTS: usize = 37;
const BLOCKS: usize = 5;

fn weights() -> Weights<f32> {
    Weights::from_dense(UNITS, INPUTS, &numbers(UNITS * INPUTS, 1))
}

fn pieces() -> [(Range<usize>, Sum); 3] {
    [
        (0..UNITS, Sum::Afresh),
        (2..15, Sum::GoOn),
        (9..UNITS, Sum::Apart),
    ]
}

#[test]
fn forward() {
    let (w, x, bias) = (
        weights(),
        numbers(BLOCKS * INPUTS * LANES, 2),
        numbers(UNITS, 3),
    );
    let depth = 3..30;
    for begin in [Begin::Bias(None), Begin::Bias(Some(&bias)), Begin::There] {
        let there = numbers(BLOCKS * UNITS * LANES, 4);
        let [mut one, mut two] = [there.clone(), there];
        dispatch!(level(), s => {
            let (x, w) = (Run::new(&x, INPUTS), (&w.data()[depth.start..], w.ld()));
            let by_one = (x, &(1..BLOCKS, depth.clone()));
            forward_columns::<_, 1>(s, UNITS, w, by_one, &mut RunMut::new(&mut one, UNITS), begin);
            let by_two = (x, &(1..BLOCKS, depth.clone()));
            forward_columns::<_, 2>(s, UNITS, w, by_two, &mut RunMut::new(&mut two, UNITS), begin);
        });
        assert_eq!(one, two);
        assert_ne!(one, numbers(BLOCKS * UNITS * LANES, 4));
    }
}

#[test]
fn backward() {
    let (w, d) = (weights(), numbers(BLOCKS * UNITS * LANES, 2));
    for (depth, sum) in pieces() {
        let there = numbers(BLOCKS * INPUTS * LANES, 4);
        let [mut one, mut two] = [there.clone(), there];
        dispatch!(level(), s => {
            let (d, w) = (Run::new(&d, UNITS), (&w.data()[depth.start * w.ld()..], w.ld()));
            let d = (d, &(1..BLOCKS, depth.clone()));
            backward_columns::<_, 1>(s, INPUTS, w, d, sum, &mut RunMut::new(&mut one, INPUTS));
            backward_columns::<_, 2>(s, INPUTS, w, d, sum, &mut RunMut::new(&mut two, INPUTS));
        });
        assert_eq!(one, two);
        assert_ne!(one, numbers(BLOCKS * INPUTS * LANES, 4));
    }
}

#[test]
fn packed() {
    const COLUMNS: usize = 6;
    let (strip, d) = (
        numbers(UNITS * COLUMNS, 1),
        numbers(BLOCKS * UNITS * LANES, 2),
    );
    let strip: &[[f32; COLUMNS]] = strip.as_chunks().0;
    for (depth, sum) in pieces() {
        let there = numbers(BLOCKS * INPUTS * LANES, 4);
        let [mut one, mut two] = [there.clone(), there];
        dispatch!(level(), s => {
            let d = (Run::new(&d, UNITS), 1..BLOCKS);
            let strip = &strip[depth.clone()];
            let out = &mut RunMut::new(&mut one, INPUTS);
            packed_blocks::<_, COLUMNS, 1>(s, strip, d.clone(), (7, &depth, sum), out);
            let out = &mut RunMut::new(&mut two, INPUTS);
            packed_blocks::<_, COLUMNS, 2>(s, strip, d, (7, &depth, sum), out);
        });
        assert_eq!(one, two);
        assert_ne!(one, numbers(BLOCKS * INPUTS * LANES, 4));
    }
}
